/*-------------------------------------------------------------------------
 *
 * journey/spelling.h
 *	  The labels of a journey in fewer bits than their bytes have, for
 *	  journey/bytes.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_SPELLING_H
#define FUNNEL_JOURNEY_SPELLING_H

#include "journey/format.h"
#include "journey/labeltable.h"

/* The bytes that labels take, which are ascending by their bytes. */
extern uint64 funnel_spelled_size(const FunnelLabel *labels, uint32 nlabels);

/* Spell them; returns the end. */
extern uint8 *funnel_spell(uint8 *p, const FunnelLabel *labels, uint32 nlabels);

/* The spelled labels of a journey; ENDS as with funnel_journey_labels, or NULL. */
extern void funnel_read_spelled(const FunnelJourneyView *view, FunnelLabel *labels,
								uint64 *ends);

#endif							/* FUNNEL_JOURNEY_SPELLING_H */
