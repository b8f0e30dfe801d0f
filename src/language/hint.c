/*-------------------------------------------------------------------------
 *
 * language/hint.c
 *	  What to write instead of what the definition language does not have.
 *
 * Whoever reads an error wants to know what to write.  So no definition is
 * refused without a hint: for the slips that people make, what they meant; for
 * all else, how that part of a definition looks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "language/chars.h"
#include "language/hint.h"
#include "language/tree.h"

#define LINKS_HINT \
	"Steps are linked by \"->\", or by \"=>\" if no other event may come between."
#define CLAUSES_HINT \
	"The clauses are \"within\" and a duration, \"any order\", \"first entry\", \"last entry\", \"every attempt\", \"increasing\", and \"unless\" and events."
#define EVENT_HINT \
	"Write an event, as in visit -> purchase."
#define WITHIN_HINT \
	"Write \"within\" in front of the duration, as in within 7 days."
#define UNLESS_HINT \
	"An event that must not come between two steps is excluded by -[!event]->, between all of them by \"unless event\"."
#define STRICT_HINT \
	"If no other event may come between, link the steps by \"=>\"."

/* Words that people write where the language has another. */
typedef struct Slip
{
	const char *word;
	const char *hint;
} Slip;

static const Slip slips[] = {
	{"or", "Alternatives are joined by \"|\", as in share|invite."},
	{"and", LINKS_HINT},
	{"then", LINKS_HINT},
	{"to", LINKS_HINT},
	{"in", WITHIN_HINT},
	{"for", WITHIN_HINT},
	{"inside", WITHIN_HINT},
	{"during", WITHIN_HINT},
	{"under", WITHIN_HINT},
	{"max", WITHIN_HINT},
	{"window", WITHIN_HINT},
	{"not", UNLESS_HINT},
	{"no", UNLESS_HINT},
	{"without", UNLESS_HINT},
	{"except", UNLESS_HINT},
	{"excluding", UNLESS_HINT},
	{"strict", STRICT_HINT},
	{"strictly", STRICT_HINT},
	{"directly", STRICT_HINT},
	{"optional", "A step that may be skipped has a \"?\" behind it, as in activate?."},
	{"all", "Attempts instead of units are counted by \"every attempt\"."},
	{"each", "Attempts instead of units are counted by \"every attempt\"."},
	{"latest", "Only the newest attempt of a unit counts under \"last entry\"."},
	{"newest", "Only the newest attempt of a unit counts under \"last entry\"."},
	{"unordered", "Steps may come in any order under \"any order\"."}
};

/* What else people write for a clause. */
static const struct
{
	const char *word;
	FunnelClause clause;
}			clause_words[] = {
	{"increase", FUNNEL_INCREASING},
	{"first", FUNNEL_FIRST_ENTRY},
	{"every", FUNNEL_EVERY_ATTEMPT}
};

#define MAX_CLAUSE_WORD		16

/*
 * Is A, of ALEN letters, WORD without its spaces, but for two letters at most that
 * are put in, taken out or replaced?  (V. I. Levenshtein, "Binary codes capable of
 * correcting deletions, insertions and reversals", 1965.)
 */
static bool
resembles(const char *a, int alen, const char *word)
{
	int			row[MAX_CLAUSE_WORD + 1];	/* distances of what A begins with */

	for (int i = 0; i <= alen; i++)
		row[i] = i;
	for (; *word != '\0'; word++)
	{
		int			corner = row[0];

		if (*word == ' ')
			continue;
		row[0]++;
		for (int i = 1; i <= alen; i++)
		{
			int			above = row[i];
			int			best = corner + (a[i - 1] != *word);

			best = Min(best, above + 1);
			row[i] = Min(best, row[i - 1] + 1);
			corner = above;
		}
	}
	return row[alen] <= 2;
}

/* The hint for a word that looks like a clause, or NULL. */
static const char *
misspelled_clause(const char *at, int len)
{
	char		letters[MAX_CLAUSE_WORD];
	int			n = 0;

	for (int i = 0; i < len; i++)
	{
		if (at[i] == '-' || at[i] == '_' || at[i] == ':')
			continue;
		if (n == MAX_CLAUSE_WORD || !funnel_is_letter(at[i]))
			return NULL;
		letters[n++] = pg_tolower((unsigned char) at[i]);
	}
	for (int i = 0; i < FUNNEL_NUM_CLAUSES; i++)
	{
		if (resembles(letters, n, funnel_clauses[i].words))
			return psprintf("Did you mean \"%s\"?", funnel_clauses[i].words);
	}
	for (int i = 0; i < (int) lengthof(clause_words); i++)
	{
		if (resembles(letters, n, clause_words[i].word))
			return psprintf("Did you mean \"%s\"?", funnel_clauses[clause_words[i].clause].words);
	}
	return NULL;
}

/* The hint for a word that stands where none can, or NULL. */
static const char *
misplaced_word(const char *at, const char *end)
{
	int			len = funnel_bare_run_end(at, end) - at;

	for (int i = 0; i < (int) lengthof(slips); i++)
	{
		if (funnel_is_word(at, len, slips[i].word))
			return slips[i].hint;
	}
	if (funnel_is_digit(*at))
		return WITHIN_HINT;
	return misspelled_clause(at, len);
}

/* What was probably meant by a character that has no meaning anywhere, or NULL. */
static const char *
strange_character(const char *at, const char *end)
{
	pg_wchar	c;

	switch (*at)
	{
		case '%':
			return "The wildcard is \"*\"; put a name that contains % in double quotes.";
		case '\'':
			return "Names are quoted with double quotes.";
		case '{':
		case '}':
			return "If this is a placeholder, it was not filled in; put a name that contains this character in double quotes.";
	}

	if (!IS_HIGHBIT_SET(*at))
	{
		if (funnel_bare_length(at, end) > 0 || funnel_is_space(*at) ||
			strchr("-=<>[]!,|?*\"", *at) != NULL)
			return NULL;
		return "Put a name that contains this character in double quotes.";
	}

	c = funnel_code_point(at, end);
	if (!funnel_is_rejected_code_point(c))
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

static const char *
behind_step(const char *text, const char *at, const char *end)
{
	const char *hint;

	switch (*at)
	{
		case '?':
			return "One \"?\" makes a step optional; put a name that contains one in double quotes.";
		case '|':
			return "The \"?\" of an optional step stands behind all of its alternatives, as in share|invite?.";
		case '!':
		case '[':
			return "Conditions stand inside of a link, as in visit -[!lost, 1 hour]-> purchase.";
		case '<':
		case '>':
		case ']':
			return LINKS_HINT;
		case '*':
		case '"':
			break;
		default:
			if (funnel_is_word(text, funnel_bare_run_end(text, end) - text, "within"))
				return "The clauses come after the steps, as in visit -> purchase within 7 days.";
			if ((hint = misplaced_word(at, end)) != NULL)
				return hint;
	}
	if (at > text && at[-1] == '?')
		return "Put a name that contains \"?\" in double quotes.";
	return "Link another step by \"->\"; put a name that contains white space in double quotes.";
}

static const char *
at_event(const char *at, const char *end)
{
	if (at == end)
		return EVENT_HINT;
	switch (*at)
	{
		case '|':
			return "An event stands on either side of a \"|\", as in share|invite.";
		case '?':
			return "An optional step is an event and a \"?\"; put a name that contains one in double quotes.";
		case '!':
			return "A \"!\" stands only inside of a link, as in visit -[!lost]-> purchase.";
		case '[':
			return "Conditions stand inside of a link, as in visit -[!lost, 1 hour]-> purchase.";
		case '<':
		case '>':
			return "Put a name that contains this character in double quotes.";
		case ']':
			return "Behind \"!\" stands an event that ends the attempt, as in -[!lost]->.";
		case ',':
			return LINKS_HINT;
	}
	return EVENT_HINT;
}

static const char *
at_condition(const char *at, const char *end)
{
	int			len = funnel_bare_run_end(at, end) - at;

	if (at < end && *at == '>')
		return "The shortest gap is written with \">=\", as in -[>= 1 hour]->.";
	if (at < end && (*at == '<' || *at == '='))
		return "The longest gap is a duration alone or behind \"<=\", the shortest one stands behind \">=\".";
	if (funnel_is_word(at, len, "within") || funnel_is_word(at, len, "max"))
		return "The longest gap is a duration alone, as in -[1 hour]->.";
	if (funnel_is_word(at, len, "min") || funnel_is_word(at, len, "after"))
		return "The shortest gap is written with \">=\", as in -[>= 1 hour]->.";
	if (len > 0 || (at < end && (*at == '"' || *at == '*')))
		return "An event that ends the attempt has a \"!\" in front of it, as in -[!lost]->.";
	return "In brackets stand events that end the attempt, as !lost, the longest gap, as 1 hour, and the shortest one, as >= 1 min.";
}

static const char *
at_duration(const char *at, const char *end)
{
	if (at < end && strchr("<>=", *at) != NULL)
		return "Behind \"within\" stands the duration alone, as in within 7 days.";
	return "A duration is a number and a unit, as in 7 days.";
}

/*
 * What to write at AT, where the language has something else in this PLACE.
 * Never NULL.
 */
const char *
funnel_definition_hint(const char *text, const char *at, const char *end, FunnelPlace place)
{
	const char *hint = at < end ? strange_character(at, end) : NULL;

	if (hint != NULL)
		return hint;
	switch (place)
	{
		case FUNNEL_AT_EVENT:
			return at_event(at, end);
		case FUNNEL_BEHIND_STEP:
			return behind_step(text, at, end);
		case FUNNEL_BEHIND_COMMA:
			hint = at < end ? misplaced_word(at, end) : NULL;
			return hint != NULL ? hint : at < end ?
				"Steps are linked by \"->\", not by a comma; behind a comma stands a clause, as in visit -> purchase, within 7 days." :
				CLAUSES_HINT;
		case FUNNEL_BEHIND_UNLESS:
			hint = at < end ? misplaced_word(at, end) : NULL;
			return hint != NULL ? hint :
				"Several events are joined by \"|\", as in unless lost|cancelled.";
		case FUNNEL_BEHIND_CLAUSE:
			if (at < end && (*at == '-' || *at == '='))
				return "The clauses come after all steps.";
			/* FALLTHROUGH */
		case FUNNEL_AT_CLAUSE:
			hint = at < end ? misplaced_word(at, end) : NULL;
			return hint != NULL ? hint : CLAUSES_HINT;
		case FUNNEL_IN_LINK:
			return "A link is \"->\" or \"=>\"; put a name that contains \"-\" or \"=\" in double quotes.";
		case FUNNEL_AT_CONDITION:
			return at_condition(at, end);
		case FUNNEL_BEHIND_CONDITION:
			return "Conditions are separated by commas and end with \"]\", as in -[!lost|won, 1 hour]->.";
		case FUNNEL_BEHIND_CONDITIONS:
			return "A link ends as it begins: -[...]-> or =[...]=>.";
		case FUNNEL_AT_DURATION:
			return at_duration(at, end);
		case FUNNEL_AT_DECIMALS:
			return "Digits stand on either side of a decimal point, as in 1.5 days.";
	}
	return EVENT_HINT;
}
