/*-------------------------------------------------------------------------
 *
 * journey/attribution.c
 *	  journey_attribution: to which touches of a journey its conversions are
 *	  credited.  SQL calls it.
 *
 * A conversion is an event with the label asked for.  Its touches are the events
 * with another label, at its instant or before, not longer before it than the
 * lookback.  Each conversion is credited on its own, to earlier touches even if
 * there was a conversion between, as Google Analytics does it ("Select
 * attribution settings", lookback window).  The credits of one conversion sum to
 * 1; one without a touch is credited to NULL.
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
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/interrupts.h"
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
parse_model(const text * name)
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
	uint32		middle;
	uint32		high;
	double	   *before;			/* as of the last one before the middle */
	double		after;			/* as of the last one */
} SlidingSum;

/* What is left of a weight after so many microseconds. */
static inline double
decay(uint64 age, double half_life)
{
	return half_life == 0 ? 1 : exp2(-(double) age / half_life);
}

/* The same from one weight to another; unsigned, since the range exceeds 2^63. */
static inline double
decay_between(const SlidingSum *sum, uint32 from, uint32 to)
{
	return decay((uint64) sum->weights[to].at - (uint64) sum->weights[from].at,
				 sum->half_life);
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
		funnel_poll_at(sum->high);
		sum->after = sum->weights[sum->high].weight +
			(sum->high > sum->middle ?
			 sum->after * decay_between(sum, sum->high - 1, sum->high) : 0);
	}
	if (low >= sum->middle)
	{
		double		total_from = 0;

		sum->middle = high;
		for (uint32 i = high; i > low; i--)
		{
			funnel_poll_at(i);
			total_from += sum->weights[i - 1].weight * decay_between(sum, i - 1, high - 1);
			sum->before[i - 1] = total_from;
		}
		sum->after = 0;
	}
	total = sum->before[low];
	if (sum->high > sum->middle)
		total = total * decay_between(sum, sum->middle - 1, sum->high - 1) + sum->after;
	return total;
}

/* A conversion and its touches, which are [low, high). */
typedef struct Conversion
{
	uint32		low;
	uint32		high;
	double		weight;			/* of a touch, as of the last one */
} Conversion;

/* A journey's touches and conversions, both in order of time. */
typedef struct Attribution
{
	FunnelJourneyEvents events;
	uint32		ntouches;
	Weight	   *touches;
	uint32	   *codes;			/* of their labels */
	double	   *credits;		/* of them */
	uint32		nconversions;
	Conversion *conversions;
	uint32		unattributed;	/* conversions without a touch */
} Attribution;

/*
 * Credit what each conversion gives to every touch of [low + TRIM, high - TRIM):
 * its weight, halved for each half-life that the touch is older than the last.
 */
static void
credit_windows(const Attribution *attribution, uint32 trim, double half_life)
{
	const Weight *touches = attribution->touches;
	uint32		nconversions = Max(attribution->nconversions, 1);
	Weight	   *weights;
	Conversion *reversed;
	SlidingSum	sum;
	uint32		n = 0;
	uint32		low = 0;
	uint32		high = 0;

	/*
	 * Going backward through the touches, those conversions that reach back
	 * to a touch are a window too, whose last is the first in time.
	 */
	weights = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Weight) * nconversions);
	reversed = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Conversion) * nconversions);
	for (uint32 c = attribution->nconversions; c > 0; c--)
	{
		const Conversion *conversion = &attribution->conversions[c - 1];

		funnel_poll_at(c);
		if (conversion->high - conversion->low <= 2 * trim)
			continue;
		reversed[n] = *conversion;
		reversed[n].low += trim;
		reversed[n].high -= trim;
		/* times turned round, so that they ascend; no time is INT64_MIN */
		weights[n].at = -touches[conversion->high - 1].at;
		weights[n].weight = conversion->weight;
		n++;
	}

	sliding_sum_begin(&sum, weights, n, half_life);
	for (uint32 i = attribution->ntouches; i > 0; i--)
	{
		uint32		touch = i - 1;

		funnel_poll_at(i);
		/* those that end after the touch, but for those that begin after it */
		while (high < n && reversed[high].high > touch)
		{
			high++;
			funnel_poll_at(high);
		}
		while (low < high && reversed[low].low > touch)
		{
			low++;
			funnel_poll_at(low);
		}
		if (low == high)
			continue;
		attribution->credits[touch] += sliding_sum_move(&sum, low, high) *
			decay((uint64) -weights[high - 1].at - (uint64) touches[touch].at, half_life);
	}
}

/* The code of a label, or ncodes if it does not occur. */
static uint32
find_code(const FunnelJourneyEvents *events, const text * wanted)
{
	uint32		code;

	for (code = 0; code < events->ncodes; code++)
	{
		const FunnelLabel *label = &events->labels[code];

		funnel_poll_at(code);
		if (label->text != NULL && label->len == (int) VARSIZE_ANY_EXHDR(wanted) &&
			memcmp(label->text, VARDATA_ANY(wanted), label->len) == 0)
			break;
	}
	return code;
}

static void
find_touches(Attribution *attribution, uint32 conversion_code, uint64 lookback)
{
	const FunnelJourneyEvents *events = &attribution->events;
	Weight	   *touches;
	uint32		ntouches = 0;
	uint32		low = 0;

	touches = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Weight) * events->count);
	attribution->touches = touches;
	attribution->codes = MemoryContextAllocHuge(CurrentMemoryContext,
												sizeof(uint32) * events->count);
	attribution->conversions = MemoryContextAllocHuge(CurrentMemoryContext,
													  sizeof(Conversion) * events->count);
	attribution->nconversions = 0;
	attribution->unattributed = 0;

	/* instant by instant, because its order within one is no order in time */
	for (uint32 i = 0; i < events->count;)
	{
		int64		ts = events->times[i];
		uint32		here = 0;	/* conversions */

		for (; i < events->count && events->times[i] == ts; i++)
		{
			uint32		code = events->codes[i];

			funnel_poll_at(i);
			if (code == conversion_code)
				here++;
			else if (events->labels[code].text != NULL)
			{
				touches[ntouches].at = ts;
				touches[ntouches].weight = 1;
				attribution->codes[ntouches++] = code;
			}
		}
		if (here == 0)
			continue;
		while (low < ntouches && (uint64) ts - (uint64) touches[low].at > lookback)
		{
			low++;
			funnel_poll_at(low);
		}
		if (low == ntouches)
			attribution->unattributed += here;
		for (; here > 0 && low < ntouches; here--)
		{
			Conversion *conversion = &attribution->conversions[attribution->nconversions++];

			funnel_poll_at(here);
			conversion->low = low;
			conversion->high = ntouches;
		}
	}
	attribution->ntouches = ntouches;
}

/* Credit every conversion, which has a touch, to its first or its last touch. */
static void
credit_ends(const Attribution *attribution, bool first)
{
	for (uint32 c = 0; c < attribution->nconversions; c++)
	{
		const Conversion *conversion = &attribution->conversions[c];

		funnel_poll_at(c);
		attribution->credits[first ? conversion->low : conversion->high - 1] += 1;
	}
}

static void
credit_positions(const Attribution *attribution)
{
	for (uint32 c = 0; c < attribution->nconversions; c++)
	{
		Conversion *conversion = &attribution->conversions[c];
		uint32		n = conversion->high - conversion->low;
		double		end = n == 1 ? 1 : n == 2 ? 0.5 : POSITION_END;

		funnel_poll_at(c);
		attribution->credits[conversion->low] += end;
		if (n >= 2)
			attribution->credits[conversion->high - 1] += end;
		conversion->weight = n > 2 ? POSITION_MIDDLE / (n - 2) : 0;
	}
	credit_windows(attribution, 1, 0);
}

/* To each touch, less to older ones if there is a half-life. */
static void
credit_all(const Attribution *attribution, double half_life)
{
	SlidingSum	sum;

	/* a sum as of the last touch is 1 at least */
	sliding_sum_begin(&sum, attribution->touches, attribution->ntouches, half_life);
	for (uint32 c = 0; c < attribution->nconversions; c++)
	{
		Conversion *conversion = &attribution->conversions[c];

		funnel_poll_at(c);
		conversion->weight = 1 / sliding_sum_move(&sum, conversion->low, conversion->high);
	}
	credit_windows(attribution, 0, half_life);
}

/* Return a row for each label that has credit, in order, and one for none. */
static void
put_rows(const Attribution *attribution, ReturnSetInfo *rsinfo)
{
	const FunnelJourneyEvents *events = &attribution->events;
	double	   *by_code = MemoryContextAllocHuge(CurrentMemoryContext,
												 sizeof(double) * events->ncodes);

	memset(by_code, 0, sizeof(double) * events->ncodes);
	for (uint32 i = 0; i < attribution->ntouches; i++)
	{
		by_code[attribution->codes[i]] += attribution->credits[i];
		funnel_poll_at(i);
	}
	for (uint32 code = 0; code <= events->ncodes; code++)
	{
		bool		is_label = code < events->ncodes;
		double		credit = is_label ? by_code[code] : attribution->unattributed;
		Datum		values[ATTRIBUTION_COLUMNS] = {0};
		bool		nulls[ATTRIBUTION_COLUMNS] = {!is_label, false};

		CHECK_FOR_INTERRUPTS();
		if (credit == 0)
			continue;
		if (is_label)
			values[0] = PointerGetDatum(cstring_to_text_with_len(events->labels[code].text,
																 events->labels[code].len));
		values[1] = Float8GetDatum(credit);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/*
 * journey_attribution(journey, conversion, model, lookback, half_life)
 */
PG_FUNCTION_INFO_V1(funnel_journey_attribution);
Datum
funnel_journey_attribution(PG_FUNCTION_ARGS)
{
	Attribution attribution;
	Model		model;
	uint64		lookback = PG_UINT64_MAX;
	double		half_life = 0;
	uint32		conversion_code;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return (Datum) 0;

	model = parse_model(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
		lookback = (uint64) funnel_interval_positive(PG_GETARG_INTERVAL_P(3), "lookback");
	if (!PG_ARGISNULL(4))
		half_life = (double) funnel_interval_positive(PG_GETARG_INTERVAL_P(4), "half-life");
	else if (model == MODEL_TIME_DECAY)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("half-life must not be null")));

	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &attribution.events);
	conversion_code = find_code(&attribution.events, PG_GETARG_TEXT_PP(1));
	if (conversion_code == attribution.events.ncodes)
		return (Datum) 0;

	find_touches(&attribution, conversion_code, lookback);
	attribution.credits = MemoryContextAllocExtended(CurrentMemoryContext,
													 sizeof(double) * attribution.events.count,
													 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	switch (model)
	{
		case MODEL_FIRST:
		case MODEL_LAST:
			credit_ends(&attribution, model == MODEL_FIRST);
			break;
		case MODEL_POSITION:
			credit_positions(&attribution);
			break;
		case MODEL_LINEAR:
			credit_all(&attribution, 0);
			break;
		case MODEL_TIME_DECAY:
			credit_all(&attribution, half_life);
			break;
	}
	put_rows(&attribution, (ReturnSetInfo *) fcinfo->resultinfo);
	return (Datum) 0;
}
