/*-------------------------------------------------------------------------
 *
 * events/list.h
 *	  The events of one unit as they come: the state of per-unit aggregates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_LIST_H
#define FUNNEL_EVENTS_LIST_H

#include "lib/stringinfo.h"

#include "events/buffer.h"
#include "events/word.h"

/* Words that a list has room for before it allocates anything. */
#define FUNNEL_EVENT_LIST_FIRST		9

/*
 * There may be millions of lists, so they are small, have no memory context of
 * their own, and share the codes of their call site.
 *
 * Events are one after another: a word, or a full row if the list has those, and
 * then the item if it is one with items.  They stand in arrays of 8 bytes each
 * that never move; behind the last of each is a link to the next.
 */
typedef struct FunnelEventList
{
	uint32		nevents;
	uint16		room;			/* words left in the last array */
	bool		full_rows;
	bool		with_items;
	uint64	   *next;			/* where the next word goes, or the link */
	uint64		first[FUNNEL_EVENT_LIST_FIRST + 1];
} FunnelEventList;

/* A list without events.  It must not be moved. */
extern void funnel_event_list_init(FunnelEventList *list, bool with_items);

/*
 * Append an event; ITEM is not looked at in a list without items.  The list
 * grows in CONTEXT, CODES in CODES_CONTEXT.
 */
extern void funnel_event_list_add(FunnelEventList *list, MemoryContext context,
								  FunnelEventCodes *codes, MemoryContext codes_context,
								  int64 ts, FunnelLabelMatch labels, uint64 item);

/*
 * Put all events, as they came, into EVENTS in place of what is there.  It must
 * have items if the list has.
 */
extern void funnel_event_list_read(const FunnelEventList *list,
								   const FunnelEventCodes *codes,
								   FunnelEvents *events);

/* The same, as words if they can be. */
extern void funnel_event_list_read_words(const FunnelEventList *list,
										 const FunnelEventCodes *codes,
										 FunnelEvents *events);

/*
 * One event after another.
 */
typedef struct FunnelEventCursor
{
	const FunnelEventList *list;
	const uint64 *next;			/* word to read */
	uint32		room;			/* words left in its array */
	uint64		nwords;			/* of the arrays up to this one */
	uint32		nevents;		/* still to be read */
} FunnelEventCursor;

extern void funnel_event_cursor_init(FunnelEventCursor *cursor, const FunnelEventList *list);
extern bool funnel_event_cursor_next(FunnelEventCursor *cursor,
									 const FunnelEventCodes *codes,
									 FunnelRow *row, uint64 *item);

/* An event without its item, to and from another process of the same server. */
extern void funnel_event_send(const FunnelRow *row, StringInfo buf);
extern FunnelRow funnel_event_receive(StringInfo buf);

#endif							/* FUNNEL_EVENTS_LIST_H */
