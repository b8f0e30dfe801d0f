/*-------------------------------------------------------------------------
 *
 * payload.c
 *	  The payloads of one unit's events: texts, kept as codes of four bytes.
 *
 * A code is the number of an entry of the pool or, with the highest bit set,
 * where in the unit's own bytes the payload begins, in units of four bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "compat.h"
#include "payload.h"

/* The pool's bounds: what it can come to use is about half a megabyte. */
#define POOL_MAX_ENTRIES	4096
#define POOL_MAX_LENGTH		64
#define POOL_FIRST_SLOTS	16

#define OWN_BIT				UINT32_C(0x80000000)
#define OWN_UNIT			sizeof(uint32)

/* Own bytes are lengths, each followed by a text and padded. */
#define OWN_MAX_SIZE		((uint64) (FUNNEL_NO_PAYLOAD - OWN_BIT) * OWN_UNIT)
#define OWN_FIRST_SIZE		64

/* Most units have few events that matter. */
#define FIRST_CAPACITY		4

/* On the wire, the length of no payload. */
#define WIRE_NO_PAYLOAD		PG_UINT32_MAX

typedef struct FunnelPoolEntry
{
	uint32		hash;
	uint32		len;
	char	   *text;
} FunnelPoolEntry;

static void
enlarge_pool(FunnelPayloadPool *pool)
{
	uint32		nslots = pool->nslots == 0 ? POOL_FIRST_SLOTS : pool->nslots * 2;
	uint32	   *slots = MemoryContextAllocZero(pool->context, nslots * sizeof(uint32));
	FunnelPoolEntry *entries = MemoryContextAlloc(pool->context,
												  nslots / 2 * sizeof(FunnelPoolEntry));

	for (uint32 i = 0; i < pool->nentries; i++)
	{
		uint32		slot = pool->entries[i].hash & (nslots - 1);

		while (slots[slot] != 0)
			slot = (slot + 1) & (nslots - 1);
		slots[slot] = i + 1;
		entries[i] = pool->entries[i];
	}
	if (pool->nslots != 0)
	{
		pfree(pool->slots);
		pfree(pool->entries);
	}
	pool->nslots = nslots;
	pool->slots = slots;
	pool->entries = entries;
}

/* The code of a text in the pool; false if it is not there and will not be. */
static bool
find_in_pool(FunnelPayloadPool *pool, const char *text, uint32 len, FunnelPayload *code)
{
	uint32		hash = hash_bytes((const unsigned char *) text, len);
	uint32		slot;
	FunnelPoolEntry *entry;

	if (pool->nslots == 0)
		enlarge_pool(pool);
	for (slot = hash & (pool->nslots - 1); pool->slots[slot] != 0;
		 slot = (slot + 1) & (pool->nslots - 1))
	{
		entry = &pool->entries[pool->slots[slot] - 1];
		if (entry->hash == hash && entry->len == len &&
			memcmp(entry->text, text, len) == 0)
		{
			*code = pool->slots[slot] - 1;
			return true;
		}
	}
	if (pool->nentries == POOL_MAX_ENTRIES)
		return false;
	if (pool->nentries == pool->nslots / 2)
	{
		enlarge_pool(pool);
		slot = hash & (pool->nslots - 1);
		while (pool->slots[slot] != 0)
			slot = (slot + 1) & (pool->nslots - 1);
	}
	entry = &pool->entries[pool->nentries];
	entry->hash = hash;
	entry->len = len;
	entry->text = MemoryContextAlloc(pool->context, Max(len, 1));
	memcpy(entry->text, text, len);
	*code = pool->nentries;
	pool->slots[slot] = ++pool->nentries;
	return true;
}

static const char *
own_text(const FunnelPayloads *payloads, FunnelPayload code, uint32 *len)
{
	const char *at = payloads->bytes + (uint64) (code - OWN_BIT) * OWN_UNIT;

	memcpy(len, at, sizeof(*len));
	return at + sizeof(*len);
}

static FunnelPayload
add_own(FunnelPayloads *payloads, MemoryContext context, const char *text, uint32 len)
{
	uint64		size = TYPEALIGN64(OWN_UNIT, sizeof(len) + (uint64) len);
	uint64		at = payloads->used;

	/* a session's payload tends to stay */
	if (payloads->npayloads > 0)
	{
		FunnelPayload last = payloads->codes[payloads->npayloads - 1];

		if (last != FUNNEL_NO_PAYLOAD && (last & OWN_BIT) != 0)
		{
			uint32		last_len;
			const char *last_text = own_text(payloads, last, &last_len);

			if (last_len == len && memcmp(last_text, text, len) == 0)
				return last;
		}
	}

	if (size > OWN_MAX_SIZE - at)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many payloads of one unit")));
	if (size > payloads->allocated - at)
	{
		uint64		allocated = Max(payloads->allocated, OWN_FIRST_SIZE);

		while (allocated < at + size)
			allocated *= 2;
		if (payloads->bytes == NULL)
			payloads->bytes = MemoryContextAllocHuge(context, allocated);
		else
			payloads->bytes = repalloc_huge(payloads->bytes, allocated);
		payloads->allocated = allocated;
	}
	memcpy(payloads->bytes + at, &len, sizeof(len));
	memcpy(payloads->bytes + at + sizeof(len), text, len);
	payloads->used = at + size;
	return OWN_BIT | (FunnelPayload) (at / OWN_UNIT);
}

void
funnel_payloads_add(FunnelPayloads *payloads, MemoryContext context,
					FunnelPayloadPool *pool, const char *text, uint32 len)
{
	FunnelPayload code = FUNNEL_NO_PAYLOAD;

	if (text != NULL &&
		(len > POOL_MAX_LENGTH || !find_in_pool(pool, text, len, &code)))
		code = add_own(payloads, context, text, len);

	if (payloads->npayloads == payloads->capacity)
	{
		uint64		capacity = Max((uint64) payloads->capacity * 2, FIRST_CAPACITY);

		/* never more than there are events, which are bounded by the same */
		if (capacity > PG_UINT32_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events of one unit")));
		if (payloads->codes == NULL)
			payloads->codes = MemoryContextAllocHuge(context,
													 capacity * sizeof(FunnelPayload));
		else
			payloads->codes = repalloc_huge(payloads->codes,
											capacity * sizeof(FunnelPayload));
		payloads->capacity = capacity;
	}
	payloads->codes[payloads->npayloads++] = code;
}

const char *
funnel_payload_text(const FunnelPayloadTexts *texts, FunnelPayload code, uint32 *len)
{
	if (code == FUNNEL_NO_PAYLOAD)
		return NULL;
	if ((code & OWN_BIT) != 0)
		return own_text(texts->payloads, code, len);
	*len = texts->pool->entries[code].len;
	return texts->pool->entries[code].text;
}

int
funnel_payload_compare(uint64 a, uint64 b, const void *arg)
{
	const FunnelPayloadTexts *texts = arg;
	uint32		alen = 0;
	uint32		blen = 0;
	const char *atext = funnel_payload_text(texts, (FunnelPayload) a, &alen);
	const char *btext = funnel_payload_text(texts, (FunnelPayload) b, &blen);
	int			cmp;

	if (atext == NULL || btext == NULL)
		return (atext == NULL) - (btext == NULL);
	cmp = memcmp(atext, btext, Min(alen, blen));
	if (cmp != 0)
		return cmp;
	return (alen > blen) - (alen < blen);
}

void
funnel_payloads_serialize(const FunnelPayloads *payloads, const FunnelPayloadPool *pool,
						  StringInfo buf)
{
	FunnelPayloadTexts texts = {pool, payloads};

	pq_sendint32(buf, payloads->npayloads);
	for (uint32 i = 0; i < payloads->npayloads; i++)
	{
		uint32		len = 0;
		const char *text = funnel_payload_text(&texts, payloads->codes[i], &len);

		pq_sendint32(buf, text == NULL ? WIRE_NO_PAYLOAD : len);
		if (text != NULL)
			pq_sendbytes(buf, text, len);
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

void
funnel_payloads_absorb(FunnelPayloads *payloads, MemoryContext context,
					   FunnelPayloadPool *pool, StringInfo buf)
{
	uint32		npayloads = pq_getmsgint(buf, 4);

	for (uint32 i = 0; i < npayloads; i++)
	{
		uint32		len = pq_getmsgint(buf, 4);

		if (len == WIRE_NO_PAYLOAD)
			funnel_payloads_add(payloads, context, pool, NULL, 0);
		else
			funnel_payloads_add(payloads, context, pool, pq_getmsgbytes(buf, len), len);
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}
