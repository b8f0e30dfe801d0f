/*-------------------------------------------------------------------------
 *
 * match/forward.h
 *	  The pass forward of the ordered matcher: the depth, and what stays open.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_FORWARD_H
#define FUNNEL_MATCH_FORWARD_H

#include "match/scratch.h"

/* What the pass forward finds. */
typedef struct Reach
{
	int			depth;
	int64_t		start;
	int64_t		end;
} Reach;

/*
 * Find the depth, stopping as soon as it is STOP_DEPTH or more.  Leaves the
 * pairs and breakers of the end in SCRATCH.  Returns false if the scratch is
 * too small.
 */
extern bool funnel_reach_forward(const FunnelRules *rules, const FunnelRow *rows,
								 size_t nrows, Scratch *scratch, int stop_depth,
								 Reach *reach);

/*
 * The latest instant until which some chain could still be carried on, after a
 * pass forward to the end.
 */
extern void funnel_find_open_until(const FunnelRules *rules, Scratch *scratch,
								   FunnelMatch *match);

#endif							/* FUNNEL_MATCH_FORWARD_H */
