/*-------------------------------------------------------------------------
 *
 * journey/bits.h
 *	  Numbers of any width in a stream of bits.  The events and the labels of a
 *	  journey are read and written with it.
 *
 * The lowest bit of a byte comes first, whatever the machine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_BITS_H
#define FUNNEL_JOURNEY_BITS_H

#include "port/pg_bitutils.h"

#include "base/bytes.h"

/* What a single load can give, wherever in a byte it begins. */
#define FUNNEL_BITS_PER_LOAD	57

static inline uint64
funnel_bits_mask(int width)
{
	return width == 64 ? ~UINT64CONST(0) : (UINT64CONST(1) << width) - 1;
}

/* The bits that a number needs. */
static inline int
funnel_bits_of(uint64 value)
{
	return value == 0 ? 0 : pg_leftmost_one_pos64(value) + 1;
}

/*
 * Up to FUNNEL_BITS_PER_LOAD bits.  It may read, and disregard, up to 8 bytes
 * from the byte at which they begin.
 */
static inline uint64
funnel_bits_get(const uint8 *stream, uint64 bit, int width)
{
	return funnel_load_word(stream + bit / 8) >> (bit % 8) & funnel_bits_mask(width);
}

/* The same for any width; never looks behind the last byte. */
static inline uint64
funnel_bits_get_wide(const uint8 *stream, uint64 bit, int width)
{
	uint64		value = 0;
	int			have = 0;

	stream += bit / 8;
	bit %= 8;
	while (have < width)
	{
		value |= (uint64) (*stream++ >> bit) << have;
		have += 8 - (int) bit;
		bit = 0;
	}
	return value & funnel_bits_mask(width);
}

/* Bits written one after the other; whole bytes at the end. */
typedef struct FunnelBitWriter
{
	uint8	   *p;
	uint64		pending;
	int			npending;		/* less than 8 between two calls */
} FunnelBitWriter;

static inline void
funnel_bit_writer_begin(FunnelBitWriter *writer, uint8 *p)
{
	writer->p = p;
	writer->pending = 0;
	writer->npending = 0;
}

static inline void
funnel_bit_writer_put(FunnelBitWriter *writer, uint64 value, int width)
{
	/* in two parts, so that what is pending never exceeds a word */
	if (width > 32)
	{
		funnel_bit_writer_put(writer, value & PG_UINT32_MAX, 32);
		value >>= 32;
		width -= 32;
	}
	writer->pending |= value << writer->npending;
	writer->npending += width;
	while (writer->npending >= 8)
	{
		*writer->p++ = (uint8) writer->pending;
		writer->pending >>= 8;
		writer->npending -= 8;
	}
}

static inline void
funnel_bit_writer_end(FunnelBitWriter *writer)
{
	if (writer->npending > 0)
		*writer->p++ = (uint8) writer->pending;
}

#endif							/* FUNNEL_JOURNEY_BITS_H */
