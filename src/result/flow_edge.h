/*-------------------------------------------------------------------------
 *
 * result/flow_edge.h
 *	  The edges of flows: flow_edge as a value, made and read back.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_FLOW_EDGE_H
#define FUNNEL_RESULT_FLOW_EDGE_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

#include "base/bytehash.h"

/* How many units went from one node to another, and how long that took. */
typedef struct FunnelFlowEdge
{
	FunnelBytes source;
	FunnelBytes target;
	int64		value;
	bool		has_median;
	double		median_seconds; /* 0 if there is none */
} FunnelFlowEdge;

/*
 * The type of what a function returns that is declared to return flow_edge,
 * flow_edge[] or SETOF flow_edge; palloc'd.  An error if the type is not as the
 * extension made it.
 */
extern TupleDesc funnel_flow_edge_type(FunctionCallInfo fcinfo);

/* Edges as a flow_edge[], in the current memory context. */
extern Datum funnel_flow_edges_array(TupleDesc type, const FunnelFlowEdge *edges, size_t nedges);

/* An edge as a row of what funnel_flow_edge_type describes. */
extern void funnel_flow_edge_put(Tuplestorestate *rows, TupleDesc type,
								 const FunnelFlowEdge *edge);

/*
 * The edges of a flow_edge[], detoasted, palloc'd; their texts may be in the
 * array.  An error if the type is not as the extension made it, if an edge or a
 * column but the median is NULL, if a value is negative or if all of them have
 * a sum above that of bigint, or if a median is negative or not finite.  That
 * nodes make sense is for the caller to see to: edges may be twice, or go round
 * in a circle, and texts may be of any length.
 */
extern FunnelFlowEdge *funnel_flow_edges_read(ArrayType *array, int *nedges);

#endif							/* FUNNEL_RESULT_FLOW_EDGE_H */
