/*-------------------------------------------------------------------------
 *
 * match/outcome.h
 *	  The outcomes' names in SQL.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_OUTCOME_H
#define FUNNEL_MATCH_OUTCOME_H

#include "match/rules.h"

extern const char *funnel_outcome_name(FunnelOutcome outcome);

/* False if LEN bytes are no outcome's name. */
extern bool funnel_outcome_parse(const char *text, int len, FunnelOutcome *outcome);

#endif							/* FUNNEL_MATCH_OUTCOME_H */
