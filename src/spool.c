/*-------------------------------------------------------------------------
 *
 * spool.c
 *	  The events of many units, set aside until all are there.
 *
 * Grouping rows by unit as they come costs a cache miss each.  So a row is
 * only appended, as a compact record, to one of a fixed number of partitions
 * by its unit's hash; at the end one partition after another is grouped, which
 * then happens inside the cache.  A spool begins as a single partition of a
 * few records, because a query may have thousands of groups, and splits once
 * it is large.
 *
 * A record is an event, its item if the spool is one with items, and a unit:
 *
 *	narrow event	8 bytes					see eventword.h
 *	wide event		24 bytes				FunnelRow
 *	item			8 bytes
 *	word unit		8 bytes					types by value, equal by bits
 *	other units		hash, length, bytes		padded to 8 bytes
 *
 * The first event that does not fit turns the spool wide from there on.
 *
 * All states of one aggregation share a budget, the server's limit for hash
 * tables.  A spool that grows when it is spent writes its records, partition
 * by partition, as one run to a temporary file, and goes on with the memory it
 * has.  The end reads a partition's part of every run.  A partition that is
 * too large for the cache, or for the memory allowed, is first put through a
 * spool of its own, partitioned by the next bits of the hash.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "spool_impl.h"

/* From this size on, in bytes of blocks, a spool is partitioned. */
#define PARTITIONED_SIZE	(128 * 1024)

/* Blocks of a partition grow from the least to the greatest size. */
#define FIRST_BLOCK_SIZE	256
#define MIN_BLOCK_SIZE		512
#define MAX_BLOCK_SIZE		8192

/* Blocks are cut from slabs, which grow with the spool. */
#define MIN_SLAB_SIZE		(16 * 1024)	/* at least MAX_BLOCK_SIZE */
#define MAX_SLAB_SIZE		(1024 * 1024)

/*
 * A spool below this size never goes to a file, because the many small parts
 * of a run would cost more than they free.
 */
#define MIN_SPILL_SIZE		(512 * 1024)

/* The memory that the spool of a split partition may take. */
#define SPLIT_BUDGET		(8 * 1024 * 1024)

/* What blocks are cut from */
typedef struct Slab
{
	struct Slab *next;
	size_t		size;
} Slab;

#define SLAB_HEADER_SIZE	MAXALIGN(sizeof(Slab))

/*
 * Room for records
 */

/* A spare slab if it is large enough, else a new one. */
static char *
allocate_slab(FunnelSpool *spool, size_t size)
{
	Slab	   *slab = spool->spare;

	if (slab != NULL && slab->size >= size)
		spool->spare = slab->next;
	else
	{
		slab = MemoryContextAllocHuge(spool->context, SLAB_HEADER_SIZE + size);
		slab->size = size;
		spool->allocated += size;
	}
	slab->next = spool->slabs;
	spool->slabs = slab;
	return (char *) slab + SLAB_HEADER_SIZE;
}

static void
free_slabs(Slab *slab)
{
	while (slab != NULL)
	{
		Slab	   *next = slab->next;

		pfree(slab);
		slab = next;
	}
}

static void
free_spare_slabs(FunnelSpool *spool)
{
	for (Slab *slab = spool->spare; slab != NULL; slab = slab->next)
		spool->allocated -= slab->size;
	free_slabs(spool->spare);
	spool->spare = NULL;
}

static size_t
next_slab_size(const FunnelSpool *spool)
{
	return MAXALIGN(Min(Max(spool->allocated / 8, MIN_SLAB_SIZE), MAX_SLAB_SIZE));
}

static SpoolBlock *
allocate_block(FunnelSpool *spool, size_t size)
{
	SpoolBlock *block;

	if (spool->mask == 0 || size > MAX_BLOCK_SIZE)
		block = (SpoolBlock *) allocate_slab(spool, size);
	else
	{
		if (spool->slab_left < size)
		{
			size_t		slab_size = next_slab_size(spool);

			if (spool->spare != NULL)
				slab_size = MAX_BLOCK_SIZE; /* any will do */
			spool->slab_free = allocate_slab(spool, slab_size);
			spool->slab_left = spool->slabs->size;
		}
		block = (SpoolBlock *) spool->slab_free;
		spool->slab_free += size;
		spool->slab_left -= size;
	}
	block->next = NULL;
	block->used = 0;
	block->size = size - SPOOL_BLOCK_HEADER;
	return block;
}

static inline SpoolPartition *
partition_of(FunnelSpool *spool, uint64 hash)
{
	return &spool->partitions[(hash >> spool->shift) & spool->mask];
}

static void rebuild(FunnelSpool *spool, bool partitioned, bool wide);
static void spill(FunnelSpool *spool);
static char *append_slowly(FunnelSpool *spool, uint64 hash, size_t size);

/* Room for a record of SIZE bytes, a multiple of 8, of a unit with HASH. */
static inline char *
append_record(FunnelSpool *spool, uint64 hash, size_t size)
{
	SpoolPartition *partition = partition_of(spool, hash);
	char	   *record = partition->next;

	if (unlikely((size_t) (partition->end - record) < size))
		return append_slowly(spool, hash, size);
	partition->next += size;
	return record;
}

/* Would SIZE more bytes exceed what this spool, or all together, may have? */
static bool
is_over_budget(const FunnelSpool *spool, size_t size)
{
	size_t		budget = spool->file_owner == FUNNEL_FILE_OF_CALLER ?
		SPLIT_BUDGET : get_hash_memory_limit();

	return spool->allocated >= MIN_SPILL_SIZE && spool->mask != 0 &&
		MemoryContextMemAllocated(spool->context, true) + size > budget;
}

/* The same when the last block is full. */
static pg_noinline char *
append_slowly(FunnelSpool *spool, uint64 hash, size_t size)
{
	SpoolPartition *partition;
	SpoolBlock *block;
	size_t		block_size;

	CHECK_FOR_INTERRUPTS();

	if (spool->mask == 0 && spool->allocated >= PARTITIONED_SIZE)
	{
		rebuild(spool, true, spool->wide);
		return append_record(spool, hash, size);
	}
	/* Does it take more memory, and is there more? */
	if (size > MAX_BLOCK_SIZE - SPOOL_BLOCK_HEADER ?
		spool->spare == NULL || spool->spare->size < size + SPOOL_BLOCK_HEADER :
		spool->spare == NULL && spool->slab_left < MAX_BLOCK_SIZE)
	{
		size_t		slab_size = Max(next_slab_size(spool), size);

		if (is_over_budget(spool, slab_size))
		{
			spill(spool);
			if (size > MAX_BLOCK_SIZE - SPOOL_BLOCK_HEADER)
				free_spare_slabs(spool);
		}
	}

	partition = partition_of(spool, hash);
	block_size = spool->mask == 0 ? FIRST_BLOCK_SIZE : MIN_BLOCK_SIZE;
	if (partition->tail != NULL)
	{
		partition->tail->used = partition->next - SPOOL_BLOCK_DATA(partition->tail);
		block_size = Min((SPOOL_BLOCK_HEADER + partition->tail->size) * 2, MAX_BLOCK_SIZE);
	}
	if (block_size < SPOOL_BLOCK_HEADER + size)
		block_size = MAXALIGN(SPOOL_BLOCK_HEADER + size);
	block = allocate_block(spool, block_size);
	if (partition->tail != NULL)
		partition->tail->next = block;
	else
		partition->head = block;
	partition->tail = block;
	partition->next = SPOOL_BLOCK_DATA(block) + size;
	partition->end = SPOOL_BLOCK_DATA(block) + block->size;
	return SPOOL_BLOCK_DATA(block);
}

/* A record's event and unit; EVENT stands as in the records of this spool. */
static void
append_copy(FunnelSpool *spool, SpoolUnitRef unit, const char *event)
{
	size_t		size = spool_event_size(spool, spool->wide);
	uint64		hash = spool_unit_hash(spool, unit);
	const char *bytes = (const char *) (uintptr_t) unit;
	char	   *record;

	if (spool->unit_type->is_word)
	{
		record = append_record(spool, hash, size + sizeof(unit));
		memcpy(record, event, size);
		memcpy(record + size, &unit, sizeof(unit));
	}
	else
	{
		size_t		unit_size = spool_unit_size(spool, bytes);

		record = append_record(spool, hash, size + unit_size);
		memcpy(record, event, size);
		memcpy(record + size, bytes, unit_size);
	}
}

static void
append_records(FunnelSpool *spool, const FunnelSpool *from, const SpoolStretch *stretch)
{
	size_t		size = spool_event_size(from, stretch->wide);

	for (const char *record = stretch->begin; record < stretch->end;)
	{
		const char *unit = record + size;
		FunnelRow	event[2];	/* room for an item as well */

		spool_copy_event(from, (char *) event, spool->wide, record, stretch->wide);
		append_copy(spool, spool_unit_ref(spool, unit), (char *) event);
		record = unit + spool_unit_size(spool, unit);
	}
}

static void
append_bundles(FunnelSpool *spool, const FunnelSpool *from, const SpoolStretch *stretch)
{
	size_t		size = spool_event_size(spool, spool->wide);
	const char *at = stretch->begin;
	SpoolBundle bundle;

	while (funnel_bundle_read(from, stretch, &at, &bundle))
	{
		char	   *events = MemoryContextAllocHuge(CurrentMemoryContext,
													bundle.nevents * size);

		CHECK_FOR_INTERRUPTS();
		funnel_bundle_events(from, stretch, &bundle, events);
		for (uint64 i = 0; i < bundle.nevents; i++)
			append_copy(spool, bundle.unit, events + i * size);
		pfree(events);
	}
}

/*
 * Append all events of a stretch of FROM, which is as wide as this spool, and
 * has the codes of this one if it is not.
 */
void
funnel_spool_append_stretch(FunnelSpool *spool, const FunnelSpool *from,
							const SpoolStretch *stretch)
{
	Assert(spool->wide == from->wide);

	if (stretch->bundled)
		append_bundles(spool, from, stretch);
	else
		append_records(spool, from, stretch);
}

/*
 * Put every record in memory anew: into partitions, or as a wide event, or
 * both.
 */
static void
rebuild(FunnelSpool *spool, bool partitioned, bool wide)
{
	FunnelSpool from = *spool;

	if (from.mask == 0)
		from.partitions = &from.single;
	spool->wide = wide;
	spool->is_plain = spool->is_plain && !wide;
	spool->slabs = NULL;
	spool->allocated = 0;
	spool->slab_left = 0;
	memset(&spool->single, 0, sizeof(spool->single));
	spool->partitions = &spool->single;
	spool->mask = 0;
	if (partitioned)
	{
		spool->partitions = MemoryContextAllocZero(spool->context,
												   sizeof(SpoolPartition) * SPOOL_PARTITIONS);
		spool->mask = SPOOL_PARTITIONS - 1;
	}

	for (int p = 0; p < SPOOL_NUM_PARTITIONS(&from); p++)
	{
		const SpoolPartition *partition = &from.partitions[p];

		for (SpoolBlock *block = partition->head; block != NULL; block = block->next)
		{
			SpoolStretch stretch = {0};

			stretch.begin = SPOOL_BLOCK_DATA(block);
			stretch.end = stretch.begin + spool_block_used(partition, block);
			stretch.wide = from.wide;
			append_records(spool, &from, &stretch);
		}
	}
	spool->allocated += from.allocated;
	for (Slab *slab = from.slabs; slab != NULL; slab = slab->next)
		spool->allocated -= slab->size;
	free_slabs(from.slabs);
	if (from.mask != 0)
		pfree(from.partitions);
}

static void
open_file(FunnelSpool *spool)
{
	if (spool->file == NULL)
		spool->file = funnel_file_open(spool->file_owner, spool->fcinfo, spool->context);
}

static void
add_run(FunnelSpool *spool, SpoolRun *run)
{
	/* room for a power of two of them */
	if (spool->nruns == 0)
		spool->runs = MemoryContextAlloc(spool->context, sizeof(SpoolRun *));
	else if ((spool->nruns & (spool->nruns - 1)) == 0)
		spool->runs = repalloc_huge(spool->runs, sizeof(SpoolRun *) * 2 * spool->nruns);
	spool->runs[spool->nruns++] = run;
}

/* Write all records as one run, and begin again with the memory there is. */
static void
spill(FunnelSpool *spool)
{
	SpoolRun   *run = MemoryContextAllocZero(spool->context, sizeof(SpoolRun));

	open_file(spool);
	funnel_file_seek(spool->file, spool->file_size);
	run->wide = spool->wide;
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
	{
		SpoolPartition *partition = &spool->partitions[p];

		CHECK_FOR_INTERRUPTS();
		run->offsets[p] = spool->file_size;
		for (SpoolBlock *block = partition->head; block != NULL; block = block->next)
		{
			size_t		used = spool_block_used(partition, block);

			funnel_file_write(spool->file, SPOOL_BLOCK_DATA(block), used);
			spool->file_size += used;
		}
	}
	run->offsets[SPOOL_PARTITIONS] = spool->file_size;
	memset(spool->partitions, 0, sizeof(SpoolPartition) * SPOOL_PARTITIONS);

	add_run(spool, run);

	while (spool->slabs != NULL)
	{
		Slab	   *slab = spool->slabs;

		spool->slabs = slab->next;
		slab->next = spool->spare;
		spool->spare = slab;
	}
	spool->slab_left = 0;
}

static FunnelSpool *
create_spool(FunnelUnitType *unit_type, bool with_items, MemoryContext context)
{
	FunnelSpool *spool = MemoryContextAllocZero(context, sizeof(FunnelSpool));

	spool->context = context;
	spool->unit_type = unit_type;
	spool->with_items = with_items;
	spool->is_plain = unit_type->is_word && !with_items;
	spool->shift = 64 - SPOOL_PARTITION_BITS;
	spool->partitions = &spool->single;
	return spool;
}

/*
 * A spool, partitioned, for the events of one partition of OUTER: by the next
 * bits of the hash.
 */
FunnelSpool *
funnel_spool_create_inner(const FunnelSpool *outer, MemoryContext context)
{
	FunnelSpool *spool = create_spool(outer->unit_type, outer->with_items, context);

	spool->file_owner = FUNNEL_FILE_OF_CALLER;
	spool->wide = outer->wide;
	spool->is_plain = outer->is_plain;
	spool->codes = outer->codes;
	spool->shift = outer->shift - SPOOL_PARTITION_BITS;
	funnel_spool_partition(spool);
	return spool;
}

FunnelSpool *
funnel_spool_create(FunnelUnitType *unit_type, bool with_items,
					FunctionCallInfo fcinfo, MemoryContext context)
{
	FunnelSpool *spool = create_spool(unit_type, with_items, context);

	spool->fcinfo = fcinfo;
	spool->file_owner = funnel_file_owner(fcinfo);
	return spool;
}

void
funnel_spool_partition(FunnelSpool *spool)
{
	if (spool->mask == 0)
		rebuild(spool, true, spool->wide);
}

/* Would SIZE bytes of bundles exceed the memory there is? */
static bool
bundles_are_over_budget(const FunnelSpool *spool, size_t size)
{
	return MemoryContextMemAllocated(spool->context, true) + size > get_hash_memory_limit();
}

/*
 * Can a message of SIZE bytes of bundles stay together?  A small one to a spool
 * that is not cannot when the memory is spent: as a run of its own in the file
 * it would cost more than it frees, and many of them in memory would know no
 * limit.
 */
bool
funnel_spool_takes_bundles(const FunnelSpool *spool, size_t size)
{
	return size >= MIN_SPILL_SIZE ||
		spool->allocated + spool->bundle_memory + size < MIN_SPILL_SIZE ||
		!bundles_are_over_budget(spool, size);
}

/*
 * Add the bundles of all partitions, SIZE bytes, as a run that has its offsets
 * from 0 on, into memory if there is enough.  The spool must be partitioned,
 * wide if the run is, and take them.
 */
void
funnel_spool_add_bundles(FunnelSpool *spool, SpoolRun *run,
						 const char *bundles, size_t size)
{
	if (size >= MIN_SPILL_SIZE && bundles_are_over_budget(spool, size))
	{
		open_file(spool);
		funnel_file_seek(spool->file, spool->file_size);
		for (size_t done = 0; done < size; done += MAX_SLAB_SIZE)
		{
			CHECK_FOR_INTERRUPTS();
			funnel_file_write(spool->file, bundles + done, Min(size - done, MAX_SLAB_SIZE));
		}
		for (int p = 0; p <= SPOOL_PARTITIONS; p++)
			run->offsets[p] += spool->file_size;
		spool->file_size += size;
	}
	else
	{
		run->memory = MemoryContextAllocHuge(spool->context, size + SPOOL_BUNDLE_PADDING);
		memcpy(run->memory, bundles, size);
		memset(run->memory + size, 0, SPOOL_BUNDLE_PADDING);
		spool->bundle_memory += size;
	}
	add_run(spool, run);
}

/* Turn the spool wide. */
pg_noinline void
funnel_spool_widen(FunnelSpool *spool)
{
	if (spool->wide)
		return;
	if (is_over_budget(spool, spool->allocated * 2))
	{
		spill(spool);
		spool->wide = true;
		spool->is_plain = false;
	}
	else
		rebuild(spool, spool->mask != 0, true);
}

/*
 * An event as it will be written.  Before, the spool is turned wide if it must
 * be.
 */
typedef union Event
{
	uint64		word;
	FunnelRow	row;
} Event;

static inline Event
encode_event(FunnelSpool *spool, int64 ts, FunnelLabelMatch labels)
{
	Event		event = {0};

	if (likely(!spool->wide))
	{
		if (likely(funnel_event_encode(&spool->codes, ts, labels, spool->context,
									   &event.word)))
			return event;
		funnel_spool_widen(spool);
	}
	event.row.ts = ts;
	event.row.steps = labels.steps;
	event.row.breaks = labels.breaks;
	return event;
}

/* Write the event part of a record; returns where the unit part begins. */
static inline char *
write_event(const FunnelSpool *spool, char *record, const Event *event, uint64 item)
{
	if (unlikely(spool->wide))
		memcpy(record, &event->row, sizeof(event->row));
	else
		memcpy(record, &event->word, sizeof(event->word));
	record += spool_row_size(spool->wide);
	if (spool->with_items)
	{
		memcpy(record, &item, sizeof(item));
		record += sizeof(item);
	}
	return record;
}

/* Append the event part of a record whose unit has LEN bytes. */
static char *
append_event(FunnelSpool *spool, uint64 hash, const Event *event, uint64 item, uint32 len)
{
	size_t		size = spool_event_size(spool, spool->wide) + sizeof(SpoolUnit) +
		TYPEALIGN(8, (size_t) len);

	return write_event(spool, append_record(spool, hash, size), event, item);
}

static inline void
write_unit(char *to, const SpoolUnit *header, const char *bytes)
{
	size_t		padded = TYPEALIGN(8, (size_t) header->len);

	memcpy(to, header, sizeof(SpoolUnit));
	to += sizeof(SpoolUnit);
	/* no stray bytes go to a file */
	if (padded > 0)
		memset(to + padded - 8, 0, 8);
	memcpy(to, bytes, header->len);
}

/* Any event of any unit, in whatever form the spool has. */
static pg_noinline void
add_any(FunnelSpool *spool, Datum unit, int64 ts, FunnelLabelMatch labels, uint64 item)
{
	Event		event = encode_event(spool, ts, labels);

	if (spool->unit_type->is_word)
	{
		uint64		word = funnel_unit_word(spool->unit_type, unit);
		char	   *record = append_record(spool, funnel_hash_word(word),
										   spool_event_size(spool, spool->wide) + sizeof(word));

		record = write_event(spool, record, &event, item);
		memcpy(record, &word, sizeof(word));
	}
	else
	{
		FunnelUnitKey key;
		SpoolUnit	header;

		funnel_unit_key(spool->unit_type, unit, &key);
		header.hash = key.hash;
		header.len = key.len;
		write_unit(append_event(spool, spool_double_hash(key.hash), &event, item, key.len),
				   &header, key.bytes);
	}
}

void
funnel_spool_add(FunnelSpool *spool, Datum unit, int64 ts, FunnelLabelMatch labels,
				 uint64 item)
{
	uint64		event;
	uint64		word;
	char	   *record;

	/* what is most common, and so simple that it needs no stack */
	if (unlikely(!spool->is_plain ||
				 !funnel_event_encode(&spool->codes, ts, labels, spool->context, &event)))
	{
		add_any(spool, unit, ts, labels, item);
		return;
	}
	word = funnel_unit_word(spool->unit_type, unit);
	record = append_record(spool, funnel_hash_word(word), sizeof(event) + sizeof(word));
	memcpy(record, &event, sizeof(event));
	memcpy(record + sizeof(event), &word, sizeof(word));
}
