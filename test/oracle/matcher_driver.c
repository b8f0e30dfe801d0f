/*-------------------------------------------------------------------------
 *
 * matcher_driver.c
 *	  Run the matcher over cases read from standard input, one answer a line.
 *
 * A case is a line of rules,
 *		nsteps any_order first_entry increasing within optional strict
 *		excluding gap[0] .. gap[nsteps - 1] nrows
 * and a line "ts steps breaks" for each row, sorted.  Masks are decimal.  The
 * answer is
 *		depth outcome open_until reached {at:row}
 * with "none" where no attempt is open and "-" for a step skipped.
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

/* Ask the plain matcher too, where it can be asked. */
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
		FunnelMatch plain;

		memset(&plain, 0xA5, sizeof(plain));
		funnel_match_plain(rules, ts, steps, nrows, present, &plain);
		funnel_plain_find_rows(rules, ts, steps, &plain);
		if (!matches_equal(match, &plain))
			die("the plain matcher differs");
		reverse_instants(ts, steps, nrows);
		funnel_match_plain(rules, ts, steps, nrows, present, &plain);
		if (!matches_equal(match, &plain))
			die("the plain matcher depends on the order within an instant");
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
	printf("\n");
	fflush(stdout);
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
		rules.increasing = read_int() != 0;
		rules.within = read_int();
		rules.optional = read_mask();
		rules.strict = read_mask();
		rules.excluding = read_mask();
		for (int k = 0; k < nsteps; k++)
			rules.gap[k] = read_int();
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
		while (!match_with(&rules, rows, nrows, scratch_size, &match))
		{
			if (scratch_size > SIZE_MAX / 4)
				die("no scratch memory is enough");
			scratch_size = scratch_size * 2 + 1;
		}
		if (verbose)
			fprintf(stderr, "%zu rows, %zu bytes of scratch, %.3f s\n", nrows,
					scratch_size,
					(double) (clock() - started) / CLOCKS_PER_SEC);

		/* Too little memory is refused, or makes no difference. */
		if (nrows < 100)
		{
			for (int part = 0; part < 8; part++)
			{
				FunnelMatch again;

				if (match_with(&rules, rows, nrows, scratch_size / 8 * part,
							   &again) &&
					!matches_equal(&match, &again))
					die("the answer depends on the scratch memory");
			}
		}

		check_plain(&rules, rows, nrows, &match);
		print_match(&match);
		free(rows);
	}
	return 0;
}
