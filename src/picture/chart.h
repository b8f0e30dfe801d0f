/*-------------------------------------------------------------------------
 *
 * picture/chart.h
 *	  Numbers and names as the pictures of a result show them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_CHART_H
#define FUNNEL_PICTURE_CHART_H

#include "lib/stringinfo.h"

/* A count with commas between the thousands: 1,234,567; palloc'd. */
extern char *funnel_chart_count(int64 count);

/* A part of a whole as percentage with one decimal, "-" if the whole is 0. */
extern char *funnel_chart_percentage(int64 part, int64 whole);

/* The width of a text on a terminal; control characters count as one. */
extern int	funnel_chart_width(const char *text);

/*
 * Append a text cut to WIDTH columns, with an ellipsis if something was cut,
 * and control characters replaced; returns the columns used.
 */
extern int	funnel_chart_append_cut(StringInfo buf, const char *text, int width);

#endif							/* FUNNEL_PICTURE_CHART_H */
