/*-------------------------------------------------------------------------
 *
 * base/interrupts.h
 *	  Looking at interrupts from loops over rows, and from plain C.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_INTERRUPTS_H
#define FUNNEL_BASE_INTERRUPTS_H

#include "miscadmin.h"

/* For the loops of match/, which hold nothing that would leak. */
static inline void
funnel_poll(void)
{
	CHECK_FOR_INTERRUPTS();
}

/* In a loop whose rounds are short: a look once in many, by the round's number. */
static inline void
funnel_poll_at(size_t i)
{
	if (unlikely((i & 0xFFFF) == 0xFFFF))
		CHECK_FOR_INTERRUPTS();
}

#endif							/* FUNNEL_BASE_INTERRUPTS_H */
