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

#include "aggregate/unit_state.h"
#include "base/callsite.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "match/windowscan.h"

/* The question, which is its own key: no byte of it is left unset. */
typedef struct WindowQuestion
{
	uint32		nconditions;
	uint32		modes;
	int64		within;
} WindowQuestion;

/* The text of the modes that a call site has parsed last. */
typedef struct ParsedModes
{
	unsigned	modes;
	uint32		len;
	char		text[FLEXIBLE_ARRAY_MEMBER];
} ParsedModes;

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
read_modes(FunnelUnitSite *site, FunctionCallInfo fcinfo, int argno)
{
	ParsedModes *parsed = site->own;
	text	   *mode;
	uint32		len;

	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("mode of window_funnel must not be null")));
	mode = PG_GETARG_TEXT_PP(argno);
	len = VARSIZE_ANY_EXHDR(mode);
	if (parsed == NULL || parsed->len != len || memcmp(parsed->text, VARDATA_ANY(mode), len) != 0)
	{
		unsigned	modes = parse_modes(VARDATA_ANY(mode), len);

		if (parsed != NULL)
			pfree(parsed);
		site->own = parsed = MemoryContextAlloc(site->context, offsetof(ParsedModes, text) + len);
		parsed->modes = modes;
		parsed->len = len;
		memcpy(parsed->text, VARDATA_ANY(mode), len);
	}
	return parsed->modes;
}

static const char *
difference(const char *a, const char *b)
{
	return memcmp(a + offsetof(WindowQuestion, within), b + offsetof(WindowQuestion, within),
				  sizeof(int64)) != 0 ? "window of window_funnel" : "mode of window_funnel";
}

static const FunnelUnitAggregate window_funnel = {NULL, difference, NULL};

/* Is there an argument with modes, before the time? */
static bool
has_mode(FunctionCallInfo fcinfo)
{
	return funnel_argument_type(fcinfo->flinfo, 2) == TEXTOID;
}

PG_FUNCTION_INFO_V1(funnel_window_funnel_transfn);

/*
 * window_funnel_transfn(internal, within interval | bigint, [mode text,]
 * ts timestamptz | timestamp | date | bigint, VARIADIC "any") returns internal
 */
Datum
funnel_window_funnel_transfn(PG_FUNCTION_ARGS)
{
	FunnelUnitSite *site = funnel_unit_site(fcinfo, &window_funnel);
	FunnelUnitState *state;
	WindowQuestion question;
	uint64		met;
	int			argno;

	if (unlikely(!site->knows_arguments))
	{
		int			ts = has_mode(fcinfo) ? 3 : 2;

		funnel_unit_read_arguments(site, fcinfo, ts, ts + 1);
	}
	argno = site->conditions.first - 1;
	met = funnel_conditions_read(&site->conditions, fcinfo);
	state = funnel_unit_known_state(fcinfo, site);
	if (likely(state != NULL))
		question = *(const WindowQuestion *) site->only_question->prepared;
	else
	{
		question.within = funnel_length_of(PG_GETARG_DATUM(1), PG_ARGISNULL(1), site->time_type,
										   "window of window_funnel");
		question.modes = argno > 2 ? read_modes(site, fcinfo, 2) : 0;
		question.nconditions = site->conditions.count;
		state = funnel_unit_state(fcinfo, site, false, &question, sizeof(question));
	}

	if (!PG_ARGISNULL(argno))
	{
		int64		ts = funnel_time_of(PG_GETARG_DATUM(argno), site->time_type);

		if (met != 0 || (question.modes & FUNNEL_STRICT_ORDER))
			funnel_unit_add(fcinfo, site, state, ts, funnel_conditions_label(met, false), true);
	}
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_window_funnel_combine);

/* window_funnel_combine(internal, internal) returns internal */
Datum
funnel_window_funnel_combine(PG_FUNCTION_ARGS)
{
	return funnel_unit_combine(fcinfo, &window_funnel);
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
	const FunnelUnitState *state = funnel_unit_final_state(fcinfo);
	const WindowQuestion *question;
	FunnelWindow window;
	FunnelEvents *events;
	Assignment *assignment = NULL;
	int			level;

	if (state == NULL)
		PG_RETURN_INT32(0);
	question = state->question->prepared;

	window.nlevels = question->nconditions;
	window.modes = question->modes;
	window.within = question->within;
	window.poll = funnel_poll;
	events = funnel_unit_sorted_events(fcinfo, state);
	if (question->modes & FUNNEL_STRICT_ONCE)
		assignment = funnel_events_reserve_scratch(events, sizeof(Assignment));
	level = funnel_window_scan(&window, events->rows, events->nrows, assignment);
	funnel_events_trim(events);
	PG_RETURN_INT32(level);
}
