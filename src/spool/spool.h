/*-------------------------------------------------------------------------
 *
 * spool/spool.h
 *	  The events of many units, set aside until all are there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_SPOOL_H
#define FUNNEL_SPOOL_SPOOL_H

#include "events/buffer.h"
#include "events/unit.h"

typedef struct FunnelSpool FunnelSpool;
typedef struct FunnelSpoolScan FunnelSpoolScan;

/*
 * A new spool; it and all it grows by live in CONTEXT.  Each event has NITEMS
 * items, and is to be read into a buffer that has them too: two are an item and
 * a tag.  FCINFO is
 * that of the aggregate's present call: what does not fit into memory goes to
 * a file that ends with the aggregate's group.
 */
extern FunnelSpool *funnel_spool_create(FunnelUnitType *unit_type, int nitems,
										FunctionCallInfo fcinfo, MemoryContext context);

/* Set an event aside, with as many items as the spool's events have. */
extern void funnel_spool_add(FunnelSpool *spool, Datum unit, int64 ts,
							 FunnelLabelMatch labels, const uint64 *items);

/*
 * Read the units one after another, each with its events unsorted in EVENTS.
 * A scan leaves the spool as it is; memory is taken from CONTEXT.
 */
extern FunnelSpoolScan *funnel_spool_scan_begin(FunnelSpool *spool,
												MemoryContext context);
extern bool funnel_spool_scan_next(FunnelSpoolScan *scan, FunnelEvents *events);

/* Is it more than the beginnings of one? */
extern bool funnel_spool_is_large(const FunnelSpool *spool);

/*
 * Group what there is by unit, if that is possible within the memory allowed:
 * work that will be needed, when there is time for it.
 */
extern void funnel_spool_group(FunnelSpool *spool);

/*
 * Append the content to a message.  If it is too much for memory, and
 * MAY_USE_FILE, the message says in what file it is.  FCINFO is that of the
 * aggregate's present call, as it is below.
 */
extern void funnel_spool_serialize(FunnelSpool *spool, StringInfo buf, bool may_use_file,
								   FunctionCallInfo fcinfo);

/*
 * Add a message's content to a spool; the events of both must have as many items.
 */
extern void funnel_spool_absorb(FunnelSpool *spool, StringInfo buf, FunctionCallInfo fcinfo);

/*
 * A large spool does not change any more and will be read by another, or not at
 * all.  AWAITS_MESSAGES: the other reads messages of other processes, too.
 */
extern void funnel_spool_lend(FunnelSpool *spool, bool awaits_messages);

/*
 * Have LENDER's content read with that of a spool, without a copy if that is
 * possible: then the result is true, and the lender has to last as long.
 */
extern bool funnel_spool_borrow(FunnelSpool *spool, FunnelSpool *lender);

#endif							/* FUNNEL_SPOOL_SPOOL_H */
