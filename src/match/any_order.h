/*-------------------------------------------------------------------------
 *
 * match/any_order.h
 *	  The matcher of funnels under "any order".
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_ANY_ORDER_H
#define FUNNEL_MATCH_ANY_ORDER_H

#include "match/rules.h"

extern void funnel_match_any_order(const FunnelRules *rules,
								   const FunnelRow *rows, size_t nrows,
								   FunnelMatch *match);

#endif							/* FUNNEL_MATCH_ANY_ORDER_H */
