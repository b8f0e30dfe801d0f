/*-------------------------------------------------------------------------
 *
 * result/figures.c
 *	  The ratios and times of a stage: the report's, for all who show them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "result/figures.h"
#include "result/histogram.h"
#include "result/statistics.h"

FunnelFigures
funnel_figures(const FunnelTally *tally, const FunnelOutline *outline, FunnelCounts times,
			   int step)
{
	const FunnelOutlineStage *stage = &outline->stages[step - 1];
	const FunnelTallyStep *here = &tally->steps[step - 1];
	int64		users = stage->users;
	FunnelFigures figures = {0};

	if (outline->entered > 0)
	{
		figures.has_first = true;
		figures.from_first = (double) users / outline->entered;
		funnel_wilson_interval(users, outline->entered, &figures.from_first_low,
							   &figures.from_first_high);
	}
	if (stage->base > 0)
	{
		figures.has_previous = true;
		figures.from_previous = (double) users / stage->base;
	}
	if (step > 1 && users > 0)
	{
		FunnelCounts previous = funnel_histogram_of(times, step, FUNNEL_SINCE_PREVIOUS);
		FunnelCounts first = funnel_histogram_of(times, step, FUNNEL_SINCE_FIRST);
		double		sum = funnel_uint128_to_double(here->microseconds);

		figures.has_times = true;
		figures.median = funnel_seconds(funnel_histogram_percentile(previous, 0.5));
		figures.p90 = funnel_seconds(funnel_histogram_percentile(previous, 0.9));
		figures.mean = funnel_seconds(sum / users);
		figures.median_from_first = funnel_seconds(funnel_histogram_percentile(first, 0.5));
	}
	figures.has_value = tally->has_values;
	figures.value = here->value;
	return figures;
}

void
funnel_buckets(FunnelCounts histogram, int nbuckets, FunnelBucket *buckets)
{
	double		longest;
	int			next = 0;

	Assert(histogram.ncounts > 0);

	longest = Max(1.0, funnel_histogram_microseconds(&histogram.counts[histogram.ncounts - 1]));
	for (int i = 0; i < nbuckets; i++)
	{
		double		lower = longest * i / nbuckets;
		double		upper = longest * (i + 1) / nbuckets;
		int64		users = 0;

		while (next < histogram.ncounts &&
			   (i == nbuckets - 1 ||
				funnel_histogram_microseconds(&histogram.counts[next]) < upper))
			users += histogram.counts[next++].count;
		buckets[i].lower = funnel_seconds(lower);
		buckets[i].upper = funnel_seconds(upper);
		buckets[i].users = users;
	}
}
