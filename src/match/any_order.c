/*-------------------------------------------------------------------------
 *
 * match/any_order.c
 *	  The matcher of funnels under "any order".
 *
 * The sets of rows that can be matched to distinct steps are the independent
 * sets of a transversal matroid (J. Edmonds and D. R. Fulkerson, "Transversals
 * and matroid partition", 1965), for which greedy is exact: exchanging the
 * oldest row of a circuit for the new row keeps a basis that is, for every left
 * edge of the window, a largest matching of the rows inside.
 *
 *-------------------------------------------------------------------------
 */
#include "match/any_order.h"

#include "match/instant.h"
#include "match/steps.h"
#include "match/work.h"

#define NO_MEMBER			(-1)

/* A set of rows with a step for each, all different. */
typedef struct Basis
{
	Work		work;
	int			n;
	size_t		row[FUNNEL_MAX_STEPS];
	uint64_t	steps[FUNNEL_MAX_STEPS];
	int			member[FUNNEL_MAX_STEPS + 1];	/* of a step, or NO_MEMBER */
} Basis;

static void
basis_clear(Basis *basis)
{
	basis->n = 0;
	for (int step = 0; step <= FUNNEL_MAX_STEPS; step++)
		basis->member[step] = NO_MEMBER;
}

/* Give MEMBER a step, moving other members if need be. */
static bool
basis_augment(Basis *basis, int member, uint64_t *visited)
{
	for (uint64_t m = basis->steps[member] & ~*visited; m != 0; m &= m - 1)
	{
		int			step = LOWEST_STEP(m);

		work_add(&basis->work, 1);
		if (*visited & STEP_BIT(step))
			continue;
		*visited |= STEP_BIT(step);
		if (basis->member[step] == NO_MEMBER ||
			basis_augment(basis, basis->member[step], visited))
		{
			basis->member[step] = member;
			return true;
		}
	}
	return false;
}

/* Add a row if the set stays independent. */
static bool
basis_add(Basis *basis, size_t row, uint64_t steps)
{
	uint64_t	visited = 0;

	if (basis->n == FUNNEL_MAX_STEPS || steps == 0)
		return false;
	basis->row[basis->n] = row;
	basis->steps[basis->n] = steps;
	if (!basis_augment(basis, basis->n, &visited))
		return false;
	basis->n++;
	return true;
}

/*
 * Add a row that is the newest, at the cost of the oldest row of the circuit
 * that it closes.
 */
static void
basis_renew(Basis *basis, size_t row, uint64_t steps)
{
	uint64_t	reachable = steps;
	uint64_t	explored = 0;
	int			oldest = NO_MEMBER;
	uint64_t	visited = 0;

	if (steps == 0 || basis_add(basis, row, steps))
		return;

	work_add(&basis->work, basis->n);
	/* the circuit: members whose steps the new row could come to take over */
	while ((reachable & ~explored) != 0)
	{
		int			step = LOWEST_STEP(reachable & ~explored);
		int			member = basis->member[step];

		explored |= STEP_BIT(step);
		reachable |= basis->steps[member];
		if (oldest == NO_MEMBER || basis->row[member] < basis->row[oldest])
			oldest = member;
	}
	work_add(&basis->work, FUNNEL_MAX_STEPS);
	for (int step = 1; step <= FUNNEL_MAX_STEPS; step++)
	{
		if (basis->member[step] == oldest)
			basis->member[step] = NO_MEMBER;
	}
	basis->row[oldest] = row;
	basis->steps[oldest] = steps;
	basis_augment(basis, oldest, &visited);
}

/* The rows of a unit, under the rules. */
typedef struct Unit
{
	const FunnelRules *rules;
	const FunnelRow *rows;
	size_t		nrows;
	uint64_t	all_steps;
	size_t		first;			/* row that matches a step */
	size_t		last;			/* such a row, of those that were looked at */
	Basis		basis;
} Unit;

/*
 * How deep, and when first, of the rows within the window of the first row that
 * matches a step.
 */
static void
find_depth_of_first_entry(Unit *unit, int64_t window_end, FunnelMatch *match)
{
	const FunnelRow *rows = unit->rows;
	Basis	   *basis = &unit->basis;

	basis_clear(basis);
	for (size_t i = unit->first; i < unit->nrows && rows[i].ts <= window_end; i++)
	{
		work_add(&basis->work, 1);
		if (basis_add(basis, i, rows[i].steps & unit->all_steps))
			match->depth = basis->n;
		if (match->depth == unit->rules->nsteps)
			break;
	}
}

/*
 * The same of all rows, and the newest start of a chain of that depth that ends
 * as early, as a row.
 */
static size_t
find_depth(Unit *unit, FunnelMatch *match)
{
	const FunnelRules *rules = unit->rules;
	const FunnelRow *rows = unit->rows;
	Basis	   *basis = &unit->basis;
	size_t		begin = 0;

	basis_clear(basis);
	for (size_t i = unit->first; i < unit->nrows; i++)
	{
		uint64_t	steps = rows[i].steps & unit->all_steps;
		int64_t		left = limit_before(rows[i].ts, rules->within);
		int			inside = 0;
		size_t		start = i;

		work_add(&basis->work, 1);
		if (steps == 0)
			continue;
		unit->last = i;
		basis_renew(basis, i, steps);
		work_add(&basis->work, basis->n);
		for (int m = 0; m < basis->n; m++)
		{
			if (rows[basis->row[m]].ts < left)
				continue;
			inside++;
			if (basis->row[m] < start)
				start = basis->row[m];
		}

		/*
		 * A later row of the instant that first gives this depth may still
		 * move the start.
		 */
		if (inside > match->depth ||
			(inside == match->depth && rows[i].ts == match->at[0]))
		{
			match->depth = inside;
			match->at[0] = rows[i].ts;	/* the end, for now */
			begin = start;
		}
		if (match->depth == rules->nsteps &&
			(i + 1 == unit->nrows || rows[i + 1].ts != rows[i].ts))
			break;
	}
	return first_row_at(rows, unit->nrows, rows[begin].ts);
}

/* Report the earliest rows from BEGIN on. */
static void
report_rows(Unit *unit, size_t begin, FunnelMatch *match)
{
	const FunnelRow *rows = unit->rows;
	Basis	   *basis = &unit->basis;

	basis_clear(basis);
	for (size_t i = begin; basis->n < match->depth; i++)
	{
		work_add(&basis->work, 1);
		if (basis_add(basis, i, rows[i].steps & unit->all_steps))
		{
			match->at[basis->n - 1] = rows[i].ts;
			match->row[basis->n - 1] = i;
		}
	}
	match->reached = ~STEPS_ABOVE(match->depth);
}

/* Would more steps be done without the window? */
static bool
is_late(Unit *unit, int depth)
{
	Basis	   *basis = &unit->basis;

	basis_clear(basis);
	for (size_t i = unit->first; i < unit->nrows && basis->n <= depth; i++)
	{
		work_add(&basis->work, 1);
		basis_add(basis, i, unit->rows[i].steps & unit->all_steps);
	}
	return basis->n > depth;
}

void
funnel_match_any_order(const FunnelRules *rules, const FunnelRow *rows, size_t nrows,
					   FunnelMatch *match)
{
	Unit		unit;
	size_t		begin;

	unit.rules = rules;
	unit.rows = rows;
	unit.nrows = nrows;
	unit.all_steps = ~STEPS_ABOVE(rules->nsteps);
	work_begin(&unit.basis.work, rules->poll);
	match->depth = 0;
	match->reached = 0;
	match->open = false;
	match->outcome = FUNNEL_ABSENT;

	for (unit.first = 0; unit.first < nrows; unit.first++)
	{
		if (rows[unit.first].steps & unit.all_steps)
			break;
		work_add(&unit.basis.work, 1);
	}
	if (unit.first == nrows)
		return;

	begin = unit.last = unit.first;
	if (rules->first_entry)
		find_depth_of_first_entry(&unit, limit_after(rows[begin].ts, rules->within), match);
	else
		begin = find_depth(&unit, match);
	report_rows(&unit, begin, match);
	if (match->depth == rules->nsteps)
	{
		match->outcome = FUNNEL_CONVERTED;
		return;
	}

	/* the latest row that matches a step opens the latest window */
	match->open = true;
	match->open_until = limit_after(rows[unit.last].ts, rules->within);
	if (is_late(&unit, match->depth))
		match->outcome = FUNNEL_LATE;
}
