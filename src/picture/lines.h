/*-------------------------------------------------------------------------
 *
 * picture/lines.h
 *	  Lines of plain text, in columns, for terminals.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_LINES_H
#define FUNNEL_PICTURE_LINES_H

#include "lib/stringinfo.h"

#include "result/outline.h"

/* Blank columns between two columns. */
#define FUNNEL_LINES_GAP	2

/* Append a gap and an ASCII text at the right of WIDTH columns. */
extern void funnel_lines_append_right(StringInfo buf, const char *text, int width);

/* End a line: what is blank at its end is cut off. */
extern void funnel_lines_end(StringInfo buf);

/*
 * Append how many converted, dropped and are pending, and as of when, in lines
 * of WIDTH columns, the last of which is not ended.
 */
extern void funnel_lines_append_summary(StringInfo buf, const FunnelTally *tally,
										const FunnelOutline *outline, int width);

#endif							/* FUNNEL_PICTURE_LINES_H */
