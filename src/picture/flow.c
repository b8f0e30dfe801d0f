/*-------------------------------------------------------------------------
 *
 * picture/flow.c
 *	  The edges of a flow as a picture: a Sankey diagram.
 *
 * The levels are beside each other, from left to right.  A node's label is right
 * of it, on the links that leave it; each level is wide enough for its labels.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "picture/draw.h"
#include "picture/flow_order.h"
#include "picture/flow_place.h"
#include "picture/text.h"

#define NODE_WIDTH		12.0
#define LABEL_GAP		7.0
#define LABEL_END		10.0
#define PITCH_MIN		168.0
#define PITCH_MAX		280.0
#define USUAL_WIDTH		800.0
#define NAME_LINES		2
#define LEADING			16.0
#define SMALL_LEADING	15.0
#define TITLE_LEADING	23.0

typedef struct Label
{
	FunnelLines name;
	int			nnumbers;
	const char *numbers[2];
	double		height;
} Label;

typedef struct Picture
{
	const FunnelFlowGraph *graph;
	FunnelFlowLayout *layout;
	Label	   *labels;			/* of the nodes */
	double		pitch;			/* from one level to the next */
	double		top;			/* of the layout */
} Picture;

static double
level_x(const Picture *picture, int level)
{
	return FUNNEL_MARGIN + level * picture->pitch;
}

static char *
share(const FunnelFlowGraph *graph, const FunnelFlowNode *node)
{
	return funnel_picture_percentage(funnel_flow_users(node), graph->entered);
}

/* The count and the share of each node, and how wide a level must be for them. */
static void
write_numbers(Picture *picture)
{
	const FunnelFlowGraph *graph = picture->graph;

	picture->pitch = (USUAL_WIDTH - 2 * FUNNEL_MARGIN) / graph->nlevels;
	picture->pitch = Max(PITCH_MIN, Min(PITCH_MAX, picture->pitch));
	for (int i = 0; i < graph->nnodes; i++)
	{
		Label	   *label = &picture->labels[i];
		char	   *count = funnel_picture_count(funnel_flow_users(&graph->nodes[i]));
		double		width = funnel_ascii_pixels(count, FUNNEL_SMALL_SIZE, false);

		picture->pitch = Max(picture->pitch, NODE_WIDTH + LABEL_GAP + width + LABEL_END);
		label->numbers[0] = count;
	}
}

/* The labels, broken into lines that fit between two levels. */
static void
write_labels(Picture *picture)
{
	const FunnelFlowGraph *graph = picture->graph;
	double		width = picture->pitch - NODE_WIDTH - LABEL_GAP - LABEL_END;

	for (int i = 0; i < graph->nnodes; i++)
	{
		const FunnelFlowNode *node = &graph->nodes[i];
		Label	   *label = &picture->labels[i];
		char	   *numbers = psprintf("%s (%s)", label->numbers[0], share(graph, node));

		CHECK_FOR_INTERRUPTS();
		label->name = funnel_lines(node->name.bytes, node->name.size, FUNNEL_TEXT_SIZE, true,
								   width, NAME_LINES);
		if (funnel_ascii_pixels(numbers, FUNNEL_SMALL_SIZE, false) <= width)
		{
			label->numbers[0] = numbers;
			label->nnumbers = 1;
		}
		else
		{
			label->numbers[1] = share(graph, node);
			label->nnumbers = 2;
		}
		label->height = label->name.nlines * LEADING + label->nnumbers * SMALL_LEADING;
	}
}

/*
 * A link, from level to level: curves between them, straight where it passes.
 * Links lie on each other in the order in which they are drawn.
 */
static void
append_link(StringInfo buf, const Picture *picture, int i, int first)
{
	const FunnelFlowGraph *graph = picture->graph;
	const FunnelFlowLink *link = &graph->links[i];
	const FunnelFlowNode *source = &graph->nodes[link->source];
	const FunnelFlowNode *target = &graph->nodes[link->target];
	const FunnelFlowSegment *segment = &picture->layout->segments[first];
	char	   *part;

	appendStringInfo(buf, "<path class=\"funnel-band funnel-%d\" stroke-width=\"%.1f\" d=\"M",
					 source->colour, segment->thickness);
	for (int l = source->level; l < target->level; l++, segment++)
	{
		double		x = level_x(picture, l) + NODE_WIDTH;
		double		end = level_x(picture, l + 1);
		double		half = (x + end) / 2;

		appendStringInfo(buf, "%s%.1f,%.1fC%.1f,%.1f %.1f,%.1f %.1f,%.1f",
						 l > source->level ? "L" : "",
						 x, picture->top + segment->y_from, half, picture->top + segment->y_from,
						 half, picture->top + segment->y_to, end, picture->top + segment->y_to);
	}
	appendStringInfoString(buf, "\"><title>");
	funnel_xml_append_apart(buf, source->name.bytes, source->name.size);
	appendStringInfoString(buf, " &#x2192; ");
	funnel_xml_append_apart(buf, target->name.bytes, target->name.size);
	part = funnel_picture_percentage(link->value, funnel_flow_users(source));
	appendStringInfo(buf, ": %s (", funnel_picture_count(link->value));
	funnel_xml_append(buf, part, strlen(part));
	appendStringInfo(buf, " of %s)", funnel_picture_count(funnel_flow_users(source)));
	if (link->has_median)
		appendStringInfo(buf, ", median %s", funnel_picture_duration(link->median_seconds));
	appendStringInfoString(buf, "</title></path>\n");
}

static void
append_node(StringInfo buf, const Picture *picture, int i)
{
	const FunnelFlowNode *node = &picture->graph->nodes[i];
	const FunnelFlowItem *item = &picture->layout->items[i];
	const Label *label = &picture->labels[i];
	double		x = level_x(picture, node->level);
	double		middle = picture->top + item->middle;
	double		y = middle - label->height / 2 + LEADING - 4;

	appendStringInfoString(buf, "<g><title>");
	funnel_xml_append_apart(buf, node->name.bytes, node->name.size);
	appendStringInfo(buf, ": %s</title>\n", funnel_picture_count(funnel_flow_users(node)));
	funnel_draw_rect(buf, psprintf("funnel-%d", node->colour), x, middle - item->height / 2,
					 NODE_WIDTH, item->height, item->height >= 4 ? 2 : 0);
	x += NODE_WIDTH + LABEL_GAP;
	funnel_draw_lines(buf, x, y, LEADING, FUNNEL_LEFT, " funnel-bold funnel-rim", &label->name);
	y += label->name.nlines * LEADING - 1;
	for (int k = 0; k < label->nnumbers; k++)
		funnel_draw_ascii(buf, x, y + k * SMALL_LEADING, FUNNEL_LEFT,
						  " funnel-small funnel-rim", label->numbers[k]);
	appendStringInfoString(buf, "</g>\n");
}

/* A link and its first segment, for drawing the thick ones first. */
typedef struct Drawn
{
	int			link;
	int			segment;
	int64		value;
} Drawn;

static int
compare_drawn(const void *a, const void *b)
{
	const Drawn *x = a;
	const Drawn *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	return x->link - y->link;
}

static void
append_links(StringInfo buf, const Picture *picture)
{
	const FunnelFlowGraph *graph = picture->graph;
	Drawn	   *drawn = palloc(sizeof(Drawn) * graph->nlinks);
	int			segment = 0;

	for (int i = 0; i < graph->nlinks; i++)
	{
		drawn[i].link = i;
		drawn[i].segment = segment;
		drawn[i].value = graph->links[i].value;
		segment += graph->nodes[graph->links[i].target].level -
			graph->nodes[graph->links[i].source].level;
	}
	qsort(drawn, graph->nlinks, sizeof(Drawn), compare_drawn);
	for (int i = 0; i < graph->nlinks; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_link(buf, picture, drawn[i].link, drawn[i].segment);
	}
}

/* What is below the levels. */
static char *
footer(const FunnelFlowGraph *graph)
{
	if (graph->nlinks == 0)
		return "No edge has a value above 0.";
	return psprintf("Percentages are of all %s that came in.",
					funnel_picture_count(graph->entered));
}

static void
draw_flow(StringInfo buf, const FunnelFlowGraph *graph, const char *title, int len)
{
	Picture		picture = {0};
	double		width = USUAL_WIDTH;
	double		height = FUNNEL_MARGIN;
	FunnelLines heading = {0};
	double	   *heights = palloc(sizeof(double) * Max(graph->nnodes, 1));
	char	   *below = footer(graph);

	picture.graph = graph;
	picture.labels = palloc0(sizeof(Label) * Max(graph->nnodes, 1));
	if (graph->nlinks > 0)
	{
		write_numbers(&picture);
		write_labels(&picture);
		width = Max(width, 2 * FUNNEL_MARGIN + graph->nlevels * picture.pitch);
		for (int i = 0; i < graph->nnodes; i++)
			heights[i] = picture.labels[i].height;
		picture.layout = funnel_flow_layout(graph, heights);
		funnel_flow_order(picture.layout);
		funnel_flow_place(picture.layout);
	}
	if (len > 0)
	{
		heading = funnel_lines(title, len, FUNNEL_TITLE_SIZE, true, width - 2 * FUNNEL_MARGIN, 2);
		height += heading.nlines * TITLE_LEADING + 8;
	}
	picture.top = height;
	height += (picture.layout != NULL ? picture.layout->height : 8) + FUNNEL_MARGIN + 8;

	funnel_draw_begin(buf, width, height, title, len, "Flow", true);
	if (len > 0)
		funnel_draw_lines(buf, FUNNEL_MARGIN, FUNNEL_MARGIN + 16, TITLE_LEADING, FUNNEL_LEFT,
						  " funnel-title", &heading);
	if (picture.layout != NULL)
		append_links(buf, &picture);
	for (int i = 0; picture.layout != NULL && i < graph->nnodes; i++)
	{
		CHECK_FOR_INTERRUPTS();
		append_node(buf, &picture, i);
	}
	funnel_draw_ascii(buf, FUNNEL_MARGIN, height - FUNNEL_MARGIN + 6, FUNNEL_LEFT,
					  " funnel-small", below);
	funnel_draw_end(buf);
}

/* flow_svg(edges, title): without a title, or with an empty one, there is none. */
PG_FUNCTION_INFO_V1(flow_svg);
Datum
flow_svg(PG_FUNCTION_ARGS)
{
	FunnelFlowEdge *edges;
	int			nedges;
	const char *title = NULL;
	int			len = 0;
	StringInfoData buf;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	edges = funnel_flow_edges_read(PG_GETARG_ARRAYTYPE_P(0), &nedges);
	if (!PG_ARGISNULL(1))
	{
		text	   *argument = PG_GETARG_TEXT_PP(1);

		title = VARDATA_ANY(argument);
		len = VARSIZE_ANY_EXHDR(argument);
	}
	initStringInfo(&buf);
	draw_flow(&buf, funnel_flow_graph(edges, nedges), title, len);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
