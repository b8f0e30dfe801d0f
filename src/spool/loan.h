/*-------------------------------------------------------------------------
 *
 * spool/loan.h
 *	  Spools whose events another spool of this process reads where they are.
 *
 * A loan has a number, and ends with the memory of the spool that was lent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_LOAN_H
#define FUNNEL_SPOOL_LOAN_H

#include "spool/state.h"

/* Lend a spool, which does not change any more. */
extern uint64 funnel_spool_begin_loan(FunnelSpool *spool);

/* Read the events of what was lent with those of SPOOL; an error if it is gone. */
extern void funnel_spool_take_loan(FunnelSpool *spool, uint64 number);

/* To be called before the events of a spool are read. */
extern void funnel_spool_check_loans(const FunnelSpool *spool);

#endif							/* FUNNEL_SPOOL_LOAN_H */
