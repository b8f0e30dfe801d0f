/*-------------------------------------------------------------------------
 *
 * eventlist.h
 *	  The events of one unit as they come: the state of per-unit aggregates.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTLIST_H
#define FUNNEL_EVENTLIST_H

#include "lib/stringinfo.h"

#include "events.h"
#include "eventword.h"

/*
 * Begins as all zeros.  There may be millions of them, so they are small, have
 * no memory context of their own, and share the codes of their call site.  One
 * whose combinations are its own may be wide from the start: it needs no codes.
 */
typedef struct FunnelEventList
{
	uint32		nevents;
	uint32		capacity;		/* in words, of which a wide event takes three */
	bool		wide;
	uint64	   *words;
} FunnelEventList;

/*
 * Append an event.  The list grows in CONTEXT, CODES in CODES_CONTEXT.
 */
extern void funnel_event_list_add(FunnelEventList *list, MemoryContext context,
								  FunnelEventCodes *codes, MemoryContext codes_context,
								  int64 ts, FunnelLabelMatch labels);

/* Put all events, as they came, into EVENTS in place of what is there. */
extern void funnel_event_list_read(const FunnelEventList *list,
								   const FunnelEventCodes *codes,
								   FunnelEvents *events);

/* Event I, as it came. */
static inline FunnelRow
funnel_event_list_row(const FunnelEventList *list, const FunnelEventCodes *codes,
					  uint32 i)
{
	FunnelRow	row;

	if (!list->wide)
		return funnel_event_decode(codes, list->words[i]);
	memcpy(&row, list->words + (size_t) i * 3, sizeof(row));
	return row;
}

/* To another process of the same server, and from it into LIST. */
extern void funnel_event_list_serialize(const FunnelEventList *list,
										const FunnelEventCodes *codes,
										StringInfo buf);
extern void funnel_event_list_absorb(FunnelEventList *list, MemoryContext context,
									 FunnelEventCodes *codes, MemoryContext codes_context,
									 StringInfo buf);

#endif							/* FUNNEL_EVENTLIST_H */
