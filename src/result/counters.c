/*-------------------------------------------------------------------------
 *
 * result/counters.c
 *	  Arrays of counters of which most are 0: the tally's times and open
 *	  attempts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "base/hash.h"
#include "base/interrupts.h"
#include "result/counters.h"

typedef struct CounterKey
{
	int64		index;
	uint32		array;
} CounterKey;

/* Values that are forged could have keys of one hash if there were no seed. */
static inline uint32
hash_key(uint64 seed, CounterKey key)
{
	return (uint32) funnel_hash_word(seed ^ (uint64) key.index) + key.array * 0x9E3779B9;
}

typedef struct HashedCount
{
	CounterKey	key;
	char		status;
	int64		count;
} HashedCount;

#define SH_PREFIX		counterhash
#define SH_ELEMENT_TYPE HashedCount
#define SH_KEY_TYPE		CounterKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	hash_key((uintptr_t) (tb)->private_data, key)
#define SH_EQUAL(tb, a, b)		((a).index == (b).index && (a).array == (b).array)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define ST_SORT sort_counts
#define ST_ELEMENT_TYPE FunnelCount
#define ST_COMPARE(a, b) \
	((a)->array != (b)->array ? ((a)->array < (b)->array ? -1 : 1) : \
	 (a)->index != (b)->index ? ((a)->index < (b)->index ? -1 : 1) : 0)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* Counters a fresh table has room for: a tally of few units stays small. */
#define HASH_INITIAL	14

/* Number of counters from which on pages replace the hash table. */
#define HASH_LIMIT		512

void
funnel_counters_init(FunnelCounters *counters, uint32 narrays, int64 base,
					 MemoryContext context)
{
	memset(counters, 0, sizeof(*counters));
	counters->context = context;
	counters->narrays = narrays;
	counters->base = base;
}

void
funnel_counters_reset(FunnelCounters *counters, int64 base)
{
	if (counters->hash != NULL)
		counterhash_destroy(counters->hash);
	if (counters->pages != NULL)
	{
		for (uint32 i = 0; i < counters->narrays * FUNNEL_PAGES; i++)
		{
			if (counters->pages[i] != NULL)
				pfree(counters->pages[i]);
		}
		pfree(counters->pages);
	}
	funnel_counters_init(counters, counters->narrays, base, counters->context);
}

uint32
funnel_counters_hashed(const FunnelCounters *counters)
{
	return counters->hash != NULL ? counters->hash->members : 0;
}

/* All that are in the hash table, in no order. */
static FunnelCounts
read_hash(const FunnelCounters *counters)
{
	FunnelCounts all = {0, NULL};
	counterhash_iterator iterator;
	const HashedCount *entry;

	all.counts = palloc_extended(sizeof(FunnelCount) * Max((size_t) counters->hash->members, 1),
								 MCXT_ALLOC_HUGE);
	counterhash_start_iterate(counters->hash, &iterator);
	while ((entry = counterhash_iterate(counters->hash, &iterator)) != NULL)
	{
		all.counts[all.ncounts].array = entry->key.array;
		all.counts[all.ncounts].index = entry->key.index;
		all.counts[all.ncounts].count = entry->count;
		all.ncounts++;
		funnel_poll_at(all.ncounts);
	}
	return all;
}

/* All that are in pages, in their order. */
static FunnelCounts
read_pages(const FunnelCounters *counters)
{
	FunnelCounts all = {0, NULL};
	uint32		npages = counters->narrays * FUNNEL_PAGES;
	size_t		used = 0;

	for (uint32 i = 0; i < npages; i++)
		used += counters->pages[i] != NULL;
	all.counts = palloc_extended(sizeof(FunnelCount) * FUNNEL_PAGE_SIZE * Max(used, 1),
								 MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < npages; i++)
	{
		const int64 *page = counters->pages[i];

		for (int j = 0; page != NULL && j < FUNNEL_PAGE_SIZE; j++)
		{
			if (page[j] == 0)
				continue;
			all.counts[all.ncounts].array = i / FUNNEL_PAGES;
			all.counts[all.ncounts].index = counters->base + i % FUNNEL_PAGES * FUNNEL_PAGE_SIZE + j;
			all.counts[all.ncounts].count = page[j];
			all.ncounts++;
		}
	}
	return all;
}

FunnelCounts
funnel_counters_read(const FunnelCounters *counters)
{
	FunnelCounts all = {0, NULL};

	if (counters->pages != NULL)
		return read_pages(counters);
	if (counters->hash == NULL)
		return all;
	all = read_hash(counters);
	sort_counts(all.counts, all.ncounts);
	return all;
}

/* Put all counters from the hash table into pages, or the other way round. */
static void
rearrange(FunnelCounters *counters, bool to_pages)
{
	FunnelCounts all = to_pages ? read_hash(counters) : read_pages(counters);

	funnel_counters_reset(counters, counters->base);
	if (to_pages)
		counters->pages = MemoryContextAllocZero(counters->context,
												 sizeof(int64 *) * counters->narrays * FUNNEL_PAGES);
	else
		counters->scattered = true;
	for (int i = 0; i < all.ncounts; i++)
		funnel_counters_add(counters, all.counts[i].array, all.counts[i].index,
							all.counts[i].count);
	pfree(all.counts);
}

static bool
add_to_page(FunnelCounters *counters, uint32 array, int64 index, int64 count)
{
	uint64		at = (uint64) index - (uint64) counters->base;
	int64	  **page = &counters->pages[array * FUNNEL_PAGES + at / FUNNEL_PAGE_SIZE];
	bool		was_zero;

	if (*page == NULL)
		*page = MemoryContextAllocZero(counters->context, sizeof(int64) * FUNNEL_PAGE_SIZE);
	was_zero = (*page)[at % FUNNEL_PAGE_SIZE] == 0;
	(*page)[at % FUNNEL_PAGE_SIZE] += count;
	return was_zero;
}

static bool
add_to_hash(FunnelCounters *counters, uint32 array, int64 index, int64 count)
{
	CounterKey	key = {index, array};
	HashedCount *entry;
	bool		found;

	if (counters->hash == NULL)
		counters->hash = counterhash_create(counters->context, HASH_INITIAL,
											(void *) (uintptr_t) funnel_random_seed());
	entry = counterhash_insert(counters->hash, key, &found);
	if (!found)
		entry->count = 0;
	entry->count += count;
	if (!funnel_counters_reach(counters, index))
		counters->scattered = true;
	return !found;
}

/* A counter that is in the hash table, or in a page that is not there yet. */
bool
funnel_counters_add_slowly(FunnelCounters *counters, uint32 array, int64 index, int64 count)
{
	bool		was_zero;

	Assert(array < counters->narrays);
	Assert(count != 0);

	if (counters->pages != NULL)
	{
		if (funnel_counters_reach(counters, index))
			return add_to_page(counters, array, index, count);
		rearrange(counters, false);
	}
	was_zero = add_to_hash(counters, array, index, count);
	if (counters->hash->members >= HASH_LIMIT && !counters->scattered)
		rearrange(counters, true);
	return was_zero;
}
