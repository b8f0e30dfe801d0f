/*-------------------------------------------------------------------------
 *
 * aggregate/next_node.c
 *	  sequence_next_node: what came after, or before, a chain of rows.
 *
 * Which row is next is only known at the end, so every row is kept, with its
 * node as text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "aggregate/unit_state.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "match/conditions.h"

typedef enum Direction
{
	FORWARD,
	BACKWARD
} Direction;

typedef enum Base
{
	HEAD,
	TAIL,
	FIRST_MATCH,
	LAST_MATCH
} Base;

static const char *const direction_names[] = {"forward", "backward"};
static const char *const base_names[] = {"head", "tail", "first_match", "last_match"};

/* The question, which is its own key: no byte of it is left unset. */
typedef struct NextNodeQuestion
{
	uint32		nconditions;
	uint16		direction;
	uint16		base;
} NextNodeQuestion;

/* The position of argument ARGNO in a list of names. */
static int
read_name(FunctionCallInfo fcinfo, int argno, const char *what,
		  const char *const *names, int nnames, const char *hint)
{
	text	   *value;
	int			len;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of sequence_next_node must not be null", what)));
	value = PG_GETARG_TEXT_PP(argno);
	len = VARSIZE_ANY_EXHDR(value);
	for (int i = 0; i < nnames; i++)
	{
		if (strlen(names[i]) == (size_t) len &&
			pg_strncasecmp(names[i], VARDATA_ANY(value), len) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unrecognized %s of sequence_next_node: \"%s\"",
					what, text_to_cstring(value)),
			 errhint("%s", hint)));
}

/* A question needs no more than its key, but not every key is one. */
static const void *
check_question(const char *key, size_t size, MemoryContext context)
{
	const NextNodeQuestion *question = (const NextNodeQuestion *) key;

	(void) size;
	(void) context;
	if ((question->direction == FORWARD && question->base == TAIL) ||
		(question->direction == BACKWARD && question->base == HEAD))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("base \"%s\" of sequence_next_node cannot be combined with direction \"%s\"",
						base_names[question->base], direction_names[question->direction])));
	if (question->nconditions == 0 &&
		(question->base == FIRST_MATCH || question->base == LAST_MATCH))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("base \"%s\" of sequence_next_node needs at least one step",
						base_names[question->base])));
	return question;
}

static const char *
difference(const char *a, const char *b)
{
	return memcmp(a + offsetof(NextNodeQuestion, direction),
				  b + offsetof(NextNodeQuestion, direction), sizeof(uint16)) != 0 ?
		"direction of sequence_next_node" : "base of sequence_next_node";
}

static const FunnelUnitAggregate next_node = {check_question, difference, NULL};

PG_FUNCTION_INFO_V1(funnel_next_node_transfn);

/*
 * sequence_next_node_transfn(internal, direction text, base text,
 * ts timestamptz | timestamp | date | bigint, node text,
 * base_condition boolean [, VARIADIC "any"]) returns internal
 */
Datum
funnel_next_node_transfn(PG_FUNCTION_ARGS)
{
	FunnelUnitSite *site = funnel_unit_site(fcinfo, &next_node);
	FunnelUnitState *state;
	uint64		met;

	if (unlikely(!site->knows_arguments))
		funnel_unit_read_arguments(site, fcinfo, 3, PG_NARGS() > 6 ? 6 : 0);
	met = funnel_conditions_read(&site->conditions, fcinfo);
	state = funnel_unit_known_state(fcinfo, site);
	if (unlikely(state == NULL))
	{
		NextNodeQuestion question;

		question.direction = read_name(fcinfo, 1, "direction", direction_names,
									   lengthof(direction_names),
									   "Directions are forward and backward.");
		question.base = read_name(fcinfo, 2, "base", base_names, lengthof(base_names),
								  "Bases are head, tail, first_match and last_match.");
		question.nconditions = site->conditions.count;
		state = funnel_unit_state(fcinfo, site, true, &question, sizeof(question));
	}

	if (!PG_ARGISNULL(3) && !PG_ARGISNULL(4))
	{
		int64		ts = funnel_time_of(PG_GETARG_DATUM(3), site->time_type);
		const		text *node = PG_GETARG_TEXT_PP(4);
		bool		meets_base = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5);

		funnel_unit_add_text(fcinfo, state, ts, funnel_conditions_label(met, meets_base),
							 VARDATA_ANY(node), VARSIZE_ANY_EXHDR(node));
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_next_node_combine);

/* sequence_next_node_combine(internal, internal) returns internal */
Datum
funnel_next_node_combine(PG_FUNCTION_ARGS)
{
	return funnel_unit_combine(fcinfo, &next_node);
}

/* The row that the chain starts from; false if there is none. */
static bool
find_base(const NextNodeQuestion *question, const FunnelEvents *events, size_t *base)
{
	size_t		nrows = events->nrows;

	switch ((Base) question->base)
	{
		case HEAD:
			*base = 0;
			return nrows > 0 && funnel_row_meets_base(&events->rows[0]);
		case TAIL:
			*base = nrows - 1;
			return nrows > 0 && funnel_row_meets_base(&events->rows[nrows - 1]);
		case FIRST_MATCH:
			for (*base = 0; *base < nrows; ++*base)
			{
				funnel_poll_at(*base);
				if (funnel_row_meets_base(&events->rows[*base]) &&
					funnel_row_meets(&events->rows[*base], 1))
					return true;
			}
			return false;
		case LAST_MATCH:
			for (*base = nrows; (*base)-- > 0;)
			{
				funnel_poll_at(*base);
				if (funnel_row_meets_base(&events->rows[*base]) &&
					funnel_row_meets(&events->rows[*base], 1))
					return true;
			}
			return false;
	}
	return false;
}

/* The row that follows the chain; false if there is none. */
static bool
find_next(const NextNodeQuestion *question, const FunnelEvents *events, size_t *next)
{
	size_t		base;

	if (!find_base(question, events, &base))
		return false;
	if (question->direction == FORWARD ?
		events->nrows - base <= question->nconditions : base < question->nconditions)
		return false;
	for (uint32 i = 0; i < question->nconditions; i++)
	{
		size_t		row = question->direction == FORWARD ? base + i : base - i;

		if (!funnel_row_meets(&events->rows[row], i + 1))
			return false;
	}
	*next = question->direction == FORWARD ? base + question->nconditions :
		base - question->nconditions;
	return true;
}

PG_FUNCTION_INFO_V1(funnel_next_node_final);

/*
 * sequence_next_node_final(internal) returns text
 *
 * Reads the state only, so that it can be called again, or more rows be added.
 */
Datum
funnel_next_node_final(PG_FUNCTION_ARGS)
{
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	FunnelEvents *events;
	text	   *result = NULL;
	size_t		next;

	if (state == NULL)
		PG_RETURN_NULL();

	/* of one time by node, bytewise, as ClickHouse; then by what they meet */
	events = funnel_unit_sorted_events(fcinfo, state);
	if (find_next(state->question->prepared, events, &next))
	{
		uint32		len;
		const char *node = funnel_payload_text(state->texts, events->items[next], &len);

		result = cstring_to_text_with_len(node, len);
	}
	funnel_events_trim(events);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(result);
}
