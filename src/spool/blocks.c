/*-------------------------------------------------------------------------
 *
 * spool/blocks.c
 *	  The memory that new records go to: a list of blocks, or one for each
 *	  partition.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/blocks.h"

/* Blocks of a partition grow from the least to the greatest size. */
#define FIRST_BLOCK_SIZE	256
#define MIN_BLOCK_SIZE		512

/* Slabs grow with the spool. */
#define MIN_SLAB_SIZE		(16 * 1024) /* at least SPOOL_MAX_BLOCK_SIZE */
#define MAX_SLAB_SIZE		(1024 * 1024)

typedef struct SpoolSlab
{
	struct SpoolSlab *next;
	size_t		size;
} SpoolSlab;

#define SLAB_HEADER_SIZE	MAXALIGN(sizeof(SpoolSlab))

void
funnel_blocks_init(SpoolBlocks *blocks, int shift, MemoryContext context)
{
	memset(blocks, 0, sizeof(*blocks));
	blocks->context = context;
	blocks->shift = shift;
	blocks->partitions = &blocks->single;
}

void
funnel_blocks_partition(SpoolBlocks *blocks)
{
	blocks->partitions = MemoryContextAllocZero(blocks->context,
												sizeof(SpoolPartition) * SPOOL_PARTITIONS);
	blocks->mask = SPOOL_PARTITIONS - 1;
}

/* A spare slab if it is large enough, else a new one. */
static char *
allocate_slab(SpoolBlocks *blocks, size_t size)
{
	SpoolSlab  *slab = blocks->spare;

	if (slab != NULL && slab->size >= size)
		blocks->spare = slab->next;
	else
	{
		slab = MemoryContextAllocHuge(blocks->context, SLAB_HEADER_SIZE + size);
		slab->size = size;
		blocks->allocated += size;
	}
	slab->next = blocks->slabs;
	blocks->slabs = slab;
	return (char *) slab + SLAB_HEADER_SIZE;
}

static size_t
next_slab_size(const SpoolBlocks *blocks)
{
	return MAXALIGN(Min(Max(blocks->allocated / 8, MIN_SLAB_SIZE), MAX_SLAB_SIZE));
}

/* Is this a block that has a slab of its own? */
static bool
is_large(size_t room)
{
	return room > SPOOL_MAX_BLOCK_SIZE - sizeof(SpoolBlock);
}

size_t
funnel_blocks_needed(const SpoolBlocks *blocks, size_t room)
{
	if (is_large(room) ?
		blocks->spare != NULL && blocks->spare->size >= room + sizeof(SpoolBlock) :
		blocks->spare != NULL || blocks->slab_left >= SPOOL_MAX_BLOCK_SIZE)
		return 0;
	return Max(next_slab_size(blocks), room);
}

static SpoolBlock *
allocate_block(SpoolBlocks *blocks, size_t size)
{
	SpoolBlock *block;

	if (!spool_is_partitioned(blocks) || size > SPOOL_MAX_BLOCK_SIZE)
		block = (SpoolBlock *) allocate_slab(blocks, size);
	else
	{
		if (blocks->slab_left < size)
		{
			size_t		slab_size = next_slab_size(blocks);

			if (blocks->spare != NULL)
				slab_size = SPOOL_MAX_BLOCK_SIZE;	/* any will do */
			blocks->slab_free = allocate_slab(blocks, slab_size);
			blocks->slab_left = blocks->slabs->size;
		}
		block = (SpoolBlock *) blocks->slab_free;
		blocks->slab_free += size;
		blocks->slab_left -= size;
	}
	memset(block, 0, sizeof(SpoolBlock));
	block->room = size - sizeof(SpoolBlock);
	return block;
}

void
funnel_blocks_add(SpoolBlocks *blocks, SpoolPartition *partition, size_t room)
{
	size_t		size = spool_is_partitioned(blocks) ? MIN_BLOCK_SIZE : FIRST_BLOCK_SIZE;
	SpoolBlock *block;

	funnel_blocks_close(partition);
	if (partition->tail != NULL)
		size = Min((sizeof(SpoolBlock) + partition->tail->room) * 2, SPOOL_MAX_BLOCK_SIZE);
	if (size < sizeof(SpoolBlock) + room)
		size = MAXALIGN(sizeof(SpoolBlock) + room);
	block = allocate_block(blocks, size);
	if (partition->tail != NULL)
		partition->tail->next = block;
	else
		partition->head = block;
	partition->tail = block;
	partition->next = SPOOL_BLOCK_DATA(block);
	partition->end = partition->next + block->room;
}

/* Note how far the last block is filled, with zeros up to where it is aligned. */
static inline void
finish_segment(SpoolPartition *partition)
{
	SpoolSegment *segment;

	if (partition->next == NULL)
		return;
	segment = &partition->tail->segment;
	segment->size = partition->next - SPOOL_BLOCK_DATA(partition->tail);
	memset(partition->next, 0, TYPEALIGN(8, (size_t) segment->size) - segment->size);
}

void
funnel_blocks_finish_segments(SpoolBlocks *blocks)
{
	for (int p = 0; p < spool_num_partitions(blocks); p++)
		finish_segment(&blocks->partitions[p]);
}

void
funnel_blocks_close(SpoolPartition *partition)
{
	finish_segment(partition);
	partition->next = partition->end = NULL;
}

void
funnel_blocks_close_all(SpoolBlocks *blocks)
{
	for (int p = 0; p < spool_num_partitions(blocks); p++)
		funnel_blocks_close(&blocks->partitions[p]);
}

static void
lose_records(SpoolBlocks *blocks)
{
	memset(blocks->partitions, 0, sizeof(SpoolPartition) * spool_num_partitions(blocks));
	blocks->slab_left = 0;
}

void
funnel_blocks_reuse(SpoolBlocks *blocks)
{
	lose_records(blocks);
	while (blocks->slabs != NULL)
	{
		SpoolSlab  *slab = blocks->slabs;

		blocks->slabs = slab->next;
		slab->next = blocks->spare;
		blocks->spare = slab;
	}
}

void
funnel_blocks_free(SpoolBlocks *blocks)
{
	funnel_blocks_reuse(blocks);
	funnel_blocks_free_spare(blocks);
}

void
funnel_blocks_free_spare(SpoolBlocks *blocks)
{
	while (blocks->spare != NULL)
	{
		SpoolSlab  *slab = blocks->spare;

		blocks->spare = slab->next;
		blocks->allocated -= slab->size;
		pfree(slab);
	}
}
