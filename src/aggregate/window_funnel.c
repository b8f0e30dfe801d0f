/*-------------------------------------------------------------------------
 *
 * aggregate/window_funnel.c
 *	  window_funnel, the aggregate: how far one unit came in a window.
 *
 * The state collects the rows that meet a condition (under strict_order, all
 * rows), and the final function sorts and scans them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/conditions.h"
#include "events/message.h"
#include "events/time.h"
#include "match/windowscan.h"

/* What one call site of the transition function keeps. */
typedef struct CallSite
{
	MemoryContext context;
	FunnelEventCodes codes;
	FunnelConditions conditions;
	FunnelTimeType time_type;
	bool		has_mode;
	unsigned	modes;			/* of the last row's text */
	text	   *mode_text;		/* a copy of it, or NULL */
} CallSite;

/* There may be millions of these. */
typedef struct WindowFunnelState
{
	CallSite   *site;			/* whose codes the events are in */
	int64		within;
	uint8		modes;
	uint8		nconditions;
	FunnelEventList events;
} WindowFunnelState;

/* What one call site of the final function keeps. */
typedef struct FinalSite
{
	FunnelEvents events;
	Assignment *assignment;
} FinalSite;

static const struct
{
	const char *name;
	unsigned	mode;
}			mode_names[] = {
	{"strict_deduplication", FUNNEL_STRICT_DEDUPLICATION},
	{"strict_order", FUNNEL_STRICT_ORDER},
	{"strict_increase", FUNNEL_STRICT_INCREASE},
	{"strict_once", FUNNEL_STRICT_ONCE},
	{"allow_reentry", FUNNEL_ALLOW_REENTRY},
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The modes of a text: names with commas between, blanks ignored, or nothing. */
static unsigned
parse_modes(const char *string, int len)
{
	const char *end = string + len;
	unsigned	modes = 0;

	while (string < end && is_blank(end[-1]))
		end--;
	for (;;)
	{
		const char *name;
		const char *comma;
		const char *name_end;
		unsigned	mode = 0;

		while (string < end && is_blank(*string))
			string++;
		if (string == end && modes == 0)
			break;				/* no mode at all */
		comma = memchr(string, ',', end - string);
		name = string;
		name_end = comma ? comma : end;
		while (name_end > name && is_blank(name_end[-1]))
			name_end--;
		for (size_t i = 0; i < lengthof(mode_names); i++)
		{
			if (strlen(mode_names[i].name) == (size_t) (name_end - name) &&
				pg_strncasecmp(mode_names[i].name, name, name_end - name) == 0)
				mode = mode_names[i].mode;
		}
		if (mode == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unrecognized mode of window_funnel: \"%.*s\"",
							(int) (name_end - name), name),
					 errhint("Modes are strict_deduplication, strict_order, strict_increase, strict_once and allow_reentry, with commas between.")));
		modes |= mode;
		if (comma == NULL)
			break;
		string = comma + 1;
	}
	if ((modes & FUNNEL_ALLOW_REENTRY) && !(modes & FUNNEL_STRICT_ORDER))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mode allow_reentry of window_funnel requires strict_order")));
	return modes;
}

/* The modes of this row, which are almost always those of the last one. */
static inline unsigned
read_modes(CallSite *site, FunctionCallInfo fcinfo, int argno)
{
	text	   *mode;
	Size		len;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("mode of window_funnel must not be null")));
	mode = PG_GETARG_TEXT_PP(argno);
	len = VARSIZE_ANY_EXHDR(mode);
	if (site->mode_text == NULL ||
		VARSIZE_ANY_EXHDR(site->mode_text) != len ||
		memcmp(VARDATA_ANY(site->mode_text), VARDATA_ANY(mode), len) != 0)
	{
		text	   *copy;

		site->modes = parse_modes(VARDATA_ANY(mode), len);
		copy = MemoryContextAlloc(site->context, VARHDRSZ + len);
		SET_VARSIZE(copy, VARHDRSZ + len);
		memcpy(VARDATA(copy), VARDATA_ANY(mode), len);
		if (site->mode_text != NULL)
			pfree(site->mode_text);
		site->mode_text = copy;
	}
	return site->modes;
}

static CallSite *
create_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));

	site->context = fcinfo->flinfo->fn_mcxt;
	return site;
}

static pg_noinline CallSite *
create_transition_site(FunctionCallInfo fcinfo)
{
	CallSite   *site = create_site(fcinfo);
	int			argno = 2;

	if (get_fn_expr_argtype(fcinfo->flinfo, argno) == TEXTOID)
	{
		site->has_mode = true;
		argno++;
	}
	site->time_type = funnel_time_type(fcinfo->flinfo, argno);
	funnel_conditions_init(&site->conditions, fcinfo, argno + 1);
	fcinfo->flinfo->fn_extra = site;
	return site;
}

static pg_noinline void
questions_differ(const WindowFunnelState *state, int64 within, int nconditions)
{
	if (state->nconditions != nconditions)
		funnel_conditions_differ(state->nconditions, nconditions);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s of window_funnel must be the same for all rows of a group",
					state->within != within ? "window" : "mode"),
			 errhint("Add it to GROUP BY.")));
}

/*
 * The state, created if there is none, of the group that is asked this
 * question.
 */
static inline WindowFunnelState *
get_state(FunctionCallInfo fcinfo, MemoryContext context, CallSite *site,
		  int64 within, unsigned modes, int nconditions)
{
	WindowFunnelState *state;

	if (PG_ARGISNULL(0))
	{
		state = MemoryContextAlloc(context, sizeof(WindowFunnelState));
		state->site = site;
		state->within = within;
		state->modes = modes;
		state->nconditions = nconditions;
		funnel_event_list_init(&state->events, false);
	}
	else
	{
		state = (WindowFunnelState *) PG_GETARG_POINTER(0);
		if (unlikely(state->within != within || state->modes != modes ||
					 state->nconditions != nconditions))
			questions_differ(state, within, nconditions);
	}
	return state;
}

PG_FUNCTION_INFO_V1(funnel_window_funnel_transfn);

/*
 * window_funnel_transfn(internal, within interval | bigint, [mode text,]
 * ts timestamptz | timestamp | date | bigint, VARIADIC "any") returns internal
 */
Datum
funnel_window_funnel_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = fcinfo->flinfo->fn_extra;
	WindowFunnelState *state;
	unsigned	modes = 0;
	int			argno = 2;
	int64		within;
	FunnelLabelMatch met = {0, 0};

	if (unlikely(site == NULL))
		site = create_transition_site(fcinfo);
	within = funnel_length_of(PG_GETARG_DATUM(1), PG_ARGISNULL(1), site->time_type,
							  "window of window_funnel");
	if (site->has_mode)
		modes = read_modes(site, fcinfo, argno++);
	met.steps = funnel_conditions_read(&site->conditions, fcinfo);
	state = get_state(fcinfo, context, site, within, modes, site->conditions.count);

	if (!PG_ARGISNULL(argno))
	{
		int64		ts = funnel_time_of(PG_GETARG_DATUM(argno), site->time_type);

		if (met.steps != 0 || (modes & FUNNEL_STRICT_ORDER))
			funnel_event_list_add(&state->events, context,
								  &state->site->codes, state->site->context, ts, met, 0);
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_window_funnel_serialize);

/*
 * window_funnel_serialize(internal) returns bytea, for another process of the
 * same server
 */
Datum
funnel_window_funnel_serialize(PG_FUNCTION_ARGS)
{
	const WindowFunnelState *state = (const WindowFunnelState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	funnel_message_begin(&buf);
	pq_sendbyte(&buf, state->modes);
	pq_sendbyte(&buf, state->nconditions);
	pq_sendint64(&buf, state->within);
	PG_RETURN_BYTEA_P(funnel_message_send_events(&buf, &state->events,
												 &state->site->codes, NULL));
}

PG_FUNCTION_INFO_V1(funnel_window_funnel_combine);

/*
 * window_funnel_combine(internal, internal) returns internal
 *
 * The second state is always one that was serialized, and stays as it is.
 */
Datum
funnel_window_funnel_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	CallSite   *site = fcinfo->flinfo->fn_extra;
	WindowFunnelState *state;
	StringInfoData buf;
	unsigned	modes;
	int			nconditions;
	int64		within;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (site == NULL)
		fcinfo->flinfo->fn_extra = site = create_site(fcinfo);

	funnel_message_open(PG_GETARG_DATUM(1), &buf);
	modes = pq_getmsgbyte(&buf);
	nconditions = pq_getmsgbyte(&buf);
	within = pq_getmsgint64(&buf);
	state = get_state(fcinfo, context, site, within, modes, nconditions);
	funnel_message_receive_events(&buf, &state->events, NULL, context,
								  &state->site->codes, state->site->context);
	PG_RETURN_POINTER(state);
}

/* The scan's look at the interrupt flag; it holds nothing that would leak. */
static void
check_for_interrupts(void)
{
	CHECK_FOR_INTERRUPTS();
}

PG_FUNCTION_INFO_V1(funnel_window_funnel_final);

/*
 * window_funnel_final(internal) returns int
 *
 * Reads the state only, so that it can be called again, or more rows be added.
 * Over no rows the level is 0: nothing was reached.
 */
Datum
funnel_window_funnel_final(PG_FUNCTION_ARGS)
{
	FinalSite  *site = fcinfo->flinfo->fn_extra;
	const WindowFunnelState *state;
	FunnelWindow window;
	int			level;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	state = (const WindowFunnelState *) PG_GETARG_POINTER(0);
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FinalSite));
		funnel_events_init(&site->events, fcinfo->flinfo->fn_mcxt, false);
		fcinfo->flinfo->fn_extra = site;
	}
	if ((state->modes & FUNNEL_STRICT_ONCE) && site->assignment == NULL)
		site->assignment = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(Assignment));

	window.nlevels = state->nconditions;
	window.modes = state->modes;
	window.within = state->within;
	window.poll = check_for_interrupts;
	funnel_event_list_read(&state->events, &state->site->codes, &site->events);
	funnel_events_sort(&site->events);
	level = funnel_window_scan(&window, site->events.rows, site->events.nrows,
							   site->assignment);
	funnel_events_trim(&site->events);
	PG_RETURN_INT32(level);
}
