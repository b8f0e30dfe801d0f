/*-------------------------------------------------------------------------
 *
 * spool/spool.c
 *	  The events of many units, set aside until all are there.
 *
 * Grouping rows by unit as they come costs a cache miss each.  So a row is
 * only appended, as a compact record, to one of a fixed number of partitions
 * by its unit's hash; at the end one partition after another is grouped, which
 * then happens inside the cache.  A spool begins as a single partition of a
 * few records, because a query may have thousands of groups, and splits once
 * it is large.
 *
 * Records are as small as they can be, see spool/records.h, because memory that
 * is used for the first time costs more than anything that is done with it
 * here.  The first event that does not fit into a word turns the spool wide
 * from there on.
 *
 * All spools of a process share a budget, the server's limit for hash tables.
 * When one grows and the budget is spent, those that are idle go to temporary
 * files: a plan by partition has a spool for each partition, and they all stay
 * until the end.  If that is not enough, the spool that grows writes its
 * segments, partition by partition, as one run to its file, and goes on with
 * the memory it has.  The end reads a partition's part of every run.  A partition that is
 * too large for the cache, or for the memory allowed, is first put through a
 * spool of its own, partitioned by the next bits of the hash.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/impl.h"

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

/* How far ahead memory is fetched, in bytes of one partition's records */
#define PREFETCHED_BYTES	128

/* Packed words begin with this width: times within an hour of each other. */
#define FIRST_WORD_WIDTH	5

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
	memset(block, 0, sizeof(SpoolBlock));
	block->room = size - sizeof(SpoolBlock);
	return block;
}

static inline SpoolPartition *
partition_of(FunnelSpool *spool, uint64 hash)
{
	return &spool->partitions[(hash >> spool->shift) & spool->mask];
}

/* Note how far the last block is filled, with zeros up to where it is aligned. */
static inline void
settle_partition(SpoolPartition *partition)
{
	SpoolSegment *segment;
	char	   *data;

	if (partition->next == NULL)
		return;
	data = SPOOL_BLOCK_DATA(partition->tail);
	segment = &partition->tail->segment;
	segment->size = partition->next - data;
	memset(partition->next, 0, TYPEALIGN(8, (size_t) segment->size) - segment->size);
}

/*
 * Have all blocks say what is in them.  To be called before they are read.
 */
void
funnel_spool_settle(FunnelSpool *spool)
{
	for (int p = 0; p < SPOOL_NUM_PARTITIONS(spool); p++)
		settle_partition(&spool->partitions[p]);
}

/* The next record will begin a new block. */
static void
close_partition(SpoolPartition *partition)
{
	settle_partition(partition);
	partition->next = partition->end = NULL;
}

/*
 * From now on, packed records have these widths.
 */
static void
set_widths(FunnelSpool *spool, int word_width, int unit_width)
{
	spool->word_width = word_width;
	spool->unit_width = unit_width;
	spool->word_excess = ~spool_width_mask(word_width);
	spool->unit_excess = ~spool_width_mask(unit_width);
	spool->packed_room = word_width + sizeof(uint64);
	for (int p = 0; p < SPOOL_NUM_PARTITIONS(spool); p++)
		close_partition(&spool->partitions[p]);
}

static void rebuild(FunnelSpool *spool, bool partitioned, bool wide);
static void spill(FunnelSpool *spool);
static bool spill_idle(FunnelSpool *spool, size_t size);

/*
 * The budget
 */

/* All partitioned spools of this process, the oldest first */
static dlist_head large_spools = DLIST_STATIC_INIT(large_spools);

static void
remove_large(void *spool)
{
	dlist_delete(&((FunnelSpool *) spool)->node);
}

/*
 * A spool becomes partitioned.  This is a call of its own group, unlike that
 * which may have to write it to a file.
 */
static void
add_large(FunnelSpool *spool)
{
	dlist_push_tail(&large_spools, &spool->node);
	spool->end.func = remove_large;
	spool->end.arg = spool;
	MemoryContextRegisterResetCallback(spool->context, &spool->end);
	spool->resource_owner = CurrentResourceOwner;
	if (spool->file_owner == FUNNEL_FILE_OF_AGGREGATE)
		funnel_file_close_with_aggregate(spool->fcinfo, &spool->file);
}

/* What this spool, its group's others, and all large ones have in memory */
size_t
funnel_spool_used_memory(const FunnelSpool *spool)
{
	size_t		large = 0;
	dlist_iter	iter;

	dlist_foreach(iter, &large_spools)
	{
		const FunnelSpool *other = dlist_container(FunnelSpool, node, iter.cur);

		large += other->allocated + other->run_memory + other->message_memory;
	}
	return Max(large, MemoryContextMemAllocated(spool->context, true));
}

/* Would SIZE more bytes exceed what this spool, or all together, may have? */
bool
funnel_spool_is_over_budget(const FunnelSpool *spool, size_t size)
{
	if (spool->file_owner == FUNNEL_FILE_OF_CALLER)
		return MemoryContextMemAllocated(spool->context, true) + size > SPLIT_BUDGET;
	return funnel_spool_used_memory(spool) + size > get_hash_memory_limit();
}

/*
 * What is left of the budget for messages from other processes, which the
 * server holds in memory while they are read.
 */
size_t
funnel_spool_message_share(void)
{
	return get_hash_memory_limit() / 4;
}

/* Is it the spool itself that should go to its file then? */
static bool
is_worth_spilling(const FunnelSpool *spool)
{
	return spool->allocated >= MIN_SPILL_SIZE && spool->mask != 0;
}

/*
 * A new block in the partition of a unit with HASH, with ROOM bytes or more.
 * Before, the spool may be partitioned, or spilled.
 */
static SpoolPartition *
add_block(FunnelSpool *spool, uint64 hash, size_t room)
{
	SpoolPartition *partition;
	SpoolBlock *block;
	size_t		block_size;

	CHECK_FOR_INTERRUPTS();

	if (spool->mask == 0 && spool->allocated >= PARTITIONED_SIZE)
	{
		rebuild(spool, true, spool->wide);
		partition = partition_of(spool, hash);
		if ((size_t) (partition->end - partition->next) >= room)
			return partition;
	}
	/* Does it take more memory, and is there more? */
	if (room > MAX_BLOCK_SIZE - sizeof(SpoolBlock) ?
		spool->spare == NULL || spool->spare->size < room + sizeof(SpoolBlock) :
		spool->spare == NULL && spool->slab_left < MAX_BLOCK_SIZE)
	{
		size_t		slab_size = Max(next_slab_size(spool), room);

		if (spool->mask != 0 && funnel_spool_is_over_budget(spool, slab_size) &&
			!spill_idle(spool, slab_size) && is_worth_spilling(spool))
		{
			spill(spool);
			if (room > MAX_BLOCK_SIZE - sizeof(SpoolBlock))
				free_spare_slabs(spool);
		}
	}

	partition = partition_of(spool, hash);
	close_partition(partition);
	block_size = spool->mask == 0 ? FIRST_BLOCK_SIZE : MIN_BLOCK_SIZE;
	if (partition->tail != NULL)
		block_size = Min((sizeof(SpoolBlock) + partition->tail->room) * 2, MAX_BLOCK_SIZE);
	if (block_size < sizeof(SpoolBlock) + room)
		block_size = MAXALIGN(sizeof(SpoolBlock) + room);
	block = allocate_block(spool, block_size);
	if (partition->tail != NULL)
		partition->tail->next = block;
	else
		partition->head = block;
	partition->tail = block;
	partition->next = SPOOL_BLOCK_DATA(block);
	partition->end = partition->next + block->room;
	return partition;
}

/*
 * Make room for a packed record that the last block of its partition cannot
 * take: in a new block, from where the word is near, or with greater widths.
 * There may still be none if the spool was put into partitions.
 */
static pg_noinline void
make_packed_room(FunnelSpool *spool, uint64 hash, uint64 word, uint64 unit)
{
	SpoolPartition *partition = partition_of(spool, hash);
	SpoolSegment *segment;

	/* Widths grow once a block would end early because of them. */
	if ((unit & spool->unit_excess) != 0)
		set_widths(spool, spool->word_width, spool_width_of(unit));
	else if (partition->next != NULL &&
			 ((word - partition->base) & spool->word_excess) != 0 &&
			 (size_t) (partition->next - SPOOL_BLOCK_DATA(partition->tail)) < partition->tail->room / 2)
		set_widths(spool, spool->word_width + 1, spool->unit_width);

	partition = add_block(spool, hash, spool->packed_room);
	if (partition->next != SPOOL_BLOCK_DATA(partition->tail))
		return;

	/*
	 * A quarter of the range is for rows that are late.  The base has no code,
	 * so that of an event is the lowest byte of what is stored.
	 */
	partition->base = 0;
	if (spool->word_width < (int) sizeof(word))
		partition->base = (word - (UINT64CONST(1) << (8 * spool->word_width - 2))) &
			~((UINT64CONST(1) << FUNNEL_CODE_BITS) - 1);
	segment = &partition->tail->segment;
	segment->base = partition->base;
	segment->word_width = spool->word_width;
	segment->unit_width = spool->unit_width;
}

static inline bool
has_packed_room(const FunnelSpool *spool, const SpoolPartition *partition,
				uint64 word, uint64 unit)
{
	return (size_t) (partition->end - partition->next) >= spool->packed_room &&
		((word - partition->base) & spool->word_excess) == 0 &&
		(unit & spool->unit_excess) == 0;
}

static inline void
append_packed(FunnelSpool *spool, uint64 unit, uint64 word)
{
	uint64		hash = funnel_hash_word(unit);
	SpoolPartition *partition = partition_of(spool, hash);
	char	   *record;

	while (unlikely(!has_packed_room(spool, partition, word, unit)))
	{
		make_packed_room(spool, hash, word, unit);
		partition = partition_of(spool, hash);
	}
	record = partition->next;
	/* partitions are too many for the processor to foresee where it writes */
	__builtin_prefetch(record + PREFETCHED_BYTES, 1);
	funnel_store_word(record, word - partition->base);
	funnel_store_word(record + spool->word_width, unit);
	partition->next = record + spool->word_width + spool->unit_width;
}

/* Room for a record of SIZE bytes that is not packed, a multiple of 8. */
static inline char *
append_unpacked(FunnelSpool *spool, uint64 hash, size_t size)
{
	SpoolPartition *partition = partition_of(spool, hash);
	char	   *record;

	if (unlikely((size_t) (partition->end - partition->next) < size))
	{
		partition = add_block(spool, hash, size);
		partition->tail->segment.wide = spool->wide;
	}
	record = partition->next;
	partition->next += size;
	return record;
}

/* A record's event and unit; EVENT stands as in new records of this spool. */
static void
append_copy(FunnelSpool *spool, SpoolUnitRef unit, const char *event)
{
	const SpoolForm *form = &spool->form;
	size_t		size = spool_event_size(form, spool->wide);
	const char *bytes = (const char *) (uintptr_t) unit;
	char	   *record;

	if (spool->packed)
	{
		uint64		word;

		memcpy(&word, event, sizeof(word));
		append_packed(spool, unit, word);
	}
	else if (form->unit_type->is_word)
	{
		record = append_unpacked(spool, funnel_hash_word(unit), size + sizeof(unit));
		memcpy(record, event, size);
		memcpy(record + size, &unit, sizeof(unit));
	}
	else
	{
		size_t		unit_size = spool_unit_size(form, bytes);

		record = append_unpacked(spool, spool_unit_hash(form, unit), size + unit_size);
		memcpy(record, event, size);
		memcpy(record + size, bytes, unit_size);
	}
}

/*
 * Append all records of a segment, whose codes are CODES.  They are those of
 * this spool, too, unless it is wide; and it is if the segment is.
 */
void
funnel_spool_append_segment(FunnelSpool *spool, const FunnelEventCodes *codes,
							const SpoolSegment *segment)
{
	const SpoolForm *form = &spool->form;
	const char *record = (const char *) (segment + 1);
	const char *end = record + segment->size;
	FunnelRow	event[2];		/* room for items as well */

	Assert(spool->wide || !segment->wide);

	if (segment->grouped)
	{
		for (char *at = unconstify(char *, record); at < end;)
		{
			SpoolGroup	group;
			uint64		word;

			at = funnel_spool_read_group(form, segment, at, &group);
			word = group.first;
			for (uint64 i = 0; i < group.nevents; i++)
			{
				if (i > 0)
					word = spool_next_word(&group, word, i);
				spool_copy_word(codes, (char *) event, spool->wide, word);
				append_copy(spool, group.unit, (char *) event);
			}
		}
	}
	else if (segment->word_width > 0)
	{
		for (; record < end; record += spool_packed_size(segment))
		{
			spool_copy_word(codes, (char *) event, spool->wide,
							spool_packed_word(segment, record));
			append_copy(spool, spool_packed_unit(segment, record), (char *) event);
		}
	}
	else
	{
		while (record < end)
		{
			const char *unit = record + spool_event_size(form, segment->wide);

			spool_copy_event(form, codes, (char *) event, spool->wide,
							 record, segment->wide);
			append_copy(spool, spool_unit_ref(form, unit), (char *) event);
			record = unit + spool_unit_size(form, unit);
		}
	}
}

/*
 * Put every record in memory anew: into partitions, or as a wide event, or
 * both.
 */
static void
rebuild(FunnelSpool *spool, bool partitioned, bool wide)
{
	FunnelSpool from;

	funnel_spool_settle(spool);
	from = *spool;
	if (from.mask == 0)
		from.partitions = &from.single;
	spool->wide = wide;
	spool->packed = spool->packed && !wide;
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
		/* before anything is written: it may not all fit into memory again */
		if (from.mask == 0 && spool->file_owner != FUNNEL_FILE_OF_CALLER)
			add_large(spool);
	}

	for (int p = 0; p < SPOOL_NUM_PARTITIONS(&from); p++)
	{
		for (SpoolBlock *block = from.partitions[p].head; block != NULL; block = block->next)
			funnel_spool_append_segment(spool, &from.codes, &block->segment);
	}
	spool->allocated += from.allocated;
	for (Slab *slab = from.slabs; slab != NULL; slab = slab->next)
		spool->allocated -= slab->size;
	free_slabs(from.slabs);
	if (from.mask != 0)
		pfree(from.partitions);
}

/* Append to the file. */
static void
write_to_file(FunnelSpool *spool, const char *data, size_t size)
{
	for (size_t done = 0; done < size; done += MAX_SLAB_SIZE)
	{
		CHECK_FOR_INTERRUPTS();
		funnel_file_write(spool->file, data + done, Min(size - done, MAX_SLAB_SIZE));
	}
	spool->file_size += size;
}

/* Go to the end of the file, which may not be there yet. */
static void
begin_to_write(FunnelSpool *spool)
{
	if (spool->file == NULL)
		spool->file = funnel_file_open(spool->file_owner, spool->resource_owner,
									   spool->context);
	funnel_file_seek(spool->file, spool->file_size);
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

/* Write all segments as one run, and begin again with the memory there is. */
static void
spill(FunnelSpool *spool)
{
	SpoolRun   *run = MemoryContextAllocZero(spool->context, sizeof(SpoolRun));

	funnel_spool_settle(spool);
	begin_to_write(spool);
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
	{
		run->offsets[p] = spool->file_size;
		for (SpoolBlock *block = spool->partitions[p].head; block != NULL; block = block->next)
			write_to_file(spool, (const char *) &block->segment,
						  spool_segment_size(&block->segment));
	}
	run->offsets[SPOOL_PARTITIONS] = spool->file_size;
	run->file = spool->file;
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

/*
 * Write a run that is in memory.  It stays as it is until all is written, since
 * an error may be caught and the spool, of another query, be read all the same.
 */
static void
spill_run(FunnelSpool *spool, SpoolRun *run)
{
	int64		begin;

	begin_to_write(spool);
	begin = spool->file_size;
	write_to_file(spool, run->memory, run->offsets[SPOOL_PARTITIONS] - run->offsets[0]);
	for (int p = 0; p <= SPOOL_PARTITIONS; p++)
		run->offsets[p] += begin;
	run->file = spool->file;
	pfree(run->memory);
	run->memory = NULL;
}

/*
 * Have all of a spool in its file, and give its memory back.
 */
static void
spill_all(FunnelSpool *spool)
{
	for (int r = 0; r < spool->nruns; r++)
	{
		if (spool->runs[r]->memory != NULL)
			spill_run(spool, spool->runs[r]);
	}
	spool->run_memory = 0;
	if (spool->slabs != NULL)
		spill(spool);
	free_spare_slabs(spool);
}

/*
 * Have idle spools in their files until this one may grow by SIZE.  False if
 * that does not help.
 */
static bool
spill_idle(FunnelSpool *spool, size_t size)
{
	dlist_iter	iter;

	if (spool->file_owner == FUNNEL_FILE_OF_CALLER)
		return false;
	dlist_foreach(iter, &large_spools)
	{
		FunnelSpool *other = dlist_container(FunnelSpool, node, iter.cur);

		if (other == spool || !other->idle || other->allocated + other->run_memory == 0)
			continue;
		spill_all(other);
		if (!funnel_spool_is_over_budget(spool, size))
			return true;
	}
	return false;
}

/*
 * Note whether a spool, and those it has borrowed from, may go to their files.
 * They must not while they are read.
 */
void
funnel_spool_set_idle(FunnelSpool *spool, bool idle)
{
	spool->idle = idle;
	for (int i = 0; i < spool->nlenders; i++)
		spool->lenders[i]->idle = idle;
}

void
funnel_spool_lend(FunnelSpool *spool, bool awaits_messages)
{
	size_t		size = awaits_messages ? funnel_spool_message_share() : 0;

	if (funnel_spool_is_over_budget(spool, size) && !spill_idle(spool, size))
		spill_all(spool);
	funnel_spool_set_idle(spool, true);
}

static FunnelSpool *
create_spool(FunnelUnitType *unit_type, int nitems, MemoryContext context)
{
	FunnelSpool *spool = MemoryContextAllocZero(context, sizeof(FunnelSpool));

	spool->form.unit_type = unit_type;
	spool->form.nitems = nitems;
	spool->context = context;
	spool->packed = unit_type->is_word && nitems == 0;
	spool->shift = 64 - SPOOL_PARTITION_BITS;
	spool->partitions = &spool->single;
	set_widths(spool, FIRST_WORD_WIDTH, 1);
	return spool;
}

/*
 * A spool, partitioned, for the events of one partition of OUTER: by the next
 * bits of the hash.
 */
FunnelSpool *
funnel_spool_create_inner(const FunnelSpool *outer, MemoryContext context)
{
	FunnelSpool *spool = create_spool(outer->form.unit_type, outer->form.nitems, context);

	spool->file_owner = FUNNEL_FILE_OF_CALLER;
	spool->resource_owner = CurrentResourceOwner;
	spool->wide = outer->wide;
	spool->packed = outer->packed;
	spool->codes = outer->codes;
	set_widths(spool, outer->word_width, outer->unit_width);
	spool->shift = outer->shift - SPOOL_PARTITION_BITS;
	funnel_spool_partition(spool);
	return spool;
}

FunnelSpool *
funnel_spool_create(FunnelUnitType *unit_type, int nitems,
					FunctionCallInfo fcinfo, MemoryContext context)
{
	FunnelSpool *spool = create_spool(unit_type, nitems, context);

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

/*
 * Can a message with SIZE bytes of segments stay together?  A small one to a
 * spool that is not cannot when the memory is spent: as a run of its own in the
 * file it would cost more than it frees, and many of them in memory would know
 * no limit.
 */
bool
funnel_spool_takes_run(const FunnelSpool *spool, size_t size)
{
	return size >= MIN_SPILL_SIZE ||
		spool->allocated + spool->run_memory + size < MIN_SPILL_SIZE ||
		!funnel_spool_is_over_budget(spool, size + funnel_spool_message_share());
}

/* Replace the codes of the narrow events in SIZE bytes of segments. */
void
funnel_spool_translate(const FunnelSpool *spool, char *at, size_t size,
					   const uint8 *codes)
{
	const SpoolForm *form = &spool->form;
	const char *next = at;
	const SpoolSegment *segment;

	while ((segment = funnel_spool_next_segment(spool, &next, at + size)) != NULL)
	{
		char	   *record = unconstify(char *, (const char *) (segment + 1));
		char	   *end = record + segment->size;

		CHECK_FOR_INTERRUPTS();
		if (segment->grouped)
		{
			while (record < end)
			{
				SpoolGroup	group;
				char	   *next_group = funnel_spool_read_group(form, segment, record, &group);
				char	   *first = group.others - (group.nevents > 1) - segment->word_width;

				*first = codes[(uint8) *first];
				for (char *other = group.others; other < next_group; other += group.width)
					*other = codes[(uint8) *other];
				record = next_group;
			}
		}
		else if (segment->word_width > 0)
		{
			/* the base has no code, so it is the lowest byte */
			for (; record < end; record += spool_packed_size(segment))
				*record = codes[(uint8) *record];
		}
		else if (!segment->wide)
		{
			while (record < end)
			{
				char	   *unit = record + spool_event_size(form, false);
				uint64		word;

				memcpy(&word, record, sizeof(word));
				word = word - (uint8) word + codes[(uint8) word];
				memcpy(record, &word, sizeof(word));
				record = unit + spool_unit_size(form, unit);
			}
		}
	}
}

/*
 * Add a run that is part of a message, with offsets from 0 on: copy it into
 * memory if there is enough, else into the file.  CODES are what the sender's
 * are here, NULL if they are the same.  The spool must be partitioned, wide if
 * the run is, and take it.
 */
void
funnel_spool_add_run(FunnelSpool *spool, SpoolRun *run, const uint8 *codes)
{
	const char *segments = run->memory;
	size_t		size = run->offsets[SPOOL_PARTITIONS];
	bool		in_file = size >= MIN_SPILL_SIZE &&
		funnel_spool_is_over_budget(spool, size + funnel_spool_message_share());
	int64		shift = 0;

	if (in_file)
	{
		begin_to_write(spool);
		shift = spool->file_size;
		run->file = spool->file;
		run->memory = NULL;
	}
	else
	{
		run->memory = MemoryContextAllocHuge(spool->context, size + SPOOL_PADDING);
		memset(run->memory + size, 0, SPOOL_PADDING);
		spool->run_memory += size;
	}

	for (int p = 0; p < SPOOL_PARTITIONS; p++)
	{
		const char *from = segments + run->offsets[p];
		size_t		part = spool_run_size(run, p);
		char	   *copy = NULL;

		CHECK_FOR_INTERRUPTS();
		if (!in_file)
			copy = run->memory + run->offsets[p];
		else if (codes != NULL)
			copy = MemoryContextAllocHuge(CurrentMemoryContext, part + SPOOL_PADDING);
		if (copy != NULL)
			memcpy(copy, from, part);
		if (codes != NULL)
			funnel_spool_translate(spool, copy, part, codes);
		if (in_file)
			write_to_file(spool, copy != NULL ? copy : from, part);
		if (in_file && copy != NULL)
			pfree(copy);
	}
	for (int p = 0; p <= SPOOL_PARTITIONS; p++)
		run->offsets[p] += shift;
	add_run(spool, run);
	spool->has_others = true;
}

/*
 * Add a run that is in a file of its own, under the same conditions.
 */
void
funnel_spool_add_file(FunnelSpool *spool, SpoolRun *run)
{
	add_run(spool, run);
	spool->has_others = true;
}

/*
 * Have a run, of the spool's own context if it is in memory, in place of all
 * there is.
 */
void
funnel_spool_replace(FunnelSpool *spool, SpoolRun *run)
{
	for (int r = 0; r < spool->nruns; r++)
	{
		if (spool->runs[r]->memory != NULL)
			pfree(spool->runs[r]->memory);
	}
	if (spool->file != NULL && spool->file_owner == FUNNEL_FILE_OF_AGGREGATE)
	{
		BufFileClose(spool->file);
		spool->file = NULL;
		spool->file_size = 0;
	}
	memset(spool->partitions, 0, sizeof(SpoolPartition) * SPOOL_PARTITIONS);
	free_slabs(spool->slabs);
	free_slabs(spool->spare);
	spool->slabs = spool->spare = NULL;
	spool->allocated = 0;
	spool->slab_left = 0;
	spool->nruns = 0;
	spool->nlenders = 0;
	add_run(spool, run);
	spool->run_memory = run->memory != NULL ? run->offsets[SPOOL_PARTITIONS] : 0;
}

/* Turn the spool wide. */
pg_noinline void
funnel_spool_widen(FunnelSpool *spool)
{
	if (spool->wide)
		return;
	if (is_worth_spilling(spool) && funnel_spool_is_over_budget(spool, spool->allocated * 2))
	{
		spill(spool);
		spool->wide = true;
		spool->packed = false;
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
write_event(const FunnelSpool *spool, char *record, const Event *event, const uint64 *items)
{
	if (unlikely(spool->wide))
		memcpy(record, &event->row, sizeof(event->row));
	else
		memcpy(record, &event->word, sizeof(event->word));
	record += spool_row_size(spool->wide);
	for (int i = 0; i < spool->form.nitems; i++)
	{
		memcpy(record, &items[i], sizeof(uint64));
		record += sizeof(uint64);
	}
	return record;
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
add_any(FunnelSpool *spool, Datum unit, int64 ts, FunnelLabelMatch labels,
		const uint64 *items)
{
	Event		event = encode_event(spool, ts, labels);
	size_t		size = spool_event_size(&spool->form, spool->wide);
	char	   *record;

	if (spool->form.unit_type->is_word)
	{
		uint64		word = funnel_unit_word(spool->form.unit_type, unit);

		record = append_unpacked(spool, funnel_hash_word(word), size + sizeof(word));
		record = write_event(spool, record, &event, items);
		memcpy(record, &word, sizeof(word));
	}
	else
	{
		FunnelUnitKey key;
		SpoolUnit	header;

		funnel_unit_key(spool->form.unit_type, unit, &key);
		header.hash = key.hash;
		header.len = key.len;
		size += sizeof(SpoolUnit) + TYPEALIGN(8, (size_t) key.len);
		record = append_unpacked(spool, spool_double_hash(key.hash), size);
		record = write_event(spool, record, &event, items);
		write_unit(record, &header, key.bytes);
	}
}

void
funnel_spool_add(FunnelSpool *spool, Datum unit, int64 ts, FunnelLabelMatch labels,
				 const uint64 *items)
{
	uint64		word;

	/* what is most common, and so simple that it needs no stack */
	if (likely(spool->packed &&
			   funnel_event_encode(&spool->codes, ts, labels, spool->context, &word)))
		append_packed(spool, funnel_unit_word(spool->form.unit_type, unit), word);
	else
		add_any(spool, unit, ts, labels, items);
}
