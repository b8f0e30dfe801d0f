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

#include "base/compat.h"
#include "spool/spill.h"

/*
 * A spool below this size never goes to a file, because the many small parts
 * of a run would cost more than they free.
 */
#define MIN_SPILL_SIZE		(512 * 1024)

/* The memory that the spool of a split partition may take. */
#define SPLIT_BUDGET		(8 * 1024 * 1024)

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

/*
 * The end of a spool's memory, and of its file.  After an error the owner closes
 * that: to do so here would first write what is left in its buffer, and that may
 * be what failed.
 */
static void
leave_budget(void *arg)
{
	FunnelSpool *spool = arg;

	dlist_delete(&spool->node);
	if (spool->file != NULL && spool->resource_owner != NULL && IsTransactionState())
		BufFileClose(spool->file);
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

/* Append to the file. */
static void
write_to_file(FunnelSpool *spool, const char *data, size_t size)
{
	funnel_file_write(spool->file, data, size);
	spool->file_size += size;
}

/*
 * Go to the end of the file, which may not be there yet.
 *
 * A write that fails may have written a part, and the server's file does not
 * know how much.  If the error is caught, the spool may be that of a query that
 * goes on: it must not be read then.
 */
static void
begin_to_write(FunnelSpool *spool)
{
	funnel_spool_check_file(spool);
	if (spool->file == NULL)
		spool->file = funnel_file_open(spool->resource_owner, spool->blocks.context);
	spool->is_torn = true;
	funnel_file_seek(spool->file, spool->file_size);
}

static void
end_writing(FunnelSpool *spool)
{
	spool->is_torn = false;
}

void
funnel_spool_check_file(const FunnelSpool *spool)
{
	if (spool->is_torn)
		ereport(ERROR,
				(errcode(ERRCODE_IO_ERROR),
				 errmsg("temporary file of funnel events is incomplete"),
				 errdetail("An earlier attempt to write to it failed.")));
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

void
funnel_spool_spill(FunnelSpool *spool)
{
	SpoolRun   *run = MemoryContextAllocZero(spool->blocks.context, sizeof(SpoolRun));

	funnel_blocks_finish_segments(&spool->blocks);
	begin_to_write(spool);
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
	{
		run->offsets[p] = spool->file_size;
		for (SpoolBlock *block = spool->blocks.partitions[p].head; block != NULL; block = block->next)
			write_to_file(spool, (const char *) &block->segment,
						  spool_segment_size(&block->segment));
	}
	run->offsets[SPOOL_PARTITIONS] = spool->file_size;
	end_writing(spool);
	run->file = spool->file;
	/* an error may be caught: until the run is there, the blocks are */
	append_run(spool, run);
	funnel_blocks_reuse(&spool->blocks);
}

/*
 * Have a run that is in memory, which stays there, in the file.  The run stays
 * as it is until all is written, since an error may be caught and the spool, of
 * another query, be read all the same.
 */
static void
write_run(FunnelSpool *spool, SpoolRun *run)
{
	size_t		size = run->offsets[SPOOL_PARTITIONS] - run->offsets[0];
	int64		begin;

	begin_to_write(spool);
	begin = spool->file_size;
	write_to_file(spool, run->memory, size);
	end_writing(spool);
	for (int p = 0; p <= SPOOL_PARTITIONS; p++)
		run->offsets[p] += begin;
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
funnel_spool_spill_idle(FunnelSpool *spool, size_t size)
{
	dlist_iter	iter;

	if (spool->is_split)
		return false;
	dlist_foreach(iter, &large_spools)
	{
		FunnelSpool *other = dlist_container(FunnelSpool, node, iter.cur);

		if (other == spool || !other->idle || other->is_torn || other->resource_owner == NULL ||
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

void
funnel_spool_replace(FunnelSpool *spool, SpoolRun *run)
{
	for (int r = 0; r < spool->nruns; r++)
	{
		if (spool->runs[r]->memory != NULL)
			pfree(spool->runs[r]->memory);
	}
	if (spool->file != NULL)
	{
		BufFileClose(spool->file);
		spool->file = NULL;
		spool->file_size = 0;
	}
	funnel_blocks_free(&spool->blocks);
	spool->nruns = 0;
	spool->nlenders = 0;
	append_run(spool, run);
	spool->run_memory = run->memory != NULL ? run->offsets[SPOOL_PARTITIONS] : 0;
}
