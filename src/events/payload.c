/*-------------------------------------------------------------------------
 *
 * events/payload.c
 *	  The payloads of one unit's events: texts, each known by a code.
 *
 * A code is the number of a text in the pool or, with the highest bit set,
 * where in the unit's own bytes the payload begins: with its length.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "events/payload.h"

/* The pool's bounds: what it can come to use is about half a megabyte. */
#define POOL_MAX_TEXTS	4096
#define POOL_MAX_LENGTH		64
#define POOL_FIRST_TEXTS	8

#define OWN_BIT				(UINT64CONST(1) << 63)
#define OWN_FIRST_SIZE		64

/* The code of a text in the pool; false if it is not there and will not be. */
static bool
find_in_pool(FunnelPayloadPool *pool, const char *text, uint32 len, uint64 *code)
{
	FunnelBytes key = {text, len};
	FunnelByteHashEntry *entry;
	char	   *copy;
	bool		found;

	if (pool->codes == NULL)
	{
		pool->texts = MemoryContextAlloc(pool->context, sizeof(FunnelBytes) * POOL_FIRST_TEXTS);
		pool->codes = funnel_bytehash_new(pool->context, POOL_FIRST_TEXTS);
	}
	entry = funnel_bytehash_lookup(pool->codes, key);
	if (entry != NULL)
	{
		*code = entry->value.number;
		return true;
	}
	if (pool->ntexts == POOL_MAX_TEXTS)
		return false;

	/* room for a power of two of them */
	if (pool->ntexts >= POOL_FIRST_TEXTS && (pool->ntexts & (pool->ntexts - 1)) == 0)
		pool->texts = repalloc(pool->texts, sizeof(FunnelBytes) * 2 * pool->ntexts);
	copy = MemoryContextAlloc(pool->context, Max(len, 1));
	memcpy(copy, text, len);
	key.bytes = copy;
	entry = funnel_bytehash_insert(pool->codes, key, &found);
	entry->value.number = *code = pool->ntexts;
	pool->texts[pool->ntexts++] = key;
	return true;
}

static const char *
own_text(const FunnelPayloads *payloads, uint64 code, uint32 *len)
{
	const char *at = payloads->bytes + (code & ~OWN_BIT);

	memcpy(len, at, sizeof(*len));
	return at + sizeof(*len);
}

static uint64
add_own(FunnelPayloads *payloads, MemoryContext context, const char *text, uint32 len)
{
	uint64		size = sizeof(len) + (uint64) len;

	/* a session's payload tends to stay */
	if (payloads->last != 0)
	{
		uint32		last_len;
		const char *last_text = own_text(payloads, payloads->last - 1, &last_len);

		if (last_len == len && memcmp(last_text, text, len) == 0)
			return payloads->last - 1;
	}

	if (size > payloads->allocated - payloads->used)
	{
		uint64		allocated = Max(payloads->allocated, OWN_FIRST_SIZE);

		while (allocated - payloads->used < size)
			allocated *= 2;
		if (allocated > MaxAllocHugeSize)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many payloads of one unit")));
		if (payloads->bytes == NULL)
			payloads->bytes = MemoryContextAllocHuge(context, allocated);
		else
			payloads->bytes = repalloc_huge(payloads->bytes, allocated);
		payloads->allocated = allocated;
	}
	payloads->last = (OWN_BIT | payloads->used) + 1;
	memcpy(payloads->bytes + payloads->used, &len, sizeof(len));
	memcpy(payloads->bytes + payloads->used + sizeof(len), text, len);
	payloads->used += size;
	return payloads->last - 1;
}

uint64
funnel_payload_code(FunnelPayloads *payloads, MemoryContext context,
					const char *text, uint32 len)
{
	uint64		code;

	if (len <= POOL_MAX_LENGTH && find_in_pool(payloads->pool, text, len, &code))
		return code;
	return add_own(payloads, context, text, len);
}

const char *
funnel_payload_text(const FunnelPayloads *payloads, uint64 code, uint32 *len)
{
	if (code == FUNNEL_NO_PAYLOAD)
		return NULL;
	if ((code & OWN_BIT) != 0)
		return own_text(payloads, code, len);
	*len = payloads->pool->texts[code].size;
	return payloads->pool->texts[code].bytes;
}

int
funnel_payload_compare(uint64 a, uint64 b, const void *payloads)
{
	uint32		alen = 0;
	uint32		blen = 0;
	const char *atext = funnel_payload_text(payloads, a, &alen);
	const char *btext = funnel_payload_text(payloads, b, &blen);
	int			cmp;

	if (atext == NULL || btext == NULL)
		return (atext == NULL) - (btext == NULL);
	cmp = memcmp(atext, btext, Min(alen, blen));
	if (cmp != 0)
		return cmp;
	return (alen > blen) - (alen < blen);
}
