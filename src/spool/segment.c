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
	/* a unit that is no integer has at least a hash and a length */
	if (segment->kind == SPOOL_PACKED || segment->kind == SPOOL_PACKED_ITEMS)
		return segment->size / (segment->word_width + segment->item_width +
								(segment->unit_width > 0 ? segment->unit_width : sizeof(uint32) + 1));
	return segment->size /
		(spool_event_size(form, segment->kind == SPOOL_FULL_ROWS) + sizeof(uint64));
}
