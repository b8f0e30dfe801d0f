/*-------------------------------------------------------------------------
 *
 * match/windowscan.h
 *	  How far one unit came, as ClickHouse's windowFunnel counts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_WINDOWSCAN_H
#define FUNNEL_MATCH_WINDOWSCAN_H

#include "match/assignment.h"
#include "match/rules.h"

/* The modes of window_funnel, to be combined freely. */
#define FUNNEL_STRICT_DEDUPLICATION		0x01
#define FUNNEL_STRICT_ORDER				0x02
#define FUNNEL_STRICT_INCREASE			0x04
#define FUNNEL_STRICT_ONCE				0x08
#define FUNNEL_ALLOW_REENTRY			0x10

typedef struct FunnelWindow
{
	int			nlevels;		/* conditions, 1 to FUNNEL_MAX_STEPS */
	unsigned	modes;
	uint64_t	within;			/* inclusive, from level 1 on */
	void		(*poll) (void); /* called now and then if set; may not return */
} FunnelWindow;

/*
 * The level reached, 0 to nlevels, over rows of conditions, sorted by time and
 * then by the mask of those they meet.  SCRATCH is used with FUNNEL_STRICT_ONCE
 * only.
 */
extern int	funnel_window_scan(const FunnelWindow *window,
							   const FunnelRow *rows, size_t nrows,
							   Assignment *scratch);

#endif							/* FUNNEL_MATCH_WINDOWSCAN_H */
