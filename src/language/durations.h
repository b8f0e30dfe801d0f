/*-------------------------------------------------------------------------
 *
 * language/durations.h
 *	  Durations, as they are read and as they are printed.
 *
 *	duration = number unit { number unit }
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_DURATIONS_H
#define FUNNEL_LANGUAGE_DURATIONS_H

#include "language/parser.h"

extern bool funnel_parse_duration(FunnelParser *p, int64 *duration);

/* Append positive microseconds as "1 day 2 hours 3 minutes 1.5 seconds". */
extern void funnel_duration_print(StringInfo buf, int64 usecs);

#endif							/* FUNNEL_LANGUAGE_DURATIONS_H */
