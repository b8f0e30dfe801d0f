/*-------------------------------------------------------------------------
 *
 * language/tree.c
 *	  What follows from the tree of a definition: its rules, and what clauses
 *	  it may have.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "language/tree.h"

const FunnelClauseForm funnel_clauses[FUNNEL_NUM_CLAUSES] = {
	[FUNNEL_WITHIN] = {"within", 0},
	[FUNNEL_ANY_ORDER] = {"any order", offsetof(FunnelDefinition, any_order)},
	[FUNNEL_FIRST_ENTRY] = {"first entry", offsetof(FunnelDefinition, first_entry)},
	[FUNNEL_LAST_ENTRY] = {"last entry", offsetof(FunnelDefinition, last_entry)},
	[FUNNEL_EVERY_ATTEMPT] = {"every attempt", offsetof(FunnelDefinition, every_attempt)},
	[FUNNEL_INCREASING] = {"increasing", offsetof(FunnelDefinition, increasing)},
	[FUNNEL_UNLESS] = {"unless", 0}
};

void
funnel_definition_rules(const FunnelDefinition *definition, FunnelRules *rules)
{
	memset(rules, 0, sizeof(FunnelRules));
	rules->nsteps = definition->nsteps;
	rules->any_order = definition->any_order;
	rules->first_entry = definition->first_entry;
	rules->last_entry = definition->last_entry;
	rules->every_attempt = definition->every_attempt;
	rules->increasing = definition->increasing;
	/* whether a row may start a chain matters where others decide which can */
	if (definition->first_entry || definition->last_entry)
		rules->barring = FUNNEL_NO_ENTRY;
	rules->within = definition->within;
	if (definition->nunless > 0)
		rules->excluding = funnel_definition_links(definition);

	for (int i = 0; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];

		if (step->optional)
			rules->optional |= FUNNEL_STEP_BIT(i + 1);
		if (step->strict)
			rules->strict |= FUNNEL_STEP_BIT(i + 1);
		if (step->nexcluded > 0)
			rules->excluding |= FUNNEL_STEP_BIT(i + 1);
		if (step->shortest != 0)
			rules->delayed |= FUNNEL_STEP_BIT(i + 1);
		rules->gap[i] = step->gap;
		rules->shortest[i] = step->shortest;
	}
}
