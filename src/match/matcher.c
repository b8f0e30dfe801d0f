/*-------------------------------------------------------------------------
 *
 * match/matcher.c
 *	  How far one unit came through a funnel: pure matching over sorted rows.
 *
 * A chain is a sequence of distinct rows that match ascending steps, only
 * optional ones left out, at times that never go back.  The matcher finds the
 * deepest chain without ever enumerating chains:
 *
 * 1.  A pass forward keeps for every step the pairs (start, last) of the chains
 *	   that end there.  A pair whose start and last are both no later than
 *	   another's can do nothing that the other cannot: limits and breakers are
 *	   all upper bounds of the distance from start or last.  So the newest pair
 *	   is enough, but for optional steps that meet exclusions or strict links:
 *	   there a chain that skipped the step may have the later start and one
 *	   that took it the later survival, and the pairs neither of which is
 *	   dominated are kept, a handful at most.  The first instant at which the
 *	   greatest depth appears, and the newest start there, are the end and the
 *	   start of the reported chain.
 *
 * 2.  A pass backward over that stretch marks where a chain that stands at a
 *	   step can still be carried to the end in time.  For each step only the
 *	   nearest such instant ahead counts, by the same argument.
 *
 * 3.  A pass forward then takes each step in turn at the earliest instant that
 *	   is marked.
 *
 * Rows of one instant may be taken in any order, each once, so that the steps
 * a chain takes within one instant form a bipartite matching with its rows
 * (match/assignment.h).  Between instants rows are distinct anyway.
 *
 * A shortest gap is a lower bound of the distance from last, so that the newest
 * pair may be of no use yet.  For each way, from one step to another, time
 * divides the pairs into those that still wait and those that are ripe, and
 * moves them over in the order in which they came.  Among the ripe ones what is said in 1. holds.  Of one instant only
 * the newest start of each step is a pair, so each pair is moved over once for
 * each way, and a ripe list is asked for no pair again that was too old once.
 * Without optional steps a ripe list has one pair: the starts of a step never
 * decrease with time, because the newest ripe pair of the step before is also
 * the one that starts last.  With them an older start may survive the newer one,
 * and the lists keep both.  As the next step is strictly later, no chain takes
 * two steps over such a link within one instant.  The pass backward looks for the
 * nearest instant from the end of the gap on; that moves backward as the pass
 * does, so that each way sees each instant once.
 *
 * How long an attempt is open is asked of the pairs at the end, but where a
 * shortest gap follows: there the pair that ends later need not be the one that
 * may still be carried on, because its gap may end beyond the window.  So each
 * such way has a list of its own by what counts, until when a pair is open;
 * breakers close those that ended before them.
 *
 * Which entries count: under "first entry" chains begin at the first instant
 * that has a row of step 1, under "last entry" at the last one, before which
 * nothing matters.  A row that may not start a chain counts for which instant
 * that is, and then it matches step 1 no more, but whatever else it matches.
 *
 * A row of the next step is to spare if there are more of them than the reported
 * chain needs, whichever rows it takes.  Within an instant it needs one for each
 * step beyond those that a largest matching gives to other rows: augmenting
 * paths never take from a row what it was given, so that a largest matching with
 * the other rows can be completed to one of all steps.
 *
 * Under "any order" the sets of rows that can be matched to distinct steps are
 * the independent sets of a transversal matroid (J. Edmonds and D. R.
 * Fulkerson, "Transversals and matroid partition", 1965), for which greedy is
 * exact: exchanging the oldest row of a circuit for the new row keeps a basis
 * that is, for every left edge of the window, a largest matching of the rows
 * inside.
 *
 *-------------------------------------------------------------------------
 */
#include "match/matcher.h"

#include <string.h>

#include "match/assignment.h"
#include "match/work.h"

/* The end of the server's timestamps; a limit beyond it is no limit. */
#define END_OF_TIME			INT64_C(9223371331200000000)

/* All chains ending at one step that begin at START and end at LAST. */
typedef struct Pair
{
	int64_t		start;
	int64_t		last;
} Pair;

/*
 * A list of the pairs neither of which is dominated: by ascending last,
 * descending start.  Those before BEGIN are used up.
 */
typedef struct PairList
{
	int			begin;
	int			end;
	Pair	   *pairs;
} PairList;

/*
 * A chain that waits for a shortest gap to pass; the chains of one step are in
 * a queue by time.
 */
typedef struct Waiting
{
	Pair		pair;
	uint32_t	next;			/* in the queue, or of those that are free */
	int			ways;			/* that it still waits for */
} Waiting;

#define NOBODY				UINT32_MAX

/*
 * The way from one step to another whose link has a shortest gap: there are
 * several to a step behind optional ones.
 */
typedef struct Way
{
	int			from;
	int			to;
	uint32_t	next;			/* who still waits: the first, or NOBODY */
	PairList	ripe;			/* who need not wait any longer */
	PairList	open;			/* for how long they are open, instead of start */
} Way;

/* The rows [first, end) of one instant. */
typedef struct Instant
{
	int64_t		ts;
	size_t		first;
	size_t		end;
	uint64_t	steps;			/* union of what the rows can fill */
	uint64_t	breaks;
	uint64_t	entries;		/* the bit of step 1: of any row, barred or not */
	bool		shared;			/* several rows, and one matches several steps */
} Instant;

typedef struct Scratch
{
	Work		work;

	/* the pass forward */
	int			npairs[FUNNEL_MAX_STEPS + 1];
	int			pair_capacity;	/* of each step */
	Pair	   *pairs;			/* a step's by ascending last, descending start */
	int64_t		excluded_at[FUNNEL_MAX_STEPS + 1];	/* latest exclusion of link */
	int64_t		instant_at;		/* latest instant: breaks strict links */

	/* the same for links with a shortest gap */
	int			nways;
	Way		   *ways;			/* by ascending to, descending from */
	int			first_way[FUNNEL_MAX_STEPS + 1];	/* to a step */
	int			ways_out[FUNNEL_MAX_STEPS + 1]; /* their number, from a step */
	uint32_t	first_waiting[FUNNEL_MAX_STEPS + 1];	/* of a step's queue */
	uint32_t	last_waiting[FUNNEL_MAX_STEPS + 1];
	Waiting    *waiting;
	uint32_t	waiting_capacity;
	uint32_t	nwaiting;		/* used so far */
	uint32_t	free_waiting;	/* those used before, a list */

	/* the pass backward: for each row that begins an instant */
	uint64_t   *onward;			/* standing there last, the end is in reach */
	uint64_t   *enterable;		/* entering the instant there, it is */

	Assignment	assignment;
} Scratch;

/* What the pass forward finds. */
typedef struct Reach
{
	int			depth;
	int64_t		start;
	int64_t		end;
} Reach;

#define STEP_BIT(step)		FUNNEL_STEP_BIT(step)
#define LOWEST_STEP(mask)	(__builtin_ctzll(mask) + 1)
#define HIGHEST_STEP(mask)	(64 - __builtin_clzll(mask))
#define STEPS_ABOVE(step) \
	((step) >= FUNNEL_MAX_STEPS ? UINT64_C(0) : ~UINT64_C(0) << (step))

static inline int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* TS plus LIMIT, which is 0 for none; FUNNEL_FOREVER past the end of time. */
static inline int64_t
limit_after(int64_t ts, int64_t limit)
{
	int64_t		result;

	if (limit == 0 || __builtin_add_overflow(ts, limit, &result) ||
		result >= END_OF_TIME)
		return FUNNEL_FOREVER;
	return result;
}

/* The earliest time from which TS is within LIMIT, 0 for none. */
static inline int64_t
limit_before(int64_t ts, int64_t limit)
{
	int64_t		result;

	if (limit == 0 || __builtin_sub_overflow(ts, limit, &result))
		return INT64_MIN;
	return result;
}

static inline bool
is_optional(const FunnelRules *rules, int step)
{
	return (rules->optional & STEP_BIT(step)) != 0;
}

/* Has the link into STEP a shortest gap? */
static inline bool
is_delayed(const FunnelRules *rules, int step)
{
	return (rules->delayed & STEP_BIT(step)) != 0;
}

/* Add the rows from *END on that are of the same instant. */
static void
read_more(const FunnelRules *rules, const FunnelRow *rows, size_t nrows, Work *work,
		  Instant *instant)
{
	uint64_t	several = instant->steps & (instant->steps - 1);
	size_t		i = instant->end;

	do
	{
		uint64_t	steps = funnel_row_steps(rules->barring, &rows[i]);

		instant->steps |= steps;
		instant->breaks |= rows[i].breaks;
		instant->entries |= rows[i].steps;
		several |= steps & (steps - 1);
		work_add(work, 1);
		i++;
	} while (i < nrows && rows[i].ts == instant->ts);
	instant->end = i;
	instant->shared = several != 0;
}

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
		read_more(rules, rows, nrows, work, instant);
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

/*
 * Within one instant
 */

/*
 * The steps at which a chain can stand after this instant if it takes STEP
 * there and then only what it must: beside the steps that already have a row,
 * STEP, every required step after it, and the last one, optional or not.  None
 * of those after STEP can be one that must wait.
 * Leaves the assignment without the steps it tried.
 */
static uint64_t
assignment_span(Assignment *assignment, const FunnelRules *rules,
				uint64_t present, int step)
{
	uint64_t	span = 0;
	uint64_t	added = 0;

	if (!assignment_add(assignment, step))
		return 0;
	span = added = STEP_BIT(step);
	for (int next = step + 1; next <= rules->nsteps; next++)
	{
		bool		taken = (present & STEP_BIT(next)) != 0 &&
			!is_delayed(rules, next) && assignment_add(assignment, next);

		if (taken)
		{
			span |= STEP_BIT(next);
			if (is_optional(rules, next))
				unassign(assignment, next);
			else
				added |= STEP_BIT(next);
		}
		else if (!is_optional(rules, next))
			break;
	}
	for (; added != 0; added &= added - 1)
		unassign(assignment, LOWEST_STEP(added));
	return span;
}

/*
 * The pass forward
 */

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
	memset(scratch->npairs, 0, sizeof(scratch->npairs));
	for (int step = 1; step <= rules->nsteps; step++)
		scratch->excluded_at[step] = INT64_MIN;
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

		work_add(&scratch->work, 1);
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
	int			n = scratch->npairs[step];

	while (n > 0 && pairs[n - 1].start <= start)
	{
		work_add(&scratch->work, 1);
		n--;
	}
	if (n == scratch->pair_capacity)
		return false;
	pairs[n].start = start;
	pairs[n].last = last;
	scratch->npairs[step] = n + 1;
	return true;
}

/*
 * Find the depth, stopping as soon as it is STOP_DEPTH or more.  Leaves the
 * pairs and breakers of the end in SCRATCH.  Returns false if the scratch is
 * too small.
 */
static inline bool
reach(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
	  Scratch *scratch, int stop_depth, const bool with_ways, Reach *reach)
{
	uint64_t	all_steps = ~STEPS_ABOVE(rules->nsteps);
	bool		entered = false;
	Work	   *work = &scratch->work;
	Instant		instant;

	clear_chains(rules, scratch);
	reach->depth = 0;
	reach->start = reach->end = 0;

	for (size_t i = 0; i < nrows; i = instant.end)
	{
		uint64_t	steps;
		uint64_t	breaks;
		uint64_t	taken = 0;
		int64_t		starts[FUNNEL_MAX_STEPS + 1];
		bool		may_enter;

		read_instant(rules, rows, i, nrows, work, &instant);
		steps = instant.steps & all_steps;
		may_enter = !(rules->first_entry && entered);

		if (steps == 0)
			 /* nothing to take */ ;
		else if (instant.shared && !rules->increasing)
		{
			Assignment *assignment = &scratch->assignment;

			assignment_begin(assignment, rules->nsteps, rules->barring, rows,
							 instant.first, instant.end, steps, 0);
			assignment_clear(assignment);
			for (uint64_t m = steps; m != 0; m &= m - 1)
			{
				int			step = LOWEST_STEP(m);
				int64_t		start = instant.ts;
				bool		found = may_enter;
				uint64_t	span;

				if (with_ways && is_delayed(rules, step))
				{
					if (!find_delayed_start(rules, scratch, step, instant.ts, &start, &found))
						return false;
				}
				else if (step > 1)
					found = find_start(rules, scratch, step, instant.ts, &start);
				if (!found)
					continue;
				span = assignment_span(assignment, rules, steps, step);
				for (; span != 0; span &= span - 1)
				{
					int			to = LOWEST_STEP(span);

					if ((taken & STEP_BIT(to)) == 0 || starts[to] < start)
						starts[to] = start;
					taken |= STEP_BIT(to);
				}
			}
			for (uint64_t m = taken; m != 0; m &= m - 1)
			{
				if (!add_pair(scratch, LOWEST_STEP(m), starts[LOWEST_STEP(m)],
							  instant.ts))
					return false;
			}
		}
		else
		{
			/*
			 * A chain takes one step here if there is one row, or if times
			 * must increase: going down, no step sees what a lower one took.
			 * Else every row matches one step, and a chain may take all:
			 * going up, each step sees what the lower ones took.
			 */
			bool		upward = instant.end - i > 1 && !rules->increasing;

			for (uint64_t m = steps; m != 0;)
			{
				int			step = upward ? LOWEST_STEP(m) : HIGHEST_STEP(m);
				bool		found = may_enter;

				m &= ~STEP_BIT(step);
				starts[step] = instant.ts;
				if (with_ways && is_delayed(rules, step))
				{
					if (!find_delayed_start(rules, scratch, step, instant.ts,
											&starts[step], &found))
						return false;
				}
				else if (step > 1)
					found = find_start(rules, scratch, step, instant.ts, &starts[step]);
				if (found)
				{
					if (!add_pair(scratch, step, starts[step], instant.ts))
						return false;
					taken |= STEP_BIT(step);
				}
			}
		}

		if (with_ways)
		{
			for (uint64_t m = taken; m != 0; m &= m - 1)
			{
				int			step = LOWEST_STEP(m);

				if (scratch->ways_out[step] > 0 &&
					!add_waiting(rules, scratch, step, starts[step], instant.ts))
					return false;
			}
		}

		entered |= (instant.entries & STEP_BIT(1)) != 0;

		if (taken != 0 && HIGHEST_STEP(taken) > reach->depth)
		{
			reach->depth = HIGHEST_STEP(taken);
			reach->start = starts[reach->depth];
			reach->end = instant.ts;
			if (reach->depth >= stop_depth)
				return true;
		}

		/* What happens now lies between what came before and what will. */
		breaks = instant.breaks & rules->excluding & all_steps;
		for (; breaks != 0; breaks &= breaks - 1)
		{
			work_add(work, 1);
			scratch->excluded_at[LOWEST_STEP(breaks)] = instant.ts;
		}
		scratch->instant_at = instant.ts;
	}
	return true;
}

static bool
reach_forward(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			  Scratch *scratch, int stop_depth, Reach *result)
{
	if (scratch->nways > 0)
		return reach(rules, rows, nrows, scratch, stop_depth, true, result);
	return reach(rules, rows, nrows, scratch, stop_depth, false, result);
}

static inline void
open_at_least(FunnelMatch *match, int64_t until)
{
	if (!match->open || match->open_until < until)
		match->open_until = until;
	match->open = true;
}

/* The latest instant until which some chain could still be carried on. */
static void
find_open_until(const FunnelRules *rules, Scratch *scratch, FunnelMatch *match)
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

/*
 * The pass backward, over the rows [begin, end) between the start and the end
 * of the chain to report
 */

/* Where the pass backward looks for instants behind a shortest gap. */
typedef struct Beyond
{
	size_t		row;			/* all instants from here on were looked at */
	int64_t		nearest;		/* where STEP can be entered; INT64_MAX if nowhere */
} Beyond;

/* The nearest instant from EARLIEST on where STEP can be entered. */
static int64_t
nearest_beyond(const FunnelRow *rows, size_t begin, Scratch *scratch,
			   Beyond *beyond, int step, int64_t earliest)
{
	while (beyond->row > begin)
	{
		size_t		first = beyond->row - 1;

		if (rows[first].ts < earliest)
			break;
		work_add(&scratch->work, 1);
		while (first > begin && rows[first - 1].ts == rows[beyond->row - 1].ts)
		{
			work_add(&scratch->work, 1);
			first--;
		}
		if (scratch->enterable[first - begin] & STEP_BIT(step))
			beyond->nearest = rows[first].ts;
		beyond->row = first;
	}
	return beyond->nearest;
}

static void
mark_backward(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
			  size_t end, Scratch *scratch, int depth)
{
	uint64_t	all_steps = ~STEPS_ABOVE(depth);
	uint64_t	ahead = 0;		/* steps whose nearest is set */
	int64_t		nearest[FUNNEL_MAX_STEPS + 1];	/* instant to enter at */
	int64_t		breaker[FUNNEL_MAX_STEPS + 1];	/* nearest of link, ahead */
	Beyond		beyond[FUNNEL_MAX_STEPS + 1];	/* of steps that must wait */
	Work	   *work = &scratch->work;
	int64_t		end_ts = rows[end - 1].ts;
	Instant		instant;

	for (int step = 1; step <= depth; step++)
		breaker[step] = INT64_MAX;
	for (uint64_t m = rules->delayed; m != 0; m &= m - 1)
	{
		beyond[LOWEST_STEP(m)].row = end;
		beyond[LOWEST_STEP(m)].nearest = INT64_MAX;
	}

	for (size_t i = end; i > begin; i = instant.first)
	{
		uint64_t	steps;
		uint64_t	onward = 0;
		uint64_t	enterable = 0;
		uint64_t	breaks;

		read_instant_before(rules, rows, begin, i, work, &instant);
		steps = instant.steps & all_steps;

		if (instant.ts == end_ts)
			onward = steps & STEP_BIT(depth);
		else
		{
			for (uint64_t m = steps & ~STEP_BIT(depth); m != 0; m &= m - 1)
			{
				int			from = LOWEST_STEP(m);
				int64_t		clear_until = INT64_MAX;

				for (int to = from + 1; to <= depth; to++)
				{
					int64_t		entrance = ahead & STEP_BIT(to) ? nearest[to] : INT64_MAX;

					work_add(work, 1);
					if (clear_until > breaker[to])
						clear_until = breaker[to];
					if (entrance != INT64_MAX && is_delayed(rules, to))
						entrance = nearest_beyond(rows, begin, scratch, &beyond[to], to,
												  limit_after(instant.ts, rules->shortest[to - 1]));
					if (entrance != INT64_MAX && entrance <= clear_until &&
						entrance <= limit_after(instant.ts, rules->gap[to - 1]))
					{
						onward |= STEP_BIT(from);
						break;
					}
					if (!is_optional(rules, to))
						break;
				}
			}
		}

		if (instant.end - instant.first == 1 || rules->increasing)
			enterable = onward;
		else if (onward != 0 && !instant.shared)
		{
			/* every row matches one step: a chain may walk upward for free */
			enterable = onward;
			for (int step = depth - 1; step >= 1; step--)
			{
				if ((steps & STEP_BIT(step)) == 0)
					continue;
				for (int to = step + 1; to <= depth; to++)
				{
					work_add(work, 1);
					if ((enterable & STEP_BIT(to)) && !is_delayed(rules, to))
						enterable |= STEP_BIT(step);
					if (!is_optional(rules, to))
						break;
				}
			}
		}
		else if (onward != 0)
		{
			Assignment *assignment = &scratch->assignment;

			assignment_begin(assignment, rules->nsteps, rules->barring, rows,
							 instant.first, instant.end, steps, 0);
			assignment_clear(assignment);
			for (uint64_t m = steps; m != 0; m &= m - 1)
			{
				if (assignment_span(assignment, rules, steps, LOWEST_STEP(m)) & onward)
					enterable |= m & -m;
			}
		}

		scratch->onward[instant.first - begin] = onward;
		scratch->enterable[instant.first - begin] = enterable;

		for (uint64_t m = enterable; m != 0; m &= m - 1)
		{
			work_add(work, 1);
			nearest[LOWEST_STEP(m)] = instant.ts;
		}
		ahead |= enterable;
		breaks = (instant.breaks & rules->excluding) | rules->strict;
		for (breaks &= all_steps; breaks != 0; breaks &= breaks - 1)
		{
			work_add(work, 1);
			breaker[LOWEST_STEP(breaks)] = instant.ts;
		}
	}
}

/*
 * The second pass forward: choose the instant of each step
 */

/*
 * The first instant after INSTANT at which a chain that stands at FROM there
 * can take TO and still reach the end.
 */
static bool
find_next(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
		  size_t end, Scratch *scratch, const Instant *instant,
		  int from, int to, Instant *next)
{
	uint64_t	links = STEPS_ABOVE(from) & ~STEPS_ABOVE(to);
	int64_t		earliest = is_delayed(rules, to) ?
		limit_after(instant->ts, rules->shortest[to - 1]) : instant->ts;
	int64_t		latest = limit_after(instant->ts, rules->gap[to - 1]);

	for (size_t i = instant->end; i < end && rows[i].ts <= latest; i = next->end)
	{
		read_instant(rules, rows, i, end, &scratch->work, next);
		if (next->ts >= earliest && (scratch->enterable[i - begin] & STEP_BIT(to)))
			return true;
		if (((next->breaks & rules->excluding) | rules->strict) & links)
			return false;
	}
	return false;
}

/*
 * Settle which rows of an instant fill the steps of TAKEN: in the order of the
 * steps, each the first row that leaves the others one.
 */
static void
choose_rows(const FunnelRules *rules, const FunnelRow *rows,
			const Instant *instant, uint64_t taken, Assignment *assignment,
			FunnelMatch *match)
{
	uint64_t	settled = 0;

	if (!instant->shared || (taken & (taken - 1)) == 0)
	{
		uint64_t	missing = taken;

		for (size_t i = instant->first; missing != 0; i++)
		{
			uint64_t	found = funnel_row_steps(rules->barring, &rows[i]) & missing;

			work_add(assignment->work, 1);
			for (uint64_t m = found; m != 0; m &= m - 1)
				match->row[LOWEST_STEP(m) - 1] = i;
			missing &= ~found;
		}
		return;
	}

	assignment_begin(assignment, rules->nsteps, rules->barring, rows,
					 instant->first, instant->end, taken, 0);
	assignment_clear(assignment);
	for (uint64_t m = taken; m != 0; m &= m - 1)
		assignment_add(assignment, LOWEST_STEP(m));

	for (uint64_t m = taken; m != 0; m &= m - 1)
	{
		int			step = LOWEST_STEP(m);
		int			old = assignment->candidate[step];

		for (int c = 0; c < old; c++)
		{
			int			owner = assignment->owner[c];
			uint64_t	visited = settled | STEP_BIT(step);

			if ((assignment->steps[c] & STEP_BIT(step)) == 0)
				continue;
			if (owner != NO_STEP)
			{
				if (settled & STEP_BIT(owner))
					continue;
				/* does the present owner find another row, without C? */
				assignment->owner[old] = NO_STEP;
				assign(assignment, step, c);
				visited |= STEP_BIT(owner);
				if (!assignment_augment(assignment, owner, &visited))
				{
					assign(assignment, owner, c);
					assign(assignment, step, old);
					continue;
				}
			}
			else
			{
				assignment->owner[old] = NO_STEP;
				assign(assignment, step, c);
			}
			break;
		}
		settled |= STEP_BIT(step);
		match->row[step - 1] = assignment->row[assignment->candidate[step]];
	}
}

/*
 * Can a chain that took the steps TAKEN in this instant, the assignment's
 * present steps, also take STEP there and still reach the end?
 */
static bool
can_take_now(const FunnelRules *rules, const Scratch *scratch, size_t begin,
			 const Instant *instant, Assignment *assignment, int step)
{
	if (rules->increasing || is_delayed(rules, step) ||
		(instant->steps & STEP_BIT(step)) == 0 ||
		instant->end - instant->first == 1)
		return false;
	if (!instant->shared)
		return (scratch->enterable[instant->first - begin] & STEP_BIT(step)) != 0;
	return (assignment_span(assignment, rules, instant->steps, step) &
			scratch->onward[instant->first - begin]) != 0;
}

static void
begin_instant(const FunnelRules *rules, const FunnelRow *rows,
			  const Instant *instant, Assignment *assignment, int step)
{
	if (instant->shared)
	{
		assignment_begin(assignment, rules->nsteps, rules->barring, rows,
						 instant->first, instant->end,
						 instant->steps & ~STEPS_ABOVE(rules->nsteps), 0);
		assignment_clear(assignment);
		assignment_add(assignment, step);
	}
}

static void
report_chain(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
			 size_t end, Scratch *scratch, FunnelMatch *match)
{
	Assignment *assignment = &scratch->assignment;
	Instant		instant;
	Instant		next;
	int			step = 1;
	uint64_t	taken = STEP_BIT(1);	/* in this instant */

	read_instant(rules, rows, begin, end, &scratch->work, &instant);
	begin_instant(rules, rows, &instant, assignment, 1);
	match->reached = STEP_BIT(1);
	match->at[0] = instant.ts;

	while (step < match->depth)
	{
		int			to = step + 1;

		/* each step in turn as early as possible, skipped counts as latest */
		for (;; to++)
		{
			if (can_take_now(rules, scratch, begin, &instant, assignment, to))
			{
				if (instant.shared)
					assignment_add(assignment, to);
				taken |= STEP_BIT(to);
				break;
			}
			if (find_next(rules, rows, begin, end, scratch, &instant, step, to, &next))
			{
				choose_rows(rules, rows, &instant, taken, assignment, match);
				instant = next;
				begin_instant(rules, rows, &instant, assignment, to);
				taken = STEP_BIT(to);
				break;
			}
			/* the pass backward has promised an end: TO can be skipped */
		}
		step = to;
		match->reached |= STEP_BIT(step);
		match->at[step - 1] = instant.ts;
	}
	choose_rows(rules, rows, &instant, taken, assignment, match);
}

/* The first row at or after TS, by bisection. */
static size_t
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

/* The first row at the instant of the last row of step 1; NROWS if there is none. */
static size_t
last_entry(const FunnelRow *rows, size_t nrows, Work *work)
{
	size_t		i = nrows;

	while (i > 0)
	{
		work_add(work, 1);
		if (rows[--i].steps & STEP_BIT(1))
			return first_row_at(rows, i, rows[i].ts);
	}
	return nrows;
}

/*
 * How many of the rows for the reported chain must match NEXT, at least: of the
 * steps taken in one instant, those that find no row that does not.
 */
static size_t
rows_needed(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			Assignment *assignment, const FunnelMatch *match, int next)
{
	size_t		needed = 0;

	for (uint64_t m = match->reached; m != 0;)
	{
		int64_t		now = match->at[LOWEST_STEP(m) - 1];
		size_t		first = match->row[LOWEST_STEP(m) - 1];
		size_t		end = first;
		uint64_t	taken = 0;

		for (; m != 0 && match->at[LOWEST_STEP(m) - 1] == now; m &= m - 1)
			taken |= m & -m;
		first = first_row_at(rows, first, now);
		while (end < nrows && rows[end].ts == now)
		{
			work_add(assignment->work, 1);
			end++;
		}
		assignment_begin(assignment, rules->nsteps, rules->barring, rows, first, end,
						 taken, STEP_BIT(next));
		assignment_clear(assignment);
		for (; taken != 0; taken &= taken - 1)
			needed += !assignment_add(assignment, LOWEST_STEP(taken));
	}
	return needed;
}

/*
 * Is a row that matches NEXT to spare, however the rows for the reported chain
 * are chosen?  THERE are so many.
 */
static bool
has_spare_row(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			  Assignment *assignment, const FunnelMatch *match, int next, size_t there)
{
	size_t		used = 0;

	for (uint64_t m = match->reached; m != 0; m &= m - 1)
		used += (rows[match->row[LOWEST_STEP(m) - 1]].steps >> (next - 1)) & 1;
	return there > used ||
		(there > 0 && there > rows_needed(rules, rows, nrows, assignment, match, next));
}

/* Rules without exclusions and strict links.  Most of the arrays is not in use. */
static void
lift_breakers(const FunnelRules *rules, FunnelRules *lifted)
{
	memcpy(lifted, rules, offsetof(FunnelRules, gap));
	memcpy(lifted->gap, rules->gap, sizeof(int64_t) * rules->nsteps);
	memcpy(lifted->shortest, rules->shortest, sizeof(int64_t) * rules->nsteps);
	lifted->strict = lifted->excluding = 0;
}

static bool
match_ordered(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			  Scratch *scratch, FunnelMatch *match)
{
	size_t		skipped = rules->last_entry ? last_entry(rows, nrows, &scratch->work) : 0;
	const FunnelRow *left = rows + skipped;
	size_t		nleft = nrows - skipped;
	Reach		reach;
	size_t		begin;
	size_t		end;
	uint64_t	deeper = 0;
	int			next;
	size_t		rows_of_next = 0;

	if (!reach_forward(rules, left, nleft, scratch, rules->nsteps, &reach))
		return false;
	match->depth = reach.depth;
	match->reached = 0;
	match->open = false;
	match->outcome = FUNNEL_ABSENT;
	if (reach.depth == 0)
		return true;
	if (reach.depth == rules->nsteps)
		match->outcome = FUNNEL_CONVERTED;
	else
		find_open_until(rules, scratch, match);

	begin = first_row_at(rows, nrows, reach.start);
	end = first_row_at(rows, nrows, reach.end + 1);
	if (reach.depth > 1)
		mark_backward(rules, rows, begin, end, scratch, reach.depth);
	report_chain(rules, rows, begin, end, scratch, match);

	if (match->outcome == FUNNEL_CONVERTED)
		return true;

	/* Why did it stop? */
	for (next = reach.depth + 1; is_optional(rules, next); next++)
		;
	for (size_t i = 0; i < nrows; i++)
	{
		work_add(&scratch->work, 1);
		deeper |= rows[i].steps;
		rows_of_next += (rows[i].steps >> (next - 1)) & 1;
	}
	deeper &= STEPS_ABOVE(reach.depth) & ~STEPS_ABOVE(rules->nsteps);
	if (deeper != 0)
	{
		FunnelRules lifted;

		lift_breakers(rules, &lifted);
		if (rules->strict | rules->excluding)
		{
			if (!reach_forward(&lifted, left, nleft, scratch, match->depth + 1, &reach))
				return false;
			if (reach.depth > match->depth)
			{
				match->outcome = FUNNEL_EXCLUDED;
				return true;
			}
		}
		lifted.within = 0;
		memset(lifted.gap, 0, sizeof(int64_t) * rules->nsteps);
		if (!reach_forward(&lifted, left, nleft, scratch, match->depth + 1, &reach))
			return false;
		if (reach.depth > match->depth)
			match->outcome = FUNNEL_LATE;
		else if (has_spare_row(rules, rows, nrows, &scratch->assignment, match, next,
							   rows_of_next))
			match->outcome = FUNNEL_EARLY;
	}
	return true;
}

/*
 * Any order
 */

/* A set of rows with a step for each, all different. */
typedef struct Basis
{
	Work		work;
	int			n;
	size_t		row[FUNNEL_MAX_STEPS];
	uint64_t	steps[FUNNEL_MAX_STEPS];
	int			member[FUNNEL_MAX_STEPS + 1];	/* of a step, or NO_CANDIDATE */
} Basis;

static void
basis_clear(Basis *basis)
{
	basis->n = 0;
	for (int step = 0; step <= FUNNEL_MAX_STEPS; step++)
		basis->member[step] = NO_CANDIDATE;
}

/* Give MEMBER a step, moving other members if need be. */
static bool
basis_augment(Basis *basis, int member, uint64_t *visited)
{
	for (uint64_t m = basis->steps[member] & ~*visited; m != 0; m &= m - 1)
	{
		int			step = LOWEST_STEP(m);

		work_add(&basis->work, 1);
		if (*visited & STEP_BIT(step))
			continue;
		*visited |= STEP_BIT(step);
		if (basis->member[step] == NO_CANDIDATE ||
			basis_augment(basis, basis->member[step], visited))
		{
			basis->member[step] = member;
			return true;
		}
	}
	return false;
}

/* Add a row if the set stays independent. */
static bool
basis_add(Basis *basis, size_t row, uint64_t steps)
{
	uint64_t	visited = 0;

	if (basis->n == FUNNEL_MAX_STEPS || steps == 0)
		return false;
	basis->row[basis->n] = row;
	basis->steps[basis->n] = steps;
	if (!basis_augment(basis, basis->n, &visited))
		return false;
	basis->n++;
	return true;
}

/*
 * Add a row that is the newest, at the cost of the oldest row of the circuit
 * that it closes.
 */
static void
basis_renew(Basis *basis, size_t row, uint64_t steps)
{
	uint64_t	reachable = steps;
	uint64_t	explored = 0;
	int			oldest = NO_CANDIDATE;
	uint64_t	visited = 0;

	if (steps == 0 || basis_add(basis, row, steps))
		return;

	work_add(&basis->work, basis->n);
	/* the circuit: members whose steps the new row could come to take over */
	while ((reachable & ~explored) != 0)
	{
		int			step = LOWEST_STEP(reachable & ~explored);
		int			member = basis->member[step];

		explored |= STEP_BIT(step);
		reachable |= basis->steps[member];
		if (oldest == NO_CANDIDATE || basis->row[member] < basis->row[oldest])
			oldest = member;
	}
	work_add(&basis->work, FUNNEL_MAX_STEPS);
	for (int step = 1; step <= FUNNEL_MAX_STEPS; step++)
	{
		if (basis->member[step] == oldest)
			basis->member[step] = NO_CANDIDATE;
	}
	basis->row[oldest] = row;
	basis->steps[oldest] = steps;
	basis_augment(basis, oldest, &visited);
}

static void
match_any_order(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
				FunnelMatch *match)
{
	uint64_t	all_steps = ~STEPS_ABOVE(rules->nsteps);
	size_t		first = 0;
	size_t		last = 0;		/* latest matching row */
	size_t		begin = 0;		/* of the reported chain */
	int64_t		first_end;
	Basis		basis;

	work_begin(&basis.work, rules->poll);
	match->depth = 0;
	match->reached = 0;
	match->open = false;
	match->outcome = FUNNEL_ABSENT;

	while (first < nrows && (rows[first].steps & all_steps) == 0)
	{
		work_add(&basis.work, 1);
		first++;
	}
	if (first == nrows)
		return;
	first_end = limit_after(rows[first].ts, rules->within);

	/* how deep, and when first; the newest start, as a row */
	basis_clear(&basis);
	for (size_t i = first; i < nrows; i++)
	{
		uint64_t	steps = rows[i].steps & all_steps;
		int			inside = 0;
		size_t		start = i;

		work_add(&basis.work, 1);
		if (steps == 0)
			continue;
		last = i;
		if (rules->first_entry)
		{
			if (rows[i].ts > first_end)
				break;
			if (basis_add(&basis, i, steps))
				match->depth = basis.n;
		}
		else
		{
			int64_t		left = limit_before(rows[i].ts, rules->within);

			basis_renew(&basis, i, steps);
			work_add(&basis.work, basis.n);
			for (int m = 0; m < basis.n; m++)
			{
				if (rows[basis.row[m]].ts < left)
					continue;
				inside++;
				if (basis.row[m] < start)
					start = basis.row[m];
			}

			/*
			 * A later row of the instant that first gives this depth may
			 * still move the start.
			 */
			if (inside > match->depth ||
				(inside == match->depth && rows[i].ts == match->at[0]))
			{
				match->depth = inside;
				match->at[0] = rows[i].ts;	/* the end, for now */
				begin = start;
			}
		}
		if (match->depth == rules->nsteps &&
			(i + 1 == nrows || rows[i + 1].ts != rows[i].ts))
			break;
	}

	/* the earliest rows from the newest start on */
	if (rules->first_entry)
		begin = first;
	else
		begin = first_row_at(rows, nrows, rows[begin].ts);
	basis_clear(&basis);
	for (size_t i = begin; basis.n < match->depth; i++)
	{
		work_add(&basis.work, 1);
		if (basis_add(&basis, i, rows[i].steps & all_steps))
		{
			match->at[basis.n - 1] = rows[i].ts;
			match->row[basis.n - 1] = i;
		}
	}
	match->reached = ~STEPS_ABOVE(match->depth);

	if (match->depth == rules->nsteps)
	{
		match->outcome = FUNNEL_CONVERTED;
		return;
	}

	match->open = true;
	match->open_until = rules->first_entry ? first_end :
		limit_after(rows[last].ts, rules->within);

	basis_clear(&basis);
	for (size_t i = first; i < nrows && basis.n <= match->depth; i++)
	{
		work_add(&basis.work, 1);
		basis_add(&basis, i, rows[i].steps & all_steps);
	}
	if (basis.n > match->depth)
		match->outcome = FUNNEL_LATE;
}

/*
 * The scratch memory
 */

/* How many ways of links with a shortest gap there are. */
static int
count_ways(const FunnelRules *rules)
{
	int			nways = 0;

	for (uint64_t m = rules->delayed; m != 0; m &= m - 1)
	{
		int			from = LOWEST_STEP(m) - 1;

		for (nways++; is_optional(rules, from); from--)
			nways++;
	}
	return nways;
}

/* How many pairs of a list are usual: more are possible with optional steps only. */
static inline size_t
usual_pairs(const FunnelRules *rules)
{
	return rules->optional != 0 &&
		(rules->strict | rules->excluding | rules->delayed) != 0 ? 8 : 1;
}

/* The ways take a multiple of 8 bytes, as what follows them needs. */
static inline size_t
ways_size(int nways)
{
	return (nways * sizeof(Way) + 7) & ~(size_t) 7;
}

/* The part that does not grow with the lists, and one share of what does. */
static inline size_t
fixed_size(size_t nrows, int nways)
{
	return sizeof(Scratch) + 2 * nrows * sizeof(uint64_t) + ways_size(nways);
}

static inline size_t
share_size(const FunnelRules *rules, size_t nrows, int nways)
{
	return ((size_t) rules->nsteps + 1 + 2 * nways) * usual_pairs(rules) * sizeof(Pair) +
		(nways > 0 ? nrows * sizeof(Waiting) : 0);
}

/* Number the ways, and give each its lists, which begin at PAIRS. */
static void
make_ways(const FunnelRules *rules, Scratch *scratch, Pair *pairs)
{
	int			n = 0;

	for (uint64_t m = rules->delayed; m != 0; m &= m - 1)
	{
		int			to = LOWEST_STEP(m);

		scratch->first_way[to] = n;
		for (int from = to - 1;; from--)
		{
			Way		   *way = &scratch->ways[n++];

			way->from = from;
			way->to = to;
			way->ripe.pairs = pairs;
			way->open.pairs = pairs + scratch->pair_capacity;
			pairs += 2 * (size_t) scratch->pair_capacity;
			scratch->ways_out[from]++;
			if (!is_optional(rules, from))
				break;
		}
	}
}

/* Divide the memory up; false if it is not enough. */
static bool
divide_scratch(const FunnelRules *rules, size_t nrows, Scratch *scratch, size_t size)
{
	int			nways = count_ways(rules);
	size_t		shares;
	size_t		capacity;

	if (size < fixed_size(nrows, nways))
		return false;
	shares = (size - fixed_size(nrows, nways)) / share_size(rules, nrows, nways);
	if (shares == 0)
		return false;
	capacity = shares * usual_pairs(rules);
	work_begin(&scratch->work, rules->poll);
	scratch->pair_capacity = capacity < INT32_MAX ? (int) capacity : INT32_MAX;
	scratch->onward = (uint64_t *) (scratch + 1);
	scratch->enterable = scratch->onward + nrows;
	scratch->ways = (Way *) (scratch->enterable + nrows);
	scratch->pairs = (Pair *) ((char *) scratch->ways + ways_size(nways));
	scratch->nways = nways;
	scratch->assignment.work = &scratch->work;
	work_add(&scratch->work, nways);
	memset(scratch->ways_out, 0, sizeof(scratch->ways_out));
	if (nways > 0)
	{
		Pair	   *lists = scratch->pairs +
			((size_t) rules->nsteps + 1) * scratch->pair_capacity;

		make_ways(rules, scratch, lists);
		scratch->waiting = (Waiting *) (lists + 2 * (size_t) nways * scratch->pair_capacity);
		scratch->waiting_capacity = shares * nrows < NOBODY ? shares * nrows : NOBODY;
	}
	return true;
}

/*
 * The size of scratch memory with which funnel_match usually succeeds for
 * NROWS rows.  It grows with NROWS; a caller may keep one scratch for many
 * units.
 */
size_t
funnel_match_scratch_size(const FunnelRules *rules, size_t nrows)
{
	int			nways = count_ways(rules);

	return fixed_size(nrows, nways) + share_size(rules, nrows, nways);
}

/*
 * Match the rows of one unit, sorted by time and, within one instant, by the
 * order in which rows that are equally usable shall be preferred.
 *
 * SCRATCH is aligned as by malloc.  Returns false, with nothing in MATCH to
 * rely on, if it is too small: the caller retries with at least the size that
 * funnel_match_scratch_size tells, or twice the size it had.  Any order needs
 * none.
 *
 * Time: O(nrows * nsteps) plus, for instants at which several rows match
 * several steps, a matching each.
 */
bool
funnel_match(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			 void *scratch, size_t scratch_size, FunnelMatch *match)
{
	if (rules->any_order)
	{
		match_any_order(rules, rows, nrows, match);
		return true;
	}
	return divide_scratch(rules, nrows, scratch, scratch_size) &&
		match_ordered(rules, rows, nrows, scratch, match);
}
