/*-------------------------------------------------------------------------
 *
 * language/exclusions.h
 *	  Where the exclusions of a definition belong.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_EXCLUSIONS_H
#define FUNNEL_LANGUAGE_EXCLUSIONS_H

#include "language/tree.h"

/*
 * Put exclusions where they belong: what every link excludes into unless, or
 * into the link if there is but one; each term once.
 */
extern void funnel_definition_settle_exclusions(FunnelDefinition *definition);

#endif							/* FUNNEL_LANGUAGE_EXCLUSIONS_H */
