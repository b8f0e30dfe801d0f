/*-------------------------------------------------------------------------
 *
 * match/matcher.h
 *	  How far one unit came through a funnel: pure matching over sorted rows.
 *
 * Every path (raw events, aggregates of one unit, journeys) brings its rows
 * here, but for rows that are compact: see match/plain.h.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_MATCHER_H
#define FUNNEL_MATCH_MATCHER_H

#include "match/rules.h"

/*
 * The size of scratch memory with which funnel_match usually succeeds for
 * NROWS rows.  It grows with NROWS; a caller may keep one scratch for many
 * units.
 */
extern size_t funnel_match_scratch_size(const FunnelRules *rules, size_t nrows);

/*
 * Match the rows of one unit, sorted by time and, within one instant, by the
 * order in which rows that are equally usable shall be preferred.
 *
 * SCRATCH is aligned as by malloc.  Returns false, with nothing in MATCH to
 * rely on, if it is too small: the caller retries with at least the size that
 * funnel_match_scratch_size tells, or twice the size it had.  Any order needs
 * none.
 *
 * Time: O(nrows * nsteps) plus, for instants at which several rows match
 * several steps, a matching each.
 */
extern bool funnel_match(const FunnelRules *rules,
						 const FunnelRow *rows, size_t nrows,
						 void *scratch, size_t scratch_size,
						 FunnelMatch *match);

#endif							/* FUNNEL_MATCH_MATCHER_H */
