/*-------------------------------------------------------------------------
 *
 * picture/flow_graph.h
 *	  The edges of a flow as a graph: nodes, links, levels.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_PICTURE_FLOW_GRAPH_H
#define FUNNEL_PICTURE_FLOW_GRAPH_H

#include "result/flow_edge.h"

/* What can be drawn, and still be looked at. */
#define FUNNEL_FLOW_MAX_NODES	1000
#define FUNNEL_FLOW_MAX_LINKS	5000

/* The levels that links pass between their ends, all links together. */
#define FUNNEL_FLOW_MAX_PASSES	20000

typedef struct FunnelFlowNode
{
	FunnelBytes name;
	int			level;			/* from 0 on, left to right */
	int			colour;			/* the same for equal names, depth left out */
	int64		in;
	int64		out;
} FunnelFlowNode;

/* How many units pass a node. */
static inline int64
funnel_flow_users(const FunnelFlowNode *node)
{
	return Max(node->in, node->out);
}

/* All edges from one node to another. */
typedef struct FunnelFlowLink
{
	int			source;
	int			target;			/* on a level further right */
	int64		value;			/* above 0 */
	bool		has_median;		/* it is one edge, which has one */
	double		median_seconds;
} FunnelFlowLink;

typedef struct FunnelFlowGraph
{
	int			nnodes;
	int			nlinks;
	int			nlevels;
	int64		entered;		/* all that flows and came from no other node */
	FunnelFlowNode *nodes;		/* sorted by name */
	FunnelFlowLink *links;		/* sorted by source and target */
} FunnelFlowGraph;

/* Their colours: the last is of what is no event, as "(end)" or "2:cart late". */
#define FUNNEL_FLOW_COLOURS		8

/*
 * The graph of edges, palloc'd; edges without a value are left out.  The same
 * edges give the same graph in whatever order they come.  An error if the edges
 * go round in a circle, or are too many to be drawn.
 */
extern FunnelFlowGraph *funnel_flow_graph(const FunnelFlowEdge *edges, int nedges);

#endif							/* FUNNEL_PICTURE_FLOW_GRAPH_H */
