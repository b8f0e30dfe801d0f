/*-------------------------------------------------------------------------
 *
 * picture/flow_graph.c
 *	  The edges of a flow as a graph: nodes, links, levels.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "match/outcome.h"
#include "picture/flow_graph.h"

/* What an error message tells of a circle, and of a name in it. */
#define CIRCLE_MAX_NODES	8
#define CIRCLE_MAX_NAME		60

/* The colour of what is no event; the others are those before it. */
#define NO_EVENT		(FUNNEL_FLOW_COLOURS - 1)

static int
compare_bytes(FunnelBytes a, FunnelBytes b)
{
	int			order = memcmp(a.bytes, b.bytes, Min(a.size, b.size));

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static int
compare_nodes(const void *a, const void *b)
{
	return compare_bytes(((const FunnelFlowNode *) a)->name, ((const FunnelFlowNode *) b)->name);
}

static void
report_too_many(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("flow is too large for a picture"),
			 errdetail("A picture has at most %d nodes and %d edges, which pass at most %d other levels.",
					   FUNNEL_FLOW_MAX_NODES, FUNNEL_FLOW_MAX_LINKS, FUNNEL_FLOW_MAX_PASSES),
			 errhint("Leave out the edges with the least values, or take paths of fewer steps.")));
}

static void
add_node(FunnelFlowGraph *graph, struct funnel_bytehash_hash *seen, FunnelBytes name)
{
	bool		found;

	funnel_bytehash_insert(seen, name, &found);
	if (found)
		return;
	if (graph->nnodes == FUNNEL_FLOW_MAX_NODES)
		report_too_many();
	graph->nodes[graph->nnodes++].name = name;
}

/* The nodes of all edges with a value, sorted; TABLE leads from name to place. */
static void
find_nodes(FunnelFlowGraph *graph, const FunnelFlowEdge *edges, int nedges,
		   struct funnel_bytehash_hash *table)
{
	graph->nodes = palloc0(sizeof(FunnelFlowNode) * FUNNEL_FLOW_MAX_NODES);
	for (int i = 0; i < nedges; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (edges[i].value == 0)
			continue;
		add_node(graph, table, edges[i].source);
		add_node(graph, table, edges[i].target);
	}
	qsort(graph->nodes, graph->nnodes, sizeof(FunnelFlowNode), compare_nodes);
	for (int i = 0; i < graph->nnodes; i++)
		funnel_bytehash_lookup(table, graph->nodes[i].name)->value.number = i;
}

static int
node_number(struct funnel_bytehash_hash *table, FunnelBytes name)
{
	return (int) funnel_bytehash_lookup(table, name)->value.number;
}

static int
compare_links(const void *a, const void *b)
{
	const FunnelFlowLink *x = a;
	const FunnelFlowLink *y = b;

	if (x->source != y->source)
		return x->source - y->source;
	return x->target - y->target;
}

/* Those from one node to another are one link. */
static void
find_links(FunnelFlowGraph *graph, const FunnelFlowEdge *edges, int nedges,
		   struct funnel_bytehash_hash *table)
{
	int			n = graph->nnodes;
	int		   *link_of = palloc0(sizeof(int) * n * n); /* from 1 on */

	graph->links = palloc(sizeof(FunnelFlowLink) * FUNNEL_FLOW_MAX_LINKS);
	for (int i = 0; i < nedges; i++)
	{
		int			source,
					target;
		FunnelFlowLink *link;

		CHECK_FOR_INTERRUPTS();
		if (edges[i].value == 0)
			continue;
		source = node_number(table, edges[i].source);
		target = node_number(table, edges[i].target);
		graph->nodes[source].out += edges[i].value;
		graph->nodes[target].in += edges[i].value;
		if (link_of[source * n + target] != 0)
		{
			link = &graph->links[link_of[source * n + target] - 1];
			link->value += edges[i].value;
			link->has_median = false;
			continue;
		}
		if (graph->nlinks == FUNNEL_FLOW_MAX_LINKS)
			report_too_many();
		link = &graph->links[graph->nlinks++];
		link_of[source * n + target] = graph->nlinks;
		link->source = source;
		link->target = target;
		link->value = edges[i].value;
		link->has_median = edges[i].has_median;
		link->median_seconds = edges[i].median_seconds;
	}
	pfree(link_of);
	qsort(graph->links, graph->nlinks, sizeof(FunnelFlowLink), compare_links);
}

static void
append_name(StringInfo buf, FunnelBytes name)
{
	/* a broken character may say that it is longer than what is there */
	int			len = Min(pg_mbcliplen(name.bytes, name.size, CIRCLE_MAX_NAME), (int) name.size);

	appendStringInfo(buf, "\"%.*s%s\"", len, name.bytes, len < (int) name.size ? "..." : "");
}

/*
 * Tell of a circle among the nodes that still wait for others: from any of them,
 * one that it waits for, and so on, until one comes again.
 */
static void
report_circle(const FunnelFlowGraph *graph, const int *waits)
{
	int		   *from = palloc(sizeof(int) * graph->nnodes);
	bool	   *seen = palloc0(sizeof(bool) * graph->nnodes);
	int			node = 0;
	int			start;
	int			n = 0;
	StringInfoData path;

	for (int i = 0; i < graph->nlinks; i++)
	{
		if (waits[graph->links[i].source] > 0)
			from[graph->links[i].target] = graph->links[i].source;
	}
	while (waits[node] == 0)
		node++;
	for (; !seen[node]; node = from[node])
		seen[node] = true;

	/* from here on backwards it is the circle */
	start = node;
	memset(seen, 0, sizeof(bool) * graph->nnodes);
	initStringInfo(&path);
	do
	{
		if (n++ < CIRCLE_MAX_NODES)
		{
			append_name(&path, graph->nodes[node].name);
			appendStringInfoString(&path, " comes after ");
		}
		node = from[node];
	} while (node != start);
	if (n > CIRCLE_MAX_NODES)
		appendStringInfoString(&path, "others, and these after ");
	append_name(&path, graph->nodes[start].name);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("edges of a flow must not go round in a circle"),
			 errdetail("%s.", path.data),
			 errhint("Put the depth into the names of the nodes, as \"1 visit\" and \"2 cart\".")));
}

/*
 * The level of a node is the length of the longest path that leads to it.  A
 * node that none leads to stands just before the nearest that it leads to.
 */
static void
find_levels(FunnelFlowGraph *graph)
{
	int			n = graph->nnodes;
	int		   *waits = palloc0(sizeof(int) * n);	/* links from those
													 * without level */
	int		   *first = palloc(sizeof(int) * (n + 1));	/* link of each source */
	int		   *order = palloc(sizeof(int) * n);
	int			ready = 0;

	for (int i = 0, link = 0; i <= n; i++)
	{
		while (link < graph->nlinks && graph->links[link].source < i)
			link++;
		first[i] = link;
	}
	for (int i = 0; i < graph->nlinks; i++)
		waits[graph->links[i].target]++;
	for (int i = 0; i < n; i++)
	{
		if (waits[i] == 0)
			order[ready++] = i;
	}
	for (int done = 0; done < ready; done++)
	{
		FunnelFlowNode *node = &graph->nodes[order[done]];

		for (int i = first[order[done]]; i < first[order[done] + 1]; i++)
		{
			int			target = graph->links[i].target;

			graph->nodes[target].level = Max(graph->nodes[target].level, node->level + 1);
			if (--waits[target] == 0)
				order[ready++] = target;
		}
		graph->nlevels = Max(graph->nlevels, node->level + 1);
	}
	if (ready < n)
		report_circle(graph, waits);

	for (int i = 0; i < n; i++)
	{
		int			nearest = INT_MAX;

		if (graph->nodes[i].in > 0)
			continue;
		for (int k = first[i]; k < first[i + 1]; k++)
			nearest = Min(nearest, graph->nodes[graph->links[k].target].level);
		graph->nodes[i].level = nearest - 1;
	}
}

/* A name without the depth that it may begin with, as in '2 cart' or '2:cart'. */
static FunnelBytes
without_depth(FunnelBytes name)
{
	uint32		i = 0;

	if (i < name.size && name.bytes[i] == '-')
		i++;
	while (i < name.size && name.bytes[i] >= '0' && name.bytes[i] <= '9')
		i++;
	if (i > 0 && i + 1 < name.size && (name.bytes[i] == ' ' || name.bytes[i] == ':'))
	{
		name.bytes += i + 1;
		name.size -= i + 1;
	}
	return name;
}

static bool
is_text(FunnelBytes name, const char *text)
{
	return name.size == strlen(text) && memcmp(name.bytes, text, name.size) == 0;
}

/* Whether a name, without its depth, is what flows write where there is no label. */
static bool
is_no_label(FunnelBytes name)
{
	return is_text(name, "(end)") || is_text(name, "(start)") || is_text(name, "(other)");
}

/*
 * Whether a link leads to where units of a stage went no further, as from "2:cart"
 * to "2:cart late".  A label may end so, too, but stands at another depth then.
 */
static bool
leads_to_outcome(const FunnelFlowGraph *graph, const FunnelFlowLink *link)
{
	FunnelBytes stage = graph->nodes[link->source].name;
	FunnelBytes name = graph->nodes[link->target].name;

	if (name.size <= stage.size || memcmp(name.bytes, stage.bytes, stage.size) != 0 ||
		name.bytes[stage.size] != ' ')
		return false;
	name.bytes += stage.size + 1;
	name.size -= stage.size + 1;
	for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
	{
		if (is_text(name, funnel_outcome_name(i)))
			return true;
	}
	return is_text(name, "pending");
}

/* From left to right, the greatest first. */
static int
compare_importance(const void *a, const void *b)
{
	const FunnelFlowNode *x = *(FunnelFlowNode *const *) a;
	const FunnelFlowNode *y = *(FunnelFlowNode *const *) b;

	if (x->level != y->level)
		return x->level - y->level;
	if (funnel_flow_users(x) != funnel_flow_users(y))
		return funnel_flow_users(x) > funnel_flow_users(y) ? -1 : 1;
	return compare_bytes(x->name, y->name);
}

static void
choose_colours(FunnelFlowGraph *graph)
{
	FunnelFlowNode **nodes = palloc(sizeof(FunnelFlowNode *) * Max(graph->nnodes, 1));
	struct funnel_bytehash_hash *colours = funnel_bytehash_new(CurrentMemoryContext, 64);
	int			next = 0;

	for (int i = 0; i < graph->nlinks; i++)
	{
		if (leads_to_outcome(graph, &graph->links[i]))
			graph->nodes[graph->links[i].target].colour = NO_EVENT;
	}
	for (int i = 0; i < graph->nnodes; i++)
		nodes[i] = &graph->nodes[i];
	qsort(nodes, graph->nnodes, sizeof(FunnelFlowNode *), compare_importance);
	for (int i = 0; i < graph->nnodes; i++)
	{
		FunnelBytes name = without_depth(nodes[i]->name);
		bool		found;
		FunnelByteHashEntry *entry;

		if (is_no_label(name))
			nodes[i]->colour = NO_EVENT;
		if (nodes[i]->colour == NO_EVENT)
			continue;
		entry = funnel_bytehash_insert(colours, name, &found);
		if (!found)
			entry->value.number = next++ % NO_EVENT;
		nodes[i]->colour = (int) entry->value.number;
	}
	funnel_bytehash_destroy(colours);
	pfree(nodes);
}

FunnelFlowGraph *
funnel_flow_graph(const FunnelFlowEdge *edges, int nedges)
{
	FunnelFlowGraph *graph = palloc0(sizeof(FunnelFlowGraph));
	struct funnel_bytehash_hash *table = funnel_bytehash_new(CurrentMemoryContext, 64);
	int			passes = 0;

	find_nodes(graph, edges, nedges, table);
	find_links(graph, edges, nedges, table);
	funnel_bytehash_destroy(table);
	find_levels(graph);
	choose_colours(graph);
	for (int i = 0; i < graph->nnodes; i++)
		graph->entered += Max(graph->nodes[i].out - graph->nodes[i].in, 0);
	for (int i = 0; i < graph->nlinks; i++)
		passes += graph->nodes[graph->links[i].target].level -
			graph->nodes[graph->links[i].source].level - 1;
	if (passes > FUNNEL_FLOW_MAX_PASSES)
		report_too_many();
	return graph;
}
