/*-------------------------------------------------------------------------
 *
 * aggregate/keys.c
 *	  Texts of rows as numbers: the keys of funnel_agg_by, the labels of flow_agg.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "aggregate/keys.h"
#include "base/compat.h"

typedef struct NumberEntry
{
	uint64		number;
	int			group;
	char		status;
} NumberEntry;

#define SH_PREFIX		keynumber
#define SH_ELEMENT_TYPE NumberEntry
#define SH_KEY_TYPE		uint64
#define SH_KEY			number
#define SH_HASH_KEY(tb, key) ((uint32) funnel_hash_word(key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * A number that no other key of the states of this query has: these bits count
 * the keys of the process, and those above them are random, and tell it from
 * other processes.  That two have the same is not impossible, but found out.
 */
#define COUNTING_BITS	24

static uint64
next_number(void)
{
	static uint64 last = 0;

	if ((last & ((UINT64CONST(1) << COUNTING_BITS) - 1)) == 0)
		last = funnel_random_seed() << COUNTING_BITS;
	return ++last;
}

/* Places for recent keys, of which there are none. */
static void
create_places(FunnelKeys *keys, uint32 nplaces)
{
	FunnelRecentKey *old = keys->recent;

	keys->recent = MemoryContextAllocZero(keys->context, sizeof(FunnelRecentKey) * nplaces);
	if (old != NULL)
		pfree(old);
	keys->nplaces = nplaces;
	keys->nmissed = 0;
}

FunnelKeys *
funnel_keys_create(MemoryContext context)
{
	FunnelKeys *keys = MemoryContextAllocZero(context, sizeof(FunnelKeys));

	keys->context = context;
	keys->by_bytes = funnel_bytehash_new(context, 4);
	keys->by_number = keynumber_create(context, 4, NULL);
	create_places(keys, FUNNEL_MIN_PLACES);
	return keys;
}

/* The group of a key, a new one if it is new. */
static int
group_of(FunnelKeys *keys, const char *bytes, uint32 size)
{
	FunnelBytes key = {bytes, size};
	FunnelByteHashEntry *entry = funnel_bytehash_lookup(keys->by_bytes, key);
	char	   *copy;
	bool		found;

	if (entry != NULL)
		return (int) entry->value.number;
	if (keys->ngroups == keys->capacity)
	{
		int			capacity = Max(keys->capacity * 2, 4);

		if ((Size) capacity > MaxAllocHugeSize / sizeof(FunnelKey) || capacity <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many keys")));
		keys->groups = keys->groups == NULL ?
			MemoryContextAlloc(keys->context, sizeof(FunnelKey) * capacity) :
			repalloc_huge(keys->groups, sizeof(FunnelKey) * capacity);
		keys->capacity = capacity;
	}
	copy = MemoryContextAlloc(keys->context, Max(size, 1));
	memcpy(copy, bytes, size);
	key.bytes = copy;
	entry = funnel_bytehash_insert(keys->by_bytes, key, &found);
	entry->value.number = keys->ngroups;
	keys->groups[keys->ngroups].bytes = copy;
	keys->groups[keys->ngroups].size = size;
	keys->groups[keys->ngroups].number = 0;
	keys->size += size;
	return keys->ngroups++;
}

/* Have a number stand for a group. */
static void
add_number(FunnelKeys *keys, uint64 number, int group)
{
	bool		found;
	NumberEntry *entry = keynumber_insert(keys->by_number, number, &found);

	if (!found)
		entry->group = group;
	else if (entry->group != group)
		elog(ERROR, "keys cannot be told apart");
}

/* Where a key is if it is a recent one. */
static inline FunnelRecentKey *
place_of(const FunnelKeys *keys, uint64 head, uint64 tail, uint32 size)
{
	uint64		hash = (head ^ (tail << 29 | tail >> 35) ^ size) * UINT64CONST(0x9E3779B97F4A7C15);

	return &keys->recent[(hash >> 32) & (keys->nplaces - 1)];
}

/* The number of a key that is not a recent one; it becomes one. */
static pg_noinline uint64
number_slowly(FunnelKeys *keys, const char *bytes, uint32 size, uint64 head, uint64 tail)
{
	int			group = group_of(keys, bytes, size);
	FunnelKey  *key = &keys->groups[group];
	FunnelRecentKey *recent;

	if (key->number == 0)
	{
		uint64		number = next_number();

		add_number(keys, number, group);
		key->number = number;
	}
	if (keys->nplaces < FUNNEL_MAX_PLACES &&
		++keys->nmissed > keys->nplaces * FUNNEL_MISSES_PER_PLACE &&
		(uint32) keys->ngroups > keys->nplaces / FUNNEL_PLACES_PER_GROUP)
		create_places(keys, keys->nplaces * 2);
	recent = place_of(keys, head, tail, size);
	recent->head = head;
	recent->tail = tail;
	recent->bytes = key->bytes;
	recent->size = size;
	recent->number = key->number;
	return key->number;
}

uint64
funnel_keys_number(FunnelKeys *keys, const char *bytes, uint32 size)
{
	uint64		head = 0;
	uint64		tail = 0;
	const FunnelRecentKey *recent;

	if (likely(size >= sizeof(head)))
	{
		memcpy(&head, bytes, sizeof(head));
		memcpy(&tail, bytes + size - sizeof(tail), sizeof(tail));
	}
	else
		memcpy(&head, bytes, size);
	recent = place_of(keys, head, tail, size);
	if (likely(recent->bytes != NULL && recent->head == head && recent->tail == tail &&
			   recent->size == size &&
			   (size <= 2 * sizeof(head) || memcmp(recent->bytes, bytes, size) == 0)))
		return recent->number;
	return number_slowly(keys, bytes, size, head, tail);
}

int
funnel_keys_group(const FunnelKeys *keys, uint64 number)
{
	const NumberEntry *entry = keynumber_lookup(keys->by_number, number);

	if (entry == NULL)
		elog(ERROR, "key is unknown");
	return entry->group;
}

void
funnel_keys_send(const FunnelKeys *keys, StringInfo buf)
{
	keynumber_iterator iterator;
	NumberEntry *entry;

	pq_sendint32(buf, keys->by_number->members);
	keynumber_start_iterate(keys->by_number, &iterator);
	while ((entry = keynumber_iterate(keys->by_number, &iterator)) != NULL)
	{
		const FunnelKey *key = &keys->groups[entry->group];

		CHECK_FOR_INTERRUPTS();
		pq_sendint64(buf, entry->number);
		pq_sendint32(buf, key->size);
		pq_sendbytes(buf, key->bytes, key->size);
	}
}

void
funnel_keys_receive(FunnelKeys *keys, StringInfo buf)
{
	uint32		n = pq_getmsgint(buf, 4);

	for (uint32 i = 0; i < n; i++)
	{
		uint64		number = pq_getmsgint64(buf);
		uint32		size = pq_getmsgint(buf, 4);

		CHECK_FOR_INTERRUPTS();
		if (size > MaxAllocSize)
			elog(ERROR, "invalid key");
		add_number(keys, number, group_of(keys, pq_getmsgbytes(buf, size), size));
	}
}
