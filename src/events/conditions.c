/*-------------------------------------------------------------------------
 *
 * events/conditions.c
 *	  The boolean arguments that say which conditions a row meets, as a mask.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "base/callsite.h"
#include "base/compat.h"
#include "events/conditions.h"

static void
check_count(int count)
{
	if (count < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at least one condition is needed")));
	if (count > FUNNEL_MAX_CONDITIONS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("there can be at most %d conditions", FUNNEL_MAX_CONDITIONS)));
}

void
funnel_conditions_init(FunnelConditions *conditions, FunctionCallInfo fcinfo,
					   int first)
{
	conditions->first = first;
	conditions->count = PG_NARGS() - first;
	conditions->is_array = false;

	for (int i = 0; i < conditions->count; i++)
	{
		Oid			type = funnel_argument_type(fcinfo->flinfo, first + i);

		if (type == BOOLOID)
			continue;
		/* a bare NULL, the same for every row, has no type */
		if (type == UNKNOWNOID && PG_ARGISNULL(first + i))
			continue;
		if (type == BOOLARRAYOID && conditions->count == 1)
		{
			conditions->is_array = true;
			return;
		}
		if (!OidIsValid(type))
			funnel_type_is_unknown("a condition");
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("condition %d must be of type %s, not type %s",
						i + 1, format_type_be(BOOLOID), format_type_be(type))));
	}
	check_count(conditions->count);
}

uint64
funnel_conditions_read_array(FunnelConditions *conditions, FunctionCallInfo fcinfo)
{
	ArrayType  *array;
	const uint8 *nulls;
	const char *value;
	uint64		mask = 0;

	if (PG_ARGISNULL(conditions->first))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array of conditions must not be null")));
	array = PG_GETARG_ARRAYTYPE_P(conditions->first);
	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array of conditions must have one dimension")));
	conditions->count = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	check_count(conditions->count);

	/* booleans are a byte each, and those that are null take none */
	nulls = ARR_NULLBITMAP(array);
	value = ARR_DATA_PTR(array);
	for (int i = 0; i < conditions->count; i++)
	{
		if (nulls != NULL && (nulls[i / 8] & (1 << (i % 8))) == 0)
			continue;
		if (*value++)
			mask |= UINT64CONST(1) << i;
	}
	PG_FREE_IF_COPY(array, conditions->first);
	return mask;
}

void
funnel_conditions_differ(int one, int other)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the number of conditions must be the same for all rows of a group"),
			 errdetail("One row has %d, another %d.", one, other)));
}
