/*-------------------------------------------------------------------------
 *
 * events.c
 *	  The events of one unit: collected, sorted, matched.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "events.h"

/* More runs than these are sorted rather than merged. */
#define MAX_MERGED_RUNS		8

/* Room for more rows is not kept from unit to unit. */
#define TRIMMED_ROWS		(64 * 1024)

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
} RowWithItem;

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE FunnelRow
#define ST_COMPARE(a, b) compare_rows(a, b)
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

/*
 * Make room for NROWS rows in all, and lose those in the buffer.
 */
void
funnel_events_reserve(FunnelEvents *events, size_t nrows)
{
	size_t		capacity = Max(events->capacity, 64);

	if (nrows <= events->capacity)
		return;
	if (nrows > MaxAllocHugeSize / sizeof(RowWithItem) / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one unit")));
	while (capacity < nrows)
		capacity *= 2;
	if (events->rows != NULL)
		pfree(events->rows);
	if (events->items != NULL)
		pfree(events->items);
	events->rows = NULL;
	events->items = NULL;
	events->capacity = 0;
	events->rows = MemoryContextAllocHuge(events->context,
										  capacity * sizeof(FunnelRow));
	if (events->with_items)
		events->items = MemoryContextAllocHuge(events->context,
											   capacity * sizeof(uint64));
	events->capacity = capacity;
}

static bool
sorted_with_items(const FunnelEvents *events)
{
	for (size_t i = 1; i < events->nrows; i++)
	{
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
		pairs[i].row = events->rows[i];
		pairs[i].item = events->items[i];
	}
	sort_rows_with_items(pairs, events->nrows, events);
	for (size_t i = 0; i < events->nrows; i++)
	{
		events->rows[i] = pairs[i].row;
		events->items[i] = pairs[i].item;
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
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one unit")));
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
	if (events->capacity > TRIMMED_ROWS)
	{
		pfree(events->rows);
		events->rows = NULL;
		if (events->items != NULL)
			pfree(events->items);
		events->items = NULL;
		events->nrows = 0;
		events->capacity = 0;
	}
	if (events->scratch_size > TRIMMED_ROWS * sizeof(FunnelRow))
	{
		pfree(events->scratch);
		events->scratch = NULL;
		events->scratch_size = 0;
	}
}

/* Merge the runs [begin, middle) and [middle, end) of FROM into the same of TO. */
static void
merge_runs(const FunnelRow *from, FunnelRow *to, size_t begin, size_t middle, size_t end)
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
	}
}

/*
 * Sort the rows.  They mostly come in order, or in a few runs that are: one
 * from each process of a parallel scan, or one more for a late event.  One
 * run costs a look, a few are merged.
 */
void
funnel_events_sort(FunnelEvents *events)
{
	FunnelRow  *rows = events->rows;
	FunnelRow  *merged;
	size_t		ends[MAX_MERGED_RUNS];
	int			nruns = 0;

	if (events->with_items)
	{
		if (!sorted_with_items(events))
			sort_with_items(events);
		return;
	}

	for (size_t i = 1; i < events->nrows; i++)
	{
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

			merge_runs(rows, merged, begin, ends[run], ends[right]);
			begin = ends[right];
			ends[left++] = begin;
		}
		nruns = left;
		memcpy(rows, merged, events->nrows * sizeof(FunnelRow));
	}
}

/*
 * Match the sorted rows.
 */
void
funnel_events_match(FunnelEvents *events, const FunnelProgram *program,
					FunnelMatch *match)
{
	while (!funnel_match(&program->rules, events->rows, events->nrows,
						 events->scratch, events->scratch_size, match))
		(void) funnel_events_reserve_scratch(events,
											 Max(funnel_match_scratch_size(&program->rules, events->nrows),
												 events->scratch_size * 2));
}
