/*-------------------------------------------------------------------------
 *
 * result/path_question.c
 *	  What is asked of a flow: the arguments that all rows have in common.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "base/compat.h"
#include "events/arguments.h"
#include "result/paths.h"

void
funnel_flow_question_read(FunnelFlowQuestion *question, FunctionCallInfo fcinfo, int first)
{
	int			nargs = PG_NARGS() - first;

	memset(question, 0, sizeof(*question));
	if (PG_ARGISNULL(first))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("depth of a flow must not be null")));
	question->depth = PG_GETARG_INT32(first);
	if (question->depth == 0 || question->depth > FUNNEL_FLOW_MAX_DEPTH ||
		question->depth < -FUNNEL_FLOW_MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("depth of a flow must be between 1 and %d, or between -%d and -1",
						FUNNEL_FLOW_MAX_DEPTH, FUNNEL_FLOW_MAX_DEPTH),
				 errhint("A positive depth is how many steps to show after the first event, a negative one how many before the last.")));
	if (nargs > 1 && !PG_ARGISNULL(first + 1))
	{
		struct varlena *anchor = funnel_plain_varlena(PG_GETARG_DATUM(first + 1));

		question->has_anchor = true;
		question->anchor.bytes = VARDATA_ANY(anchor);
		question->anchor.size = VARSIZE_ANY_EXHDR(anchor);
	}
	if (nargs > 2 && !PG_ARGISNULL(first + 2))
	{
		question->top = PG_GETARG_INT32(first + 2);
		if (question->top < 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("number of labels of a level of a flow must be positive"),
					 errhint("For all labels, pass NULL.")));
	}
	if (nargs > 3)
		question->collapse = !PG_ARGISNULL(first + 3) && PG_GETARG_BOOL(first + 3);
}

FunnelFlowQuestion
funnel_flow_question_copy(const FunnelFlowQuestion *question, MemoryContext context)
{
	FunnelFlowQuestion copy = *question;

	if (question->has_anchor)
	{
		char	   *bytes = MemoryContextAlloc(context, Max(question->anchor.size, 1));

		memcpy(bytes, question->anchor.bytes, question->anchor.size);
		copy.anchor.bytes = bytes;
	}
	return copy;
}

void
funnel_flow_question_check(const FunnelFlowQuestion *question, const FunnelFlowQuestion *other)
{
	const char *what = NULL;

	if (question->depth != other->depth)
		what = "depth";
	else if (question->has_anchor != other->has_anchor ||
			 question->anchor.size != other->anchor.size ||
			 (question->has_anchor &&
			  memcmp(question->anchor.bytes, other->anchor.bytes, other->anchor.size) != 0))
		what = "anchor";
	else if (question->top != other->top)
		what = "number of labels of a level";
	else if (question->collapse != other->collapse)
		what = "\"collapse\"";
	if (unlikely(what != NULL))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s of a flow must be the same for all rows of a group", what),
				 errhint("Add it to GROUP BY.")));
}

void
funnel_flow_question_send(const FunnelFlowQuestion *question, StringInfo buf)
{
	pq_sendint32(buf, question->depth);
	pq_sendint32(buf, question->top);
	pq_sendbyte(buf, question->collapse);
	pq_sendbyte(buf, question->has_anchor);
	pq_sendint32(buf, question->anchor.size);
	pq_sendbytes(buf, question->anchor.bytes, question->anchor.size);
}

void
funnel_flow_question_receive(FunnelFlowQuestion *question, StringInfo buf)
{
	question->depth = (int) pq_getmsgint(buf, 4);
	question->top = (int) pq_getmsgint(buf, 4);
	question->collapse = pq_getmsgbyte(buf) != 0;
	question->has_anchor = pq_getmsgbyte(buf) != 0;
	question->anchor.size = pq_getmsgint(buf, 4);
	if (question->anchor.size > PG_INT32_MAX || question->top < 0 || question->depth == 0 ||
		question->depth < -FUNNEL_FLOW_MAX_DEPTH || question->depth > FUNNEL_FLOW_MAX_DEPTH)
		elog(ERROR, "invalid state of a flow");
	question->anchor.bytes = pq_getmsgbytes(buf, question->anchor.size);
}
