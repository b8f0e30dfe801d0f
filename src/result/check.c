/*-------------------------------------------------------------------------
 *
 * result/check.c
 *	  What a tally that came from outside cannot be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "result/check.h"

/* What is wrong with the values of the steps, or with their times, or NULL */
static char *
problem_of_times(const FunnelTally *tally, FunnelCounts all)
{
	for (int k = 0; k < tally->nsteps; k++)
	{
		const FunnelTallyStep *step = &tally->steps[k];
		int64		total;
		FunnelUint128 low,
					high;

		if (!isfinite(step->value) ||
			(step->value != 0 && (step->users == 0 || !tally->has_values)))
			return psprintf("Step %d cannot have that value.", k + 1);
		if (k == 0)
			continue;

		if (!funnel_histogram_sum(funnel_histogram_of(all, k + 1, FUNNEL_SINCE_PREVIOUS),
								  &total, &low, &high) ||
			total != step->users)
			return psprintf("The times of step %d from the previous step are not as many as its users.",
							k + 1);
		if (funnel_uint128_cmp(step->microseconds, low) < 0 ||
			funnel_uint128_cmp(step->microseconds, high) > 0)
			return psprintf("The microseconds of step %d are not the sum of its times.",
							k + 1);
		if (!funnel_histogram_sum(funnel_histogram_of(all, k + 1, FUNNEL_SINCE_FIRST),
								  &total, &low, &high) ||
			total != step->users)
			return psprintf("The times of step %d from the first step are not as many as its users.",
							k + 1);
	}
	return NULL;
}

/*
 * The codecs check each thing by itself (a counter is of a step and a cell that
 * exist, and positive); here the whole is checked to add up, so that nothing
 * read from a tally needs to be doubted again.
 */
char *
funnel_tally_problem(const FunnelTally *tally)
{
	FunnelCounts all = funnel_tally_times(tally);
	FunnelCounts open = funnel_counters_read(&tally->open);
	FunnelStanding *standing = palloc(tally->nsteps * sizeof(FunnelStanding));
	int64		now = funnel_open_cell(tally, tally->horizon);
	int64		last = funnel_open_cell(tally, FUNNEL_FOREVER - 1);
	int64		reached = 0;
	FunnelRules rules;

	Assert(tally->nsteps >= 1 && tally->nsteps <= FUNNEL_MAX_STEPS);
	funnel_definition_rules(tally->definition, &rules);
	if (tally->has_horizon && !IS_VALID_TIMESTAMP(tally->horizon))
		return pstrdup("The horizon is out of range.");
	if (!tally->has_horizon && tally->steps[0].users > 0)
		return pstrdup("There are users, but there is no horizon.");

	/* who stands where: first that the counters are what could be counted ... */
	memset(standing, 0, tally->nsteps * sizeof(FunnelStanding));
	for (int i = 0; i < open.ncounts; i++)
	{
		const FunnelCount *here = &open.counts[i];
		int			step = funnel_open_step(here);
		int64	   *count = &standing[step - 1].by_outcome[funnel_open_outcome(here)];

		funnel_poll_at(i);
		if (here->index < now || here->index > last)
			return psprintf("Cell " INT64_FORMAT " of step %d is not between the horizon and the end of time.",
							here->index, step);
		if (pg_add_s64_overflow(*count, here->count, count))
			return psprintf("The units at step %d are out of range.", step);
	}
	for (int k = 0; k < tally->nsteps; k++)
	{
		const FunnelTallyStep *step = &tally->steps[k];

		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			int64	   *count = &standing[k].by_outcome[i];

			if (pg_add_s64_overflow(*count, step->closed[i], count) ||
				pg_add_s64_overflow(*count, step->forever[i], count) ||
				pg_add_s64_overflow(standing[k].pending, *count, &standing[k].pending))
				return psprintf("The units at step %d are out of range.", k + 1);
			if (*count == 0)
				continue;
			if (k + 1 == tally->nsteps)
				return pstrdup("A unit at the last step is converted.");
			if ((i == FUNNEL_CONVERTED) ||
				(i == FUNNEL_EXCLUDED && (rules.strict | rules.excluding) == 0) ||
				(i == FUNNEL_EARLY && rules.any_order))
				return psprintf("The definition does not allow the outcome of a unit at step %d.",
								k + 1);
		}
	}

	/* ... then that they add up, from the last step backwards */
	for (int k = tally->nsteps - 1; k >= 0; k--)
	{
		const FunnelTallyStep *step = &tally->steps[k];
		int64		here = k + 1 == tally->nsteps ? step->users : standing[k].pending;

		if (pg_add_s64_overflow(reached, here, &reached))
			return psprintf("The units at step %d are out of range.", k + 1);

		if ((rules.optional & FUNNEL_STEP_BIT(k + 1)) == 0
			? step->users != reached
			: step->users < here || step->users > reached)
			return psprintf("Step %d has " INT64_FORMAT " users, but " INT64_FORMAT
							" units stand there or deeper.",
							k + 1, step->users, reached);
	}

	return problem_of_times(tally, all);
}
