/*-------------------------------------------------------------------------
 *
 * picture/table.c
 *	  The report of a result as lines of plain text, for psql.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "picture/lines.h"
#include "picture/text.h"
#include "result/figures.h"
#include "result/type.h"

#define TABLE_WIDTH			80

/* Columns that a stage's name has if there are longer ones, and at least. */
#define NAME_WANTED			14
#define NAME_MIN			8

enum
{
	COLUMN_USERS,
	COLUMN_FIRST,
	COLUMN_PREVIOUS,
	COLUMN_DROPPED,
	COLUMN_PENDING,
	COLUMN_MEDIAN,
	TABLE_COLUMNS
};

/* The titles, and what they are if there is little room. */
static const char *const titles[2][TABLE_COLUMNS] =
{
	{"users", "of first", "of previous", "dropped", "pending", "median time"},
	{"users", "first", "prev.", "dropped", "pending", "median"}
};

typedef struct TableLayout
{
	const char *const *titles;
	bool		commas;			/* in counts */
	int			name_width;
	int			widths[TABLE_COLUMNS];
} TableLayout;

/* The cells of step STEP, from 1; palloc'd. */
static void
fill_cells(const TableLayout *layout, const FunnelTally *tally, const FunnelOutline *outline,
		   FunnelCounts times, int step, const char **cells)
{
	const FunnelOutlineStage *stage = &outline->stages[step - 1];
	FunnelFigures figures = funnel_figures(tally, outline, times, step);
	int64		counts[TABLE_COLUMNS] = {0};

	counts[COLUMN_USERS] = stage->users;
	counts[COLUMN_DROPPED] = stage->standing.dropped;
	counts[COLUMN_PENDING] = stage->standing.pending;
	for (int i = 0; i < TABLE_COLUMNS; i++)
		cells[i] = layout->commas ? funnel_picture_count(counts[i]) :
			psprintf(INT64_FORMAT, counts[i]);

	cells[COLUMN_FIRST] = funnel_picture_percentage(stage->users, outline->entered);
	cells[COLUMN_PREVIOUS] = step == 1 ? "" :
		funnel_picture_percentage(stage->users, stage->base);
	cells[COLUMN_MEDIAN] = figures.has_times ? funnel_picture_duration(figures.median) : "";
}

/*
 * Give the columns what they need, and the names the rest; true if that is
 * enough.  Numbers are never cut.
 */
static bool
lay_out(TableLayout *layout, const FunnelTally *tally, const FunnelOutline *outline,
		FunnelCounts times)
{
	int			wanted = strlen("stage");
	int			rest = TABLE_WIDTH;

	for (int i = 0; i < TABLE_COLUMNS; i++)
		layout->widths[i] = strlen(layout->titles[i]);
	for (int step = 1; step <= outline->nstages; step++)
	{
		const char *cells[TABLE_COLUMNS];

		fill_cells(layout, tally, outline, times, step, cells);
		for (int i = 0; i < TABLE_COLUMNS; i++)
			layout->widths[i] = Max(layout->widths[i], (int) strlen(cells[i]));
		wanted = Max(wanted, funnel_picture_width(outline->stages[step - 1].name));
	}
	for (int i = 0; i < TABLE_COLUMNS; i++)
		rest -= FUNNEL_LINES_GAP + layout->widths[i];
	layout->name_width = Max(Min(wanted, rest), NAME_MIN);
	return rest >= Min(wanted, NAME_WANTED);
}

static void
append_line(StringInfo buf, const TableLayout *layout, const char *name,
			const char *const *cells)
{
	int			used = funnel_picture_append_cut(buf, name, layout->name_width);

	appendStringInfoSpaces(buf, layout->name_width - used);
	for (int i = 0; i < TABLE_COLUMNS; i++)
		funnel_lines_append_right(buf, cells[i], layout->widths[i]);
	funnel_lines_end(buf);
}

/*
 * funnel_table(result): a line for each stage, with the numbers of the report
 * that one reads first.
 *
 * No line is longer than 80 columns, unless a count has more than eleven digits.
 */
PG_FUNCTION_INFO_V1(funnel_table);
Datum
funnel_table(PG_FUNCTION_ARGS)
{
	FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);
	FunnelOutline *outline = funnel_outline(tally, DT_NOBEGIN);
	FunnelCounts times = funnel_tally_times(tally);
	TableLayout layout;
	StringInfoData buf;

	/* shorter titles, and then no commas, if names need the room */
	layout.titles = titles[0];
	layout.commas = true;
	if (!lay_out(&layout, tally, outline, times))
	{
		layout.titles = titles[1];
		if (!lay_out(&layout, tally, outline, times))
		{
			layout.commas = false;
			lay_out(&layout, tally, outline, times);
		}
	}

	initStringInfo(&buf);
	append_line(&buf, &layout, "stage", layout.titles);
	for (int step = 1; step <= outline->nstages; step++)
	{
		const char *cells[TABLE_COLUMNS];

		fill_cells(&layout, tally, outline, times, step, cells);
		append_line(&buf, &layout, outline->stages[step - 1].name, cells);
	}
	funnel_lines_append_summary(&buf, tally, outline, TABLE_WIDTH);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
