/*-------------------------------------------------------------------------
 *
 * events.h
 *	  The events of one unit: collected, sorted, matched.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_H
#define FUNNEL_EVENTS_H

#include "program.h"

/* The order of two rows' items: less than, equal to or greater than zero. */
typedef int (*FunnelItemCompare) (uint64 a, uint64 b, const void *arg);

/*
 * A buffer to be used for one unit after another.
 *
 * If with_items, each row has an item: eight bytes that travel with it and
 * decide, by compare_items or else as integers, which of the rows that are
 * equally usable at one instant is taken.
 */
typedef struct FunnelEvents
{
	MemoryContext context;
	size_t		nrows;
	size_t		capacity;
	FunnelRow  *rows;
	bool		with_items;
	uint64	   *items;			/* of the rows */
	FunnelItemCompare compare_items;
	const void *compare_arg;
	void	   *scratch;		/* of the sorter, or whoever looks at the rows */
	size_t		scratch_size;
} FunnelEvents;

extern void funnel_events_init(FunnelEvents *events, MemoryContext context,
							   bool with_items);
extern void funnel_events_reserve(FunnelEvents *events, size_t nrows);
extern void *funnel_events_reserve_scratch(FunnelEvents *events, size_t size);
extern void funnel_events_trim(FunnelEvents *events);
extern void funnel_events_sort(FunnelEvents *events);
extern void funnel_events_match(FunnelEvents *events, const FunnelProgram *program,
								FunnelMatch *match);

#endif							/* FUNNEL_EVENTS_H */
