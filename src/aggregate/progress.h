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
#include "utils/array.h"

#include "language/program.h"

/*
 * What a function that returns funnel_progress, or an array of them, keeps from
 * call to call.
 */
typedef struct FunnelProgressMaker
{
	Oid			type;			/* of funnel_progress */
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

/* An array of such values, in the current memory context. */
typedef struct FunnelPassages
{
	const FunnelProgressMaker *maker;
	ArrayBuildState *values;
} FunnelPassages;

extern void funnel_passages_begin(FunnelPassages *passages,
								  const FunnelProgressMaker *maker);
extern void funnel_passages_add(FunnelPassages *passages, Datum progress);

/* The array; if there is nothing in it, the passage of a unit that never entered. */
extern Datum funnel_passages_end(FunnelPassages *passages, const FunnelProgram *program,
								 int64 last_at);

#endif							/* FUNNEL_AGGREGATE_PROGRESS_H */
