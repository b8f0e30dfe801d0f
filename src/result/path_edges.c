/*-------------------------------------------------------------------------
 *
 * result/path_edges.c
 *	  The edges of a flow: which labels are shown, nodes, medians, order.
 *
 * A node is a level and a label, as "2 cart".  Levels count from 1 where the
 * paths begin; backwards from -1, which is the last event, as split_part() has
 * it.  Where a path ends before the depth there is a node "(end)", or "(start)".
 * Of each level the most frequent labels are shown, the rest is "(other)".
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "result/paths.h"
#include "result/flow_edge.h"

static const char *const OTHER = "(other)";
static const char *const END = "(end)";
static const char *const START = "(start)";

/* A label at a level, and how many units have it there. */
typedef struct LabelNode
{
	uint64		key;			/* level << 32 | label */
	int64		count;
	bool		is_shown;
	char		status;
} LabelNode;

typedef LabelNode *LabelNodePointer;

#define SH_PREFIX		nodes
#define SH_ELEMENT_TYPE LabelNode
#define SH_KEY_TYPE		uint64
#define SH_KEY			key
#define SH_HASH_KEY(tb, key) ((uint32) funnel_hash_word(key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * Labels are known by their ranks, their place among all in the order of their
 * bytes.  Behind the last label come the others, and then where nothing follows.
 */
typedef struct Edges
{
	const FunnelFlow *flow;
	const FunnelBytes *labels;
	uint32		nlabels;
	uint32	   *by_rank;		/* labels */
	uint32	   *ranks;			/* by labels */
	uint32		other;
	uint32		end;
	nodes_hash *nodes;			/* NULL if all are shown */
} Edges;

/* What a pair of labels counts for. */
typedef struct Part
{
	int			level;
	uint32		near;			/* ranks */
	uint32		far;
	const FunnelFlowPair *pair;
} Part;

/* What is shown of it, in order of time. */
typedef struct Edge
{
	int			level;
	uint32		source;
	uint32		target;
	int64		count;
	bool		has_median;
	double		median_seconds;
} Edge;

static inline int
compare_labels(uint32 a, uint32 b, const FunnelBytes *labels)
{
	int			cmp = memcmp(labels[a].bytes, labels[b].bytes,
							 Min(labels[a].size, labels[b].size));

	return cmp != 0 ? cmp : (labels[a].size > labels[b].size) - (labels[a].size < labels[b].size);
}

#define ST_SORT sort_labels
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b, labels) compare_labels(*(a), *(b), labels)
#define ST_COMPARE_ARG_TYPE const FunnelBytes
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define COMPARE(a, b)	((a) < (b) ? -1 : (a) > (b))

/* Level by level, the most frequent first. */
static inline int
compare_nodes(const LabelNode *a, const LabelNode *b, const uint32 *ranks)
{
	int			cmp = COMPARE(a->key >> 32, b->key >> 32);

	if (cmp == 0)
		cmp = COMPARE(b->count, a->count);
	return cmp != 0 ? cmp : COMPARE(ranks[(uint32) a->key], ranks[(uint32) b->key]);
}

#define ST_SORT sort_nodes
#define ST_ELEMENT_TYPE LabelNodePointer
#define ST_COMPARE(a, b, ranks) compare_nodes(*(a), *(b), ranks)
#define ST_COMPARE_ARG_TYPE const uint32
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static inline int
compare_parts(const Part *a, const Part *b)
{
	int			cmp = COMPARE(a->level, b->level);

	if (cmp == 0)
		cmp = COMPARE(a->near, b->near);
	return cmp != 0 ? cmp : COMPARE(a->far, b->far);
}

#define ST_SORT sort_parts
#define ST_ELEMENT_TYPE Part
#define ST_COMPARE(a, b) compare_parts(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* In order of time, and then what most units did first. */
static inline int
compare_edges(const Edge *a, const Edge *b)
{
	int			cmp = COMPARE(a->level, b->level);

	if (cmp == 0)
		cmp = COMPARE(b->count, a->count);
	if (cmp == 0)
		cmp = COMPARE(a->source, b->source);
	return cmp != 0 ? cmp : COMPARE(a->target, b->target);
}

#define ST_SORT sort_edges
#define ST_ELEMENT_TYPE Edge
#define ST_COMPARE(a, b) compare_edges(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static void *
allocate(size_t n, size_t size)
{
	return MemoryContextAllocHuge(CurrentMemoryContext, Max(n, 1) * size);
}

static void
rank_labels(Edges *edges)
{
	edges->by_rank = allocate(edges->nlabels, sizeof(uint32));
	edges->ranks = allocate(edges->nlabels, sizeof(uint32));
	for (uint32 i = 0; i < edges->nlabels; i++)
		edges->by_rank[i] = i;
	sort_labels(edges->by_rank, edges->nlabels, edges->labels);
	for (uint32 i = 0; i < edges->nlabels; i++)
		edges->ranks[edges->by_rank[i]] = i;
	edges->other = edges->nlabels;
	edges->end = edges->nlabels + 1;
}

static inline uint64
node_key(int level, uint32 label)
{
	return (uint64) level << 32 | label;
}

static void
count_node(Edges *edges, int level, uint32 label, int64 count)
{
	bool		found;
	LabelNode  *node = nodes_insert(edges->nodes, node_key(level, label), &found);

	if (!found)
	{
		node->count = 0;
		node->is_shown = false;
	}
	/* the units at a level are those at level 0, or fewer */
	node->count += count;
}

/* Find the TOP labels of each level. */
static void
choose_nodes(Edges *edges, int top)
{
	FunnelFlowReader reader;
	nodes_iterator iterator;
	LabelNode  *node;
	LabelNode **sorted;
	size_t		n = 0;
	size_t		first = 0;

	edges->nodes = nodes_create(CurrentMemoryContext, edges->flow->depth * 16, NULL);
	funnel_flow_reader_begin(&reader, edges->flow);
	while (funnel_flow_reader_next(&reader))
	{
		CHECK_FOR_INTERRUPTS();
		if (reader.level == 0)
			count_node(edges, 0, reader.near, reader.pair->count);
		if (!reader.ends)
			count_node(edges, reader.level + 1, reader.far, reader.pair->count);
	}

	sorted = allocate(edges->nodes->members, sizeof(LabelNode *));
	nodes_start_iterate(edges->nodes, &iterator);
	while ((node = nodes_iterate(edges->nodes, &iterator)) != NULL)
		sorted[n++] = node;
	sort_nodes(sorted, n, edges->ranks);
	for (size_t i = 0; i < n; i++)
	{
		if (sorted[i]->key >> 32 != sorted[first]->key >> 32)
			first = i;
		sorted[i]->is_shown = i - first < (size_t) top;
	}
}

/* As what a label is shown. */
static inline uint32
shown(const Edges *edges, int level, uint32 label)
{
	if (edges->nodes != NULL &&
		!nodes_lookup(edges->nodes, node_key(level, label))->is_shown)
		return edges->other;
	return edges->ranks[label];
}

/* All pairs, those that count for the same edge next to each other. */
static Part *
sorted_parts(const Edges *edges, size_t *nparts)
{
	FunnelFlowReader reader;
	Part	   *parts = allocate(funnel_flow_num_pairs(edges->flow), sizeof(Part));
	size_t		n = 0;

	funnel_flow_reader_begin(&reader, edges->flow);
	while (funnel_flow_reader_next(&reader))
	{
		Part	   *part = &parts[n++];

		CHECK_FOR_INTERRUPTS();
		part->level = reader.level;
		part->near = shown(edges, reader.level, reader.near);
		part->far = reader.ends ? edges->end : shown(edges, reader.level + 1, reader.far);
		part->pair = reader.pair;
	}
	sort_parts(parts, n);
	*nparts = n;
	return parts;
}

/* Make an edge of parts that count for the same. */
static Edge
make_edge(const Edges *edges, const Part *parts, size_t nparts, FunnelFlowTimes *times)
{
	bool		backwards = edges->flow->backwards;
	FunnelCounts histogram;
	Edge		edge = {0};

	/* backwards, the least level is the last in time */
	edge.level = backwards ? -parts->level : parts->level;
	edge.source = backwards ? parts->far : parts->near;
	edge.target = backwards ? parts->near : parts->far;
	for (size_t i = 0; i < nparts; i++)
	{
		CHECK_FOR_INTERRUPTS();
		edge.count += parts[i].pair->count;
		funnel_flow_times_add(times, parts[i].pair);
	}
	histogram = funnel_flow_times_take(times);
	if (histogram.ncounts > 0)
	{
		edge.has_median = true;
		edge.median_seconds = funnel_histogram_percentile(histogram, 0.5) / USECS_PER_SEC;
	}
	return edge;
}

static Edge *
sorted_edges(const Edges *edges, size_t *nedges)
{
	FunnelFlowTimes *times = funnel_flow_times_create();
	size_t		nparts;
	Part	   *parts = sorted_parts(edges, &nparts);
	Edge	   *result = allocate(nparts, sizeof(Edge));
	size_t		end;

	*nedges = 0;
	for (size_t i = 0; i < nparts; i = end)
	{
		for (end = i + 1; end < nparts && compare_parts(&parts[i], &parts[end]) == 0;)
			end++;
		result[(*nedges)++] = make_edge(edges, &parts[i], end - i, times);
	}
	sort_edges(result, *nedges);
	return result;
}

/*
 * Would a label look like what is no label?  So would one in quotes, because
 * that is how such a label is written.
 */
static bool
looks_special(FunnelBytes label)
{
	static const char *const special[] = {"(other)", "(end)", "(start)"};

	while (label.size > 2 && label.bytes[0] == '"' && label.bytes[label.size - 1] == '"')
	{
		label.bytes++;
		label.size -= 2;
	}
	for (int i = 0; i < (int) lengthof(special); i++)
	{
		if (label.size == strlen(special[i]) &&
			memcmp(label.bytes, special[i], label.size) == 0)
			return true;
	}
	return false;
}

static FunnelBytes
bytes_of(const char *text)
{
	FunnelBytes bytes;

	bytes.bytes = text;
	bytes.size = strlen(text);
	return bytes;
}

/* The name of a node, palloc'd; LEVEL from 0 where the paths begin. */
static FunnelBytes
node_name(const Edges *edges, int level, uint32 rank)
{
	bool		backwards = edges->flow->backwards;
	FunnelBytes label;
	const char *quote;
	char	   *name;
	uint32		size;

	if (rank == edges->other)
		label = bytes_of(OTHER);
	else if (rank == edges->end)
		label = bytes_of(backwards ? START : END);
	else
		label = edges->labels[edges->by_rank[rank]];
	quote = rank < edges->nlabels && looks_special(label) ? "\"" : "";
	name = palloc_extended((Size) label.size + sizeof("-64 \"\""), MCXT_ALLOC_HUGE);
	size = sprintf(name, "%d %s", backwards ? -level - 1 : level + 1, quote);
	memcpy(name + size, label.bytes, label.size);
	size += label.size;
	memcpy(name + size, quote, strlen(quote));
	return (FunnelBytes)
	{
		name, size + strlen(quote)
	};
}

/*
 * The edges of a flow, of which the TOP most frequent labels of each level are
 * shown, or all if it is 0.  Of labels that are equally frequent the first by
 * their bytes are.  Edges are in the order of time, then by how many units took
 * them, most first, then by their labels, bytewise, "(other)" and then "(end)" or
 * "(start)" last.  Medians are by nearest rank, and as near as a cell of a
 * histogram is.
 */
Datum
funnel_flow_edges(const FunnelFlow *flow, int top, const FunnelBytes *labels,
				  uint32 nlabels, TupleDesc type)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "flow",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	Edges		edges = {0};
	FunnelFlowEdge *shown_edges;
	Edge	   *sorted;
	size_t		nedges;
	size_t		size = 0;
	Datum		result;

	edges.flow = flow;
	edges.labels = labels;
	edges.nlabels = nlabels;
	rank_labels(&edges);
	if (top > 0)
		choose_nodes(&edges, top);
	sorted = sorted_edges(&edges, &nedges);
	shown_edges = allocate(nedges, sizeof(FunnelFlowEdge));
	for (size_t i = 0; i < nedges; i++)
	{
		const Edge *edge = &sorted[i];
		FunnelFlowEdge *to = &shown_edges[i];

		CHECK_FOR_INTERRUPTS();

		/*
		 * the level of a backward edge, which is negative, is that of its
		 * target
		 */
		to->source = node_name(&edges, flow->backwards ? 1 - edge->level : edge->level,
							   edge->source);
		to->target = node_name(&edges, flow->backwards ? -edge->level : edge->level + 1,
							   edge->target);
		size += (size_t) to->source.size + to->target.size;
		if (size > MaxAllocSize)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("edges of a flow are too large"),
					 errhint("Show fewer labels of each level, or shorter ones.")));
		to->value = edge->count;
		to->has_median = edge->has_median;
		to->median_seconds = edge->median_seconds;
	}
	MemoryContextSwitchTo(old);
	result = funnel_flow_edges_array(type, shown_edges, nedges);
	MemoryContextDelete(scratch);
	return result;
}
