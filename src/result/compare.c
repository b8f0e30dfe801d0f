/*-------------------------------------------------------------------------
 *
 * result/compare.c
 *	  Two results side by side: is one better, or is it chance?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "result/statistics.h"
#include "result/type.h"

#define COMPARE_COLUMNS		14

/*
 * Two results can be compared if their stages have the same names in the same
 * order.  The definitions need not be equal: that one variant of a page stands
 * behind the same label, or that the window is another, is what one compares.
 */
static void
check_same_stages(int nsteps_a, char **names_a, int nsteps_b, char **names_b)
{
	if (nsteps_a != nsteps_b)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot compare funnels of different stages"),
				 errdetail("One has %d stages and the other %d.", nsteps_a, nsteps_b)));

	for (int i = 0; i < nsteps_a; i++)
	{
		if (strcmp(names_a[i], names_b[i]) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cannot compare funnels of different stages"),
					 errdetail("Stage %d is \"%s\" in one and \"%s\" in the other.",
							   i + 1, names_a[i], names_b[i]),
					 errhint("A label, as in product: /p/*, names a stage whatever events it stands for.")));
	}
}

/*
 * funnel_compare(a, b): the rates from the first step, b's minus a's, and b's
 * relative to a's.
 *
 * A rate is NULL where nobody entered, and with it all that follows from it.
 * The interval of the difference, and the test, are NULL where the variance they
 * divide by is 0, so always at step 1.  The lift is NULL over a rate of 0, and its
 * interval also where b's rate is 0.
 */
PG_FUNCTION_INFO_V1(funnel_compare);
Datum
funnel_compare(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTally *a = PG_GETARG_FUNNEL_TALLY(0);
	FunnelTally *b = PG_GETARG_FUNNEL_TALLY(1);
	int			nsteps = a->nsteps;
	char	  **names = funnel_tally_stage_names(a);
	int64		entered_a = a->steps[0].users;
	int64		entered_b = b->steps[0].users;

	check_same_stages(nsteps, names, b->nsteps, funnel_tally_stage_names(b));
	InitMaterializedSRF(fcinfo, 0);

	for (int step = 1; step <= nsteps; step++)
	{
		Datum		values[COMPARE_COLUMNS] = {0};
		bool		nulls[COMPARE_COLUMNS];
		int64		users_a = a->steps[step - 1].users;
		int64		users_b = b->steps[step - 1].users;

		memset(nulls, true, sizeof(nulls));

		values[0] = Int32GetDatum(step);
		values[1] = CStringGetTextDatum(names[step - 1]);
		values[2] = Int64GetDatum(users_a);
		values[3] = Int64GetDatum(users_b);
		nulls[0] = nulls[1] = nulls[2] = nulls[3] = false;

		if (entered_a > 0)
		{
			values[4] = Float8GetDatum((double) users_a / entered_a);
			nulls[4] = false;
		}
		if (entered_b > 0)
		{
			values[5] = Float8GetDatum((double) users_b / entered_b);
			nulls[5] = false;
		}
		if (entered_a > 0 && entered_b > 0)
		{
			FunnelRateDifference d;
			FunnelRateLift l;

			funnel_rate_difference(users_a, entered_a, users_b, entered_b, &d);
			values[6] = Float8GetDatum(d.difference);
			values[7] = Float8GetDatum(d.low);
			values[8] = Float8GetDatum(d.high);
			values[9] = Float8GetDatum(d.z);
			values[10] = Float8GetDatum(d.p_value);
			nulls[6] = false;
			nulls[7] = nulls[8] = !d.has_interval;
			nulls[9] = nulls[10] = !d.has_test;

			funnel_rate_lift(users_a, entered_a, users_b, entered_b, &l);
			values[11] = Float8GetDatum(l.lift);
			values[12] = Float8GetDatum(l.low);
			values[13] = Float8GetDatum(l.high);
			nulls[11] = !l.has_lift;
			nulls[12] = nulls[13] = !l.has_interval;
		}
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
