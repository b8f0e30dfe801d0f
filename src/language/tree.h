/*-------------------------------------------------------------------------
 *
 * language/tree.h
 *	  A definition as a tree: what the parser makes, and all others read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_TREE_H
#define FUNNEL_LANGUAGE_TREE_H

#include "match/rules.h"

/*
 * No definition is longer than this, as written or as printed.  It bounds what
 * compiling one can cost, wildcards against literals included.
 */
#define FUNNEL_DEFINITION_MAX_BYTES 65536

/*
 * What an event may be called: a label, or a wildcard that stands for many.  It
 * is literal pieces with a "*" (any run of characters) between each two; one
 * piece is a label, the empty one included.
 */
typedef struct FunnelPiece
{
	char	   *text;			/* not terminated */
	int			len;
} FunnelPiece;

typedef struct FunnelTerm
{
	int			npieces;
	FunnelPiece *pieces;
} FunnelTerm;

typedef struct FunnelStep
{
	char	   *name;			/* NULL if none; terminated */
	bool		optional;
	int			nterms;			/* alternatives, at least one */
	FunnelTerm *terms;

	/* the link into this step; unused for the first */
	bool		strict;
	int64		gap;			/* the longest, in microseconds, 0 = none */
	int64		shortest;		/* the same */
	int			nexcluded;
	FunnelTerm *excluded;		/* beside what every link excludes */
} FunnelStep;

typedef struct FunnelDefinition
{
	int			nsteps;
	FunnelStep *steps;
	int64		within;			/* microseconds, 0 = unlimited */
	bool		any_order;
	bool		first_entry;
	bool		last_entry;
	bool		every_attempt;
	bool		increasing;
	int			nunless;
	FunnelTerm *unless;			/* what every link excludes, if there are
								 * several */
} FunnelDefinition;

/* The clauses, in the order in which they are printed. */
typedef enum FunnelClause
{
	FUNNEL_WITHIN,
	FUNNEL_ANY_ORDER,
	FUNNEL_FIRST_ENTRY,
	FUNNEL_LAST_ENTRY,
	FUNNEL_EVERY_ATTEMPT,
	FUNNEL_INCREASING,
	FUNNEL_UNLESS
} FunnelClause;

#define FUNNEL_NUM_CLAUSES	7

typedef struct FunnelClauseForm
{
	const char *words;			/* one, or two with a space between */
	size_t		flag;			/* where in a FunnelDefinition it is true if
								 * the clause is there; 0 if something follows
								 * the words */
} FunnelClauseForm;

extern const FunnelClauseForm funnel_clauses[FUNNEL_NUM_CLAUSES];

/* The flag of a clause that has one. */
static inline bool *
funnel_definition_flag(const FunnelDefinition *definition, FunnelClause clause)
{
	return (bool *) ((char *) definition + funnel_clauses[clause].flag);
}

/* All links, as a mask. */
static inline uint64
funnel_definition_links(const FunnelDefinition *definition)
{
	uint64		steps = PG_UINT64_MAX >> (FUNNEL_MAX_STEPS - definition->nsteps);

	return steps & ~FUNNEL_STEP_BIT(1);
}

/* The rules without the labels, as the matcher wants them. */
extern void funnel_definition_rules(const FunnelDefinition *definition, FunnelRules *rules);

#endif							/* FUNNEL_LANGUAGE_TREE_H */
