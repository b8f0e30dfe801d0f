/*-------------------------------------------------------------------------
 *
 * journey/format.h
 *	  The bytes of a funnel_journey, and a view of where its parts are.
 *	  Everything that reads or writes a journey begins here.
 *
 * A journey is all events of a unit as one value:
 *
 *	  byte	bits 0-3: version, 1; bit 4: some events have no label; bit 5: the
 *			labels are spelled; the others are reserved
 *	  varint number of events; if there are none, this is all
 *	  byte	bits 0-3: tick of the first time; bits 4-7: tick of the intervals
 *	  varint first time / its tick, zigzag
 *	  if there are two events or more:
 *		  varint last time - first time, in ticks of the intervals
 *	  if there are three or more:
 *		  byte	bits 0-6: width of long intervals; bit 7: there are short ones
 *		  byte	width of the short ones, if there are any
 *	  varint number of labels
 *	  stream of bits, the lowest of a byte first:
 *		  for each event: code, the position of its label, or the number of
 *			  labels if it has none
 *		  if there are short intervals, for each interval: 1 if it is long
 *		  for each interval: its length in ticks
 *	  labels, ascending by their bytes: spelled, see journey/spelling.c, or each
 *		  its bytes and a zero, which no text contains
 *
 * Intervals are those between an event and the one before it, but for the last,
 * which follows from the others: count - 2.  A tick is the number of an entry of
 * funnel_journey_ticks.  A code has as many bits as the greatest needs, at least
 * one.  Varints are those of base/bytes.h.
 *
 * Two widths, because the times of a session are seconds apart and sessions are
 * days apart; intervals that are exponential take one, which is within a bit of
 * their entropy.  Whether an interval is long is said apart from the interval,
 * so that a reader knows where the next one begins before it has read this one.
 *
 * There is one image of a history: events are sorted by time and code, each
 * label occurs, and labels are spelled if all of them take fewer bytes so; ticks
 * are the greatest that divide what they count, and the widths are what
 * choose_widths() of journey/bytes.c says.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_FORMAT_H
#define FUNNEL_JOURNEY_FORMAT_H

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "base/compat.h"
#include "journey/bits.h"

typedef struct varlena FunnelJourney;

#define DatumGetFunnelJourneyPP(X)	((FunnelJourney *) PG_DETOAST_DATUM_PACKED(X))
#define PG_GETARG_FUNNEL_JOURNEY_PP(n)	DatumGetFunnelJourneyPP(PG_GETARG_DATUM(n))
#define PG_RETURN_FUNNEL_JOURNEY_P(x)	PG_RETURN_POINTER(x)

/*
 * Each event takes at least a bit, so that a forged value cannot claim more
 * events than it is bits long; this bounds what many bits may ask for.
 */
#define FUNNEL_JOURNEY_MAX_EVENTS	(1 << 27)

/* No header, up to the number of labels, is longer. */
#define FUNNEL_JOURNEY_MAX_HEADER	40

#define FUNNEL_JOURNEY_MAX_WIDTH	64

/* In microseconds; each divides the next. */
static const int64 funnel_journey_ticks[] = {
	INT64CONST(1),
	INT64CONST(10),
	INT64CONST(100),
	INT64CONST(1000),
	INT64CONST(10000),
	INT64CONST(100000),
	USECS_PER_SEC,
	USECS_PER_MINUTE,
	USECS_PER_HOUR,
	USECS_PER_DAY
};

#define FUNNEL_JOURNEY_NUM_TICKS	((int) lengthof(funnel_journey_ticks))

/* Lower *TICK to the greatest that divides VALUE. */
static inline void
funnel_journey_fit_tick(int *tick, uint64 value)
{
	while (*tick > 0 && value % (uint64) funnel_journey_ticks[*tick] != 0)
		(*tick)--;
}

/* The bits of a code below NCODES. */
static inline int
funnel_journey_code_width(uint32 ncodes)
{
	return Max(funnel_bits_of(ncodes - 1), 1);
}

/*
 * A journey taken apart, without a look at its events.  Pointers lead into the
 * bytes of the value, which must stay where they are.  All of it has been
 * checked against the value's length.
 */
typedef struct FunnelJourneyView
{
	bool		received;		/* bytes are from the wire, not from disk */
	const uint8 *bytes;
	Size		len;
	uint32		count;

	/* the rest is set only if there are events */
	int64		first;
	int64		last;
	int64		tick;			/* of the intervals, in microseconds */
	uint64		span;			/* of all intervals, in ticks */
	int			long_width;		/* of an interval, in bits */
	int			short_width;
	bool		has_unlabelled; /* the last code is that of no label */
	bool		spelled;		/* labels are, see journey/spelling.c */
	uint32		nlabels;
	uint32		ncodes;			/* labels, and that of no label */
	int			code_width;		/* in bits */
	const uint8 *stream;
	uint64		selectors;		/* bit offsets into the stream */
	uint64		intervals;
	Size		stream_len;		/* in bytes */
	const uint8 *labels;
	Size		labels_len;
} FunnelJourneyView;

/* JOURNEY must be detoasted, though its header may be short. */
extern void funnel_journey_open(FunnelJourneyView *view, const FunnelJourney *journey);

/* The same for bytes from the wire, up to the labels only. */
extern void funnel_journey_open_received(FunnelJourneyView *view, const uint8 *bytes,
										 Size len);

/* The same for the header alone, as may be fetched from a toasted value. */
extern void funnel_journey_open_header(FunnelJourneyView *view, Datum journey);

/* Are there no events?  Such a journey is two bytes, and no other is so short. */
static inline bool
funnel_journey_is_empty(const FunnelJourney *journey)
{
	FunnelJourneyView view;

	if (likely(VARSIZE_ANY_EXHDR(journey) > 2))
		return false;
	funnel_journey_open(&view, journey);
	return view.count == 0;
}

/* Write the header of a view; returns the end. */
extern uint8 *funnel_journey_write_header(uint8 *p, const FunnelJourneyView *view);

extern FunnelJourney *funnel_journey_make_empty(void);

pg_noreturn extern void funnel_journey_too_many_events(void);
pg_noreturn extern void funnel_journey_is_corrupt(const FunnelJourneyView *view,
												  const char *detail);

#endif							/* FUNNEL_JOURNEY_FORMAT_H */
