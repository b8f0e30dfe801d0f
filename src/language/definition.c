/*-------------------------------------------------------------------------
 *
 * language/definition.c
 *	  funnel_def: the question a funnel asks, as a PostgreSQL type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "language/definition.h"
#include "language/print.h"

PG_FUNCTION_INFO_V1(funnel_def_in);
PG_FUNCTION_INFO_V1(funnel_def_out);
PG_FUNCTION_INFO_V1(funnel_def_recv);
PG_FUNCTION_INFO_V1(funnel_def_send);


/* ---------- reading and writing ---------- */

/*
 * The value of a parsed definition: its canonical text.  What is printed may
 * be longer than what was read, and must be readable again.
 */
FunnelDef *
funnel_definition_value(const FunnelDefinition *definition, Node *escontext)
{
	StringInfoData buf;
	FunnelDef  *result;

	initStringInfo(&buf);
	funnel_definition_print(&buf, definition);

	if (buf.len > FUNNEL_DEFINITION_MAX_BYTES)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("funnel definition is too long"),
				 errdetail("Its canonical text has %d bytes; at most %d are allowed.",
						   buf.len, FUNNEL_DEFINITION_MAX_BYTES)));

	result = (FunnelDef *) cstring_to_text_with_len(buf.data, buf.len);
	pfree(buf.data);
	return result;
}

/*
 * The last text of a call site and its value.  A definition that arrives as a
 * parameter of type text is cast once a row: it must not be parsed so often.
 */
typedef struct InputCache
{
	char	   *text;
	FunnelDef  *value;			/* NULL if there is none */
} InputCache;

static void
input_cache_store(FmgrInfo *flinfo, const char *text, const FunnelDef *value)
{
	InputCache *cache = flinfo->fn_extra;
	MemoryContext caller = MemoryContextSwitchTo(flinfo->fn_mcxt);

	if (cache == NULL)
		flinfo->fn_extra = cache = palloc0(sizeof(InputCache));
	else if (cache->value != NULL)
	{
		pfree(cache->value);
		cache->value = NULL;
		pfree(cache->text);
	}
	cache->text = pstrdup(text);
	cache->value = (FunnelDef *) cstring_to_text_with_len(VARDATA(value), VARSIZE(value) - VARHDRSZ);
	MemoryContextSwitchTo(caller);
}

Datum
funnel_def_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	InputCache *cache = fcinfo->flinfo ? fcinfo->flinfo->fn_extra : NULL;
	FunnelDefinition *definition;
	FunnelDef  *result;

	/* A copy, as the caller may free what an input function returns. */
	if (cache != NULL && cache->value != NULL && strcmp(cache->text, text) == 0)
		PG_RETURN_FUNNEL_DEF_P(cstring_to_text_with_len(VARDATA(cache->value),
														VARSIZE(cache->value) - VARHDRSZ));

	definition = funnel_definition_parse(text, strlen(text), fcinfo->context);
	if (definition == NULL)
		PG_RETURN_NULL();
	result = funnel_definition_value(definition, fcinfo->context);
	if (result == NULL)
		PG_RETURN_NULL();

	if (fcinfo->flinfo)
		input_cache_store(fcinfo->flinfo, text, result);

	PG_RETURN_FUNNEL_DEF_P(result);
}

Datum
funnel_def_out(PG_FUNCTION_ARGS)
{
	FunnelDef  *def = PG_GETARG_FUNNEL_DEF_PP(0);

	PG_RETURN_CSTRING(text_to_cstring((text *) def));
}

/*
 * Binary form: the text in the client's encoding.  It need not be canonical;
 * the value made of it is.
 */
Datum
funnel_def_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	char	   *text;
	int			len;

	text = pq_getmsgtext(buf, buf->len - buf->cursor, &len);

	PG_RETURN_FUNNEL_DEF_P(funnel_definition_value(funnel_definition_parse_binary(text, len,
																				  ERRCODE_INVALID_BINARY_REPRESENTATION),
												   NULL));
}

Datum
funnel_def_send(PG_FUNCTION_ARGS)
{
	FunnelDef  *def = PG_GETARG_FUNNEL_DEF_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendtext(&buf, VARDATA_ANY(def), VARSIZE_ANY_EXHDR(def));

	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}


/* ---------- for the floors above ---------- */

void
funnel_definition_is_null(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("funnel definition must not be null"),
			 errhint("A look-up that finds no row gives NULL: check the name that it looks for. "
					 "Rows without a definition can be left out with FILTER or WHERE.")));
}

FunnelDefinition *
funnel_definition_of(const FunnelDef *def)
{
	const char *text = VARDATA_ANY(def);
	int			len = VARSIZE_ANY_EXHDR(def);

	/* the parser refuses a longer one without reading it */
	if (len <= FUNNEL_DEFINITION_MAX_BYTES &&
		!pg_verify_mbstr(GetDatabaseEncoding(), text, len, true))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("invalid bytes for type %s", "funnel_def"),
				 errdetail("They are not text in the database's encoding.")));
	return funnel_definition_parse_binary(text, len, ERRCODE_DATA_CORRUPTED);
}
