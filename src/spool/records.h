/*-------------------------------------------------------------------------
 *
 * spool/records.h
 *	  How events and units stand in the spool's memory, files and messages.
 *
 * A segment is a header and records of one kind: what one block holds.  Files
 * and messages are segments one after another, each aligned to 8 bytes.
 *
 * Most records are packed.  Of a word event, see events/word.h, and a word unit
 * only as many bytes are kept as the numbers need, the lowest first; of the
 * event it is the difference to the segment's base, which is near because rows
 * mostly come in order of time.
 *
 *	event			word_width bytes
 *	unit			unit_width bytes
 *
 * Word events that are handed to another process are grouped before: units one
 * after another, each with its events in order of time.
 *
 *	unit			unit_width bytes; or, if that is 0, as below, after as many
 *					zeros as align it to 8 bytes
 *	events			their number less one, a varint: seven bits to a byte, the
 *					lowest first (LEB128)
 *	first event		word_width bytes
 *	width			a byte, 1 to 8, if there are more
 *	each other		so many bytes: its word less the time of the one before
 *
 * All other records have parts of multiples of 8 bytes:
 *
 *	event			8 bytes: the word; or, if it is wide, 24: FunnelRow
 *	items			8 bytes each, if the spool is one with items
 *	unit			8 bytes: a word; or a hash, a length, and so many bytes
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_RECORDS_H
#define FUNNEL_SPOOL_RECORDS_H

#include "base/bytes.h"
#include "events/unit.h"
#include "events/word.h"

typedef struct SpoolSegment
{
	uint64		base;			/* what is to be added to packed words */
	uint32		size;			/* of the records, in bytes */
	uint8		word_width;		/* 1 to 8, or 0 if they are not packed */
	uint8		unit_width;		/* the same, or 0 if units are not words */
	bool		wide;			/* are events FunnelRows? */
	bool		grouped;		/* events by unit */
} SpoolSegment;

StaticAssertDecl(sizeof(SpoolSegment) == 16, "records are aligned to 8 bytes");

/* So many bytes behind the last packed record may be read. */
#define SPOOL_PADDING		8

/* What the records of all segments of one spool have in common */
typedef struct SpoolForm
{
	FunnelUnitType *unit_type;
	int			nitems;			/* of each event */
} SpoolForm;

static inline size_t
spool_segment_size(const SpoolSegment *segment)
{
	return sizeof(SpoolSegment) + TYPEALIGN(8, (size_t) segment->size);
}

/*
 * Packed records
 */

/* The bits of a number of so many bytes, 1 to 8 */
static inline uint64
spool_width_mask(int width)
{
	return PG_UINT64_MAX >> (64 - 8 * width);
}

static inline int
spool_width_of(uint64 number)
{
	return number == 0 ? 1 : pg_leftmost_one_pos64(number) / 8 + 1;
}

static inline int
spool_packed_size(const SpoolSegment *segment)
{
	return segment->word_width + segment->unit_width;
}

static inline uint64
spool_packed_word(const SpoolSegment *segment, const char *record)
{
	return segment->base + (funnel_load_word(record) & spool_width_mask(segment->word_width));
}

static inline uint64
spool_packed_unit(const SpoolSegment *segment, const char *record)
{
	return funnel_load_word(record + segment->word_width) & spool_width_mask(segment->unit_width);
}

/* Put an event where it may be wide. */
static inline void
spool_copy_word(const FunnelEventCodes *codes, char *to, bool to_wide, uint64 word)
{
	if (to_wide)
	{
		FunnelRow	row = funnel_event_decode(codes, word);

		memcpy(to, &row, sizeof(row));
	}
	else
		memcpy(to, &word, sizeof(word));
}

/*
 * Other records: the event
 */

/* The size of an event without its items, and with them. */
static inline size_t
spool_row_size(bool wide)
{
	return wide ? sizeof(FunnelRow) : sizeof(uint64);
}

static inline size_t
spool_event_size(const SpoolForm *form, bool wide)
{
	return spool_row_size(wide) + form->nitems * sizeof(uint64);
}

static inline FunnelRow
spool_read_event(const FunnelEventCodes *codes, bool wide, const char *event)
{
	FunnelRow	row;
	uint64		word;

	if (wide)
		memcpy(&row, event, sizeof(row));
	else
	{
		memcpy(&word, event, sizeof(word));
		row = funnel_event_decode(codes, word);
	}
	return row;
}

/* Item N, from 0. */
static inline uint64
spool_read_item(bool wide, const char *event, int n)
{
	uint64		item;

	memcpy(&item, event + spool_row_size(wide) + n * sizeof(item), sizeof(item));
	return item;
}

/* Copy an event to a place that may be wide where it is not. */
static inline void
spool_copy_event(const SpoolForm *form, const FunnelEventCodes *codes,
				 char *to, bool to_wide, const char *event, bool wide)
{
	FunnelRow	row;

	if (wide == to_wide)
	{
		memcpy(to, event, spool_event_size(form, wide));
		return;
	}
	row = spool_read_event(codes, wide, event);
	memcpy(to, &row, sizeof(row));
	memcpy(to + sizeof(row), event + spool_row_size(wide), form->nitems * sizeof(uint64));
}

/*
 * Other records: the unit, a word, or this with so many bytes behind it
 */
typedef struct SpoolUnit
{
	uint32		hash;
	uint32		len;
} SpoolUnit;

/* A unit outside of records: the word, or where it is. */
typedef uint64 SpoolUnitRef;

static inline size_t
spool_unit_size(const SpoolForm *form, const char *unit)
{
	if (form->unit_type->is_word)
		return sizeof(uint64);
	return sizeof(SpoolUnit) + TYPEALIGN(8, (size_t) ((const SpoolUnit *) unit)->len);
}

static inline SpoolUnitRef
spool_unit_ref(const SpoolForm *form, const char *unit)
{
	uint64		word;

	if (!form->unit_type->is_word)
		return (SpoolUnitRef) (uintptr_t) unit;
	memcpy(&word, unit, sizeof(word));
	return word;
}

/* Types that are not words have a hash of 32 bits: it is doubled. */
static inline uint64
spool_double_hash(uint32 hash)
{
	return (uint64) hash << 32 | hash;
}

static inline uint64
spool_unit_hash(const SpoolForm *form, SpoolUnitRef unit)
{
	if (!form->unit_type->is_word)
		return spool_double_hash(((const SpoolUnit *) (uintptr_t) unit)->hash);
	return funnel_hash_word(unit);
}

/*
 * Groups
 */

/* The events of one unit. */
typedef struct SpoolGroup
{
	SpoolUnitRef unit;
	uint64		nevents;
	uint64		first;			/* a word */
	int			width;			/* of each other event, which begin here */
	char	   *others;
} SpoolGroup;

#define SPOOL_TIME_OF_WORD(word)	((word) & ~((UINT64CONST(1) << FUNNEL_CODE_BITS) - 1))

extern size_t funnel_spool_group_max_size(const SpoolForm *form, SpoolUnitRef unit,
										  size_t nevents);
extern char *funnel_spool_write_group(const SpoolForm *form, const SpoolSegment *segment,
									  char *records, char *to, SpoolUnitRef unit,
									  const uint64 *words, size_t nwords);
extern char *funnel_spool_read_group(const SpoolForm *form, const SpoolSegment *segment,
									 char *at, SpoolGroup *group);

/* The words of a group after the first, one by one; WORD is the one before. */
static inline uint64
spool_next_word(const SpoolGroup *group, uint64 word, uint64 i)
{
	return SPOOL_TIME_OF_WORD(word) +
		(funnel_load_word(group->others + (i - 1) * group->width) & spool_width_mask(group->width));
}

#endif							/* FUNNEL_SPOOL_RECORDS_H */
