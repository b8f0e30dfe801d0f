/*-------------------------------------------------------------------------
 *
 * journey/match.c
 *	  A journey's progress through a funnel, for funnel_agg and journey_progress.
 *
 * If no label matches the first step, the events are not read.  Else one pass
 * over codes and intervals collects the rows that matter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/interrupts.h"
#include "events/buffer.h"
#include "journey/labels.h"
#include "journey/match.h"
#include "match/plain.h"

/* The usual journey has less, as a number of bits. */
#define USUAL_COUNT_BITS	16
#define MAX_USUAL_COUNT		(1 << USUAL_COUNT_BITS)

struct FunnelJourneyMatcher
{
	const FunnelProgram *program;
	bool		plain;
	MemoryContext context;
	FunnelJourneyLabels labels;

	uint32		count;			/* of the events of the journey at hand */
	uint8	   *stream;			/* padded copy */
	Size		stream_size;
	uint32		capacity;		/* of rows */
	int64_t    *times;
	uint8	   *steps;
	FunnelEvents events;
	FunnelAttempts attempts;
};

/* A FunnelLabelLookup whose argument is a program. */
static FunnelLabelMatch
look_up(void *program, const char *text, int len)
{
	return funnel_labels_match(((const FunnelProgram *) program)->labels, text, len);
}

FunnelJourneyMatcher *
funnel_journey_matcher_create(const FunnelProgram *program, MemoryContext context)
{
	FunnelJourneyMatcher *matcher;

	context = AllocSetContextCreate(context, "funnel journeys", ALLOCSET_SMALL_SIZES);
	matcher = MemoryContextAllocZero(context, sizeof(FunnelJourneyMatcher));
	matcher->program = program;
	matcher->plain = funnel_rules_are_plain(&program->rules);
	matcher->context = context;
	funnel_journey_labels_init(&matcher->labels, look_up, unconstify(FunnelProgram *, program),
							   context);
	funnel_events_init(&matcher->events, context, false);
	return matcher;
}

static void
free_rows(FunnelJourneyMatcher *matcher)
{
	if (matcher->capacity > 0)
	{
		pfree(matcher->times);
		pfree(matcher->steps);
	}
	matcher->capacity = 0;
}

/* Give back what an exceptionally long journey needed, when it is done with. */
static inline void
trim(FunnelJourneyMatcher *matcher)
{
	if (likely(matcher->count <= FUNNEL_TRIMMED_ROWS))
		return;
	funnel_events_trim(&matcher->events);
	funnel_journey_labels_trim(&matcher->labels);
	free_rows(matcher);
	if (matcher->stream_size > 0)
		pfree(matcher->stream);
	matcher->stream_size = 0;
}

/* Room for the rows of COUNT events, and one more time. */
static void
reserve(FunnelJourneyMatcher *matcher, uint32 count)
{
	uint32		capacity = Max(matcher->capacity, 64);

	if (count <= matcher->capacity)
		return;
	while (capacity < count)
		capacity *= 2;
	free_rows(matcher);
	matcher->times = MemoryContextAllocHuge(matcher->context, sizeof(int64) * (capacity + 1));
	matcher->steps = MemoryContextAllocHuge(matcher->context, capacity);
	matcher->capacity = capacity;
}

/*
 * The usual journey has one width, and so few so short intervals that their
 * sum cannot overflow; then it is enough to look at the sum of all.
 */
static inline bool
is_usual(const FunnelJourneyView *view)
{
	return view->long_width == view->short_width &&
		view->long_width <= FUNNEL_BITS_PER_LOAD &&
		view->count <= MAX_USUAL_COUNT &&
		view->tick <= INT64_MAX >> USUAL_COUNT_BITS >> view->long_width;
}

/*
 * The rows of a journey that have a step, as times and steps; returns how many.
 *
 * No branch depends on a step, because the processor could not predict it.  All
 * steps are read first and then move up to their times: one loop for both would
 * need more registers than there are.
 */
static pg_noinline uint32
read_usual_rows(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view,
				const uint8 *stream)
{
	uint8	   *steps = matcher->steps;
	int64_t    *times = matcher->times;
	uint32		count = view->count;
	uint32		nrows;
	uint64		ts = (uint64) view->first;

	{
		const uint8 *step_of = matcher->labels.steps;
		const int	code_width = view->code_width;
		const uint64 code_mask = funnel_bits_mask(code_width);
		uint64		bit = 0;

		for (uint32 i = 0; i < count; i++)
		{
			steps[i] = step_of[funnel_load_word(stream + bit / 8) >> (bit % 8) & code_mask];
			bit += code_width;
		}
	}

	times[0] = view->first;
	nrows = steps[0] != 0;
	if (count > 2)
	{
		const uint64 tick = (uint64) view->tick;
		const int	width = view->long_width;
		const uint64 mask = funnel_bits_mask(width);
		uint64		bit = view->intervals;

		for (uint32 i = 1; i < count - 1; i++)
		{
			uint8		step = steps[i];

			ts += (funnel_load_word(stream + bit / 8) >> (bit % 8) & mask) * tick;
			bit += width;
			times[nrows] = (int64) ts;
			steps[nrows] = step;
			nrows += step != 0;
		}
		if (unlikely(ts - (uint64) view->first > (uint64) view->last - (uint64) view->first))
			funnel_journey_is_corrupt(view, "A time is out of range.");
	}
	if (count > 1)
	{
		uint8		step = steps[count - 1];

		times[nrows] = view->last;
		steps[nrows] = step;
		nrows += step != 0;
	}
	return nrows;
}

/* The same for any journey. */
static pg_noinline uint32
read_rows(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view,
		  const uint8 *stream)
{
	const uint8 *step_of = matcher->labels.steps;
	int64_t    *times = matcher->times;
	uint8	   *steps = matcher->steps;
	uint32		nrows = 0;
	FunnelJourneyReader reader;

	funnel_journey_reader_begin(&reader, view, stream);
	for (uint32 i = 0; i < view->count; i++)
	{
		uint32		code;
		uint8		step;

		times[nrows] = funnel_journey_reader_next(&reader, &code);
		step = step_of[code];
		steps[nrows] = step;
		nrows += step != 0;
		funnel_poll_at(i);
	}
	return nrows;
}

/* The rows of a journey as any funnel wants them. */
static void
read_full_rows(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view,
			   const uint8 *stream)
{
	FunnelEvents *events = &matcher->events;
	bool		keeps_all = matcher->program->keeps_all;
	FunnelJourneyReader reader;
	FunnelRow  *row;

	funnel_events_reserve(events, view->count);
	row = events->rows;
	funnel_journey_reader_begin(&reader, view, stream);
	for (uint32 i = 0; i < view->count; i++)
	{
		uint32		code;
		int64		ts = funnel_journey_reader_next(&reader, &code);
		FunnelLabelMatch labels = matcher->labels.matches[code];

		if (keeps_all || (labels.steps | labels.breaks) != 0)
		{
			row->ts = ts;
			row->steps = labels.steps;
			row->breaks = labels.breaks;
			row++;
		}
		funnel_poll_at(i);
	}
	events->nrows = row - events->rows;
}

/* What the rows of a journey are. */
typedef enum RowsKind
{
	NO_ROWS,					/* no chain can begin */
	PLAIN_ROWS,					/* times and steps, for the plain matcher */
	FULL_ROWS					/* in the buffer */
} RowsKind;

/* Read the rows of a journey that is not empty; NROWS and PRESENT are of plain ones. */
static inline RowsKind
read_journey(FunnelJourneyMatcher *matcher, const FunnelJourney *journey, int64 *last,
			 uint32 *nrows, uint64 *present)
{
	FunnelJourneyView view;
	const FunnelJourneyLabels *labels = &matcher->labels;
	const uint8 *stream;

	funnel_journey_open(&view, journey);
	Assert(view.count > 0);
	*last = view.last;
	matcher->count = view.count;

	funnel_journey_labels_find(&matcher->labels, &view, !matcher->plain);
	*present = labels->present;
	if (labels->present == 0 ||
		(!matcher->program->rules.any_order && (labels->present & FUNNEL_STEP_BIT(1)) == 0))
		return NO_ROWS;			/* the first step is never optional */

	stream = funnel_journey_padded_stream(&view, matcher->context, &matcher->stream,
										  &matcher->stream_size);
	if (matcher->plain && labels->single)
	{
		reserve(matcher, view.count);
		if (likely(is_usual(&view)))
			*nrows = read_usual_rows(matcher, &view, stream);
		else
			*nrows = read_rows(matcher, &view, stream);
		return PLAIN_ROWS;
	}

	read_full_rows(matcher, &view, stream);
	return FULL_ROWS;
}

void
funnel_journey_match(FunnelJourneyMatcher *matcher, const FunnelJourney *journey,
					 FunnelMatch *match, int64 *last)
{
	uint32		nrows;
	uint64		present;

	switch (read_journey(matcher, journey, last, &nrows, &present))
	{
		case NO_ROWS:
			funnel_match_nothing(match);
			break;
		case PLAIN_ROWS:
			funnel_match_plain(&matcher->program->rules, matcher->times, matcher->steps,
							   nrows, present, match);
			break;
		case FULL_ROWS:
			funnel_events_match(&matcher->events, matcher->program, match);
			break;
	}
	trim(matcher);
}

void
funnel_journey_begin_attempts(FunnelJourneyMatcher *matcher, const FunnelJourney *journey,
							  int64 *last)
{
	const FunnelRules *rules = &matcher->program->rules;
	uint32		nrows;
	uint64		present;

	switch (read_journey(matcher, journey, last, &nrows, &present))
	{
		case NO_ROWS:
			funnel_attempts_begin(&matcher->attempts, rules, NULL, 0);
			break;
		case PLAIN_ROWS:
			funnel_attempts_begin_plain(&matcher->attempts, rules, matcher->times,
										matcher->steps, nrows, present, false);
			break;
		case FULL_ROWS:
			funnel_events_begin_attempts(&matcher->events, matcher->program,
										 &matcher->attempts);
			break;
	}
}

const FunnelMatch *
funnel_journey_next_attempt(FunnelJourneyMatcher *matcher)
{
	const FunnelMatch *match = funnel_events_next_attempt(&matcher->events, &matcher->attempts);

	if (match == NULL)
		trim(matcher);
	return match;
}
