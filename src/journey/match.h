/*-------------------------------------------------------------------------
 *
 * journey/match.h
 *	  A journey's progress through a funnel, for funnel_agg and journey_progress.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_MATCH_H
#define FUNNEL_JOURNEY_MATCH_H

#include "journey/format.h"
#include "language/program.h"

/*
 * What is kept from journey to journey: which steps the labels of those seen
 * match, and room to work in.
 */
typedef struct FunnelJourneyMatcher FunnelJourneyMatcher;

/* It lives in a child of CONTEXT, for as long as PROGRAM does. */
extern FunnelJourneyMatcher *funnel_journey_matcher_create(const FunnelProgram *program,
														   MemoryContext context);

/*
 * Match a journey that is not empty; one that never enters has depth 0.  LAST
 * is the time of its last event.  Does not fill in match->row.
 */
extern void funnel_journey_match(FunnelJourneyMatcher *matcher,
								 const FunnelJourney *journey,
								 FunnelMatch *match, int64 *last);

/* The same for every attempt, one after the other; NULL behind the last one. */
extern void funnel_journey_begin_attempts(FunnelJourneyMatcher *matcher,
										  const FunnelJourney *journey, int64 *last);
extern const FunnelMatch *funnel_journey_next_attempt(FunnelJourneyMatcher *matcher);

#endif							/* FUNNEL_JOURNEY_MATCH_H */
