/*-------------------------------------------------------------------------
 *
 * language/program.h
 *	  A definition made ready to run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_PROGRAM_H
#define FUNNEL_LANGUAGE_PROGRAM_H

#include "language/definition.h"
#include "language/labels.h"
#include "language/stage.h"

typedef struct FunnelProgram
{
	FunnelDef  *def;			/* with a four-byte header */
	FunnelRules rules;
	bool		plain;			/* of the rules: see match/plain.h */
	FunnelLabels *labels;
	FunnelStage **stages;		/* of each depth */
	bool		keeps_all;		/* rows that match nothing matter too: they
								 * break strict links */
	bool		by_stage;		/* see FunnelProgramCache */
	FunnelEventCodes *codes;	/* see funnel_program_codes; NULL at first */
} FunnelProgram;

/*
 * A new program of DEF, a value with any inline header, in CONTEXT; see
 * FunnelProgramCache for BY_STAGE.
 */
extern FunnelProgram *funnel_program_compile(const struct varlena *def, bool by_stage,
											 MemoryContext context);

/*
 * The programs of one call site; begins as all zeros, but that by_stage may be
 * set: its labels are names of stages, which match a step by its name as well
 * as by its events.
 */
typedef struct FunnelProgramCache
{
	bool		by_stage;
	struct funnel_bytehash_hash *programs;	/* by the bytes of def */
} FunnelProgramCache;

/*
 * The program of DEF, a value with any inline header, compiled if CACHE does not
 * hold it yet.  What the cache holds lives in a child of SITE, which must be the
 * same in every call.  When that is full, or SITE is GROUP, the context of the group
 * that asks, a new program is made there.
 */
extern FunnelProgram *funnel_program_get(FunnelProgramCache *cache,
										 const struct varlena *def,
										 MemoryContext site, MemoryContext group);

/*
 * The codes of what events match.  All processes of a server have the same for
 * one definition and by_stage, which the message of a state therefore says.
 * What an argument of a row may add to breaks has to be among the matches of
 * funnel_labels_add_codes, so that it is in the unions.
 */
extern const FunnelEventCodes *funnel_program_codes(FunnelProgram *program);
extern bool funnel_program_is_for(const FunnelProgram *program,
								  const struct varlena *def);

#endif							/* FUNNEL_LANGUAGE_PROGRAM_H */
