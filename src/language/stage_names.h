/*-------------------------------------------------------------------------
 *
 * language/stage_names.h
 *	  The names of a definition's stages.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_STAGE_NAMES_H
#define FUNNEL_LANGUAGE_STAGE_NAMES_H

#include "language/tree.h"

/*
 * The names of the stages, palloc'd: that of the step, else its alternatives
 * joined by '|', made unique by a number; under any order "1 of 3".
 */
extern char **funnel_definition_stage_names(const FunnelDefinition *definition);

#endif							/* FUNNEL_LANGUAGE_STAGE_NAMES_H */
