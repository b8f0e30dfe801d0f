/*-------------------------------------------------------------------------
 *
 * aggregate/keys.h
 *	  Texts of rows as numbers: the keys of funnel_agg_by, the labels of flow_agg.
 *
 * A key has a group, which is its number in this state, and numbers in the spool.
 * The events of a spool go from process to process as they are.  So the number
 * that stands for a key in it is one of the process that read the row, which
 * hands over with its events what its numbers mean.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_AGGREGATE_KEYS_H
#define FUNNEL_AGGREGATE_KEYS_H

#include "lib/stringinfo.h"

#include "base/bytehash.h"

typedef struct FunnelKey
{
	const char *bytes;
	uint32		size;
	uint64		number;			/* for rows of this state, 0 as long as there
								 * is none */
} FunnelKey;

/*
 * Keys that were seen last, each at the place that its ends say.  Most tables
 * have few, and then a key is found without a look at all of its bytes.  Where keys
 * take each other's places, that is, after so many misses for each place, there will be
 * twice as many: up to so many for each group, but not more than are in the cache.
 */
#define FUNNEL_PLACES_PER_GROUP	8
#define FUNNEL_MIN_PLACES		16
#define FUNNEL_MAX_PLACES		1024
#define FUNNEL_MISSES_PER_PLACE	16

typedef struct FunnelRecentKey
{
	uint64		head;			/* its first bytes, and its last */
	uint64		tail;
	const char *bytes;			/* NULL if there is none here */
	uint32		size;
	uint64		number;
} FunnelRecentKey;

typedef struct FunnelKeys
{
	MemoryContext context;
	int			ngroups;
	int			capacity;
	FunnelKey  *groups;
	size_t		size;			/* of all their bytes */
	struct funnel_bytehash_hash *by_bytes;	/* the groups from 0 on */
	struct keynumber_hash *by_number;	/* the same, by all numbers in the
										 * spool */
	uint32		nplaces;		/* a power of two */
	uint32		nmissed;		/* keys that were in none, since there are so
								 * many */
	FunnelRecentKey *recent;
} FunnelKeys;

/* No keys; they and all they grow by live in CONTEXT. */
extern FunnelKeys *funnel_keys_create(MemoryContext context);

/* The number of a key in this state's own rows, never 0. */
extern uint64 funnel_keys_number(FunnelKeys *keys, const char *bytes, uint32 size);

/* The group that a number in the spool stands for. */
extern int	funnel_keys_group(const FunnelKeys *keys, uint64 number);

/* Know what another state's numbers mean, by way of a message. */
extern void funnel_keys_send(const FunnelKeys *keys, StringInfo buf);
extern void funnel_keys_receive(FunnelKeys *keys, StringInfo buf);

#endif							/* FUNNEL_AGGREGATE_KEYS_H */
