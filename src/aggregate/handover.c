/*-------------------------------------------------------------------------
 *
 * aggregate/handover.c
 *	  The state of funnel_agg on its way from one node of a plan to another.
 *
 * funnel_message_deserialize only wraps the message: the combine function, which
 * is called before it goes away, reads it straight into the other state.  It is:
 *
 *	unit's type and collation, 4 bytes each
 *	form		a byte: with values, by stages, with keys
 *	horizon		8 bytes
 *	definition	its length, 4 bytes, and so many bytes
 *	keys		if there are, see aggregate/keys.c
 *	events		see spool/message.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "aggregate/funnel_agg.h"
#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/arguments.h"

#define FORM_WITH_VALUES	1
#define FORM_BY_STAGE		2
#define FORM_WITH_KEYS		4

static int
form_of(const FunnelAggState *state)
{
	return (state->with_values ? FORM_WITH_VALUES : 0) |
		(state->program->by_stage ? FORM_BY_STAGE : 0) |
		(state->keys != NULL ? FORM_WITH_KEYS : 0);
}

PG_FUNCTION_INFO_V1(funnel_agg_serialize);

/*
 * funnel_agg_serialize(internal) returns bytea, for another node of a plan on
 * the same server
 */
Datum
funnel_agg_serialize(PG_FUNCTION_ARGS)
{
	FunnelAggState *state = (FunnelAggState *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	(void) funnel_aggregate_context(fcinfo);
	pq_begintypsend(&buf);
	pq_sendint32(&buf, state->site->unit_type.type);
	pq_sendint32(&buf, state->site->unit_type.collation);
	pq_sendbyte(&buf, form_of(state));
	pq_sendint64(&buf, state->horizon);
	pq_sendint32(&buf, VARSIZE(state->program->def) - VARHDRSZ);
	pq_sendbytes(&buf, VARDATA(state->program->def), VARSIZE(state->program->def) - VARHDRSZ);
	if (state->keys != NULL)
		funnel_keys_send(state->keys, &buf);
	funnel_spool_serialize(state->spool, &buf);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * The aggregate's state, to which one of such a form and definition is to be
 * added; a new one if there is none.
 */
static FunnelAggState *
state_to_combine(FunctionCallInfo fcinfo, MemoryContext context, Oid type,
				 Oid collation, int form, struct varlena *def)
{
	FunnelAggCallSite *site = funnel_agg_call_site(fcinfo);
	FunnelAggState *state;

	if (PG_ARGISNULL(0))
	{
		if (!OidIsValid(site->unit_type.type))
		{
			funnel_unit_type_init(&site->unit_type, type, collation, site->context);
			site->programs.by_stage = (form & FORM_BY_STAGE) != 0;
		}
		return funnel_agg_create_state(context, site,
									   funnel_program_get(&site->programs, def, site->context, context),
									   (form & FORM_WITH_VALUES) != 0,
									   (form & FORM_WITH_KEYS) != 0);
	}

	state = (FunnelAggState *) PG_GETARG_POINTER(0);
	if (state->site->unit_type.type != type || state->site->unit_type.collation != collation ||
		form_of(state) != form)
		elog(ERROR, "funnel_agg states are of different forms");
	if (!funnel_program_is_for(state->program, def))
		funnel_definitions_differ(state->program, def);
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
	FunnelAggState *state;
	StringInfoData message;
	struct varlena *def;
	Oid			type;
	Oid			collation;
	int			form;
	int64		horizon;
	int			len;

	if (PG_ARGISNULL(1))
		return funnel_same_state(fcinfo);

	/* a copy of the reading position: the second state stays as it is */
	message = *(StringInfo) PG_GETARG_POINTER(1);
	type = pq_getmsgint(&message, 4);
	collation = pq_getmsgint(&message, 4);
	form = pq_getmsgbyte(&message);
	horizon = pq_getmsgint64(&message);
	len = pq_getmsgint(&message, 4);
	def = (struct varlena *) cstring_to_text_with_len(pq_getmsgbytes(&message, len), len);

	state = state_to_combine(fcinfo, context, type, collation, form, def);
	state->horizon = Max(state->horizon, horizon);
	if (state->keys != NULL)
		funnel_keys_receive(state->keys, &message);
	funnel_spool_absorb(state->spool, &message, fcinfo);
	pq_getmsgend(&message);
	pfree(def);
	PG_RETURN_POINTER(state);
}
