/*-------------------------------------------------------------------------
 *
 * match/forward.c
 *	  The pass forward of the ordered matcher: the depth, and what stays open.
 *
 * For every step the pass keeps the pairs (start, last) of the chains that end
 * there.  A pair whose start and last are both no later than another's can do
 * nothing that the other cannot: limits and breakers are all upper bounds of the
 * distance from start or last.  So the newest pair is enough, but for optional
 * steps that meet exclusions or strict links: there a chain that skipped the
 * step may have the later start and one that took it the later survival, and
 * the pairs neither of which is dominated are kept, a handful at most.
 *
 * A shortest gap is a lower bound of the distance from last, so that the newest
 * pair may be of no use yet.  For each way, from one step to another, time
 * divides the pairs into those that still wait and those that are ripe, and
 * moves them over in the order in which they came.  Among the ripe ones what is
 * said above holds.  Of one instant only the newest start of each step is a
 * pair, so each pair is moved over once for each way, and a ripe list is asked
 * for no pair again that was too old once.  Without optional steps a ripe list
 * has one pair: the starts of a step never decrease with time, because the
 * newest ripe pair of the step before is also the one that starts last.  With
 * them an older start may survive the newer one, and the lists keep both.  As
 * the next step is strictly later, no chain takes two steps over such a link
 * within one instant.
 *
 * How long an attempt is open is asked of the pairs at the end, but where a
 * shortest gap follows: there the pair that ends later need not be the one that
 * may still be carried on, because its gap may end beyond the window.  So each
 * such way has a list of its own by what counts, until when a pair is open;
 * breakers close those that ended before them.
 *
 *-------------------------------------------------------------------------
 */
#include "match/forward.h"

#include <string.h>

#include "match/instant.h"
#include "match/steps.h"

static inline int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The latest breaker, before the present instant, of the link into STEP. */
static inline int64_t
broken_at(const FunnelRules *rules, const Scratch *scratch, int step)
{
	int64_t		result = INT64_MIN;

	if (rules->excluding & STEP_BIT(step))
		result = scratch->excluded_at[step];
	if (rules->strict & STEP_BIT(step))
		result = later(result, scratch->instant_at);
	return result;
}

/* Forget all chains. */
static void
clear_chains(const FunnelRules *rules, Scratch *scratch)
{
	memset(scratch->npairs, 0, sizeof(scratch->npairs[0]) * (rules->nsteps + 1));
	for (uint64_t m = rules->excluding; m != 0; m &= m - 1)
		scratch->excluded_at[LOWEST_STEP(m)] = INT64_MIN;
	scratch->instant_at = INT64_MIN;

	if (scratch->nways == 0)
		return;
	work_add(&scratch->work, scratch->nways);
	for (int i = 0; i < scratch->nways; i++)
	{
		Way		   *way = &scratch->ways[i];

		way->next = NOBODY;
		way->ripe.begin = way->ripe.end = 0;
		way->open.begin = way->open.end = 0;
	}
	for (int step = 1; step <= rules->nsteps; step++)
		scratch->first_waiting[step] = scratch->last_waiting[step] = NOBODY;
	scratch->nwaiting = 0;
	scratch->free_waiting = NOBODY;
}

/* Add a pair whose last is the newest; false if there is no room. */
static inline bool
list_add(PairList *list, int capacity, int64_t start, int64_t last, Work *work)
{
	while (list->end > list->begin && list->pairs[list->end - 1].start <= start)
	{
		work_add(work, 1);
		list->end--;
	}
	if (list->end == capacity)
	{
		/* to move more pairs than are used up could take quadratic time */
		if (list->begin <= capacity / 2)
			return false;
		work_add(work, list->end - list->begin);
		memmove(list->pairs, list->pairs + list->begin,
				sizeof(Pair) * (list->end - list->begin));
		list->end -= list->begin;
		list->begin = 0;
	}
	list->pairs[list->end].start = start;
	list->pairs[list->end].last = last;
	list->end++;
	return true;
}

/* The first pair that ends no earlier; those before are not asked for again. */
static inline const Pair *
list_first(PairList *list, int64_t earliest_last, Work *work)
{
	while (list->begin < list->end && list->pairs[list->begin].last < earliest_last)
	{
		work_add(work, 1);
		list->begin++;
	}
	return list->begin < list->end ? &list->pairs[list->begin] : NULL;
}

/* Have the chains that may go a way at TS in its list; false if there is no room. */
static inline bool
ripen(const FunnelRules *rules, Scratch *scratch, Way *way, int64_t ts)
{
	int64_t		latest = limit_before(ts, rules->shortest[way->to - 1]);

	while (way->next != NOBODY && scratch->waiting[way->next].pair.last <= latest)
	{
		uint32_t	i = way->next;
		Waiting    *waiting = &scratch->waiting[i];

		work_add(&scratch->work, 1);
		if (!list_add(&way->ripe, scratch->pair_capacity, waiting->pair.start,
					  waiting->pair.last, &scratch->work))
			return false;
		way->next = waiting->next;
		if (--waiting->ways == 0)
		{
			/* who came before has gone before */
			scratch->first_waiting[way->from] = waiting->next;
			if (waiting->next == NOBODY)
				scratch->last_waiting[way->from] = NOBODY;
			waiting->next = scratch->free_waiting;
			scratch->free_waiting = i;
		}
	}
	return true;
}

/*
 * The newest start of a chain that can take STEP > 1 at TS, by the pairs as
 * they are; false if there is none.
 */
static inline bool
find_start(const FunnelRules *rules, Scratch *scratch, int step,
		   int64_t ts, int64_t *start)
{
	int64_t		earliest_start = limit_before(ts, rules->within);
	int64_t		earliest_last = limit_before(ts, rules->gap[step - 1]);
	bool		found = false;

	for (int from = step - 1; from >= 1; from--)
	{
		const Pair *pairs = scratch->pairs + (size_t) from * scratch->pair_capacity;

		/* link from + 1 is the next one passed over */
		earliest_last = later(earliest_last, broken_at(rules, scratch, from + 1));

		/* the first that is new enough has the newest start of those */
		for (int i = 0; i < scratch->npairs[from]; i++)
		{
			if (pairs[i].last < earliest_last)
			{
				work_add(&scratch->work, 1);
				continue;
			}
			if (pairs[i].start >= earliest_start &&
				(!found || pairs[i].start > *start))
			{
				*start = pairs[i].start;
				found = true;
			}
			break;
		}
		if (!is_optional(rules, from))
			break;
		work_add(&scratch->work, 1);
	}
	return found;
}

/*
 * The same for a step whose link has a shortest gap.  False if the scratch is
 * too small; else *FOUND says whether there is one.
 */
static bool
find_delayed_start(const FunnelRules *rules, Scratch *scratch, int step,
				   int64_t ts, int64_t *start, bool *found)
{
	int64_t		earliest_start = limit_before(ts, rules->within);
	int64_t		earliest_last = limit_before(ts, rules->gap[step - 1]);
	Way		   *way = &scratch->ways[scratch->first_way[step]];

	*found = false;
	for (int from = step - 1; from >= 1; from--, way++)
	{
		const Pair *pair;

		work_add(&scratch->work, 1);
		earliest_last = later(earliest_last, broken_at(rules, scratch, from + 1));
		if (!ripen(rules, scratch, way, ts))
			return false;
		pair = list_first(&way->ripe, earliest_last, &scratch->work);
		if (pair != NULL && pair->start >= earliest_start &&
			(!*found || pair->start > *start))
		{
			*start = pair->start;
			*found = true;
		}
		if (!is_optional(rules, from))
			break;
	}
	return true;
}

/* Let a chain that ends at STEP now wait for the ways from there. */
static bool
add_waiting(const FunnelRules *rules, Scratch *scratch, int step, int64_t start,
			int64_t last)
{
	int64_t		window_end = limit_after(start, rules->within);
	uint32_t	i = scratch->free_waiting;
	Waiting    *waiting;

	if (i != NOBODY)
		scratch->free_waiting = scratch->waiting[i].next;
	else if (scratch->nwaiting < scratch->waiting_capacity)
		i = scratch->nwaiting++;
	else
		return false;
	waiting = &scratch->waiting[i];
	waiting->pair.start = start;
	waiting->pair.last = last;
	waiting->next = NOBODY;
	waiting->ways = scratch->ways_out[step];
	if (scratch->last_waiting[step] == NOBODY)
		scratch->first_waiting[step] = i;
	else
		scratch->waiting[scratch->last_waiting[step]].next = i;
	scratch->last_waiting[step] = i;

	for (int to = step + 1; to <= rules->nsteps; to++)
	{
		work_add(&scratch->work, 1);
		if (is_delayed(rules, to))
		{
			Way		   *way = &scratch->ways[scratch->first_way[to] + to - 1 - step];
			int64_t		until = limit_after(last, rules->gap[to - 1]);

			if (way->next == NOBODY)
				way->next = i;
			if (until > window_end)
				until = window_end;
			if (limit_after(last, rules->shortest[to - 1]) <= until &&
				!list_add(&way->open, scratch->pair_capacity, until, last,
						  &scratch->work))
				return false;
		}
		if (!is_optional(rules, to))
			break;
	}
	return true;
}

/* Record a chain that ends at STEP now; false if there is no room. */
static inline bool
add_pair(Scratch *scratch, int step, int64_t start, int64_t last)
{
	Pair	   *pairs = scratch->pairs + (size_t) step * scratch->pair_capacity;
	int			before = scratch->npairs[step];
	int			n = before;

	while (n > 0 && pairs[n - 1].start <= start)
		n--;
	if (before - n > 1)
		work_add(&scratch->work, before - n);
	if (n == scratch->pair_capacity)
		return false;
	pairs[n].start = start;
	pairs[n].last = last;
	scratch->npairs[step] = n + 1;
	return true;
}

/* The steps that chains take in one instant, and the newest start of each. */
typedef struct Taken
{
	uint64_t	steps;
	int64_t		starts[FUNNEL_MAX_STEPS + 1];
} Taken;

/*
 * The newest start of a chain that takes STEP in an instant, a new chain being
 * one if it may enter.  False if the scratch is too small.
 */
static inline bool
find_newest_start(const FunnelRules *rules, Scratch *scratch, int step, int64_t ts,
				  bool may_enter, const bool with_ways, int64_t *start, bool *found)
{
	*start = ts;
	*found = may_enter;
	if (with_ways && is_delayed(rules, step))
		return find_delayed_start(rules, scratch, step, ts, start, found);
	if (step > 1)
		*found = find_start(rules, scratch, step, ts, start);
	return true;
}

/*
 * Take what can be taken in an instant with rows that match several steps.
 * False if the scratch is too small.
 */
static inline bool
take_shared(const FunnelRules *rules, const FunnelRow *rows, Scratch *scratch,
			const Instant *instant, uint64_t steps, bool may_enter,
			const bool with_ways, Taken *taken)
{
	Assignment *assignment = &scratch->assignment;

	funnel_assignment_begin(assignment, rules->nsteps, rules->barring, rows,
							instant->first, instant->end, steps, 0);
	for (uint64_t m = steps; m != 0; m &= m - 1)
	{
		int			step = LOWEST_STEP(m);
		int64_t		start;
		bool		found;
		uint64_t	span;

		if (!find_newest_start(rules, scratch, step, instant->ts, may_enter,
							   with_ways, &start, &found))
			return false;
		if (!found)
			continue;
		span = funnel_instant_span(assignment, rules, steps, step);
		for (; span != 0; span &= span - 1)
		{
			int			to = LOWEST_STEP(span);

			if ((taken->steps & STEP_BIT(to)) == 0 || taken->starts[to] < start)
				taken->starts[to] = start;
			taken->steps |= STEP_BIT(to);
		}
	}
	for (uint64_t m = taken->steps; m != 0; m &= m - 1)
	{
		if (!add_pair(scratch, LOWEST_STEP(m), taken->starts[LOWEST_STEP(m)],
					  instant->ts))
			return false;
	}
	return true;
}

/*
 * The same for any other instant.  A chain takes one step there if there is one
 * row, or if times must increase: going down, no step sees what a lower one
 * took.  Else every row matches one step, and a chain may take all: going up,
 * each step sees what the lower ones took.
 */
static inline bool
take_unshared(const FunnelRules *rules, Scratch *scratch, const Instant *instant,
			  uint64_t steps, bool may_enter, const bool with_ways, Taken *taken)
{
	bool		upward = instant->end - instant->first > 1 && !rules->increasing;

	while (steps != 0)
	{
		int			step = upward ? LOWEST_STEP(steps) : HIGHEST_STEP(steps);
		bool		found;

		steps &= ~STEP_BIT(step);
		if (steps != 0)
			work_add(&scratch->work, 1);
		if (!find_newest_start(rules, scratch, step, instant->ts, may_enter,
							   with_ways, &taken->starts[step], &found))
			return false;
		if (found)
		{
			if (!add_pair(scratch, step, taken->starts[step], instant->ts))
				return false;
			taken->steps |= STEP_BIT(step);
		}
	}
	return true;
}

/* What happens in an instant lies between what came before and what will. */
static inline void
note_breakers(const FunnelRules *rules, const Instant *instant, uint64_t all_steps,
			  Scratch *scratch)
{
	uint64_t	breaks = instant->breaks & rules->excluding & all_steps;

	for (; breaks != 0; breaks &= breaks - 1)
	{
		work_add(&scratch->work, 1);
		scratch->excluded_at[LOWEST_STEP(breaks)] = instant->ts;
	}
	scratch->instant_at = instant->ts;
}

/* Compiled once for links with shortest gaps, and once without. */
static inline bool
reach_with(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
		   Scratch *scratch, int stop_depth, const bool with_ways, Reach *reach)
{
	uint64_t	all_steps = ~STEPS_ABOVE(rules->nsteps);
	bool		entered = false;
	Instant		instant;

	clear_chains(rules, scratch);
	reach->depth = 0;
	reach->start = reach->end = 0;

	for (size_t i = 0; i < nrows; i = instant.end)
	{
		uint64_t	steps;
		Taken		taken;
		bool		may_enter = !(rules->first_entry && entered);

		read_instant(rules, rows, i, nrows, &scratch->work, &instant);
		steps = instant.steps & all_steps;
		taken.steps = 0;
		if (steps == 0)
			 /* nothing to take */ ;
		else if (instant.shared && !rules->increasing)
		{
			if (!take_shared(rules, rows, scratch, &instant, steps, may_enter,
							 with_ways, &taken))
				return false;
		}
		else if (!take_unshared(rules, scratch, &instant, steps, may_enter, with_ways,
								&taken))
			return false;

		if (with_ways)
		{
			for (uint64_t m = taken.steps; m != 0; m &= m - 1)
			{
				int			step = LOWEST_STEP(m);

				if (scratch->ways_out[step] > 0 &&
					!add_waiting(rules, scratch, step, taken.starts[step], instant.ts))
					return false;
			}
		}

		entered |= (instant.entries & STEP_BIT(1)) != 0;

		if (taken.steps != 0 && HIGHEST_STEP(taken.steps) > reach->depth)
		{
			reach->depth = HIGHEST_STEP(taken.steps);
			reach->start = taken.starts[reach->depth];
			reach->end = instant.ts;
			if (reach->depth >= stop_depth)
				return true;
		}
		note_breakers(rules, &instant, all_steps, scratch);
	}
	return true;
}

bool
funnel_reach_forward(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					 Scratch *scratch, int stop_depth, Reach *reach)
{
	if (scratch->nways > 0)
		return reach_with(rules, rows, nrows, scratch, stop_depth, true, reach);
	return reach_with(rules, rows, nrows, scratch, stop_depth, false, reach);
}

static inline void
open_at_least(FunnelMatch *match, int64_t until)
{
	if (!match->open || match->open_until < until)
		match->open_until = until;
	match->open = true;
}

void
funnel_find_open_until(const FunnelRules *rules, Scratch *scratch, FunnelMatch *match)
{
	match->open = false;
	for (int from = 1; from < rules->nsteps; from++)
	{
		const Pair *pairs = scratch->pairs + (size_t) from * scratch->pair_capacity;

		for (int i = 0; i < scratch->npairs[from]; i++)
		{
			int64_t		window_end = limit_after(pairs[i].start, rules->within);

			for (int to = from + 1; to <= rules->nsteps; to++)
			{
				work_add(&scratch->work, 1);
				if (pairs[i].last < broken_at(rules, scratch, to))
					break;
				if (!is_delayed(rules, to))
				{
					int64_t		until = limit_after(pairs[i].last, rules->gap[to - 1]);

					open_at_least(match, until < window_end ? until : window_end);
				}
				if (!is_optional(rules, to))
					break;
			}
		}
	}

	for (int i = 0; i < scratch->nways; i++)
	{
		Way		   *way = &scratch->ways[i];
		int64_t		earliest_last = INT64_MIN;
		const Pair *pair;

		for (int link = way->from + 1; link <= way->to; link++)
		{
			work_add(&scratch->work, 1);
			earliest_last = later(earliest_last, broken_at(rules, scratch, link));
		}
		pair = list_first(&way->open, earliest_last, &scratch->work);
		if (pair != NULL)
			open_at_least(match, pair->start);
	}
}
