/*-------------------------------------------------------------------------
 *
 * result/histogram.h
 *	  Histograms of times: the cells of a tally, and reading them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_HISTOGRAM_H
#define FUNNEL_RESULT_HISTOGRAM_H

#include "port/pg_bitutils.h"

#include "base/uint128.h"
#include "result/counters.h"

/*
 * Exact below 128 microseconds, above it 64 cells of equal width for each power
 * of two, so that a cell's midpoint is at most 1/128 off.  This is the layout
 * of HdrHistogram (Gil Tene, hdrhistogram.org), a float with a six-bit
 * mantissa.  Counts in fixed cells merge exactly, in any order.
 */
#define FUNNEL_CELL_BITS	6
#define FUNNEL_NUM_CELLS	((64 - FUNNEL_CELL_BITS + 1) << FUNNEL_CELL_BITS)

StaticAssertDecl(FUNNEL_NUM_CELLS <= FUNNEL_PAGES_SPAN, "all cells can be in pages");

static inline uint32
funnel_cell_of(uint64 microseconds)
{
	int			shift;

	if (microseconds < (1 << FUNNEL_CELL_BITS))
		return (uint32) microseconds;
	shift = pg_leftmost_one_pos64(microseconds) - FUNNEL_CELL_BITS;
	return ((uint32) shift << FUNNEL_CELL_BITS) + (uint32) (microseconds >> shift);
}

/*
 * Each step has two histograms, an array of counters each.  Those of step 2 are
 * one and the same, its previous step being the first; it is kept as
 * SINCE_PREVIOUS.
 */
typedef enum FunnelTimesSince
{
	FUNNEL_SINCE_PREVIOUS,		/* from the previous step of the chain */
	FUNNEL_SINCE_FIRST			/* from its first step */
} FunnelTimesSince;

#define FUNNEL_NUM_HISTOGRAMS(nsteps)	(2 * ((uint32) (nsteps) + 1))

static inline uint32
funnel_histogram_array(int step, FunnelTimesSince since)
{
	return 2 * (uint32) step + (uint32) since;
}

/* One step's histogram out of all, in ascending order; empty for step 1. */
extern FunnelCounts funnel_histogram_of(FunnelCounts all, int step, FunnelTimesSince since);

/* The microseconds that stand for one of its cells, at most 0.8 % off. */
extern double funnel_histogram_microseconds(const FunnelCount *cell);

/*
 * The nearest-rank percentile in microseconds: the least time that at least
 * FRACTION of the histogram's units, and at least one, do not exceed.  The
 * histogram must not be empty.
 */
extern double funnel_histogram_percentile(FunnelCounts histogram, double fraction);

/*
 * Add a histogram's counts up, with the least and the greatest sum of times
 * that they allow; false if there are too many.
 */
extern bool funnel_histogram_sum(FunnelCounts histogram, int64 *total,
								 FunnelUint128 *low, FunnelUint128 *high);

#endif							/* FUNNEL_RESULT_HISTOGRAM_H */
