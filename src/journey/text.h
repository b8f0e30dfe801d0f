/*-------------------------------------------------------------------------
 *
 * journey/text.h
 *	  A journey as JSON, for the input and output functions of the type.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_TEXT_H
#define FUNNEL_JOURNEY_TEXT_H

#include "journey/format.h"

extern char *funnel_journey_print(const FunnelJourney *journey);

/* NULL if an error has been saved in ESCONTEXT. */
extern FunnelJourney *funnel_journey_parse(const char *text, Node *escontext);

#endif							/* FUNNEL_JOURNEY_TEXT_H */
