/*-------------------------------------------------------------------------
 *
 * match/steps.h
 *	  Steps as bits, and limits of time: short names for the matchers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_STEPS_H
#define FUNNEL_MATCH_STEPS_H

#include "match/rules.h"

#define STEP_BIT(step)		FUNNEL_STEP_BIT(step)
#define LOWEST_STEP(mask)	(__builtin_ctzll(mask) + 1)
#define HIGHEST_STEP(mask)	(64 - __builtin_clzll(mask))
#define STEPS_ABOVE(step) \
	((step) >= FUNNEL_MAX_STEPS ? UINT64_C(0) : ~UINT64_C(0) << (step))

/* TS plus LIMIT, which is 0 for none; FUNNEL_FOREVER past the end of time. */
static inline int64_t
limit_after(int64_t ts, int64_t limit)
{
	int64_t		result;

	if (limit == 0 || __builtin_add_overflow(ts, limit, &result) ||
		result >= FUNNEL_END_OF_TIME)
		return FUNNEL_FOREVER;
	return result;
}

/* The earliest time from which TS is within LIMIT, 0 for none. */
static inline int64_t
limit_before(int64_t ts, int64_t limit)
{
	int64_t		result;

	if (limit == 0 || __builtin_sub_overflow(ts, limit, &result))
		return INT64_MIN;
	return result;
}

static inline bool
is_optional(const FunnelRules *rules, int step)
{
	return (rules->optional & STEP_BIT(step)) != 0;
}

/* Has the link into STEP a shortest gap? */
static inline bool
is_delayed(const FunnelRules *rules, int step)
{
	return (rules->delayed & STEP_BIT(step)) != 0;
}

#endif							/* FUNNEL_MATCH_STEPS_H */
