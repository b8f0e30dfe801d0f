/*-------------------------------------------------------------------------
 *
 * spool/blocks.h
 *	  The memory that new records go to: a list of blocks, or one for each
 *	  partition.
 *
 * A block holds one segment.  Blocks are cut from slabs, which are what the
 * memory context is asked for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_BLOCKS_H
#define FUNNEL_SPOOL_BLOCKS_H

#include "spool/segment.h"

#define SPOOL_PARTITION_BITS	8
#define SPOOL_PARTITIONS		(1 << SPOOL_PARTITION_BITS)

/* The largest size of a block with more than one record */
#define SPOOL_MAX_BLOCK_SIZE	8192

typedef struct SpoolBlock
{
	struct SpoolBlock *next;
	size_t		room;			/* for records */
	SpoolSegment segment;
	/* records follow */
} SpoolBlock;

#define SPOOL_BLOCK_DATA(block)	((char *) (block) + sizeof(SpoolBlock))

StaticAssertDecl(offsetof(SpoolBlock, segment) + sizeof(SpoolSegment) == sizeof(SpoolBlock),
				 "a block's segment is in one piece");

typedef struct SpoolPartition
{
	char	   *next;			/* where the next record goes, NULL if in a
								 * new block */
	char	   *end;			/* of the last block */
	uint64		base;			/* its segment's */
	uint64		item_base;
	SpoolBlock *head;
	SpoolBlock *tail;
} SpoolPartition;

typedef struct SpoolBlocks
{
	MemoryContext context;
	int			shift;			/* the partition's bits of a hash */
	uint32		mask;			/* of partitions: all of them, or 0 */
	SpoolPartition *partitions;
	SpoolPartition single;		/* what partitions points to at first */

	struct SpoolSlab *slabs;	/* in use */
	struct SpoolSlab *spare;
	size_t		allocated;		/* bytes of slabs, spare ones included */
	char	   *slab_free;
	size_t		slab_left;
} SpoolBlocks;

static inline bool
spool_is_partitioned(const SpoolBlocks *blocks)
{
	return blocks->mask != 0;
}

static inline int
spool_num_partitions(const SpoolBlocks *blocks)
{
	return (int) blocks->mask + 1;
}

static inline SpoolPartition *
spool_partition_of(const SpoolBlocks *blocks, uint64 hash)
{
	return &blocks->partitions[(hash >> blocks->shift) & blocks->mask];
}

/* No blocks.  The partition of a hash are its bits from SHIFT on. */
extern void funnel_blocks_init(SpoolBlocks *blocks, int shift, MemoryContext context);

/* Put what comes into partitions from now on.  There must be no blocks. */
extern void funnel_blocks_partition(SpoolBlocks *blocks);

/*
 * What memory must be asked for before a block with ROOM for records can be
 * added, 0 if none.
 */
extern size_t funnel_blocks_needed(const SpoolBlocks *blocks, size_t room);

/* An empty block at the end of a partition, with ROOM bytes or more. */
extern void funnel_blocks_add(SpoolBlocks *blocks, SpoolPartition *partition, size_t room);

/* The next record of a partition, or of all of them, will begin a new block. */
extern void funnel_blocks_close(SpoolPartition *partition);
extern void funnel_blocks_close_all(SpoolBlocks *blocks);

/* Have all blocks say what is in them.  To be called before they are read. */
extern void funnel_blocks_finish_segments(SpoolBlocks *blocks);

/* Lose all records, and keep the memory, or not. */
extern void funnel_blocks_reuse(SpoolBlocks *blocks);
extern void funnel_blocks_free(SpoolBlocks *blocks);
extern void funnel_blocks_free_spare(SpoolBlocks *blocks);

#endif							/* FUNNEL_SPOOL_BLOCKS_H */
