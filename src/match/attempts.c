/*-------------------------------------------------------------------------
 *
 * match/attempts.c
 *	  One unit's attempts, one after the other: a driver of the matcher.
 *
 * Conversions are as many as can be: of all ways to cut the rows into parts,
 * none has more that convert than the one that cuts wherever the first chain
 * completes, since its k-th cut is never later than that of another.  An attempt
 * that does not convert takes away only rows before the first chain starts, as
 * that starts at a row of step 1 behind its frame.
 *
 * So the first chain to complete is found once for each conversion.  It is what
 * the matcher reports of all rows from an opening on, since it stops there: of
 * the deepest chains it takes the one that completes first, and of those the
 * one that starts last.  No row is looked at more often than a few times.
 *
 *-------------------------------------------------------------------------
 */
#include "match/attempts.h"

#include <string.h>

#include "match/matcher.h"
#include "match/plain.h"
#include "match/steps.h"

/* Without a window the frame is the sum of the gaps, if each link has one. */
static int64_t
frame_of_rules(const FunnelRules *rules)
{
	int64_t		frame = rules->within;

	if (frame != 0)
		return frame;
	for (int k = 1; k < rules->nsteps; k++)
	{
		if (rules->gap[k] == 0 || __builtin_add_overflow(frame, rules->gap[k], &frame))
			return 0;
	}
	return frame;
}

static void
begin(FunnelAttempts *attempts, const FunnelRules *rules, size_t nrows)
{
	work_begin(&attempts->work, rules->poll);
	attempts->rules = rules;
	attempts->nrows = nrows;
	attempts->frame = frame_of_rules(rules);
	attempts->next = 0;
	attempts->searched = false;
}

void
funnel_attempts_begin(FunnelAttempts *attempts, const FunnelRules *rules,
					  const FunnelRow *rows, size_t nrows)
{
	begin(attempts, rules, nrows);
	attempts->rows = rows;
}

void
funnel_attempts_begin_plain(FunnelAttempts *attempts, const FunnelRules *rules,
							int64_t *ts, uint8_t *steps, size_t nrows,
							uint64_t present, bool with_rows)
{
	begin(attempts, rules, nrows);
	attempts->rows = NULL;
	attempts->ts = ts;
	attempts->steps = steps;
	attempts->present = present;
	attempts->with_rows = with_rows;
}

static inline int64_t
time_of(const FunnelAttempts *attempts, size_t i)
{
	return attempts->rows != NULL ? attempts->rows[i].ts : attempts->ts[i];
}

/* The first row from I on, before END, that matches STEP; END if there is none. */
static size_t
find_step(FunnelAttempts *attempts, size_t i, size_t end, int step)
{
	if (attempts->rows == NULL)
	{
		const uint8_t *found = i < end ? memchr(attempts->steps + i, step, end - i) : NULL;

		return found != NULL ? (size_t) (found - attempts->steps) : end;
	}
	while (i < end)
	{
		size_t		pause = work_stretch_end(i, end);

		work_add(&attempts->work, pause - i);
		for (; i < pause; i++)
		{
			if (attempts->rows[i].steps & STEP_BIT(step))
				return i;
		}
	}
	return end;
}

/* The first row later than TS, from LOW on, by bisection. */
static size_t
first_row_after(const FunnelAttempts *attempts, size_t low, int64_t ts)
{
	size_t		high = attempts->nrows;
	size_t		step = 1;

	/* it is mostly near */
	while (low + step < high && time_of(attempts, low + step) <= ts)
	{
		low += step;
		step *= 2;
	}
	if (low + step < high)
		high = low + step;
	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (time_of(attempts, middle) <= ts)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first row of the instant of row I, of the rows from LOW on. */
static size_t
first_of_instant(FunnelAttempts *attempts, size_t low, size_t i)
{
	while (i > low && time_of(attempts, i - 1) == time_of(attempts, i))
	{
		work_add(&attempts->work, 1);
		i--;
	}
	return i;
}

/* Match the rows [FIRST, END); false if there is not enough scratch memory. */
static bool
match_part(FunnelAttempts *attempts, size_t first, size_t end,
		   void *scratch, size_t scratch_size, FunnelMatch *match)
{
	const FunnelRules *rules = attempts->rules;

	if (attempts->rows != NULL)
	{
		if (!funnel_match(rules, attempts->rows + first, end - first,
						  scratch, scratch_size, match))
			return false;
		for (int k = 0; k < match->depth; k++)
		{
			if (match->reached & STEP_BIT(k + 1))
				match->row[k] += first;
		}
	}
	else
	{
		/* the place behind the last time is that of the next */
		int64_t		behind = attempts->ts[end];

		funnel_match_plain(rules, attempts->ts + first, attempts->steps + first,
						   end - first, attempts->present, match);
		attempts->ts[end] = behind;
		if (match->outcome == FUNNEL_EARLY &&
			find_step(attempts, first, end, match->depth + 1) == end)
			match->outcome = FUNNEL_ABSENT;
	}
	return true;
}

static void
find_plain_rows(const FunnelAttempts *attempts, size_t first, FunnelMatch *match)
{
	funnel_plain_find_rows(attempts->rules, attempts->ts + first, attempts->steps + first,
						   match);
	for (int k = 0; k < match->depth; k++)
		match->row[k] += first;
}

/* Is there a row of the last step from FIRST on? */
static bool
may_convert(FunnelAttempts *attempts, size_t first)
{
	int			last = attempts->rules->nsteps;

	if (attempts->rows == NULL && (attempts->present & STEP_BIT(last)) == 0)
		return false;
	return find_step(attempts, first, attempts->nrows, last) < attempts->nrows;
}

FunnelAttemptsStatus
funnel_attempts_next(FunnelAttempts *attempts, void *scratch, size_t scratch_size)
{
	const FunnelRules *rules = attempts->rules;
	FunnelMatch *conversion = &attempts->conversion;
	size_t		nrows = attempts->nrows;
	size_t		first = find_step(attempts, attempts->next, nrows, 1);
	size_t		end;
	int64_t		opens_at;
	int64_t		frame_end;

	if (first == nrows)
	{
		attempts->next = nrows;
		return FUNNEL_ATTEMPTS_END;
	}
	first = first_of_instant(attempts, attempts->next, first);
	opens_at = time_of(attempts, first);
	frame_end = limit_after(opens_at, attempts->frame);

	if (!attempts->searched)
	{
		/* without a row of the last step nothing converts */
		attempts->searched_from = first;
		if (!may_convert(attempts, first))
		{
			conversion->depth = 0;
			attempts->searched_from = nrows;
		}
		else if (!match_part(attempts, first, nrows, scratch, scratch_size, conversion))
			return FUNNEL_ATTEMPTS_NO_ROOM;
		attempts->searched = true;
	}

	if (conversion->depth == rules->nsteps && conversion->at[0] <= frame_end)
	{
		end = first_row_after(attempts, first, conversion->at[rules->nsteps - 1]);
		attempts->match = conversion;
		attempts->searched = false;
	}
	else
	{
		size_t		behind = frame_end == FUNNEL_FOREVER ? nrows :
			first_row_after(attempts, first, frame_end);

		end = find_step(attempts, behind, nrows, 1);
		if (end < nrows)
			end = first_of_instant(attempts, behind, end);
		if (end == nrows && attempts->searched_from == first)
			attempts->match = conversion;
		else
		{
			if (!match_part(attempts, first, end, scratch, scratch_size, &attempts->other))
				return FUNNEL_ATTEMPTS_NO_ROOM;
			attempts->match = &attempts->other;
		}
	}
	if (attempts->rows == NULL && attempts->with_rows)
		find_plain_rows(attempts, first, attempts->match);
	attempts->opening = first;
	attempts->next = end;
	return FUNNEL_ATTEMPTS_FOUND;
}
