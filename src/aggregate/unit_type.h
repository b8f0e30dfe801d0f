/*-------------------------------------------------------------------------
 *
 * aggregate/unit_type.h
 *	  What the units of an aggregate over all of them are.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_UNIT_TYPE_H
#define FUNNEL_AGGREGATE_UNIT_TYPE_H

#include "events/unit.h"

/* The type of a transition function's argument 1, the unit, and its collation. */
extern void funnel_unit_argument_type(FunnelUnitType *type, FunctionCallInfo fcinfo,
									  MemoryContext context);

#endif							/* FUNNEL_AGGREGATE_UNIT_TYPE_H */
