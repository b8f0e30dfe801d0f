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

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "compat.h"
#include "eventword.h"
#include "spool.h"
#include "tempfile.h"

#define PARTITION_BITS		8
#define NPARTITIONS			(1 << PARTITION_BITS)

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

/* From this size on, a partition is split before it is grouped. */
#define SPLIT_SIZE			(8 * 1024 * 1024)

/* The memory that the spool of a split partition may take. */
#define SPLIT_BUDGET		(8 * 1024 * 1024)

/*
 * All events of one unit are matched in memory, at some fifty bytes each.
 */
#define MAX_UNIT_EVENTS		100000000

/* Room for a message's header and the rest of a serialized state */
#define MAX_MESSAGE_SIZE	(MaxAllocSize - 1024 * 1024)

typedef struct Block
{
	struct Block *next;
	uint32		used;			/* bytes of records, once it is full */
	uint32		size;
	/* records follow, 8-byte aligned */
} Block;

#define BLOCK_HEADER_SIZE	MAXALIGN(sizeof(Block))
#define BLOCK_DATA(block)	((char *) (block) + BLOCK_HEADER_SIZE)

typedef struct Partition
{
	char	   *next;			/* where the next record goes, in the last block */
	char	   *end;
	uint64		nrecords;		/* in memory */
	Block	   *head;
	Block	   *tail;
} Partition;

/* What blocks are cut from */
typedef struct Slab
{
	struct Slab *next;
	size_t		size;
} Slab;

#define SLAB_HEADER_SIZE	MAXALIGN(sizeof(Slab))

/* What was written to the file at one time */
typedef struct Run
{
	bool		wide;
	int64		offsets[NPARTITIONS + 1];	/* of each partition, and the end */
} Run;

struct FunnelSpool
{
	MemoryContext context;
	FunctionCallInfo fcinfo;
	FunnelFileOwner file_owner;
	FunnelUnitType *unit_type;
	bool		with_items;
	bool		wide;			/* the records in memory */
	bool		is_plain;		/* not wide, no items, word units */
	FunnelEventCodes codes;

	int			shift;			/* the partition's bits of a hash */
	uint32		mask;			/* 0, or NPARTITIONS - 1 */
	Partition  *partitions;
	Partition	single;			/* what partitions points to at first */

	Slab	   *slabs;			/* in use */
	Slab	   *spare;
	size_t		allocated;		/* bytes of slabs, spare ones included */
	char	   *slab_free;
	size_t		slab_left;

	BufFile    *file;
	int64		file_size;
	int			nruns;
	Run		  **runs;
	uint64	   *spilled;		/* records of each partition in the file */
};

#define NUM_PARTITIONS(spool)	((int) (spool)->mask + 1)

/* The size of an event without its item, and with it if there are items. */
static inline size_t
row_size(bool wide)
{
	return wide ? sizeof(FunnelRow) : sizeof(uint64);
}

static inline size_t
event_size(const FunnelSpool *spool, bool wide)
{
	return row_size(wide) + (spool->with_items ? sizeof(uint64) : 0);
}

static inline FunnelRow
read_event(const FunnelSpool *spool, bool wide, const char *event)
{
	FunnelRow	row;
	uint64		word;

	if (wide)
		memcpy(&row, event, sizeof(row));
	else
	{
		memcpy(&word, event, sizeof(word));
		row = funnel_event_decode(&spool->codes, word);
	}
	return row;
}

static inline uint64
read_item(const FunnelSpool *spool, bool wide, const char *event)
{
	uint64		item = 0;

	if (spool->with_items)
		memcpy(&item, event + row_size(wide), sizeof(item));
	return item;
}

/*
 * Units in records
 */

typedef struct UnitHeader
{
	uint32		hash;
	uint32		len;
} UnitHeader;

static inline size_t
unit_size(const FunnelSpool *spool, const char *unit)
{
	if (spool->unit_type->is_word)
		return sizeof(uint64);
	return sizeof(UnitHeader) + TYPEALIGN(8, (size_t) ((const UnitHeader *) unit)->len);
}

/* Types that are not words have a hash of 32 bits: it is doubled. */
static inline uint64
double_hash(uint32 hash)
{
	return (uint64) hash << 32 | hash;
}

static inline uint64
unit_hash(const FunnelSpool *spool, const char *unit)
{
	uint64		word;

	if (!spool->unit_type->is_word)
		return double_hash(((const UnitHeader *) unit)->hash);
	memcpy(&word, unit, sizeof(word));
	return funnel_hash_word(word);
}

/* Are there more bits in the hash to split a partition by? */
static inline bool
can_split(const FunnelSpool *spool)
{
	return spool->shift - PARTITION_BITS >= (spool->unit_type->is_word ? 0 : 32);
}

/*
 * Room for records
 */

static inline size_t
block_used(const Partition *partition, const Block *block)
{
	return block == partition->tail ? partition->next - BLOCK_DATA(block) : block->used;
}

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

static Block *
allocate_block(FunnelSpool *spool, size_t size)
{
	Block	   *block;

	if (spool->mask == 0 || size > MAX_BLOCK_SIZE)
		block = (Block *) allocate_slab(spool, size);
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
		block = (Block *) spool->slab_free;
		spool->slab_free += size;
		spool->slab_left -= size;
	}
	block->next = NULL;
	block->used = 0;
	block->size = size - BLOCK_HEADER_SIZE;
	return block;
}

static inline Partition *
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
	Partition  *partition = partition_of(spool, hash);
	char	   *record = partition->next;

	if (unlikely((size_t) (partition->end - record) < size))
		return append_slowly(spool, hash, size);
	partition->next += size;
	partition->nrecords++;
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
	Partition  *partition;
	Block	   *block;
	size_t		block_size;

	CHECK_FOR_INTERRUPTS();

	if (spool->mask == 0 && spool->allocated >= PARTITIONED_SIZE)
	{
		rebuild(spool, true, spool->wide);
		return append_record(spool, hash, size);
	}
	/* Does it take more memory, and is there more? */
	if (size > MAX_BLOCK_SIZE - BLOCK_HEADER_SIZE ?
		spool->spare == NULL || spool->spare->size < size + BLOCK_HEADER_SIZE :
		spool->spare == NULL && spool->slab_left < MAX_BLOCK_SIZE)
	{
		size_t		slab_size = Max(next_slab_size(spool), size);

		if (is_over_budget(spool, slab_size))
		{
			spill(spool);
			if (size > MAX_BLOCK_SIZE - BLOCK_HEADER_SIZE)
				free_spare_slabs(spool);
		}
	}

	partition = partition_of(spool, hash);
	block_size = spool->mask == 0 ? FIRST_BLOCK_SIZE : MIN_BLOCK_SIZE;
	if (partition->tail != NULL)
	{
		partition->tail->used = partition->next - BLOCK_DATA(partition->tail);
		block_size = Min((BLOCK_HEADER_SIZE + partition->tail->size) * 2, MAX_BLOCK_SIZE);
	}
	if (block_size < BLOCK_HEADER_SIZE + size)
		block_size = MAXALIGN(BLOCK_HEADER_SIZE + size);
	block = allocate_block(spool, block_size);
	if (partition->tail != NULL)
		partition->tail->next = block;
	else
		partition->head = block;
	partition->tail = block;
	partition->next = BLOCK_DATA(block) + size;
	partition->end = BLOCK_DATA(block) + block->size;
	partition->nrecords++;
	return BLOCK_DATA(block);
}

/*
 * Copy the unit and the event of one record to a place that may be wide where
 * the record is not.
 */
static inline void
copy_record(char *to, bool to_wide, const FunnelSpool *from, bool from_wide,
			const char *record, size_t unit)
{
	size_t		event = event_size(from, from_wide);

	if (from_wide == to_wide)
	{
		memcpy(to, record, event + unit);
		return;
	}
	else
	{
		FunnelRow	row = read_event(from, from_wide, record);
		uint64		item = read_item(from, from_wide, record);

		memcpy(to, &row, sizeof(row));
		to += sizeof(row);
		if (from->with_items)
		{
			memcpy(to, &item, sizeof(item));
			to += sizeof(item);
		}
		memcpy(to, record + event, unit);
	}
}

/* Append all records of a stretch of memory, laid out as those of FROM. */
static void
append_stretch(FunnelSpool *spool, const FunnelSpool *from, bool wide,
			   const char *record, const char *end)
{
	size_t		to_event = event_size(spool, spool->wide);
	size_t		from_event = event_size(spool, wide);

	while (record < end)
	{
		const char *unit = record + from_event;
		size_t		size = unit_size(spool, unit);

		copy_record(append_record(spool, unit_hash(spool, unit), to_event + size),
					spool->wide, from, wide, record, size);
		record = unit + size;
	}
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
												   sizeof(Partition) * NPARTITIONS);
		spool->mask = NPARTITIONS - 1;
	}

	for (int p = 0; p < NUM_PARTITIONS(&from); p++)
	{
		const Partition *partition = &from.partitions[p];

		for (Block *block = partition->head; block != NULL; block = block->next)
			append_stretch(spool, &from, from.wide, BLOCK_DATA(block),
						   BLOCK_DATA(block) + block_used(partition, block));
	}
	spool->allocated += from.allocated;
	for (Slab *slab = from.slabs; slab != NULL; slab = slab->next)
		spool->allocated -= slab->size;
	free_slabs(from.slabs);
	if (from.mask != 0)
		pfree(from.partitions);
}

/* Write all records as one run, and begin again with the memory there is. */
static void
spill(FunnelSpool *spool)
{
	Run		   *run = MemoryContextAlloc(spool->context, sizeof(Run));

	if (spool->file == NULL)
	{
		spool->file = funnel_file_open(spool->file_owner, spool->fcinfo, spool->context);
		spool->spilled = MemoryContextAllocZero(spool->context,
												sizeof(uint64) * NPARTITIONS);
	}
	funnel_file_seek(spool->file, spool->file_size);
	run->wide = spool->wide;
	for (int p = 0; p < NPARTITIONS; p++)
	{
		Partition  *partition = &spool->partitions[p];

		CHECK_FOR_INTERRUPTS();
		run->offsets[p] = spool->file_size;
		for (Block *block = partition->head; block != NULL; block = block->next)
		{
			size_t		used = block_used(partition, block);

			funnel_file_write(spool->file, BLOCK_DATA(block), used);
			spool->file_size += used;
		}
		spool->spilled[p] += partition->nrecords;
	}
	run->offsets[NPARTITIONS] = spool->file_size;
	memset(spool->partitions, 0, sizeof(Partition) * NPARTITIONS);

	/* room for a power of two of them */
	if (spool->nruns == 0)
		spool->runs = MemoryContextAlloc(spool->context, sizeof(Run *));
	else if ((spool->nruns & (spool->nruns - 1)) == 0)
		spool->runs = repalloc(spool->runs, sizeof(Run *) * 2 * spool->nruns);
	spool->runs[spool->nruns++] = run;

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
	spool->shift = 64 - PARTITION_BITS;
	spool->partitions = &spool->single;
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

/* Turn the spool wide. */
static pg_noinline void
widen(FunnelSpool *spool)
{
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
		widen(spool);
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
	record += row_size(spool->wide);
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
	size_t		size = event_size(spool, spool->wide) + sizeof(UnitHeader) +
		TYPEALIGN(8, (size_t) len);

	return write_event(spool, append_record(spool, hash, size), event, item);
}

static inline void
write_unit(char *to, const UnitHeader *header, const char *bytes)
{
	size_t		padded = TYPEALIGN(8, (size_t) header->len);

	memcpy(to, header, sizeof(UnitHeader));
	to += sizeof(UnitHeader);
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
										   event_size(spool, spool->wide) + sizeof(word));

		record = write_event(spool, record, &event, item);
		memcpy(record, &word, sizeof(word));
	}
	else
	{
		FunnelUnitKey key;
		UnitHeader	header;

		funnel_unit_key(spool->unit_type, unit, &key);
		header.hash = key.hash;
		header.len = key.len;
		write_unit(append_event(spool, double_hash(key.hash), &event, item, key.len),
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

/*
 * Reading
 */

/*
 * An entry of the table that groups one partition; the unit itself is needed
 * only where equal hashes do not mean equal units.
 */
typedef struct UnitEntry
{
	uint64		hash;
	uint32		number;			/* plus one, 0 = free */
} UnitEntry;

/* Records one after another in memory. */
typedef struct Stretch
{
	const char *begin;
	const char *end;
	bool		wide;
} Stretch;

struct FunnelSpoolScan
{
	FunnelSpool *spool;
	MemoryContext context;
	int			partition;		/* the one being read, -1 before the first */

	/* A partition that was split is read through a spool of its own. */
	MemoryContext split_context;
	FunnelSpool *split;
	FunnelSpoolScan *split_scan;

	uint32		nunits;			/* of this partition */
	uint32		next_unit;

	/* Buffers kept from one partition to the next. */
	char	   *loaded;			/* what comes from the file */
	size_t		loaded_capacity;
	int			nstretches;
	int			stretches_capacity;
	Stretch    *stretches;
	UnitEntry  *table;
	uint32		table_size;		/* power of two */
	uint32	   *numbers;		/* of the unit of each record */
	uint64		records_capacity;
	char	   *events;			/* grouped by unit */
	uint64	   *ends;			/* where each unit's events end */
	const char **units;			/* a record of each */
	uint64		units_capacity;
};

/* A larger buffer in place of OLD, whose content is lost. */
static void *
replace_buffer(MemoryContext context, void *old, size_t size)
{
	if (old != NULL)
		pfree(old);
	return MemoryContextAllocHuge(context, size);
}

static FunnelSpoolScan *
begin_scan(FunnelSpool *spool, MemoryContext context)
{
	FunnelSpoolScan *scan = MemoryContextAllocZero(context, sizeof(FunnelSpoolScan));

	scan->spool = spool;
	scan->context = context;
	scan->partition = -1;
	return scan;
}

FunnelSpoolScan *
funnel_spool_scan_begin(FunnelSpool *spool, MemoryContext context)
{
	return begin_scan(spool, context);
}

static void
enlarge_table(FunnelSpoolScan *scan, uint32 size)
{
	UnitEntry  *old = scan->table;
	uint32		old_size = scan->table_size;

	scan->table = MemoryContextAllocExtended(scan->context, sizeof(UnitEntry) * (size_t) size,
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	scan->table_size = size;
	for (uint32 i = 0; i < old_size; i++)
	{
		uint32		slot;

		if (old[i].number == 0)
			continue;
		slot = old[i].hash & (size - 1);
		while (scan->table[slot].number != 0)
			slot = (slot + 1) & (size - 1);
		scan->table[slot] = old[i];
	}
	if (old != NULL)
		pfree(old);
}

static bool
same_unit(FunnelSpool *spool, const char *a, const char *b)
{
	return funnel_unit_keys_equal(spool->unit_type,
								  a + sizeof(UnitHeader), ((const UnitHeader *) a)->len,
								  b + sizeof(UnitHeader), ((const UnitHeader *) b)->len);
}

/* The number of the unit at UNIT, a new one if it is new. */
static inline uint32
unit_number(FunnelSpoolScan *scan, const char *unit)
{
	FunnelSpool *spool = scan->spool;
	uint64		hash = unit_hash(spool, unit);
	uint32		slot = hash & (scan->table_size - 1);

	for (;;)
	{
		UnitEntry  *entry = &scan->table[slot];

		if (entry->number == 0)
		{
			if (unlikely(scan->nunits >= scan->table_size / 2))
			{
				if (scan->table_size > PG_UINT32_MAX / 2)
					ereport(ERROR,
							(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
							 errmsg("too many units in one group")));
				enlarge_table(scan, scan->table_size * 2);
				slot = hash & (scan->table_size - 1);
				continue;
			}
			if (unlikely(scan->nunits == scan->units_capacity))
			{
				scan->units_capacity *= 2;
				scan->ends = repalloc_huge(scan->ends,
										   sizeof(uint64) * scan->units_capacity);
				scan->units = repalloc_huge(scan->units,
											sizeof(char *) * scan->units_capacity);
			}
			scan->ends[scan->nunits] = 0;
			scan->units[scan->nunits] = unit;
			entry->hash = hash;
			entry->number = ++scan->nunits;
			return entry->number - 1;
		}
		if (entry->hash == hash)
		{
			if (spool->unit_type->is_word)
				/* the hash of a word is one to one */
				return entry->number - 1;
			if (same_unit(spool, scan->units[entry->number - 1], unit))
				return entry->number - 1;
		}
		slot = (slot + 1) & (scan->table_size - 1);
	}
}

static void
add_stretch(FunnelSpoolScan *scan, const char *begin, size_t size, bool wide)
{
	Stretch    *stretch;

	if (scan->nstretches == scan->stretches_capacity)
	{
		scan->stretches_capacity = Max(scan->stretches_capacity * 2, 64);
		if (scan->stretches == NULL)
			scan->stretches = MemoryContextAlloc(scan->context,
												 sizeof(Stretch) * scan->stretches_capacity);
		else
			scan->stretches = repalloc_huge(scan->stretches,
											sizeof(Stretch) * scan->stretches_capacity);
	}
	stretch = &scan->stretches[scan->nstretches++];
	stretch->begin = begin;
	stretch->end = begin + size;
	stretch->wide = wide;
}

/* The bytes of a partition's records in the file. */
static size_t
spilled_size(const FunnelSpool *spool, int p)
{
	size_t		size = 0;

	for (int r = 0; r < spool->nruns; r++)
		size += spool->runs[r]->offsets[p + 1] - spool->runs[r]->offsets[p];
	return size;
}

/* Read a partition's part of a run. */
static size_t
load_run(FunnelSpool *spool, const Run *run, int p, char *to)
{
	size_t		size = run->offsets[p + 1] - run->offsets[p];

	if (size > 0)
	{
		funnel_file_seek(spool->file, run->offsets[p]);
		funnel_file_read(spool->file, to, size);
	}
	return size;
}

static void
reserve_loaded(FunnelSpoolScan *scan, size_t size)
{
	if (size <= scan->loaded_capacity)
		return;
	scan->loaded_capacity = size + size / 4;
	scan->loaded = replace_buffer(scan->context, scan->loaded, scan->loaded_capacity);
}

/* Have all records of a partition in memory, as stretches. */
static void
load_partition(FunnelSpoolScan *scan, int p)
{
	FunnelSpool *spool = scan->spool;
	const Partition *partition = &spool->partitions[p];
	size_t		loaded = 0;

	scan->nstretches = 0;
	reserve_loaded(scan, spilled_size(spool, p));
	for (int r = 0; r < spool->nruns; r++)
	{
		size_t		size = load_run(spool, spool->runs[r], p, scan->loaded + loaded);

		CHECK_FOR_INTERRUPTS();
		if (size > 0)
			add_stretch(scan, scan->loaded + loaded, size, spool->runs[r]->wide);
		loaded += size;
	}
	for (const Block *block = partition->head; block != NULL; block = block->next)
		add_stretch(scan, BLOCK_DATA(block), block_used(partition, block), spool->wide);
}

/* Group one partition's events by unit: a counting sort, stable. */
static void
group_partition(FunnelSpoolScan *scan, int p)
{
	FunnelSpool *spool = scan->spool;
	size_t		event = event_size(spool, spool->wide);
	uint64		nrecords = spool->partitions[p].nrecords +
		(spool->spilled != NULL ? spool->spilled[p] : 0);
	uint64		record_number = 0;
	uint64		end = 0;

	if (scan->table == NULL)
	{
		enlarge_table(scan, 1024);
		scan->units_capacity = 1024;
		scan->ends = MemoryContextAlloc(scan->context,
										sizeof(uint64) * scan->units_capacity);
		scan->units = MemoryContextAlloc(scan->context,
										 sizeof(char *) * scan->units_capacity);
	}
	else
		memset(scan->table, 0, sizeof(UnitEntry) * (size_t) scan->table_size);
	if (nrecords > scan->records_capacity)
	{
		scan->records_capacity = nrecords + nrecords / 4;
		if (scan->records_capacity > MaxAllocHugeSize / event)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events in one group")));
		scan->numbers = replace_buffer(scan->context, scan->numbers,
									   sizeof(uint32) * scan->records_capacity);
		scan->events = replace_buffer(scan->context, scan->events,
									  event * scan->records_capacity);
	}
	load_partition(scan, p);

	for (int s = 0; s < scan->nstretches; s++)
	{
		const Stretch *stretch = &scan->stretches[s];
		size_t		size = event_size(spool, stretch->wide);

		CHECK_FOR_INTERRUPTS();
		for (const char *record = stretch->begin; record < stretch->end;)
		{
			const char *unit = record + size;
			uint32		number = unit_number(scan, unit);

			scan->numbers[record_number++] = number;
			scan->ends[number]++;
			record = unit + unit_size(spool, unit);
		}
	}
	Assert(record_number == nrecords);

	/* counts become beginnings, and those advance to ends */
	for (uint32 i = 0; i < scan->nunits; i++)
	{
		uint64		count = scan->ends[i];

		if (count > MAX_UNIT_EVENTS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events of one unit"),
					 errdetail("A unit can have at most %d events that matter to a funnel.",
							   MAX_UNIT_EVENTS)));
		scan->ends[i] = end;
		end += count;
	}
	record_number = 0;
	for (int s = 0; s < scan->nstretches; s++)
	{
		const Stretch *stretch = &scan->stretches[s];
		size_t		size = event_size(spool, stretch->wide);

		CHECK_FOR_INTERRUPTS();
		for (const char *record = stretch->begin; record < stretch->end;)
		{
			const char *unit = record + size;
			char	   *to = scan->events + event * scan->ends[scan->numbers[record_number++]]++;

			if (event == sizeof(uint64))
				memcpy(to, record, sizeof(uint64));
			else
				copy_record(to, spool->wide, spool, stretch->wide, record, 0);
			record = unit + unit_size(spool, unit);
		}
	}
}

/*
 * Put a partition through a spool of its own, if it is large and that helps.
 */
static bool
split_partition(FunnelSpoolScan *scan, int p)
{
	FunnelSpool *spool = scan->spool;
	const Partition *partition = &spool->partitions[p];
	uint64		nrecords = partition->nrecords;
	uint64		most = 0;
	size_t		size = spilled_size(spool, p);
	FunnelSpool *split;

	if (spool->spilled != NULL)
		nrecords += spool->spilled[p];
	for (const Block *block = partition->head; block != NULL; block = block->next)
		size += block_used(partition, block);
	if (size < SPLIT_SIZE || !can_split(spool))
		return false;

	scan->split_context = AllocSetContextCreate(scan->context, "funnel partition",
												ALLOCSET_DEFAULT_SIZES);
	scan->split = split = create_spool(spool->unit_type, spool->with_items,
									   scan->split_context);
	split->file_owner = FUNNEL_FILE_OF_CALLER;
	split->wide = spool->wide;
	split->codes = spool->codes;
	split->shift = spool->shift - PARTITION_BITS;
	rebuild(split, true, split->wide);
	for (int r = 0; r < spool->nruns; r++)
	{
		const Run  *run = spool->runs[r];

		reserve_loaded(scan, run->offsets[p + 1] - run->offsets[p]);
		append_stretch(split, spool, run->wide, scan->loaded,
					   scan->loaded + load_run(spool, run, p, scan->loaded));
	}
	for (const Block *block = partition->head; block != NULL; block = block->next)
		append_stretch(split, spool, spool->wide, BLOCK_DATA(block),
					   BLOCK_DATA(block) + block_used(partition, block));

	/* A unit that has most of the records will not be split by more bits. */
	for (int q = 0; q < NPARTITIONS; q++)
		most = Max(most, split->partitions[q].nrecords +
				   (split->spilled != NULL ? split->spilled[q] : 0));
	if (most > nrecords - nrecords / 8)
		split->shift = 0;
	scan->split_scan = begin_scan(split, scan->split_context);
	return true;
}

static void
end_split(FunnelSpoolScan *scan)
{
	if (scan->split->file != NULL)
		BufFileClose(scan->split->file);
	MemoryContextDelete(scan->split_context);
	scan->split = NULL;
	scan->split_scan = NULL;
}

bool
funnel_spool_scan_next(FunnelSpoolScan *scan, FunnelEvents *events)
{
	FunnelSpool *spool = scan->spool;
	size_t		event = event_size(spool, spool->wide);
	uint64		begin;
	uint64		end;
	char	   *from;

	while (scan->next_unit == scan->nunits)
	{
		if (scan->split_scan != NULL)
		{
			if (funnel_spool_scan_next(scan->split_scan, events))
				return true;
			end_split(scan);
		}
		if (++scan->partition >= NUM_PARTITIONS(spool))
			return false;
		scan->nunits = scan->next_unit = 0;
		if (!split_partition(scan, scan->partition))
			group_partition(scan, scan->partition);
	}

	begin = scan->next_unit == 0 ? 0 : scan->ends[scan->next_unit - 1];
	end = scan->ends[scan->next_unit];
	scan->next_unit++;
	from = scan->events + begin * event;
	if (!spool->wide && !spool->with_items)
	{
		funnel_events_set_words(events, (uint64 *) from, end - begin, &spool->codes);
		return true;
	}
	funnel_events_reserve(events, end - begin);
	events->nrows = end - begin;
	for (uint64 i = 0; i < end - begin; i++, from += event)
	{
		events->rows[i] = read_event(spool, spool->wide, from);
		if (spool->with_items)
			events->items[i] = read_item(spool, spool->wide, from);
	}
	return true;
}

/*
 * Between processes of one server
 *
 * The codes, whether there are partitions, and then stretches of records of
 * one partition: whether their events are wide, how many bytes.  Within a
 * stretch a record is
 *
 *	narrow event	time less the one before, as a signed varint; code, a byte
 *	wide event		24 bytes
 *	item			8 bytes
 *	word unit		as a signed varint
 *	other units		hash, 4 bytes; length, a varint; bytes
 *
 * Varints have seven bits to a byte, the lowest first (LEB128); signed numbers
 * are zigzag-coded before.  A partition's rows mostly come by ascending time
 * and units are mostly small numbers, so a record takes half of what it does
 * in memory.
 */

#define MAX_VARINT_SIZE		10

static inline char *
write_varint(char *to, uint64 value)
{
	while (value >= 0x80)
	{
		*to++ = (char) (value | 0x80);
		value >>= 7;
	}
	*to++ = (char) value;
	return to;
}

static inline char *
write_signed_varint(char *to, int64 value)
{
	return write_varint(to, ((uint64) value << 1) ^ (uint64) (value >> 63));
}

/* Where a message is read; a read beyond the end is an error. */
typedef struct MessageReader
{
	const char *at;
	const char *end;
} MessageReader;

static pg_noinline void
message_is_invalid(void)
{
	elog(ERROR, "invalid funnel spool");
}

static inline const char *
read_bytes(MessageReader *reader, size_t size)
{
	const char *at = reader->at;

	if (unlikely((size_t) (reader->end - at) < size))
		message_is_invalid();
	reader->at += size;
	return at;
}

static inline uint64
read_varint(MessageReader *reader)
{
	uint64		value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		unsigned char byte = *read_bytes(reader, 1);

		value |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return value;
	}
	message_is_invalid();
	return 0;
}

static inline int64
read_signed_varint(MessageReader *reader)
{
	uint64		value = read_varint(reader);

	return (int64) (value >> 1) ^ -(int64) (value & 1);
}

/* Append the records of memory from RECORD to END to a message. */
static void
send_records(const FunnelSpool *spool, StringInfo buf, bool wide,
			 const char *record, const char *end, int64 *last_ts)
{
	size_t		event = event_size(spool, wide);

	while (record < end)
	{
		const char *unit = record + event;
		size_t		unit_len = unit_size(spool, unit);
		char	   *to;

		/* Coded, a record is at most so much larger. */
		if (unlikely((size_t) (buf->maxlen - buf->len) <= event + unit_len + 2 * MAX_VARINT_SIZE))
		{
			if ((size_t) buf->len > MAX_MESSAGE_SIZE - (event + unit_len + 2 * MAX_VARINT_SIZE))
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("too many events for one process of a parallel funnel"),
						 errdetail("A parallel worker can hand over at most 1 GB."),
						 errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
			enlargeStringInfo(buf, event + unit_len + 2 * MAX_VARINT_SIZE);
		}
		to = buf->data + buf->len;
		if (wide)
		{
			memcpy(to, record, sizeof(FunnelRow));
			to += sizeof(FunnelRow);
		}
		else
		{
			int64		word;
			int64		ts;

			memcpy(&word, record, sizeof(word));
			ts = word >> FUNNEL_CODE_BITS;
			to = write_signed_varint(to, ts - *last_ts);
			*last_ts = ts;
			*to++ = (char) word;
		}
		if (spool->with_items)
		{
			memcpy(to, record + row_size(wide), sizeof(uint64));
			to += sizeof(uint64);
		}
		if (spool->unit_type->is_word)
		{
			int64		word;

			memcpy(&word, unit, sizeof(word));
			to = write_signed_varint(to, word);
		}
		else
		{
			UnitHeader	header;

			memcpy(&header, unit, sizeof(header));
			memcpy(to, &header.hash, sizeof(header.hash));
			to = write_varint(to + sizeof(header.hash), header.len);
			memcpy(to, unit + sizeof(header), header.len);
			to += header.len;
		}
		buf->len = to - buf->data;
		record = unit + unit_len;
	}
}

#define STRETCH_HEADER_SIZE	(1 + 8)

/* Begin a stretch; what ends it fills in the size. */
static int
begin_stretch(StringInfo buf, bool wide)
{
	int			header = buf->len;

	pq_sendbyte(buf, wide);
	pq_sendint64(buf, 0);
	return header;
}

static void
end_stretch(StringInfo buf, int header)
{
	uint64		size = pg_hton64((uint64) (buf->len - header - STRETCH_HEADER_SIZE));

	memcpy(buf->data + header + STRETCH_HEADER_SIZE - sizeof(size), &size, sizeof(size));
}

void
funnel_spool_serialize(FunnelSpool *spool, StringInfo buf)
{
	char	   *loaded = NULL;
	size_t		loaded_capacity = 0;

	pq_sendint32(buf, spool->codes.nmixed);
	for (int i = 0; i < spool->codes.nmixed; i++)
	{
		pq_sendint64(buf, spool->codes.mixed[i].steps);
		pq_sendint64(buf, spool->codes.mixed[i].breaks);
	}
	pq_sendbyte(buf, spool->mask != 0);

	for (int p = 0; p < NUM_PARTITIONS(spool); p++)
	{
		const Partition *partition = &spool->partitions[p];
		int64		last_ts = 0;
		int			header;

		for (int r = 0; r < spool->nruns; r++)
		{
			const Run  *run = spool->runs[r];
			size_t		size = run->offsets[p + 1] - run->offsets[p];

			CHECK_FOR_INTERRUPTS();
			if (size == 0)
				continue;
			if (size > loaded_capacity)
			{
				loaded_capacity = size;
				loaded = replace_buffer(CurrentMemoryContext, loaded, size);
			}
			(void) load_run(spool, run, p, loaded);
			header = begin_stretch(buf, run->wide);
			last_ts = 0;
			send_records(spool, buf, run->wide, loaded, loaded + size, &last_ts);
			end_stretch(buf, header);
		}

		if (partition->nrecords == 0)
			continue;
		CHECK_FOR_INTERRUPTS();
		header = begin_stretch(buf, spool->wide);
		last_ts = 0;
		for (Block *block = partition->head; block != NULL; block = block->next)
			send_records(spool, buf, spool->wide, BLOCK_DATA(block),
						 BLOCK_DATA(block) + block_used(partition, block), &last_ts);
		end_stretch(buf, header);
	}
	if (loaded != NULL)
		pfree(loaded);
}

/* Add the records of a stretch that FROM's process has sent. */
static void
receive_records(FunnelSpool *spool, const FunnelSpool *from, bool wide,
				MessageReader *reader)
{
	int64		ts = 0;

	while (reader->at < reader->end)
	{
		FunnelRow	row;
		FunnelLabelMatch labels;
		uint64		item = 0;
		uint64		hash;
		UnitHeader	header = {0, 0};
		uint64		word = 0;
		const char *bytes = NULL;
		Event		event;
		char	   *record;

		if (wide)
			memcpy(&row, read_bytes(reader, sizeof(row)), sizeof(row));
		else
		{
			ts += read_signed_varint(reader);
			row = funnel_event_decode(&from->codes,
									  (uint64) ts << FUNNEL_CODE_BITS |
									  (unsigned char) *read_bytes(reader, 1));
		}
		if (spool->with_items)
			memcpy(&item, read_bytes(reader, sizeof(item)), sizeof(item));
		if (spool->unit_type->is_word)
		{
			word = (uint64) read_signed_varint(reader);
			hash = funnel_hash_word(word);
		}
		else
		{
			memcpy(&header.hash, read_bytes(reader, sizeof(header.hash)), sizeof(header.hash));
			header.len = read_varint(reader);
			bytes = read_bytes(reader, header.len);
			hash = double_hash(header.hash);
		}

		labels.steps = row.steps;
		labels.breaks = row.breaks;
		event = encode_event(spool, row.ts, labels);
		if (spool->unit_type->is_word)
		{
			record = append_record(spool, hash, event_size(spool, spool->wide) + sizeof(word));
			record = write_event(spool, record, &event, item);
			memcpy(record, &word, sizeof(word));
		}
		else
			write_unit(append_event(spool, hash, &event, item, header.len), &header, bytes);
	}
}

void
funnel_spool_absorb(FunnelSpool *spool, StringInfo buf)
{
	FunnelSpool from = {0};

	from.codes.nmixed = pq_getmsgint(buf, 4);
	if (from.codes.nmixed < 0 || from.codes.nmixed > FUNNEL_MAX_MIXED)
		message_is_invalid();
	from.codes.mixed = palloc(sizeof(FunnelLabelMatch) * Max(from.codes.nmixed, 1));
	for (int i = 0; i < from.codes.nmixed; i++)
	{
		from.codes.mixed[i].steps = pq_getmsgint64(buf);
		from.codes.mixed[i].breaks = pq_getmsgint64(buf);
	}
	if (pq_getmsgbyte(buf) && spool->mask == 0)
		rebuild(spool, true, spool->wide);

	while (buf->cursor < buf->len)
	{
		bool		wide;
		int64		size;
		MessageReader reader;

		wide = pq_getmsgbyte(buf);
		size = pq_getmsgint64(buf);
		if (size < 0 || size > buf->len - buf->cursor)
			message_is_invalid();
		CHECK_FOR_INTERRUPTS();
		reader.at = pq_getmsgbytes(buf, size);
		reader.end = reader.at + size;
		receive_records(spool, &from, wide, &reader);
	}
	pfree(from.codes.mixed);
}
