/*-------------------------------------------------------------------------
 *
 * aggregate/result_state.c
 *	  The running tally of an aggregate whose rows are whole units.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "aggregate/result_state.h"
#include "base/aggcontext.h"
#include "events/arguments.h"

static FunnelRunning *
begin_running(FunnelTally *tally, MemoryContext context)
{
	FunnelRunning *running = MemoryContextAllocZero(context, sizeof(FunnelRunning));
	FunnelProgramCache programs = {0};

	running->tally = tally;
	running->program = funnel_program_get(&programs, tally->def, context);
	running->context = context;
	return running;
}

FunnelRunning *
funnel_running(FunctionCallInfo fcinfo, int defarg, Datum *state)
{
	MemoryContext context;
	MemoryContext own;
	FunnelTally *tally;
	FunnelRunning *running;
	struct varlena *def;
	void	  **companion;

	context = funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(defarg))
		funnel_definition_is_null();

	/* the usual row: one more of a group, with the same constant as the others */
	if (likely(!PG_ARGISNULL(0)))
	{
		*state = PG_GETARG_DATUM(0);
		running = funnel_result_find_companion(*state);
		if (likely(running != NULL && running->def != (Datum) 0 &&
				   running->def == PG_GETARG_DATUM(defarg)))
			return running;
	}

	def = funnel_plain_varlena(PG_GETARG_DATUM(defarg));
	*state = PG_ARGISNULL(0) ? funnel_result_make_expanded(def, context) :
		PG_GETARG_DATUM(0);
	tally = funnel_result_writable(state, context);
	companion = funnel_result_companion(*state, &own);
	if (*companion == NULL)
	{
		running = begin_running(tally, own);
		if (funnel_argument_is_stable(fcinfo, defarg))
			running->def = PG_GETARG_DATUM(defarg);
		*companion = running;
	}
	running = *companion;
	if (!funnel_program_is_for(running->program, def))
		funnel_definitions_differ(running->program, def);
	return running;
}
