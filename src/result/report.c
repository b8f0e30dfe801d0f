/*-------------------------------------------------------------------------
 *
 * result/report.c
 *	  Reading a result as rows: the report, the drop-off and the times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/instant.h"
#include "match/outcome.h"
#include "result/figures.h"
#include "result/type.h"

#define REPORT_COLUMNS		14
#define BARS_COLUMNS		2
#define DROPOFF_COLUMNS		4
#define HISTOGRAM_COLUMNS	3

#define HISTOGRAM_MAX_BUCKETS	10000

/*
 * Argument N of a function that reads pending as of it; NULL is the horizon.
 *
 * What a result holds was counted up to its horizon, so that nothing can be
 * told about any instant before.
 */
static int64
as_of_argument(FunctionCallInfo fcinfo, int n, const FunnelTally *tally)
{
	int64		as_of;
	char		text[FUNNEL_INSTANT_SIZE];

	if (PG_ARGISNULL(n))
		return DT_NOBEGIN;
	as_of = PG_GETARG_TIMESTAMPTZ(n);
	if (tally->has_horizon && as_of < tally->horizon)
	{
		funnel_instant_print(tally->horizon, text);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"as_of\" is before the latest event of the result"),
				 errdetail("The latest event is at %s.", text),
				 errhint("Write greatest(as_of, funnel_horizon(result)), or aggregate only the events up to then.")));
	}
	return as_of;
}

/*
 * funnel_report(result, as_of): one row for each step.
 *
 * A ratio is NULL only when its base is 0; times and their like are NULL where
 * there are none.
 */
PG_FUNCTION_INFO_V1(funnel_report);
Datum
funnel_report(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTally *tally;
	FunnelOutline *outline;
	FunnelCounts times;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;

	tally = PG_GETARG_FUNNEL_TALLY(0);
	outline = funnel_outline(tally, as_of_argument(fcinfo, 1, tally));
	times = funnel_tally_times(tally);

	for (int step = 1; step <= outline->nstages; step++)
	{
		const FunnelOutlineStage *stage = &outline->stages[step - 1];
		FunnelFigures figures = funnel_figures(tally, outline, times, step);
		Datum		values[REPORT_COLUMNS];
		bool		nulls[REPORT_COLUMNS] = {0};

		values[0] = Int32GetDatum(step);
		values[1] = CStringGetTextDatum(stage->name);
		values[2] = Int64GetDatum(stage->users);
		values[3] = Float8GetDatum(figures.from_first);
		values[4] = Float8GetDatum(figures.from_previous);
		values[5] = Int64GetDatum(stage->standing.dropped);
		values[6] = Int64GetDatum(stage->standing.pending);
		values[7] = Float8GetDatum(figures.from_first_low);
		values[8] = Float8GetDatum(figures.from_first_high);
		values[9] = Float8GetDatum(figures.median);
		values[10] = Float8GetDatum(figures.p90);
		values[11] = Float8GetDatum(figures.mean);
		values[12] = Float8GetDatum(figures.median_from_first);
		values[13] = Float8GetDatum(figures.value);
		nulls[3] = nulls[7] = nulls[8] = !figures.has_first;
		nulls[4] = !figures.has_previous;
		nulls[9] = nulls[10] = nulls[11] = nulls[12] = !figures.has_times;
		nulls[13] = !figures.has_value;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * funnel_bars(result): the users of each step, and nothing else.
 */
PG_FUNCTION_INFO_V1(funnel_bars);
Datum
funnel_bars(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);
	char	  **names = funnel_tally_stage_names(tally);

	InitMaterializedSRF(fcinfo, 0);
	for (int k = 0; k < tally->nsteps; k++)
	{
		Datum		values[BARS_COLUMNS];
		bool		nulls[BARS_COLUMNS] = {0};

		values[0] = CStringGetTextDatum(names[k]);
		values[1] = Int64GetDatum(tally->steps[k].users);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * funnel_dropoff(result, as_of): who stands where, and why.
 *
 * One row for each step and outcome that has units, outcomes in the order in
 * which they are decided, pending last.
 */
PG_FUNCTION_INFO_V1(funnel_dropoff);
Datum
funnel_dropoff(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTally *tally;
	FunnelOutline *outline;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0))
		return (Datum) 0;

	tally = PG_GETARG_FUNNEL_TALLY(0);
	outline = funnel_outline(tally, as_of_argument(fcinfo, 1, tally));
	for (int step = 1; step <= outline->nstages; step++)
	{
		const FunnelOutlineStage *stage = &outline->stages[step - 1];

		for (int i = 0; i <= FUNNEL_NUM_OUTCOMES; i++)
		{
			bool		dropped = i < FUNNEL_NUM_OUTCOMES;
			int64		users = dropped ? stage->standing.by_outcome[i]
				: stage->standing.pending;
			const char *outcome = dropped ? funnel_outcome_name(i) : "pending";
			Datum		values[DROPOFF_COLUMNS];
			bool		nulls[DROPOFF_COLUMNS] = {0};

			if (users == 0)
				continue;
			values[0] = Int32GetDatum(step);
			values[1] = CStringGetTextDatum(stage->name);
			values[2] = CStringGetTextDatum(outcome);
			values[3] = Int64GetDatum(users);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		}
	}
	return (Datum) 0;
}

/* Argument N as a step that TALLY has. */
static int
step_argument(FunctionCallInfo fcinfo, int n, const FunnelTally *tally)
{
	int			step = PG_GETARG_INT32(n);
	int			nsteps = tally->nsteps;

	if (step < 1 || step > nsteps)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("step %d does not exist", step),
				 errdetail_plural("The funnel has %d step.", "The funnel has %d steps.",
								  nsteps, nsteps)));
	return step;
}

/* From where argument N, "from_first", counts times. */
static FunnelTimesSince
since_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_GETARG_BOOL(n) ? FUNNEL_SINCE_FIRST : FUNNEL_SINCE_PREVIOUS;
}

/*
 * funnel_percentile(result, step, fraction, from_first): seconds from the
 * previous step or from the first.
 */
PG_FUNCTION_INFO_V1(funnel_percentile);
Datum
funnel_percentile(PG_FUNCTION_ARGS)
{
	FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);
	int			step = step_argument(fcinfo, 1, tally);
	double		fraction = PG_GETARG_FLOAT8(2);
	FunnelCounts histogram;

	/* NaN is not between anything */
	if (!(fraction >= 0 && fraction <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fraction must be between 0 and 1")));

	histogram = funnel_histogram_of(funnel_tally_times(tally), step, since_argument(fcinfo, 3));
	if (histogram.ncounts == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(funnel_seconds(funnel_histogram_percentile(histogram, fraction)));
}

/*
 * funnel_histogram(result, step, buckets, from_first): times from the previous
 * step or from the first.
 *
 * The buckets are those of funnel_buckets.  Without times there are no rows.
 */
PG_FUNCTION_INFO_V1(funnel_histogram);
Datum
funnel_histogram(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);
	int			step = step_argument(fcinfo, 1, tally);
	int			buckets = PG_GETARG_INT32(2);
	FunnelCounts histogram;
	FunnelBucket *bucket;

	if (buckets < 1 || buckets > HISTOGRAM_MAX_BUCKETS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of buckets must be between 1 and %d",
						HISTOGRAM_MAX_BUCKETS)));

	InitMaterializedSRF(fcinfo, 0);
	histogram = funnel_histogram_of(funnel_tally_times(tally), step, since_argument(fcinfo, 3));
	if (histogram.ncounts == 0)
		return (Datum) 0;
	bucket = palloc(buckets * sizeof(FunnelBucket));
	funnel_buckets(histogram, buckets, bucket);

	for (int i = 0; i < buckets; i++)
	{
		Datum		values[HISTOGRAM_COLUMNS];
		bool		nulls[HISTOGRAM_COLUMNS] = {0};

		values[0] = Float8GetDatum(bucket[i].lower);
		values[1] = Float8GetDatum(bucket[i].upper);
		values[2] = Int64GetDatum(bucket[i].users);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
