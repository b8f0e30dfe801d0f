/*-------------------------------------------------------------------------
 *
 * result/type.h
 *	  funnel_result: a tally as a value, flat or expanded.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_TYPE_H
#define FUNNEL_RESULT_TYPE_H

#include "fmgr.h"

#include "result/tally.h"

/* The type is known by its output function. */
extern PGDLLEXPORT Datum funnel_result_out(PG_FUNCTION_ARGS);

/*
 * The tally of a funnel_result, flat or expanded: for reading only.  A flat one
 * is expanded in the current memory context, and an error if it is corrupt.
 */
extern FunnelTally *funnel_result_tally(Datum result);

#define PG_GETARG_FUNNEL_TALLY(n)	funnel_result_tally(PG_GETARG_DATUM(n))

/*
 * An expanded funnel_result without units, and one that holds a copy of a
 * tally's counts.  It lives in a child of PARENT, which for the state of an
 * aggregate must be the aggregate's context: only then does the executor keep
 * it as it is instead of copying it for each row.
 *
 * All those of one PARENT live in the same child and go away together, so none
 * may be given to DeleteExpandedObject() or TransferExpandedObject().  The
 * executor does neither to a state that its transition function returns again,
 * as ours do.
 */
extern Datum funnel_result_make_expanded(const FunnelDef *def, MemoryContext parent);

/*
 * The tally of an aggregate's state, to be added to in place.  If *STATE is not
 * a writable expanded value, it is replaced by one in PARENT.
 */
extern FunnelTally *funnel_result_writable(Datum *state, MemoryContext parent);

/*
 * Where the owner of a writable expanded value may keep a pointer (NULL at
 * first) to something in *CONTEXT, which goes away with the value.
 */
extern void **funnel_result_companion(Datum state, MemoryContext *context);

/* That pointer; NULL, too, if STATE is not a writable expanded value. */
extern void *funnel_result_find_companion(Datum state);

#endif							/* FUNNEL_RESULT_TYPE_H */
