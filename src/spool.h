/*-------------------------------------------------------------------------
 *
 * spool.h
 *	  The events of many units, set aside until all are there.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_H
#define FUNNEL_SPOOL_H

#include "events.h"
#include "unit.h"

typedef struct FunnelSpool FunnelSpool;
typedef struct FunnelSpoolScan FunnelSpoolScan;

/*
 * A new spool; it and all it grows by live in CONTEXT.  WITH_ITEMS: its events
 * have items, and are to be read into buffers that have them too.  FCINFO is
 * that of the aggregate's present call: what does not fit into memory goes to
 * a file that ends with the aggregate's group.
 */
extern FunnelSpool *funnel_spool_create(FunnelUnitType *unit_type, bool with_items,
										FunctionCallInfo fcinfo, MemoryContext context);

/* Set an event aside; ITEM is not looked at in a spool without items. */
extern void funnel_spool_add(FunnelSpool *spool, Datum unit, int64 ts,
							 FunnelLabelMatch labels, uint64 item);

/*
 * Read the units one after another, each with its events unsorted in EVENTS.
 * A scan leaves the spool as it is; memory is taken from CONTEXT.
 */
extern FunnelSpoolScan *funnel_spool_scan_begin(FunnelSpool *spool,
												MemoryContext context);
extern bool funnel_spool_scan_next(FunnelSpoolScan *scan, FunnelEvents *events);

/*
 * What a spool holds as a message of so many bytes, which are written to TO;
 * returns where they end.  It must not change in between.
 */
extern size_t funnel_spool_message_size(FunnelSpool *spool);
extern char *funnel_spool_write_message(FunnelSpool *spool, char *to);

/*
 * Add a message's content to a spool; both spools must be with items or both
 * without.
 */
extern void funnel_spool_absorb(FunnelSpool *spool, StringInfo buf);

/*
 * Have LENDER's content read with that of a spool, without a copy.  It must not
 * change any more, and last as long.  False if that is not possible; then it
 * has to be absorbed as a message.
 */
extern bool funnel_spool_borrow(FunnelSpool *spool, FunnelSpool *lender);

#endif							/* FUNNEL_SPOOL_H */
