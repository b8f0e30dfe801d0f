/*-------------------------------------------------------------------------
 *
 * matcher_plain.c
 *	  The matcher for the most common question, over rows that are compact.
 *
 *-------------------------------------------------------------------------
 */
#include "matcher_plain.h"

/* The end of the server's timestamps; a limit beyond it is no limit. */
#define END_OF_TIME			INT64_C(9223371331200000000)

/* Before any time; no chain stands at the step. */
#define NO_START			INT64_MIN

#define LOWEST_STEP(mask)	(__builtin_ctzll(mask) + 1)

/* How many rows may pass between two looks at the interrupt callback. */
#define ROWS_PER_POLL		65536

bool
funnel_rules_are_plain(const FunnelRules *rules)
{
	if (rules->any_order || rules->first_entry || rules->increasing ||
		rules->optional != 0 || rules->strict != 0 || rules->excluding != 0)
		return false;
	for (int k = 0; k < rules->nsteps; k++)
	{
		if (rules->gap[k] != 0)
			return false;
	}
	return true;
}

/* The earliest start that is within the window at TS. */
static inline int64_t
earliest_start(int64_t ts, int64_t within)
{
	int64_t		result;

	if (within == 0 || __builtin_sub_overflow(ts, within, &result) ||
		result == NO_START)
		return NO_START + 1;
	return result;
}

/* The steps of the rows of one instant, from *I on, behind which *I is left. */
static inline uint64_t
steps_of_instant(const int64_t *ts, const uint8_t *steps, size_t nrows, size_t *i)
{
	int64_t		now = ts[*i];
	uint64_t	mask = 0;

	do
	{
		mask |= FUNNEL_STEP_BIT(steps[*i]);
		(*i)++;
	} while (*i < nrows && ts[*i] == now);
	return mask;
}

/* How many steps, up to STOP, can be taken if there is no hurry. */
static int
depth_without_window(const int64_t *ts, const uint8_t *steps, size_t nrows, int stop)
{
	int			depth = 0;
	size_t		i = 0;

	while (i < nrows && depth < stop)
	{
		uint64_t	mask = steps_of_instant(ts, steps, nrows, &i);

		while (depth < stop && (mask & FUNNEL_STEP_BIT(depth + 1)))
			depth++;
	}
	return depth;
}

void
funnel_match_plain(const FunnelRules *rules, const int64_t *ts, const uint8_t *steps,
				   size_t nrows, uint64_t present, FunnelMatch *match)
{
	int64_t		start[FUNNEL_MAX_STEPS + 1];
	int			deepest = present == ~UINT64_C(0) ? FUNNEL_MAX_STEPS :
		__builtin_ctzll(~present);
	int			depth = 0;
	int64_t		chain_start = 0;
	size_t		countdown = ROWS_PER_POLL;
	size_t		i = 0;
	int			step;

	match->depth = 0;
	match->outcome = FUNNEL_ABSENT;
	match->open = false;
	match->reached = 0;
	if (deepest == 0)
		return;

	/* no deeper than the first step that never occurs, so stop there */
	for (int k = 0; k <= deepest; k++)
		start[k] = NO_START;
	while (i < nrows)
	{
		int64_t		now = ts[i];
		int64_t		earliest = earliest_start(now, rules->within);

		start[0] = now;
		if (i + 1 == nrows || ts[i + 1] != now)
		{
			/* one row: the usual case, and no branch that is hard to foresee */
			bool		in_time;

			step = steps[i++];
			if (step > deepest)
				continue;
			in_time = start[step - 1] >= earliest;
			start[step] = in_time ? start[step - 1] : start[step];
			if (in_time && step > depth)
			{
				depth = step;
				chain_start = start[step];
			}
		}
		else
		{
			uint64_t	mask = steps_of_instant(ts, steps, nrows, &i);

			/* going up, a chain may take a step after another at once */
			for (; mask != 0; mask &= mask - 1)
			{
				step = LOWEST_STEP(mask);
				if (step > deepest)
					break;
				if (start[step - 1] < earliest)
					continue;
				start[step] = start[step - 1];
				if (step > depth)
				{
					depth = step;
					chain_start = start[step];
				}
			}
		}
		if (depth == deepest)
			break;
		if (--countdown == 0)
		{
			countdown = ROWS_PER_POLL;
			if (rules->poll)
				rules->poll();
		}
	}

	match->depth = depth;
	match->reached = depth == FUNNEL_MAX_STEPS ? ~UINT64_C(0) :
		FUNNEL_STEP_BIT(depth + 1) - 1;

	/* the reported chain: from that start, each step as soon as it can be */
	i = 0;
	while (ts[i] != chain_start)
		i++;
	step = 1;
	while (step <= depth)
	{
		int64_t		now = ts[i];

		if (i + 1 == nrows || ts[i + 1] != now)
		{
			if (steps[i++] == step)
				match->at[step++ - 1] = now;
		}
		else
		{
			uint64_t	mask = steps_of_instant(ts, steps, nrows, &i);

			while (step <= depth && (mask & FUNNEL_STEP_BIT(step)))
				match->at[step++ - 1] = now;
		}
	}

	if (depth == rules->nsteps)
	{
		match->outcome = FUNNEL_CONVERTED;
		return;
	}

	/* an entry is always there, and the latest is the one that stays open */
	match->open = true;
	i = nrows;
	while (steps[--i] != 1)
		;
	if (rules->within == 0 ||
		__builtin_add_overflow(ts[i], rules->within, &match->open_until) ||
		match->open_until >= END_OF_TIME)
		match->open_until = FUNNEL_FOREVER;

	/* no row of the next step can be in the chain: each matches one step */
	if (present & FUNNEL_STEP_BIT(depth + 1))
	{
		if (rules->within != 0 &&
			depth_without_window(ts, steps, nrows, depth + 1) > depth)
			match->outcome = FUNNEL_LATE;
		else
			match->outcome = FUNNEL_EARLY;
	}
}
