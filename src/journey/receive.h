/*-------------------------------------------------------------------------
 *
 * journey/receive.h
 *	  A journey from a message: read and written anew, a few events at a time.
 *	  The receive function of the type calls it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_RECEIVE_H
#define FUNNEL_JOURNEY_RECEIVE_H

#include "journey/bytes.h"

/*
 * The journey of a message: the events of VIEW, whose stream must be padded, with
 * labels of TABLE.  IDS has that of each code.  It takes memory for the message,
 * not for the events that the message says it has.
 */
extern FunnelJourney *funnel_journey_receive(const FunnelJourneyView *view,
											 FunnelLabelTable *table, const uint32 *ids);

#endif							/* FUNNEL_JOURNEY_RECEIVE_H */
