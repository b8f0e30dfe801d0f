/*-------------------------------------------------------------------------
 *
 * language/codes.h
 *	  What an event matches, as a code of one byte.
 *
 * Code 0 matches nothing, 1 to 64 is that step alone, and the rest is given to
 * combinations: several steps, or links that are broken.  A table says which.
 *
 * The table of a program is made once, from the definition alone, so that all
 * processes of a query have the same: see funnel_program_codes.  Aggregates
 * whose conditions are no definition give codes to combinations as they turn
 * up; such codes are good only with the table that gave them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_CODES_H
#define FUNNEL_LANGUAGE_CODES_H

#include "port/pg_bitutils.h"

#include "match/rules.h"

#define FUNNEL_CODE_BITS	8
#define FUNNEL_FIRST_MIXED	(FUNNEL_MAX_STEPS + 1)
#define FUNNEL_MAX_MIXED	((1 << FUNNEL_CODE_BITS) - FUNNEL_FIRST_MIXED)

/* What an event matches.  Bit k-1: step k; an exclusion of the link into it. */
typedef struct FunnelLabelMatch
{
	uint64		steps;
	uint64		breaks;
} FunnelLabelMatch;

/* The combinations that have a code.  Begins as all zeros. */
typedef struct FunnelEventCodes
{
	int			nmixed;
	FunnelLabelMatch *mixed;	/* by code: room for every code there can be,
								 * zeros behind the last */
	struct funnel_bytehash_hash *by_match;
} FunnelEventCodes;

/*
 * No combination has a code.  Only a damaged event has one all the same: it is
 * decoded to a match with nothing.
 */
extern const FunnelEventCodes funnel_no_codes;

/* The code of a combination, -1 if it has none. */
extern int	funnel_mixed_code(const FunnelEventCodes *codes, FunnelLabelMatch match);

/* The same, but it is given one, in CONTEXT; -1 if none is left. */
extern int	funnel_add_mixed_code(FunnelEventCodes *codes, FunnelLabelMatch match,
								  MemoryContext context);

/* Does a match need no table? */
static inline bool
funnel_is_simple_match(FunnelLabelMatch match)
{
	return match.breaks == 0 && (match.steps & (match.steps - 1)) == 0;
}

/*
 * The code of such a match.  Whether there is a step is hard to foresee, so this is
 * arithmetic, of which compilers make no branch.
 */
static inline int
funnel_simple_code(FunnelLabelMatch match)
{
	return (pg_rightmost_one_pos64(match.steps | (match.steps == 0)) + 1) &
		-(int) (match.steps != 0);
}

/* What a code of the table stands for. */
static inline FunnelLabelMatch
funnel_code_match(const FunnelEventCodes *codes, int code)
{
	FunnelLabelMatch match = {0, 0};

	if (code >= FUNNEL_FIRST_MIXED)
		return codes->mixed[code - FUNNEL_FIRST_MIXED];
	if (code > 0)
		match.steps = FUNNEL_STEP_BIT(code);
	return match;
}

/*
 * Give codes to what one label or several together can match: the matches of
 * single labels, then breadth first their unions, until no code is left.
 */
extern void funnel_codes_of_unions(FunnelEventCodes *codes, const FunnelLabelMatch *matches,
								   int nmatches, MemoryContext context);

#endif							/* FUNNEL_LANGUAGE_CODES_H */
