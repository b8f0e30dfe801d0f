/*-------------------------------------------------------------------------
 *
 * result/json.h
 *	  A tally as JSON: the text form of a funnel_result.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_JSON_H
#define FUNNEL_RESULT_JSON_H

#include "result/tally.h"

/* Append the canonical JSON. */
extern void funnel_tally_print(StringInfo buf, const FunnelTally *tally);

/*
 * Read what funnel_tally_print writes, members in any order and white space
 * anywhere, into a tally in the current memory context.  NULL on soft error.
 */
extern FunnelTally *funnel_tally_parse(char *text, Node *escontext);

#endif							/* FUNNEL_RESULT_JSON_H */
