/*-------------------------------------------------------------------------
 *
 * picture/chart.c
 *	  A result as a chart of bars in plain text, for psql.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/instant.h"
#include "picture/chart.h"
#include "result/type.h"

#define CHART_MIN_WIDTH		40
#define CHART_MAX_WIDTH		500

/* Blank columns between two columns. */
#define GAP					2

/* Least columns for a stage's name and its bar that are worth having. */
#define NAME_MIN			8
#define BAR_MIN				8

/* A bar is drawn in eighths of a column where there are characters for it. */
#define EIGHTHS				8

char *
funnel_chart_count(int64 count)
{
	char	   *digits = psprintf(INT64_FORMAT, count);
	int			len = strlen(digits);
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < len; i++)
	{
		if (i > 0 && (len - i) % 3 == 0)
			appendStringInfoChar(&buf, ',');
		appendStringInfoChar(&buf, digits[i]);
	}
	pfree(digits);
	return buf.data;
}

char *
funnel_chart_percentage(int64 part, int64 whole)
{
	if (whole == 0)
		return pstrdup("-");

	/* rounding must not make some none, nor almost all all */
	if (part > 0 && (double) part / (double) whole < 0.0005)
		return pstrdup("<0.1%");
	if (part < whole && (double) part / (double) whole >= 0.9995)
		return pstrdup(">99.9%");
	return psprintf("%.1f%%", 100.0 * (double) part / (double) whole);
}

static bool
is_control(const char *p)
{
	return (unsigned char) *p < 0x20 || *p == 0x7F;
}

/* The columns of one character; what a terminal does not show has none. */
static int
columns(const char *p)
{
	return is_control(p) ? 1 : Max(pg_dsplen(p), 0);
}

int
funnel_chart_width(const char *text)
{
	int			width = 0;

	for (; *text != '\0'; text += pg_mblen(text))
		width += columns(text);
	return width;
}

int
funnel_chart_append_cut(StringInfo buf, const char *text, int width)
{
	bool		cut = funnel_chart_width(text) > width;
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	int			dots = !cut ? 0 : Min(width, utf8 ? 1 : 3);
	int			used = 0;

	while (*text != '\0')
	{
		int			len = pg_mblen(text);

		if (used + columns(text) > width - dots)
			break;
		used += columns(text);
		if (is_control(text))
			appendStringInfoChar(buf, '?');
		else
			appendBinaryStringInfo(buf, text, len);
		text += len;
	}
	if (cut)
	{
		appendStringInfoString(buf, utf8 && dots > 0 ? "\xE2\x80\xA6" : &"..."[3 - dots]);
		used += dots;
	}
	return used;
}

/*
 * Append a bar of a share of WIDTH columns.  A share above 0 shows at least as
 * the thinnest bar, one below 1 leaves at least the thinnest gap.
 */
static void
append_bar(StringInfo buf, int64 part, int64 whole, int width)
{
	/* U+2588 is the full block, the seven after it are ever thinner */
	bool		utf8 = GetDatabaseEncoding() == PG_UTF8;
	int			units = utf8 ? EIGHTHS : 1;
	int			length = 0;
	int			used = 0;

	if (part > 0 && width > 0)
	{
		length = (int) rint((double) part / (double) whole * width * units);
		if (part < whole)
			length = Min(length, width * units - 1);
		length = Max(length, 1);
	}

	for (; used < length / units; used++)
		appendStringInfoString(buf, utf8 ? "\xE2\x96\x88" : "#");
	if (length % units != 0)
	{
		appendStringInfoString(buf, "\xE2\x96");
		appendStringInfoChar(buf, (char) (0x88 + EIGHTHS - length % units));
		used++;
	}
	appendStringInfoSpaces(buf, width - used);
}

static void
append_right(StringInfo buf, const char *text, int width)
{
	appendStringInfoSpaces(buf, GAP + width - (int) strlen(text));
	appendStringInfoString(buf, text);
}

/* End a line: what is blank at its end is cut off. */
static void
append_newline(StringInfo buf)
{
	while (buf->len > 0 && buf->data[buf->len - 1] == ' ')
		buf->data[--buf->len] = '\0';
	appendStringInfoChar(buf, '\n');
}

/* Append two texts that belong together, on a new line if this one is full. */
static void
append_piece(StringInfo buf, int *column, int width, const char *separator,
			 const char *text, const char *more)
{
	int			len = strlen(text) + strlen(more);

	if (*column + (int) strlen(separator) + len > width)
	{
		append_newline(buf);
		*column = 0;
		separator = "";
	}
	appendStringInfo(buf, "%s%s%s", separator, text, more);
	*column += (int) strlen(separator) + len;
}

/*
 * funnel_chart(result, width): a line for each stage.
 *
 * Name, bar, users, and the ratios to the first and to the previous required
 * stage, as the report has them.  The numbers are never cut: names are, and a
 * bar that would be too short is left out.
 */
PG_FUNCTION_INFO_V1(funnel_chart);
Datum
funnel_chart(PG_FUNCTION_ARGS)
{
	FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);
	int			width = PG_GETARG_INT32(1);
	FunnelRules rules;
	FunnelStanding *standing;
	char	  **names;
	int64		entered = tally->steps[0].users;
	int64		base = 0;
	int64		dropped = 0;
	int64		pending = 0;
	int			count_width = strlen("users");
	int			first_width = strlen("of first");
	int			previous_width = strlen("of previous");
	int			name_width = strlen("stage");
	int			bar_width;
	int			rest;
	int			column = 0;
	bool		commas = true;
	const char *previous_title = "of previous";
	const char *first_title = "of first";
	StringInfoData buf;

	if (width < CHART_MIN_WIDTH || width > CHART_MAX_WIDTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("width of a chart must be between %d and %d",
						CHART_MIN_WIDTH, CHART_MAX_WIDTH)));

	funnel_definition_rules(tally->definition, &rules);
	names = funnel_tally_stage_names(tally);
	standing = palloc(rules.nsteps * sizeof(FunnelStanding));
	funnel_tally_standing(tally, DT_NOBEGIN, standing);

	/* the first stage has the most users, so that no count is wider */
	count_width = Max(count_width, (int) strlen(funnel_chart_count(entered)));
	for (int k = 0; k < rules.nsteps; k++)
	{
		name_width = Max(name_width, funnel_chart_width(names[k]));
		dropped += standing[k].dropped;
		pending += standing[k].pending;
	}

	/* narrow charts have shorter titles, so that the numbers stay */
	rest = width - count_width - first_width - previous_width - 3 * GAP;
	if (rest < NAME_MIN + GAP + BAR_MIN)
	{
		first_title = "first";
		previous_title = "prev.";
		first_width = previous_width = strlen("100.0%");
		rest = width - count_width - first_width - previous_width - 3 * GAP;
	}

	if (rest < NAME_MIN)
	{
		/* without commas even the greatest count leaves room */
		commas = false;
		rest += count_width;
		count_width = Max((int) strlen("users"), (int) strlen(psprintf(INT64_FORMAT, entered)));
		rest -= count_width;
	}

	/* names get what they need, as long as a third is left for the bars */
	bar_width = Max(rest - GAP - name_width, Max(rest / 3, BAR_MIN));
	if (rest - GAP - bar_width < NAME_MIN / 2)
		bar_width = 0;
	name_width = bar_width > 0 ? rest - GAP - bar_width : rest;

	initStringInfo(&buf);
	funnel_chart_append_cut(&buf, "stage", name_width);
	appendStringInfoSpaces(&buf, name_width - Min(name_width, (int) strlen("stage")));
	if (bar_width > 0)
		appendStringInfoSpaces(&buf, GAP + bar_width);
	append_right(&buf, "users", count_width);
	append_right(&buf, first_title, first_width);
	append_right(&buf, previous_title, previous_width);
	append_newline(&buf);

	for (int step = 1; step <= rules.nsteps; step++)
	{
		int64		users = tally->steps[step - 1].users;
		int			used = funnel_chart_append_cut(&buf, names[step - 1], name_width);

		appendStringInfoSpaces(&buf, name_width - used);
		if (bar_width > 0)
		{
			appendStringInfoSpaces(&buf, GAP);
			append_bar(&buf, users, entered, bar_width);
		}
		append_right(&buf, commas ? funnel_chart_count(users) : psprintf(INT64_FORMAT, users),
					 count_width);
		append_right(&buf, funnel_chart_percentage(users, entered), first_width);
		append_right(&buf, step == 1 ? "" : funnel_chart_percentage(users, base),
					 previous_width);
		append_newline(&buf);

		if ((rules.optional & FUNNEL_STEP_BIT(step)) == 0)
			base = users;
	}

	/* base is the last stage's users by now */
	append_piece(&buf, &column, width, "", funnel_chart_count(base), " converted,");
	append_piece(&buf, &column, width, " ", funnel_chart_count(dropped), " dropped,");
	append_piece(&buf, &column, width, " ", funnel_chart_count(pending), " pending");
	if (tally->has_horizon)
	{
		char		instant[FUNNEL_INSTANT_SIZE];

		funnel_instant_print(tally->horizon, instant);
		append_piece(&buf, &column, width, " ", "as of ", instant);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
