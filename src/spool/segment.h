/*-------------------------------------------------------------------------
 *
 * spool/segment.h
 *	  How events and units stand in the spool's memory, files and messages.
 *
 * A segment is a header and records of one kind: what one block holds.  Files
 * and messages are segments one after another, each aligned to 8 bytes.
 *
 * Most records are packed: words with one item at most, of units whose bytes
 * decide what is equal.  Of a word, see events/word.h, and of a unit that is an
 * integer only as many bytes are kept as the numbers need, the lowest first; of
 * the word it is the difference to the segment's base, which is near because rows
 * mostly come in order of time.  The item is 0, or kept as the difference to another
 * base.
 *
 *	event			word_width bytes
 *	item			item_width bytes, if there is one
 *	unit			an integer: unit_width bytes; or, if that is 0, a hash, 4 bytes,
 *					a length, a varint, and so many bytes
 *
 * All other records have parts of multiples of 8 bytes:
 *
 *	event			a word, 8 bytes; or a full row, 24 bytes: FunnelRow
 *	items			8 bytes each, if the spool is one with items
 *	unit			an integer, 8 bytes; or as above, and zeros behind it; or, if a
 *					function decides what is equal, a hash and a length, 4 bytes each,
 *					and so many bytes and zeros
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_SEGMENT_H
#define FUNNEL_SPOOL_SEGMENT_H

#include "utils/memutils.h"

#include "base/hash.h"
#include "events/unit.h"
#include "events/word.h"

typedef enum SpoolKind
{
	SPOOL_PACKED,
	SPOOL_PACKED_ITEMS,
	SPOOL_WORDS,
	SPOOL_FULL_ROWS
} SpoolKind;

typedef struct SpoolSegment
{
	uint64		base;			/* what is to be added to packed words */
	uint64		item_base;		/* and to packed items that are not 0 */
	uint32		size;			/* of the records, in bytes */
	uint8		kind;
	uint8		word_width;		/* 1 to 8 if packed, else 0 */
	uint8		unit_width;		/* the same, or 0 if units are no integers */
	uint8		item_width;		/* 1 to 8 if packed with items, else 0 */
} SpoolSegment;

StaticAssertDecl(sizeof(SpoolSegment) == 24, "records are aligned to 8 bytes");

/* So many bytes behind the last packed record may be read. */
#define SPOOL_PADDING		8

#define SPOOL_MAX_ITEMS		2

/* What all segments of one spool have in common */
typedef struct SpoolForm
{
	FunnelUnitType *unit_type;
	const FunnelEventCodes *codes;
	int			nitems;			/* of each event */
} SpoolForm;

/* What is in a file, or came from another process, makes no sense. */
pg_noreturn extern void funnel_spool_is_invalid(void);

static inline size_t
spool_segment_size(const SpoolSegment *segment)
{
	return sizeof(SpoolSegment) + TYPEALIGN(8, (size_t) segment->size);
}

/*
 * The segment at *AT, which is set to the next; NULL at the end.  FULL_ROWS:
 * there may be some.
 */
extern const SpoolSegment *funnel_spool_next_segment(const SpoolForm *form, bool full_rows,
													 const char **at, const char *end);

/* No segment of its size has more units. */
extern size_t funnel_spool_max_units(const SpoolForm *form, const SpoolSegment *segment);

/*
 * Units
 */

/* A unit outside of records: the integer, or where it is. */
typedef uint64 SpoolUnitRef;

/* Where a unit is that is no integer; packed ones are not aligned. */
static inline const char *
spool_unit_at(SpoolUnitRef unit)
{
	return (const char *) (uintptr_t) unit;
}

static inline SpoolUnitRef
spool_unit_ref(const SpoolForm *form, const char *unit)
{
	uint64		integer;

	if (!form->unit_type->is_integer)
		return (SpoolUnitRef) (uintptr_t) unit;
	memcpy(&integer, unit, sizeof(integer));
	return integer;
}

/* The hash of a unit that is no integer. */
static inline uint32
spool_stored_hash(const char *unit)
{
	uint32		hash;

	memcpy(&hash, unit, sizeof(hash));
	return hash;
}

/* The length of most units whose bytes decide what is equal is one byte behind the hash. */
static inline uint8
spool_short_length(const char *unit)
{
	return (uint8) unit[sizeof(uint32)];
}

#define SPOOL_MAX_SHORT_LENGTH		0x7F
#define SPOOL_SHORT_LENGTH_HEADER	(sizeof(uint32) + 1)

/* Where a unit that is no integer ends, which must be before END. */
extern const char *funnel_spool_unit_end(const SpoolForm *form, const char *unit, const char *end);

/* The same, at once for most. */
static inline const char *
spool_unit_end(const SpoolForm *form, const char *unit, const char *end)
{
	ptrdiff_t	room = end - unit - (ptrdiff_t) SPOOL_SHORT_LENGTH_HEADER;

	if (likely(form->unit_type->is_image && room >= 0 &&
			   spool_short_length(unit) <= Min(room, SPOOL_MAX_SHORT_LENGTH)))
		return unit + SPOOL_SHORT_LENGTH_HEADER + spool_short_length(unit);
	return funnel_spool_unit_end(form, unit, end);
}

/* The bytes of such a unit that was read before, and how many they are. */
static inline const char *
spool_checked_unit_bytes(const SpoolForm *form, const char *unit, uint32 *len)
{
	const uint8 *at = (const uint8 *) unit + sizeof(uint32);

	if (!form->unit_type->is_image)
	{
		memcpy(len, at, sizeof(*len));
		return (const char *) at + sizeof(*len);
	}
	*len = *at & 0x7F;
	for (int shift = 7; (*at++ & 0x80) != 0; shift += 7)
		*len |= (uint32) (*at & 0x7F) << shift;
	return (const char *) at;
}

/* Units that are no integers have a hash of 32 bits: it is doubled. */
static inline uint64
spool_double_hash(uint32 hash)
{
	return (uint64) hash << 32 | hash;
}

/* Are two units that are no integers and have the same hash one? */
extern bool funnel_spool_same_unit(const SpoolForm *form, const char *left, const char *right);

static inline bool
spool_same_unit(const SpoolForm *form, SpoolUnitRef a, SpoolUnitRef b)
{
	const char *left = spool_unit_at(a);
	const char *right = spool_unit_at(b);

	if (form->unit_type->is_integer)
		return a == b;
	if (spool_stored_hash(left) != spool_stored_hash(right))
		return false;
	if (likely(form->unit_type->is_image && spool_short_length(left) <= SPOOL_MAX_SHORT_LENGTH))
		return spool_short_length(left) == spool_short_length(right) &&
			funnel_same_bytes(left + SPOOL_SHORT_LENGTH_HEADER, right + SPOOL_SHORT_LENGTH_HEADER,
							  spool_short_length(left));
	return funnel_spool_same_unit(form, left, right);
}

/* How long a unit is that is no integer. */
static inline size_t
spool_unit_size(const SpoolForm *form, const FunnelUnitKey *key)
{
	size_t		size = sizeof(key->hash) + (form->unit_type->is_image ? 1 : sizeof(key->len)) + key->len;

	if (form->unit_type->is_image)
	{
		for (uint32 more = key->len >> 7; more > 0; more >>= 7)
			size++;
	}
	return size;
}

/* Write it, and return where it ends. */
static inline char *
spool_write_unit(const SpoolForm *form, char *to, const FunnelUnitKey *key)
{
	memcpy(to, &key->hash, sizeof(key->hash));
	to += sizeof(key->hash);
	if (form->unit_type->is_image)
		to = (char *) funnel_varint_write((uint8 *) to, key->len);
	else
	{
		memcpy(to, &key->len, sizeof(key->len));
		to += sizeof(key->len);
	}
	funnel_copy_bytes(to, key->bytes, key->len);
	return to + key->len;
}

/*
 * Events
 */

/* The size of an event without its items, and with them. */
static inline size_t
spool_row_size(bool full_rows)
{
	return full_rows ? sizeof(FunnelRow) : sizeof(uint64);
}

static inline size_t
spool_event_size(const SpoolForm *form, bool full_rows)
{
	return spool_row_size(full_rows) + form->nitems * sizeof(uint64);
}

/* Copy an event of the size given, mostly a word. */
static inline void
spool_copy_event(char *to, const char *event, size_t size)
{
	if (likely(size == sizeof(uint64)))
		memcpy(to, event, sizeof(uint64));
	else
		memcpy(to, event, size);
}

/* Write a word as it is, or as a full row. */
static inline void
spool_write_word(const SpoolForm *form, char *to, bool full_rows, uint64 word)
{
	if (full_rows)
	{
		FunnelRow	row = funnel_event_decode(form->codes, word);

		memcpy(to, &row, sizeof(row));
	}
	else
		memcpy(to, &word, sizeof(word));
}

static inline FunnelRow
spool_read_row(const SpoolForm *form, bool full_rows, const char *event)
{
	FunnelRow	row;
	uint64		word;

	if (full_rows)
	{
		memcpy(&row, event, sizeof(row));
		return row;
	}
	memcpy(&word, event, sizeof(word));
	return funnel_event_decode(form->codes, word);
}

/* Item N, from 0. */
static inline uint64
spool_read_item(bool full_rows, const char *event, int n)
{
	uint64		item;

	memcpy(&item, event + spool_row_size(full_rows) + n * sizeof(item), sizeof(item));
	return item;
}

/*
 * Packed records
 */

/* The bits of a number of so many bytes, 0 to 8 */
static inline uint64
spool_width_mask(int width)
{
	return width == 0 ? 0 : PG_UINT64_MAX >> (64 - 8 * width);
}

static inline int
spool_width_of(uint64 number)
{
	return number == 0 ? 1 : pg_leftmost_one_pos64(number) / 8 + 1;
}

/*
 * An item as it is packed, and back.  0 is kept as such, so that the others are
 * at least 1; MASK has the bits of the item's width.
 */
static inline bool
spool_item_fits(uint64 item_base, uint64 mask, uint64 item)
{
	return item == 0 || item - item_base - 1 < mask;
}

static inline uint64
spool_pack_item(uint64 item_base, uint64 item)
{
	return item == 0 ? 0 : item - item_base;
}

static inline uint64
spool_unpack_item(uint64 item_base, uint64 packed)
{
	return packed == 0 ? 0 : packed + item_base;
}

/* The base for an item, not 0, and those near it; all there are fit into 8 bytes. */
static inline uint64
spool_item_base(int item_width, uint64 item)
{
	if (item_width == sizeof(item))
		return 0;
	return (item - 1) & ~(spool_width_mask(item_width) >> 1);
}

/*
 * Write the event and the item of a packed record, less the segment's bases, and
 * return where the unit goes; ITEM_WIDTH is 0 if there is none.  Up to 8 bytes
 * behind them are written to.
 */
static pg_attribute_always_inline char *
spool_write_packed(char *to, int word_width, int item_width, uint64 word, uint64 item)
{
	funnel_store_word(to, word);
	to += word_width;
	if (item_width > 0)
	{
		funnel_store_word(to, item);
		to += item_width;
	}
	return to;
}

/*
 * Cursors
 *
 * A cursor reads the records of a segment, of whatever kind.  The functions below
 * take that kind as an argument: where it is a constant, the compiler makes a loop
 * for it alone.
 */
typedef struct SpoolCursor
{
	const SpoolForm *form;
	const char *next;			/* record */
	const char *end;

	uint64		base;			/* of packed words */
	int			word_width;
	int			unit_width;
	uint64		word_mask;
	uint64		unit_mask;
	uint64		item_base;		/* of packed items */
	int			item_width;
	size_t		event_size;		/* of the others */

	/* The present record */
	SpoolUnitRef unit;
	const char *event;
} SpoolCursor;

static pg_attribute_always_inline void
spool_cursor_init(SpoolCursor *cursor, const SpoolForm *form, const SpoolSegment *segment,
				  SpoolKind kind)
{
	cursor->form = form;
	cursor->next = (const char *) (segment + 1);
	cursor->end = cursor->next + segment->size;
	cursor->base = segment->base;
	cursor->word_width = segment->word_width;
	cursor->unit_width = segment->unit_width;
	cursor->word_mask = spool_width_mask(segment->word_width);
	cursor->unit_mask = spool_width_mask(segment->unit_width);
	cursor->item_base = segment->item_base;
	cursor->item_width = segment->item_width;
	cursor->event_size = spool_event_size(form, kind == SPOOL_FULL_ROWS);
}

/* Go to the next record; false if there is none. */
static pg_attribute_always_inline bool
spool_cursor_next(SpoolCursor *cursor, SpoolKind kind)
{
	const char *unit;

	if (cursor->next >= cursor->end)
		return false;
	cursor->event = cursor->next;
	if (kind == SPOOL_PACKED || kind == SPOOL_PACKED_ITEMS)
	{
		unit = cursor->next + cursor->word_width;
		if (kind == SPOOL_PACKED_ITEMS)
			unit += cursor->item_width;
		if (likely(cursor->unit_width > 0))
		{
			cursor->unit = funnel_load_word(unit) & cursor->unit_mask;
			cursor->next = unit + cursor->unit_width;
		}
		else
		{
			cursor->unit = spool_unit_ref(cursor->form, unit);
			cursor->next = spool_unit_end(cursor->form, unit, cursor->end);
		}
	}
	else
	{
		unit = cursor->next + cursor->event_size;
		if (cursor->form->unit_type->is_integer)
		{
			cursor->next = unit + sizeof(uint64);
			if (unlikely(cursor->next > cursor->end))
				funnel_spool_is_invalid();
			cursor->unit = spool_unit_ref(cursor->form, unit);
		}
		else
		{
			cursor->unit = spool_unit_ref(cursor->form, unit);
			cursor->next = spool_unit_end(cursor->form, unit, cursor->end);
			cursor->next = cursor->event + TYPEALIGN(8, cursor->next - cursor->event);
		}
	}
	return true;
}

/* The word of a packed record. */
static pg_attribute_always_inline uint64
spool_packed_word(const SpoolCursor *cursor)
{
	return cursor->base + (funnel_load_word(cursor->event) & cursor->word_mask);
}

/*
 * Write the record's event to TO, with its items if there are any: as a full row,
 * or else as a word; from full rows only the former is possible.
 */
static pg_attribute_always_inline void
spool_cursor_copy_event(SpoolCursor *cursor, SpoolKind kind, char *to, bool full_rows)
{
	const SpoolForm *form = cursor->form;
	uint64		item;

	switch (kind)
	{
		case SPOOL_PACKED:
		case SPOOL_PACKED_ITEMS:
			if (kind == SPOOL_PACKED_ITEMS)
			{
				item = funnel_load_word(cursor->event + cursor->word_width) &
					spool_width_mask(cursor->item_width);
				item = spool_unpack_item(cursor->item_base, item);
				memcpy(to + spool_row_size(full_rows), &item, sizeof(item));
			}
			spool_write_word(form, to, full_rows, spool_packed_word(cursor));
			break;
		case SPOOL_WORDS:
		case SPOOL_FULL_ROWS:
			if (kind == SPOOL_WORDS && full_rows)
			{
				FunnelRow	row = spool_read_row(form, false, cursor->event);

				memcpy(to, &row, sizeof(row));
				memcpy(to + sizeof(row), cursor->event + sizeof(uint64),
					   form->nitems * sizeof(uint64));
			}
			else
				spool_copy_event(to, cursor->event, cursor->event_size);
			break;
	}
}

#endif							/* FUNNEL_SPOOL_SEGMENT_H */
