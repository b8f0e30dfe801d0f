/*-------------------------------------------------------------------------
 *
 * match/ordered.h
 *	  The matcher of funnels whose steps come in their order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_ORDERED_H
#define FUNNEL_MATCH_ORDERED_H

#include "match/rules.h"

/* As funnel_match, in SIZE bytes of MEMORY. */
extern bool funnel_match_ordered(const FunnelRules *rules,
								 const FunnelRow *rows, size_t nrows,
								 void *memory, size_t size, FunnelMatch *match);

#endif							/* FUNNEL_MATCH_ORDERED_H */
