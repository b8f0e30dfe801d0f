/*-------------------------------------------------------------------------
 *
 * picture/text.h
 *	  Numbers and names as the pictures of a result show them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_TEXT_H
#define FUNNEL_PICTURE_TEXT_H

#include "lib/stringinfo.h"

#include "result/tally.h"

/* A count with commas between the thousands: 1,234,567; palloc'd. */
extern char *funnel_picture_count(int64 count);

/* A part of a whole as percentage with one decimal, "-" if the whole is 0. */
extern char *funnel_picture_percentage(int64 part, int64 whole);

/* The same of a ratio from 0 to 1. */
extern char *funnel_picture_ratio(double ratio);

/* A sum of values: 1,234.50; palloc'd. */
extern char *funnel_picture_value(double value);

/* An instant without its fraction: 2026-01-31 23:59:59 UTC; palloc'd. */
extern char *funnel_picture_instant(int64 ts);

/* "as of " and the horizon; empty if there is none. */
extern const char *funnel_picture_as_of(const FunnelTally *tally);

/* Seconds in the two units that tell most: 3 h 20 min; palloc'd. */
extern char *funnel_picture_duration(double seconds);

/* The width of a text on a terminal; control characters count as one. */
extern int	funnel_picture_width(const char *text);

/*
 * Append a text cut to WIDTH columns, with an ellipsis if something was cut,
 * and control characters replaced; returns the columns used.
 */
extern int	funnel_picture_append_cut(StringInfo buf, const char *text, int width);

#endif							/* FUNNEL_PICTURE_TEXT_H */
