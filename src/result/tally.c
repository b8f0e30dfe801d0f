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

#include "common/hashfn.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "result/tally_impl.h"

/*
 * The time histograms of all steps.  A tally of few units has a hash table of
 * the cells that are not 0, one of many an array of blocks: finding a cell
 * there takes two loads, and for each unit there are several to find.
 */
typedef struct TimeEntry
{
	uint32		key;
	char		status;
	int64		count;
} TimeEntry;

#define SH_PREFIX		timehash
#define SH_ELEMENT_TYPE TimeEntry
#define SH_KEY_TYPE		uint32
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	murmurhash32(key)
#define SH_EQUAL(tb, a, b)		((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define SH_PREFIX		openhash
#define SH_ELEMENT_TYPE FunnelOpen
#define SH_KEY_TYPE		FunnelOpenKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, key) \
	murmurhash32((uint32) (key).cell ^ (uint32) ((uint64) (key).cell >> 32) ^ \
				 ((uint32) (key).step << 24) ^ ((uint32) (key).outcome << 20))
#define SH_EQUAL(tb, a, b) \
	((a).cell == (b).cell && (a).step == (b).step && (a).outcome == (b).outcome)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define ST_SORT sort_times
#define ST_ELEMENT_TYPE FunnelTime
#define ST_COMPARE(a, b) ((a)->key < (b)->key ? -1 : (a)->key > (b)->key)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Entries a fresh table has room for: a tally of few units stays small. */
#define TIMES_INITIAL	14
#define OPEN_INITIAL	14

/* Number of times from which on blocks replace the hash table. */
#define TIMES_LIMIT		512

/* Least number of entries in "open" worth a clean-up. */
#define OPEN_LIMIT		256

/* Number of entries in "open" from which on blocks replace the hash table. */
#define OPEN_BLOCKS_LIMIT	1024

StaticAssertDecl(FUNNEL_NUM_CELLS <= (1 << FUNNEL_TIME_CELL_BITS),
				 "a histogram cell must fit its key");

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

FunnelTally *
funnel_tally_create(const FunnelDef *def, MemoryContext context)
{
	FunnelDefinition *definition = funnel_definition_of(def);
	int64		limit = funnel_definition_longest_limit(definition);
	Size		textlen = VARSIZE_ANY_EXHDR(def);
	FunnelRules rules;
	FunnelTally *tally;

	funnel_definition_rules(definition, &rules);

	tally = MemoryContextAllocZero(context, offsetof(FunnelTally, steps) +
								   rules.nsteps * sizeof(FunnelTallyStep));
	tally->context = context;
	tally->def = MemoryContextAlloc(context, VARHDRSZ + textlen);
	SET_VARSIZE(tally->def, VARHDRSZ + textlen);
	memcpy(VARDATA(tally->def), VARDATA_ANY(def), textlen);
	tally->nsteps = rules.nsteps;
	tally->any_order = rules.any_order;
	tally->breakers = rules.strict != 0 || rules.excluding != 0;
	tally->optional = rules.optional;

	/* floor(limit / 1024) has the same powers of two below it as limit / 1024 */
	tally->grain = limit >= 1024 ? pg_leftmost_one_pos64((uint64) limit / 1024) : 0;

	tally->open_limit = OPEN_LIMIT;
	tally->times = timehash_create(context, TIMES_INITIAL, NULL);
	return tally;
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

static inline int64 *
block_counter(FunnelTally *tally, uint32 key)
{
	int64	  **block = &tally->time_blocks[FUNNEL_TIME_BLOCK(key)];

	if (unlikely(*block == NULL))
		*block = MemoryContextAllocZero(tally->context,
										FUNNEL_TIME_BLOCK_SIZE * sizeof(int64));
	return &(*block)[FUNNEL_TIME_IN_BLOCK(key)];
}

/* Replace the hash table by blocks. */
static void
make_blocks(FunnelTally *tally)
{
	timehash_iterator iterator;
	TimeEntry  *entry;

	tally->time_blocks =
		MemoryContextAllocZero(tally->context,
							   FUNNEL_TIME_BLOCK(FUNNEL_TIME_KEY(tally->nsteps + 1, 0, 0)) *
							   sizeof(int64 *));
	timehash_start_iterate(tally->times, &iterator);
	while ((entry = timehash_iterate(tally->times, &iterator)) != NULL)
		*block_counter(tally, entry->key) = entry->count;
	timehash_destroy(tally->times);
	tally->times = NULL;
}

/* Add to a counter of the histograms; false if there was something in it. */
static inline bool
put_time(FunnelTally *tally, uint32 key, int64 count)
{
	int64	   *counter;
	bool		fresh;

	if (likely(tally->time_blocks != NULL))
	{
		counter = block_counter(tally, key);
		fresh = *counter == 0;
	}
	else
	{
		bool		found;
		TimeEntry  *entry = timehash_insert(tally->times, key, &found);

		fresh = !found;
		if (fresh)
			entry->count = 0;
		counter = &entry->count;
	}
	*counter += count;

	if (unlikely(tally->time_blocks == NULL && tally->times->members >= TIMES_LIMIT))
		make_blocks(tally);
	return fresh;
}

bool
funnel_tally_put_time(FunnelTally *tally, int step, FunnelTimesSince since,
					  uint32 cell, int64 count)
{
	return put_time(tally, FUNNEL_TIME_KEY(step, since, cell), count);
}

/*
 * The open attempts, one cell after the other, whatever they are kept in; those
 * in blocks by step, outcome and cell.  What the horizon has passed may be
 * among them.
 */
typedef struct OpenIterator
{
	const FunnelTally *tally;
	openhash_iterator hash;
	uint32		next;			/* counter in the blocks */
} OpenIterator;

static void
start_open(OpenIterator *iterator, const FunnelTally *tally)
{
	memset(iterator, 0, sizeof(*iterator));
	iterator->tally = tally;
	if (tally->open != NULL)
		openhash_start_iterate(tally->open, &iterator->hash);
}

static inline uint32
num_open_blocks(const FunnelTally *tally)
{
	return (uint32) tally->nsteps * FUNNEL_NUM_OUTCOMES * FUNNEL_OPEN_BLOCKS;
}

static bool
next_open(OpenIterator *iterator, FunnelOpen *open)
{
	const FunnelTally *tally = iterator->tally;

	if (tally->open_blocks != NULL)
	{
		uint32		end = num_open_blocks(tally) << FUNNEL_OPEN_BLOCK_BITS;

		while (iterator->next < end)
		{
			uint32		at = iterator->next;
			const int64 *block = tally->open_blocks[at >> FUNNEL_OPEN_BLOCK_BITS];
			uint32		array = at / FUNNEL_OPEN_SPAN;

			if (block == NULL)
			{
				iterator->next += FUNNEL_OPEN_BLOCK_SIZE;
				continue;
			}
			iterator->next++;
			open->count = block[at % FUNNEL_OPEN_BLOCK_SIZE];
			if (open->count == 0)
				continue;
			open->key.step = (int) (array / FUNNEL_NUM_OUTCOMES) + 1;
			open->key.outcome = (int) (array % FUNNEL_NUM_OUTCOMES);
			open->key.cell = tally->open_base + at % FUNNEL_OPEN_SPAN;
			return true;
		}
	}
	else if (tally->open != NULL)
	{
		const FunnelOpen *entry = openhash_iterate(tally->open, &iterator->hash);

		if (entry != NULL)
		{
			*open = *entry;
			return true;
		}
	}
	return false;
}

/* The counter of a cell in the blocks, or NULL if they do not reach so far. */
static inline int64 *
open_block_counter(FunnelTally *tally, int step, int outcome, int64 cell)
{
	uint64		at = (uint64) cell - (uint64) tally->open_base;
	int64	  **block;

	if (unlikely(at >= FUNNEL_OPEN_SPAN))
		return NULL;
	block = &tally->open_blocks[((step - 1) * FUNNEL_NUM_OUTCOMES + outcome) *
								FUNNEL_OPEN_BLOCKS + at / FUNNEL_OPEN_BLOCK_SIZE];
	if (unlikely(*block == NULL))
		*block = MemoryContextAllocZero(tally->context,
										FUNNEL_OPEN_BLOCK_SIZE * sizeof(int64));
	return &(*block)[at % FUNNEL_OPEN_BLOCK_SIZE];
}

/* Replace the hash table by blocks from cell BASE on. */
static void
make_open_blocks(FunnelTally *tally, int64 base)
{
	openhash_hash *hash = tally->open;
	openhash_iterator iterator;
	FunnelOpen *entry;

	tally->open_blocks = MemoryContextAllocZero(tally->context,
												num_open_blocks(tally) * sizeof(int64 *));
	tally->open_base = base;
	openhash_start_iterate(hash, &iterator);
	while ((entry = openhash_iterate(hash, &iterator)) != NULL)
		*open_block_counter(tally, entry->key.step, entry->key.outcome,
							entry->key.cell) = entry->count;
	tally->open = NULL;
	openhash_destroy(hash);
}

static void
free_open(FunnelTally *tally)
{
	if (tally->open != NULL)
		openhash_destroy(tally->open);
	tally->open = NULL;
	if (tally->open_blocks != NULL)
	{
		for (uint32 i = 0; i < num_open_blocks(tally); i++)
		{
			if (tally->open_blocks[i] != NULL)
				pfree(tally->open_blocks[i]);
		}
		pfree(tally->open_blocks);
	}
	tally->open_blocks = NULL;
}

/*
 * Move what the horizon has passed to the closed counters, and the rest to
 * where there is room for CELL too: to blocks from the horizon on, or to a hash
 * table if there is not enough for them or it is not close enough together.
 * Counting never leads that far; who writes a result by hand can.
 */
static void
rebuild_open(FunnelTally *tally, int64 cell)
{
	int64		now = funnel_open_cell(tally, tally->horizon);
	uint64		span = (uint64) cell - (uint64) now;
	openhash_hash *hash = openhash_create(tally->context, OPEN_INITIAL, NULL);
	OpenIterator iterator;
	FunnelOpen	open;

	start_open(&iterator, tally);
	while (next_open(&iterator, &open))
	{
		if (open.key.cell < now)
			tally->steps[open.key.step - 1].closed[open.key.outcome] += open.count;
		else
		{
			bool		found;

			openhash_insert(hash, open.key, &found)->count = open.count;
			span = Max(span, (uint64) open.key.cell - (uint64) now);
		}
	}
	free_open(tally);
	tally->open = hash;
	tally->open_limit = Max(OPEN_LIMIT, hash->members * 2);
	if (hash->members >= OPEN_BLOCKS_LIMIT && span < FUNNEL_OPEN_SPAN)
		make_open_blocks(tally, now);
}

bool
funnel_tally_put_open(FunnelTally *tally, int step, int outcome, int64 cell, int64 count)
{
	int64	   *counter = NULL;
	bool		fresh;

	Assert(tally->has_horizon);

	if (likely(tally->open_blocks != NULL))
	{
		counter = open_block_counter(tally, step, outcome, cell);
		if (unlikely(counter == NULL))
			rebuild_open(tally, cell);
	}
	else if (tally->open == NULL)
		tally->open = openhash_create(tally->context, OPEN_INITIAL, NULL);
	else if (tally->open->members >= tally->open_limit)
		rebuild_open(tally, cell);

	if (likely(tally->open_blocks != NULL))
	{
		if (counter == NULL)
			counter = open_block_counter(tally, step, outcome, cell);
		fresh = *counter == 0;
	}
	else
	{
		FunnelOpenKey key;
		FunnelOpen *entry;
		bool		found;

		key.cell = cell;
		key.step = step;
		key.outcome = outcome;
		entry = openhash_insert(tally->open, key, &found);
		fresh = !found;
		if (fresh)
			entry->count = 0;
		counter = &entry->count;
	}
	*counter += count;
	return fresh;
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
			put_time(tally, FUNNEL_TIME_KEY(k + 1, FUNNEL_SINCE_PREVIOUS,
											funnel_cell_of(elapsed)), 1);
			if (k > 1)
			{
				elapsed = (uint64) match->at[k] - (uint64) first;
				put_time(tally, FUNNEL_TIME_KEY(k + 1, FUNNEL_SINCE_FIRST,
												funnel_cell_of(elapsed)), 1);
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
	FunnelTimes times;
	OpenIterator iterator;
	FunnelOpen	open;
	int64		now;

	Assert(dst != src);

	if (VARSIZE(dst->def) != VARSIZE(src->def) ||
		memcmp(VARDATA(dst->def), VARDATA(src->def), VARSIZE(dst->def) - VARHDRSZ) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot merge results of different funnel definitions"),
				 errdetail("One is \"%.*s\", another is \"%.*s\".",
						   (int) (VARSIZE(dst->def) - VARHDRSZ), VARDATA(dst->def),
						   (int) (VARSIZE(src->def) - VARHDRSZ), VARDATA(src->def))));

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
	for (int i = 0; i < times.ntimes; i++)
		put_time(dst, times.times[i].key, times.times[i].count);
	pfree(times.times);

	if (src->has_horizon)
		funnel_tally_see(dst, src->horizon);
	dst->has_values |= src->has_values;

	now = funnel_open_cell(dst, dst->horizon);
	start_open(&iterator, src);
	while (next_open(&iterator, &open))
	{
		if (open.key.cell < now)
			dst->steps[open.key.step - 1].closed[open.key.outcome] += open.count;
		else
			funnel_tally_put_open(dst, open.key.step, open.key.outcome, open.key.cell,
								  open.count);
	}
}

const FunnelDef *
funnel_tally_definition(const FunnelTally *tally)
{
	return tally->def;
}

int
funnel_tally_nsteps(const FunnelTally *tally)
{
	return tally->nsteps;
}

bool
funnel_tally_horizon(const FunnelTally *tally, int64 *horizon)
{
	*horizon = tally->horizon;
	return tally->has_horizon;
}

int64
funnel_tally_users(const FunnelTally *tally, int step)
{
	return tally->steps[step - 1].users;
}

bool
funnel_tally_value(const FunnelTally *tally, int step, double *value)
{
	*value = tally->steps[step - 1].value;
	return tally->has_values;
}

FunnelUint128
funnel_tally_microseconds(const FunnelTally *tally, int step)
{
	return tally->steps[step - 1].microseconds;
}

void
funnel_tally_standing(const FunnelTally *tally, int64 as_of, FunnelStanding *standing)
{
	int64		now = funnel_open_cell(tally, Max(as_of, tally->horizon));
	OpenIterator iterator;
	FunnelOpen	open;

	memset(standing, 0, tally->nsteps * sizeof(FunnelStanding));

	for (int k = 0; k < tally->nsteps; k++)
	{
		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			standing[k].by_outcome[i] = tally->steps[k].closed[i];
			standing[k].pending += tally->steps[k].forever[i];
		}
	}

	start_open(&iterator, tally);
	while (next_open(&iterator, &open))
	{
		FunnelStanding *here = &standing[open.key.step - 1];

		if (open.key.cell < now)
			here->by_outcome[open.key.outcome] += open.count;
		else
			here->pending += open.count;
	}

	for (int k = 0; k < tally->nsteps; k++)
	{
		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
			standing[k].dropped += standing[k].by_outcome[i];
	}
}

FunnelTimes
funnel_tally_times(const FunnelTally *tally)
{
	FunnelTimes all;

	all.ntimes = 0;
	if (tally->time_blocks != NULL)
	{
		uint32		nblocks = FUNNEL_TIME_BLOCK(FUNNEL_TIME_KEY(tally->nsteps + 1, 0, 0));
		Size		used = 0;

		for (uint32 i = 0; i < nblocks; i++)
			used += tally->time_blocks[i] != NULL;
		all.times = palloc(sizeof(FunnelTime) * FUNNEL_TIME_BLOCK_SIZE * used);
		for (uint32 i = 0; i < nblocks; i++)
		{
			const int64 *block = tally->time_blocks[i];

			for (uint32 j = 0; block != NULL && j < FUNNEL_TIME_BLOCK_SIZE; j++)
			{
				if (block[j] == 0)
					continue;
				all.times[all.ntimes].key = (i << FUNNEL_CELL_BITS) | j;
				all.times[all.ntimes].count = block[j];
				all.ntimes++;
			}
		}
	}
	else
	{
		timehash_iterator iterator;
		TimeEntry  *entry;

		all.times = palloc(sizeof(FunnelTime) * (Size) tally->times->members);
		timehash_start_iterate(tally->times, &iterator);
		while ((entry = timehash_iterate(tally->times, &iterator)) != NULL)
		{
			all.times[all.ntimes].key = entry->key;
			all.times[all.ntimes].count = entry->count;
			all.ntimes++;
		}
		sort_times(all.times, all.ntimes);
	}
	return all;
}

/* The first entry whose key is not below KEY. */
static int
times_lower_bound(FunnelTimes all, uint32 key)
{
	int			low = 0,
				high = all.ntimes;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (all.times[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

FunnelTimes
funnel_times_of(FunnelTimes all, int step, FunnelTimesSince since)
{
	FunnelTimes part;
	uint32		key;
	int			from,
				to;

	if (step == 2)
		since = FUNNEL_SINCE_PREVIOUS;
	key = FUNNEL_TIME_KEY(step, since, 0);
	from = times_lower_bound(all, key);
	to = times_lower_bound(all, key + (1 << FUNNEL_TIME_CELL_BITS));
	part.ntimes = to - from;
	part.times = all.times + from;
	return part;
}

double
funnel_time_microseconds(const FunnelTime *time)
{
	uint32		cell = FUNNEL_TIME_CELL(time->key);

	return (double) funnel_cell_low(cell) + (double) funnel_cell_span(cell) / 2;
}

double
funnel_times_percentile(FunnelTimes histogram, double fraction)
{
	int64		total = 0;
	int64		sum = 0;
	double		rank;

	Assert(histogram.ntimes > 0);

	for (int i = 0; i < histogram.ntimes; i++)
		total += histogram.times[i].count;

	/* as percentile_disc() */
	rank = ceil(fraction * (double) total);
	for (int i = 0; i < histogram.ntimes - 1; i++)
	{
		sum += histogram.times[i].count;
		if ((double) sum >= rank)
			return funnel_time_microseconds(&histogram.times[i]);
	}
	return funnel_time_microseconds(&histogram.times[histogram.ntimes - 1]);
}

static int
compare_open(const void *a, const void *b)
{
	const FunnelOpenKey *x = &((const FunnelOpen *) a)->key;
	const FunnelOpenKey *y = &((const FunnelOpen *) b)->key;

	if (x->step != y->step)
		return x->step < y->step ? -1 : 1;
	if (x->outcome != y->outcome)
		return x->outcome < y->outcome ? -1 : 1;
	if (x->cell != y->cell)
		return x->cell < y->cell ? -1 : 1;
	return 0;
}

FunnelOpen *
funnel_tally_open(const FunnelTally *tally, int *nopen)
{
	int64		now = funnel_open_cell(tally, tally->horizon);
	uint32		capacity;
	FunnelOpen *all;
	OpenIterator iterator;
	FunnelOpen	open;

	*nopen = 0;
	if (tally->open == NULL && tally->open_blocks == NULL)
		return NULL;

	capacity = tally->open != NULL ? Max(tally->open->members, 1) : OPEN_BLOCKS_LIMIT;
	all = palloc(sizeof(FunnelOpen) * (Size) capacity);
	start_open(&iterator, tally);
	while (next_open(&iterator, &open))
	{
		if (open.key.cell < now)
			continue;
		if ((uint32) *nopen == capacity)
		{
			capacity *= 2;
			all = repalloc(all, sizeof(FunnelOpen) * (Size) capacity);
		}
		all[(*nopen)++] = open;
	}

	/* those from blocks are in order already */
	if (tally->open != NULL)
		qsort(all, *nopen, sizeof(FunnelOpen), compare_open);
	return all;
}

/* Add a histogram's entries up, with the least and the greatest sum of times. */
static bool
times_sum(FunnelTimes histogram, int64 *total, FunnelUint128 *low, FunnelUint128 *high)
{
	*total = 0;
	low->high = low->low = 0;
	for (int i = 0; i < histogram.ntimes; i++)
	{
		const FunnelTime *time = &histogram.times[i];

		if (pg_add_s64_overflow(*total, time->count, total))
			return false;
	}

	/* no more than 2^63 times below 2^64: cannot overflow */
	*high = *low;
	for (int i = 0; i < histogram.ntimes; i++)
	{
		const FunnelTime *time = &histogram.times[i];
		uint32		cell = FUNNEL_TIME_CELL(time->key);
		uint64		least = funnel_cell_low(cell);
		uint64		greatest = least + funnel_cell_span(cell);

		funnel_uint128_add_uint128(low, funnel_uint128_product(least, time->count));
		funnel_uint128_add_uint128(high, funnel_uint128_product(greatest, time->count));
	}
	return true;
}

/*
 * The codecs check each thing by itself (a counter is of a step and a cell that
 * exist, and positive); here the whole is checked to add up, so that nothing
 * read from a tally needs to be doubted again.
 */
char *
funnel_tally_problem(const FunnelTally *tally)
{
	FunnelTimes all = funnel_tally_times(tally);
	FunnelStanding *standing = palloc(tally->nsteps * sizeof(FunnelStanding));
	int64		now = funnel_open_cell(tally, tally->horizon);
	int64		last = funnel_open_cell(tally, FUNNEL_FOREVER - 1);
	int64		reached = 0;
	OpenIterator iterator;
	FunnelOpen	open;

	if (tally->has_horizon && !IS_VALID_TIMESTAMP(tally->horizon))
		return pstrdup("The horizon is out of range.");
	if (!tally->has_horizon && tally->steps[0].users > 0)
		return pstrdup("There are users, but there is no horizon.");

	/* who stands where: first that the counters are what could be counted ... */
	memset(standing, 0, tally->nsteps * sizeof(FunnelStanding));
	start_open(&iterator, tally);
	while (next_open(&iterator, &open))
	{
		int64	   *count = &standing[open.key.step - 1].by_outcome[open.key.outcome];

		if (open.key.cell < now || open.key.cell > last)
			return psprintf("Cell " INT64_FORMAT " of step %d is not between the horizon and the end of time.",
							open.key.cell, open.key.step);
		if (pg_add_s64_overflow(*count, open.count, count))
			return psprintf("The units at step %d are out of range.", open.key.step);
	}
	for (int k = 0; k < tally->nsteps; k++)
	{
		const FunnelTallyStep *step = &tally->steps[k];

		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			int64	   *count = &standing[k].by_outcome[i];

			if (pg_add_s64_overflow(*count, step->closed[i], count) ||
				pg_add_s64_overflow(*count, step->forever[i], count) ||
				pg_add_s64_overflow(standing[k].pending, *count, &standing[k].pending))
				return psprintf("The units at step %d are out of range.", k + 1);
			if (*count == 0)
				continue;
			if (k + 1 == tally->nsteps)
				return pstrdup("A unit at the last step is converted.");
			if ((i == FUNNEL_CONVERTED) ||
				(i == FUNNEL_EXCLUDED && !tally->breakers) ||
				(i == FUNNEL_EARLY && tally->any_order))
				return psprintf("The definition does not allow the outcome of a unit at step %d.",
								k + 1);
		}
	}

	/* ... then that they add up, from the last step backwards */
	for (int k = tally->nsteps - 1; k >= 0; k--)
	{
		const FunnelTallyStep *step = &tally->steps[k];
		int64		here = k + 1 == tally->nsteps ? step->users : standing[k].pending;

		if (pg_add_s64_overflow(reached, here, &reached))
			return psprintf("The units at step %d are out of range.", k + 1);

		if ((tally->optional & FUNNEL_STEP_BIT(k + 1)) == 0
			? step->users != reached
			: step->users < here || step->users > reached)
			return psprintf("Step %d has " INT64_FORMAT " users, but " INT64_FORMAT
							" units stand there or deeper.",
							k + 1, step->users, reached);
	}

	for (int k = 0; k < tally->nsteps; k++)
	{
		const FunnelTallyStep *step = &tally->steps[k];
		int64		total;
		FunnelUint128 low,
					high;

		if (!isfinite(step->value) ||
			(step->value != 0 && (step->users == 0 || !tally->has_values)))
			return psprintf("Step %d cannot have that value.", k + 1);
		if (k == 0)
			continue;

		if (!times_sum(funnel_times_of(all, k + 1, FUNNEL_SINCE_PREVIOUS),
					   &total, &low, &high) ||
			total != step->users)
			return psprintf("The times of step %d from the previous step are not as many as its users.",
							k + 1);
		if (funnel_uint128_cmp(step->microseconds, low) < 0 ||
			funnel_uint128_cmp(step->microseconds, high) > 0)
			return psprintf("The microseconds of step %d are not the sum of its times.",
							k + 1);
		if (!times_sum(funnel_times_of(all, k + 1, FUNNEL_SINCE_FIRST),
					   &total, &low, &high) ||
			total != step->users)
			return psprintf("The times of step %d from the first step are not as many as its users.",
							k + 1);
	}
	return NULL;
}
