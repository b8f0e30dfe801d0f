/*-------------------------------------------------------------------------
 *
 * match/pattern.h
 *	  Patterns over the rows of one unit, in ClickHouse's language.
 *
 *	(?N)		a row that meets condition N
 *	.			any one row
 *	.*			any rows, none included
 *	(?t op s)	skips rows up to one at a time that is so many seconds after the
 *				row before; op is <= < >= > == !=
 *
 * What a pattern matches, exactly: its items are read one after another, each
 * from the next row and with an anchor, starting with an implied ".*" at the
 * first row.
 *
 *	- (?N) and "." take the next row, which becomes the anchor.
 *	- ".*" skips rows, but never the last that is left; the next row becomes
 *	  the anchor.
 *	- (?t) skips rows, but never the last, up to one whose time less the
 *	  anchor's is as it says; that row is not taken, and becomes the anchor.
 *
 * If no row is left after a row was taken, or there were none at all, then
 * ".*", (?t<= ), (?t< ) and (?t>=0) are satisfied, and nothing else.  Of all
 * matches the first is the one whose skips, from the left, are the shortest.
 *
 * Whether the rest of a pattern matches from a given row on does not depend on
 * what came before, so that a table of items by rows decides it: no pattern
 * takes more than time and bits in proportion to that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_PATTERN_H
#define FUNNEL_MATCH_PATTERN_H

#include "match/rules.h"

/* An implied first item included. */
#define FUNNEL_PATTERN_MAX_ITEMS	1024

typedef enum FunnelPatternKind
{
	FUNNEL_PATTERN_CONDITION,
	FUNNEL_PATTERN_ANY,
	FUNNEL_PATTERN_SKIP,
	FUNNEL_PATTERN_TIME
} FunnelPatternKind;

typedef enum FunnelPatternOperator
{
	FUNNEL_PATTERN_LE,
	FUNNEL_PATTERN_LT,
	FUNNEL_PATTERN_GE,
	FUNNEL_PATTERN_GT,
	FUNNEL_PATTERN_EQ,
	FUNNEL_PATTERN_NE
} FunnelPatternOperator;

typedef struct FunnelPatternItem
{
	uint8_t		kind;
	uint8_t		operator;		/* of a time */
	uint8_t		condition;		/* 1 to 64 */
	uint64_t	distance;		/* of a time, in units of the rows' times */
} FunnelPatternItem;

typedef struct FunnelPattern
{
	int			nitems;
	int			nconditions;	/* items that are conditions */
	uint64_t	conditions;		/* mask of those needed */
	const FunnelPatternItem *items;
	void		(*poll) (void); /* called now and then if set; may not return */
} FunnelPattern;

typedef enum FunnelPatternError
{
	FUNNEL_PATTERN_OK,
	FUNNEL_PATTERN_SYNTAX,		/* EXPECTED says what */
	FUNNEL_PATTERN_NO_CONDITION,	/* there is none of this number */
	FUNNEL_PATTERN_TIME_AFTER_TIME,
	FUNNEL_PATTERN_TOO_FINE,	/* more decimals than the times have */
	FUNNEL_PATTERN_TOO_LARGE,	/* a number */
	FUNNEL_PATTERN_TOO_LONG
} FunnelPatternError;

typedef struct FunnelPatternParse
{
	FunnelPatternError error;
	int			position;		/* where, in bytes from 0 */
	const char *expected;
	int			nitems;
	FunnelPatternItem items[FUNNEL_PATTERN_MAX_ITEMS];
} FunnelPatternParse;

/*
 * Parse LEN bytes of a pattern over NCONDITIONS conditions.  A second has UNIT
 * units of the rows' times: a power of ten up to a million.
 */
extern void funnel_pattern_parse(FunnelPatternParse *parse, const char *text,
								 int len, int nconditions, uint64_t unit);

/* The pattern over ITEMS, which stay the caller's. */
extern void funnel_pattern_init(FunnelPattern *pattern,
								const FunnelPatternItem *items, int nitems);

/* Scratch that funnel_pattern_find and the others need. */
extern size_t funnel_pattern_scratch_size(const FunnelPattern *pattern, size_t nrows);

/*
 * Rows are of conditions, sorted by time and then by the mask of those they meet.
 */

/* Is there a match? */
extern bool funnel_pattern_matches(const FunnelPattern *pattern,
								   const FunnelRow *rows, size_t nrows, void *scratch);

/* How many there are, each beginning where the one before ended. */
extern size_t funnel_pattern_count(const FunnelPattern *pattern,
								   const FunnelRow *rows, size_t nrows, void *scratch);

/*
 * The rows that the conditions of the first match take; if there is no match,
 * of the longest beginning of the pattern, up to a condition, that has one.
 * ROW has room for nconditions; returns how many it holds.
 */
extern int	funnel_pattern_find(const FunnelPattern *pattern,
								const FunnelRow *rows, size_t nrows, void *scratch,
								size_t *row);

#endif							/* FUNNEL_MATCH_PATTERN_H */
