/*-------------------------------------------------------------------------
 *
 * events/arguments.c
 *	  One row of an event table, as the aggregates get it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "base/callsite.h"
#include "events/arguments.h"

void
funnel_time_is_infinite(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
			 errmsg("time of a funnel event must be finite"),
			 errhint("Leave such rows out with WHERE isfinite(...).")));
}

void
funnel_definitions_differ(const FunnelProgram *program, const struct varlena *def)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("funnel definition must be the same for all rows of a group"),
			 errdetail("One row has \"%s\", another \"%s\".",
					   text_to_cstring((text *) program->def),
					   text_to_cstring((const text *) def)),
			 program->rules.nsteps > 1 ?
			 errhint("Add the definition to GROUP BY.") :
	/* any label is a definition of one step */
			 errhint("Add the definition to GROUP BY. Or have the event and the definition changed places?")));
}

bool
funnel_argument_is_stable(FunctionCallInfo fcinfo, int argno)
{
	Aggref	   *aggref = AggGetAggref(fcinfo);
	Node	   *argument;

	if (aggref == NULL || list_length(aggref->args) < argno)
		return false;
	argument = (Node *) ((TargetEntry *) list_nth(aggref->args, argno - 1))->expr;
	if (!IsA(argument, Const) &&
		!(IsA(argument, Param) && ((Param *) argument)->paramkind == PARAM_EXTERN))
		return false;

	/* last, because it takes longest: is it an argument of ours? */
	return funnel_is_transition_of(fcinfo, aggref->aggfnoid);
}

int64
funnel_read_date(Datum datum)
{
	DateADT		date = DatumGetDateADT(datum);

	if (unlikely(DATE_NOT_FINITE(date)))
		funnel_time_is_infinite();
	/* the first date is that of the first timestamp, too */
	if (unlikely(date >= TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("date out of range for timestamp")));
	return date * USECS_PER_DAY;
}

FunnelLabelMatch
funnel_read_array(const FunnelLabels *labels, Datum events)
{
	ArrayType  *array = DatumGetArrayTypeP(events);
	int			nitems = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	const char *item = ARR_DATA_PTR(array);
	const uint8 *nulls = ARR_NULLBITMAP(array);
	FunnelLabelMatch all = {0, 0};

	Assert(ARR_ELEMTYPE(array) == TEXTOID);

	for (int i = 0; i < nitems; i++)
	{
		FunnelLabelMatch match;

		CHECK_FOR_INTERRUPTS();
		if (nulls != NULL && att_isnull(i, nulls))
			continue;
		match = funnel_match_text(labels, PointerGetDatum(item));
		all.steps |= match.steps;
		all.breaks |= match.breaks;
		item = att_addlength_pointer(item, -1, item);
		item = (const char *) att_align_nominal(item, TYPALIGN_INT);
	}
	return all;
}
