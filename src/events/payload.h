/*-------------------------------------------------------------------------
 *
 * events/payload.h
 *	  The payloads of one unit's events: texts, each known by a code.
 *
 * What most payloads are, a channel or a country, comes again and again, in
 * all units: the short ones go to a pool that the units of a call site share,
 * as long as it is not full.  The others are kept with their unit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_PAYLOAD_H
#define FUNNEL_EVENTS_PAYLOAD_H

/* The code of an event without a payload. */
#define FUNNEL_NO_PAYLOAD	PG_UINT64_MAX

/* Begins as all zeros, but for the context in which it grows. */
typedef struct FunnelPayloadPool
{
	MemoryContext context;
	uint32		nentries;
	struct FunnelPoolEntry *entries;
	uint32		nslots;			/* power of two, or 0 */
	uint32	   *slots;			/* number of the entry + 1, or 0 */
} FunnelPayloadPool;

/* A unit's; begins as all zeros, but for the pool. */
typedef struct FunnelPayloads
{
	FunnelPayloadPool *pool;
	char	   *bytes;			/* what is not in the pool */
	uint64		used;
	uint64		allocated;
	uint64		last;			/* the last code of those plus 1, or 0 */
} FunnelPayloads;

/* The code of a text; PAYLOADS grow in CONTEXT. */
extern uint64 funnel_payload_code(FunnelPayloads *payloads, MemoryContext context,
								  const char *text, uint32 len);

/* The text behind a code, NULL if there is none. */
extern const char *funnel_payload_text(const FunnelPayloads *payloads, uint64 code,
									   uint32 *len);

/*
 * Order two codes by the bytes behind them, none last; a FunnelItemCompare
 * whose argument is the unit's FunnelPayloads.
 */
extern int	funnel_payload_compare(uint64 a, uint64 b, const void *payloads);

#endif							/* FUNNEL_EVENTS_PAYLOAD_H */
