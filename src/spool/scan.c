/*-------------------------------------------------------------------------
 *
 * spool/scan.c
 *	  Reading a spool: one partition after another is grouped by unit.
 *
 * A partition's segments come from blocks and from runs, in memory or in the
 * file.  All that is one unit's is put side by side by a counting sort, inside
 * the cache.
 *
 * Where a table is in order of time, so are the rows that each process of a parallel
 * scan has seen.  They are merged while they are placed, for all units at once: that
 * is cheaper than unit by unit, because a process reads many rows that follow each
 * other.  What is not merged here is when a unit is read, see events/buffer.c: that
 * of partitions that are split, for example.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "spool/fill.h"
#include "spool/loan.h"
#include "spool/spill.h"

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
	return spool->blocks.shift - SPOOL_PARTITION_BITS >=
		(spool->form.unit_type->is_integer ? 0 : 32);
}

/* A table of fewer slots may be sparse: its cost is not its size. */
#define SPARSE_SLOTS		(64 * 1024)

/* So many looks for one unit are no chance. */
#define MAX_LOOKS			128

/* More streams are not merged. */
#define MAX_STREAMS			8

/* Merging ends when fewer events than these, on average, came from one stream. */
#define EVENTS_PER_STRETCH	8

/*
 * The units of a partition, by hash.  The loop that counts has a copy of it: for all
 * the compiler knows, what the loop writes could be the scan, which would be read again
 * for each event.
 */
typedef struct UnitTable
{
	uint32	   *numbers;		/* by slot, a unit's number plus one; 0 = free */
	uint32		mask;			/* slots less one; they are a power of two */
	bool		rehashes;		/* units that are no integers */
	uint64		seed;			/* of the hash */
	SpoolUnitRef *units;
	uint64	   *ends;			/* where each unit's events end */
} UnitTable;

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
	int			nstreams;		/* of segments, in order of time if the table
								 * is */
	bool		begins_stream;	/* the next segment does */
	int			stream_begins[MAX_STREAMS]; /* the first segment of each */
	uint32	   *stream_numbers[MAX_STREAMS];	/* and its place in numbers */
	UnitTable	table;
	uint64		units_capacity;
	uint32	   *numbers;		/* of the unit of each record */
	size_t		numbers_capacity;
	char	   *events;			/* grouped by unit */
	size_t		events_capacity;	/* bytes */
};

FunnelSpoolScan *
funnel_spool_scan_begin(FunnelSpool *spool, MemoryContext context)
{
	FunnelSpoolScan *scan = MemoryContextAllocZero(context, sizeof(FunnelSpoolScan));

	funnel_spool_check_loans(spool);
	funnel_spool_place_waiting(spool);
	funnel_blocks_finish_segments(&spool->blocks);
	funnel_spool_set_idle(spool, false);
	scan->spool = spool;
	scan->context = context;
	scan->partition = -1;
	scan->table.seed = funnel_random_seed();
	return scan;
}

/* The hash of a unit's bytes, with a seed */
static pg_noinline uint64
hash_again(const SpoolForm *form, SpoolUnitRef unit, uint64 seed)
{
	uint32		len;
	const char *bytes = spool_checked_unit_bytes(form, spool_unit_at(unit), &len);

	return funnel_hash_word(funnel_hash_bytes(seed, bytes, (int) len));
}

/* The slot that is looked at first.  INTEGERS says whether units are integers. */
static pg_attribute_always_inline uint32
first_slot(const SpoolForm *form, const UnitTable *table, SpoolUnitRef unit, bool integers)
{
	uint64		word = unit;

	if (!integers)
		word = unlikely(table->rehashes) ? hash_again(form, unit, table->seed) :
			spool_stored_hash(spool_unit_at(unit));
	return (uint32) funnel_mix(table->seed, word) & table->mask;
}

static inline uint32
next_slot(const UnitTable *table, uint32 slot)
{
	return (slot + 1) & table->mask;
}

/* A new table for all units there are. */
static void
create_table(FunnelSpoolScan *scan, uint32 size)
{
	UnitTable  *table = &scan->table;
	const SpoolForm *form = &scan->spool->form;

	if (table->numbers != NULL)
		pfree(table->numbers);
	table->numbers = MemoryContextAllocExtended(scan->context, sizeof(uint32) * (size_t) size,
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	table->mask = size - 1;
	for (uint32 i = 0; i < scan->nunits; i++)
	{
		uint32		slot = first_slot(form, table, table->units[i], form->unit_type->is_integer);

		funnel_poll_at(i);
		for (uint32 n = 0; table->numbers[slot] != 0; n++)
		{
			slot = next_slot(table, slot);
			funnel_poll_at(n);
		}
		table->numbers[slot] = i + 1;
	}
}

/* The number of a new unit, whose place in the table is SLOT. */
static pg_noinline uint32
add_unit(FunnelSpoolScan *scan, SpoolUnitRef unit, uint32 slot)
{
	UnitTable  *table = &scan->table;

	if (scan->nunits == scan->units_capacity)
	{
		if (scan->units_capacity > PG_UINT32_MAX / 4)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many units in one group")));
		scan->units_capacity *= 2;
		table->ends = repalloc_huge(table->ends, sizeof(uint64) * scan->units_capacity);
		table->units = repalloc_huge(table->units, sizeof(SpoolUnitRef) * scan->units_capacity);
	}
	table->ends[scan->nunits] = 0;
	table->units[scan->nunits] = unit;
	table->numbers[slot] = ++scan->nunits;

	/* with so many free slots, the first one looked at mostly is right */
	if (scan->nunits > table->mask / (table->mask < SPARSE_SLOTS ? 8 : 4) &&
		table->mask < PG_UINT32_MAX / 2)
		create_table(scan, (table->mask + 1) * 2);
	return scan->nunits - 1;
}

/*
 * The number of a unit that is not found where it is looked for first.
 *
 * Units that are no integers can be made to have the same hash.  When many have, they
 * are hashed by their bytes from then on, with a seed; but not those for which a
 * function decides what is equal, such as 1.0 and 1.00.
 */
static pg_noinline uint32
find_unit(FunnelSpoolScan *scan, SpoolUnitRef unit, uint32 slot)
{
	UnitTable  *table = &scan->table;
	const SpoolForm *form = &scan->spool->form;
	uint32		number;
	int			nlooks = 0;

	while ((number = table->numbers[slot]) != 0)
	{
		if (spool_same_unit(form, table->units[number - 1], unit))
			return number - 1;
		slot = next_slot(table, slot);
		CHECK_FOR_INTERRUPTS();
		if (unlikely(++nlooks == MAX_LOOKS && form->unit_type->is_image &&
					 !form->unit_type->is_integer && !table->rehashes))
		{
			table->rehashes = true;
			create_table(scan, table->mask + 1);
			slot = first_slot(form, table, unit, false);
		}
	}
	return add_unit(scan, unit, slot);
}

/* The number of a unit, a new one if it is new.  TABLE is a copy of the scan's. */
static pg_attribute_always_inline uint32
unit_number(FunnelSpoolScan *scan, UnitTable *table, SpoolUnitRef unit, bool integers)
{
	const SpoolForm *form = &scan->spool->form;
	uint32		slot = first_slot(form, table, unit, integers);
	uint32		number = table->numbers[slot];

	if (likely(number != 0 && (integers ? table->units[number - 1] == unit :
							   spool_same_unit(form, table->units[number - 1], unit))))
		return number - 1;
	number = find_unit(scan, unit, slot);
	*table = scan->table;
	return number;
}

static void
add_segment(FunnelSpoolScan *scan, const SpoolSegment *segment)
{
	if (scan->begins_stream)
	{
		if (scan->nstreams < MAX_STREAMS)
			scan->stream_begins[scan->nstreams] = scan->nsegments;
		scan->nstreams++;
		scan->begins_stream = false;
	}
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

/* The bytes of all segments of a partition, or of those in files. */
static uint64
partition_size(const FunnelSpool *spool, int p, bool in_files)
{
	uint64		size = 0;

	for (int i = 0; i < spool_num_sources(spool); i++)
	{
		const FunnelSpool *source = spool_source(spool, i);

		for (int r = 0; r < source->nruns; r++)
		{
			if (!in_files || source->runs[r]->memory == NULL)
				size += spool_run_size(source->runs[r], p);
		}
		if (in_files)
			continue;
		for (const SpoolBlock *block = source->blocks.partitions[p].head; block != NULL; block = block->next)
			size += spool_segment_size(&block->segment);
	}
	return size;
}

static void
too_many_events(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many events in one group")));
}

/* Room for SIZE bytes from the file. */
static void
reserve_loaded(FunnelSpoolScan *scan, uint64 size)
{
	if (size <= scan->loaded_capacity)
		return;
	if (size > MaxAllocHugeSize / 2)
		too_many_events();
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
		funnel_file_read(run->file, run->offsets[p], loaded, size);
		at = loaded;
	}
	end = at + size;
	while ((segment = funnel_spool_next_segment(&scan->spool->form, scan->spool->full_rows,
												&at, end)) != NULL)
		add_segment(scan, segment);
}

static void
add_blocks(FunnelSpoolScan *scan, const FunnelSpool *source, int p)
{
	for (const SpoolBlock *block = source->blocks.partitions[p].head; block != NULL; block = block->next)
		add_segment(scan, &block->segment);
}

/*
 * Have all of a partition in memory, as segments.  What a process wrote to its file,
 * at one time after the other, and what it has in memory is one stream.  What came
 * from elsewhere and was written to that file counts as its own: it is out of order
 * at worst, and its units are sorted when they are read.
 */
static void
load_partition(FunnelSpoolScan *scan, int p)
{
	char	   *loaded;

	scan->nsegments = scan->nstreams = 0;
	reserve_loaded(scan, partition_size(scan->spool, p, true));
	loaded = scan->loaded;
	for (int i = 0; i < spool_num_sources(scan->spool); i++)
	{
		const FunnelSpool *source = spool_source(scan->spool, i);
		File		last = 0;	/* file of a run */

		for (int r = 0; r < source->nruns; r++)
		{
			const SpoolRun *run = source->runs[r];

			scan->begins_stream |= run->memory != NULL || run->file != last;
			add_run(scan, run, p, loaded);
			last = run->memory == NULL ? run->file : 0;
			if (run->memory == NULL)
				loaded += spool_run_size(run, p);
		}
		scan->begins_stream |= last == 0 || last != source->file;
		add_blocks(scan, source, p);
	}
}

/* Room for the numbers of all units in the segments. */
static void
reserve_numbers(FunnelSpoolScan *scan)
{
	uint64		n = 0;

	for (int s = 0; s < scan->nsegments; s++)
		n += funnel_spool_max_units(&scan->spool->form, scan->segments[s]);
	if (n > MaxAllocHugeSize / sizeof(uint32) / 2)
		too_many_events();
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
	size_t		event = spool_event_size(&scan->spool->form, scan->spool->full_rows);

	if (nevents > MaxAllocHugeSize / event / 2)
		too_many_events();
	/* and a place behind them, see funnel_events_set_words */
	if ((nevents + 1) * event > scan->events_capacity)
	{
		scan->events_capacity = (nevents + nevents / 4 + 1) * event;
		scan->events = spool_replace_buffer(scan->context, scan->events,
											scan->events_capacity);
	}
}

/*
 * Count the events of each unit of a segment, and note the units in the order
 * they come, from NUMBERS on; returns where the next is to be noted.
 */
static pg_attribute_always_inline uint32 *
count_segment(FunnelSpoolScan *scan, const SpoolSegment *segment, SpoolKind kind,
			  bool integers, uint32 *numbers)
{
	UnitTable	table = scan->table;
	SpoolCursor cursor;

	spool_cursor_init(&cursor, &scan->spool->form, segment, kind);
	while (spool_cursor_next(&cursor, kind))
	{
		uint32		number = unit_number(scan, &table, cursor.unit, integers);

		table.ends[number]++;
		*numbers++ = number;
	}
	return numbers;
}

static pg_noinline uint32 *
count_any_segment(FunnelSpoolScan *scan, const SpoolSegment *segment, uint32 *numbers)
{
	return count_segment(scan, segment, segment->kind,
						 scan->spool->form.unit_type->is_integer, numbers);
}

/* The same of all segments.  Packed records have loops of their own. */
static void
count_events(FunnelSpoolScan *scan)
{
	bool		integers = scan->spool->form.unit_type->is_integer;
	uint32	   *numbers = scan->numbers;
	int			stream = 0;

	for (int s = 0; s < scan->nsegments; s++)
	{
		const SpoolSegment *segment = scan->segments[s];

		CHECK_FOR_INTERRUPTS();
		if (stream < Min(scan->nstreams, MAX_STREAMS) && scan->stream_begins[stream] == s)
			scan->stream_numbers[stream++] = numbers;
		if (segment->kind == SPOOL_PACKED && integers)
			numbers = count_segment(scan, segment, SPOOL_PACKED, true, numbers);
		else if (segment->kind == SPOOL_PACKED)
			numbers = count_segment(scan, segment, SPOOL_PACKED, false, numbers);
		else if (segment->kind == SPOOL_PACKED_ITEMS && integers)
			numbers = count_segment(scan, segment, SPOOL_PACKED_ITEMS, true, numbers);
		else if (segment->kind == SPOOL_PACKED_ITEMS)
			numbers = count_segment(scan, segment, SPOOL_PACKED_ITEMS, false, numbers);
		else
			numbers = count_any_segment(scan, segment, numbers);
	}
}

/*
 * Copy the events of each unit of a segment, in the order they come, to where
 * those before it end; that advances.  NUMBERS are those of the units.
 */
static pg_attribute_always_inline const uint32 *
place_segment(FunnelSpoolScan *scan, const SpoolSegment *segment, SpoolKind kind,
			  bool full_rows, size_t event_size, const uint32 *numbers)
{
	char	   *events = scan->events;
	uint64	   *ends = scan->table.ends;
	SpoolCursor cursor;

	spool_cursor_init(&cursor, &scan->spool->form, segment, kind);
	while (spool_cursor_next(&cursor, kind))
	{
		uint64	   *end = &ends[*numbers++];

		spool_cursor_copy_event(&cursor, kind, events + *end * event_size, full_rows);
		(*end)++;
	}
	return numbers;
}

static pg_noinline const uint32 *
place_any_segment(FunnelSpoolScan *scan, const SpoolSegment *segment, const uint32 *numbers)
{
	bool		full_rows = scan->spool->full_rows;

	return place_segment(scan, segment, segment->kind, full_rows,
						 spool_event_size(&scan->spool->form, full_rows), numbers);
}

/* The same of all segments.  Packed records have a loop of their own. */
static void
place_events(FunnelSpoolScan *scan)
{
	const uint32 *numbers = scan->numbers;

	for (int s = 0; s < scan->nsegments; s++)
	{
		const SpoolSegment *segment = scan->segments[s];

		CHECK_FOR_INTERRUPTS();
		if (segment->kind == SPOOL_PACKED && !scan->spool->full_rows)
			numbers = place_segment(scan, segment, SPOOL_PACKED, false, sizeof(uint64), numbers);
		else if (segment->kind == SPOOL_PACKED_ITEMS && !scan->spool->full_rows)
			numbers = place_segment(scan, segment, SPOOL_PACKED_ITEMS, false, 2 * sizeof(uint64),
									numbers);
		else
			numbers = place_any_segment(scan, segment, numbers);
	}
}

/* A stream of packed words, at one of its records. */
typedef struct Stream
{
	const SpoolSegment **next;	/* segment */
	const SpoolSegment **end;
	const uint32 *numbers;		/* from that of the record on */
	SpoolCursor cursor;
	int64		word;
} Stream;

/* Go to the next record; false if there is none. */
static pg_attribute_always_inline bool
stream_next(Stream *stream)
{
	while (unlikely(!spool_cursor_next(&stream->cursor, SPOOL_PACKED)))
	{
		CHECK_FOR_INTERRUPTS();
		if (stream->next == stream->end)
			return false;
		spool_cursor_init(&stream->cursor, stream->cursor.form, *stream->next++, SPOOL_PACKED);
	}
	stream->word = (int64) spool_packed_word(&stream->cursor);
	return true;
}

/* Place the events of a stream up to a word; false if there are no more. */
static pg_noinline bool
place_stretch(FunnelSpoolScan *scan, Stream *from, int64 limit)
{
	Stream		stream = *from;
	uint64	   *events = (uint64 *) scan->events;
	uint64	   *ends = scan->table.ends;
	bool		more;

	do
	{
		events[ends[*stream.numbers++]++] = (uint64) stream.word;
		more = stream_next(&stream);
	} while (more && stream.word <= limit);
	*from = stream;
	return more;
}

/* Are the segments several streams of packed words? */
static bool
can_merge(const FunnelSpoolScan *scan)
{
	if (scan->nstreams < 2 || scan->nstreams > MAX_STREAMS || scan->spool->full_rows)
		return false;
	for (int s = 0; s < scan->nsegments; s++)
	{
		if (scan->segments[s]->kind != SPOOL_PACKED)
			return false;
	}
	return true;
}

/*
 * Place the NEVENTS events of all streams in order of time, as long as many that
 * follow each other come from one stream; else that would cost more than it saves.
 */
static void
merge_events(FunnelSpoolScan *scan, uint64 nevents)
{
	Stream		streams[MAX_STREAMS];
	int			nstreams = 0;
	uint64		nleft = nevents / EVENTS_PER_STRETCH;

	for (int i = 0; i < scan->nstreams; i++)
	{
		Stream	   *stream = &streams[nstreams];

		memset(stream, 0, sizeof(*stream));
		stream->cursor.form = &scan->spool->form;
		stream->next = scan->segments + scan->stream_begins[i];
		stream->end = scan->segments +
			(i + 1 < scan->nstreams ? scan->stream_begins[i + 1] : scan->nsegments);
		stream->numbers = scan->stream_numbers[i];
		nstreams += stream_next(stream);
	}
	while (nstreams > 0)
	{
		Stream	   *first = &streams[0];
		int64		limit = PG_INT64_MAX;

		for (int i = 1; i < nstreams && nleft > 0; i++)
		{
			limit = Min(limit, Max(first->word, streams[i].word));
			if (streams[i].word < first->word)
				first = &streams[i];
		}
		if (nleft > 0)
			nleft--;
		if (!place_stretch(scan, first, limit))
			*first = streams[--nstreams];
	}
}

/* Group one partition's events by unit: a counting sort, stable. */
static void
group_partition(FunnelSpoolScan *scan, int p)
{
	UnitTable  *table = &scan->table;
	uint64		end = 0;

	if (table->numbers == NULL)
	{
		create_table(scan, 1024);
		scan->units_capacity = 1024;
		table->ends = MemoryContextAlloc(scan->context, sizeof(uint64) * scan->units_capacity);
		table->units = MemoryContextAlloc(scan->context,
										  sizeof(SpoolUnitRef) * scan->units_capacity);
	}
	else
		memset(table->numbers, 0, sizeof(uint32) * ((size_t) table->mask + 1));

	load_partition(scan, p);
	reserve_numbers(scan);
	count_events(scan);

	/* counts become beginnings, and those advance to ends */
	for (uint32 i = 0; i < scan->nunits; i++)
	{
		uint64		count = table->ends[i];

		if (count > MAX_UNIT_EVENTS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events of one unit"),
					 errdetail("A unit can have at most %d events that matter to a funnel.",
							   MAX_UNIT_EVENTS)));
		table->ends[i] = end;
		end += count;
	}
	reserve_events(scan, end);
	if (can_merge(scan))
		merge_events(scan, end);
	else
		place_events(scan);
}

static void
append_segments(FunnelSpool *spool, const FunnelSpoolScan *scan)
{
	for (int s = 0; s < scan->nsegments; s++)
		funnel_spool_append_segment(spool, scan->segments[s]);
}

/*
 * Put a partition through a spool of its own, if it is large and that helps.
 */
static bool
split_partition(FunnelSpoolScan *scan, int p)
{
	FunnelSpool *spool = scan->spool;
	uint64		size = partition_size(spool, p, false);
	uint64		split_size = 0;
	uint64		most = 0;
	FunnelSpool *split;

	if (size < SPLIT_SIZE || !can_split(spool))
		return false;

	scan->split_context = AllocSetContextCreate(scan->context, "funnel partition",
												ALLOCSET_DEFAULT_SIZES);
	scan->split = split = funnel_spool_create_inner(spool, scan->split_context);
	for (int i = 0; i < spool_num_sources(spool); i++)
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
	funnel_blocks_finish_segments(&split->blocks);

	/* A unit that has most of the records will not be split by more bits. */
	for (int q = 0; q < SPOOL_PARTITIONS; q++)
	{
		uint64		part = partition_size(split, q, false);

		split_size += part;
		most = Max(most, part);
	}
	if (most > split_size - split_size / 8)
		split->blocks.shift = 0;
	scan->split_scan = funnel_spool_scan_begin(split, scan->split_context);
	return true;
}

static void
end_split(FunnelSpoolScan *scan)
{
	if (scan->split->file != 0)
		FileClose(scan->split->file);
	MemoryContextDelete(scan->split_context);
	scan->split = NULL;
	scan->split_scan = NULL;
}

/* So many events at FROM, in whatever form, as the rows of a buffer. */
static pg_attribute_always_inline void
read_rows(const SpoolForm *form, bool full_rows, int nitems, const char *from, size_t nrows,
		  FunnelEvents *events)
{
	funnel_events_reserve(events, nrows);
	events->nrows = nrows;
	for (size_t i = 0; i < nrows; i++)
	{
		funnel_poll_at(i);
		events->rows[i] = spool_read_row(form, full_rows, from);
		if (nitems > 0)
			events->items[i] = spool_read_item(full_rows, from, 0);
		if (nitems > 1)
			events->tags[i] = spool_read_item(full_rows, from, 1);
		from += spool_row_size(full_rows) + nitems * sizeof(uint64);
	}
}

bool
funnel_spool_scan_next(FunnelSpoolScan *scan, FunnelEvents *events)
{
	FunnelSpool *spool = scan->spool;
	size_t		event = spool_event_size(&spool->form, spool->full_rows);
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
		if (++scan->partition >= spool_num_partitions(&spool->blocks))
		{
			funnel_spool_set_idle(spool, true);
			return false;
		}
		scan->nunits = scan->next_unit = 0;
		if (!split_partition(scan, scan->partition))
			group_partition(scan, scan->partition);
	}

	begin = scan->next_unit == 0 ? 0 : scan->table.ends[scan->next_unit - 1];
	end = scan->table.ends[scan->next_unit];
	scan->next_unit++;
	from = scan->events + begin * event;
	if (!spool->full_rows && spool->form.nitems == 0)
		funnel_events_set_words(events, (uint64 *) from, end - begin, spool->form.codes);
	else if (!spool->full_rows && spool->form.nitems == 1)
		read_rows(&spool->form, false, 1, from, end - begin, events);
	else
		read_rows(&spool->form, spool->full_rows, spool->form.nitems, from, end - begin, events);
	return true;
}
