/*-------------------------------------------------------------------------
 *
 * payload.h
 *	  The payloads of one unit's events: texts, kept as codes of four bytes.
 *
 * What most payloads are, a channel or a country, comes again and again, in
 * all units: the short ones go to a pool that the units of a call site share,
 * as long as it is not full.  The others are kept with their unit.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PAYLOAD_H
#define FUNNEL_PAYLOAD_H

#include "lib/stringinfo.h"

typedef uint32 FunnelPayload;

/* The code of an event without a payload. */
#define FUNNEL_NO_PAYLOAD	PG_UINT32_MAX

/* Begins as all zeros, but for the context in which it grows. */
typedef struct FunnelPayloadPool
{
	MemoryContext context;
	uint32		nentries;
	struct FunnelPoolEntry *entries;
	uint32		nslots;			/* power of two, or 0 */
	uint32	   *slots;			/* number of the entry + 1, or 0 */
} FunnelPayloadPool;

/* Begins as all zeros. */
typedef struct FunnelPayloads
{
	uint32		npayloads;
	uint32		capacity;
	FunnelPayload *codes;		/* of the events, in order */
	char	   *bytes;			/* of those that are not in the pool */
	uint64		used;
	uint64		allocated;
} FunnelPayloads;

/* A payload to compare others with: the texts behind the codes. */
typedef struct FunnelPayloadTexts
{
	const FunnelPayloadPool *pool;
	const FunnelPayloads *payloads;
} FunnelPayloadTexts;

/* Append the payload of the next event; TEXT is NULL if it has none. */
extern void funnel_payloads_add(FunnelPayloads *payloads, MemoryContext context,
								FunnelPayloadPool *pool, const char *text, uint32 len);

/* The text behind a code, NULL if there is none. */
extern const char *funnel_payload_text(const FunnelPayloadTexts *texts,
									   FunnelPayload code, uint32 *len);

/*
 * Order two codes by the bytes behind them, none last; a FunnelItemCompare of
 * FunnelPayloadTexts.
 */
extern int	funnel_payload_compare(uint64 a, uint64 b, const void *texts);

/* To another process of the same server, and from it. */
extern void funnel_payloads_serialize(const FunnelPayloads *payloads,
									  const FunnelPayloadPool *pool, StringInfo buf);
extern void funnel_payloads_absorb(FunnelPayloads *payloads, MemoryContext context,
								   FunnelPayloadPool *pool, StringInfo buf);

#endif							/* FUNNEL_PAYLOAD_H */
