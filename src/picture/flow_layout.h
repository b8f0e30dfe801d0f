/*-------------------------------------------------------------------------
 *
 * picture/flow_layout.h
 *	  Where the nodes and links of a flow are in its picture.
 *
 * A link that goes further than to the next level passes the levels between as
 * if it had a node there, so that it has room of its own and crosses no node.
 * This, and finding an order and then places for such nodes, is the method of
 * Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical
 * System Structures", IEEE Transactions on Systems, Man, and Cybernetics 11
 * (1981).
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_FLOW_LAYOUT_H
#define FUNNEL_PICTURE_FLOW_LAYOUT_H

#include "picture/flow_graph.h"

/* A node, or where a link passes a level. */
typedef struct FunnelFlowItem
{
	int			node;			/* -1 if a link passes */
	int			level;
	int			place;			/* among those of its level, from 0 on */
	double		height;
	double		slot;			/* the height that it needs, label and all */
	double		middle;			/* y of its middle */
	int			nleft;			/* segments to the level before */
	int			nright;			/* and to the level behind */
	int		   *left;
	int		   *right;
} FunnelFlowItem;

/* A link, or the part of it between two levels. */
typedef struct FunnelFlowSegment
{
	int			from;			/* an item */
	int			to;				/* one of the next level */
	double		thickness;
	double		y_from;			/* the middle of its ends */
	double		y_to;
} FunnelFlowSegment;

typedef struct FunnelFlowLevel
{
	int			nitems;
	int		   *items;			/* by place */
} FunnelFlowLevel;

typedef struct FunnelFlowLayout
{
	int			nitems;			/* the nodes come first, in their order */
	FunnelFlowItem *items;
	int			nsegments;		/* link by link, from left to right */
	FunnelFlowSegment *segments;
	int			nlevels;
	FunnelFlowLevel *levels;
	double		height;
} FunnelFlowLayout;

/*
 * The items and segments of a graph that is not empty, in no order yet and
 * without places: see flow_order.h and flow_place.h.  LABELS has the height of
 * each node's label.  All is palloc'd.
 */
extern FunnelFlowLayout *funnel_flow_layout(const FunnelFlowGraph *graph, const double *labels);

#endif							/* FUNNEL_PICTURE_FLOW_LAYOUT_H */
