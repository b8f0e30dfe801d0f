/*-------------------------------------------------------------------------
 *
 * match/outcome.c
 *	  The outcomes' names in SQL.
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "match/outcome.h"

static const char *const outcome_names[FUNNEL_NUM_OUTCOMES] = {
	[FUNNEL_CONVERTED] = "converted",
	[FUNNEL_EXCLUDED] = "excluded",
	[FUNNEL_LATE] = "late",
	[FUNNEL_EARLY] = "early",
	[FUNNEL_ABSENT] = "absent"
};

const char *
funnel_outcome_name(FunnelOutcome outcome)
{
	return outcome_names[outcome];
}

bool
funnel_outcome_parse(const char *text, int len, FunnelOutcome *outcome)
{
	for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
	{
		if (len == (int) strlen(outcome_names[i]) &&
			memcmp(text, outcome_names[i], len) == 0)
		{
			*outcome = (FunnelOutcome) i;
			return true;
		}
	}
	return false;
}
