/*-------------------------------------------------------------------------
 *
 * picture/letters.h
 *	  Text in pictures and pages: cleaned, measured, broken into lines, written.
 *
 * What is written is XML, and HTML, of ASCII only: other characters are
 * references as &#xE9;.  So a picture is right whatever encodings the database,
 * the client and the reader of the file have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_LETTERS_H
#define FUNNEL_PICTURE_LETTERS_H

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

/* What a text is shown as, if it is longer: its first characters. */
#define FUNNEL_LETTERS_MAX	1000

/* A text as Unicode code points that XML and HTML can have. */
typedef struct FunnelLetters
{
	const char *text;			/* in the database's encoding */
	int			size;			/* its bytes */
	int			count;			/* at most FUNNEL_LETTERS_MAX */
	bool		more;			/* there were more */
	bool		right_to_left;	/* by its first letter with a direction */
	pg_wchar   *chars;
} FunnelLetters;

/* A part of a text in one line: [from, to), and an ellipsis if it is cut. */
typedef struct FunnelLine
{
	int			from;
	int			to;
	bool		cut;
} FunnelLine;

/*
 * SIZE bytes of text of the database's encoding; they are not copied.  White
 * space is blanks; what XML 1.0 or HTML cannot have, or a font cannot show, is
 * U+FFFD.
 */
extern FunnelLetters funnel_letters(const char *text, int size);

/*
 * The estimated width of a part of a text in a sans-serif font, in thousandths
 * of the font's size; more rather than less than in common fonts.
 */
extern int	funnel_letters_width(const FunnelLetters *letters, int from, int to, bool bold);

/*
 * Break a text into at most NLINES lines of a width, in thousandths of the
 * font's size: at blanks and behind punctuation, or anywhere if there are none.
 * What does not fit is cut.  Returns how many lines there are, at least one.
 */
extern int	funnel_letters_break(const FunnelLetters *letters, int width, bool bold,
								 int nlines, FunnelLine *lines);

/* Append a line of a text as XML. */
extern void funnel_letters_append(StringInfo buf, const FunnelLetters *letters,
								  const FunnelLine *line);

/* Append SIZE bytes of text as XML, whatever their length. */
extern void funnel_xml_append(StringInfo buf, const char *text, int size);

/*
 * The same, kept apart from the text around it, which may be written in another
 * direction (Unicode's isolates).
 */
extern void funnel_xml_append_apart(StringInfo buf, const char *text, int size);

/* The estimated width of ASCII text, as that of letters. */
extern int	funnel_ascii_width(const char *text, bool bold);

#endif							/* FUNNEL_PICTURE_LETTERS_H */
