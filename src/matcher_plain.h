/*-------------------------------------------------------------------------
 *
 * matcher_plain.h
 *	  The matcher for the most common question, over rows that are compact.
 *
 * A plain funnel has ordered required steps and a window, nothing else.  Where
 * besides no row matches several steps, a row is a time and a step, and all
 * that matcher.c prepares for is not needed: the newest start of each step
 * decides the depth, and from the start of the reported chain on each step is
 * taken as soon as it can be.  The result is that of funnel_match.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCHER_PLAIN_H
#define FUNNEL_MATCHER_PLAIN_H

#include "matcher.h"

extern bool funnel_rules_are_plain(const FunnelRules *rules);

/*
 * Rows sorted by time; each has a step from 1 to nsteps.  Behind the last time
 * there must be room for one more.  PRESENT has the bits of the steps that
 * occur.  Does not fill in match->row.
 */
extern void funnel_match_plain(const FunnelRules *rules, int64_t *ts,
							   const uint8_t *steps, size_t nrows,
							   uint64_t present, FunnelMatch *match);

#endif							/* FUNNEL_MATCHER_PLAIN_H */
