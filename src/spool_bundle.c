/*-------------------------------------------------------------------------
 *
 * spool_bundle.c
 *	  The events of one unit, coded: how processes hand them over.
 *
 *	number of events	a varint, at least 1
 *	unit				a word: as a signed varint; others: as in a record,
 *						aligned to 8 bytes
 *	events				as in records, one after another, or, if they are words
 *						without items, in order of time:
 *		width			a byte, 1 to 8
 *		first event		8 bytes
 *		each other		so many bytes: its word less the time of the one before
 *
 * Varints have seven bits to a byte, the lowest first (LEB128); signed numbers
 * are zigzag-coded before.  The zeros behind the last bundle of a stretch, up
 * to where the next is aligned, read as a number of 0.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "port/pg_bswap.h"

#include "compat.h"
#include "spool_impl.h"

#define MAX_VARINT_SIZE		10

#define TIME_OF_WORD(word)	((word) & ~((UINT64CONST(1) << FUNNEL_CODE_BITS) - 1))

/* Whole words may be stored, and loaded, where fewer bytes matter. */
static inline void
store_word(char *to, uint64 word)
{
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	memcpy(to, &word, sizeof(word));
}

static inline uint64
load_word(const char *from)
{
	uint64		word;

	memcpy(&word, from, sizeof(word));
#ifdef WORDS_BIGENDIAN
	word = pg_bswap64(word);
#endif
	return word;
}

static inline bool
is_coded(const FunnelSpool *spool, bool wide)
{
	return !wide && !spool->with_items;
}

static inline char *
write_varint(char *to, uint64 value)
{
	while (value >= 0x80)
	{
		*to++ = (char) (value | 0x80);
		value >>= 7;
	}
	*to++ = (char) value;
	return to;
}

/* What another process sent makes no sense; does not return. */
pg_noinline void
funnel_spool_is_invalid(void)
{
	elog(ERROR, "invalid funnel spool");
}

static inline uint64
read_varint(const char **at, const char *end)
{
	uint64		value = 0;

	for (int shift = 0; shift < 64 && *at < end; shift += 7)
	{
		unsigned char byte = *(*at)++;

		value |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return value;
	}
	funnel_spool_is_invalid();
	return 0;
}

/*
 * How many bytes writing a unit with these events may touch.
 */
size_t
funnel_bundle_max_size(const FunnelSpool *spool, SpoolUnitRef unit,
					   const FunnelEvents *events)
{
	size_t		unit_size = spool->unit_type->is_word ? MAX_VARINT_SIZE :
		7 + spool_unit_size(spool, (const char *) (uintptr_t) unit);

	return MAX_VARINT_SIZE + unit_size + 1 + SPOOL_BUNDLE_PADDING +
		events->nrows * spool_event_size(spool, spool->wide);
}

/*
 * The events of words that are in order of time.
 */
static char *
write_words(char *to, const uint64 *words, size_t nwords)
{
	uint64		any = 0;
	int			width;

	for (size_t i = 1; i < nwords; i++)
		any |= words[i] - TIME_OF_WORD(words[i - 1]);
	width = any == 0 ? 1 : pg_leftmost_one_pos64(any) / 8 + 1;

	*to++ = (char) width;
	store_word(to, words[0]);
	to += sizeof(uint64);
	for (size_t i = 1; i < nwords; i++, to += width)
		store_word(to, words[i] - TIME_OF_WORD(words[i - 1]));
	return to;
}

/*
 * Write a unit and its events to TO, which is POSITION bytes from where it will
 * be aligned, and return where the next goes.  Sorts words.
 */
char *
funnel_bundle_write(const FunnelSpool *spool, char *to, size_t position,
					SpoolUnitRef unit, FunnelEvents *events)
{
	char	   *begin = to;

	to = write_varint(to, events->nrows);
	if (spool->unit_type->is_word)
		to = write_varint(to, unit << 1 ^ (uint64) ((int64) unit >> 63));
	else
	{
		const char *bytes = (const char *) (uintptr_t) unit;
		size_t		size = spool_unit_size(spool, bytes);

		while ((position + (to - begin)) % 8 != 0)
			*to++ = 0;
		memcpy(to, bytes, size);
		to += size;
	}

	if (is_coded(spool, spool->wide))
	{
		funnel_events_sort_words(events);
		return write_words(to, events->words, events->nrows);
	}
	for (size_t i = 0; i < events->nrows; i++)
	{
		const FunnelRow *row = &events->rows[i];

		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		if (spool->wide)
			memcpy(to, row, sizeof(FunnelRow));
		else
		{
			FunnelLabelMatch labels = {row->steps, row->breaks};
			FunnelEventCodes codes = spool->codes;
			uint64		word;

			/* it was a word: its code is there */
			if (!funnel_event_encode(&codes, row->ts, labels, spool->context, &word))
				funnel_spool_is_invalid();
			memcpy(to, &word, sizeof(word));
		}
		to += spool_row_size(spool->wide);
		if (spool->with_items)
		{
			memcpy(to, &events->items[i], sizeof(uint64));
			to += sizeof(uint64);
		}
	}
	return to;
}

/*
 * Read what stands before the events of the bundle at *AT, and set that to the
 * next.  False at the end.  BUNDLE is good as long as STRETCH, behind which are
 * SPOOL_BUNDLE_PADDING bytes that can be read.
 */
bool
funnel_bundle_read(const FunnelSpool *spool, const SpoolStretch *stretch,
				   const char **at, SpoolBundle *bundle)
{
	const char *p = *at;
	const char *end = stretch->end;
	uint64		most;

	if (p >= end)
		return false;
	bundle->nevents = read_varint(&p, end);
	if (bundle->nevents == 0)
		return false;
	if (spool->unit_type->is_word)
	{
		uint64		zigzag = read_varint(&p, end);

		bundle->unit = zigzag >> 1 ^ -(zigzag & 1);
	}
	else
	{
		p = stretch->begin + TYPEALIGN(8, p - stretch->begin);
		if (p > end || (size_t) (end - p) < sizeof(SpoolUnit) ||
			(size_t) (end - p) < spool_unit_size(spool, p))
			funnel_spool_is_invalid();
		bundle->unit = spool_unit_ref(spool, p);
		p += spool_unit_size(spool, p);
	}

	bundle->width = 0;
	if (is_coded(spool, stretch->wide))
	{
		if (end - p < 1 + (ptrdiff_t) sizeof(uint64))
			funnel_spool_is_invalid();
		bundle->width = *p++;
		bundle->first = load_word(p);
		p += sizeof(uint64);
		if (bundle->width < 1 || bundle->width > 8)
			funnel_spool_is_invalid();
		most = (size_t) (end - p) / bundle->width + 1;
	}
	else
		most = (size_t) (end - p) / spool_event_size(spool, stretch->wide);
	if (bundle->nevents > most)
		funnel_spool_is_invalid();
	bundle->events = p;
	*at = p + (bundle->width > 0 ? (bundle->nevents - 1) * bundle->width :
			   bundle->nevents * spool_event_size(spool, stretch->wide));
	return true;
}

/* The word with the code that it has in this spool. */
static inline uint64
translate(const uint8 *codes, uint64 word)
{
	return TIME_OF_WORD(word) | codes[(uint8) word];
}

static void
read_words(const SpoolBundle *bundle, const uint8 *codes, uint64 *to)
{
	const char *from = bundle->events;
	const int	width = bundle->width;
	const uint64 mask = PG_UINT64_MAX >> (64 - 8 * width);
	uint64		word = bundle->first;

	to[0] = word;
	for (uint64 i = 1; i < bundle->nevents; i++, from += width)
	{
		word = TIME_OF_WORD(word) + (load_word(from) & mask);
		to[i] = word;
	}
	if (codes != NULL)
	{
		for (uint64 i = 0; i < bundle->nevents; i++)
			to[i] = translate(codes, to[i]);
	}
}

/*
 * Write the events of a bundle to TO, as they stand in the spool's own records.
 */
void
funnel_bundle_events(const FunnelSpool *spool, const SpoolStretch *stretch,
					 const SpoolBundle *bundle, char *to)
{
	size_t		event = spool_event_size(spool, spool->wide);
	uint64		word = bundle->first;
	const char *from = bundle->events;

	if (bundle->width > 0 && !spool->wide)
	{
		read_words(bundle, stretch->codes, (uint64 *) to);
		return;
	}
	for (uint64 i = 0; i < bundle->nevents; i++, to += event)
	{
		if ((i & 0xFFFF) == 0xFFFF)
			CHECK_FOR_INTERRUPTS();
		if (stretch->wide)
		{
			memcpy(to, from, event);
			from += event;
			continue;
		}
		if (bundle->width == 0)
			memcpy(&word, from, sizeof(word));
		else if (i > 0)
		{
			word = TIME_OF_WORD(word) +
				(load_word(from) & PG_UINT64_MAX >> (64 - 8 * bundle->width));
			from += bundle->width;
		}
		{
			struct
			{
				uint64		word;
				uint64		item;
			}			narrow = {word, 0};

			if (stretch->codes != NULL)
				narrow.word = translate(stretch->codes, word);
			if (bundle->width == 0)
			{
				memcpy(&narrow.item, from + sizeof(word), sizeof(narrow.item));
				from += sizeof(narrow);
			}
			spool_copy_event(spool, to, spool->wide, (const char *) &narrow, false);
		}
	}
}
