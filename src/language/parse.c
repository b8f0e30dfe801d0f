/*-------------------------------------------------------------------------
 *
 * language/parse.c
 *	  Reading the definition language.
 *
 *	funnel   = step { link step } { [","] clause }
 *	step     = [ label ":" ] word { "|" word } [ "?" ]
 *	link     = "->" | "=>"
 *			 | "-[" cond { "," cond } "]->" | "=[" cond { "," cond } "]=>"
 *	cond     = "!" word { "|" word } | duration
 *	clause   = "within" duration | "any order" | "first entry" | "increasing"
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
#include "language/definition.h"

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
	const char *any_order_at;
} Parser;

#define CLAUSES_HINT \
	"The clauses are \"within\" and a duration, \"any order\", \"first entry\" and \"increasing\"."

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

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Length in bytes of the character at AT, never beyond END. */
static inline int
char_length(const char *at, const char *end)
{
	return Min(pg_mblen(at), (int) (end - at));
}

/*
 * The code point of the non-ASCII character at AT; 0 in a database whose
 * encoding is not UTF8, where nothing is known of it.
 */
static pg_wchar
code_point(const char *at, const char *end)
{
	if (GetDatabaseEncoding() != PG_UTF8 ||
		pg_mblen(at) > end - at)
		return 0;

	return utf8_to_unicode((const unsigned char *) at);
}

/*
 * Non-ASCII characters that are likelier a slip than part of a name: controls,
 * spaces of all kinds, dashes and curly quotes, arrows, the byte order mark.
 */
static bool
is_rejected_code_point(pg_wchar c)
{
	return (c >= 0x0080 && c <= 0x00A0) ||
		(c >= 0x2000 && c <= 0x206F) ||
		(c >= 0x2190 && c <= 0x21FF) ||
		c == 0x3000 || c == 0xFEFF;
}

static int
bare_length_but_dash(const char *at, const char *end)
{
	if (at >= end)
		return 0;
	if (IS_HIGHBIT_SET(*at))
		return is_rejected_code_point(code_point(at, end)) ? 0 : char_length(at, end);

	return is_letter(*at) || is_digit(*at) ||
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
	while (p->pos < p->end && is_space(*p->pos))
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

/* The end of the run of bare characters at AT. */
static const char *
bare_run_end(const Parser *p, const char *at)
{
	int			len;

	while ((len = funnel_definition_bare_length(at, p->end)) > 0)
		at += len;
	return at;
}

/* Are the LEN bytes at AT the ASCII word NAME, in any case? */
static bool
is_name(const char *at, int len, const char *name)
{
	return len == (int) strlen(name) && pg_strncasecmp(at, name, len) == 0;
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
		pg_wchar	c = code_point(at, p->end);

		if (is_rejected_code_point(c))
			return psprintf("U+%04X", c);
	}
	else if ((unsigned char) *at < ' ' || *at == 0x7F)
		return psprintf("U+%04X", (unsigned char) *at);

	end = bare_run_end(p, at);
	len = pg_mbcliplen(at, end - at, 40);
	if (len == 0)
		len = char_length(at, p->end);
	if ((*at == '-' || *at == '=') &&
		at + 1 < p->end && (at[1] == '>' || at[1] == '['))
		len = 2;

	return psprintf("\"%.*s\"", len, at);
}

/* What was probably meant by a character that has no meaning here, or NULL. */
static const char *
slip_hint(const Parser *p, const char *at)
{
	pg_wchar	c;

	if (at >= p->end)
		return NULL;

	switch (*at)
	{
		case '%':
			return "The wildcard is \"*\"; put a name that contains % in double quotes.";
		case '\'':
			return "Names are quoted with double quotes.";
		case '>':
			return "Steps are linked by \"->\", or by \"=>\" if no other event may come between.";
	}

	if (!IS_HIGHBIT_SET(*at))
	{
		if (funnel_definition_bare_length(at, p->end) > 0 || is_space(*at) ||
			strchr("-=[]!,|?*\"", *at) != NULL)
			return NULL;
		return "Put a name that contains this character in double quotes.";
	}

	c = code_point(at, p->end);
	if (!is_rejected_code_point(c))
		return NULL;
	if ((c >= 0x2018 && c <= 0x201F) || (c >= 0x2032 && c <= 0x203A))
		return "Names are quoted with straight double quotes.";
	if (c >= 0x2190 && c <= 0x21FF)
		return "Write an arrow as \"->\" or \"=>\", or put a name that contains one in double quotes.";
	if (c >= 0x2010 && c <= 0x2015)
		return "Write a dash as \"-\", or put a name that contains one in double quotes.";
	if (c == 0x00A0 || (c >= 0x2000 && c <= 0x200F) || c == 0x2028 ||
		c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x2060 ||
		c == 0x3000 || c == 0xFEFF)
		return "Use an ordinary space, or put a name that contains this one in double quotes.";
	return "Put a name that contains this character in double quotes.";
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

/* Reports that WHAT was expected at AT; a likely slip there gives the hint. */
static bool
expected(Parser *p, const char *at, const char *what, const char *hint)
{
	const char *slip = slip_hint(p, at);

	return fail(p,
				psprintf("Expected %s at character %d, but found %s.",
						 what, char_number(p, at), found(p, at)),
				slip ? slip : hint);
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
								NULL);
				if (*p->pos == '"')
				{
					p->pos++;
					if (!at_char(p, '"'))
						break;
				}
				len = char_length(p->pos, p->end);
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
				 (is_space(p->pos[1]) || p->pos[1] == '"'))
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
		return expected(p, start, "an event", NULL);

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

	for (const char *cp = integer; cp < fraction && is_digit(*cp); cp++)
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
		if (is_name(at, len, units[i].name))
			return units[i].usecs;
	}
	return 0;
}

static const char *
unit_hint(const char *at, int len)
{
	for (int i = 0; i < (int) lengthof(calendar_units); i++)
	{
		if (is_name(at, len, calendar_units[i]))
			return "Months and years have no fixed length: write 30 days, or 365 days.";
	}
	if (is_name(at, len, "m"))
		return "Write \"min\" for minutes; for a month, write 30 days.";
	return "The units are us, ms, s, min, h, d and w, and their long names.";
}

static bool
parse_duration(Parser *p, int64 *duration)
{
	const char *start = p->pos;
	int64		sum = 0;

	if ((at_char(p, '-') || at_char(p, '+')) &&
		p->pos + 1 < p->end && is_digit(p->pos[1]))
		return fail(p,
					psprintf("The duration at character %d has a sign.",
							 char_number(p, start)),
					"A duration is longer than zero and has no sign.");
	if (p->pos >= p->end || !is_digit(*p->pos))
		return expected(p, p->pos, "a duration such as 7 days", NULL);

	do
	{
		const char *integer = p->pos;
		const char *fraction;
		const char *number_end;
		const char *unit;
		int64		usecs;
		int64		value;

		while (p->pos < p->end && is_digit(*p->pos))
			p->pos++;
		fraction = p->pos;
		if (skip_char(p, '.'))
		{
			fraction = p->pos;
			while (p->pos < p->end && is_digit(*p->pos))
				p->pos++;
			if (p->pos == fraction)
				return expected(p, p->pos, "a digit", NULL);
		}
		number_end = p->pos;

		skip_space(p);
		unit = p->pos;
		while (p->pos < p->end && is_letter(*p->pos))
			p->pos++;
		usecs = find_unit(unit, p->pos - unit);
		if (usecs == 0)
			return expected(p, unit, "a unit of time",
							unit_hint(unit, p->pos - unit));

		if (!scale_number(integer, fraction, number_end, usecs, &value) ||
			pg_add_s64_overflow(sum, value, &sum))
			return fail(p,
						psprintf("The duration at character %d is too long.",
								 char_number(p, start)),
						"Leave the limit out if there is none.");
		skip_space(p);
	} while (p->pos < p->end && is_digit(*p->pos));

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

/* What stands between "-[" and "]": "!" word { "|" word } | duration, ... */
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
		else if (p->pos < p->end &&
				 (is_digit(*p->pos) || *p->pos == '-' || *p->pos == '+'))
		{
			const char *start = p->pos;
			int64		gap;

			if (!parse_duration(p, &gap))
				return false;
			if (step->gap != 0)
				return fail(p,
							psprintf("The duration at character %d is the second of its link.",
									 char_number(p, start)),
							"A link has at most one longest gap.");
			step->gap = gap;
		}
		else
			return expected(p, p->pos, "\"!\" and an event, or a duration",
							"In brackets stand events that end the attempt, as !lost, and the longest gap, as 1 hour.");
		skip_space(p);
	} while (skip_char(p, ','));

	if (!skip_char(p, ']'))
		return expected(p, p->pos, "\",\" or \"]\"", NULL);

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
			return expected(p, p->pos, step->strict ? "\"=>\"" : "\"->\"", NULL);
		if (!skip_char(p, '>'))
			return expected(p, p->pos, "\">\"", NULL);
	}
	else if (!skip_char(p, '>'))
		return expected(p, p->pos, "\">\" or \"[\"",
						"A link is \"->\" or \"=>\"; put a name that contains its characters in double quotes.");

	if (step->strict || step->gap != 0 || step->nexcluded > 0)
		p->link_at[p->definition->nsteps] = start;

	return true;
}

static bool
repeated_clause(Parser *p, const char *at, const char *clause)
{
	return fail(p,
				psprintf("The clause \"%s\" is repeated at character %d.",
						 clause, char_number(p, at)),
				NULL);
}

/* { [","] clause }, to the end of the text */
static bool
parse_clauses(Parser *p)
{
	FunnelDefinition *definition = p->definition;

	for (;;)
	{
		const char *start;
		const char *end;
		int			len;
		const char *second = NULL;
		bool		after_comma;
		bool		after_step = !(definition->within || definition->any_order ||
								   definition->first_entry || definition->increasing);

		skip_space(p);
		after_comma = skip_char(p, ',');
		skip_space(p);
		if (p->pos >= p->end && !after_comma)
			return true;

		start = p->pos;
		end = bare_run_end(p, start);
		len = end - start;

		if (is_name(start, len, "within"))
		{
			p->pos = end;
			skip_space(p);
			if (definition->within != 0)
				return repeated_clause(p, start, "within");
			if (!parse_duration(p, &definition->within))
				return false;
		}
		else if (is_name(start, len, "increasing"))
		{
			p->pos = end;
			if (definition->increasing)
				return repeated_clause(p, start, "increasing");
			definition->increasing = true;
		}
		else if (is_name(start, len, "any"))
		{
			second = "order";
			if (definition->any_order)
				return repeated_clause(p, start, "any order");
			definition->any_order = true;
			p->any_order_at = start;
		}
		else if (is_name(start, len, "first"))
		{
			second = "entry";
			if (definition->first_entry)
				return repeated_clause(p, start, "first entry");
			definition->first_entry = true;
		}
		else if (after_comma)
			return expected(p, start, "a clause", CLAUSES_HINT);
		else if (!after_step)
			return expected(p, start, "a clause or the end",
							at_char(p, '-') || at_char(p, '=') ?
							"The clauses come after all steps." : CLAUSES_HINT);
		else
			return expected(p, start, "\"->\", \"=>\", a clause or the end",
							len > 0 || at_char(p, '"') ?
							"Put a name that contains white space in double quotes." : NULL);

		/* the clauses of two words */
		if (second != NULL)
		{
			p->pos = end;
			skip_space(p);
			start = p->pos;
			end = bare_run_end(p, start);
			if (!is_name(start, end - start, second))
				return expected(p, start, psprintf("\"%s\"", second), NULL);
			p->pos = end;
		}
	}
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
					NULL);
	if (p->optional_at[last] != NULL)
		return fail(p,
					psprintf("The last step cannot be optional, as \"?\" at character %d says.",
							 char_number(p, p->optional_at[last])),
					NULL);

	if (!definition->any_order)
		return true;

	for (int i = 0; i <= last; i++)
	{
		if (p->link_at[i] != NULL)
			return fail(p,
						psprintf("Under \"any order\" every link is a plain \"->\"; the one at character %d is not.",
								 char_number(p, p->link_at[i])),
						NULL);
		if (p->optional_at[i] != NULL)
			return fail(p,
						psprintf("Under \"any order\" no step is optional, as \"?\" at character %d says.",
								 char_number(p, p->optional_at[i])),
						NULL);
	}
	if (definition->increasing)
		return fail(p,
					psprintf("\"any order\" at character %d cannot be combined with \"increasing\".",
							 char_number(p, p->any_order_at)),
					NULL);

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
						NULL);
		if (!parse_link(p, &definition->steps[definition->nsteps]))
			return false;
	}

	return parse_clauses(p) && check_definition(p);
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
