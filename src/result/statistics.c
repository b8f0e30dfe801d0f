/*-------------------------------------------------------------------------
 *
 * result/statistics.c
 *	  How sure a conversion rate is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "result/statistics.h"

/*
 * The score interval of E. B. Wilson, "Probable inference, the law of
 * succession, and statistical inference", Journal of the American Statistical
 * Association 22 (1927), 209-212.  Unlike the textbook's p +- z * s it stays
 * within 0 and 1 and holds for few trials and for rates near either end.
 */
void
funnel_wilson_interval(int64 successes, int64 trials, double *low, double *high)
{
	double		n = (double) trials;
	double		p = (double) successes / n;
	double		z2 = FUNNEL_Z95 * FUNNEL_Z95;
	double		center = p + z2 / (2 * n);
	double		spread = FUNNEL_Z95 * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
	double		scale = 1 + z2 / n;

	/* at the ends the bound is exact, and must not be a rounding error off */
	*low = successes == 0 ? 0 : (center - spread) / scale;
	*high = successes == trials ? 1 : (center + spread) / scale;
}

/*
 * The two-proportion z-test (C. T. Le, "Introductory Biostatistics", Wiley 2003,
 * chapter 6) and the simple or Wald interval of a difference (method 1 of R. G.
 * Newcombe, "Interval estimation for the difference between independent
 * proportions: comparison of eleven methods", Statistics in Medicine 17 (1998),
 * 873-890).  Neither has a correction for continuity.
 *
 * The test asks how likely a difference as great as this one is if there is
 * none, so its variance is that of the one rate of both together; the interval
 * asks how great the difference is, so its variance is the sum of each rate's
 * own.
 *
 * A variance of 0 says that all or none of so many succeeded, not that the rate
 * is certain: there is no test then, and no interval.
 */
void
funnel_rate_difference(int64 successes_a, int64 trials_a,
					   int64 successes_b, int64 trials_b,
					   FunnelRateDifference *result)
{
	double		na = (double) trials_a;
	double		nb = (double) trials_b;
	double		pa = (double) successes_a / na;
	double		pb = (double) successes_b / nb;

	/* the rates of failure, as 1 - p loses the digits of one near 1 */
	double		qa = (double) (trials_a - successes_a) / na;
	double		qb = (double) (trials_b - successes_b) / nb;
	double		p = ((double) successes_a + (double) successes_b) / (na + nb);
	double		q = ((double) (trials_a - successes_a) + (double) (trials_b - successes_b)) / (na + nb);
	double		own = pa * qa / na + pb * qb / nb;
	double		pooled = p * q * (1 / na + 1 / nb);

	memset(result, 0, sizeof(*result));
	result->difference = pb - pa;
	if (own > 0)
	{
		double		spread = FUNNEL_Z95 * sqrt(own);

		result->has_interval = true;
		result->low = result->difference - spread;
		result->high = result->difference + spread;
	}
	if (pooled > 0)
	{
		result->has_test = true;
		result->z = result->difference / sqrt(pooled);
		/* 2 * (1 - Phi(|z|)), without cancellation */
		result->p_value = erfc(fabs(result->z) / sqrt(2));
	}
}

/*
 * The lift is the ratio of the rates minus 1.  Its interval is the log method of
 * D. Katz, J. Baptista, S. P. Azen and M. C. Pike, "Obtaining confidence
 * intervals for the risk ratio in cohort studies", Biometrics 34 (1978),
 * 469-474: the logarithm of the ratio is about normal, and its variance is the
 * sum of (1 - rate) / successes of both.
 *
 * There is no lift over a rate of 0, and no logarithm of a ratio of 0.  A
 * variance of 0 says no more than it says of a difference.
 */
void
funnel_rate_lift(int64 successes_a, int64 trials_a,
				 int64 successes_b, int64 trials_b,
				 FunnelRateLift *result)
{
	double		xa = (double) successes_a;
	double		xb = (double) successes_b;
	double		na = (double) trials_a;
	double		nb = (double) trials_b;
	double		ratio;
	double		variance;

	memset(result, 0, sizeof(*result));
	if (successes_a == 0)
		return;

	ratio = (xb / nb) / (xa / na);
	result->has_lift = true;
	result->lift = ratio - 1;
	if (successes_b == 0)
		return;

	variance = (double) (trials_a - successes_a) / na / xa +
		(double) (trials_b - successes_b) / nb / xb;
	if (variance > 0)
	{
		double		spread = FUNNEL_Z95 * sqrt(variance);

		result->has_interval = true;
		result->low = ratio * exp(-spread) - 1;
		result->high = ratio * exp(spread) - 1;
	}
}
