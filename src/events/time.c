/*-------------------------------------------------------------------------
 *
 * events/time.c
 *	  The times and durations of SQL as the 64-bit numbers that all work on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "events/time.h"

FunnelTimeType
funnel_time_type(FmgrInfo *flinfo, int argno)
{
	Oid			type = get_fn_expr_argtype(flinfo, argno);

	if (OidIsValid(type))
		type = getBaseType(type);
	switch (type)
	{
		case TIMESTAMPTZOID:
		case TIMESTAMPOID:
			return FUNNEL_TIME_TIMESTAMP;
		case DATEOID:
			return FUNNEL_TIME_DATE;
		case INT8OID:
			return FUNNEL_TIME_NUMBER;
	}
	/* the signatures allow no other */
	elog(ERROR, "could not determine the type of the time");
}

int64
funnel_length_of(Datum value, bool isnull, FunnelTimeType type, const char *what)
{
	int64		length;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", what)));

	if (type == FUNNEL_TIME_NUMBER)
		length = DatumGetInt64(value);
	else
	{
		const Interval *interval = DatumGetIntervalP(value);

		if (INTERVAL_NOT_FINITE(interval))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("%s must be finite", what)));
		if (interval->month != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must not contain months or years", what),
					 errdetail("Their length differs from month to month."),
					 errhint("Write 30 days, for example.")));
		if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &length) ||
			pg_add_s64_overflow(length, interval->time, &length))
			ereport(ERROR,
					(errcode(ERRCODE_INTERVAL_FIELD_OVERFLOW),
					 errmsg("%s out of range", what)));
	}
	if (length < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", what)));
	return length;
}
