/*-------------------------------------------------------------------------
 *
 * language/print.c
 *	  Writing a definition: its canonical text and the names of its stages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "language/definition.h"

/*
 * The words that begin a clause.  As events they are quoted, so that a reader
 * never takes one for the other.
 */
static const char *const clause_words[] = {
	"within", "any", "first", "last", "every", "increasing", "unless"
};

/*
 * Can the segment stand without quotes?  A colon at its end could be taken for
 * that of a label.  Which non-ASCII characters are bare is known for UTF8
 * only: elsewhere they are quoted, so that the text can be read in a database
 * of any encoding.
 */
static bool
is_bare_segment(const FunnelSegment *segment)
{
	const char *end = segment->text + segment->len;
	int			len;

	if (segment->len == 0 || end[-1] == ':')
		return false;

	for (const char *at = segment->text; at < end; at += len)
	{
		if (IS_HIGHBIT_SET(*at) && GetDatabaseEncoding() != PG_UTF8)
			return false;
		len = funnel_definition_bare_length(at, end);
		if (len == 0)
			return false;
	}

	return true;
}

static bool
is_clause_word(const FunnelSegment *segment)
{
	for (int i = 0; i < (int) lengthof(clause_words); i++)
	{
		if (segment->len == (int) strlen(clause_words[i]) &&
			pg_strncasecmp(segment->text, clause_words[i], segment->len) == 0)
			return true;
	}
	return false;
}

static void
print_quoted(StringInfo buf, const FunnelSegment *segment)
{
	appendStringInfoChar(buf, '"');
	for (int i = 0; i < segment->len; i++)
	{
		/* in every server encoding this byte is the character only */
		if (segment->text[i] == '"')
			appendStringInfoChar(buf, '"');
		appendStringInfoChar(buf, segment->text[i]);
	}
	appendStringInfoChar(buf, '"');
}

static void
print_word(StringInfo buf, const FunnelWord *word)
{
	for (int i = 0; i < word->nsegments; i++)
	{
		const FunnelSegment *segment = &word->segments[i];

		if (i > 0)
			appendStringInfoChar(buf, '*');

		/* next to a wildcard nothing needs no quotes */
		if (segment->len == 0 && word->nsegments > 1)
			continue;

		if (is_bare_segment(segment) &&
			!(word->nsegments == 1 && is_clause_word(segment)))
			appendBinaryStringInfo(buf, segment->text, segment->len);
		else
			print_quoted(buf, segment);
	}
}

static void
print_words(StringInfo buf, const FunnelWord *words, int nwords)
{
	for (int i = 0; i < nwords; i++)
	{
		if (i > 0)
			appendStringInfoChar(buf, '|');
		print_word(buf, &words[i]);
	}
}

static void
print_label(StringInfo buf, const char *label)
{
	FunnelSegment segment;
	FunnelWord	word;

	segment.text = unconstify(char *, label);
	segment.len = strlen(label);
	word.nsegments = 1;
	word.segments = &segment;
	print_word(buf, &word);
	appendStringInfoString(buf, ": ");
}

static void
print_amount(StringInfo buf, int64 amount, const char *unit)
{
	if (amount > 0)
		appendStringInfo(buf, INT64_FORMAT " %s%s ", amount, unit,
						 amount == 1 ? "" : "s");
}

/* Positive microseconds as "1 day 2 hours 3 minutes 1.5 seconds". */
static void
print_duration(StringInfo buf, int64 usecs)
{
	int64		seconds;
	int			micros;

	Assert(usecs > 0);

	print_amount(buf, usecs / FUNNEL_USECS_PER_DAY, "day");
	usecs %= FUNNEL_USECS_PER_DAY;
	print_amount(buf, usecs / FUNNEL_USECS_PER_HOUR, "hour");
	usecs %= FUNNEL_USECS_PER_HOUR;
	print_amount(buf, usecs / FUNNEL_USECS_PER_MINUTE, "minute");
	usecs %= FUNNEL_USECS_PER_MINUTE;
	seconds = usecs / FUNNEL_USECS_PER_SECOND;
	micros = (int) (usecs % FUNNEL_USECS_PER_SECOND);

	if (micros == 0)
		print_amount(buf, seconds, "second");
	else
	{
		int			digits = 6;

		for (; micros % 10 == 0; micros /= 10)
			digits--;
		appendStringInfo(buf, INT64_FORMAT ".%0*d seconds ",
						 seconds, digits, micros);
	}

	/* drop the space behind the last amount */
	buf->data[--buf->len] = '\0';
}

static void
print_link(StringInfo buf, const FunnelStep *step)
{
	char		line = step->strict ? '=' : '-';
	const char *separator = "[";

	appendStringInfo(buf, " %c", line);
	if (step->nexcluded > 0)
	{
		appendStringInfo(buf, "%s!", separator);
		print_words(buf, step->excluded, step->nexcluded);
		separator = ", ";
	}
	if (step->shortest != 0)
	{
		appendStringInfo(buf, "%s>= ", separator);
		print_duration(buf, step->shortest);
		separator = ", ";
	}
	if (step->gap != 0)
	{
		appendStringInfoString(buf, separator);
		print_duration(buf, step->gap);
		separator = ", ";
	}
	if (*separator == ',')
		appendStringInfo(buf, "]%c", line);
	appendStringInfoString(buf, "> ");
}

/* The clauses come behind the steps, separated by commas. */
static void
print_clause(StringInfo buf, bool *first, const char *clause)
{
	appendStringInfo(buf, "%s%s", *first ? " " : ", ", clause);
	*first = false;
}

void
funnel_definition_print(StringInfo buf, const FunnelDefinition *definition)
{
	bool		first = true;

	for (int i = 0; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];

		if (i > 0)
			print_link(buf, step);
		if (step->label != NULL)
			print_label(buf, step->label);
		print_words(buf, step->words, step->nwords);
		if (step->optional)
			appendStringInfoChar(buf, '?');
	}

	if (definition->within != 0)
	{
		print_clause(buf, &first, "within ");
		print_duration(buf, definition->within);
	}
	if (definition->any_order)
		print_clause(buf, &first, "any order");
	if (definition->first_entry)
		print_clause(buf, &first, "first entry");
	if (definition->last_entry)
		print_clause(buf, &first, "last entry");
	if (definition->every_attempt)
		print_clause(buf, &first, "every attempt");
	if (definition->increasing)
		print_clause(buf, &first, "increasing");
	if (definition->nunless > 0)
	{
		print_clause(buf, &first, "unless ");
		print_words(buf, definition->unless, definition->nunless);
	}
}


/* The label of a step, or its alternatives as they are, joined by '|'. */
static char *
own_name(const FunnelStep *step)
{
	StringInfoData buf;

	if (step->label != NULL)
		return pstrdup(step->label);

	initStringInfo(&buf);
	for (int i = 0; i < step->nwords; i++)
	{
		const FunnelWord *word = &step->words[i];

		if (i > 0)
			appendStringInfoChar(&buf, '|');
		for (int j = 0; j < word->nsegments; j++)
		{
			if (j > 0)
				appendStringInfoChar(&buf, '*');
			appendBinaryStringInfo(&buf, word->segments[j].text,
								   word->segments[j].len);
		}
	}

	return buf.data;
}

static bool
is_among(char **names, int nnames, const char *name)
{
	for (int i = 0; i < nnames; i++)
	{
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

char **
funnel_definition_stage_names(const FunnelDefinition *definition)
{
	int			nsteps = definition->nsteps;
	char	  **names = palloc0(nsteps * sizeof(char *));
	char	   *own[FUNNEL_MAX_STEPS];

	if (definition->any_order)
	{
		for (int i = 0; i < nsteps; i++)
			names[i] = psprintf("%d of %d", i + 1, nsteps);
		return names;
	}

	/*
	 * Every name goes to the first step that has it as its own; a number is
	 * never added such that it takes the name of another step.
	 */
	for (int i = 0; i < nsteps; i++)
	{
		own[i] = own_name(&definition->steps[i]);
		if (!is_among(own, i, own[i]))
			names[i] = own[i];
	}

	for (int i = 0; i < nsteps; i++)
	{
		int			number = 2;

		while (names[i] == NULL)
		{
			char	   *name = psprintf("%s %d", own[i], number++);

			if (!is_among(names, nsteps, name))
				names[i] = name;
			else
				pfree(name);
		}
	}

	return names;
}
