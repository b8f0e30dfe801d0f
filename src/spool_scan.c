/*-------------------------------------------------------------------------
 *
 * spool_scan.c
 *	  Reading a spool: one partition after another is grouped by unit.
 *
 * A partition's records come from blocks in memory and from the file, and the
 * bundles that other processes have sent from either.  All that is one unit's
 * is put side by side by a counting sort, inside the cache.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "spool_impl.h"

/* From this size on, a partition is split before it is grouped. */
#define SPLIT_SIZE			(8 * 1024 * 1024)

/*
 * All events of one unit are matched in memory, at some fifty bytes each.
 */
#define MAX_UNIT_EVENTS		100000000

/* Are there more bits in the hash to split a partition by? */
static inline bool
can_split(const FunnelSpool *spool)
{
	return spool->shift - SPOOL_PARTITION_BITS >= (spool->unit_type->is_word ? 0 : 32);
}

/*
 * An entry of the table that groups one partition; the unit itself is needed
 * only where equal hashes do not mean equal units.
 */
typedef struct UnitEntry
{
	uint64		hash;
	uint32		number;			/* plus one, 0 = free */
} UnitEntry;

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
	SpoolStretch *stretches;
	UnitEntry  *table;
	uint32		table_size;		/* power of two */
	uint32	   *numbers;		/* of the unit of each record or bundle */
	size_t		numbers_capacity;
	char	   *events;			/* grouped by unit */
	size_t		events_capacity;	/* bytes */
	uint64	   *ends;			/* where each unit's events end */
	SpoolUnitRef *units;
	uint64		units_capacity;
};

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
same_unit(FunnelSpool *spool, SpoolUnitRef a, SpoolUnitRef b)
{
	const SpoolUnit *left = (const SpoolUnit *) (uintptr_t) a;
	const SpoolUnit *right = (const SpoolUnit *) (uintptr_t) b;

	return funnel_unit_keys_equal(spool->unit_type,
								  (const char *) (left + 1), left->len,
								  (const char *) (right + 1), right->len);
}

/* The number of a unit, a new one if it is new. */
static inline uint32
unit_number(FunnelSpoolScan *scan, SpoolUnitRef unit)
{
	FunnelSpool *spool = scan->spool;
	uint64		hash = spool_unit_hash(spool, unit);
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
											sizeof(SpoolUnitRef) * scan->units_capacity);
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

static SpoolStretch *
add_stretch(FunnelSpoolScan *scan, const char *begin, size_t size, bool wide)
{
	SpoolStretch *stretch;

	if (scan->nstretches == scan->stretches_capacity)
	{
		scan->stretches_capacity = Max(scan->stretches_capacity * 2, 64);
		if (scan->stretches == NULL)
			scan->stretches = MemoryContextAlloc(scan->context,
												 sizeof(SpoolStretch) * scan->stretches_capacity);
		else
			scan->stretches = repalloc_huge(scan->stretches,
											sizeof(SpoolStretch) * scan->stretches_capacity);
	}
	stretch = &scan->stretches[scan->nstretches++];
	stretch->begin = begin;
	stretch->end = begin + size;
	stretch->wide = wide;
	stretch->bundled = false;
	stretch->codes = NULL;
	return stretch;
}

static inline size_t
run_size(const SpoolRun *run, int p)
{
	return run->offsets[p + 1] - run->offsets[p];
}

/* The bytes of a partition in the file. */
static size_t
spilled_size(const FunnelSpool *spool, int p)
{
	size_t		size = 0;

	for (int r = 0; r < spool->nruns; r++)
	{
		if (spool->runs[r]->memory == NULL)
			size += run_size(spool->runs[r], p);
	}
	return size;
}

static size_t
partition_size(const FunnelSpool *spool, int p)
{
	const SpoolPartition *partition = &spool->partitions[p];
	size_t		size = 0;

	for (int r = 0; r < spool->nruns; r++)
		size += run_size(spool->runs[r], p);
	for (const SpoolBlock *block = partition->head; block != NULL; block = block->next)
		size += spool_block_used(partition, block);
	return size;
}

/* Room for SIZE bytes from the file. */
static void
reserve_loaded(FunnelSpoolScan *scan, size_t size)
{
	if (size <= scan->loaded_capacity)
		return;
	scan->loaded_capacity = size + size / 4;
	scan->loaded = spool_replace_buffer(scan->context, scan->loaded,
										scan->loaded_capacity + SPOOL_BUNDLE_PADDING);
}

/* Have a partition's part of a run in memory, if need be at LOADED. */
static void
add_run(FunnelSpoolScan *scan, int r, int p, char *loaded)
{
	FunnelSpool *spool = scan->spool;
	const SpoolRun *run = spool->runs[r];
	size_t		size = run_size(run, p);
	SpoolStretch *stretch;

	if (size == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	if (run->memory != NULL)
		loaded = run->memory + run->offsets[p];
	else
	{
		funnel_file_seek(spool->file, run->offsets[p]);
		funnel_file_read(spool->file, loaded, size);
	}
	stretch = add_stretch(scan, loaded, size, run->wide);
	stretch->bundled = run->bundled;
	stretch->codes = run->codes;
}

static void
add_blocks(FunnelSpoolScan *scan, int p)
{
	const SpoolPartition *partition = &scan->spool->partitions[p];

	for (const SpoolBlock *block = partition->head; block != NULL; block = block->next)
		add_stretch(scan, SPOOL_BLOCK_DATA(block), spool_block_used(partition, block),
					scan->spool->wide);
}

/* Have all of a partition in memory, as stretches. */
static void
load_partition(FunnelSpoolScan *scan, int p)
{
	FunnelSpool *spool = scan->spool;
	size_t		loaded = 0;

	scan->nstretches = 0;
	reserve_loaded(scan, spilled_size(spool, p));
	for (int r = 0; r < spool->nruns; r++)
	{
		add_run(scan, r, p, scan->loaded + loaded);
		if (spool->runs[r]->memory == NULL)
			loaded += run_size(spool->runs[r], p);
	}
	add_blocks(scan, p);
}

/* Room for the numbers of all units in the stretches. */
static void
reserve_numbers(FunnelSpoolScan *scan)
{
	size_t		least;
	size_t		n = 0;

	for (int s = 0; s < scan->nstretches; s++)
	{
		const SpoolStretch *stretch = &scan->stretches[s];

		/* a bundle has at least a number, a unit and an event */
		least = stretch->bundled ? 1 + 1 + sizeof(uint64) :
			spool_event_size(scan->spool, stretch->wide) + sizeof(uint64);
		n += (stretch->end - stretch->begin) / least;
	}
	if (n > scan->numbers_capacity)
	{
		scan->numbers_capacity = n + n / 4;
		scan->numbers = spool_replace_buffer(scan->context, scan->numbers,
											 sizeof(uint32) * scan->numbers_capacity);
	}
}

static void
reserve_events(FunnelSpoolScan *scan, uint64 nevents)
{
	size_t		event = spool_event_size(scan->spool, scan->spool->wide);

	if (nevents > MaxAllocHugeSize / event / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events in one group")));
	if (nevents * event > scan->events_capacity)
	{
		scan->events_capacity = (nevents + nevents / 4) * event;
		scan->events = spool_replace_buffer(scan->context, scan->events,
											scan->events_capacity);
	}
}

/* Count the events of each unit, and note the units in the order they come. */
static void
count_events(FunnelSpoolScan *scan)
{
	FunnelSpool *spool = scan->spool;
	uint32	   *next = scan->numbers;

	for (int s = 0; s < scan->nstretches; s++)
	{
		const SpoolStretch *stretch = &scan->stretches[s];
		size_t		size = spool_event_size(spool, stretch->wide);

		CHECK_FOR_INTERRUPTS();
		if (stretch->bundled)
		{
			const char *at = stretch->begin;
			SpoolBundle bundle;

			while (funnel_bundle_read(spool, stretch, &at, &bundle))
			{
				*next = unit_number(scan, bundle.unit);
				scan->ends[*next++] += bundle.nevents;
			}
			continue;
		}
		for (const char *record = stretch->begin; record < stretch->end;)
		{
			const char *unit = record + size;

			*next = unit_number(scan, spool_unit_ref(spool, unit));
			scan->ends[*next++]++;
			record = unit + spool_unit_size(spool, unit);
		}
	}
}

/*
 * Copy the events of each unit, in the order they come, to where those before
 * it end; that advances.
 */
static void
place_events(FunnelSpoolScan *scan)
{
	FunnelSpool *spool = scan->spool;
	size_t		event = spool_event_size(spool, spool->wide);
	const uint32 *next = scan->numbers;

	for (int s = 0; s < scan->nstretches; s++)
	{
		const SpoolStretch *stretch = &scan->stretches[s];
		size_t		size = spool_event_size(spool, stretch->wide);

		CHECK_FOR_INTERRUPTS();
		if (stretch->bundled)
		{
			const char *at = stretch->begin;
			SpoolBundle bundle;

			while (funnel_bundle_read(spool, stretch, &at, &bundle))
			{
				uint64	   *end = &scan->ends[*next++];

				funnel_bundle_events(spool, stretch, &bundle, scan->events + event * *end);
				*end += bundle.nevents;
			}
			continue;
		}
		for (const char *record = stretch->begin; record < stretch->end;)
		{
			const char *unit = record + size;
			char	   *to = scan->events + event * scan->ends[*next++]++;

			if (event == sizeof(uint64))
				memcpy(to, record, sizeof(uint64));
			else
				spool_copy_event(spool, to, spool->wide, record, stretch->wide);
			record = unit + spool_unit_size(spool, unit);
		}
	}
}

/* Group one partition's events by unit: a counting sort, stable. */
static void
group_partition(FunnelSpoolScan *scan, int p)
{
	uint64		end = 0;

	if (scan->table == NULL)
	{
		enlarge_table(scan, 1024);
		scan->units_capacity = 1024;
		scan->ends = MemoryContextAlloc(scan->context,
										sizeof(uint64) * scan->units_capacity);
		scan->units = MemoryContextAlloc(scan->context,
										 sizeof(SpoolUnitRef) * scan->units_capacity);
	}
	else
		memset(scan->table, 0, sizeof(UnitEntry) * (size_t) scan->table_size);

	load_partition(scan, p);
	reserve_numbers(scan);
	count_events(scan);

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
	reserve_events(scan, end);
	place_events(scan);
}

/*
 * Put a partition through a spool of its own, if it is large and that helps.
 */
static bool
split_partition(FunnelSpoolScan *scan, int p)
{
	FunnelSpool *spool = scan->spool;
	size_t		size = partition_size(spool, p);
	size_t		split_size = 0;
	size_t		most = 0;
	FunnelSpool *split;

	if (size < SPLIT_SIZE || !can_split(spool))
		return false;

	scan->split_context = AllocSetContextCreate(scan->context, "funnel partition",
												ALLOCSET_DEFAULT_SIZES);
	scan->split = split = funnel_spool_create_inner(spool, scan->split_context);
	for (int r = 0; r < spool->nruns; r++)
	{
		scan->nstretches = 0;
		if (spool->runs[r]->memory == NULL)
			reserve_loaded(scan, run_size(spool->runs[r], p));
		add_run(scan, r, p, scan->loaded);
		if (scan->nstretches > 0)
			funnel_spool_append_stretch(split, spool, &scan->stretches[0]);
	}
	scan->nstretches = 0;
	add_blocks(scan, p);
	for (int s = 0; s < scan->nstretches; s++)
		funnel_spool_append_stretch(split, spool, &scan->stretches[s]);

	/* A unit that has most of the records will not be split by more bits. */
	for (int q = 0; q < SPOOL_PARTITIONS; q++)
	{
		size_t		part = partition_size(split, q);

		split_size += part;
		most = Max(most, part);
	}
	if (most > split_size - split_size / 8)
		split->shift = 0;
	scan->split_scan = funnel_spool_scan_begin(split, scan->split_context);
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
	size_t		event = spool_event_size(spool, spool->wide);
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
		if (++scan->partition >= SPOOL_NUM_PARTITIONS(spool))
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
		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		events->rows[i] = spool_read_event(spool, spool->wide, from);
		if (spool->with_items)
			events->items[i] = spool_read_item(spool, spool->wide, from);
	}
	return true;
}

/* The unit whose events were read last, as long as no others are. */
SpoolUnitRef
funnel_spool_scan_unit(const FunnelSpoolScan *scan)
{
	if (scan->split_scan != NULL)
		return funnel_spool_scan_unit(scan->split_scan);
	return scan->units[scan->next_unit - 1];
}

/* The partition that it is in. */
int
funnel_spool_scan_partition(const FunnelSpoolScan *scan)
{
	return scan->partition;
}
