/*-------------------------------------------------------------------------
 *
 * events/message.h
 *	  The state of a per-unit aggregate on its way to another process.
 *
 * A serialize function writes what is its own between funnel_message_begin and
 * funnel_message_send_events, and a combine function reads the same between
 * funnel_message_open and funnel_message_receive_events.  They all, and funnel_agg,
 * share one deserialize function, which only wraps the bytes: the combine function,
 * which is called before they go away, reads them straight into the other state.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_MESSAGE_H
#define FUNNEL_EVENTS_MESSAGE_H

#include "events/list.h"
#include "events/payload.h"

/* A new message in BUF. */
extern void funnel_message_begin(StringInfo buf);

/*
 * Append the events and finish.  TEXTS, if not NULL, has the texts whose codes
 * are the items.
 */
extern bytea *funnel_message_send_events(StringInfo buf, const FunnelEventList *list,
										 const FunnelEventCodes *codes,
										 const FunnelPayloads *texts);

/*
 * Begin to read what the deserialize function returned.  BUF is a reading
 * position of its own, so that the message stays as it is.
 */
extern void funnel_message_open(Datum message, StringInfo buf);

/*
 * Append the events, which are the rest of the message, to LIST.  It and TEXTS
 * grow in CONTEXT, CODES in CODES_CONTEXT.  TEXTS is NULL if it was.
 */
extern void funnel_message_receive_events(StringInfo buf, FunnelEventList *list,
										  FunnelPayloads *texts, MemoryContext context,
										  FunnelEventCodes *codes,
										  MemoryContext codes_context);

#endif							/* FUNNEL_EVENTS_MESSAGE_H */
