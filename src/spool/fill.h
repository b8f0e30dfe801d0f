/*-------------------------------------------------------------------------
 *
 * spool/fill.h
 *	  Adding events to a spool, one by one or by segments.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_FILL_H
#define FUNNEL_SPOOL_FILL_H

#include "spool/state.h"

/*
 * A spool, partitioned, for the events of one partition of OUTER: by the next
 * bits of the hash.
 */
extern FunnelSpool *funnel_spool_create_inner(const FunnelSpool *outer, MemoryContext context);

/* Have a spool partitioned, or new events as full rows, if it is not yet so. */
extern void funnel_spool_partition(FunnelSpool *spool);
extern void funnel_spool_begin_full_rows(FunnelSpool *spool);

/*
 * Put the events that wait into partitions, before the spool is read; and give back
 * the memory that they waited in, where few or none will follow.
 */
extern void funnel_spool_place_waiting(FunnelSpool *spool);
extern void funnel_spool_end_waiting(FunnelSpool *spool);

/* Append all records of a segment.  New events are full rows if it has them. */
extern void funnel_spool_append_segment(FunnelSpool *spool, const SpoolSegment *segment);

#endif							/* FUNNEL_SPOOL_FILL_H */
