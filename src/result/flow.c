/*-------------------------------------------------------------------------
 *
 * result/flow.c
 *	  Reading a result as a flow: from stage to stage, and from stages to the
 *	  outcomes.
 *
 * A result knows how many units have each step in their chain, and how many
 * stand at each.  Between two required steps with at most one optional step in
 * between, that determines how many went from which to which.  Of optional
 * steps in a row it does not know which were skipped together: how many of
 * those with the first have the second.  It does know how many went on behind
 * each, with or without it, and these are a node of their own, between one
 * optional step and the next.  So every number is exact, and none is assumed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "match/outcome.h"
#include "result/flow_edge.h"
#include "result/outline.h"
#include "result/type.h"

typedef struct Flow
{
	const FunnelOutline *outline;
	FunnelCounts times;
	Tuplestorestate *rows;
	TupleDesc	type;
} Flow;

/* Stage K as a node, as it is or with what became of those there; palloc'd. */
static FunnelBytes
node_of(const Flow *flow, int k, const char *what)
{
	const char *name = flow->outline->stages[k].name;
	char	   *text;
	FunnelBytes node;

	/* as a funnel_stage is written; no other stage begins with that number */
	text = psprintf("%d%s%s%s%s", k + 1, *name == '\0' ? "" : ":", name,
					*what == '\0' ? "" : " ", what);
	node.bytes = text;
	node.size = strlen(text);
	return node;
}

static void
put_edge(const Flow *flow, FunnelBytes source, FunnelBytes target, int64 users,
		 double median)
{
	FunnelFlowEdge edge = {source, target, users, median >= 0, Max(median, 0)};

	if (users > 0)
		funnel_flow_edge_put(flow->rows, flow->type, &edge);
}

/*
 * To stage K, from another stage or from a node between two.  The times to a
 * stage are counted together, so that they are known of one edge only if it is
 * the only one.
 */
static void
put_reach(const Flow *flow, FunnelBytes source, bool from_stage, int k, int64 users)
{
	double		median = -1;

	if (from_stage && users > 0 && users == flow->outline->stages[k].users)
		median = funnel_histogram_percentile(funnel_histogram_of(flow->times, k + 1,
																 FUNNEL_SINCE_PREVIOUS), 0.5) / USECS_PER_SEC;
	put_edge(flow, source, node_of(flow, k, ""), users, median);
}

/* To where those come together who have the optional stage K and who have not. */
static void
put_pass(const Flow *flow, FunnelBytes source, bool from_stage, int k, int64 users)
{
	if (flow->outline->stages[k + 1].optional)
		put_edge(flow, source, node_of(flow, k, "or not"), users, -1);
	else
		put_reach(flow, source, from_stage, k + 1, users);
}

/*
 * From a node through which all of the BEYOND units pass that go on behind
 * stage K.
 */
static void
put_onward(const Flow *flow, FunnelBytes source, bool from_stage, int k, int64 beyond)
{
	const FunnelOutlineStage *next = &flow->outline->stages[k + 1];

	put_reach(flow, source, from_stage, k + 1, next->users);
	if (next->optional)
		put_pass(flow, source, from_stage, k + 1, beyond - next->users);
}

/* From stage K to the outcomes of those who stand there. */
static void
put_outcomes(const Flow *flow, FunnelBytes source, int k)
{
	const FunnelStanding *standing = &flow->outline->stages[k].standing;

	for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
	{
		if (standing->by_outcome[i] > 0)
			put_edge(flow, source, node_of(flow, k, funnel_outcome_name(i)),
					 standing->by_outcome[i], -1);
	}
	put_edge(flow, source, node_of(flow, k, "pending"), standing->pending, -1);
}

/*
 * funnel_flow(result): an edge for each way that units took, in the order of
 * the stages.
 */
PG_FUNCTION_INFO_V1(funnel_flow);
Datum
funnel_flow(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);
	FunnelOutline *outline = funnel_outline(tally, DT_NOBEGIN);
	int64		beyond = outline->entered;
	Flow		flow;

	InitMaterializedSRF(fcinfo, 0);
	flow.outline = outline;
	flow.times = funnel_tally_times(tally);
	flow.rows = rsinfo->setResult;
	flow.type = funnel_flow_edge_type(fcinfo);

	/* those at the last stage have arrived */
	for (int k = 0; k < outline->nstages - 1; k++)
	{
		const FunnelOutlineStage *stage = &outline->stages[k];
		int64		staying = stage->standing.dropped + stage->standing.pending;
		FunnelBytes node = node_of(&flow, k, "");

		beyond -= staying;
		if (stage->optional)
			put_pass(&flow, node, true, k, stage->users - staying);
		else
			put_onward(&flow, node, true, k, beyond);
		put_outcomes(&flow, node, k);
		if (stage->optional && outline->stages[k + 1].optional)
			put_onward(&flow, node_of(&flow, k, "or not"), false, k, beyond);
	}
	return (Datum) 0;
}
