/*-------------------------------------------------------------------------
 *
 * aggregate/progress.h
 *	  funnel_progress as a value: one unit's passage.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_PROGRESS_H
#define FUNNEL_AGGREGATE_PROGRESS_H

#include "access/tupdesc.h"
#include "fmgr.h"

#include "language/program.h"

/* What a function that returns funnel_progress keeps from call to call. */
typedef struct FunnelProgressMaker
{
	TupleDesc	tupdesc;
	Datum		outcomes[FUNNEL_NUM_OUTCOMES];	/* their names, text */
} FunnelProgressMaker;

/* FCINFO is that of the function; what is allocated lives in its fn_mcxt. */
extern void funnel_progress_maker_init(FunnelProgressMaker *maker, FunctionCallInfo fcinfo);

/* The value of a match; PAYLOAD is an array, or 0 for NULL. */
extern Datum funnel_progress_make(const FunnelProgressMaker *maker,
								  const FunnelProgram *program,
								  const FunnelMatch *match, int64 last_at,
								  Datum payload);

#endif							/* FUNNEL_AGGREGATE_PROGRESS_H */
