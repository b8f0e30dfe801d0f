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

void
funnel_event_list_serialize(const FunnelEventList *list, const FunnelEventCodes *codes,
							StringInfo buf)
{
	pq_sendint32(buf, list->nevents);
	for (uint32 i = 0; i < list->nevents; i++)
	{
		FunnelRow	row;

		if (list->wide)
			memcpy(&row, list->words + (size_t) i * 3, sizeof(row));
		else
			row = funnel_event_decode(codes, list->words[i]);
		pq_sendint64(buf, row.ts);
		pq_sendint64(buf, row.steps);
		pq_sendint64(buf, row.breaks);
	}
}

void
funnel_event_list_absorb(FunnelEventList *list, MemoryContext context,
						 FunnelEventCodes *codes, MemoryContext codes_context,
						 StringInfo buf)
{
	uint32		nevents = pq_getmsgint(buf, 4);

	for (uint32 i = 0; i < nevents; i++)
	{
		int64		ts = pq_getmsgint64(buf);
		FunnelLabelMatch labels;

		labels.steps = pq_getmsgint64(buf);
		labels.breaks = pq_getmsgint64(buf);
		funnel_event_list_add(list, context, codes, codes_context, ts, labels);
		if (i % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
	}
}
