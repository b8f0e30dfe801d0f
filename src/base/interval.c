/*-------------------------------------------------------------------------
 *
 * base/interval.c
 *	  Intervals of a fixed length, in microseconds.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/int.h"

#include "base/compat.h"
#include "base/interval.h"

int64
funnel_interval_length(const Interval *interval, const char *what)
{
	int64		length;

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
				 errmsg("%s is out of range", what)));
	if (length < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be negative", what)));
	return length;
}

int64
funnel_interval_positive(const Interval *interval, const char *what)
{
	int64		length = funnel_interval_length(interval, what);

	if (length == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not be zero", what)));
	return length;
}
