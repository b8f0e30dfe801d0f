/*-------------------------------------------------------------------------
 *
 * language/functions.c
 *	  Definitions and stages in SQL: one made of the other, and of an event.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/interval.h"
#include "language/definition.h"
#include "language/labels.h"
#include "language/stage.h"

static int
compare_positions(const void *a, const void *b)
{
	int			apos = funnel_stage_position((const FunnelStage *) DatumGetPointer(*(const Datum *) a));
	int			bpos = funnel_stage_position((const FunnelStage *) DatumGetPointer(*(const Datum *) b));

	return (apos > bpos) - (apos < bpos);
}

/*
 * funnel_def(stages funnel_stage[], within interval)
 *
 * The names of the stages, in the order of their positions, are the events of
 * the steps.  Positions may leave gaps.
 */
PG_FUNCTION_INFO_V1(funnel_def_from_stages);
Datum
funnel_def_from_stages(PG_FUNCTION_ARGS)
{
	ArrayType  *array;
	Datum	   *stages;
	bool	   *nulls;
	int			nstages;
	FunnelDefinition definition = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	array = PG_GETARG_ARRAYTYPE_P(0);

	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_INT,
					  &stages, &nulls, &nstages);

	if (nstages == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a funnel needs at least one stage")));
	if (nstages > FUNNEL_MAX_STEPS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a funnel has at most %d stages", FUNNEL_MAX_STEPS),
				 errdetail("%d stages were given.", nstages)));

	for (int i = 0; i < nstages; i++)
	{
		FunnelStage *stage;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("stages of a funnel must not be null")));

		stage = DatumGetFunnelStagePP(stages[i]);
		if (funnel_stage_name_length(stage) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("stage %d has no name", funnel_stage_position(stage)),
					 errdetail("The name of a stage is the event that reaches it.")));
		if (funnel_stage_name_length(stage) > FUNNEL_DEFINITION_MAX_BYTES)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("funnel definition is too long"),
					 errdetail("At most %d bytes are allowed.",
							   FUNNEL_DEFINITION_MAX_BYTES)));
		stages[i] = PointerGetDatum(stage);
	}

	qsort(stages, nstages, sizeof(Datum), compare_positions);

	definition.nsteps = nstages;
	definition.steps = palloc0(nstages * sizeof(FunnelStep));

	for (int i = 0; i < nstages; i++)
	{
		FunnelStage *stage = (FunnelStage *) DatumGetPointer(stages[i]);
		FunnelPiece *piece = palloc(sizeof(FunnelPiece));
		FunnelTerm *term = palloc(sizeof(FunnelTerm));

		if (i > 0 && compare_positions(&stages[i - 1], &stages[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("two stages have position %d",
							funnel_stage_position(stage))));

		piece->text = unconstify(char *, funnel_stage_name(stage));
		piece->len = funnel_stage_name_length(stage);
		term->npieces = 1;
		term->pieces = piece;
		definition.steps[i].nterms = 1;
		definition.steps[i].terms = term;
	}

	if (!PG_ARGISNULL(1))
		definition.within = funnel_interval_positive(PG_GETARG_INTERVAL_P(1), "window");

	PG_RETURN_FUNNEL_DEF_P(funnel_definition_value(&definition, NULL));
}

static FunnelStage *
make_stage(int position, const char *name)
{
	return funnel_stage_make(position, name, strlen(name));
}

/* funnel_stages(definition funnel_def) returns setof funnel_stage */
PG_FUNCTION_INFO_V1(funnel_stages);
Datum
funnel_stages(PG_FUNCTION_ARGS)
{
	FuncCallContext *funcctx;
	char	  **names;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext oldcontext;
		FunnelDefinition *definition;

		funcctx = SRF_FIRSTCALL_INIT();
		oldcontext = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
		definition = funnel_definition_of(funnel_definition_argument(fcinfo, 0));
		funcctx->max_calls = definition->nsteps;
		funcctx->user_fctx = funnel_definition_stage_names(definition);
		MemoryContextSwitchTo(oldcontext);
	}

	funcctx = SRF_PERCALL_SETUP();
	names = funcctx->user_fctx;

	if (funcctx->call_cntr < funcctx->max_calls)
	{
		int			i = (int) funcctx->call_cntr;

		SRF_RETURN_NEXT(funcctx, PointerGetDatum(make_stage(i + 1, names[i])));
	}
	SRF_RETURN_DONE(funcctx);
}

/* What stage_of keeps of its call site's last definition. */
typedef struct StageOfCache
{
	MemoryContext context;		/* of all below */
	FunnelDef  *def;			/* NULL if none */
	FunnelLabels *labels;
	char	  **names;
} StageOfCache;

/*
 * stage_of(event text, definition funnel_def)
 *
 * The first step that the event matches, or NULL; NULL for a NULL event.
 */
PG_FUNCTION_INFO_V1(funnel_stage_of);
Datum
funnel_stage_of(PG_FUNCTION_ARGS)
{
	FunnelDef  *def = funnel_definition_argument(fcinfo, 1);
	Size		def_len = VARSIZE_ANY_EXHDR(def);
	StageOfCache *cache = fcinfo->flinfo->fn_extra;
	FunnelLabelMatch match;
	text	   *event;
	int			step;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (cache == NULL)
	{
		cache = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt,
									   sizeof(StageOfCache));
		cache->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt,
											   "stage_of definition",
											   ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = cache;
	}

	if (cache->def == NULL ||
		VARSIZE_ANY_EXHDR(cache->def) != def_len ||
		memcmp(VARDATA_ANY(cache->def), VARDATA_ANY(def), def_len) != 0)
	{
		MemoryContext oldcontext;
		FunnelDefinition *definition;

		cache->def = NULL;
		MemoryContextReset(cache->context);
		oldcontext = MemoryContextSwitchTo(cache->context);
		definition = funnel_definition_of(def);
		cache->labels = funnel_labels_compile(definition, NULL, cache->context);
		cache->names = funnel_definition_stage_names(definition);
		cache->def = (FunnelDef *) cstring_to_text_with_len(VARDATA_ANY(def),
															def_len);
		MemoryContextSwitchTo(oldcontext);
	}

	event = PG_GETARG_TEXT_PP(0);
	match = funnel_labels_match(cache->labels, VARDATA_ANY(event),
								VARSIZE_ANY_EXHDR(event));
	if (match.steps == 0)
		PG_RETURN_NULL();

	step = pg_rightmost_one_pos64(match.steps) + 1;
	PG_RETURN_FUNNEL_STAGE_P(make_stage(step, cache->names[step - 1]));
}
