/*-------------------------------------------------------------------------
 *
 * language/parse.c
 *	  Reading the definition language.
 *
 *	funnel	 = step { link step } { [","] clause }
 *	step	 = [ name ":" ] term { "|" term } [ "?" ]
 *	link	 = "->" | "=>"
 *			 | "-[" cond { "," cond } "]->" | "=[" cond { "," cond } "]=>"
 *	cond	 = "!" term { "|" term } | [ "<=" ] duration | ">=" duration
 *
 * What a name, a term, a duration and a clause are, language/terms.h,
 * language/durations.h and language/clauses.h say.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "language/clauses.h"
#include "language/durations.h"
#include "language/exclusions.h"
#include "language/parse.h"
#include "language/terms.h"

/* [ name ":" ] term { "|" term } [ "?" ] */
static bool
parse_step(FunnelParser *p, FunnelStep *step)
{
	FunnelTerm	term;

	skip_space(p);
	if (!funnel_parse_term(p, &term, &step->name))
		return false;

	if (step->name == NULL)
	{
		funnel_append_term(&step->terms, &step->nterms, &term);
		skip_space(p);
		if (skip_char(p, '|') &&
			!funnel_parse_terms(p, &step->terms, &step->nterms))
			return false;
	}
	else if (!funnel_parse_terms(p, &step->terms, &step->nterms))
		return false;

	if (at_char(p, '?'))
	{
		p->optional_at[p->definition->nsteps] = p->pos++;
		step->optional = true;
		skip_space(p);
	}

	return true;
}

/* [ "<=" ] duration | ">=" duration */
static bool
parse_gap(FunnelParser *p, FunnelStep *step)
{
	const char *start = p->pos;
	bool		is_shortest = *start == '>';
	int64	   *gap = is_shortest ? &step->shortest : &step->gap;
	int64		duration;

	if (*start == '<' || *start == '>')
	{
		p->pos += 2;
		skip_space(p);
	}
	if (!funnel_parse_duration(p, &duration))
		return false;
	if (*gap != 0)
		return funnel_fail(p,
						   psprintf("The duration at character %d is the second of its link.",
									funnel_char_number(p, start)),
						   is_shortest ? "A link has at most one shortest gap." :
						   "A link has at most one longest gap; the shortest one is written with \">=\".");
	*gap = duration;
	if (is_shortest)
		p->shortest_at[p->definition->nsteps] = start;
	return true;
}

/* Does a gap begin here, or a duration with a sign, which is an error? */
static inline bool
at_gap(const FunnelParser *p)
{
	if (p->pos >= p->end)
		return false;
	if (*p->pos == '<' || *p->pos == '>')
		return p->pos + 1 < p->end && p->pos[1] == '=';
	return funnel_is_digit(*p->pos) || *p->pos == '-' || *p->pos == '+';
}

/* What stands between "-[" and "]" */
static bool
parse_conditions(FunnelParser *p, FunnelStep *step)
{
	do
	{
		skip_space(p);
		if (skip_char(p, '!'))
		{
			if (!funnel_parse_terms(p, &step->excluded, &step->nexcluded))
				return false;
		}
		else if (!at_gap(p))
			return funnel_expected(p, p->pos, "\"!\" and an event, or a duration",
								   FUNNEL_AT_CONDITION);
		else if (!parse_gap(p, step))
			return false;
		skip_space(p);
	} while (skip_char(p, ','));

	if (!skip_char(p, ']'))
		return funnel_expected(p, p->pos, "\",\" or \"]\"", FUNNEL_BEHIND_CONDITION);

	return true;
}

/* The link whose first character, "-" or "=", comes next. */
static bool
parse_link(FunnelParser *p, FunnelStep *step)
{
	const char *start = p->pos;
	char		line = *p->pos++;

	step->strict = line == '=';

	if (skip_char(p, '['))
	{
		if (!parse_conditions(p, step))
			return false;
		skip_space(p);
		if (!skip_char(p, line))
			return funnel_expected(p, p->pos, step->strict ? "\"=>\"" : "\"->\"",
								   FUNNEL_BEHIND_CONDITIONS);
		if (!skip_char(p, '>'))
			return funnel_expected(p, p->pos, "\">\"", FUNNEL_BEHIND_CONDITIONS);
	}
	else if (!skip_char(p, '>'))
		return funnel_expected(p, p->pos, "\">\" or \"[\"", FUNNEL_IN_LINK);

	if (step->strict || p->pos - start > 2)
		p->link_at[p->definition->nsteps] = start;

	return true;
}

/* No chain could pass a link whose shortest gap is longer than a limit. */
static bool
check_shortest_gaps(FunnelParser *p)
{
	const FunnelDefinition *definition = p->definition;

	for (int i = 1; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];
		bool		exceeds_gap = step->gap != 0 && step->shortest > step->gap;

		if (exceeds_gap ||
			(definition->within != 0 && step->shortest > definition->within))
			return funnel_fail(p,
							   psprintf("The shortest gap at character %d exceeds the %s.",
										funnel_char_number(p, p->shortest_at[i]),
										exceeds_gap ? "longest of its link" : "window"),
							   exceeds_gap ?
							   "The shorter duration stands behind \">=\", as in -[>= 1 day, 30 days]->." :
							   "Make the window longer, or the gap shorter.");
	}
	return true;
}

/* What cannot be judged before the whole is read. */
static bool
check_definition(FunnelParser *p)
{
	FunnelDefinition *definition = p->definition;
	int			last = definition->nsteps - 1;

	if (p->optional_at[0] != NULL)
		return funnel_fail(p,
						   psprintf("The first step cannot be optional, as \"?\" at character %d says.",
									funnel_char_number(p, p->optional_at[0])),
						   "Leave the \"?\" out, or begin with the step behind it.");
	if (p->optional_at[last] != NULL)
		return funnel_fail(p,
						   psprintf("The last step cannot be optional, as \"?\" at character %d says.",
									funnel_char_number(p, p->optional_at[last])),
						   "Leave the \"?\" out, or end with the step in front of it.");
	if (!funnel_check_clauses(p) || !check_shortest_gaps(p))
		return false;
	if (p->clause_at[FUNNEL_UNLESS] != NULL && last == 0)
		return funnel_fail(p,
						   psprintf("There is no link that \"unless\" at character %d could apply to.",
									funnel_char_number(p, p->clause_at[FUNNEL_UNLESS])),
						   "Leave \"unless\" out of a funnel of one step.");

	if (!definition->any_order)
		return true;

	for (int i = 0; i <= last; i++)
	{
		if (p->link_at[i] != NULL)
			return funnel_fail(p,
							   psprintf("Under \"any order\" every link is a plain \"->\"; the one at character %d is not.",
										funnel_char_number(p, p->link_at[i])),
							   "Write \"->\", or leave \"any order\" out.");
		if (p->optional_at[i] != NULL)
			return funnel_fail(p,
							   psprintf("Under \"any order\" no step is optional, as \"?\" at character %d says.",
										funnel_char_number(p, p->optional_at[i])),
							   "Leave the \"?\" or \"any order\" out.");
	}
	return true;
}

static bool
parse_definition(FunnelParser *p)
{
	FunnelDefinition *definition = p->definition;

	for (;;)
	{
		if (!parse_step(p, &definition->steps[definition->nsteps]))
			return false;
		definition->nsteps++;

		if (!at_char(p, '-') && !at_char(p, '='))
			break;
		if (definition->nsteps == FUNNEL_MAX_STEPS)
			return funnel_fail(p,
							   psprintf("There are more than %d steps: another follows at character %d.",
										FUNNEL_MAX_STEPS, funnel_char_number(p, p->pos)),
							   "Ask for fewer steps, or several as alternatives: share|invite.");
		if (!parse_link(p, &definition->steps[definition->nsteps]))
			return false;
	}

	if (!funnel_parse_clauses(p) || !check_definition(p))
		return false;
	funnel_definition_settle_exclusions(definition);
	return true;
}

static FunnelDefinition *
parse(const char *text, int len, int sqlerrcode, Node *escontext)
{
	FunnelParser parser = {0};

	if (len > FUNNEL_DEFINITION_MAX_BYTES)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel definition is too long"),
				 errdetail("It has %d bytes; at most %d are allowed.",
						   len, FUNNEL_DEFINITION_MAX_BYTES)));

	parser.text = text;
	parser.pos = text;
	parser.end = text + len;
	parser.sqlerrcode = sqlerrcode;
	parser.escontext = escontext;
	parser.definition = palloc0(sizeof(FunnelDefinition));
	parser.definition->steps = palloc0(FUNNEL_MAX_STEPS * sizeof(FunnelStep));
	initStringInfo(&parser.piece);

	return parse_definition(&parser) ? parser.definition : NULL;
}

FunnelDefinition *
funnel_definition_parse(const char *text, int len, Node *escontext)
{
	return parse(text, len, ERRCODE_INVALID_TEXT_REPRESENTATION, escontext);
}

FunnelDefinition *
funnel_definition_parse_binary(const char *text, int len, int sqlerrcode)
{
	return parse(text, len, sqlerrcode, NULL);
}
