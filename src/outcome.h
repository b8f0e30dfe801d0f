/*-------------------------------------------------------------------------
 *
 * outcome.h
 *	  The outcomes' names in SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_OUTCOME_H
#define FUNNEL_OUTCOME_H

#include "matcher.h"

extern const char *funnel_outcome_name(FunnelOutcome outcome);

/* False if LEN bytes are no outcome's name. */
extern bool funnel_outcome_parse(const char *text, int len, FunnelOutcome *outcome);

#endif							/* FUNNEL_OUTCOME_H */
