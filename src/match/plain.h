/*-------------------------------------------------------------------------
 *
 * match/plain.h
 *	  The matcher for the most common question, over rows that are compact.
 *
 * A plain funnel has ordered required steps, at most a window, and perhaps a say
 * in which entry counts: the funnel most people draw.  Where besides each row
 * matches one step, a row is a time and a step, and all that match/ordered.c
 * prepares for is not needed: the newest start of each step decides the depth,
 * and from the start of the reported chain on each step is taken as soon as it
 * can be.  The result is that of funnel_match.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_PLAIN_H
#define FUNNEL_MATCH_PLAIN_H

#include "match/rules.h"

extern bool funnel_rules_are_plain(const FunnelRules *rules);

/*
 * Rows as times and steps, and in PRESENT the bits of the steps that occur.
 * False if there is a row that does not match exactly one.
 */
extern bool funnel_rows_to_plain(const FunnelRules *rules,
								 const FunnelRow *rows, size_t nrows,
								 int64_t *ts, uint8_t *steps, uint64_t *present);

/*
 * Match rows that are sorted by time; those of one instant may be in any order.
 * Each has a step from 1 to nsteps; PRESENT has the bits of those that occur.
 * Behind the last time there must be room for one more.  Does not fill in match->row.
 */
extern void funnel_match_plain(const FunnelRules *rules, int64_t *ts, const uint8_t *steps,
							   size_t nrows, uint64_t present, FunnelMatch *match);

/*
 * The same where row ENTRY is the only entry that counts, whatever the rules say of
 * that.  Other rows of the first step are passed over, and so are rows of step 0.
 */
extern void funnel_match_plain_entry(const FunnelRules *rules, int64_t *ts,
									 const uint8_t *steps, size_t entry, size_t nrows,
									 uint64_t present, FunnelMatch *match);

/* Fill in match->row: of the rows of its time and step, each is the first. */
extern void funnel_plain_find_rows(const FunnelRules *rules,
								   const int64_t *ts, const uint8_t *steps,
								   FunnelMatch *match);

/*
 * A row as a word: time << 8 | step.  Words as in events/word.h have this form, and codes
 * that are no step.
 */
#define FUNNEL_PLAIN_STEP_BITS	8

/*
 * Match words in place, as funnel_match_plain does the rows that they stand for.  False,
 * and MATCH is not set, if they are not in order of time, if one has no step from 1 to
 * nsteps, or if the rules say which entry counts.  The place behind the last word is
 * written to, and then has what it had before, unless rules->poll did not return.
 */
extern bool funnel_match_plain_words(const FunnelRules *rules, int64_t *words, size_t nwords,
									 FunnelMatch *match);

#endif							/* FUNNEL_MATCH_PLAIN_H */
