/*-------------------------------------------------------------------------
 *
 * statistics.c
 *	  How sure a conversion rate is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "statistics.h"

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
