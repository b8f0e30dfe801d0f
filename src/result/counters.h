/*-------------------------------------------------------------------------
 *
 * result/counters.h
 *	  Arrays of counters of which most are 0: the tally's times and open
 *	  attempts.
 *
 * Few counters are in a hash table, because a query may have thousands of
 * tallies.  Many are in pages, if they lie close enough together: finding one
 * there takes two loads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_COUNTERS_H
#define FUNNEL_RESULT_COUNTERS_H

#define FUNNEL_PAGE_BITS		6
#define FUNNEL_PAGE_SIZE		(1 << FUNNEL_PAGE_BITS)
#define FUNNEL_PAGES			64
#define FUNNEL_PAGES_SPAN		(FUNNEL_PAGES * FUNNEL_PAGE_SIZE)

/* One counter that is not 0. */
typedef struct FunnelCount
{
	uint32		array;
	int64		index;			/* in the array */
	int64		count;
} FunnelCount;

typedef struct FunnelCounters
{
	MemoryContext context;
	uint32		narrays;
	int64		base;			/* the least index that can be in pages */
	bool		scattered;		/* is there one out of their reach? */
	struct counterhash_hash *hash;	/* NULL until needed, or if there are
									 * pages */
	int64	  **pages;			/* FUNNEL_PAGES for each array, NULL = all 0 */
} FunnelCounters;

/* In the order of arrays, then of indexes. */
typedef struct FunnelCounts
{
	int			ncounts;
	FunnelCount *counts;
} FunnelCounts;

/*
 * All counters are 0.  Counting is fast if all indexes to come are among the
 * FUNNEL_PAGES_SPAN from BASE on, and right in any case.
 */
extern void funnel_counters_init(FunnelCounters *counters, uint32 narrays, int64 base,
								 MemoryContext context);

/* The same again, freeing what there was. */
extern void funnel_counters_reset(FunnelCounters *counters, int64 base);

/* Counters that are not 0, if they are in a hash table; else 0. */
extern uint32 funnel_counters_hashed(const FunnelCounters *counters);

/* A sorted copy of all that are not 0, palloc'd. */
extern FunnelCounts funnel_counters_read(const FunnelCounters *counters);

extern bool funnel_counters_add_slowly(FunnelCounters *counters, uint32 array, int64 index,
									   int64 count);

/* Can INDEX be in pages? */
static inline bool
funnel_counters_reach(const FunnelCounters *counters, int64 index)
{
	return (uint64) index - (uint64) counters->base < FUNNEL_PAGES_SPAN;
}

/* Add to a counter; true if it was 0.  Overflow is the caller's to exclude. */
static inline bool
funnel_counters_add(FunnelCounters *counters, uint32 array, int64 index, int64 count)
{
	uint64		at = (uint64) index - (uint64) counters->base;

	if (likely(counters->pages != NULL && at < FUNNEL_PAGES_SPAN))
	{
		int64	   *page = counters->pages[array * FUNNEL_PAGES + at / FUNNEL_PAGE_SIZE];

		if (likely(page != NULL))
		{
			int64	   *counter = &page[at % FUNNEL_PAGE_SIZE];
			bool		was_zero = *counter == 0;

			*counter += count;
			return was_zero;
		}
	}
	return funnel_counters_add_slowly(counters, array, index, count);
}

#endif							/* FUNNEL_RESULT_COUNTERS_H */
