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
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_ASSIGNMENT_H
#define FUNNEL_MATCH_ASSIGNMENT_H

#include <string.h>

#include "match/rules.h"
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
 * Begin with no step that has a row.
 *
 * Take as candidates those of the rows [FIRST, END), all of one instant, that
 * can matter for the steps of WANTED in a chain of at most NSTEPS, those that
 * match one of AVOIDED left out: of each step the first NSTEPS suffice, because
 * the other steps of a chain can occupy at most NSTEPS - 1 of them.
 */
extern void funnel_assignment_begin(Assignment *assignment, int nsteps, uint64_t barring,
									const FunnelRow *rows, size_t first, size_t end,
									uint64_t wanted, uint64_t avoided);

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
extern bool funnel_assignment_augment(Assignment *assignment, int step,
									  uint64_t *visited);

/* Add STEP to the steps that have a row; false, and no change, if it cannot. */
static inline bool
assignment_add(Assignment *assignment, int step)
{
	uint64_t	visited = FUNNEL_STEP_BIT(step);

	return funnel_assignment_augment(assignment, step, &visited);
}

#endif							/* FUNNEL_MATCH_ASSIGNMENT_H */
