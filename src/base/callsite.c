/*-------------------------------------------------------------------------
 *
 * base/callsite.c
 *	  What a function can know of the expression that it is called from.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/callsite.h"
#include "base/compat.h"

Oid
funnel_argument_type(FmgrInfo *flinfo, int argno)
{
	Oid			type = get_fn_expr_argtype(flinfo, argno);

	if (!OidIsValid(type))
	{
		Oid		   *types;
		int			ntypes;

		(void) get_func_signature(flinfo->fn_oid, &types, &ntypes);
		if (argno < ntypes && types[argno] != ANYOID && !IsPolymorphicType(types[argno]))
			type = types[argno];
		pfree(types);
	}
	return OidIsValid(type) ? getBaseType(type) : InvalidOid;
}

void
funnel_type_is_unknown(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDETERMINATE_DATATYPE),
			 errmsg("could not determine the type of %s", what),
			 errdetail("The aggregate was not called by a query, but by a function that does not say what types its arguments have.")));
}

bool
funnel_is_transition_of(FunctionCallInfo fcinfo, Oid aggregate)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	bool		result = HeapTupleIsValid(tuple) &&
		((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransfn == fcinfo->flinfo->fn_oid;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return result;
}

Aggref *
funnel_own_aggref(FunctionCallInfo fcinfo)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);

	return aggref != NULL && funnel_is_transition_of(fcinfo, aggref->aggfnoid) ? aggref : NULL;
}
