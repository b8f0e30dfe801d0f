/*-------------------------------------------------------------------------
 *
 * spool/scan.h
 *	  Reading a spool: more than spool/spool.h says, for src/spool.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_SCAN_H
#define FUNNEL_SPOOL_SCAN_H

#include "spool/state.h"

/* The unit whose events were read last, as long as no others are. */
extern SpoolUnitRef funnel_spool_scan_unit(const FunnelSpoolScan *scan);

/* The partition that it is in. */
extern int	funnel_spool_scan_partition(const FunnelSpoolScan *scan);

#endif							/* FUNNEL_SPOOL_SCAN_H */
