/*-------------------------------------------------------------------------
 *
 * spool/group.c
 *	  The events of one unit after another, see spool/records.h.
 *
 * Grouping is work that the processes of a parallel query share if they do it
 * before they hand over, whereas the one that receives works alone; and the
 * groups are smaller than the records.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "spool/impl.h"

#define MAX_VARINT_SIZE		10

/*
 * How many bytes writing a group of so many events may touch.
 */
size_t
funnel_spool_group_max_size(const SpoolForm *form, SpoolUnitRef unit, size_t nevents)
{
	size_t		unit_size = form->unit_type->is_word ? sizeof(uint64) :
		7 + spool_unit_size(form, (const char *) (uintptr_t) unit);

	return unit_size + MAX_VARINT_SIZE + 1 + nevents * sizeof(uint64) + SPOOL_PADDING;
}

/*
 * Write a unit and its events, which are in order of time, to TO, and return
 * where the next goes.  The records of the segment begin at RECORDS, which need
 * not be aligned yet; of SEGMENT the base and widths are looked at.
 */
char *
funnel_spool_write_group(const SpoolForm *form, const SpoolSegment *segment,
						 char *records, char *to, SpoolUnitRef unit,
						 const uint64 *words, size_t nwords)
{
	uint64		any = 0;
	uint64		more = nwords - 1;
	int			width;

	if (segment->unit_width > 0)
	{
		funnel_store_word(to, unit);
		to += segment->unit_width;
	}
	else
	{
		const char *bytes = (const char *) (uintptr_t) unit;
		size_t		size = spool_unit_size(form, bytes);

		while ((to - records) % 8 != 0)
			*to++ = 0;
		memcpy(to, bytes, size);
		to += size;
	}
	for (; more >= 0x80; more >>= 7)
		*to++ = (char) (more | 0x80);
	*to++ = (char) more;
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
 * Read the group at AT, which is before the segment's end, and return where the
 * next is.
 */
char *
funnel_spool_read_group(const SpoolForm *form, const SpoolSegment *segment,
						char *at, SpoolGroup *group)
{
	char	   *end = (char *) (segment + 1) + segment->size;
	uint64		more = 0;
	int			shift = 0;
	unsigned char byte;

	if (segment->unit_width > 0)
	{
		if (end - at < segment->unit_width)
			funnel_spool_is_invalid();
		group->unit = funnel_load_word(at) & spool_width_mask(segment->unit_width);
		at += segment->unit_width;
	}
	else
	{
		at = (char *) TYPEALIGN(8, at);
		if (end - at < (ptrdiff_t) sizeof(SpoolUnit) ||
			(size_t) (end - at) < spool_unit_size(form, at))
			funnel_spool_is_invalid();
		group->unit = spool_unit_ref(form, at);
		at += spool_unit_size(form, at);
	}
	if (end - at < 1 + segment->word_width)
		funnel_spool_is_invalid();
	do
	{
		byte = *at++;
		more |= (uint64) (byte & 0x7F) << shift;
		shift += 7;
	} while (byte >= 0x80 && shift < 64 && at < end);
	if (byte >= 0x80 || end - at < segment->word_width)
		funnel_spool_is_invalid();
	group->nevents = more + 1;
	group->first = segment->base + (funnel_load_word(at) & spool_width_mask(segment->word_width));
	at += segment->word_width;
	group->width = 1;
	if (more > 0)
	{
		if (at == end || *at < 1 || *at > 8)
			funnel_spool_is_invalid();
		group->width = *at++;
		if ((uint64) (end - at) / group->width < more)
			funnel_spool_is_invalid();
	}
	group->others = at;
	return at + more * group->width;
}
