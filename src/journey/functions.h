/*-------------------------------------------------------------------------
 *
 * journey/functions.h
 *	  What the functions of journeys have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_FUNCTIONS_H
#define FUNNEL_JOURNEY_FUNCTIONS_H

#include "datatype/timestamp.h"

/*
 * The microseconds of an interval that must be positive and have a fixed
 * length; WHAT names it in an error.
 */
extern int64 funnel_journey_duration(const Interval *interval, const char *what);

#endif							/* FUNNEL_JOURNEY_FUNCTIONS_H */
