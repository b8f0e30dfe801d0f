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

#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/conditions.h"
#include "events/message.h"
#include "events/time.h"

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

/* What one call site of the transition and combine functions keeps. */
typedef struct CallSite
{
	MemoryContext context;
	FunnelEventCodes codes;
	FunnelPayloadPool pool;
	FunnelConditions conditions;
	FunnelTimeType time_type;
} CallSite;

/*
 * Of the events, steps is the mask of the conditions met, breaks is 1 if the
 * row may be the base, and the items are the codes of the nodes.
 */
typedef struct NextNodeState
{
	CallSite   *site;			/* whose codes the events are in */
	FunnelPayloads nodes;
	uint8		direction;
	uint8		base;
	uint8		nconditions;
	FunnelEventList events;
} NextNodeState;

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

static void
check_question(int direction, int base, int nconditions)
{
	if ((direction == FORWARD && base == TAIL) ||
		(direction == BACKWARD && base == HEAD))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("base \"%s\" of sequence_next_node cannot be combined with direction \"%s\"",
						base_names[base], direction_names[direction])));
	if (nconditions == 0 && (base == FIRST_MATCH || base == LAST_MATCH))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("base \"%s\" of sequence_next_node needs at least one step",
						base_names[base])));
}

/*
 * The state, created if there is none, of the group that is asked this
 * question.
 */
static NextNodeState *
get_state(FunctionCallInfo fcinfo, MemoryContext context, CallSite *site,
		  int direction, int base, int nconditions)
{
	NextNodeState *state;

	if (PG_ARGISNULL(0))
	{
		check_question(direction, base, nconditions);
		state = MemoryContextAllocZero(context, sizeof(NextNodeState));
		state->site = site;
		state->nodes.pool = &site->pool;
		state->direction = direction;
		state->base = base;
		state->nconditions = nconditions;
		funnel_event_list_init(&state->events, true);
		return state;
	}
	state = (NextNodeState *) PG_GETARG_POINTER(0);
	if (state->nconditions != nconditions)
		funnel_conditions_differ(state->nconditions, nconditions);
	if (state->direction != direction || state->base != base)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of sequence_next_node must be the same for all rows of a group",
						state->direction != direction ? "direction" : "base"),
				 errhint("Add it to GROUP BY.")));
	return state;
}

static CallSite *
create_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));

	site->context = site->pool.context = fcinfo->flinfo->fn_mcxt;
	fcinfo->flinfo->fn_extra = site;
	return site;
}

PG_FUNCTION_INFO_V1(funnel_next_node_transfn);

/*
 * sequence_next_node_transfn(internal, direction text, base text,
 * ts timestamptz | timestamp | date | bigint, node text,
 * base_condition boolean [, VARIADIC "any"]) returns internal
 */
Datum
funnel_next_node_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = fcinfo->flinfo->fn_extra;
	NextNodeState *state;
	int			direction;
	int			base;
	FunnelLabelMatch labels = {0, 0};
	text	   *node;
	int64		ts;

	if (site == NULL)
	{
		site = create_site(fcinfo);
		site->time_type = funnel_time_type(fcinfo->flinfo, 3);
		if (PG_NARGS() > 6)
			funnel_conditions_init(&site->conditions, fcinfo, 6);
	}
	direction = read_name(fcinfo, 1, "direction", direction_names,
						  lengthof(direction_names),
						  "Directions are forward and backward.");
	base = read_name(fcinfo, 2, "base", base_names, lengthof(base_names),
					 "Bases are head, tail, first_match and last_match.");
	labels.steps = funnel_conditions_read(&site->conditions, fcinfo);
	state = get_state(fcinfo, context, site, direction, base, site->conditions.count);

	if (!PG_ARGISNULL(3) && !PG_ARGISNULL(4))
	{
		ts = funnel_time_of(PG_GETARG_DATUM(3), site->time_type);
		node = PG_GETARG_TEXT_PP(4);
		labels.breaks = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5);
		funnel_event_list_add(&state->events, context, &state->site->codes,
							  state->site->context, ts, labels,
							  funnel_payload_code(&state->nodes, context, VARDATA_ANY(node),
												  VARSIZE_ANY_EXHDR(node)));
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_next_node_serialize);

/*
 * sequence_next_node_serialize(internal) returns bytea, for another process of
 * the same server
 */
Datum
funnel_next_node_serialize(PG_FUNCTION_ARGS)
{
	const NextNodeState *state = (const NextNodeState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	funnel_message_begin(&buf);
	pq_sendbyte(&buf, state->direction);
	pq_sendbyte(&buf, state->base);
	pq_sendbyte(&buf, state->nconditions);
	PG_RETURN_BYTEA_P(funnel_message_send_events(&buf, &state->events,
												 &state->site->codes, &state->nodes));
}

PG_FUNCTION_INFO_V1(funnel_next_node_combine);

/*
 * sequence_next_node_combine(internal, internal) returns internal
 *
 * The second state is always one that was serialized, and stays as it is.
 */
Datum
funnel_next_node_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = fcinfo->flinfo->fn_extra;
	NextNodeState *state;
	StringInfoData buf;
	int			direction;
	int			base;
	int			nconditions;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (site == NULL)
		site = create_site(fcinfo);

	funnel_message_open(PG_GETARG_DATUM(1), &buf);
	direction = pq_getmsgbyte(&buf);
	base = pq_getmsgbyte(&buf);
	nconditions = pq_getmsgbyte(&buf);
	state = get_state(fcinfo, context, site, direction, base, nconditions);
	funnel_message_receive_events(&buf, &state->events, &state->nodes, context,
								  &state->site->codes, state->site->context);
	PG_RETURN_POINTER(state);
}

static inline bool
may_be_base(const FunnelRow *row)
{
	return row->breaks != 0;
}

/* The row that the chain starts from; false if there is none. */
static bool
find_base(const NextNodeState *state, const FunnelEvents *events, size_t *base)
{
	size_t		nrows = events->nrows;

	switch ((Base) state->base)
	{
		case HEAD:
			*base = 0;
			return nrows > 0 && may_be_base(&events->rows[0]);
		case TAIL:
			*base = nrows - 1;
			return nrows > 0 && may_be_base(&events->rows[nrows - 1]);
		case FIRST_MATCH:
			for (*base = 0; *base < nrows; ++*base)
			{
				if (may_be_base(&events->rows[*base]) && (events->rows[*base].steps & 1))
					return true;
			}
			return false;
		case LAST_MATCH:
			for (*base = nrows; (*base)-- > 0;)
			{
				if (may_be_base(&events->rows[*base]) && (events->rows[*base].steps & 1))
					return true;
			}
			return false;
	}
	return false;
}

/* The row that follows the chain; false if there is none. */
static bool
find_next(const NextNodeState *state, const FunnelEvents *events, size_t *next)
{
	size_t		base;

	if (!find_base(state, events, &base))
		return false;
	if (state->direction == FORWARD ?
		events->nrows - base <= state->nconditions : base < state->nconditions)
		return false;
	for (int i = 0; i < state->nconditions; i++)
	{
		size_t		row = state->direction == FORWARD ? base + i : base - i;

		if ((events->rows[row].steps & (UINT64CONST(1) << i)) == 0)
			return false;
	}
	*next = state->direction == FORWARD ? base + state->nconditions :
		base - state->nconditions;
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
	FunnelEvents *events = fcinfo->flinfo->fn_extra;
	const NextNodeState *state;
	text	   *result = NULL;
	size_t		next;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const NextNodeState *) PG_GETARG_POINTER(0);
	if (events == NULL)
	{
		events = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(FunnelEvents));
		funnel_events_init(events, fcinfo->flinfo->fn_mcxt, true);
		events->compare_items = funnel_payload_compare;
		fcinfo->flinfo->fn_extra = events;
	}
	funnel_event_list_read(&state->events, &state->site->codes, events);

	/* of one time by node, bytewise, as ClickHouse; then by what they meet */
	events->compare_arg = &state->nodes;
	funnel_events_sort(events);
	if (find_next(state, events, &next))
	{
		uint32		len;
		const char *node = funnel_payload_text(&state->nodes, events->items[next], &len);

		result = cstring_to_text_with_len(node, len);
	}
	funnel_events_trim(events);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(result);
}
