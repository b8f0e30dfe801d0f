/*-------------------------------------------------------------------------
 *
 * picture/times.h
 *	  Times as a picture: a histogram.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_TIMES_H
#define FUNNEL_PICTURE_TIMES_H

#include "lib/stringinfo.h"

#include "result/figures.h"

/*
 * Append a picture of a width of the times of a histogram that is not empty, and
 * of their median, in seconds, without a style of its own.
 */
extern void funnel_draw_times(StringInfo buf, FunnelCounts histogram, double median, int width);

#endif							/* FUNNEL_PICTURE_TIMES_H */
