/*-------------------------------------------------------------------------
 *
 * match/chain.h
 *	  The chain that the ordered matcher reports.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_CHAIN_H
#define FUNNEL_MATCH_CHAIN_H

#include "match/scratch.h"

/*
 * Fill in the steps, times and rows of the chain of match->depth that begins at
 * the instant of row BEGIN and ends at that of row END - 1.
 */
extern void funnel_chain_report(const FunnelRules *rules, const FunnelRow *rows,
								size_t begin, size_t end, Scratch *scratch,
								FunnelMatch *match);

#endif							/* FUNNEL_MATCH_CHAIN_H */
