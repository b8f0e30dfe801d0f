/*-------------------------------------------------------------------------
 *
 * spool/spill.c
 *	  What spools may have in memory, and how they go to files.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "spool/spill.h"

/*
 * A spool below this size never goes to a file, because the many small parts
 * of a run would cost more than they free.
 */
#define MIN_SPILL_SIZE		(512 * 1024)

/* The memory that the spool of a split partition may take. */
#define SPLIT_BUDGET		(8 * 1024 * 1024)

/*
 * The memory of blocks that go to a file anyway: a part of what is there already, if
 * the budget allows that, because each run is read in as many parts as there are
 * partitions.  So the number of runs grows with the logarithm of the file's size.
 */
#define WRITE_AHEAD_SIZE	(8 * 1024 * 1024)
#define WRITE_AHEAD_PART	16

/* All spools of this process that count, the oldest first */
static dlist_head large_spools = DLIST_STATIC_INIT(large_spools);

/*
 * The files of a query are closed when their owner ends.  That may be before its
 * memory is freed: a cursor that fails in a subtransaction keeps its memory until
 * it is closed.  Its spools are not read any more, and cannot have files.
 */
static void
lose_owner(ResourceReleasePhase phase, bool is_commit, bool is_top_level, void *arg)
{
	dlist_iter	iter;

	(void) is_commit;
	(void) is_top_level;
	(void) arg;
	if (phase != RESOURCE_RELEASE_BEFORE_LOCKS)
		return;
	dlist_foreach(iter, &large_spools)
	{
		FunnelSpool *spool = dlist_container(FunnelSpool, node, iter.cur);

		if (spool->resource_owner == CurrentResourceOwner)
			spool->resource_owner = NULL;
	}
}

void
funnel_spill_init(void)
{
	RegisterResourceReleaseCallback(lose_owner, NULL);
}

/* The end of a spool's memory, and of its file.  After an error the owner closes that. */
static void
leave_budget(void *arg)
{
	FunnelSpool *spool = arg;

	dlist_delete(&spool->node);
	if (spool->file == 0)
		return;
	if (spool->resource_owner != NULL && IsTransactionState())
		FileClose(spool->file);
	if (spool->hands_over)
		funnel_shared_file_end(&spool->written);
}

void
funnel_spool_enter_budget(FunnelSpool *spool)
{
	if (spool->is_split)
		return;
	dlist_push_tail(&large_spools, &spool->node);
	spool->end.func = leave_budget;
	spool->end.arg = spool;
	MemoryContextRegisterResetCallback(spool->blocks.context, &spool->end);
	spool->resource_owner = CurrentResourceOwner;
}

size_t
funnel_spool_used_memory(const FunnelSpool *spool)
{
	size_t		large = 0;
	dlist_iter	iter;

	dlist_foreach(iter, &large_spools)
	{
		const FunnelSpool *other = dlist_container(FunnelSpool, node, iter.cur);

		large += other->blocks.allocated + other->run_memory + other->message_memory;
	}
	return Max(large, MemoryContextMemAllocated(spool->blocks.context, true));
}

bool
funnel_spool_is_over_budget(const FunnelSpool *spool, size_t size)
{
	if (spool->is_split)
		return MemoryContextMemAllocated(spool->blocks.context, true) + size > SPLIT_BUDGET;
	return funnel_spool_used_memory(spool) + size > get_hash_memory_limit();
}

size_t
funnel_spool_message_share(void)
{
	return get_hash_memory_limit() / 4;
}

bool
funnel_spool_is_worth_spilling(const FunnelSpool *spool)
{
	return spool->blocks.allocated >= MIN_SPILL_SIZE && spool_is_partitioned(&spool->blocks);
}

bool
funnel_spool_must_spill(FunnelSpool *spool, size_t size)
{
	size_t		ahead = Max(WRITE_AHEAD_SIZE, (size_t) (spool->file_size / WRITE_AHEAD_PART));

	if (spool->writes_ahead && spool->blocks.allocated + size > ahead)
		return funnel_spool_is_worth_spilling(spool);
	return funnel_spool_is_over_budget(spool, size) && !funnel_spool_spill_idle(spool, size) &&
		funnel_spool_is_worth_spilling(spool);
}

/* The spool's file, a new one if there is none. */
static File
file_of(FunnelSpool *spool)
{
	if (spool->file == 0 && spool->hands_over)
		spool->file = funnel_shared_file_create(&spool->written, spool->resource_owner);
	else if (spool->file == 0)
		spool->file = funnel_file_open(spool->resource_owner);
	return spool->file;
}

/*
 * To be called where an error of a write is caught: what there was of it takes space
 * that others may need.  The spool holds all the same what was to be written, for it
 * may be that of a query that goes on.
 */
static void
undo_write(FunnelSpool *spool)
{
	if (spool->file != 0)
		(void) FileTruncate(spool->file, spool->file_size, WAIT_EVENT_BUFFILE_TRUNCATE);
	spool->has_failed = geterrcode() != ERRCODE_QUERY_CANCELED;
}

/* Segments on their way to a file */
typedef struct Writer
{
	File		file;
	int64		position;		/* where the next piece goes */
	char	   *piece;
	size_t		size;			/* of what is in it */
} Writer;

static void
write_piece(Writer *writer)
{
	funnel_file_write(writer->file, writer->position, writer->piece, writer->size);
	writer->position += writer->size;
	writer->size = 0;
}

static void
write_segment(Writer *writer, const SpoolSegment *segment)
{
	size_t		size = spool_segment_size(segment);

	if (writer->size + size > FUNNEL_FILE_PIECE)
		write_piece(writer);
	if (size > FUNNEL_FILE_PIECE)
	{
		funnel_file_write(writer->file, writer->position, segment, size);
		writer->position += size;
		return;
	}
	memcpy(writer->piece + writer->size, segment, size);
	writer->size += size;
}

static void
append_run(FunnelSpool *spool, SpoolRun *run)
{
	/* room for a power of two of them */
	if (spool->nruns == 0)
		spool->runs = MemoryContextAlloc(spool->blocks.context, sizeof(SpoolRun *));
	else if ((spool->nruns & (spool->nruns - 1)) == 0)
		spool->runs = repalloc_huge(spool->runs, sizeof(SpoolRun *) * 2 * spool->nruns);
	spool->runs[spool->nruns++] = run;
}

/* Write the segments of all blocks to the end of the file, as RUN. */
static void
write_blocks(FunnelSpool *spool, SpoolRun *run)
{
	Writer		writer = {file_of(spool), spool->file_size, palloc(FUNNEL_FILE_PIECE), 0};

	funnel_blocks_finish_segments(&spool->blocks);
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
	{
		run->offsets[p] = writer.position + writer.size;
		for (SpoolBlock *block = spool->blocks.partitions[p].head; block != NULL; block = block->next)
			write_segment(&writer, &block->segment);
	}
	write_piece(&writer);
	pfree(writer.piece);
	run->offsets[SPOOL_PARTITIONS] = writer.position;
	run->file = writer.file;
}

void
funnel_spool_spill(FunnelSpool *spool)
{
	SpoolRun   *run = MemoryContextAllocZero(spool->blocks.context, sizeof(SpoolRun));

	PG_TRY();
	{
		write_blocks(spool, run);
		append_run(spool, run);
	}
	PG_CATCH();
	{
		undo_write(spool);
		PG_RE_THROW();
	}
	PG_END_TRY();
	spool->has_failed = false;
	spool->file_size = run->offsets[SPOOL_PARTITIONS];
	funnel_blocks_reuse(&spool->blocks);
}

/* Have a run that is in memory, which stays there, in the file. */
static void
write_run(FunnelSpool *spool, SpoolRun *run)
{
	size_t		size = run->offsets[SPOOL_PARTITIONS] - run->offsets[0];

	PG_TRY();
	{
		funnel_file_write(file_of(spool), spool->file_size, run->memory, size);
	}
	PG_CATCH();
	{
		undo_write(spool);
		PG_RE_THROW();
	}
	PG_END_TRY();
	spool->has_failed = false;
	for (int p = 0; p <= SPOOL_PARTITIONS; p++)
		run->offsets[p] += spool->file_size;
	spool->file_size += size;
	run->file = spool->file;
	run->memory = NULL;
}

void
funnel_spool_spill_all(FunnelSpool *spool)
{
	for (int r = 0; r < spool->nruns; r++)
	{
		SpoolRun   *run = spool->runs[r];
		char	   *memory = run->memory;

		if (memory == NULL)
			continue;
		write_run(spool, run);
		pfree(memory);
		spool->run_memory -= run->offsets[SPOOL_PARTITIONS] - run->offsets[0];
	}
	if (spool->blocks.slabs != NULL)
		funnel_spool_spill(spool);
	funnel_blocks_free_spare(&spool->blocks);
}

bool
funnel_spool_share(FunnelSpool *spool)
{
	if (!spool->hands_over || !spool_is_partitioned(&spool->blocks) || spool->nlenders > 0)
		return false;
	for (int r = 0; r < spool->nruns; r++)
	{
		if (spool->runs[r]->memory == NULL && spool->runs[r]->file != spool->file)
			return false;
	}
	funnel_spool_spill_all(spool);
	return true;
}

bool
funnel_spool_spill_idle(FunnelSpool *spool, size_t size)
{
	dlist_iter	iter;

	if (spool->is_split)
		return false;
	dlist_foreach(iter, &large_spools)
	{
		FunnelSpool *other = dlist_container(FunnelSpool, node, iter.cur);

		if (other == spool || !other->idle || other->has_failed || other->resource_owner == NULL ||
			other->blocks.allocated + other->run_memory == 0)
			continue;
		funnel_spool_spill_all(other);
		if (!funnel_spool_is_over_budget(spool, size))
			return true;
	}
	return false;
}

void
funnel_spool_set_idle(FunnelSpool *spool, bool idle)
{
	spool->idle = idle;
	for (int i = 0; i < spool->nlenders; i++)
		spool->lenders[i].spool->idle = idle;
}

/*
 * A small run cannot stay together when the memory is spent: in the file it
 * would cost more than it frees, and many of them in memory would know no limit.
 */
bool
funnel_spool_takes_run(const FunnelSpool *spool, size_t size)
{
	return size >= MIN_SPILL_SIZE ||
		spool->blocks.allocated + spool->run_memory + size < MIN_SPILL_SIZE ||
		!funnel_spool_is_over_budget(spool, size + funnel_spool_message_share());
}

void
funnel_spool_add_run(FunnelSpool *spool, SpoolRun *run)
{
	size_t		size = run->offsets[SPOOL_PARTITIONS];

	if (run->memory == NULL)
		 /* it is in a file */ ;
	else if (size >= MIN_SPILL_SIZE &&
			 funnel_spool_is_over_budget(spool, size + funnel_spool_message_share()))
		write_run(spool, run);
	else
	{
		char	   *copy = MemoryContextAllocHuge(spool->blocks.context, size + SPOOL_PADDING);

		memcpy(copy, run->memory, size);
		memset(copy + size, 0, SPOOL_PADDING);
		run->memory = copy;
		spool->run_memory += size;
	}
	append_run(spool, run);
}
