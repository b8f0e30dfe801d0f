/*-------------------------------------------------------------------------
 *
 * language/parse.c
 *	  Reading the definition language.
 *
 *	funnel   = step { link step } { [","] clause }
 *	step     = [ label ":" ] word { "|" word } [ "?" ]
 *	link     = "->" | "=>"
 *			 | "-[" cond { "," cond } "]->" | "=[" cond { "," cond } "]=>"
 *	cond     = "!" word { "|" word } | [ "<=" ] duration | ">=" duration
 *	clause   = "within" duration | "any order" | "first entry" | "last entry"
 *			 | "every attempt" | "increasing" | "unless" word { "|" word }
 *	word     = pieces with no white space between: bare characters,
 *			   "quoted part" ("" is a quote), or * (any run of characters)
 *	label    = word without *, followed by ":" and white space or a quote;
 *			   any other ":" belongs to the word
 *	duration = number unit { number unit }
 *
 * The parser is written by hand: one character tells at every place what
 * follows, and a message can then say what was expected there.  It neither
 * recurses nor looks at anything but the text, so its result depends on
 * nothing else.  Every function below returns false once an error is
 * reported; the caller has only to return as well.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"
#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "language/chars.h"
#include "language/definition.h"
#include "language/hint.h"

typedef enum ClauseKind
{
	WITHIN,
	ANY_ORDER,
	FIRST_ENTRY,
	LAST_ENTRY,
	EVERY_ATTEMPT,
	INCREASING,
	UNLESS
} ClauseKind;

typedef struct Clause
{
	const char *first;
	const char *second;			/* word, or NULL */
} Clause;

static const Clause clauses[] = {
	[WITHIN] = {"within", NULL},
	[ANY_ORDER] = {"any", "order"},
	[FIRST_ENTRY] = {"first", "entry"},
	[LAST_ENTRY] = {"last", "entry"},
	[EVERY_ATTEMPT] = {"every", "attempt"},
	[INCREASING] = {"increasing", NULL},
	[UNLESS] = {"unless", NULL}
};

#define NUM_CLAUSES	((int) lengthof(clauses))

typedef struct Parser
{
	const char *text;
	const char *pos;			/* next character to read */
	const char *end;
	int			sqlerrcode;
	Node	   *escontext;
	FunnelDefinition *definition;
	StringInfoData piece;		/* the word segment being read */

	/* where things stand that only the whole definition can judge; or NULL */
	const char *optional_at[FUNNEL_MAX_STEPS];
	const char *link_at[FUNNEL_MAX_STEPS];	/* links that are not plain */
	const char *shortest_at[FUNNEL_MAX_STEPS];	/* shortest gaps */
	const char *clause_at[NUM_CLAUSES];
} Parser;

typedef struct Unit
{
	const char *name;
	int64		usecs;
} Unit;

static const Unit units[] = {
	{"us", 1},
	{"microsecond", 1},
	{"microseconds", 1},
	{"ms", 1000},
	{"millisecond", 1000},
	{"milliseconds", 1000},
	{"s", FUNNEL_USECS_PER_SECOND},
	{"sec", FUNNEL_USECS_PER_SECOND},
	{"secs", FUNNEL_USECS_PER_SECOND},
	{"second", FUNNEL_USECS_PER_SECOND},
	{"seconds", FUNNEL_USECS_PER_SECOND},
	{"min", FUNNEL_USECS_PER_MINUTE},
	{"mins", FUNNEL_USECS_PER_MINUTE},
	{"minute", FUNNEL_USECS_PER_MINUTE},
	{"minutes", FUNNEL_USECS_PER_MINUTE},
	{"h", FUNNEL_USECS_PER_HOUR},
	{"hr", FUNNEL_USECS_PER_HOUR},
	{"hrs", FUNNEL_USECS_PER_HOUR},
	{"hour", FUNNEL_USECS_PER_HOUR},
	{"hours", FUNNEL_USECS_PER_HOUR},
	{"d", FUNNEL_USECS_PER_DAY},
	{"day", FUNNEL_USECS_PER_DAY},
	{"days", FUNNEL_USECS_PER_DAY},
	{"w", 7 * FUNNEL_USECS_PER_DAY},
	{"week", 7 * FUNNEL_USECS_PER_DAY},
	{"weeks", 7 * FUNNEL_USECS_PER_DAY}
};

/* Units that somebody may write but that have no one length. */
static const char *const calendar_units[] = {
	"mon", "mons", "month", "months", "quarter", "quarters",
	"y", "yr", "yrs", "year", "years"
};


/* ---------- characters ---------- */

static int
bare_length_but_dash(const char *at, const char *end)
{
	if (at >= end)
		return 0;
	if (IS_HIGHBIT_SET(*at))
		return funnel_is_rejected_code_point(funnel_code_point(at, end)) ? 0 : funnel_char_length(at, end);

	return funnel_is_letter(*at) || funnel_is_digit(*at) ||
		*at == '_' || *at == '.' || *at == '/' || *at == '$' || *at == ':';
}

int
funnel_definition_bare_length(const char *at, const char *end)
{
	/* "sign-up->x": the first dash belongs to the word, the second does not */
	if (at < end && *at == '-')
		return bare_length_but_dash(at + 1, end) > 0;

	return bare_length_but_dash(at, end);
}

static void
skip_space(Parser *p)
{
	while (p->pos < p->end && funnel_is_space(*p->pos))
		p->pos++;
}

/* Is C the next character? */
static inline bool
at_char(const Parser *p, char c)
{
	return p->pos < p->end && *p->pos == c;
}

/* Skip the next character if it is C. */
static inline bool
skip_char(Parser *p, char c)
{
	if (!at_char(p, c))
		return false;
	p->pos++;
	return true;
}


/* ---------- errors ---------- */

/* The position of AT in characters, the first being 1. */
static int
char_number(const Parser *p, const char *at)
{
	return pg_mbstrlen_with_len(p->text, at - p->text) + 1;
}

/* What stands at AT, for a message. */
static char *
found(const Parser *p, const char *at)
{
	const char *end;
	int			len;

	if (at >= p->end)
		return pstrdup("the end");

	if (IS_HIGHBIT_SET(*at))
	{
		pg_wchar	c = funnel_code_point(at, p->end);

		if (funnel_is_rejected_code_point(c))
			return psprintf("U+%04X", c);
	}
	else if ((unsigned char) *at < ' ' || *at == 0x7F)
		return psprintf("U+%04X", (unsigned char) *at);

	end = funnel_bare_run_end(at, p->end);
	len = pg_mbcliplen(at, end - at, 40);
	if (len == 0)
		len = funnel_char_length(at, p->end);
	if ((*at == '-' || *at == '=') &&
		at + 1 < p->end && (at[1] == '>' || at[1] == '['))
		len = 2;

	return psprintf("\"%.*s\"", len, at);
}

/* Reports DETAIL, which says where in the text. */
static bool
fail(Parser *p, const char *detail, const char *hint)
{
	errsave(p->escontext,
			(errcode(p->sqlerrcode),
			 p->sqlerrcode == ERRCODE_INVALID_TEXT_REPRESENTATION ?
			 errmsg("invalid input syntax for type %s: \"%s\"", "funnel_def",
					pnstrdup(p->text, p->end - p->text)) :
			 errmsg("invalid binary value for type %s: \"%s\"", "funnel_def",
					pnstrdup(p->text, p->end - p->text)),
			 errdetail("%s", detail),
			 hint ? errhint("%s", hint) : 0));
	return false;
}

/* Reports that WHAT was expected at AT. */
static bool
fail_at(Parser *p, const char *at, const char *what, const char *hint)
{
	return fail(p,
				psprintf("Expected %s at character %d, but found %s.",
						 what, char_number(p, at), found(p, at)),
				hint);
}

/* The same, with a hint for the likeliest slip in this PLACE. */
static bool
expected(Parser *p, const char *at, const char *what, FunnelPlace place)
{
	return fail_at(p, at, what, funnel_definition_hint(p->text, at, p->end, place));
}


/* ---------- words ---------- */

/* Ends the segment being read and adds it to the word. */
static void
add_segment(Parser *p, FunnelWord *word, int *allocated)
{
	FunnelSegment *segment;

	if (word->nsegments == *allocated)
	{
		*allocated = *allocated ? *allocated * 2 : 1;
		word->segments = word->segments == NULL ?
			palloc(*allocated * sizeof(FunnelSegment)) :
			repalloc(word->segments, *allocated * sizeof(FunnelSegment));
	}

	segment = &word->segments[word->nsegments++];
	segment->text = pnstrdup(p->piece.data, p->piece.len);
	segment->len = p->piece.len;
	resetStringInfo(&p->piece);
}

/*
 * Reads a word.  If LABEL is not NULL, the word may turn out to be a label:
 * then *LABEL is set, and its colon is read too.
 */
static bool
parse_word(Parser *p, FunnelWord *word, char **label)
{
	const char *start = p->pos;
	int			allocated = 0;

	word->nsegments = 0;
	word->segments = NULL;
	resetStringInfo(&p->piece);

	for (;;)
	{
		int			len;

		if (at_char(p, '"'))
		{
			const char *quote = p->pos++;

			for (;;)
			{
				if (p->pos >= p->end)
					return fail(p,
								psprintf("The double quote at character %d is not closed.",
										 char_number(p, quote)),
								"A double quote inside of a quoted name is written twice.");
				if (*p->pos == '"')
				{
					p->pos++;
					if (!at_char(p, '"'))
						break;
				}
				len = funnel_char_length(p->pos, p->end);
				appendBinaryStringInfo(&p->piece, p->pos, len);
				p->pos += len;
			}
		}
		else if (at_char(p, '*'))
		{
			p->pos++;
			/* two wildcards with nothing between are one */
			if (word->nsegments == 0 || p->piece.len > 0)
				add_segment(p, word, &allocated);
		}
		else if (label != NULL && at_char(p, ':') &&
				 p->pos > start && word->nsegments == 0 &&
				 p->pos + 1 < p->end &&
				 (funnel_is_space(p->pos[1]) || p->pos[1] == '"'))
		{
			p->pos++;
			*label = pnstrdup(p->piece.data, p->piece.len);
			return true;
		}
		else if ((len = funnel_definition_bare_length(p->pos, p->end)) > 0)
		{
			appendBinaryStringInfo(&p->piece, p->pos, len);
			p->pos += len;
		}
		else
			break;
	}

	if (p->pos == start)
		return expected(p, start, "an event", FUNNEL_AT_EVENT);

	add_segment(p, word, &allocated);
	return true;
}

/* Appends a word to an array whose size is the power of two that holds it. */
static void
append_word(FunnelWord **words, int *nwords, const FunnelWord *word)
{
	if (*words == NULL)
		*words = palloc(sizeof(FunnelWord));
	else if ((*nwords & (*nwords - 1)) == 0)
		*words = repalloc(*words, 2 * *nwords * sizeof(FunnelWord));

	(*words)[(*nwords)++] = *word;
}

/* word { "|" word }, appended to an array. */
static bool
parse_words(Parser *p, FunnelWord **words, int *nwords)
{
	do
	{
		FunnelWord	word;

		skip_space(p);
		if (!parse_word(p, &word, NULL))
			return false;
		append_word(words, nwords, &word);
		skip_space(p);
	} while (skip_char(p, '|'));

	return true;
}


/* ---------- durations ---------- */

/*
 * Reads a number as whole units of USECS microseconds, once the unit is known:
 * the digits from INTEGER to FRACTION, and those from FRACTION to END, which
 * come behind a decimal point.  False on overflow.
 *
 * The fraction is worked out from its last digit: after each digit, carry is
 * the floor of the value of the digits so far and rest the first digit of what
 * is behind the point, so that the result is rounded exactly.
 */
static bool
scale_number(const char *integer, const char *fraction, const char *end,
			 int64 usecs, int64 *result)
{
	int64		whole = 0;
	int64		carry = 0;
	int64		rest = 0;

	for (const char *cp = integer; cp < fraction && funnel_is_digit(*cp); cp++)
	{
		if (pg_mul_s64_overflow(whole, 10, &whole) ||
			pg_add_s64_overflow(whole, *cp - '0', &whole))
			return false;
	}

	for (const char *cp = end; cp > fraction; cp--)
	{
		carry += (cp[-1] - '0') * usecs;
		rest = carry % 10;
		carry /= 10;
	}
	if (rest >= 5)
		carry++;

	return !pg_mul_s64_overflow(whole, usecs, &whole) &&
		!pg_add_s64_overflow(whole, carry, result);
}

/* The microseconds of the unit at AT, 0 if there is none of that name. */
static int64
find_unit(const char *at, int len)
{
	for (int i = 0; i < (int) lengthof(units); i++)
	{
		if (funnel_is_word(at, len, units[i].name))
			return units[i].usecs;
	}
	return 0;
}

/* What to write instead of the unit from AT to UNIT_END. */
static const char *
unit_hint(const char *at, const char *unit_end, const char *end)
{
	int			len = unit_end - at;

	for (int i = 0; i < (int) lengthof(calendar_units); i++)
	{
		if (funnel_is_word(at, len, calendar_units[i]))
			return "Months and years have no fixed length: write 30 days, or 365 days.";
	}
	if (funnel_is_word(at, len, "m"))
		return "Write \"min\" for minutes; for a month, write 30 days.";
	if (at + 1 < end && *at == ',' && funnel_is_digit(at[1]))
		return "Decimals stand behind a point, as in 1.5 days.";
	return "The units are us, ms, s, min, h, d and w, and their long names.";
}

static bool
parse_duration(Parser *p, int64 *duration)
{
	const char *start = p->pos;
	int64		sum = 0;

	if ((at_char(p, '-') || at_char(p, '+')) &&
		p->pos + 1 < p->end && funnel_is_digit(p->pos[1]))
		return fail(p,
					psprintf("The duration at character %d has a sign.",
							 char_number(p, start)),
					"A duration is longer than zero and has no sign.");
	if (p->pos >= p->end || !funnel_is_digit(*p->pos))
		return expected(p, p->pos, "a duration such as 7 days", FUNNEL_AT_DURATION);

	do
	{
		const char *integer = p->pos;
		const char *fraction;
		const char *number_end;
		const char *unit;
		int64		usecs;
		int64		value;

		while (p->pos < p->end && funnel_is_digit(*p->pos))
			p->pos++;
		fraction = p->pos;
		if (skip_char(p, '.'))
		{
			fraction = p->pos;
			while (p->pos < p->end && funnel_is_digit(*p->pos))
				p->pos++;
			if (p->pos == fraction)
				return expected(p, p->pos, "a digit", FUNNEL_AT_DECIMALS);
		}
		number_end = p->pos;

		skip_space(p);
		unit = p->pos;
		while (p->pos < p->end && funnel_is_letter(*p->pos))
			p->pos++;
		usecs = find_unit(unit, p->pos - unit);
		if (usecs == 0)
			return fail_at(p, unit, "a unit of time", unit_hint(unit, p->pos, p->end));

		if (!scale_number(integer, fraction, number_end, usecs, &value) ||
			pg_add_s64_overflow(sum, value, &sum))
			return fail(p,
						psprintf("The duration at character %d is too long.",
								 char_number(p, start)),
						"Leave the limit out if there is none.");
		skip_space(p);
	} while (p->pos < p->end && funnel_is_digit(*p->pos));

	if (sum == 0)
		return fail(p,
					psprintf("The duration at character %d is not longer than zero.",
							 char_number(p, start)),
					"Durations are exact to the microsecond.");

	*duration = sum;
	return true;
}


/* ---------- steps, links, clauses ---------- */

/* [ label ":" ] word { "|" word } [ "?" ] */
static bool
parse_step(Parser *p, FunnelStep *step)
{
	FunnelWord	word;

	skip_space(p);
	if (!parse_word(p, &word, &step->label))
		return false;

	if (step->label == NULL)
	{
		append_word(&step->words, &step->nwords, &word);
		skip_space(p);
		if (skip_char(p, '|') &&
			!parse_words(p, &step->words, &step->nwords))
			return false;
	}
	else if (!parse_words(p, &step->words, &step->nwords))
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
parse_gap(Parser *p, FunnelStep *step)
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
	if (!parse_duration(p, &duration))
		return false;
	if (*gap != 0)
		return fail(p,
					psprintf("The duration at character %d is the second of its link.",
							 char_number(p, start)),
					is_shortest ? "A link has at most one shortest gap." :
					"A link has at most one longest gap; the shortest one is written with \">=\".");
	*gap = duration;
	if (is_shortest)
		p->shortest_at[p->definition->nsteps] = start;
	return true;
}

/* Does a gap begin here, or a duration with a sign, which is an error? */
static inline bool
at_gap(const Parser *p)
{
	if (p->pos >= p->end)
		return false;
	if (*p->pos == '<' || *p->pos == '>')
		return p->pos + 1 < p->end && p->pos[1] == '=';
	return funnel_is_digit(*p->pos) || *p->pos == '-' || *p->pos == '+';
}

/* What stands between "-[" and "]" */
static bool
parse_conditions(Parser *p, FunnelStep *step)
{
	do
	{
		skip_space(p);
		if (skip_char(p, '!'))
		{
			if (!parse_words(p, &step->excluded, &step->nexcluded))
				return false;
		}
		else if (!at_gap(p))
			return expected(p, p->pos, "\"!\" and an event, or a duration",
							FUNNEL_AT_CONDITION);
		else if (!parse_gap(p, step))
			return false;
		skip_space(p);
	} while (skip_char(p, ','));

	if (!skip_char(p, ']'))
		return expected(p, p->pos, "\",\" or \"]\"", FUNNEL_BEHIND_CONDITION);

	return true;
}

/* The link whose first character, "-" or "=", comes next. */
static bool
parse_link(Parser *p, FunnelStep *step)
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
			return expected(p, p->pos, step->strict ? "\"=>\"" : "\"->\"",
							FUNNEL_BEHIND_CONDITIONS);
		if (!skip_char(p, '>'))
			return expected(p, p->pos, "\">\"", FUNNEL_BEHIND_CONDITIONS);
	}
	else if (!skip_char(p, '>'))
		return expected(p, p->pos, "\">\" or \"[\"", FUNNEL_IN_LINK);

	if (step->strict || p->pos - start > 2)
		p->link_at[p->definition->nsteps] = start;

	return true;
}

/* The clause that begins with the word from START to END, or -1. */
static int
find_clause(const char *start, const char *end)
{
	for (int i = 0; i < NUM_CLAUSES; i++)
	{
		if (funnel_is_word(start, end - start, clauses[i].first))
			return i;
	}
	return -1;
}

/* Both words of a clause, for messages. */
static char *
clause_name(int kind)
{
	const Clause *clause = &clauses[kind];

	return psprintf("%s%s%s", clause->first, clause->second ? " " : "",
					clause->second ? clause->second : "");
}

/* What follows the first word of a clause */
static bool
parse_clause(Parser *p, ClauseKind kind)
{
	FunnelDefinition *definition = p->definition;
	const char *second = clauses[kind].second;

	skip_space(p);
	if (second != NULL)
	{
		const char *end = funnel_bare_run_end(p->pos, p->end);

		if (!funnel_is_word(p->pos, end - p->pos, second))
			return fail_at(p, p->pos, psprintf("\"%s\"", second),
						   psprintf("Write \"%s\".", clause_name(kind)));
		p->pos = end;
	}

	switch (kind)
	{
		case WITHIN:
			return parse_duration(p, &definition->within);
		case ANY_ORDER:
			definition->any_order = true;
			break;
		case FIRST_ENTRY:
			definition->first_entry = true;
			break;
		case LAST_ENTRY:
			definition->last_entry = true;
			break;
		case EVERY_ATTEMPT:
			definition->every_attempt = true;
			break;
		case INCREASING:
			definition->increasing = true;
			break;
		case UNLESS:
			return parse_words(p, &definition->unless, &definition->nunless);
	}
	return true;
}

/* { [","] clause }, to the end of the text */
static bool
parse_clauses(Parser *p)
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
				return expected(p, start, "a clause",
								last < 0 ? FUNNEL_BEHIND_COMMA :
								last == UNLESS ? FUNNEL_BEHIND_UNLESS : FUNNEL_AT_CLAUSE);
			if (last >= 0)
				return expected(p, start, "a clause or the end", FUNNEL_BEHIND_CLAUSE);
			return expected(p, start, "\"->\", \"=>\", a clause or the end",
							FUNNEL_BEHIND_STEP);
		}
		if (p->clause_at[kind] != NULL)
			return fail(p,
						psprintf("The clause \"%s\" is repeated at character %d.",
								 clause_name(kind), char_number(p, start)),
						kind == UNLESS ?
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
check_pair(Parser *p, ClauseKind a, ClauseKind b, const char *hint)
{
	if (p->clause_at[a] == NULL || p->clause_at[b] == NULL)
		return true;
	return fail(p,
				psprintf("\"%s\" at character %d cannot be combined with \"%s\" at character %d.",
						 clause_name(a), char_number(p, p->clause_at[a]),
						 clause_name(b), char_number(p, p->clause_at[b])),
				hint);
}

static bool
check_clauses(Parser *p)
{
	static const char *const entry_hint =
		"Write one of \"first entry\", \"last entry\" and \"every attempt\".";
	static const char *const any_order_hint =
		"Of the other clauses only \"within\" and \"first entry\" go with \"any order\".";

	return check_pair(p, FIRST_ENTRY, LAST_ENTRY, entry_hint) &&
		check_pair(p, FIRST_ENTRY, EVERY_ATTEMPT, entry_hint) &&
		check_pair(p, LAST_ENTRY, EVERY_ATTEMPT, entry_hint) &&
		check_pair(p, ANY_ORDER, LAST_ENTRY, any_order_hint) &&
		check_pair(p, ANY_ORDER, EVERY_ATTEMPT, any_order_hint) &&
		check_pair(p, ANY_ORDER, INCREASING, any_order_hint) &&
		check_pair(p, ANY_ORDER, UNLESS, any_order_hint);
}

/* No chain could pass a link whose shortest gap is longer than a limit. */
static bool
check_shortest_gaps(Parser *p)
{
	const FunnelDefinition *definition = p->definition;

	for (int i = 1; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];
		bool		exceeds_gap = step->gap != 0 && step->shortest > step->gap;

		if (exceeds_gap ||
			(definition->within != 0 && step->shortest > definition->within))
			return fail(p,
						psprintf("The shortest gap at character %d exceeds the %s.",
								 char_number(p, p->shortest_at[i]),
								 exceeds_gap ? "longest of its link" : "window"),
						exceeds_gap ?
						"The shorter duration stands behind \">=\", as in -[>= 1 day, 30 days]->." :
						"Make the window longer, or the gap shorter.");
	}
	return true;
}

/* What cannot be judged before the whole is read. */
static bool
check_definition(Parser *p)
{
	FunnelDefinition *definition = p->definition;
	int			last = definition->nsteps - 1;

	if (p->optional_at[0] != NULL)
		return fail(p,
					psprintf("The first step cannot be optional, as \"?\" at character %d says.",
							 char_number(p, p->optional_at[0])),
					"Leave the \"?\" out, or begin with the step behind it.");
	if (p->optional_at[last] != NULL)
		return fail(p,
					psprintf("The last step cannot be optional, as \"?\" at character %d says.",
							 char_number(p, p->optional_at[last])),
					"Leave the \"?\" out, or end with the step in front of it.");
	if (!check_clauses(p) || !check_shortest_gaps(p))
		return false;
	if (p->clause_at[UNLESS] != NULL && last == 0)
		return fail(p,
					psprintf("There is no link that \"unless\" at character %d could apply to.",
							 char_number(p, p->clause_at[UNLESS])),
					"Leave \"unless\" out of a funnel of one step.");

	if (!definition->any_order)
		return true;

	for (int i = 0; i <= last; i++)
	{
		if (p->link_at[i] != NULL)
			return fail(p,
						psprintf("Under \"any order\" every link is a plain \"->\"; the one at character %d is not.",
								 char_number(p, p->link_at[i])),
						"Write \"->\", or leave \"any order\" out.");
		if (p->optional_at[i] != NULL)
			return fail(p,
						psprintf("Under \"any order\" no step is optional, as \"?\" at character %d says.",
								 char_number(p, p->optional_at[i])),
						"Leave the \"?\" or \"any order\" out.");
	}
	return true;
}

static bool
parse_definition(Parser *p)
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
			return fail(p,
						psprintf("There are more than %d steps: another follows at character %d.",
								 FUNNEL_MAX_STEPS, char_number(p, p->pos)),
						"Ask for fewer steps, or several as alternatives: share|invite.");
		if (!parse_link(p, &definition->steps[definition->nsteps]))
			return false;
	}

	if (!parse_clauses(p) || !check_definition(p))
		return false;
	funnel_definition_settle_exclusions(definition);
	return true;
}

static FunnelDefinition *
parse(const char *text, int len, int sqlerrcode, Node *escontext)
{
	Parser		parser = {0};

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
