/*-------------------------------------------------------------------------
 *
 * aggregate/retention.c
 *	  retention, and the counts of a cohort over it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/conditions.h"
#include "events/message.h"

typedef struct RetentionState
{
	uint64		met;			/* by any row */
	int			nconditions;
} RetentionState;

static RetentionState *
get_state(FunctionCallInfo fcinfo, MemoryContext context, int nconditions)
{
	RetentionState *state;

	if (PG_ARGISNULL(0))
	{
		state = MemoryContextAllocZero(context, sizeof(RetentionState));
		state->nconditions = nconditions;
		return state;
	}
	state = (RetentionState *) PG_GETARG_POINTER(0);
	if (state->nconditions != nconditions)
		funnel_conditions_differ(state->nconditions, nconditions);
	return state;
}

PG_FUNCTION_INFO_V1(funnel_retention_transfn);

/*
 * retention_transfn(internal, VARIADIC "any") returns internal
 */
Datum
funnel_retention_transfn(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	FunnelConditions *conditions = fcinfo->flinfo->fn_extra;
	RetentionState *state;
	uint64		met;

	if (conditions == NULL)
	{
		conditions = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FunnelConditions));
		funnel_conditions_init(conditions, fcinfo, 1);
		fcinfo->flinfo->fn_extra = conditions;
	}
	met = funnel_conditions_read(conditions, fcinfo);
	state = get_state(fcinfo, context, conditions->count);
	state->met |= met;
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_retention_serialize);

/*
 * retention_serialize(internal) returns bytea, for another process of the same
 * server
 */
Datum
funnel_retention_serialize(PG_FUNCTION_ARGS)
{
	const RetentionState *state = (const RetentionState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	funnel_message_begin(&buf);
	pq_sendbyte(&buf, state->nconditions);
	pq_sendint64(&buf, state->met);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(funnel_retention_combine);

/*
 * retention_combine(internal, internal) returns internal
 */
Datum
funnel_retention_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	RetentionState *state;
	StringInfoData buf;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	funnel_message_open(PG_GETARG_DATUM(1), &buf);
	state = get_state(fcinfo, context, pq_getmsgbyte(&buf));
	state->met |= pq_getmsgint64(&buf);
	pq_getmsgend(&buf);
	PG_RETURN_POINTER(state);
}

PG_FUNCTION_INFO_V1(funnel_retention_final);

/*
 * retention_final(internal, VARIADIC "any") returns boolean[]
 *
 * The further arguments are those of the aggregate, all null.  Over no rows
 * they still tell how many conditions there are, unless these are an array.
 */
Datum
funnel_retention_final(PG_FUNCTION_ARGS)
{
	Datum		values[FUNNEL_MAX_CONDITIONS];
	uint64		met = 0;
	int			nconditions;

	(void) funnel_aggregate_context(fcinfo);
	if (!PG_ARGISNULL(0))
	{
		const RetentionState *state = (const RetentionState *) PG_GETARG_POINTER(0);

		nconditions = state->nconditions;
		met = state->met;
	}
	else
	{
		FunnelConditions conditions = {0};

		funnel_conditions_init(&conditions, fcinfo, 1);
		if (conditions.is_array)
			PG_RETURN_NULL();
		nconditions = conditions.count;
	}
	for (int i = 0; i < nconditions; i++)
		values[i] = BoolGetDatum((met & 1) && ((met >> i) & 1));
	PG_RETURN_ARRAYTYPE_P(construct_array(values, nconditions, BOOLOID,
										  sizeof(bool), true, TYPALIGN_CHAR));
}

/*
 * Counts over boolean arrays
 *
 * The state is the result itself, so that it needs no functions of its own to
 * travel, and a table can store it.
 */

/* A zeroed array of bigints. */
static ArrayType *
make_counts(int n)
{
	Size		size = ARR_OVERHEAD_NONULLS(1) + sizeof(int64) * n;
	ArrayType  *counts;

	if (n == 0)
		return construct_empty_array(INT8OID);
	counts = palloc0(size);
	SET_VARSIZE(counts, size);
	counts->ndim = 1;
	counts->dataoffset = 0;
	counts->elemtype = INT8OID;
	ARR_DIMS(counts)[0] = n;
	ARR_LBOUND(counts)[0] = 1;
	return counts;
}

static int
check_dimensions(const ArrayType *array)
{
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array to be counted must have one dimension")));
	return ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
}

static int
check_counts(const ArrayType *counts)
{
	if (ARR_HASNULL(counts) && array_contains_nulls(unconstify(ArrayType *, counts)))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("counts must not be null")));
	return check_dimensions(counts);
}

static inline int64 *
count_values(ArrayType *counts)
{
	return (int64 *) ARR_DATA_PTR(counts);
}

/*
 * The counts of argument 0, which may be null, with room for N, to be changed.
 * Within an aggregate the state may be changed in place.
 */
static ArrayType *
writable_counts(FunctionCallInfo fcinfo, int n)
{
	ArrayType  *counts;
	ArrayType  *longer;
	int			ncounts;

	if (PG_ARGISNULL(0))
		return make_counts(n);
	counts = PG_GETARG_ARRAYTYPE_P(0);
	ncounts = check_counts(counts);
	if (ncounts >= n)
	{
		if (AggCheckCallContext(fcinfo, NULL))
			return counts;
		return PG_GETARG_ARRAYTYPE_P_COPY(0);
	}
	longer = make_counts(n);
	if (ncounts > 0)
		memcpy(count_values(longer), count_values(counts), sizeof(int64) * ncounts);
	return longer;
}

static inline void
add_count(int64 *count, int64 add)
{
	if (pg_add_s64_overflow(*count, add, count))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bigint out of range")));
}

PG_FUNCTION_INFO_V1(funnel_retention_counts_transfn);

/*
 * retention_counts_transfn(bigint[], boolean[]) returns bigint[]
 */
Datum
funnel_retention_counts_transfn(PG_FUNCTION_ARGS)
{
	ArrayType  *flags;
	ArrayType  *counts;
	int64	   *count;
	const uint8 *nulls;
	const char *value;
	int			n;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);
	flags = PG_GETARG_ARRAYTYPE_P(1);
	n = check_dimensions(flags);
	counts = writable_counts(fcinfo, n);
	count = count_values(counts);

	/* booleans are a byte each, and those that are null take none */
	nulls = ARR_NULLBITMAP(flags);
	value = ARR_DATA_PTR(flags);
	for (int i = 0; i < n; i++)
	{
		if (nulls != NULL && (nulls[i / 8] & (1 << (i % 8))) == 0)
			continue;
		if (*value++)
			add_count(&count[i], 1);
	}
	PG_RETURN_ARRAYTYPE_P(counts);
}

PG_FUNCTION_INFO_V1(funnel_retention_counts_combine);

/*
 * retention_counts_combine(bigint[], bigint[]) returns bigint[]
 */
Datum
funnel_retention_counts_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *other = PG_GETARG_ARRAYTYPE_P(1);
	int			n = check_counts(other);
	ArrayType  *counts = writable_counts(fcinfo, n);
	int64	   *count = count_values(counts);

	for (int i = 0; i < n; i++)
		add_count(&count[i], count_values(other)[i]);
	PG_RETURN_ARRAYTYPE_P(counts);
}
