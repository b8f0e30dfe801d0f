/*-------------------------------------------------------------------------
 *
 * next_node.c
 *	  sequence_next_node: what came after, or before, a chain of rows.
 *
 * Which row is next is only known at the end, so every row is kept, with its
 * node as text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "conditions.h"
#include "eventlist.h"
#include "eventtime.h"

/* The first byte of a serialized state. */
#define STATE_VERSION		1

#define FIRST_CAPACITY		64

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

typedef struct CallSite
{
	FunnelConditions conditions;
	FunnelTimeType time_type;
} CallSite;

/*
 * The events are all wide: steps is the mask of the conditions met, and breaks
 * is where the node is in the nodes, times two, plus one if the row may be the
 * base.
 */
typedef struct NextNodeState
{
	FunnelEventList events;
	char	   *nodes;			/* for each its length and its bytes */
	size_t		used;
	size_t		capacity;
	uint8		direction;
	uint8		base;
	uint8		nconditions;
} NextNodeState;

/* Of a state that came from another process: what is still to be read. */
typedef struct NextNodeMessage
{
	StringInfoData buf;
} NextNodeMessage;

typedef struct NodeText
{
	uint32		len;
	const char *bytes;
} NodeText;

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "sequence_next_node called in non-aggregate context");
	return context;
}

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
get_state(FunctionCallInfo fcinfo, MemoryContext context,
		  int direction, int base, int nconditions)
{
	NextNodeState *state;

	if (PG_ARGISNULL(0))
	{
		check_question(direction, base, nconditions);
		state = MemoryContextAllocZero(context, sizeof(NextNodeState));
		state->events.wide = true;
		state->direction = direction;
		state->base = base;
		state->nconditions = nconditions;
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

static void
add_row(NextNodeState *state, MemoryContext context, int64 ts, uint64 met,
		bool may_be_base, const char *bytes, uint32 len)
{
	size_t		size = sizeof(len) + len;
	FunnelLabelMatch labels = {met, (uint64) state->used << 1 | may_be_base};

	if (state->capacity - state->used < size)
	{
		size_t		capacity = Max(state->capacity, FIRST_CAPACITY);

		while (capacity - state->used < size)
			capacity *= 2;
		if (!AllocHugeSizeIsValid(capacity))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events of one unit")));
		if (state->nodes == NULL)
			state->nodes = MemoryContextAllocHuge(context, capacity);
		else
			state->nodes = repalloc_huge(state->nodes, capacity);
		state->capacity = capacity;
	}
	memcpy(state->nodes + state->used, &len, sizeof(len));
	memcpy(state->nodes + state->used + sizeof(len), bytes, len);
	state->used += size;

	/* a wide list needs no codes */
	funnel_event_list_add(&state->events, context, NULL, NULL, ts, labels);
}

static inline bool
may_be_base(const FunnelRow *row)
{
	return (row->breaks & 1) != 0;
}

static inline NodeText
node_of(const NextNodeState *state, const FunnelRow *row)
{
	const char *at = state->nodes + (row->breaks >> 1);
	NodeText		node;

	memcpy(&node.len, at, sizeof(node.len));
	node.bytes = at + sizeof(node.len);
	return node;
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
	MemoryContext context = aggregate_context(fcinfo);
	CallSite   *site = fcinfo->flinfo->fn_extra;
	NextNodeState *state;
	int			direction;
	int			base;
	uint64		met;
	text	   *node;
	int64		ts;

	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		site->time_type = funnel_time_type(fcinfo->flinfo, 3);
		if (PG_NARGS() > 6)
			funnel_conditions_init(&site->conditions, fcinfo, 6);
		fcinfo->flinfo->fn_extra = site;
	}
	direction = read_name(fcinfo, 1, "direction", direction_names,
						  lengthof(direction_names),
						  "Directions are forward and backward.");
	base = read_name(fcinfo, 2, "base", base_names, lengthof(base_names),
					 "Bases are head, tail, first_match and last_match.");
	met = funnel_conditions_read(&site->conditions, fcinfo);
	state = get_state(fcinfo, context, direction, base, site->conditions.count);

	if (!PG_ARGISNULL(3) && !PG_ARGISNULL(4))
	{
		ts = funnel_time_of(PG_GETARG_DATUM(3), site->time_type);
		node = PG_GETARG_TEXT_PP(4);
		add_row(state, context, ts, met, !PG_ARGISNULL(5) && PG_GETARG_BOOL(5),
				VARDATA_ANY(node), VARSIZE_ANY_EXHDR(node));
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

	(void) aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	pq_sendbyte(&buf, STATE_VERSION);
	pq_sendbyte(&buf, state->direction);
	pq_sendbyte(&buf, state->base);
	pq_sendbyte(&buf, state->nconditions);
	pq_sendint32(&buf, state->events.nevents);
	for (uint32 i = 0; i < state->events.nevents; i++)
	{
		FunnelRow	row = funnel_event_list_row(&state->events, NULL, i);
		NodeText		node = node_of(state, &row);

		pq_sendint64(&buf, row.ts);
		pq_sendint64(&buf, row.steps);
		pq_sendbyte(&buf, may_be_base(&row));
		pq_sendint32(&buf, node.len);
		pq_sendbytes(&buf, node.bytes, node.len);
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(funnel_next_node_deserialize);

/*
 * sequence_next_node_deserialize(bytea, internal) returns internal
 *
 * Only wraps the message: the combine function, which is called before it goes
 * away, reads it straight into the other state.
 */
Datum
funnel_next_node_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	NextNodeMessage *message = palloc(sizeof(NextNodeMessage));

	(void) aggregate_context(fcinfo);
	initReadOnlyStringInfo(&message->buf, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_POINTER(message);
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
	MemoryContext context = aggregate_context(fcinfo);
	NextNodeState *state;
	StringInfoData buf;
	int			direction;
	int			base;
	int			nconditions;
	uint32		nevents;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	buf = ((NextNodeMessage *) PG_GETARG_POINTER(1))->buf;
	if (pq_getmsgbyte(&buf) != STATE_VERSION)
		elog(ERROR, "unexpected version of a sequence_next_node state");
	direction = pq_getmsgbyte(&buf);
	base = pq_getmsgbyte(&buf);
	nconditions = pq_getmsgbyte(&buf);
	state = get_state(fcinfo, context, direction, base, nconditions);
	nevents = pq_getmsgint(&buf, 4);
	for (uint32 i = 0; i < nevents; i++)
	{
		int64		ts = pq_getmsgint64(&buf);
		uint64		met = pq_getmsgint64(&buf);
		bool		may_be = pq_getmsgbyte(&buf) != 0;
		uint32		len = pq_getmsgint(&buf, 4);

		add_row(state, context, ts, met, may_be, pq_getmsgbytes(&buf, len), len);
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

/*
 * Rows of one time by node, bytewise, as ClickHouse has it; where that leaves a
 * tie, so that the order in which they came does not matter, by what they meet.
 */
static int
compare_tied_rows(const void *a, const void *b, void *arg)
{
	const FunnelRow *row_a = a;
	const FunnelRow *row_b = b;
	NodeText		node_a = node_of(arg, row_a);
	NodeText		node_b = node_of(arg, row_b);
	int			cmp = memcmp(node_a.bytes, node_b.bytes, Min(node_a.len, node_b.len));

	if (cmp != 0)
		return cmp;
	if (node_a.len != node_b.len)
		return node_a.len < node_b.len ? -1 : 1;
	if (may_be_base(row_a) != may_be_base(row_b))
		return may_be_base(row_b) ? -1 : 1;
	if (row_a->steps != row_b->steps)
		return row_a->steps < row_b->steps ? -1 : 1;
	return 0;
}

static void
sort_rows(const NextNodeState *state, FunnelEvents *events)
{
	size_t		end;

	funnel_events_sort(events);
	for (size_t i = 0; i < events->nrows; i = end)
	{
		for (end = i + 1; end < events->nrows; end++)
		{
			if (events->rows[end].ts != events->rows[i].ts)
				break;
		}
		if (end - i > 1)
			qsort_arg(events->rows + i, end - i, sizeof(FunnelRow),
					  compare_tied_rows, unconstify(NextNodeState *, state));
		CHECK_FOR_INTERRUPTS();
	}
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

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const NextNodeState *) PG_GETARG_POINTER(0);
	if (events == NULL)
	{
		events = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(FunnelEvents));
		funnel_events_init(events, fcinfo->flinfo->fn_mcxt);
		fcinfo->flinfo->fn_extra = events;
	}
	funnel_event_list_read(&state->events, NULL, events);
	sort_rows(state, events);
	if (find_next(state, events, &next))
	{
		NodeText		node = node_of(state, &events->rows[next]);

		result = cstring_to_text_with_len(node.bytes, node.len);
	}
	funnel_events_trim(events);
	if (result == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(result);
}
