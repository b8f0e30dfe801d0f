/*-------------------------------------------------------------------------
 *
 * relay.c
 *	  An aggregate that runs another one the way a front end of sharded servers
 *	  does; for tests only.
 *
 *		relay(aggregate oid, how text, arguments record) returns text
 *
 * The arguments of each row are taken apart from a ROW.  Each support function
 * is looked up anew for each row, in memory that is freed after it, as are the
 * arguments.  A state that is replaced is freed.  HOW is
 *
 *	each row	the transition function is called for each row;
 *	handed on	and after each row the state goes to another server: it is
 *				serialized, or sent and printed in turns, all memory of its
 *				aggregate is freed, and it is read again;
 *	merged		each row has a state of its own, which is handed on as above
 *				and combined with the others
 *
 * with "typed" behind it if the functions are to find an expression that tells
 * the types of their arguments, as in the executor.  The final function is
 * called twice.  The result is "copies:value": how often the state had to be
 * copied by the executor's rules, and the value as text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "nodes/execnodes.h"
#include "parser/parse_agg.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/expandeddatum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

PG_MODULE_MAGIC;

/* A state, and the aggregate's memory that it lives in. */
typedef struct State
{
	AggState   *node;			/* poses as the executor's */
	Datum		value;
	bool		isnull;
} State;

typedef struct Relay
{
	MemoryContext context;		/* of all this */
	Oid			collation;
	FormData_pg_aggregate aggregate;
	Oid			result_type;
	int			nargs;			/* of the transition function */
	Oid			types[FUNC_MAX_ARGS];	/* of the row, the first being the
										 * second */
	bool		hands_on;
	bool		merges;
	bool		typed;
	State		state;
	int			nrows;
	int			ncopies;
} Relay;

static MemoryContext
home(const State *state)
{
	return state->node->curaggcontext->ecxt_per_tuple_memory;
}

static void
begin_state(const Relay *relay, State *state)
{
	MemoryContext old = MemoryContextSwitchTo(relay->context);

	state->node = makeNode(AggState);
	state->node->curaggcontext = CreateStandaloneExprContext();
	state->value = (Datum) 0;
	state->isnull = true;
	MemoryContextSwitchTo(old);
}

/* Free all memory of a state. */
static void
end_state(State *state)
{
	FreeExprContext(state->node->curaggcontext, true);
	pfree(state->node);
}

static bool
is_by_value(const Relay *relay)
{
	return get_typbyval(relay->aggregate.aggtranstype);
}

/* Call a support function; what it returns may lie in the present context. */
static Datum
call(const Relay *relay, const State *state, Oid function, Expr *expression,
	 int nargs, const NullableDatum *args, bool *isnull)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	FmgrInfo	flinfo;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "relayed function",
												  ALLOCSET_SMALL_SIZES);
	Datum		result;

	*isnull = true;
	fmgr_info_cxt(function, &flinfo, context);
	fmgr_info_set_expr((Node *) expression, &flinfo);
	for (int i = 0; flinfo.fn_strict && i < nargs; i++)
	{
		if (args[i].isnull)
			return (Datum) 0;
	}
	InitFunctionCallInfoData(*fcinfo, &flinfo, nargs, relay->collation,
							 (Node *) state->node, NULL);
	memcpy(fcinfo->args, args, sizeof(NullableDatum) * nargs);
	result = FunctionCallInvoke(fcinfo);
	*isnull = fcinfo->isnull;
	/* what was kept with the function goes, and the function itself */
	MemoryContextDelete(context);
	memset(&flinfo, 0x7f, sizeof(flinfo));
	return result;
}

/* Have a state as the value of an aggregate, by the executor's rules. */
static void
adopt(Relay *relay, State *state, Datum value, bool isnull)
{
	if (!is_by_value(relay) && (isnull != state->isnull || value != state->value))
	{
		int16		typlen = get_typlen(relay->aggregate.aggtranstype);

		if (!isnull &&
			!(DatumIsReadWriteExpandedObject(value, false, typlen) &&
			  MemoryContextGetParent(DatumGetEOHP(value)->eoh_context) == home(state)))
		{
			MemoryContext old = MemoryContextSwitchTo(home(state));

			value = datumCopy(value, false, typlen);
			relay->ncopies++;
			MemoryContextSwitchTo(old);
		}
		if (!state->isnull)
		{
			if (DatumIsReadWriteExpandedObject(state->value, false, typlen))
				DeleteExpandedObject(state->value);
			else
				pfree(DatumGetPointer(state->value));
		}
	}
	state->value = value;
	state->isnull = isnull;
}

/*
 * Call a transition or combine function with these arguments behind the state.
 * If it is strict, the first value becomes the state.
 */
static void
advance(Relay *relay, State *state, Oid function, Expr *expression,
		int nargs, NullableDatum *args)
{
	Datum		value;
	bool		isnull;

	if (func_strict(function))
	{
		for (int i = 1; i < nargs; i++)
		{
			if (args[i].isnull)
				return;
		}
		if (state->isnull)
		{
			adopt(relay, state, args[1].value, false);
			return;
		}
	}
	args[0].value = state->value;
	args[0].isnull = state->isnull;
	value = call(relay, state, function, expression, nargs, args, &isnull);
	adopt(relay, state, value, isnull);
}

/* Call the transition function with a row. */
static void
add_row(Relay *relay, State *state, NullableDatum *args)
{
	Expr	   *expression = NULL;

	if (relay->typed)
		build_aggregate_transfn_expr(relay->types, relay->nargs - 1, 0, false,
									 relay->aggregate.aggtranstype, relay->collation,
									 relay->aggregate.aggtransfn, InvalidOid,
									 &expression, NULL);
	advance(relay, state, relay->aggregate.aggtransfn, expression, relay->nargs, args);
}

/*
 * Hand a state on, in bytes that are all that is left of it, and combine it
 * with the state INTO.
 */
static void
hand_on(Relay *relay, State *state, State *into)
{
	Oid			type = relay->aggregate.aggtranstype;
	bool		internal = type == INTERNALOID;
	bool		as_text = !internal && relay->nrows % 2 == 0;
	NullableDatum args[2];
	Oid			function;
	Oid			typioparam;
	bool		is_varlena;
	bool		isnull = state->isnull;
	Datum		bytes = (Datum) 0;

	args[0].value = state->value;
	args[0].isnull = isnull;
	if (internal)
	{
		bytes = call(relay, state, relay->aggregate.aggserialfn, NULL, 1, args, &isnull);
		if (isnull != args[0].isnull)
			elog(ERROR, "serialize function makes a null of a state");
	}
	else if (!isnull && as_text)
	{
		getTypeOutputInfo(type, &function, &is_varlena);
		bytes = CStringGetDatum(OidOutputFunctionCall(function, state->value));
	}
	else if (!isnull)
	{
		getTypeBinaryOutputInfo(type, &function, &is_varlena);
		bytes = PointerGetDatum(OidSendFunctionCall(function, state->value));
	}
	end_state(state);
	if (into == state)
		begin_state(relay, state);

	args[1].value = bytes;
	args[1].isnull = isnull;
	if (internal)
	{
		NullableDatum message[2];

		message[0] = args[1];
		message[1].value = (Datum) 0;
		message[1].isnull = false;
		args[1].value = call(relay, into, relay->aggregate.aggdeserialfn, NULL, 2, message,
							 &args[1].isnull);
	}
	else if (!isnull && as_text)
	{
		getTypeInputInfo(type, &function, &typioparam);
		args[1].value = OidInputFunctionCall(function, DatumGetCString(bytes), typioparam, -1);
	}
	else if (!isnull)
	{
		StringInfoData buf;

		initStringInfo(&buf);
		appendBinaryStringInfo(&buf, VARDATA_ANY(DatumGetPointer(bytes)),
							   VARSIZE_ANY_EXHDR(DatumGetPointer(bytes)));
		getTypeBinaryInputInfo(type, &function, &typioparam);
		args[1].value = OidReceiveFunctionCall(function, &buf, typioparam, -1);
	}

	if (into == state && !internal)
		adopt(relay, into, args[1].value, args[1].isnull);
	else
		advance(relay, into, relay->aggregate.aggcombinefn, NULL, 2, args);
}

static Relay *
begin_relay(FunctionCallInfo fcinfo, MemoryContext parent, TupleDesc row)
{
	Oid			oid = PG_GETARG_OID(1);
	char	   *how = text_to_cstring(PG_GETARG_TEXT_PP(2));
	MemoryContext context = AllocSetContextCreate(parent, "relay", ALLOCSET_DEFAULT_SIZES);
	Relay	   *relay = MemoryContextAllocZero(context, sizeof(Relay));
	HeapTuple	tuple;
	bool		isnull;

	relay->context = context;
	relay->collation = fcinfo->fncollation;
	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(oid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "%u is no aggregate", oid);
	relay->aggregate = *(Form_pg_aggregate) GETSTRUCT(tuple);
	(void) SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &isnull);
	if (!isnull)
		elog(ERROR, "an initial value is not provided for");
	ReleaseSysCache(tuple);
	relay->result_type = get_func_rettype(oid);
	relay->nargs = row->natts + 1;
	for (int i = 0; i < row->natts; i++)
		relay->types[i] = TupleDescAttr(row, i)->atttypid;
	relay->hands_on = strstr(how, "handed on") != NULL;
	relay->merges = strstr(how, "merged") != NULL;
	relay->typed = strstr(how, "typed") != NULL;
	begin_state(relay, &relay->state);
	return relay;
}

PG_FUNCTION_INFO_V1(relay_transfn);

/* relay_transfn(internal, aggregate oid, how text, arguments record) */
Datum
relay_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	MemoryContext scratch;
	MemoryContext old;
	HeapTupleHeader header;
	HeapTupleData tuple;
	TupleDesc	row;
	Datum		values[FUNC_MAX_ARGS];
	bool		nulls[FUNC_MAX_ARGS];
	NullableDatum args[FUNC_MAX_ARGS + 1];
	Relay	   *relay;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "relay called in non-aggregate context");
	scratch = AllocSetContextCreate(CurrentMemoryContext, "relayed row", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scratch);

	header = PG_GETARG_HEAPTUPLEHEADER_COPY(3);
	row = lookup_rowtype_tupdesc_copy(HeapTupleHeaderGetTypeId(header),
									  HeapTupleHeaderGetTypMod(header));
	if (row->natts >= FUNC_MAX_ARGS)
		elog(ERROR, "too many arguments");
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = header;
	heap_deform_tuple(&tuple, row, values, nulls);
	for (int i = 0; i < row->natts; i++)
	{
		args[i + 1].value = values[i];
		args[i + 1].isnull = nulls[i];
	}

	relay = PG_ARGISNULL(0) ? begin_relay(fcinfo, context, row) : (Relay *) PG_GETARG_POINTER(0);
	relay->nrows++;
	if (relay->merges)
	{
		State		single;

		begin_state(relay, &single);
		add_row(relay, &single, args);
		hand_on(relay, &single, &relay->state);
	}
	else
	{
		add_row(relay, &relay->state, args);
		if (relay->hands_on)
			hand_on(relay, &relay->state, &relay->state);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	PG_RETURN_POINTER(relay);
}

/* The final value as text, or NULL. */
static char *
finish(Relay *relay)
{
	NullableDatum args[FUNC_MAX_ARGS + 1];
	Expr	   *expression = NULL;
	int			nargs = relay->aggregate.aggfinalextra ? relay->nargs : 1;
	Datum		value = relay->state.value;
	bool		isnull = relay->state.isnull;
	Oid			output;
	bool		is_varlena;

	if (OidIsValid(relay->aggregate.aggfinalfn))
	{
		for (int i = 0; i < nargs; i++)
		{
			args[i].value = i == 0 ? value : (Datum) 0;
			args[i].isnull = i == 0 ? isnull : true;
		}
		if (relay->typed)
			build_aggregate_finalfn_expr(relay->types, nargs,
										 relay->aggregate.aggtranstype, relay->result_type,
										 relay->collation, relay->aggregate.aggfinalfn,
										 &expression);
		value = call(relay, &relay->state, relay->aggregate.aggfinalfn, expression, nargs, args,
					 &isnull);
	}
	if (isnull)
		return NULL;
	getTypeOutputInfo(relay->result_type, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

PG_FUNCTION_INFO_V1(relay_finalfn);

/* relay_finalfn(internal) returns text */
Datum
relay_finalfn(PG_FUNCTION_ARGS)
{
	Relay	   *relay;
	char	   *value;
	char	   *again;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	relay = (Relay *) PG_GETARG_POINTER(0);
	value = finish(relay);
	again = finish(relay);
	if (value == NULL ? again != NULL : again == NULL || strcmp(value, again) != 0)
		elog(ERROR, "final function gives \"%s\", and then \"%s\"",
			 value ? value : "NULL", again ? again : "NULL");
	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%d:%s", relay->ncopies, value)));
}
