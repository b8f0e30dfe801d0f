/*-------------------------------------------------------------------------
 *
 * aggregate/handover.c
 *	  The state of funnel_agg on its way from one node of a plan to another.
 *
 * A state that leaves its process is a message with all its events, or with the
 * name of a file that has them.
 *
 * The leader of a parallel query takes part in the scan, and a plan by
 * partition has a node for each: their states stay in the process.  A large
 * one is only lent then: what the upper node gets is the number of a loan, and
 * it reads the events where they are.  That is possible below a node without
 * groups, whose state lasts until the node is done for, which is after the one
 * above.
 *
 *	kind		a byte
 *
 * For a loan, the process, 4 bytes, and the loan's number in it, 8 bytes.  For a
 * message,
 *
 *	unit's type and collation, 4 bytes each
 *	values		a byte: is it the form with values
 *	keys		a byte: is it funnel_agg_by
 *	horizon		8 bytes
 *	definition	its length, 4 bytes, and so many bytes
 *	keys		if there are, see aggregate/keys.c
 *	events		see spool/message.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "utils/memutils.h"

#include "aggregate/funnel_agg.h"
#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/arguments.h"

#define KIND_MESSAGE		1
#define KIND_LOAN			2

/*
 * Loans
 */

/* One of this process, which ends with the memory of the state. */
typedef struct Loan
{
	struct Loan *next;
	uint64		number;
	FunnelAggState *state;
	MemoryContextCallback callback;
} Loan;

static Loan *loans = NULL;
static uint64 last_number = 0;

static void
end_loan(void *arg)
{
	Loan	  **at = &loans;

	while (*at != arg)
		at = &(*at)->next;
	*at = (*at)->next;
}

static uint64
begin_loan(FunnelAggState *state, MemoryContext context)
{
	Loan	   *loan = MemoryContextAllocZero(context, sizeof(Loan));

	loan->number = ++last_number;
	loan->state = state;
	loan->next = loans;
	loan->callback.func = end_loan;
	loan->callback.arg = loan;
	loans = loan;
	MemoryContextRegisterResetCallback(context, &loan->callback);
	return loan->number;
}

/* The state that was lent; an error if it is not there any more. */
static FunnelAggState *
lent_state(uint64 number)
{
	for (Loan *loan = loans; loan != NULL; loan = loan->next)
	{
		if (loan->number == number)
			return loan->state;
	}
	elog(ERROR, "funnel_agg state is gone");
	return NULL;
}

/* Is this call's state that of a partial aggregate of a plan? */
static bool
is_partial(FunctionCallInfo fcinfo)
{
	const AggState *node = (const AggState *) fcinfo->context;

	return IsA(node, AggState) && DO_AGGSPLIT_SERIALIZE(node->aggsplit);
}

/*
 * Can this call's state be lent?  It must be that of a partial aggregate, in
 * the process where all of the plan above it runs, and outlast its value.
 */
static bool
can_lend(FunctionCallInfo fcinfo)
{
	return is_partial(fcinfo) && !IsParallelWorker() &&
		((const AggState *) fcinfo->context)->aggstrategy == AGG_PLAIN;
}

/*
 * Check that what a state has borrowed is still there.  To be called before its
 * events are read.
 */
void
funnel_agg_check_loans(const FunnelAggState *state)
{
	for (int i = 0; i < state->nloans; i++)
		(void) lent_state(state->loans[i]);
}

static void
note_loan(FunnelAggState *state, uint64 number, MemoryContext context)
{
	if (state->nloans == 0)
		state->loans = MemoryContextAlloc(context, sizeof(uint64));
	else
		state->loans = repalloc(state->loans, sizeof(uint64) * (state->nloans + 1));
	state->loans[state->nloans++] = number;
}

/*
 * Messages
 */

PG_FUNCTION_INFO_V1(funnel_agg_serialize);

/*
 * funnel_agg_serialize(internal) returns bytea, for another node of a plan on
 * the same server
 */
Datum
funnel_agg_serialize(PG_FUNCTION_ARGS)
{
	FunnelAggState *state = (FunnelAggState *) PG_GETARG_POINTER(0);
	MemoryContext context = funnel_aggregate_context(fcinfo);
	StringInfoData buf;

	pq_begintypsend(&buf);
	if (funnel_spool_is_large(state->spool) && can_lend(fcinfo))
	{
		/* the workers are about to do the same, and will be waited for */
		if (IsInParallelMode())
			funnel_spool_group(state->spool);
		pq_sendbyte(&buf, KIND_LOAN);
		funnel_spool_lend(state->spool, IsInParallelMode());
		pq_sendint32(&buf, MyProcPid);
		pq_sendint64(&buf, begin_loan(state, context));
	}
	else
	{
		pq_sendbyte(&buf, KIND_MESSAGE);
		pq_sendint32(&buf, state->unit_type->type);
		pq_sendint32(&buf, state->unit_type->collation);
		pq_sendbyte(&buf, state->with_values);
		pq_sendbyte(&buf, state->keys != NULL);
		pq_sendint64(&buf, state->horizon);
		pq_sendint32(&buf, VARSIZE(state->program->def) - VARHDRSZ);
		pq_sendbytes(&buf, VARDATA(state->program->def),
					 VARSIZE(state->program->def) - VARHDRSZ);
		if (state->keys != NULL)
			funnel_keys_send(state->keys, &buf);
		funnel_spool_serialize(state->spool, &buf, is_partial(fcinfo), fcinfo);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

PG_FUNCTION_INFO_V1(funnel_agg_deserialize);

/*
 * funnel_agg_deserialize(bytea, internal) returns internal
 *
 * Only wraps the bytes: the combine function, which is called before they go
 * away, reads them straight into the other state.
 */
Datum
funnel_agg_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfo	message = palloc(sizeof(StringInfoData));

	(void) funnel_aggregate_context(fcinfo);
	initReadOnlyStringInfo(message, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_POINTER(message);
}

/*
 * The aggregate's state, to which one of such a form and definition is to be
 * added; a new one if there is none.
 */
static FunnelAggState *
state_to_combine(FunctionCallInfo fcinfo, MemoryContext context, Oid type,
				 Oid collation, bool with_values, bool with_keys, struct varlena *def)
{
	FunnelAggCallSite *site = funnel_agg_call_site(fcinfo);
	FunnelAggState *state;

	if (PG_ARGISNULL(0))
	{
		if (!OidIsValid(site->unit_type.type))
			funnel_unit_type_init(&site->unit_type, type, collation, site->context);
		return funnel_agg_create_state(fcinfo, context,
									   funnel_program_get(&site->programs, def, site->context),
									   &site->unit_type, with_values, with_keys);
	}

	state = (FunnelAggState *) PG_GETARG_POINTER(0);
	if (state->unit_type->type != type || state->unit_type->collation != collation ||
		state->with_values != with_values || (state->keys != NULL) != with_keys)
		elog(ERROR, "funnel_agg states are of different forms");
	if (!funnel_program_is_for(state->program, def))
		funnel_definitions_differ(state->program, def);
	return state;
}

/* Add a message, whose kind has been read. */
static FunnelAggState *
combine_message(FunctionCallInfo fcinfo, MemoryContext context, StringInfo message)
{
	Oid			type = pq_getmsgint(message, 4);
	Oid			collation = pq_getmsgint(message, 4);
	bool		with_values = pq_getmsgbyte(message);
	bool		with_keys = pq_getmsgbyte(message);
	int64		horizon = pq_getmsgint64(message);
	int			len = pq_getmsgint(message, 4);
	struct varlena *def = palloc(VARHDRSZ + len);
	FunnelAggState *state;

	SET_VARSIZE(def, VARHDRSZ + len);
	memcpy(VARDATA(def), pq_getmsgbytes(message, len), len);
	state = state_to_combine(fcinfo, context, type, collation, with_values, with_keys, def);
	state->horizon = Max(state->horizon, horizon);
	if (with_keys)
		funnel_keys_receive(state->keys, message);
	funnel_spool_absorb(state->spool, message, fcinfo);
	pq_getmsgend(message);
	pfree(def);
	return state;
}

static FunnelAggState *
combine_loan(FunctionCallInfo fcinfo, MemoryContext context, uint64 number)
{
	FunnelAggState *lender = lent_state(number);
	FunnelAggState *state = state_to_combine(fcinfo, context, lender->unit_type->type,
											 lender->unit_type->collation,
											 lender->with_values, lender->keys != NULL,
											 lender->program->def);

	state->horizon = Max(state->horizon, lender->horizon);
	if (state->keys != NULL)
		funnel_keys_merge(state->keys, lender->keys);
	if (funnel_spool_borrow(state->spool, lender->spool))
		note_loan(state, number, context);
	return state;
}

PG_FUNCTION_INFO_V1(funnel_agg_combine);

/*
 * funnel_agg_combine(internal, internal) returns internal
 */
Datum
funnel_agg_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = funnel_aggregate_context(fcinfo);
	StringInfoData message;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}

	/* a copy of the reading position: the second state stays as it is */
	message = *(StringInfo) PG_GETARG_POINTER(1);
	switch (pq_getmsgbyte(&message))
	{
		case KIND_MESSAGE:
			PG_RETURN_POINTER(combine_message(fcinfo, context, &message));
		case KIND_LOAN:
			/* who keeps partial states elsewhere must not find one of another */
			if (pq_getmsgint(&message, 4) != (uint32) MyProcPid)
				elog(ERROR, "funnel_agg state is of another process");
			PG_RETURN_POINTER(combine_loan(fcinfo, context, pq_getmsgint64(&message)));
		default:
			elog(ERROR, "funnel_agg state is of an unknown kind");
	}
}
