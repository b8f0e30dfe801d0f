/*-------------------------------------------------------------------------
 *
 * base/callsite.h
 *	  What a function can know of the expression that it is called from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_CALLSITE_H
#define FUNNEL_BASE_CALLSITE_H

#include "fmgr.h"
#include "nodes/primnodes.h"

/*
 * The type of argument ARGNO, of a domain the one below it: from the expression,
 * or, where a caller has none, from the function's declaration.  InvalidOid if
 * neither tells.
 */
extern Oid	funnel_argument_type(FmgrInfo *flinfo, int argno);

/* The error that the type of WHAT is not known; does not return. */
extern void funnel_type_is_unknown(const char *what);

/* Does this call belong to AGGREGATE, of which it is the transition function? */
extern bool funnel_is_transition_of(FunctionCallInfo fcinfo, Oid aggregate);

/*
 * The aggregate in the query that this is a call of the transition function of,
 * or NULL if that cannot be told: in a window, and if another aggregate calls
 * ours, as those of sharded servers do.
 */
extern Aggref *funnel_own_aggref(FunctionCallInfo fcinfo);

#endif							/* FUNNEL_BASE_CALLSITE_H */
