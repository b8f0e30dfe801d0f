/*-------------------------------------------------------------------------
 *
 * result/type.c
 *	  funnel_result: a tally as a value, flat or expanded.
 *
 * On disk a result is flat bytes.  As an aggregate's state it is an expanded
 * object, a tally in memory that grows in place, so that a type that is not
 * "internal" can be the state: it needs no serial functions, and a front end
 * of several servers can have each of them compute its part.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/bytes.h"
#include "base/compat.h"
#include "result/bytes.h"
#include "result/json.h"
#include "result/type.h"

/*
 * Expanded form
 */

/* The name of their memory context, and among how many it is looked for. */
#define EXPANDED_CONTEXT		"expanded funnel_result"
#define MAX_CHILDREN_SEARCHED	16

typedef struct ExpandedResult
{
	ExpandedObjectHeader hdr;
	FunnelTally *tally;
	void	   *companion;		/* see funnel_result_companion */
	struct varlena *flat;		/* between the two calls that flatten it, */
	MemoryContext workspace;	/* in a context of its own */
} ExpandedResult;

static void
drop_flat(ExpandedResult *result)
{
	MemoryContextDelete(result->workspace);
	result->workspace = NULL;
	result->flat = NULL;
}

/*
 * The caller's context may be one in which nothing can be freed or made larger:
 * that of the tuples of a sort is, since PostgreSQL 17.
 */
static Size
expanded_flat_size(ExpandedObjectHeader *eohptr)
{
	ExpandedResult *result = (ExpandedResult *) eohptr;
	MemoryContext caller;

	/* an earlier call that no flattening followed */
	if (result->workspace != NULL)
		drop_flat(result);

	result->workspace = AllocSetContextCreate(eohptr->eoh_context, "flat funnel_result",
											  ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(result->workspace);
	result->flat = funnel_tally_flatten(result->tally);
	MemoryContextSwitchTo(caller);
	return VARSIZE(result->flat);
}

static void
expanded_flatten_into(ExpandedObjectHeader *eohptr, void *space, Size size)
{
	ExpandedResult *result = (ExpandedResult *) eohptr;

	Assert(result->flat != NULL && VARSIZE(result->flat) == size);
	memcpy(space, result->flat, size);
	drop_flat(result);
}

static const ExpandedObjectMethods expanded_methods = {
	expanded_flat_size,
	expanded_flatten_into
};

static bool
is_expanded(Datum datum)
{
	return VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(datum)) &&
		DatumGetEOHP(datum)->eoh_methods == &expanded_methods;
}

FunnelTally *
funnel_result_tally(Datum result)
{
	if (is_expanded(result))
		return ((ExpandedResult *) DatumGetEOHP(result))->tally;
	return funnel_tally_expand(PG_DETOAST_DATUM_PACKED(result), CurrentMemoryContext);
}

/*
 * The context of the expanded values in PARENT.  They share one: a hash
 * aggregate looks at all contexts below its own whenever a group begins, so
 * that one for each group would make its time grow with their square.
 *
 * It is looked for among the children, since a caller may have no place to
 * remember it that knows when PARENT is reset; unless another aggregate has
 * made children since, it is the first.
 */
static MemoryContext
expanded_context(MemoryContext parent)
{
	MemoryContext child = parent->firstchild;

	for (int i = 0; i < MAX_CHILDREN_SEARCHED && child != NULL; i++)
	{
		if (strcmp(child->name, EXPANDED_CONTEXT) == 0)
			return child;
		child = child->nextchild;
	}
	return AllocSetContextCreate(parent, EXPANDED_CONTEXT, ALLOCSET_START_SMALL_SIZES);
}

Datum
funnel_result_make_expanded(const FunnelDef *def, MemoryContext parent)
{
	MemoryContext context = expanded_context(parent);
	ExpandedResult *result = MemoryContextAllocZero(context, sizeof(ExpandedResult));

	EOH_init_header(&result->hdr, &expanded_methods, context);
	result->tally = funnel_tally_create(def, context);
	return EOHPGetRWDatum(&result->hdr);
}

FunnelTally *
funnel_result_writable(Datum *state, MemoryContext parent)
{
	FunnelTally *tally;
	FunnelTally *copy;

	if (is_expanded(*state) &&
		VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(*state)))
		return ((ExpandedResult *) DatumGetEOHP(*state))->tally;

	tally = funnel_result_tally(*state);
	*state = funnel_result_make_expanded(tally->def, parent);
	copy = ((ExpandedResult *) DatumGetEOHP(*state))->tally;
	funnel_tally_merge(copy, tally);
	return copy;
}

void	  **
funnel_result_companion(Datum state, MemoryContext *context)
{
	ExpandedResult *result = (ExpandedResult *) DatumGetEOHP(state);

	Assert(is_expanded(state));
	*context = result->hdr.eoh_context;
	return &result->companion;
}

void *
funnel_result_find_companion(Datum state)
{
	if (!VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(state)) || !is_expanded(state))
		return NULL;
	return ((ExpandedResult *) DatumGetEOHP(state))->companion;
}

/*
 * Input and output
 */

PG_FUNCTION_INFO_V1(funnel_result_in);
Datum
funnel_result_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	Node	   *escontext = fcinfo->context;
	FunnelTally *tally;
	const char *start = text;

	/*
	 * funnel_result('...') is a cast of the literal to the type before it is
	 * a call of the function of that name: help those who meant the call.
	 */
	while (*start == ' ' || *start == '\t' || *start == '\n' || *start == '\r')
		start++;
	if (*start != '{')
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s", "funnel_result"),
				 errdetail("A funnel_result must be a JSON object."),
				 errhint("For the empty result of a definition, write funnel_result('...'::funnel_def).")));

	tally = funnel_tally_parse(text, escontext);
	if (tally == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(funnel_tally_flatten(tally));
}

static char *
result_text(Datum result)
{
	StringInfoData buf;

	initStringInfo(&buf);
	funnel_tally_print(&buf, funnel_result_tally(result));
	return buf.data;
}

PG_FUNCTION_INFO_V1(funnel_result_out);
Datum
funnel_result_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(result_text(PG_GETARG_DATUM(0)));
}

/*
 * On the wire the bytes are those on disk, except that the definition is in the
 * client's encoding: version, flags, int32 length of the definition and its
 * text, and all the rest unchanged.  The text need not be canonical here, since
 * what is canonical depends on the encoding: the value made of it is.
 */
#define WIRE_HEADER		2

/* Are there LEN more bytes in the message? */
static void
check_left(StringInfo message, uint32 len)
{
	if (len > (uint32) (message->len - message->cursor))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid bytes for type %s", "funnel_result"),
				 errdetail("The value ends too early.")));
}

PG_FUNCTION_INFO_V1(funnel_result_recv);
Datum
funnel_result_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	StringInfoData bytes;
	uint32		wirelen;
	uint8		varint[FUNNEL_VARINT_SIZE];
	char	   *text;
	int			textlen;
	int			restlen;
	FunnelDef  *def;

	check_left(message, WIRE_HEADER + sizeof(int32));
	initStringInfo(&bytes);
	appendBinaryStringInfo(&bytes, pq_getmsgbytes(message, WIRE_HEADER), WIRE_HEADER);
	wirelen = pq_getmsgint(message, 4);
	check_left(message, wirelen);
	text = pq_getmsgtext(message, (int) wirelen, &textlen);
	def = funnel_definition_value(funnel_definition_parse_binary(text, textlen,
																 ERRCODE_INVALID_BINARY_REPRESENTATION),
								  NULL);
	appendBinaryStringInfo(&bytes, (char *) varint,
						   funnel_varint_write(varint, VARSIZE_ANY_EXHDR(def)) - varint);
	appendBinaryStringInfo(&bytes, VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def));
	restlen = message->len - message->cursor;
	appendBinaryStringInfo(&bytes, pq_getmsgbytes(message, restlen), restlen);

	PG_RETURN_POINTER(funnel_tally_flatten(funnel_tally_read(bytes.data, bytes.len,
															 ERRCODE_INVALID_BINARY_REPRESENTATION,
															 CurrentMemoryContext)));
}

PG_FUNCTION_INFO_V1(funnel_result_send);
Datum
funnel_result_send(PG_FUNCTION_ARGS)
{
	struct varlena *result = PG_GETARG_VARLENA_PP(0);
	const char *bytes = VARDATA_ANY(result);
	int			len = VARSIZE_ANY_EXHDR(result);
	StringInfoData message;
	const char *text;
	int			textlen;
	char	   *converted;

	funnel_tally_bytes_text(result, &text, &textlen);
	converted = pg_server_to_client(text, textlen);

	pq_begintypsend(&message);
	pq_sendbytes(&message, bytes, WIRE_HEADER);
	if (converted == text)
	{
		pq_sendint32(&message, textlen);
		pq_sendbytes(&message, text, textlen);
	}
	else
	{
		pq_sendint32(&message, strlen(converted));
		pq_sendbytes(&message, converted, strlen(converted));
	}
	pq_sendbytes(&message, text + textlen, bytes + len - (text + textlen));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

PG_FUNCTION_INFO_V1(funnel_result_json);
Datum
funnel_result_json(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(result_text(PG_GETARG_DATUM(0))));
}

PG_FUNCTION_INFO_V1(funnel_result_jsonb);
Datum
funnel_result_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in,
										CStringGetDatum(result_text(PG_GETARG_DATUM(0)))));
}

/*
 * Making and merging
 */

PG_FUNCTION_INFO_V1(funnel_result_empty);
Datum
funnel_result_empty(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(funnel_tally_flatten(funnel_tally_create(funnel_definition_argument(fcinfo, 0),
															   CurrentMemoryContext)));
}

/*
 * Transition and combine function of funnel_merge.  Either side may be NULL,
 * and either may be flat: a partial state that came from another process or
 * another server is.
 */
PG_FUNCTION_INFO_V1(funnel_result_merge);
Datum
funnel_result_merge(PG_FUNCTION_ARGS)
{
	MemoryContext context;
	Datum		state;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "funnel_result_merge called in non-aggregate context");

	if (PG_ARGISNULL(0))
	{
		if (PG_ARGISNULL(1))
			PG_RETURN_NULL();

		/* a read-only copy, not the argument itself, which is not ours */
		state = PG_GETARG_DATUM(1);
		if (is_expanded(state))
			state = EOHPGetRODatum(DatumGetEOHP(state));
		(void) funnel_result_writable(&state, context);
		PG_RETURN_DATUM(state);
	}

	state = PG_GETARG_DATUM(0);
	if (!PG_ARGISNULL(1))
	{
		FunnelTally *tally = funnel_result_writable(&state, context);

		funnel_tally_merge(tally, PG_GETARG_FUNNEL_TALLY(1));
	}
	PG_RETURN_DATUM(state);
}

/*
 * Accessors
 */

PG_FUNCTION_INFO_V1(funnel_result_units);
Datum
funnel_result_units(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_FUNNEL_TALLY(0)->steps[0].users);
}

PG_FUNCTION_INFO_V1(funnel_result_horizon);
Datum
funnel_result_horizon(PG_FUNCTION_ARGS)
{
	const FunnelTally *tally = PG_GETARG_FUNNEL_TALLY(0);

	if (!tally->has_horizon)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(tally->horizon);
}

PG_FUNCTION_INFO_V1(funnel_result_definition);
Datum
funnel_result_definition(PG_FUNCTION_ARGS)
{
	PG_RETURN_FUNNEL_DEF_P(PG_GETARG_FUNNEL_TALLY(0)->def);
}
