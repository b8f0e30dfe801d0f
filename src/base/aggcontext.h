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
#include "miscadmin.h"
#include "utils/memutils.h"

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

/* What a transition or combine function returns that has nothing to add. */
static inline Datum
funnel_same_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * Where a support function keeps what its group needs besides the state.
 *
 * Usually that is the memory of the call site, which *LASTS longer than its
 * groups do.  A caller that looks the function up for each row has no such
 * memory: then it is that of the state itself.
 */
static inline MemoryContext
funnel_site_context(FunctionCallInfo fcinfo, bool *lasts)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	MemoryContext above = context;

	while (above != NULL && above != fcinfo->flinfo->fn_mcxt)
		above = MemoryContextGetParent(above);
	*lasts = above != NULL;
	return *lasts ? fcinfo->flinfo->fn_mcxt : context;
}

/* What a call site may keep in any case, in bytes. */
#define FUNNEL_MIN_KEPT		(32 * 1024 * 1024)

/*
 * Has a call site as much in CONTEXT, and below, as the server allows a hash table,
 * or 32 MB if that is more?  What it keeps for all of its groups outlasts them, and
 * the server does not know of it when it decides what to write to disk.
 */
static inline bool
funnel_site_is_full(MemoryContext context)
{
	return MemoryContextMemAllocated(context, true) > Max(get_hash_memory_limit(), FUNNEL_MIN_KEPT);
}

#endif							/* FUNNEL_BASE_AGGCONTEXT_H */
