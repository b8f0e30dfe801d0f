/*-------------------------------------------------------------------------
 *
 * match/attempts.h
 *	  One unit's attempts, one after the other: a driver of the matcher.
 *
 * An attempt opens at the first row of step 1 that is left.  If a chain that
 * starts within its frame is the first of all to complete, it ends where that
 * chain ends; else it ends before the first row of step 1 behind the frame.
 * What it came to is what the matcher says of its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_ATTEMPTS_H
#define FUNNEL_MATCH_ATTEMPTS_H

#include "match/rules.h"
#include "match/work.h"

typedef struct FunnelAttempts
{
	const FunnelRules *rules;
	size_t		nrows;
	const FunnelRow *rows;		/* or, if they are compact, NULL and: */
	int64_t    *ts;
	uint8_t    *steps;
	uint64_t	present;
	bool		with_rows;

	/* the attempt that was found last, and its first row */
	FunnelMatch *match;
	size_t		opening;

	/* private */
	Work		work;			/* of looking for the attempts' ends */
	int64_t		frame;			/* its length, 0 = unlimited */
	size_t		next;			/* the first row that is left */
	bool		searched;		/* is this known: */
	size_t		searched_from;	/* or nrows, if there was nothing to search */
	FunnelMatch conversion;		/* the first from there on, if it converts */
	FunnelMatch other;
} FunnelAttempts;

typedef enum FunnelAttemptsStatus
{
	FUNNEL_ATTEMPTS_END,
	FUNNEL_ATTEMPTS_FOUND,
	FUNNEL_ATTEMPTS_NO_ROOM		/* try again with more scratch memory */
} FunnelAttemptsStatus;

/*
 * Begin with rows as funnel_match wants them, or funnel_match_plain: for those
 * there must be room for one more time.  Rows that may not start a chain are
 * like others here: which attempts count is for the caller to say, by the rows
 * of the opening.
 */
extern void funnel_attempts_begin(FunnelAttempts *attempts, const FunnelRules *rules,
								  const FunnelRow *rows, size_t nrows);
extern void funnel_attempts_begin_plain(FunnelAttempts *attempts, const FunnelRules *rules,
										int64_t *ts, uint8_t *steps, size_t nrows,
										uint64_t present, bool with_rows);

/*
 * The next attempt.  Scratch is as for funnel_match, none if the rows are
 * compact; then match->row is filled in only if begun so, WITH_ROWS.
 */
extern FunnelAttemptsStatus funnel_attempts_next(FunnelAttempts *attempts, void *scratch,
												 size_t scratch_size);

#endif							/* FUNNEL_MATCH_ATTEMPTS_H */
