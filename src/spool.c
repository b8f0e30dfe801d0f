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
 * All events of a spool are of one kind; the first that does not fit turns
 * the whole spool wide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "eventword.h"
#include "spool.h"

#define PARTITION_BITS		8
#define NPARTITIONS			(1 << PARTITION_BITS)

/* From this size on, in bytes of records, a spool is partitioned. */
#define PARTITIONED_SIZE	(128 * 1024)

/* Blocks of a partition grow from the least to the greatest size. */
#define MIN_BLOCK_SIZE		512
#define MAX_BLOCK_SIZE		8192
#define FIRST_BLOCK_SIZE	256
#define MIN_SLAB_SIZE		(16 * 1024)
#define MAX_SLAB_SIZE		(1024 * 1024)

typedef struct Block
{
	struct Block *next;
	uint32		used;			/* bytes of records */
	uint32		size;
	/* records follow, 8-byte aligned */
} Block;

#define BLOCK_HEADER_SIZE	MAXALIGN(sizeof(Block))
#define BLOCK_DATA(block)	((char *) (block) + BLOCK_HEADER_SIZE)

typedef struct Partition
{
	Block	   *head;
	Block	   *tail;
	uint64		nrecords;
	uint64		size;			/* bytes of records */
} Partition;

/* Where blocks are cut from; a list so that it can be freed. */
typedef struct Slab
{
	struct Slab *next;
} Slab;

struct FunnelSpool
{
	MemoryContext context;
	FunnelUnitType *unit_type;
	bool		wide;
	bool		with_items;
	FunnelEventCodes codes;
	uint64		size;			/* bytes of records */
	int			npartitions;	/* 1 or NPARTITIONS */
	Partition  *partitions;
	Partition	single;			/* what partitions points to at first */
	Slab	   *slabs;
	char	   *slab_free;
	size_t		slab_left;
};

/* The size of an event without its item, and with it if there are items. */
static inline size_t
row_size(const FunnelSpool *spool)
{
	return spool->wide ? 3 * sizeof(uint64) : sizeof(uint64);
}

static inline size_t
event_size(const FunnelSpool *spool)
{
	return row_size(spool) + (spool->with_items ? sizeof(uint64) : 0);
}

/*
 * Room for records
 */

static void *
allocate_slab(FunnelSpool *spool, size_t size)
{
	size_t		header = MAXALIGN(sizeof(Slab));
	Slab	   *slab = MemoryContextAllocHuge(spool->context, header + size);

	slab->next = spool->slabs;
	spool->slabs = slab;
	return (char *) slab + header;
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

static Block *
allocate_block(FunnelSpool *spool, size_t size)
{
	Block	   *block;

	if (spool->npartitions == 1 || size > MAX_BLOCK_SIZE)
		block = allocate_slab(spool, size);
	else
	{
		if (spool->slab_left < size)
		{
			spool->slab_left = Min(Max(spool->size / 8, MIN_SLAB_SIZE), MAX_SLAB_SIZE);
			spool->slab_left = MAXALIGN(spool->slab_left);
			spool->slab_free = allocate_slab(spool, spool->slab_left);
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

/* Append a block with room for SIZE bytes. */
static pg_noinline void
extend_partition(FunnelSpool *spool, Partition *partition, size_t size)
{
	size_t		block_size = spool->npartitions == 1 ? FIRST_BLOCK_SIZE : MIN_BLOCK_SIZE;
	Block	   *block;

	CHECK_FOR_INTERRUPTS();
	if (partition->tail != NULL)
		block_size = Min((BLOCK_HEADER_SIZE + partition->tail->size) * 2, MAX_BLOCK_SIZE);
	if (block_size < BLOCK_HEADER_SIZE + size)
		block_size = MAXALIGN(BLOCK_HEADER_SIZE + size);
	block = allocate_block(spool, block_size);
	if (partition->tail != NULL)
		partition->tail->next = block;
	else
		partition->head = block;
	partition->tail = block;
}

/* Room for a record of SIZE bytes, a multiple of 8, at the partition's end. */
static inline char *
append_record(FunnelSpool *spool, Partition *partition, size_t size)
{
	char	   *record;

	if (partition->tail == NULL || partition->tail->size - partition->tail->used < size)
		extend_partition(spool, partition, size);
	record = BLOCK_DATA(partition->tail) + partition->tail->used;
	partition->tail->used += size;
	partition->nrecords++;
	partition->size += size;
	spool->size += size;
	return record;
}

static inline FunnelRow
read_event(const FunnelSpool *spool, const char *event)
{
	FunnelRow	row;
	uint64		word;

	if (spool->wide)
		memcpy(&row, event, sizeof(row));
	else
	{
		memcpy(&word, event, sizeof(word));
		row = funnel_event_decode(&spool->codes, word);
	}
	return row;
}

static inline uint64
read_item(const FunnelSpool *spool, const char *event)
{
	uint64		item = 0;

	if (spool->with_items)
		memcpy(&item, event + row_size(spool), sizeof(item));
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

/* The bytes of a unit, and its hash, at UNIT in a record. */
static inline size_t
unit_size(const FunnelSpool *spool, const char *unit)
{
	if (spool->unit_type->is_word)
		return sizeof(uint64);
	return sizeof(UnitHeader) + TYPEALIGN(8, (size_t) ((const UnitHeader *) unit)->len);
}

static inline uint64
unit_hash(const FunnelSpool *spool, const char *unit)
{
	uint64		word;

	if (!spool->unit_type->is_word)
		return (uint64) ((const UnitHeader *) unit)->hash << 32 |
			((const UnitHeader *) unit)->hash;
	memcpy(&word, unit, sizeof(word));
	return funnel_hash_word(word);
}

static inline Partition *
partition_of(FunnelSpool *spool, uint64 hash)
{
	if (spool->npartitions == 1)
		return &spool->single;
	return &spool->partitions[hash >> (64 - PARTITION_BITS)];
}

/*
 * Put every record anew: into partitions, or as a wide event, or both.
 */
static void
rebuild(FunnelSpool *spool, bool partitioned, bool wide)
{
	FunnelSpool from = *spool;
	size_t		from_event = event_size(&from);
	size_t		to_event;

	if (from.npartitions == 1)
		from.partitions = &from.single;
	spool->wide = wide;
	to_event = event_size(spool);
	spool->size = 0;
	memset(&spool->single, 0, sizeof(spool->single));
	spool->npartitions = partitioned ? NPARTITIONS : 1;
	spool->partitions = &spool->single;
	if (partitioned)
		spool->partitions = MemoryContextAllocZero(spool->context,
												   sizeof(Partition) * NPARTITIONS);
	spool->slabs = NULL;
	spool->slab_left = 0;

	for (int p = 0; p < from.npartitions; p++)
	{
		for (Block *block = from.partitions[p].head; block != NULL; block = block->next)
		{
			const char *record = BLOCK_DATA(block);
			const char *end = record + block->used;

			while (record < end)
			{
				const char *unit = record + from_event;
				size_t		size = unit_size(spool, unit);
				char	   *to = append_record(spool,
											   partition_of(spool, unit_hash(spool, unit)),
											   to_event + size);

				if (from.wide == wide)
					memcpy(to, record, to_event);
				else
				{
					FunnelRow	row = read_event(&from, record);
					uint64		item = read_item(&from, record);

					memcpy(to, &row, sizeof(row));
					if (spool->with_items)
						memcpy(to + sizeof(row), &item, sizeof(item));
				}
				memcpy(to + to_event, unit, size);
				record = unit + size;
			}
		}
	}
	free_slabs(from.slabs);
	if (from.npartitions != 1)
		pfree(from.partitions);
}

FunnelSpool *
funnel_spool_create(FunnelUnitType *unit_type, bool with_items, MemoryContext context)
{
	FunnelSpool *spool = MemoryContextAllocZero(context, sizeof(FunnelSpool));

	spool->context = context;
	spool->unit_type = unit_type;
	spool->with_items = with_items;
	spool->npartitions = 1;
	spool->partitions = &spool->single;
	return spool;
}

/*
 * An event as it will be written, narrow or wide.  Before, the spool is turned
 * wide if it must be and partitioned if it has grown.
 */
typedef union Event
{
	uint64		word;
	FunnelRow	row;
} Event;

static inline Event
prepare_event(FunnelSpool *spool, int64 ts, FunnelLabelMatch labels)
{
	Event		event;

	if (!spool->wide &&
		unlikely(!funnel_event_encode(&spool->codes, ts, labels, spool->context,
									  &event.word)))
		rebuild(spool, spool->npartitions > 1, true);
	if (unlikely(spool->npartitions == 1 && spool->size >= PARTITIONED_SIZE))
		rebuild(spool, true, spool->wide);
	if (unlikely(spool->wide))
	{
		event.row.ts = ts;
		event.row.steps = labels.steps;
		event.row.breaks = labels.breaks;
	}
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
	if (spool->with_items)
		memcpy(record + row_size(spool), &item, sizeof(item));
	return record + event_size(spool);
}

void
funnel_spool_add(FunnelSpool *spool, Datum unit, int64 ts, FunnelLabelMatch labels,
				 uint64 item)
{
	Event		event = prepare_event(spool, ts, labels);

	if (spool->unit_type->is_word)
	{
		uint64		word = (uint64) unit;
		char	   *record = append_record(spool,
										   partition_of(spool, funnel_hash_word(word)),
										   event_size(spool) + sizeof(word));

		record = write_event(spool, record, &event, item);
		memcpy(record, &word, sizeof(word));
	}
	else
	{
		FunnelUnitKey key;
		UnitHeader	header;
		char	   *record;
		size_t		size;

		funnel_unit_key(spool->unit_type, unit, &key);
		header.hash = key.hash;
		header.len = key.len;
		size = event_size(spool) + sizeof(header) + TYPEALIGN(8, (size_t) key.len);
		record = append_record(spool, partition_of(spool, (uint64) key.hash << 32), size);
		record = write_event(spool, record, &event, item);
		memcpy(record, &header, sizeof(header));
		memcpy(record + sizeof(header), key.bytes, key.len);
		/* no stray bytes in what may be sent elsewhere */
		memset(record + sizeof(header) + key.len, 0,
			   TYPEALIGN(8, (size_t) key.len) - key.len);
	}
}

/*
 * Reading
 */

/* An entry of the table that groups one partition. */
typedef struct UnitEntry
{
	const char *unit;			/* NULL = free */
	uint64		hash;
	uint32		number;
} UnitEntry;

struct FunnelSpoolScan
{
	FunnelSpool *spool;
	MemoryContext context;
	int			partition;		/* the one being read, -1 before the first */

	uint32		nunits;			/* of this partition */
	uint32		next_unit;

	/* Buffers kept from one partition to the next. */
	UnitEntry  *table;
	uint32		table_size;		/* power of two */
	uint32	   *numbers;		/* of the unit of each record */
	uint64		records_capacity;
	char	   *events;			/* grouped by unit */
	uint64	   *ends;			/* where each unit's events end */
	uint64		units_capacity;
};

static void *
regrow(MemoryContext context, void *old, size_t size)
{
	if (old != NULL)
		pfree(old);
	return MemoryContextAllocHuge(context, size);
}

FunnelSpoolScan *
funnel_spool_scan_begin(FunnelSpool *spool, MemoryContext context)
{
	FunnelSpoolScan *scan = MemoryContextAllocZero(context, sizeof(FunnelSpoolScan));

	scan->spool = spool;
	scan->context = context;
	scan->partition = -1;
	return scan;
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

		if (old[i].unit == NULL)
			continue;
		slot = old[i].hash & (size - 1);
		while (scan->table[slot].unit != NULL)
			slot = (slot + 1) & (size - 1);
		scan->table[slot] = old[i];
	}
	if (old != NULL)
		pfree(old);
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

		if (entry->unit == NULL)
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
			entry->unit = unit;
			entry->hash = hash;
			entry->number = scan->nunits++;
			if (scan->nunits > scan->units_capacity)
			{
				scan->units_capacity *= 2;
				scan->ends = repalloc_huge(scan->ends,
										   sizeof(uint64) * scan->units_capacity);
			}
			scan->ends[entry->number] = 0;
			return entry->number;
		}
		if (entry->hash == hash)
		{
			if (spool->unit_type->is_word)
				/* the hash of a word is one to one */
				return entry->number;
			if (funnel_unit_keys_equal(spool->unit_type,
									   entry->unit + sizeof(UnitHeader),
									   ((const UnitHeader *) entry->unit)->len,
									   unit + sizeof(UnitHeader),
									   ((const UnitHeader *) unit)->len))
				return entry->number;
		}
		slot = (slot + 1) & (scan->table_size - 1);
	}
}

/* Group one partition's events by unit: a counting sort, stable. */
static void
group_partition(FunnelSpoolScan *scan, const Partition *partition)
{
	FunnelSpool *spool = scan->spool;
	size_t		event = event_size(spool);
	uint64		record_number = 0;
	uint64		end = 0;

	if (scan->table == NULL)
	{
		enlarge_table(scan, 1024);
		scan->units_capacity = 1024;
		scan->ends = MemoryContextAlloc(scan->context,
										sizeof(uint64) * scan->units_capacity);
	}
	else
		memset(scan->table, 0, sizeof(UnitEntry) * (size_t) scan->table_size);
	if (partition->nrecords > scan->records_capacity)
	{
		if (partition->nrecords > MaxAllocHugeSize / event)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events in one group")));
		scan->records_capacity = partition->nrecords + partition->nrecords / 4;
		scan->numbers = regrow(scan->context, scan->numbers,
							   sizeof(uint32) * scan->records_capacity);
		scan->events = regrow(scan->context, scan->events,
							  event * scan->records_capacity);
	}

	scan->nunits = 0;
	scan->next_unit = 0;
	for (const Block *block = partition->head; block != NULL; block = block->next)
	{
		const char *record = BLOCK_DATA(block);
		const char *block_end = record + block->used;

		CHECK_FOR_INTERRUPTS();
		while (record < block_end)
		{
			const char *unit = record + event;
			uint32		number = unit_number(scan, unit);

			scan->numbers[record_number++] = number;
			scan->ends[number]++;
			record = unit + unit_size(spool, unit);
		}
	}

	/* counts become beginnings, and those advance to ends */
	for (uint32 i = 0; i < scan->nunits; i++)
	{
		uint64		count = scan->ends[i];

		scan->ends[i] = end;
		end += count;
	}
	record_number = 0;
	for (const Block *block = partition->head; block != NULL; block = block->next)
	{
		const char *record = BLOCK_DATA(block);
		const char *block_end = record + block->used;

		CHECK_FOR_INTERRUPTS();
		while (record < block_end)
		{
			const char *unit = record + event;
			uint64		to = scan->ends[scan->numbers[record_number++]]++;

			if (event == sizeof(uint64))
				memcpy(scan->events + to * sizeof(uint64), record, sizeof(uint64));
			else
				memcpy(scan->events + to * event, record, event);
			record = unit + unit_size(spool, unit);
		}
	}
}

bool
funnel_spool_scan_next(FunnelSpoolScan *scan, FunnelEvents *events)
{
	FunnelSpool *spool = scan->spool;
	size_t		event = event_size(spool);
	uint64		begin;
	uint64		end;

	while (scan->partition < 0 || scan->next_unit == scan->nunits)
	{
		if (++scan->partition >= spool->npartitions)
			return false;
		scan->nunits = scan->next_unit = 0;
		if (spool->partitions[scan->partition].nrecords > 0)
			group_partition(scan, &spool->partitions[scan->partition]);
	}

	begin = scan->next_unit == 0 ? 0 : scan->ends[scan->next_unit - 1];
	end = scan->ends[scan->next_unit];
	scan->next_unit++;
	funnel_events_reserve(events, end - begin);
	events->nrows = end - begin;
	for (uint64 i = begin; i < end; i++)
		events->rows[i - begin] = read_event(spool, scan->events + i * event);
	if (spool->with_items)
	{
		Assert(events->with_items);
		for (uint64 i = begin; i < end; i++)
			events->items[i - begin] = read_item(spool, scan->events + i * event);
	}
	return true;
}

/*
 * Between processes of one server: the records as they are
 */

void
funnel_spool_serialize(FunnelSpool *spool, StringInfo buf)
{
	pq_sendbyte(buf, spool->wide);
	pq_sendint32(buf, spool->codes.nmixed);
	for (int i = 0; i < spool->codes.nmixed; i++)
	{
		pq_sendint64(buf, spool->codes.mixed[i].steps);
		pq_sendint64(buf, spool->codes.mixed[i].breaks);
	}
	pq_sendint64(buf, spool->size);
	for (int p = 0; p < spool->npartitions; p++)
	{
		for (Block *block = spool->partitions[p].head; block != NULL; block = block->next)
		{
			CHECK_FOR_INTERRUPTS();
			pq_sendbytes(buf, BLOCK_DATA(block), block->used);
		}
	}
}

void
funnel_spool_absorb(FunnelSpool *spool, StringInfo buf)
{
	FunnelSpool from = {0};
	uint64		size;
	size_t		event;

	from.unit_type = spool->unit_type;
	from.wide = pq_getmsgbyte(buf);
	from.with_items = spool->with_items;
	from.codes.nmixed = pq_getmsgint(buf, 4);
	if (from.codes.nmixed < 0 || from.codes.nmixed > FUNNEL_MAX_MIXED)
		elog(ERROR, "invalid funnel spool");
	from.codes.mixed = palloc(sizeof(FunnelLabelMatch) * Max(from.codes.nmixed, 1));
	for (int i = 0; i < from.codes.nmixed; i++)
	{
		from.codes.mixed[i].steps = pq_getmsgint64(buf);
		from.codes.mixed[i].breaks = pq_getmsgint64(buf);
	}
	size = pq_getmsgint64(buf);
	if (size > (uint64) (buf->len - buf->cursor))
		elog(ERROR, "invalid funnel spool");
	event = event_size(&from);

	for (uint64 done = 0; done < size;)
	{
		const char *message = pq_getmsgbytes(buf, event);
		FunnelRow	row = read_event(&from, message);
		uint64		item = read_item(&from, message);
		FunnelLabelMatch labels = {row.steps, row.breaks};
		Event		prepared = prepare_event(spool, row.ts, labels);
		union
		{
			UnitHeader	header;
			uint64		word;
		}			unit;
		size_t		rest = 0;
		uint64		hash;
		char	   *record;

		/* the message may lie at any address */
		memcpy(&unit, pq_getmsgbytes(buf, sizeof(unit)), sizeof(unit));
		if (spool->unit_type->is_word)
			hash = funnel_hash_word(unit.word);
		else
		{
			hash = (uint64) unit.header.hash << 32;
			rest = TYPEALIGN(8, (size_t) unit.header.len);
		}
		record = append_record(spool, partition_of(spool, hash),
							   event_size(spool) + sizeof(unit) + rest);
		record = write_event(spool, record, &prepared, item);
		memcpy(record, &unit, sizeof(unit));
		if (rest > 0)
			memcpy(record + sizeof(unit), pq_getmsgbytes(buf, rest), rest);
		done += event + sizeof(unit) + rest;
	}
	pfree(from.codes.mixed);
}
