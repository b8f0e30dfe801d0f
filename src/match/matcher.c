/*-------------------------------------------------------------------------
 *
 * match/matcher.c
 *	  How far one unit came through a funnel: which matcher says it.
 *
 *-------------------------------------------------------------------------
 */
#include "match/matcher.h"

#include "match/any_order.h"
#include "match/ordered.h"
#include "match/scratch.h"

size_t
funnel_match_scratch_size(const FunnelRules *rules, size_t nrows)
{
	return funnel_scratch_size(rules, nrows);
}

bool
funnel_match(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			 void *scratch, size_t scratch_size, FunnelMatch *match)
{
	if (rules->any_order)
	{
		funnel_match_any_order(rules, rows, nrows, match);
		return true;
	}
	return funnel_match_ordered(rules, rows, nrows, scratch, scratch_size, match);
}
