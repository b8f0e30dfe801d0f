/*-------------------------------------------------------------------------
 *
 * aggregate/funnel_agg.h
 *	  The state of funnel_agg over raw events.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_FUNNEL_AGG_H
#define FUNNEL_AGGREGATE_FUNNEL_AGG_H

#include "language/program.h"
#include "spool/spool.h"

/* What one call site keeps from row to row and group to group. */
typedef struct FunnelAggCallSite
{
	MemoryContext context;
	FunnelProgramCache programs;
	FunnelUnitType unit_type;
	bool		definition_is_stable;	/* the same datum for every row */
} FunnelAggCallSite;

typedef struct FunnelAggState
{
	FunnelProgram *program;
	FunnelUnitType *unit_type;
	struct varlena *def;		/* the datum of the last row, to compare only */
	int64		horizon;
	bool		with_values;
	FunnelSpool *spool;
} FunnelAggState;

extern FunnelAggCallSite *funnel_agg_call_site(FunctionCallInfo fcinfo);
extern FunnelAggState *funnel_agg_create_state(FunctionCallInfo fcinfo, MemoryContext context,
											   FunnelProgram *program,
											   FunnelUnitType *unit_type, bool with_values);

#endif							/* FUNNEL_AGGREGATE_FUNNEL_AGG_H */
