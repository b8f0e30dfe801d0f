/*-------------------------------------------------------------------------
 *
 * picture/letters.c
 *	  Text in pictures and pages: cleaned, measured, broken into lines, written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "miscadmin.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "picture/letters.h"

#define REPLACEMENT			0xFFFD
#define ELLIPSIS			0x2026
#define JOINER				0x200D
#define FIRST_STRONG_ISOLATE	0x2068
#define POP_ISOLATE			0x2069

/*
 * In thousandths of a font's size: a wide character, and a narrow one of a font
 * that is not bold, to one that is.
 */
#define WIDE				1020
#define EMOJI				1320
#define REGULAR				920

/* The bytes of one character in UTF-8, at most two code points of four bytes. */
#define CHARACTER_ROOM		64

/* Reading a text of the database's encoding, one code point after another. */
typedef struct Reader
{
	const unsigned char *at;
	const unsigned char *end;
	Oid			conversion;		/* to UTF-8, if it is neither that nor none */
	unsigned char room[CHARACTER_ROOM]; /* a character that was converted */
	const unsigned char *converted;
	const unsigned char *converted_end;
} Reader;

static void
start_reading(Reader *reader, const char *text, int size)
{
	int			encoding = GetDatabaseEncoding();

	reader->at = (const unsigned char *) text;
	reader->end = reader->at + size;
	reader->converted = reader->converted_end = NULL;
	reader->conversion = InvalidOid;
	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
		reader->conversion = FindDefaultConversionProc(encoding, PG_UTF8);
}

/* The code point at *P, which is UTF-8 unless somebody lied. */
static pg_wchar
read_utf8(const unsigned char **p, const unsigned char *end)
{
	int			len = pg_utf_mblen(*p);
	pg_wchar	c = REPLACEMENT;

	if (len <= end - *p && pg_utf8_islegal(*p, len))
		c = utf8_to_unicode(*p);
	else
		len = 1;
	*p += len;
	return c;
}

/* The next code point, as it is; there must be one. */
static pg_wchar
read_raw(Reader *reader)
{
	int			encoding = GetDatabaseEncoding();
	int			len;
	int			size;

	if (reader->converted < reader->converted_end)
		return read_utf8(&reader->converted, reader->converted_end);
	if (*reader->at < 0x80)
		return *reader->at++;
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return read_utf8(&reader->at, reader->end);

	/* one that cannot be converted is no reason to fail */
	len = Min(pg_encoding_mblen(encoding, (const char *) reader->at), reader->end - reader->at);
	if (!OidIsValid(reader->conversion) ||
		pg_do_encoding_conversion_buf(reader->conversion, encoding, PG_UTF8,
									  (unsigned char *) reader->at, len,
									  reader->room, CHARACTER_ROOM, true) != len)
	{
		reader->at += len;
		return REPLACEMENT;
	}
	reader->at += len;
	size = strlen((char *) reader->room);
	if (size == 0)
		return REPLACEMENT;
	reader->converted = reader->room;
	reader->converted_end = reader->room + size;
	return read_utf8(&reader->converted, reader->converted_end);
}

/*
 * The next code point as it is shown: false at the end.
 *
 * XML 1.0 has no way to write most control characters, nor those two at the end
 * of each plane that are none; in HTML, references to those behind U+007F mean
 * others.
 */
static bool
read_letter(Reader *reader, pg_wchar *c)
{
	if (reader->at == reader->end && reader->converted == reader->converted_end)
		return false;
	*c = read_raw(reader);
	if (*c == '\t' || *c == '\n' || *c == '\r')
		*c = ' ';
	else if (*c < 0x20 || (*c >= 0x7F && *c < 0xA0) || (*c & 0xFFFE) == 0xFFFE ||
			 (*c >= 0xD800 && *c < 0xE000) || (*c >= 0xFDD0 && *c < 0xFDF0) || *c > 0x10FFFF)
		*c = REPLACEMENT;
	return true;
}

/* Whether a letter is written from right to left, 1, or from left to right, -1. */
static int
direction(pg_wchar c)
{
	if ((c >= 0x590 && c < 0x900) || (c >= 0xFB1D && c < 0xFE00) ||
		(c >= 0xFE70 && c < 0xFEFF) || (c >= 0x10800 && c < 0x11000) ||
		(c >= 0x1E800 && c < 0x1F000))
		return 1;
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == 0xAA || c == 0xB5 ||
		c == 0xBA || (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) ||
		(c >= 0x2C00 && c < 0x2E00) || (c >= 0x3040 && c < 0xFB1D) ||
		(c >= 0xFF21 && c < 0xFFE0) || (c >= 0x10000 && c < 0x10800) ||
		(c >= 0x20000 && c < 0xE0000))
		return -1;
	return 0;
}

FunnelLetters
funnel_letters(const char *text, int size)
{
	FunnelLetters letters = {text, size, 0, false, false, NULL};
	Reader		reader;
	pg_wchar	c;
	int			towards = 0;

	/* no text has more characters than bytes, but for what EUC has two for */
	letters.chars = palloc(sizeof(pg_wchar) * FUNNEL_LETTERS_MAX);
	start_reading(&reader, text, size);
	while (read_letter(&reader, &c))
	{
		if (letters.count == FUNNEL_LETTERS_MAX)
		{
			letters.more = true;
			break;
		}
		letters.chars[letters.count++] = c;
		if (towards == 0)
			towards = direction(c);
	}
	letters.right_to_left = towards > 0;
	return letters;
}

/*
 * The widths of the characters from U+0020 to U+007E in DejaVu Sans Bold, which
 * has wider ones than most fonts.
 */
static const uint16 ascii_width[] = {
	348, 456, 521, 838, 696, 1002, 872, 306, 457, 457, 523, 838, 380, 415, 380, 365,
	696, 696, 696, 696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 580,
	1000, 774, 762, 734, 830, 683, 683, 821, 837, 372, 372, 775, 637, 995, 837, 850,
	733, 850, 770, 720, 682, 812, 774, 1103, 771, 724, 725, 457, 365, 457, 838, 500,
	500, 675, 716, 593, 716, 678, 435, 716, 712, 343, 343, 665, 343, 1042, 712, 687,
	716, 716, 493, 595, 478, 712, 652, 924, 645, 652, 582, 712, 365, 712, 838
};

/* Others that take one column on a terminal: what their widest have. */
static const struct
{
	pg_wchar	first;
	pg_wchar	last;
	int			width;
}			other_width[] = {
	{0xA0, 0x24F, 850},			/* Latin */
	{0x370, 0x58F, 950},		/* Greek, Cyrillic, Armenian */
	{0x590, 0x8FF, 800},		/* Hebrew, Arabic and their neighbours */
	{0x900, 0x109F, 1500},		/* of India, Tibet, Myanmar */
	{0x2E3A, 0x2E3B, 3100},		/* dashes */
	{0xA980, 0xA9DF, 2500},		/* Javanese */
	{0xFDF0, 0xFDFC, 2500},		/* words as one character */
	{0xFDFD, 0xFDFD, 11000},	/* a sentence as one */
	{0x12000, 0x1254F, 3500},	/* cuneiform */
};

#define SOME_OTHER_WIDTH	1100

/* How many columns of a terminal a character takes: 0, 1 or 2. */
static int
columns(pg_wchar c)
{
	unsigned char utf8[8] = {0};

	if (c == REPLACEMENT)
		return 1;
	unicode_to_utf8(c, utf8);
	return Max(pg_encoding_dsplen(PG_UTF8, (char *) utf8), 0);
}

static int
bold_width(pg_wchar c)
{
	if (c >= 0x20 && c < 0x7F)
		return ascii_width[c - 0x20];
	switch (columns(c))
	{
		case 0:
			return 0;
		case 2:
			return c >= 0x1F000 && c < 0x20000 ? EMOJI : WIDE;
		default:
			for (int i = 0; i < (int) lengthof(other_width); i++)
			{
				if (c >= other_width[i].first && c <= other_width[i].last)
					return other_width[i].width;
			}
			return SOME_OTHER_WIDTH;
	}
}

static int
letter_width(pg_wchar c, bool bold)
{
	int			width = bold_width(c);

	return bold ? width : width * REGULAR / 1000;
}

int
funnel_letters_width(const FunnelLetters *letters, int from, int to, bool bold)
{
	int			width = 0;

	for (int i = from; i < to; i++)
		width += letter_width(letters->chars[i], bold);
	return width;
}

int
funnel_ascii_width(const char *text, bool bold)
{
	int			width = 0;

	for (; *text != '\0'; text++)
		width += letter_width((unsigned char) *text, bold);
	return width;
}

/* Whether letter I must stay with the one before it. */
static bool
belongs_to_previous(const FunnelLetters *letters, int i)
{
	return columns(letters->chars[i]) == 0 || letters->chars[i - 1] == JOINER;
}

/* Whether a line may end before letter I > 0: not in a number or a time. */
static bool
may_break(const FunnelLetters *letters, int i)
{
	pg_wchar	before = letters->chars[i - 1];
	pg_wchar	here = letters->chars[i];

	if (belongs_to_previous(letters, i) || (before != ' ' && here >= '0' && here <= '9'))
		return false;
	return before == ' ' || (before < 0x80 && strchr("-_/.,:;&?=|>", (int) before) != NULL) ||
		columns(before) == 2 || columns(here) == 2;
}

/* How far a line from FROM may go, whatever it breaks. */
static int
reach(const FunnelLetters *letters, int from, int width, bool bold)
{
	int			used = 0;
	int			to = from;

	while (to < letters->count)
	{
		used += letter_width(letters->chars[to], bold);
		if (used > width && to > from)
			break;
		to++;
	}
	while (to < letters->count && to > from + 1 && belongs_to_previous(letters, to))
		to--;
	return to;
}

int
funnel_letters_break(const FunnelLetters *letters, int width, bool bold, int nlines,
					 FunnelLine *lines)
{
	int			from = 0;
	int			n = 0;

	do
	{
		int			to = reach(letters, from, width, bold);
		bool		is_rest = to == letters->count;
		bool		is_last = n == nlines - 1;
		FunnelLine *line = &lines[n++];

		line->cut = is_last && (!is_rest || letters->more);
		if (line->cut)
			to = reach(letters, from, width - letter_width(ELLIPSIS, bold), bold);
		else if (!is_rest)
		{
			int			at = to;

			while (at > from && !may_break(letters, at))
				at--;
			if (at > from)
				to = at;
		}
		line->from = from;
		line->to = to;
		from = to;
		/* blanks at a line's end take no room */
		while (line->to > line->from && letters->chars[line->to - 1] == ' ')
			line->to--;
		while (from < letters->count && letters->chars[from] == ' ')
			from++;
	} while (from < letters->count && n < nlines);
	return n;
}

static void
append_letter(StringInfo buf, pg_wchar c)
{
	switch (c)
	{
		case '&':
			appendStringInfoString(buf, "&amp;");
			break;
		case '<':
			appendStringInfoString(buf, "&lt;");
			break;
		case '>':
			appendStringInfoString(buf, "&gt;");
			break;
		case '"':
			appendStringInfoString(buf, "&quot;");
			break;
		default:
			if (c < 0x80)
				appendStringInfoChar(buf, (char) c);
			else
				appendStringInfo(buf, "&#x%X;", c);
			break;
	}
}

void
funnel_letters_append(StringInfo buf, const FunnelLetters *letters, const FunnelLine *line)
{
	for (int i = line->from; i < line->to; i++)
		append_letter(buf, letters->chars[i]);
	if (line->cut)
		append_letter(buf, ELLIPSIS);
}

void
funnel_xml_append(StringInfo buf, const char *text, int size)
{
	Reader		reader;
	pg_wchar	c;

	start_reading(&reader, text, size);
	for (size_t i = 0; read_letter(&reader, &c); i++)
	{
		funnel_poll_at(i);
		append_letter(buf, c);
	}
}

void
funnel_xml_append_apart(StringInfo buf, const char *text, int size)
{
	append_letter(buf, FIRST_STRONG_ISOLATE);
	funnel_xml_append(buf, text, size);
	append_letter(buf, POP_ISOLATE);
}
