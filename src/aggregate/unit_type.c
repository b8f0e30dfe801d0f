/*-------------------------------------------------------------------------
 *
 * aggregate/unit_type.c
 *	  What the units of an aggregate over all of them are.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "aggregate/unit_type.h"
#include "base/callsite.h"
#include "base/compat.h"

/* Are texts equal under the collation only if their bytes are?  No collation is. */
static bool
knows_bytes_only(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * The collation of the unit in a window call.  All that is known of the call
 * itself is the collation that its arguments have in common; its window has the
 * calls, but does not tell which of them this one is.  So the unit must have
 * that collation, unless the two make no difference.
 */
static Oid
unit_collation_in_window(FunctionCallInfo fcinfo)
{
	const WindowAggState *window = (const WindowAggState *) fcinfo->context;
	Oid			common = PG_GET_COLLATION();
	Oid			result = common;
	ListCell   *cell;

	foreach(cell, window->funcs)
	{
		const WindowFunc *call = lfirst_node(WindowFuncExprState, cell)->wfunc;
		Oid			collation;

		if (!call->winagg || call->args == NIL || call->inputcollid != common ||
			!funnel_is_transition_of(fcinfo, call->winfnoid))
			continue;
		collation = exprCollation((Node *) linitial(call->args));
		if (OidIsValid(collation) && collation != common &&
			!(knows_bytes_only(collation) && knows_bytes_only(common)))
			ereport(ERROR,
					(errcode(ERRCODE_INDETERMINATE_COLLATION),
					 errmsg("could not determine which collation to use for the unit"),
					 errdetail("In a window call the collation of the unit must be the one that all arguments have in common."),
					 errhint("Give the event the collation of the unit, with a COLLATE clause.")));
		if (!OidIsValid(result))
			result = collation;
	}
	return result;
}

/*
 * The collation of the unit, which need not be the one that the aggregate's
 * arguments have in common.
 */
static Oid
unit_collation(FunctionCallInfo fcinfo)
{
	Aggref	   *aggref = funnel_own_aggref(fcinfo);

	if (aggref != NULL && aggref->args != NIL)
		return exprCollation((Node *) ((TargetEntry *) linitial(aggref->args))->expr);
	if (IsA(fcinfo->context, WindowAggState))
		return unit_collation_in_window(fcinfo);
	return PG_GET_COLLATION();
}

void
funnel_unit_argument_type(FunnelUnitType *type, FunctionCallInfo fcinfo, MemoryContext context)
{
	Oid			typid = funnel_argument_type(fcinfo->flinfo, 1);

	if (!OidIsValid(typid))
		funnel_type_is_unknown("the unit");
	funnel_unit_type_init(type, typid, unit_collation(fcinfo), context);
}
