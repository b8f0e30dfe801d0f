/*-------------------------------------------------------------------------
 *
 * match.c
 *	  What is plain C, on any input: a fuzzer for clang's libFuzzer.
 *
 * The bytes are read as a question and some rows.  The matcher's answer must be
 * a chain that obeys the rules; where there are few rows it must be as deep, as
 * early and as late begun as the best of all chains, tried one by one.  What is
 * counted for window_funnel is compared with the plainest way to count it.  A
 * pattern's answers must agree with each other.  Memory is exactly as large as
 * it is said to be, for the address sanitizer to see what goes beyond.
 *
 * See make fuzz.
 *
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "match/matcher.h"
#include "match/pattern.h"
#include "match/plain.h"
#include "match/windowscan.h"

#define FEW_ROWS	8
#define FEW_STEPS	5
#define MANY_ROWS	80

/*
 * What is left of the bytes.  Behind the end others follow, as if by chance but
 * always the same: few bytes suffice for many rows of every kind.
 */
typedef struct Input
{
	const uint8_t *at;
	const uint8_t *end;
	uint64_t	chance;
} Input;

/* The best of all chains. */
typedef struct Best
{
	int			depth;
	int64_t		end;
	int64_t		start;
} Best;

/* One search through all chains. */
typedef struct Search
{
	const FunnelRules *rules;
	const FunnelRow *rows;
	size_t		nrows;
	Best		best;
} Search;

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) \
	do { \
		if (!(condition)) \
			fail(__LINE__, #condition); \
	} while (0)

static void
fail(int line, const char *condition)
{
	fprintf(stderr, "match.c:%d: not so: %s\n", line, condition);
	abort();
}

static void *
allocate(size_t size)
{
	void	   *memory = malloc(size);

	CHECK(memory != NULL || size == 0);
	memset(memory, 0xA5, size);
	return memory;
}

static uint8_t
take(Input *input)
{
	if (input->at < input->end)
		return *input->at++;
	input->chance = input->chance * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint8_t) (input->chance >> 56);
}

static uint64_t
take_mask(Input *input, int nbits)
{
	uint64_t	mask = 0;

	for (int taken = 0; taken < nbits; taken += 8)
		mask = mask << 8 | take(input);
	return nbits == 64 ? mask : mask & ((UINT64_C(1) << nbits) - 1);
}

static uint64_t
bits_between(int above, int to)
{
	uint64_t	mask = 0;

	for (int step = above + 1; step <= to; step++)
		mask |= FUNNEL_STEP_BIT(step);
	return mask;
}

static int
compare_rows(const void *a, const void *b)
{
	const FunnelRow *x = a;
	const FunnelRow *y = b;

	if (x->ts != y->ts)
		return x->ts < y->ts ? -1 : 1;
	if (x->steps != y->steps)
		return x->steps < y->steps ? -1 : 1;
	return x->breaks < y->breaks ? -1 : x->breaks > y->breaks;
}

/* Rows in order, in memory of their own; their times lie close together. */
static FunnelRow *
take_rows(Input *input, int nsteps, uint64_t excluding, size_t most, size_t *nrows)
{
	static const int64_t origins[] = {
		0, -1, INT64_C(-211813488000000000), INT64_C(9223371331200000000) - 1024
	};
	uint8_t		shape = take(input);
	size_t		n = take(input) % most;
	bool		one_step = (shape & 4) != 0;
	int			spread = shape & 8 ? 32 : 8;
	FunnelRow  *rows;

	if (most > FEW_ROWS)
		n += take(input) % (most / 2);
	rows = allocate(n * sizeof(FunnelRow));
	for (size_t i = 0; i < n; i++)
	{
		rows[i].ts = origins[shape & 3] + take(input) % spread;
		if (one_step)
			rows[i].steps = FUNNEL_STEP_BIT(take(input) % nsteps + 1);
		else
			rows[i].steps = take_mask(input, nsteps);
		rows[i].breaks = excluding == 0 ? 0 : take_mask(input, nsteps) & excluding;
	}
	qsort(rows, n, sizeof(FunnelRow), compare_rows);
	*nrows = n;
	return rows;
}

static void
take_rules(Input *input, FunnelRules *rules)
{
	uint8_t		clauses = take(input);
	uint8_t		size = take(input);

	memset(rules, 0, sizeof(*rules));
	rules->nsteps = size % (size < 224 ? FEW_STEPS : FUNNEL_MAX_STEPS) + 1;
	rules->first_entry = (clauses & 2) != 0;
	rules->any_order = (clauses & 12) == 12;
	rules->within = clauses & 16 ? take(input) % (clauses & 1 ? 8 : 32) + 1 : 0;
	if (!rules->any_order && (clauses & 32) != 0)
	{
		uint64_t	links = bits_between(1, rules->nsteps);

		rules->increasing = (clauses & 64) != 0;
		rules->strict = take_mask(input, rules->nsteps) & links;
		rules->excluding = take_mask(input, rules->nsteps) & links;
		rules->optional = take_mask(input, rules->nsteps) &
			bits_between(1, rules->nsteps - 1);
		if (clauses & 128)
		{
			for (int step = 2; step <= rules->nsteps; step++)
				rules->gap[step - 1] = take(input) % 32;
		}
	}
}

/* May a chain that stands at a step, since LAST, go on to another at NEXT? */
static bool
leads_on(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
		 int from, int64_t last, int to, int64_t next)
{
	uint64_t	links = bits_between(from, to);

	if ((bits_between(from, to - 1) & ~rules->optional) != 0 ||
		next < last || (rules->increasing && next == last) ||
		(rules->gap[to - 1] != 0 && next - last > rules->gap[to - 1]))
		return false;
	for (size_t i = 0; i < nrows; i++)
	{
		if (rows[i].ts > last && rows[i].ts < next &&
			((rules->strict & links) != 0 || (rows[i].breaks & links) != 0))
			return false;
	}
	return true;
}

static void
try_chains(Search *search, int step, int64_t start, int64_t last, unsigned used)
{
	const FunnelRules *rules = search->rules;
	Best	   *best = &search->best;

	if (step > best->depth ||
		(step == best->depth &&
		 (last < best->end || (last == best->end && start > best->start))))
	{
		best->depth = step;
		best->end = last;
		best->start = start;
	}
	for (int to = step + 1; to <= rules->nsteps; to++)
	{
		for (size_t i = 0; i < search->nrows; i++)
		{
			const FunnelRow *row = &search->rows[i];

			if ((used & 1U << i) == 0 && (row->steps & FUNNEL_STEP_BIT(to)) != 0 &&
				(rules->within == 0 || row->ts - start <= rules->within) &&
				leads_on(rules, search->rows, search->nrows, step, last, to, row->ts))
				try_chains(search, to, start, row->ts, used | 1U << i);
		}
	}
}

/* The most of the steps from STEP on that rows of [FIRST, END] can take. */
static int
most_steps(const Search *search, int step, int64_t first, int64_t end, unsigned used)
{
	int			most;

	if (step > search->rules->nsteps)
		return 0;
	most = most_steps(search, step + 1, first, end, used);
	for (size_t i = 0; i < search->nrows; i++)
	{
		const FunnelRow *row = &search->rows[i];

		if ((used & 1U << i) == 0 && row->ts >= first && row->ts <= end &&
			(row->steps & FUNNEL_STEP_BIT(step)) != 0)
		{
			int			with = 1 + most_steps(search, step + 1, first, end, used | 1U << i);

			if (with > most)
				most = with;
		}
	}
	return most;
}

static void
search_any_order(Search *search)
{
	const FunnelRules *rules = search->rules;

	for (size_t i = 0; i < search->nrows; i++)
	{
		int64_t		first = search->rows[i].ts;
		int64_t		end = rules->within == 0 ? INT64_MAX : first + rules->within;
		int			most;

		if (search->rows[i].steps == 0)
			continue;
		most = most_steps(search, 1, first, end, 0);
		if (most > search->best.depth)
			search->best.depth = most;
		if (rules->first_entry)
			break;
	}
}

static void
search_in_order(Search *search)
{
	bool		entered = false;
	int64_t		entry = 0;

	for (size_t i = 0; i < search->nrows; i++)
	{
		const FunnelRow *row = &search->rows[i];

		if ((row->steps & FUNNEL_STEP_BIT(1)) == 0)
			continue;
		if (search->rules->first_entry && entered && row->ts != entry)
			break;
		entered = true;
		entry = row->ts;
		try_chains(search, 1, row->ts, row->ts, 1U << i);
	}
}

/* The answer against the best of all chains. */
static void
check_best(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
		   const FunnelMatch *match)
{
	Search		search = {
		.rules = rules,
		.rows = rows,
		.nrows = nrows
	};

	if (rules->any_order)
		search_any_order(&search);
	else
		search_in_order(&search);
	CHECK(match->depth == search.best.depth);
	if (match->depth > 0 && !rules->any_order)
	{
		CHECK(match->at[0] == search.best.start);
		CHECK(match->at[match->depth - 1] == search.best.end);
	}
}

/* Is what is reported a chain by the rules? */
static void
check_chain(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			const FunnelMatch *match)
{
	int			last = 0;
	uint64_t	matched = 0;

	CHECK(match->depth >= 0 && match->depth <= rules->nsteps);
	CHECK((match->outcome == FUNNEL_CONVERTED) == (match->depth == rules->nsteps));
	CHECK(match->outcome < FUNNEL_NUM_OUTCOMES);
	for (int step = 1; step <= match->depth; step++)
	{
		size_t		row = match->row[step - 1];

		if ((match->reached & FUNNEL_STEP_BIT(step)) == 0)
			continue;
		CHECK(row < nrows && rows[row].ts == match->at[step - 1]);
		matched |= rows[row].steps;
		for (int other = 1; other < step; other++)
			CHECK((match->reached & FUNNEL_STEP_BIT(other)) == 0 ||
				  match->row[other - 1] != row);
		if (rules->any_order)
			CHECK(rows[row].steps != 0 &&
				  (last == 0 || match->at[last - 1] <= match->at[step - 1]));
		else
		{
			CHECK((rows[row].steps & FUNNEL_STEP_BIT(step)) != 0);
			CHECK(last == 0 || leads_on(rules, rows, nrows, last, match->at[last - 1],
										step, match->at[step - 1]));
		}
		last = step;
	}
	CHECK(last == match->depth);
	CHECK(match->depth == 0 || (match->reached & 1) != 0);
	CHECK(match->depth == 0 || rules->within == 0 ||
		  match->at[match->depth - 1] - match->at[0] <= rules->within);
	CHECK(match->depth == 0 || matched != 0);
}

/* Words in order are matched as the rows are; else nothing is. */
static void
check_words(const FunnelRules *rules, const int64_t *ts, const uint8_t *steps, size_t nrows,
			const FunnelMatch *match)
{
	int64_t		limit = INT64_C(1) << (63 - FUNNEL_PLAIN_STEP_BITS);
	int64_t    *words = allocate((nrows + 1) * sizeof(int64_t));
	FunnelMatch found;

	words[nrows] = 42;
	for (size_t i = 0; i < nrows; i++)
	{
		if (ts[i] < -limit || ts[i] >= limit)
		{
			free(words);
			return;
		}
		words[i] = (int64_t) ((uint64_t) ts[i] << FUNNEL_PLAIN_STEP_BITS | steps[i]);
	}
	memset(&found, 0xA5, sizeof(found));
	CHECK(funnel_match_plain_words(rules, words, nrows, &found));
	CHECK(words[nrows] == 42);
	CHECK(found.depth == match->depth && found.outcome == match->outcome &&
		  found.open == match->open && found.reached == match->reached);
	CHECK(!found.open || found.open_until == match->open_until);
	for (int step = 1; step <= match->depth; step++)
		CHECK(found.at[step - 1] == match->at[step - 1]);

	/* the last word first */
	if (nrows > 1 && ts[0] < ts[nrows - 1])
	{
		int64_t		last = words[nrows - 1];

		memmove(words + 1, words, (nrows - 1) * sizeof(int64_t));
		words[0] = last;
		CHECK(!funnel_match_plain_words(rules, words, nrows, &found));
		CHECK(words[nrows] == 42);
	}
	free(words);
}

static void
check_plain(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			const FunnelMatch *match)
{
	int64_t    *ts = allocate((nrows + 1) * sizeof(int64_t));
	uint8_t    *steps = allocate(nrows);
	uint64_t	present;

	if (funnel_rules_are_plain(rules) &&
		funnel_rows_to_plain(rules, rows, nrows, ts, steps, &present))
	{
		FunnelMatch plain;

		memset(&plain, 0xA5, sizeof(plain));
		funnel_match_plain(rules, ts, steps, nrows, present, &plain);
		funnel_plain_find_rows(rules, ts, steps, &plain);
		CHECK(plain.depth == match->depth && plain.outcome == match->outcome &&
			  plain.open == match->open && plain.reached == match->reached);
		CHECK(!plain.open || plain.open_until == match->open_until);
		for (int step = 1; step <= match->depth; step++)
			CHECK(plain.at[step - 1] == match->at[step - 1] &&
				  plain.row[step - 1] == match->row[step - 1]);

		if (!rules->first_entry && !rules->last_entry)
			check_words(rules, ts, steps, nrows, &plain);

		/* no entry by itself gets deeper than all of them */
		for (size_t i = 0; i < nrows && nrows <= 64; i++)
		{
			if (steps[i] != 1)
				continue;
			funnel_match_plain_entry(rules, ts, steps, i, nrows, present, &plain);
			CHECK(plain.depth >= 1 && plain.at[0] == ts[i]);
			CHECK(rules->first_entry || rules->last_entry || plain.depth <= match->depth);
		}
	}
	free(steps);
	free(ts);
}

static void
match_exactly(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			  FunnelMatch *match)
{
	size_t		scratch_size = funnel_match_scratch_size(rules, nrows);
	bool		done;

	do
	{
		void	   *scratch = allocate(scratch_size);

		memset(match, 0xA5, sizeof(*match));
		done = funnel_match(rules, rows, nrows, scratch, scratch_size, match);
		free(scratch);
		scratch_size = scratch_size * 2 + 1;
		CHECK(done || scratch_size < (size_t) 1 << 30);
	} while (!done);
}

static void
fuzz_matcher(Input *input)
{
	FunnelRules rules;
	FunnelMatch match;
	FunnelRow  *rows;
	size_t		nrows;
	bool		few;

	take_rules(input, &rules);
	few = rules.nsteps <= FEW_STEPS && take(input) % 16 != 0;
	rows = take_rows(input, rules.nsteps, rules.excluding, few ? FEW_ROWS : MANY_ROWS,
					 &nrows);
	match_exactly(&rules, rows, nrows, &match);
	check_chain(&rules, rows, nrows, &match);
	check_plain(&rules, rows, nrows, &match);
	if (few)
		check_best(&rules, rows, nrows, &match);
	free(rows);
}

/*
 * How far one comes from each row that meets the first condition, taking each
 * of the others as soon as it can be.
 */
static int
count_levels(const FunnelWindow *window, const FunnelRow *rows, size_t nrows)
{
	bool		increase = (window->modes & FUNNEL_STRICT_INCREASE) != 0;
	int			best = 0;

	for (size_t begin = 0; begin < nrows; begin++)
	{
		int64_t		last = rows[begin].ts;
		int			level = 1;

		if ((rows[begin].steps & FUNNEL_STEP_BIT(1)) == 0)
			continue;
		while (level < window->nlevels)
		{
			size_t		i;

			for (i = 0; i < nrows; i++)
			{
				if ((rows[i].steps & FUNNEL_STEP_BIT(level + 1)) != 0 &&
					(increase ? rows[i].ts > last : rows[i].ts >= last))
					break;
			}
			if (i == nrows || (uint64_t) (rows[i].ts - rows[begin].ts) > window->within)
				break;
			last = rows[i].ts;
			level++;
		}
		if (level > best)
			best = level;
	}
	return best;
}

static void
fuzz_windowscan(Input *input)
{
	Assignment *scratch = allocate(sizeof(Assignment));
	FunnelWindow window = {0};
	FunnelRow  *rows;
	size_t		nrows;
	int			level;
	unsigned	modes;

	window.nlevels = take(input) % FUNNEL_MAX_STEPS + 1;
	modes = take(input) % (FUNNEL_ALLOW_REENTRY << 1);
	window.within = take(input) % 40;
	rows = take_rows(input, window.nlevels, 0, MANY_ROWS, &nrows);

	window.modes = modes;
	level = funnel_window_scan(&window, rows, nrows, scratch);
	window.modes = modes & FUNNEL_STRICT_INCREASE;
	CHECK(level >= 0 && level <= count_levels(&window, rows, nrows));
	CHECK(funnel_window_scan(&window, rows, nrows, scratch) ==
		  count_levels(&window, rows, nrows));

	/* where each row serves once, it is a funnel with a window alone */
	if (window.within > 0)
	{
		FunnelRules rules = {
			.nsteps = window.nlevels,
			.within = (int64_t) window.within
		};
		FunnelMatch match;

		match_exactly(&rules, rows, nrows, &match);
		window.modes = FUNNEL_STRICT_ONCE;
		CHECK(funnel_window_scan(&window, rows, nrows, scratch) == match.depth);
		rules.increasing = true;
		match_exactly(&rules, rows, nrows, &match);
		window.modes = FUNNEL_STRICT_INCREASE;
		CHECK(funnel_window_scan(&window, rows, nrows, scratch) == match.depth);
	}
	free(rows);
	free(scratch);
}

/* Bytes as they are, or one byte for a piece of a pattern. */
static char *
take_pattern(Input *input, int *len)
{
	static const char *const pieces[] = {
		"(?1)", "(?2)", "(?3)", "(?64)", ".", ".*", ".*", "(?t<=1)", "(?t<2)",
		"(?t>=0)", "(?t>3)", "(?t==1.5)", "(?t!=0)", "(?t", ")", "9"
	};
	bool		raw = (take(input) & 3) == 0;
	int			npieces = take(input);
	char	   *text;
	char	   *exact;

	text = allocate((size_t) npieces * 16 + 1);
	*len = 0;
	for (int i = 0; i < npieces; i++)
	{
		if (raw)
			text[(*len)++] = (char) take(input);
		else
		{
			const char *piece = pieces[take(input) % (sizeof(pieces) / sizeof(pieces[0]))];

			memcpy(text + *len, piece, strlen(piece));
			*len += (int) strlen(piece);
		}
	}
	exact = allocate((size_t) *len);
	memcpy(exact, text, (size_t) *len);
	free(text);
	return exact;
}

static void
fuzz_pattern(Input *input)
{
	FunnelPatternParse *parse = allocate(sizeof(FunnelPatternParse));
	int			nconditions = take(input) % FUNNEL_MAX_STEPS + 1;
	uint64_t	unit = take(input) % 2 ? 1 : 10;
	int			len;
	char	   *text = take_pattern(input, &len);

	funnel_pattern_parse(parse, text, len, nconditions, unit);
	if (parse->error != FUNNEL_PATTERN_OK)
		CHECK(parse->position >= 0 && parse->position <= len);
	else
	{
		FunnelPattern pattern = {0};
		size_t		nrows;
		FunnelRow  *rows = take_rows(input, nconditions, 0, MANY_ROWS, &nrows);
		void	   *scratch;
		size_t	   *row;
		size_t		count;
		bool		matches;
		int			nfound;

		funnel_pattern_init(&pattern, parse->items, parse->nitems);
		CHECK(pattern.nconditions <= parse->nitems);
		scratch = allocate(funnel_pattern_scratch_size(&pattern, nrows));
		row = allocate((size_t) pattern.nconditions * sizeof(size_t));
		matches = funnel_pattern_matches(&pattern, rows, nrows, scratch);
		count = funnel_pattern_count(&pattern, rows, nrows, scratch);
		nfound = funnel_pattern_find(&pattern, rows, nrows, scratch, row);
		CHECK(count <= nrows + 1);
		CHECK(nrows == 0 || matches == (count > 0));
		CHECK(nfound >= 0 && nfound <= pattern.nconditions);
		CHECK(!matches || nfound == pattern.nconditions);
		for (int i = 0, item = 0; i < nfound; i++, item++)
		{
			while (parse->items[item].kind != FUNNEL_PATTERN_CONDITION)
				item++;
			CHECK(row[i] < nrows && (i == 0 || row[i] > row[i - 1]));
			CHECK((rows[row[i]].steps &
				   FUNNEL_STEP_BIT(parse->items[item].condition)) != 0);
		}
		free(row);
		free(scratch);
		free(rows);
	}
	free(text);
	free(parse);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Input		input = {data, data + size, size};

	for (size_t i = 0; i < size; i++)
		input.chance = (input.chance ^ data[i]) * UINT64_C(1099511628211);
	switch (take(&input) % 4)
	{
		case 0:
			fuzz_windowscan(&input);
			break;
		case 1:
			fuzz_pattern(&input);
			break;
		default:
			fuzz_matcher(&input);
			break;
	}
	return 0;
}
