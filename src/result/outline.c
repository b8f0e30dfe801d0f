/*-------------------------------------------------------------------------
 *
 * result/outline.c
 *	  A result stage by stage, as the report and the pictures show it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "result/outline.h"

FunnelOutline *
funnel_outline(const FunnelTally *tally, int64 as_of)
{
	char	  **names = funnel_tally_stage_names(tally);
	FunnelStanding *standing = palloc(tally->nsteps * sizeof(FunnelStanding));
	FunnelOutline *outline = palloc0(offsetof(FunnelOutline, stages) +
									 tally->nsteps * sizeof(FunnelOutlineStage));
	int64		base = 0;

	funnel_tally_standing(tally, as_of, standing);
	outline->nstages = tally->nsteps;
	outline->entered = tally->steps[0].users;
	for (int k = 0; k < tally->nsteps; k++)
	{
		FunnelOutlineStage *stage = &outline->stages[k];

		stage->name = names[k];
		stage->optional = tally->definition->steps[k].optional;
		stage->users = tally->steps[k].users;
		stage->base = base;
		stage->standing = standing[k];
		outline->dropped += standing[k].dropped;
		outline->pending += standing[k].pending;
		if (!stage->optional)
			base = stage->users;
	}
	/* the last stage is required */
	outline->converted = base;
	return outline;
}
