/*-------------------------------------------------------------------------
 *
 * journey/bytes.h
 *	  From the bytes of a journey to its events, and back.  The text form, the
 *	  functions and the matcher are built on it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_BYTES_H
#define FUNNEL_JOURNEY_BYTES_H

#include "journey/format.h"
#include "journey/labeltable.h"


/* ---------- reading ---------- */

/* Bytes that may be read behind the stream without leaving it. */
#define FUNNEL_JOURNEY_PADDING	8

extern const uint8 *funnel_journey_pad_stream(const FunnelJourneyView *view,
											  MemoryContext context,
											  uint8 **buffer, Size *size);

/*
 * The stream in a place where it is safe to read PADDING bytes behind it: as it
 * is, or copied to *BUFFER.  That has *SIZE bytes, at first none, and grows in
 * CONTEXT.
 */
static inline const uint8 *
funnel_journey_padded_stream(const FunnelJourneyView *view, MemoryContext context,
							 uint8 **buffer, Size *size)
{
	if (likely(view->labels_len >= FUNNEL_JOURNEY_PADDING))
		return view->stream;
	return funnel_journey_pad_stream(view, context, buffer, size);
}

/* The code of event I; it may be forged, and not be below ncodes. */
static inline uint32
funnel_journey_code(const FunnelJourneyView *view, const uint8 *stream, uint32 i)
{
	return (uint32) funnel_bits_get(stream, (uint64) i * view->code_width,
									view->code_width);
}

/*
 * The events of a journey, one after the other.  What is needed for each is
 * copied from the view, so that it can stay in registers.
 */
typedef struct FunnelJourneyReader
{
	const FunnelJourneyView *view;
	const uint8 *stream;		/* padded */
	uint32		count;
	uint32		next;			/* number of the next event */
	int			code_width;
	int			long_width;
	int			short_width;
	uint64		code;			/* bits of the next ones */
	uint64		selector;
	uint64		interval;
	uint64		sum;			/* of the intervals so far */
	uint64		span;
	uint64		first;
	uint64		tick;
} FunnelJourneyReader;

static inline void
funnel_journey_reader_begin(FunnelJourneyReader *reader, const FunnelJourneyView *view,
							const uint8 *stream)
{
	reader->view = view;
	reader->stream = stream;
	reader->count = view->count;
	reader->next = 0;
	reader->code_width = view->code_width;
	reader->long_width = view->long_width;
	reader->short_width = view->short_width;
	reader->code = 0;
	reader->selector = view->selectors;
	reader->interval = view->intervals;
	reader->sum = 0;
	reader->span = view->span;
	reader->first = (uint64) view->first;
	reader->tick = (uint64) view->tick;
}

/* The time of the next event, of which there must be one; its code is *CODE. */
static inline int64
funnel_journey_reader_next(FunnelJourneyReader *reader, uint32 *code)
{
	uint32		i = reader->next++;

	if (i + 1 == reader->count)
		reader->sum = reader->span;
	else if (i > 0)
	{
		int			width = reader->long_width;
		uint64		interval;

		if (reader->short_width != width)
		{
			if (!funnel_bits_get(reader->stream, reader->selector, 1))
				width = reader->short_width;
			reader->selector++;
		}
		if (likely(width <= FUNNEL_BITS_PER_LOAD))
			interval = funnel_bits_get(reader->stream, reader->interval, width);
		else
			interval = funnel_bits_get_wide(reader->stream, reader->interval, width);
		reader->interval += width;
		if (unlikely(interval > reader->span - reader->sum))
			funnel_journey_is_corrupt(reader->view, "A time is out of range.");
		reader->sum += interval;
	}
	*code = (uint32) funnel_bits_get(reader->stream, reader->code, reader->code_width);
	reader->code += reader->code_width;
	if (unlikely(*code >= reader->view->ncodes))
		funnel_journey_is_corrupt(reader->view, "A label is out of range.");
	return (int64) (reader->first + reader->sum * reader->tick);
}

/*
 * The label of each code, palloc'd; and, if ENDS is not NULL, at which bit of
 * the labels each ends.
 */
extern FunnelLabel *funnel_journey_labels(const FunnelJourneyView *view, uint64 **ends);

/* A journey with all its events, for whatever is not a hot path. */
typedef struct FunnelJourneyEvents
{
	uint32		count;
	int64	   *times;
	uint32	   *codes;
	uint32		ncodes;
	FunnelLabel *labels;		/* by their codes */
	FunnelLabelSet *set;		/* of them, for funnel_journey_part */
} FunnelJourneyEvents;

extern void funnel_journey_read(const FunnelJourney *journey, FunnelJourneyEvents *events);


/* ---------- writing ---------- */

/* One event; LABEL is the id of its label, or its code. */
typedef struct FunnelJourneyEvent
{
	int64		ts;
	uint32		label;
} FunnelJourneyEvent;

/* Build a journey from events in any order, which are left as they are. */
extern FunnelJourney *funnel_journey_build(FunnelLabelTable *table,
										   const FunnelJourneyEvent *events,
										   size_t nevents);

/* The events [FROM, TO) of another journey, those with KEEP[code] only if set. */
extern FunnelJourney *funnel_journey_part(FunnelJourneyEvents *events,
										  uint32 from, uint32 to, const bool *keep);

/*
 * Events in order of time and code, of which there is at least one, without an
 * array of them all: a journey may be a bit an event.  They are gone through
 * several times, from the beginning on; NEXT gives some at a time.
 */
typedef struct FunnelJourneySource
{
	uint32		count;
	int64		first;			/* times */
	int64		last;
	void		(*rewind) (struct FunnelJourneySource *source);
	uint32		(*next) (struct FunnelJourneySource *source,
						 const FunnelJourneyEvent **events);
} FunnelJourneySource;

/* The journey of a source, whose events have codes; the marked labels of SET. */
extern FunnelJourney *funnel_journey_encode(FunnelJourneySource *source,
											const FunnelLabelSet *set,
											const FunnelLabel *labels);

#endif							/* FUNNEL_JOURNEY_BYTES_H */
