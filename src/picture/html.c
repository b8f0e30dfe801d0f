/*-------------------------------------------------------------------------
 *
 * picture/html.c
 *	  A result as a page: for a browser, for paper, for a mail.
 *
 * Mail clients drop pictures, and some the style: so all that the pictures show
 * is in tables, too, and what a table cannot do without is said at its cells.
 * The page is well-formed XML as well.  A narrow screen shows narrow pictures,
 * and each row of a table as a block.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "match/outcome.h"
#include "picture/draw.h"
#include "picture/svg.h"
#include "picture/text.h"
#include "picture/times.h"
#include "result/figures.h"
#include "result/type.h"

static const char page_style[] =
"body{margin:0;background:#f4f5f8;color:#1b2230;font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif}\n"
"main{max-width:800px;margin:0 auto;padding:24px 16px 40px}\n"
"h1{font-size:24px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}\n"
"h2{font-size:17px;margin:32px 0 8px}\n"
"p{margin:0 0 12px;overflow-wrap:anywhere}\n"
"figure{margin:16px 0}\n"
"svg.funnel{display:block;width:100%;height:auto}\n"
"table{width:100%;border-collapse:collapse;background:#ffffff;font-size:14px;font-variant-numeric:tabular-nums}\n"
"th,td{border-bottom:1px solid #d5d9e0;vertical-align:top}\n"
"thead th{color:#566072;font-size:12px;font-weight:600;vertical-align:bottom}\n"
"tbody th{font-weight:600;overflow-wrap:anywhere;min-width:96px}\n"
"tr.optional th{font-weight:400}\n"
"pre{margin:0 0 12px;padding:12px;background:#ffffff;border:1px solid #d5d9e0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,'DejaVu Sans Mono',monospace}\n"
"@media screen and (max-width:719px){\n"
".wide{display:none}.narrow{display:block!important}\n"
"main{padding:16px 16px 32px}\n"
"thead{display:none}table,tbody{display:block}\n"
"tbody tr{display:block;padding:8px 0;border-bottom:1px solid #d5d9e0}\n"
"tbody th{display:block;border:0}\n"
"tbody td{display:flex;justify-content:space-between;gap:16px;border:0}\n"
"td::before{content:attr(data-label);color:#566072;flex:none}\n"
"td.text{display:block}td.text::before{content:none}\n"
"}"
"@media (prefers-color-scheme:dark){\n"
"body{background:#0e1219;color:#eef1f6}\n"
"table,pre{background:#151a23}\n"
"th,td,pre,tbody tr{border-color:#323b4a!important}\n"
"thead th,td::before{color:#a9b3c3}\n"
"}"
"@page{size:A4;margin:16mm}\n"
"@media print{\n"
"body{background:#ffffff;font-size:10.5pt}main{max-width:none;padding:0}table{font-size:9pt}\n"
"h2{break-after:avoid}figure,tr,pre{break-inside:avoid}thead{display:table-header-group}\n"
"}\n";

/* Why units went no further, as docs/reports.md says it. */
static const char *const reasons[FUNNEL_NUM_OUTCOMES] = {
	[FUNNEL_EXCLUDED] = "would have gone deeper, but an exclusion or a strict link stopped it",
	[FUNNEL_LATE] = "would have gone deeper, but the window or a gap ended before",
	[FUNNEL_EARLY] = "did what the next step asks, but only before, or too soon",
	[FUNNEL_ABSENT] = "never did what the next step asks",
};

/* "100,000,000": no table is too wide with such numbers in all columns. */
#define LONG_NUMBER		11

/* What a page is about. */
typedef struct Page
{
	const FunnelTally *tally;
	const FunnelOutline *outline;
	FunnelCounts times;
	const char *units;			/* what is counted, as the head of a column */
	const char *title;
	int			len;
} Page;

/* The head of a column: of names, or of numbers. */
static void
append_column(StringInfo buf, const char *label, bool numbers)
{
	appendStringInfo(buf, "<th scope=\"col\" style=\"text-align:%s;padding:5px 6px\">%s</th>",
					 numbers ? "right" : "left", label);
}

static void
begin_table(StringInfo buf)
{
	appendStringInfoString(buf, "<table>\n<thead><tr>");
}

static void
begin_rows(StringInfo buf)
{
	appendStringInfoString(buf, "</tr></thead>\n<tbody>\n");
}

static void
end_table(StringInfo buf)
{
	appendStringInfoString(buf, "</tbody>\n</table>\n");
}

/* Begin a row with the name of its stage. */
static void
begin_row(StringInfo buf, const FunnelOutlineStage *stage)
{
	appendStringInfo(buf, "<tr%s><th scope=\"row\" dir=\"auto\" style=\"text-align:start;padding:5px 6px\">",
					 stage->optional ? " class=\"optional\"" : "");
	funnel_xml_append_apart(buf, stage->name, strlen(stage->name));
	if (stage->optional)
		appendStringInfoString(buf, " (optional)");
	appendStringInfoString(buf, "</th>");
}

/* A cell with a number, in one line; one that is very long may be broken. */
static void
append_number(StringInfo buf, const char *label, const char *number)
{
	bool		is_long = strlen(number) > LONG_NUMBER;

	appendStringInfo(buf, "\n<td data-label=\"%s\" style=\"text-align:right;padding:5px 6px\">", label);
	for (; *number != '\0'; number++)
	{
		/* "1.0% to 2.0%" may be broken behind the "to" */
		if (*number == ' ' && number[-1] != 'o')
			appendStringInfoString(buf, "&#xA0;");
		else
			funnel_xml_append(buf, number, 1);
		if (*number == ',' && is_long)
			appendStringInfoString(buf, "<wbr/>");
	}
	appendStringInfoString(buf, "</td>");
}

static void
end_row(StringInfo buf)
{
	appendStringInfoString(buf, "</tr>\n");
}

static void
append_head(StringInfo buf, const Page *page)
{
	appendStringInfoString(buf,
						   "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
						   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
						   "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
	if (page->len > 0)
		funnel_xml_append(buf, page->title, page->len);
	else
		appendStringInfoString(buf, "Funnel");
	appendStringInfo(buf, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<main>\n<h1 dir=\"auto\">",
					 page_style, funnel_picture_style);
	if (page->len > 0)
		funnel_xml_append(buf, page->title, page->len);
	else
		appendStringInfoString(buf, "Funnel");
	appendStringInfoString(buf, "</h1>\n");
}

/* The picture, for wide and for narrow screens. */
static void
append_pictures(StringInfo buf, const Page *page)
{
	FunnelPictureForm wide = {FUNNEL_WIDE_PICTURE, false, false, NULL, 0};
	FunnelPictureForm narrow = {FUNNEL_NARROW_PICTURE, true, false, NULL, 0};

	appendStringInfoString(buf, "<figure class=\"wide\">\n");
	funnel_draw_result(buf, page->tally, page->outline, &wide);
	appendStringInfoString(buf, "</figure>\n<figure class=\"narrow\" style=\"display:none\">\n");
	funnel_draw_result(buf, page->tally, page->outline, &narrow);
	appendStringInfoString(buf, "</figure>\n");
}

/* The report: who reached each stage. */
static void
append_stages(StringInfo buf, const Page *page)
{
	const FunnelOutline *outline = page->outline;

	appendStringInfoString(buf, "<h2>Stages</h2>\n");
	begin_table(buf);
	append_column(buf, "Stage", false);
	append_column(buf, page->units, true);
	append_column(buf, "Of first", true);
	append_column(buf, "95% interval", true);
	append_column(buf, "Of previous", true);
	append_column(buf, "Dropped", true);
	append_column(buf, "Pending", true);
	if (page->tally->has_values)
		append_column(buf, "Value", true);
	begin_rows(buf);
	for (int step = 1; step <= outline->nstages; step++)
	{
		const FunnelOutlineStage *stage = &outline->stages[step - 1];
		FunnelFigures figures = funnel_figures(page->tally, outline, page->times, step);

		CHECK_FOR_INTERRUPTS();
		begin_row(buf, stage);
		append_number(buf, page->units, funnel_picture_count(stage->users));
		append_number(buf, "Of first", funnel_picture_percentage(stage->users, outline->entered));
		append_number(buf, "95% interval", !figures.has_first ? "-" :
					  psprintf("%s to %s", funnel_picture_ratio(figures.from_first_low),
							   funnel_picture_ratio(figures.from_first_high)));
		append_number(buf, "Of previous", funnel_picture_percentage(stage->users, stage->base));
		append_number(buf, "Dropped", funnel_picture_count(stage->standing.dropped));
		append_number(buf, "Pending", funnel_picture_count(stage->standing.pending));
		if (figures.has_value)
			append_number(buf, "Value", funnel_picture_value(figures.value));
		end_row(buf);
	}
	end_table(buf);
}

/* One reason at one stage. */
static void
append_reason(StringInfo buf, const Page *page, const FunnelOutlineStage *stage,
			  const char *outcome, const char *reason, int64 users)
{
	if (users == 0)
		return;
	begin_row(buf, stage);
	appendStringInfo(buf, "\n<td class=\"text\" style=\"text-align:left;padding:5px 6px\"><b>%s</b>: %s</td>",
					 outcome, reason);
	append_number(buf, page->units, funnel_picture_count(users));
	append_number(buf, "Of the stage", funnel_picture_percentage(users, stage->users));
	end_row(buf);
}

/* Why units went no further. */
static void
append_reasons(StringInfo buf, const Page *page)
{
	const FunnelOutline *outline = page->outline;

	appendStringInfoString(buf, "<h2>Who went no further, and why</h2>\n");
	if (outline->dropped == 0 && outline->pending == 0)
	{
		appendStringInfo(buf, "<p>%s</p>\n", outline->entered > 0 ? "All that entered converted." :
						 "Nobody entered.");
		return;
	}
	begin_table(buf);
	append_column(buf, "Stage", false);
	append_column(buf, "Reason", false);
	append_column(buf, page->units, true);
	append_column(buf, "Of the stage", true);
	begin_rows(buf);
	for (int k = 0; k < outline->nstages; k++)
	{
		const FunnelOutlineStage *stage = &outline->stages[k];

		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			if (reasons[i] != NULL)
				append_reason(buf, page, stage, funnel_outcome_name(i), reasons[i],
							  stage->standing.by_outcome[i]);
		}
		append_reason(buf, page, stage, "pending", "may still go on", stage->standing.pending);
	}
	end_table(buf);
}

/* How long it took from stage to stage. */
static void
append_times_table(StringInfo buf, const Page *page)
{
	const FunnelOutline *outline = page->outline;

	begin_table(buf);
	append_column(buf, "Stage", false);
	append_column(buf, "Median", true);
	append_column(buf, "90% within", true);
	append_column(buf, "Mean", true);
	append_column(buf, "Median from first", true);
	begin_rows(buf);
	for (int step = 2; step <= outline->nstages; step++)
	{
		FunnelFigures figures = funnel_figures(page->tally, outline, page->times, step);

		if (!figures.has_times)
			continue;
		begin_row(buf, &outline->stages[step - 1]);
		append_number(buf, "Median", funnel_picture_duration(figures.median));
		append_number(buf, "90% within", funnel_picture_duration(figures.p90));
		append_number(buf, "Mean", funnel_picture_duration(figures.mean));
		append_number(buf, "Median from first",
					  funnel_picture_duration(figures.median_from_first));
		end_row(buf);
	}
	end_table(buf);
}

/* How long it took from the first stage to the last one, and between. */
static void
append_times(StringInfo buf, const Page *page)
{
	const FunnelOutline *outline = page->outline;
	int			last = outline->nstages;
	FunnelFigures figures = funnel_figures(page->tally, outline, page->times, last);

	appendStringInfoString(buf, "<h2>Time to convert</h2>\n");
	if (figures.has_times)
	{
		FunnelCounts histogram = funnel_histogram_of(page->times, last, FUNNEL_SINCE_FIRST);

		appendStringInfo(buf, "<p>%s converted. The median time from the first stage is %s.</p>\n",
						 funnel_picture_count(outline->converted),
						 funnel_picture_duration(figures.median_from_first));
		appendStringInfoString(buf, "<figure class=\"wide\">\n");
		funnel_draw_times(buf, histogram, figures.median_from_first, FUNNEL_WIDE_PICTURE);
		appendStringInfoString(buf, "</figure>\n<figure class=\"narrow\" style=\"display:none\">\n");
		funnel_draw_times(buf, histogram, figures.median_from_first, FUNNEL_NARROW_PICTURE);
		appendStringInfoString(buf, "</figure>\n");
	}
	else
		appendStringInfo(buf, "<p>%s</p>\n", outline->converted == 0 ? "Nobody converted." :
						 "The funnel has one stage, so that there are no times.");
	if (page->times.ncounts > 0)
	{
		appendStringInfoString(buf, "<p>Times from the stage before:</p>\n");
		append_times_table(buf, page);
	}
}

/* What was asked, and as of when it was answered. */
static void
append_definition(StringInfo buf, const Page *page)
{
	const FunnelDef *def = page->tally->def;
	int64		pending = page->outline->pending;

	appendStringInfoString(buf, "<h2>Definition</h2>\n<pre dir=\"auto\">");
	funnel_xml_append(buf, VARDATA(def), VARSIZE(def) - VARHDRSZ);
	appendStringInfoString(buf, "</pre>\n");
	if (!page->tally->has_horizon)
		appendStringInfoString(buf, "<p>No event was seen.</p>\n");
	else
		appendStringInfo(buf, "<p>The latest event that was seen is of %s. %s.</p>\n",
						 funnel_picture_instant(page->tally->horizon),
						 pending == 0 ? "Then nobody was pending" :
						 psprintf("Then %s had neither converted nor dropped, and could still go on: these are pending",
								  funnel_picture_count(pending)));
}

/* funnel_html(result, title) */
PG_FUNCTION_INFO_V1(funnel_html);
Datum
funnel_html(PG_FUNCTION_ARGS)
{
	Page		page = {0};
	char	   *summary;
	StringInfoData buf;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	page.tally = PG_GETARG_FUNNEL_TALLY(0);
	page.outline = funnel_outline(page.tally, DT_NOBEGIN);
	page.times = funnel_tally_times(page.tally);
	page.units = page.tally->definition->every_attempt ? "Attempts" : "Users";
	if (!PG_ARGISNULL(1))
	{
		text	   *title = PG_GETARG_TEXT_PP(1);

		page.title = VARDATA_ANY(title);
		page.len = VARSIZE_ANY_EXHDR(title);
	}

	initStringInfo(&buf);
	append_head(&buf, &page);
	summary = funnel_picture_summary(page.tally, page.outline);
	*summary = pg_toupper((unsigned char) *summary);
	appendStringInfo(&buf, "<p>%s.</p>\n", summary);
	append_pictures(&buf, &page);
	append_stages(&buf, &page);
	append_reasons(&buf, &page);
	append_times(&buf, &page);
	append_definition(&buf, &page);
	appendStringInfoString(&buf, "</main>\n</body>\n</html>\n");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
