/*-------------------------------------------------------------------------
 *
 * aggregate/progress_count.c
 *	  funnel_agg over values of funnel_progress: each row is a unit.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "aggregate/progress.h"
#include "aggregate/result_state.h"
#include "base/aggcontext.h"
#include "base/compat.h"

PG_FUNCTION_INFO_V1(funnel_agg_progress_transfn);

/*
 * funnel_agg_progress_transfn(funnel_result, progress funnel_progress)
 * returns funnel_result
 *
 * NULL, or a row of nothing but NULL, is no unit.
 */
Datum
funnel_agg_progress_transfn(PG_FUNCTION_ARGS)
{
	FunnelRunning *running;
	FunnelProgressParts parts;
	FunnelMatch match;
	int64		last_at;
	Datum		state;

	if (PG_ARGISNULL(1) || !funnel_progress_open(PG_GETARG_DATUM(1), &parts))
		return funnel_same_state(fcinfo);

	running = funnel_running_for(fcinfo, funnel_progress_definition(&parts), &state);
	funnel_progress_read(&parts, running->program, &match, &last_at);
	if (match.depth > 0)
		funnel_tally_add(running->tally, &match, NULL);
	funnel_tally_see(running->tally, last_at);
	PG_RETURN_DATUM(state);
}
