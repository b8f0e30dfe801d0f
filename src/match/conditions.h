/*-------------------------------------------------------------------------
 *
 * match/conditions.h
 *	  Rows of the functions that know conditions instead of steps.
 *
 * They are rows like all others, so that one code collects, sorts and hands over
 * the events of a unit.  The mask of the conditions that a row meets stands in
 * the place of its steps.  In the place of what it breaks stands one bit, whether
 * the row meets the base condition of sequence_next_node.  Who reads or makes
 * such a row does it by these functions, or by funnel_conditions_label.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_CONDITIONS_H
#define FUNNEL_MATCH_CONDITIONS_H

#include "match/rules.h"

/* The conditions that a row meets: bit k-1 is the k-th. */
static inline uint64_t
funnel_row_conditions(const FunnelRow *row)
{
	return row->steps;
}

/* Does a row meet condition K, counted from 1? */
static inline bool
funnel_row_meets(const FunnelRow *row, int k)
{
	return (row->steps & FUNNEL_STEP_BIT(k)) != 0;
}

static inline bool
funnel_row_meets_base(const FunnelRow *row)
{
	return row->breaks != 0;
}

#endif							/* FUNNEL_MATCH_CONDITIONS_H */
