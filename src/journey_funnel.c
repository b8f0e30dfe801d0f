/*-------------------------------------------------------------------------
 *
 * journey_funnel.c
 *	  funnel_agg over journeys: one row is one unit.
 *
 * The state is a funnel_result, expanded, so that parts can be computed on
 * other servers.  There, fn_extra may not survive a row: then what would be kept
 * at the call site is kept with the state.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "journey_match.h"
#include "result.h"

/* A definition's program and what it found out about labels. */
typedef struct Question
{
	FunnelProgram *program;
	FunnelJourneyMatcher *matcher;
} Question;

typedef struct CallSite
{
	MemoryContext context;
	FunnelProgramCache programs;
	int			nquestions;
	Question   *questions;
	Question   *last;
	Datum		constant;		/* the definition, if it is a constant, or 0 */
} CallSite;

static CallSite *
make_call_site(MemoryContext context)
{
	CallSite   *site = MemoryContextAllocZero(context, sizeof(CallSite));

	site->context = context;
	return site;
}

/*
 * Is this argument the value of a constant?  Not if we cannot tell: under a
 * wrapper the Aggref is the wrapper's, hence the look at the value.
 */
static bool
argument_is_constant(FunctionCallInfo fcinfo, int argno)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);
	Node	   *argument;

	if (aggref == NULL || list_length(aggref->args) < argno)
		return false;
	argument = (Node *) ((TargetEntry *) list_nth(aggref->args, argno - 1))->expr;
	return IsA(argument, Const) && !((Const *) argument)->constisnull &&
		((Const *) argument)->constvalue == PG_GETARG_DATUM(argno);
}

/* STATE is 0 if there is none yet. */
static CallSite *
get_call_site(FunctionCallInfo fcinfo, Datum state)
{
	MemoryContext context;
	void	  **attachment;

	if (fcinfo->flinfo->fn_extra != NULL)
		return (CallSite *) fcinfo->flinfo->fn_extra;
	if (state == (Datum) 0)
	{
		CallSite   *site = make_call_site(fcinfo->flinfo->fn_mcxt);

		if (argument_is_constant(fcinfo, 2))
			site->constant = PG_GETARG_DATUM(2);
		fcinfo->flinfo->fn_extra = site;
		return site;
	}

	/* a second row of the group, and what the first one left is gone */
	attachment = funnel_result_companion(state, &context);
	if (*attachment == NULL)
		*attachment = make_call_site(context);
	return (CallSite *) *attachment;
}

static FunnelJourneyMatcher *
get_matcher(CallSite *site, const struct varlena *def)
{
	FunnelProgram *program;
	Question   *question;

	if (site->last != NULL && funnel_program_is_for(site->last->program, def))
		return site->last->matcher;

	program = funnel_program_get(&site->programs, def, site->context);
	for (int i = 0; i < site->nquestions; i++)
	{
		if (site->questions[i].program == program)
		{
			site->last = &site->questions[i];
			return site->last->matcher;
		}
	}
	if (site->nquestions == 0)
		site->questions = MemoryContextAlloc(site->context, sizeof(Question));
	else if ((site->nquestions & (site->nquestions - 1)) == 0)
		site->questions = repalloc(site->questions, sizeof(Question) * 2 * site->nquestions);
	question = &site->questions[site->nquestions++];
	question->program = program;
	question->matcher = funnel_journey_matcher_create(program, site->context);
	site->last = question;
	return question->matcher;
}

static void
check_definition(const FunnelDef *known, const struct varlena *def)
{
	if (VARSIZE_ANY_EXHDR(def) == VARSIZE_ANY_EXHDR(known) &&
		memcmp(VARDATA_ANY(def), VARDATA_ANY(known), VARSIZE_ANY_EXHDR(def)) == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("funnel definition must be the same for all rows of a group"),
			 errdetail("One row has \"%s\", another \"%s\".",
					   text_to_cstring((const text *) known),
					   text_to_cstring((const text *) def)),
			 errhint("Add the definition to GROUP BY.")));
}

/*
 * funnel_agg_transfn(funnel_result, funnel_journey, funnel_def)
 *
 * A journey that is NULL is no unit.
 */
PG_FUNCTION_INFO_V1(funnel_agg_journey_transfn);
Datum
funnel_agg_journey_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Datum		state = PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0);
	FunnelTally *tally = NULL;
	CallSite   *site;
	FunnelJourneyMatcher *matcher;
	struct varlena *def = NULL;
	FunnelMatch match;
	int64		last;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "funnel_agg called in non-aggregate context");
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("funnel definition must not be null")));
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(state);
	}

	if (state != (Datum) 0)
		tally = funnel_result_writable(&state, context);
	site = get_call_site(fcinfo, state);
	if (likely(tally != NULL && site->constant != (Datum) 0 &&
			   site->constant == PG_GETARG_DATUM(2)))
		matcher = site->last->matcher;
	else
	{
		def = PG_GETARG_VARLENA_PP(2);
		if (tally != NULL)
			check_definition(funnel_tally_definition(tally), def);
		matcher = get_matcher(site, def);
	}

	if (funnel_journey_match(matcher, PG_GETARG_FUNNEL_JOURNEY_PP(1), &match, &last))
	{
		if (tally == NULL)
		{
			state = funnel_result_make_expanded((const FunnelDef *) def, context);
			tally = funnel_result_writable(&state, context);
		}
		funnel_tally_see(tally, last);
		if (match.depth > 0)
			funnel_tally_add(tally, &match, NULL);
	}
	if (state == (Datum) 0)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(state);
}
