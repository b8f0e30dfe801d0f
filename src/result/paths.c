/*-------------------------------------------------------------------------
 *
 * result/paths.c
 *	  Counting the paths of units.
 *
 * The times of a pair are cells of result/histogram.h: as long as there are few,
 * a list of them, two bytes for each unit; then counters, in pages of those that
 * are next to each other.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "result/paths.h"

/*
 * The key of a pair: level << 58 | near << 29 | far.  Far is this where nothing
 * follows.
 */
#define LABEL_BITS		29
#define NOTHING			FUNNEL_FLOW_MAX_LABELS
#define LABEL_MASK		((UINT64CONST(1) << LABEL_BITS) - 1)

#define SH_PREFIX		flowpairs
#define SH_ELEMENT_TYPE FunnelFlowPair
#define SH_KEY_TYPE		uint64
#define SH_KEY			key
#define SH_HASH_KEY(tb, key) ((uint32) funnel_hash_word(key))
#define SH_EQUAL(tb, a, b) ((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A list of more cells becomes pages. */
#define FIRST_CAPACITY	4
#define MAX_LISTED		4096
#define IN_PAGES		PG_UINT16_MAX

#define PAGE_CELLS		FUNNEL_PAGE_SIZE
#define NUM_PAGES		(FUNNEL_NUM_CELLS / PAGE_CELLS)

StaticAssertDecl(FUNNEL_NUM_CELLS % PAGE_CELLS == 0, "all cells are in pages");

/* What may be used however little the server allows */
#define MIN_MEMORY		((size_t) 32 * 1024 * 1024)

#define CHUNK_OVERHEAD	16
#define MEMORY_OF_EDGE	128

FunnelFlow *
funnel_flow_create(const FunnelFlowQuestion *question, uint32 anchor, MemoryContext context)
{
	FunnelFlow *flow = MemoryContextAllocZero(context, sizeof(FunnelFlow));

	flow->context = context;
	flow->depth = abs(question->depth);
	flow->backwards = question->depth < 0;
	flow->collapse = question->collapse;
	flow->has_anchor = question->has_anchor;
	flow->anchor = anchor;
	flow->pairs = flowpairs_create(context, 16, NULL);
	return flow;
}

/* What a flow takes, and about what making edges of it will. */
static size_t
memory_of(const FunnelFlow *flow)
{
	return flow == NULL ? 0 : flow->memory + flow->pairs->size * sizeof(FunnelFlowPair) +
		flow->pairs->members * (size_t) MEMORY_OF_EDGE;
}

void
funnel_flow_check_memory(const FunnelFlow *flow, size_t of_labels)
{
	size_t		limit = Max(get_hash_memory_limit(), MIN_MEMORY);

	if (unlikely(memory_of(flow) + of_labels > limit))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many different steps in a flow"),
				 errdetail("Its labels and steps need more than the %zu MB that it may have.",
						   limit / 1024 / 1024),
				 errhint("Have fewer different labels, for example pages without their parameters, or a smaller depth, or raise \"work_mem\".")));
}

/*
 * Times
 */

/* Have counters in place of a list. */
static void
make_pages(FunnelFlow *flow, FunnelFlowPair *pair, int64 nlisted)
{
	uint16	   *cells = pair->times;
	int64	  **pages = MemoryContextAllocZero(flow->context, sizeof(int64 *) * NUM_PAGES);

	flow->memory += sizeof(int64 *) * NUM_PAGES + CHUNK_OVERHEAD;
	for (int64 i = 0; i < nlisted; i++)
	{
		int64	  **page = &pages[cells[i] / PAGE_CELLS];

		if (*page == NULL)
		{
			*page = MemoryContextAllocZero(flow->context, sizeof(int64) * PAGE_CELLS);
			flow->memory += sizeof(int64) * PAGE_CELLS + CHUNK_OVERHEAD;
		}
		(*page)[cells[i] % PAGE_CELLS]++;
	}
	if (cells != NULL)
	{
		flow->memory -= pair->capacity * sizeof(uint16) + CHUNK_OVERHEAD;
		pfree(cells);
	}
	pair->times = pages;
	pair->capacity = IN_PAGES;
}

/* Room for a list of NEEDED cells, not more than MAX_LISTED. */
static void
enlarge_list(FunnelFlow *flow, FunnelFlowPair *pair, int64 needed)
{
	uint16		capacity = Max(pair->capacity, FIRST_CAPACITY);

	while (capacity < needed)
		capacity *= 2;
	if (pair->times == NULL)
	{
		pair->times = MemoryContextAlloc(flow->context, sizeof(uint16) * capacity);
		flow->memory += CHUNK_OVERHEAD;
	}
	else
		pair->times = repalloc(pair->times, sizeof(uint16) * capacity);
	flow->memory += (capacity - pair->capacity) * sizeof(uint16);
	pair->capacity = capacity;
}

static void
too_many_units(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("number of units of a flow is out of range")));
}

/* Add N units to a pair, who took a time in CELL. */
static void
add_times(FunnelFlow *flow, FunnelFlowPair *pair, uint32 cell, int64 n)
{
	int64		before = pair->count;

	if (unlikely(n > PG_INT64_MAX - before))
		too_many_units();
	pair->count += n;
	if (pair->capacity != IN_PAGES && pair->count > pair->capacity)
	{
		if (pair->count > MAX_LISTED)
			make_pages(flow, pair, before);
		else
			enlarge_list(flow, pair, pair->count);
	}
	if (pair->capacity == IN_PAGES)
	{
		int64	  **page = &((int64 **) pair->times)[cell / PAGE_CELLS];

		if (*page == NULL)
		{
			*page = MemoryContextAllocZero(flow->context, sizeof(int64) * PAGE_CELLS);
			flow->memory += sizeof(int64) * PAGE_CELLS + CHUNK_OVERHEAD;
		}
		(*page)[cell % PAGE_CELLS] += n;
	}
	else
	{
		uint16	   *cells = pair->times;

		for (int64 i = before; i < pair->count; i++)
			cells[i] = (uint16) cell;
	}
}

/*
 * Paths
 */

/* The pair with a key, a new one if it is new. */
static inline FunnelFlowPair *
get_pair(FunnelFlow *flow, uint64 key)
{
	bool		found;
	FunnelFlowPair *pair = flowpairs_insert(flow->pairs, key, &found);

	if (!found)
	{
		pair->count = 0;
		pair->times = NULL;
		pair->capacity = 0;
	}
	return pair;
}

static inline uint64
make_key(int level, uint32 near, uint32 far)
{
	return (uint64) level << (2 * LABEL_BITS) | (uint64) near << LABEL_BITS | far;
}

/* Count a path: its events, the one where it begins first. */
static void
add_path(FunnelFlow *flow, const FunnelFlowEvent *const *path, int nevents)
{
	for (int i = 0; i < nevents - 1; i++)
	{
		const FunnelFlowEvent *near = path[i];
		const FunnelFlowEvent *far = path[i + 1];

		/* unsigned, since the range of timestamptz exceeds 2^63 */
		uint64		time = flow->backwards ? (uint64) near->ts - (uint64) far->ts :
			(uint64) far->ts - (uint64) near->ts;

		add_times(flow, get_pair(flow, make_key(i, near->label, far->label)),
				  funnel_cell_of(time), 1);
	}
	if (nevents <= flow->depth)
	{
		FunnelFlowPair *pair = get_pair(flow, make_key(nevents - 1, path[nevents - 1]->label,
													   NOTHING));

		if (unlikely(pair->count == PG_INT64_MAX))
			too_many_units();
		pair->count++;
	}
}

/* Where a path begins: at the first event, or the first that is the anchor. */
static size_t
find_first(const FunnelFlow *flow, const FunnelFlowEvent *events, size_t nevents)
{
	size_t		i;

	if (!flow->has_anchor)
		return 0;
	for (i = 0; i < nevents && events[i].label != flow->anchor; i++)
		funnel_poll_at(i);
	return i;
}

/* The end of the events up to the last one, or the last that is the anchor. */
static size_t
find_last(const FunnelFlow *flow, const FunnelFlowEvent *events, size_t nevents)
{
	if (flow->has_anchor)
	{
		for (; nevents > 0 && events[nevents - 1].label != flow->anchor; nevents--)
			funnel_poll_at(nevents);
	}
	return nevents;
}

bool
funnel_flow_add(FunnelFlow *flow, const FunnelFlowEvent *events, size_t nevents, bool more)
{
	const FunnelFlowEvent *path[FUNNEL_FLOW_MAX_DEPTH + 1];
	int			most = flow->depth + 1;
	int			n = 0;

	if (flow->backwards)
	{
		if (more)
			return false;
		for (size_t i = find_last(flow, events, nevents); i > 0 && n < most; i--)
		{
			/* of repetitions the first */
			funnel_poll_at(i);
			if (!flow->collapse || i == 1 || events[i - 2].label != events[i - 1].label)
				path[n++] = &events[i - 1];
		}
	}
	else
	{
		for (size_t i = find_first(flow, events, nevents); i < nevents && n < most; i++)
		{
			funnel_poll_at(i);
			if (!flow->collapse || n == 0 || path[n - 1]->label != events[i].label)
				path[n++] = &events[i];
		}
		if (more && n < most)
			return false;
	}
	if (n > 0)
		add_path(flow, path, n);
	return true;
}

/*
 * Reading
 */

size_t
funnel_flow_num_pairs(const FunnelFlow *flow)
{
	return flow->pairs->members;
}

void
funnel_flow_reader_begin(FunnelFlowReader *reader, const FunnelFlow *flow)
{
	reader->flow = flow;
	reader->iterator = palloc(sizeof(flowpairs_iterator));
	flowpairs_start_iterate(flow->pairs, reader->iterator);
}

bool
funnel_flow_reader_next(FunnelFlowReader *reader)
{
	const FunnelFlowPair *pair = flowpairs_iterate(reader->flow->pairs, reader->iterator);

	if (pair == NULL)
		return false;
	reader->pair = pair;
	reader->level = (int) (pair->key >> (2 * LABEL_BITS));
	reader->near = (uint32) (pair->key >> LABEL_BITS & LABEL_MASK);
	reader->far = (uint32) (pair->key & LABEL_MASK);
	reader->ends = reader->far == NOTHING;
	return true;
}

FunnelFlowTimes *
funnel_flow_times_create(void)
{
	return palloc0(sizeof(FunnelFlowTimes));
}

static inline void
add_cell(FunnelFlowTimes *times, uint32 cell, int64 n)
{
	if (times->by_cell[cell] == 0)
		times->used[times->nused++] = (uint16) cell;
	if (unlikely(n > PG_INT64_MAX - times->by_cell[cell]))
		too_many_units();
	times->by_cell[cell] += n;
}

void
funnel_flow_times_add(FunnelFlowTimes *times, const FunnelFlowPair *pair)
{
	if (pair->capacity == IN_PAGES)
	{
		int64	  **pages = pair->times;

		for (uint32 cell = 0; cell < FUNNEL_NUM_CELLS; cell++)
		{
			const int64 *page = pages[cell / PAGE_CELLS];

			if (page == NULL)
				cell += PAGE_CELLS - 1;
			else if (page[cell % PAGE_CELLS] != 0)
				add_cell(times, cell, page[cell % PAGE_CELLS]);
		}
	}
	else if (pair->times != NULL)
	{
		const uint16 *cells = pair->times;

		for (int64 i = 0; i < pair->count; i++)
			add_cell(times, cells[i], 1);
	}
}

#define ST_SORT sort_cells
#define ST_ELEMENT_TYPE uint16
#define ST_COMPARE(a, b) ((int) *(a) - (int) *(b))
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

FunnelCounts
funnel_flow_times_take(FunnelFlowTimes *times)
{
	FunnelCounts result = {times->nused, times->counts};

	sort_cells(times->used, times->nused);
	for (int i = 0; i < times->nused; i++)
	{
		uint32		cell = times->used[i];

		times->counts[i].array = 0;
		times->counts[i].index = cell;
		times->counts[i].count = times->by_cell[cell];
		times->by_cell[cell] = 0;
	}
	times->nused = 0;
	return result;
}

/*
 * Messages
 *
 * The number of pairs, 4 bytes.  Of each pair its key, 8 bytes; where nothing
 * follows, how many units, 8 bytes; else the number of cells, 2 bytes, and of
 * each the cell, 2 bytes, and how many units, 8 bytes.
 */

void
funnel_flow_send(const FunnelFlow *flow, StringInfo buf)
{
	FunnelFlowTimes *times = funnel_flow_times_create();
	FunnelFlowReader reader;

	pq_sendint32(buf, (uint32) funnel_flow_num_pairs(flow));
	funnel_flow_reader_begin(&reader, flow);
	while (funnel_flow_reader_next(&reader))
	{
		FunnelCounts histogram;

		CHECK_FOR_INTERRUPTS();
		pq_sendint64(buf, reader.pair->key);
		if (reader.ends)
		{
			pq_sendint64(buf, reader.pair->count);
			continue;
		}
		funnel_flow_times_add(times, reader.pair);
		histogram = funnel_flow_times_take(times);
		pq_sendint16(buf, histogram.ncounts);
		for (int i = 0; i < histogram.ncounts; i++)
		{
			pq_sendint16(buf, (uint16) histogram.counts[i].index);
			pq_sendint64(buf, histogram.counts[i].count);
		}
	}
	pfree(times);
}

static int64
receive_count(StringInfo buf)
{
	int64		count = pq_getmsgint64(buf);

	if (count <= 0)
		elog(ERROR, "invalid state of a flow");
	return count;
}

static void
receive_pair(FunnelFlow *flow, StringInfo buf, const uint32 *labels, uint32 nlabels)
{
	uint64		key = pq_getmsgint64(buf);
	int			level = (int) (key >> (2 * LABEL_BITS));
	uint32		near = (uint32) (key >> LABEL_BITS & LABEL_MASK);
	uint32		far = (uint32) (key & LABEL_MASK);
	FunnelFlowPair *pair;
	int			ncells;

	if (level >= flow->depth || near >= nlabels || (far >= nlabels && far != NOTHING))
		elog(ERROR, "invalid state of a flow");
	pair = get_pair(flow, make_key(level, labels[near],
								   far == NOTHING ? far : labels[far]));
	if (far == NOTHING)
	{
		int64		count = receive_count(buf);

		if (count > PG_INT64_MAX - pair->count)
			too_many_units();
		pair->count += count;
		return;
	}
	ncells = pq_getmsgint(buf, 2);
	if (ncells == 0)
		elog(ERROR, "invalid state of a flow");
	for (int i = 0; i < ncells; i++)
	{
		uint32		cell = pq_getmsgint(buf, 2);

		if (cell >= FUNNEL_NUM_CELLS)
			elog(ERROR, "invalid state of a flow");
		add_times(flow, pair, cell, receive_count(buf));
	}
}

void
funnel_flow_receive(FunnelFlow *flow, StringInfo buf, const uint32 *labels, uint32 nlabels)
{
	uint32		npairs = pq_getmsgint(buf, 4);

	for (uint32 i = 0; i < npairs; i++)
	{
		CHECK_FOR_INTERRUPTS();
		receive_pair(flow, buf, labels, nlabels);
		funnel_flow_check_memory(flow, 0);
	}
}
