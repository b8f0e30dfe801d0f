/*-------------------------------------------------------------------------
 *
 * journey/format.c
 *	  The header of a journey: opened for all who read journeys, and written for
 *	  journey/bytes.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"

#include "journey/format.h"

#define BYTES_VERSION		1
#define VERSION_MASK		0x0F
#define FLAG_UNLABELLED		0x10
#define FLAG_SPELLED		0x20
#define ALL_FLAGS			(FLAG_UNLABELLED | FLAG_SPELLED)

/* A journey without events: version and count. */
#define EMPTY_LEN			2

#define TICK_BITS			4
#define TICK_MASK			0x0F
#define FLAG_SHORT			0x80

void
funnel_journey_too_many_events(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("too many events for a funnel_journey"),
			 errdetail("A journey can have %d events, and must fit into 1 GB.",
					   FUNNEL_JOURNEY_MAX_EVENTS)));
}

void
funnel_journey_is_corrupt(const FunnelJourneyView *view, const char *detail)
{
	ereport(ERROR,
			(errcode(view->received ? ERRCODE_INVALID_BINARY_REPRESENTATION :
					 ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid bytes for type %s", "funnel_journey"),
			 errdetail_internal("%s", detail)));
}

static inline uint8
read_byte(const FunnelJourneyView *view, const uint8 **p, const uint8 *end)
{
	if (unlikely(*p == end))
		funnel_journey_is_corrupt(view, "The value ends too early.");
	return *(*p)++;
}

static pg_noinline uint64
read_any_varint(const FunnelJourneyView *view, const uint8 **p, const uint8 *end)
{
	uint64		value;
	const char *problem = funnel_varint_read(p, end, &value);

	if (unlikely(problem != NULL))
		funnel_journey_is_corrupt(view, problem);
	return value;
}

/*
 * The usual varint, of which no more than a word need be loaded, without a loop:
 * with one, funnel_agg over journeys takes 6 % longer.
 */
static inline uint64
read_varint(const FunnelJourneyView *view, const uint8 **p, const uint8 *end)
{
	uint64		word;
	uint64		stop;
	int			last;			/* number of the last byte */

	if (likely(*p < end && **p < 0x80))
		return *(*p)++;
	if (unlikely(end - *p < (ptrdiff_t) sizeof(word)))
		return read_any_varint(view, p, end);
	word = funnel_load_word(*p);
	stop = ~word & UINT64CONST(0x8080808080808080);
	if (unlikely(stop == 0))
		return read_any_varint(view, p, end);
	last = pg_rightmost_one_pos64(stop) / 8;
	if (unlikely((*p)[last] == 0))
		return read_any_varint(view, p, end);

	/* all bytes up to the one that stops, their sevens drawn together */
	*p += last + 1;
	word &= (stop ^ (stop - 1)) & UINT64CONST(0x7F7F7F7F7F7F7F7F);
	word = (word & UINT64CONST(0x007F007F007F007F)) |
		(word & UINT64CONST(0x7F007F007F007F00)) >> 1;
	word = (word & UINT64CONST(0x00003FFF00003FFF)) |
		(word & UINT64CONST(0x3FFF00003FFF0000)) >> 2;
	return (word & UINT64CONST(0x000000000FFFFFFF)) |
		(word & UINT64CONST(0x0FFFFFFF00000000)) >> 4;
}

/* The header, up to the stream; returns where that begins. */
static inline const uint8 *
read_header(FunnelJourneyView *view, const uint8 *bytes, Size len)
{
	const uint8 *p = bytes;
	const uint8 *end = bytes + len;
	uint8		flags;
	uint64		count;
	uint8		ticks;
	uint64		zigzag;
	uint64		nlabels;

	view->bytes = bytes;
	view->len = len;
	flags = read_byte(view, &p, end);
	if (unlikely((flags & VERSION_MASK) != BYTES_VERSION))
		funnel_journey_is_corrupt(view, "Its version is unknown.");
	if (unlikely((flags & ~(VERSION_MASK | ALL_FLAGS)) != 0))
		funnel_journey_is_corrupt(view, "A reserved bit is set.");
	view->has_unlabelled = (flags & FLAG_UNLABELLED) != 0;
	view->spelled = (flags & FLAG_SPELLED) != 0;
	count = read_varint(view, &p, end);
	if (unlikely(count > FUNNEL_JOURNEY_MAX_EVENTS))
		funnel_journey_is_corrupt(view, "It has too many events.");
	view->count = (uint32) count;
	if (unlikely(count == 0))
		return p;

	ticks = read_byte(view, &p, end);
	if (unlikely((ticks & TICK_MASK) >= FUNNEL_JOURNEY_NUM_TICKS ||
				 (ticks >> TICK_BITS) >= FUNNEL_JOURNEY_NUM_TICKS))
		funnel_journey_is_corrupt(view, "A tick is unknown.");
	view->tick = funnel_journey_ticks[ticks >> TICK_BITS];

	zigzag = read_varint(view, &p, end);
	if (unlikely(__builtin_mul_overflow((int64) (zigzag >> 1) ^ -(int64) (zigzag & 1),
										funnel_journey_ticks[ticks & TICK_MASK],
										&view->first) ||
				 !IS_VALID_TIMESTAMP(view->first)))
		funnel_journey_is_corrupt(view, "A time is out of range.");

	view->span = 0;
	view->last = view->first;
	if (count >= 2)
	{
		uint64		span;

		view->span = read_varint(view, &p, end);

		/* the range of timestamps exceeds 2^63 */
		if (unlikely(__builtin_mul_overflow(view->span, (uint64) view->tick, &span) ||
					 span > (uint64) END_TIMESTAMP - (uint64) view->first - 1))
			funnel_journey_is_corrupt(view, "A time is out of range.");
		view->last = (int64) ((uint64) view->first + span);
	}

	view->long_width = view->short_width = 0;
	if (count >= 3)
	{
		uint8		width = read_byte(view, &p, end);

		view->long_width = view->short_width = width & ~FLAG_SHORT;
		if (width & FLAG_SHORT)
			view->short_width = read_byte(view, &p, end);
		if (unlikely(view->long_width > FUNNEL_JOURNEY_MAX_WIDTH ||
					 ((width & FLAG_SHORT) && view->short_width >= view->long_width)))
			funnel_journey_is_corrupt(view, "A width is out of range.");
	}

	nlabels = read_varint(view, &p, end);
	if (unlikely(nlabels > count || nlabels + view->has_unlabelled == 0 ||
				 nlabels + view->has_unlabelled > count))
		funnel_journey_is_corrupt(view, "The number of labels is out of range.");
	view->nlabels = (uint32) nlabels;
	view->ncodes = view->nlabels + view->has_unlabelled;
	view->code_width = funnel_journey_code_width(view->ncodes);
	return p;
}

/* How many of NBITS bits, which all are there, are set. */
static inline uint64
count_bits(const uint8 *stream, const uint8 *end, uint64 bit, uint64 nbits)
{
	uint64		total = 0;

	while (nbits > 0)
	{
		int			width = (int) Min(nbits, FUNNEL_BITS_PER_LOAD);
		uint64		word;

		if (likely(end - (stream + bit / 8) >= (ptrdiff_t) sizeof(word)))
			word = funnel_bits_get(stream, bit, width);
		else
			word = funnel_bits_get_wide(stream, bit, width);

		/* inline, because the call of pg_popcount64 costs more than the sum */
		word -= word >> 1 & UINT64CONST(0x5555555555555555);
		word = (word & UINT64CONST(0x3333333333333333)) +
			(word >> 2 & UINT64CONST(0x3333333333333333));
		word = (word + (word >> 4)) & UINT64CONST(0x0F0F0F0F0F0F0F0F);
		total += word * UINT64CONST(0x0101010101010101) >> 56;
		bit += width;
		nbits -= width;
	}
	return total;
}

static inline void
open_bytes(FunnelJourneyView *view, const uint8 *bytes, Size len)
{
	const uint8 *stream = read_header(view, bytes, len);
	uint64		available = (uint64) (bytes + len - stream) * 8;
	uint64		bits;

	if (view->count == 0)
	{
		/*
		 * what is empty is told by the length alone, so this must be the one
		 * image
		 */
		if (len != EMPTY_LEN || view->has_unlabelled || view->spelled)
			funnel_journey_is_corrupt(view, "It has no events, but something else.");
		view->nlabels = view->ncodes = 0;
		return;
	}

	/* no product here exceeds 2^27 * 64 */
	view->stream = stream;
	bits = (uint64) view->count * view->code_width;
	view->selectors = view->intervals = bits;
	if (view->count >= 3)
	{
		uint64		nintervals = view->count - 2;

		if (view->short_width == view->long_width)
			bits += nintervals * view->long_width;
		else
		{
			uint64		nlong;

			view->intervals += nintervals;
			if (unlikely(view->intervals > available))
				funnel_journey_is_corrupt(view, "The value ends too early.");
			nlong = count_bits(stream, bytes + len, view->selectors, nintervals);
			bits = view->intervals + nlong * view->long_width +
				(nintervals - nlong) * view->short_width;
		}
	}
	if (unlikely(bits > available))
		funnel_journey_is_corrupt(view, "The value ends too early.");
	view->stream_len = (Size) ((bits + 7) / 8);
	view->labels = stream + view->stream_len;
	view->labels_len = bytes + len - view->labels;
}

void
funnel_journey_open(FunnelJourneyView *view, const FunnelJourney *journey)
{
	view->received = false;
	open_bytes(view, (const uint8 *) VARDATA_ANY(journey), VARSIZE_ANY_EXHDR(journey));
}

void
funnel_journey_open_received(FunnelJourneyView *view, const uint8 *bytes, Size len)
{
	view->received = true;
	open_bytes(view, bytes, len);
	if (view->count > 0 && view->labels_len != 0)
		funnel_journey_is_corrupt(view, "It is longer than its events.");
}

void
funnel_journey_open_header(FunnelJourneyView *view, Datum journey)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(journey);

	view->received = false;

	/*
	 * Far out of line, it takes one chunk of the toast table; the header is
	 * never longer than the slice, so whatever is cut off is not missed.
	 */
	if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
		value = PG_DETOAST_DATUM_SLICE(journey, 0, FUNNEL_JOURNEY_MAX_HEADER);
	(void) read_header(view, (const uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
}

uint8 *
funnel_journey_write_header(uint8 *p, const FunnelJourneyView *view)
{
	int			first_tick = FUNNEL_JOURNEY_NUM_TICKS - 1;
	int			tick = 0;
	int64		quotient;

	/* what divides an amount divides its negative too */
	funnel_journey_fit_tick(&first_tick, view->first < 0 ? -(uint64) view->first :
							(uint64) view->first);
	while (funnel_journey_ticks[tick] != view->tick)
		tick++;
	quotient = view->first / funnel_journey_ticks[first_tick];

	*p++ = BYTES_VERSION | (view->has_unlabelled ? FLAG_UNLABELLED : 0) |
		(view->spelled ? FLAG_SPELLED : 0);
	p = funnel_varint_write(p, view->count);
	*p++ = (uint8) (first_tick | tick << TICK_BITS);
	p = funnel_varint_write(p, (uint64) quotient << 1 ^ (uint64) (quotient < 0 ? -1 : 0));
	if (view->count >= 2)
		p = funnel_varint_write(p, view->span);
	if (view->count >= 3)
	{
		bool		has_short = view->short_width < view->long_width;

		*p++ = (uint8) (view->long_width | (has_short ? FLAG_SHORT : 0));
		if (has_short)
			*p++ = (uint8) view->short_width;
	}
	return funnel_varint_write(p, view->nlabels);
}

FunnelJourney *
funnel_journey_make_empty(void)
{
	FunnelJourney *result = palloc(VARHDRSZ + EMPTY_LEN);
	uint8	   *p = (uint8 *) VARDATA(result);

	p[0] = BYTES_VERSION;
	p[1] = 0;
	SET_VARSIZE(result, VARHDRSZ + EMPTY_LEN);
	return result;
}
