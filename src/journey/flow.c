/*-------------------------------------------------------------------------
 *
 * journey/flow.c
 *	  journey_flow: what units did, step by step, from their journeys.  SQL calls
 *	  it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/memutils.h"

#include "base/aggcontext.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "journey/labels.h"
#include "result/paths.h"
#include "result/flow_edge.h"

/* Events that are read at first, besides those of a path */
#define SOME_EVENTS		8

/* The numbers of labels are those of the table; events without one are left out. */
typedef struct FlowState
{
	MemoryContext context;
	FunnelFlowQuestion question;
	FunnelLabelTable *table;
	size_t		label_bytes;
	FunnelFlow *flow;
	FunnelJourneyLabels labels;
	uint8	   *stream;			/* padded copy */
	Size		stream_size;
	uint32		capacity;
	FunnelFlowEvent *events;
} FlowState;

/* The number of a label. */
static uint32
add_label(FlowState *state, const char *text, int len)
{
	uint32		size = funnel_label_table_size(state->table);
	uint32		label = funnel_label_table_add(state->table, text, len);

	if (label == size)
	{
		state->label_bytes += len;
		funnel_flow_check_memory(state->flow,
								 funnel_flow_labels_memory(label, state->label_bytes));
		if (label >= FUNNEL_FLOW_MAX_LABELS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many labels in a flow")));
	}
	return label;
}

/* A FunnelLabelLookup that gives numbers. */
static FunnelLabelMatch
look_up(void *state, const char *text, int len)
{
	FunnelLabelMatch match = {add_label((FlowState *) state, text, len), 0};

	return match;
}

static FlowState *
create_state(const FunnelFlowQuestion *question, MemoryContext context)
{
	FlowState  *state = MemoryContextAllocZero(context, sizeof(FlowState));
	uint32		anchor = FUNNEL_NO_LABEL;

	state->context = context;
	state->question = funnel_flow_question_copy(question, context);
	state->table = funnel_label_table_create(context, 8);
	if (question->has_anchor)
		anchor = add_label(state, question->anchor.bytes, question->anchor.size);
	state->flow = funnel_flow_create(question, anchor, context);
	funnel_journey_labels_init(&state->labels, look_up, state, context);
	return state;
}

/* Has a journey the anchor, whose labels have been looked up? */
static bool
has_anchor(const FlowState *state, const FunnelJourneyView *view)
{
	for (uint32 code = 0; code < view->nlabels; code++)
	{
		funnel_poll_at(code);
		if (state->labels.matches[code].steps == state->flow->anchor)
			return true;
	}
	return false;
}

static void
reserve(FlowState *state, uint32 count, uint32 used)
{
	FunnelFlowEvent *events;
	uint64		capacity = Max(state->capacity, 64);

	if (count <= state->capacity)
		return;
	while (capacity < count)
		capacity *= 2;
	events = MemoryContextAllocHuge(state->context, sizeof(FunnelFlowEvent) * capacity);
	if (state->capacity > 0)
	{
		memcpy(events, state->events, sizeof(FunnelFlowEvent) * used);
		pfree(state->events);
	}
	state->events = events;
	state->capacity = (uint32) capacity;
}

static void
add_journey(FlowState *state, const FunnelJourney *journey)
{
	FunnelJourneyView view;
	FunnelJourneyReader reader;
	uint32		nevents = 0;
	uint64		wanted;

	if (funnel_journey_is_empty(journey))
		return;
	funnel_journey_open(&view, journey);
	funnel_journey_labels_find(&state->labels, &view, true);
	if (state->flow->has_anchor && !has_anchor(state, &view))
		return;

	funnel_journey_reader_begin(&reader, &view,
								funnel_journey_padded_stream(&view, state->context,
															 &state->stream,
															 &state->stream_size));
	wanted = state->flow->backwards ? view.count : (uint64) state->flow->depth + SOME_EVENTS;
	do
	{
		wanted = Min(wanted, view.count);
		reserve(state, (uint32) wanted, nevents);
		while (reader.next < wanted)
		{
			FunnelFlowEvent *event = &state->events[nevents];
			uint32		code;

			funnel_poll_at(reader.next);
			event->ts = funnel_journey_reader_next(&reader, &code);
			event->label = (uint32) state->labels.matches[code].steps;
			nevents += event->label != FUNNEL_NO_LABEL;
		}
		wanted *= 2;
	} while (!funnel_flow_add(state->flow, state->events, nevents, reader.next < view.count));
	funnel_flow_check_memory(state->flow,
							 funnel_flow_labels_memory(funnel_label_table_size(state->table),
													   state->label_bytes));
}

PG_FUNCTION_INFO_V1(funnel_journey_flow_transfn);

/*
 * journey_flow_transfn(internal, funnel_journey, depth int [, anchor text
 * [, top int [, collapse boolean]]]) returns internal
 */
Datum
funnel_journey_flow_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FlowState  *state = PG_ARGISNULL(0) ? NULL : (FlowState *) PG_GETARG_POINTER(0);
	FunnelFlowQuestion question;

	funnel_flow_question_read(&question, fcinfo, 2);
	if (state != NULL)
		funnel_flow_question_check(&state->question, &question);
	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	if (state == NULL)
		state = create_state(&question, context);
	add_journey(state, PG_GETARG_FUNNEL_JOURNEY_PP(1));
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_journey_flow_serialize);

/*
 * The question; the number of labels, 4 bytes, and of each, from number 1 on, its
 * length, 4 bytes, and its bytes; the flow.
 */
Datum
funnel_journey_flow_serialize(PG_FUNCTION_ARGS)
{
	FlowState  *state = (FlowState *) PG_GETARG_POINTER(0);
	const FunnelLabel *labels = funnel_label_table_set(state->table)->labels;
	uint32		nlabels = funnel_label_table_size(state->table);
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	funnel_flow_question_send(&state->question, &buf);
	pq_sendint32(&buf, nlabels);
	for (uint32 i = 1; i < nlabels; i++)
	{
		funnel_poll_at(i);
		pq_sendint32(&buf, labels[i].len);
		pq_sendbytes(&buf, labels[i].text, labels[i].len);
	}
	funnel_flow_send(state->flow, &buf);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(funnel_journey_flow_combine);

/*
 * The second state is what funnel_agg_deserialize makes: bytes, read from here.
 */
Datum
funnel_journey_flow_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FlowState  *state = PG_ARGISNULL(0) ? NULL : (FlowState *) PG_GETARG_POINTER(0);
	FunnelFlowQuestion question;
	StringInfoData message;
	uint32	   *labels;
	uint32		nlabels;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	/* a copy of the reading position: the second state stays as it is */
	message = *(StringInfo) PG_GETARG_POINTER(1);
	funnel_flow_question_receive(&question, &message);
	if (state == NULL)
		state = create_state(&question, context);
	else
		funnel_flow_question_check(&state->question, &question);

	nlabels = pq_getmsgint(&message, 4);
	/* each has a length */
	if (nlabels == 0 || nlabels - 1 > (uint32) message.len / 4)
		elog(ERROR, "invalid state of a flow");
	labels = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * nlabels);
	labels[FUNNEL_NO_LABEL] = FUNNEL_NO_LABEL;
	for (uint32 i = 1; i < nlabels; i++)
	{
		uint32		len = pq_getmsgint(&message, 4);

		CHECK_FOR_INTERRUPTS();
		if (len > MaxAllocSize)
			elog(ERROR, "invalid state of a flow");
		labels[i] = add_label(state, pq_getmsgbytes(&message, (int) len), (int) len);
	}
	funnel_flow_receive(state->flow, &message, labels, nlabels);
	pq_getmsgend(&message);
	pfree(labels);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_journey_flow_final);

/*
 * Reads the state only, so that it can be called again, or more rows be added.
 */
Datum
funnel_journey_flow_final(PG_FUNCTION_ARGS)
{
	FlowState  *state;
	const FunnelLabel *labels;
	FunnelBytes *bytes;
	uint32		nlabels;
	Datum		result;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FlowState *) PG_GETARG_POINTER(0);
	labels = funnel_label_table_set(state->table)->labels;
	nlabels = funnel_label_table_size(state->table);
	bytes = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(FunnelBytes) * nlabels);
	for (uint32 i = 0; i < nlabels; i++)
	{
		funnel_poll_at(i);
		bytes[i].bytes = labels[i].text != NULL ? labels[i].text : "";
		bytes[i].size = labels[i].len;
	}
	result = funnel_flow_edges(state->flow, state->question.top, bytes, nlabels,
							   funnel_flow_edge_type(fcinfo));
	pfree(bytes);
	PG_RETURN_DATUM(result);
}
