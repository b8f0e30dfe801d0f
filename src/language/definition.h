/*-------------------------------------------------------------------------
 *
 * language/definition.h
 *	  funnel_def: the question a funnel asks, as a PostgreSQL type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_DEFINITION_H
#define FUNNEL_LANGUAGE_DEFINITION_H

#include "fmgr.h"
#include "nodes/nodes.h"

#include "language/parse.h"
#include "language/stage_names.h"
#include "language/tree.h"

/*
 * A funnel_def is its canonical text, nothing else: equal definitions have
 * equal bytes, and whatever reads one parses it again (once per call site).
 */
typedef struct varlena FunnelDef;

#define DatumGetFunnelDefPP(X)		((FunnelDef *) PG_DETOAST_DATUM_PACKED(X))
#define PG_GETARG_FUNNEL_DEF_PP(n)	DatumGetFunnelDefPP(PG_GETARG_DATUM(n))
#define PG_RETURN_FUNNEL_DEF_P(x)	PG_RETURN_POINTER(x)

/* The type is known by its output function. */
extern PGDLLEXPORT Datum funnel_def_out(PG_FUNCTION_ARGS);

/*
 * The value of a parsed definition: its canonical text.  NULL on soft error: it
 * may be too long, though what was parsed was not.
 */
extern FunnelDef *funnel_definition_value(const FunnelDefinition *definition, Node *escontext);

/*
 * The error of a function that is asked NULL; it does not return.  No such
 * function is STRICT: NULL or no rows would look like an answer.
 */
extern void funnel_definition_is_null(void);

/* Argument ARGNO, which must not be NULL. */
static inline FunnelDef *
funnel_definition_argument(FunctionCallInfo fcinfo, int argno)
{
	if (PG_ARGISNULL(argno))
		funnel_definition_is_null();
	return PG_GETARG_FUNNEL_DEF_PP(argno);
}

/*
 * The parsed tree of a stored value, in the current memory context.  The value may
 * be forged: it is an error if it is no text, or no definition.
 */
extern FunnelDefinition *funnel_definition_of(const FunnelDef *def);

#endif							/* FUNNEL_LANGUAGE_DEFINITION_H */
