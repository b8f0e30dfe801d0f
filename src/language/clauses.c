/*-------------------------------------------------------------------------
 *
 * language/clauses.c
 *	  The clauses of a definition.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "language/clauses.h"
#include "language/durations.h"
#include "language/terms.h"

/* The clause that begins with the word from START to END, or -1. */
static int
find_clause(const char *start, const char *end)
{
	for (int i = 0; i < FUNNEL_NUM_CLAUSES; i++)
	{
		const char *words = funnel_clauses[i].words;

		if (strcspn(words, " ") == (size_t) (end - start) &&
			pg_strncasecmp(words, start, end - start) == 0)
			return i;
	}
	return -1;
}

/* What follows the first word of a clause */
static bool
parse_clause(FunnelParser *p, FunnelClause kind)
{
	const char *words = funnel_clauses[kind].words;
	const char *space = strchr(words, ' ');

	skip_space(p);
	if (space != NULL)
	{
		const char *end = funnel_bare_run_end(p->pos, p->end);

		if (!funnel_is_word(p->pos, end - p->pos, space + 1))
			return funnel_fail_at(p, p->pos, psprintf("\"%s\"", space + 1),
								  psprintf("Write \"%s\".", words));
		p->pos = end;
	}

	if (kind == FUNNEL_WITHIN)
		return funnel_parse_duration(p, &p->definition->within);
	if (kind == FUNNEL_UNLESS)
		return funnel_parse_terms(p, &p->definition->unless, &p->definition->nunless);
	*funnel_definition_flag(p->definition, kind) = true;
	return true;
}

bool
funnel_parse_clauses(FunnelParser *p)
{
	int			last = -1;

	for (;;)
	{
		const char *start;
		const char *end;
		bool		after_comma;
		int			kind;

		skip_space(p);
		after_comma = skip_char(p, ',');
		skip_space(p);
		if (p->pos >= p->end && !after_comma)
			return true;

		start = p->pos;
		end = funnel_bare_run_end(start, p->end);
		kind = find_clause(start, end);
		if (kind < 0)
		{
			if (after_comma)
				return funnel_expected(p, start, "a clause",
									   last < 0 ? FUNNEL_BEHIND_COMMA :
									   last == FUNNEL_UNLESS ? FUNNEL_BEHIND_UNLESS : FUNNEL_AT_CLAUSE);
			if (last >= 0)
				return funnel_expected(p, start, "a clause or the end",
									   last == FUNNEL_UNLESS ? FUNNEL_BEHIND_UNLESS : FUNNEL_BEHIND_CLAUSE);
			return funnel_expected(p, start, "\"->\", \"=>\", a clause or the end",
								   FUNNEL_BEHIND_STEP);
		}
		if (p->clause_at[kind] != NULL)
			return funnel_fail(p,
							   psprintf("The clause \"%s\" is repeated at character %d.",
										funnel_clauses[kind].words, funnel_char_number(p, start)),
							   kind == FUNNEL_UNLESS ?
							   "Several events are joined by \"|\", as in unless lost|cancelled." :
							   "Write each clause once.");
		p->clause_at[kind] = start;
		p->pos = end;
		if (!parse_clause(p, kind))
			return false;
		last = kind;
	}
}

/* The clauses of which only one can be. */
static bool
check_pair(FunnelParser *p, FunnelClause a, FunnelClause b, const char *hint)
{
	if (p->clause_at[a] == NULL || p->clause_at[b] == NULL)
		return true;
	return funnel_fail(p,
					   psprintf("\"%s\" at character %d cannot be combined with \"%s\" at character %d.",
								funnel_clauses[a].words, funnel_char_number(p, p->clause_at[a]),
								funnel_clauses[b].words, funnel_char_number(p, p->clause_at[b])),
					   hint);
}

bool
funnel_check_clauses(FunnelParser *p)
{
	static const char *const entry_hint =
		"Write one of \"first entry\", \"last entry\" and \"every attempt\".";
	static const char *const any_order_hint =
		"Of the other clauses only \"within\" and \"first entry\" go with \"any order\".";

	return check_pair(p, FUNNEL_FIRST_ENTRY, FUNNEL_LAST_ENTRY, entry_hint) &&
		check_pair(p, FUNNEL_FIRST_ENTRY, FUNNEL_EVERY_ATTEMPT, entry_hint) &&
		check_pair(p, FUNNEL_LAST_ENTRY, FUNNEL_EVERY_ATTEMPT, entry_hint) &&
		check_pair(p, FUNNEL_ANY_ORDER, FUNNEL_LAST_ENTRY, any_order_hint) &&
		check_pair(p, FUNNEL_ANY_ORDER, FUNNEL_EVERY_ATTEMPT, any_order_hint) &&
		check_pair(p, FUNNEL_ANY_ORDER, FUNNEL_INCREASING, any_order_hint) &&
		check_pair(p, FUNNEL_ANY_ORDER, FUNNEL_UNLESS, any_order_hint);
}

bool
funnel_is_clause_word(const char *text, int len)
{
	return find_clause(text, text + len) >= 0;
}
