/*-------------------------------------------------------------------------
 *
 * spool/state.h
 *	  What a spool consists of, for the files of src/spool.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_STATE_H
#define FUNNEL_SPOOL_STATE_H

#include "lib/ilist.h"

#include "spool/blocks.h"
#include "spool/sharedfile.h"
#include "spool/spool.h"
#include "spool/tempfile.h"

/*
 * The segments of all partitions, one partition after the other: written to the
 * file at one time, or received from another process.
 */
typedef struct SpoolRun
{
	char	   *memory;			/* NULL if it is in a file */
	File		file;			/* the spool's own, or another process's */
	int64		offsets[SPOOL_PARTITIONS + 1];	/* of each partition, and the
												 * end */
} SpoolRun;

/* A spool whose events are read as well, see spool/loan.h */
typedef struct SpoolLender
{
	uint64		number;
	FunnelSpool *spool;
} SpoolLender;

struct FunnelSpool
{
	SpoolForm	form;
	bool		is_split;		/* of a partition of another spool */
	SpoolBlocks blocks;
	bool		full_rows;		/* new events are */
	bool		keeps_all;		/* those that match nothing, too */

	/* new records, if packed */
	bool		packed;			/* words, with one item at most, of units
								 * whose bytes decide what is equal */
	int			word_width;
	int			unit_width;
	int			item_width;		/* 0 if there are no items */
	uint64		word_excess;	/* the bits that have no room */
	uint64		unit_excess;
	uint64		item_mask;		/* and those that have */
	uint64		item_base;		/* of the last block that began with one */
	size_t		packed_room;	/* bytes that writing a record may touch, a
								 * unit that is no integer not counted */

	/* events that have no partition yet, see funnel_spool_add */
	size_t		nwaiting;		/* bytes */
	char	   *waiting;		/* NULL if none can wait */

	/* the file */
	ResourceOwner resource_owner;	/* NULL if it is gone */
	File		file;			/* 0 if there is none */
	int64		file_size;
	bool		can_lend;		/* once it is partitioned */
	bool		hands_over;		/* to another node: it is a shared file */
	bool		writes_ahead;	/* blocks go there before memory is spent */
	bool		has_failed;		/* its last write did: others let it be */
	FunnelWrittenFile written;	/* if it is a shared one */

	int			nruns;
	SpoolRun  **runs;
	size_t		run_memory;		/* bytes of those in memory, not of blocks */

	/* the budget, of a spool that is partitioned and no part of another one */
	dlist_node	node;			/* in the list of this process */
	MemoryContextCallback end;	/* takes it out */
	bool		idle;			/* to be read later, or not at all */
	size_t		message_memory; /* of the message made of it, which the node
								 * may hold as long as the state */

	int			nlenders;
	SpoolLender *lenders;
};

/* The bytes of a partition in a run. */
static inline uint64
spool_run_size(const SpoolRun *run, int p)
{
	return run->offsets[p + 1] - run->offsets[p];
}

/* The spools to be read: first the lenders, then the spool itself. */
static inline int
spool_num_sources(const FunnelSpool *spool)
{
	return spool->nlenders + 1;
}

static inline const FunnelSpool *
spool_source(const FunnelSpool *spool, int i)
{
	return i < spool->nlenders ? spool->lenders[i].spool : spool;
}

/* A larger buffer in place of OLD, whose content is lost. */
static inline void *
spool_replace_buffer(MemoryContext context, void *old, size_t size)
{
	if (old != NULL)
		pfree(old);
	return MemoryContextAllocHuge(context, size);
}

#endif							/* FUNNEL_SPOOL_STATE_H */
