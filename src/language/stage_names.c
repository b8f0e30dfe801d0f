/*-------------------------------------------------------------------------
 *
 * language/stage_names.c
 *	  The names of a definition's stages.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "language/stage_names.h"

/* The name of a step, or its alternatives as they are, joined by '|'. */
static char *
own_name(const FunnelStep *step)
{
	StringInfoData buf;

	if (step->name != NULL)
		return pstrdup(step->name);

	initStringInfo(&buf);
	for (int i = 0; i < step->nterms; i++)
	{
		const FunnelTerm *term = &step->terms[i];

		if (i > 0)
			appendStringInfoChar(&buf, '|');
		for (int j = 0; j < term->npieces; j++)
		{
			if (j > 0)
				appendStringInfoChar(&buf, '*');
			appendBinaryStringInfo(&buf, term->pieces[j].text,
								   term->pieces[j].len);
		}
	}

	return buf.data;
}

static bool
is_among(char **names, int nnames, const char *name)
{
	for (int i = 0; i < nnames; i++)
	{
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

char	  **
funnel_definition_stage_names(const FunnelDefinition *definition)
{
	int			nsteps = definition->nsteps;
	char	  **names = palloc0(nsteps * sizeof(char *));
	char	   *own[FUNNEL_MAX_STEPS];

	if (definition->any_order)
	{
		for (int i = 0; i < nsteps; i++)
			names[i] = psprintf("%d of %d", i + 1, nsteps);
		return names;
	}

	/*
	 * Every name goes to the first step that has it as its own; a number is
	 * never added such that it takes the name of another step.
	 */
	for (int i = 0; i < nsteps; i++)
	{
		own[i] = own_name(&definition->steps[i]);
		if (!is_among(own, i, own[i]))
			names[i] = own[i];
	}

	for (int i = 0; i < nsteps; i++)
	{
		int			number = 2;

		while (names[i] == NULL)
		{
			char	   *name = psprintf("%s %d", own[i], number++);

			if (!is_among(names, nsteps, name))
				names[i] = name;
			else
				pfree(name);
		}
	}

	return names;
}
