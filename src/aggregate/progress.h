/*-------------------------------------------------------------------------
 *
 * aggregate/progress.h
 *	  funnel_progress as a value: made of a match, and read back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_PROGRESS_H
#define FUNNEL_AGGREGATE_PROGRESS_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/array.h"

#include "language/program.h"

/* The columns of funnel_progress. */
enum
{
	PROGRESS_STAGE,
	PROGRESS_OUTCOME,
	PROGRESS_ENTERED_AT,
	PROGRESS_REACHED_AT,
	PROGRESS_LAST_AT,
	PROGRESS_OPEN_UNTIL,
	PROGRESS_PAYLOAD,
	PROGRESS_DEFINITION,
	FUNNEL_PROGRESS_COLUMNS
};

/* A value taken apart. */
typedef struct FunnelProgressParts
{
	Datum		values[FUNNEL_PROGRESS_COLUMNS];
	bool		nulls[FUNNEL_PROGRESS_COLUMNS];
} FunnelProgressParts;

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

/* An array of N elements, as funnel_progress has them: of timestamptz or text. */
extern Datum funnel_progress_array(Datum *values, bool *nulls, int n, Oid type);

/*
 * The values of one unit, collected by the server's accumArrayResult, as an array;
 * if there are none, with the value of a unit that never entered.
 */
extern Datum funnel_progress_values(const FunnelProgressMaker *maker, ArrayBuildState *values,
									const FunnelProgram *program, int64 last_at);

/* Take a value apart; false if it is NULL, or all of its columns are. */
extern bool funnel_progress_open(Datum progress, FunnelProgressParts *parts);

/* The definition that it carries, with any inline header; an error if it is NULL. */
extern struct varlena *funnel_progress_definition(const FunnelProgressParts *parts);

/*
 * The match that it tells of, as far as a tally counts it; an error if there
 * can be none such.
 */
extern void funnel_progress_read(const FunnelProgressParts *parts,
								 const FunnelProgram *program,
								 FunnelMatch *match, int64 *last_at);

#endif							/* FUNNEL_AGGREGATE_PROGRESS_H */
