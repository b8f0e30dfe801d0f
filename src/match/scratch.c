/*-------------------------------------------------------------------------
 *
 * match/scratch.c
 *	  What the ordered matcher keeps while it works, in memory of its caller.
 *
 *-------------------------------------------------------------------------
 */
#include "match/scratch.h"

#include <string.h>

#include "match/steps.h"

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

bool
funnel_scratch_divide(const FunnelRules *rules, size_t nrows, Scratch *scratch, size_t size)
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
	if (nways > 0)
	{
		Pair	   *lists = scratch->pairs +
			((size_t) rules->nsteps + 1) * scratch->pair_capacity;

		memset(scratch->ways_out, 0, sizeof(scratch->ways_out));
		make_ways(rules, scratch, lists);
		scratch->waiting = (Waiting *) (lists + 2 * (size_t) nways * scratch->pair_capacity);
		scratch->waiting_capacity = shares * nrows < NOBODY ? shares * nrows : NOBODY;
	}
	return true;
}

size_t
funnel_scratch_size(const FunnelRules *rules, size_t nrows)
{
	int			nways = count_ways(rules);

	return fixed_size(nrows, nways) + share_size(rules, nrows, nways);
}
