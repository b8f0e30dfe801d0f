/*-------------------------------------------------------------------------
 *
 * language/codes.c
 *	  What an event matches, as a code of one byte.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "language/codes.h"

typedef struct CodeEntry
{
	FunnelLabelMatch match;
	char		status;
	uint8		code;
} CodeEntry;

#define SH_PREFIX		codehash
#define SH_ELEMENT_TYPE CodeEntry
#define SH_KEY_TYPE		FunnelLabelMatch
#define SH_KEY			match
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) &(key), sizeof(FunnelLabelMatch))
#define SH_EQUAL(tb, a, b) ((a).steps == (b).steps && (a).breaks == (b).breaks)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

int
funnel_mixed_code(const FunnelEventCodes *codes, FunnelLabelMatch match)
{
	const CodeEntry *entry;

	if (codes->by_match == NULL)
		return -1;
	entry = codehash_lookup(codes->by_match, match);
	return entry != NULL ? entry->code : -1;
}

int
funnel_add_mixed_code(FunnelEventCodes *codes, FunnelLabelMatch match, MemoryContext context)
{
	int			n = codes->nmixed;
	int			code = funnel_mixed_code(codes, match);
	CodeEntry  *entry;
	bool		found;

	if (code >= 0 || n == FUNNEL_MAX_MIXED)
		return code;
	if (n == 0)
	{
		codes->by_match = codehash_create(context, 2, NULL);
		codes->mixed = MemoryContextAlloc(context, sizeof(FunnelLabelMatch));
	}
	else if ((n & (n - 1)) == 0)
		codes->mixed = repalloc(codes->mixed, sizeof(FunnelLabelMatch) * 2 * n);
	entry = codehash_insert(codes->by_match, match, &found);
	entry->code = FUNNEL_FIRST_MIXED + n;
	codes->mixed[n] = match;
	codes->nmixed++;
	return entry->code;
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
	Unions		unions = {.codes = codes,.context = context};
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
