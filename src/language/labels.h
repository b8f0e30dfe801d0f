/*-------------------------------------------------------------------------
 *
 * language/labels.h
 *	  Which steps an event label matches and which links it breaks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_LABELS_H
#define FUNNEL_LANGUAGE_LABELS_H

#include "language/codes.h"
#include "language/tree.h"

typedef struct FunnelLabels FunnelLabels;

/*
 * Compile a definition's terms; everything is allocated in CONTEXT.  If
 * STAGE_NAMES is not NULL, a label also matches a step whose name it is.
 */
extern FunnelLabels *funnel_labels_compile(const FunnelDefinition *definition,
										   char **stage_names, MemoryContext context);

/* Look up one label of LEN bytes; both masks are 0 if nothing matches. */
extern FunnelLabelMatch funnel_labels_match(const FunnelLabels *labels,
											const char *text, int len);

/*
 * Give codes to what labels can match, and if BARRED, to the same of rows that may
 * not start a chain: FUNNEL_NO_ENTRY, see match/rules.h.
 */
extern void funnel_labels_add_codes(const FunnelLabels *labels, bool barred,
									FunnelEventCodes *codes, MemoryContext context);

#endif							/* FUNNEL_LANGUAGE_LABELS_H */
