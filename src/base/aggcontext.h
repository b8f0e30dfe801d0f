/*-------------------------------------------------------------------------
 *
 * base/aggcontext.h
 *	  Where the state of an aggregate lives.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_AGGCONTEXT_H
#define FUNNEL_BASE_AGGCONTEXT_H

#include "fmgr.h"

/*
 * The memory context of the present group's state.  It is an error to call the
 * support function of an aggregate outside of one.
 */
static inline MemoryContext
funnel_aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return context;
}

#endif							/* FUNNEL_BASE_AGGCONTEXT_H */
