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

/* More than this, in bytes, is not kept from unit to unit. */
#define TRIMMED_SIZE		(1024 * 1024)

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

#define ST_SORT sort_rows
#define ST_ELEMENT_TYPE FunnelRow
#define ST_COMPARE(a, b) compare_rows(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* An empty buffer; all it grows by is allocated in CONTEXT. */
void
funnel_events_init(FunnelEvents *events, MemoryContext context)
{
	memset(events, 0, sizeof(*events));
	events->context = context;
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
	if (nrows > MaxAllocHugeSize / sizeof(FunnelRow) / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one unit")));
	while (capacity < nrows)
		capacity *= 2;
	if (events->rows != NULL)
		pfree(events->rows);
	events->rows = NULL;
	events->capacity = 0;
	events->rows = MemoryContextAllocHuge(events->context,
										  capacity * sizeof(FunnelRow));
	events->capacity = capacity;
}

/*
 * Make room for SIZE bytes of scratch in all, and lose what is in it.
 */
void
funnel_events_reserve_scratch(FunnelEvents *events, size_t size)
{
	if (size <= events->scratch_size)
		return;
	if (events->scratch != NULL)
		pfree(events->scratch);
	events->scratch = NULL;
	events->scratch_size = 0;
	if (!AllocHugeSizeIsValid(size))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one unit")));
	events->scratch = MemoryContextAllocHuge(events->context, size);
	events->scratch_size = size;
}

/*
 * Give back the room of an exceptionally large unit; it loses the rows.  For a
 * buffer that lives as long as the query.
 */
void
funnel_events_trim(FunnelEvents *events)
{
	if (events->capacity * sizeof(FunnelRow) > TRIMMED_SIZE)
	{
		pfree(events->rows);
		events->rows = NULL;
		events->nrows = 0;
		events->capacity = 0;
	}
	if (events->scratch_size > TRIMMED_SIZE)
	{
		pfree(events->scratch);
		events->scratch = NULL;
		events->scratch_size = 0;
	}
}

/*
 * Sort the rows, which costs one pass if they are sorted already.
 */
void
funnel_events_sort(FunnelEvents *events)
{
	const FunnelRow *rows = events->rows;

	for (size_t i = 1; i < events->nrows; i++)
	{
		if (compare_rows(&rows[i - 1], &rows[i]) > 0)
		{
			sort_rows(events->rows, events->nrows);
			return;
		}
	}
}

/*
 * Match the sorted rows.
 */
void
funnel_events_match(FunnelEvents *events, const FunnelProgram *program,
					FunnelMatch *match)
{
	size_t		size = funnel_match_scratch_size(&program->rules, events->nrows);

	for (;;)
	{
		funnel_events_reserve_scratch(events, size);
		if (funnel_match(&program->rules, events->rows, events->nrows,
						 events->scratch, events->scratch_size, match))
			return;
		size = events->scratch_size * 2;
	}
}
