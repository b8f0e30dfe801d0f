/*-------------------------------------------------------------------------
 *
 * aggregate.c
 *	  funnel_agg over raw events: from rows of an event table to a result.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "events.h"
#include "program.h"
#include "spool.h"
#include "tally.h"

/* The first byte of a serialized state. */
#define STATE_VERSION		1

/* What one call site keeps from row to row and group to group. */
typedef struct CallSite
{
	MemoryContext context;
	FunnelProgramCache programs;
	FunnelUnitType unit_type;
	bool		definition_is_stable;	/* the same datum for every row */
} CallSite;

typedef struct FunnelAggState
{
	FunnelProgram *program;
	FunnelUnitType *unit_type;
	struct varlena *def;		/* the datum of the last row, to compare only */
	int64		horizon;
	FunnelSpool *spool;

	/* Of a state that came from another process: what is still to be read. */
	StringInfoData message;
} FunnelAggState;

/* Does every row see the same definition datum?  False if we cannot tell. */
static bool
argument_is_stable(FunctionCallInfo fcinfo, int argno)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);
	Node	   *argument;

	if (aggref == NULL || list_length(aggref->args) < argno)
		return false;
	argument = (Node *) ((TargetEntry *) list_nth(aggref->args, argno - 1))->expr;
	return IsA(argument, Const) ||
		(IsA(argument, Param) && ((Param *) argument)->paramkind == PARAM_EXTERN);
}

/*
 * The collation of the unit, which need not be the one that the aggregate's
 * arguments have in common.
 */
static Oid
unit_collation(FunctionCallInfo fcinfo)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);

	if (aggref == NULL || aggref->args == NIL)
		return PG_GET_COLLATION();
	return exprCollation((Node *) ((TargetEntry *) linitial(aggref->args))->expr);
}

static CallSite *
get_call_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = fcinfo->flinfo->fn_extra;

	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		site->context = fcinfo->flinfo->fn_mcxt;
		fcinfo->flinfo->fn_extra = site;
	}
	return site;
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "funnel_agg called in non-aggregate context");
	return context;
}

static FunnelAggState *
create_state(MemoryContext context, FunnelProgram *program,
			 FunnelUnitType *unit_type)
{
	FunnelAggState *state = MemoryContextAllocZero(context, sizeof(FunnelAggState));

	state->program = program;
	state->unit_type = unit_type;
	state->horizon = PG_INT64_MIN;
	state->spool = funnel_spool_create(unit_type, context);
	return state;
}

static void
definitions_differ(const FunnelProgram *program, const struct varlena *def)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("funnel definition must be the same for all rows of a group"),
			 errdetail("One row has \"%s\", another \"%s\".",
					   text_to_cstring((text *) program->def),
					   text_to_cstring((const text *) def)),
			 errhint("Add the definition to GROUP BY.")));
}

/* As PG_DETOAST_DATUM_PACKED, without a call for what is plain already. */
static inline struct varlena *
plain_varlena(Datum value)
{
	struct varlena *pointer = (struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_COMPRESSED(pointer) || VARATT_IS_EXTERNAL(pointer))
		return pg_detoast_datum_packed(pointer);
	return pointer;
}

/*
 * The state of the row's group, created or checked against the row's
 * definition.  Arguments: state, unit, ts, event, definition.
 */
static inline FunnelAggState *
state_for_row(FunctionCallInfo fcinfo, MemoryContext context)
{
	FunnelAggState *state = PG_ARGISNULL(0) ? NULL : (FunnelAggState *) PG_GETARG_POINTER(0);
	CallSite   *site = get_call_site(fcinfo);
	struct varlena *def;

	if (likely(state != NULL && site->definition_is_stable &&
			   state->def == (struct varlena *) PG_GETARG_POINTER(4)))
		return state;

	def = plain_varlena(PG_GETARG_DATUM(4));
	if (state == NULL)
	{
		FunnelProgram *program;

		if (!OidIsValid(site->unit_type.type))
		{
			Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 1);

			if (!OidIsValid(type))
				elog(ERROR, "could not determine the type of the unit");
			funnel_unit_type_init(&site->unit_type, type,
								  unit_collation(fcinfo), site->context);
			site->definition_is_stable = argument_is_stable(fcinfo, 4);
		}
		program = funnel_program_get(&site->programs, def, site->context);
		state = create_state(context, program, &site->unit_type);
	}
	else if (!funnel_program_is_for(state->program, def))
		definitions_differ(state->program, def);
	state->def = (struct varlena *) PG_GETARG_POINTER(4);
	return state;
}

/*
 * Add one row to a group: the one thing the twins have in common.
 */
static Datum
add_row(FunctionCallInfo fcinfo, int64 ts)
{
	MemoryContext context = aggregate_context(fcinfo);
	FunnelAggState *state = state_for_row(fcinfo, context);
	FunnelLabelMatch labels = {0, 0};

	if (!PG_ARGISNULL(3))
	{
		struct varlena *event = plain_varlena(PG_GETARG_DATUM(3));

		labels = funnel_labels_match(state->program->labels,
									 VARDATA_ANY(event), VARSIZE_ANY_EXHDR(event));
	}
	if (ts > state->horizon)
		state->horizon = ts;
	if ((labels.steps | labels.breaks) != 0 || state->program->keeps_all)
		funnel_spool_add(state->spool, PG_GETARG_DATUM(1), ts, labels);
	PG_RETURN_POINTER(state);
}

/* A row without a unit or a time is no event; but the question must be there. */
static inline bool
row_is_ignored(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("funnel definition must not be null"),
				 errhint("Leave such rows out with FILTER or WHERE.")));
	return PG_ARGISNULL(1) || PG_ARGISNULL(2);
}

static Datum
keep_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static pg_noinline void
time_is_infinite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("time of a funnel event must be finite"),
			 errhint("Leave such rows out with WHERE isfinite(...).")));
}

PG_FUNCTION_INFO_V1(funnel_agg_transfn);

/*
 * funnel_agg_transfn(internal, unit anyelement, ts timestamptz | timestamp,
 * event text, definition funnel_def) returns internal
 *
 * A timestamp without time zone is read as UTC.
 */
Datum
funnel_agg_transfn(PG_FUNCTION_ARGS)
{
	Timestamp	ts;

	if (row_is_ignored(fcinfo))
		return keep_state(fcinfo);
	ts = PG_GETARG_TIMESTAMP(2);
	if (unlikely(TIMESTAMP_NOT_FINITE(ts)))
		time_is_infinite();
	return add_row(fcinfo, ts);
}

PG_FUNCTION_INFO_V1(funnel_agg_date_transfn);

/*
 * The same with ts date: its midnight, UTC.
 */
Datum
funnel_agg_date_transfn(PG_FUNCTION_ARGS)
{
	DateADT		date;
	int			overflow = 0;
	Timestamp	ts;

	if (row_is_ignored(fcinfo))
		return keep_state(fcinfo);
	date = PG_GETARG_DATEADT(2);
	if (unlikely(DATE_NOT_FINITE(date)))
		time_is_infinite();
	ts = date2timestamp_opt_overflow(date, &overflow);
	if (overflow != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range for timestamp")));
	return add_row(fcinfo, ts);
}

PG_FUNCTION_INFO_V1(funnel_agg_serialize);

/*
 * funnel_agg_serialize(internal) returns bytea, for another process of the
 * same server
 */
Datum
funnel_agg_serialize(PG_FUNCTION_ARGS)
{
	FunnelAggState *state = (FunnelAggState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	pq_sendbyte(&buf, STATE_VERSION);
	pq_sendint32(&buf, state->unit_type->type);
	pq_sendint32(&buf, state->unit_type->collation);
	pq_sendint64(&buf, state->horizon);
	pq_sendint32(&buf, VARSIZE(state->program->def) - VARHDRSZ);
	pq_sendbytes(&buf, VARDATA(state->program->def),
				 VARSIZE(state->program->def) - VARHDRSZ);
	funnel_spool_serialize(state->spool, &buf);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(funnel_agg_deserialize);

/*
 * funnel_agg_deserialize(bytea, internal) returns internal
 *
 * Only wraps the message: the combine function, which is called before it goes
 * away, reads it straight into the other state.
 */
Datum
funnel_agg_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *message = PG_GETARG_BYTEA_PP(0);
	FunnelAggState *state = palloc0(sizeof(FunnelAggState));

	(void) aggregate_context(fcinfo);
	initReadOnlyStringInfo(&state->message, VARDATA_ANY(message),
						   VARSIZE_ANY_EXHDR(message));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_agg_combine);

/*
 * funnel_agg_combine(internal, internal) returns internal
 */
Datum
funnel_agg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	FunnelAggState *state;
	StringInfoData message;
	CallSite   *site = get_call_site(fcinfo);
	Oid			type;
	Oid			collation;
	int64		horizon;
	int			len;
	struct varlena *def;

	if (PG_ARGISNULL(1))
		return keep_state(fcinfo);

	/* a copy of the reading position: the second state stays as it is */
	message = ((FunnelAggState *) PG_GETARG_POINTER(1))->message;
	if (message.data == NULL)
		elog(ERROR, "funnel_agg can only combine serialized states");
	if (pq_getmsgbyte(&message) != STATE_VERSION)
		elog(ERROR, "unexpected version of a funnel_agg state");
	type = pq_getmsgint(&message, 4);
	collation = pq_getmsgint(&message, 4);
	horizon = pq_getmsgint64(&message);
	len = pq_getmsgint(&message, 4);
	def = palloc(VARHDRSZ + len);
	SET_VARSIZE(def, VARHDRSZ + len);
	memcpy(VARDATA(def), pq_getmsgbytes(&message, len), len);

	if (PG_ARGISNULL(0))
	{
		if (!OidIsValid(site->unit_type.type))
			funnel_unit_type_init(&site->unit_type, type, collation, site->context);
		state = create_state(context,
							 funnel_program_get(&site->programs, def, site->context),
							 &site->unit_type);
	}
	else
		state = (FunnelAggState *) PG_GETARG_POINTER(0);
	if (state->unit_type->type != type || state->unit_type->collation != collation)
		elog(ERROR, "funnel_agg states are of different unit types");
	if (!funnel_program_is_for(state->program, def))
		definitions_differ(state->program, def);

	state->horizon = Max(state->horizon, horizon);
	funnel_spool_absorb(state->spool, &message);
	pq_getmsgend(&message);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_agg_final);

/*
 * funnel_agg_final(internal) returns funnel_result
 *
 * Reads the state only, so that it can be called again, or more rows be added.
 */
Datum
funnel_agg_final(PG_FUNCTION_ARGS)
{
	FunnelAggState *state;
	FunnelTally *tally;
	FunnelEvents events;
	FunnelMatch match;
	FunnelSpoolScan *scan;
	struct varlena *result;
	MemoryContext scratch;

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FunnelAggState *) PG_GETARG_POINTER(0);

	scratch = AllocSetContextCreate(CurrentMemoryContext, "funnel_agg",
									ALLOCSET_DEFAULT_SIZES);
	tally = funnel_tally_create(state->program->def, scratch);
	funnel_tally_see(tally, state->horizon);
	funnel_events_init(&events, scratch);
	scan = funnel_spool_scan_begin(state->spool, scratch);
	while (funnel_spool_scan_next(scan, &events))
	{
		funnel_events_sort(&events);
		funnel_events_match(&events, state->program, &match);
		if (match.depth > 0)
			funnel_tally_add(tally, &match, NULL);
		CHECK_FOR_INTERRUPTS();
	}
	result = funnel_tally_flatten(tally);
	MemoryContextDelete(scratch);
	PG_RETURN_POINTER(result);
}
