/*-------------------------------------------------------------------------
 *
 * journey/labeltable.h
 *	  Labels as small numbers: each text is kept once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_LABELTABLE_H
#define FUNNEL_JOURNEY_LABELTABLE_H

#include "utils/palloc.h"

typedef struct FunnelLabelTable FunnelLabelTable;

/* The number of an event without a name. */
#define FUNNEL_NO_LABEL		PG_UINT32_MAX

/* An empty table, to hold about NLABELS; it lives in CONTEXT, as all it keeps. */
extern FunnelLabelTable *funnel_label_table_create(MemoryContext context, uint32 nlabels);

/* The number of a label of LEN bytes; the text is copied if it is new. */
extern uint32 funnel_label_table_add(FunnelLabelTable *table, const char *text, int len);

extern uint32 funnel_label_table_size(const FunnelLabelTable *table);
extern const char *funnel_label_table_text(const FunnelLabelTable *table, uint32 label,
										   int *len);

/* A scratch number of each label, FUNNEL_NO_LABEL between two uses. */
extern uint32 *funnel_label_table_marks(FunnelLabelTable *table);

#endif							/* FUNNEL_JOURNEY_LABELTABLE_H */
