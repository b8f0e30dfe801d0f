/*-------------------------------------------------------------------------
 *
 * journey/funnel_agg.c
 *	  Funnels over journeys, in which one row is one unit: funnel_agg,
 *	  journey_progress and journey_attempts.  SQL calls them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "aggregate/progress.h"
#include "aggregate/result_state.h"
#include "base/aggcontext.h"
#include "base/bytehash.h"
#include "base/compat.h"
#include "events/arguments.h"
#include "journey/match.h"

/* A definition, and the matcher of journeys for it. */
typedef struct Question
{
	FunnelProgram *program;
	FunnelJourneyMatcher *matcher;
} Question;

/*
 * What one call site keeps from row to row, or from group to group.  All rows may
 * ask one question, or each its own.
 */
typedef struct CallSite
{
	MemoryContext context;		/* of the questions */
	struct funnel_bytehash_hash *questions; /* by the bytes of the definition */
	const Question *last;		/* the one found last, or NULL */
	bool		is_full;
	uint32		ncalls;			/* of a function that returns progress */
	MemoryContext spare_context;
	Question   *spare;			/* when it is full: that of the last
								 * definition it has not, or NULL */
	FunnelProgressMaker maker;	/* of journey_progress and journey_attempts */
} CallSite;

/* How often it is looked at how much memory the questions take. */
#define QUESTIONS_PER_LOOK	64
#define CALLS_PER_LOOK		(16 * 1024)

static CallSite *
make_call_site(FunctionCallInfo fcinfo)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	CallSite   *site = MemoryContextAllocZero(context, sizeof(CallSite));

	site->context = AllocSetContextCreate(context, "funnel questions", ALLOCSET_DEFAULT_SIZES);
	site->spare_context = AllocSetContextCreate(context, "funnel question", ALLOCSET_SMALL_SIZES);
	return site;
}

static Question *
make_question(const struct varlena *def, MemoryContext context)
{
	Question   *question = MemoryContextAlloc(context, sizeof(Question));

	question->program = funnel_program_compile(def, false, context);
	question->matcher = funnel_journey_matcher_create(question->program, context);
	return question;
}

/* The spare question of the call site, made that of a definition. */
static const Question *
spare_question(CallSite *site, const struct varlena *def)
{
	if (site->spare == NULL || !funnel_program_is_for(site->spare->program, def))
	{
		site->spare = NULL;
		MemoryContextReset(site->spare_context);
		site->spare = make_question(def, site->spare_context);
	}
	return site->spare;
}

/*
 * The question of a definition.  When the call site is full, those that it has not
 * share a spare one: that is the caller's until the next call only.
 */
static const Question *
find_question(CallSite *site, const struct varlena *def)
{
	FunnelBytes key = {VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def)};
	FunnelByteHashEntry *entry;
	Question   *question;
	bool		found;

	/* usually it is the one of the row before */
	if (likely(site->last != NULL && funnel_program_is_for(site->last->program, def)))
		return site->last;

	if (site->questions == NULL)
		site->questions = funnel_bytehash_new(site->context, 2);
	entry = funnel_bytehash_lookup(site->questions, key);
	if (entry != NULL)
		return site->last = entry->value.pointer;

	if (!site->is_full && site->questions->members % QUESTIONS_PER_LOOK == 0)
		site->is_full = funnel_site_is_full(site->context);
	if (site->is_full)
		return spare_question(site, def);

	/* an error in here leaves no entry behind */
	question = make_question(def, site->context);
	key.bytes = VARDATA(question->program->def);
	entry = funnel_bytehash_insert(site->questions, key, &found);
	entry->value.pointer = question;
	return site->last = question;
}

/*
 * The same for a function that is through with its question when it returns.  It
 * can forget all when matchers have grown with what they saw.
 */
static const Question *
find_question_for_now(CallSite *site, const struct varlena *def)
{
	if (++site->ncalls % CALLS_PER_LOOK == 0 && funnel_site_is_full(site->context))
	{
		site->last = NULL;
		site->questions = NULL;
		site->is_full = false;
		MemoryContextReset(site->context);
	}
	return find_question(site, def);
}

/*
 * The matcher of a group's definition.  Groups of a call site that lasts share it.
 */
static FunnelJourneyMatcher *
get_matcher(FunctionCallInfo fcinfo, FunnelRunning *running)
{
	const Question *question;
	CallSite   *site;
	bool		lasts;

	if (likely(running->extra != NULL))
		return running->extra;

	(void) funnel_site_context(fcinfo, &lasts);
	if (!lasts)
		return running->extra = funnel_journey_matcher_create(running->program, running->context);

	site = fcinfo->flinfo->fn_extra;
	if (site == NULL)
		fcinfo->flinfo->fn_extra = site = make_call_site(fcinfo);
	question = find_question(site, running->program->def);
	if (question != site->spare)
		running->extra = question->matcher;
	return question->matcher;
}

/*
 * Journeys are longer than rows of events, and so is the time that one takes.
 * Without this, 100,000 journeys of 20 events take 7 to 9 % longer.
 */
#define PREFETCH_JOURNEYS(journey)	funnel_prefetch_rows(journey, 1, 4)

/*
 * funnel_agg_journey_transfn(funnel_result, journey funnel_journey,
 * definition funnel_def) returns funnel_result
 *
 * A journey that is NULL, or without events, is no unit.
 */
PG_FUNCTION_INFO_V1(funnel_agg_journey_transfn);
Datum
funnel_agg_journey_transfn(PG_FUNCTION_ARGS)
{
	const FunnelJourney *journey = NULL;
	FunnelRunning *running;
	FunnelJourneyMatcher *matcher;
	int64		last_at;
	Datum		state;

	if (unlikely(PG_ARGISNULL(2)))
		funnel_definition_is_null();
	if (!PG_ARGISNULL(1))
		journey = funnel_plain_varlena(PG_GETARG_DATUM(1));
	if (unlikely(journey == NULL || funnel_journey_is_empty(journey)))
		return funnel_same_state(fcinfo);

	PREFETCH_JOURNEYS(journey);
	running = funnel_running(fcinfo, 2, &state);
	matcher = get_matcher(fcinfo, running);
	if (running->program->rules.every_attempt)
	{
		const FunnelMatch *attempt;

		funnel_journey_begin_attempts(matcher, journey, &last_at);
		funnel_tally_see(running->tally, last_at);
		while ((attempt = funnel_journey_next_attempt(matcher)) != NULL)
			funnel_tally_add(running->tally, attempt, NULL);
	}
	else
	{
		FunnelMatch match;

		funnel_journey_match(matcher, journey, &match, &last_at);
		funnel_tally_see(running->tally, last_at);
		if (match.depth > 0)
			funnel_tally_add(running->tally, &match, NULL);
	}
	PG_RETURN_DATUM(state);
}

/* The call site of a function that returns funnel_progress, or an array of them. */
static CallSite *
get_maker_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = fcinfo->flinfo->fn_extra;

	if (site == NULL)
	{
		site = make_call_site(fcinfo);
		funnel_progress_maker_init(&site->maker, fcinfo);
		fcinfo->flinfo->fn_extra = site;
	}
	return site;
}

/* The journey that is argument 0, or NULL if it is NULL or has no events. */
static const FunnelJourney *
get_journey(FunctionCallInfo fcinfo)
{
	const FunnelJourney *journey;

	if (PG_ARGISNULL(1))
		funnel_definition_is_null();
	if (PG_ARGISNULL(0))
		return NULL;
	journey = funnel_plain_varlena(PG_GETARG_DATUM(0));
	return funnel_journey_is_empty(journey) ? NULL : journey;
}

/*
 * journey_progress(journey funnel_journey, definition funnel_def)
 * returns funnel_progress
 *
 * NULL for a journey without events, as funnel_progress_agg over no rows.
 */
PG_FUNCTION_INFO_V1(funnel_journey_progress);
Datum
funnel_journey_progress(PG_FUNCTION_ARGS)
{
	const FunnelJourney *journey = get_journey(fcinfo);
	CallSite   *site;
	const Question *question;
	FunnelMatch match;
	int64		last_at;

	if (journey == NULL)
		PG_RETURN_NULL();
	site = get_maker_site(fcinfo);
	question = find_question_for_now(site, funnel_plain_varlena(PG_GETARG_DATUM(1)));
	if (question->program->rules.every_attempt)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("under \"every attempt\" a unit has a funnel_progress for each attempt"),
				 errhint("Use journey_attempts(journey, definition), which gives an array of them, or over raw events funnel_attempts_agg(ts, event, definition [, payload]).")));
	funnel_journey_match(question->matcher, journey, &match, &last_at);
	PG_RETURN_DATUM(funnel_progress_make(&site->maker, question->program, &match,
										 last_at, (Datum) 0));
}

/*
 * journey_attempts(journey funnel_journey, definition funnel_def)
 * returns funnel_progress[]
 *
 * As funnel_attempts_agg.
 */
PG_FUNCTION_INFO_V1(funnel_journey_attempts);
Datum
funnel_journey_attempts(PG_FUNCTION_ARGS)
{
	const FunnelJourney *journey = get_journey(fcinfo);
	CallSite   *site;
	const Question *question;
	ArrayBuildState *values;
	int64		last_at;

	if (journey == NULL)
		PG_RETURN_NULL();
	site = get_maker_site(fcinfo);
	question = find_question_for_now(site, funnel_plain_varlena(PG_GETARG_DATUM(1)));
	values = initArrayResult(site->maker.type, CurrentMemoryContext, false);
	if (question->program->rules.every_attempt)
	{
		const FunnelMatch *match;

		funnel_journey_begin_attempts(question->matcher, journey, &last_at);
		while ((match = funnel_journey_next_attempt(question->matcher)) != NULL)
			accumArrayResult(values, funnel_progress_make(&site->maker, question->program,
														  match, last_at, (Datum) 0),
							 false, site->maker.type, CurrentMemoryContext);
	}
	else
	{
		FunnelMatch match;

		funnel_journey_match(question->matcher, journey, &match, &last_at);
		accumArrayResult(values, funnel_progress_make(&site->maker, question->program,
													  &match, last_at, (Datum) 0),
						 false, site->maker.type, CurrentMemoryContext);
	}
	PG_RETURN_DATUM(funnel_progress_values(&site->maker, values, question->program, last_at));
}
