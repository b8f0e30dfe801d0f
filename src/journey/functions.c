/*-------------------------------------------------------------------------
 *
 * journey/functions.c
 *	  Reading a journey: its events, parts, paths and sessions.  SQL calls them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "base/interval.h"
#include "journey/bytes.h"

#define EVENTS_COLUMNS		3

/* The server's MaxArraySize, which 16.0 and minor versions before 15.5 keep to themselves. */
#define MAX_LABELS			((Size) (MaxAllocSize / sizeof(Datum)))

#define PATH_SEPARATOR		" > "

/* The labels by their codes, as texts; that of no label is 0. */
static Datum *
label_datums(const FunnelJourneyEvents *events)
{
	Datum	   *labels = MemoryContextAllocHuge(CurrentMemoryContext,
												sizeof(Datum) * Max(events->ncodes, 1));

	for (uint32 code = 0; code < events->ncodes; code++)
	{
		const FunnelLabel *label = &events->labels[code];

		funnel_poll_at(code);
		labels[code] = label->text == NULL ? (Datum) 0 :
			PointerGetDatum(cstring_to_text_with_len(label->text, label->len));
	}
	return labels;
}

/*
 * journey_events(journey): one row for each event, in order.
 */
PG_FUNCTION_INFO_V1(funnel_journey_events);
Datum
funnel_journey_events(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelJourneyEvents events;
	Datum	   *labels;

	InitMaterializedSRF(fcinfo, 0);
	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &events);

	labels = label_datums(&events);

	for (uint32 i = 0; i < events.count; i++)
	{
		Datum		values[EVENTS_COLUMNS];
		bool		nulls[EVENTS_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = Int64GetDatum((int64) i + 1);
		values[1] = TimestampTzGetDatum(events.times[i]);
		values[2] = labels[events.codes[i]];
		nulls[2] = events.labels[events.codes[i]].text == NULL;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* The first event at or after TS, by bisection. */
static uint32
first_event_at(const FunnelJourneyEvents *events, TimestampTz ts)
{
	uint32		low = 0;
	uint32		high = events->count;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (events->times[middle] < ts)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * journey_slice(journey, since, until): the events since <= ts < until; NULL
 * is no bound.
 */
PG_FUNCTION_INFO_V1(funnel_journey_slice);
Datum
funnel_journey_slice(PG_FUNCTION_ARGS)
{
	TimestampTz since = PG_ARGISNULL(1) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(1);
	TimestampTz until = PG_ARGISNULL(2) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(2);
	FunnelJourneyEvents events;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &events);
	PG_RETURN_FUNNEL_JOURNEY_P(funnel_journey_part(&events,
												   first_event_at(&events, since),
												   first_event_at(&events, until),
												   NULL));
}

/*
 * journey_filter(journey, VARIADIC labels): the events with one of the labels,
 * those without a label if one of them is NULL.
 */
PG_FUNCTION_INFO_V1(funnel_journey_filter);
Datum
funnel_journey_filter(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(1);
	FunnelJourneyEvents events;
	FunnelLabelTable *wanted = funnel_label_table_create(CurrentMemoryContext, 8);
	bool		want_unlabelled = false;
	Datum	   *elements;
	bool	   *nulls;
	int			nelements;
	bool	   *keep;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &nelements);
	for (int i = 0; i < nelements; i++)
	{
		text	   *element;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
		{
			want_unlabelled = true;
			continue;
		}
		element = DatumGetTextPP(elements[i]);
		funnel_label_table_add(wanted, VARDATA_ANY(element), VARSIZE_ANY_EXHDR(element));
	}

	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &events);
	keep = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(bool) * Max(events.ncodes, 1));
	for (uint32 code = 0; code < events.ncodes; code++)
	{
		const FunnelLabel *label = &events.labels[code];

		CHECK_FOR_INTERRUPTS();
		keep[code] = label->text == NULL ? want_unlabelled :
			funnel_label_table_has(wanted, label->text, label->len);
	}
	PG_RETURN_FUNNEL_JOURNEY_P(funnel_journey_part(&events, 0, events.count, keep));
}

/* Those events of a journey that a path names. */
typedef struct PathSteps
{
	FunnelJourneyEvents events;
	uint32	   *codes;			/* of their labels, in order */
	uint32		count;
} PathSteps;

/*
 * Read the arguments (journey, max_steps, collapse) of a path; false if it is
 * NULL.
 *
 * The steps are the first MAX_STEPS, or the last ones if it is negative, or all
 * if it is NULL.  Events without a label are left out, and those with the label
 * of the one before if COLLAPSE.  Which labels are left is the same from both
 * ends, so that the last ones are found from the end, backwards.
 */
static bool
path_arguments(FunctionCallInfo fcinfo, PathSteps *path)
{
	int64		max_steps = PG_INT64_MAX;
	bool		backwards;
	bool		collapse;
	uint32		previous = FUNNEL_NO_CODE;
	uint32		nevents;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		return false;
	if (!PG_ARGISNULL(1))
		max_steps = PG_GETARG_INT32(1);
	if (max_steps == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of steps of a path must not be zero")));
	backwards = max_steps < 0;
	if (backwards)
		max_steps = -max_steps;
	collapse = PG_GETARG_BOOL(2);

	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &path->events);
	nevents = path->events.count;
	path->codes = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(uint32) * Max(Min(nevents, max_steps), 1));
	path->count = 0;
	for (uint32 i = 0; i < nevents && path->count < max_steps; i++)
	{
		uint32		code = path->events.codes[backwards ? nevents - 1 - i : i];

		funnel_poll_at(i);
		if (path->events.labels[code].text == NULL || (collapse && code == previous))
			continue;
		path->codes[path->count++] = previous = code;
	}

	for (uint32 i = 0; backwards && i < path->count / 2; i++)
	{
		uint32		code = path->codes[i];

		funnel_poll_at(i);
		path->codes[i] = path->codes[path->count - 1 - i];
		path->codes[path->count - 1 - i] = code;
	}
	return true;
}

/*
 * Would a label be misread in a path?  One that holds the separator would, or
 * that together with the one behind it seems to begin one, or that looks as if
 * it were quoted.  Whatever is not quoted ends where the next separator begins.
 */
static bool
path_needs_quotes(const FunnelLabel *label)
{
	const int	separator = strlen(PATH_SEPARATOR);

	if (label->len > 0 && label->text[0] == '"')
		return true;
	if (label->len >= separator - 1 &&
		memcmp(label->text + label->len - (separator - 1), PATH_SEPARATOR, separator - 1) == 0)
		return true;
	for (int i = 0; i + separator <= label->len; i++)
	{
		funnel_poll_at(i);
		if (memcmp(label->text + i, PATH_SEPARATOR, separator) == 0)
			return true;
	}
	return false;
}

/* Append a label as the language writes it in quotes. */
static void
append_quoted(StringInfo buf, const FunnelLabel *label)
{
	appendStringInfoChar(buf, '"');
	for (int i = 0; i < label->len; i++)
	{
		funnel_poll_at(i);
		/* in every server encoding this byte is the character only */
		if (label->text[i] == '"')
			appendStringInfoChar(buf, '"');
		appendStringInfoChar(buf, label->text[i]);
	}
	appendStringInfoChar(buf, '"');
}

/*
 * journey_path(journey, max_steps, collapse): the labels of a path as a text,
 * from which they can be told.
 */
PG_FUNCTION_INFO_V1(funnel_journey_path);
Datum
funnel_journey_path(PG_FUNCTION_ARGS)
{
	PathSteps	path;
	bool	   *quoted;
	StringInfoData buf;

	if (!path_arguments(fcinfo, &path))
		PG_RETURN_NULL();

	quoted = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(bool) * Max(path.events.ncodes, 1));
	for (uint32 code = 0; code < path.events.ncodes; code++)
	{
		/* each may be as long as a text can be */
		CHECK_FOR_INTERRUPTS();
		quoted[code] = path.events.labels[code].text != NULL &&
			path_needs_quotes(&path.events.labels[code]);
	}

	/* an empty label alone would be the path of no label */
	if (path.count == 1 && path.events.labels[path.codes[0]].len == 0)
		quoted[path.codes[0]] = true;

	initStringInfo(&buf);
	for (uint32 i = 0; i < path.count; i++)
	{
		const FunnelLabel *label = &path.events.labels[path.codes[i]];

		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendBinaryStringInfo(&buf, PATH_SEPARATOR, strlen(PATH_SEPARATOR));
		if (quoted[path.codes[i]])
			append_quoted(&buf, label);
		else
			appendBinaryStringInfo(&buf, label->text, label->len);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}

/*
 * journey_labels(journey, max_steps, collapse): the labels of a path as an
 * array.
 */
PG_FUNCTION_INFO_V1(funnel_journey_path_labels);
Datum
funnel_journey_path_labels(PG_FUNCTION_ARGS)
{
	PathSteps	path;
	Datum	   *labels;
	Datum	   *elements;

	if (!path_arguments(fcinfo, &path))
		PG_RETURN_NULL();
	if (path.count == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	if (path.count > MAX_LABELS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("array size exceeds the maximum allowed (%d)", (int) MAX_LABELS)));

	labels = label_datums(&path.events);
	elements = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * path.count);
	for (uint32 i = 0; i < path.count; i++)
	{
		elements[i] = labels[path.codes[i]];
		funnel_poll_at(i);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, path.count, TEXTOID, -1, false,
										  TYPALIGN_INT));
}

/* What is left of a journey while its sessions are returned. */
typedef struct Sessions
{
	FunnelJourneyEvents events;
	uint32		next;
	int64		gap;
} Sessions;

/*
 * journey_sessions(journey, gap): one journey for each run of events of which
 * none is more than GAP after the one before it.
 */
PG_FUNCTION_INFO_V1(funnel_journey_sessions);
Datum
funnel_journey_sessions(PG_FUNCTION_ARGS)
{
	FuncCallContext *call;
	Sessions   *sessions;
	uint32		from;
	uint32		to;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;

		call = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
		sessions = palloc0(sizeof(Sessions));
		sessions->gap = funnel_interval_positive(PG_GETARG_INTERVAL_P(1), "gap of sessions");

		/* the labels may be those of the value, which must last as long */
		funnel_journey_read((FunnelJourney *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)),
							&sessions->events);
		call->user_fctx = sessions;
		MemoryContextSwitchTo(old);
	}

	call = SRF_PERCALL_SETUP();
	sessions = (Sessions *) call->user_fctx;
	from = to = sessions->next;
	if (from == sessions->events.count)
		SRF_RETURN_DONE(call);

	/* unsigned, since the range of timestamptz exceeds 2^63 */
	do
	{
		to++;
		funnel_poll_at(to);
	} while (to < sessions->events.count &&
			 (uint64) sessions->events.times[to] - (uint64) sessions->events.times[to - 1] <=
			 (uint64) sessions->gap);
	sessions->next = to;
	SRF_RETURN_NEXT(call, PointerGetDatum(funnel_journey_part(&sessions->events,
															  from, to, NULL)));
}
