/*-------------------------------------------------------------------------
 *
 * aggregate/flow_agg.c
 *	  flow_agg: what units did, step by step, from the events of all of them.
 *
 * It says what journey_flow says of the journeys of the same events.  Rows are
 * set aside in a spool, each with the number of its label as its item.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "aggregate/keys.h"
#include "aggregate/unit_type.h"
#include "base/aggcontext.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "events/arguments.h"
#include "result/paths.h"
#include "result/flow_edge.h"
#include "spool/spool.h"

typedef struct FlowAggState
{
	FunnelFlowQuestion question;
	FunnelUnitType *unit_type;
	FunnelKeys *labels;
	FunnelSpool *spool;
} FlowAggState;

/*
 * The type of the units of a new state: TYPE and COLLATION, or what the arguments
 * say.  It lasts as long as the state, and is the call site's if that lasts longer.
 */
static FunnelUnitType *
get_unit_type(FunctionCallInfo fcinfo, Oid type, Oid collation)
{
	FunnelUnitType *unit_type;
	MemoryContext context;
	bool		lasts;

	context = funnel_site_context(fcinfo, &lasts);
	if (lasts && fcinfo->flinfo->fn_extra != NULL)
		return (FunnelUnitType *) fcinfo->flinfo->fn_extra;
	unit_type = MemoryContextAllocZero(context, sizeof(FunnelUnitType));
	if (OidIsValid(type))
		funnel_unit_type_init(unit_type, type, collation, context);
	else
		funnel_unit_argument_type(unit_type, fcinfo, context);
	if (lasts)
		fcinfo->flinfo->fn_extra = unit_type;
	return unit_type;
}

static FlowAggState *
create_state(MemoryContext context, const FunnelFlowQuestion *question,
			 FunnelUnitType *unit_type)
{
	FlowAggState *state = MemoryContextAllocZero(context, sizeof(FlowAggState));

	state->question = funnel_flow_question_copy(question, context);
	state->unit_type = unit_type;
	state->labels = funnel_keys_create(context);
	/* events have a label and match nothing */
	state->spool = funnel_spool_create(unit_type, &funnel_no_codes, true, 1, context);
	return state;
}

static void
check_labels(const FunnelKeys *labels)
{
	funnel_flow_check_memory(NULL, funnel_flow_labels_memory(labels->ngroups, labels->size));
	if ((uint32) labels->ngroups >= FUNNEL_FLOW_MAX_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many labels in a flow")));
}

/*
 * Add one row to its group.  Arguments: state, unit, ts, event, depth and what
 * else is asked.
 */
static pg_attribute_always_inline Datum
add_row(FunctionCallInfo fcinfo, FunnelTimeReader read_time)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FlowAggState *state = PG_ARGISNULL(0) ? NULL : (FlowAggState *) PG_GETARG_POINTER(0);
	FunnelFlowQuestion question;
	int64		ts;

	funnel_flow_question_read(&question, fcinfo, 4);
	if (state != NULL)
		funnel_flow_question_check(&state->question, &question);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return funnel_same_state(fcinfo);	/* no event */
	ts = read_time(PG_GETARG_DATUM(2));
	if (state == NULL)
	{
		state = create_state(context, &question,
							 get_unit_type(fcinfo, InvalidOid, InvalidOid));
		funnel_spool_expect_handover(state->spool, fcinfo);
	}
	if (!PG_ARGISNULL(3))
	{
		struct varlena *text = funnel_plain_varlena(PG_GETARG_DATUM(3));
		int			nlabels = state->labels->ngroups;
		uint64		label = funnel_keys_number(state->labels, VARDATA_ANY(text),
											   VARSIZE_ANY_EXHDR(text));

		FUNNEL_PREFETCH_EVENTS(text);
		if (unlikely(state->labels->ngroups != nlabels))
			check_labels(state->labels);
		funnel_spool_add(state->spool, PG_GETARG_DATUM(1), ts, 0, 0, &label);
	}
	PG_RETURN_POINTER(state);
}

/*
 * flow_agg_transfn(internal, unit anyelement, ts timestamptz | timestamp,
 * event text, depth int [, anchor text [, top int [, collapse boolean]]])
 * returns internal
 */
PG_FUNCTION_INFO_V1(funnel_flow_agg_transfn);
Datum
funnel_flow_agg_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_timestamp);
}

/* The same with ts date. */
PG_FUNCTION_INFO_V1(funnel_flow_agg_date_transfn);
Datum
funnel_flow_agg_date_transfn(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, funnel_read_date);
}

PG_FUNCTION_INFO_V1(funnel_flow_agg_serialize);

/*
 * The unit's type and collation, 4 bytes each; the question; the labels; the
 * events.
 */
Datum
funnel_flow_agg_serialize(PG_FUNCTION_ARGS)
{
	FlowAggState *state = (FlowAggState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->unit_type->type);
	pq_sendint32(&buf, state->unit_type->collation);
	funnel_flow_question_send(&state->question, &buf);
	funnel_keys_send(state->labels, &buf);
	funnel_spool_serialize(state->spool, &buf);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(funnel_flow_agg_combine);

/*
 * The second state is what funnel_agg_deserialize makes: bytes, read from here.
 */
Datum
funnel_flow_agg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FlowAggState *state = PG_ARGISNULL(0) ? NULL : (FlowAggState *) PG_GETARG_POINTER(0);
	FunnelFlowQuestion question;
	StringInfoData message;
	Oid			type;
	Oid			collation;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	/* a copy of the reading position: the second state stays as it is */
	message = *(StringInfo) PG_GETARG_POINTER(1);
	type = pq_getmsgint(&message, 4);
	collation = pq_getmsgint(&message, 4);
	funnel_flow_question_receive(&question, &message);
	if (state == NULL)
		state = create_state(context, &question, get_unit_type(fcinfo, type, collation));
	else
		funnel_flow_question_check(&state->question, &question);
	if (state->unit_type->type != type || state->unit_type->collation != collation)
		elog(ERROR, "flow_agg states are of different units");
	funnel_keys_receive(state->labels, &message);
	check_labels(state->labels);
	funnel_spool_absorb(state->spool, &message, fcinfo);
	pq_getmsgend(&message);
	PG_RETURN_POINTER(state);
}

/*
 * Counting.  Labels have numbers in the order of their bytes, which is that of
 * the events of one instant.
 */
typedef struct Counting
{
	const FunnelKeys *keys;
	FunnelFlow *flow;
	FunnelBytes *labels;
	uint32	   *numbers;		/* by the keys' groups */
	FunnelEvents events;		/* of the unit */
	size_t		capacity;
	FunnelFlowEvent *sorted;	/* the same */
	uint64		last_key;		/* the one looked up last, and its label */
	uint32		last_label;
} Counting;

static inline int
compare_keys(uint32 a, uint32 b, const FunnelKey *keys)
{
	int			cmp = memcmp(keys[a].bytes, keys[b].bytes, Min(keys[a].size, keys[b].size));

	return cmp != 0 ? cmp : (keys[a].size > keys[b].size) - (keys[a].size < keys[b].size);
}

#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b, keys) compare_keys(*(a), *(b), keys)
#define ST_COMPARE_ARG_TYPE const FunnelKey
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static inline int
compare_events(const FunnelFlowEvent *a, const FunnelFlowEvent *b)
{
	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	return a->label < b->label ? -1 : a->label > b->label;
}

#define ST_SORT sort_events
#define ST_ELEMENT_TYPE FunnelFlowEvent
#define ST_COMPARE(a, b) compare_events(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Give numbers to the labels. */
static void
number_labels(Counting *counting)
{
	const FunnelKeys *keys = counting->keys;
	size_t		n = keys->ngroups;
	uint32	   *by_number = MemoryContextAllocHuge(CurrentMemoryContext,
												   sizeof(uint32) * Max(n, 1));

	counting->numbers = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * Max(n, 1));
	counting->labels = MemoryContextAllocHuge(CurrentMemoryContext,
											  sizeof(FunnelBytes) * Max(n, 1));
	for (uint32 i = 0; i < n; i++)
		by_number[i] = i;
	sort_keys(by_number, n, keys->groups);
	for (uint32 i = 0; i < n; i++)
	{
		const FunnelKey *key = &keys->groups[by_number[i]];

		counting->labels[i].bytes = key->bytes;
		counting->labels[i].size = key->size;
		counting->numbers[by_number[i]] = i;
	}
	pfree(by_number);
}

/* The label of the anchor; no label if no event has it. */
static uint32
find_anchor(const Counting *counting, const FunnelFlowQuestion *question)
{
	FunnelByteHashEntry *entry = NULL;

	if (question->has_anchor)
		entry = funnel_bytehash_lookup(counting->keys->by_bytes, question->anchor);
	return entry != NULL ? counting->numbers[entry->value.number] : FUNNEL_FLOW_MAX_LABELS;
}

/* Count the unit whose rows are in the buffer. */
static void
count_unit(Counting *counting)
{
	const FunnelEvents *events = &counting->events;
	size_t		n = events->nrows;
	FunnelFlowEvent *sorted;
	bool		is_sorted = true;

	if (n > counting->capacity)
	{
		if (counting->sorted != NULL)
			pfree(counting->sorted);
		counting->sorted = NULL;
		counting->capacity = 0;
		counting->sorted = MemoryContextAllocHuge(CurrentMemoryContext,
												  sizeof(FunnelFlowEvent) * events->capacity);
		counting->capacity = events->capacity;
	}
	sorted = counting->sorted;
	for (size_t i = 0; i < n; i++)
	{
		uint64		key = events->items[i];

		funnel_poll_at(i);
		sorted[i].ts = events->rows[i].ts;
		if (key != counting->last_key)
		{
			counting->last_label = counting->numbers[funnel_keys_group(counting->keys, key)];
			counting->last_key = key;
		}
		sorted[i].label = counting->last_label;
		is_sorted = is_sorted && (i == 0 || compare_events(&sorted[i - 1], &sorted[i]) <= 0);
	}
	if (!is_sorted)
		sort_events(sorted, n);
	(void) funnel_flow_add(counting->flow, sorted, n, false);
}

PG_FUNCTION_INFO_V1(funnel_flow_agg_final);

/*
 * Reads the state only, so that it can be called again, or more rows be added.
 */
Datum
funnel_flow_agg_final(PG_FUNCTION_ARGS)
{
	const FlowAggState *state;
	Counting	counting = {0};
	FunnelSpoolScan *scan;
	MemoryContext old;
	MemoryContext scratch;
	size_t		of_labels;
	Datum		result;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (const FlowAggState *) PG_GETARG_POINTER(0);

	scratch = AllocSetContextCreate(CurrentMemoryContext, "flow_agg", ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(scratch);
	counting.keys = state->labels;
	number_labels(&counting);
	counting.flow = funnel_flow_create(&state->question, find_anchor(&counting, &state->question),
									   scratch);
	funnel_events_init(&counting.events, scratch, true);
	of_labels = funnel_flow_labels_memory(state->labels->ngroups, state->labels->size);
	scan = funnel_spool_scan_begin(state->spool, scratch);
	while (funnel_spool_scan_next(scan, &counting.events))
	{
		count_unit(&counting);
		funnel_flow_check_memory(counting.flow, of_labels);
		CHECK_FOR_INTERRUPTS();
	}
	MemoryContextSwitchTo(old);
	result = funnel_flow_edges(counting.flow, state->question.top, counting.labels,
							   state->labels->ngroups, funnel_flow_edge_type(fcinfo));
	MemoryContextDelete(scratch);
	PG_RETURN_DATUM(result);
}
