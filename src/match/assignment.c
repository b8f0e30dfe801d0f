/*-------------------------------------------------------------------------
 *
 * match/assignment.c
 *	  Which rows of one instant take which steps.
 *
 *-------------------------------------------------------------------------
 */
#include "match/assignment.h"

#include "match/steps.h"

void
funnel_assignment_begin(Assignment *assignment, int nsteps, uint64_t barring,
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
			int			step = LOWEST_STEP(m);

			if (++seen[step] == nsteps)
				unsated &= ~STEP_BIT(step);
		}
	}
	memset(assignment->owner, NO_STEP, assignment->ncandidates);
	for (int step = 0; step <= FUNNEL_MAX_STEPS; step++)
		assignment->candidate[step] = NO_CANDIDATE;
}

bool
funnel_assignment_augment(Assignment *assignment, int step, uint64_t *visited)
{
	uint64_t	bit = STEP_BIT(step);

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

		if ((assignment->steps[c] & bit) == 0 || (*visited & STEP_BIT(owner)))
			continue;
		*visited |= STEP_BIT(owner);
		if (funnel_assignment_augment(assignment, owner, visited))
		{
			assign(assignment, step, c);
			return true;
		}
	}
	return false;
}
