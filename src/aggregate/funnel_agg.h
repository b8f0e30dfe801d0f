/*-------------------------------------------------------------------------
 *
 * aggregate/funnel_agg.h
 *	  The state of funnel_agg and funnel_agg_by over raw events.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_FUNNEL_AGG_H
#define FUNNEL_AGGREGATE_FUNNEL_AGG_H

#include "utils/float.h"

#include "aggregate/keys.h"
#include "language/program.h"
#include "result/tally.h"
#include "spool/spool.h"

/*
 * What one call site keeps from row to row and group to group.  It lives as long
 * as the states do.
 */
typedef struct FunnelAggCallSite
{
	MemoryContext context;
	FunnelProgramCache programs;
	FunnelUnitType unit_type;
	bool		definition_is_stable;	/* the same datum for every row */
} FunnelAggCallSite;

typedef struct FunnelAggState
{
	FunnelAggCallSite *site;
	FunnelProgram *program;
	struct varlena *def;		/* the datum of the last row, to compare only */
	int64		horizon;
	bool		with_values;
	FunnelKeys *keys;			/* of funnel_agg_by, else NULL */
	FunnelSpool *spool;
} FunnelAggState;

/* What the call of a support function is to use, created if it is new. */
extern FunnelAggCallSite *funnel_agg_call_site(FunctionCallInfo fcinfo);

/* A new state, in CONTEXT. */
extern FunnelAggState *funnel_agg_create_state(MemoryContext context, FunnelAggCallSite *site,
											   FunnelProgram *program, bool with_values,
											   bool with_keys);

/*
 * A value in eight bytes whose order as integers is that of the values, a row
 * without one being the last: the bits of a double, the negative ones turned
 * round.
 */
#define FUNNEL_SIGN_BIT	(UINT64CONST(1) << 63)
#define FUNNEL_NO_VALUE	PG_UINT64_MAX

static inline uint64
funnel_agg_item(double value)
{
	uint64		bits;

	value += 0.0;				/* there is but one zero */
	memcpy(&bits, &value, sizeof(bits));
	return (bits & FUNNEL_SIGN_BIT) != 0 ? ~bits : bits | FUNNEL_SIGN_BIT;
}

/* NaN, as the tally wants it, if there is none */
static inline double
funnel_agg_value(uint64 item)
{
	double		value;

	if (item == FUNNEL_NO_VALUE)
		return get_float8_nan();
	item = (item & FUNNEL_SIGN_BIT) != 0 ? item & ~FUNNEL_SIGN_BIT : ~item;
	memcpy(&value, &item, sizeof(value));
	return value;
}

/*
 * Say of a row that it may not start a chain.  If it need not be known as one
 * of step 1 for anything else, it is simply none: that matches faster.
 */
static inline void
funnel_agg_bar_entry(const FunnelRules *rules, FunnelLabelMatch *labels)
{
	if ((labels->steps & FUNNEL_STEP_BIT(1)) == 0)
		return;
	if (rules->barring != 0 || rules->every_attempt)
		labels->breaks |= FUNNEL_NO_ENTRY;
	else
		labels->steps &= ~FUNNEL_STEP_BIT(1);
}

/* Count one passage, of the events that were matched. */
static inline void
funnel_agg_count(const FunnelAggState *state, FunnelTally *tally,
				 const FunnelEvents *events, const FunnelMatch *match)
{
	double		values[FUNNEL_MAX_STEPS];

	if (match->depth == 0)
		return;
	if (!state->with_values)
	{
		funnel_tally_add(tally, match, NULL);
		return;
	}
	for (int k = 0; k < match->depth; k++)
	{
		if ((match->reached & FUNNEL_STEP_BIT(k + 1)) != 0)
			values[k] = funnel_agg_value(events->items[match->row[k]]);
	}
	funnel_tally_add(tally, match, values);
}

#endif							/* FUNNEL_AGGREGATE_FUNNEL_AGG_H */
