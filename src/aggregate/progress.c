/*-------------------------------------------------------------------------
 *
 * aggregate/progress.c
 *	  funnel_progress as a value: made of a match, and read back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "aggregate/progress.h"
#include "base/compat.h"
#include "base/rowtype.h"
#include "events/arguments.h"
#include "match/outcome.h"

static void
check_row_type(TupleDesc tupdesc)
{
	static FunnelColumn columns[FUNNEL_PROGRESS_COLUMNS] =
	{
		{"funnel_stage", InvalidOid, funnel_stage_out},
		{"text", TEXTOID, NULL},
		{"timestamptz", TIMESTAMPTZOID, NULL},
		{"timestamptz[]", TIMESTAMPTZARRAYOID, NULL},
		{"timestamptz", TIMESTAMPTZOID, NULL},
		{"timestamptz", TIMESTAMPTZOID, NULL},
		{"text[]", TEXTARRAYOID, NULL},
		{"funnel_def", InvalidOid, funnel_def_out}
	};

	funnel_check_row_type(tupdesc, "funnel_progress", columns, FUNNEL_PROGRESS_COLUMNS);
}

void
funnel_progress_maker_init(FunnelProgressMaker *maker, FunctionCallInfo fcinfo)
{
	MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

	maker->tupdesc = funnel_result_row_type(fcinfo);
	maker->type = maker->tupdesc->tdtypeid;
	check_row_type(maker->tupdesc);
	for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		maker->outcomes[i] = CStringGetTextDatum(funnel_outcome_name((FunnelOutcome) i));
	MemoryContextSwitchTo(old);
}

Datum
funnel_progress_array(Datum *values, bool *nulls, int n, Oid type)
{
	int			dims[1];
	int			lbs[1];
	bool		is_text = type == TEXTOID;

	dims[0] = n;
	lbs[0] = 1;
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, lbs, type,
											  is_text ? -1 : (int) sizeof(TimestampTz),
											  is_text ? false : FLOAT8PASSBYVAL,
											  is_text ? TYPALIGN_INT : TYPALIGN_DOUBLE));
}

Datum
funnel_progress_make(const FunnelProgressMaker *maker, const FunnelProgram *program,
					 const FunnelMatch *match, int64 last_at, Datum payload)
{
	Datum		values[FUNNEL_PROGRESS_COLUMNS] = {0};
	bool		nulls[FUNNEL_PROGRESS_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	values[PROGRESS_OUTCOME] = maker->outcomes[match->outcome];
	values[PROGRESS_LAST_AT] = TimestampTzGetDatum(last_at);
	nulls[PROGRESS_OUTCOME] = nulls[PROGRESS_LAST_AT] = false;
	if (match->open)
	{
		/* FUNNEL_FOREVER is infinity */
		values[PROGRESS_OPEN_UNTIL] = TimestampTzGetDatum(match->open_until);
		nulls[PROGRESS_OPEN_UNTIL] = false;
	}
	if (match->depth > 0)
	{
		Datum		elements[FUNNEL_MAX_STEPS];
		bool		skipped[FUNNEL_MAX_STEPS];

		for (int k = 0; k < match->depth; k++)
		{
			skipped[k] = (match->reached & FUNNEL_STEP_BIT(k + 1)) == 0;
			elements[k] = skipped[k] ? (Datum) 0 : TimestampTzGetDatum(match->at[k]);
		}
		values[PROGRESS_STAGE] = PointerGetDatum(program->stages[match->depth - 1]);
		values[PROGRESS_ENTERED_AT] = TimestampTzGetDatum(match->at[0]);
		values[PROGRESS_REACHED_AT] = funnel_progress_array(elements, skipped, match->depth, TIMESTAMPTZOID);
		nulls[PROGRESS_STAGE] = nulls[PROGRESS_ENTERED_AT] = nulls[PROGRESS_REACHED_AT] = false;
	}
	values[PROGRESS_PAYLOAD] = payload;
	nulls[PROGRESS_PAYLOAD] = payload == (Datum) 0;
	values[PROGRESS_DEFINITION] = PointerGetDatum(program->def);
	nulls[PROGRESS_DEFINITION] = false;
	return HeapTupleGetDatum(heap_form_tuple(maker->tupdesc, values, nulls));
}

Datum
funnel_progress_values(const FunnelProgressMaker *maker, ArrayBuildState *values,
					   const FunnelProgram *program, int64 last_at)
{
	FunnelMatch nothing = {.outcome = FUNNEL_ABSENT};

	if (values->nelems == 0)
		accumArrayResult(values, funnel_progress_make(maker, program, &nothing, last_at, (Datum) 0),
						 false, maker->type, CurrentMemoryContext);
	return makeArrayResult(values, CurrentMemoryContext);
}

/*
 * Reading.  Values may come from anywhere, and need not be what the definition
 * that they carry would give: all that can be checked is.
 */

static void
does_not_fit(const FunnelProgram *program, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("funnel_progress does not fit its definition \"%s\"",
					text_to_cstring((const text *) program->def)),
			 errdetail_internal("%s", detail)));
}

bool
funnel_progress_open(Datum progress, FunnelProgressParts *parts)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(progress);
	TupleDesc	tupdesc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header),
												 HeapTupleHeaderGetTypMod(header));
	HeapTupleData tuple = {0};
	bool		all_null = true;

	check_row_type(tupdesc);
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	heap_deform_tuple(&tuple, tupdesc, parts->values, parts->nulls);
	ReleaseTupleDesc(tupdesc);
	for (int i = 0; i < FUNNEL_PROGRESS_COLUMNS; i++)
		all_null &= parts->nulls[i];
	return !all_null;
}

/* The times of the chain. */
static void
read_reached(const FunnelProgram *program, Datum reached, FunnelMatch *match)
{
	const FunnelRules *rules = &program->rules;
	ArrayType  *array = DatumGetArrayTypeP(reached);
	Datum	   *times;
	bool	   *skipped;
	int			ntimes;
	int			previous = 0;

	if (ARR_NDIM(array) != 1 || ARR_LBOUND(array)[0] != 1)
		does_not_fit(program, "\"reached_at\" must be an array of one dimension that begins at 1.");
	if (ARR_DIMS(array)[0] != match->depth)
		does_not_fit(program, psprintf("\"reached_at\" has %d elements, the stage is %d.",
									   ARR_DIMS(array)[0], match->depth));
	deconstruct_array(array, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL,
					  TYPALIGN_DOUBLE, &times, &skipped, &ntimes);

	for (int k = 0; k < ntimes; k++)
	{
		int64		at;

		if (skipped[k])
		{
			if (rules->any_order || k == 0 || k == ntimes - 1 ||
				(rules->optional & FUNNEL_STEP_BIT(k + 1)) == 0)
				does_not_fit(program, psprintf("Step %d cannot be skipped.", k + 1));
			continue;
		}
		at = DatumGetTimestampTz(times[k]);
		if (TIMESTAMP_NOT_FINITE(at))
			does_not_fit(program, psprintf("The time of step %d is infinite.", k + 1));
		if (k > 0 && (at < match->at[previous] ||
					  (at == match->at[previous] && rules->increasing)))
			does_not_fit(program, psprintf("The time of step %d does not follow that of step %d.",
										   k + 1, previous + 1));

		/* unsigned, since the range of timestamptz exceeds 2^63 */
		if (k > 0 && rules->shortest[k] != 0 &&
			(uint64) at - (uint64) match->at[previous] < (uint64) rules->shortest[k])
			does_not_fit(program, psprintf("The time of step %d is too soon.", k + 1));
		if (k > 0 &&
			((rules->within != 0 &&
			  (uint64) at - (uint64) match->at[0] > (uint64) rules->within) ||
			 (rules->gap[k] != 0 &&
			  (uint64) at - (uint64) match->at[previous] > (uint64) rules->gap[k])))
			does_not_fit(program, psprintf("The time of step %d is too late.", k + 1));
		match->at[k] = at;
		match->reached |= FUNNEL_STEP_BIT(k + 1);
		previous = k;
	}
}

static void
read_outcome(const FunnelProgram *program, Datum outcome, FunnelMatch *match)
{
	const FunnelRules *rules = &program->rules;
	text	   *name = DatumGetTextPP(outcome);
	bool		valid = funnel_outcome_parse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name),
											 &match->outcome);

	if (valid)
	{
		switch (match->outcome)
		{
			case FUNNEL_CONVERTED:
				valid = match->depth == rules->nsteps;
				break;
			case FUNNEL_EXCLUDED:
				valid = (rules->strict | rules->excluding) != 0;
				break;
			case FUNNEL_LATE:
				valid = funnel_longest_limit(rules) != 0;
				break;
			case FUNNEL_EARLY:
				valid = !rules->any_order;
				break;
			case FUNNEL_ABSENT:
				break;
		}
		if (match->depth == rules->nsteps)
			valid = match->outcome == FUNNEL_CONVERTED;
		if (match->depth == 0)
			valid = match->outcome == FUNNEL_ABSENT;
	}
	if (!valid)
		does_not_fit(program, psprintf("The outcome cannot be \"%s\" at stage %d.",
									   text_to_cstring(name), match->depth));
}

/* When the attempt closes; NULL and -infinity were ruled out by the caller. */
static void
read_open_until(const FunnelProgram *program, int64 open_until, int64 last_at,
				FunnelMatch *match)
{
	int64		longest = funnel_longest_limit(&program->rules);

	match->open = true;
	match->open_until = open_until;
	if (TIMESTAMP_IS_NOEND(open_until))
		return;

	/*
	 * The limits count from an event of the unit.  This also bounds how many
	 * different instants a tally has to tell apart.
	 */
	if (longest == 0 ||
		(open_until > last_at && (uint64) open_until - (uint64) last_at > (uint64) longest))
		does_not_fit(program, "\"open_until\" is later than the definition allows.");
}

struct varlena *
funnel_progress_definition(const FunnelProgressParts *parts)
{
	if (parts->nulls[PROGRESS_DEFINITION])
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("definition of a funnel_progress must not be null"),
				 errhint("funnel_progress_agg and journey_progress set it; a value made by hand needs the definition that it answers as its last attribute.")));
	return funnel_plain_varlena(parts->values[PROGRESS_DEFINITION]);
}

/*
 * Read a value's columns into MATCH, with depth 0 for a unit that never
 * entered, and LAST_AT.
 */
void
funnel_progress_read(const FunnelProgressParts *parts, const FunnelProgram *program,
					 FunnelMatch *match, int64 *last_at)
{
	const Datum *values = parts->values;
	const bool *nulls = parts->nulls;

	match->depth = 0;
	match->reached = 0;
	match->open = false;
	if (nulls[PROGRESS_LAST_AT] || TIMESTAMP_NOT_FINITE(DatumGetTimestampTz(values[PROGRESS_LAST_AT])))
		does_not_fit(program, "\"last_at\" must be a finite time.");
	*last_at = DatumGetTimestampTz(values[PROGRESS_LAST_AT]);

	if (!nulls[PROGRESS_STAGE])
	{
		const FunnelStage *stage = DatumGetFunnelStagePP(values[PROGRESS_STAGE]);
		const FunnelStage *expected;

		match->depth = funnel_stage_position(stage);
		if (match->depth > program->rules.nsteps)
			does_not_fit(program, psprintf("The definition has no stage %d.", match->depth));
		expected = program->stages[match->depth - 1];
		if (funnel_stage_name_length(stage) != funnel_stage_name_length(expected) ||
			memcmp(funnel_stage_name(stage), funnel_stage_name(expected),
				   funnel_stage_name_length(stage)) != 0)
			does_not_fit(program,
						 psprintf("Stage %d of the definition is \"%.*s\", not \"%.*s\".",
								  match->depth,
								  funnel_stage_name_length(expected), funnel_stage_name(expected),
								  funnel_stage_name_length(stage), funnel_stage_name(stage)));
	}

	if (nulls[PROGRESS_OUTCOME])
		does_not_fit(program, "\"outcome\" must not be null.");
	read_outcome(program, values[PROGRESS_OUTCOME], match);

	if (nulls[PROGRESS_REACHED_AT] != (match->depth == 0) ||
		nulls[PROGRESS_ENTERED_AT] != (match->depth == 0))
		does_not_fit(program, "Where there is a stage, and only there, \"entered_at\" and \"reached_at\" must be given.");
	if (match->depth > 0)
	{
		read_reached(program, values[PROGRESS_REACHED_AT], match);
		if (match->at[0] != DatumGetTimestampTz(values[PROGRESS_ENTERED_AT]))
			does_not_fit(program, "\"entered_at\" is not the time of step 1.");
		if (match->at[match->depth - 1] > *last_at)
			does_not_fit(program, "\"last_at\" is before the time of the stage.");
	}

	if (!nulls[PROGRESS_OPEN_UNTIL])
	{
		int64		open_until = DatumGetTimestampTz(values[PROGRESS_OPEN_UNTIL]);

		if (match->depth == 0 || match->outcome == FUNNEL_CONVERTED ||
			TIMESTAMP_IS_NOBEGIN(open_until))
			does_not_fit(program, "\"open_until\" must be null where no attempt is open.");
		read_open_until(program, open_until, *last_at, match);
	}
}
