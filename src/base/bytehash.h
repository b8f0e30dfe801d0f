/*-------------------------------------------------------------------------
 *
 * base/bytehash.h
 *	  Hash tables whose keys are bytes: texts, definitions, questions.
 *
 * The server's simplehash, to be used as lib/simplehash.h says, with the prefix
 * funnel_bytehash.  The bytes of a key must last as long as its entry.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_BYTEHASH_H
#define FUNNEL_BASE_BYTEHASH_H

#include "base/hash.h"

typedef struct FunnelBytes
{
	const char *bytes;
	uint32		size;
} FunnelBytes;

typedef struct FunnelByteHashEntry
{
	FunnelBytes key;
	uint32		hash;
	char		status;
	union
	{
		void	   *pointer;
		uint64		number;
	}			value;
} FunnelByteHashEntry;

#define SH_PREFIX		funnel_bytehash
#define SH_ELEMENT_TYPE FunnelByteHashEntry
#define SH_KEY_TYPE		FunnelBytes
#define SH_KEY			key
#define SH_HASH_KEY(tb, key) \
	((uint32) funnel_hash_word(funnel_hash_bytes((uintptr_t) (tb)->private_data, (key).bytes, (key).size)))
#define SH_EQUAL(tb, a, b) \
	((a).size == (b).size && memcmp((a).bytes, (b).bytes, (a).size) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry)	((entry)->hash)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A table with room for some NKEYS keys; its order is another each time. */
static inline funnel_bytehash_hash *
funnel_bytehash_new(MemoryContext context, uint32 nkeys)
{
	return funnel_bytehash_create(context, nkeys, (void *) (uintptr_t) funnel_random_seed());
}

#endif							/* FUNNEL_BASE_BYTEHASH_H */
