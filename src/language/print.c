/*-------------------------------------------------------------------------
 *
 * language/print.c
 *	  Writing a definition: its canonical text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "language/chars.h"
#include "language/clauses.h"
#include "language/durations.h"
#include "language/print.h"

/*
 * Can the piece stand without quotes?  A colon at its end could be taken for
 * that of a name.  Which non-ASCII characters are bare is known for UTF8
 * only: elsewhere they are quoted, so that the text can be read in a database
 * of any encoding.
 */
static bool
is_bare(const FunnelPiece *piece)
{
	const char *end = piece->text + piece->len;
	int			len;

	if (piece->len == 0 || end[-1] == ':')
		return false;

	for (const char *at = piece->text; at < end; at += len)
	{
		if (IS_HIGHBIT_SET(*at) && GetDatabaseEncoding() != PG_UTF8)
			return false;
		len = funnel_bare_length(at, end);
		if (len == 0)
			return false;
	}

	return true;
}

static void
print_quoted(StringInfo buf, const FunnelPiece *piece)
{
	appendStringInfoChar(buf, '"');
	for (int i = 0; i < piece->len; i++)
	{
		/* in every server encoding this byte is the character only */
		if (piece->text[i] == '"')
			appendStringInfoChar(buf, '"');
		appendStringInfoChar(buf, piece->text[i]);
	}
	appendStringInfoChar(buf, '"');
}

static void
print_term(StringInfo buf, const FunnelTerm *term)
{
	for (int i = 0; i < term->npieces; i++)
	{
		const FunnelPiece *piece = &term->pieces[i];

		if (i > 0)
			appendStringInfoChar(buf, '*');

		/* next to a wildcard nothing needs no quotes */
		if (piece->len == 0 && term->npieces > 1)
			continue;

		if (is_bare(piece) &&
			!(term->npieces == 1 && funnel_is_clause_word(piece->text, piece->len)))
			appendBinaryStringInfo(buf, piece->text, piece->len);
		else
			print_quoted(buf, piece);
	}
}

static void
print_terms(StringInfo buf, const FunnelTerm *terms, int nterms)
{
	for (int i = 0; i < nterms; i++)
	{
		if (i > 0)
			appendStringInfoChar(buf, '|');
		print_term(buf, &terms[i]);
	}
}

static void
print_name(StringInfo buf, const char *name)
{
	FunnelPiece piece;
	FunnelTerm	term;

	piece.text = unconstify(char *, name);
	piece.len = strlen(name);
	term.npieces = 1;
	term.pieces = &piece;
	print_term(buf, &term);
	appendStringInfoString(buf, ": ");
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
		print_terms(buf, step->excluded, step->nexcluded);
		separator = ", ";
	}
	if (step->shortest != 0)
	{
		appendStringInfo(buf, "%s>= ", separator);
		funnel_duration_print(buf, step->shortest);
		separator = ", ";
	}
	if (step->gap != 0)
	{
		appendStringInfoString(buf, separator);
		funnel_duration_print(buf, step->gap);
		separator = ", ";
	}
	if (*separator == ',')
		appendStringInfo(buf, "]%c", line);
	appendStringInfoString(buf, "> ");
}

static bool
has_clause(const FunnelDefinition *definition, FunnelClause clause)
{
	if (clause == FUNNEL_WITHIN)
		return definition->within != 0;
	if (clause == FUNNEL_UNLESS)
		return definition->nunless > 0;
	return *funnel_definition_flag(definition, clause);
}

/* The clauses come behind the steps, separated by commas. */
static void
print_clauses(StringInfo buf, const FunnelDefinition *definition)
{
	const char *separator = " ";

	for (int i = 0; i < FUNNEL_NUM_CLAUSES; i++)
	{
		if (!has_clause(definition, i))
			continue;
		appendStringInfo(buf, "%s%s", separator, funnel_clauses[i].words);
		separator = ", ";
		if (funnel_clauses[i].flag == 0)
			appendStringInfoChar(buf, ' ');
		if (i == FUNNEL_WITHIN)
			funnel_duration_print(buf, definition->within);
		else if (i == FUNNEL_UNLESS)
			print_terms(buf, definition->unless, definition->nunless);
	}
}

void
funnel_definition_print(StringInfo buf, const FunnelDefinition *definition)
{
	for (int i = 0; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];

		if (i > 0)
			print_link(buf, step);
		if (step->name != NULL)
			print_name(buf, step->name);
		print_terms(buf, step->terms, step->nterms);
		if (step->optional)
			appendStringInfoChar(buf, '?');
	}
	print_clauses(buf, definition);
}
