/*-------------------------------------------------------------------------
 *
 * language/exclusions.c
 *	  Where the exclusions of a definition belong.
 *
 * "unless x" says of every link what -[!x]-> says of one, so that the same
 * question can be written in several ways.  For equal definitions to have equal
 * text there is one place for each term: the clause if every link excludes it,
 * else the links that do.  The only link of two steps needs no clause.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "language/exclusions.h"
#include "language/terms.h"

#define EVERY_LINK	0

/* An exclusion as it was written. */
typedef struct Exclusion
{
	const FunnelTerm *term;
	int			link;			/* index of the step it leads to, or
								 * EVERY_LINK */
	int			place;			/* in the order in which they are kept */
	bool		everywhere;
	bool		repeated;		/* says nothing that another does not */
} Exclusion;

/* Any order of terms in which only equal ones are equal. */
static int
compare_terms(const FunnelTerm *a, const FunnelTerm *b)
{
	if (a->npieces != b->npieces)
		return a->npieces < b->npieces ? -1 : 1;
	for (int i = 0; i < a->npieces; i++)
	{
		const FunnelPiece *left = &a->pieces[i];
		const FunnelPiece *right = &b->pieces[i];
		int			result;

		if (left->len != right->len)
			return left->len < right->len ? -1 : 1;
		result = memcmp(left->text, right->text, left->len);
		if (result != 0)
			return result;
	}
	return 0;
}

static int
compare_exclusions(const void *a, const void *b)
{
	const Exclusion *left = a;
	const Exclusion *right = b;
	int			result = compare_terms(left->term, right->term);

	if (result == 0)
		result = (left->place > right->place) - (left->place < right->place);
	return result;
}

static int
compare_places(const void *a, const void *b)
{
	const Exclusion *left = a;
	const Exclusion *right = b;

	return (left->place > right->place) - (left->place < right->place);
}

static int
collect(Exclusion *exclusions, int n, const FunnelTerm *terms, int nterms, int link)
{
	for (int i = 0; i < nterms; i++)
	{
		exclusions[n].term = &terms[i];
		exclusions[n].link = link;
		exclusions[n].place = n;
		exclusions[n].everywhere = exclusions[n].repeated = false;
		n++;
	}
	return n;
}

/* Judge the exclusions [0, N), all of one term, by where they were written. */
static void
judge(Exclusion *exclusions, int n, int nlinks)
{
	int			links = 0;
	int			last = -1;

	for (int i = 0; i < n; i++)
	{
		exclusions[i].repeated = exclusions[i].link == last;
		last = exclusions[i].link;
		links += !exclusions[i].repeated;
	}
	if (exclusions[0].link == EVERY_LINK || links == nlinks)
	{
		exclusions[0].everywhere = true;
		for (int i = 1; i < n; i++)
			exclusions[i].repeated = true;
	}
}

void
funnel_definition_settle_exclusions(FunnelDefinition *definition)
{
	int			nlinks = definition->nsteps - 1;
	int			n = definition->nunless;
	FunnelTerm *unless = NULL;
	FunnelTerm *excluded[FUNNEL_MAX_STEPS] = {NULL};
	int			nterms[FUNNEL_MAX_STEPS] = {0};
	Exclusion  *exclusions;
	int			end;

	for (int k = 1; k <= nlinks; k++)
		n += definition->steps[k].nexcluded;
	if (n == 0)
		return;

	/* the length of a definition bounds their number */
	exclusions = palloc(n * sizeof(Exclusion));
	n = collect(exclusions, 0, definition->unless, definition->nunless, EVERY_LINK);
	for (int k = 1; k <= nlinks; k++)
		n = collect(exclusions, n, definition->steps[k].excluded,
					definition->steps[k].nexcluded, k);

	qsort(exclusions, n, sizeof(Exclusion), compare_exclusions);
	for (int begin = 0; begin < n; begin = end)
	{
		for (end = begin + 1; end < n; end++)
		{
			if (compare_terms(exclusions[begin].term, exclusions[end].term) != 0)
				break;
		}
		judge(exclusions + begin, end - begin, nlinks);
	}
	qsort(exclusions, n, sizeof(Exclusion), compare_places);

	for (int i = 0; i < n; i++)
	{
		int			link = exclusions[i].everywhere ? EVERY_LINK : exclusions[i].link;

		if (!exclusions[i].repeated)
			funnel_append_term(&excluded[link], &nterms[link], exclusions[i].term);
	}

	unless = excluded[EVERY_LINK];
	definition->nunless = nlinks == 1 ? 0 : nterms[EVERY_LINK];
	definition->unless = nlinks == 1 ? NULL : unless;
	for (int k = 1; k <= nlinks; k++)
	{
		FunnelStep *step = &definition->steps[k];

		step->excluded = nlinks == 1 ? unless : excluded[k];
		step->nexcluded = nlinks == 1 ? nterms[EVERY_LINK] : nterms[k];
	}
	pfree(exclusions);
}
