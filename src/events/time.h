/*-------------------------------------------------------------------------
 *
 * events/time.h
 *	  The times and durations of SQL as the 64-bit numbers that all work on.
 *
 * timestamptz, timestamp and date become microseconds since 2000-01-01 UTC, a
 * time without zone being read as UTC, so that a session's time zone changes
 * no result.  bigint stays what it is: a counter of units only the user knows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_TIME_H
#define FUNNEL_EVENTS_TIME_H

#include "events/arguments.h"

typedef enum FunnelTimeType
{
	FUNNEL_TIME_TIMESTAMP,		/* with time zone or without */
	FUNNEL_TIME_DATE,
	FUNNEL_TIME_NUMBER
} FunnelTimeType;

/* How argument ARGNO of FLINFO's call is to be read; an error if not as a time. */
extern FunnelTimeType funnel_time_type(FmgrInfo *flinfo, int argno);

/* The 64-bit number of a time; infinity is an error. */
static inline int64
funnel_time_of(Datum value, FunnelTimeType type)
{
	if (type == FUNNEL_TIME_NUMBER)
		return DatumGetInt64(value);
	if (type == FUNNEL_TIME_DATE)
		return funnel_read_date(value);
	return funnel_read_timestamp(value);
}

/*
 * A length of time, not negative: an interval in microseconds, or, for times
 * that are numbers, a bigint as it is.  WHAT it is called in messages.
 */
extern int64 funnel_length_of(Datum value, bool isnull, FunnelTimeType type,
							  const char *what);

#endif							/* FUNNEL_EVENTS_TIME_H */
