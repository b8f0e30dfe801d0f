/*-------------------------------------------------------------------------
 *
 * aggregate/progress_agg.c
 *	  funnel_progress_agg and funnel_attempts_agg: one unit's progress, or that
 *	  of each of its attempts, from its events.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "aggregate/progress.h"
#include "aggregate/unit_state.h"
#include "base/callsite.h"
#include "base/compat.h"
#include "events/arguments.h"
#include "language/program.h"

/* Is this the form with a payload? */
#define HAS_PAYLOAD(fcinfo)	((fcinfo)->nargs == 5)

/*
 * The key of a question is the definition's text, and what is prepared its
 * program.
 */
static const void *
prepare_program(const char *key, size_t size, MemoryContext context, bool by_stage)
{
	return funnel_program_compile(cstring_to_text_with_len(key, size), by_stage, context);
}

static const void *
prepare_by_label(const char *key, size_t size, MemoryContext context)
{
	return prepare_program(key, size, context, false);
}

static const void *
prepare_by_stage(const char *key, size_t size, MemoryContext context)
{
	return prepare_program(key, size, context, true);
}

static void
programs_differ(const FunnelQuestion *question, const char *other, size_t size)
{
	funnel_definitions_differ(question->prepared, cstring_to_text_with_len(other, size));
}

static const FunnelUnitAggregate progress_by_label = {prepare_by_label, NULL, programs_differ};
static const FunnelUnitAggregate progress_by_stage = {prepare_by_stage, NULL, programs_differ};

/* One value cannot say what became of several attempts. */
static void
refuse_every_attempt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("under \"every attempt\" a unit has a funnel_progress for each attempt"),
			 errhint("Use funnel_attempts_agg(ts, event, definition [, payload]), which gives an array of them.")));
}

/*
 * Refuse a definition at the first row rather than at the end, if it is known
 * what the aggregate will give: the transition function is the same for both.
 */
static void
check_form(FunctionCallInfo fcinfo, const FunnelProgram *program)
{
	Aggref	   *aggref;

	if (!program->rules.every_attempt)
		return;
	aggref = funnel_own_aggref(fcinfo);
	if (aggref != NULL && aggref->aggsplit == AGGSPLIT_SIMPLE &&
		!type_is_array(aggref->aggtype))
		refuse_every_attempt();
}

/*
 * The program of the row's group, and its state.  As long as the definition is
 * the same for all rows the state is not even looked at: that is a cache miss.
 */
static pg_attribute_always_inline const FunnelProgram *
program_for_row(FunctionCallInfo fcinfo, FunnelUnitSite *site, FunnelUnitState **state)
{
	const struct varlena *def;

	*state = funnel_unit_known_state(fcinfo, site);
	if (likely(*state != NULL))
		return site->only_question->prepared;

	if (!site->knows_arguments)
	{
		site->question_is_stable = funnel_argument_is_stable(fcinfo, 3);
		site->knows_arguments = true;
	}
	def = funnel_plain_varlena(PG_GETARG_DATUM(3));
	*state = funnel_unit_state(fcinfo, site, HAS_PAYLOAD(fcinfo), VARDATA_ANY(def),
							   VARSIZE_ANY_EXHDR(def));
	check_form(fcinfo, (*state)->question->prepared);
	return (*state)->question->prepared;
}

/*
 * Add a row to a state with payloads.  The payload of an event that matches no
 * step never shows.
 */
static void
add_with_payload(FunctionCallInfo fcinfo, FunnelUnitState *state, int64 ts,
				 FunnelLabelMatch labels, bool is_event)
{
	const struct varlena *payload = NULL;

	state->last_at = Max(state->last_at, ts);
	if (!is_event)
		return;
	if (!PG_ARGISNULL(4) && labels.steps != 0)
		payload = funnel_plain_varlena(PG_GETARG_DATUM(4));
	if (payload != NULL)
		funnel_unit_add_text(fcinfo, state, ts, labels, VARDATA_ANY(payload),
							 VARSIZE_ANY_EXHDR(payload));
	else
		funnel_unit_add_text(fcinfo, state, ts, labels, NULL, 0);
}

/*
 * Add one row to its group.  All forms have this in common.  Arguments: state,
 * ts, event, definition and, in the form with a payload, payload.
 */
static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, FunnelTimeReader read_time,
		FunnelLabelReader read_labels, const FunnelUnitAggregate *aggregate)
{
	FunnelUnitSite *site;
	FunnelUnitState *state;
	const FunnelProgram *program;
	FunnelLabelMatch labels = {0, 0};
	bool		is_event;
	int64		ts;

	if (unlikely(PG_ARGISNULL(3)))
		funnel_definition_is_null();
	/* a row without a time is no event */
	if (unlikely(PG_ARGISNULL(1)))
		return funnel_same_state(fcinfo);

	ts = read_time(PG_GETARG_DATUM(1));
	site = funnel_unit_site(fcinfo, aggregate);
	program = program_for_row(fcinfo, site, &state);
	if (!PG_ARGISNULL(2))
		labels = read_labels(program->labels, PG_GETARG_DATUM(2));
	is_event = (labels.steps | labels.breaks) != 0 || program->keeps_all;
	if (HAS_PAYLOAD(fcinfo))
		add_with_payload(fcinfo, state, ts, labels, is_event);
	else
		funnel_unit_add(fcinfo, site, state, ts, labels, is_event);
	PG_RETURN_POINTER(state);
}

/* A transition function for one form of the rows. */
#define TRANSITION_FUNCTION(name, read_time, read_labels, aggregate) \
	PG_FUNCTION_INFO_V1(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return add_row(fcinfo, read_time, read_labels, aggregate); \
	}

/*
 * funnel_progress_agg_transfn(internal, ts timestamptz | timestamp | date,
 * event text | events text[] | stage funnel_stage, definition funnel_def
 * [, payload text]) returns internal
 */
TRANSITION_FUNCTION(funnel_progress_agg_transfn, funnel_read_timestamp, funnel_read_text, &progress_by_label)
TRANSITION_FUNCTION(funnel_progress_agg_date_transfn, funnel_read_date, funnel_read_text, &progress_by_label)
TRANSITION_FUNCTION(funnel_progress_agg_array_transfn, funnel_read_timestamp, funnel_read_array, &progress_by_label)
TRANSITION_FUNCTION(funnel_progress_agg_array_date_transfn, funnel_read_date, funnel_read_array, &progress_by_label)
TRANSITION_FUNCTION(funnel_progress_agg_stage_transfn, funnel_read_timestamp, funnel_read_stage, &progress_by_stage)
TRANSITION_FUNCTION(funnel_progress_agg_stage_date_transfn, funnel_read_date, funnel_read_stage, &progress_by_stage)

PG_FUNCTION_INFO_V1(funnel_progress_agg_combine);

/* funnel_progress_agg_combine(internal, internal) returns internal */
Datum
funnel_progress_agg_combine(PG_FUNCTION_ARGS)
{
	return funnel_unit_combine(fcinfo, &progress_by_label);
}

/* The payloads of a chain's rows, an array. */
static Datum
payloads_of_match(const FunnelUnitState *state, const FunnelEvents *events,
				  const FunnelMatch *match)
{
	Datum		elements[FUNNEL_MAX_STEPS];
	bool		nulls[FUNNEL_MAX_STEPS];

	for (int k = 0; k < match->depth; k++)
	{
		const char *text = NULL;
		uint32		len = 0;

		if (match->reached & FUNNEL_STEP_BIT(k + 1))
			text = funnel_payload_text(state->texts, events->items[match->row[k]], &len);
		nulls[k] = text == NULL;
		elements[k] = text == NULL ? (Datum) 0 :
			PointerGetDatum(cstring_to_text_with_len(text, len));
	}
	return funnel_progress_array(elements, nulls, match->depth, TEXTOID);
}

/* What the final function keeps from group to group. */
typedef struct FinalSite
{
	FunnelProgressMaker maker;
	FunnelEvents events;
} FinalSite;

static FinalSite *
get_final_site(FunctionCallInfo fcinfo, bool with_payloads)
{
	FinalSite  *site = fcinfo->flinfo->fn_extra;

	if (likely(site != NULL))
		return site;

	site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FinalSite));
	funnel_progress_maker_init(&site->maker, fcinfo);
	funnel_events_init(&site->events, fcinfo->flinfo->fn_mcxt, with_payloads);
	site->events.compare_items = funnel_payload_compare;
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/* Have the events of a state in the buffer. */
static void
fill_buffer(FinalSite *site, const FunnelUnitState *state)
{
	funnel_event_list_read_words(&state->events, &state->site->codes, &site->events);
	site->events.compare_arg = state->texts;
}

/* The value of a match of the events in the buffer. */
static Datum
make_progress(const FinalSite *site, const FunnelUnitState *state, const FunnelMatch *match)
{
	Datum		payload = (Datum) 0;

	if (state->texts != NULL && match->depth > 0)
		payload = payloads_of_match(state, &site->events, match);
	return funnel_progress_make(&site->maker, state->question->prepared, match,
								state->last_at, payload);
}

PG_FUNCTION_INFO_V1(funnel_progress_agg_final);

/*
 * funnel_progress_agg_final(internal) returns funnel_progress
 *
 * Reads the state only, so that it can be called again, or more rows be added.
 */
Datum
funnel_progress_agg_final(PG_FUNCTION_ARGS)
{
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	const FunnelProgram *program;
	FinalSite  *site;
	FunnelMatch match;
	Datum		result;

	if (state == NULL)
		PG_RETURN_NULL();
	program = state->question->prepared;
	if (program->rules.every_attempt)
		refuse_every_attempt();
	site = get_final_site(fcinfo, state->texts != NULL);

	fill_buffer(site, state);
	funnel_events_match(&site->events, program, &match);
	result = make_progress(site, state, &match);
	funnel_events_trim(&site->events);
	PG_RETURN_DATUM(result);
}

PG_FUNCTION_INFO_V1(funnel_attempts_agg_final);

/*
 * funnel_attempts_agg_final(internal) returns funnel_progress[]
 *
 * The values in the order of time: of each attempt, or of the unit if the
 * definition does not count attempts.  A unit without any has one that never
 * entered, so that its last event is there to be seen.
 */
Datum
funnel_attempts_agg_final(PG_FUNCTION_ARGS)
{
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	const FunnelProgram *program;
	FinalSite  *site;
	ArrayBuildState *values;

	if (state == NULL)
		PG_RETURN_NULL();
	program = state->question->prepared;
	site = get_final_site(fcinfo, state->texts != NULL);

	fill_buffer(site, state);
	values = initArrayResult(site->maker.type, CurrentMemoryContext, false);
	if (program->rules.every_attempt)
	{
		FunnelAttempts attempts;
		const FunnelMatch *match;

		funnel_events_begin_attempts(&site->events, program, &attempts);
		while ((match = funnel_events_next_attempt(&site->events, &attempts)) != NULL)
			accumArrayResult(values, make_progress(site, state, match), false,
							 site->maker.type, CurrentMemoryContext);
	}
	else
	{
		FunnelMatch match;

		funnel_events_match(&site->events, program, &match);
		accumArrayResult(values, make_progress(site, state, &match), false,
						 site->maker.type, CurrentMemoryContext);
	}
	funnel_events_trim(&site->events);
	PG_RETURN_DATUM(funnel_progress_values(&site->maker, values, program, state->last_at));
}
