/*-------------------------------------------------------------------------
 *
 * language/codes.c
 *	  What an event matches, as a code of one byte.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/bytehash.h"
#include "base/compat.h"
#include "language/codes.h"

/* How many codes are compared one after the other before they are looked up. */
#define USUAL_MIXED		4

static FunnelLabelMatch no_matches[FUNNEL_MAX_MIXED];

const FunnelEventCodes funnel_no_codes = {.mixed = no_matches};

int
funnel_mixed_code(const FunnelEventCodes *codes, FunnelLabelMatch match)
{
	FunnelBytes key = {(const char *) &match, sizeof(match)};
	const FunnelByteHashEntry *entry;

	/* mostly it is that of a single label, and these are the first */
	for (int i = 0; i < Min(codes->nmixed, USUAL_MIXED); i++)
	{
		if (codes->mixed[i].steps == match.steps && codes->mixed[i].breaks == match.breaks)
			return FUNNEL_FIRST_MIXED + i;
	}
	if (codes->nmixed <= USUAL_MIXED)
		return -1;
	entry = funnel_bytehash_lookup(codes->by_match, key);
	return entry != NULL ? (int) entry->value.number : -1;
}

int
funnel_add_mixed_code(FunnelEventCodes *codes, FunnelLabelMatch match, MemoryContext context)
{
	int			n = codes->nmixed;
	int			code = funnel_mixed_code(codes, match);
	FunnelLabelMatch *copy;
	FunnelBytes key;
	bool		found;

	if (code >= 0 || n == FUNNEL_MAX_MIXED)
		return code;
	if (n == 0)
	{
		codes->by_match = funnel_bytehash_new(context, 2);
		codes->mixed = MemoryContextAllocZero(context,
											  sizeof(FunnelLabelMatch) * FUNNEL_MAX_MIXED);
	}
	copy = MemoryContextAlloc(context, sizeof(match));
	*copy = codes->mixed[n] = match;
	key.bytes = (const char *) copy;
	key.size = sizeof(match);
	code = FUNNEL_FIRST_MIXED + n;
	funnel_bytehash_insert(codes->by_match, key, &found)->value.number = code;
	codes->nmixed++;
	return code;
}

/*
 * The unions that are yet to be joined with others.
 */
typedef struct Unions
{
	FunnelEventCodes *codes;
	MemoryContext context;
	uint64		simple;			/* the single steps among them */
	int			count;
	FunnelLabelMatch matches[1 << FUNNEL_CODE_BITS];
} Unions;

/* Add what is new, and can have a code. */
static void
add_union(Unions *unions, FunnelLabelMatch match)
{
	if (funnel_is_simple_match(match))
	{
		if ((unions->simple & match.steps) == match.steps)
			return;
		unions->simple |= match.steps;
	}
	else if (funnel_mixed_code(unions->codes, match) >= 0 ||
			 funnel_add_mixed_code(unions->codes, match, unions->context) < 0)
		return;
	unions->matches[unions->count++] = match;
}

void
funnel_codes_of_unions(FunnelEventCodes *codes, const FunnelLabelMatch *matches,
					   int nmatches, MemoryContext context)
{
	Unions		unions = {
		.codes = codes,
		.context = context
	};
	int			nbases;

	for (int i = 0; i < nmatches; i++)
		add_union(&unions, matches[i]);
	nbases = unions.count;
	for (int i = 0; i < unions.count && codes->nmixed < FUNNEL_MAX_MIXED; i++)
	{
		for (int k = 0; k < nbases; k++)
		{
			FunnelLabelMatch match = unions.matches[i];

			match.steps |= unions.matches[k].steps;
			match.breaks |= unions.matches[k].breaks;
			add_union(&unions, match);
		}
	}
}
