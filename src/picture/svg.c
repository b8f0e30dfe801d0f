/*-------------------------------------------------------------------------
 *
 * picture/svg.c
 *	  A result as a picture: standalone SVG, for reports and web pages.
 *
 * No script, no font, no image from elsewhere, and a background of its own, so
 * that it is legible wherever it is put; where the viewer prefers dark pages,
 * it is dark itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/xml.h"

#include "base/compat.h"
#include "picture/text.h"
#include "result/outline.h"
#include "result/type.h"

/* All lengths are in user units, which a browser takes for pixels. */
#define PICTURE_WIDTH		800
#define MARGIN				24
#define TITLE_HEIGHT		36
#define STAGE_HEIGHT		40
#define LINK_HEIGHT			28
#define FOOTER_HEIGHT		36

/* The names are left of the bars, the numbers right of them. */
#define BAR_CENTER			392
#define BAR_MAX_WIDTH		336
#define BAR_MIN_WIDTH		2
#define NUMBERS_X			576

/* As many columns of text as fit, by the widths of common sans-serif fonts. */
#define NAME_COLUMNS		22
#define TITLE_COLUMNS		70

/* A bar at least this wide for each column has room for its count. */
#define COUNT_COLUMN_WIDTH	9

static const char style[] =
"<style>"
".funnel-card{fill:#ffffff;stroke:#d5d9e0}"
".funnel-text{fill:#1b2230;font:14px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif}"
".funnel-title{font-size:18px;font-weight:600}"
".funnel-name{font-weight:600}"
".funnel-small{font-size:12px;fill:#566072}"
".funnel-bar{fill:#3457c9}"
".funnel-link{fill:#dbe3fa}"
".funnel-count{fill:#ffffff;font-weight:600}"
"@media (prefers-color-scheme:dark){"
".funnel-card{fill:#151a23;stroke:#323b4a}"
".funnel-text{fill:#eef1f6}"
".funnel-small{fill:#a9b3c3}"
".funnel-bar{fill:#4a6fe3}"
".funnel-link{fill:#26304a}"
".funnel-count{fill:#ffffff}"
"}"
"</style>\n";

/*
 * A text as XML content: cut to COLUMNS if it is longer (0 = as it is), without
 * the characters that XML 1.0 has no way to write.
 */
static char *
xml_text(const char *text, int columns)
{
	StringInfoData clean;

	initStringInfo(&clean);
	funnel_picture_append_cut(&clean, text,
							  columns > 0 ? columns : funnel_picture_width(text));

	/* U+FFFE and U+FFFF are characters to the server, but not to XML */
	if (GetDatabaseEncoding() == PG_UTF8)
	{
		for (char *p = clean.data; (p = strstr(p, "\xEF\xBF")) != NULL;)
		{
			if (p[2] == '\xBE' || p[2] == '\xBF')
				p[2] = '\xBD';	/* U+FFFD */
			p += 3;
		}
	}
	return escape_xml(clean.data);
}

static void
append_text(StringInfo buf, double x, double y, const char *anchor, const char *classes,
			const char *escaped)
{
	appendStringInfo(buf, "<text class=\"funnel-text%s\" x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n",
					 classes, x, y, anchor, escaped);
}

/* A number with what it counts, right of the bars. */
static void
append_number(StringInfo buf, double y, const char *classes, const char *number,
			  const char *what)
{
	append_text(buf, NUMBERS_X, y, "", classes, xml_text(psprintf("%s %s", number, what), 0));
}

/* The width of a stage's bar. */
static double
bar_width(int64 users, int64 entered)
{
	if (users == 0)
		return 0;
	return Max(BAR_MIN_WIDTH, (double) users / (double) entered * BAR_MAX_WIDTH);
}

/* The picture's frame: size, title and background. */
static void
append_frame(StringInfo buf, const char *title, int height)
{
	appendStringInfo(buf,
					 "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
					 "width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n",
					 PICTURE_WIDTH, height, PICTURE_WIDTH, height);
	appendStringInfo(buf, "<title>%s</title>\n",
					 title != NULL ? xml_text(title, 0) : "Funnel");
	appendStringInfoString(buf, style);
	appendStringInfo(buf,
					 "<rect class=\"funnel-card\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
					 PICTURE_WIDTH - 1, height - 1);
	if (title != NULL)
		append_text(buf, MARGIN, MARGIN + 16, "", " funnel-title",
					xml_text(title, TITLE_COLUMNS));
}

/* What leads from the stage above to the bar of STAGE, whose top is at Y. */
static void
append_link(StringInfo buf, const FunnelOutline *outline, const FunnelOutlineStage *stage,
			double y)
{
	double		above = bar_width(stage[-1].users, outline->entered);
	double		below = bar_width(stage->users, outline->entered);

	if (above > 0)
		appendStringInfo(buf,
						 "<polygon class=\"funnel-link\" points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f %.1f,%.1f\"/>\n",
						 BAR_CENTER - above / 2, y - LINK_HEIGHT,
						 BAR_CENTER + above / 2, y - LINK_HEIGHT,
						 BAR_CENTER + below / 2, y,
						 BAR_CENTER - below / 2, y);
	if (stage->base > 0)
		append_text(buf, BAR_CENTER, y - LINK_HEIGHT / 2.0 + 4.5,
					" text-anchor=\"middle\"", " funnel-small",
					xml_text(funnel_picture_percentage(stage->users, stage->base), 0));
}

/* The bar of a stage with its name and count. */
static void
append_bar(StringInfo buf, const FunnelOutline *outline, const FunnelOutlineStage *stage,
		   double y)
{
	char	   *count = funnel_picture_count(stage->users);
	double		width = bar_width(stage->users, outline->entered);
	double		middle = y + STAGE_HEIGHT / 2.0;

	appendStringInfo(buf, "<g><title>%s: %s</title>\n", xml_text(stage->name, 0), count);
	append_text(buf, MARGIN, middle + 5, "", " funnel-name",
				xml_text(stage->name, NAME_COLUMNS));
	if (stage->users > 0)
		appendStringInfo(buf,
						 "<rect class=\"funnel-bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"%d\"/>\n",
						 BAR_CENTER - width / 2, y, width, STAGE_HEIGHT, width >= 8 ? 3 : 0);
	if (width >= COUNT_COLUMN_WIDTH * (strlen(count) + 1))
		append_text(buf, BAR_CENTER, middle + 5, " text-anchor=\"middle\"",
					" funnel-count", count);
	else
		append_text(buf, BAR_CENTER + width / 2 + 6, middle + 5, "", " funnel-name", count);
	appendStringInfoString(buf, "</g>\n");
}

/* Two lines of numbers, or three, around the middle of the bar. */
static void
append_numbers(StringInfo buf, const FunnelOutline *outline, const FunnelOutlineStage *stage,
			   double middle)
{
	const FunnelStanding *here = &stage->standing;
	bool		is_last = stage == &outline->stages[outline->nstages - 1];
	char	   *of_all = funnel_picture_percentage(stage->users, outline->entered);

	if (!is_last && here->pending > 0)
	{
		append_number(buf, middle - 10, "", of_all, "of all");
		append_number(buf, middle + 5, " funnel-small",
					  funnel_picture_count(here->dropped), "dropped");
		append_number(buf, middle + 19, " funnel-small",
					  funnel_picture_count(here->pending), "pending");
		return;
	}
	if (outline->entered > 0)
		append_number(buf, middle - 3, "", of_all, "of all");
	if (!is_last)
		append_number(buf, middle + 14, " funnel-small",
					  funnel_picture_count(here->dropped), "dropped");
	else
		append_text(buf, NUMBERS_X, middle + 14, "", " funnel-small", "converted");
}

/*
 * funnel_svg(result, title): a bar for each stage, centered, one below the
 * other, with the ratio to the previous required stage between them.  The
 * ratios are those of the report.  Without a title there is none.
 */
PG_FUNCTION_INFO_V1(funnel_svg);
Datum
funnel_svg(PG_FUNCTION_ARGS)
{
	FunnelTally *tally;
	FunnelOutline *outline;
	char	   *title = NULL;
	int			height;
	double		y;
	StringInfoData buf;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	tally = PG_GETARG_FUNNEL_TALLY(0);
	if (!PG_ARGISNULL(1))
		title = text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (title != NULL && *title == '\0')
		title = NULL;

	outline = funnel_outline(tally, DT_NOBEGIN);
	y = MARGIN + (title != NULL ? TITLE_HEIGHT : 0);
	height = (int) y + outline->nstages * STAGE_HEIGHT + (outline->nstages - 1) * LINK_HEIGHT +
		FOOTER_HEIGHT + MARGIN / 2;

	initStringInfo(&buf);
	append_frame(&buf, title, height);
	for (int k = 0; k < outline->nstages; k++)
	{
		const FunnelOutlineStage *stage = &outline->stages[k];

		/* where it came from: drawn first, so that the bars lie on it */
		if (k > 0)
			append_link(&buf, outline, stage, y);
		append_bar(&buf, outline, stage, y);
		append_numbers(&buf, outline, stage, y + STAGE_HEIGHT / 2.0);
		y += STAGE_HEIGHT + LINK_HEIGHT;
	}
	append_text(&buf, MARGIN, height - MARGIN / 2.0 - 6, "", " funnel-small",
				psprintf("%s entered, %s converted, %s dropped, %s pending%s%s",
						 funnel_picture_count(outline->entered),
						 funnel_picture_count(outline->converted),
						 funnel_picture_count(outline->dropped),
						 funnel_picture_count(outline->pending),
						 tally->has_horizon ? " " : "", funnel_picture_as_of(tally)));
	appendStringInfoString(&buf, "</svg>\n");

	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
