/*-------------------------------------------------------------------------
 *
 * result/tally.h
 *	  The tally over many units, in memory: what a funnel_result holds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_TALLY_H
#define FUNNEL_RESULT_TALLY_H

#include "base/uint128.h"
#include "language/definition.h"
#include "result/counters.h"
#include "result/histogram.h"

typedef struct FunnelTallyStep
{
	int64		users;
	double		value;
	FunnelUint128 microseconds; /* from the previous step of the chain */

	/* of the units that stand here, by outcome: */
	int64		closed[FUNNEL_NUM_OUTCOMES];	/* no further event helps */
	int64		forever[FUNNEL_NUM_OUTCOMES];	/* open without an end */
} FunnelTallyStep;

typedef struct FunnelTally
{
	MemoryContext context;
	FunnelDef  *def;			/* not packed */
	const FunnelDefinition *definition; /* the same, parsed */
	int			nsteps;
	int			grain;			/* binary logarithm of g */
	bool		has_horizon;
	bool		has_values;
	int64		horizon;
	FunnelCounters times;		/* by funnel_histogram_array() and cell */

	/*
	 * Unconverted units whose attempt may still be open at the horizon, by
	 * funnel_open_array() and floor(open_until / g).
	 */
	FunnelCounters open;
	uint32		open_limit;		/* that many in its hash call for a clean-up */
	FunnelTallyStep steps[FLEXIBLE_ARRAY_MEMBER];
} FunnelTally;

/* floor(ts / g) */
static inline int64
funnel_open_cell(const FunnelTally *tally, int64 ts)
{
	/* shifting a negative number right is left to the compiler by C */
	return ts >= 0 ? ts >> tally->grain : ~(~ts >> tally->grain);
}

/* The array of open attempts of those who stand at a step, and back. */
#define FUNNEL_NUM_OPEN_ARRAYS(nsteps)	((uint32) (nsteps) * FUNNEL_NUM_OUTCOMES)

static inline uint32
funnel_open_array(int step, int outcome)
{
	return (uint32) (step - 1) * FUNNEL_NUM_OUTCOMES + outcome;
}

static inline int
funnel_open_step(const FunnelCount *open)
{
	return (int) (open->array / FUNNEL_NUM_OUTCOMES) + 1;
}

static inline int
funnel_open_outcome(const FunnelCount *open)
{
	return (int) (open->array % FUNNEL_NUM_OUTCOMES);
}

/* An all-zero tally of a definition; it lives in CONTEXT, as all it grows by. */
extern FunnelTally *funnel_tally_create(const FunnelDef *def, MemoryContext context);

/* One that shares the definition of MODEL, which must last as long. */
extern FunnelTally *funnel_tally_create_like(const FunnelTally *model, MemoryContext context);

/* A row at TS was seen: of any unit, with any label. */
extern void funnel_tally_see(FunnelTally *tally, int64 ts);

/*
 * Count one unit that entered.  VALUES is NULL, or holds for each step of the
 * chain the value of its row (NaN where it has none).
 */
extern void funnel_tally_add(FunnelTally *tally, const FunnelMatch *match,
							 const double *values);

/* Add SRC, which is left as it was, to DST.  Definitions must be equal. */
extern void funnel_tally_merge(FunnelTally *dst, const FunnelTally *src);

/*
 * Add to a counter of the times or of the open attempts; true if it was 0.  For
 * who reads a tally: nothing is checked.
 */
extern bool funnel_tally_put_time(FunnelTally *tally, int step, FunnelTimesSince since,
								  uint32 cell, int64 count);
extern bool funnel_tally_put_open(FunnelTally *tally, int step, int outcome,
								  int64 cell, int64 count);

/*
 * Reading.  Steps count from 1.
 */

/* The names of its stages, palloc'd. */
extern char **funnel_tally_stage_names(const FunnelTally *tally);

/* The units that stand at a stage, the last one excepted. */
typedef struct FunnelStanding
{
	int64		pending;
	int64		dropped;		/* the sum of by_outcome */
	int64		by_outcome[FUNNEL_NUM_OUTCOMES];	/* dropped only */
} FunnelStanding;

/*
 * Who stands where as of an instant, one before the horizon reading as the
 * horizon (DT_NOBEGIN asks for it); STANDING has an entry for each step.
 */
extern void funnel_tally_standing(const FunnelTally *tally, int64 as_of,
								  FunnelStanding *standing);

/* The times of all histograms, see histogram.h; palloc'd. */
static inline FunnelCounts
funnel_tally_times(const FunnelTally *tally)
{
	return funnel_counters_read(&tally->times);
}

/* The open attempts, without those the horizon has passed; palloc'd. */
extern FunnelCounts funnel_tally_open(const FunnelTally *tally);

#endif							/* FUNNEL_RESULT_TALLY_H */
