/*-------------------------------------------------------------------------
 *
 * language/clauses.h
 *	  The clauses of a definition.
 *
 *	clause	 = "within" duration | "any order" | "first entry" | "last entry"
 *			 | "every attempt" | "increasing" | "unless" term { "|" term }
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_CLAUSES_H
#define FUNNEL_LANGUAGE_CLAUSES_H

#include "language/parser.h"

/* { [","] clause }, to the end of the text */
extern bool funnel_parse_clauses(FunnelParser *p);

/* Do the clauses go together? */
extern bool funnel_check_clauses(FunnelParser *p);

/*
 * Do LEN bytes begin a clause?  As labels they are quoted, so that a reader never
 * takes one for the other.
 */
extern bool funnel_is_clause_word(const char *text, int len);

#endif							/* FUNNEL_LANGUAGE_CLAUSES_H */
