/*-------------------------------------------------------------------------
 *
 * picture/svg.h
 *	  A result as a picture: bars of its stages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_SVG_H
#define FUNNEL_PICTURE_SVG_H

#include "lib/stringinfo.h"

#include "result/outline.h"

typedef struct FunnelPictureForm
{
	int			width;
	bool		narrow;			/* names above the bars, not beside them */
	bool		standalone;		/* brings its own style and summary */
	const char *title;			/* LEN bytes; none if 0 */
	int			len;
} FunnelPictureForm;

/* A wide and a narrow picture that are right at 800 and 360 pixels. */
#define FUNNEL_WIDE_PICTURE		800
#define FUNNEL_NARROW_PICTURE	360

/* "1,000 entered, 10 converted, ..."; palloc'd. */
extern char *funnel_picture_summary(const FunnelTally *tally, const FunnelOutline *outline);

/* "777 dropped, 213 pending" of a stage, "converted" of the last; palloc'd. */
extern char *funnel_picture_standing(const FunnelOutline *outline,
									 const FunnelOutlineStage *stage);

/* Append the picture of a result. */
extern void funnel_draw_result(StringInfo buf, const FunnelTally *tally,
							   const FunnelOutline *outline, const FunnelPictureForm *form);

#endif							/* FUNNEL_PICTURE_SVG_H */
