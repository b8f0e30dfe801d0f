/*-------------------------------------------------------------------------
 *
 * match/assignment.h
 *	  Which rows of one instant take which steps.
 *
 * Rows of one instant may be taken in any order, each once, so that the steps
 * a chain takes within it form a bipartite matching with the rows.  Augmenting
 * paths decide it (H. W. Kuhn, "The Hungarian method for the assignment
 * problem", 1955).
 *
 * Plain C, like the matcher.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_ASSIGNMENT_H
#define FUNNEL_MATCH_ASSIGNMENT_H

#include <string.h>

#include "match/matcher.h"
#include "match/work.h"

/* At most as many rows of one instant as can matter: nsteps for each step. */
#define MAX_CANDIDATES		(FUNNEL_MAX_STEPS * FUNNEL_MAX_STEPS)

#define NO_STEP				0
#define NO_CANDIDATE		(-1)

/* A partial matching of steps with the rows of one instant. */
typedef struct Assignment
{
	Work	   *work;			/* of who has the assignment made */
	int			ncandidates;
	uint64_t	steps[MAX_CANDIDATES];
	size_t		row[MAX_CANDIDATES];
	uint8_t		owner[MAX_CANDIDATES];	/* step, or NO_STEP */
	int			candidate[FUNNEL_MAX_STEPS + 1];	/* of a step */
} Assignment;

/*
 * Take as candidates those of the rows [FIRST, END), all of one instant, that
 * can matter for the steps of WANTED in a chain of at most NSTEPS, those that
 * match one of AVOIDED left out: of each step the first NSTEPS suffice, because
 * the other steps of a chain can occupy at most NSTEPS - 1 of them.
 */
static inline void
assignment_begin(Assignment *assignment, int nsteps, uint64_t barring,
				 const FunnelRow *rows, size_t first, size_t end,
				 uint64_t wanted, uint64_t avoided)
{
	int			seen[FUNNEL_MAX_STEPS + 1] = {0};
	uint64_t	unsated = wanted;

	assignment->ncandidates = 0;
	for (size_t i = first; i < end && unsated != 0; i++)
	{
		uint64_t	mine = funnel_row_steps(barring, &rows[i]) & wanted;

		work_add(assignment->work, 1);
		if ((mine & unsated) == 0 || (rows[i].steps & avoided) != 0)
			continue;
		assignment->steps[assignment->ncandidates] = mine;
		assignment->row[assignment->ncandidates] = i;
		assignment->ncandidates++;
		for (uint64_t m = mine & unsated; m != 0; m &= m - 1)
		{
			int			step = __builtin_ctzll(m) + 1;

			if (++seen[step] == nsteps)
				unsated &= ~FUNNEL_STEP_BIT(step);
		}
	}
}

static inline void
assignment_clear(Assignment *assignment)
{
	memset(assignment->owner, NO_STEP, assignment->ncandidates);
	for (int step = 0; step <= FUNNEL_MAX_STEPS; step++)
		assignment->candidate[step] = NO_CANDIDATE;
}

static inline void
assign(Assignment *assignment, int step, int candidate)
{
	assignment->owner[candidate] = step;
	assignment->candidate[step] = candidate;
}

static inline void
unassign(Assignment *assignment, int step)
{
	assignment->owner[assignment->candidate[step]] = NO_STEP;
	assignment->candidate[step] = NO_CANDIDATE;
}

/*
 * Give STEP a row, moving the steps outside VISITED to other rows if need be.
 * Recursion is no deeper than there are steps.
 */
static bool
assignment_augment(Assignment *assignment, int step, uint64_t *visited)
{
	uint64_t	bit = FUNNEL_STEP_BIT(step);

	work_add(assignment->work, 2 * assignment->ncandidates);
	for (int c = 0; c < assignment->ncandidates; c++)
	{
		if ((assignment->steps[c] & bit) && assignment->owner[c] == NO_STEP)
		{
			assign(assignment, step, c);
			return true;
		}
	}
	for (int c = 0; c < assignment->ncandidates; c++)
	{
		int			owner = assignment->owner[c];

		if ((assignment->steps[c] & bit) == 0 || (*visited & FUNNEL_STEP_BIT(owner)))
			continue;
		*visited |= FUNNEL_STEP_BIT(owner);
		if (assignment_augment(assignment, owner, visited))
		{
			assign(assignment, step, c);
			return true;
		}
	}
	return false;
}

/* Add STEP to the steps that have a row; false, and no change, if it cannot. */
static inline bool
assignment_add(Assignment *assignment, int step)
{
	uint64_t	visited = FUNNEL_STEP_BIT(step);

	return assignment_augment(assignment, step, &visited);
}

#endif							/* FUNNEL_MATCH_ASSIGNMENT_H */
