/*-------------------------------------------------------------------------
 *
 * language/parser.h
 *	  What the parts of the parser share: where it stands, and its errors.
 *
 * The parser is written by hand: one character tells at every place what
 * follows, and a message can then say what was expected there.  It neither
 * recurses nor looks at anything but the text, so its result depends on
 * nothing else.  Every function of it that returns bool returns false once an
 * error is reported; the caller has only to return as well.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_PARSER_H
#define FUNNEL_LANGUAGE_PARSER_H

#include "lib/stringinfo.h"
#include "nodes/nodes.h"

#include "language/chars.h"
#include "language/hint.h"
#include "language/tree.h"

typedef struct FunnelParser
{
	const char *text;
	const char *pos;			/* next character to read */
	const char *end;
	int			sqlerrcode;
	Node	   *escontext;
	FunnelDefinition *definition;
	StringInfoData piece;		/* of the term being read */

	/* where things stand that only the whole definition can judge; or NULL */
	const char *optional_at[FUNNEL_MAX_STEPS];
	const char *link_at[FUNNEL_MAX_STEPS];	/* links that are not plain */
	const char *shortest_at[FUNNEL_MAX_STEPS];	/* shortest gaps */
	const char *clause_at[FUNNEL_NUM_CLAUSES];
} FunnelParser;

static inline void
skip_space(FunnelParser *p)
{
	while (p->pos < p->end && funnel_is_space(*p->pos))
		p->pos++;
}

/* Is C the next character? */
static inline bool
at_char(const FunnelParser *p, char c)
{
	return p->pos < p->end && *p->pos == c;
}

/* Skip the next character if it is C. */
static inline bool
skip_char(FunnelParser *p, char c)
{
	if (!at_char(p, c))
		return false;
	p->pos++;
	return true;
}

/* The position of AT in characters, the first being 1. */
extern int	funnel_char_number(const FunnelParser *p, const char *at);

/* Report DETAIL, which says where in the text. */
extern bool funnel_fail(FunnelParser *p, const char *detail, const char *hint);

/* Report that WHAT was expected at AT. */
extern bool funnel_fail_at(FunnelParser *p, const char *at, const char *what,
						   const char *hint);

/* The same, with a hint for the likeliest slip in this PLACE. */
extern bool funnel_expected(FunnelParser *p, const char *at, const char *what,
							FunnelPlace place);

#endif							/* FUNNEL_LANGUAGE_PARSER_H */
