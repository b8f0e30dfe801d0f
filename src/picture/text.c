/*-------------------------------------------------------------------------
 *
 * picture/text.c
 *	  Numbers and names as the pictures of a result show them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "base/instant.h"
#include "picture/text.h"

char *
funnel_picture_count(int64 count)
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
funnel_picture_percentage(int64 part, int64 whole)
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

const char *
funnel_picture_as_of(const FunnelTally *tally)
{
	char		instant[FUNNEL_INSTANT_SIZE];

	if (!tally->has_horizon)
		return "";
	funnel_instant_print(tally->horizon, instant);
	return psprintf("as of %s", instant);
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
funnel_picture_width(const char *text)
{
	int			width = 0;

	for (; *text != '\0'; text += pg_mblen(text))
		width += columns(text);
	return width;
}

int
funnel_picture_append_cut(StringInfo buf, const char *text, int width)
{
	bool		cut = funnel_picture_width(text) > width;
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
