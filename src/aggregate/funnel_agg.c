/*-------------------------------------------------------------------------
 *
 * aggregate/funnel_agg.c
 *	  funnel_agg over raw events: from rows of an event table to a result.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "aggregate/funnel_agg.h"
#include "aggregate/unit_type.h"
#include "base/aggcontext.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "events/arguments.h"
#include "events/buffer.h"
#include "result/bytes.h"
#include "result/tally.h"

/*
 * What the rows of a form have behind the definition: the numbers of these
 * arguments, 0 if there is none.
 */
typedef struct Extras
{
	int			value;
	int			entry;
	int			key;
} Extras;

/* A value, or nothing. */
static inline Extras
value_only(FunctionCallInfo fcinfo)
{
	Extras		extras = {fcinfo->nargs > 5 ? 5 : 0, 0, 0};

	return extras;
}

/* A key, and behind it there may be a value. */
static inline Extras
with_key(FunctionCallInfo fcinfo)
{
	Extras		extras = {fcinfo->nargs > 6 ? 6 : 0, 0, 5};

	return extras;
}

/* An entry, and before it there may be a value. */
static inline Extras
with_entry(FunctionCallInfo fcinfo)
{
	Extras		extras = {fcinfo->nargs > 6 ? 5 : 0, fcinfo->nargs - 1, 0};

	return extras;
}

FunnelAggCallSite *
funnel_agg_call_site(FunctionCallInfo fcinfo)
{
	FunnelAggCallSite *site = fcinfo->flinfo->fn_extra;
	MemoryContext context;
	bool		lasts;

	if (likely(site != NULL))
		return site;
	context = funnel_site_context(fcinfo, &lasts);
	if (!PG_ARGISNULL(0))
		site = ((FunnelAggState *) PG_GETARG_POINTER(0))->site;
	else
	{
		site = MemoryContextAllocZero(context, sizeof(FunnelAggCallSite));
		site->context = context;
	}
	if (lasts)
		fcinfo->flinfo->fn_extra = site;
	return site;
}

FunnelAggState *
funnel_agg_create_state(MemoryContext context, FunnelAggCallSite *site,
						FunnelProgram *program, bool with_values, bool with_keys)
{
	FunnelAggState *state = MemoryContextAllocZero(context, sizeof(FunnelAggState));

	state->site = site;
	state->program = program;
	state->horizon = PG_INT64_MIN;
	state->with_values = with_values;
	if (with_keys)
		state->keys = funnel_keys_create(context);
	state->spool = funnel_spool_create(&site->unit_type, funnel_program_codes(program),
									   program->keeps_all, with_values + with_keys, context);
	return state;
}

/* Entries cannot be told from others where no step is the first. */
static void
check_entry_is_possible(const FunnelProgram *program, Extras extras)
{
	if (program->rules.any_order)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 extras.key != 0 ?
				 errmsg("a funnel with \"any order\" cannot be counted by the key of entries") :
				 errmsg("a funnel with \"any order\" cannot have an entry argument"),
				 errdetail("Any of its steps can be the first."),
				 extras.key != 0 ?
				 errhint("Leave out \"any order\", or use funnel_agg with GROUP BY.") :
				 errhint("Leave out \"any order\", or the argument.")));
}

/*
 * The state of the row's group, created or checked against the row's
 * definition.  Arguments: state, unit, ts, event, definition.
 */
static pg_noinline FunnelAggState *
state_for_row_slowly(FunctionCallInfo fcinfo, FunnelAggState *state, Extras extras, bool by_stage)
{
	struct varlena *def = funnel_plain_varlena(PG_GETARG_DATUM(4));

	if (state == NULL)
	{
		MemoryContext context = funnel_aggregate_context(fcinfo);
		FunnelAggCallSite *site = funnel_agg_call_site(fcinfo);
		FunnelProgram *program;

		if (!OidIsValid(site->unit_type.type))
		{
			funnel_unit_argument_type(&site->unit_type, fcinfo, site->context);
			site->programs.by_stage = by_stage;
			site->definition_is_stable = funnel_argument_is_stable(fcinfo, 4);
		}
		program = funnel_program_get(&site->programs, def, site->context, context);
		if ((extras.entry | extras.key) != 0)
			check_entry_is_possible(program, extras);
		state = funnel_agg_create_state(context, site, program,
										extras.value != 0, extras.key != 0);
		funnel_spool_expect_handover(state->spool, fcinfo);
	}
	else if (!funnel_program_is_for(state->program, def))
		funnel_definitions_differ(state->program, def);
	state->def = (struct varlena *) PG_GETARG_POINTER(4);
	return state;
}

/* The same, of which most rows need but a look: one more with the same constant. */
static inline FunnelAggState *
state_for_row(FunctionCallInfo fcinfo, Extras extras, bool by_stage)
{
	FunnelAggState *state = PG_ARGISNULL(0) ? NULL : (FunnelAggState *) PG_GETARG_POINTER(0);

	if (likely(state != NULL && state->site->definition_is_stable &&
			   state->def == (struct varlena *) PG_GETARG_POINTER(4)))
		return state;
	return state_for_row_slowly(fcinfo, state, extras, by_stage);
}

/* The value of the row. */
static uint64
value_item(FunctionCallInfo fcinfo, int argno)
{
	double		value;

	if (PG_ARGISNULL(argno))
		return FUNNEL_NO_VALUE;
	value = PG_GETARG_FLOAT8(argno);
	if (unlikely(!isfinite(value)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value of a funnel event must be finite"),
				 errhint("For an event without a value, pass NULL.")));
	return funnel_agg_item(value);
}

/* The number of the row's key. */
static uint64
key_number(FunnelAggState *state, Datum key)
{
	struct varlena *text = funnel_plain_varlena(key);

	return funnel_keys_number(state->keys, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

/*
 * Add one row to its group.  All forms have this in common.  Arguments: state,
 * unit, ts, event, definition and those that EXTRAS says.
 */
static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, FunnelTimeReader read_time,
		FunnelLabelReader read_labels, Extras extras, bool by_stage)
{
	FunnelAggState *state;
	uint64		steps = 0;
	uint64		breaks = 0;
	uint64		items[2] = {0, 0};
	int64		ts;

	if (PG_ARGISNULL(4))
		funnel_definition_is_null();
	/* a row without a unit or a time is no event */
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return funnel_same_state(fcinfo);

	ts = read_time(PG_GETARG_DATUM(2));
	if (extras.value != 0)
		items[0] = value_item(fcinfo, extras.value);
	state = state_for_row(fcinfo, extras, by_stage);
	if (!PG_ARGISNULL(3))
	{
		FunnelLabelMatch labels = read_labels(state->program->labels, PG_GETARG_DATUM(3));

		if (extras.entry != 0 && (PG_ARGISNULL(extras.entry) || !PG_GETARG_BOOL(extras.entry)))
			funnel_agg_bar_entry(&state->program->rules, &labels);
		steps = labels.steps;
		breaks = labels.breaks;
	}
	if (extras.key != 0 && (steps & FUNNEL_STEP_BIT(1)) != 0 && !PG_ARGISNULL(extras.key))
		items[extras.value != 0] = key_number(state, PG_GETARG_DATUM(extras.key));
	if (ts > state->horizon)
		state->horizon = ts;
	funnel_spool_add(state->spool, PG_GETARG_DATUM(1), ts, steps, breaks, items);
	PG_RETURN_POINTER(state);
}

/* A transition function for one form of the rows. */
#define TRANSITION_FUNCTION(name, read_time, read_labels, extras, by_stage) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return add_row(fcinfo, read_time, read_labels, extras(fcinfo), by_stage); \
	}

/*
 * funnel_agg_transfn(internal, unit anyelement, ts timestamptz | timestamp | date,
 * event text | events text[] | stage funnel_stage, definition funnel_def
 * [, value float8]) returns internal
 */
TRANSITION_FUNCTION(funnel_agg_transfn, funnel_read_timestamp, funnel_read_text, value_only, false)
TRANSITION_FUNCTION(funnel_agg_date_transfn, funnel_read_date, funnel_read_text, value_only, false)
TRANSITION_FUNCTION(funnel_agg_array_transfn, funnel_read_timestamp, funnel_read_array, value_only, false)
TRANSITION_FUNCTION(funnel_agg_array_date_transfn, funnel_read_date, funnel_read_array, value_only, false)
TRANSITION_FUNCTION(funnel_agg_stage_transfn, funnel_read_timestamp, funnel_read_stage, value_only, true)
TRANSITION_FUNCTION(funnel_agg_stage_date_transfn, funnel_read_date, funnel_read_stage, value_only, true)

/*
 * funnel_agg_transfn(internal, unit, ts, event text | events text[], definition
 * [, value float8], entry boolean) returns internal
 */
TRANSITION_FUNCTION(funnel_agg_entry_transfn, funnel_read_timestamp, funnel_read_text, with_entry, false)
TRANSITION_FUNCTION(funnel_agg_entry_date_transfn, funnel_read_date, funnel_read_text, with_entry, false)
TRANSITION_FUNCTION(funnel_agg_array_entry_transfn, funnel_read_timestamp, funnel_read_array, with_entry, false)
TRANSITION_FUNCTION(funnel_agg_array_entry_date_transfn, funnel_read_date, funnel_read_array, with_entry, false)

/*
 * funnel_agg_by_transfn(internal, unit, ts, event text | events text[], definition,
 * key text [, value float8]) returns internal
 */
TRANSITION_FUNCTION(funnel_agg_by_transfn, funnel_read_timestamp, funnel_read_text, with_key, false)
TRANSITION_FUNCTION(funnel_agg_by_date_transfn, funnel_read_date, funnel_read_text, with_key, false)
TRANSITION_FUNCTION(funnel_agg_by_array_transfn, funnel_read_timestamp, funnel_read_array, with_key, false)
TRANSITION_FUNCTION(funnel_agg_by_array_date_transfn, funnel_read_date, funnel_read_array, with_key, false)

/* May the attempt that was found last be counted: has its opening an entry? */
static bool
attempt_has_entry(const FunnelEvents *events, const FunnelAttempts *attempts)
{
	size_t		i = attempts->opening;
	int64		opens_at;

	/* compact rows are all entries */
	if (attempts->rows == NULL)
		return true;
	opens_at = events->rows[i].ts;
	for (; i < events->nrows && events->rows[i].ts == opens_at; i++)
	{
		if ((events->rows[i].steps & FUNNEL_STEP_BIT(1)) != 0 &&
			(events->rows[i].breaks & FUNNEL_NO_ENTRY) == 0)
			return true;
		funnel_poll_at(i);
	}
	return false;
}

/* Count each attempt of the unit whose events are in the buffer. */
static void
count_attempts(const FunnelAggState *state, FunnelTally *tally, FunnelEvents *events,
			   FunnelAttempts *attempts)
{
	const FunnelMatch *match;

	funnel_events_begin_attempts(events, state->program, attempts);
	while ((match = funnel_events_next_attempt(events, attempts)) != NULL)
	{
		if (attempt_has_entry(events, attempts))
			funnel_agg_count(state, tally, events, match);
	}
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
	FunnelAttempts attempts;
	FunnelSpoolScan *scan;
	struct varlena *result;
	MemoryContext scratch;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FunnelAggState *) PG_GETARG_POINTER(0);

	scratch = AllocSetContextCreate(CurrentMemoryContext, "funnel_agg",
									ALLOCSET_DEFAULT_SIZES);
	tally = funnel_tally_create(state->program->def, scratch);
	funnel_tally_see(tally, state->horizon);
	funnel_events_init(&events, scratch, state->with_values);
	scan = funnel_spool_scan_begin(state->spool, scratch);
	while (funnel_spool_scan_next(scan, &events))
	{
		if (state->program->rules.every_attempt)
			count_attempts(state, tally, &events, &attempts);
		else
		{
			funnel_events_match(&events, state->program, &match);
			funnel_agg_count(state, tally, &events, &match);
		}
		CHECK_FOR_INTERRUPTS();
	}
	result = funnel_tally_flatten(tally);
	MemoryContextDelete(scratch);
	PG_RETURN_POINTER(result);
}
