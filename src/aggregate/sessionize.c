/*-------------------------------------------------------------------------
 *
 * aggregate/sessionize.c
 *	  sessionize, the window function: which session of its user a row is in.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "windowapi.h"

#include "base/compat.h"
#include "events/time.h"

/* What a partition keeps from row to row; begins as all zeros. */
typedef struct Sessions
{
	int64		count;			/* sessions so far */
	int64		last;			/* time of the last row that had one */
} Sessions;

/* The gap and the times are of the type that argument 0 tells. */
typedef struct CallSite
{
	FunnelTimeType time_type;
} CallSite;

PG_FUNCTION_INFO_V1(funnel_sessionize);

/*
 * sessionize(ts timestamptz | timestamp | date, gap interval) returns bigint,
 * sessionize(ts bigint, gap bigint) returns bigint
 *
 * A session goes on while the next row comes at most GAP later.  A row without
 * a time is in no session, and sessions are counted as if it were not there.
 */
Datum
funnel_sessionize(PG_FUNCTION_ARGS)
{
	WindowObject window = PG_WINDOW_OBJECT();
	CallSite   *site = fcinfo->flinfo->fn_extra;
	Sessions   *sessions = WinGetPartitionLocalMemory(window, sizeof(Sessions));
	Datum		value;
	bool		isnull;
	int64		ts;
	int64		gap;

	if (site == NULL)
	{
		site = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(CallSite));
		site->time_type = funnel_time_type(fcinfo->flinfo, 0);
		fcinfo->flinfo->fn_extra = site;
	}

	/* earlier rows are not looked at again */
	WinSetMarkPosition(window, WinGetCurrentPosition(window));

	value = WinGetFuncArgCurrent(window, 1, &isnull);
	gap = funnel_length_of(value, isnull, site->time_type, "gap of sessionize");
	value = WinGetFuncArgCurrent(window, 0, &isnull);
	if (isnull)
		PG_RETURN_NULL();
	ts = funnel_time_of(value, site->time_type);

	if (sessions->count == 0)
		sessions->count = 1;
	else if (ts < sessions->last)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("sessionize needs its rows in the order of their times"),
				 errhint("Write OVER (PARTITION BY ... ORDER BY ...) with the same time, ascending.")));
	else if ((uint64) ts - (uint64) sessions->last > (uint64) gap)
		sessions->count++;
	sessions->last = ts;
	PG_RETURN_INT64(sessions->count);
}
