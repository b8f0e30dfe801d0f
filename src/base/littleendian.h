/*-------------------------------------------------------------------------
 *
 * base/littleendian.h
 *	  Words in memory with the lowest byte first, on every machine.
 *
 * So whole words may be loaded, and stored, where fewer bytes matter.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_LITTLEENDIAN_H
#define FUNNEL_BASE_LITTLEENDIAN_H

#include "port/pg_bswap.h"

static inline uint64
funnel_load_word(const void *from)
{
	uint64		word;

	memcpy(&word, from, sizeof(word));
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	return word;
}

static inline void
funnel_store_word(void *to, uint64 word)
{
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	memcpy(to, &word, sizeof(word));
}

#endif							/* FUNNEL_BASE_LITTLEENDIAN_H */
