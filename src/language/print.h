/*-------------------------------------------------------------------------
 *
 * language/print.h
 *	  Writing a definition: its canonical text.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_PRINT_H
#define FUNNEL_LANGUAGE_PRINT_H

#include "lib/stringinfo.h"

#include "language/tree.h"

/* Append the canonical text. */
extern void funnel_definition_print(StringInfo buf, const FunnelDefinition *definition);

#endif							/* FUNNEL_LANGUAGE_PRINT_H */
