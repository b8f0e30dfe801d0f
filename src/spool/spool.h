/*-------------------------------------------------------------------------
 *
 * spool/spool.h
 *	  The events of many units, set aside until all are there.
 *
 * PHASES.  funnel_agg must see the events of a unit together, but its rows come
 * in any order.  Grouping rows by unit as they come would cost a cache miss
 * each.  So a row is only appended, as a small record, to one of 256 partitions
 * by its unit's hash.  At the end one partition after the other is grouped,
 * which then happens inside the cache.  A spool begins as a single partition of
 * a few records, because a query may have thousands of groups; it is
 * partitioned once it has 128 kB.  From then on events that can be packed wait until
 * there are some hundred, and are appended together: see fill.c.
 *
 *	rows                  another process, or another node of the plan
 *	  | funnel_spool_add           | funnel_spool_absorb
 *	  v                            |
 *	some events that wait          |
 *	  v                            v
 *	blocks ----- spill ----> runs, in memory or in a file      lent spools
 *	  |                            |                                |
 *	  +----------------------------+--------------------------------+
 *	  | a partition of each, funnel_spool_scan_next
 *	  v
 *	events of one unit ----> matcher
 *
 * In a parallel plan, or a plan by partition, a spool is handed over instead of
 * being read: funnel_spool_serialize writes its segments to a message; or, if they
 * are too many, to the spool's file, which is a shared one then.  A worker does so
 * while it still scans.  A spool that stays in its process is not copied: the message
 * holds the number of a loan, and the other spool reads the lent one where it is.
 *
 * FORMS OF AN EVENT.  From the tuple to the matcher, an event is
 *
 * 1.	a time and a FunnelLabelMatch, as it comes (language/codes.h);
 * 2.	a word: its time and a code of one byte (events/word.h), which may wait with
 *		the unit (spool/fill.c);
 * 3.	in a segment, a packed record, a word, or a full row (spool/segment.h);
 * 4.	for the matcher, the word itself, or a time and a step, if each event
 *		matches a single one (match/plain.h), else a FunnelRow (match/rules.h),
 *		which a full row is as well.
 *
 * The aggregates over a single unit keep words or full rows, too, in lists
 * (events/list.h).  Their messages have words or full rows (events/list.c), and
 * journeys have an encoding of their own (journey/format.h).
 *
 * MEMORY.  A spool, its blocks and its runs live in the memory context of the
 * aggregate's state, and end with it.  What a scan needs lives in the context
 * given to it.  The codes belong to the program, the unit type to the call site;
 * both last longer.  A lent spool belongs to the state that lent it: each use of
 * a loan checks that it is still there.
 *
 * FILES.  All partitioned spools of a process share a budget, the server's limit
 * for hash tables (work_mem * hash_mem_multiplier).  When one needs more memory
 * and the budget is spent, those that are idle go to their files first: a plan
 * by partition has a spool for each partition, and keeps them all until the end.
 * If that is not enough, the spool writes its blocks, partition by partition, as
 * one run to its file, and goes on with the memory it has.  A partition that is
 * too large for the cache is put through a spool of its own when it is read,
 * partitioned by the next bits of the hash.  A file is closed with the spool's
 * memory; after an error, by the resource owner of the query.  A write that fails
 * leaves the spool as it was.
 *
 * The files of src/spool, each of which uses only those before it: segment,
 * blocks, tempfile, sharedfile, spill, fill, loan, scan, message.
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
 * A new spool; it and all it grows by live in CONTEXT.  CODES must last as long.
 * Events that match nothing are left out unless it KEEPS_ALL.  Each event has NITEMS
 * items, and is to be read into a buffer that has them too: two are an item and a tag.
 */
extern FunnelSpool *funnel_spool_create(FunnelUnitType *unit_type, const FunnelEventCodes *codes,
										bool keeps_all, int nitems, MemoryContext context);

/*
 * To be called for a new spool of an aggregate, of which FCINFO is the present call:
 * the plan may be such that another node, or process, is to read it in the end.
 */
extern void funnel_spool_expect_handover(FunnelSpool *spool, FunctionCallInfo fcinfo);

/*
 * Set an event aside, with as many items as the spool's events have.
 *
 * What it matches is a FunnelLabelMatch in two parts: gcc 12 passes a structure on by
 * way of the stack, written as two words and then read as one, for which the processor
 * has to wait.
 */
extern void funnel_spool_add(FunnelSpool *spool, Datum unit, int64 ts,
							 uint64 steps, uint64 breaks, const uint64 *items);

/*
 * Read the units one after another, each with its events unsorted in EVENTS.
 * A scan leaves what is in the spool as it is.  Memory is taken from CONTEXT, but for
 * events that waited, which go where all others are.
 */
extern FunnelSpoolScan *funnel_spool_scan_begin(FunnelSpool *spool,
												MemoryContext context);
extern bool funnel_spool_scan_next(FunnelSpoolScan *scan, FunnelEvents *events);

/*
 * Append to a message what another node of the plan is to read: the content, or
 * where it is.
 */
extern void funnel_spool_serialize(FunnelSpool *spool, StringInfo buf);

/*
 * Add the content of a message to a spool; both spools must have the same codes,
 * and their events as many items.  FCINFO is that of the aggregate's present call.
 */
extern void funnel_spool_absorb(FunnelSpool *spool, StringInfo buf, FunctionCallInfo fcinfo);

#endif							/* FUNNEL_SPOOL_SPOOL_H */
