/*-------------------------------------------------------------------------
 *
 * spool/impl.h
 *	  What the files of the spool know of each other: partitions of blocks, and
 *	  runs of all partitions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_IMPL_H
#define FUNNEL_SPOOL_IMPL_H

#include "lib/ilist.h"

#include "spool/records.h"
#include "spool/spool.h"
#include "spool/tempfile.h"

#define SPOOL_PARTITION_BITS	8
#define SPOOL_PARTITIONS		(1 << SPOOL_PARTITION_BITS)

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
	char	   *next;			/* where the next record goes, NULL if in a new block */
	char	   *end;			/* of the last block */
	uint64		base;			/* its segment's */
	SpoolBlock *head;
	SpoolBlock *tail;
} SpoolPartition;

/* What came at one time: written to the file, or received from a process. */
typedef struct SpoolRun
{
	char	   *memory;			/* NULL if it is in a file */
	BufFile    *file;
	int64		offsets[SPOOL_PARTITIONS + 1];	/* of each partition, and the end */
} SpoolRun;

struct FunnelSpool
{
	SpoolForm	form;
	MemoryContext context;
	FunctionCallInfo fcinfo;
	FunnelFileOwner file_owner;

	/* If partitioned, and not for a part of another spool */
	dlist_node	node;			/* in the list of this process */
	MemoryContextCallback end;	/* takes it out */
	ResourceOwner resource_owner;	/* of the file */
	bool		idle;			/* to be read later, or not at all */

	bool		wide;			/* new events */
	const FunnelEventCodes *codes;

	/* new records, if packed */
	bool		packed;			/* not wide, no items, word units */
	int			word_width;
	int			unit_width;
	uint64		word_excess;	/* the bits that have no room */
	uint64		unit_excess;
	size_t		packed_room;	/* bytes that writing a record may touch */

	int			shift;			/* the partition's bits of a hash */
	uint32		mask;			/* 0, or SPOOL_PARTITIONS - 1 */
	SpoolPartition *partitions;
	SpoolPartition single;		/* what partitions points to at first */

	struct Slab *slabs;			/* in use */
	struct Slab *spare;
	size_t		allocated;		/* bytes of slabs, spare ones included */
	char	   *slab_free;
	size_t		slab_left;
	size_t		run_memory;		/* bytes of runs, not counted in allocated */
	size_t		message_memory; /* of the message made of it, which the node
								 * may hold as long as the state */

	BufFile    *file;
	int64		file_size;
	int			nruns;
	SpoolRun  **runs;

	bool		has_others;		/* events of another spool, as a run or lent */
	int			nlenders;
	FunnelSpool **lenders;		/* whose events are read as well */
};

#define SPOOL_NUM_PARTITIONS(spool)	((int) (spool)->mask + 1)

/* The bytes of a partition in a run. */
static inline size_t
spool_run_size(const SpoolRun *run, int p)
{
	return run->offsets[p + 1] - run->offsets[p];
}

/* The spools to be read: first the lenders, then the spool itself. */
#define SPOOL_NUM_SOURCES(spool)	((spool)->nlenders + 1)

static inline const FunnelSpool *
spool_source(const FunnelSpool *spool, int i)
{
	return i < spool->nlenders ? spool->lenders[i] : spool;
}

/* A larger buffer in place of OLD, whose content is lost. */
static inline void *
spool_replace_buffer(MemoryContext context, void *old, size_t size)
{
	if (old != NULL)
		pfree(old);
	return MemoryContextAllocHuge(context, size);
}

/* spool/spool.c: filling */
extern FunnelSpool *funnel_spool_create_inner(const FunnelSpool *outer, MemoryContext context);
extern void funnel_spool_partition(FunnelSpool *spool);
extern void funnel_spool_widen(FunnelSpool *spool);
extern void funnel_spool_settle(FunnelSpool *spool);
extern void funnel_spool_append_segment(FunnelSpool *spool, const SpoolSegment *segment);
extern bool funnel_spool_is_over_budget(const FunnelSpool *spool, size_t size);
extern size_t funnel_spool_used_memory(const FunnelSpool *spool);
extern size_t funnel_spool_message_share(void);
extern void funnel_spool_set_idle(FunnelSpool *spool, bool idle);
extern void funnel_spool_replace(FunnelSpool *spool, SpoolRun *run);
extern bool funnel_spool_takes_run(const FunnelSpool *spool, size_t size);
extern void funnel_spool_add_run(FunnelSpool *spool, SpoolRun *run);
extern void funnel_spool_add_file(FunnelSpool *spool, SpoolRun *run);

/* spool/scan.c: reading */
extern SpoolUnitRef funnel_spool_scan_unit(const FunnelSpoolScan *scan);
extern int	funnel_spool_scan_partition(const FunnelSpoolScan *scan);
pg_noreturn extern void funnel_spool_is_invalid(void);
extern size_t funnel_spool_partition_size(const FunnelSpool *spool, int p);
extern const SpoolSegment *funnel_spool_next_segment(const FunnelSpool *spool,
														const char **at, const char *end);

#endif							/* FUNNEL_SPOOL_IMPL_H */
