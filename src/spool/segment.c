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
			return word_width > 0 && form->unit_type->is_image &&
				(unit_width > 0) == form->unit_type->is_integer &&
				form->nitems == (segment->kind == SPOOL_PACKED_ITEMS) &&
				(item_width > 0) == (segment->kind == SPOOL_PACKED_ITEMS) &&
				(unit_width == 0 || segment->size % (word_width + item_width + unit_width) == 0);
		case SPOOL_WORDS:
			return segment->size % 8 == 0;
		case SPOOL_FULL_ROWS:
			return segment->size % 8 == 0 && full_rows;
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
		(size_t) (end - *at) < segment->size ||
		(size_t) (end - *at) < spool_segment_size(segment) ||
		!is_valid(form, full_rows, segment))
		funnel_spool_is_invalid();
	*at += spool_segment_size(segment);
	return segment;
}

size_t
funnel_spool_max_units(const SpoolForm *form, const SpoolSegment *segment)
{
	/* a unit that is no integer has at least a hash and a length */
	if (segment->kind == SPOOL_PACKED || segment->kind == SPOOL_PACKED_ITEMS)
		return segment->size / (segment->word_width + segment->item_width +
								(segment->unit_width > 0 ? segment->unit_width : sizeof(uint32) + 1));
	return segment->size /
		(spool_event_size(form, segment->kind == SPOOL_FULL_ROWS) + sizeof(uint64));
}

bool
funnel_spool_same_unit(const SpoolForm *form, const char *left, const char *right)
{
	uint32		left_len;
	uint32		right_len;

	left = spool_checked_unit_bytes(form, left, &left_len);
	right = spool_checked_unit_bytes(form, right, &right_len);
	return funnel_unit_keys_equal(form->unit_type, left, left_len, right, right_len);
}

const char *
funnel_spool_unit_end(const SpoolForm *form, const char *unit, const char *end)
{
	const char *bytes = unit + sizeof(uint32);
	uint32		stored;
	uint64		len;

	if (end - unit < (ptrdiff_t) (sizeof(uint32) + 1))
		funnel_spool_is_invalid();
	if (!form->unit_type->is_image)
	{
		if (end - bytes < (ptrdiff_t) sizeof(stored))
			funnel_spool_is_invalid();
		memcpy(&stored, bytes, sizeof(stored));
		len = stored;
		bytes += sizeof(stored);
	}
	else if (funnel_varint_read((const uint8 **) &bytes, (const uint8 *) end, &len) != NULL)
		funnel_spool_is_invalid();
	if ((uint64) (end - bytes) < len)
		funnel_spool_is_invalid();
	return bytes + len;
}
