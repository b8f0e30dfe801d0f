/*-------------------------------------------------------------------------
 *
 * result/statistics.h
 *	  How sure a conversion rate is.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_STATISTICS_H
#define FUNNEL_RESULT_STATISTICS_H

/* The 97.5 % quantile of the standard normal distribution: 95 % two-sided. */
#define FUNNEL_Z95	1.959963984540054

/* The 95 % interval of a rate of SUCCESSES in TRIALS > 0. */
extern void funnel_wilson_interval(int64 successes, int64 trials, double *low, double *high);

/* The rate of B minus that of A, and whether it could be chance. */
typedef struct FunnelRateDifference
{
	double		difference;
	bool		has_interval;	/* else the rates have no variance */
	double		low;			/* the 95 % interval of the difference */
	double		high;
	bool		has_test;		/* else the common rate has no variance */
	double		z;
	double		p_value;		/* two-sided */
} FunnelRateDifference;

/* The rate of B relative to that of A: 0.1 is ten percent more. */
typedef struct FunnelRateLift
{
	bool		has_lift;		/* else none of A succeeded */
	double		lift;
	bool		has_interval;	/* else none of B did, or the rates have no
								 * variance */
	double		low;			/* the 95 % interval of the lift */
	double		high;
} FunnelRateLift;

/* For both, trials must not be 0. */
extern void funnel_rate_difference(int64 successes_a, int64 trials_a,
								   int64 successes_b, int64 trials_b,
								   FunnelRateDifference *result);
extern void funnel_rate_lift(int64 successes_a, int64 trials_a,
							 int64 successes_b, int64 trials_b,
							 FunnelRateLift *result);

#endif							/* FUNNEL_RESULT_STATISTICS_H */
