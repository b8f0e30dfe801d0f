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
#include "picture/lines.h"
#include "picture/text.h"
#include "result/outline.h"
#include "result/type.h"

#define CHART_MIN_WIDTH		40
#define CHART_MAX_WIDTH		500

/* Least columns for a stage's name and its bar that are worth having. */
#define NAME_MIN			8
#define BAR_MIN				8

/* A bar is drawn in eighths of a column where there are characters for it. */
#define EIGHTHS				8

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

/* How the columns of a chart share its width. */
typedef struct ChartLayout
{
	int			name_width;
	int			bar_width;		/* 0 = without bars */
	int			count_width;
	int			first_width;
	int			previous_width;
	const char *first_title;
	const char *previous_title;
	bool		commas;			/* in counts */
} ChartLayout;

/*
 * The numbers are never cut: names are, and a bar that would be too short is
 * left out.
 */
static void
lay_out(ChartLayout *layout, const FunnelOutline *outline, int width)
{
	int			name_width = strlen("stage");
	int			rest;

	for (int k = 0; k < outline->nstages; k++)
		name_width = Max(name_width, funnel_picture_width(outline->stages[k].name));

	layout->commas = true;
	layout->first_title = "of first";
	layout->previous_title = "of previous";
	layout->first_width = strlen(layout->first_title);
	layout->previous_width = strlen(layout->previous_title);
	/* the first stage has the most users, so that no count is wider */
	layout->count_width = Max((int) strlen("users"),
							  (int) strlen(funnel_picture_count(outline->entered)));
	rest = width - layout->count_width - layout->first_width - layout->previous_width -
		3 * FUNNEL_LINES_GAP;

	/* narrow charts have shorter titles, so that the numbers stay */
	if (rest < NAME_MIN + FUNNEL_LINES_GAP + BAR_MIN)
	{
		layout->first_title = "first";
		layout->previous_title = "prev.";
		layout->first_width = layout->previous_width = strlen("100.0%");
		rest = width - layout->count_width - layout->first_width - layout->previous_width -
			3 * FUNNEL_LINES_GAP;
	}

	if (rest < NAME_MIN)
	{
		/* without commas even the greatest count leaves room */
		layout->commas = false;
		rest += layout->count_width;
		layout->count_width = Max((int) strlen("users"),
								  (int) strlen(psprintf(INT64_FORMAT, outline->entered)));
		rest -= layout->count_width;
	}

	/* names get what they need, as long as a third is left for the bars */
	layout->bar_width = Max(rest - FUNNEL_LINES_GAP - name_width, Max(rest / 3, BAR_MIN));
	if (rest - FUNNEL_LINES_GAP - layout->bar_width < NAME_MIN / 2)
		layout->bar_width = 0;
	layout->name_width = layout->bar_width > 0 ? rest - FUNNEL_LINES_GAP - layout->bar_width : rest;
}

static void
append_titles(StringInfo buf, const ChartLayout *layout)
{
	int			used = funnel_picture_append_cut(buf, "stage", layout->name_width);

	appendStringInfoSpaces(buf, layout->name_width - used);
	if (layout->bar_width > 0)
		appendStringInfoSpaces(buf, FUNNEL_LINES_GAP + layout->bar_width);
	funnel_lines_append_right(buf, "users", layout->count_width);
	funnel_lines_append_right(buf, layout->first_title, layout->first_width);
	funnel_lines_append_right(buf, layout->previous_title, layout->previous_width);
	funnel_lines_end(buf);
}

static void
append_stage(StringInfo buf, const ChartLayout *layout, const FunnelOutline *outline, int k)
{
	const FunnelOutlineStage *stage = &outline->stages[k];
	int			used = funnel_picture_append_cut(buf, stage->name, layout->name_width);

	appendStringInfoSpaces(buf, layout->name_width - used);
	if (layout->bar_width > 0)
	{
		appendStringInfoSpaces(buf, FUNNEL_LINES_GAP);
		append_bar(buf, stage->users, outline->entered, layout->bar_width);
	}
	funnel_lines_append_right(buf, layout->commas ? funnel_picture_count(stage->users) :
							  psprintf(INT64_FORMAT, stage->users), layout->count_width);
	funnel_lines_append_right(buf, funnel_picture_percentage(stage->users, outline->entered),
							  layout->first_width);
	funnel_lines_append_right(buf, k == 0 ? "" :
							  funnel_picture_percentage(stage->users, stage->base),
							  layout->previous_width);
	funnel_lines_end(buf);
}

/*
 * funnel_chart(result, width): a line for each stage.
 *
 * Name, bar, users, and the ratios to the first and to the previous required
 * stage, as the report has them.
 */
PG_FUNCTION_INFO_V1(funnel_chart);
Datum
funnel_chart(PG_FUNCTION_ARGS)
{
	FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);
	int			width = PG_GETARG_INT32(1);
	FunnelOutline *outline = funnel_outline(tally, DT_NOBEGIN);
	ChartLayout layout;
	StringInfoData buf;

	if (width < CHART_MIN_WIDTH || width > CHART_MAX_WIDTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("width of a chart must be between %d and %d",
						CHART_MIN_WIDTH, CHART_MAX_WIDTH)));

	lay_out(&layout, outline, width);
	initStringInfo(&buf);
	append_titles(&buf, &layout);
	for (int k = 0; k < outline->nstages; k++)
		append_stage(&buf, &layout, outline, k);

	funnel_lines_append_summary(&buf, tally, outline, width);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
