/*-------------------------------------------------------------------------
 *
 * aggregate/progress.c
 *	  funnel_progress: one unit's passage, made from its events by an
 *	  aggregate and counted by another.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "aggregate/progress.h"
#include "aggregate/result_state.h"
#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/arguments.h"
#include "events/message.h"
#include "language/program.h"
#include "match/outcome.h"

/* The columns of funnel_progress. */
enum
{
	STAGE,
	OUTCOME,
	ENTERED_AT,
	REACHED_AT,
	LAST_AT,
	OPEN_UNTIL,
	PAYLOAD,
	NCOLUMNS
};

/*
 * What one call site keeps from row to row and group to group.  The groups
 * share it, so that each of them is small.
 */
typedef struct CallSite
{
	MemoryContext context;
	FunnelProgramCache programs;
	FunnelProgram *program;		/* the last one used */
	bool		definition_is_stable;	/* the same datum for every row */
	FunnelEventCodes codes;
	FunnelPayloadPool pool;
} CallSite;

typedef struct ProgressState
{
	CallSite   *site;
	FunnelProgram *program;
	int64		last_at;
	FunnelPayloads *payloads;	/* NULL in the form without */
	FunnelEventList events;		/* items are codes of payloads */
} ProgressState;

/* What the final function keeps from group to group. */
typedef struct FinalSite
{
	FunnelProgressMaker maker;
	MemoryContext context;		/* of the buffer below */
	FunnelEvents events;
} FinalSite;

/* A buffer with more rows is not kept for the next group. */
#define KEPT_ROWS			(64 * 1024)

/* Is this the form with a payload? */
#define HAS_PAYLOAD(fcinfo)	((fcinfo)->nargs == 5)

static CallSite *
get_call_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = fcinfo->flinfo->fn_extra;

	if (unlikely(site == NULL))
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		site->context = fcinfo->flinfo->fn_mcxt;
		site->pool.context = site->context;
		fcinfo->flinfo->fn_extra = site;
	}
	return site;
}

/* Make DEF's program the site's last one. */
static void
use_definition(CallSite *site, const struct varlena *def)
{
	if (site->program == NULL || !funnel_program_is_for(site->program, def))
		site->program = funnel_program_get(&site->programs, def, site->context);
}

/* One passage cannot say what became of several attempts. */
static void
refuse_every_attempt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("under \"every attempt\" a unit has a passage for each attempt"),
			 errhint("Use funnel_attempts_agg(ts, event, definition [, payload]), which gives an array of them.")));
}

/*
 * Refuse a definition at the first row rather than at the end, if it is known
 * what the aggregate will give.
 */
static void
check_form(FunctionCallInfo fcinfo, const FunnelProgram *program)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);

	if (program->rules.every_attempt && aggref != NULL &&
		aggref->aggsplit == AGGSPLIT_SIMPLE && !type_is_array(aggref->aggtype))
		refuse_every_attempt();
}

/* A state for the site's last program. */
static ProgressState *
create_state(CallSite *site, MemoryContext context, bool with_payloads)
{
	ProgressState *state = MemoryContextAlloc(context, sizeof(ProgressState));

	state->site = site;
	state->program = site->program;
	state->last_at = PG_INT64_MIN;
	state->payloads = NULL;
	if (with_payloads)
	{
		state->payloads = MemoryContextAllocZero(context, sizeof(FunnelPayloads));
		state->payloads->pool = &site->pool;
	}
	funnel_event_list_init(&state->events, with_payloads);
	return state;
}

/*
 * The program of the row's group.  As long as the definition is the same for
 * all rows the state is not even looked at: that is a cache miss, and so the
 * label can be matched while it is under way.
 */
static pg_attribute_always_inline FunnelProgram *
program_for_row(FunctionCallInfo fcinfo, CallSite *site, const ProgressState *state,
				bool by_stage)
{
	const struct varlena *def;

	if (likely(site->definition_is_stable))
		return site->program;

	def = funnel_plain_varlena(PG_GETARG_DATUM(3));
	if (state == NULL)
	{
		site->programs.by_stage = by_stage;
		use_definition(site, def);
		check_form(fcinfo, site->program);
		site->definition_is_stable = funnel_argument_is_stable(fcinfo, 3);
		return site->program;
	}
	if (!funnel_program_is_for(state->program, def))
		funnel_definitions_differ(state->program, def);
	return state->program;
}

/* The payload of the row as a code; that of one that matches no step never shows. */
static uint64
payload_code(FunctionCallInfo fcinfo, ProgressState *state, MemoryContext context,
			 FunnelLabelMatch labels)
{
	const struct varlena *payload;

	if (PG_ARGISNULL(4) || labels.steps == 0)
		return FUNNEL_NO_PAYLOAD;
	payload = funnel_plain_varlena(PG_GETARG_DATUM(4));
	return funnel_payload_code(state->payloads, context,
							   VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload));
}

/*
 * Add one row to its group.  All forms have this in common.  Arguments: state,
 * ts, event, definition and, in the form with a payload, payload.
 */
static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, FunnelTimeReader read_time,
		FunnelLabelReader read_labels, bool by_stage)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = get_call_site(fcinfo);
	ProgressState *state = PG_ARGISNULL(0) ? NULL : (ProgressState *) PG_GETARG_POINTER(0);
	FunnelProgram *program;
	FunnelLabelMatch labels = {0, 0};
	int64		ts;

	if (unlikely(PG_ARGISNULL(3)))
		funnel_definition_is_null();
	if (unlikely(PG_ARGISNULL(1)))
	{
		/* a row without a time is no event */
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	ts = read_time(PG_GETARG_DATUM(1));
	program = program_for_row(fcinfo, site, state, by_stage);
	if (!PG_ARGISNULL(2))
		labels = read_labels(program->labels, PG_GETARG_DATUM(2));
	if (unlikely(state == NULL))
		state = create_state(site, context, HAS_PAYLOAD(fcinfo));
	if (ts > state->last_at)
		state->last_at = ts;
	if ((labels.steps | labels.breaks) != 0 || program->keeps_all)
	{
		uint64		item = 0;

		if (HAS_PAYLOAD(fcinfo))
			item = payload_code(fcinfo, state, context, labels);
		funnel_event_list_add(&state->events, context, &site->codes, site->context,
							  ts, labels, item);
	}
	PG_RETURN_POINTER(state);
}

/*
 * funnel_progress_agg_transfn(internal, ts timestamptz | timestamp, event text,
 * definition funnel_def [, payload text]) returns internal
 */
PG_FUNCTION_INFO_V1(funnel_progress_agg_transfn);
Datum
funnel_progress_agg_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_timestamp, funnel_read_text, false);
}

/* The same with ts date. */
PG_FUNCTION_INFO_V1(funnel_progress_agg_date_transfn);
Datum
funnel_progress_agg_date_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_date, funnel_read_text, false);
}

/* The same with events text[]. */
PG_FUNCTION_INFO_V1(funnel_progress_agg_array_transfn);
Datum
funnel_progress_agg_array_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_timestamp, funnel_read_array, false);
}

PG_FUNCTION_INFO_V1(funnel_progress_agg_array_date_transfn);
Datum
funnel_progress_agg_array_date_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_date, funnel_read_array, false);
}

/* The same with stage funnel_stage. */
PG_FUNCTION_INFO_V1(funnel_progress_agg_stage_transfn);
Datum
funnel_progress_agg_stage_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_timestamp, funnel_read_stage, true);
}

PG_FUNCTION_INFO_V1(funnel_progress_agg_stage_date_transfn);
Datum
funnel_progress_agg_stage_date_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_date, funnel_read_stage, true);
}

/*
 * funnel_progress_agg_serialize(internal) returns bytea, for another process of
 * the same server
 */
PG_FUNCTION_INFO_V1(funnel_progress_agg_serialize);
Datum
funnel_progress_agg_serialize(PG_FUNCTION_ARGS)
{
	ProgressState *state = (ProgressState *) PG_GETARG_POINTER(0);
	const FunnelDef *def = state->program->def;
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	funnel_message_begin(&buf);
	pq_sendbyte(&buf, state->payloads != NULL);
	pq_sendint64(&buf, state->last_at);
	pq_sendint32(&buf, VARSIZE(def));
	pq_sendbytes(&buf, (const char *) def, VARSIZE(def));
	PG_RETURN_BYTEA_P(funnel_message_send_events(&buf, &state->events,
												 &state->site->codes, state->payloads));
}

/*
 * funnel_progress_agg_combine(internal, internal) returns internal
 */
PG_FUNCTION_INFO_V1(funnel_progress_agg_combine);
Datum
funnel_progress_agg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = get_call_site(fcinfo);
	ProgressState *state;
	StringInfoData buf;
	bool		with_payloads;
	int64		last_at;
	uint32		size;
	struct varlena *def;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	funnel_message_open(PG_GETARG_DATUM(1), &buf);
	with_payloads = pq_getmsgbyte(&buf);
	last_at = pq_getmsgint64(&buf);
	size = pq_getmsgint(&buf, 4);
	def = palloc(size);
	memcpy(def, pq_getmsgbytes(&buf, size), size);

	if (PG_ARGISNULL(0))
	{
		use_definition(site, def);
		state = create_state(site, context, with_payloads);
	}
	else
		state = (ProgressState *) PG_GETARG_POINTER(0);
	if (!funnel_program_is_for(state->program, def))
		funnel_definitions_differ(state->program, def);
	if ((state->payloads != NULL) != with_payloads)
		elog(ERROR, "funnel_progress_agg states are of different forms");

	state->last_at = Max(state->last_at, last_at);
	funnel_message_receive_events(&buf, &state->events, state->payloads, context,
								  &state->site->codes, state->site->context);
	pfree(def);
	PG_RETURN_POINTER(state);
}

/*
 * Making a funnel_progress
 */

static void
init_buffer(FinalSite *site, bool with_payloads)
{
	MemoryContextReset(site->context);
	funnel_events_init(&site->events, site->context, with_payloads);
	if (with_payloads)
		site->events.compare_items = funnel_payload_compare;
}

/*
 * The columns are taken for what the install script says they are; somebody
 * who may alter the type might have done so.  The type of a stage is not known
 * by a constant number, and no other is like it.
 */
static void
check_row_type(TupleDesc tupdesc)
{
	static const Oid types[NCOLUMNS] = {
		InvalidOid, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZARRAYOID,
		TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTARRAYOID
	};
	bool		valid = tupdesc->natts == NCOLUMNS;

	for (int i = 0; valid && i < NCOLUMNS; i++)
		valid = !OidIsValid(types[i]) || TupleDescAttr(tupdesc, i)->atttypid == types[i];
	if (!valid)
		elog(ERROR, "type funnel_progress is not as funnel made it");
}

static FinalSite *
get_final_site(FunctionCallInfo fcinfo, bool with_payloads)
{
	FinalSite  *site = fcinfo->flinfo->fn_extra;

	if (likely(site != NULL))
		return site;

	site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FinalSite));
	funnel_progress_maker_init(&site->maker, fcinfo);
	site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "funnel_progress_agg",
										  ALLOCSET_DEFAULT_SIZES);
	init_buffer(site, with_payloads);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

void
funnel_progress_maker_init(FunnelProgressMaker *maker, FunctionCallInfo fcinfo)
{
	MemoryContext old;
	TupleDesc	tupdesc;
	Oid			type;

	if (get_call_result_type(fcinfo, &type, &tupdesc) == TYPEFUNC_COMPOSITE)
		tupdesc = CreateTupleDescCopy(tupdesc);
	else
	{
		type = get_element_type(type);
		if (!OidIsValid(type) || !type_is_rowtype(type))
			elog(ERROR, "funnel_progress is no composite type");
		tupdesc = lookup_rowtype_tupdesc_copy(type, -1);
	}
	check_row_type(tupdesc);

	old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	maker->type = type;
	maker->tupdesc = BlessTupleDesc(CreateTupleDescCopy(tupdesc));
	for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		maker->outcomes[i] = CStringGetTextDatum(funnel_outcome_name((FunnelOutcome) i));
	MemoryContextSwitchTo(old);
}

static Datum
make_array(Datum *values, bool *nulls, int n, Oid type)
{
	int			dims[1];
	int			lbs[1];
	bool		is_text = type == TEXTOID;

	dims[0] = n;
	lbs[0] = 1;
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, lbs, type,
											  is_text ? -1 : (int) sizeof(TimestampTz),
											  is_text ? false : FLOAT8PASSBYVAL,
											  is_text ? TYPALIGN_INT : TYPALIGN_DOUBLE));
}

Datum
funnel_progress_make(const FunnelProgressMaker *maker, const FunnelProgram *program,
					 const FunnelMatch *match, int64 last_at, Datum payload)
{
	Datum		values[NCOLUMNS] = {0};
	bool		nulls[NCOLUMNS];

	memset(nulls, true, sizeof(nulls));
	values[OUTCOME] = maker->outcomes[match->outcome];
	values[LAST_AT] = TimestampTzGetDatum(last_at);
	nulls[OUTCOME] = nulls[LAST_AT] = false;
	if (match->open)
	{
		/* FUNNEL_FOREVER is infinity */
		values[OPEN_UNTIL] = TimestampTzGetDatum(match->open_until);
		nulls[OPEN_UNTIL] = false;
	}
	if (match->depth > 0)
	{
		Datum		elements[FUNNEL_MAX_STEPS];
		bool		skipped[FUNNEL_MAX_STEPS];

		for (int k = 0; k < match->depth; k++)
		{
			skipped[k] = (match->reached & FUNNEL_STEP_BIT(k + 1)) == 0;
			elements[k] = skipped[k] ? (Datum) 0 : TimestampTzGetDatum(match->at[k]);
		}
		values[STAGE] = PointerGetDatum(program->stages[match->depth - 1]);
		values[ENTERED_AT] = TimestampTzGetDatum(match->at[0]);
		values[REACHED_AT] = make_array(elements, skipped, match->depth, TIMESTAMPTZOID);
		nulls[STAGE] = nulls[ENTERED_AT] = nulls[REACHED_AT] = false;
	}
	values[PAYLOAD] = payload;
	nulls[PAYLOAD] = payload == (Datum) 0;
	return HeapTupleGetDatum(heap_form_tuple(maker->tupdesc, values, nulls));
}

void
funnel_passages_begin(FunnelPassages *passages, const FunnelProgressMaker *maker)
{
	passages->maker = maker;
	passages->values = initArrayResult(maker->type, CurrentMemoryContext, false);
}

void
funnel_passages_add(FunnelPassages *passages, Datum progress)
{
	(void) accumArrayResult(passages->values, progress, false, passages->maker->type,
							CurrentMemoryContext);
}

Datum
funnel_passages_end(FunnelPassages *passages, const FunnelProgram *program, int64 last_at)
{
	if (passages->values->nelems == 0)
	{
		FunnelMatch nothing;

		nothing.depth = 0;
		nothing.outcome = FUNNEL_ABSENT;
		nothing.open = false;
		nothing.reached = 0;
		funnel_passages_add(passages, funnel_progress_make(passages->maker, program, &nothing,
														   last_at, (Datum) 0));
	}
	return makeArrayResult(passages->values, CurrentMemoryContext);
}

/* The payloads of a chain's rows, an array. */
static Datum
payloads_of_match(const ProgressState *state, const FunnelEvents *events,
				  const FunnelMatch *match)
{
	Datum		elements[FUNNEL_MAX_STEPS];
	bool		nulls[FUNNEL_MAX_STEPS];

	for (int k = 0; k < match->depth; k++)
	{
		const char *text = NULL;
		uint32		len = 0;

		if (match->reached & FUNNEL_STEP_BIT(k + 1))
			text = funnel_payload_text(state->payloads, events->items[match->row[k]], &len);
		nulls[k] = text == NULL;
		elements[k] = text == NULL ? (Datum) 0 :
			PointerGetDatum(cstring_to_text_with_len(text, len));
	}
	return make_array(elements, nulls, match->depth, TEXTOID);
}

/* The value of a match of the events in the buffer. */
static Datum
make_progress(const ProgressState *state, const FinalSite *site, const FunnelMatch *match)
{
	Datum		payload = (Datum) 0;

	if (state->payloads != NULL && match->depth > 0)
		payload = payloads_of_match(state, &site->events, match);
	return funnel_progress_make(&site->maker, state->program, match,
								state->last_at, payload);
}

/* Have the events of a state in the buffer. */
static void
fill_buffer(FinalSite *site, const ProgressState *state)
{
	funnel_event_list_read_words(&state->events, &state->site->codes, &site->events);
	site->events.compare_arg = state->payloads;
}

static void
trim_buffer(FinalSite *site, const ProgressState *state)
{
	if (unlikely(state->events.nevents > KEPT_ROWS))
		init_buffer(site, state->payloads != NULL);
}

/*
 * funnel_progress_agg_final(internal) returns funnel_progress
 *
 * Reads the state only, so that it can be called again, or more rows be added.
 */
PG_FUNCTION_INFO_V1(funnel_progress_agg_final);
Datum
funnel_progress_agg_final(PG_FUNCTION_ARGS)
{
	ProgressState *state;
	FinalSite  *site;
	FunnelMatch match;
	Datum		result;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (ProgressState *) PG_GETARG_POINTER(0);
	if (state->program->rules.every_attempt)
		refuse_every_attempt();
	site = get_final_site(fcinfo, state->payloads != NULL);

	fill_buffer(site, state);
	funnel_events_match(&site->events, state->program, &match);
	result = make_progress(state, site, &match);
	trim_buffer(site, state);
	PG_RETURN_DATUM(result);
}

/*
 * funnel_attempts_agg_final(internal) returns funnel_progress[]
 *
 * The passages in the order of time: of each attempt, or of the unit if the
 * definition does not count attempts.  A unit without any has one that never
 * entered, so that its last event is there to be seen.
 */
PG_FUNCTION_INFO_V1(funnel_attempts_agg_final);
Datum
funnel_attempts_agg_final(PG_FUNCTION_ARGS)
{
	ProgressState *state;
	FinalSite  *site;
	FunnelPassages passages;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (ProgressState *) PG_GETARG_POINTER(0);
	site = get_final_site(fcinfo, state->payloads != NULL);

	fill_buffer(site, state);
	funnel_passages_begin(&passages, &site->maker);
	if (state->program->rules.every_attempt)
	{
		FunnelAttempts attempts;
		const FunnelMatch *match;

		funnel_events_begin_attempts(&site->events, state->program, &attempts);
		while ((match = funnel_events_next_attempt(&site->events, &attempts)) != NULL)
			funnel_passages_add(&passages, make_progress(state, site, match));
	}
	else
	{
		FunnelMatch match;

		funnel_events_match(&site->events, state->program, &match);
		funnel_passages_add(&passages, make_progress(state, site, &match));
	}
	trim_buffer(site, state);
	PG_RETURN_DATUM(funnel_passages_end(&passages, state->program, state->last_at));
}

/*
 * Counting values of funnel_progress.  They may come from anywhere, and from
 * another definition: all that can be checked is.
 */

static void
does_not_fit(const FunnelProgram *program, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("funnel_progress is not of the definition \"%s\"",
					text_to_cstring((const text *) program->def)),
			 errdetail_internal("%s", detail)));
}

/* Take a value apart; false if it is NULL, or all of its columns are. */
static bool
deform_progress(Datum progress, Datum *values, bool *nulls)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(progress);
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
												 HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {0};
	bool		all_null = true;

	check_row_type(tupdesc);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	heap_deform_tuple(&tuple, tupdesc, values, nulls);
	ReleaseTupleDesc(tupdesc);
	for (int i = 0; i < NCOLUMNS; i++)
		all_null &= nulls[i];
	return !all_null;
}

/* The times of the chain. */
static void
read_reached(const FunnelProgram *program, Datum reached, FunnelMatch *match)
{
	const FunnelRules *rules = &program->rules;
	ArrayType  *array = DatumGetArrayTypeP(reached);
	Datum	   *times;
	bool	   *skipped;
	int			ntimes;
	int			previous = 0;

	if (ARR_NDIM(array) != 1 || ARR_LBOUND(array)[0] != 1)
		does_not_fit(program, "\"reached_at\" must be an array of one dimension that begins at 1.");
	if (ARR_DIMS(array)[0] != match->depth)
		does_not_fit(program, psprintf("\"reached_at\" has %d elements, the stage is %d.",
									   ARR_DIMS(array)[0], match->depth));
	deconstruct_array(array, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &times, &skipped, &ntimes);

	for (int k = 0; k < ntimes; k++)
	{
		int64		at;

		if (skipped[k])
		{
			if (rules->any_order || k == 0 || k == ntimes - 1 ||
				(rules->optional & FUNNEL_STEP_BIT(k + 1)) == 0)
				does_not_fit(program, psprintf("Step %d cannot be skipped.", k + 1));
			continue;
		}
		at = DatumGetTimestampTz(times[k]);
		if (TIMESTAMP_NOT_FINITE(at))
			does_not_fit(program, psprintf("The time of step %d is infinite.", k + 1));
		if (k > 0 && (at < match->at[previous] ||
					  (at == match->at[previous] && rules->increasing)))
			does_not_fit(program, psprintf("The time of step %d does not follow that of step %d.",
										   k + 1, previous + 1));

		/* unsigned, since the range of timestamptz exceeds 2^63 */
		if (k > 0 && rules->shortest[k] != 0 &&
			(uint64) at - (uint64) match->at[previous] < (uint64) rules->shortest[k])
			does_not_fit(program, psprintf("The time of step %d is too soon.", k + 1));
		if (k > 0 &&
			((rules->within != 0 &&
			  (uint64) at - (uint64) match->at[0] > (uint64) rules->within) ||
			 (rules->gap[k] != 0 &&
			  (uint64) at - (uint64) match->at[previous] > (uint64) rules->gap[k])))
			does_not_fit(program, psprintf("The time of step %d is too late.", k + 1));
		match->at[k] = at;
		match->reached |= FUNNEL_STEP_BIT(k + 1);
		previous = k;
	}
}

/* The longest window or gap, 0 if there is none. */
static int64
longest_limit(const FunnelRules *rules)
{
	int64		longest = rules->within;

	for (int k = 0; k < rules->nsteps; k++)
		longest = Max(longest, rules->gap[k]);
	return longest;
}

static void
read_outcome(const FunnelProgram *program, Datum outcome, FunnelMatch *match)
{
	const FunnelRules *rules = &program->rules;
	text	   *name = DatumGetTextPP(outcome);
	bool		valid = funnel_outcome_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name),
											 &match->outcome);

	if (valid)
	{
		switch (match->outcome)
		{
			case FUNNEL_CONVERTED:
				valid = match->depth == rules->nsteps;
				break;
			case FUNNEL_EXCLUDED:
				valid = (rules->strict | rules->excluding) != 0;
				break;
			case FUNNEL_LATE:
				valid = longest_limit(rules) != 0;
				break;
			case FUNNEL_EARLY:
				valid = !rules->any_order;
				break;
			case FUNNEL_ABSENT:
				break;
		}
		if (match->depth == rules->nsteps)
			valid = match->outcome == FUNNEL_CONVERTED;
		if (match->depth == 0)
			valid = match->outcome == FUNNEL_ABSENT;
	}
	if (!valid)
		does_not_fit(program, psprintf("The outcome cannot be \"%s\" at stage %d.",
									   text_to_cstring(name), match->depth));
}

/* When the attempt closes; NULL and -infinity were ruled out by the caller. */
static void
read_open_until(const FunnelProgram *program, int64 open_until, int64 last_at,
				FunnelMatch *match)
{
	int64		longest = longest_limit(&program->rules);

	match->open = true;
	match->open_until = open_until;
	if (TIMESTAMP_IS_NOEND(open_until))
		return;

	/*
	 * The limits count from an event of the unit.  This also bounds how many
	 * different instants a tally has to tell apart.
	 */
	if (longest == 0 ||
		(open_until > last_at && (uint64) open_until - (uint64) last_at > (uint64) longest))
		does_not_fit(program, "\"open_until\" is later than the definition allows.");
}

/*
 * Read a value's columns into MATCH, with depth 0 for a unit that never
 * entered, and LAST_AT.
 */
static void
read_progress(const Datum *values, const bool *nulls, const FunnelProgram *program,
			  FunnelMatch *match, int64 *last_at)
{
	match->depth = 0;
	match->reached = 0;
	match->open = false;
	if (nulls[LAST_AT] || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(values[LAST_AT])))
		does_not_fit(program, "\"last_at\" must be a finite time.");
	*last_at = DatumGetTimestampTz(values[LAST_AT]);

	if (!nulls[STAGE])
	{
		const FunnelStage *stage = DatumGetFunnelStagePP(values[STAGE]);
		const FunnelStage *expected;

		match->depth = funnel_stage_position(stage);
		if (match->depth > program->rules.nsteps)
			does_not_fit(program, psprintf("The definition has no stage %d.", match->depth));
		expected = program->stages[match->depth - 1];
		if (funnel_stage_name_length(stage) != funnel_stage_name_length(expected) ||
			memcmp(funnel_stage_name(stage), funnel_stage_name(expected),
				   funnel_stage_name_length(stage)) != 0)
			does_not_fit(program,
						 psprintf("Stage %d of the definition is \"%.*s\", not \"%.*s\".",
								  match->depth,
								  funnel_stage_name_length(expected), funnel_stage_name(expected),
								  funnel_stage_name_length(stage), funnel_stage_name(stage)));
	}

	if (nulls[OUTCOME])
		does_not_fit(program, "\"outcome\" must not be null.");
	read_outcome(program, values[OUTCOME], match);

	if (nulls[REACHED_AT] != (match->depth == 0) ||
		nulls[ENTERED_AT] != (match->depth == 0))
		does_not_fit(program, "Where there is a stage, and only there, \"entered_at\" and \"reached_at\" must be given.");
	if (match->depth > 0)
	{
		read_reached(program, values[REACHED_AT], match);
		if (match->at[0] != DatumGetTimestampTz(values[ENTERED_AT]))
			does_not_fit(program, "\"entered_at\" is not the time of step 1.");
		if (match->at[match->depth - 1] > *last_at)
			does_not_fit(program, "\"last_at\" is before the time of the stage.");
	}

	if (!nulls[OPEN_UNTIL])
	{
		int64		open_until = DatumGetTimestampTz(values[OPEN_UNTIL]);

		if (match->depth == 0 || match->outcome == FUNNEL_CONVERTED ||
			TIMESTAMP_IS_NOBEGIN(open_until))
			does_not_fit(program, "\"open_until\" must be null where no attempt is open.");
		read_open_until(program, open_until, *last_at, match);
	}
}

/*
 * funnel_agg_progress_transfn(funnel_result, progress funnel_progress,
 * definition funnel_def) returns funnel_result
 *
 * Each row is a unit; NULL, or a row of nothing but NULL, is none.
 */
PG_FUNCTION_INFO_V1(funnel_agg_progress_transfn);
Datum
funnel_agg_progress_transfn(PG_FUNCTION_ARGS)
{
	FunnelRunning *running;
	FunnelMatch match;
	int64		last_at;
	Datum		state;
	Datum		values[NCOLUMNS];
	bool		nulls[NCOLUMNS];

	if (PG_ARGISNULL(2))
		funnel_definition_is_null();
	if (PG_ARGISNULL(1) || !deform_progress(PG_GETARG_DATUM(1), values, nulls))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	running = funnel_running(fcinfo, 2, &state);
	read_progress(values, nulls, running->program, &match, &last_at);
	if (match.depth > 0)
		funnel_tally_add(running->tally, &match, NULL);
	funnel_tally_see(running->tally, last_at);
	PG_RETURN_DATUM(state);
}
