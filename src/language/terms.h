/*-------------------------------------------------------------------------
 *
 * language/terms.h
 *	  Reading labels and wildcards.
 *
 *	term	 = pieces with no white space between: bare characters,
 *			   "quoted part" ("" is a quote), or * (any run of characters)
 *	name	 = term without *, followed by ":" and white space or a quote;
 *			   any other ":" belongs to the term
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_TERMS_H
#define FUNNEL_LANGUAGE_TERMS_H

#include "language/parser.h"

/*
 * Read a term.  If NAME is not NULL, it may turn out to be the name of a step:
 * then *NAME is set, and its colon is read too.
 */
extern bool funnel_parse_term(FunnelParser *p, FunnelTerm *term, char **name);

/* term { "|" term }, appended to an array. */
extern bool funnel_parse_terms(FunnelParser *p, FunnelTerm **terms, int *nterms);

/* Append a term to an array whose size is the power of two that holds it. */
extern void funnel_append_term(FunnelTerm **terms, int *nterms, const FunnelTerm *term);

#endif							/* FUNNEL_LANGUAGE_TERMS_H */
