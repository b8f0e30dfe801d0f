/*-------------------------------------------------------------------------
 *
 * eventlist.c
 *	  The events of one unit as they come: the state of per-unit aggregates.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"

#include "compat.h"
#include "eventlist.h"

/* Most units have few events that matter. */
#define FIRST_CAPACITY		4

#define WORDS_PER_EVENT(wide) ((wide) ? 3 : 1)

/* Make room for NWORDS more. */
static void
reserve_words(FunnelEventList *list, MemoryContext context, uint64 nwords)
{
	uint64		used = (uint64) list->nevents * WORDS_PER_EVENT(list->wide);
	uint64		capacity = Max(list->capacity, FIRST_CAPACITY);

	if (used + nwords <= list->capacity)
		return;
	while (capacity < used + nwords)
		capacity *= 2;
	if (capacity > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one unit")));
	if (list->words == NULL)
		list->words = MemoryContextAllocHuge(context, capacity * sizeof(uint64));
	else
		list->words = repalloc_huge(list->words, capacity * sizeof(uint64));
	list->capacity = capacity;
}

/* Turn the list wide; going down, no event overwrites one still to be read. */
static void
widen(FunnelEventList *list, MemoryContext context, const FunnelEventCodes *codes)
{
	reserve_words(list, context, (uint64) list->nevents * 2);
	for (uint32 i = list->nevents; i-- > 0;)
	{
		FunnelRow	row = funnel_event_decode(codes, list->words[i]);

		memcpy(list->words + (size_t) i * 3, &row, sizeof(row));
	}
	list->wide = true;
}

void
funnel_event_list_add(FunnelEventList *list, MemoryContext context,
					  FunnelEventCodes *codes, MemoryContext codes_context,
					  int64 ts, FunnelLabelMatch labels)
{
	uint64		word = 0;

	if (!list->wide &&
		unlikely(!funnel_event_encode(codes, ts, labels, codes_context, &word)))
		widen(list, context, codes);
	if (list->wide)
	{
		FunnelRow	row = {ts, labels.steps, labels.breaks};

		reserve_words(list, context, 3);
		memcpy(list->words + (size_t) list->nevents * 3, &row, sizeof(row));
	}
	else
	{
		if (list->nevents == list->capacity)
			reserve_words(list, context, 1);
		list->words[list->nevents] = word;
	}
	list->nevents++;
}

void
funnel_event_list_read(const FunnelEventList *list, const FunnelEventCodes *codes,
					   FunnelEvents *events)
{
	funnel_events_reserve(events, list->nevents);
	events->nrows = list->nevents;
	if (list->wide)
		memcpy(events->rows, list->words, (size_t) list->nevents * sizeof(FunnelRow));
	else
	{
		for (uint32 i = 0; i < list->nevents; i++)
			events->rows[i] = funnel_event_decode(codes, list->words[i]);
	}
}

/*
 * Serialized, an event is its time less that of the one before and what it
 * matches, as numbers of seven bits a byte, lowest first, the high bit saying
 * that more follow: an event that matches one step takes 5 to 7 bytes.
 */

#define MIXED_CODE			(FUNNEL_MAX_STEPS + 1)

static void
send_varint(StringInfo buf, uint64 value)
{
	char		bytes[10];
	int			len = 0;

	while (value >= 0x80)
	{
		bytes[len++] = (char) (value | 0x80);
		value >>= 7;
	}
	bytes[len++] = (char) value;
	appendBinaryStringInfoNT(buf, bytes, len);
}

static uint64
get_varint(StringInfo buf)
{
	uint64		value = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint64		byte = pq_getmsgbyte(buf);

		value |= (byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return value;
	}
	elog(ERROR, "invalid number in a serialized event list");
}

void
funnel_event_list_serialize(const FunnelEventList *list, const FunnelEventCodes *codes,
							StringInfo buf)
{
	uint64		last = 0;

	send_varint(buf, list->nevents);
	for (uint32 i = 0; i < list->nevents; i++)
	{
		FunnelRow	row = funnel_event_list_row(list, codes, i);
		uint64		delta = (uint64) row.ts - last;

		/* zigzag: small differences of either sign become small numbers */
		send_varint(buf, delta << 1 ^ (uint64) -(int64) (delta >> 63));
		last = row.ts;
		if (row.breaks == 0 && (row.steps & (row.steps - 1)) == 0)
			send_varint(buf, row.steps == 0 ? 0 : pg_rightmost_one_pos64(row.steps) + 1);
		else
		{
			send_varint(buf, MIXED_CODE);
			send_varint(buf, row.steps);
			send_varint(buf, row.breaks);
		}
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}

void
funnel_event_list_absorb(FunnelEventList *list, MemoryContext context,
						 FunnelEventCodes *codes, MemoryContext codes_context,
						 StringInfo buf)
{
	uint64		nevents = get_varint(buf);
	uint64		last = 0;

	for (uint64 i = 0; i < nevents; i++)
	{
		uint64		delta = get_varint(buf);
		uint64		code;
		FunnelLabelMatch labels = {0, 0};

		last += delta >> 1 ^ (uint64) -(int64) (delta & 1);
		code = get_varint(buf);
		if (code == MIXED_CODE)
		{
			labels.steps = get_varint(buf);
			labels.breaks = get_varint(buf);
		}
		else if (code > MIXED_CODE)
			elog(ERROR, "invalid code in a serialized event list");
		else if (code > 0)
			labels.steps = FUNNEL_STEP_BIT(code);
		funnel_event_list_add(list, context, codes, codes_context, (int64) last, labels);
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}
