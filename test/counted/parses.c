/*-------------------------------------------------------------------------
 *
 * parses.c
 *	  Counts how often a definition is parsed; for tests only.
 *
 * Linked with the extension's own objects and --wrap for both forms of the parser,
 * so that every call of it from another file comes by here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "language/definition.h"
#include "language/parse.h"

extern FunnelDefinition *__real_funnel_definition_parse(const char *text, int len, Node *escontext);
extern FunnelDefinition *__wrap_funnel_definition_parse(const char *text, int len, Node *escontext);
extern FunnelDefinition *__real_funnel_definition_parse_binary(const char *text, int len, int sqlerrcode);
extern FunnelDefinition *__wrap_funnel_definition_parse_binary(const char *text, int len, int sqlerrcode);

static int64 parses = 0;

FunnelDefinition *
__wrap_funnel_definition_parse(const char *text, int len, Node *escontext)
{
	parses++;
	return __real_funnel_definition_parse(text, len, escontext);
}

FunnelDefinition *
__wrap_funnel_definition_parse_binary(const char *text, int len, int sqlerrcode)
{
	parses++;
	return __real_funnel_definition_parse_binary(text, len, sqlerrcode);
}

PG_FUNCTION_INFO_V1(funnel_test_parses);

/* The number of parses in this backend since the last call. */
Datum
funnel_test_parses(PG_FUNCTION_ARGS)
{
	int64		result = parses;

	(void) fcinfo;
	parses = 0;
	PG_RETURN_INT64(result);
}
