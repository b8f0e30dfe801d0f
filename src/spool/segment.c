/*-------------------------------------------------------------------------
 *
 * spool/segment.c
 *	  How events and units stand in the spool's memory, files and messages.
 *
 * The spool reads here what it may have from a file or another process: sizes
 * are checked before they are used.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "spool/segment.h"

pg_noinline void
funnel_spool_is_invalid(void)
{
	elog(ERROR, "invalid funnel spool");
}

static bool
is_valid(const SpoolForm *form, bool full_rows, const SpoolSegment *segment)
{
	int			word_width = segment->word_width;
	int			unit_width = segment->unit_width;
	int			item_width = segment->item_width;

	if (word_width > 8 || unit_width > 8 || item_width > 8)
		return false;
	switch ((SpoolKind) segment->kind)
	{
		case SPOOL_PACKED:
		case SPOOL_PACKED_ITEMS:
			return word_width > 0 && unit_width > 0 && form->unit_type->is_integer &&
				form->nitems == (segment->kind == SPOOL_PACKED_ITEMS) &&
				(item_width > 0) == (segment->kind == SPOOL_PACKED_ITEMS) &&
				segment->size % (word_width + item_width + unit_width) == 0;
		case SPOOL_GROUPED:
			return word_width > 0 && (unit_width > 0) == form->unit_type->is_integer &&
				form->nitems == 0;
		case SPOOL_WORDS:
			return true;
		case SPOOL_FULL_ROWS:
			return full_rows;
	}
	return false;
}

const SpoolSegment *
funnel_spool_next_segment(const SpoolForm *form, bool full_rows, const char **at, const char *end)
{
	const SpoolSegment *segment = (const SpoolSegment *) *at;

	if (*at == end)
		return NULL;
	if ((size_t) (end - *at) < sizeof(SpoolSegment) ||
		(size_t) (end - *at) < spool_segment_size(segment) ||
		!is_valid(form, full_rows, segment))
		funnel_spool_is_invalid();
	*at += spool_segment_size(segment);
	return segment;
}

size_t
funnel_spool_max_units(const SpoolForm *form, const SpoolSegment *segment)
{
	/* a group is at least a packed record, and a unit 8 bytes if it is none */
	if (segment->kind != SPOOL_WORDS && segment->kind != SPOOL_FULL_ROWS)
		return segment->size / (segment->word_width + segment->item_width + segment->unit_width);
	return segment->size /
		(spool_event_size(form, segment->kind == SPOOL_FULL_ROWS) + sizeof(uint64));
}

size_t
funnel_spool_group_room(const SpoolForm *form, SpoolUnitRef unit, size_t nwords)
{
	size_t		unit_size = form->unit_type->is_integer ? sizeof(uint64) :
		7 + spool_unit_size(form, (const char *) spool_unit_at(unit));

	return unit_size + FUNNEL_VARINT_SIZE + 1 + nwords * sizeof(uint64) + SPOOL_PADDING;
}

char *
funnel_spool_write_group(const SpoolForm *form, const SpoolSegment *segment,
						 const char *records, char *to, SpoolUnitRef unit,
						 const uint64 *words, size_t nwords)
{
	uint64		any = 0;
	int			width;

	if (segment->unit_width > 0)
	{
		funnel_store_word(to, unit);
		to += segment->unit_width;
	}
	else
	{
		const char *bytes = (const char *) spool_unit_at(unit);
		size_t		size = spool_unit_size(form, bytes);

		while ((to - records) % 8 != 0)
			*to++ = 0;
		memcpy(to, bytes, size);
		to += size;
	}
	to = (char *) funnel_varint_write((uint8 *) to, nwords - 1);
	funnel_store_word(to, words[0] - segment->base);
	to += segment->word_width;
	if (nwords == 1)
		return to;

	for (size_t i = 1; i < nwords; i++)
		any |= words[i] - SPOOL_TIME_OF_WORD(words[i - 1]);
	width = spool_width_of(any);
	*to++ = (char) width;
	for (size_t i = 1; i < nwords; i++, to += width)
		funnel_store_word(to, words[i] - SPOOL_TIME_OF_WORD(words[i - 1]));
	return to;
}

/*
 * The group that the cursor is at, which is before the end.
 */
void
funnel_spool_read_group(SpoolCursor *cursor)
{
	const char *at = cursor->next;
	const char *end = cursor->end;
	uint64		more;

	if (cursor->unit_width > 0)
	{
		if (end - at < cursor->unit_width)
			funnel_spool_is_invalid();
		cursor->unit = funnel_load_word(at) & cursor->unit_mask;
		at += cursor->unit_width;
	}
	else
	{
		/* as written: where MAXALIGN is 4, the address itself tells nothing */
		at = cursor->records + TYPEALIGN(8, at - cursor->records);
		if (end - at < (ptrdiff_t) sizeof(SpoolUnit) ||
			(size_t) (end - at) < spool_unit_size(cursor->form, at))
			funnel_spool_is_invalid();
		cursor->unit = spool_unit_ref(cursor->form, at);
		at += spool_unit_size(cursor->form, at);
	}
	if (funnel_varint_read((const uint8 **) &at, (const uint8 *) end, &more) != NULL ||
		end - at < cursor->word_width)
		funnel_spool_is_invalid();
	cursor->word = cursor->base + (funnel_load_word(at) & cursor->word_mask);
	at += cursor->word_width;
	cursor->width = 1;
	if (more > 0)
	{
		if (at == end || *at < 1 || *at > 8)
			funnel_spool_is_invalid();
		cursor->width = *at++;
		if ((uint64) (end - at) / cursor->width < more)
			funnel_spool_is_invalid();
	}
	cursor->nevents = more + 1;
	cursor->event = NULL;
	cursor->next = at + more * cursor->width;
}
