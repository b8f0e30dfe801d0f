/*-------------------------------------------------------------------------
 *
 * journey/match.c
 *	  A journey's passage through a funnel.
 *
 * Most journeys of a table have the same few sets of labels, so what a set
 * matches is looked up once and kept.  If it does not match the first step,
 * nothing is decoded.  Else one pass over codes and intervals puts together
 * the rows that matter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "events/buffer.h"
#include "events/unit.h"
#include "journey/bits.h"
#include "journey/match.h"
#include "match/plain.h"

/* Sets of labels that are kept, and what is too large to be one of them. */
#define MAX_KEPT			4096
#define MIN_SLOTS			16
#define MAX_KEPT_CODES		256
#define MAX_KEPT_BYTES		2048

/* How many events pass between two looks at the interrupt flag. */
#define INTERRUPT_MASK		0xFFFF

/* The usual journey has less, as a number of bits. */
#define USUAL_COUNT_BITS	16
#define MAX_USUAL_COUNT		(1 << USUAL_COUNT_BITS)

/*
 * What the labels of a journey match.  There may be hundreds, so what is asked
 * of each journey stands together.
 */
typedef struct LabelSet
{
	uint64		hash;
	uint32		nlabels;
	bool		has_unnamed;
	bool		spelled;
	bool		single;			/* no label matches more than one step */
	uint64		present;		/* steps that some label matches */
	Size		len;
	uint8	   *bytes;			/* of the labels, as in the journey */
	FunnelLabelMatch *matches;	/* for each code */
	uint8		steps[FLEXIBLE_ARRAY_MEMBER];	/* the single step of each code
												 * there are bits for, or 0 */
} LabelSet;

struct FunnelJourneyMatcher
{
	const FunnelProgram *program;
	bool		plain;
	MemoryContext context;
	MemoryContext sets_context; /* of the kept sets */
	MemoryContext single_context;	/* of a set that is not kept */
	uint32		nkept;
	uint32		nslots;			/* a power of two, or 0 */
	LabelSet  **slots;			/* open addressing */

	uint8	   *stream;			/* padded copy */
	Size		stream_size;
	uint32		capacity;		/* of rows */
	int64_t    *times;
	uint8	   *steps;
	FunnelEvents events;
	FunnelAttempts attempts;
};

FunnelJourneyMatcher *
funnel_journey_matcher_create(const FunnelProgram *program, MemoryContext context)
{
	FunnelJourneyMatcher *matcher;

	context = AllocSetContextCreate(context, "funnel journeys", ALLOCSET_SMALL_SIZES);
	matcher = MemoryContextAllocZero(context, sizeof(FunnelJourneyMatcher));
	matcher->program = program;
	matcher->plain = funnel_rules_are_plain(&program->rules);
	matcher->context = context;
	matcher->sets_context = AllocSetContextCreate(context, "funnel journey labels",
												  ALLOCSET_SMALL_SIZES);
	matcher->single_context = AllocSetContextCreate(context, "funnel journey labels",
													ALLOCSET_SMALL_SIZES);
	funnel_events_init(&matcher->events, context, false);
	return matcher;
}

/* Look up what the labels of a journey match. */
static LabelSet *
make_set(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view, uint64 hash,
		 MemoryContext context)
{
	LabelSet   *set;
	FunnelLabel *labels;
	uint32		nsteps = 1U << view->code_width;

	/* the texts go away with the row: they may be much longer than the bytes */
	labels = funnel_journey_labels(view);

	set = MemoryContextAllocHuge(context, offsetof(LabelSet, steps) + nsteps);
	memset(set, 0, offsetof(LabelSet, steps) + nsteps);
	set->hash = hash;
	set->nlabels = view->nlabels;
	set->has_unnamed = view->has_unnamed;
	set->spelled = view->spelled;
	set->len = view->labels_len;
	set->bytes = MemoryContextAllocHuge(context, Max(set->len, 1));
	memcpy(set->bytes, view->labels, set->len);

	set->matches = MemoryContextAllocHuge(context, sizeof(FunnelLabelMatch) * view->ncodes);
	set->single = true;
	for (uint32 code = 0; code < view->ncodes; code++)
	{
		FunnelLabelMatch match = {0, 0};

		if ((code & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (labels[code].text != NULL)
			match = funnel_labels_match(matcher->program->labels,
										labels[code].text, labels[code].len);
		set->matches[code] = match;
		set->present |= match.steps;
		if ((match.steps & (match.steps - 1)) != 0)
			set->single = false;
		else if (match.steps != 0)
			set->steps[code] = pg_rightmost_one_pos64(match.steps) + 1;
	}
	return set;
}

/*
 * A hash of the labels, eight bytes at a time, the last of which may overlap
 * those before.  Of up to eight bytes it misses nothing: where besides the
 * numbers of bytes and of labels are equal, so are the labels.
 */
static inline uint64
hash_labels(const FunnelJourneyView *view)
{
	const uint8 *p = view->labels;
	Size		len = view->labels_len;
	uint64		hash = view->nlabels << 2 | view->has_unnamed << 1 | view->spelled;
	uint64		word = 0;

	if (len < sizeof(word))
	{
		/* what is in front of the labels is there to be read, and shifted out */
		if (likely(view->len >= sizeof(word) && len > 0))
			word = funnel_load_word(p + len - sizeof(word)) >> 8 * (sizeof(word) - len);
		else
		{
			for (Size i = 0; i < len; i++)
				word |= (uint64) p[i] << 8 * i;
		}
		return funnel_hash_word(hash ^ word);
	}
	for (; len > sizeof(word); p += sizeof(word), len -= sizeof(word))
		hash = funnel_hash_word(hash ^ funnel_load_word(p));
	return funnel_hash_word(hash ^ funnel_load_word(p + len - sizeof(word)));
}

static inline bool
is_set_of(const LabelSet *set, const FunnelJourneyView *view, uint64 hash)
{
	return set->hash == hash &&
		set->nlabels == view->nlabels &&
		set->has_unnamed == view->has_unnamed &&
		set->spelled == view->spelled &&
		set->len == view->labels_len &&
		(set->len <= sizeof(uint64) ||
		 memcmp(set->bytes, view->labels, set->len) == 0);
}

/* The slot of a set, or the free one where it belongs. */
static inline LabelSet **
find_slot(const FunnelJourneyMatcher *matcher, const FunnelJourneyView *view, uint64 hash)
{
	uint32		mask = matcher->nslots - 1;
	uint32		i = (uint32) hash & mask;

	while (matcher->slots[i] != NULL && !is_set_of(matcher->slots[i], view, hash))
		i = (i + 1) & mask;
	return &matcher->slots[i];
}

/* Make room for one more set: never is more than half of the slots taken. */
static void
make_room(FunnelJourneyMatcher *matcher)
{
	LabelSet  **old;
	uint32		old_nslots;
	LabelSet  **slots;
	uint32		nslots;

	if (matcher->nkept == MAX_KEPT)
	{
		/* sets that are all different: begin anew rather than grow */
		matcher->slots = NULL;
		matcher->nslots = 0;
		matcher->nkept = 0;
		MemoryContextReset(matcher->sets_context);
	}
	old = matcher->slots;
	old_nslots = matcher->nslots;

	/* whoever catches an error may come back, so nothing changes before this */
	nslots = Max(old_nslots * 2, MIN_SLOTS);
	slots = MemoryContextAllocZero(matcher->sets_context, sizeof(LabelSet *) * nslots);
	matcher->slots = slots;
	matcher->nslots = nslots;
	for (uint32 i = 0; i < old_nslots; i++)
	{
		uint32		slot;

		if (old[i] == NULL)
			continue;
		slot = (uint32) old[i]->hash & (matcher->nslots - 1);
		while (matcher->slots[slot] != NULL)
			slot = (slot + 1) & (matcher->nslots - 1);
		matcher->slots[slot] = old[i];
	}
	if (old != NULL)
		pfree(old);
}

static const LabelSet *
find_set(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view)
{
	uint64		hash;
	LabelSet  **slot;

	if (unlikely(view->ncodes > MAX_KEPT_CODES || view->labels_len > MAX_KEPT_BYTES))
	{
		MemoryContextReset(matcher->single_context);
		return make_set(matcher, view, 0, matcher->single_context);
	}
	hash = hash_labels(view);
	if (likely(matcher->nslots > 0))
	{
		slot = find_slot(matcher, view, hash);
		if (likely(*slot != NULL))
			return *slot;
	}
	if (matcher->nkept >= matcher->nslots / 2)
		make_room(matcher);
	slot = find_slot(matcher, view, hash);
	*slot = make_set(matcher, view, hash, matcher->sets_context);
	matcher->nkept++;
	return *slot;
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
	if (matcher->capacity > 0)
	{
		pfree(matcher->times);
		pfree(matcher->steps);
	}
	matcher->capacity = 0;
	matcher->times = MemoryContextAllocHuge(matcher->context, sizeof(int64) * (capacity + 1));
	matcher->steps = MemoryContextAllocHuge(matcher->context, capacity);
	matcher->capacity = capacity;
}

static const uint8 *
padded_stream(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view)
{
	if (funnel_journey_stream_is_padded(view))
		return view->stream;
	if (view->stream_len + FUNNEL_JOURNEY_PADDING > matcher->stream_size)
	{
		Size		size = Max(view->stream_len + FUNNEL_JOURNEY_PADDING, 1024) * 2;

		if (matcher->stream_size > 0)
			pfree(matcher->stream);
		matcher->stream_size = 0;
		matcher->stream = MemoryContextAllocHuge(matcher->context, size);
		matcher->stream_size = size;
	}
	return funnel_journey_pad_stream(view, matcher->stream);
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
		view->unit <= INT64_MAX >> USUAL_COUNT_BITS >> view->long_width;
}

/*
 * The rows of a journey that have a step, as times and steps; returns how many.
 *
 * No branch depends on a step: which events matter is hard to foresee.  All
 * steps come first and then move up to their times: in one loop there would be
 * more at hand than there are registers.
 */
static pg_noinline uint32
read_usual_rows(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view,
				const LabelSet *set, const uint8 *stream)
{
	uint8	   *steps = matcher->steps;
	int64_t    *times = matcher->times;
	uint32		count = view->count;
	uint32		nrows;
	uint64		ts = (uint64) view->first;

	{
		const uint8 *step_of = set->steps;
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
		const uint64 unit = (uint64) view->unit;
		const int	width = view->long_width;
		const uint64 mask = funnel_bits_mask(width);
		uint64		bit = view->intervals;

		for (uint32 i = 1; i < count - 1; i++)
		{
			uint8		step = steps[i];

			ts += (funnel_load_word(stream + bit / 8) >> (bit % 8) & mask) * unit;
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
		  const LabelSet *set, const uint8 *stream)
{
	const uint8 *step_of = set->steps;
	const int	code_width = view->code_width;
	int64_t    *times = matcher->times;
	uint8	   *steps = matcher->steps;
	uint32		nrows = 0;
	uint64		sum = 0;
	FunnelIntervals intervals;

	funnel_intervals_begin(&intervals, view, stream);
	for (uint32 i = 0; i < view->count; i++)
	{
		uint8		step = step_of[funnel_bits_get(stream, (uint64) i * code_width, code_width)];

		if (i > 0)
		{
			if (i + 1 == view->count)
				sum = view->span;
			else if (unlikely(!funnel_intervals_next(&intervals, &sum)))
				funnel_journey_is_corrupt(view, "A time is out of range.");
		}
		times[nrows] = (int64) ((uint64) view->first + sum * (uint64) view->unit);
		steps[nrows] = step;
		nrows += step != 0;
		if (unlikely((i & INTERRUPT_MASK) == INTERRUPT_MASK))
			CHECK_FOR_INTERRUPTS();
	}
	return nrows;
}

/* The rows of a journey as any funnel wants them. */
static void
read_full_rows(FunnelJourneyMatcher *matcher, const FunnelJourneyView *view,
			   const LabelSet *set, const uint8 *stream)
{
	FunnelEvents *events = &matcher->events;
	bool		keeps_all = matcher->program->keeps_all;
	FunnelIntervals intervals;
	uint64		sum = 0;
	FunnelRow  *row;

	funnel_events_reserve(events, view->count);
	row = events->rows;
	funnel_intervals_begin(&intervals, view, stream);
	for (uint32 i = 0; i < view->count; i++)
	{
		uint32		code = (uint32) funnel_bits_get(stream, (uint64) i * view->code_width,
													view->code_width);
		FunnelLabelMatch labels;

		if (i > 0)
		{
			if (i + 1 == view->count)
				sum = view->span;
			else if (unlikely(!funnel_intervals_next(&intervals, &sum)))
				funnel_journey_is_corrupt(view, "A time is out of range.");
		}
		if (unlikely(code >= view->ncodes))
			funnel_journey_is_corrupt(view, "A label is out of range.");
		labels = set->matches[code];
		if (keeps_all || (labels.steps | labels.breaks) != 0)
		{
			row->ts = (int64) ((uint64) view->first + sum * (uint64) view->unit);
			row->steps = labels.steps;
			row->breaks = labels.breaks;
			row++;
		}
		if (unlikely((i & INTERRUPT_MASK) == INTERRUPT_MASK))
			CHECK_FOR_INTERRUPTS();
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
	const LabelSet *set;
	const uint8 *stream;

	funnel_journey_open(&view, journey);
	Assert(view.count > 0);
	*last = view.last;

	set = find_set(matcher, &view);
	*present = set->present;
	if (set->present == 0 ||
		(!matcher->program->rules.any_order && (set->present & FUNNEL_STEP_BIT(1)) == 0))
		return NO_ROWS;			/* the first step is never optional */

	stream = padded_stream(matcher, &view);
	if (matcher->plain && set->single)
	{
		reserve(matcher, view.count);
		if (likely(is_usual(&view)))
			*nrows = read_usual_rows(matcher, &view, set, stream);
		else
			*nrows = read_rows(matcher, &view, set, stream);
		return PLAIN_ROWS;
	}

	read_full_rows(matcher, &view, set, stream);
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
			match->depth = 0;
			match->outcome = FUNNEL_ABSENT;
			match->open = false;
			match->reached = 0;
			break;
		case PLAIN_ROWS:
			funnel_match_plain(&matcher->program->rules, matcher->times, matcher->steps,
							   nrows, present, match);
			break;
		case FULL_ROWS:
			funnel_events_match(&matcher->events, matcher->program, match);
			break;
	}
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
	return funnel_events_next_attempt(&matcher->events, &matcher->attempts);
}
