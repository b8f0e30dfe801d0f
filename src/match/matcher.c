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

/* The rows [first, end) of one instant. */
typedef struct Instant
{
	int64_t		ts;
	size_t		first;
	size_t		end;
	uint64_t	steps;			/* union of the rows' masks */
	uint64_t	breaks;
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

/* Collect the instant that begins at row FIRST. */
static inline void
read_instant(const FunnelRow *rows, size_t first, size_t nrows, Work *work,
			 Instant *instant)
{
	uint64_t	several = 0;
	size_t		i = first;

	instant->ts = rows[first].ts;
	instant->first = first;
	instant->steps = 0;
	instant->breaks = 0;
	do
	{
		instant->steps |= rows[i].steps;
		instant->breaks |= rows[i].breaks;
		several |= rows[i].steps & (rows[i].steps - 1);
		work_add(work, 1);
		i++;
	} while (i < nrows && rows[i].ts == instant->ts);
	instant->end = i;
	instant->shared = several != 0 && i - first > 1;
}

/* The same for the instant that ends before row END, going backward. */
static inline void
read_instant_before(const FunnelRow *rows, size_t begin, size_t end, Work *work,
					Instant *instant)
{
	size_t		first = end - 1;

	while (first > begin && rows[first - 1].ts == rows[end - 1].ts)
	{
		work_add(work, 1);
		first--;
	}
	read_instant(rows, first, end, work, instant);
}

/*
 * Within one instant
 */

/*
 * The steps at which a chain can stand after this instant if it takes STEP
 * there and then only what it must: beside the steps that already have a row,
 * STEP, every required step after it, and the last one, optional or not.
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
			assignment_add(assignment, next);

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
static bool
reach_forward(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			  Scratch *scratch, int stop_depth, Reach *reach)
{
	uint64_t	all_steps = ~STEPS_ABOVE(rules->nsteps);
	bool		entered = false;
	Work	   *work = &scratch->work;
	Instant		instant;

	memset(scratch->npairs, 0, sizeof(scratch->npairs));
	for (int step = 1; step <= rules->nsteps; step++)
		scratch->excluded_at[step] = INT64_MIN;
	scratch->instant_at = INT64_MIN;
	reach->depth = 0;
	reach->start = reach->end = 0;

	for (size_t i = 0; i < nrows; i = instant.end)
	{
		uint64_t	steps;
		uint64_t	breaks;
		uint64_t	taken = 0;
		int64_t		starts[FUNNEL_MAX_STEPS + 1];
		bool		may_enter;

		read_instant(rows, i, nrows, work, &instant);
		steps = instant.steps & all_steps;
		may_enter = !(rules->first_entry && entered);

		if (steps == 0)
			 /* nothing to take */ ;
		else if (instant.shared && !rules->increasing)
		{
			Assignment *assignment = &scratch->assignment;

			assignment_begin(assignment, rules->nsteps, rows,
							 instant.first, instant.end, steps);
			assignment_clear(assignment);
			for (uint64_t m = steps; m != 0; m &= m - 1)
			{
				int			step = LOWEST_STEP(m);
				int64_t		start = instant.ts;
				uint64_t	span;

				if (step == 1 ? !may_enter :
					!find_start(rules, scratch, step, instant.ts, &start))
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

				m &= ~STEP_BIT(step);
				starts[step] = instant.ts;
				if (step == 1 ? may_enter :
					find_start(rules, scratch, step, instant.ts, &starts[step]))
				{
					if (!add_pair(scratch, step, starts[step], instant.ts))
						return false;
					taken |= STEP_BIT(step);
				}
			}
		}

		entered |= (steps & STEP_BIT(1)) != 0;

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
				int64_t		until;

				work_add(&scratch->work, 1);
				if (pairs[i].last < broken_at(rules, scratch, to))
					break;
				until = limit_after(pairs[i].last, rules->gap[to - 1]);
				if (until > window_end)
					until = window_end;
				if (!match->open || match->open_until < until)
					match->open_until = until;
				match->open = true;
				if (!is_optional(rules, to))
					break;
			}
		}
	}
}

/*
 * The pass backward, over the rows [begin, end) between the start and the end
 * of the chain to report
 */
static void
mark_backward(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
			  size_t end, Scratch *scratch, int depth)
{
	uint64_t	all_steps = ~STEPS_ABOVE(depth);
	uint64_t	ahead = 0;		/* steps whose nearest is set */
	int64_t		nearest[FUNNEL_MAX_STEPS + 1];	/* instant to enter at */
	int64_t		breaker[FUNNEL_MAX_STEPS + 1];	/* nearest of link, ahead */
	Work	   *work = &scratch->work;
	int64_t		end_ts = rows[end - 1].ts;
	Instant		instant;

	for (int step = 1; step <= depth; step++)
		breaker[step] = INT64_MAX;

	for (size_t i = end; i > begin; i = instant.first)
	{
		uint64_t	steps;
		uint64_t	onward = 0;
		uint64_t	enterable = 0;
		uint64_t	breaks;

		read_instant_before(rows, begin, i, work, &instant);
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
					work_add(work, 1);
					if (clear_until > breaker[to])
						clear_until = breaker[to];
					if ((ahead & STEP_BIT(to)) &&
						nearest[to] <= clear_until &&
						nearest[to] <= limit_after(instant.ts, rules->gap[to - 1]))
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
					if (enterable & STEP_BIT(to))
						enterable |= STEP_BIT(step);
					if (!is_optional(rules, to))
						break;
				}
			}
		}
		else if (onward != 0)
		{
			Assignment *assignment = &scratch->assignment;

			assignment_begin(assignment, rules->nsteps, rows,
							 instant.first, instant.end, steps);
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
	int64_t		latest = limit_after(instant->ts, rules->gap[to - 1]);

	for (size_t i = instant->end; i < end && rows[i].ts <= latest; i = next->end)
	{
		read_instant(rows, i, end, &scratch->work, next);
		if (scratch->enterable[i - begin] & STEP_BIT(to))
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
			work_add(assignment->work, 1);
			for (uint64_t m = rows[i].steps & missing; m != 0; m &= m - 1)
				match->row[LOWEST_STEP(m) - 1] = i;
			missing &= ~rows[i].steps;
		}
		return;
	}

	assignment_begin(assignment, rules->nsteps, rows,
					 instant->first, instant->end, taken);
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
	if (rules->increasing || (instant->steps & STEP_BIT(step)) == 0 ||
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
		assignment_begin(assignment, rules->nsteps, rows,
						 instant->first, instant->end,
						 instant->steps & ~STEPS_ABOVE(rules->nsteps));
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

	read_instant(rows, begin, end, &scratch->work, &instant);
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

static bool
match_ordered(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			  Scratch *scratch, FunnelMatch *match)
{
	Reach		reach;
	size_t		begin;
	size_t		end;
	uint64_t	deeper = 0;
	int			next;
	size_t		rows_of_next = 0;

	if (!reach_forward(rules, rows, nrows, scratch, rules->nsteps, &reach))
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
		FunnelRules lifted = *rules;

		lifted.strict = lifted.excluding = 0;
		if (rules->strict | rules->excluding)
		{
			if (!reach_forward(&lifted, rows, nrows, scratch, match->depth + 1, &reach))
				return false;
			if (reach.depth > match->depth)
			{
				match->outcome = FUNNEL_EXCLUDED;
				return true;
			}
		}
		lifted.within = 0;
		memset(lifted.gap, 0, sizeof(lifted.gap));
		if (!reach_forward(&lifted, rows, nrows, scratch, match->depth + 1, &reach))
			return false;
		if (reach.depth > match->depth)
			match->outcome = FUNNEL_LATE;
		else
		{
			for (uint64_t m = match->reached; m != 0; m &= m - 1)
				rows_of_next -= (rows[match->row[LOWEST_STEP(m) - 1]].steps >> (next - 1)) & 1;
			if (rows_of_next > 0)
				match->outcome = FUNNEL_EARLY;
		}
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
 * The size of scratch memory with which funnel_match usually succeeds for
 * NROWS rows.  It grows with NROWS; a caller may keep one scratch for many
 * units.
 */
size_t
funnel_match_scratch_size(const FunnelRules *rules, size_t nrows)
{
	size_t		pairs_per_step = 1;

	if (rules->optional != 0 && (rules->strict | rules->excluding) != 0)
		pairs_per_step = 4;
	return sizeof(Scratch) +
		(size_t) (FUNNEL_MAX_STEPS + 1) * pairs_per_step * sizeof(Pair) +
		2 * nrows * sizeof(uint64_t);
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
			 void *scratch_memory, size_t scratch_size, FunnelMatch *match)
{
	Scratch    *scratch = scratch_memory;
	size_t		fixed = sizeof(Scratch) + 2 * nrows * sizeof(uint64_t);
	size_t		pairs;

	if (rules->any_order)
	{
		match_any_order(rules, rows, nrows, match);
		return true;
	}
	if (scratch_size < fixed)
		return false;
	pairs = (scratch_size - fixed) / sizeof(Pair) / (rules->nsteps + 1);
	if (pairs == 0)
		return false;
	work_begin(&scratch->work, rules->poll);
	scratch->assignment.work = &scratch->work;
	scratch->pair_capacity = pairs < INT32_MAX ? (int) pairs : INT32_MAX;
	scratch->onward = (uint64_t *) (scratch + 1);
	scratch->enterable = scratch->onward + nrows;
	scratch->pairs = (Pair *) (scratch->enterable + nrows);
	return match_ordered(rules, rows, nrows, scratch, match);
}
