/*-------------------------------------------------------------------------
 *
 * picture/svg.c
 *	  A result as a picture: bars of its stages.
 *
 * The stages are one below the other.  What leads from one bar to the next goes
 * from each required stage to the next required one: an optional stage lies on
 * it, since who skips it is not lost.  A narrow picture has the names and
 * numbers above the bars, a wide one beside them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "picture/draw.h"
#include "picture/svg.h"
#include "picture/text.h"
#include "result/type.h"

#define LEADING				17.0
#define SMALL_LEADING		15.0
#define TITLE_LEADING		23.0
#define NAME_LINES			3

/* Between two bars there is room for a ratio, and above for a name. */
#define BAR_HEIGHT			44.0
#define LINK_HEIGHT			28.0
#define NARROW_BAR_HEIGHT	28.0
#define NARROW_LINK_HEIGHT	26.0
#define BAR_MIN_WIDTH		2.0

/* The columns of a wide picture. */
#define GAP					20.0
#define NAMES_MIN			60.0
#define NAMES_MAX			220.0
#define NUMBERS_MAX			380.0

/* What is written at a stage, and where the stage is. */
typedef struct StageText
{
	FunnelLines name;
	char	   *count;
	char	   *of_first;		/* or NULL */
	char	   *of_previous;	/* or NULL */
	int			nnotes;			/* small lines */
	const char *notes[4];
	double		top;			/* of its bar */
} StageText;

typedef struct Layout
{
	const FunnelPictureForm *form;
	const FunnelOutline *outline;
	double		inner;			/* the width within the margins */
	double		bars_center;
	double		bars_width;
	double		bar_height;
	double		numbers_x;
	double		height;
	FunnelLines title;
	FunnelLines summary;
	StageText	stages[FLEXIBLE_ARRAY_MEMBER];
} Layout;

char *
funnel_picture_summary(const FunnelTally *tally, const FunnelOutline *outline)
{
	if (outline->entered == 0)
		return tally->has_horizon ? psprintf("nobody entered %s", funnel_picture_as_of(tally)) :
			pstrdup("nobody entered: no event was seen");
	return psprintf("%s entered, %s converted, %s dropped, %s pending%s%s",
					funnel_picture_count(outline->entered),
					funnel_picture_count(outline->converted),
					funnel_picture_count(outline->dropped),
					funnel_picture_count(outline->pending),
					tally->has_horizon ? " " : "", funnel_picture_as_of(tally));
}

char *
funnel_picture_standing(const FunnelOutline *outline, const FunnelOutlineStage *stage)
{
	if (stage == &outline->stages[outline->nstages - 1])
		return pstrdup("converted");
	if (stage->standing.pending == 0)
		return psprintf("%s dropped", funnel_picture_count(stage->standing.dropped));
	return psprintf("%s dropped, %s pending", funnel_picture_count(stage->standing.dropped),
					funnel_picture_count(stage->standing.pending));
}

/* A small line at a stage; what is too wide is broken at its comma. */
static void
add_note(StageText *text, const char *note, double width)
{
	const char *comma = strstr(note, ", ");

	if (comma != NULL && funnel_ascii_pixels(note, FUNNEL_SMALL_SIZE, false) > width)
	{
		text->notes[text->nnotes++] = psprintf("%.*s", (int) (comma - note) + 1, note);
		note = comma + 2;
	}
	text->notes[text->nnotes++] = note;
}

/* The texts of stage K, but for its name. */
static void
write_stage(const FunnelOutline *outline, int k, double width, StageText *text)
{
	const FunnelOutlineStage *stage = &outline->stages[k];

	text->count = funnel_picture_count(stage->users);
	if (outline->entered == 0)
	{
		if (stage->optional)
			text->notes[text->nnotes++] = "optional";
		return;
	}
	text->of_first = psprintf("%s of first",
							  funnel_picture_percentage(stage->users, outline->entered));
	if (stage->base > 0)
		text->of_previous = psprintf("%s of previous",
									 funnel_picture_percentage(stage->users, stage->base));
	if (stage->optional)
	{
		/* the ratio that leads to the next stage is not of this one */
		text->notes[text->nnotes++] = text->of_previous == NULL ? "optional" :
			psprintf("optional, %s", text->of_previous);
		text->of_previous = NULL;
	}
	add_note(text, funnel_picture_standing(outline, stage), width);
}

/* The width of a stage's first line of numbers: its count, and the ratio. */
static double
first_line_width(const StageText *text)
{
	double		width = funnel_ascii_pixels(text->count, FUNNEL_TEXT_SIZE, true);

	if (text->of_first != NULL)
		width += 8 + funnel_ascii_pixels(text->of_first, FUNNEL_TEXT_SIZE, false);
	return width;
}

static double
numbers_width(const StageText *text)
{
	double		width = first_line_width(text);

	for (int i = 0; i < text->nnotes; i++)
		width = Max(width, funnel_ascii_pixels(text->notes[i], FUNNEL_SMALL_SIZE, false));
	return width;
}

/* Names left, numbers right, each column as wide as its texts; bars between. */
static void
lay_out_wide(Layout *layout)
{
	const FunnelOutline *outline = layout->outline;
	double		names = NAMES_MIN;
	double		numbers = 0;
	double		y = layout->height;

	for (int k = 0; k < outline->nstages; k++)
	{
		StageText  *text = &layout->stages[k];
		const char *name = outline->stages[k].name;

		CHECK_FOR_INTERRUPTS();
		write_stage(outline, k, NUMBERS_MAX, text);
		numbers = Max(numbers, numbers_width(text));
		text->name = funnel_lines(name, strlen(name), FUNNEL_TEXT_SIZE, true, NAMES_MAX,
								  NAME_LINES);
		names = Max(names, text->name.width);
		text->top = y;
		y += BAR_HEIGHT + LINK_HEIGHT;
	}
	layout->bar_height = BAR_HEIGHT;
	layout->numbers_x = FUNNEL_MARGIN + layout->inner - numbers;
	layout->bars_width = layout->inner - names - numbers - 2 * GAP;
	layout->bars_center = FUNNEL_MARGIN + names + GAP + layout->bars_width / 2;
	layout->height = y - LINK_HEIGHT;
}

/* All below each other: the name, a line of numbers, the bar, small lines. */
static void
lay_out_narrow(Layout *layout)
{
	const FunnelOutline *outline = layout->outline;
	double		y = layout->height;

	layout->bar_height = NARROW_BAR_HEIGHT;
	layout->numbers_x = FUNNEL_MARGIN / 2.0;
	layout->bars_width = layout->inner;
	layout->bars_center = layout->form->width / 2.0;
	for (int k = 0; k < outline->nstages; k++)
	{
		StageText  *text = &layout->stages[k];
		const char *name = outline->stages[k].name;

		CHECK_FOR_INTERRUPTS();
		write_stage(outline, k, layout->inner, text);
		text->name = funnel_lines(name, strlen(name), FUNNEL_TEXT_SIZE, true, layout->inner,
								  NAME_LINES);
		if (text->of_previous != NULL &&
			first_line_width(text) + GAP +
			funnel_ascii_pixels(text->of_previous, FUNNEL_SMALL_SIZE, false) > layout->inner)
		{
			text->notes[text->nnotes++] = text->of_previous;
			text->of_previous = NULL;
		}
		if (k > 0)
			y += NARROW_LINK_HEIGHT;
		text->top = y + text->name.nlines * LEADING + LEADING + 8;
		y = text->top + NARROW_BAR_HEIGHT + text->nnotes * SMALL_LEADING + 6;
	}
	layout->height = y;
}

static Layout *
lay_out(const FunnelTally *tally, const FunnelOutline *outline, const FunnelPictureForm *form)
{
	Layout	   *layout = palloc0(offsetof(Layout, stages) +
								 outline->nstages * sizeof(StageText));
	double		margin = form->narrow ? FUNNEL_MARGIN / 2.0 : FUNNEL_MARGIN;
	char	   *summary;

	layout->form = form;
	layout->outline = outline;
	layout->inner = form->width - 2 * margin;
	layout->height = margin;
	if (form->len > 0)
	{
		layout->title = funnel_lines(form->title, form->len, FUNNEL_TITLE_SIZE, true,
									 layout->inner, 2);
		layout->height += layout->title.nlines * TITLE_LEADING + 12;
	}
	if (form->narrow)
		lay_out_narrow(layout);
	else
		lay_out_wide(layout);
	if (form->standalone)
	{
		summary = funnel_picture_summary(tally, outline);
		*summary = pg_toupper((unsigned char) *summary);
		layout->summary = funnel_lines(summary, strlen(summary), FUNNEL_SMALL_SIZE, false,
									   layout->inner, FUNNEL_MAX_LINES);
		layout->height += 10 + layout->summary.nlines * SMALL_LEADING;
	}
	layout->height += margin;
	return layout;
}

/* The width of a stage's bar. */
static double
bar_width(const Layout *layout, const FunnelOutlineStage *stage)
{
	if (stage->users == 0)
		return 0;
	return Max(BAR_MIN_WIDTH,
			   (double) stage->users / (double) layout->outline->entered * layout->bars_width);
}

/*
 * What leads from the nearest earlier required stage to required stage K: as
 * many as reached it came that way, through optional stages or past them.
 */
static void
append_link(StringInfo buf, const Layout *layout, int k)
{
	const FunnelOutlineStage *stages = layout->outline->stages;
	double		x = layout->bars_center;
	double		above,
				below,
				top;
	int			from = k - 1;

	while (from > 0 && stages[from].optional)
		from--;
	above = bar_width(layout, &stages[from]) / 2;
	below = bar_width(layout, &stages[k]) / 2;
	top = layout->stages[from].top + layout->bar_height;
	if (above > 0)
		appendStringInfo(buf,
						 "<polygon class=\"funnel-link\" points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f %.1f,%.1f\"/>\n",
						 x - above, top, x + above, top,
						 x + below, layout->stages[k].top, x - below, layout->stages[k].top);
}

/* The bar of a stage: dashed if it is optional, an empty place if nobody came. */
static void
append_bar(StringInfo buf, const Layout *layout, const FunnelOutlineStage *stage, double top)
{
	double		width = bar_width(layout, stage);
	double		x = layout->bars_center - width / 2;
	double		radius = width >= 8 ? 3 : 0;

	if (layout->outline->entered == 0)
		funnel_draw_rect(buf, "funnel-nobody", layout->bars_center - layout->bars_width / 2 + 0.5,
						 top + 0.5, layout->bars_width - 1, layout->bar_height - 1, 3);
	else if (stage->users > 0)
		funnel_draw_rect(buf, stage->optional ? "funnel-aside" : "funnel-bar", x, top, width,
						 layout->bar_height, radius);
}

/*
 * A count, bold, and beside it its ratio to the first.  No count is too wide for
 * both, even in a narrow picture.
 */
static void
append_first_line(StringInfo buf, const Layout *layout, const StageText *text, double y)
{
	if (text->of_first == NULL)
		funnel_draw_ascii(buf, layout->numbers_x, y, FUNNEL_LEFT, " funnel-bold funnel-rim",
						  text->count);
	else
	{
		/* one text, so that the ratio follows however wide the count is */
		appendStringInfo(buf,
						 "<text class=\"funnel-text funnel-rim\" x=\"%.1f\" y=\"%.1f\">"
						 "<tspan class=\"funnel-bold\">%s</tspan><tspan dx=\"8\">",
						 layout->numbers_x, y, text->count);
		funnel_xml_append(buf, text->of_first, strlen(text->of_first));
		appendStringInfoString(buf, "</tspan></text>\n");
	}
}

/* All that is written at a stage. */
static void
append_texts(StringInfo buf, const Layout *layout, const StageText *text)
{
	double		middle = text->top + layout->bar_height / 2;
	double		note;

	if (layout->form->narrow)
	{
		double		y = text->top - 8;

		append_first_line(buf, layout, text, y);
		funnel_draw_lines(buf, layout->numbers_x, y - text->name.nlines * LEADING, LEADING,
						  FUNNEL_LEFT, " funnel-bold funnel-rim", &text->name);
		note = text->top + layout->bar_height + SMALL_LEADING;
	}
	else
	{
		double		y = middle + 5 - text->nnotes * SMALL_LEADING / 2;

		funnel_draw_lines(buf, FUNNEL_MARGIN,
						  middle + 5 - (text->name.nlines - 1) * LEADING / 2,
						  LEADING, FUNNEL_LEFT, " funnel-bold", &text->name);
		append_first_line(buf, layout, text, y);
		note = y + SMALL_LEADING + 1;
	}
	for (int i = 0; i < text->nnotes; i++)
		funnel_draw_ascii(buf, layout->numbers_x, note + i * SMALL_LEADING, FUNNEL_LEFT,
						  " funnel-small funnel-rim", text->notes[i]);
}

/* A stage: its bar, what is written, and the ratio above the bar. */
static void
append_stage(StringInfo buf, const Layout *layout, int k)
{
	const FunnelOutlineStage *stage = &layout->outline->stages[k];
	const StageText *text = &layout->stages[k];

	appendStringInfoString(buf, "<g><title>");
	funnel_xml_append_apart(buf, stage->name, strlen(stage->name));
	appendStringInfo(buf, ": %s%s</title>\n", text->count, stage->optional ? ", optional" : "");
	append_bar(buf, layout, stage, text->top);
	append_texts(buf, layout, text);
	if (text->of_previous != NULL && !layout->form->narrow)
		funnel_draw_ascii(buf, layout->bars_center, text->top - LINK_HEIGHT / 2 + 4,
						  FUNNEL_MIDDLE, " funnel-small", text->of_previous);
	else if (text->of_previous != NULL)
		funnel_draw_ascii(buf, layout->form->width - FUNNEL_MARGIN / 2.0, text->top - 8,
						  FUNNEL_RIGHT, " funnel-small funnel-rim", text->of_previous);
	appendStringInfoString(buf, "</g>\n");
}

void
funnel_draw_result(StringInfo buf, const FunnelTally *tally, const FunnelOutline *outline,
				   const FunnelPictureForm *form)
{
	Layout	   *layout = lay_out(tally, outline, form);
	double		margin = form->narrow ? FUNNEL_MARGIN / 2.0 : FUNNEL_MARGIN;

	funnel_draw_begin(buf, form->width, layout->height, form->title, form->len, "Funnel",
					  form->standalone);
	if (form->len > 0)
		funnel_draw_lines(buf, margin, margin + 16, TITLE_LEADING, FUNNEL_LEFT,
						  " funnel-title", &layout->title);

	/* first what the bars lie on */
	for (int k = 1; k < outline->nstages; k++)
	{
		if (!outline->stages[k].optional)
			append_link(buf, layout, k);
	}
	for (int k = 0; k < outline->nstages; k++)
	{
		CHECK_FOR_INTERRUPTS();
		append_stage(buf, layout, k);
	}
	funnel_draw_lines(buf, margin,
					  layout->height - margin - (layout->summary.nlines - 1) * SMALL_LEADING,
					  SMALL_LEADING, FUNNEL_LEFT, " funnel-small", &layout->summary);
	funnel_draw_end(buf);
}

/* funnel_svg(result, title): without a title, or with an empty one, there is none. */
PG_FUNCTION_INFO_V1(funnel_svg);
Datum
funnel_svg(PG_FUNCTION_ARGS)
{
	FunnelTally *tally;
	FunnelPictureForm form = {FUNNEL_WIDE_PICTURE, false, true, NULL, 0};
	StringInfoData buf;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	tally = PG_GETARG_FUNNEL_TALLY(0);
	if (!PG_ARGISNULL(1))
	{
		text	   *title = PG_GETARG_TEXT_PP(1);

		form.title = VARDATA_ANY(title);
		form.len = VARSIZE_ANY_EXHDR(title);
	}
	initStringInfo(&buf);
	funnel_draw_result(&buf, tally, funnel_outline(tally, DT_NOBEGIN), &form);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buf.data, buf.len));
}
