/*-------------------------------------------------------------------------
 *
 * journey/type.h
 *	  funnel_journey: the whole event history of a unit as one small value.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_TYPE_H
#define FUNNEL_JOURNEY_TYPE_H

#include "fmgr.h"

#include "base/compat.h"
#include "journey/labeltable.h"

/* What a funnel_journey holds is described in journey/bytes.c. */
typedef struct varlena FunnelJourney;

#define DatumGetFunnelJourneyPP(X)	((FunnelJourney *) PG_DETOAST_DATUM_PACKED(X))
#define PG_GETARG_FUNNEL_JOURNEY_PP(n)	DatumGetFunnelJourneyPP(PG_GETARG_DATUM(n))
#define PG_RETURN_FUNNEL_JOURNEY_P(x)	PG_RETURN_POINTER(x)

/*
 * Each event takes at least a bit, so that a forged value cannot claim more
 * events than it is bits long; this bounds what many bits may ask for.
 */
#define FUNNEL_JOURNEY_MAX_EVENTS	(1 << 27)

/* No header, up to the labels' number, is longer. */
#define FUNNEL_JOURNEY_MAX_HEADER	40

/* One event; LABEL is an id of a label table, or FUNNEL_NO_LABEL. */
typedef struct FunnelJourneyEvent
{
	int64		ts;
	uint32		label;
} FunnelJourneyEvent;

/*
 * A journey taken apart, without a look at its events: offsets into the bytes
 * of the value, which must stay where they are.  All of it has been checked
 * against the value's length.
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
	int64		unit;			/* of the intervals, in microseconds */
	uint64		span;			/* of all intervals, in units */
	int			long_width;		/* of an interval, in bits */
	int			short_width;
	bool		has_unnamed;	/* the last code is that of unnamed events */
	bool		spelled;		/* labels are spelled, see journey/words.h */
	uint32		nlabels;
	uint32		ncodes;			/* labels, and the unnamed */
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

/* Bytes that may be read behind the stream without leaving it. */
#define FUNNEL_JOURNEY_PADDING	8

/*
 * The stream in a place where it is safe to read PADDING bytes behind it: as
 * it is, or copied into a buffer of stream_len + PADDING bytes.
 */
static inline bool
funnel_journey_stream_is_padded(const FunnelJourneyView *view)
{
	return view->labels_len >= FUNNEL_JOURNEY_PADDING;
}
extern const uint8 *funnel_journey_pad_stream(const FunnelJourneyView *view, uint8 *buffer);

/* The times of all events, in order; STREAM must be padded. */
extern void funnel_journey_times(const FunnelJourneyView *view, const uint8 *stream,
								 int64 *times);

/* The codes of all events, in order, each below ncodes. */
extern void funnel_journey_codes(const FunnelJourneyView *view, const uint8 *stream,
								 uint32 *codes);

/* One label; TEXT is NULL for unnamed events.  Neither is terminated. */
typedef struct FunnelLabel
{
	const char *text;
	int			len;
} FunnelLabel;

/* The label of each code, palloc'd. */
extern FunnelLabel *funnel_journey_labels(const FunnelJourneyView *view);

/* A journey with all its events, for whatever is not a hot path. */
typedef struct FunnelJourneyEvents
{
	uint32		count;
	int64	   *times;
	uint32	   *codes;
	uint32		ncodes;
	FunnelLabel *labels;
	uint32	   *marks;			/* of codes, for funnel_journey_part */
} FunnelJourneyEvents;

extern void funnel_journey_read(const FunnelJourney *journey, FunnelJourneyEvents *events);

/*
 * Build a journey from events in any order, which are left as they are.  The
 * labels are those of TABLE.
 */
extern FunnelJourney *funnel_journey_build(FunnelLabelTable *table,
										   const FunnelJourneyEvent *events,
										   size_t nevents);

/* The events [FROM, TO) of another journey, those with KEEP[code] only if set. */
extern FunnelJourney *funnel_journey_part(FunnelJourneyEvents *events,
										  uint32 from, uint32 to, const bool *keep);

pg_noreturn extern void funnel_journey_too_many_events(void);
pg_noreturn extern void funnel_journey_is_corrupt(const FunnelJourneyView *view,
												  const char *detail);

/* The text form. */
extern char *funnel_journey_print(const FunnelJourney *journey);
extern FunnelJourney *funnel_journey_parse(const char *text, Node *escontext);

#endif							/* FUNNEL_JOURNEY_TYPE_H */
