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
 * Rows that have yet to be added to their states.
 *
 * With many groups, the state of a row was last touched thousands of rows ago,
 * and the server can do nothing while its memory is on the way.  So rows wait
 * here for others, and then all of that memory is asked for at once.  The rows
 * that wait are added before anybody reads a state.
 */
#define FUNNEL_WAITING_ROWS		100 /* 4 kB with what stands before them */

typedef struct FunnelWaitingRow
{
	struct FunnelUnitState *state;
	int64		ts;
	FunnelLabelMatch labels;
	bool		is_event;		/* false: the state notes its time only */
} FunnelWaitingRow;

typedef struct FunnelWaitingRows
{
	MemoryContext context;		/* that all states of these rows live in;
								 * NULL: there are no rows, and any will do */
	int			count;
	FunnelWaitingRow rows[FUNNEL_WAITING_ROWS];
} FunnelWaitingRows;

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
	FunnelWaitingRows *waiting; /* NULL if none ever did */
	const struct FunnelUnitState *newest_state; /* may be gone */

	/* how a transition function reads its arguments, once it has looked */
	bool		knows_arguments;
	bool		question_is_stable; /* the same for every row */
	const FunnelQuestion *only_question;	/* NULL as long as not known */
	FunnelConditions conditions;
	FunnelTimeType time_type;
	void	   *own;			/* the aggregate's, in context; NULL at first */
} FunnelUnitSite;

typedef struct FunnelUnitState
{
	const FunnelQuestion *question;
	FunnelPayloads *texts;		/* NULL if events have none */

	/* what adding a row looks at, side by side */
	FunnelUnitSite *site;		/* whose codes the events are in */
	int64		last_at;		/* of all rows added */
	FunnelEventList events;		/* items are codes of texts */
} FunnelUnitState;

/* What the call of a support function is to use, created if it is new. */
extern FunnelUnitSite *funnel_unit_site(FunctionCallInfo fcinfo,
										const FunnelUnitAggregate *aggregate);

/*
 * Look at the arguments of a transition function: those before number TS, the
 * time, are its question, the conditions begin at number CONDITIONS, 0 = there
 * are none.
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
 * The state of the row's group, without a look at it: if it exists, and all rows
 * have one question, which is site->only_question.  NULL otherwise.
 */
static inline FunnelUnitState *
funnel_unit_known_state(FunctionCallInfo fcinfo, const FunnelUnitSite *site)
{
	if (unlikely(site->only_question == NULL || PG_ARGISNULL(0)))
		return NULL;
	return (FunnelUnitState *) PG_GETARG_POINTER(0);
}

/* Add a row to its state now. */
static inline void
funnel_unit_add_now(const FunnelWaitingRow *row, MemoryContext context)
{
	FunnelUnitState *state = row->state;

	state->last_at = Max(state->last_at, row->ts);
	if (row->is_event)
		funnel_event_list_add(&state->events, context, &state->site->codes,
							  state->site->context, row->ts, row->labels, 0);
}

extern void funnel_unit_wait(FunnelUnitSite *site, MemoryContext context,
							 const FunnelWaitingRow *row);

/*
 * Add a row of SITE to a state without texts: an event, or one that the state
 * notes the time of only.  A row of the newest group need not wait.  Where rows
 * are sorted by group that is every row.
 */
static inline void
funnel_unit_add(FunctionCallInfo fcinfo, FunnelUnitSite *site, FunnelUnitState *state,
				int64 ts, FunnelLabelMatch labels, bool is_event)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FunnelWaitingRows *waiting = site->waiting;
	FunnelWaitingRow row = {state, ts, labels, is_event};

	if (state == site->newest_state)
		funnel_unit_add_now(&row, context);
	else if (likely(waiting != NULL && waiting->context == context &&
					waiting->count < FUNNEL_WAITING_ROWS))
		waiting->rows[waiting->count++] = row;
	else
		funnel_unit_wait(site, context, &row);
}

/* Add an event to a state with texts.  TEXT, of LEN bytes, may be NULL. */
static inline void
funnel_unit_add_text(FunctionCallInfo fcinfo, FunnelUnitState *state, int64 ts,
					 FunnelLabelMatch labels, const char *text, uint32 len)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	uint64		item = text == NULL ? FUNNEL_NO_PAYLOAD :
		funnel_payload_code(state->texts, context, text, len);

	funnel_event_list_add(&state->events, context, &state->site->codes,
						  state->site->context, ts, labels, item);
}

/* The state that a final function is to read, NULL if there were no rows. */
extern const FunnelUnitState *funnel_unit_final_state(FunctionCallInfo fcinfo);

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
