/*-------------------------------------------------------------------------
 *
 * journey/labels.h
 *	  What the labels of journeys match, journey after journey.  The matcher of
 *	  journeys asks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_LABELS_H
#define FUNNEL_JOURNEY_LABELS_H

#include "journey/bytes.h"
#include "language/labels.h"

typedef struct FunnelKnownLabels FunnelKnownLabels;

/* What a label matches, or whatever else it stands for. */
typedef FunnelLabelMatch (*FunnelLabelLookup) (void *arg, const char *text, int len);

/* What the labels of one journey match, until the next is looked at. */
typedef struct FunnelJourneyLabels
{
	FunnelKnownLabels *known;
	bool		single;			/* no label matches more than one step */
	uint64		present;		/* steps that some label matches */
	const uint8 *steps;			/* the single step, or 0, for each number that
								 * fits into the bits of a code */
	FunnelLabelMatch *matches;	/* for each code; if wanted, or not single */
	uint32		nmatches;
	uint8	   *room;			/* for steps */
	uint32		nsteps;
} FunnelJourneyLabels;

/*
 * LOOKUP is asked once for a label, or sometimes again, with ARG.  What it found
 * is kept in a child of CONTEXT.
 */
extern void funnel_journey_labels_init(FunnelJourneyLabels *found, FunnelLabelLookup lookup,
									   void *arg, MemoryContext context);

/* Look up the labels of a journey that is not empty. */
extern void funnel_journey_labels_find(FunnelJourneyLabels *found,
									   const FunnelJourneyView *view, bool want_matches);

/* Give back what a journey with exceptionally many labels needed. */
extern void funnel_journey_labels_trim(FunnelJourneyLabels *found);

#endif							/* FUNNEL_JOURNEY_LABELS_H */
