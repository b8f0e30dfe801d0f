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

#include "base/bytes.h"

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

static inline uint64
funnel_mix(uint64 hash, uint64 number)
{
	hash = (hash ^ number) * UINT64CONST(0x9E3779B97F4A7C15);
	return hash ^ (hash >> 32);
}

/*
 * A hash of all bytes, eight at a time; the last eight may overlap those
 * before.  It never leaves the process, so byte order does not matter.
 *
 * Up to eight bytes make one number that holds them all, and funnel_mix() is one
 * to one in its number.
 */
static inline uint64
funnel_hash_bytes(const char *bytes, int len)
{
	uint64		hash = (uint64) len;
	uint32		first;
	uint32		last;

	if (len >= 8)
	{
		const char *end = bytes + len - 8;

		for (; bytes < end; bytes += 8)
			hash = funnel_mix(hash, funnel_load_word(bytes));
		return funnel_mix(hash, funnel_load_word(end));
	}
	if (len >= 4)
	{
		memcpy(&first, bytes, sizeof(first));
		memcpy(&last, bytes + len - 4, sizeof(last));
		return funnel_mix(hash, (uint64) first << 32 | last);
	}
	if (len > 0)
		return funnel_mix(hash, (uint64) (unsigned char) bytes[0] << 16 |
						  (uint64) (unsigned char) bytes[len / 2] << 8 |
						  (unsigned char) bytes[len - 1]);
	return 0;
}

#define SH_PREFIX		funnel_bytehash
#define SH_ELEMENT_TYPE FunnelByteHashEntry
#define SH_KEY_TYPE		FunnelBytes
#define SH_KEY			key
#define SH_HASH_KEY(tb, key) \
	((uint32) funnel_hash_bytes((key).bytes, (int) (key).size))
#define SH_EQUAL(tb, a, b) \
	((a).size == (b).size && memcmp((a).bytes, (b).bytes, (a).size) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry)	((entry)->hash)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#endif							/* FUNNEL_BASE_BYTEHASH_H */
