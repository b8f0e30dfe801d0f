/*-------------------------------------------------------------------------
 *
 * picture/draw.h
 *	  What all pictures are made of: SVG's frame, its texts, its colours.
 *
 * No script, no font, no image from elsewhere, and a background of its own, so
 * that a picture is legible wherever it is put; where the viewer prefers dark
 * pages, it is dark itself.  All lengths are pixels.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_DRAW_H
#define FUNNEL_PICTURE_DRAW_H

#include "picture/letters.h"

#define FUNNEL_MARGIN		24

/* Sizes of fonts, as the style has them. */
#define FUNNEL_TITLE_SIZE	18
#define FUNNEL_TEXT_SIZE	14
#define FUNNEL_SMALL_SIZE	12

/* Where the x of a text is. */
typedef enum FunnelAnchor
{
	FUNNEL_LEFT,
	FUNNEL_MIDDLE,
	FUNNEL_RIGHT
} FunnelAnchor;

/* A text in lines. */
#define FUNNEL_MAX_LINES	4

typedef struct FunnelLines
{
	FunnelLetters letters;
	int			size;			/* of the font */
	int			nlines;
	double		width;			/* of the widest, estimated */
	FunnelLine	lines[FUNNEL_MAX_LINES];
} FunnelLines;

/* SIZE bytes of text as at most NLINES lines of a font of a size and a width. */
extern FunnelLines funnel_lines(const char *text, int size, int font_size, bool bold,
								double width, int nlines);

/* The colours of all pictures, as the content of a style element. */
extern const char *const funnel_picture_style;

/*
 * Begin a picture.  It is called TITLE (LEN bytes), or NAME if it has none; with
 * STYLED it brings its style along.
 */
extern void funnel_draw_begin(StringInfo buf, double width, double height, const char *title,
							  int len, const char *name, bool styled);
extern void funnel_draw_end(StringInfo buf);

/* A line of text whose baseline is at Y, with the classes of CLASSES too. */
extern void funnel_draw_ascii(StringInfo buf, double x, double y, FunnelAnchor anchor,
							  const char *classes, const char *text);

/* Lines of text, LEADING apart, the baseline of the first at Y. */
extern void funnel_draw_lines(StringInfo buf, double x, double y, double leading,
							  FunnelAnchor anchor, const char *classes,
							  const FunnelLines *text);

/* A rectangle of a class, its corners rounded. */
extern void funnel_draw_rect(StringInfo buf, const char *classes, double x, double y,
							 double width, double height, double radius);

/* The estimated width in pixels of ASCII text in a font of a size. */
static inline double
funnel_ascii_pixels(const char *text, int font_size, bool bold)
{
	return funnel_ascii_width(text, bold) * font_size / 1000.0;
}

#endif							/* FUNNEL_PICTURE_DRAW_H */
