/*-------------------------------------------------------------------------
 *
 * result/tally.c
 *	  The tally over many units, in memory: what a funnel_result holds.
 *
 * A tally is sums and counts only, so that adding units and merging tallies
 * gives the same in whatever order it is done.  The one thing that is not
 * known while counting is the horizon, on which depends whether a unit is
 * pending or dropped: units whose attempt may be open are therefore counted by
 * when it closes.  The horizon only grows, so what it has passed is closed for
 * good, and is counted without a time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/int.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "result/tally.h"

/* Least number of open attempts in a hash table worth a clean-up. */
#define OPEN_LIMIT		256

/*
 * The units of users(1) are an upper bound of every other counter, so this is
 * the only addition that has to be watched.
 */
static inline void
check_users(int64 a, int64 b)
{
	int64		sum;

	if (unlikely(pg_add_s64_overflow(a, b, &sum)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of units out of range for a funnel_result")));
}

/* An all-zero tally: DEF is the text of a definition, DEFINITION the same parsed. */
static FunnelTally *
make_tally(FunnelDef *def, const FunnelDefinition *definition, int grain, MemoryContext context)
{
	FunnelTally *tally;

	tally = MemoryContextAllocZero(context, offsetof(FunnelTally, steps) +
								   definition->nsteps * sizeof(FunnelTallyStep));
	tally->context = context;
	tally->definition = definition;
	tally->def = def;
	tally->nsteps = definition->nsteps;
	tally->grain = grain;
	funnel_counters_init(&tally->times, FUNNEL_NUM_HISTOGRAMS(tally->nsteps), 0, context);
	funnel_counters_init(&tally->open, FUNNEL_NUM_OPEN_ARRAYS(tally->nsteps), 0, context);
	tally->open_limit = OPEN_LIMIT;
	return tally;
}

FunnelTally *
funnel_tally_create(const FunnelDef *def, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	FunnelDefinition *definition = funnel_definition_of(def);
	FunnelDef  *copy;
	FunnelRules rules;
	int64		limit;
	int			grain;

	copy = (FunnelDef *) cstring_to_text_with_len(VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def));
	MemoryContextSwitchTo(caller);
	funnel_definition_rules(definition, &rules);
	limit = funnel_longest_limit(&rules);
	/* floor(limit / 1024) has the same powers of two below it as limit / 1024 */
	grain = limit >= 1024 ? pg_leftmost_one_pos64((uint64) limit / 1024) : 0;
	return make_tally(copy, definition, grain, context);
}

FunnelTally *
funnel_tally_create_like(const FunnelTally *model, MemoryContext context)
{
	return make_tally(model->def, model->definition, model->grain, context);
}

void
funnel_tally_see(FunnelTally *tally, int64 ts)
{
	if (!tally->has_horizon || ts > tally->horizon)
	{
		tally->horizon = ts;
		tally->has_horizon = true;
	}
}

bool
funnel_tally_put_time(FunnelTally *tally, int step, FunnelTimesSince since,
					  uint32 cell, int64 count)
{
	return funnel_counters_add(&tally->times, funnel_histogram_array(step, since), cell, count);
}

/* Count an open attempt as one that is over. */
static inline void
close_attempts(FunnelTally *tally, const FunnelCount *open)
{
	tally->steps[funnel_open_step(open) - 1].closed[funnel_open_outcome(open)] += open->count;
}

/*
 * Close what the horizon has passed, and have the rest counted from the horizon
 * on: at any horizon no more than about 2,048 cells are open, because the
 * longest limit has no more, so that this is seldom to be done.
 */
static pg_noinline void
advance_open(FunnelTally *tally)
{
	FunnelCounts all = funnel_counters_read(&tally->open);
	int64		now = funnel_open_cell(tally, tally->horizon);

	funnel_counters_reset(&tally->open, now);
	for (int i = 0; i < all.ncounts; i++)
	{
		const FunnelCount *open = &all.counts[i];

		CHECK_FOR_INTERRUPTS();
		if (open->index < now)
			close_attempts(tally, open);
		else
			funnel_counters_add(&tally->open, open->array, open->index, open->count);
	}
	tally->open_limit = Max(OPEN_LIMIT, funnel_counters_hashed(&tally->open) * 2);
	if (all.counts != NULL)
		pfree(all.counts);
}

bool
funnel_tally_put_open(FunnelTally *tally, int step, int outcome, int64 cell, int64 count)
{
	Assert(tally->has_horizon);

	if (tally->open.pages != NULL)
	{
		if (unlikely(!funnel_counters_reach(&tally->open, cell)))
			advance_open(tally);
	}
	else if (funnel_counters_hashed(&tally->open) == 0 ||
			 funnel_counters_hashed(&tally->open) >= tally->open_limit)
		advance_open(tally);
	return funnel_counters_add(&tally->open, funnel_open_array(step, outcome), cell, count);
}

void
funnel_tally_add(FunnelTally *tally, const FunnelMatch *match, const double *values)
{
	uint64		reached = match->reached;
	int64		first = match->at[0];
	int64		previous = first;

	Assert(match->depth >= 1 && match->depth <= tally->nsteps);
	Assert((reached & 1) != 0);
	Assert((reached >> (match->depth - 1)) == 1);
	Assert((match->outcome == FUNNEL_CONVERTED) == (match->depth == tally->nsteps));

	check_users(tally->steps[0].users, 1);
	do
	{
		int			k = pg_rightmost_one_pos64(reached);
		FunnelTallyStep *step = &tally->steps[k];

		reached &= reached - 1;
		step->users++;
		if (k > 0)
		{
			/* unsigned, since the range of timestamptz exceeds 2^63 */
			uint64		elapsed = (uint64) match->at[k] - (uint64) previous;

			funnel_uint128_add(&step->microseconds, elapsed);
			funnel_tally_put_time(tally, k + 1, FUNNEL_SINCE_PREVIOUS, funnel_cell_of(elapsed), 1);
			if (k > 1)
			{
				elapsed = (uint64) match->at[k] - (uint64) first;
				funnel_tally_put_time(tally, k + 1, FUNNEL_SINCE_FIRST, funnel_cell_of(elapsed), 1);
			}
			previous = match->at[k];
		}
		if (values != NULL && !isnan(values[k]))
			step->value = float8_pl(step->value, values[k]);
	} while (reached != 0);

	if (values != NULL)
		tally->has_values = true;

	/* its rows were seen, even if the caller has yet to say so */
	funnel_tally_see(tally, previous);

	if (match->outcome != FUNNEL_CONVERTED)
	{
		FunnelTallyStep *step = &tally->steps[match->depth - 1];

		if (!match->open)
			step->closed[match->outcome]++;
		else if (match->open_until == FUNNEL_FOREVER)
			step->forever[match->outcome]++;
		else
		{
			int64		cell = funnel_open_cell(tally, match->open_until);

			if (cell < funnel_open_cell(tally, tally->horizon))
				step->closed[match->outcome]++;
			else
				funnel_tally_put_open(tally, match->depth, match->outcome, cell, 1);
		}
	}
}

void
funnel_tally_merge(FunnelTally *dst, const FunnelTally *src)
{
	FunnelCounts times;
	FunnelCounts open;
	int64		now;

	Assert(dst != src);

	if (VARSIZE(dst->def) != VARSIZE(src->def) ||
		memcmp(VARDATA(dst->def), VARDATA(src->def), VARSIZE(dst->def) - VARHDRSZ) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot merge results of different funnel definitions"),
				 errdetail("One is \"%.*s\", another is \"%.*s\".",
						   (int) (VARSIZE(dst->def) - VARHDRSZ), VARDATA(dst->def),
						   (int) (VARSIZE(src->def) - VARHDRSZ), VARDATA(src->def)),
				 errhint("Add funnel_definition(result) to GROUP BY.")));

	check_users(dst->steps[0].users, src->steps[0].users);
	for (int k = 0; k < dst->nsteps; k++)
	{
		FunnelTallyStep *to = &dst->steps[k];
		const FunnelTallyStep *from = &src->steps[k];

		to->users += from->users;
		to->value = float8_pl(to->value, from->value);
		funnel_uint128_add_uint128(&to->microseconds, from->microseconds);
		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			to->closed[i] += from->closed[i];
			to->forever[i] += from->forever[i];
		}
	}

	times = funnel_tally_times(src);
	for (int i = 0; i < times.ncounts; i++)
		funnel_counters_add(&dst->times, times.counts[i].array, times.counts[i].index,
							times.counts[i].count);
	if (times.counts != NULL)
		pfree(times.counts);

	if (src->has_horizon)
		funnel_tally_see(dst, src->horizon);
	dst->has_values |= src->has_values;

	now = funnel_open_cell(dst, dst->horizon);
	open = funnel_counters_read(&src->open);
	for (int i = 0; i < open.ncounts; i++)
	{
		const FunnelCount *here = &open.counts[i];

		CHECK_FOR_INTERRUPTS();
		if (here->index < now)
			close_attempts(dst, here);
		else
			funnel_tally_put_open(dst, funnel_open_step(here), funnel_open_outcome(here),
								  here->index, here->count);
	}
	if (open.counts != NULL)
		pfree(open.counts);
}

char	  **
funnel_tally_stage_names(const FunnelTally *tally)
{
	return funnel_definition_stage_names(tally->definition);
}

void
funnel_tally_standing(const FunnelTally *tally, int64 as_of, FunnelStanding *standing)
{
	int64		now = funnel_open_cell(tally, Max(as_of, tally->horizon));
	FunnelCounts open = funnel_counters_read(&tally->open);

	memset(standing, 0, tally->nsteps * sizeof(FunnelStanding));

	for (int k = 0; k < tally->nsteps; k++)
	{
		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			standing[k].by_outcome[i] = tally->steps[k].closed[i];
			standing[k].pending += tally->steps[k].forever[i];
		}
	}

	for (int i = 0; i < open.ncounts; i++)
	{
		const FunnelCount *count = &open.counts[i];
		FunnelStanding *here = &standing[funnel_open_step(count) - 1];

		funnel_poll_at(i);
		if (count->index < now)
			here->by_outcome[funnel_open_outcome(count)] += count->count;
		else
			here->pending += count->count;
	}

	for (int k = 0; k < tally->nsteps; k++)
	{
		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
			standing[k].dropped += standing[k].by_outcome[i];
	}
}

FunnelCounts
funnel_tally_open(const FunnelTally *tally)
{
	FunnelCounts all = funnel_counters_read(&tally->open);
	int64		now = funnel_open_cell(tally, tally->horizon);
	int			kept = 0;

	for (int i = 0; i < all.ncounts; i++)
	{
		funnel_poll_at(i);
		if (all.counts[i].index >= now)
			all.counts[kept++] = all.counts[i];
	}
	all.ncounts = kept;
	return all;
}
