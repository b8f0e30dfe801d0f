/*-------------------------------------------------------------------------
 *
 * picture/flow_order.h
 *	  An order of the nodes of a flow in which its links cross little.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_FLOW_ORDER_H
#define FUNNEL_PICTURE_FLOW_ORDER_H

#include "picture/flow_layout.h"

/* Order the items of each level. */
extern void funnel_flow_order(FunnelFlowLayout *layout);

#endif							/* FUNNEL_PICTURE_FLOW_ORDER_H */
