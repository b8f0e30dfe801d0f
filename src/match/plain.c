/*-------------------------------------------------------------------------
 *
 * match/plain.c
 *	  The matcher for the most common question, over rows that are compact.
 *
 *-------------------------------------------------------------------------
 */
#include "match/plain.h"

#include <string.h>

#include "match/steps.h"
#include "match/work.h"

/* Before any time; no chain stands at the step. */
#define NO_START			INT64_MIN

/*
 * The newest start of a chain to a step; that to step 0 is the row at hand, and
 * nothing gets to the one before it.
 */
#define START(step)			newest[(step) + 1]

/* A window up to this long can be subtracted from any time. */
#define LONGEST_WINDOW		(INT64_MAX / 2)

/*
 * Few units have so many rows that there is a look to be taken on the way, and rows
 * come in two forms: the loops below are compiled for each case by itself.
 */
#define IS_LONG(nrows)		((nrows) >= WORK_PER_POLL)
#define FOR_EACH_CASE		static inline __attribute__((always_inline))

/* Times and steps, or words. */
typedef struct PlainRows
{
	bool		are_words;
	const int64_t *ts;			/* the words, if they are that */
	const uint8_t *steps;
} PlainRows;

FOR_EACH_CASE int64_t
time_of(PlainRows rows, size_t i)
{
	return rows.are_words ? rows.ts[i] >> FUNNEL_PLAIN_STEP_BITS : rows.ts[i];
}

FOR_EACH_CASE size_t
step_of(PlainRows rows, size_t i)
{
	return rows.are_words ? (uint8_t) rows.ts[i] : rows.steps[i];
}

static inline void
poll(const FunnelRules *rules)
{
	if (rules->poll)
		rules->poll();
}

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
funnel_rows_to_plain(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					 int64_t *ts, uint8_t *steps, uint64_t *present)
{
	uint64_t	any = 0;
	uint64_t	not_one = 0;

	for (size_t i = 0; i < nrows;)
	{
		size_t		end = work_stretch_end(i, nrows);

		if (i > 0)
			poll(rules);
		for (; i < end; i++)
		{
			uint64_t	bit = rows[i].steps;

			not_one |= (bit & (bit - 1)) | (bit == 0) | rows[i].breaks;
			any |= bit;
			ts[i] = rows[i].ts;
			steps[i] = bit == 0 ? 0 : LOWEST_STEP(bit);
		}
	}
	*present = any;
	return not_one == 0;
}

FOR_EACH_CASE void
poll_at(const FunnelRules *rules, size_t i, bool is_long)
{
	if (is_long && i % WORK_PER_POLL == 0)
		poll(rules);
}

/*
 * The steps of the rows of one instant, from *I on, behind which *I is left.  OTHERS
 * is set if a row has none of the definition.
 */
FOR_EACH_CASE uint64_t
steps_of_instant(const FunnelRules *rules, PlainRows rows, size_t *i, size_t nrows, bool *others)
{
	int64_t		now = time_of(rows, *i);
	uint64_t	mask = 0;

	do
	{
		size_t		step = step_of(rows, *i);

		if (step - 1 < (size_t) rules->nsteps)
			mask |= STEP_BIT(step);
		else
			*others = true;
		(*i)++;
		poll_at(rules, *i, true);
	} while (*i < nrows && time_of(rows, *i) == now);
	return mask;
}

/* The first row from I on that is not before NOW; there is one. */
FOR_EACH_CASE size_t
skip_before(const FunnelRules *rules, PlainRows rows, size_t i, int64_t now, bool is_long)
{
	while (time_of(rows, i) < now)
	{
		i++;
		poll_at(rules, i, is_long);
	}
	return i;
}

/*
 * Take each step from the second on as soon as it can be, from row I on, up to step
 * LAST; returns the last one taken.  The time of the step behind that is overwritten.
 */
FOR_EACH_CASE int
take_steps(const FunnelRules *rules, PlainRows rows, size_t i, size_t nrows, int last,
		   bool is_long, FunnelMatch *match)
{
	int			step = 2;

	while (i < nrows && step <= last)
	{
		int64_t		now = time_of(rows, i);

		if (time_of(rows, i + 1) != now)
		{
			/* no branch: whether the row is in the chain is hard to foresee */
			match->at[step - 1] = now;
			step += step_of(rows, i++) == (size_t) step;
			poll_at(rules, i, is_long);
		}
		else
		{
			bool		others = false;
			uint64_t	mask = steps_of_instant(rules, rows, &i, nrows, &others);

			while (step <= last && (mask & STEP_BIT(step)))
				match->at[step++ - 1] = now;
		}
	}
	return step - 1;
}

/* Fill in the times between those of the first step and of the last. */
FOR_EACH_CASE void
find_middle(const FunnelRules *rules, PlainRows rows, size_t nrows, int depth, bool is_long,
			FunnelMatch *match)
{
	size_t		i = skip_before(rules, rows, 0, match->at[0], is_long);

	(void) take_steps(rules, rows, i, nrows, depth - 1, is_long, match);
}

void
funnel_plain_find_rows(const FunnelRules *rules, const int64_t *ts, const uint8_t *steps,
					   FunnelMatch *match)
{
	PlainRows	rows = {false, ts, steps};
	size_t		i = 0;

	for (int k = 0; k < match->depth; k++)
	{
		size_t		row;

		/* rows of one instant are in no order of their steps */
		i = skip_before(rules, rows, i, match->at[k], true);
		for (row = i; steps[row] != k + 1; row++)
			poll_at(rules, row, true);
		match->row[k] = row;
	}
}

/* What the pass over the rows finds. */
typedef struct Found
{
	bool		fits;			/* words that were read are in order, with a
								 * step each; else the rest is not set */
	size_t		nread;
	size_t		depth;
	bool		is_late;		/* deeper without a window, if not converted */
	uint64_t	present;		/* steps, of words that were read */
	int64_t		chain_start;	/* of the reported chain, if there is one */
	int64_t		chain_end;
	int64_t		newest_entry;
} Found;

/*
 * Find the depth.  A time behind the last row is no instant, so that the last row is
 * not taken for one of several.
 *
 * A start that is too old is handed on like any other.  It is too old for good,
 * because times only grow, and it tells that without a window there is a chain.
 */
FOR_EACH_CASE Found
find_depth(const FunnelRules *rules, PlainRows rows, size_t nrows)
{
	int64_t		newest[FUNNEL_MAX_STEPS + 2];
	size_t		nsteps = (size_t) rules->nsteps;
	size_t		depth = 0;
	int64_t		chain_start = 0;
	int64_t		chain_end = 0;
	uint64_t	present = 0;
	bool		others = false;
	size_t		i = 0;
	Found		found = {0};

	/* the earliest start in time is the time minus the window, or any at all */
	int64_t		time_mask = rules->within == 0 ? 0 : -1;
	int64_t		window = rules->within == 0 ? INT64_MAX : rules->within;

	for (size_t k = 0; k <= nsteps + 1; k++)
		newest[k] = NO_START;
	while (i < nrows && depth < nsteps)
	{
		size_t		end = work_stretch_end(i, nrows);

		if (i > 0)
			poll(rules);
		while (i < end)
		{
			int64_t		now = time_of(rows, i);
			int64_t		next = time_of(rows, i + 1);
			int64_t		earliest = (now & time_mask) - window;

			START(0) = now;
			if (next > now)
			{
				/*
				 * One row, the usual case.  Whether it goes deeper is hard to
				 * foresee, so no branch depends on it: masks decide what is
				 * kept.
				 */
				size_t		step = step_of(rows, i++);
				int64_t		start;
				int64_t		deeper;

				if (rows.are_words)
				{
					if (step - 1 >= nsteps)
						return found;
					present |= STEP_BIT(step);
				}
				start = START(step - 1);
				deeper = -(int64_t) ((start >= earliest) & (step > depth));
				START(step) = start;
				chain_start ^= (chain_start ^ start) & deeper;
				chain_end ^= (chain_end ^ now) & deeper;
				depth ^= (depth ^ step) & (size_t) deeper;
				if (depth == nsteps)
					break;
			}
			else
			{
				uint64_t	mask = steps_of_instant(rules, rows, &i, nrows, &others);

				if (rows.are_words)
				{
					if (next < now || others || time_of(rows, i) < now)
						return found;
					present |= mask;
				}

				/* going up, a chain may take a step after another at once */
				for (; mask != 0; mask &= mask - 1)
				{
					size_t		step = LOWEST_STEP(mask);
					int64_t		start = START(step - 1);

					START(step) = start;
					if (start >= earliest && step > depth)
					{
						depth = step;
						chain_start = start;
						chain_end = now;
					}
				}
				if (depth == nsteps)
					break;
			}
		}
	}

	found.fits = true;
	found.nread = i;
	found.depth = depth;
	found.present = present;
	found.is_late = depth < nsteps && START(depth + 1) != NO_START;
	found.chain_start = chain_start;
	found.chain_end = chain_end;
	found.newest_entry = START(1);
	return found;
}

/*
 * All of a match but its times.  IS_LATE says whether there is a chain to the next step
 * without a window.
 */
static inline void
set_match(const FunnelRules *rules, int depth, bool is_late, int64_t newest_entry,
		  uint64_t present, FunnelMatch *match)
{
	match->depth = depth;
	match->outcome = FUNNEL_ABSENT;
	match->open = false;
	match->reached = ~STEPS_ABOVE(depth);
	if (depth == rules->nsteps)
	{
		match->outcome = FUNNEL_CONVERTED;
		return;
	}

	/* the latest entry is the one that stays open */
	match->open = true;
	match->open_until = limit_after(newest_entry, rules->within);

	/* no row of the next step is in the chain: each matches one step */
	if (is_late)
		match->outcome = FUNNEL_LATE;
	else if (present & STEP_BIT(depth + 1))
		match->outcome = FUNNEL_EARLY;
}

/* The first or last row of the first step; NROWS if there is none. */
static size_t
find_entry(const FunnelRules *rules, const uint8_t *steps, size_t nrows)
{
	size_t		i;

	if (rules->first_entry)
	{
		const uint8_t *found = memchr(steps, 1, nrows);

		return found != NULL ? (size_t) (found - steps) : nrows;
	}
	for (i = nrows; i > 0 && steps[i - 1] != 1; i--)
		poll_at(rules, i, true);
	return i > 0 ? i - 1 : nrows;
}

/*
 * One entry starts one chain.  It takes each step as soon as it can be, and what is
 * behind the window is its end.
 */
void
funnel_match_plain_entry(const FunnelRules *rules, int64_t *ts, const uint8_t *steps,
						 size_t entry, size_t nrows, uint64_t present, FunnelMatch *match)
{
	int64_t		now = ts[entry];
	int64_t		limit = limit_after(now, rules->within);
	PlainRows	rows = {false, ts, steps};
	size_t		i = entry;
	int			last;
	int			depth;

	ts[nrows] = FUNNEL_FOREVER;
	for (; i > 0 && ts[i - 1] == now; i--)
		poll_at(rules, i, true);
	match->at[0] = now;
	last = IS_LONG(nrows) ? take_steps(rules, rows, i, nrows, rules->nsteps, true, match) :
		take_steps(rules, rows, i, nrows, rules->nsteps, false, match);
	for (depth = last; match->at[depth - 1] > limit;)
		depth--;
	set_match(rules, depth, depth < last, now, present, match);
}

/* Make a match of what the pass over the rows found. */
FOR_EACH_CASE void
set_found(const FunnelRules *rules, PlainRows rows, size_t nrows, const Found *found,
		  uint64_t present, FunnelMatch *match)
{
	int			depth = (int) found->depth;

	/* who says that a step is present need not be right */
	if (depth == 0)
	{
		funnel_match_nothing(match);
		return;
	}

	/*
	 * The reported chain: from that start, each step as soon as it can be;
	 * the last cannot be sooner than the pass has found.
	 */
	match->at[0] = found->chain_start;
	match->at[depth - 1] = found->chain_end;
	if (depth > 2 && IS_LONG(nrows))
		find_middle(rules, rows, nrows, depth, true, match);
	else if (depth > 2)
		find_middle(rules, rows, nrows, depth, false, match);
	set_match(rules, depth, found->is_late, found->newest_entry, present, match);
}

void
funnel_match_plain(const FunnelRules *rules, int64_t *ts, const uint8_t *steps,
				   size_t nrows, uint64_t present, FunnelMatch *match)
{
	PlainRows	rows = {false, ts, steps};
	Found		found;

	if (rules->first_entry || rules->last_entry)
	{
		size_t		entry = find_entry(rules, steps, nrows);

		if (entry == nrows)
			funnel_match_nothing(match);
		else
			funnel_match_plain_entry(rules, ts, steps, entry, nrows, present, match);
		return;
	}

	ts[nrows] = FUNNEL_FOREVER;
	found = find_depth(rules, rows, nrows);
	set_found(rules, rows, nrows, &found, present, match);
}

/* Are the words from the second on in order, with a step each? */
static bool
words_fit(const FunnelRules *rules, PlainRows words, size_t nwords)
{
	int64_t		last = time_of(words, 0);

	for (size_t i = 1; i < nwords; i++)
	{
		int64_t		now = time_of(words, i);

		if (now < last || step_of(words, i) - 1 >= (size_t) rules->nsteps)
			return false;
		last = now;
		poll_at(rules, i, true);
	}
	return true;
}

bool
funnel_match_plain_words(const FunnelRules *rules, int64_t *words, size_t nwords,
						 FunnelMatch *match)
{
	PlainRows	rows = {true, words, NULL};
	int64_t		behind = words[nwords];
	Found		found;

	if (rules->first_entry || rules->last_entry)
		return false;
	words[nwords] = INT64_MAX;
	found = find_depth(rules, rows, nwords);
	if (found.fits && found.nread < nwords)
	{
		PlainRows	rest = {true, words + found.nread - 1, NULL};

		found.fits = words_fit(rules, rest, nwords - found.nread + 1);
	}
	if (found.fits)
		set_found(rules, rows, nwords, &found, found.present, match);
	words[nwords] = behind;
	return found.fits;
}
