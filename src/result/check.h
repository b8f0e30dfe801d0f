/*-------------------------------------------------------------------------
 *
 * result/check.h
 *	  What a tally that came from outside cannot be.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_CHECK_H
#define FUNNEL_RESULT_CHECK_H

#include "result/tally.h"

/*
 * What contradicts itself in a tally that came from outside, or NULL if it
 * could have been counted: a phrase for an error's DETAIL.
 */
extern char *funnel_tally_problem(const FunnelTally *tally);

#endif							/* FUNNEL_RESULT_CHECK_H */
