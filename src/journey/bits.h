/*-------------------------------------------------------------------------
 *
 * journey/bits.h
 *	  The stream of bits in a journey, and its intervals.
 *
 * The lowest bit of a byte comes first, whatever the machine.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_BITS_H
#define FUNNEL_JOURNEY_BITS_H


#include "base/bytes.h"
#include "journey/type.h"

/* What a single load can give, wherever in a byte it begins. */
#define FUNNEL_BITS_PER_LOAD	57

static inline uint64
funnel_bits_mask(int width)
{
	return width == 64 ? ~UINT64CONST(0) : (UINT64CONST(1) << width) - 1;
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

/* The intervals of a journey, one after the other. */
typedef struct FunnelIntervals
{
	const uint8 *stream;
	uint64		selector;		/* bit of the next */
	uint64		bit;			/* of the next interval */
	uint64		span;
	int			long_width;
	int			short_width;
} FunnelIntervals;

static inline void
funnel_intervals_begin(FunnelIntervals *intervals, const FunnelJourneyView *view,
					   const uint8 *stream)
{
	intervals->stream = stream;
	intervals->selector = view->selectors;
	intervals->bit = view->intervals;
	intervals->span = view->span;
	intervals->long_width = view->long_width;
	intervals->short_width = view->short_width;
}

/* Add the next interval to *SUM; false if the sum exceeds the journey's span. */
static inline bool
funnel_intervals_next(FunnelIntervals *intervals, uint64 *sum)
{
	int			width = intervals->long_width;
	uint64		interval;

	if (intervals->short_width != width)
	{
		if (!funnel_bits_get(intervals->stream, intervals->selector, 1))
			width = intervals->short_width;
		intervals->selector++;
	}
	if (likely(width <= FUNNEL_BITS_PER_LOAD))
		interval = funnel_bits_get(intervals->stream, intervals->bit, width);
	else
		interval = funnel_bits_get_wide(intervals->stream, intervals->bit, width);
	intervals->bit += width;
	if (interval > intervals->span - *sum)
		return false;
	*sum += interval;
	return true;
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
