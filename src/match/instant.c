/*-------------------------------------------------------------------------
 *
 * match/instant.c
 *	  The rows of one instant, as the ordered matcher sees them.
 *
 *-------------------------------------------------------------------------
 */
#include "match/instant.h"

#include "match/steps.h"

void
funnel_instant_extend(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					  Work *work, Instant *instant)
{
	uint64_t	several = instant->steps & (instant->steps - 1);
	size_t		i = instant->end;

	do
	{
		uint64_t	steps = funnel_row_steps(rules->barring, &rows[i]);

		instant->steps |= steps;
		instant->breaks |= rows[i].breaks;
		instant->entries |= rows[i].steps;
		several |= steps & (steps - 1);
		work_add(work, 1);
		i++;
	} while (i < nrows && rows[i].ts == instant->ts);
	instant->end = i;
	instant->shared = several != 0;
}

uint64_t
funnel_instant_span(Assignment *assignment, const FunnelRules *rules,
					uint64_t present, int step)
{
	uint64_t	span = 0;
	uint64_t	added = 0;

	if (!assignment_add(assignment, step))
		return 0;
	span = added = STEP_BIT(step);
	for (int next = step + 1; next <= rules->nsteps; next++)
	{
		bool		taken = (present & STEP_BIT(next)) != 0 &&
			!is_delayed(rules, next) && assignment_add(assignment, next);

		if (taken)
		{
			span |= STEP_BIT(next);
			if (is_optional(rules, next))
				unassign(assignment, next);
			else
				added |= STEP_BIT(next);
		}
		else if (!is_optional(rules, next))
			break;
	}
	for (; added != 0; added &= added - 1)
		unassign(assignment, LOWEST_STEP(added));
	return span;
}
