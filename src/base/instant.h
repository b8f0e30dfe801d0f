/*-------------------------------------------------------------------------
 *
 * base/instant.h
 *	  Instants as ISO 8601 text, always in UTC.
 *
 * "2026-01-31T23:59:59.25Z": whatever the session's time zone and date style
 * are, so that the text forms that hold instants are immutable.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_INSTANT_H
#define FUNNEL_BASE_INSTANT_H

/* Room for any finite timestamp: "294276-12-31T23:59:59.999999Z BC", and zero */
#define FUNNEL_INSTANT_SIZE		40

/* Print a finite timestamp into BUF of FUNNEL_INSTANT_SIZE; returns the length. */
extern int	funnel_instant_print(int64 ts, char *buf);

/*
 * Parse what funnel_instant_print writes, trailing zeros of the fraction and
 * its absence allowed either way.  False if LEN bytes are anything else, or
 * outside of timestamptz's range.
 */
extern bool funnel_instant_parse(const char *text, int len, int64 *ts);

#endif							/* FUNNEL_BASE_INSTANT_H */
