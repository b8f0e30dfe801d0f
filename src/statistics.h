/*-------------------------------------------------------------------------
 *
 * statistics.h
 *	  How sure a conversion rate is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_STATISTICS_H
#define FUNNEL_STATISTICS_H

/* The 97.5 % quantile of the standard normal distribution: 95 % two-sided. */
#define FUNNEL_Z95	1.959963984540054

/* The 95 % interval of a rate of SUCCESSES in TRIALS > 0. */
extern void funnel_wilson_interval(int64 successes, int64 trials, double *low, double *high);

#endif							/* FUNNEL_STATISTICS_H */
