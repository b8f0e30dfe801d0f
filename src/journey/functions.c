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

#include "base/interrupts.h"
#include "base/interval.h"
#include "journey/bytes.h"

#define EVENTS_COLUMNS		3

#define PATH_SEPARATOR		" > "

static Datum
label_datum(const FunnelLabel *label)
{
	return PointerGetDatum(cstring_to_text_with_len(label->text, label->len));
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

	labels = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(Datum) * Max(events.ncodes, 1));
	for (uint32 code = 0; code < events.ncodes; code++)
		labels[code] = events.labels[code].text == NULL ? (Datum) 0 :
			label_datum(&events.labels[code]);

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
	uint32		nwanted;
	Datum	   *elements;
	bool	   *nulls;
	int			nelements;
	bool	   *keep;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &nelements);
	for (int i = 0; i < nelements; i++)
	{
		text	   *element;

		if (nulls[i])
		{
			want_unlabelled = true;
			continue;
		}
		element = DatumGetTextPP(elements[i]);
		funnel_label_table_add(wanted, VARDATA_ANY(element), VARSIZE_ANY_EXHDR(element));
	}
	nwanted = funnel_label_table_size(wanted);

	/* a label is wanted if its id is not a new one */
	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &events);
	keep = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(bool) * Max(events.ncodes, 1));
	for (uint32 code = 0; code < events.ncodes; code++)
	{
		const FunnelLabel *label = &events.labels[code];

		keep[code] = label->text == NULL ? want_unlabelled :
			funnel_label_table_add(wanted, label->text, label->len) < nwanted;
	}
	PG_RETURN_FUNNEL_JOURNEY_P(funnel_journey_part(&events, 0, events.count, keep));
}

/*
 * journey_path(journey, max_steps, collapse): the labels in order, at most
 * MAX_STEPS of them (NULL: all), repetitions as one if COLLAPSE.  Events
 * without a label are left out.
 */
PG_FUNCTION_INFO_V1(funnel_journey_path);
Datum
funnel_journey_path(PG_FUNCTION_ARGS)
{
	int			max_steps = PG_INT32_MAX;
	bool		collapse;
	FunnelJourneyEvents events;
	uint32		previous = FUNNEL_NO_CODE;
	int			nsteps = 0;
	StringInfoData path;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(1))
		max_steps = PG_GETARG_INT32(1);
	if (max_steps < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of steps of a path must be positive")));
	collapse = PG_GETARG_BOOL(2);

	funnel_journey_read(PG_GETARG_FUNNEL_JOURNEY_PP(0), &events);
	initStringInfo(&path);
	for (uint32 i = 0; i < events.count && nsteps < max_steps; i++)
	{
		uint32		code = events.codes[i];
		const FunnelLabel *label = &events.labels[code];

		funnel_poll_at(i);
		if (label->text == NULL || (collapse && code == previous))
			continue;
		if (nsteps > 0)
			appendBinaryStringInfo(&path, PATH_SEPARATOR, strlen(PATH_SEPARATOR));
		appendBinaryStringInfo(&path, label->text, label->len);
		previous = code;
		nsteps++;
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(path.data, path.len));
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
		to++;
	while (to < sessions->events.count &&
		   (uint64) sessions->events.times[to] - (uint64) sessions->events.times[to - 1] <=
		   (uint64) sessions->gap);
	sessions->next = to;
	SRF_RETURN_NEXT(call, PointerGetDatum(funnel_journey_part(&sessions->events,
															  from, to, NULL)));
}
