/*-------------------------------------------------------------------------
 *
 * match/chain.c
 *	  The chain that the ordered matcher reports.
 *
 * A pass backward over the stretch of the chain marks where a chain that stands
 * at a step can still be carried to the end in time.  For each step only the
 * nearest such instant ahead counts, by the argument of match/forward.c.  Where
 * a shortest gap lies ahead, it is the nearest from the end of the gap on; that
 * moves backward as the pass does, so that each way sees each instant once.
 *
 * A pass forward then takes each step in turn at the earliest instant that is
 * marked.
 *
 *-------------------------------------------------------------------------
 */
#include "match/chain.h"

#include "match/instant.h"
#include "match/steps.h"

/*
 * The pass backward, over the rows [begin, end) between the start and the end
 * of the chain to report
 */

/* Where the pass backward looks for instants behind a shortest gap. */
typedef struct Beyond
{
	size_t		row;			/* all instants from here on were looked at */
	int64_t		nearest;		/* where STEP can be entered; INT64_MAX if
								 * nowhere */
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

/* What the pass backward knows of the instants ahead. */
typedef struct Ahead
{
	uint64_t	steps;			/* that can be entered ahead */
	int64_t		nearest[FUNNEL_MAX_STEPS + 1];	/* instant to enter at, if so */
	int64_t		breaker[FUNNEL_MAX_STEPS + 1];	/* nearest of link, or
												 * INT64_MAX */
	Beyond		beyond[FUNNEL_MAX_STEPS + 1];	/* of steps that must wait */
} Ahead;

/* Can a chain that stands at FROM after the instant at TS be carried to the end? */
static inline bool
leads_onward(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
			 Scratch *scratch, int depth, Ahead *ahead, int from, int64_t ts)
{
	int64_t		clear_until = INT64_MAX;

	for (int to = from + 1; to <= depth; to++)
	{
		int64_t		entrance = ahead->steps & STEP_BIT(to) ? ahead->nearest[to] : INT64_MAX;

		if (clear_until > ahead->breaker[to])
			clear_until = ahead->breaker[to];
		if (entrance != INT64_MAX && is_delayed(rules, to))
			entrance = nearest_beyond(rows, begin, scratch, &ahead->beyond[to], to,
									  limit_after(ts, rules->shortest[to - 1]));
		if (entrance != INT64_MAX && entrance <= clear_until &&
			entrance <= limit_after(ts, rules->gap[to - 1]))
			return true;
		if (!is_optional(rules, to))
			break;
		work_add(&scratch->work, 1);
	}
	return false;
}

/*
 * The steps at which a chain can enter an instant and reach the end, ONWARD
 * being those at which it can leave it and does.
 */
static inline uint64_t
find_enterable(const FunnelRules *rules, const FunnelRow *rows, Scratch *scratch,
			   int depth, const Instant *instant, uint64_t steps, uint64_t onward)
{
	Assignment *assignment = &scratch->assignment;
	uint64_t	enterable = 0;

	if (onward == 0 || instant->end - instant->first == 1 || rules->increasing)
		return onward;
	if (!instant->shared)
	{
		/* every row matches one step: a chain may walk upward for free */
		enterable = onward;
		for (int step = depth - 1; step >= 1; step--)
		{
			if ((steps & STEP_BIT(step)) == 0)
				continue;
			for (int to = step + 1; to <= depth; to++)
			{
				work_add(&scratch->work, 1);
				if ((enterable & STEP_BIT(to)) && !is_delayed(rules, to))
					enterable |= STEP_BIT(step);
				if (!is_optional(rules, to))
					break;
			}
		}
		return enterable;
	}

	funnel_assignment_begin(assignment, rules->nsteps, rules->barring, rows,
							instant->first, instant->end, steps, 0);
	for (uint64_t m = steps; m != 0; m &= m - 1)
	{
		if (funnel_instant_span(assignment, rules, steps, LOWEST_STEP(m)) & onward)
			enterable |= m & -m;
	}
	return enterable;
}

/* The instant is ahead now, of those before it. */
static inline void
move_ahead(const FunnelRules *rules, const Instant *instant, uint64_t all_steps,
		   uint64_t enterable, Work *work, Ahead *ahead)
{
	uint64_t	breaks = ((instant->breaks & rules->excluding) | rules->strict) & all_steps;

	for (uint64_t m = enterable; m != 0; m &= m - 1)
	{
		work_add(work, 1);
		ahead->nearest[LOWEST_STEP(m)] = instant->ts;
	}
	ahead->steps |= enterable;
	for (; breaks != 0; breaks &= breaks - 1)
	{
		work_add(work, 1);
		ahead->breaker[LOWEST_STEP(breaks)] = instant->ts;
	}
}

static void
mark_backward(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
			  size_t end, Scratch *scratch, int depth)
{
	uint64_t	all_steps = ~STEPS_ABOVE(depth);
	int64_t		end_ts = rows[end - 1].ts;
	Ahead		ahead;
	Instant		instant;

	ahead.steps = 0;
	for (int step = 1; step <= depth; step++)
		ahead.breaker[step] = INT64_MAX;
	for (uint64_t m = rules->delayed; m != 0; m &= m - 1)
	{
		ahead.beyond[LOWEST_STEP(m)].row = end;
		ahead.beyond[LOWEST_STEP(m)].nearest = INT64_MAX;
	}

	for (size_t i = end; i > begin; i = instant.first)
	{
		uint64_t	steps;
		uint64_t	onward = 0;
		uint64_t	enterable;

		read_instant_before(rules, rows, begin, i, &scratch->work, &instant);
		steps = instant.steps & all_steps;
		if (instant.ts == end_ts)
			onward = steps & STEP_BIT(depth);
		else
		{
			for (uint64_t m = steps & ~STEP_BIT(depth); m != 0; m &= m - 1)
			{
				if (leads_onward(rules, rows, begin, scratch, depth, &ahead,
								 LOWEST_STEP(m), instant.ts))
					onward |= m & -m;
			}
		}
		enterable = find_enterable(rules, rows, scratch, depth, &instant, steps, onward);
		scratch->onward[instant.first - begin] = onward;
		scratch->enterable[instant.first - begin] = enterable;
		move_ahead(rules, &instant, all_steps, enterable, &scratch->work, &ahead);
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

	funnel_assignment_begin(assignment, rules->nsteps, rules->barring, rows,
							instant->first, instant->end, taken, 0);
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
				if (!funnel_assignment_augment(assignment, owner, &visited))
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
	return (funnel_instant_span(assignment, rules, instant->steps, step) &
			scratch->onward[instant->first - begin]) != 0;
}

static void
begin_instant(const FunnelRules *rules, const FunnelRow *rows,
			  const Instant *instant, Assignment *assignment, int step)
{
	if (instant->shared)
	{
		funnel_assignment_begin(assignment, rules->nsteps, rules->barring, rows,
								instant->first, instant->end,
								instant->steps & ~STEPS_ABOVE(rules->nsteps), 0);
		assignment_add(assignment, step);
	}
}

void
funnel_chain_report(const FunnelRules *rules, const FunnelRow *rows, size_t begin,
					size_t end, Scratch *scratch, FunnelMatch *match)
{
	Assignment *assignment = &scratch->assignment;
	Instant		instant;
	Instant		next;
	int			step = 1;
	uint64_t	taken = STEP_BIT(1);	/* in this instant */

	if (match->depth > 1)
		mark_backward(rules, rows, begin, end, scratch, match->depth);

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
