/*-------------------------------------------------------------------------
 *
 * events/arguments.h
 *	  One row of an event table, as the aggregates get it: time, labels and
 *	  definition among the arguments of a transition function.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_EVENTS_ARGUMENTS_H
#define FUNNEL_EVENTS_ARGUMENTS_H

#include "access/detoast.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "language/definition.h"
#include "language/labels.h"
#include "language/program.h"
#include "language/stage.h"

/*
 * Each SQL form of an aggregate has its own reader for the time and for what
 * the row is labelled with; both are inlined into its transition function.
 */
typedef int64 (*FunnelTimeReader) (Datum ts);
typedef FunnelLabelMatch (*FunnelLabelReader) (const FunnelLabels *labels, Datum event);

/* An error that more than one form needs; it does not return. */
extern void funnel_time_is_infinite(void);

/* DEF, a value with any inline header, is not that of the group's PROGRAM. */
extern void funnel_definitions_differ(const FunnelProgram *program,
									  const struct varlena *def);

/*
 * Does every row see the same datum as argument ARGNO of the transition
 * function?  False if we cannot tell.
 */
extern bool funnel_argument_is_stable(FunctionCallInfo fcinfo, int argno);

/* ts date: its midnight, UTC */
extern int64 funnel_read_date(Datum date);

/* events text[]: the union of what its elements match; NULL ones match nothing */
extern FunnelLabelMatch funnel_read_array(const FunnelLabels *labels, Datum events);

/* As PG_DETOAST_DATUM_PACKED, without a call for what is plain already. */
static inline struct varlena *
funnel_plain_varlena(Datum value)
{
	struct varlena *pointer = (struct varlena *) DatumGetPointer(value);

	if (VARATT_IS_COMPRESSED(pointer) || VARATT_IS_EXTERNAL(pointer))
		return pg_detoast_datum_packed(pointer);
	return pointer;
}

/*
 * Fetch from memory what a scan reads after the row that VALUE is in: the cache
 * lines from the NEAREST to the FARTHEST in front of it.  A page is filled from its
 * end, and a scan reads rows in the order in which they were stored, so the next
 * rows probably lie there.  If they do not, nothing is lost.
 */
#define FUNNEL_CACHE_LINE	64

static inline void
funnel_prefetch_rows(const void *value, int nearest, int farthest)
{
	for (int i = nearest; i <= farthest; i++)
		__builtin_prefetch((const char *) ((uintptr_t) value - i * FUNNEL_CACHE_LINE));
}

/*
 * A row of events takes a line or two, and a line comes from memory in about the
 * time of three rows.
 */
#define FUNNEL_PREFETCH_EVENTS(value)	funnel_prefetch_rows(value, 4, 5)

/* ts timestamptz, or timestamp, which is read as UTC */
static inline int64
funnel_read_timestamp(Datum ts)
{
	Timestamp	result = DatumGetTimestamp(ts);

	if (unlikely(TIMESTAMP_NOT_FINITE(result)))
		funnel_time_is_infinite();
	return result;
}

/* What a label matches. */
static inline FunnelLabelMatch
funnel_match_text(const FunnelLabels *labels, Datum label)
{
	struct varlena *text = funnel_plain_varlena(label);

	return funnel_labels_match(labels, VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

/* event text */
static inline FunnelLabelMatch
funnel_read_text(const FunnelLabels *labels, Datum event)
{
	FUNNEL_PREFETCH_EVENTS(DatumGetPointer(event));
	return funnel_match_text(labels, event);
}

/* stage funnel_stage, matched by its name; see FunnelProgramCache.by_stage */
static inline FunnelLabelMatch
funnel_read_stage(const FunnelLabels *labels, Datum event)
{
	const FunnelStage *stage = funnel_plain_varlena(event);

	funnel_stage_check(stage);
	return funnel_labels_match(labels, funnel_stage_name(stage),
							   funnel_stage_name_length(stage));
}

#endif							/* FUNNEL_EVENTS_ARGUMENTS_H */
