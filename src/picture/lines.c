/*-------------------------------------------------------------------------
 *
 * picture/lines.c
 *	  Lines of plain text, in columns, for terminals.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "picture/lines.h"
#include "picture/text.h"

void
funnel_lines_append_right(StringInfo buf, const char *text, int width)
{
	appendStringInfoSpaces(buf, FUNNEL_LINES_GAP + width - (int) strlen(text));
	appendStringInfoString(buf, text);
}

void
funnel_lines_end(StringInfo buf)
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
		funnel_lines_end(buf);
		*column = 0;
		separator = "";
	}
	appendStringInfo(buf, "%s%s%s", separator, text, more);
	*column += (int) strlen(separator) + len;
}

void
funnel_lines_append_summary(StringInfo buf, const FunnelTally *tally,
							const FunnelOutline *outline, int width)
{
	int			column = 0;

	append_piece(buf, &column, width, "", funnel_picture_count(outline->converted), " converted,");
	append_piece(buf, &column, width, " ", funnel_picture_count(outline->dropped), " dropped,");
	append_piece(buf, &column, width, " ", funnel_picture_count(outline->pending), " pending");
	if (tally->has_horizon)
		append_piece(buf, &column, width, " ", funnel_picture_as_of(tally), "");
}
