/*-------------------------------------------------------------------------
 *
 * picture/flow_place.h
 *	  Places for the nodes of a flow whose order is known.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_FLOW_PLACE_H
#define FUNNEL_PICTURE_FLOW_PLACE_H

#include "picture/flow_layout.h"

/* Give all items and the ends of all segments their heights, from 0 on. */
extern void funnel_flow_place(FunnelFlowLayout *layout);

#endif							/* FUNNEL_PICTURE_FLOW_PLACE_H */
