/*-------------------------------------------------------------------------
 *
 * tally.h
 *	  The tally over many units, in memory: what a funnel_result holds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_TALLY_H
#define FUNNEL_TALLY_H

#include "definition.h"

typedef struct FunnelTally FunnelTally;

/* An all-zero tally of a definition; it lives in CONTEXT, as all it grows by. */
extern FunnelTally *funnel_tally_create(const FunnelDef *def, MemoryContext context);

/* A row at TS was seen: of any unit, with any label. */
extern void funnel_tally_see(FunnelTally *tally, int64 ts);

/*
 * Count one unit that entered.  VALUES is NULL, or holds for each step of the
 * chain the value of its row (NaN where it has none).
 */
extern void funnel_tally_add(FunnelTally *tally, const FunnelMatch *match,
							 const double *values);

/* Add SRC, which is left as it was, to DST.  Definitions must be equal. */
extern void funnel_tally_merge(FunnelTally *dst, const FunnelTally *src);

/* The canonical varlena (palloc'd in the current context), and back. */
extern struct varlena *funnel_tally_flatten(const FunnelTally *tally);
extern FunnelTally *funnel_tally_expand(const struct varlena *result, MemoryContext context);

#endif							/* FUNNEL_TALLY_H */
