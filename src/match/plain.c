/*-------------------------------------------------------------------------
 *
 * match/plain.c
 *	  The matcher for the most common question, over rows that are compact.
 *
 *-------------------------------------------------------------------------
 */
#include "match/plain.h"

/* The end of the server's timestamps; a limit beyond it is no limit. */
#define END_OF_TIME			INT64_C(9223371331200000000)

/* Before any time; no chain stands at the step. */
#define NO_START			INT64_MIN

/*
 * The newest start of a chain to a step; that to step 0 is the row at hand, and
 * nothing gets to the one before it.
 */
#define START(step)			newest[(step) + 1]

#define LOWEST_STEP(mask)	(__builtin_ctzll(mask) + 1)

/* How many rows may pass between two looks at the interrupt callback. */
#define ROWS_PER_POLL		65536

/* A window up to this long can be subtracted from any time. */
#define LONGEST_WINDOW		(INT64_MAX / 2)

bool
funnel_rules_are_plain(const FunnelRules *rules)
{
	if (rules->within > LONGEST_WINDOW || rules->any_order || rules->increasing ||
		rules->optional != 0 || rules->strict != 0 || rules->excluding != 0 ||
		rules->delayed != 0)
		return false;
	for (int k = 0; k < rules->nsteps; k++)
	{
		if (rules->gap[k] != 0)
			return false;
	}
	return true;
}

bool
funnel_rows_to_plain(const FunnelRow *rows, size_t nrows,
					 int64_t *ts, uint8_t *steps, uint64_t *present)
{
	uint64_t	any = 0;
	uint64_t	not_one = 0;

	for (size_t i = 0; i < nrows; i++)
	{
		uint64_t	bit = rows[i].steps;

		not_one |= (bit & (bit - 1)) | (bit == 0) | rows[i].breaks;
		any |= bit;
		ts[i] = rows[i].ts;
		steps[i] = bit == 0 ? 0 : LOWEST_STEP(bit);
	}
	*present = any;
	return not_one == 0;
}

/* The steps of the rows of one instant, from *I on, behind which *I is left. */
static inline uint64_t
steps_of_instant(const int64_t *ts, const uint8_t *steps, size_t *i)
{
	int64_t		now = ts[*i];
	uint64_t	mask = 0;

	do
	{
		if (steps[*i] != 0)
			mask |= FUNNEL_STEP_BIT(steps[*i]);
		(*i)++;
	} while (ts[*i] == now);
	return mask;
}

/* Have only the first row of the first step match it; the others match nothing. */
static void
drop_later_entries(uint8_t *steps, size_t nrows)
{
	bool		entered = false;

	for (size_t i = 0; i < nrows; i++)
	{
		bool		is_entry = steps[i] == 1;

		if (is_entry & entered)
			steps[i] = 0;
		entered |= is_entry;
	}
}

/* The first row at the instant of the last row of the first step, or 0. */
static size_t
find_last_entry(const int64_t *ts, const uint8_t *steps, size_t nrows)
{
	size_t		i = nrows;

	while (i > 0 && steps[i - 1] != 1)
		i--;
	if (i == 0)
		return 0;
	for (i--; i > 0 && ts[i - 1] == ts[i]; i--)
		;
	return i;
}

/* Fill in the times between those of the first step and of the last. */
static void
find_middle(const int64_t *ts, const uint8_t *steps, int depth, FunnelMatch *match)
{
	size_t		i = 0;
	int			step = 1;

	while (ts[i] < match->at[0])
		i++;
	while (step < depth)
	{
		int64_t		now = ts[i];

		if (ts[i + 1] != now)
		{
			match->at[step - 1] = now;
			step += steps[i++] == step;
		}
		else
		{
			uint64_t	mask = steps_of_instant(ts, steps, &i);

			while (step < depth && (mask & FUNNEL_STEP_BIT(step)))
				match->at[step++ - 1] = now;
		}
	}
}

void
funnel_plain_find_rows(const int64_t *ts, const uint8_t *steps, FunnelMatch *match)
{
	size_t		i = 0;

	for (int k = 0; k < match->depth; k++)
	{
		size_t		row;

		/* rows of one instant are in no order of their steps */
		while (ts[i] < match->at[k])
			i++;
		for (row = i; steps[row] != k + 1; row++)
			;
		match->row[k] = row;
	}
}

void
funnel_match_plain(const FunnelRules *rules, int64_t *ts, uint8_t *steps,
				   size_t nrows, uint64_t present, FunnelMatch *match)
{
	int64_t		newest[FUNNEL_MAX_STEPS + 2];
	size_t		nsteps = (size_t) rules->nsteps;
	size_t		depth = 0;
	size_t		unhurried = 0;	/* depth without a window */
	int64_t		chain_start = 0;
	int64_t		chain_end = 0;
	size_t		i = 0;
	size_t		step;

	/* the earliest start in time is the time minus the window, or any at all */
	int64_t		time_mask = rules->within == 0 ? 0 : -1;
	int64_t		window = rules->within == 0 ? INT64_MAX : rules->within;

	match->depth = 0;
	match->outcome = FUNNEL_ABSENT;
	match->open = false;
	match->reached = 0;

	/* no instant, so that a last row is not taken for one of several */
	ts[nrows] = FUNNEL_FOREVER;

	for (size_t k = 0; k <= nsteps + 1; k++)
		newest[k] = NO_START;
	if (rules->first_entry)
		drop_later_entries(steps, nrows);
	if (rules->last_entry)
		i = find_last_entry(ts, steps, nrows);
	while (i < nrows && depth < nsteps)
	{
		size_t		end = nrows - i < ROWS_PER_POLL ? nrows : i + ROWS_PER_POLL;

		if (i > 0 && rules->poll)
			rules->poll();
		while (i < end)
		{
			int64_t		now = ts[i];
			int64_t		earliest = (now & time_mask) - window;

			START(0) = now;
			if (ts[i + 1] != now)
			{
				/*
				 * One row, the usual case.  Whether it is in time, and whether
				 * it goes deeper, is hard to foresee, so no branch depends on
				 * it: masks decide what is kept.
				 */
				int64_t		in_time;
				int64_t		deeper;

				step = steps[i++];
				in_time = -(int64_t) (START(step - 1) >= earliest);
				START(step) ^= (START(step) ^ START(step - 1)) & in_time;
				unhurried += step == unhurried + 1;
				deeper = in_time & -(int64_t) (step > depth);
				depth ^= (depth ^ step) & (size_t) deeper;
				chain_start ^= (chain_start ^ START(step)) & deeper;
				chain_end ^= (chain_end ^ now) & deeper;
				if (depth == nsteps)
					break;
			}
			else
			{
				uint64_t	mask = steps_of_instant(ts, steps, &i);

				/* going up, a chain may take a step after another at once */
				for (; mask != 0; mask &= mask - 1)
				{
					step = LOWEST_STEP(mask);
					unhurried += step == unhurried + 1;
					if (START(step - 1) < earliest)
						continue;
					START(step) = START(step - 1);
					if (step > depth)
					{
						depth = step;
						chain_start = START(step);
						chain_end = now;
					}
				}
				if (depth == nsteps)
					break;
			}
		}
	}

	/* who says that a step is present need not be right */
	if (depth == 0)
		return;
	match->depth = (int) depth;
	match->reached = depth == FUNNEL_MAX_STEPS ? ~UINT64_C(0) :
		FUNNEL_STEP_BIT(depth + 1) - 1;

	/*
	 * The reported chain: from that start, each step as soon as it can be; the
	 * last cannot be sooner than the pass above has found.
	 */
	match->at[0] = chain_start;
	match->at[depth - 1] = chain_end;
	if (depth > 2)
		find_middle(ts, steps, (int) depth, match);

	if (depth == nsteps)
	{
		match->outcome = FUNNEL_CONVERTED;
		return;
	}

	/* the latest entry is the one that stays open */
	match->open = true;
	match->open_until = FUNNEL_FOREVER;
	if (rules->within != 0 && START(1) < END_OF_TIME - rules->within)
		match->open_until = START(1) + rules->within;

	/* no row of the next step is in the chain: each matches one step */
	if (unhurried > depth)
		match->outcome = FUNNEL_LATE;
	else if (present & FUNNEL_STEP_BIT(depth + 1))
		match->outcome = FUNNEL_EARLY;
}
