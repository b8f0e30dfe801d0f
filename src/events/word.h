/*-------------------------------------------------------------------------
 *
 * events/word.h
 *	  One event in eight bytes: its time and what it matches.
 *
 *	time << 8 | code
 *
 * Code 0 matches nothing, 1 to 64 is that step alone, and the rest is given to
 * other combinations as they turn up.  What has no code left, and times more
 * than a thousand years from 2000, do not fit: then a buffer keeps all its
 * events wide, as FunnelRow.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_WORD_H
#define FUNNEL_EVENTS_WORD_H

#include "language/labels.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#define FUNNEL_CODE_BITS	8
#define FUNNEL_FIRST_MIXED	(FUNNEL_MAX_STEPS + 1)
#define FUNNEL_MAX_MIXED	((1 << FUNNEL_CODE_BITS) - FUNNEL_FIRST_MIXED)
#define FUNNEL_WORD_LIMIT	(INT64CONST(1) << (63 - FUNNEL_CODE_BITS))

/*
 * The combinations that have a code.  Begins as all zeros.  Codes are good
 * only with the table that gave them.
 */
typedef struct FunnelEventCodes
{
	int			nmixed;
	FunnelLabelMatch *mixed;	/* room for a power of two */
} FunnelEventCodes;

StaticAssertDecl(sizeof(FunnelRow) == 3 * sizeof(uint64),
				 "a wide event is the matcher's row");

/* The code of a mixed combination, a new one if it is new; -1 if none is left. */
static pg_noinline int
funnel_mixed_code(FunnelEventCodes *codes, FunnelLabelMatch labels,
				  MemoryContext context)
{
	for (int i = 0; i < codes->nmixed; i++)
	{
		if (codes->mixed[i].steps == labels.steps &&
			codes->mixed[i].breaks == labels.breaks)
			return FUNNEL_FIRST_MIXED + i;
	}
	if (codes->nmixed == FUNNEL_MAX_MIXED)
		return -1;
	if (codes->nmixed == 0)
		codes->mixed = MemoryContextAlloc(context, sizeof(FunnelLabelMatch));
	else if ((codes->nmixed & (codes->nmixed - 1)) == 0)
		codes->mixed = repalloc(codes->mixed,
								sizeof(FunnelLabelMatch) * 2 * codes->nmixed);
	codes->mixed[codes->nmixed] = labels;
	return FUNNEL_FIRST_MIXED + codes->nmixed++;
}

static inline int
funnel_event_code(FunnelEventCodes *codes, FunnelLabelMatch labels,
				  MemoryContext context)
{
	if (likely(labels.breaks == 0 && (labels.steps & (labels.steps - 1)) == 0))
		return labels.steps == 0 ? 0 : pg_rightmost_one_pos64(labels.steps) + 1;
	return funnel_mixed_code(codes, labels, context);
}

/* Encode an event; false if it does not fit.  CONTEXT is where codes live. */
static inline bool
funnel_event_encode(FunnelEventCodes *codes, int64 ts, FunnelLabelMatch labels,
					MemoryContext context, uint64 *word)
{
	int			code = funnel_event_code(codes, labels, context);

	if (unlikely(code < 0 || ts >= FUNNEL_WORD_LIMIT || ts < -FUNNEL_WORD_LIMIT))
		return false;
	*word = (uint64) ts << FUNNEL_CODE_BITS | (uint64) code;
	return true;
}

static inline FunnelRow
funnel_event_decode(const FunnelEventCodes *codes, uint64 word)
{
	int			code = word & ((1 << FUNNEL_CODE_BITS) - 1);
	FunnelRow	row = {(int64) word >> FUNNEL_CODE_BITS, 0, 0};

	if (code >= FUNNEL_FIRST_MIXED)
	{
		row.steps = codes->mixed[code - FUNNEL_FIRST_MIXED].steps;
		row.breaks = codes->mixed[code - FUNNEL_FIRST_MIXED].breaks;
	}
	else if (code > 0)
		row.steps = FUNNEL_STEP_BIT(code);
	return row;
}

#endif							/* FUNNEL_EVENTS_WORD_H */
