/*-------------------------------------------------------------------------
 *
 * events/buffer.c
 *	  The events of one unit: collected, sorted, matched.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "events/buffer.h"
#include "match/matcher.h"
#include "match/plain.h"

/* More runs than these are sorted rather than merged. */
#define MAX_MERGED_RUNS		8

StaticAssertDecl(FUNNEL_PLAIN_STEP_BITS == FUNNEL_CODE_BITS,
				 "words can be matched by the plain matcher");

/*
 * By time; rows of one instant by what they match, so that the choice among
 * equally usable rows never depends on the order in which they came.
 */
static inline int
compare_rows(const FunnelRow *a, const FunnelRow *b)
{
	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	if (a->steps != b->steps)
		return a->steps < b->steps ? -1 : 1;
	if (a->breaks != b->breaks)
		return a->breaks < b->breaks ? -1 : 1;
	return 0;
}

/*
 * By time, then item, then what they match.
 */
static inline int
compare_with_items(const FunnelRow *a, uint64 aitem, const FunnelRow *b, uint64 bitem,
				   const FunnelEvents *events)
{
	if (a->ts == b->ts && aitem != bitem)
	{
		int			cmp;

		if (events->compare_items == NULL)
			return aitem < bitem ? -1 : 1;
		cmp = events->compare_items(aitem, bitem, events->compare_arg);
		if (cmp != 0)
			return cmp;
	}
	return compare_rows(a, b);
}

typedef struct RowWithItem
{
	FunnelRow	row;
	uint64		item;
	uint64		tag;
} RowWithItem;

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE FunnelRow
#define ST_COMPARE(a, b) compare_rows(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Words sort by time, as they are; within an instant any order will do. */
#define ST_SORT sort_words
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) (*(a) < *(b) ? -1 : *(a) > *(b))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_rows_with_items
#define ST_ELEMENT_TYPE RowWithItem
#define ST_COMPARE(a, b, events) \
	compare_with_items(&(a)->row, (a)->item, &(b)->row, (b)->item, events)
#define ST_COMPARE_ARG_TYPE const FunnelEvents
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* An empty buffer; all it grows by is allocated in CONTEXT. */
void
funnel_events_init(FunnelEvents *events, MemoryContext context, bool with_items)
{
	memset(events, 0, sizeof(*events));
	events->context = context;
	events->with_items = with_items;
}

static void
too_many_events(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many events of one unit")));
}

/* A capacity for at least NROWS, which grew from CAPACITY. */
static size_t
larger_capacity(size_t capacity, size_t nrows)
{
	if (nrows > MaxAllocHugeSize / sizeof(RowWithItem) / 2)
		too_many_events();
	capacity = Max(capacity, 64);
	while (capacity < nrows)
		capacity *= 2;
	return capacity;
}

static void
free_rows(FunnelEvents *events)
{
	if (events->rows != NULL)
		pfree(events->rows);
	if (events->items != NULL)
		pfree(events->items);
	if (events->tags != NULL)
		pfree(events->tags);
	events->rows = NULL;
	events->items = NULL;
	events->tags = NULL;
	events->nrows = 0;
	events->capacity = 0;
}

static void
free_own_words(FunnelEvents *events)
{
	if (events->own_words != NULL)
		pfree(events->own_words);
	events->own_words = NULL;
	events->words = NULL;
	events->nrows = 0;
	events->own_capacity = 0;
}

static void
free_plain(FunnelEvents *events)
{
	if (events->ts != NULL)
		pfree(events->ts);
	if (events->steps != NULL)
		pfree(events->steps);
	events->ts = NULL;
	events->steps = NULL;
	events->plain_capacity = 0;
}

/*
 * Make room for NROWS rows in all, and lose those in the buffer.
 */
void
funnel_events_reserve(FunnelEvents *events, size_t nrows)
{
	events->words = NULL;
	if (nrows > events->capacity)
	{
		size_t		capacity = larger_capacity(events->capacity, nrows);

		free_rows(events);
		events->rows = MemoryContextAllocHuge(events->context,
											  capacity * sizeof(FunnelRow));
		if (events->with_items)
			events->items = MemoryContextAllocHuge(events->context,
												   capacity * sizeof(uint64));
		if (events->with_tags)
			events->tags = MemoryContextAllocHuge(events->context,
												  capacity * sizeof(uint64));
		events->capacity = capacity;
	}
}

/*
 * Have the buffer hold NWORDS words that are somewhere else, and stay there
 * until it is given others.  The place behind the last is written to, and then has what
 * it had before, unless there was an error.
 */
void
funnel_events_set_words(FunnelEvents *events, uint64 *words, size_t nwords,
						const FunnelEventCodes *codes)
{
	Assert(!events->with_items);

	events->words = words;
	events->nrows = nwords;
	events->codes = codes;
}

/*
 * The same with words that are yet to be written, in a place of the buffer,
 * which there is even for none.
 */
uint64 *
funnel_events_reserve_words(FunnelEvents *events, size_t nwords,
							const FunnelEventCodes *codes)
{
	if (nwords > events->own_capacity || events->own_capacity == 0)
	{
		size_t		capacity = larger_capacity(events->own_capacity, nwords);

		free_own_words(events);
		events->own_words = MemoryContextAllocHuge(events->context,
												   (capacity + 1) * sizeof(uint64));
		events->own_capacity = capacity;
	}
	funnel_events_set_words(events, events->own_words, nwords, codes);
	return events->own_words;
}

/* Room for the times, and one more, and steps of NROWS rows. */
static void
reserve_plain(FunnelEvents *events, size_t nrows)
{
	if (nrows > events->plain_capacity || events->plain_capacity == 0)
	{
		size_t		capacity = larger_capacity(events->plain_capacity, nrows);

		free_plain(events);
		events->ts = MemoryContextAllocHuge(events->context,
											(capacity + 1) * sizeof(int64_t));
		events->steps = MemoryContextAllocHuge(events->context, capacity);
		events->plain_capacity = capacity;
	}
}

static bool
sorted_with_items(const FunnelEvents *events)
{
	for (size_t i = 1; i < events->nrows; i++)
	{
		funnel_poll_at(i);
		if (likely(events->rows[i - 1].ts < events->rows[i].ts))
			continue;
		if (compare_with_items(&events->rows[i - 1], events->items[i - 1],
							   &events->rows[i], events->items[i], events) > 0)
			return false;
	}
	return true;
}

static void
sort_with_items(FunnelEvents *events)
{
	RowWithItem *pairs = MemoryContextAllocHuge(events->context,
												events->nrows * sizeof(RowWithItem));

	for (size_t i = 0; i < events->nrows; i++)
	{
		funnel_poll_at(i);
		pairs[i].row = events->rows[i];
		pairs[i].item = events->items[i];
		pairs[i].tag = events->with_tags ? events->tags[i] : 0;
	}
	sort_rows_with_items(pairs, events->nrows, events);
	for (size_t i = 0; i < events->nrows; i++)
	{
		funnel_poll_at(i);
		events->rows[i] = pairs[i].row;
		events->items[i] = pairs[i].item;
		if (events->with_tags)
			events->tags[i] = pairs[i].tag;
	}
	pfree(pairs);
}

/*
 * Scratch memory of at least SIZE bytes, its content lost if it has to grow.
 */
void *
funnel_events_reserve_scratch(FunnelEvents *events, size_t size)
{
	if (size <= events->scratch_size)
		return events->scratch;
	if (!AllocHugeSizeIsValid(size))
		too_many_events();
	if (events->scratch != NULL)
		pfree(events->scratch);
	events->scratch = NULL;
	events->scratch_size = 0;
	events->scratch = MemoryContextAllocHuge(events->context, size);
	events->scratch_size = size;
	return events->scratch;
}

/*
 * Give back what an exceptionally large unit needed, and lose the rows.  For a
 * buffer that lives as long as the query.
 */
void
funnel_events_trim(FunnelEvents *events)
{
	if (events->capacity > FUNNEL_TRIMMED_ROWS)
		free_rows(events);
	if (events->own_capacity > FUNNEL_TRIMMED_ROWS)
		free_own_words(events);
	if (events->plain_capacity > FUNNEL_TRIMMED_ROWS)
		free_plain(events);
	if (events->scratch_size > FUNNEL_TRIMMED_ROWS * sizeof(FunnelRow))
	{
		pfree(events->scratch);
		events->scratch = NULL;
		events->scratch_size = 0;
	}
}

/* Merge the runs [begin, middle) and [middle, end) of FROM into the same of TO. */
static void
merge_rows(const FunnelRow *from, FunnelRow *to, size_t begin, size_t middle, size_t end)
{
	size_t		left = begin;
	size_t		right = middle;

	for (size_t i = begin; i < end; i++)
	{
		if (right == end ||
			(left < middle && compare_rows(&from[left], &from[right]) <= 0))
			to[i] = from[left++];
		else
			to[i] = from[right++];
		funnel_poll_at(i);
	}
}

/* The same of words.  Which comes next can hardly be foreseen: no branches. */
static void
merge_words(const int64 *from, int64 *to, size_t begin, size_t middle, size_t end)
{
	size_t		left = begin;
	size_t		right = middle;
	size_t		i = begin;

	while (left < middle && right < end)
	{
		int64		a = from[left];
		int64		b = from[right];
		bool		is_right = b < a;

		funnel_poll_at(i);
		to[i++] = is_right ? b : a;
		right += is_right;
		left += !is_right;
	}
	memcpy(to + i, from + left, (middle - left) * sizeof(int64));
	i += middle - left;
	memcpy(to + i, from + right, (end - right) * sizeof(int64));
}

/*
 * Sort the rows.  They mostly come in order, or in a few runs that are: one
 * from each process of a parallel scan, where spool/scan.c has not merged them, or
 * one more for a late event.  One run costs a look, a few are merged.
 */
void
funnel_events_sort(FunnelEvents *events)
{
	FunnelRow  *rows = events->rows;
	FunnelRow  *merged;
	size_t		ends[MAX_MERGED_RUNS];
	int			nruns = 0;

	Assert(events->words == NULL);
	if (events->with_items)
	{
		if (!sorted_with_items(events))
			sort_with_items(events);
		return;
	}

	for (size_t i = 1; i < events->nrows; i++)
	{
		funnel_poll_at(i);
		if (compare_rows(&rows[i - 1], &rows[i]) <= 0)
			continue;
		if (nruns == MAX_MERGED_RUNS - 1)
		{
			sort_rows(rows, events->nrows);
			return;
		}
		ends[nruns++] = i;
	}
	if (nruns == 0)
		return;
	ends[nruns++] = events->nrows;

	merged = funnel_events_reserve_scratch(events, events->nrows * sizeof(FunnelRow));
	while (nruns > 1)
	{
		size_t		begin = 0;
		int			left = 0;

		CHECK_FOR_INTERRUPTS();
		for (int run = 0; run < nruns; run += 2)
		{
			int			right = Min(run + 1, nruns - 1);

			merge_rows(rows, merged, begin, ends[run], ends[right]);
			begin = ends[right];
			ends[left++] = begin;
		}
		nruns = left;
		memcpy(rows, merged, events->nrows * sizeof(FunnelRow));
	}
}

/*
 * The same of words, by time only.
 */
static void
order_words(FunnelEvents *events)
{
	int64	   *words = (int64 *) events->words;
	int64	   *merged;
	size_t		ends[MAX_MERGED_RUNS];
	int			nruns = 0;

	for (size_t i = 1; i < events->nrows; i++)
	{
		funnel_poll_at(i);
		if (words[i - 1] >> FUNNEL_CODE_BITS <= words[i] >> FUNNEL_CODE_BITS)
			continue;
		if (nruns == MAX_MERGED_RUNS - 1)
		{
			sort_words(words, events->nrows);
			return;
		}
		ends[nruns++] = i;
	}
	if (nruns == 0)
		return;
	ends[nruns++] = events->nrows;

	merged = funnel_events_reserve_scratch(events, (events->nrows + 1) * sizeof(int64));
	while (nruns > 1)
	{
		int64	   *from = words;
		size_t		begin = 0;
		int			left = 0;

		CHECK_FOR_INTERRUPTS();
		for (int run = 0; run < nruns; run += 2)
		{
			int			right = Min(run + 1, nruns - 1);

			merge_words(from, merged, begin, ends[run], ends[right]);
			begin = ends[right];
			ends[left++] = begin;
		}
		nruns = left;
		/* there and back again */
		words = merged;
		merged = from;
	}
	events->words = (uint64 *) words;
}

/*
 * What turning words into times and steps finds out.
 */
typedef struct PlainWords
{
	uint64_t	present;		/* bits of the steps that occur */
	uint64_t	other;			/* not 0 if a word has not exactly one step */
} PlainWords;

static inline void
word_to_plain(int64 word, int64_t *ts, uint8_t *step, PlainWords *found)
{
	uint8		code = (uint8) word;

	*ts = word >> FUNNEL_CODE_BITS;
	*step = code;
	found->present |= UINT64CONST(1) << ((code - 1) & 63);
	found->other |= (uint8) (code - 1) >= FUNNEL_MAX_STEPS;
}

/*
 * As many words from BEGIN on as are in order of time; returns where they end.
 */
static size_t
words_to_plain(FunnelEvents *events, size_t begin, PlainWords *found)
{
	const int64 *words = (const int64 *) events->words;
	const size_t nwords = events->nrows;
	int64_t    *ts = events->ts;
	uint8_t    *steps = events->steps;
	PlainWords	all = *found;
	int64		last = PG_INT64_MIN;
	size_t		i;

	for (i = begin; i < nwords; i++)
	{
		/* within an instant any order will do */
		if (words[i] >> FUNNEL_CODE_BITS < last)
			break;
		last = words[i] >> FUNNEL_CODE_BITS;
		word_to_plain(words[i], &ts[i], &steps[i], &all);
		funnel_poll_at(i);
	}
	*found = all;
	return i;
}

/*
 * All words, the first MIDDLE of which are in order, and so are the others.  All were
 * turned where they are: what the first run leaves of the second is in its place.
 */
static void
merge_to_plain(FunnelEvents *events, size_t middle)
{
	const int64 *words = (const int64 *) events->words;
	const size_t nwords = events->nrows;
	int64_t    *ts = events->ts;
	uint8_t    *steps = events->steps;
	PlainWords	ignored = {0, 0};
	size_t		left = 0;
	size_t		right = middle;
	size_t		i = 0;

	while (left < middle && right < nwords)
	{
		int64		a = words[left];
		int64		b = words[right];
		bool		is_right = b < a;

		/* which comes next can hardly be foreseen: no branches */
		funnel_poll_at(i);
		word_to_plain(is_right ? b : a, &ts[i], &steps[i], &ignored);
		i++;
		right += is_right;
		left += !is_right;
	}
	for (; left < middle; i++, left++)
	{
		funnel_poll_at(i);
		word_to_plain(words[left], &ts[i], &steps[i], &ignored);
	}
}

/*
 * Turn words into times and steps in order of time.  They mostly come so, or
 * in two runs: one for an event that was late, or one from each of two processes
 * where spool/scan.c has not merged them.  False if there is a word that does not
 * match exactly one step.  Notes whether they were in order.
 */
static bool
read_plain_words(FunnelEvents *events, uint64_t *present)
{
	PlainWords	found = {0, 0};
	size_t		middle = words_to_plain(events, 0, &found);

	events->out_of_order = middle < events->nrows;
	if (events->out_of_order)
	{
		if (words_to_plain(events, middle, &found) == events->nrows)
			merge_to_plain(events, middle);
		else
		{
			order_words(events);
			(void) words_to_plain(events, 0, &found);
		}
	}
	*present = found.present;
	return found.other == 0;
}

/* The plain matcher must not get a step that the definition does not have. */
static void
check_present(const FunnelProgram *program, uint64_t present)
{
	if (unlikely(present > PG_UINT64_MAX >> (FUNNEL_MAX_STEPS - program->rules.nsteps)))
		elog(ERROR, "invalid funnel event");
}

static void
words_to_rows(FunnelEvents *events)
{
	const uint64 *words = events->words;
	size_t		nwords = events->nrows;

	funnel_events_reserve(events, nwords);
	events->nrows = nwords;
	for (size_t i = 0; i < nwords; i++)
	{
		events->rows[i] = funnel_event_decode(events->codes, words[i]);
		funnel_poll_at(i);
	}
}

/*
 * Sort what is in the buffer, in one of three forms: true if it is now times and
 * steps for the plain matcher, made of words or of rows, else it is rows.
 */
bool
funnel_events_arrange(FunnelEvents *events, const FunnelProgram *program,
					  uint64_t *present)
{
	if (program->plain)
		reserve_plain(events, events->nrows);
	if (events->words != NULL)
	{
		if (program->plain && read_plain_words(events, present))
		{
			check_present(program, *present);
			return true;
		}
		words_to_rows(events);
	}
	funnel_events_sort(events);
	return program->plain &&
		funnel_rows_to_plain(&program->rules, events->rows, events->nrows,
							 events->ts, events->steps, present);
}

/* More scratch memory than there is, for a matcher that wants it for NROWS rows. */
static void
enlarge_scratch(FunnelEvents *events, const FunnelRules *rules, size_t nrows)
{
	(void) funnel_events_reserve_scratch(events,
										 Max(funnel_match_scratch_size(rules, nrows),
											 events->scratch_size * 2));
}

/*
 * Sort and match what is in the buffer.  Words mostly are matched where they are: they
 * come in order, and each matches one step.  Others may be put into order, or turned into
 * rows.  Only from rows is match->row filled in, with their places after sorting.
 */
void
funnel_events_match(FunnelEvents *events, const FunnelProgram *program,
					FunnelMatch *match)
{
	const FunnelRules *rules = &program->rules;
	uint64_t	present;

	/* after a unit that is out of order, the next one often is, too */
	if (events->words != NULL && program->plain && !events->out_of_order &&
		funnel_match_plain_words(rules, (int64_t *) events->words, events->nrows, match))
		return;
	if (funnel_events_arrange(events, program, &present))
	{
		funnel_match_plain(rules, events->ts, events->steps, events->nrows,
						   present, match);
		if (events->words == NULL)
			funnel_plain_find_rows(rules, events->ts, events->steps, match);
		return;
	}
	while (!funnel_match(rules, events->rows, events->nrows,
						 events->scratch, events->scratch_size, match))
		enlarge_scratch(events, rules, events->nrows);
}

/*
 * Sort what is in the buffer, and begin with its attempts, one after the other:
 * for definitions that say so, in place of funnel_events_match.  Only in a
 * buffer with items is match->row filled in.
 */
void
funnel_events_begin_attempts(FunnelEvents *events, const FunnelProgram *program,
							 FunnelAttempts *attempts)
{
	uint64_t	present;

	if (funnel_events_arrange(events, program, &present))
		funnel_attempts_begin_plain(attempts, &program->rules, events->ts, events->steps,
									events->nrows, present, events->with_items);
	else
		funnel_attempts_begin(attempts, &program->rules, events->rows, events->nrows);
}

/* The next attempt, good until the one after it; NULL if there is none. */
const FunnelMatch *
funnel_events_next_attempt(FunnelEvents *events, FunnelAttempts *attempts)
{
	FunnelAttemptsStatus status;

	CHECK_FOR_INTERRUPTS();
	while ((status = funnel_attempts_next(attempts, events->scratch,
										  events->scratch_size)) == FUNNEL_ATTEMPTS_NO_ROOM)
		enlarge_scratch(events, attempts->rules, attempts->nrows);
	return status == FUNNEL_ATTEMPTS_FOUND ? attempts->match : NULL;
}
