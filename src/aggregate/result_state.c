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

	running->tally = tally;
	running->program = funnel_program_compile(tally->def, false, context);
	running->context = context;
	return running;
}

/*
 * What is running for the group and is asked DEF, a value with any inline
 * header; *IS_NEW if it began with this row.
 */
static FunnelRunning *
find_running(FunctionCallInfo fcinfo, const struct varlena *def, Datum *state, bool *is_new)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FunnelRunning *running = NULL;

	*is_new = false;
	if (PG_ARGISNULL(0))
		*state = funnel_result_make_expanded(def, context);
	else
	{
		*state = PG_GETARG_DATUM(0);
		running = funnel_result_find_companion(*state);
	}
	if (running == NULL)
	{
		FunnelTally *tally = funnel_result_writable(state, context);
		MemoryContext own;
		void	  **companion = funnel_result_companion(*state, &own);

		running = begin_running(tally, own);
		*companion = running;
		*is_new = true;
	}
	if (!funnel_program_is_for(running->program, def))
		funnel_definitions_differ(running->program, def);
	return running;
}

FunnelRunning *
funnel_running_for(FunctionCallInfo fcinfo, const struct varlena *def, Datum *state)
{
	bool		is_new;

	return find_running(fcinfo, def, state, &is_new);
}

FunnelRunning *
funnel_running(FunctionCallInfo fcinfo, int defarg, Datum *state)
{
	FunnelRunning *running;
	bool		is_new;

	if (PG_ARGISNULL(defarg))
		funnel_definition_is_null();

	/*
	 * the usual row: one more of a group, with the same constant as the
	 * others; such a state is found in an aggregate only
	 */
	if (likely(!PG_ARGISNULL(0)))
	{
		*state = PG_GETARG_DATUM(0);
		running = funnel_result_find_companion(*state);
		if (likely(running != NULL && running->def != (Datum) 0 &&
				   running->def == PG_GETARG_DATUM(defarg)))
			return running;
	}

	running = find_running(fcinfo, funnel_plain_varlena(PG_GETARG_DATUM(defarg)),
						   state, &is_new);
	if (is_new && funnel_argument_is_stable(fcinfo, defarg))
		running->def = PG_GETARG_DATUM(defarg);
	return running;
}
