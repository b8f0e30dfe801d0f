/*-------------------------------------------------------------------------
 *
 * language/events.c
 *	  The labels that a definition looks at, for the condition of an index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "language/definition.h"

/* Labels that are collected; there is room for all of a definition. */
typedef struct LabelList
{
	int			n;
	FunnelPiece *labels;
} LabelList;

static void
add_terms(LabelList *list, const FunnelTerm *terms, int nterms)
{
	for (int i = 0; i < nterms; i++)
	{
		if (terms[i].npieces > 1)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("the events of a definition with wildcards cannot be listed"),
					 errhint("Leave the condition out, or write one for each wildcard, such as event LIKE '/product/%%'.")));
		list->labels[list->n++] = terms[i].pieces[0];
	}
}

/* qsort comparator for FunnelPiece: bytewise */
static int
compare_labels(const void *a, const void *b)
{
	const FunnelPiece *left = a;
	const FunnelPiece *right = b;
	int			order = memcmp(left->text, right->text, Min(left->len, right->len));

	return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

/*
 * funnel_events(definition funnel_def) returns text[]
 *
 * The labels of all steps and of all that is excluded, each once, in bytewise
 * order: rows with other labels change neither stages nor times.  That holds
 * for literal labels and without strict links; an error otherwise.
 *
 * It is immutable, so that the planner makes of it a constant, and of
 * event = ANY (funnel_events(...)) the condition of an index.
 */
PG_FUNCTION_INFO_V1(funnel_events);
Datum
funnel_events(PG_FUNCTION_ARGS)
{
	FunnelDefinition *definition;
	LabelList	list = {0};
	int			nterms;
	Datum	   *labels;
	int			nlabels = 0;

	definition = funnel_definition_of(funnel_definition_argument(fcinfo, 0));
	nterms = definition->nunless;

	for (int i = 0; i < definition->nsteps; i++)
	{
		if (definition->steps[i].strict)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("the events of a definition with strict links cannot be listed"),
					 errdetail("Any other event of a unit breaks a strict link (=>), so every row matters."),
					 errhint("Leave the condition on events out.")));
		nterms += definition->steps[i].nterms + definition->steps[i].nexcluded;
	}

	/* a definition is short: see FUNNEL_DEFINITION_MAX_BYTES */
	list.labels = palloc(nterms * sizeof(FunnelPiece));
	for (int i = 0; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];

		add_terms(&list, step->terms, step->nterms);
		add_terms(&list, step->excluded, step->nexcluded);
	}
	add_terms(&list, definition->unless, definition->nunless);
	qsort(list.labels, list.n, sizeof(FunnelPiece), compare_labels);

	labels = palloc(list.n * sizeof(Datum));
	for (int i = 0; i < list.n; i++)
	{
		if (i > 0 && compare_labels(&list.labels[i - 1], &list.labels[i]) == 0)
			continue;
		labels[nlabels++] = PointerGetDatum(cstring_to_text_with_len(list.labels[i].text,
																	 list.labels[i].len));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(labels, nlabels, TEXTOID, -1, false, TYPALIGN_INT));
}
