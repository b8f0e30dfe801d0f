/*-------------------------------------------------------------------------
 *
 * base/interval.h
 *	  Intervals of a fixed length, in microseconds.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_INTERVAL_H
#define FUNNEL_BASE_INTERVAL_H

#include "datatype/timestamp.h"

/*
 * The microseconds of an interval; a day has 24 hours.  An error if it has
 * months or years, is infinite, out of range or negative.  WHAT it is called in
 * messages.
 */
extern int64 funnel_interval_length(const Interval *interval, const char *what);

/* The same for one that must not be zero either. */
extern int64 funnel_interval_positive(const Interval *interval, const char *what);

#endif							/* FUNNEL_BASE_INTERVAL_H */
