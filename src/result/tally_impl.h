/*-------------------------------------------------------------------------
 *
 * result/tally_impl.h
 *	  Inside the tally: for result/tally.c and the two codecs, bytes and text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_TALLY_IMPL_H
#define FUNNEL_RESULT_TALLY_IMPL_H

#include "port/pg_bitutils.h"

#include "result/tally.h"

/*
 * Time histograms: exact below 128 microseconds, above it 64 cells of equal
 * width for each power of two, so that a cell's midpoint is at most 1/128 off.
 * This is the layout of HdrHistogram (Gil Tene, hdrhistogram.org), a float
 * with a six-bit mantissa.  Counts in fixed cells merge exactly, in any order.
 */
#define FUNNEL_CELL_BITS	6
#define FUNNEL_NUM_CELLS	((64 - FUNNEL_CELL_BITS + 1) << FUNNEL_CELL_BITS)

static inline uint32
funnel_cell_of(uint64 microseconds)
{
	int			shift;

	if (microseconds < (1 << FUNNEL_CELL_BITS))
		return (uint32) microseconds;
	shift = pg_leftmost_one_pos64(microseconds) - FUNNEL_CELL_BITS;
	return ((uint32) shift << FUNNEL_CELL_BITS) + (uint32) (microseconds >> shift);
}

/* The least time in a cell, and how many more there are. */
static inline uint64
funnel_cell_low(uint32 cell)
{
	int			shift = (int) (cell >> FUNNEL_CELL_BITS) - 1;

	if (shift <= 0)
		return cell;
	return (uint64) (cell - ((uint32) shift << FUNNEL_CELL_BITS)) << shift;
}

static inline uint64
funnel_cell_span(uint32 cell)
{
	int			shift = (int) (cell >> FUNNEL_CELL_BITS) - 1;

	return shift <= 0 ? 0 : (UINT64CONST(1) << shift) - 1;
}

/*
 * One entry of the time histograms of all steps.  The key's order is the order
 * of the stored form: step, since, cell.  The histograms of step 2 are one and
 * the same, its previous step being the first; it is kept as SINCE_PREVIOUS.
 */
#define FUNNEL_TIME_CELL_BITS	12
#define FUNNEL_TIME_KEY(step, since, cell) \
	(((((uint32) (step) << 1) | (uint32) (since)) << FUNNEL_TIME_CELL_BITS) | (cell))
#define FUNNEL_TIME_CELL(key)	((key) & ((1 << FUNNEL_TIME_CELL_BITS) - 1))

/* A block is the cells of one power of two of one histogram. */
#define FUNNEL_TIME_BLOCK_SIZE		(1 << FUNNEL_CELL_BITS)
#define FUNNEL_TIME_BLOCK(key)		((key) >> FUNNEL_CELL_BITS)
#define FUNNEL_TIME_IN_BLOCK(key)	((key) & (FUNNEL_TIME_BLOCK_SIZE - 1))

/*
 * Unconverted units whose attempt may still be open at the horizon, by where
 * they stand, why, and floor(open_until / g).
 *
 * They are in a hash table while there are few.  Many have an array of blocks
 * for each step and outcome, all from the same cell on: at any horizon no more
 * than about 2,048 cells are open, so that the blocks have to be moved only
 * when the horizon has gone on by as much.
 */
#define FUNNEL_OPEN_BLOCK_BITS	6
#define FUNNEL_OPEN_BLOCK_SIZE	(1 << FUNNEL_OPEN_BLOCK_BITS)
#define FUNNEL_OPEN_BLOCKS		64
#define FUNNEL_OPEN_SPAN		(FUNNEL_OPEN_BLOCKS * FUNNEL_OPEN_BLOCK_SIZE)

typedef struct FunnelOpenKey
{
	int64		cell;
	int32		step;
	int32		outcome;
} FunnelOpenKey;

typedef struct FunnelOpen
{
	FunnelOpenKey key;
	int64		count;
	char		status;			/* of its place in the hash table */
} FunnelOpen;

typedef struct FunnelTallyStep
{
	int64		users;
	double		value;
	FunnelUint128 microseconds; /* from the previous step of the chain */

	/* of the units that stand here, by outcome: */
	int64		closed[FUNNEL_NUM_OUTCOMES];	/* no further event helps */
	int64		forever[FUNNEL_NUM_OUTCOMES];	/* open without an end */
} FunnelTallyStep;

struct FunnelTally
{
	MemoryContext context;
	FunnelDef  *def;			/* not packed */
	int			nsteps;
	bool		any_order;
	bool		breakers;		/* are there exclusions or strict links? */
	uint64		optional;
	int			grain;			/* binary logarithm of g */
	bool		has_horizon;
	bool		has_values;
	int64		horizon;
	uint32		open_limit;		/* entries in "open" that call for a clean-up */
	struct timehash_hash *times;	/* NULL if time_blocks are in use */
	int64	  **time_blocks;
	struct openhash_hash *open; /* NULL until needed, or if open_blocks are in
								 * use */
	int64		open_base;		/* the first cell of the blocks */
	int64	  **open_blocks;
	FunnelTallyStep steps[FLEXIBLE_ARRAY_MEMBER];
};

/* floor(ts / g) */
static inline int64
funnel_open_cell(const FunnelTally *tally, int64 ts)
{
	/* shifting a negative number right is left to the compiler by C */
	return ts >= 0 ? ts >> tally->grain : ~(~ts >> tally->grain);
}

/*
 * Add to a counter of the histograms or of the open attempts; false if there
 * was something in it.  Nothing is checked.
 */
extern bool funnel_tally_put_time(FunnelTally *tally, int step, FunnelTimesSince since,
								  uint32 cell, int64 count);
extern bool funnel_tally_put_open(FunnelTally *tally, int step, int outcome,
								  int64 cell, int64 count);

/* The open attempts by step, outcome and cell, without those the horizon passed. */
extern FunnelOpen *funnel_tally_open(const FunnelTally *tally, int *nopen);

/*
 * What contradicts itself in a tally that came from outside, or NULL if it
 * could have been counted: a phrase for an error's DETAIL.
 */
extern char *funnel_tally_problem(const FunnelTally *tally);

#endif							/* FUNNEL_RESULT_TALLY_IMPL_H */
