/*-------------------------------------------------------------------------
 *
 * spool/spill.h
 *	  What spools may have in memory, and how they go to files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_SPILL_H
#define FUNNEL_SPOOL_SPILL_H

#include "spool/state.h"

/* To be called when the library is loaded. */
extern void funnel_spill_init(void);

/* From now on, a spool that has just been partitioned counts. */
extern void funnel_spool_enter_budget(FunnelSpool *spool);

/* What this spool, its group's others, and all that count have in memory */
extern size_t funnel_spool_used_memory(const FunnelSpool *spool);

/* Would SIZE more bytes exceed what this spool, or all together, may have? */
extern bool funnel_spool_is_over_budget(const FunnelSpool *spool, size_t size);

/*
 * What is left of the budget for messages from other processes, which the
 * server holds in memory while they are read.
 */
extern size_t funnel_spool_message_share(void);

/* Is it the spool itself that should go to its file then? */
extern bool funnel_spool_is_worth_spilling(const FunnelSpool *spool);

/*
 * Are the spool's blocks to go to its file before they grow by SIZE?  Idle spools may
 * have gone to theirs instead.
 */
extern bool funnel_spool_must_spill(FunnelSpool *spool, size_t size);

/* Write all segments as one run, and begin again with the memory there is. */
extern void funnel_spool_spill(FunnelSpool *spool);

/* Have all of a spool in its file, and give its memory back. */
extern void funnel_spool_spill_all(FunnelSpool *spool);

/*
 * Have idle spools in their files until this one may grow by SIZE.  False if
 * that does not help.
 */
extern bool funnel_spool_spill_idle(FunnelSpool *spool, size_t size);

/*
 * Note whether a spool, and those that lent to it, may go to their files.  They
 * must not while they are read.
 */
extern void funnel_spool_set_idle(FunnelSpool *spool, bool idle);

/* Can SIZE bytes that another process sent stay together as a run? */
extern bool funnel_spool_takes_run(const FunnelSpool *spool, size_t size);

/*
 * Add a run of another process that is in a file of its own, or in a message,
 * with offsets from 0 on: then it is copied into memory if there is enough, else
 * into the file.  The spool must be partitioned, and with full rows if the run
 * is.
 */
extern void funnel_spool_add_run(FunnelSpool *spool, SpoolRun *run);

/*
 * Have all of a spool in its shared file.  False if it is not to have one, or has
 * what another process wrote, or lent.
 */
extern bool funnel_spool_share(FunnelSpool *spool);

#endif							/* FUNNEL_SPOOL_SPILL_H */
