/*-------------------------------------------------------------------------
 *
 * events/buffer.h
 *	  The events of one unit: collected, sorted, matched.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_BUFFER_H
#define FUNNEL_EVENTS_BUFFER_H

#include "events/word.h"
#include "language/program.h"
#include "match/attempts.h"

/* The order of two rows' items: less than, equal to or greater than zero. */
typedef int (*FunnelItemCompare) (uint64 a, uint64 b, const void *arg);

/*
 * A buffer to be used for one unit after another.
 *
 * It holds rows, or words that are yet to be decoded, see events/word.h.  Words
 * are in memory that the caller lent to the buffer, where they may be sorted, or
 * in own_words, or, once sorted, in scratch, with a place behind them to write to.
 *
 * If with_items, each row has an item: eight bytes that travel with it and
 * decide, by compare_items or else as integers, which of the rows that are
 * equally usable at one instant is taken.  There are no items with words.  Tags
 * travel with the items, and decide nothing.
 */
typedef struct FunnelEvents
{
	MemoryContext context;
	size_t		nrows;
	size_t		capacity;
	FunnelRow  *rows;
	bool		with_items;
	bool		with_tags;		/* to be set after funnel_events_init */
	uint64	   *items;			/* of the rows */
	uint64	   *tags;
	FunnelItemCompare compare_items;
	const void *compare_arg;

	uint64	   *words;			/* NULL if there are rows */
	const FunnelEventCodes *codes;	/* of the words */
	bool		out_of_order;	/* were those of the last unit? */
	size_t		own_capacity;
	uint64	   *own_words;

	/* for the plain matcher, and of its types */
	size_t		plain_capacity;
	int64_t    *ts;
	uint8_t    *steps;

	void	   *scratch;		/* of the sorter, or whoever looks at the rows */
	size_t		scratch_size;
} FunnelEvents;

extern void funnel_events_init(FunnelEvents *events, MemoryContext context,
							   bool with_items);
extern void funnel_events_reserve(FunnelEvents *events, size_t nrows);
extern void funnel_events_set_words(FunnelEvents *events, uint64 *words, size_t nwords,
									const FunnelEventCodes *codes);
extern uint64 *funnel_events_reserve_words(FunnelEvents *events, size_t nwords,
										   const FunnelEventCodes *codes);
extern void *funnel_events_reserve_scratch(FunnelEvents *events, size_t size);

/* Room for more rows is not kept from unit to unit. */
#define FUNNEL_TRIMMED_ROWS	(64 * 1024)

extern void funnel_events_trim(FunnelEvents *events);
extern void funnel_events_sort(FunnelEvents *events);
extern bool funnel_events_arrange(FunnelEvents *events, const FunnelProgram *program,
								  uint64_t *present);
extern void funnel_events_match(FunnelEvents *events, const FunnelProgram *program,
								FunnelMatch *match);
extern void funnel_events_begin_attempts(FunnelEvents *events,
										 const FunnelProgram *program,
										 FunnelAttempts *attempts);
extern const FunnelMatch *funnel_events_next_attempt(FunnelEvents *events,
													 FunnelAttempts *attempts);

#endif							/* FUNNEL_EVENTS_BUFFER_H */
