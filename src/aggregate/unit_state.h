/*-------------------------------------------------------------------------
 *
 * aggregate/unit_state.h
 *	  The state of an aggregate over the events of one unit, and what the
 *	  aggregates of this kind have in common.
 *
 * Each of them asks a question that must be the same for all rows of a group:
 * a window and modes, a pattern, a definition.  A question is known by its
 * key, bytes that the aggregate puts together from its arguments; equal keys
 * are equal questions.  The rest is the same for all: events are collected,
 * handed to another process, and read in the end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_UNIT_STATE_H
#define FUNNEL_AGGREGATE_UNIT_STATE_H

#include "fmgr.h"

#include "base/aggcontext.h"
#include "events/conditions.h"
#include "events/list.h"
#include "events/payload.h"
#include "events/time.h"

struct FunnelQuestion;

/* What tells one aggregate from another. */
typedef struct FunnelUnitAggregate
{
	/*
	 * What the key of a question is turned into, in CONTEXT, where the key
	 * is, too; an error if it is no question.  NULL: the key is all that is
	 * needed.
	 */
	const void *(*prepare) (const char *key, size_t size, MemoryContext context);

	/*
	 * What two keys that differ say differently, for the error that the rows
	 * of a group have both.  Both begin with the same number of conditions, a
	 * uint32.
	 */
	const char *(*difference) (const char *a, const char *b);

	/* In place of that, for keys that begin otherwise: raise the error. */
	void		(*differ) (const struct FunnelQuestion *question, const char *other, size_t size);
} FunnelUnitAggregate;

typedef struct FunnelQuestion
{
	size_t		size;			/* of the key, in bytes */
	const char *key;
	const void *prepared;
} FunnelQuestion;

/*
 * What the groups of one call site share, so that each of them is small: there
 * may be millions.  It lives as long as they do.
 */
typedef struct FunnelUnitSite
{
	const FunnelUnitAggregate *aggregate;
	MemoryContext context;
	FunnelEventCodes codes;
	FunnelPayloadPool pool;
	struct funnel_bytehash_hash *questions;
	const FunnelQuestion *last_question;

	/* how a transition function reads its arguments, once it has looked */
	bool		knows_arguments;
	FunnelConditions conditions;
	FunnelTimeType time_type;
	void	   *own;			/* the aggregate's, in context; NULL at first */
} FunnelUnitSite;

typedef struct FunnelUnitState
{
	FunnelUnitSite *site;		/* whose codes the events are in */
	const FunnelQuestion *question;
	FunnelPayloads *texts;		/* NULL if events have none */
	int64		last_at;		/* of all rows, for an aggregate that notes it */
	FunnelEventList events;		/* items are codes of texts */
} FunnelUnitState;

/* What the call of a support function is to use, created if it is new. */
extern FunnelUnitSite *funnel_unit_site(FunctionCallInfo fcinfo,
										const FunnelUnitAggregate *aggregate);

/*
 * Look at the types of a transition function's arguments: the time is number
 * TS, the conditions begin at number CONDITIONS, 0 = there are none.
 */
extern void funnel_unit_read_arguments(FunnelUnitSite *site, FunctionCallInfo fcinfo,
									   int ts, int conditions);

extern FunnelUnitState *funnel_unit_state_slowly(FunctionCallInfo fcinfo, FunnelUnitSite *site,
												 bool with_texts, const char *key, size_t size);

/*
 * The state of the row's group, argument 0, created if there is none: with a
 * text for each event, or without.  An error if its question is another one.
 */
static inline FunnelUnitState *
funnel_unit_state(FunctionCallInfo fcinfo, FunnelUnitSite *site, bool with_texts,
				  const void *key, size_t size)
{
	FunnelUnitState *state = (FunnelUnitState *) PG_GETARG_POINTER(0);

	if (likely(!PG_ARGISNULL(0) && state->question->size == size &&
			   memcmp(state->question->key, key, size) == 0))
		return state;
	return funnel_unit_state_slowly(fcinfo, site, with_texts, key, size);
}

/*
 * Add an event to a state.  TEXT, of LEN bytes, may be NULL, and is not looked
 * at in a state without texts.
 */
static inline void
funnel_unit_add(FunctionCallInfo fcinfo, FunnelUnitState *state, int64 ts,
				FunnelLabelMatch labels, const char *text, uint32 len)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	uint64		item = 0;

	if (state->texts != NULL)
		item = text != NULL ? funnel_payload_code(state->texts, context, text, len) :
			FUNNEL_NO_PAYLOAD;
	funnel_event_list_add(&state->events, context, &state->site->codes,
						  state->site->context, ts, labels, item);
}

/* The state that a final function is to read, NULL if there were no rows. */
static inline const FunnelUnitState *
funnel_unit_final_state(FunctionCallInfo fcinfo)
{
	(void) funnel_aggregate_context(fcinfo);
	return PG_ARGISNULL(0) ? NULL : (const FunnelUnitState *) PG_GETARG_POINTER(0);
}

/*
 * All events of a state, sorted, in a buffer that the call site of the final
 * function keeps.  To be trimmed by funnel_events_trim() when done with.
 */
extern FunnelEvents *funnel_unit_sorted_events(FunctionCallInfo fcinfo,
											   const FunnelUnitState *state);

/* The combine function of an aggregate; the serialize function is for all. */
extern Datum funnel_unit_combine(FunctionCallInfo fcinfo,
								 const FunnelUnitAggregate *aggregate);

#endif							/* FUNNEL_AGGREGATE_UNIT_STATE_H */
