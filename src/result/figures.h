/*-------------------------------------------------------------------------
 *
 * result/figures.h
 *	  The ratios and times of a stage: the report's, for all who show them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_FIGURES_H
#define FUNNEL_RESULT_FIGURES_H

#include "result/outline.h"

/* Times are in seconds. */
typedef struct FunnelFigures
{
	bool		has_first;		/* somebody entered */
	double		from_first;
	double		from_first_low; /* the 95 % interval */
	double		from_first_high;
	bool		has_previous;	/* somebody reached the previous required
								 * stage */
	double		from_previous;
	bool		has_times;		/* of those who came from another stage */
	double		median;
	double		p90;
	double		mean;
	double		median_from_first;
	bool		has_value;
	double		value;
} FunnelFigures;

/* The figures of step STEP, from 1; TIMES are those of funnel_tally_times. */
extern FunnelFigures funnel_figures(const FunnelTally *tally, const FunnelOutline *outline,
									FunnelCounts times, int step);

/* How many units took LOWER to UPPER seconds. */
typedef struct FunnelBucket
{
	double		lower;
	double		upper;
	int64		users;
} FunnelBucket;

/*
 * A histogram that is not empty, in NBUCKETS buckets of equal widths from 0 to
 * the longest time (or a microsecond, if there is none longer than 0).  A bucket
 * holds its lower bound, the last one its upper bound too.
 */
extern void funnel_buckets(FunnelCounts histogram, int nbuckets, FunnelBucket *buckets);

/* Microseconds, which histograms have, as the seconds that people read. */
static inline double
funnel_seconds(double microseconds)
{
	return microseconds / 1000000.0;
}

#endif							/* FUNNEL_RESULT_FIGURES_H */
