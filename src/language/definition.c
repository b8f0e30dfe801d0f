/*-------------------------------------------------------------------------
 *
 * language/definition.c
 *	  funnel_def: the question a funnel asks, as a PostgreSQL type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/int.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/values.h"
#include "language/definition.h"
#include "language/labels.h"
#include "language/stage.h"

PG_FUNCTION_INFO_V1(funnel_def_in);
PG_FUNCTION_INFO_V1(funnel_def_out);
PG_FUNCTION_INFO_V1(funnel_def_recv);
PG_FUNCTION_INFO_V1(funnel_def_send);
PG_FUNCTION_INFO_V1(funnel_def_eq);
PG_FUNCTION_INFO_V1(funnel_def_ne);
PG_FUNCTION_INFO_V1(funnel_def_lt);
PG_FUNCTION_INFO_V1(funnel_def_le);
PG_FUNCTION_INFO_V1(funnel_def_gt);
PG_FUNCTION_INFO_V1(funnel_def_ge);
PG_FUNCTION_INFO_V1(funnel_def_cmp);
PG_FUNCTION_INFO_V1(funnel_def_hash);
PG_FUNCTION_INFO_V1(funnel_def_hash_extended);
PG_FUNCTION_INFO_V1(funnel_def_from_stages);
PG_FUNCTION_INFO_V1(funnel_stages);
PG_FUNCTION_INFO_V1(funnel_stage_of);


/* ---------- reading and writing ---------- */

/*
 * The value of a parsed definition: its canonical text.  What is printed may
 * be longer than what was read, and must be readable again.
 */
static FunnelDef *
canonical_value(const FunnelDefinition *definition, Node *escontext)
{
	StringInfoData buf;
	FunnelDef  *result;

	initStringInfo(&buf);
	funnel_definition_print(&buf, definition);

	if (buf.len > FUNNEL_DEFINITION_MAX_BYTES)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel definition is too long"),
				 errdetail("Its canonical text has %d bytes; at most %d are allowed.",
						   buf.len, FUNNEL_DEFINITION_MAX_BYTES)));

	result = (FunnelDef *) cstring_to_text_with_len(buf.data, buf.len);
	pfree(buf.data);
	return result;
}

/*
 * The last text of a call site and its value.  A definition that arrives as a
 * parameter of type text is cast once a row: it must not be parsed so often.
 */
typedef struct InputCache
{
	Size		allocated;
	char	   *text;			/* terminated */
	Size		value_size;
	/* the value (first, it is aligned), then the text */
	char		data[FLEXIBLE_ARRAY_MEMBER];
} InputCache;

#define INPUT_CACHE_DATA	MAXALIGN(offsetof(InputCache, data))

static inline FunnelDef *
input_cache_value(InputCache *cache)
{
	return (FunnelDef *) ((char *) cache + INPUT_CACHE_DATA);
}

static void
input_cache_store(FmgrInfo *flinfo, const char *text, const FunnelDef *value)
{
	InputCache *cache = flinfo->fn_extra;
	Size		text_size = strlen(text) + 1;
	Size		value_size = VARSIZE(value);
	Size		needed = INPUT_CACHE_DATA + value_size + text_size;

	if (cache == NULL || cache->allocated < needed)
	{
		flinfo->fn_extra = NULL;
		if (cache != NULL)
			pfree(cache);
		cache = MemoryContextAlloc(flinfo->fn_mcxt, needed);
		cache->allocated = needed;
	}

	cache->value_size = value_size;
	memcpy(input_cache_value(cache), value, value_size);
	cache->text = (char *) input_cache_value(cache) + value_size;
	memcpy(cache->text, text, text_size);
	flinfo->fn_extra = cache;
}

Datum
funnel_def_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	InputCache *cache = fcinfo->flinfo ? fcinfo->flinfo->fn_extra : NULL;
	FunnelDefinition *definition;
	FunnelDef  *result;

	if (cache != NULL && strcmp(cache->text, text) == 0)
	{
		/* A copy, as the caller may free what an input function returns. */
		result = palloc(cache->value_size);
		memcpy(result, input_cache_value(cache), cache->value_size);
		PG_RETURN_FUNNEL_DEF_P(result);
	}

	definition = funnel_definition_parse(text, strlen(text), fcinfo->context);
	if (definition == NULL)
		PG_RETURN_NULL();
	result = canonical_value(definition, fcinfo->context);
	if (result == NULL)
		PG_RETURN_NULL();

	if (fcinfo->flinfo)
		input_cache_store(fcinfo->flinfo, text, result);

	PG_RETURN_FUNNEL_DEF_P(result);
}

Datum
funnel_def_out(PG_FUNCTION_ARGS)
{
	FunnelDef  *def = PG_GETARG_FUNNEL_DEF_PP(0);

	PG_RETURN_CSTRING(text_to_cstring((text *) def));
}

/*
 * Binary form: the text in the client's encoding.  It need not be canonical;
 * the value made of it is.
 */
Datum
funnel_def_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	char	   *text;
	int			len;

	text = pq_getmsgtext(buf, buf->len - buf->cursor, &len);

	PG_RETURN_FUNNEL_DEF_P(canonical_value(funnel_definition_parse_binary(text, len,
																	   ERRCODE_INVALID_BINARY_REPRESENTATION),
										   NULL));
}

Datum
funnel_def_send(PG_FUNCTION_ARGS)
{
	FunnelDef  *def = PG_GETARG_FUNNEL_DEF_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendtext(&buf, VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def));

	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}


/* ---------- comparing ---------- */

Datum
funnel_def_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_equal(fcinfo));
}

Datum
funnel_def_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!funnel_bytes_equal(fcinfo));
}

Datum
funnel_def_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) < 0);
}

Datum
funnel_def_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) <= 0);
}

Datum
funnel_def_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) > 0);
}

Datum
funnel_def_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) >= 0);
}

Datum
funnel_def_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(funnel_bytes_cmp(fcinfo));
}

/* Hash partitions depend on both: the results may never change. */
Datum
funnel_def_hash(PG_FUNCTION_ARGS)
{
	FunnelDef  *def = PG_GETARG_FUNNEL_DEF_PP(0);
	Datum		result = hash_any((unsigned char *) VARDATA_ANY(def),
								  VARSIZE_ANY_EXHDR(def));

	PG_FREE_IF_COPY(def, 0);
	return result;
}

Datum
funnel_def_hash_extended(PG_FUNCTION_ARGS)
{
	FunnelDef  *def = PG_GETARG_FUNNEL_DEF_PP(0);
	Datum		result = hash_any_extended((unsigned char *) VARDATA_ANY(def),
										   VARSIZE_ANY_EXHDR(def),
										   PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(def, 0);
	return result;
}


/* ---------- for the other rooms ---------- */

FunnelDefinition *
funnel_definition_of(const FunnelDef *def)
{
	return funnel_definition_parse(VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def), NULL);
}

void
funnel_definition_rules(const FunnelDefinition *definition, FunnelRules *rules)
{
	memset(rules, 0, sizeof(FunnelRules));
	rules->nsteps = definition->nsteps;
	rules->any_order = definition->any_order;
	rules->first_entry = definition->first_entry;
	rules->last_entry = definition->last_entry;
	rules->every_attempt = definition->every_attempt;
	rules->increasing = definition->increasing;
	rules->within = definition->within;
	if (definition->nunless > 0)
		rules->excluding = funnel_definition_links(definition);

	for (int i = 0; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];

		if (step->optional)
			rules->optional |= FUNNEL_STEP_BIT(i + 1);
		if (step->strict)
			rules->strict |= FUNNEL_STEP_BIT(i + 1);
		if (step->nexcluded > 0)
			rules->excluding |= FUNNEL_STEP_BIT(i + 1);
		if (step->shortest != 0)
			rules->delayed |= FUNNEL_STEP_BIT(i + 1);
		rules->gap[i] = step->gap;
		rules->shortest[i] = step->shortest;
	}
}

int64
funnel_definition_longest_limit(const FunnelDefinition *definition)
{
	int64		longest = definition->within;

	for (int i = 0; i < definition->nsteps; i++)
		longest = Max(longest, definition->steps[i].gap);

	return longest;
}


/* ---------- definitions and stages ---------- */

/* The microseconds of an interval that has a fixed length. */
static int64
window_of_interval(const Interval *interval)
{
	int64		days;
	int64		window;

	if (interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window must have a fixed length"),
				 errdetail("Months and years differ in length."),
				 errhint("For a month, write '30 days'; pass NULL for no window.")));

	if (pg_mul_s64_overflow(interval->day, FUNNEL_USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(interval->time, days, &window))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window is too long"),
				 errhint("Pass NULL for no window.")));

	if (window <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("window must be longer than zero"),
				 errhint("Pass NULL for no window.")));

	return window;
}

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
		FunnelSegment *segment = palloc(sizeof(FunnelSegment));
		FunnelWord *word = palloc(sizeof(FunnelWord));

		if (i > 0 && compare_positions(&stages[i - 1], &stages[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("two stages have position %d",
							funnel_stage_position(stage))));

		segment->text = unconstify(char *, funnel_stage_name(stage));
		segment->len = funnel_stage_name_length(stage);
		word->nsegments = 1;
		word->segments = segment;
		definition.steps[i].nwords = 1;
		definition.steps[i].words = word;
	}

	if (!PG_ARGISNULL(1))
		definition.within = window_of_interval(PG_GETARG_INTERVAL_P(1));

	PG_RETURN_FUNNEL_DEF_P(canonical_value(&definition, NULL));
}

static FunnelStage *
make_stage(int position, const char *name)
{
	return funnel_stage_make(position, name, strlen(name));
}

/* funnel_stages(definition funnel_def) returns setof funnel_stage */
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
		definition = funnel_definition_of(PG_GETARG_FUNNEL_DEF_PP(0));
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
 * The first step that the event matches, or NULL.
 */
Datum
funnel_stage_of(PG_FUNCTION_ARGS)
{
	text	   *event = PG_GETARG_TEXT_PP(0);
	FunnelDef  *def = PG_GETARG_FUNNEL_DEF_PP(1);
	Size		def_len = VARSIZE_ANY_EXHDR(def);
	StageOfCache *cache = fcinfo->flinfo->fn_extra;
	FunnelLabelMatch match;
	int			step;

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

	match = funnel_labels_match(cache->labels, VARDATA_ANY(event),
								VARSIZE_ANY_EXHDR(event));
	if (match.steps == 0)
		PG_RETURN_NULL();

	step = pg_rightmost_one_pos64(match.steps) + 1;
	PG_RETURN_FUNNEL_STAGE_P(make_stage(step, cache->names[step - 1]));
}
