/*-------------------------------------------------------------------------
 *
 * relay.c
 *	  An aggregate that runs another's transition or combine function the way
 *	  a front end of sharded servers does; for tests only.
 *
 * The function is looked up anew for each row, so that nothing it might keep in
 * fn_extra survives, and is called without an expression from which types could
 * be told.  What it returns becomes the state by the executor's own rules; how
 * often it had to be copied is counted.  The state is handed on as text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "parser/parse_func.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

typedef struct Relay
{
	Oid			type;			/* of the value */
	Datum		value;
	bool		isnull;
	int			ncopies;
} Relay;

PG_FUNCTION_INFO_V1(relay_transfn);

/* relay_transfn(internal, function oid, ...): the arguments after the state */
Datum
relay_transfn(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(inner, FUNC_MAX_ARGS);
	MemoryContext context;
	MemoryContext old;
	FmgrInfo	function;
	Relay	   *relay;
	Datum		value;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "relay called in non-aggregate context");
	if (PG_ARGISNULL(0))
	{
		relay = MemoryContextAllocZero(context, sizeof(Relay));
		relay->type = get_func_rettype(PG_GETARG_OID(1));
		relay->isnull = true;
	}
	else
		relay = (Relay *) PG_GETARG_POINTER(0);

	fmgr_info(PG_GETARG_OID(1), &function);
	InitFunctionCallInfoData(*inner, &function, PG_NARGS() - 1, fcinfo->fncollation,
							 fcinfo->context, NULL);
	inner->args[0].value = relay->value;
	inner->args[0].isnull = relay->isnull;
	for (int i = 2; i < PG_NARGS(); i++)
		inner->args[i - 1] = fcinfo->args[i];
	value = FunctionCallInvoke(inner);

	if (!inner->isnull && (relay->isnull || value != relay->value))
	{
		old = MemoryContextSwitchTo(context);
		if (relay->type != INTERNALOID &&
			(!DatumIsReadWriteExpandedObject(value, false, -1) ||
			 MemoryContextGetParent(DatumGetEOHP(value)->eoh_context) != context))
		{
			value = datumCopy(value, false, -1);
			relay->ncopies++;
		}
		MemoryContextSwitchTo(old);
	}
	relay->value = value;
	relay->isnull = inner->isnull;
	PG_RETURN_POINTER(relay);
}

PG_FUNCTION_INFO_V1(relay_finalfn);

/*
 * relay_finalfn(internal): "copies:value".  A value of an internal type, which
 * can only be the state of journey_agg, is finished first.
 */
Datum
relay_finalfn(PG_FUNCTION_ARGS)
{
	Relay	   *relay;
	Oid			output;
	bool		is_varlena;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	relay = (Relay *) PG_GETARG_POINTER(0);
	if (relay->isnull)
		PG_RETURN_NULL();
	if (relay->type == INTERNALOID)
	{
		LOCAL_FCINFO(inner, 1);
		Oid			finalfn = LookupFuncName(list_make1(makeString("funnel_journey_agg_final")),
											 1, &relay->type, false);
		FmgrInfo	function;

		fmgr_info(finalfn, &function);
		InitFunctionCallInfoData(*inner, &function, 1, InvalidOid, fcinfo->context, NULL);
		inner->args[0].value = relay->value;
		inner->args[0].isnull = false;
		relay->value = FunctionCallInvoke(inner);
		relay->type = get_func_rettype(finalfn);
	}
	getTypeOutputInfo(relay->type, &output, &is_varlena);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%d:%s", relay->ncopies,
											  OidOutputFunctionCall(output, relay->value))));
}
