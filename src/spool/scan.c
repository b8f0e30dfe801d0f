/*-------------------------------------------------------------------------
 *
 * spool/scan.c
 *	  Reading a spool: one partition after another is grouped by unit.
 *
 * A partition's segments come from blocks and from runs, in memory or in the
 * file.  All that is one unit's is put side by side by a counting sort, inside
 * the cache.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "spool/impl.h"

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
	return spool->shift - SPOOL_PARTITION_BITS >= (spool->form.unit_type->is_word ? 0 : 32);
}

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
	int			nsegments;
	int			segments_capacity;
	const SpoolSegment **segments;	/* of this partition */
	uint32	   *table;			/* by hash: a unit's number plus one, 0 = free */
	uint32		table_size;		/* power of two */
	uint32	   *numbers;		/* of the unit of each record */
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

	funnel_spool_settle(spool);
	funnel_spool_set_idle(spool, false);
	scan->spool = spool;
	scan->context = context;
	scan->partition = -1;
	return scan;
}

static inline uint32
next_slot(const FunnelSpoolScan *scan, uint32 slot)
{
	return (slot + 1) & (scan->table_size - 1);
}

/* A new table for all units there are. */
static void
create_table(FunnelSpoolScan *scan, uint32 size)
{
	if (scan->table != NULL)
		pfree(scan->table);
	scan->table = MemoryContextAllocExtended(scan->context, sizeof(uint32) * (size_t) size,
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	scan->table_size = size;
	for (uint32 i = 0; i < scan->nunits; i++)
	{
		uint32		slot = spool_unit_hash(&scan->spool->form, scan->units[i]) & (size - 1);

		while (scan->table[slot] != 0)
			slot = next_slot(scan, slot);
		scan->table[slot] = i + 1;
	}
}

static inline bool
same_unit(FunnelSpool *spool, SpoolUnitRef a, SpoolUnitRef b)
{
	const SpoolUnit *left = (const SpoolUnit *) (uintptr_t) a;
	const SpoolUnit *right = (const SpoolUnit *) (uintptr_t) b;

	if (spool->form.unit_type->is_word)
		return a == b;
	return left->hash == right->hash &&
		funnel_unit_keys_equal(spool->form.unit_type,
							   (const char *) (left + 1), left->len,
							   (const char *) (right + 1), right->len);
}

/* The number of a new unit, whose place in the table is SLOT. */
static pg_noinline uint32
add_unit(FunnelSpoolScan *scan, SpoolUnitRef unit, uint32 slot)
{
	if (scan->nunits == scan->units_capacity)
	{
		if (scan->units_capacity > PG_UINT32_MAX / 4)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many units in one group")));
		scan->units_capacity *= 2;
		scan->ends = repalloc_huge(scan->ends,
								   sizeof(uint64) * scan->units_capacity);
		scan->units = repalloc_huge(scan->units,
									sizeof(SpoolUnitRef) * scan->units_capacity);
	}
	scan->ends[scan->nunits] = 0;
	scan->units[scan->nunits] = unit;
	scan->table[slot] = ++scan->nunits;

	/* with three free slots of four, the first one looked at mostly is right */
	if (scan->nunits > scan->table_size / 4 && scan->table_size <= PG_UINT32_MAX / 2)
		create_table(scan, scan->table_size * 2);
	return scan->nunits - 1;
}

/* The number of a unit, a new one if it is new. */
static inline uint32
unit_number(FunnelSpoolScan *scan, SpoolUnitRef unit)
{
	uint32		slot = spool_unit_hash(&scan->spool->form, unit) & (scan->table_size - 1);
	uint32		number;

	while ((number = scan->table[slot]) != 0)
	{
		if (likely(same_unit(scan->spool, scan->units[number - 1], unit)))
			return number - 1;
		slot = next_slot(scan, slot);
	}
	return add_unit(scan, unit, slot);
}

/* What is in a file, or came from another process, makes no sense. */
pg_noinline void
funnel_spool_is_invalid(void)
{
	elog(ERROR, "invalid funnel spool");
}

/* The segment at *AT, which is set to the next; NULL at the end. */
const SpoolSegment *
funnel_spool_next_segment(const FunnelSpool *spool, const char **at, const char *end)
{
	const SpoolSegment *segment = (const SpoolSegment *) *at;

	if (*at == end)
		return NULL;
	if ((size_t) (end - *at) < sizeof(SpoolSegment) ||
		(size_t) (end - *at) < spool_segment_size(segment) ||
		(segment->wide && !spool->wide) || segment->word_width > 8 || segment->unit_width > 8 ||
		(segment->grouped ?
		 segment->word_width == 0 || (segment->unit_width > 0) != spool->form.unit_type->is_word :
		 (segment->word_width > 0) != (segment->unit_width > 0)) ||
		(segment->word_width > 0 && !segment->grouped &&
		 segment->size % spool_packed_size(segment) != 0))
		funnel_spool_is_invalid();
	*at += spool_segment_size(segment);
	return segment;
}

static void
add_segment(FunnelSpoolScan *scan, const SpoolSegment *segment)
{
	if (scan->nsegments == scan->segments_capacity)
	{
		scan->segments_capacity = Max(scan->segments_capacity * 2, 64);
		if (scan->segments == NULL)
			scan->segments = MemoryContextAlloc(scan->context,
												sizeof(SpoolSegment *) * scan->segments_capacity);
		else
			scan->segments = repalloc_huge(scan->segments,
										   sizeof(SpoolSegment *) * scan->segments_capacity);
	}
	scan->segments[scan->nsegments++] = segment;
}

/* The bytes of a partition in files. */
static size_t
spilled_size(const FunnelSpool *spool, int p)
{
	size_t		size = 0;

	for (int i = 0; i < SPOOL_NUM_SOURCES(spool); i++)
	{
		const FunnelSpool *source = spool_source(spool, i);

		for (int r = 0; r < source->nruns; r++)
		{
			if (source->runs[r]->memory == NULL)
				size += spool_run_size(source->runs[r], p);
		}
	}
	return size;
}

/* The bytes of all segments of a partition. */
size_t
funnel_spool_partition_size(const FunnelSpool *spool, int p)
{
	size_t		size = 0;

	for (int i = 0; i < SPOOL_NUM_SOURCES(spool); i++)
	{
		const FunnelSpool *source = spool_source(spool, i);

		for (int r = 0; r < source->nruns; r++)
			size += spool_run_size(source->runs[r], p);
		for (const SpoolBlock *block = source->partitions[p].head; block != NULL; block = block->next)
			size += spool_segment_size(&block->segment);
	}
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
										scan->loaded_capacity + SPOOL_PADDING);
}

/* Have a partition's part of a run in memory, if need be at LOADED. */
static void
add_run(FunnelSpoolScan *scan, const SpoolRun *run, int p, char *loaded)
{
	size_t		size = spool_run_size(run, p);
	const SpoolSegment *segment;
	const char *at;
	const char *end;

	if (size == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	if (run->memory != NULL)
		at = run->memory + run->offsets[p];
	else
	{
		funnel_file_seek(run->file, run->offsets[p]);
		funnel_file_read(run->file, loaded, size);
		at = loaded;
	}
	end = at + size;
	while ((segment = funnel_spool_next_segment(scan->spool, &at, end)) != NULL)
		add_segment(scan, segment);
}

static void
add_blocks(FunnelSpoolScan *scan, const FunnelSpool *source, int p)
{
	for (const SpoolBlock *block = source->partitions[p].head; block != NULL; block = block->next)
		add_segment(scan, &block->segment);
}

/* Have all of a partition in memory, as segments. */
static void
load_partition(FunnelSpoolScan *scan, int p)
{
	char	   *loaded;

	scan->nsegments = 0;
	reserve_loaded(scan, spilled_size(scan->spool, p));
	loaded = scan->loaded;
	for (int i = 0; i < SPOOL_NUM_SOURCES(scan->spool); i++)
	{
		const FunnelSpool *source = spool_source(scan->spool, i);

		for (int r = 0; r < source->nruns; r++)
		{
			add_run(scan, source->runs[r], p, loaded);
			if (source->runs[r]->memory == NULL)
				loaded += spool_run_size(source->runs[r], p);
		}
		add_blocks(scan, source, p);
	}
}

/* Room for the numbers of all units in the segments. */
static void
reserve_numbers(FunnelSpoolScan *scan)
{
	size_t		n = 0;

	for (int s = 0; s < scan->nsegments; s++)
	{
		const SpoolSegment *segment = scan->segments[s];

		/* a group is at least a record */
		n += segment->size / (segment->word_width > 0 ? (size_t) spool_packed_size(segment) :
							  spool_event_size(&scan->spool->form, segment->wide) + sizeof(uint64));
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
	size_t		event = spool_event_size(&scan->spool->form, scan->spool->wide);

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
	const SpoolForm *form = &scan->spool->form;
	uint32	   *next = scan->numbers;

	for (int s = 0; s < scan->nsegments; s++)
	{
		const SpoolSegment *segment = scan->segments[s];
		const char *record = (const char *) (segment + 1);
		const char *end = record + segment->size;

		CHECK_FOR_INTERRUPTS();
		if (segment->grouped)
		{
			SpoolGroup	group;

			for (char *at = unconstify(char *, record); at < end;)
			{
				at = funnel_spool_read_group(form, segment, at, &group);
				*next = unit_number(scan, group.unit);
				scan->ends[*next++] += group.nevents;
			}
			continue;
		}
		if (segment->word_width > 0)
		{
			const int	size = spool_packed_size(segment);
			const int	word_width = segment->word_width;
			const uint64 mask = spool_width_mask(segment->unit_width);

			for (; record < end; record += size)
			{
				uint32		number = unit_number(scan, funnel_load_word(record + word_width) & mask);

				scan->ends[number]++;
				*next++ = number;
			}
			continue;
		}
		while (record < end)
		{
			const char *unit = record + spool_event_size(form, segment->wide);

			*next = unit_number(scan, spool_unit_ref(form, unit));
			scan->ends[*next++]++;
			record = unit + spool_unit_size(form, unit);
		}
	}
}

/* Write the events of a group one after another. */
static inline void
place_group(const SpoolGroup *group, const FunnelEventCodes *codes, char *to, bool wide)
{
	uint64		word = group->first;

	spool_copy_word(codes, to, wide, word);
	for (uint64 i = 1; i < group->nevents; i++)
	{
		word = spool_next_word(group, word, i);
		spool_copy_word(codes, to + i * spool_row_size(wide), wide, word);
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
	const SpoolForm *form = &spool->form;
	size_t		event = spool_event_size(form, spool->wide);
	const uint32 *next = scan->numbers;

	for (int s = 0; s < scan->nsegments; s++)
	{
		const SpoolSegment *segment = scan->segments[s];
		const char *record = (const char *) (segment + 1);
		const char *end = record + segment->size;

		CHECK_FOR_INTERRUPTS();
		if (segment->grouped)
		{
			for (char *at = unconstify(char *, record); at < end;)
			{
				SpoolGroup	group;
				uint64	   *unit_end = &scan->ends[*next++];

				at = funnel_spool_read_group(form, segment, at, &group);
				place_group(&group, &spool->codes, scan->events + event * *unit_end,
							spool->wide);
				*unit_end += group.nevents;
			}
		}
		else if (segment->word_width > 0 && !spool->wide)
		{
			const int	size = spool_packed_size(segment);
			const uint64 base = segment->base;
			const uint64 mask = spool_width_mask(segment->word_width);
			uint64	   *words = (uint64 *) scan->events;
			uint64	   *ends = scan->ends;

			for (; record < end; record += size)
				words[ends[*next++]++] = base + (funnel_load_word(record) & mask);
		}
		else if (segment->word_width > 0)
		{
			for (; record < end; record += spool_packed_size(segment))
				spool_copy_word(&spool->codes, scan->events + event * scan->ends[*next++]++,
								true, spool_packed_word(segment, record));
		}
		else
		{
			while (record < end)
			{
				const char *unit = record + spool_event_size(form, segment->wide);

				spool_copy_event(form, &spool->codes, scan->events + event * scan->ends[*next++]++,
								 spool->wide, record, segment->wide);
				record = unit + spool_unit_size(form, unit);
			}
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
		create_table(scan, 1024);
		scan->units_capacity = 1024;
		scan->ends = MemoryContextAlloc(scan->context,
										sizeof(uint64) * scan->units_capacity);
		scan->units = MemoryContextAlloc(scan->context,
										 sizeof(SpoolUnitRef) * scan->units_capacity);
	}
	else
		memset(scan->table, 0, sizeof(uint32) * (size_t) scan->table_size);

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

static void
append_segments(FunnelSpool *spool, const FunnelSpoolScan *scan)
{
	for (int s = 0; s < scan->nsegments; s++)
		funnel_spool_append_segment(spool, &scan->spool->codes, scan->segments[s]);
}

/*
 * Put a partition through a spool of its own, if it is large and that helps.
 */
static bool
split_partition(FunnelSpoolScan *scan, int p)
{
	FunnelSpool *spool = scan->spool;
	size_t		size = funnel_spool_partition_size(spool, p);
	size_t		split_size = 0;
	size_t		most = 0;
	FunnelSpool *split;

	if (size < SPLIT_SIZE || !can_split(spool))
		return false;

	scan->split_context = AllocSetContextCreate(scan->context, "funnel partition",
												ALLOCSET_DEFAULT_SIZES);
	scan->split = split = funnel_spool_create_inner(spool, scan->split_context);
	for (int i = 0; i < SPOOL_NUM_SOURCES(spool); i++)
	{
		const FunnelSpool *source = spool_source(spool, i);

		for (int r = 0; r < source->nruns; r++)
		{
			if (source->runs[r]->memory == NULL)
				reserve_loaded(scan, spool_run_size(source->runs[r], p));
			scan->nsegments = 0;
			add_run(scan, source->runs[r], p, scan->loaded);
			append_segments(split, scan);
		}
		scan->nsegments = 0;
		add_blocks(scan, source, p);
		append_segments(split, scan);
	}
	funnel_spool_settle(split);

	/* A unit that has most of the records will not be split by more bits. */
	for (int q = 0; q < SPOOL_PARTITIONS; q++)
	{
		size_t		part = funnel_spool_partition_size(split, q);

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
	size_t		event = spool_event_size(&spool->form, spool->wide);
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
		{
			funnel_spool_set_idle(spool, true);
			return false;
		}
		scan->nunits = scan->next_unit = 0;
		if (!split_partition(scan, scan->partition))
			group_partition(scan, scan->partition);
	}

	begin = scan->next_unit == 0 ? 0 : scan->ends[scan->next_unit - 1];
	end = scan->ends[scan->next_unit];
	scan->next_unit++;
	from = scan->events + begin * event;
	if (!spool->wide && spool->form.nitems == 0)
	{
		funnel_events_set_words(events, (uint64 *) from, end - begin, &spool->codes);
		return true;
	}
	funnel_events_reserve(events, end - begin);
	events->nrows = end - begin;
	for (uint64 i = 0; i < end - begin; i++, from += event)
	{
		funnel_poll_at(i);
		events->rows[i] = spool_read_event(&spool->codes, spool->wide, from);
		if (spool->form.nitems > 0)
			events->items[i] = spool_read_item(spool->wide, from, 0);
		if (spool->form.nitems > 1)
			events->tags[i] = spool_read_item(spool->wide, from, 1);
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
