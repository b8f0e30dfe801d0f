/*-------------------------------------------------------------------------
 *
 * result/histogram.c
 *	  Reading the histograms of times of a tally.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"

#include "base/compat.h"
#include "result/histogram.h"

/* The first of all counters whose array is not below ARRAY. */
static int
lower_bound(FunnelCounts all, uint32 array)
{
	int			low = 0,
				high = all.ncounts;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (all.counts[middle].array < array)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

FunnelCounts
funnel_histogram_of(FunnelCounts all, int step, FunnelTimesSince since)
{
	uint32		array = funnel_histogram_array(step, step == 2 ? FUNNEL_SINCE_PREVIOUS : since);
	int			from = lower_bound(all, array);
	FunnelCounts part;

	part.ncounts = lower_bound(all, array + 1) - from;
	part.counts = all.counts + from;
	return part;
}

/* The least time in a cell, and how many more there are. */
static inline uint64
cell_low(uint32 cell)
{
	int			shift = (int) (cell >> FUNNEL_CELL_BITS) - 1;

	if (shift <= 0)
		return cell;
	return (uint64) (cell - ((uint32) shift << FUNNEL_CELL_BITS)) << shift;
}

static inline uint64
cell_span(uint32 cell)
{
	int			shift = (int) (cell >> FUNNEL_CELL_BITS) - 1;

	return shift <= 0 ? 0 : (UINT64CONST(1) << shift) - 1;
}

double
funnel_histogram_microseconds(const FunnelCount *cell)
{
	return (double) cell_low(cell->index) + (double) cell_span(cell->index) / 2;
}

double
funnel_histogram_percentile(FunnelCounts histogram, double fraction)
{
	int64		total = 0;
	int64		sum = 0;
	volatile double product;	/* x87 has more digits than it stores */
	double		rank;
	int			i;

	Assert(histogram.ncounts > 0);

	for (i = 0; i < histogram.ncounts; i++)
		total += histogram.counts[i].count;

	/* as percentile_disc(): ceil() must not see digits that a double has not */
	product = fraction * (double) total;
	rank = ceil(product);
	for (i = 0; i < histogram.ncounts - 1; i++)
	{
		sum += histogram.counts[i].count;
		if ((double) sum >= rank)
			break;
	}
	return funnel_histogram_microseconds(&histogram.counts[i]);
}

bool
funnel_histogram_sum(FunnelCounts histogram, int64 *total, FunnelUint128 *low,
					 FunnelUint128 *high)
{
	*total = 0;
	low->high = low->low = 0;
	*high = *low;
	for (int i = 0; i < histogram.ncounts; i++)
	{
		const FunnelCount *cell = &histogram.counts[i];
		uint64		least = cell_low(cell->index);
		uint64		greatest = least + cell_span(cell->index);

		/* no more than 2^63 times below 2^64: the sums cannot overflow */
		if (pg_add_s64_overflow(*total, cell->count, total))
			return false;
		funnel_uint128_add_uint128(low, funnel_uint128_product(least, cell->count));
		funnel_uint128_add_uint128(high, funnel_uint128_product(greatest, cell->count));
	}
	return true;
}
