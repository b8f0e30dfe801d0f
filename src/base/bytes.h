/*-------------------------------------------------------------------------
 *
 * base/bytes.h
 *	  Numbers as bytes: words, and numbers of varying length.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_BYTES_H
#define FUNNEL_BASE_BYTES_H

#include "port/pg_bswap.h"

/*
 * Words have the lowest byte first, on every machine, so that whole words may
 * be loaded and stored where fewer bytes matter.
 */
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

/*
 * Copy bytes, or compare them, which mostly are 8 to 16: the words that they begin
 * and end with say it all.
 */
static inline void
funnel_copy_bytes(char *to, const char *from, size_t len)
{
	uint64		first;
	uint64		last;

	if (likely(len >= sizeof(uint64) && len <= 2 * sizeof(uint64)))
	{
		memcpy(&first, from, sizeof(first));
		memcpy(&last, from + len - sizeof(last), sizeof(last));
		memcpy(to, &first, sizeof(first));
		memcpy(to + len - sizeof(last), &last, sizeof(last));
	}
	else
		memcpy(to, from, len);
}

static inline bool
funnel_same_bytes(const char *a, const char *b, size_t len)
{
	if (likely(len >= sizeof(uint64) && len <= 2 * sizeof(uint64)))
		return funnel_load_word(a) == funnel_load_word(b) &&
			funnel_load_word(a + len - sizeof(uint64)) == funnel_load_word(b + len - sizeof(uint64));
	return memcmp(a, b, len) == 0;
}

/*
 * A varint has seven bits a byte, the lowest first, the highest bit set in all
 * bytes but the last (LEB128).  It is as short as can be, so that each number
 * has one image.
 */
#define FUNNEL_VARINT_SIZE	10

/* Write a number and return where the next byte goes. */
static inline uint8 *
funnel_varint_write(uint8 *to, uint64 value)
{
	for (; value >= 0x80; value >>= 7)
		*to++ = (uint8) (value | 0x80);
	*to++ = (uint8) value;
	return to;
}

/*
 * Read the number at *AT, which is set to what follows it.  Returns NULL, or
 * what is wrong: a phrase for an error's DETAIL.
 */
static inline const char *
funnel_varint_read(const uint8 **at, const uint8 *end, uint64 *value)
{
	const uint8 *p = *at;
	int			shift = 0;
	uint8		byte;

	*value = 0;
	do
	{
		if (p == end)
			return "The value ends too early.";
		byte = *p++;
		if (shift == 63 && byte > 1)
			return "A number has more than 64 bits.";
		*value |= (uint64) (byte & 0x7F) << shift;
		shift += 7;
	} while ((byte & 0x80) != 0);

	if (byte == 0 && shift > 7)
		return "A number is longer than it need be.";
	*at = p;
	return NULL;
}

#endif							/* FUNNEL_BASE_BYTES_H */
