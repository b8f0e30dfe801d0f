/*-------------------------------------------------------------------------
 *
 * spool_impl.h
 *	  What the files of the spool know of each other: records in blocks, runs
 *	  of all partitions, and how events and units stand in them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_IMPL_H
#define FUNNEL_SPOOL_IMPL_H

#include "eventword.h"
#include "spool.h"
#include "tempfile.h"

#define SPOOL_PARTITION_BITS	8
#define SPOOL_PARTITIONS		(1 << SPOOL_PARTITION_BITS)

typedef struct SpoolBlock
{
	struct SpoolBlock *next;
	uint32		used;			/* bytes of records, once it is full */
	uint32		size;
	/* records follow, 8-byte aligned */
} SpoolBlock;

#define SPOOL_BLOCK_HEADER		MAXALIGN(sizeof(SpoolBlock))
#define SPOOL_BLOCK_DATA(block)	((char *) (block) + SPOOL_BLOCK_HEADER)

typedef struct SpoolPartition
{
	char	   *next;			/* where the next record goes, in the last block */
	char	   *end;
	SpoolBlock *head;
	SpoolBlock *tail;
} SpoolPartition;

/* The events of one unit, coded; see spool_bundle.c. */
#define SPOOL_BUNDLE_PADDING	8	/* behind the last bundle in memory */

/* What came at one time: written to the file, or received from a process. */
typedef struct SpoolRun
{
	bool		wide;
	bool		bundled;		/* bundles rather than records */
	uint8	   *codes;			/* what its codes are here; NULL if the same */
	char	   *memory;			/* NULL if it is in the file */
	int64		offsets[SPOOL_PARTITIONS + 1];	/* of each partition, and the end */
} SpoolRun;

/* Records or bundles one after another in memory. */
typedef struct SpoolStretch
{
	const char *begin;
	const char *end;
	bool		wide;
	bool		bundled;
	const uint8 *codes;			/* as in SpoolRun */
} SpoolStretch;

struct FunnelSpool
{
	MemoryContext context;
	FunctionCallInfo fcinfo;
	FunnelFileOwner file_owner;
	FunnelUnitType *unit_type;
	bool		with_items;
	bool		wide;			/* the records in memory */
	bool		is_plain;		/* not wide, no items, word units */
	FunnelEventCodes codes;

	int			shift;			/* the partition's bits of a hash */
	uint32		mask;			/* 0, or SPOOL_PARTITIONS - 1 */
	SpoolPartition *partitions;
	SpoolPartition single;		/* what partitions points to at first */

	struct Slab *slabs;			/* in use */
	struct Slab *spare;
	size_t		allocated;		/* bytes of slabs, spare ones included */
	char	   *slab_free;
	size_t		slab_left;
	size_t		bundle_memory;	/* bytes of bundles, not counted in allocated */

	BufFile    *file;
	int64		file_size;
	int			nruns;
	SpoolRun  **runs;
};

#define SPOOL_NUM_PARTITIONS(spool)	((int) (spool)->mask + 1)

/*
 * Events in records
 */

/* The size of an event without its item, and with it if there are items. */
static inline size_t
spool_row_size(bool wide)
{
	return wide ? sizeof(FunnelRow) : sizeof(uint64);
}

static inline size_t
spool_event_size(const FunnelSpool *spool, bool wide)
{
	return spool_row_size(wide) + (spool->with_items ? sizeof(uint64) : 0);
}

static inline FunnelRow
spool_read_event(const FunnelSpool *spool, bool wide, const char *event)
{
	FunnelRow	row;
	uint64		word;

	if (wide)
		memcpy(&row, event, sizeof(row));
	else
	{
		memcpy(&word, event, sizeof(word));
		row = funnel_event_decode(&spool->codes, word);
	}
	return row;
}

static inline uint64
spool_read_item(const FunnelSpool *spool, bool wide, const char *event)
{
	uint64		item = 0;

	if (spool->with_items)
		memcpy(&item, event + spool_row_size(wide), sizeof(item));
	return item;
}

/* Copy an event to a place that may be wide where it is not. */
static inline void
spool_copy_event(const FunnelSpool *spool, char *to, bool to_wide,
				 const char *event, bool wide)
{
	FunnelRow	row;

	if (wide == to_wide)
	{
		memcpy(to, event, spool_event_size(spool, wide));
		return;
	}
	row = spool_read_event(spool, wide, event);
	memcpy(to, &row, sizeof(row));
	if (spool->with_items)
		memcpy(to + sizeof(row), event + spool_row_size(wide), sizeof(uint64));
}

/*
 * Units in records: a word, or this with so many bytes behind it, padded.
 */
typedef struct SpoolUnit
{
	uint32		hash;
	uint32		len;
} SpoolUnit;

/* The same outside of records: the word, or where it is. */
typedef uint64 SpoolUnitRef;

static inline size_t
spool_unit_size(const FunnelSpool *spool, const char *unit)
{
	if (spool->unit_type->is_word)
		return sizeof(uint64);
	return sizeof(SpoolUnit) + TYPEALIGN(8, (size_t) ((const SpoolUnit *) unit)->len);
}

static inline SpoolUnitRef
spool_unit_ref(const FunnelSpool *spool, const char *unit)
{
	uint64		word;

	if (!spool->unit_type->is_word)
		return (SpoolUnitRef) (uintptr_t) unit;
	memcpy(&word, unit, sizeof(word));
	return word;
}

/* Types that are not words have a hash of 32 bits: it is doubled. */
static inline uint64
spool_double_hash(uint32 hash)
{
	return (uint64) hash << 32 | hash;
}

static inline uint64
spool_unit_hash(const FunnelSpool *spool, SpoolUnitRef unit)
{
	if (!spool->unit_type->is_word)
		return spool_double_hash(((const SpoolUnit *) (uintptr_t) unit)->hash);
	return funnel_hash_word(unit);
}

static inline size_t
spool_block_used(const SpoolPartition *partition, const SpoolBlock *block)
{
	return block == partition->tail ? partition->next - SPOOL_BLOCK_DATA(block) : block->used;
}

/* A larger buffer in place of OLD, whose content is lost. */
static inline void *
spool_replace_buffer(MemoryContext context, void *old, size_t size)
{
	if (old != NULL)
		pfree(old);
	return MemoryContextAllocHuge(context, size);
}

/* spool.c: filling */
extern FunnelSpool *funnel_spool_create_inner(const FunnelSpool *outer, MemoryContext context);
extern void funnel_spool_partition(FunnelSpool *spool);
extern void funnel_spool_widen(FunnelSpool *spool);
extern void funnel_spool_append_stretch(FunnelSpool *spool, const FunnelSpool *from,
										const SpoolStretch *stretch);
extern bool funnel_spool_takes_bundles(const FunnelSpool *spool, size_t size);
extern void funnel_spool_add_bundles(FunnelSpool *spool, SpoolRun *run,
									 const char *bundles, size_t size);

/* spool_scan.c: reading */
extern SpoolUnitRef funnel_spool_scan_unit(const FunnelSpoolScan *scan);
extern int	funnel_spool_scan_partition(const FunnelSpoolScan *scan);

/*
 * spool_bundle.c: the events of one unit, coded
 */
typedef struct SpoolBundle
{
	SpoolUnitRef unit;
	uint64		nevents;
	uint64		first;			/* if they are coded, the first word, */
	int			width;			/* the bytes of each other, else 0 */
	const char *events;
} SpoolBundle;

pg_noreturn extern void funnel_spool_is_invalid(void);
extern size_t funnel_bundle_max_size(const FunnelSpool *spool, SpoolUnitRef unit,
									 const FunnelEvents *events);
extern char *funnel_bundle_write(const FunnelSpool *spool, char *to, size_t position,
								 SpoolUnitRef unit, FunnelEvents *events);
extern bool funnel_bundle_read(const FunnelSpool *spool, const SpoolStretch *stretch,
							   const char **at, SpoolBundle *bundle);
extern void funnel_bundle_events(const FunnelSpool *spool, const SpoolStretch *stretch,
								 const SpoolBundle *bundle, char *to);

#endif							/* FUNNEL_SPOOL_IMPL_H */
