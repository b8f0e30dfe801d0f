/*-------------------------------------------------------------------------
 *
 * aggregate/sequence.c
 *	  sequence_match, sequence_count and sequence_match_events: patterns over
 *	  the rows of one unit.
 *
 * One state serves the three: the rows that meet a condition.  The final
 * functions sort them by time, those of one time by the conditions they meet,
 * and match the pattern against them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "aggregate/unit_state.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "match/pattern.h"

/* The key of a question: this, and the pattern behind it. */
typedef struct SequenceKey
{
	uint32		nconditions;
	uint32		unit;			/* of a second */
} SequenceKey;

/* Raise the error of a pattern, if there is one. */
static void
check_pattern(const FunnelPatternParse *parse, const char *string, int len, int nconditions)
{
	const char *at = string + parse->position;
	int			rest = len - parse->position;
	const char *detail = NULL;

	switch (parse->error)
	{
		case FUNNEL_PATTERN_OK:
			return;
		case FUNNEL_PATTERN_SYNTAX:
			detail = rest == 0 ? psprintf("Expected %s, but the pattern ends.", parse->expected) :
				psprintf("Expected %s, found \"%.*s\".", parse->expected,
						 Min(pg_mbcliplen(at, rest, 20), rest), at);
			break;
		case FUNNEL_PATTERN_NO_CONDITION:
			detail = psprintf("Conditions are numbered from 1, and there %s %d.",
							  nconditions == 1 ? "is" : "are", nconditions);
			break;
		case FUNNEL_PATTERN_TIME_AFTER_TIME:
			detail = "(?t) must follow a condition, \".\" or \".*\".";
			break;
		case FUNNEL_PATTERN_TOO_FINE:
			detail = "The number has more decimals than the times.";
			break;
		case FUNNEL_PATTERN_TOO_LARGE:
			detail = "The number is too large.";
			break;
		case FUNNEL_PATTERN_TOO_LONG:
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("sequence pattern is too long"),
					 errdetail("It can have at most %d items.",
							   FUNNEL_PATTERN_MAX_ITEMS - 1)));
	}
	ereport(ERROR,
			(errcode(parse->error == FUNNEL_PATTERN_TOO_LARGE ?
					 ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE : ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid sequence pattern at character %d",
					pg_mbstrlen_with_len(string, parse->position) + 1),
			 errdetail_internal("%s", detail)));
}

static const void *
prepare_pattern(const char *key, size_t size, MemoryContext context)
{
	FunnelPatternParse *parse = palloc(sizeof(FunnelPatternParse));
	const char *string = key + sizeof(SequenceKey);
	int			len = size - sizeof(SequenceKey);
	SequenceKey head;
	FunnelPattern *pattern;
	FunnelPatternItem *items;

	memcpy(&head, key, sizeof(head));
	funnel_pattern_parse(parse, string, len, head.nconditions, head.unit);
	check_pattern(parse, string, len, head.nconditions);

	pattern = MemoryContextAlloc(context, sizeof(FunnelPattern));
	items = MemoryContextAlloc(context, sizeof(FunnelPatternItem) * parse->nitems);
	memcpy(items, parse->items, sizeof(FunnelPatternItem) * parse->nitems);
	funnel_pattern_init(pattern, items, parse->nitems);
	pattern->poll = funnel_poll;
	pfree(parse);
	return pattern;
}

static const char *
difference(const char *a, const char *b)
{
	(void) a;
	(void) b;
	return "sequence pattern";
}

static const FunnelUnitAggregate sequence = {prepare_pattern, difference, NULL};

/*
 * The key of the row's question, in a place that the call site keeps: it is
 * that of the last row if the pattern is.
 */
typedef struct LastKey
{
	size_t		room;
	char		key[FLEXIBLE_ARRAY_MEMBER];
} LastKey;

static inline const char *
question_key(FunnelUnitSite *site, const text * pattern, size_t *size)
{
	LastKey    *last = site->own;
	SequenceKey head;

	head.nconditions = site->conditions.count;
	head.unit = site->time_type == FUNNEL_TIME_NUMBER ? 1 : USECS_PER_SEC;
	*size = sizeof(head) + VARSIZE_ANY_EXHDR(pattern);
	if (last == NULL || last->room < *size)
	{
		if (last != NULL)
			pfree(last);
		site->own = last = MemoryContextAlloc(site->context, offsetof(LastKey, key) + *size);
		last->room = *size;
	}
	memcpy(last->key, &head, sizeof(head));
	memcpy(last->key + sizeof(head), VARDATA_ANY(pattern), *size - sizeof(head));
	return last->key;
}

PG_FUNCTION_INFO_V1(funnel_sequence_transfn);

/*
 * sequence_transfn(internal, pattern text,
 * ts timestamptz | timestamp | date | bigint, VARIADIC "any") returns internal
 */
Datum
funnel_sequence_transfn(PG_FUNCTION_ARGS)
{
	FunnelUnitSite *site = funnel_unit_site(fcinfo, &sequence);
	FunnelUnitState *state;
	uint64		met;

	if (unlikely(!site->knows_arguments))
		funnel_unit_read_arguments(site, fcinfo, 2, 3);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("sequence pattern must not be null")));
	met = funnel_conditions_read(&site->conditions, fcinfo);
	state = funnel_unit_known_state(fcinfo, site);
	if (unlikely(state == NULL))
	{
		size_t		size;
		const char *key = question_key(site, PG_GETARG_TEXT_PP(1), &size);

		state = funnel_unit_state(fcinfo, site, false, key, size);
	}

	if (!PG_ARGISNULL(2))
	{
		int64		ts = funnel_time_of(PG_GETARG_DATUM(2), site->time_type);

		if (met != 0)
			funnel_unit_add(fcinfo, site, state, ts, funnel_conditions_label(met, false), true);
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_sequence_combine);

/* sequence_combine(internal, internal) returns internal */
Datum
funnel_sequence_combine(PG_FUNCTION_ARGS)
{
	return funnel_unit_combine(fcinfo, &sequence);
}

/*
 * The sorted rows of a state, with room for the pattern in their scratch.
 */
static FunnelEvents *
sorted_events(FunctionCallInfo fcinfo, const FunnelUnitState *state)
{
	FunnelEvents *events = funnel_unit_sorted_events(fcinfo, state);

	(void) funnel_events_reserve_scratch(events,
										 funnel_pattern_scratch_size(state->question->prepared,
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
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	FunnelEvents *events;
	bool		matches;

	if (state == NULL)
		PG_RETURN_BOOL(false);
	events = sorted_events(fcinfo, state);
	matches = funnel_pattern_matches(state->question->prepared,
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
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	FunnelEvents *events;
	size_t		count;

	if (state == NULL)
		PG_RETURN_INT32(0);
	events = sorted_events(fcinfo, state);
	count = funnel_pattern_count(state->question->prepared,
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
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	const FunnelPattern *pattern;
	FunnelEvents *events;
	size_t	   *rows;
	Datum	   *times;
	int			nrows;

	if (state == NULL)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(type));
	events = sorted_events(fcinfo, state);
	pattern = state->question->prepared;
	rows = palloc(sizeof(size_t) * (pattern->nconditions + 1));
	nrows = funnel_pattern_find(pattern,
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
