/*-------------------------------------------------------------------------
 *
 * picture/draw.c
 *	  What all pictures are made of: SVG's frame, its texts, its colours.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "picture/draw.h"

/*
 * A text on what may be drawn below it has a rim of the background's colour.
 * The colours of nodes are told apart by who does not see all colours: they are
 * those of Okabe and Ito (2008), made lighter or darker.
 */
const char *const funnel_picture_style =
"svg.funnel{color-scheme:light dark}\n"
".funnel-card{fill:#ffffff;stroke:#d5d9e0}\n"
".funnel-text{fill:#1b2230;font:14px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Liberation Sans',Arial,sans-serif}\n"
".funnel-title{font-size:18px;font-weight:600}\n"
".funnel-bold{font-weight:600}\n"
".funnel-small{font-size:12px;fill:#566072}\n"
".funnel-rim{paint-order:stroke;stroke:#ffffff;stroke-width:4px;stroke-linejoin:round}\n"
".funnel-bar{fill:#3457c9}\n"
".funnel-aside{fill:#c3d0f7;stroke:#3457c9;stroke-dasharray:4 3}\n"
".funnel-nobody{fill:none;stroke:#b3bac6;stroke-dasharray:4 3}\n"
".funnel-link{fill:#e3e9fb}\n"
".funnel-axis{stroke:#b3bac6}\n"
".funnel-median{stroke:#c4551a;stroke-width:2px}\n"
"path.funnel-band{fill:none;stroke-opacity:.35}\n"
".funnel-0{fill:#3d6fb5;stroke:#3d6fb5}\n"
".funnel-1{fill:#c77f0a;stroke:#c77f0a}\n"
".funnel-2{fill:#138a68;stroke:#138a68}\n"
".funnel-3{fill:#b05a8c;stroke:#b05a8c}\n"
".funnel-4{fill:#3f9bc9;stroke:#3f9bc9}\n"
".funnel-5{fill:#c4551a;stroke:#c4551a}\n"
".funnel-6{fill:#7a6fc0;stroke:#7a6fc0}\n"
".funnel-7{fill:#8b8f98;stroke:#8b8f98}\n"
"@media (prefers-color-scheme:dark){\n"
".funnel-card{fill:#151a23;stroke:#323b4a}\n"
".funnel-text{fill:#eef1f6}\n"
".funnel-small{fill:#a9b3c3}\n"
".funnel-rim{stroke:#151a23}\n"
".funnel-bar{fill:#5b7ff0}\n"
".funnel-aside{fill:#2b3d78;stroke:#8ea8f7}\n"
".funnel-nobody{stroke:#4d5869}\n"
".funnel-link{fill:#232c45}\n"
".funnel-axis{stroke:#4d5869}\n"
".funnel-median{stroke:#f0a04b}\n"
"}\n";

FunnelLines
funnel_lines(const char *text, int size, int font_size, bool bold, double width, int nlines)
{
	FunnelLines result;

	Assert(nlines <= FUNNEL_MAX_LINES);
	result.letters = funnel_letters(text, size);
	result.size = font_size;
	result.nlines = funnel_letters_break(&result.letters, (int) (width * 1000 / font_size),
										 bold, nlines, result.lines);
	result.width = 0;
	for (int i = 0; i < result.nlines; i++)
	{
		int			line = funnel_letters_width(&result.letters, result.lines[i].from,
												result.lines[i].to, bold);

		result.width = Max(result.width, line * font_size / 1000.0);
	}
	return result;
}

void
funnel_draw_begin(StringInfo buf, double width, double height, const char *title, int len,
				  const char *name, bool styled)
{
	appendStringInfo(buf,
					 "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"funnel\" role=\"img\" "
					 "width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n<title>",
					 width, height, width, height);
	if (len > 0)
		funnel_xml_append(buf, title, len);
	else
		appendStringInfoString(buf, name);
	appendStringInfoString(buf, "</title>\n");
	if (styled)
		appendStringInfo(buf, "<style>\n%s</style>\n", funnel_picture_style);
	funnel_draw_rect(buf, "funnel-card", 0.5, 0.5, width - 1, height - 1, 8);
}

void
funnel_draw_end(StringInfo buf)
{
	appendStringInfoString(buf, "</svg>\n");
}

/* Begin a text.  Where one from right to left begins is where it ends. */
static void
begin_text(StringInfo buf, double x, double y, FunnelAnchor anchor, const char *classes,
		   bool right_to_left)
{
	appendStringInfo(buf, "<text class=\"funnel-text%s\" x=\"%.1f\" y=\"%.1f\"", classes, x, y);
	if (right_to_left)
		appendStringInfoString(buf, " direction=\"rtl\"");
	if (anchor == FUNNEL_MIDDLE)
		appendStringInfoString(buf, " text-anchor=\"middle\"");
	else if ((anchor == FUNNEL_RIGHT) != right_to_left)
		appendStringInfoString(buf, " text-anchor=\"end\"");
	appendStringInfoChar(buf, '>');
}

void
funnel_draw_ascii(StringInfo buf, double x, double y, FunnelAnchor anchor, const char *classes,
				  const char *text)
{
	begin_text(buf, x, y, anchor, classes, false);
	funnel_xml_append(buf, text, strlen(text));
	appendStringInfoString(buf, "</text>\n");
}

void
funnel_draw_lines(StringInfo buf, double x, double y, double leading, FunnelAnchor anchor,
				  const char *classes, const FunnelLines *text)
{
	for (int i = 0; i < text->nlines; i++)
	{
		const FunnelLine *line = &text->lines[i];

		if (line->from == line->to && !line->cut)
			continue;
		begin_text(buf, x, y + i * leading, anchor, classes, text->letters.right_to_left);
		funnel_letters_append(buf, &text->letters, line);
		appendStringInfoString(buf, "</text>\n");
	}
}

void
funnel_draw_rect(StringInfo buf, const char *classes, double x, double y, double width,
				 double height, double radius)
{
	appendStringInfo(buf,
					 "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"",
					 classes, x, y, width, height);
	if (radius > 0)
		appendStringInfo(buf, " rx=\"%g\"", radius);
	appendStringInfoString(buf, "/>\n");
}
