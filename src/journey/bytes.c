/*-------------------------------------------------------------------------
 *
 * journey/bytes.c
 *	  A journey as bytes: what a funnel_journey is on disk.
 *
 *	  byte	bits 0-3: version, 1; bit 4: there are unnamed events; bit 5:
 *			labels are spelled; the others are reserved
 *	  varint number of events; if there are none, this is all
 *	  byte	bits 0-3: unit of the first time; bits 4-7: unit of the intervals
 *	  varint first time / its unit, zigzag
 *	  if there are two events or more:
 *		  varint last time - first time, in the unit of the intervals
 *	  if there are three or more:
 *		  byte	bits 0-6: width of long intervals; bit 7: there are short ones
 *		  byte	width of the short ones, if there are any
 *	  varint number of labels
 *	  stream of bits, the lowest of a byte first:
 *		  for each event: code, the position of its label, or the number of
 *			  labels if it is unnamed
 *		  if there are short intervals, for each interval: 1 if it is long
 *		  for each interval: its length in units
 *	  labels, ascending by their bytes, as journey/words.h has them
 *
 * Intervals are those between an event and the one before it, but for the last,
 * which follows from the others: count - 2.  A unit is the number of an entry
 * in the table below.  A code has as many bits as the greatest needs, at least
 * one.  A varint has seven bits a byte, the lowest first, the highest bit set
 * in all but the last.
 *
 * Two widths, because the times of a session are seconds apart and sessions are
 * days apart; intervals that are exponential take one, which is within a bit of
 * their entropy.  That an interval is long is said apart from the interval, so
 * that where the next one begins is known before this one is read.
 *
 * There is one image of a history: events are sorted by time and code, each
 * label occurs, units are the greatest that divide what is in them, and the
 * widths are what choose_widths() says.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "journey/bits.h"
#include "journey/type.h"
#include "journey/words.h"

#define BYTES_VERSION		1
#define VERSION_MASK		0x0F
#define FLAG_UNNAMED		0x10
#define FLAG_SPELLED		0x20
#define ALL_FLAGS			(FLAG_UNNAMED | FLAG_SPELLED)

/* A journey without events: version and count. */
#define EMPTY_LEN			2

#define UNIT_BITS			4
#define UNIT_MASK			0x0F
#define FLAG_SHORT			0x80
#define MAX_WIDTH			64

/* How many events pass between two looks at the interrupt flag. */
#define INTERRUPT_MASK		0xFFFF

/* Units in microseconds; each divides the next.  Part of the format. */
static const int64 units[] = {
	INT64CONST(1),
	INT64CONST(10),
	INT64CONST(100),
	INT64CONST(1000),
	INT64CONST(10000),
	INT64CONST(100000),
	USECS_PER_SEC,
	USECS_PER_MINUTE,
	USECS_PER_HOUR,
	USECS_PER_DAY
};

#define NUM_UNITS	((int) lengthof(units))

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

static inline int
bits_of(uint64 value)
{
	return value == 0 ? 0 : pg_leftmost_one_pos64(value) + 1;
}

/* The bits of a code below NCODES. */
static inline int
code_width_of(uint32 ncodes)
{
	return Max(bits_of(ncodes - 1), 1);
}


/* ---------- reading ---------- */

static inline uint8
read_byte(const FunnelJourneyView *view, const uint8 **p, const uint8 *end)
{
	if (unlikely(*p == end))
		funnel_journey_is_corrupt(view, "The value ends too early.");
	return *(*p)++;
}

static pg_noinline uint64
read_varint_slowly(const FunnelJourneyView *view, const uint8 **p, const uint8 *end)
{
	const uint8 *at = *p;
	uint64		value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8		byte;

		if (unlikely(at == end))
			funnel_journey_is_corrupt(view, "The value ends too early.");
		byte = *at++;
		value |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			if (unlikely(shift == 63 && byte > 1))
				break;
			*p = at;
			return value;
		}
	}
	funnel_journey_is_corrupt(view, "A number is out of range.");
}

static inline uint64
read_varint(const FunnelJourneyView *view, const uint8 **p, const uint8 *end)
{
	uint64		word;
	uint64		stop;

	if (likely(*p < end && **p < 0x80))
		return *(*p)++;
	if (unlikely(end - *p < (ptrdiff_t) sizeof(word)))
		return read_varint_slowly(view, p, end);
	word = funnel_load_word(*p);
	stop = ~word & UINT64CONST(0x8080808080808080);
	if (unlikely(stop == 0))
		return read_varint_slowly(view, p, end);

	/* all bytes up to the one that stops, their sevens drawn together */
	*p += pg_rightmost_one_pos64(stop) / 8 + 1;
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
	uint8		unit_bytes;
	uint64		zigzag;
	int64		first_unit;
	uint64		nlabels;

	view->bytes = bytes;
	view->len = len;
	flags = read_byte(view, &p, end);
	if (unlikely((flags & VERSION_MASK) != BYTES_VERSION))
		funnel_journey_is_corrupt(view, "Its version is unknown.");
	if (unlikely((flags & ~(VERSION_MASK | ALL_FLAGS)) != 0))
		funnel_journey_is_corrupt(view, "A reserved bit is set.");
	view->has_unnamed = (flags & FLAG_UNNAMED) != 0;
	view->spelled = (flags & FLAG_SPELLED) != 0;
	count = read_varint(view, &p, end);
	if (unlikely(count > FUNNEL_JOURNEY_MAX_EVENTS))
		funnel_journey_is_corrupt(view, "It has too many events.");
	view->count = (uint32) count;
	if (unlikely(count == 0))
		return p;

	unit_bytes = read_byte(view, &p, end);
	if (unlikely((unit_bytes & UNIT_MASK) >= NUM_UNITS ||
				 (unit_bytes >> UNIT_BITS) >= NUM_UNITS))
		funnel_journey_is_corrupt(view, "A unit is unknown.");
	first_unit = units[unit_bytes & UNIT_MASK];
	view->unit = units[unit_bytes >> UNIT_BITS];

	zigzag = read_varint(view, &p, end);
	if (unlikely(__builtin_mul_overflow((int64) (zigzag >> 1) ^ -(int64) (zigzag & 1),
										first_unit, &view->first) ||
				 !IS_VALID_TIMESTAMP(view->first)))
		funnel_journey_is_corrupt(view, "A time is out of range.");

	view->span = 0;
	view->last = view->first;
	if (count >= 2)
	{
		uint64		span;

		view->span = read_varint(view, &p, end);

		/* the range of timestamps exceeds 2^63 */
		if (unlikely(__builtin_mul_overflow(view->span, (uint64) view->unit, &span) ||
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
		if (unlikely(view->long_width > MAX_WIDTH ||
					 ((width & FLAG_SHORT) && view->short_width >= view->long_width)))
			funnel_journey_is_corrupt(view, "A width is out of range.");
	}

	nlabels = read_varint(view, &p, end);
	if (unlikely(nlabels > count || nlabels + view->has_unnamed == 0 ||
				 nlabels + view->has_unnamed > count))
		funnel_journey_is_corrupt(view, "The number of labels is out of range.");
	view->nlabels = (uint32) nlabels;
	view->ncodes = view->nlabels + view->has_unnamed;
	view->code_width = code_width_of(view->ncodes);
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
		/* what is empty is told by the length alone, so this must be the one image */
		if (len != EMPTY_LEN || view->has_unnamed || view->spelled)
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

const uint8 *
funnel_journey_pad_stream(const FunnelJourneyView *view, uint8 *buffer)
{
	memcpy(buffer, view->stream, view->stream_len);
	memset(buffer + view->stream_len, 0, FUNNEL_JOURNEY_PADDING);
	return buffer;
}

void
funnel_journey_times(const FunnelJourneyView *view, const uint8 *stream, int64 *times)
{
	FunnelIntervals intervals;
	uint64		sum = 0;

	if (view->count == 0)
		return;
	times[0] = view->first;
	funnel_intervals_begin(&intervals, view, stream);
	for (uint32 i = 1; i + 1 < view->count; i++)
	{
		if (unlikely(!funnel_intervals_next(&intervals, &sum)))
			funnel_journey_is_corrupt(view, "A time is out of range.");
		times[i] = (int64) ((uint64) view->first + sum * (uint64) view->unit);
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	times[view->count - 1] = view->last;
}

void
funnel_journey_codes(const FunnelJourneyView *view, const uint8 *stream, uint32 *codes)
{
	for (uint32 i = 0; i < view->count; i++)
	{
		codes[i] = (uint32) funnel_bits_get(stream, (uint64) i * view->code_width,
											view->code_width);
		if (unlikely(codes[i] >= view->ncodes))
			funnel_journey_is_corrupt(view, "A label is out of range.");
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

/*
 * The length in bytes of what the next spelled label at P stands for; moves P
 * behind it.
 */
static uint64
spelled_length(const FunnelJourneyView *view, const uint8 **p, const uint8 *end)
{
	uint64		len = 0;

	for (;;)
	{
		uint8		byte = read_byte(view, p, end);

		if (byte >= FUNNEL_LAST_WORD)
			return len + funnel_words[byte - FUNNEL_LAST_WORD].len;
		if (byte >= FUNNEL_WORD)
			len += funnel_words[byte - FUNNEL_WORD].len;
		else if (byte != 0)
			len++;
		else
			return len;
	}
}

static void
read_spelled(const uint8 *p, char *text)
{
	for (;; p++)
	{
		if (*p >= FUNNEL_WORD)
		{
			int			word = (*p - FUNNEL_WORD) % FUNNEL_NUM_WORDS;

			memcpy(text, funnel_words[word].text, funnel_words[word].len);
			text += funnel_words[word].len;
			if (*p >= FUNNEL_LAST_WORD)
				break;
		}
		else if (*p != 0)
			*text++ = (char) *p;
		else
			break;
	}
}

FunnelLabel *
funnel_journey_labels(const FunnelJourneyView *view)
{
	FunnelLabel *labels;
	const uint8 *p = view->labels;
	const uint8 *end = p + view->labels_len;

	labels = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(FunnelLabel) * Max(view->ncodes, 1));
	if (view->has_unnamed && view->count > 0)
	{
		labels[view->nlabels].text = NULL;
		labels[view->nlabels].len = 0;
	}

	for (uint32 i = 0; i < view->nlabels; i++)
	{
		const uint8 *start = p;
		uint64		len;

		if (view->spelled)
		{
			char	   *text;

			len = spelled_length(view, &p, end);
			if (len > MaxAllocSize - VARHDRSZ - 1)
				funnel_journey_is_corrupt(view, "A label is too long.");
			text = palloc(Max(len, 1));
			read_spelled(start, text);
			labels[i].text = text;
		}
		else
		{
			p = memchr(start, 0, end - start);
			if (p == NULL)
				funnel_journey_is_corrupt(view, "The value ends too early.");
			len = p - start;
			p++;
			labels[i].text = (const char *) start;
		}
		labels[i].len = (int) len;
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (p != end)
		funnel_journey_is_corrupt(view, "Something follows the last label.");
	return labels;
}

void
funnel_journey_read(const FunnelJourney *journey, FunnelJourneyEvents *events)
{
	FunnelJourneyView view;
	const uint8 *stream;
	uint8	   *padded = NULL;

	funnel_journey_open(&view, journey);
	memset(events, 0, sizeof(*events));
	if (view.count == 0)
		return;
	stream = view.stream;
	if (!funnel_journey_stream_is_padded(&view))
	{
		padded = MemoryContextAllocHuge(CurrentMemoryContext,
										view.stream_len + FUNNEL_JOURNEY_PADDING);
		stream = funnel_journey_pad_stream(&view, padded);
	}
	events->count = view.count;
	events->ncodes = view.ncodes;
	events->times = MemoryContextAllocHuge(CurrentMemoryContext,
										   sizeof(int64) * view.count);
	events->codes = MemoryContextAllocHuge(CurrentMemoryContext,
										   sizeof(uint32) * view.count);
	funnel_journey_times(&view, stream, events->times);
	funnel_journey_codes(&view, stream, events->codes);
	events->labels = funnel_journey_labels(&view);
	if (padded != NULL)
		pfree(padded);
}


/* ---------- writing ---------- */

static inline uint8 *
write_varint(uint8 *p, uint64 value)
{
	while (value >= 0x80)
	{
		*p++ = (uint8) (value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8) value;
	return p;
}

/* Lower *UNIT to the greatest that divides VALUE. */
static inline void
fit_unit(int *unit, uint64 value)
{
	while (*unit > 0 && value % (uint64) units[*unit] != 0)
		(*unit)--;
}

static bool
can_be_spelled(const char *text, int len)
{
	for (int i = 0; i < len; i++)
	{
		if (IS_HIGHBIT_SET(text[i]))
			return false;
	}
	return true;
}

/* The longest word at the beginning of TEXT, -1 if there is none. */
static int
find_word(const char *text, int len)
{
	int			best = -1;

	for (int i = 0; i < FUNNEL_NUM_WORDS; i++)
	{
		if (funnel_words[i].text[0] == text[0] &&
			funnel_words[i].len <= len &&
			(best < 0 || funnel_words[i].len > funnel_words[best].len) &&
			memcmp(funnel_words[i].text, text, funnel_words[i].len) == 0)
			best = i;
	}
	return best;
}

/* Spell a label; never takes more than LEN + 1 bytes. */
static uint8 *
write_spelled(uint8 *p, const char *text, int len)
{
	for (int i = 0; i < len;)
	{
		int			word = find_word(text + i, len - i);

		if (word < 0)
			*p++ = (uint8) text[i++];
		else
		{
			i += funnel_words[word].len;
			if (i == len)
			{
				*p++ = (uint8) (FUNNEL_LAST_WORD + word);
				return p;
			}
			*p++ = (uint8) (FUNNEL_WORD + word);
		}
	}
	*p++ = 0;
	return p;
}

/*
 * The widths for intervals of which COUNTS[w] need w bits: short ones beside
 * long ones only where that saves an eighth, because they take longer to read.
 * Returns the number of bits, selectors included.
 */
static uint64
choose_widths(const uint32 *counts, uint64 nintervals, int *long_width, int *short_width)
{
	uint64		single;
	uint64		best;
	uint64		nshort = 0;

	*long_width = MAX_WIDTH;
	while (*long_width > 0 && counts[*long_width] == 0)
		(*long_width)--;
	*short_width = *long_width;
	single = best = nintervals * *long_width;
	for (int width = 0; width < *long_width; width++)
	{
		uint64		bits;

		nshort += counts[width];
		bits = nintervals + nshort * width + (nintervals - nshort) * *long_width;
		if (bits <= single - single / 8 && bits < best)
		{
			best = bits;
			*short_width = width;
		}
	}
	return best;
}

/*
 * Encode events sorted by time and code, of which there is at least one.
 * LABELS are in the order of their codes, unnamed not included.
 */
static FunnelJourney *
encode(const FunnelJourneyEvent *events, uint32 count, const FunnelLabel *labels,
	   uint32 nlabels, bool has_unnamed)
{
	int64		first = events[0].ts;
	uint64		span = (uint64) events[count - 1].ts - (uint64) first;
	uint64		nintervals = count >= 3 ? count - 2 : 0;
	int			code_width = code_width_of(nlabels + has_unnamed);
	int			first_unit = NUM_UNITS - 1;
	int			unit = count >= 2 ? NUM_UNITS - 1 : 0;
	uint64		divisor;
	int			long_width = 0;
	int			short_width = 0;
	uint64		bits = (uint64) count * code_width;
	Size		size;
	Size		stream_len;
	bool		spelled = true;
	int64		quotient;
	FunnelJourney *result;
	uint8	   *p;
	FunnelBitWriter writer;

	/* the greatest unit that divides an amount divides its negative too */
	fit_unit(&first_unit, first < 0 ? -(uint64) first : (uint64) first);
	for (uint32 i = 1; i < count && unit > 0; i++)
	{
		fit_unit(&unit, (uint64) events[i].ts - (uint64) events[i - 1].ts);
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	divisor = (uint64) units[unit];

	if (nintervals > 0)
	{
		uint32		counts[MAX_WIDTH + 1] = {0};

		for (uint32 i = 1; i + 1 < count; i++)
		{
			counts[bits_of(((uint64) events[i].ts - (uint64) events[i - 1].ts) / divisor)]++;
			if ((i & INTERRUPT_MASK) == 0)
				CHECK_FOR_INTERRUPTS();
		}
		bits += choose_widths(counts, nintervals, &long_width, &short_width);
	}

	/* generously: a spelled label is never longer than its bytes and a zero */
	size = VARHDRSZ + FUNNEL_JOURNEY_MAX_HEADER + bits / 8 + 1;
	for (uint32 i = 0; i < nlabels; i++)
	{
		size = add_size(size, (Size) labels[i].len + 1);
		spelled = spelled && can_be_spelled(labels[i].text, labels[i].len);
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (!AllocSizeIsValid(size))
		funnel_journey_too_many_events();
	result = palloc(size);
	p = (uint8 *) VARDATA(result);

	*p++ = BYTES_VERSION | (has_unnamed ? FLAG_UNNAMED : 0) | (spelled ? FLAG_SPELLED : 0);
	p = write_varint(p, count);
	*p++ = (uint8) (first_unit | unit << UNIT_BITS);
	quotient = first / units[first_unit];
	p = write_varint(p, (uint64) quotient << 1 ^ (uint64) (quotient < 0 ? -1 : 0));
	if (count >= 2)
		p = write_varint(p, span / divisor);
	if (count >= 3)
	{
		*p++ = (uint8) (long_width | (short_width < long_width ? FLAG_SHORT : 0));
		if (short_width < long_width)
			*p++ = (uint8) short_width;
	}
	p = write_varint(p, nlabels);
	Assert(p - (uint8 *) VARDATA(result) <= FUNNEL_JOURNEY_MAX_HEADER);

	stream_len = (Size) ((bits + 7) / 8);
	funnel_bit_writer_begin(&writer, p);
	for (uint32 i = 0; i < count; i++)
	{
		funnel_bit_writer_put(&writer, events[i].label, code_width);
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (short_width < long_width)
	{
		for (uint32 i = 1; i + 1 < count; i++)
		{
			uint64		interval = ((uint64) events[i].ts - (uint64) events[i - 1].ts) / divisor;

			funnel_bit_writer_put(&writer, bits_of(interval) > short_width, 1);
			if ((i & INTERRUPT_MASK) == 0)
				CHECK_FOR_INTERRUPTS();
		}
	}
	for (uint32 i = 1; i + 1 < count; i++)
	{
		uint64		interval = ((uint64) events[i].ts - (uint64) events[i - 1].ts) / divisor;

		funnel_bit_writer_put(&writer, interval,
							  bits_of(interval) > short_width ? long_width : short_width);
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	funnel_bit_writer_end(&writer);
	Assert(writer.p == p + stream_len);
	p += stream_len;

	for (uint32 i = 0; i < nlabels; i++)
	{
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (spelled)
			p = write_spelled(p, labels[i].text, labels[i].len);
		else
		{
			memcpy(p, labels[i].text, labels[i].len);
			p += labels[i].len;
			*p++ = 0;
		}
	}
	Assert((Size) (p - (uint8 *) result) <= size);
	SET_VARSIZE(result, p - (uint8 *) result);
	return result;
}

static FunnelJourney *
make_empty(void)
{
	FunnelJourney *result = palloc(VARHDRSZ + EMPTY_LEN);
	uint8	   *p = (uint8 *) VARDATA(result);

	p[0] = BYTES_VERSION;
	p[1] = 0;
	SET_VARSIZE(result, VARHDRSZ + EMPTY_LEN);
	return result;
}

#define COMPARE_EVENTS(a, b) \
	((a)->ts != (b)->ts ? ((a)->ts < (b)->ts ? -1 : 1) : \
	 (a)->label != (b)->label ? ((a)->label < (b)->label ? -1 : 1) : 0)

#define ST_SORT sort_events
#define ST_ELEMENT_TYPE FunnelJourneyEvent
#define ST_COMPARE(a, b) COMPARE_EVENTS(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* A label and what it is called elsewhere. */
typedef struct NamedLabel
{
	FunnelLabel label;
	uint32		id;
} NamedLabel;

static inline int
compare_labels(const NamedLabel *a, const NamedLabel *b)
{
	int			cmp = memcmp(a->label.text, b->label.text,
							 Min(a->label.len, b->label.len));

	return cmp != 0 ? cmp : (a->label.len > b->label.len) - (a->label.len < b->label.len);
}

#define ST_SORT sort_labels
#define ST_ELEMENT_TYPE NamedLabel
#define ST_COMPARE(a, b) compare_labels(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

FunnelJourney *
funnel_journey_build(FunnelLabelTable *table, const FunnelJourneyEvent *events,
					 size_t nevents)
{
	uint32	   *marks = funnel_label_table_marks(table);
	FunnelJourneyEvent *sorted;
	NamedLabel *named;
	FunnelLabel *labels;
	uint32		nlabels = 0;
	uint32		capacity = 16;
	bool		has_unnamed = false;
	bool		in_order = true;
	FunnelJourney *result;

	if (nevents == 0)
		return make_empty();
	if (nevents > FUNNEL_JOURNEY_MAX_EVENTS)
		funnel_journey_too_many_events();

	/* which labels occur */
	named = palloc(sizeof(NamedLabel) * capacity);
	for (size_t i = 0; i < nevents; i++)
	{
		uint32		id = events[i].label;

		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (id == FUNNEL_NO_LABEL)
			has_unnamed = true;
		else if (marks[id] == FUNNEL_NO_LABEL)
		{
			if (nlabels == capacity)
			{
				capacity *= 2;
				named = repalloc_huge(named, sizeof(NamedLabel) * capacity);
			}
			named[nlabels].id = id;
			named[nlabels].label.text =
				funnel_label_table_text(table, id, &named[nlabels].label.len);
			marks[id] = nlabels++;
		}
	}

	/*
	 * An interrupt here would leave marks behind, but then the query is over,
	 * and its tables with it.
	 */
	sort_labels(named, nlabels);
	labels = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(FunnelLabel) * Max(nlabels, 1));
	for (uint32 i = 0; i < nlabels; i++)
	{
		labels[i] = named[i].label;
		marks[named[i].id] = i;
	}

	sorted = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(FunnelJourneyEvent) * nevents);
	for (size_t i = 0; i < nevents; i++)
	{
		sorted[i].ts = events[i].ts;
		sorted[i].label = events[i].label == FUNNEL_NO_LABEL ? nlabels :
			marks[events[i].label];
		if (i > 0 && COMPARE_EVENTS(&sorted[i - 1], &sorted[i]) > 0)
			in_order = false;
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	if (!in_order)
		sort_events(sorted, nevents);

	for (uint32 i = 0; i < nlabels; i++)
		marks[named[i].id] = FUNNEL_NO_LABEL;

	result = encode(sorted, (uint32) nevents, labels, nlabels, has_unnamed);
	pfree(sorted);
	pfree(labels);
	pfree(named);
	return result;
}

static inline int
compare_codes(const uint32 *a, const uint32 *b)
{
	return *a < *b ? -1 : *a > *b;
}

#define ST_SORT sort_codes
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b) compare_codes(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

FunnelJourney *
funnel_journey_part(FunnelJourneyEvents *events, uint32 from, uint32 to,
					const bool *keep)
{
	FunnelJourneyEvent *part;
	uint32		count = 0;
	uint32	   *used;
	uint32		nused = 0;
	FunnelLabel *labels;
	uint32		nlabels = 0;
	bool		has_unnamed = false;
	FunnelJourney *result;

	if (from >= to)
		return make_empty();

	/* kept, so that a small part costs nothing for labels that it has not */
	if (events->marks == NULL)
	{
		events->marks = MemoryContextAllocHuge(GetMemoryChunkContext(events->codes),
											   sizeof(uint32) * events->ncodes);
		for (uint32 code = 0; code < events->ncodes; code++)
			events->marks[code] = FUNNEL_NO_LABEL;
	}

	part = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(FunnelJourneyEvent) * (to - from));
	used = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(uint32) * Min(to - from, events->ncodes));
	for (uint32 i = from; i < to; i++)
	{
		uint32		code = events->codes[i];

		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		if (keep != NULL && !keep[code])
			continue;
		part[count].ts = events->times[i];
		part[count].label = code;
		count++;
		if (events->marks[code] == FUNNEL_NO_LABEL)
		{
			events->marks[code] = 0;
			used[nused++] = code;
		}
	}
	if (count == 0)
	{
		pfree(part);
		pfree(used);
		return make_empty();
	}

	/* what is left of the labels keeps its order */
	sort_codes(used, nused);
	labels = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(FunnelLabel) * nused);
	for (uint32 i = 0; i < nused; i++)
	{
		events->marks[used[i]] = i;
		if (events->labels[used[i]].text == NULL)
			has_unnamed = true;
		else
			labels[nlabels++] = events->labels[used[i]];
	}
	for (uint32 i = 0; i < count; i++)
		part[i].label = events->marks[part[i].label];
	for (uint32 i = 0; i < nused; i++)
		events->marks[used[i]] = FUNNEL_NO_LABEL;

	result = encode(part, count, labels, nlabels, has_unnamed);
	pfree(part);
	pfree(used);
	pfree(labels);
	return result;
}
