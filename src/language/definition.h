/*-------------------------------------------------------------------------
 *
 * language/definition.h
 *	  The definition language: funnel_def as a value and as a parsed tree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_DEFINITION_H
#define FUNNEL_LANGUAGE_DEFINITION_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/nodes.h"

#include "match/rules.h"

/*
 * A funnel_def is its canonical text, nothing else: equal definitions have
 * equal bytes, and whatever reads one parses it again (once per call site).
 */
typedef struct varlena FunnelDef;

#define DatumGetFunnelDefPP(X)		((FunnelDef *) PG_DETOAST_DATUM_PACKED(X))
#define PG_GETARG_FUNNEL_DEF_PP(n)	DatumGetFunnelDefPP(PG_GETARG_DATUM(n))
#define PG_RETURN_FUNNEL_DEF_P(x)	PG_RETURN_POINTER(x)

/* The type is known by its output function. */
extern PGDLLEXPORT Datum funnel_def_out(PG_FUNCTION_ARGS);

/*
 * No definition is longer than this, as written or as printed.  It bounds what
 * compiling one can cost, wildcards against literals included.
 */
#define FUNNEL_DEFINITION_MAX_BYTES 65536

/*
 * A word is literal segments with a wildcard (any run of characters) between
 * each two: nsegments = 1 is a literal, the empty word included.
 */
typedef struct FunnelSegment
{
	char	   *text;			/* not terminated */
	int			len;
} FunnelSegment;

typedef struct FunnelWord
{
	int			nsegments;
	FunnelSegment *segments;
} FunnelWord;

typedef struct FunnelStep
{
	char	   *label;			/* NULL if none; terminated */
	bool		optional;
	int			nwords;			/* alternatives, at least one */
	FunnelWord *words;

	/* the link into this step; unused for the first */
	bool		strict;
	int64		gap;			/* the longest, in microseconds, 0 = none */
	int64		shortest;		/* the same */
	int			nexcluded;
	FunnelWord *excluded;		/* beside what every link excludes */
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
	FunnelWord *unless;			/* what every link excludes, if there are several */
} FunnelDefinition;

/*
 * Parse LEN bytes in the database's encoding; result in the current memory
 * context.  NULL on soft error.  The second form is for bytes off the wire or
 * the disk: it reports them as an invalid binary value, with the given code.
 */
extern FunnelDefinition *funnel_definition_parse(const char *text, int len, Node *escontext);
extern FunnelDefinition *funnel_definition_parse_binary(const char *text, int len,
														int sqlerrcode);

/*
 * Put exclusions where they belong: what every link excludes into unless, or
 * into the link if there is but one; each word once.
 */
extern void funnel_definition_settle_exclusions(FunnelDefinition *definition);

/*
 * The length in bytes of the bare character at AT, 0 if what stands there must
 * be quoted to be part of a word (or AT is END).
 */
extern int	funnel_definition_bare_length(const char *at, const char *end);

/* The microseconds of an hour and so on, as the language counts them. */
#define FUNNEL_USECS_PER_SECOND	INT64CONST(1000000)
#define FUNNEL_USECS_PER_MINUTE	(60 * FUNNEL_USECS_PER_SECOND)
#define FUNNEL_USECS_PER_HOUR	(60 * FUNNEL_USECS_PER_MINUTE)
#define FUNNEL_USECS_PER_DAY	(24 * FUNNEL_USECS_PER_HOUR)

/* Append the canonical text. */
extern void funnel_definition_print(StringInfo buf, const FunnelDefinition *definition);

/*
 * The value of a parsed definition: its canonical text.  NULL on soft error: it
 * may be too long, though what was parsed was not.
 */
extern FunnelDef *funnel_definition_value(const FunnelDefinition *definition, Node *escontext);

/* The parsed tree of a stored value, in the current memory context. */
extern FunnelDefinition *funnel_definition_of(const FunnelDef *def);

/*
 * The names of the stages, palloc'd: label, else alternatives joined by '|',
 * made unique by a number; under any order "1 of 3".
 */
extern char **funnel_definition_stage_names(const FunnelDefinition *definition);

/* The rules without the labels, as the matcher wants them. */
extern void funnel_definition_rules(const FunnelDefinition *definition, FunnelRules *rules);

/* All links, as a mask. */
static inline uint64
funnel_definition_links(const FunnelDefinition *definition)
{
	uint64		steps = PG_UINT64_MAX >> (FUNNEL_MAX_STEPS - definition->nsteps);

	return steps & ~FUNNEL_STEP_BIT(1);
}

/* The longest limit (within and gaps) in microseconds, 0 if there is none. */
extern int64 funnel_definition_longest_limit(const FunnelDefinition *definition);

#endif							/* FUNNEL_LANGUAGE_DEFINITION_H */
