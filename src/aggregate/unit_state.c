/*-------------------------------------------------------------------------
 *
 * aggregate/unit_state.c
 *	  The state of an aggregate over the events of one unit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "aggregate/unit_state.h"
#include "base/compat.h"
#include "events/message.h"

/*
 * Usually what a call site keeps outlasts its groups.  A front end of sharded
 * servers, however, looks the function up for each row: what the groups need
 * has to live with them then, and is found through the group.
 */
FunnelUnitSite *
funnel_unit_site(FunctionCallInfo fcinfo, const FunnelUnitAggregate *aggregate)
{
	FunnelUnitSite *site = fcinfo->flinfo->fn_extra;
	MemoryContext context;
	bool		lasts;

	if (likely(site != NULL))
		return site;
	context = funnel_site_context(fcinfo, &lasts);
	if (!PG_ARGISNULL(0))
		site = ((FunnelUnitState *) PG_GETARG_POINTER(0))->site;
	else
	{
		site = MemoryContextAllocZero(context, sizeof(FunnelUnitSite));
		site->aggregate = aggregate;
		site->context = site->pool.context = context;
	}
	if (lasts)
		fcinfo->flinfo->fn_extra = site;
	return site;
}

void
funnel_unit_read_arguments(FunnelUnitSite *site, FunctionCallInfo fcinfo, int ts,
						   int conditions)
{
	site->time_type = funnel_time_type(fcinfo->flinfo, ts);
	if (conditions > 0)
		funnel_conditions_init(&site->conditions, fcinfo, conditions);
	site->knows_arguments = true;
}

/* The question with this key, prepared if it is new to the call site. */
static const FunnelQuestion *
get_question(FunnelUnitSite *site, const char *key, size_t size)
{
	FunnelQuestion **link = &site->questions;
	FunnelQuestion *question;

	while (*link != NULL &&
		   ((*link)->size != size || memcmp((*link)->key, key, size) != 0))
		link = &(*link)->next;
	question = *link;
	if (question != NULL)
		*link = question->next;
	else
	{
		void	   *prepared = site->aggregate->prepare(key, size, site->context);

		question = MemoryContextAlloc(site->context, sizeof(FunnelQuestion));
		question->size = size;
		question->key = MemoryContextAlloc(site->context, size);
		memcpy(question->key, key, size);
		question->prepared = prepared;
	}
	question->next = site->questions;
	site->questions = question;
	return question;
}

FunnelUnitState *
funnel_unit_state_slowly(FunctionCallInfo fcinfo, FunnelUnitSite *site,
						 const char *key, size_t size)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FunnelUnitState *state;

	if (!PG_ARGISNULL(0))
	{
		state = (FunnelUnitState *) PG_GETARG_POINTER(0);
		if (state->question->size != size || memcmp(state->question->key, key, size) != 0)
			site->aggregate->differ(state->question->key, key);
		return state;
	}

	state = MemoryContextAlloc(context, sizeof(FunnelUnitState));
	state->site = site;
	state->question = get_question(site, key, size);
	state->texts = NULL;
	if (site->aggregate->with_texts)
	{
		state->texts = MemoryContextAllocZero(context, sizeof(FunnelPayloads));
		state->texts->pool = &site->pool;
	}
	funnel_event_list_init(&state->events, site->aggregate->with_texts);
	return state;
}

FunnelEvents *
funnel_unit_sorted_events(FunctionCallInfo fcinfo, const FunnelUnitState *state)
{
	FunnelEvents *events = fcinfo->flinfo->fn_extra;

	if (events == NULL)
	{
		events = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(FunnelEvents));
		funnel_events_init(events, fcinfo->flinfo->fn_mcxt, state->texts != NULL);
		events->compare_items = funnel_payload_compare;
		fcinfo->flinfo->fn_extra = events;
	}
	funnel_event_list_read(&state->events, &state->site->codes, events);
	events->compare_arg = state->texts;
	funnel_events_sort(events);
	return events;
}

PG_FUNCTION_INFO_V1(funnel_unit_serialize);

/*
 * ..._serialize(internal) returns bytea, for another process of the same server
 */
Datum
funnel_unit_serialize(PG_FUNCTION_ARGS)
{
	const FunnelUnitState *state = (const FunnelUnitState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	funnel_message_begin(&buf);
	pq_sendint32(&buf, state->question->size);
	pq_sendbytes(&buf, state->question->key, state->question->size);
	PG_RETURN_BYTEA_P(funnel_message_send_events(&buf, &state->events,
												 &state->site->codes, state->texts));
}

/*
 * ..._combine(internal, internal) returns internal
 *
 * The second state is always one that was serialized, and stays as it is.
 */
Datum
funnel_unit_combine(FunctionCallInfo fcinfo, const FunnelUnitAggregate *aggregate)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FunnelUnitState *state;
	StringInfoData buf;
	int			size;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	funnel_message_open(PG_GETARG_DATUM(1), &buf);
	size = pq_getmsgint(&buf, 4);
	state = funnel_unit_state(fcinfo, funnel_unit_site(fcinfo, aggregate),
							  pq_getmsgbytes(&buf, size), size);
	funnel_message_receive_events(&buf, &state->events, state->texts, context,
								  &state->site->codes, state->site->context);
	PG_RETURN_POINTER(state);
}
