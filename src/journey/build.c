/*-------------------------------------------------------------------------
 *
 * journey/build.c
 *	  journey_agg and ||: from events to journeys, and from journeys to longer ones.
 *	  SQL calls them.
 *
 * There is a state for each unit, often with few events, so a state is small
 * and shares the labels of its call site.  Events are kept as they come; at the
 * end, and only if they are not in order already, they are sorted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/aggcontext.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "events/arguments.h"
#include "journey/bytes.h"

/* Most units have few events. */
#define FIRST_CAPACITY		4

typedef struct JourneyState
{
	FunnelLabelTable *labels;
	uint32		nevents;
	uint32		capacity;
	FunnelJourneyEvent *events;

	/* of a state that came from another process: what is still to be read */
	FunnelJourney *message;
} JourneyState;

/*
 * The labels of a new state in CONTEXT.  The states of a call site that lasts
 * share them, until it is full: then a new state has its own.
 */
static FunnelLabelTable *
labels_of_new_state(FunctionCallInfo fcinfo, MemoryContext context)
{
	FunnelLabelTable *labels = fcinfo->flinfo->fn_extra;
	MemoryContext site;
	bool		lasts;

	if (likely(labels != NULL && !funnel_site_is_full(GetMemoryChunkContext(labels))))
		return labels;

	site = funnel_site_context(fcinfo, &lasts);
	if (labels != NULL || !lasts)
		return funnel_label_table_create(context, FIRST_CAPACITY);
	site = AllocSetContextCreate(site, "funnel labels", ALLOCSET_SMALL_SIZES);
	fcinfo->flinfo->fn_extra = funnel_label_table_create(site, 32);
	return fcinfo->flinfo->fn_extra;
}

static JourneyState *
get_state(FunctionCallInfo fcinfo, MemoryContext context)
{
	JourneyState *state;

	if (!PG_ARGISNULL(0))
		return (JourneyState *) PG_GETARG_POINTER(0);
	state = MemoryContextAllocZero(context, sizeof(JourneyState));
	state->labels = labels_of_new_state(fcinfo, context);
	return state;
}

static void
enlarge(JourneyState *state, MemoryContext context, uint64 nevents)
{
	uint64		capacity = Max(state->capacity, FIRST_CAPACITY);

	if (nevents > FUNNEL_JOURNEY_MAX_EVENTS)
		funnel_journey_too_many_events();
	while (capacity < nevents)
		capacity *= 2;
	if (state->events == NULL)
		state->events = MemoryContextAllocHuge(context, capacity * sizeof(FunnelJourneyEvent));
	else
		state->events = repalloc_huge(state->events, capacity * sizeof(FunnelJourneyEvent));
	state->capacity = (uint32) capacity;
}

static inline void
add_event(JourneyState *state, MemoryContext context, int64 ts, uint32 label)
{
	FunnelJourneyEvent *event;

	if (unlikely(state->nevents == state->capacity))
		enlarge(state, context, (uint64) state->nevents + 1);
	event = &state->events[state->nevents++];
	event->ts = ts;
	event->label = label;
}

static void
add_journey(JourneyState *state, MemoryContext context, const FunnelJourney *journey)
{
	FunnelJourneyEvents events;
	uint32	   *ids;

	funnel_journey_read(journey, &events);
	if (events.count == 0)
		return;
	ids = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * events.ncodes);
	for (uint32 i = 0; i < events.ncodes; i++)
	{
		ids[i] = events.labels[i].text == NULL ? FUNNEL_NO_LABEL :
			funnel_label_table_add(state->labels, events.labels[i].text, events.labels[i].len);
		/* labels may be made so that each is slow to find */
		CHECK_FOR_INTERRUPTS();
	}
	if ((uint64) state->nevents + events.count > state->capacity)
		enlarge(state, context, (uint64) state->nevents + events.count);
	for (uint32 i = 0; i < events.count; i++)
	{
		add_event(state, context, events.times[i], ids[events.codes[i]]);
		funnel_poll_at(i);
	}
}

/* Add one row, whatever the type of its time. */
static Datum
add_row(FunctionCallInfo fcinfo, int64 ts)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	JourneyState *state = get_state(fcinfo, context);
	uint32		label = FUNNEL_NO_LABEL;

	if (!PG_ARGISNULL(2))
	{
		struct varlena *event = funnel_plain_varlena(PG_GETARG_DATUM(2));

		label = funnel_label_table_add(state->labels, VARDATA_ANY(event),
									   VARSIZE_ANY_EXHDR(event));
	}
	add_event(state, context, ts, label);
	PG_RETURN_POINTER(state);
}

/*
 * journey_agg_transfn(internal, ts timestamptz | timestamp, event text)
 *
 * A timestamp without time zone is read as UTC.  A row without a time is no
 * event.
 */
PG_FUNCTION_INFO_V1(funnel_journey_agg_transfn);
Datum
funnel_journey_agg_transfn(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	return add_row(fcinfo, funnel_read_timestamp(PG_GETARG_DATUM(1)));
}

/*
 * The same with ts date: its midnight, UTC.
 */
PG_FUNCTION_INFO_V1(funnel_journey_agg_date_transfn);
Datum
funnel_journey_agg_date_transfn(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	return add_row(fcinfo, funnel_read_date(PG_GETARG_DATUM(1)));
}

/*
 * journey_agg_transfn(internal, funnel_journey)
 */
PG_FUNCTION_INFO_V1(funnel_journey_agg_merge_transfn);
Datum
funnel_journey_agg_merge_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	JourneyState *state;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	state = get_state(fcinfo, context);
	add_journey(state, context, PG_GETARG_FUNNEL_JOURNEY_PP(1));
	PG_RETURN_POINTER(state);
}

/*
 * To another process a state goes as the journey that it would be: that is
 * compact, and the sort is done by as many processes as there are.
 */
PG_FUNCTION_INFO_V1(funnel_journey_agg_serialize);
Datum
funnel_journey_agg_serialize(PG_FUNCTION_ARGS)
{
	JourneyState *state = (JourneyState *) PG_GETARG_POINTER(0);

	(void) funnel_aggregate_context(fcinfo);

	/* a journey is a varlena, and as bytes it is a bytea */
	PG_RETURN_BYTEA_P(funnel_journey_build(state->labels, state->events, state->nevents));
}

/*
 * Only wraps the message: the combine function, which is called before it goes
 * away, reads it straight into the other state.
 */
PG_FUNCTION_INFO_V1(funnel_journey_agg_deserialize);
Datum
funnel_journey_agg_deserialize(PG_FUNCTION_ARGS)
{
	JourneyState *state = palloc0(sizeof(JourneyState));

	(void) funnel_aggregate_context(fcinfo);
	state->message = (FunnelJourney *) PG_GETARG_BYTEA_PP(0);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_journey_agg_combine);
Datum
funnel_journey_agg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	JourneyState *state;
	JourneyState *other;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	other = (JourneyState *) PG_GETARG_POINTER(1);
	if (other->message == NULL)
		elog(ERROR, "journey_agg can only combine serialized states");
	state = get_state(fcinfo, context);
	add_journey(state, context, other->message);
	PG_RETURN_POINTER(state);
}

/*
 * Reads the state only, so that it can be called again, or more rows be added.
 */
PG_FUNCTION_INFO_V1(funnel_journey_agg_final);
Datum
funnel_journey_agg_final(PG_FUNCTION_ARGS)
{
	JourneyState *state;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (JourneyState *) PG_GETARG_POINTER(0);
	PG_RETURN_FUNNEL_JOURNEY_P(funnel_journey_build(state->labels, state->events,
													state->nevents));
}

/*
 * journey || journey: the events of both, those that both have twice.
 */
PG_FUNCTION_INFO_V1(funnel_journey_concat);
Datum
funnel_journey_concat(PG_FUNCTION_ARGS)
{
	JourneyState state;

	memset(&state, 0, sizeof(state));
	state.labels = funnel_label_table_create(CurrentMemoryContext, 8);
	add_journey(&state, CurrentMemoryContext, PG_GETARG_FUNNEL_JOURNEY_PP(0));
	add_journey(&state, CurrentMemoryContext, PG_GETARG_FUNNEL_JOURNEY_PP(1));
	PG_RETURN_FUNNEL_JOURNEY_P(funnel_journey_build(state.labels, state.events,
													state.nevents));
}
