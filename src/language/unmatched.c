/*-------------------------------------------------------------------------
 *
 * language/unmatched.c
 *	  The steps of a definition that no label matches, and what was meant.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "base/compat.h"
#include "language/definition.h"
#include "language/labels.h"

#define UNMATCHED_COLUMNS	3

#define MAX_EDITS			2

/* A word or a label, in small letters, as characters. */
typedef struct Letters
{
	const pg_wchar *at;
	int			n;
} Letters;

/* A step that no label matches. */
typedef struct Unmatched
{
	int			nwords;			/* without those that have wildcards */
	Letters    *words;
	Datum		nearest;		/* a label */
	int			edits;			/* that make it a word; MAX_EDITS + 1: none is
								 * near */
} Unmatched;

static Letters
letters_of(const char *text)
{
	int			len = strlen(text);
	pg_wchar   *at = palloc((len + 1) * sizeof(pg_wchar));
	Letters		letters;

	letters.n = pg_mb2wchar_with_len(text, at, len);
	letters.at = at;
	return letters;
}

/*
 * Can A be made B by so many edits: a character put in, taken out or replaced,
 * or two that are exchanged?  As EDITS is small, trying all four where the two
 * first differ is quicker than a matrix, and needs no memory.
 */
static bool
is_near(Letters a, Letters b, int edits)
{
	int			same = 0;

	if (abs(a.n - b.n) > edits)
		return false;
	while (same < a.n && same < b.n && a.at[same] == b.at[same])
		same++;
	a.at += same;
	a.n -= same;
	b.at += same;
	b.n -= same;
	if (a.n == 0 || b.n == 0)
		return true;			/* what is left of the other is short enough */
	if (edits == 0)
		return false;

#define REST(letters, skipped) \
	((Letters) {(letters).at + (skipped), (letters).n - (skipped)})

	return is_near(REST(a, 1), REST(b, 1), edits - 1) ||
		is_near(REST(a, 1), b, edits - 1) ||
		is_near(a, REST(b, 1), edits - 1) ||
		(a.n > 1 && b.n > 1 && a.at[0] == b.at[1] && a.at[1] == b.at[0] &&
		 is_near(REST(a, 2), REST(b, 2), edits - 1));
}

/*
 * How many edits a word bears and is still known: fewer than half of its
 * characters.
 */
static int
max_edits(Letters word)
{
	return Max(Min(MAX_EDITS, (word.n - 1) / 2), 0);
}

/*
 * Make all words of the definition small letters, in place, and collect those
 * of the steps in UNMATCHED, by step.
 */
static void
fold_words(FunnelDefinition *definition, uint64 steps, Unmatched *unmatched, Oid collation)
{
	for (int i = 0; i < definition->nsteps; i++)
	{
		FunnelStep *step = &definition->steps[i];
		Unmatched  *here = &unmatched[i];

		if ((steps & FUNNEL_STEP_BIT(i + 1)) == 0)
			continue;
		here->edits = MAX_EDITS + 1;
		here->words = palloc(step->nterms * sizeof(Letters));
		for (int w = 0; w < step->nterms; w++)
		{
			FunnelTerm *word = &step->terms[w];

			for (int s = 0; s < word->npieces; s++)
			{
				FunnelPiece *segment = &word->pieces[s];

				if (segment->len == 0)
					continue;
				segment->text = str_tolower(segment->text, segment->len, collation);
				segment->len = strlen(segment->text);
			}
			if (word->npieces == 1)
				here->words[here->nwords++] = letters_of(word->pieces[0].len == 0 ? "" : word->pieces[0].text);
		}
	}
}

/* Take LABEL, which has these letters, for each step that it is nearer to. */
static void
look_at_label(Datum label, Letters letters, uint64 differ_in_case, uint64 steps,
			  int nsteps, Unmatched *unmatched)
{
	for (int i = 0; i < nsteps; i++)
	{
		Unmatched  *here = &unmatched[i];

		if ((steps & FUNNEL_STEP_BIT(i + 1)) == 0)
			continue;
		if (here->edits > 0 && (differ_in_case & FUNNEL_STEP_BIT(i + 1)) != 0)
		{
			here->edits = 0;
			here->nearest = label;
		}
		for (int w = 0; w < here->nwords && here->edits > 1; w++)
		{
			int			most = Min(max_edits(here->words[w]), here->edits - 1);

			CHECK_FOR_INTERRUPTS();
			for (int edits = 1; edits <= most; edits++)
			{
				if (is_near(letters, here->words[w], edits))
				{
					here->edits = edits;
					here->nearest = label;
					break;
				}
			}
		}
	}
}

/*
 * funnel_unmatched(definition, labels): one row for each step that none of the
 * labels matches, with the first of those labels that are nearest to one of its
 * words.  A label is near if it differs in case only, or also in one or two
 * characters.
 *
 * Where letters are upper or lower case is asked of the collation, as lower()
 * does.
 */
PG_FUNCTION_INFO_V1(funnel_unmatched);
Datum
funnel_unmatched(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	FunnelDefinition *definition = funnel_definition_of(funnel_definition_argument(fcinfo, 0));
	Oid			collation = OidIsValid(PG_GET_COLLATION()) ? PG_GET_COLLATION() : C_COLLATION_OID;
	FunnelLabels *compiled = funnel_labels_compile(definition, NULL, CurrentMemoryContext);
	uint64		steps = PG_UINT64_MAX >> (FUNNEL_MAX_STEPS - definition->nsteps);
	Unmatched	unmatched[FUNNEL_MAX_STEPS] = {0};
	MemoryContext workspace = AllocSetContextCreate(CurrentMemoryContext, "funnel_unmatched label",
													ALLOCSET_DEFAULT_SIZES);
	Datum	   *labels = NULL;
	bool	   *nulls = NULL;
	int			nlabels = 0;
	char	  **names;

	/* a step is known by its event, not as the first of three */
	definition->any_order = false;
	names = funnel_definition_stage_names(definition);

	/* array_agg over no rows is NULL */
	if (!PG_ARGISNULL(1))
		deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT,
						  &labels, &nulls, &nlabels);
	for (int i = 0; i < nlabels && steps != 0; i++)
	{
		text	   *label;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		label = DatumGetTextPP(labels[i]);
		steps &= ~funnel_labels_match(compiled, VARDATA_ANY(label),
									  VARSIZE_ANY_EXHDR(label)).steps;
	}

	InitMaterializedSRF(fcinfo, 0);
	if (steps == 0)
		return (Datum) 0;

	fold_words(definition, steps, unmatched, collation);
	compiled = funnel_labels_compile(definition, NULL, CurrentMemoryContext);
	for (int i = 0; i < nlabels; i++)
	{
		text	   *label;
		MemoryContext caller;
		char	   *small;
		uint64		differ_in_case;

		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			continue;
		label = DatumGetTextPP(labels[i]);

		/* no word is as long as this */
		if (VARSIZE_ANY_EXHDR(label) > FUNNEL_DEFINITION_MAX_BYTES)
			continue;
		caller = MemoryContextSwitchTo(workspace);
		small = str_tolower(VARDATA_ANY(label), VARSIZE_ANY_EXHDR(label), collation);
		differ_in_case = funnel_labels_match(compiled, small, strlen(small)).steps;
		look_at_label(PointerGetDatum(label), letters_of(small), differ_in_case,
					  steps, definition->nsteps, unmatched);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(workspace);
	}

	for (int i = 0; i < definition->nsteps; i++)
	{
		Datum		values[UNMATCHED_COLUMNS];
		bool		isnull[UNMATCHED_COLUMNS] = {0};

		if ((steps & FUNNEL_STEP_BIT(i + 1)) == 0)
			continue;
		values[0] = Int32GetDatum(i + 1);
		values[1] = CStringGetTextDatum(names[i]);
		values[2] = unmatched[i].nearest;
		isnull[2] = unmatched[i].edits > MAX_EDITS;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, isnull);
	}
	return (Datum) 0;
}
