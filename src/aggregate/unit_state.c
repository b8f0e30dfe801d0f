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
#include "base/bytehash.h"
#include "base/compat.h"
#include "events/arguments.h"
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
	/* an array has its own number of conditions in each row */
	site->question_is_stable = !site->conditions.is_array;
	for (int i = 1; i < ts; i++)
		site->question_is_stable &= funnel_argument_is_stable(fcinfo, i);
	site->knows_arguments = true;
}

/* A new question, with a copy of its key, in CONTEXT. */
static FunnelQuestion *
make_question(const FunnelUnitAggregate *aggregate, const char *bytes, size_t size,
			  MemoryContext context)
{
	FunnelQuestion *question = MemoryContextAlloc(context, sizeof(FunnelQuestion));
	char	   *copy = MemoryContextAlloc(context, size);

	memcpy(copy, bytes, size);
	question->key = copy;
	question->size = size;
	question->prepared = aggregate->prepare == NULL ? copy :
		aggregate->prepare(copy, size, context);
	return question;
}

/*
 * The question with this key.  Groups of a call site that lasts share it, but when
 * it is full a new one is made in GROUP, the context of the group that asks.
 */
static const FunnelQuestion *
get_question(FunnelUnitSite *site, const char *bytes, size_t size, MemoryContext group)
{
	FunnelBytes key = {bytes, size};
	FunnelByteHashEntry *entry;
	FunnelQuestion *question;
	bool		found;

	/* mostly there is but one */
	if (site->last_question != NULL && site->last_question->size == size &&
		memcmp(site->last_question->key, bytes, size) == 0)
		return site->last_question;
	if (site->context == group)
		return make_question(site->aggregate, bytes, size, group);
	if (site->questions == NULL)
		site->questions = funnel_bytehash_new(AllocSetContextCreate(site->context, "funnel questions",
																	ALLOCSET_SMALL_SIZES), 2);
	entry = funnel_bytehash_lookup(site->questions, key);
	if (entry != NULL)
		return site->last_question = entry->value.pointer;

	if (funnel_site_is_full(site->questions->ctx))
		return make_question(site->aggregate, bytes, size, group);

	/* an error in here leaves no entry behind */
	question = make_question(site->aggregate, bytes, size, site->questions->ctx);
	key.bytes = question->key;
	entry = funnel_bytehash_insert(site->questions, key, &found);
	entry->value.pointer = question;
	return site->last_question = question;
}

/* Raise the error that rows of one group have different questions. */
static void
questions_differ(const FunnelUnitAggregate *aggregate, const FunnelQuestion *question,
				 const char *other, size_t size)
{
	uint32		one;
	uint32		another;

	if (aggregate->differ != NULL)
		aggregate->differ(question, other, size);
	if (size < sizeof(another))
		elog(ERROR, "unexpected question of an aggregate");
	memcpy(&one, question->key, sizeof(one));
	memcpy(&another, other, sizeof(another));
	if (one != another)
		funnel_conditions_differ(one, another);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be the same for all rows of a group",
					aggregate->difference(question->key, other)),
			 errhint("Add it to GROUP BY.")));
}

FunnelUnitState *
funnel_unit_state_slowly(FunctionCallInfo fcinfo, FunnelUnitSite *site, bool with_texts,
						 const char *key, size_t size)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FunnelUnitState *state;

	if (!PG_ARGISNULL(0))
	{
		state = (FunnelUnitState *) PG_GETARG_POINTER(0);
		if (state->question->size != size || memcmp(state->question->key, key, size) != 0)
			questions_differ(site->aggregate, state->question, key, size);
		return state;
	}

	state = MemoryContextAlloc(context, sizeof(FunnelUnitState));
	state->site = site;
	state->question = get_question(site, key, size, context);
	/* NULL at a call site that does not last */
	if (site->question_is_stable)
		site->only_question = site->last_question;
	state->last_at = PG_INT64_MIN;
	state->texts = NULL;
	if (with_texts)
	{
		state->texts = MemoryContextAllocZero(context, sizeof(FunnelPayloads));
		state->texts->pool = &site->pool;
	}
	funnel_event_list_init(&state->events, with_texts);
	site->newest_state = state;
	return state;
}

/* Ask for the memory of a state that funnel_unit_add_now() looks at. */
static inline void
prefetch_state(const FunnelUnitState *state)
{
	__builtin_prefetch(&state->site, 1);
	__builtin_prefetch(&state->events.next, 1);
}

/* Add all rows that wait.  A state has to be there to say where its list ends. */
static void
add_waiting_rows(FunnelWaitingRows *waiting)
{
	int			count = waiting->count;

	waiting->count = 0;
	for (int i = 0; i < count; i++)
		prefetch_state(waiting->rows[i].state);
	for (int i = 0; i < count; i++)
		__builtin_prefetch(waiting->rows[i].state->events.next, 1);
	for (int i = 0; i < count; i++)
	{
		/* or the final function would have looked for the row elsewhere */
		Assert(waiting->rows[i].state->site->waiting == waiting);
		funnel_unit_add_now(&waiting->rows[i], waiting->context);
	}
}

/* The context of the states is about to be reset: nobody reads them any more. */
static void
forget_waiting_rows(void *arg)
{
	FunnelWaitingRows *waiting = arg;

	waiting->context = NULL;
	waiting->count = 0;
}

/*
 * Have a row wait, or add it now if it cannot.  It cannot if the aggregate had
 * to look at the state anyway, for the question of its group, or if the state
 * lives in another context than those of the rows that wait: grouping sets may
 * have one each.
 */
void
funnel_unit_wait(FunnelUnitSite *site, MemoryContext context,
				 const FunnelWaitingRow *row)
{
	FunnelWaitingRows *waiting = site->waiting;

	if (site->only_question == NULL ||
		(waiting != NULL && waiting->context != NULL && waiting->context != context))
	{
		funnel_unit_add_now(row, context);
		return;
	}
	if (waiting == NULL)
	{
		waiting = MemoryContextAlloc(site->context, sizeof(FunnelWaitingRows));
		waiting->context = NULL;
		waiting->count = 0;
		site->waiting = waiting;
	}
	if (waiting->context == NULL)
	{
		MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(*callback));

		callback->func = forget_waiting_rows;
		callback->arg = waiting;
		MemoryContextRegisterResetCallback(context, callback);
		waiting->context = context;
	}
	else
		add_waiting_rows(waiting);
	waiting->rows[waiting->count++] = *row;
}

/* A final function can still run twice: the second time no row waits. */
const FunnelUnitState *
funnel_unit_final_state(FunctionCallInfo fcinfo)
{
	FunnelUnitState *state;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		return NULL;
	state = (FunnelUnitState *) PG_GETARG_POINTER(0);
	if (state->site->waiting != NULL)
		add_waiting_rows(state->site->waiting);
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
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	StringInfoData buf;

	funnel_message_begin(&buf);
	pq_sendbyte(&buf, state->texts != NULL);
	pq_sendint64(&buf, state->last_at);
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
	bool		with_texts;
	int64		last_at;
	int			size;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);

	funnel_message_open(PG_GETARG_DATUM(1), &buf);
	with_texts = pq_getmsgbyte(&buf);
	last_at = pq_getmsgint64(&buf);
	size = pq_getmsgint(&buf, 4);
	state = funnel_unit_state(fcinfo, funnel_unit_site(fcinfo, aggregate), with_texts,
							  pq_getmsgbytes(&buf, size), size);
	if ((state->texts != NULL) != with_texts)
		elog(ERROR, "states of an aggregate are of different forms");
	state->last_at = Max(state->last_at, last_at);
	funnel_message_receive_events(&buf, &state->events, state->texts, context,
								  &state->site->codes, state->site->context);
	PG_RETURN_POINTER(state);
}
