/*-------------------------------------------------------------------------
 *
 * base/hash.h
 *	  Hashes of words and of bytes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_HASH_H
#define FUNNEL_BASE_HASH_H

#include "common/pg_prng.h"

#include "base/bytes.h"

/* Austin Appleby's MurmurHash3 finalizer: every bit of the word matters. */
static inline uint64
funnel_hash_word(uint64 word)
{
	word ^= word >> 33;
	word *= UINT64CONST(0xff51afd7ed558ccd);
	word ^= word >> 33;
	word *= UINT64CONST(0xc4ceb9fe1a85ec53);
	word ^= word >> 33;
	return word;
}

/*
 * Each bit of a product depends on those below it, so the highest are the best,
 * and most tables look at the lowest: bytes are turned round.
 */
static inline uint64
funnel_mix(uint64 hash, uint64 number)
{
	return pg_bswap64((hash ^ number) * UINT64CONST(0x9E3779B97F4A7C15));
}

/* Up to seven bytes as a number: no others of the same length have the same. */
static inline uint64
funnel_short_word(const char *bytes, int len)
{
	uint32		first;
	uint32		last;

	if (len >= 4)
	{
		memcpy(&first, bytes, sizeof(first));
		memcpy(&last, bytes + len - 4, sizeof(last));
		return (uint64) first << 32 | last;
	}
	if (len > 0)
		return (uint64) (unsigned char) bytes[0] << 16 |
			(uint64) (unsigned char) bytes[len / 2] << 8 |
			(unsigned char) bytes[len - 1];
	return 0;
}

/*
 * A hash of all bytes, eight at a time; the last eight may overlap those
 * before.
 *
 * With a seed that nobody can foresee, no keys can be made to collide.  It is 0
 * where the order of a table must be the same in all processes.
 */
static inline uint64
funnel_hash_bytes(uint64 seed, const char *bytes, int len)
{
	uint64		hash = seed ^ (uint64) len;

	if (len >= 8)
	{
		const char *end = bytes + len - 8;

		for (; bytes < end; bytes += 8)
			hash = funnel_mix(hash, funnel_load_word(bytes));
		return funnel_mix(hash, funnel_load_word(end));
	}
	return len > 0 ? funnel_mix(hash, funnel_short_word(bytes, len)) : hash;
}

/* A number that nobody can foresee */
static inline uint64
funnel_random_seed(void)
{
	return pg_prng_uint64(&pg_global_prng_state);
}

#endif							/* FUNNEL_BASE_HASH_H */
