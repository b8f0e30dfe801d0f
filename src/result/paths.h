/*-------------------------------------------------------------------------
 *
 * result/paths.h
 *	  Flows: what units did after they began, or before they ended, counted
 *	  step by step.
 *
 * A unit has one path: its events from the first one on, or from the first one
 * with a label, the anchor; or backwards from the last.  The event at which it
 * begins is level 0, the next level 1, and so on, as many steps as the depth.
 * Of a path are counted the pairs of labels at levels next to each other, each
 * with a histogram of the times between them.  That is all that edges need, so
 * memory is bounded by the pairs that occur, and not by the units.
 *
 * Which labels are frequent, and which are others, is decided when all units
 * are there: a flow has every label until then.  So it can be merged.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_PATHS_H
#define FUNNEL_RESULT_PATHS_H

#include "access/tupdesc.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

#include "base/bytehash.h"
#include "result/histogram.h"

#define FUNNEL_FLOW_MAX_DEPTH	64

/* What all rows of a group ask. */
typedef struct FunnelFlowQuestion
{
	int			depth;			/* how many steps; negative: backwards */
	int			top;			/* labels of a level that are shown, 0: all */
	bool		collapse;		/* repetitions are one event */
	bool		has_anchor;
	FunnelBytes anchor;
} FunnelFlowQuestion;

/*
 * The question of a transition function's arguments from number FIRST on:
 * depth [, anchor [, top [, collapse]]].  The anchor is where it was.
 */
extern void funnel_flow_question_read(FunnelFlowQuestion *question, FunctionCallInfo fcinfo,
									  int first);

/* A copy whose anchor lives in CONTEXT. */
extern FunnelFlowQuestion funnel_flow_question_copy(const FunnelFlowQuestion *question,
													MemoryContext context);

/* An error unless two rows of one group ask the same. */
extern void funnel_flow_question_check(const FunnelFlowQuestion *question,
									   const FunnelFlowQuestion *other);

extern void funnel_flow_question_send(const FunnelFlowQuestion *question, StringInfo buf);

/* The anchor is in the message. */
extern void funnel_flow_question_receive(FunnelFlowQuestion *question, StringInfo buf);

/* Labels are numbers below this, which the caller gives. */
#define FUNNEL_FLOW_MAX_LABELS	((1U << 29) - 1)

/* An event of a unit, which must have a label. */
typedef struct FunnelFlowEvent
{
	int64		ts;
	uint32		label;
} FunnelFlowEvent;

/* A label at one level of a path, and the one at the next. */
typedef struct FunnelFlowPair
{
	uint64		key;			/* see paths.c */
	int64		count;			/* of units; not 0 */
	void	   *times;			/* see paths.c */
	uint16		capacity;
	char		status;
} FunnelFlowPair;

typedef struct FunnelFlow
{
	MemoryContext context;
	int			depth;
	bool		backwards;
	bool		collapse;
	bool		has_anchor;
	uint32		anchor;			/* its label */
	struct flowpairs_hash *pairs;
	size_t		memory;			/* of the times, about */
} FunnelFlow;

/* No units yet; ANCHOR is the label of the question's anchor, if there is one. */
extern FunnelFlow *funnel_flow_create(const FunnelFlowQuestion *question, uint32 anchor,
									  MemoryContext context);

/*
 * Count the path of a unit whose events are given in order; there may be none.
 * If there are MORE behind them that the path depends on, nothing is counted,
 * and the answer is false.
 */
extern bool funnel_flow_add(FunnelFlow *flow, const FunnelFlowEvent *events, size_t nevents,
							bool more);

/*
 * An error if a flow, and its labels, need more than the server allows a hash
 * table, or 32 MB if that is more.
 */
extern void funnel_flow_check_memory(const FunnelFlow *flow, size_t of_labels);

/* What a table of so many labels, of so many bytes in all, takes about. */
static inline size_t
funnel_flow_labels_memory(uint32 nlabels, size_t bytes)
{
	/* twice the entry of a hash table, and how the memory is kept */
	return bytes + (size_t) nlabels * (2 * sizeof(FunnelByteHashEntry) + 40);
}

extern size_t funnel_flow_num_pairs(const FunnelFlow *flow);

/* The pairs of a flow, in no order. */
typedef struct FunnelFlowReader
{
	const FunnelFlow *flow;
	struct flowpairs_iterator *iterator;
	int			level;			/* of the label near the beginning */
	uint32		near;
	bool		ends;			/* nothing follows; else far is */
	uint32		far;
	const FunnelFlowPair *pair;
} FunnelFlowReader;

extern void funnel_flow_reader_begin(FunnelFlowReader *reader, const FunnelFlow *flow);
extern bool funnel_flow_reader_next(FunnelFlowReader *reader);

/* Times that are added up. */
typedef struct FunnelFlowTimes
{
	int			nused;
	uint16		used[FUNNEL_NUM_CELLS]; /* cells that are not 0 */
	int64		by_cell[FUNNEL_NUM_CELLS];
	FunnelCount counts[FUNNEL_NUM_CELLS];
} FunnelFlowTimes;

/* No times, palloc'd. */
extern FunnelFlowTimes *funnel_flow_times_create(void);

/* Add those of a pair, which has none if it ends. */
extern void funnel_flow_times_add(FunnelFlowTimes *times, const FunnelFlowPair *pair);

/* The histogram, good until times are added again, which begin anew. */
extern FunnelCounts funnel_flow_times_take(FunnelFlowTimes *times);

/*
 * To and from another process.  Labels become others: number i of the message is
 * LABELS[i], of which there are NLABELS.
 */
extern void funnel_flow_send(const FunnelFlow *flow, StringInfo buf);
extern void funnel_flow_receive(FunnelFlow *flow, StringInfo buf, const uint32 *labels,
								uint32 nlabels);

/* The edges as a flow_edge[], in the current memory context; see path_edges.c. */
extern Datum funnel_flow_edges(const FunnelFlow *flow, int top, const FunnelBytes *labels,
							   uint32 nlabels, TupleDesc type);

#endif							/* FUNNEL_RESULT_PATHS_H */
