/*-------------------------------------------------------------------------
 *
 * events/list.c
 *	  The events of one unit as they come: the state of per-unit aggregates.
 *
 * What a row costs here is the cache misses of a group that was last touched
 * thousands of rows ago.  So the beginning of a list is part of the state,
 * which was allocated next to the group's entry in the executor's hash table
 * and stays there; and what follows is in arrays of growing size, of which only
 * the last is touched, instead of one that is copied again and again and leaves
 * its former places unused, because all groups grow at the same time.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "events/list.h"

/*
 * Sizes of arrays, link included: powers of two, which is what the allocator
 * hands out.
 */
#define MIN_ARRAY_WORDS		8
#define MAX_ARRAY_WORDS		1024

/*
 * In a message, codes of combinations would be good for nobody else: then this
 * word stands before the full row.
 */
#define FULL_ROW_FOLLOWS	FUNNEL_FIRST_MIXED

/* The words of an event without its item, and with it if there is one. */
static inline uint32
row_words(const FunnelEventList *list)
{
	return list->full_rows ? 3 : 1;
}

static inline uint32
event_words(const FunnelEventList *list)
{
	return row_words(list) + (list->with_items ? 1 : 0);
}

/* The words of the array that follows NWORDS in those before it. */
static inline uint32
array_words(uint64 nwords)
{
	if (nwords >= MAX_ARRAY_WORDS * 2)
		return MAX_ARRAY_WORDS - 1;
	if (nwords < MIN_ARRAY_WORDS * 2)
		return MIN_ARRAY_WORDS - 1;
	return (UINT32_C(1) << (pg_leftmost_one_pos32((uint32) nwords) - 1)) - 1;
}

void
funnel_event_list_init(FunnelEventList *list, bool with_items)
{
	list->nevents = 0;
	list->full_rows = false;
	list->with_items = with_items;
	list->next = list->first;
	list->room = FUNNEL_EVENT_LIST_FIRST;
}

/* Append an array to a list that holds NWORDS and has no room left. */
static pg_noinline void
extend(FunnelEventList *list, MemoryContext context, uint64 nwords)
{
	uint32		size = array_words(nwords);
	uint64	   *words = MemoryContextAlloc(context, (size + 1) * sizeof(uint64));

	*list->next = (uint64) (uintptr_t) words;
	list->next = words;
	list->room = size;
}

/* Append the words of an event. */
static inline void
append_words(FunnelEventList *list, MemoryContext context, const uint64 *words, uint32 n)
{
	for (uint32 i = 0; i < n; i++)
	{
		if (unlikely(list->room == 0))
			extend(list, context, (uint64) list->nevents * n + i);
		*list->next++ = words[i];
		list->room--;
	}
	list->nevents++;
}

/*
 * Have all events as full rows.  What was allocated is not used again: hardly
 * any list ever gets here, and one that does is short, for this happens at its
 * first event that does not fit into a word.
 */
static pg_noinline void
begin_full_rows(FunnelEventList *list, MemoryContext context, const FunnelEventCodes *codes)
{
	FunnelEventList narrow = *list;
	FunnelEventCursor cursor;
	FunnelRow	row;
	uint64		item = 0;

	funnel_event_cursor_init(&cursor, &narrow);
	funnel_event_list_init(list, narrow.with_items);
	list->full_rows = true;
	while (funnel_event_cursor_next(&cursor, codes, &row, &item))
	{
		uint64		words[4];

		funnel_poll_at(cursor.nevents);
		memcpy(words, &row, sizeof(row));
		words[3] = item;
		append_words(list, context, words, event_words(list));
	}
}

void
funnel_event_list_add(FunnelEventList *list, MemoryContext context,
					  FunnelEventCodes *codes, MemoryContext codes_context,
					  int64 ts, FunnelLabelMatch labels, uint64 item)
{
	uint64		words[4];

	if (unlikely(list->nevents == PG_UINT32_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events of one unit")));
	if (!list->full_rows)
	{
		int			code = likely(funnel_is_simple_match(labels)) ? funnel_simple_code(labels) :
			funnel_add_mixed_code(codes, labels, codes_context);

		if (unlikely(!funnel_event_word(ts, code, &words[0])))
			begin_full_rows(list, context, codes);
	}
	if (unlikely(list->full_rows))
	{
		words[0] = (uint64) ts;
		words[1] = labels.steps;
		words[2] = labels.breaks;
		words[3] = item;
		append_words(list, context, words, event_words(list));
	}
	else if (list->with_items)
	{
		words[1] = item;
		append_words(list, context, words, 2);
	}
	else
		append_words(list, context, words, 1);
}

void
funnel_event_cursor_init(FunnelEventCursor *cursor, const FunnelEventList *list)
{
	cursor->list = list;
	cursor->next = list->first;
	cursor->room = FUNNEL_EVENT_LIST_FIRST;
	cursor->nwords = FUNNEL_EVENT_LIST_FIRST;
	cursor->nevents = list->nevents;
}

static inline uint64
next_word(FunnelEventCursor *cursor)
{
	if (unlikely(cursor->room == 0))
	{
		cursor->next = (const uint64 *) (uintptr_t) *cursor->next;
		cursor->room = array_words(cursor->nwords);
		cursor->nwords += cursor->room;
	}
	cursor->room--;
	return *cursor->next++;
}

/* The body of funnel_event_cursor_next. */
static inline void
read_event(FunnelEventCursor *cursor, const FunnelEventCodes *codes,
		   FunnelRow *row, uint64 *item)
{
	if (unlikely(cursor->list->full_rows))
	{
		row->ts = (int64) next_word(cursor);
		row->steps = next_word(cursor);
		row->breaks = next_word(cursor);
	}
	else
		*row = funnel_event_decode(codes, next_word(cursor));
	if (cursor->list->with_items)
		*item = next_word(cursor);
}

bool
funnel_event_cursor_next(FunnelEventCursor *cursor, const FunnelEventCodes *codes,
						 FunnelRow *row, uint64 *item)
{
	if (cursor->nevents == 0)
		return false;
	cursor->nevents--;
	read_event(cursor, codes, row, item);
	return true;
}

void
funnel_event_list_read(const FunnelEventList *list, const FunnelEventCodes *codes,
					   FunnelEvents *events)
{
	FunnelEventCursor cursor;

	Assert(events->with_items || !list->with_items);

	funnel_events_reserve(events, list->nevents);
	events->nrows = list->nevents;
	funnel_event_cursor_init(&cursor, list);
	for (uint32 i = 0; i < list->nevents; i++)
	{
		funnel_poll_at(i);
		read_event(&cursor, codes, &events->rows[i],
				   list->with_items ? &events->items[i] : NULL);
	}
}

void
funnel_event_list_read_words(const FunnelEventList *list, const FunnelEventCodes *codes,
							 FunnelEvents *events)
{
	const uint64 *from = list->first;
	uint32		room = FUNNEL_EVENT_LIST_FIRST;
	uint64		nwords = 0;
	uint64	   *to;

	if (list->full_rows || list->with_items || events->with_items)
	{
		funnel_event_list_read(list, codes, events);
		return;
	}
	to = funnel_events_reserve_words(events, list->nevents, codes);
	for (;;)
	{
		uint32		n = Min(room, list->nevents - nwords);

		CHECK_FOR_INTERRUPTS();
		memcpy(to + nwords, from, n * sizeof(uint64));
		nwords += n;
		if (nwords == list->nevents)
			return;
		from = (const uint64 *) (uintptr_t) from[room];
		room = array_words(nwords);
	}
}

void
funnel_event_send(const FunnelRow *row, StringInfo buf)
{
	FunnelLabelMatch match = {row->steps, row->breaks};
	int			code = funnel_is_simple_match(match) ? funnel_simple_code(match) : -1;
	uint64		word;

	if (funnel_event_word(row->ts, code, &word))
		pq_sendint64(buf, word);
	else
	{
		pq_sendint64(buf, FULL_ROW_FOLLOWS);
		pq_sendint64(buf, row->ts);
		pq_sendint64(buf, row->steps);
		pq_sendint64(buf, row->breaks);
	}
}

FunnelRow
funnel_event_receive(StringInfo buf)
{
	uint64		word = pq_getmsgint64(buf);
	FunnelRow	row;

	if (word == FULL_ROW_FOLLOWS)
	{
		row.ts = pq_getmsgint64(buf);
		row.steps = pq_getmsgint64(buf);
		row.breaks = pq_getmsgint64(buf);
		return row;
	}
	if ((word & ((1 << FUNNEL_CODE_BITS) - 1)) >= FUNNEL_FIRST_MIXED)
		elog(ERROR, "invalid funnel event");
	return funnel_event_decode(&funnel_no_codes, word);
}
