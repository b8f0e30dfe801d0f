/*-------------------------------------------------------------------------
 *
 * match/pattern.c
 *	  Patterns over the rows of one unit, in ClickHouse's language.
 *
 *-------------------------------------------------------------------------
 */
#include "match/pattern.h"

#include <string.h>

#include "match/conditions.h"

/* How many table entries may pass between two looks at the interrupt callback. */
#define ENTRIES_PER_POLL	(1 << 20)

/*
 * Parsing
 */

typedef struct Parser
{
	FunnelPatternParse *parse;
	const char *text;
	int			len;
	int			pos;
	int			nconditions;
	uint64_t	unit;
} Parser;

static bool
fail(Parser *parser, FunnelPatternError error, int position, const char *expected)
{
	parser->parse->error = error;
	parser->parse->position = position;
	parser->parse->expected = expected;
	return false;
}

static bool
accept(Parser *parser, const char *token)
{
	int			len = (int) strlen(token);

	if (parser->len - parser->pos < len ||
		memcmp(parser->text + parser->pos, token, len) != 0)
		return false;
	parser->pos += len;
	return true;
}

static inline bool
at_digit(const Parser *parser)
{
	return parser->pos < parser->len &&
		parser->text[parser->pos] >= '0' && parser->text[parser->pos] <= '9';
}

/* VALUE times ten plus the digit at the position; false on overflow. */
static bool
accept_digit(Parser *parser, uint64_t *value)
{
	int			digit = parser->text[parser->pos++] - '0';

	return !__builtin_mul_overflow(*value, 10, value) &&
		!__builtin_add_overflow(*value, digit, value);
}

static bool
add_item(Parser *parser, int begin, FunnelPatternItem item)
{
	FunnelPatternParse *parse = parser->parse;

	if (parse->nitems == FUNNEL_PATTERN_MAX_ITEMS)
		return fail(parser, FUNNEL_PATTERN_TOO_LONG, begin, NULL);
	parse->items[parse->nitems++] = item;
	return true;
}

static bool
parse_condition(Parser *parser, int begin)
{
	FunnelPatternItem item = {.kind = FUNNEL_PATTERN_CONDITION};
	int			number = parser->pos;
	uint64_t	value = 0;

	if (!at_digit(parser))
		return fail(parser, FUNNEL_PATTERN_SYNTAX, number,
					"the number of a condition or \"t\"");
	while (at_digit(parser))
	{
		if (!accept_digit(parser, &value))
			return fail(parser, FUNNEL_PATTERN_NO_CONDITION, number, NULL);
	}
	if (value < 1 || value > (uint64_t) parser->nconditions)
		return fail(parser, FUNNEL_PATTERN_NO_CONDITION, number, NULL);
	if (!accept(parser, ")"))
		return fail(parser, FUNNEL_PATTERN_SYNTAX, parser->pos, "\")\"");
	item.condition = (uint8_t) value;
	return add_item(parser, begin, item);
}

static bool
parse_time(Parser *parser, int begin)
{
	static const struct
	{
		const char *token;
		FunnelPatternOperator operator;
	}			operators[] = {
		/* the longer first */
		{"<=", FUNNEL_PATTERN_LE},
		{"<", FUNNEL_PATTERN_LT},
		{">=", FUNNEL_PATTERN_GE},
		{">", FUNNEL_PATTERN_GT},
		{"==", FUNNEL_PATTERN_EQ},
		{"!=", FUNNEL_PATTERN_NE},
	};
	FunnelPatternItem item = {.kind = FUNNEL_PATTERN_TIME};
	const int	noperators = sizeof(operators) / sizeof(operators[0]);
	uint64_t	unit = parser->unit;
	int			number;
	int			i;

	for (i = 0; i < noperators; i++)
	{
		if (accept(parser, operators[i].token))
			break;
	}
	if (i == noperators)
		return fail(parser, FUNNEL_PATTERN_SYNTAX, parser->pos,
					"\"<=\", \"<\", \">=\", \">\", \"==\" or \"!=\"");
	item.operator = operators[i].operator;

	number = parser->pos;
	if (!at_digit(parser))
		return fail(parser, FUNNEL_PATTERN_SYNTAX, number, "a number");
	while (at_digit(parser))
	{
		if (!accept_digit(parser, &item.distance))
			return fail(parser, FUNNEL_PATTERN_TOO_LARGE, number, NULL);
	}
	if (accept(parser, "."))
	{
		if (!at_digit(parser))
			return fail(parser, FUNNEL_PATTERN_SYNTAX, parser->pos, "a digit");
		while (at_digit(parser))
		{
			if (unit > 1)
			{
				unit /= 10;
				if (!accept_digit(parser, &item.distance))
					return fail(parser, FUNNEL_PATTERN_TOO_LARGE, number, NULL);
			}
			else if (parser->text[parser->pos++] != '0')
				return fail(parser, FUNNEL_PATTERN_TOO_FINE, number, NULL);
		}
	}
	if (__builtin_mul_overflow(item.distance, unit, &item.distance))
		return fail(parser, FUNNEL_PATTERN_TOO_LARGE, number, NULL);
	if (!accept(parser, ")"))
		return fail(parser, FUNNEL_PATTERN_SYNTAX, parser->pos, "\")\"");
	if (parser->parse->items[parser->parse->nitems - 1].kind == FUNNEL_PATTERN_TIME)
		return fail(parser, FUNNEL_PATTERN_TIME_AFTER_TIME, begin, NULL);
	return add_item(parser, begin, item);
}

void
funnel_pattern_parse(FunnelPatternParse *parse, const char *text, int len,
					 int nconditions, uint64_t unit)
{
	static const FunnelPatternItem skip = {.kind = FUNNEL_PATTERN_SKIP};
	static const FunnelPatternItem any = {.kind = FUNNEL_PATTERN_ANY};
	Parser		parser = {parse, text, len, 0, nconditions, unit};
	bool		good;

	parse->error = FUNNEL_PATTERN_OK;
	parse->position = 0;
	parse->expected = NULL;
	parse->nitems = 0;
	good = add_item(&parser, 0, skip);
	while (good && parser.pos < len)
	{
		int			begin = parser.pos;

		if (accept(&parser, "(?t"))
			good = parse_time(&parser, begin);
		else if (accept(&parser, "(?"))
			good = parse_condition(&parser, begin);
		else if (accept(&parser, ".*"))
			good = add_item(&parser, begin, skip);
		else if (accept(&parser, "."))
			good = add_item(&parser, begin, any);
		else
			good = fail(&parser, FUNNEL_PATTERN_SYNTAX, begin,
						"\"(?\", \".\" or \".*\"");
	}
}

void
funnel_pattern_init(FunnelPattern *pattern, const FunnelPatternItem *items, int nitems)
{
	pattern->nitems = nitems;
	pattern->nconditions = 0;
	pattern->conditions = 0;
	pattern->items = items;
	pattern->poll = NULL;
	for (int i = 0; i < nitems; i++)
	{
		if (items[i].kind == FUNNEL_PATTERN_CONDITION)
		{
			pattern->nconditions++;
			pattern->conditions |= FUNNEL_STEP_BIT(items[i].condition);
		}
	}
}

/*
 * Matching
 *
 * table[item] is a bitmap over the rows, and one more for the end: bit i says
 * whether this item and those after it match if row i is next.  It holds for
 * every way to get there, as the anchor is the row before if the item before
 * took one, else row i itself.  Bit nrows is for getting there by taking the
 * last row.
 */

typedef struct Table
{
	const FunnelPattern *pattern;
	const FunnelRow *rows;
	uint64_t	nrows;
	size_t		nwords;			/* of a bitmap */
	uint64_t   *bits;
	size_t	   *next;			/* for each row, the next whose bit is set */
} Table;

static inline size_t
bitmap_words(size_t nrows)
{
	return nrows / 64 + 1;
}

size_t
funnel_pattern_scratch_size(const FunnelPattern *pattern, size_t nrows)
{
	size_t		size;
	size_t		bits;

	if (nrows > SIZE_MAX / sizeof(size_t) - 1 ||
		__builtin_mul_overflow((nrows + 1), sizeof(size_t), &size) ||
		__builtin_mul_overflow(bitmap_words(nrows),
							   sizeof(uint64_t) * (pattern->nitems + 1), &bits) ||
		__builtin_add_overflow(size, bits, &size))
		return SIZE_MAX;
	return size;
}

static inline uint64_t *
bitmap(const Table *table, int item)
{
	return table->bits + table->nwords * item;
}

static inline bool
get_bit(const uint64_t *bits, size_t i)
{
	return (bits[i / 64] >> (i % 64)) & 1;
}

static inline void
set_bit(uint64_t *bits, size_t i)
{
	bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* The first of the rows from I on whose bit is set, or NROWS. */
static inline size_t
next_bit(const Table *table, const uint64_t *bits, size_t i)
{
	size_t		word = i / 64;
	uint64_t	w;

	if (i >= table->nrows)
		return table->nrows;
	w = bits[word] & (~UINT64_C(0) << (i % 64));
	while (w == 0)
	{
		if (++word == table->nwords)
			return table->nrows;
		w = bits[word];
	}
	i = word * 64 + __builtin_ctzll(w);
	return i < table->nrows ? i : table->nrows;
}

/* The time from row A to row B, not before it. */
static inline uint64_t
distance(const Table *table, size_t a, size_t b)
{
	return (uint64_t) table->rows[b].ts - (uint64_t) table->rows[a].ts;
}

/* Can ITEM be satisfied by no row at all? */
static bool
may_be_empty(const FunnelPatternItem *item)
{
	if (item->kind == FUNNEL_PATTERN_SKIP)
		return true;
	return item->kind == FUNNEL_PATTERN_TIME &&
		(item->operator == FUNNEL_PATTERN_LE ||
		 item->operator == FUNNEL_PATTERN_LT ||
		 (item->operator == FUNNEL_PATTERN_GE && item->distance == 0));
}

/* Did the item before ITEM, if any, take a row, the anchor? */
static inline bool
follows_taken(const Table *table, int item)
{
	return item > 0 &&
		(table->pattern->items[item - 1].kind == FUNNEL_PATTERN_CONDITION ||
		 table->pattern->items[item - 1].kind == FUNNEL_PATTERN_ANY);
}

/* Is D, of a row after others, past the rows that a lower bound passes over? */
static inline bool
is_past(const FunnelPatternItem *item, uint64_t d)
{
	switch (item->operator)
	{
		case FUNNEL_PATTERN_GE:
		case FUNNEL_PATTERN_EQ:
			return d >= item->distance;
		case FUNNEL_PATTERN_GT:
		case FUNNEL_PATTERN_NE:
			return d > item->distance;
	}
	return true;
}

/* Does D satisfy the time, lower bounds aside? */
static inline bool
is_not_past(const FunnelPatternItem *item, uint64_t d)
{
	switch (item->operator)
	{
		case FUNNEL_PATTERN_LE:
		case FUNNEL_PATTERN_EQ:
			return d <= item->distance;
		case FUNNEL_PATTERN_LT:
			return d < item->distance;
		case FUNNEL_PATTERN_NE:
			return d != item->distance;
	}
	return true;
}

/* Fill in the bitmap of a time from that of the item after it. */
static void
fill_time(Table *table, int item)
{
	const FunnelPatternItem *time = &table->pattern->items[item];
	const uint64_t *after = bitmap(table, item + 1);
	uint64_t   *bits = bitmap(table, item);
	size_t	   *next = table->next;
	size_t		back = follows_taken(table, item) ? 1 : 0;
	size_t		past = table->nrows;	/* first row that is_past */

	next[table->nrows] = table->nrows;
	for (size_t i = table->nrows; i-- > back;)
	{
		size_t		anchor = i - back;
		size_t		row;

		next[i] = get_bit(after, i) ? i : next[i + 1];

		/* the anchor only moves back, and so does what is past */
		while (past > i && is_past(time, distance(table, anchor, past - 1)))
			past--;
		row = next[past];
		if (time->operator == FUNNEL_PATTERN_NE &&
			next[i] < table->nrows &&
			is_not_past(time, distance(table, anchor, next[i])))
			row = next[i];
		if (row < table->nrows && is_not_past(time, distance(table, anchor, row)))
			set_bit(bits, i);
	}
}

/* The row at which that match goes on, ROW being next. */
static size_t
follow_time(const Table *table, int item, size_t row)
{
	const FunnelPatternItem *time = &table->pattern->items[item];
	const uint64_t *after = bitmap(table, item + 1);
	size_t		anchor = follows_taken(table, item) ? row - 1 : row;

	if (time->operator == FUNNEL_PATTERN_NE)
	{
		size_t		first = next_bit(table, after, row);

		if (is_not_past(time, distance(table, anchor, first)))
			return first;
	}
	while (!is_past(time, distance(table, anchor, row)))
		row++;
	return next_bit(table, after, row);
}

/* Fill in the table for the first NITEMS items of the pattern. */
static void
fill_table(Table *table, int nitems)
{
	size_t		nrows = table->nrows;
	bool		rest_may_be_empty = true;
	size_t		entries = 0;

	memset(bitmap(table, nitems), 0xff, table->nwords * sizeof(uint64_t));
	for (int item = nitems - 1; item >= 0; item--)
	{
		const FunnelPatternItem *it = &table->pattern->items[item];
		const uint64_t *after = bitmap(table, item + 1);
		uint64_t   *bits = bitmap(table, item);

		entries += nrows;
		if (entries > ENTRIES_PER_POLL)
		{
			entries = 0;
			if (table->pattern->poll)
				table->pattern->poll();
		}
		memset(bits, 0, table->nwords * sizeof(uint64_t));
		rest_may_be_empty &= may_be_empty(it);
		if (rest_may_be_empty)
			set_bit(bits, nrows);
		switch (it->kind)
		{
			case FUNNEL_PATTERN_CONDITION:
				for (size_t i = 0; i < nrows; i++)
				{
					if (funnel_row_meets(&table->rows[i], it->condition) &&
						get_bit(after, i + 1))
						set_bit(bits, i);
				}
				break;
			case FUNNEL_PATTERN_ANY:
				for (size_t i = 0; i < nrows; i++)
				{
					if (get_bit(after, i + 1))
						set_bit(bits, i);
				}
				break;
			case FUNNEL_PATTERN_SKIP:
				{
					size_t		i = nrows;

					while (i > 0 && !get_bit(after, i - 1))
						i--;
					while (i > 0)
						set_bit(bits, --i);
					break;
				}
			case FUNNEL_PATTERN_TIME:
				fill_time(table, item);
				break;
		}
	}
}

static void
table_init(Table *table, const FunnelPattern *pattern,
		   const FunnelRow *rows, size_t nrows, void *scratch)
{
	table->pattern = pattern;
	table->rows = rows;
	table->nrows = nrows;
	table->nwords = bitmap_words(nrows);
	table->bits = scratch;
	table->next = (size_t *) (table->bits + table->nwords * (pattern->nitems + 1));
}

/*
 * Go along the first match of the first NITEMS items, START being next; there
 * is one.  Returns the row that is next then.  ROW, if not NULL, gets the rows
 * that conditions take.
 */
static size_t
follow(const Table *table, int nitems, size_t start, size_t *row)
{
	size_t		next = start;

	for (int item = 0; item < nitems; item++)
	{
		const FunnelPatternItem *it = &table->pattern->items[item];

		switch (it->kind)
		{
			case FUNNEL_PATTERN_CONDITION:
				if (row != NULL)
					*row++ = next;
				next++;
				break;
			case FUNNEL_PATTERN_ANY:
				next++;
				break;
			case FUNNEL_PATTERN_SKIP:
				next = next_bit(table, bitmap(table, item + 1), next);
				break;
			case FUNNEL_PATTERN_TIME:
				if (next < table->nrows)
					next = follow_time(table, item, next);
				break;
		}
	}
	return next;
}

/* Can there be a match, judging by what conditions are met at all? */
static bool
has_conditions(const FunnelPattern *pattern, const FunnelRow *rows, size_t nrows)
{
	uint64_t	missing = pattern->conditions;

	for (size_t i = 0; i < nrows && missing != 0; i++)
		missing &= ~rows[i].steps;
	return missing == 0;
}

bool
funnel_pattern_matches(const FunnelPattern *pattern,
					   const FunnelRow *rows, size_t nrows, void *scratch)
{
	Table		table;

	if (!has_conditions(pattern, rows, nrows))
		return false;
	table_init(&table, pattern, rows, nrows, scratch);
	fill_table(&table, pattern->nitems);
	return get_bit(bitmap(&table, 0), 0);
}

size_t
funnel_pattern_count(const FunnelPattern *pattern,
					 const FunnelRow *rows, size_t nrows, void *scratch)
{
	size_t		count = 0;
	size_t		next = 0;
	size_t		steps = 0;
	Table		table;

	if (!has_conditions(pattern, rows, nrows))
		return 0;
	table_init(&table, pattern, rows, nrows, scratch);
	fill_table(&table, pattern->nitems);
	while (next < nrows && get_bit(bitmap(&table, 0), next))
	{
		size_t		end = follow(&table, pattern->nitems, next, NULL);

		/* a match that takes no row must not be found again */
		steps += end - next + pattern->nitems;
		next = end > next ? end : next + 1;
		count++;
		if (steps > ENTRIES_PER_POLL)
		{
			steps = 0;
			if (pattern->poll)
				pattern->poll();
		}
	}
	return count;
}

/* How many items the beginning of the pattern up to condition item N has. */
static int
items_up_to(const FunnelPattern *pattern, int n)
{
	int			item = 0;

	while (n > 0)
		n -= pattern->items[item++].kind == FUNNEL_PATTERN_CONDITION;
	return item;
}

int
funnel_pattern_find(const FunnelPattern *pattern,
					const FunnelRow *rows, size_t nrows, void *scratch, size_t *row)
{
	int			fits = 0;		/* so many conditions have a match */
	int			too_many = pattern->nconditions + 1;
	Table		table;

	table_init(&table, pattern, rows, nrows, scratch);
	if (has_conditions(pattern, rows, nrows))
	{
		fill_table(&table, pattern->nitems);
		if (get_bit(bitmap(&table, 0), 0))
		{
			follow(&table, pattern->nitems, 0, row);
			return pattern->nconditions;
		}
	}

	/* where a beginning matches, so do the shorter ones */
	while (too_many - fits > 1)
	{
		int			n = fits + (too_many - fits) / 2;
		int			nitems = items_up_to(pattern, n);

		fill_table(&table, nitems);
		if (get_bit(bitmap(&table, 0), 0))
		{
			follow(&table, nitems, 0, row);
			fits = n;
		}
		else
			too_many = n;
	}
	return fits;
}
