/*-------------------------------------------------------------------------
 *
 * journey/attribution.c
 *	  Which touches of a journey its conversions are owed to.
 *
 * A conversion is an event with the label asked for; the touches that it is
 * credited to are the other events with a name, at its instant or before, not
 * longer before it than the lookback.  Each conversion is credited on its own,
 * to earlier touches even if there was a conversion between, as Google
 * Analytics does it ("Select attribution settings", lookback window).  The
 * credits of one conversion sum to 1; one without a touch is credited to NULL.
 *
 * The models are those of Google Analytics ("About attribution and attribution
 * modeling", as of 2023, when it had all five) and Adobe Analytics
 * ("Attribution models", First Touch, Last Touch, Linear, U Shaped, Time Decay):
 *
 *	first			all to the first touch
 *	last			all to the last
 *	linear			the same to each
 *	position		40 % to the first, 40 % to the last, 20 % to the others alike;
 *					of two, half to each
 *	time_decay		to each by 2 ^ -(age / half-life), scaled to sum to 1; the
 *					half-life is 7 days unless said otherwise, as in Google's
 *
 * There may be many conversions and many touches, but the touches of a later
 * conversion neither begin nor end before those of an earlier: windows that
 * slide.  So no model takes more than linear time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/interval.h"
#include "journey/bytes.h"

#define ATTRIBUTION_COLUMNS 2

#define POSITION_END		0.4
#define POSITION_MIDDLE		0.2

typedef enum Model
{
	MODEL_FIRST,
	MODEL_LAST,
	MODEL_LINEAR,
	MODEL_POSITION,
	MODEL_TIME_DECAY
} Model;

static const char *const model_names[] = {
	"first", "last", "linear", "position", "time_decay"
};

static Model
parse_model(const text *name)
{
	for (int i = 0; i < (int) lengthof(model_names); i++)
	{
		if (strlen(model_names[i]) == VARSIZE_ANY_EXHDR(name) &&
			memcmp(model_names[i], VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)) == 0)
			return (Model) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown attribution model \"%s\"", text_to_cstring(name)),
			 errhint("The models are first, last, linear, position and time_decay.")));
}

/* An event that weighs, at a time that need not be its own. */
typedef struct Weight
{
	int64		at;
	double		weight;
} Weight;

/*
 * The sum of the weights [low, high) of an array ascending in time, each halved
 * for each half-life that the last of them is later.  Both bounds only grow.
 * Subtracting what leaves would cancel all digits of what stays, so the sum is
 * kept in two parts, as a queue is in two stacks: those before MIDDLE, with the
 * sum from each on, and those from there, with one sum.
 */
typedef struct SlidingSum
{
	const Weight *weights;
	double		half_life;		/* 0: all weigh the same for ever */
	uint32		low;
	uint32		middle;
	uint32		high;
	double	   *before;			/* as of the last one before the middle */
	double		after;			/* as of the last one */
} SlidingSum;

/* What is left of a weight after the time between. */
static inline double
decay(const SlidingSum *sum, uint32 from, uint32 to)
{
	/* unsigned, since the range of timestamptz exceeds 2^63 */
	uint64		age = (uint64) sum->weights[to].at - (uint64) sum->weights[from].at;

	return sum->half_life == 0 ? 1 : exp2(-(double) age / sum->half_life);
}

static void
sliding_sum_begin(SlidingSum *sum, const Weight *weights, uint32 n, double half_life)
{
	memset(sum, 0, sizeof(*sum));
	sum->weights = weights;
	sum->half_life = half_life;
	sum->before = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * Max(n, 1));
}

/* Move the window, which must not be empty then, and return its sum. */
static double
sliding_sum_move(SlidingSum *sum, uint32 low, uint32 high)
{
	double		total;

	for (; sum->high < high; sum->high++)
	{
		sum->after = sum->weights[sum->high].weight +
			(sum->high > sum->middle ?
			 sum->after * decay(sum, sum->high - 1, sum->high) : 0);
	}
	sum->low = low;
	if (low >= sum->middle)
	{
		double		total_from = 0;

		sum->middle = high;
		for (uint32 i = high; i > low; i--)
		{
			total_from += sum->weights[i - 1].weight * decay(sum, i - 1, high - 1);
			sum->before[i - 1] = total_from;
		}
		sum->after = 0;
	}
	total = sum->before[low];
	if (sum->high > sum->middle)
		total = total * decay(sum, sum->middle - 1, sum->high - 1) + sum->after;
	return total;
}

/* A conversion and its touches, which are [low, high). */
typedef struct Conversion
{
	uint32		low;
	uint32		high;
	double		weight;			/* of a touch, as of the last one */
} Conversion;

/*
 * Credit what each conversion gives to every touch of [low + TRIM, high - TRIM):
 * its weight, halved for each half-life that the touch is older than the last.
 */
static void
credit_windows(const Conversion *conversions, uint32 nconversions, uint32 trim,
			   const Weight *touches, uint32 ntouches, double half_life, double *credits)
{
	Weight	   *backward;
	SlidingSum	sum;
	uint32		n = 0;
	uint32		low = 0;
	uint32		high = 0;
	const Conversion *owners;
	Conversion *reversed;

	/*
	 * Going backward through the touches, those conversions that reach back to
	 * a touch are a window too, whose last is the first in time.
	 */
	backward = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Weight) * Max(nconversions, 1));
	reversed = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Conversion) * Max(nconversions, 1));
	for (uint32 c = nconversions; c > 0; c--)
	{
		const Conversion *conversion = &conversions[c - 1];

		if (conversion->high - conversion->low <= 2 * trim)
			continue;
		reversed[n] = *conversion;
		reversed[n].low += trim;
		reversed[n].high -= trim;
		/* times turned round, so that they ascend; no time is INT64_MIN */
		backward[n].at = -touches[conversion->high - 1].at;
		backward[n].weight = conversion->weight;
		n++;
	}
	owners = reversed;

	sliding_sum_begin(&sum, backward, n, half_life);
	for (uint32 i = ntouches; i > 0; i--)
	{
		uint32		touch = i - 1;

		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		/* those that end after the touch, but for those that begin after it */
		while (high < n && owners[high].high > touch)
			high++;
		while (low < high && owners[low].low > touch)
			low++;
		if (low == high)
			continue;
		credits[touch] += sliding_sum_move(&sum, low, high) *
			(half_life == 0 ? 1 :
			 exp2(-(double) ((uint64) -backward[high - 1].at - (uint64) touches[touch].at) /
				  half_life));
	}
}

/*
 * journey_attribution(journey, conversion, model, lookback, half_life): one row
 * for each label that has credit, in order.
 */
PG_FUNCTION_INFO_V1(funnel_journey_attribution);
Datum
funnel_journey_attribution(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelJourneyEvents events;
	const text *conversion;
	Model		model;
	uint64		lookback = PG_UINT64_MAX;
	double		half_life = 0;
	uint32		conversion_code;
	Weight	   *touches;
	uint32	   *codes;
	uint32		ntouches = 0;
	Conversion *conversions;
	uint32		nconversions = 0;
	uint32		unattributed = 0;
	double	   *credits;
	double	   *by_code;
	uint32		low = 0;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;

	conversion = PG_GETARG_TEXT_PP(1);
	model = parse_model(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
		lookback = (uint64) funnel_interval_positive(PG_GETARG_INTERVAL_P(3), "lookback");
	if (!PG_ARGISNULL(4))
	{
		half_life = (double) funnel_interval_positive(PG_GETARG_INTERVAL_P(4), "half-life");
		if (model != MODEL_TIME_DECAY)
			half_life = 0;
	}
	else if (model == MODEL_TIME_DECAY)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("half-life must not be null")));

	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &events);
	for (conversion_code = 0; conversion_code < events.ncodes; conversion_code++)
	{
		const FunnelLabel *label = &events.labels[conversion_code];

		if (label->text != NULL &&
			label->len == (int) VARSIZE_ANY_EXHDR(conversion) &&
			memcmp(label->text, VARDATA_ANY(conversion), label->len) == 0)
			break;
	}
	if (conversion_code == events.ncodes)
		return (Datum) 0;

	touches = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Weight) * events.count);
	codes = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * events.count);
	conversions = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(Conversion) * events.count);
	credits = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * events.count);
	by_code = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(double) * events.ncodes);

	/* instant by instant, because its order within one is no order in time */
	for (uint32 i = 0; i < events.count;)
	{
		int64		ts = events.times[i];
		uint32		here = 0;

		for (; i < events.count && events.times[i] == ts; i++)
		{
			uint32		code = events.codes[i];

			if (i % 65536 == 0)
				CHECK_FOR_INTERRUPTS();
			if (code == conversion_code)
				here++;
			else if (events.labels[code].text != NULL)
			{
				touches[ntouches].at = ts;
				touches[ntouches].weight = 1;
				codes[ntouches++] = code;
			}
		}
		if (here == 0)
			continue;
		while (low < ntouches && (uint64) ts - (uint64) touches[low].at > lookback)
			low++;
		if (low == ntouches)
			unattributed += here;
		for (; here > 0 && low < ntouches; here--)
		{
			conversions[nconversions].low = low;
			conversions[nconversions++].high = ntouches;
		}
	}

	memset(credits, 0, sizeof(double) * ntouches);
	switch (model)
	{
		case MODEL_FIRST:
			for (uint32 c = 0; c < nconversions; c++)
				credits[conversions[c].low] += 1;
			break;
		case MODEL_LAST:
			for (uint32 c = 0; c < nconversions; c++)
				credits[conversions[c].high - 1] += 1;
			break;
		case MODEL_POSITION:
			for (uint32 c = 0; c < nconversions; c++)
			{
				uint32		n = conversions[c].high - conversions[c].low;

				credits[conversions[c].low] += n == 1 ? 1 : n == 2 ? 0.5 : POSITION_END;
				if (n >= 2)
					credits[conversions[c].high - 1] += n == 2 ? 0.5 : POSITION_END;
				conversions[c].weight = n > 2 ? POSITION_MIDDLE / (n - 2) : 0;
			}
			credit_windows(conversions, nconversions, 1, touches, ntouches, 0, credits);
			break;
		case MODEL_LINEAR:
		case MODEL_TIME_DECAY:
			{
				SlidingSum	sum;

				/* a sum as of the last touch is 1 at least */
				sliding_sum_begin(&sum, touches, ntouches, half_life);
				for (uint32 c = 0; c < nconversions; c++)
				{
					if (c % 65536 == 0)
						CHECK_FOR_INTERRUPTS();
					conversions[c].weight =
						1 / sliding_sum_move(&sum, conversions[c].low, conversions[c].high);
				}
				credit_windows(conversions, nconversions, 0, touches, ntouches,
							   half_life, credits);
			}
			break;
	}

	memset(by_code, 0, sizeof(double) * events.ncodes);
	for (uint32 i = 0; i < ntouches; i++)
		by_code[codes[i]] += credits[i];

	for (uint32 code = 0; code <= events.ncodes; code++)
	{
		double		credit = code < events.ncodes ? by_code[code] : unattributed;
		Datum		values[ATTRIBUTION_COLUMNS] = {0};
		bool		nulls[ATTRIBUTION_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		if (credit == 0)
			continue;
		if (code < events.ncodes)
			values[0] = PointerGetDatum(cstring_to_text_with_len(events.labels[code].text,
																 events.labels[code].len));
		else
			nulls[0] = true;
		values[1] = Float8GetDatum(credit);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
