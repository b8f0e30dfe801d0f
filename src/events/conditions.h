/*-------------------------------------------------------------------------
 *
 * events/conditions.h
 *	  The boolean arguments that say which conditions a row meets, as a mask.
 *
 * Signatures declare them VARIADIC "any", not VARIADIC boolean[]: then the
 * executor hands the booleans over as they are and builds no array for every
 * row.  A single boolean array, with the word VARIADIC or without, is read too.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_CONDITIONS_H
#define FUNNEL_EVENTS_CONDITIONS_H

#include "fmgr.h"

#include "language/labels.h"

#define FUNNEL_MAX_CONDITIONS	64

/* The conditions of one call site; begins as all zeros. */
typedef struct FunnelConditions
{
	int			first;			/* argument number of the first, 0 = not yet
								 * known */
	int			count;			/* how many; of an array, of the last row */
	bool		is_array;
} FunnelConditions;

/* Look at the arguments from number FIRST on; an error if they are no booleans. */
extern void funnel_conditions_init(FunnelConditions *conditions,
								   FunctionCallInfo fcinfo, int first);

extern uint64 funnel_conditions_read_array(FunnelConditions *conditions,
										   FunctionCallInfo fcinfo);

/*
 * The conditions that the row of this call meets: bit k-1 is the k-th.  One
 * that is null is not met.  Sets the count.
 */
static inline uint64
funnel_conditions_read(FunnelConditions *conditions, FunctionCallInfo fcinfo)
{
	const NullableDatum *args = fcinfo->args + conditions->first;
	uint64		mask = 0;

	if (conditions->is_array)
		return funnel_conditions_read_array(conditions, fcinfo);
	for (int i = 0; i < conditions->count; i++)
	{
		if (!args[i].isnull && DatumGetBool(args[i].value))
			mask |= UINT64CONST(1) << i;
	}
	return mask;
}

/*
 * The conditions that a row meets, as an event says them that is to be read by
 * match/conditions.h.
 */
static inline FunnelLabelMatch
funnel_conditions_label(uint64 met, bool meets_base)
{
	FunnelLabelMatch label = {met, meets_base};

	return label;
}

/* The error that the rows of one group have not the same number of conditions. */
extern void funnel_conditions_differ(int one, int other);

#endif							/* FUNNEL_EVENTS_CONDITIONS_H */
