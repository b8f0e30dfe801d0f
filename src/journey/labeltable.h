/*-------------------------------------------------------------------------
 *
 * journey/labeltable.h
 *	  Labels as small numbers, their ids, and codes for those that occur in one
 *	  journey.  Whatever makes a journey uses it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_LABELTABLE_H
#define FUNNEL_JOURNEY_LABELTABLE_H

#include "utils/palloc.h"

/* TEXT is not terminated; it is NULL for no label. */
typedef struct FunnelLabel
{
	const char *text;
	int			len;
} FunnelLabel;

/*
 * Labels by their ids.  Those that are marked occur in the journey at hand, and
 * get codes in the order of their bytes; no label comes last.  Between two
 * journeys none is marked.
 */
typedef struct FunnelLabelSet
{
	FunnelLabel *labels;
	bool		ascending;		/* ids are in that order already */
	uint32	   *codes;			/* of each id; FUNNEL_NO_CODE: not marked */
	uint32	   *marked;			/* ids, with room for all of them */
	uint32		nmarked;
	bool		has_unlabelled; /* no label is marked */
} FunnelLabelSet;

#define FUNNEL_NO_CODE		PG_UINT32_MAX

static inline void
funnel_label_mark(FunnelLabelSet *set, uint32 id)
{
	if (set->codes[id] != FUNNEL_NO_CODE)
		return;
	set->codes[id] = 0;
	set->marked[set->nmarked++] = id;
	set->has_unlabelled |= set->labels[id].text == NULL;
}

/* Give codes to the marked labels; returns them by their codes, palloc'd. */
extern FunnelLabel *funnel_labels_number(FunnelLabelSet *set);

extern void funnel_labels_unmark(FunnelLabelSet *set);

/* Labels of any origin; each text is kept once. */
typedef struct FunnelLabelTable FunnelLabelTable;

/* The id of no label in every table. */
#define FUNNEL_NO_LABEL		0

/* A table to hold about NLABELS; it lives in CONTEXT, as all it keeps. */
extern FunnelLabelTable *funnel_label_table_create(MemoryContext context, uint32 nlabels);

/* The id of a label of LEN bytes; the text is copied if it is new. */
extern uint32 funnel_label_table_add(FunnelLabelTable *table, const char *text, int len);

/* Does the table have a label?  It is not added. */
extern bool funnel_label_table_has(FunnelLabelTable *table, const char *text, int len);

/* How many ids there are, all below this. */
extern uint32 funnel_label_table_size(const FunnelLabelTable *table);

extern FunnelLabelSet *funnel_label_table_set(FunnelLabelTable *table);

#endif							/* FUNNEL_JOURNEY_LABELTABLE_H */
