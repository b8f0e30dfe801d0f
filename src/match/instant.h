/*-------------------------------------------------------------------------
 *
 * match/instant.h
 *	  The rows of one instant, as the ordered matcher sees them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_INSTANT_H
#define FUNNEL_MATCH_INSTANT_H

#include "match/assignment.h"
#include "match/rules.h"
#include "match/work.h"

/* The rows [first, end) of one instant. */
typedef struct Instant
{
	int64_t		ts;
	size_t		first;
	size_t		end;
	uint64_t	steps;			/* union of what the rows can fill */
	uint64_t	breaks;
	uint64_t	entries;		/* the bit of step 1: of any row, barred or
								 * not */
	bool		shared;			/* several rows, and one matches several steps */
} Instant;

/* Add the rows from *END on that are of the same instant. */
extern void funnel_instant_extend(const FunnelRules *rules, const FunnelRow *rows,
								  size_t nrows, Work *work, Instant *instant);

/* Collect the instant that begins at row FIRST. */
static inline void
read_instant(const FunnelRules *rules, const FunnelRow *rows, size_t first,
			 size_t nrows, Work *work, Instant *instant)
{
	work_add(work, 1);
	instant->ts = rows[first].ts;
	instant->first = first;
	instant->end = first + 1;
	instant->steps = funnel_row_steps(rules->barring, &rows[first]);
	instant->breaks = rows[first].breaks;
	instant->entries = rows[first].steps;
	instant->shared = false;
	if (first + 1 < nrows && rows[first + 1].ts == instant->ts)
		funnel_instant_extend(rules, rows, nrows, work, instant);
}

/* The same for the instant that ends before row END, going backward. */
static inline void
read_instant_before(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
					size_t end, Work *work, Instant *instant)
{
	size_t		first = end - 1;

	while (first > begin && rows[first - 1].ts == rows[end - 1].ts)
	{
		work_add(work, 1);
		first--;
	}
	read_instant(rules, rows, first, end, work, instant);
}

/* The first row at or after TS, by bisection. */
static inline size_t
first_row_at(const FunnelRow *rows, size_t nrows, int64_t ts)
{
	size_t		low = 0;
	size_t		high = nrows;

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (rows[middle].ts < ts)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * The steps at which a chain can stand after this instant if it takes STEP
 * there and then only what it must: beside the steps that already have a row,
 * STEP, every required step after it, and the last one, optional or not.  None
 * of those after STEP can be one that must wait.
 * Leaves the assignment without the steps it tried.
 */
extern uint64_t funnel_instant_span(Assignment *assignment, const FunnelRules *rules,
									uint64_t present, int step);

#endif							/* FUNNEL_MATCH_INSTANT_H */
