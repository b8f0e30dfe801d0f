/*-------------------------------------------------------------------------
 *
 * match/ordered.c
 *	  The matcher of funnels whose steps come in their order.
 *
 * A chain is a sequence of distinct rows that match ascending steps, only
 * optional ones left out, at times that never go back.  The deepest chain is
 * found without ever enumerating chains:
 *
 * 1.  A pass forward (match/forward.c) finds the depth.  The first instant at
 *	   which the greatest depth appears, and the newest start there, are the end
 *	   and the start of the reported chain.
 *
 * 2.  A pass backward over that stretch and one forward (match/chain.c) choose
 *	   the instant and the row of each step.
 *
 * 3.  Further passes forward with rules lifted say why the chain went no deeper.
 *
 * Rows of one instant may be taken in any order, each once, so that the steps
 * a chain takes within one instant form a bipartite matching with its rows
 * (match/assignment.h).  Between instants rows are distinct anyway.
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
 *-------------------------------------------------------------------------
 */
#include "match/ordered.h"

#include <string.h>

#include "match/chain.h"
#include "match/forward.h"
#include "match/instant.h"
#include "match/steps.h"

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
		funnel_assignment_begin(assignment, rules->nsteps, rules->barring, rows, first, end,
								taken, STEP_BIT(next));
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

/*
 * Why did the chain stop?  LEFT are the rows that count for chains.  False if
 * the scratch is too small.
 */
static bool
find_outcome(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			 const FunnelRow *left, Scratch *scratch, FunnelMatch *match)
{
	size_t		nleft = nrows - (left - rows);
	uint64_t	deeper = 0;
	int			next = match->depth + 1;
	size_t		rows_of_next = 0;
	FunnelRules lifted;
	Reach		reach;

	while (is_optional(rules, next))
		next++;
	for (size_t i = 0; i < nrows;)
	{
		size_t		end = work_stretch_end(i, nrows);

		work_add(&scratch->work, end - i);
		for (; i < end; i++)
		{
			deeper |= rows[i].steps;
			rows_of_next += (rows[i].steps >> (next - 1)) & 1;
		}
	}
	deeper &= STEPS_ABOVE(match->depth) & ~STEPS_ABOVE(rules->nsteps);
	if (deeper == 0)
		return true;

	lift_breakers(rules, &lifted);
	if (rules->strict | rules->excluding)
	{
		if (!funnel_reach_forward(&lifted, left, nleft, scratch, match->depth + 1, &reach))
			return false;
		if (reach.depth > match->depth)
		{
			match->outcome = FUNNEL_EXCLUDED;
			return true;
		}
	}
	lifted.within = 0;
	memset(lifted.gap, 0, sizeof(int64_t) * rules->nsteps);
	if (!funnel_reach_forward(&lifted, left, nleft, scratch, match->depth + 1, &reach))
		return false;
	if (reach.depth > match->depth)
		match->outcome = FUNNEL_LATE;
	else if (has_spare_row(rules, rows, nrows, &scratch->assignment, match, next,
						   rows_of_next))
		match->outcome = FUNNEL_EARLY;
	return true;
}

bool
funnel_match_ordered(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					 void *memory, size_t size, FunnelMatch *match)
{
	Scratch    *scratch = memory;
	size_t		skipped;
	Reach		reach;
	size_t		begin;
	size_t		end;

	if (!funnel_scratch_divide(rules, nrows, scratch, size))
		return false;
	skipped = rules->last_entry ? last_entry(rows, nrows, &scratch->work) : 0;
	if (!funnel_reach_forward(rules, rows + skipped, nrows - skipped, scratch,
							  rules->nsteps, &reach))
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
		funnel_find_open_until(rules, scratch, match);

	begin = first_row_at(rows, nrows, reach.start);
	end = first_row_at(rows, nrows, reach.end + 1);
	funnel_chain_report(rules, rows, begin, end, scratch, match);
	return match->outcome == FUNNEL_CONVERTED ||
		find_outcome(rules, rows, nrows, rows + skipped, scratch, match);
}
