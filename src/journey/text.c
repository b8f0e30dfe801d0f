/*-------------------------------------------------------------------------
 *
 * journey/text.c
 *	  A journey as JSON, for the input and output functions of the type.
 *
 *	  [["2026-01-31T23:59:59.5Z", "visit"], ["2026-02-01T00:00:00Z", null]]
 *
 * A dump must be read back whatever the journey holds.  So the text is read
 * here, as it comes, and not by way of a jsonb, which can hold less.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/json.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/instant.h"
#include "base/interrupts.h"
#include "journey/bytes.h"
#include "journey/text.h"

char *
funnel_journey_print(const FunnelJourney *journey)
{
	FunnelJourneyEvents events;
	StringInfoData buf;
	StringInfoData label;
	char	  **printed;
	int		   *printed_len;
	uint64		size = 2;

	funnel_journey_read(journey, &events);
	printed = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(char *) * Max(events.ncodes, 1));
	printed_len = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(int) * Max(events.ncodes, 1));
	initStringInfo(&label);
	for (uint32 code = 0; code < events.ncodes; code++)
	{
		resetStringInfo(&label);
		if (events.labels[code].text == NULL)
			appendStringInfoString(&label, "null");
		else
		{
			char	   *text = pnstrdup(events.labels[code].text, events.labels[code].len);

			escape_json(&label, text);
			pfree(text);
		}
		/* copied to size, because there may be millions of labels */
		printed[code] = pnstrdup(label.data, label.len);
		printed_len[code] = label.len;
		CHECK_FOR_INTERRUPTS();
	}
	pfree(label.data);

	/* the limit is reached before all is printed in vain */
	for (uint32 i = 0; i < events.count; i++)
	{
		size += printed_len[events.codes[i]] + strlen("[\"YYYY-MM-DDTHH:MM:SSZ\",]");
		funnel_poll_at(i);
	}
	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel_journey is too long to be printed"),
				 errdetail("Its %u events take more than 1 GB as text.", events.count),
				 errhint("Use COPY ... (FORMAT binary), or journey_slice().")));

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '[');
	for (uint32 i = 0; i < events.count; i++)
	{
		char		instant[FUNNEL_INSTANT_SIZE];
		int			len = funnel_instant_print(events.times[i], instant);

		appendBinaryStringInfo(&buf, i == 0 ? "[\"" : ", [\"", i == 0 ? 2 : 4);
		appendBinaryStringInfo(&buf, instant, len);
		appendBinaryStringInfo(&buf, "\", ", 3);
		appendBinaryStringInfo(&buf, printed[events.codes[i]], printed_len[events.codes[i]]);
		appendStringInfoChar(&buf, ']');
		funnel_poll_at(i);
	}
	appendStringInfoChar(&buf, ']');
	return buf.data;
}

typedef struct Parser
{
	const char *text;
	const char *p;				/* TEXT is terminated */
	Node	   *escontext;
	StringInfoData string;		/* the last string read */
} Parser;

/* Report what is wrong at the parser's position; returns false. */
static bool
expected(Parser *parser, const char *what)
{
	errsave(parser->escontext,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s", "funnel_journey"),
			 errdetail("Expected %s at character %d.", what,
					   pg_mbstrlen_with_len(parser->text, parser->p - parser->text) + 1),
			 errhint("A journey is a JSON array of events, each like [\"2026-01-31T23:59:59.5Z\", \"visit\"].")));
	return false;
}

static void
skip_white_space(Parser *parser)
{
	while (*parser->p == ' ' || *parser->p == '\t' ||
		   *parser->p == '\n' || *parser->p == '\r')
	{
		parser->p++;
		funnel_poll_at(parser->p - parser->text);
	}
}

/* Take C if it comes next. */
static bool
take(Parser *parser, char c)
{
	skip_white_space(parser);
	if (*parser->p != c)
		return false;
	parser->p++;
	return true;
}

static bool
read_hex4(Parser *parser, pg_wchar *value)
{
	*value = 0;
	for (int i = 0; i < 4; i++)
	{
		char		c = parser->p[i];

		*value <<= 4;
		if (c >= '0' && c <= '9')
			*value |= c - '0';
		else if (c >= 'a' && c <= 'f')
			*value |= c - 'a' + 10;
		else if (c >= 'A' && c <= 'F')
			*value |= c - 'A' + 10;
		else
			return expected(parser, "four hexadecimal digits");
	}
	parser->p += 4;
	return true;
}

/* What follows \u, a pair of surrogates included. */
static bool
read_unicode_escape(Parser *parser)
{
	const char *start = parser->p;
	pg_wchar	c;

	if (!read_hex4(parser, &c))
		return false;
	if (is_utf16_surrogate_first(c))
	{
		pg_wchar	second;

		if (parser->p[0] != '\\' || parser->p[1] != 'u')
			return expected(parser, "the second half of a surrogate pair");
		parser->p += 2;
		start = parser->p;
		if (!read_hex4(parser, &second))
			return false;
		if (!is_utf16_surrogate_second(second))
		{
			parser->p = start;
			return expected(parser, "the second half of a surrogate pair");
		}
		c = surrogate_pair_to_codepoint(c, second);
	}
	else if (is_utf16_surrogate_second(c) || c == 0)
	{
		parser->p = start;
		return expected(parser, "a character that text can hold");
	}

	if (c < 0x80)
		appendStringInfoChar(&parser->string, (char) c);
	else
	{
		unsigned char converted[MAX_UNICODE_EQUIVALENT_STRING + 1];

		if (!pg_unicode_to_server_noerror(c, converted))
			ereturn(parser->escontext, false,
					(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
					 errmsg("character U+%04X has no equivalent in encoding \"%s\"",
							c, GetDatabaseEncodingName())));
		appendStringInfoString(&parser->string, (char *) converted);
	}
	return true;
}

/* Read a string into parser->string; its quote comes next. */
static bool
read_string(Parser *parser)
{
	resetStringInfo(&parser->string);
	parser->p++;
	for (;;)
	{
		const char *start = parser->p;

		/* a string may be nothing but escapes */
		CHECK_FOR_INTERRUPTS();
		/* no byte of a character of several is one of these */
		while (*parser->p != '"' && *parser->p != '\\' &&
			   (unsigned char) *parser->p >= ' ')
		{
			parser->p++;
			funnel_poll_at(parser->p - parser->text);
		}
		appendBinaryStringInfo(&parser->string, start, parser->p - start);
		if (*parser->p == '"')
		{
			parser->p++;
			return true;
		}
		if (*parser->p == '\0')
			return expected(parser, "the end of a string");
		if (*parser->p != '\\')
			return expected(parser, "a control character to be escaped");
		parser->p++;
		switch (*parser->p)
		{
			case '"':
			case '\\':
			case '/':
				appendStringInfoChar(&parser->string, *parser->p);
				break;
			case 'b':
				appendStringInfoChar(&parser->string, '\b');
				break;
			case 'f':
				appendStringInfoChar(&parser->string, '\f');
				break;
			case 'n':
				appendStringInfoChar(&parser->string, '\n');
				break;
			case 'r':
				appendStringInfoChar(&parser->string, '\r');
				break;
			case 't':
				appendStringInfoChar(&parser->string, '\t');
				break;
			case 'u':
				parser->p++;
				if (!read_unicode_escape(parser))
					return false;
				continue;
			default:
				return expected(parser, "one of \"\\/bfnrtu");
		}
		parser->p++;
	}
}

static bool
read_event(Parser *parser, FunnelLabelTable *table, FunnelJourneyEvent *event)
{
	const char *start;

	if (!take(parser, '['))
		return expected(parser, "\"[\", an event,");
	skip_white_space(parser);
	start = parser->p;
	if (*parser->p != '"')
		return expected(parser, "a time like \"2026-01-31T23:59:59.5Z\"");
	if (!read_string(parser))
		return false;
	if (!funnel_instant_parse(parser->string.data, parser->string.len, &event->ts))
	{
		parser->p = start;
		return expected(parser, "a time like \"2026-01-31T23:59:59.5Z\"");
	}
	if (!take(parser, ','))
		return expected(parser, "\",\"");
	skip_white_space(parser);
	if (*parser->p == '"')
	{
		if (!read_string(parser))
			return false;
		event->label = funnel_label_table_add(table, parser->string.data,
											  parser->string.len);
	}
	else if (strncmp(parser->p, "null", 4) == 0)
	{
		parser->p += 4;
		event->label = FUNNEL_NO_LABEL;
	}
	else
		return expected(parser, "a label or null");
	if (!take(parser, ']'))
		return expected(parser, "\"]\"");
	return true;
}

FunnelJourney *
funnel_journey_parse(const char *text, Node *escontext)
{
	Parser		parser;
	FunnelLabelTable *table = funnel_label_table_create(CurrentMemoryContext, 8);
	FunnelJourneyEvent *events;
	size_t		nevents = 0;
	size_t		capacity = 32;

	parser.text = parser.p = text;
	parser.escontext = escontext;
	initStringInfo(&parser.string);
	events = palloc(sizeof(FunnelJourneyEvent) * capacity);

	if (!take(&parser, '['))
	{
		expected(&parser, "\"[\"");
		return NULL;
	}
	if (!take(&parser, ']'))
	{
		do
		{
			if (nevents == capacity)
			{
				capacity *= 2;
				events = repalloc_huge(events, sizeof(FunnelJourneyEvent) * capacity);
			}
			if (!read_event(&parser, table, &events[nevents]))
				return NULL;
			nevents++;
			funnel_poll_at(nevents);
		} while (take(&parser, ','));
		if (!take(&parser, ']'))
		{
			expected(&parser, "\",\" or \"]\"");
			return NULL;
		}
	}
	skip_white_space(&parser);
	if (*parser.p != '\0')
	{
		expected(&parser, "the end");
		return NULL;
	}
	return funnel_journey_build(table, events, nevents);
}
