/*-------------------------------------------------------------------------
 *
 * picture/text.c
 *	  Numbers and names as the pictures of a result show them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"
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

	/* where almost all is all to a double, too */
	if (part < whole && (double) part / (double) whole >= 0.9995)
		return pstrdup(">99.9%");
	return funnel_picture_ratio((double) part / (double) whole);
}

char *
funnel_picture_ratio(double ratio)
{
	/* rounding must not make some none, nor almost all all */
	if (ratio > 0 && ratio < 0.0005)
		return pstrdup("<0.1%");
	if (ratio < 1 && ratio >= 0.9995)
		return pstrdup(">99.9%");
	return psprintf("%.1f%%", 100.0 * ratio);
}

char *
funnel_picture_value(double value)
{
	double		cents;

	/* beyond that, a double has no cents */
	if (!(fabs(value) < 1e13))
		return psprintf("%g", value);
	cents = rint(fabs(value) * 100);
	return psprintf("%s%s.%02d", value < 0 && cents > 0 ? "-" : "",
					funnel_picture_count((int64) (cents / 100)), (int) fmod(cents, 100));
}

char *
funnel_picture_instant(int64 ts)
{
	char		instant[FUNNEL_INSTANT_SIZE];
	int			date;

	/* 2026-01-31T23:59:59.25Z, and a BC perhaps: years may have six digits */
	funnel_instant_print(ts, instant);
	date = strcspn(instant, "T");
	return psprintf("%.*s %.8s UTC%s", date, instant, instant + date + 1,
					strchr(instant, 'Z') + 1);
}

const char *
funnel_picture_as_of(const FunnelTally *tally)
{
	if (!tally->has_horizon)
		return "";
	return psprintf("as of %s", funnel_picture_instant(tally->horizon));
}

/* A time as two units, the lesser of which the greater has COUNT of. */
static char *
two_units(double time, const char *great, int count, const char *small)
{
	int64		rounded = (int64) rint(time * count);

	if (rounded % count == 0)
		return psprintf(INT64_FORMAT " %s", rounded / count, great);
	return psprintf(INT64_FORMAT " %s %d %s", rounded / count, great, (int) (rounded % count),
					small);
}

char *
funnel_picture_duration(double seconds)
{
	/* no unit may be rounded up to the next one */
	if (seconds < 0.0000005)
		return pstrdup("0 s");
	if (seconds < 0.9995)
		return psprintf("%.3g ms", seconds * 1000);
	if (seconds < 59.95)
		return psprintf("%.3g s", seconds);
	if (seconds < SECS_PER_HOUR - 0.5)
		return two_units(seconds / SECS_PER_MINUTE, "min", SECS_PER_MINUTE, "s");
	if (seconds < SECS_PER_DAY - SECS_PER_MINUTE / 2.0)
		return two_units(seconds / SECS_PER_HOUR, "h", MINS_PER_HOUR, "min");
	if (seconds < 100.0 * SECS_PER_DAY)
		return two_units(seconds / SECS_PER_DAY, "d", HOURS_PER_DAY, "h");
	if (seconds < 1e15 * SECS_PER_DAY)
		return psprintf("%s d", funnel_picture_count((int64) rint(seconds / SECS_PER_DAY)));
	return psprintf("%.3g d", seconds / SECS_PER_DAY);
}

/*
 * The bytes of a character.  Where the encoding is not known, what is legal UTF-8
 * is taken for that, as letters.c takes it.
 */
static int
character_length(const char *p)
{
	int			len;

	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		return pg_mblen(p);
	len = pg_utf_mblen((const unsigned char *) p);
	return strnlen(p, len) == (size_t) len && pg_utf8_islegal((const unsigned char *) p, len) ? len : 1;
}

/*
 * Is the character one that a terminal may obey?  C1 controls, U+0080 to U+009F, can
 * begin a sequence as ESC does.
 */
static bool
is_control(const char *p)
{
	unsigned char c = (unsigned char) *p;

	if (!IS_HIGHBIT_SET(c))
		return c < 0x20 || c == 0x7F;

	switch (GetDatabaseEncoding())
	{
		case PG_SQL_ASCII:
			if (character_length(p) == 1)
				return c < 0xA0;
			return c == 0xC2 && (unsigned char) p[1] < 0xA0;
		case PG_UTF8:
			return c == 0xC2 && (unsigned char) p[1] >= 0x80 && (unsigned char) p[1] < 0xA0;
		case PG_LATIN1:
		case PG_LATIN2:
		case PG_LATIN3:
		case PG_LATIN4:
		case PG_LATIN5:
		case PG_LATIN6:
		case PG_LATIN7:
		case PG_LATIN8:
		case PG_LATIN9:
		case PG_LATIN10:
		case PG_ISO_8859_5:
		case PG_ISO_8859_6:
		case PG_ISO_8859_7:
		case PG_ISO_8859_8:
			return c < 0xA0;
		default:
			/* the others have letters there, or parts of characters */
			return false;
	}
}

/* The columns of one character; what a terminal does not show has none. */
static int
columns(const char *p)
{
	int			encoding = GetDatabaseEncoding();

	if (is_control(p))
		return 1;
	if (encoding == PG_SQL_ASCII && character_length(p) > 1)
		encoding = PG_UTF8;
	return Max(pg_encoding_dsplen(encoding, p), 0);
}

int
funnel_picture_width(const char *text)
{
	int			width = 0;

	for (; *text != '\0'; text += character_length(text))
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
		int			len = character_length(text);

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
