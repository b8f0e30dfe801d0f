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
#define EVERY_HINT \
	"Attempts instead of units are counted by \"every attempt\"."
#define GAPS_HINT \
	"The longest gap is a duration alone, the shortest one stands behind \">=\", as in -[>= 1 day, 30 days]->."
#define EXCLUSION_HINT \
	"An event that ends the attempt has a \"!\" in front of it, as in -[!lost]->."
#define CONDITIONS_HINT \
	"Conditions stand inside of a link, as in visit -[!lost, 1 hour]-> purchase."
#define ARROW_HINT \
	"Write an arrow as \"->\" or \"=>\", or put a name that contains one in double quotes."
#define PLACEHOLDER_HINT \
	"If this is a placeholder, it was not filled in."
#define COMMENT_HINT \
	"there are no comments; put a name that contains this in double quotes."
#define QUERY_HINT \
	"WHERE and GROUP BY of the query say which rows and groups are counted."

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
	{"followed", LINKS_HINT},
	{"next", LINKS_HINT},
	{"before", LINKS_HINT},
	{"in", WITHIN_HINT},
	{"for", WITHIN_HINT},
	{"inside", WITHIN_HINT},
	{"during", WITHIN_HINT},
	{"under", WITHIN_HINT},
	{"max", WITHIN_HINT},
	{"window", WITHIN_HINT},
	{"timeout", WITHIN_HINT},
	{"until", WITHIN_HINT},
	{"at", WITHIN_HINT},
	{"less", WITHIN_HINT},
	{"over", WITHIN_HINT},
	{"between", "The window is written as within 7 days, a shortest and a longest gap as -[>= 1 day, 30 days]->."},
	{"not", UNLESS_HINT},
	{"no", UNLESS_HINT},
	{"without", UNLESS_HINT},
	{"except", UNLESS_HINT},
	{"exclude", UNLESS_HINT},
	{"excluding", UNLESS_HINT},
	{"but", UNLESS_HINT},
	{"if", UNLESS_HINT},
	{"strict", STRICT_HINT},
	{"strictly", STRICT_HINT},
	{"directly", STRICT_HINT},
	{"optional", "A step that may be skipped has a \"?\" behind it, as in activate?."},
	{"all", EVERY_HINT},
	{"each", EVERY_HINT},
	{"repeat", EVERY_HINT},
	{"repeated", EVERY_HINT},
	{"latest", "Only the newest attempt of a unit counts under \"last entry\"."},
	{"newest", "Only the newest attempt of a unit counts under \"last entry\"."},
	{"unordered", "Steps may come in any order under \"any order\"."},
	{"ordered", "Steps come in their order without a word. " STRICT_HINT},
	{"where", QUERY_HINT},
	{"group", QUERY_HINT},
	{"by", QUERY_HINT},
	{"per", QUERY_HINT}
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

static const char *
skip_spaces(const char *at, const char *end)
{
	while (at < end && funnel_is_space(*at))
		at++;
	return at;
}

/* Does a digit stand at AT, or behind white space there? */
static bool
number_follows(const char *at, const char *end)
{
	at = skip_spaces(at, end);
	return at < end && funnel_is_digit(*at);
}

/* Is the word behind the LEN bytes of one at AT this one? */
static bool
word_follows(const char *at, int len, const char *end, const char *word)
{
	at = skip_spaces(at + len, end);
	return funnel_is_word(at, funnel_bare_run_end(at, end) - at, word);
}

/* The hint for the word of LEN bytes at AT, if it is a known slip, or NULL. */
static const char *
known_slip(const char *at, int len)
{
	for (int i = 0; i < (int) lengthof(slips); i++)
	{
		if (funnel_is_word(at, len, slips[i].word))
			return slips[i].hint;
	}
	return NULL;
}

/* The hint for a word that stands where none can, or NULL. */
static const char *
misplaced_word(const char *at, const char *end)
{
	int			len = funnel_bare_run_end(at, end) - at;
	const char *hint;

	if (len > 1 && at[len - 1] == ':')
		len--;
	if (funnel_is_word(at, len, "in") && word_follows(at, len, end, "any"))
		return "Did you mean \"any order\"?";
	if ((hint = known_slip(at, len)) != NULL)
		return hint;
	if (funnel_is_digit(*at))
		return WITHIN_HINT;
	return misspelled_clause(at, len);
}

/*
 * The hint for the word in front of AT, which was read as an event, or NULL:
 * then, not and optional may be meant as a word of the language.
 */
static const char *
slip_before(const char *text, const char *at)
{
	static const char *const words[] = {"then", "and", "not", "optional", "followed"};
	const char *word_end;
	const char *word;

	while (at > text && funnel_is_space(at[-1]))
		at--;
	word_end = at;
	while (at > text && funnel_is_letter(at[-1]))
		at--;
	word = at;
	if (word > text && !funnel_is_space(word[-1]) && word[-1] != '>')
		return NULL;
	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (funnel_is_word(word, word_end - word, words[i]))
			return psprintf("%s Put a name that contains white space in double quotes.",
							known_slip(word, word_end - word));
	}
	return NULL;
}

/* Does an arrow begin at AT that is an ordinary character, as bare as a letter? */
static bool
is_other_arrow(const char *at, const char *end)
{
	pg_wchar	c = IS_HIGHBIT_SET(*at) ? funnel_code_point(at, end) : 0;

	return (c >= 0x2794 && c <= 0x27BE) || (c >= 0x27F0 && c <= 0x27FF) ||
		(c >= 0x2900 && c <= 0x297F) || (c >= 0x2B00 && c <= 0x2B4F);
}

/* What was probably meant by a character that has no meaning anywhere, or NULL. */
static const char *
strange_character(const char *at, const char *end)
{
	pg_wchar	c;

	switch (*at)
	{
		case '%':
			if (at + 1 < end && strchr("sdIL(", at[1]) != NULL &&
				(at + 2 == end || !funnel_is_letter(at[2]) || at[1] == '('))
				return PLACEHOLDER_HINT " The wildcard is \"*\"; put a name that contains % in double quotes.";
			return "The wildcard is \"*\"; put a name that contains % in double quotes.";
		case '\'':
		case '`':
			return "Names are quoted with double quotes.";
		case '{':
		case '}':
			return PLACEHOLDER_HINT " Put a name that contains this character in double quotes.";
		case '(':
		case ')':
			return "Parentheses have no meaning; put a name that contains one in double quotes.";
		case '&':
			return LINKS_HINT " Put a name that contains \"&\" in double quotes.";
		case ';':
			return "A definition ends without a semicolon; put a name that contains one in double quotes.";
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
		return ARROW_HINT;
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
			return CONDITIONS_HINT;
		case '<':
			if (number_follows(at + (at + 1 < end && at[1] == '=' ? 2 : 1), end))
				return WITHIN_HINT;
			return LINKS_HINT;
		case '>':
		case ']':
			return LINKS_HINT;
		case '*':
		case '"':
			if ((hint = slip_before(text, at)) != NULL)
				return hint;
			break;
		default:
			if (at + 1 < end && at[0] == '/' && at[1] == '*')
				return "In a definition " COMMENT_HINT;
			if (is_other_arrow(at, end))
				return ARROW_HINT;
			if ((hint = slip_before(text, at)) != NULL)
				return hint;
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
at_event(const char *text, const char *at, const char *end)
{
	const char *before = at;

	while (before > text && funnel_is_space(before[-1]))
		before--;
	if (before - text > 6 && funnel_is_word(before - 6, 6, "unless"))
		return "Events follow \"unless\", as in unless lost|cancelled.";
	if (at == end)
		return before == text ? EVENT_HINT :
			before[-1] == '|' ? "An event stands on either side of a \"|\", as in share|invite." :
			before[-1] == '>' ? "Write the next step behind the link, or leave the link out." : EVENT_HINT;
	switch (*at)
	{
		case '|':
			return "An event stands on either side of a \"|\", as in share|invite.";
		case '?':
			return "An optional step is an event and a \"?\"; put a name that contains one in double quotes.";
		case '!':
			return "A \"!\" stands only inside of a link, as in visit -[!lost]-> purchase.";
		case '[':
			return CONDITIONS_HINT;
		case '<':
		case '>':
			if (*at == '>' && at > text && (at[-1] == '>' || at[-1] == '|'))
				return LINKS_HINT;
			return "Put a name that contains this character in double quotes.";
		case '-':
			if (at + 1 < end && at[1] == '-')
				return "In a definition " COMMENT_HINT;
			break;
		case ']':
			return "Behind \"!\" stands an event that ends the attempt, as in -[!lost]->.";
		case ',':
			return LINKS_HINT;
	}
	return EVENT_HINT;
}

/* Where ">" or "[" was expected behind the first character of a link. */
static const char *
in_link(const char *at, const char *end)
{
	if (at < end && (*at == '(' || *at == '{'))
		return "Conditions stand in square brackets, as in visit -[!lost, 1 hour]-> purchase.";
	if (at + 1 < end && at[-1] == '-' && at[0] == '-' && at[1] != '>')
		return "A link is \"->\" or \"=>\"; " COMMENT_HINT;
	if (at[-1] == '-' && number_follows(at, end))
		return "A gap stands in square brackets, as in visit -[1 hour]-> purchase.";
	return "A link is \"->\" or \"=>\"; put a name that contains \"-\" or \"=\" in double quotes.";
}

/* Is the LEN bytes at AT a word with which people begin a gap? */
static bool
begins_gap(const char *at, int len)
{
	static const char *const words[] = {
		"at", "between", "from", "more", "less", "longer", "shorter", "over", "under"
	};

	for (int i = 0; i < (int) lengthof(words); i++)
	{
		if (funnel_is_word(at, len, words[i]))
			return true;
	}
	return false;
}

static const char *
at_condition(const char *at, const char *end)
{
	int			len = funnel_bare_run_end(at, end) - at;
	pg_wchar	c = at < end && IS_HIGHBIT_SET(*at) ? funnel_code_point(at, end) : 0;

	/* the signs for at most and at least, or words */
	if (c == 0x2264 || c == 0x2265 || begins_gap(at, len))
		return GAPS_HINT;
	if (at < end && *at == '>')
		return "The shortest gap is written with \">=\", as in -[>= 1 hour]->.";
	if (at < end && (*at == '<' || *at == '='))
		return GAPS_HINT;
	if (funnel_is_word(at, len, "within") || funnel_is_word(at, len, "max"))
		return "The longest gap is a duration alone, as in -[1 hour]->.";
	if (funnel_is_word(at, len, "min") || funnel_is_word(at, len, "after"))
		return "The shortest gap is written with \">=\", as in -[>= 1 hour]->.";
	if (len > 0 || (at < end && (*at == '"' || *at == '*')))
		return EXCLUSION_HINT;
	return "In brackets stand events that end the attempt, as !lost, the longest gap, as 1 hour, and the shortest one, as >= 1 min.";
}

static const char *
behind_condition(const char *at, const char *end)
{
	if (at < end && (strchr(".<>", *at) != NULL || number_follows(at + (*at == '-'), end)))
		return GAPS_HINT;
	if (at < end && (word_follows(at, 0, end, "to") || word_follows(at, 0, end, "and") ||
					 word_follows(at, 0, end, "or")))
		return "Conditions are separated by commas, as in -[!lost, 1 hour]->, events by \"|\", as in -[!lost|won]->.";
	return "Conditions are separated by commas and end with \"]\", as in -[!lost|won, 1 hour]->.";
}

static const char *
at_duration(const char *at, const char *end)
{
	if (at == end)
		return "A duration is a number and a unit, as in 7 days.";
	if (strchr("%{$:", *at) != NULL)
		return PLACEHOLDER_HINT " A duration is a number and a unit, as in 7 days.";
	if (strchr("<>='\"", *at) != NULL || word_follows(at, 0, end, "interval"))
		return "Behind \"within\" stands the duration alone, as in within 7 days.";
	return "A duration is a number in digits and a unit, as in 7 days.";
}

/* Behind the first clause, or a comma. */
static const char *
at_clause(const char *at, const char *end, FunnelPlace place)
{
	const char *hint = NULL;

	if (at == end)
		return CLAUSES_HINT;
	if (place != FUNNEL_AT_CLAUSE && (*at == '-' || *at == '='))
		return "The clauses come after all steps.";
	if (*at == '.' && skip_spaces(at + 1, end) == end)
		return "A definition ends without a full stop.";
	if (word_follows(at, 0, end, "and"))
		hint = "Leave it out, as in within 1 day 2 hours, any order.";
	else
		hint = misplaced_word(at, end);
	if (place == FUNNEL_BEHIND_UNLESS &&
		(hint == NULL || word_follows(at, 0, end, "and")))
		return "Several events are joined by \"|\", as in unless lost|cancelled; put a name that contains white space in double quotes.";
	return hint != NULL ? hint : CLAUSES_HINT;
}

/*
 * What to write at AT, where the language has something else in this PLACE.
 * Never NULL.
 */
const char *
funnel_definition_hint(const char *text, const char *at, const char *end, FunnelPlace place)
{
	const char *hint;

	/* an ASCII character may mean something else here than in a name */
	if (at < end && (IS_HIGHBIT_SET(*at) ||
					 (place != FUNNEL_AT_DURATION && place != FUNNEL_IN_LINK)) &&
		(hint = strange_character(at, end)) != NULL)
		return hint;
	switch (place)
	{
		case FUNNEL_AT_EVENT:
			return at_event(text, at, end);
		case FUNNEL_BEHIND_STEP:
			return behind_step(text, at, end);
		case FUNNEL_BEHIND_COMMA:
			hint = at < end ? misplaced_word(at, end) : NULL;
			return hint != NULL ? hint : at < end ?
				"Steps are linked by \"->\", not by a comma; behind a comma stands a clause, as in visit -> purchase, within 7 days." :
				CLAUSES_HINT;
		case FUNNEL_BEHIND_UNLESS:
		case FUNNEL_BEHIND_CLAUSE:
		case FUNNEL_AT_CLAUSE:
			return at_clause(at, end, place);
		case FUNNEL_AT_CONDITION:
			return at_condition(at, end);
		case FUNNEL_BEHIND_CONDITION:
			return behind_condition(at, end);
		case FUNNEL_BEHIND_CONDITIONS:
			return "A link ends as it begins: -[...]-> or =[...]=>.";
		case FUNNEL_IN_LINK:
			return in_link(at, end);
		case FUNNEL_AT_DURATION:
			return at_duration(at, end);
		case FUNNEL_AT_DECIMALS:
			return "Digits stand on either side of a decimal point, as in 1.5 days.";
	}
	return EVENT_HINT;
}
