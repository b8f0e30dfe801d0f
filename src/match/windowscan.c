/*-------------------------------------------------------------------------
 *
 * match/windowscan.c
 *	  How far one unit came, as ClickHouse's windowFunnel counts.
 *
 * The rows are read as entries, one for each condition that a row meets, by
 * time and then by number of the condition; under strict_order a row that
 * meets none is an entry too, before the others of its instant.  Entries of
 * one time and condition come in the order of their rows' masks, which no
 * result but under strict_once can tell.  A chain is entries for conditions 1
 * to k in that order, the last at most WITHIN after the first; level k is
 * reached once there is a chain of length k.  Some modes stop the whole scan:
 *
 * strict_deduplication: at an entry of condition k > 1 if level k is reached
 * strict_order: at an entry of no condition, once level 1 is reached
 *				 at an entry of condition k > 1 if level 1 is reached and level
 *				 k - 1 is not; with allow_reentry that entry is passed over
 *
 * in this order, before the entry is used.  The others restrict chains:
 *
 * strict_increase: times must increase from entry to entry
 * strict_once: the rows of the entries must be distinct
 *
 * Of the chains that reach a level only the newest start matters: whatever
 * carries on another chain carries on this one.  So one start for each level
 * is the whole state, a later entry's start never being older.  What the
 * restrictions ask for is that within one instant a chain takes
 *
 *	 at most one entry			strict_increase, or strict_once and one row
 *	 any entries				neither; or strict_once, and no row has several
 *	 entries of distinct rows	else
 *
 * The first needs the starts from before the instant, the last an assignment
 * of rows.
 *
 *-------------------------------------------------------------------------
 */
#include "match/windowscan.h"

#include <string.h>

#include "match/conditions.h"
#include "match/steps.h"

#define LOWEST_LEVEL(mask)	LOWEST_STEP(mask)
#define LEVEL_BIT(level)	STEP_BIT(level)

/* The rows [first, end) of one instant. */
typedef struct Instant
{
	int64_t		ts;
	size_t		first;
	size_t		end;
	uint64_t	met;			/* by any row */
	uint64_t	met_twice;		/* by several rows */
	bool		has_none;		/* a row meets nothing */
	bool		has_several;	/* a row meets several conditions */
} Instant;

typedef struct Scan
{
	const FunnelWindow *window;
	const FunnelRow *rows;
	Assignment *assignment;
	Work		work;
	int			level;			/* reached so far */
	int64_t		start[FUNNEL_MAX_STEPS + 1];	/* of levels reached */
} Scan;

static inline void
read_instant(const FunnelRow *rows, size_t first, size_t nrows, Work *work,
			 Instant *instant)
{
	size_t		i = first;

	instant->ts = rows[first].ts;
	instant->first = first;
	instant->met = 0;
	instant->met_twice = 0;
	instant->has_none = false;
	instant->has_several = false;
	do
	{
		uint64_t	mask = funnel_row_conditions(&rows[i]);

		instant->met_twice |= instant->met & mask;
		instant->met |= mask;
		instant->has_none |= mask == 0;
		instant->has_several |= (mask & (mask - 1)) != 0;
		work_add(work, 1);
		i++;
	} while (i < nrows && rows[i].ts == instant->ts);
	instant->end = i;
}

/* Is TS, which is not before START, still in the window? */
static inline bool
in_window(const FunnelWindow *window, int64_t start, int64_t ts)
{
	return (uint64_t) ts - (uint64_t) start <= window->within;
}

/*
 * What the modes say to the entries of condition K, the level being what is
 * reached before them: false if they are to be passed over or, with *STOP set,
 * end the scan.
 */
static inline bool
may_use(const Scan *scan, int k, bool *stop)
{
	unsigned	modes = scan->window->modes;

	if (k == 1)
		return true;
	if ((modes & FUNNEL_STRICT_DEDUPLICATION) && k <= scan->level)
	{
		*stop = true;
		return false;
	}
	if (k - 1 > scan->level)
	{
		if ((modes & FUNNEL_STRICT_ORDER) && !(modes & FUNNEL_ALLOW_REENTRY) &&
			scan->level > 0)
			*stop = true;
		return false;
	}
	return true;
}

/*
 * An instant at which any of the entries before this one can be built on, or,
 * if ONE_ONLY, none of the same instant.  False if the scan stops.
 */
static inline bool
scan_instant(Scan *scan, const Instant *instant, bool one_only)
{
	const FunnelWindow *window = scan->window;
	int			level_before = scan->level;
	int64_t		start_before = 0;	/* of level CHANGED */
	int			changed = 0;

	for (uint64_t m = instant->met; m != 0; m &= m - 1)
	{
		int			k = LOWEST_LEVEL(m);
		int64_t		start = instant->ts;
		bool		stop = false;

		work_add(&scan->work, 1);
		if (!may_use(scan, k, &stop))
		{
			if (stop)
				return false;
			continue;
		}
		if (k > 1)
		{
			if (!one_only)
				start = scan->start[k - 1];
			else if (k - 1 > level_before)
				continue;
			else
				start = changed == k - 1 ? start_before : scan->start[k - 1];
			if (!in_window(window, start, instant->ts))
				continue;
		}
		start_before = scan->start[k];
		changed = k;
		scan->start[k] = start;
		if (k > scan->level)
			scan->level = k;

		/* the second entry of the condition */
		if (k > 1 && (window->modes & FUNNEL_STRICT_DEDUPLICATION) &&
			(instant->met_twice & LEVEL_BIT(k)))
			return false;
	}
	return scan->level < window->nlevels;
}

/*
 * The same for strict_once if several rows share the instant and some meet
 * several conditions: a chain takes consecutive levels from distinct rows.
 */

/*
 * Level K is reached, the steps of the shortest run that leads there having
 * rows assigned.  Would K be reached without the last of the rows that meet K?
 */
static bool
reached_before_last(Scan *scan, const Instant *instant, int k)
{
	Assignment *assignment = scan->assignment;
	uint64_t	bit = LEVEL_BIT(k);
	size_t		last = instant->end - 1;
	int			taken = assignment->candidate[k];
	bool		found;

	while (!funnel_row_meets(&scan->rows[last], k))
	{
		work_add(&scan->work, 1);
		last--;
	}
	if (assignment->row[taken] != last)
		return true;

	/*
	 * Try all over with that row not meeting K.  If a row beyond the
	 * candidates meets K, that one would be the last.
	 */
	unassign(assignment, k);
	assignment->steps[taken] &= ~bit;
	found = assignment_add(assignment, k);
	assignment->steps[taken] |= bit;
	if (!found)
		assign(assignment, k, taken);
	return found;
}

static bool
scan_shared_instant(Scan *scan, const Instant *instant)
{
	const FunnelWindow *window = scan->window;
	Assignment *assignment = scan->assignment;
	int64_t		start[FUNNEL_MAX_STEPS + 1];
	uint64_t	reached = 0;
	int			level_before = scan->level;
	int			lowest = 1;		/* with a row; they go on to k - 1 */
	int			entrance = 1;	/* highest level to which a chain from before
								 * the instant, or a new one, leads */
	bool		stop = false;

	while (entrance <= level_before && entrance < window->nlevels &&
		   in_window(window, scan->start[entrance], instant->ts))
		entrance++;

	funnel_assignment_begin(assignment, window->nlevels, 0, scan->rows,
							instant->first, instant->end, instant->met, 0);
	work_add(&scan->work, window->nlevels);
	for (int k = 1; k <= window->nlevels && !stop; k++)
	{
		if ((instant->met & LEVEL_BIT(k)) == 0 || !may_use(scan, k, &stop))
		{
			/* no chain takes this level here and goes on */
			for (; lowest < k; lowest++)
				unassign(assignment, lowest);
			lowest = k + 1;
			continue;
		}

		/* the longest run of levels up to this one has the newest start */
		while (!assignment_add(assignment, k))
			unassign(assignment, lowest++);
		if (lowest > entrance)
			continue;
		start[k] = lowest == 1 ? instant->ts : scan->start[lowest - 1];
		reached |= LEVEL_BIT(k);
		if (k > scan->level)
			scan->level = k;

		/*
		 * Is there an entry of the condition after the first that reaches the
		 * level?  The shortest run that leads here leaves the most rows free.
		 * It is not empty: the level was not reached before the instant.
		 */
		if (k > 1 && (window->modes & FUNNEL_STRICT_DEDUPLICATION) &&
			(instant->met_twice & LEVEL_BIT(k)))
		{
			for (int i = lowest; i < entrance; i++)
				unassign(assignment, i);
			stop = reached_before_last(scan, instant, k);

			/* they had rows together, so they can have them again */
			for (int i = entrance; i-- > lowest;)
				assignment_add(assignment, i);
		}
	}
	for (; reached != 0; reached &= reached - 1)
		scan->start[LOWEST_LEVEL(reached)] = start[LOWEST_LEVEL(reached)];
	return !stop && scan->level < window->nlevels;
}

int
funnel_window_scan(const FunnelWindow *window, const FunnelRow *rows, size_t nrows,
				   Assignment *scratch)
{
	bool		increase = (window->modes & FUNNEL_STRICT_INCREASE) != 0;
	bool		once = (window->modes & FUNNEL_STRICT_ONCE) != 0;
	bool		order = (window->modes & FUNNEL_STRICT_ORDER) != 0;
	Instant		instant;
	Scan		scan;

	scan.window = window;
	scan.rows = rows;
	scan.assignment = scratch;
	work_begin(&scan.work, window->poll);
	if (once)
		scratch->work = &scan.work;
	scan.level = 0;
	memset(scan.start, 0, sizeof(scan.start[0]) * (window->nlevels + 1));
	for (size_t i = 0; i < nrows; i = instant.end)
	{
		bool		goes_on;

		read_instant(rows, i, nrows, &scan.work, &instant);
		if (order && instant.has_none && scan.level > 0)
			break;
		if (increase || (once && instant.end - i == 1))
			goes_on = scan_instant(&scan, &instant, true);
		else if (once && instant.has_several)
			goes_on = scan_shared_instant(&scan, &instant);
		else
			goes_on = scan_instant(&scan, &instant, false);
		if (!goes_on)
			break;
	}
	return scan.level;
}
