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

typedef struct FunnelTally FunnelTally;

/* An all-zero tally of a definition; it lives in CONTEXT, as all it grows by. */
extern FunnelTally *funnel_tally_create(const FunnelDef *def, MemoryContext context);

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

/* The canonical varlena (palloc'd in the current context), and back. */
extern struct varlena *funnel_tally_flatten(const FunnelTally *tally);
extern FunnelTally *funnel_tally_expand(const struct varlena *result, MemoryContext context);

/*
 * Reading.  Steps count from 1.
 */
extern const FunnelDef *funnel_tally_definition(const FunnelTally *tally);
extern int	funnel_tally_nsteps(const FunnelTally *tally);

/* False, and no horizon, if no row was seen. */
extern bool funnel_tally_horizon(const FunnelTally *tally, int64 *horizon);

/* Units whose chain holds the step. */
extern int64 funnel_tally_users(const FunnelTally *tally, int step);

/* False if no values were added up. */
extern bool funnel_tally_value(const FunnelTally *tally, int step, double *value);

/* The exact sum of microseconds from the previous step of each unit's chain. */
extern FunnelUint128 funnel_tally_microseconds(const FunnelTally *tally, int step);

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

/*
 * The time histograms, a sorted copy of them in the current memory context: a
 * tally keeps them in a hash table.
 */
typedef struct FunnelTime
{
	uint32		key;			/* which histogram, then its cell */
	int64		count;
} FunnelTime;

typedef struct FunnelTimes
{
	int			ntimes;
	FunnelTime *times;
} FunnelTimes;

typedef enum FunnelTimesSince
{
	FUNNEL_SINCE_PREVIOUS,		/* from the previous step of the chain */
	FUNNEL_SINCE_FIRST			/* from its first step */
} FunnelTimesSince;

extern FunnelTimes funnel_tally_times(const FunnelTally *tally);

/* The part of one step's histogram, in ascending order; empty for step 1. */
extern FunnelTimes funnel_times_of(FunnelTimes all, int step, FunnelTimesSince since);

/* The microseconds that stand for a histogram entry, at most 0.8 % off. */
extern double funnel_time_microseconds(const FunnelTime *time);

/*
 * The nearest-rank percentile in microseconds: the least time that at least
 * FRACTION of the histogram's units, and at least one, do not exceed.  The
 * histogram must not be empty.
 */
extern double funnel_times_percentile(FunnelTimes histogram, double fraction);

#endif							/* FUNNEL_RESULT_TALLY_H */
