/*-------------------------------------------------------------------------
 *
 * events/word.h
 *	  One event in eight bytes: its time and what it matches.
 *
 *	time << 8 | code
 *
 * Codes are those of language/codes.h.  What has no code, and times more than
 * a thousand years from 2000, do not fit: then who keeps the events has all of
 * them as full rows, FunnelRow, from there on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_WORD_H
#define FUNNEL_EVENTS_WORD_H

#include "language/codes.h"

#define FUNNEL_WORD_LIMIT	(INT64CONST(1) << (63 - FUNNEL_CODE_BITS))

StaticAssertDecl(sizeof(FunnelRow) == 3 * sizeof(uint64),
				 "a full row is the matcher's row");

/* The word of a time and a code, -1 if there is none; false if it does not fit. */
static inline bool
funnel_event_word(int64 ts, int code, uint64 *word)
{
	if (unlikely(code < 0 || ts >= FUNNEL_WORD_LIMIT || ts < -FUNNEL_WORD_LIMIT))
		return false;
	*word = (uint64) ts << FUNNEL_CODE_BITS | (uint64) code;
	return true;
}

static inline FunnelRow
funnel_event_decode(const FunnelEventCodes *codes, uint64 word)
{
	FunnelLabelMatch match = funnel_code_match(codes, word & ((1 << FUNNEL_CODE_BITS) - 1));
	FunnelRow	row = {(int64) word >> FUNNEL_CODE_BITS, match.steps, match.breaks};

	return row;
}

#endif							/* FUNNEL_EVENTS_WORD_H */
