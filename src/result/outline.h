/*-------------------------------------------------------------------------
 *
 * result/outline.h
 *	  A result stage by stage, as the report and the pictures show it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_OUTLINE_H
#define FUNNEL_RESULT_OUTLINE_H

#include "result/tally.h"

typedef struct FunnelOutlineStage
{
	const char *name;
	bool		optional;
	int64		users;
	int64		base;			/* users of the nearest earlier required
								 * stage, 0 at the first */
	FunnelStanding standing;
} FunnelOutlineStage;

typedef struct FunnelOutline
{
	int64		entered;
	int64		converted;
	int64		dropped;
	int64		pending;
	int			nstages;
	FunnelOutlineStage stages[FLEXIBLE_ARRAY_MEMBER];
} FunnelOutline;

/* As of an instant, see funnel_tally_standing; palloc'd. */
extern FunnelOutline *funnel_outline(const FunnelTally *tally, int64 as_of);

#endif							/* FUNNEL_RESULT_OUTLINE_H */
