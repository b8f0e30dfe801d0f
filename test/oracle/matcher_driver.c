/*-------------------------------------------------------------------------
 *
 * matcher_driver.c
 *	  Run the matcher over cases read from standard input, one answer a line.
 *
 * A case is a line of rules,
 *		nsteps any_order first_entry last_entry every_attempt increasing
 *		within optional strict excluding
 *		gap[0] .. gap[nsteps - 1] shortest[0] .. shortest[nsteps - 1] nrows
 * and a line "ts steps breaks" for each row, sorted.  Masks are decimal.  The
 * answer is
 *		depth outcome open_until reached {at:row}
 * with "none" where no attempt is open and "-" for a step skipped.  Of every
 * attempt it is all that count, separated by "/", or "none".
 *
 * Where the rules and rows are plain, the plain matcher must say the same, in
 * whatever order the rows of an instant come.
 *
 * The scratch memory is exactly as large as it is said to be, so that an
 * address sanitizer sees the first byte beyond.  With -v the time of each case
 * goes to standard error.
 *
 * With -p the answer is, instead, how much work there was between two polls: the
 * most, and all.  Work is counted in basic blocks, by a compiler that has each
 * of them call __sanitizer_cov_trace_pc, in all files but this one.  The same
 * rows then go through the scan of window_funnel, too.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "match/attempts.h"
#include "match/matcher.h"
#include "match/plain.h"
#include "match/windowscan.h"

static const char *const outcome_names[FUNNEL_NUM_OUTCOMES] = {
	[FUNNEL_CONVERTED] = "converted",
	[FUNNEL_EXCLUDED] = "excluded",
	[FUNNEL_LATE] = "late",
	[FUNNEL_EARLY] = "early",
	[FUNNEL_ABSENT] = "absent",
};

static void
die(const char *message)
{
	fprintf(stderr, "matcher_driver: %s\n", message);
	exit(2);
}

static void *
allocate(size_t size)
{
	void	   *memory = malloc(size > 0 ? size : 1);

	if (memory == NULL)
		die("out of memory");
	return memory;
}

static int64_t
read_int(void)
{
	int64_t		value;

	if (scanf("%" SCNd64, &value) != 1)
		die("truncated case");
	return value;
}

static uint64_t
read_mask(void)
{
	uint64_t	value;

	if (scanf("%" SCNu64, &value) != 1)
		die("truncated case");
	return value;
}

/* Match with scratch memory of a given size, filled with rubbish. */
static bool
match_with(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
		   size_t scratch_size, FunnelMatch *match)
{
	void	   *scratch = allocate(scratch_size);
	bool		done;

	memset(scratch, 0xA5, scratch_size);
	memset(match, 0xA5, sizeof(*match));
	done = funnel_match(rules, rows, nrows, scratch, scratch_size, match);
	free(scratch);
	return done;
}

static bool
matches_equal(const FunnelMatch *a, const FunnelMatch *b)
{
	if (a->depth != b->depth || a->outcome != b->outcome ||
		a->open != b->open || a->reached != b->reached ||
		(a->open && a->open_until != b->open_until))
		return false;
	for (int step = 1; step <= a->depth; step++)
	{
		if ((a->reached & FUNNEL_STEP_BIT(step)) &&
			(a->at[step - 1] != b->at[step - 1] ||
			 a->row[step - 1] != b->row[step - 1]))
			return false;
	}
	return true;
}

/* Turn the rows of each instant round. */
static void
reverse_instants(int64_t *ts, uint8_t *steps, size_t nrows)
{
	size_t		end;

	for (size_t begin = 0; begin < nrows; begin = end)
	{
		for (end = begin + 1; end < nrows && ts[end] == ts[begin]; end++)
			;
		for (size_t i = begin, j = end - 1; i < j; i++, j--)
		{
			uint8_t		step = steps[i];

			steps[i] = steps[j];
			steps[j] = step;
		}
	}
}

static bool
attempts_equal(const FunnelAttempts *a, const FunnelAttempts *b)
{
	return a->opening == b->opening && matches_equal(a->match, b->match);
}

/* The attempts of plain rows must be those that the other matcher finds. */
static void
check_plain_attempts(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					 int64_t *ts, uint8_t *steps, uint64_t present, bool same_order)
{
	FunnelAttempts attempts;
	FunnelAttempts plain;
	size_t		scratch_size = 2 * funnel_match_scratch_size(rules, nrows);
	void	   *scratch = allocate(scratch_size);
	FunnelAttemptsStatus status;

	funnel_attempts_begin(&attempts, rules, rows, nrows);
	funnel_attempts_begin_plain(&plain, rules, ts, steps, nrows, present, same_order);
	do
	{
		status = funnel_attempts_next(&attempts, scratch, scratch_size);
		if (funnel_attempts_next(&plain, NULL, 0) != status)
			die("the number of plain attempts differs");
		if (status == FUNNEL_ATTEMPTS_FOUND)
		{
			/* in another order they would be others */
			if (!same_order)
				memcpy(plain.match->row, attempts.match->row, sizeof(plain.match->row));
			if (!attempts_equal(&attempts, &plain))
				die("a plain attempt differs");
		}
	} while (status == FUNNEL_ATTEMPTS_FOUND);
	free(scratch);
}

/* More rows are not asked of entry by entry, or changed one by one. */
#define MAX_ENTRY_ROWS		256
#define MAX_CHANGED_ROWS	16

/*
 * Of one entry, the plain matcher says what the matcher does where rows at other
 * instants match no first step.  SAME_ORDER: of all rows of one instant, too.
 */
static void
check_plain_entries(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					int64_t *ts, const uint8_t *steps, uint64_t present, bool same_order)
{
	size_t		scratch_size = funnel_match_scratch_size(rules, nrows);
	void	   *scratch = allocate(scratch_size);
	FunnelRow  *others = allocate(nrows * sizeof(FunnelRow));
	uint8_t    *other_steps = allocate(nrows);
	FunnelRules any = *rules;

	any.first_entry = any.last_entry = false;
	for (size_t entry = 0; entry < nrows; entry++)
	{
		FunnelMatch match;
		FunnelMatch plain;
		FunnelMatch hiding;

		if (steps[entry] != 1)
			continue;
		memcpy(others, rows, nrows * sizeof(FunnelRow));
		memcpy(other_steps, steps, nrows);
		for (size_t i = 0; i < nrows; i++)
		{
			if (rows[i].steps == FUNNEL_STEP_BIT(1) && rows[i].ts != ts[entry])
				others[i].steps = 0;
			if (steps[i] == 1 && ts[i] != ts[entry])
				other_steps[i] = 0;
		}
		memset(&match, 0xA5, sizeof(match));
		memset(&plain, 0xA5, sizeof(plain));
		memset(&hiding, 0xA5, sizeof(hiding));
		if (!funnel_match(&any, others, nrows, scratch, scratch_size, &match))
			die("the scratch memory is too small");
		funnel_match_plain_entry(rules, ts, steps, entry, nrows, present, &plain);
		funnel_match_plain(&any, ts, other_steps, nrows, present, &hiding);
		if (same_order)
		{
			funnel_plain_find_rows(rules, ts, other_steps, &plain);
			funnel_plain_find_rows(rules, ts, other_steps, &hiding);
		}
		else
		{
			memcpy(plain.row, match.row, sizeof(plain.row));
			memcpy(hiding.row, match.row, sizeof(hiding.row));
		}
		if (!matches_equal(&match, &plain))
			die("the plain matcher differs for one entry");
		if (!matches_equal(&match, &hiding))
			die("the plain matcher differs where other entries match nothing");
	}
	free(other_steps);
	free(others);
	free(scratch);
}

#define WORD(ts, step)		((int64_t) ((uint64_t) (ts) << FUNNEL_PLAIN_STEP_BITS | (step)))
#define WORD_TIME_LIMIT		(INT64_C(1) << (63 - FUNNEL_PLAIN_STEP_BITS))

/* Ask of words; they, and one behind them, must be what they were. */
static bool
match_words(const FunnelRules *rules, int64_t *words, size_t nrows, FunnelMatch *match)
{
	size_t		size = (nrows + 1) * sizeof(int64_t);
	int64_t    *copy = allocate(size);
	bool		fits;

	memcpy(copy, words, size);
	memset(match, 0xA5, sizeof(*match));
	fits = funnel_match_plain_words(rules, words, nrows, match);
	if (memcmp(copy, words, size) != 0)
		die("the words were changed");
	free(copy);
	return fits;
}

/*
 * Words are matched as the rows are of which they are made, at whatever time; but not if
 * they are out of order, or if one has no step of the definition.
 */
static void
check_plain_words(const FunnelRules *rules, const int64_t *ts, const uint8_t *steps, size_t nrows,
				  uint64_t present)
{
	int64_t    *words;
	int64_t    *moved;
	FunnelMatch match;
	FunnelMatch plain;

	if (ts[0] < -WORD_TIME_LIMIT / 2 || ts[nrows - 1] >= WORD_TIME_LIMIT / 2)
		return;
	words = allocate((nrows + 1) * sizeof(int64_t));
	moved = allocate((nrows + 1) * sizeof(int64_t));
	for (int where = 0; where < 3; where++)
	{
		/* here, as late as can be, and as early */
		int64_t		by = where == 0 ? 0 : where == 1 ? WORD_TIME_LIMIT - 1 - ts[nrows - 1] :
			-WORD_TIME_LIMIT - ts[0];

		for (size_t i = 0; i < nrows; i++)
		{
			moved[i] = ts[i] + by;
			words[i] = WORD(moved[i], steps[i]);
		}
		words[nrows] = words[0];
		memset(&plain, 0xA5, sizeof(plain));
		funnel_match_plain(rules, moved, steps, nrows, present, &plain);
		if (match_words(rules, words, nrows, &match) != (!rules->first_entry && !rules->last_entry))
			die("whether words can be matched is wrong");
		if (rules->first_entry || rules->last_entry)
			continue;
		memcpy(match.row, plain.row, sizeof(match.row));
		if (!matches_equal(&plain, &match))
			die("words are matched otherwise");
		for (size_t i = 0; i < nrows && nrows <= MAX_CHANGED_ROWS; i++)
		{
			int64_t		word = words[i];

			words[i] = WORD(moved[i], 0);
			if (match_words(rules, words, nrows, &match))
				die("a word of step 0 was matched");
			words[i] = WORD(moved[i], rules->nsteps + 1);
			if (match_words(rules, words, nrows, &match))
				die("a word of a step too many was matched");
			words[i] = WORD(moved[i], 0xFF);
			if (match_words(rules, words, nrows, &match))
				die("a word with another code was matched");
			words[i] = word;
			if (i > 0 && moved[i - 1] < moved[i])
			{
				words[i] = words[i - 1];
				words[i - 1] = word;
				if (match_words(rules, words, nrows, &match))
					die("words out of order were matched");
				words[i - 1] = words[i];
				words[i] = word;
			}
		}
	}
	free(moved);
	free(words);
}

/* Ask the plain matcher too, where it can be asked; MATCH is NULL for attempts. */
static void
check_plain(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			const FunnelMatch *match)
{
	int64_t    *ts = allocate((nrows + 1) * sizeof(int64_t));
	uint8_t    *steps = allocate(nrows);
	uint64_t	present;

	if (funnel_rules_are_plain(rules) &&
		funnel_rows_to_plain(rules, rows, nrows, ts, steps, &present) &&
		(rules->nsteps == FUNNEL_MAX_STEPS || present >> rules->nsteps == 0))
	{
		for (int round = 0; round < 2; round++)
		{
			FunnelMatch plain;

			if (match == NULL)
				check_plain_attempts(rules, rows, nrows, ts, steps, present, round == 0);
			else
			{
				memset(&plain, 0xA5, sizeof(plain));
				funnel_match_plain(rules, ts, steps, nrows, present, &plain);
				if (round == 0)
					funnel_plain_find_rows(rules, ts, steps, &plain);
				else
					memcpy(plain.row, match->row, sizeof(plain.row));
				if (!matches_equal(match, &plain))
					die(round == 0 ? "the plain matcher differs" :
						"the plain matcher depends on the order within an instant");
				if (nrows > 0)
					check_plain_words(rules, ts, steps, nrows, present);
				if (nrows <= MAX_ENTRY_ROWS)
					check_plain_entries(rules, rows, nrows, ts, steps, present, round == 0);
			}
			reverse_instants(ts, steps, nrows);
		}
	}
	free(steps);
	free(ts);
}

/* Work: in all, at the last poll, and the most between two. */
static uint64_t work;
static uint64_t work_at_poll;
static uint64_t most_work;

void		__sanitizer_cov_trace_pc(void);

void
__sanitizer_cov_trace_pc(void)
{
	work++;
}

static void
note_poll(void)
{
	if (work - work_at_poll > most_work)
		most_work = work - work_at_poll;
	work_at_poll = work;
}

/* Their callers look after each attempt, too. */
static void
work_through_attempts(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					  size_t scratch_size)
{
	FunnelAttempts attempts;
	FunnelAttemptsStatus status;
	void	   *scratch = allocate(scratch_size);

	funnel_attempts_begin(&attempts, rules, rows, nrows);
	while ((status = funnel_attempts_next(&attempts, scratch, scratch_size)) !=
		   FUNNEL_ATTEMPTS_END)
	{
		note_poll();
		if (status == FUNNEL_ATTEMPTS_FOUND)
			continue;
		free(scratch);
		scratch_size = scratch_size * 2 + 1;
		scratch = allocate(scratch_size);
	}
	note_poll();
	free(scratch);
	check_plain(rules, rows, nrows, NULL);
	note_poll();
}

/* Do all there is to do with the rows, and print how much work went unpolled. */
static void
print_work(FunnelRules *rules, const FunnelRow *rows, size_t nrows)
{
	static const unsigned modes[] = {
		0, FUNNEL_STRICT_INCREASE, FUNNEL_STRICT_ONCE,
		FUNNEL_STRICT_ONCE | FUNNEL_STRICT_DEDUPLICATION
	};
	FunnelWindow window = {rules->nsteps, 0, UINT64_MAX, note_poll};
	Assignment *assignment = allocate(sizeof(Assignment));
	size_t		scratch_size = funnel_match_scratch_size(rules, nrows);
	FunnelMatch match;

	work = work_at_poll = most_work = 0;
	rules->poll = note_poll;
	while (!match_with(rules, rows, nrows, scratch_size, &match))
	{
		note_poll();
		scratch_size = scratch_size * 2 + 1;
	}
	note_poll();
	check_plain(rules, rows, nrows, &match);
	note_poll();
	work_through_attempts(rules, rows, nrows, scratch_size);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
	{
		window.modes = modes[i];
		funnel_window_scan(&window, rows, nrows, assignment);
		note_poll();
	}
	free(assignment);
	printf("%" PRIu64 " %" PRIu64 "\n", most_work, work);
	fflush(stdout);
}

static void
print_match(const FunnelMatch *match)
{
	if (match->outcome >= FUNNEL_NUM_OUTCOMES || match->depth < 0 ||
		match->depth > FUNNEL_MAX_STEPS)
		die("answer out of range");
	printf("%d %s ", match->depth, outcome_names[match->outcome]);
	if (match->open)
		printf("%" PRId64, match->open_until);
	else
		printf("none");
	printf(" %" PRIu64, match->reached);
	for (int step = 1; step <= match->depth; step++)
	{
		if (match->reached & FUNNEL_STEP_BIT(step))
			printf(" %" PRId64 ":%zu", match->at[step - 1], match->row[step - 1]);
		else
			printf(" -");
	}
}

/*
 * Print the attempts that count.  Scratch memory is little at first, so that the
 * driver has to be asked again.
 */
static void
print_attempts(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
			   size_t scratch_size)
{
	FunnelAttempts attempts;
	FunnelAttemptsStatus status;
	void	   *scratch = allocate(scratch_size);
	int			printed = 0;

	memset(&attempts, 0xA5, sizeof(attempts));
	memset(scratch, 0xA5, scratch_size);
	funnel_attempts_begin(&attempts, rules, rows, nrows);
	while ((status = funnel_attempts_next(&attempts, scratch, scratch_size)) !=
		   FUNNEL_ATTEMPTS_END)
	{
		bool		counts = false;

		if (status == FUNNEL_ATTEMPTS_NO_ROOM)
		{
			if (scratch_size > SIZE_MAX / 4)
				die("no scratch memory is enough");
			free(scratch);
			scratch_size = scratch_size * 2 + 1;
			scratch = allocate(scratch_size);
			memset(scratch, 0xA5, scratch_size);
			continue;
		}
		for (size_t i = attempts.opening;
			 i < nrows && rows[i].ts == rows[attempts.opening].ts; i++)
			counts |= (rows[i].steps & FUNNEL_STEP_BIT(1)) != 0 &&
				(rows[i].breaks & FUNNEL_NO_ENTRY) == 0;
		if (!counts)
			continue;
		if (printed++ > 0)
			printf(" / ");
		print_match(attempts.match);
	}
	if (printed == 0)
		printf("none");
	free(scratch);
}

/* Match with as much scratch memory as it takes. */
static void
match_rows(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
		   size_t *scratch_size, FunnelMatch *match)
{
	while (!match_with(rules, rows, nrows, *scratch_size, match))
	{
		if (*scratch_size > SIZE_MAX / 4)
			die("no scratch memory is enough");
		*scratch_size = *scratch_size * 2 + 1;
	}

	/* Too little memory is refused, or makes no difference. */
	for (int part = 0; nrows < 100 && part < 8; part++)
	{
		FunnelMatch again;

		if (match_with(rules, rows, nrows, *scratch_size / 8 * part, &again) &&
			!matches_equal(match, &again))
			die("the answer depends on the scratch memory");
	}
}

int
main(int argc, char **argv)
{
	bool		verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	bool		polls = argc > 1 && strcmp(argv[1], "-p") == 0;
	int			nsteps;

	while (scanf("%d", &nsteps) == 1)
	{
		FunnelRules rules;
		FunnelRow  *rows;
		FunnelMatch match;
		size_t		nrows;
		size_t		scratch_size;
		clock_t		started;

		memset(&rules, 0, sizeof(rules));
		if (nsteps < 1 || nsteps > FUNNEL_MAX_STEPS)
			die("bad number of steps");
		rules.nsteps = nsteps;
		rules.any_order = read_int() != 0;
		rules.first_entry = read_int() != 0;
		rules.last_entry = read_int() != 0;
		rules.every_attempt = read_int() != 0;
		rules.increasing = read_int() != 0;
		rules.within = read_int();
		rules.optional = read_mask();
		rules.strict = read_mask();
		rules.excluding = read_mask();
		for (int k = 0; k < nsteps; k++)
			rules.gap[k] = read_int();
		for (int k = 0; k < nsteps; k++)
		{
			rules.shortest[k] = read_int();
			if (rules.shortest[k] != 0)
				rules.delayed |= FUNNEL_STEP_BIT(k + 1);
		}
		if (!rules.every_attempt)
			rules.barring = FUNNEL_NO_ENTRY;
		nrows = (size_t) read_int();

		rows = allocate(nrows * sizeof(FunnelRow));
		for (size_t i = 0; i < nrows; i++)
		{
			rows[i].ts = read_int();
			rows[i].steps = read_mask();
			rows[i].breaks = read_mask();
		}

		if (polls)
		{
			print_work(&rules, rows, nrows);
			free(rows);
			continue;
		}

		started = clock();
		scratch_size = funnel_match_scratch_size(&rules, nrows);
		if (rules.every_attempt)
		{
			if (nrows < 100)
				check_plain(&rules, rows, nrows, NULL);
			print_attempts(&rules, rows, nrows, scratch_size / (1 + nrows % 3));
		}
		else
		{
			match_rows(&rules, rows, nrows, &scratch_size, &match);
			check_plain(&rules, rows, nrows, &match);
			print_match(&match);
		}
		printf("\n");
		fflush(stdout);
		if (verbose)
			fprintf(stderr, "%zu rows, %zu bytes of scratch, %.3f s\n", nrows,
					scratch_size,
					(double) (clock() - started) / CLOCKS_PER_SEC);
		free(rows);
	}
	return 0;
}
