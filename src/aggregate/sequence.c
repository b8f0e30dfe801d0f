/*-------------------------------------------------------------------------
 *
 * aggregate/sequence.c
 *	  sequence_match, sequence_count and sequence_match_events: patterns over
 *	  the rows of one unit.
 *
 * One state serves the three: the rows that meet a condition.  The final
 * functions sort them by time, those of one time by the conditions they meet,
 * and let the pattern loose.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/conditions.h"
#include "events/message.h"
#include "events/time.h"
#include "match/pattern.h"

/* A pattern made ready to run, once per call site. */
typedef struct CompiledPattern
{
	struct CompiledPattern *next;
	FunnelPattern pattern;
	int			nconditions;	/* of the call */
	uint64		unit;			/* of a second */
	text	   *text;
} CompiledPattern;

/* What one call site of the transition and combine functions keeps. */
typedef struct CallSite
{
	MemoryContext context;
	FunnelEventCodes codes;
	FunnelConditions conditions;
	FunnelTimeType time_type;
	CompiledPattern *patterns;	/* the last one used first */
} CallSite;

/* There may be millions of these. */
typedef struct SequenceState
{
	CallSite   *site;			/* whose codes the events are in */
	const CompiledPattern *pattern;
	FunnelEventList events;
} SequenceState;

static CallSite *
create_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));

	site->context = fcinfo->flinfo->fn_mcxt;
	return site;
}

static pg_noinline CallSite *
create_transition_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = create_site(fcinfo);

	site->time_type = funnel_time_type(fcinfo->flinfo, 2);
	funnel_conditions_init(&site->conditions, fcinfo, 3);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

/* The pattern's look at the interrupt flag; it holds nothing that would leak. */
static void
check_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

static void
pattern_error(const FunnelPatternParse *parse, const char *string, int len,
			  int nconditions)
{
	const char *at = string + parse->position;
	int			rest = len - parse->position;
	int			position = pg_mbstrlen_with_len(string, parse->position) + 1;

	switch (parse->error)
	{
		case FUNNEL_PATTERN_OK:
			break;
		case FUNNEL_PATTERN_SYNTAX:
			if (rest == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("invalid sequence pattern at character %d", position),
						 errdetail("Expected %s, but the pattern ends.",
								   parse->expected)));
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid sequence pattern at character %d", position),
					 errdetail("Expected %s, found \"%.*s\".", parse->expected,
							   pg_mbcliplen(at, rest, 20), at)));
			break;
		case FUNNEL_PATTERN_NO_CONDITION:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid sequence pattern at character %d", position),
					 errdetail_plural("Conditions are numbered from 1, and there is %d.",
									  "Conditions are numbered from 1, and there are %d.",
									  nconditions, nconditions)));
			break;
		case FUNNEL_PATTERN_TIME_AFTER_TIME:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid sequence pattern at character %d", position),
					 errdetail("(?t) must follow a condition, \".\" or \".*\".")));
			break;
		case FUNNEL_PATTERN_TOO_FINE:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid sequence pattern at character %d", position),
					 errdetail("The number has more decimals than the times.")));
			break;
		case FUNNEL_PATTERN_TOO_LARGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("invalid sequence pattern at character %d", position),
					 errdetail("The number is too large.")));
			break;
		case FUNNEL_PATTERN_TOO_LONG:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("sequence pattern is too long"),
					 errdetail("It can have at most %d items.",
							   FUNNEL_PATTERN_MAX_ITEMS - 1)));
			break;
	}
}

static CompiledPattern *
compile_pattern(CallSite *site, const char *string, int len, int nconditions,
				uint64 unit)
{
	FunnelPatternParse *parse = palloc(sizeof(FunnelPatternParse));
	CompiledPattern *compiled;
	FunnelPatternItem *items;

	funnel_pattern_parse(parse, string, len, nconditions, unit);
	pattern_error(parse, string, len, nconditions);

	compiled = MemoryContextAlloc(site->context, sizeof(CompiledPattern));
	items = MemoryContextAlloc(site->context, sizeof(FunnelPatternItem) * parse->nitems);
	memcpy(items, parse->items, sizeof(FunnelPatternItem) * parse->nitems);
	funnel_pattern_init(&compiled->pattern, items, parse->nitems);
	compiled->pattern.poll = check_for_interrupts;
	compiled->nconditions = nconditions;
	compiled->unit = unit;
	compiled->text = MemoryContextAlloc(site->context, VARHDRSZ + len);
	SET_VARSIZE(compiled->text, VARHDRSZ + len);
	memcpy(VARDATA(compiled->text), string, len);
	pfree(parse);
	return compiled;
}

static inline bool
is_same_pattern(const CompiledPattern *compiled, const char *string, int len,
				int nconditions, uint64 unit)
{
	return VARSIZE(compiled->text) - VARHDRSZ == (Size) len &&
		compiled->nconditions == nconditions && compiled->unit == unit &&
		memcmp(VARDATA(compiled->text), string, len) == 0;
}

/* The pattern, compiled if it is new to this call site. */
static const CompiledPattern *
get_pattern(CallSite *site, const char *string, int len, int nconditions, uint64 unit)
{
	CompiledPattern **link = &site->patterns;
	CompiledPattern *compiled;

	while (*link != NULL &&
		   !is_same_pattern(*link, string, len, nconditions, unit))
		link = &(*link)->next;
	compiled = *link;
	if (compiled != NULL)
		*link = compiled->next;
	else
		compiled = compile_pattern(site, string, len, nconditions, unit);
	compiled->next = site->patterns;
	site->patterns = compiled;
	return compiled;
}

/*
 * The state, created if there is none, of the group that is asked for this
 * pattern.
 */
static inline SequenceState *
get_state(FunctionCallInfo fcinfo, MemoryContext context, CallSite *site,
		  const char *string, int len, int nconditions, uint64 unit)
{
	SequenceState *state;

	if (PG_ARGISNULL(0))
	{
		const CompiledPattern *pattern = get_pattern(site, string, len, nconditions, unit);

		state = MemoryContextAlloc(context, sizeof(SequenceState));
		state->site = site;
		state->pattern = pattern;
		funnel_event_list_init(&state->events, false);
		return state;
	}
	state = (SequenceState *) PG_GETARG_POINTER(0);
	if (unlikely(!is_same_pattern(state->pattern, string, len, nconditions, unit)))
	{
		if (state->pattern->nconditions != nconditions)
			funnel_conditions_differ(state->pattern->nconditions, nconditions);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sequence pattern must be the same for all rows of a group"),
				 errhint("Add it to GROUP BY.")));
	}
	return state;
}

PG_FUNCTION_INFO_V1(funnel_sequence_transfn);

/*
 * sequence_transfn(internal, pattern text,
 * ts timestamptz | timestamp | date | bigint, VARIADIC "any") returns internal
 */
Datum
funnel_sequence_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = fcinfo->flinfo->fn_extra;
	SequenceState *state;
	text	   *pattern;
	FunnelLabelMatch met = {0, 0};

	if (unlikely(site == NULL))
		site = create_transition_site(fcinfo);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("sequence pattern must not be null")));
	pattern = PG_GETARG_TEXT_PP(1);
	met.steps = funnel_conditions_read(&site->conditions, fcinfo);
	state = get_state(fcinfo, context, site,
					  VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern),
					  site->conditions.count,
					  site->time_type == FUNNEL_TIME_NUMBER ? 1 : USECS_PER_SEC);

	if (!PG_ARGISNULL(2))
	{
		int64		ts = funnel_time_of(PG_GETARG_DATUM(2), site->time_type);

		if (met.steps != 0)
			funnel_event_list_add(&state->events, context,
								  &state->site->codes, state->site->context, ts, met, 0);
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_sequence_serialize);

/*
 * sequence_serialize(internal) returns bytea, for another process of the same
 * server
 */
Datum
funnel_sequence_serialize(PG_FUNCTION_ARGS)
{
	const SequenceState *state = (const SequenceState *) PG_GETARG_POINTER(0);
	const CompiledPattern *pattern = state->pattern;
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	funnel_message_begin(&buf);
	pq_sendbyte(&buf, pattern->nconditions);
	pq_sendint64(&buf, pattern->unit);
	pq_sendint32(&buf, VARSIZE(pattern->text) - VARHDRSZ);
	pq_sendbytes(&buf, VARDATA(pattern->text), VARSIZE(pattern->text) - VARHDRSZ);
	PG_RETURN_BYTEA_P(funnel_message_send_events(&buf, &state->events,
												 &state->site->codes, NULL));
}

PG_FUNCTION_INFO_V1(funnel_sequence_combine);

/*
 * sequence_combine(internal, internal) returns internal
 *
 * The second state is always one that was serialized, and stays as it is.
 */
Datum
funnel_sequence_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = fcinfo->flinfo->fn_extra;
	SequenceState *state;
	StringInfoData buf;
	int			nconditions;
	uint64		unit;
	const char *string;
	int			len;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (site == NULL)
		fcinfo->flinfo->fn_extra = site = create_site(fcinfo);

	funnel_message_open(PG_GETARG_DATUM(1), &buf);
	nconditions = pq_getmsgbyte(&buf);
	unit = pq_getmsgint64(&buf);
	len = pq_getmsgint(&buf, 4);
	string = pq_getmsgbytes(&buf, len);
	state = get_state(fcinfo, context, site, string, len, nconditions, unit);
	funnel_message_receive_events(&buf, &state->events, NULL, context,
								  &state->site->codes, state->site->context);
	PG_RETURN_POINTER(state);
}

/*
 * The sorted rows of a state in a buffer of the final function's call site,
 * with room for the pattern in the buffer's scratch.
 */
static FunnelEvents *
sorted_events(FunctionCallInfo fcinfo, const SequenceState *state)
{
	FunnelEvents *events = fcinfo->flinfo->fn_extra;

	if (events == NULL)
	{
		events = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(FunnelEvents));
		funnel_events_init(events, fcinfo->flinfo->fn_mcxt, false);
		fcinfo->flinfo->fn_extra = events;
	}
	funnel_event_list_read(&state->events, &state->site->codes, events);
	funnel_events_sort(events);
	(void) funnel_events_reserve_scratch(events,
										 funnel_pattern_scratch_size(&state->pattern->pattern,
															  events->nrows));
	return events;
}

PG_FUNCTION_INFO_V1(funnel_sequence_match_final);

/*
 * sequence_match_final(internal) returns boolean
 *
 * This and the other final functions read the state only, so that they can be
 * called again, or more rows be added.
 */
Datum
funnel_sequence_match_final(PG_FUNCTION_ARGS)
{
	const SequenceState *state;
	FunnelEvents *events;
	bool		matches;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	state = (const SequenceState *) PG_GETARG_POINTER(0);
	events = sorted_events(fcinfo, state);
	matches = funnel_pattern_matches(&state->pattern->pattern,
									 events->rows, events->nrows, events->scratch);
	funnel_events_trim(events);
	PG_RETURN_BOOL(matches);
}

PG_FUNCTION_INFO_V1(funnel_sequence_count_final);

/*
 * sequence_count_final(internal) returns int
 */
Datum
funnel_sequence_count_final(PG_FUNCTION_ARGS)
{
	const SequenceState *state;
	FunnelEvents *events;
	size_t		count;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	state = (const SequenceState *) PG_GETARG_POINTER(0);
	events = sorted_events(fcinfo, state);
	count = funnel_pattern_count(&state->pattern->pattern,
								 events->rows, events->nrows, events->scratch);
	funnel_events_trim(events);
	if (count > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("integer out of range")));
	PG_RETURN_INT32((int32) count);
}

static Datum
match_events(FunctionCallInfo fcinfo, Oid type)
{
	const SequenceState *state;
	FunnelEvents *events;
	size_t	   *rows;
	Datum	   *times;
	int			nrows;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(type));
	state = (const SequenceState *) PG_GETARG_POINTER(0);
	events = sorted_events(fcinfo, state);
	rows = palloc(sizeof(size_t) * (state->pattern->pattern.nconditions + 1));
	nrows = funnel_pattern_find(&state->pattern->pattern,
								events->rows, events->nrows, events->scratch, rows);
	times = palloc(sizeof(Datum) * (nrows + 1));
	for (int i = 0; i < nrows; i++)
		times[i] = Int64GetDatum(events->rows[rows[i]].ts);
	funnel_events_trim(events);
	PG_RETURN_ARRAYTYPE_P(construct_array(times, nrows, type, sizeof(int64),
										  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

PG_FUNCTION_INFO_V1(funnel_sequence_match_events_final);

/*
 * sequence_match_events_final(internal) returns timestamptz[]
 */
Datum
funnel_sequence_match_events_final(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, TIMESTAMPTZOID);
}

PG_FUNCTION_INFO_V1(funnel_sequence_match_events_bigint_final);

/*
 * sequence_match_events_bigint_final(internal) returns bigint[]
 */
Datum
funnel_sequence_match_events_bigint_final(PG_FUNCTION_ARGS)
{
	return match_events(fcinfo, INT8OID);
}
