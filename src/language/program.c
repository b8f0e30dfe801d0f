/*-------------------------------------------------------------------------
 *
 * language/program.c
 *	  A definition made ready to run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/aggcontext.h"
#include "base/bytehash.h"
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

FunnelProgram *
funnel_program_compile(const struct varlena *def, bool by_stage, MemoryContext context)
{
	FunnelProgram *program;
	FunnelDefinition *definition;
	char	  **names;
	MemoryContext scratch;
	MemoryContext old;

	scratch = AllocSetContextCreate(CurrentMemoryContext, "funnel definition",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(scratch);
	definition = funnel_definition_of(def);
	names = funnel_definition_stage_names(definition);
	MemoryContextSwitchTo(context);
	program = palloc0(sizeof(FunnelProgram));
	program->def = (struct varlena *) cstring_to_text_with_len(VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def));
	funnel_definition_rules(definition, &program->rules);
	program->rules.poll = funnel_poll;
	program->plain = funnel_rules_are_plain(&program->rules);
	program->stages = palloc(sizeof(FunnelStage *) * definition->nsteps);
	for (int i = 0; i < definition->nsteps; i++)
		program->stages[i] = funnel_stage_make(i + 1, names[i], strlen(names[i]));
	if (by_stage && definition->any_order)
	{
		/* the names that the steps would have in an order, not "1 of 3" */
		MemoryContextSwitchTo(scratch);
		definition->any_order = false;
		names = funnel_definition_stage_names(definition);
		MemoryContextSwitchTo(context);
	}
	program->labels = funnel_labels_compile(definition, by_stage ? names : NULL,
											context);
	program->keeps_all = program->rules.strict != 0;
	program->by_stage = by_stage;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return program;
}

FunnelProgram *
funnel_program_get(FunnelProgramCache *cache, const struct varlena *def,
				   MemoryContext site, MemoryContext group)
{
	FunnelBytes key = {VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def)};
	FunnelByteHashEntry *entry;
	FunnelProgram *program;
	bool		found;

	if (site == group)
		return funnel_program_compile(def, cache->by_stage, group);
	if (cache->programs == NULL)
		cache->programs = funnel_bytehash_new(AllocSetContextCreate(site, "funnel definitions",
																	ALLOCSET_SMALL_SIZES), 2);
	entry = funnel_bytehash_lookup(cache->programs, key);
	if (entry != NULL)
		return entry->value.pointer;

	if (funnel_site_is_full(cache->programs->ctx))
		return funnel_program_compile(def, cache->by_stage, group);

	/* an error in here leaves no entry behind */
	program = funnel_program_compile(def, cache->by_stage, cache->programs->ctx);
	key.bytes = VARDATA(program->def);
	entry = funnel_bytehash_insert(cache->programs, key, &found);
	entry->value.pointer = program;
	return program;
}

const FunnelEventCodes *
funnel_program_codes(FunnelProgram *program)
{
	if (program->codes == NULL)
	{
		MemoryContext context = GetMemoryChunkContext(program);
		FunnelEventCodes *codes = MemoryContextAllocZero(context, sizeof(FunnelEventCodes));

		funnel_labels_add_codes(program->labels,
								program->rules.barring != 0 || program->rules.every_attempt,
								codes, context);
		if (codes->nmixed == 0)
			*codes = funnel_no_codes;
		program->codes = codes;
	}
	return program->codes;
}
