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

/* A buffer to be used for one unit after another. */
typedef struct FunnelEvents
{
	MemoryContext context;
	size_t		nrows;
	size_t		capacity;
	FunnelRow  *rows;
	void	   *scratch;		/* whoever looks at the rows may use it */
	size_t		scratch_size;
} FunnelEvents;

extern void funnel_events_init(FunnelEvents *events, MemoryContext context);
extern void funnel_events_reserve(FunnelEvents *events, size_t nrows);
extern void funnel_events_reserve_scratch(FunnelEvents *events, size_t size);
extern void funnel_events_trim(FunnelEvents *events);
extern void funnel_events_sort(FunnelEvents *events);
extern void funnel_events_match(FunnelEvents *events, const FunnelProgram *program,
								FunnelMatch *match);

#endif							/* FUNNEL_EVENTS_H */
