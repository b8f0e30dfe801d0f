/*-------------------------------------------------------------------------
 *
 * events/time.c
 *	  The times and durations of SQL as the 64-bit numbers that all work on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "base/callsite.h"
#include "base/compat.h"
#include "base/interval.h"
#include "events/time.h"

FunnelTimeType
funnel_time_type(FmgrInfo *flinfo, int argno)
{
	switch (funnel_argument_type(flinfo, argno))
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

	if (type != FUNNEL_TIME_NUMBER)
		return funnel_interval_length(DatumGetIntervalP(value), what);
	length = DatumGetInt64(value);
	if (length < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", what)));
	return length;
}
