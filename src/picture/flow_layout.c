/*-------------------------------------------------------------------------
 *
 * picture/flow_layout.c
 *	  Where the nodes and links of a flow are in its picture.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "picture/flow_layout.h"

/* Between two nodes of a level. */
#define GAP				12.0

/* A link that nobody would see is drawn thicker than it is. */
#define LEAST_THICKNESS	1.0

/* All links of a level together are about so thick, more of them if many. */
#define LEVEL_MIN		128.0
#define LEVEL_PER_NODE	64.0
#define LEVEL_MAX		600.0

/* Pixels for a unit, by the level that has most. */
static double
scale_of(const FunnelFlowGraph *graph)
{
	double	   *users = palloc0(sizeof(double) * graph->nlevels);
	int		   *nodes = palloc0(sizeof(int) * graph->nlevels);
	double		most = 0;
	double		height = LEVEL_MIN;

	for (int i = 0; i < graph->nnodes; i++)
	{
		users[graph->nodes[i].level] += (double) funnel_flow_users(&graph->nodes[i]);
		nodes[graph->nodes[i].level]++;
	}
	for (int i = 0; i < graph->nlinks; i++)
	{
		const FunnelFlowLink *link = &graph->links[i];

		for (int l = graph->nodes[link->source].level + 1; l < graph->nodes[link->target].level; l++)
			users[l] += (double) link->value;
	}
	for (int l = 0; l < graph->nlevels; l++)
	{
		most = Max(most, users[l]);
		height = Max(height, Min(nodes[l] * LEVEL_PER_NODE, LEVEL_MAX));
	}
	pfree(users);
	pfree(nodes);
	return height / most;
}

static int
add_item(FunnelFlowLayout *layout, int node, int level)
{
	FunnelFlowItem *item = &layout->items[layout->nitems];

	item->node = node;
	item->level = level;
	item->place = layout->levels[level].nitems++;
	return layout->nitems++;
}

static void
add_segment(FunnelFlowLayout *layout, int from, int to, double thickness)
{
	FunnelFlowSegment *segment = &layout->segments[layout->nsegments++];

	segment->from = from;
	segment->to = to;
	segment->thickness = thickness;
	layout->items[from].nright++;
	layout->items[to].nleft++;
}

/* Nodes, the items between them, and the segments. */
static void
make_items(FunnelFlowLayout *layout, const FunnelFlowGraph *graph)
{
	double		scale = scale_of(graph);
	int			nsegments = 0;

	for (int i = 0; i < graph->nlinks; i++)
		nsegments += graph->nodes[graph->links[i].target].level -
			graph->nodes[graph->links[i].source].level;
	layout->items = palloc0(sizeof(FunnelFlowItem) *
							(graph->nnodes + nsegments - graph->nlinks));
	layout->segments = palloc0(sizeof(FunnelFlowSegment) * nsegments);
	for (int i = 0; i < graph->nnodes; i++)
		add_item(layout, i, graph->nodes[i].level);
	for (int i = 0; i < graph->nlinks; i++)
	{
		const FunnelFlowLink *link = &graph->links[i];
		double		thickness = Max(LEAST_THICKNESS, link->value * scale);
		int			from = link->source;

		for (int l = graph->nodes[link->source].level + 1; l < graph->nodes[link->target].level; l++)
		{
			int			pass = add_item(layout, -1, l);

			add_segment(layout, from, pass, thickness);
			from = pass;
		}
		add_segment(layout, from, link->target, thickness);
	}
	Assert(layout->nsegments == nsegments);
}

/* Which segments an item has, and which items a level. */
static void
connect(FunnelFlowLayout *layout)
{
	for (int l = 0; l < layout->nlevels; l++)
		layout->levels[l].items = palloc(sizeof(int) * Max(layout->levels[l].nitems, 1));
	for (int i = 0; i < layout->nitems; i++)
	{
		FunnelFlowItem *item = &layout->items[i];

		layout->levels[item->level].items[item->place] = i;
		item->left = palloc(sizeof(int) * Max(item->nleft, 1));
		item->right = palloc(sizeof(int) * Max(item->nright, 1));
		item->nleft = item->nright = 0;
	}
	for (int i = 0; i < layout->nsegments; i++)
	{
		FunnelFlowItem *from = &layout->items[layout->segments[i].from];
		FunnelFlowItem *to = &layout->items[layout->segments[i].to];

		from->right[from->nright++] = i;
		to->left[to->nleft++] = i;
	}
}

/* A node is as high as what comes to it, or what leaves it, is thick. */
static void
measure(FunnelFlowLayout *layout, const double *labels)
{
	for (int i = 0; i < layout->nitems; i++)
	{
		FunnelFlowItem *item = &layout->items[i];
		double		in = 0,
					out = 0;

		for (int k = 0; k < item->nleft; k++)
			in += layout->segments[item->left[k]].thickness;
		for (int k = 0; k < item->nright; k++)
			out += layout->segments[item->right[k]].thickness;
		item->height = Max(in, out);
		item->slot = item->height;
		if (item->node >= 0)
			item->slot = Max(item->slot, labels[item->node]);
		item->slot += GAP;
	}
}

FunnelFlowLayout *
funnel_flow_layout(const FunnelFlowGraph *graph, const double *labels)
{
	FunnelFlowLayout *layout = palloc0(sizeof(FunnelFlowLayout));

	Assert(graph->nlinks > 0);
	layout->nlevels = graph->nlevels;
	layout->levels = palloc0(sizeof(FunnelFlowLevel) * graph->nlevels);
	make_items(layout, graph);
	connect(layout);
	measure(layout, labels);
	return layout;
}
