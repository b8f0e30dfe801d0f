/*-------------------------------------------------------------------------
 *
 * match/scratch.h
 *	  What the ordered matcher keeps while it works, in memory of its caller.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_SCRATCH_H
#define FUNNEL_MATCH_SCRATCH_H

#include "match/assignment.h"
#include "match/rules.h"
#include "match/work.h"

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
	PairList	open;			/* for how long they are open, instead of
								 * start */
} Way;

typedef struct Scratch
{
	Work		work;

	/* the pass forward */
	int			npairs[FUNNEL_MAX_STEPS + 1];
	int			pair_capacity;	/* of each step */
	Pair	   *pairs;			/* a step's by ascending last, descending
								 * start */
	int64_t		excluded_at[FUNNEL_MAX_STEPS + 1];	/* latest exclusion of
													 * link */
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

/* How much memory is usually enough for NROWS rows. */
extern size_t funnel_scratch_size(const FunnelRules *rules, size_t nrows);

/* Divide the memory up; false if it is not enough. */
extern bool funnel_scratch_divide(const FunnelRules *rules, size_t nrows,
								  Scratch *scratch, size_t size);

#endif							/* FUNNEL_MATCH_SCRATCH_H */
