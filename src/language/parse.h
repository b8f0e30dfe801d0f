/*-------------------------------------------------------------------------
 *
 * language/parse.h
 *	  Reading the definition language.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_PARSE_H
#define FUNNEL_LANGUAGE_PARSE_H

#include "nodes/nodes.h"

#include "language/tree.h"

/*
 * Parse LEN bytes in the database's encoding; result in the current memory
 * context.  NULL on soft error.  The second form is for bytes off the wire or
 * the disk: it reports them as an invalid binary value, with the given code.
 */
extern FunnelDefinition *funnel_definition_parse(const char *text, int len, Node *escontext);
extern FunnelDefinition *funnel_definition_parse_binary(const char *text, int len,
														int sqlerrcode);

#endif							/* FUNNEL_LANGUAGE_PARSE_H */
