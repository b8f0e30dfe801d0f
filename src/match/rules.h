/*-------------------------------------------------------------------------
 *
 * match/rules.h
 *	  What the matchers work on: rules, rows, and what comes of them.
 *
 * Plain C, as all of this floor: no server header, no allocation, no error.  So
 * the matchers can be tested, fuzzed and proved by themselves.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_RULES_H
#define FUNNEL_MATCH_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUNNEL_MAX_STEPS	64

/* A time without an end, as timestamptz's infinity. */
#define FUNNEL_FOREVER		INT64_MAX

/* The end of the server's timestamps; a limit beyond it is no limit. */
#define FUNNEL_END_OF_TIME	INT64_C(9223371331200000000)

#define FUNNEL_STEP_BIT(step)	(UINT64_C(1) << ((step) - 1))

/*
 * The rules of a definition, labels left out.  Bit k-1 of a mask is step k, or
 * the link into step k (bit 0 of a link mask is never set).  Durations are
 * positive microseconds, 0 where there is no limit.
 */
typedef struct FunnelRules
{
	int			nsteps;
	bool		any_order;
	bool		first_entry;
	bool		last_entry;
	bool		every_attempt;	/* for match/attempts.h: the matcher takes one */
	bool		increasing;
	int64_t		within;
	uint64_t	optional;
	uint64_t	strict;
	uint64_t	excluding;
	uint64_t	delayed;		/* links with a shortest gap */
	uint64_t	barring;		/* FUNNEL_NO_ENTRY if rows may have it, or 0 */
	void		(*poll) (void); /* called now and then if set; may not return */
	int64_t		gap[FUNNEL_MAX_STEPS];	/* gap[k-1]: of the link into step k */
	int64_t		shortest[FUNNEL_MAX_STEPS]; /* the same; no longer than gap */
} FunnelRules;

/* The longest window or gap, 0 if there is none. */
static inline int64_t
funnel_longest_limit(const FunnelRules *rules)
{
	int64_t		longest = rules->within;

	for (int k = 0; k < rules->nsteps; k++)
	{
		if (longest < rules->gap[k])
			longest = rules->gap[k];
	}
	return longest;
}

/* One event of the unit: which steps it matches, which links it breaks. */
typedef struct FunnelRow
{
	int64_t		ts;				/* microseconds since 2000-01-01 UTC */
	uint64_t	steps;
	uint64_t	breaks;			/* exclusions only; any row breaks a strict
								 * link */
} FunnelRow;

/*
 * No link leads into step 1, and its bit of a row's breaks says that the row
 * may not start a chain.  Which rows are the first or the last to match step 1
 * is decided without regard to it.
 */
#define FUNNEL_NO_ENTRY		FUNNEL_STEP_BIT(1)

/* The steps that a row can fill; BARRING is that of the rules. */
static inline uint64_t
funnel_row_steps(uint64_t barring, const FunnelRow *row)
{
	return row->steps & ~(row->breaks & barring);
}

typedef enum FunnelOutcome
{
	FUNNEL_CONVERTED,
	FUNNEL_EXCLUDED,
	FUNNEL_LATE,
	FUNNEL_EARLY,
	FUNNEL_ABSENT
} FunnelOutcome;

#define FUNNEL_NUM_OUTCOMES	5

/* How far one unit came.  Entry k-1 of the arrays belongs to step k. */
typedef struct FunnelMatch
{
	int			depth;			/* stage reached, 0 = never entered */
	FunnelOutcome outcome;
	bool		open;			/* a further event could still carry it on */
	int64_t		open_until;		/* if open; FUNNEL_FOREVER = no limit */
	uint64_t	reached;		/* steps the reported chain holds; under any
								 * order the lowest depth bits */
	int64_t		at[FUNNEL_MAX_STEPS];	/* times of the chain, if reached;
										 * under any order sorted */
	size_t		row[FUNNEL_MAX_STEPS];	/* rows of the chain, if reached */
} FunnelMatch;

/* The match of a unit that never entered */
static inline void
funnel_match_nothing(FunnelMatch *match)
{
	match->depth = 0;
	match->outcome = FUNNEL_ABSENT;
	match->open = false;
	match->reached = 0;
}

#endif							/* FUNNEL_MATCH_RULES_H */
