/*-------------------------------------------------------------------------
 *
 * language/program.c
 *	  A definition made ready to run, compiled once per call site.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "language/program.h"
#include "match/plain.h"

/*
 * Is PROGRAM the one of DEF, a value with any inline header?
 */
bool
funnel_program_is_for(const FunnelProgram *program, const struct varlena *def)
{
	Size		len = VARSIZE_ANY_EXHDR(def);

	return len == VARSIZE_ANY_EXHDR(program->def) &&
		memcmp(VARDATA_ANY(def), VARDATA_ANY(program->def), len) == 0;
}

static FunnelProgram **
find_slot(FunnelProgramCache *cache, const struct varlena *def)
{
	uint32		mask = cache->capacity - 1;
	uint32		slot = hash_bytes((const unsigned char *) VARDATA_ANY(def),
								  VARSIZE_ANY_EXHDR(def)) & mask;

	while (cache->programs[slot] != NULL &&
		   !funnel_program_is_for(cache->programs[slot], def))
		slot = (slot + 1) & mask;
	return &cache->programs[slot];
}

static void
enlarge(FunnelProgramCache *cache, MemoryContext context)
{
	FunnelProgramCache larger;

	larger.by_stage = cache->by_stage;
	larger.nprograms = cache->nprograms;
	larger.capacity = cache->capacity == 0 ? 4 : cache->capacity * 2;
	larger.programs = MemoryContextAllocZero(context,
											 sizeof(FunnelProgram *) * larger.capacity);
	for (int i = 0; i < cache->capacity; i++)
	{
		if (cache->programs[i] != NULL)
			*find_slot(&larger, cache->programs[i]->def) = cache->programs[i];
	}
	if (cache->programs != NULL)
		pfree(cache->programs);
	*cache = larger;
}

/*
 * The program of DEF, a value with any inline header, compiled if CACHE does
 * not hold it yet.  Programs and cache entries live in CONTEXT, which must be
 * the same in every call; the caller may keep the pointer as long.
 */
FunnelProgram *
funnel_program_get(FunnelProgramCache *cache, const struct varlena *def,
				   MemoryContext context)
{
	FunnelProgram **slot;
	FunnelProgram *program;
	FunnelDefinition *definition;
	char	  **names;
	MemoryContext scratch;
	MemoryContext old;
	Size		len = VARSIZE_ANY_EXHDR(def);

	if (cache->nprograms >= cache->capacity / 2)
		enlarge(cache, context);
	slot = find_slot(cache, def);
	if (*slot != NULL)
		return *slot;

	scratch = AllocSetContextCreate(CurrentMemoryContext, "funnel definition",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(scratch);
	definition = funnel_definition_of(def);
	names = funnel_definition_stage_names(definition);
	MemoryContextSwitchTo(context);
	program = palloc0(sizeof(FunnelProgram));
	program->def = palloc(VARHDRSZ + len);
	SET_VARSIZE(program->def, VARHDRSZ + len);
	memcpy(VARDATA(program->def), VARDATA_ANY(def), len);
	funnel_definition_rules(definition, &program->rules);
	program->rules.poll = funnel_poll;
	program->plain = funnel_rules_are_plain(&program->rules);
	program->stages = palloc(sizeof(FunnelStage *) * definition->nsteps);
	for (int i = 0; i < definition->nsteps; i++)
		program->stages[i] = funnel_stage_make(i + 1, names[i], strlen(names[i]));
	if (cache->by_stage && definition->any_order)
	{
		/* the names that the steps would have in an order, not "1 of 3" */
		MemoryContextSwitchTo(scratch);
		definition->any_order = false;
		names = funnel_definition_stage_names(definition);
		MemoryContextSwitchTo(context);
	}
	program->labels = funnel_labels_compile(definition, cache->by_stage ? names : NULL,
											context);
	program->keeps_all = program->rules.strict != 0;
	program->by_stage = cache->by_stage;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);

	*slot = program;
	cache->nprograms++;
	return program;
}

const FunnelEventCodes *
funnel_program_codes(FunnelProgram *program)
{
	if (program->codes == NULL)
	{
		MemoryContext context = GetMemoryChunkContext(program);
		FunnelEventCodes *codes = MemoryContextAllocZero(context, sizeof(FunnelEventCodes));

		funnel_labels_add_codes(program->labels, codes, context);
		program->codes = codes;
	}
	return program->codes;
}
