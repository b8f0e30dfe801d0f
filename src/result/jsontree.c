/*-------------------------------------------------------------------------
 *
 * result/jsontree.c
 *	  A JSON text as values to look at.
 *
 * The server's own parser takes care of the JSON.  It calls a function before
 * each element and member, when it has read the first token of its value: all
 * that is to be known of a string or a number.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/jsonfuncs.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "result/jsontree.h"

#define FIRST_CAPACITY	256

typedef struct Builder
{
	JsonLexContext *lex;
	Node	   *escontext;
	FunnelJson *values;
	uint32		count;
	Size		capacity;

	uint32		open;			/* the innermost object or array that is not
								 * at its end; its size is the number of the
								 * one around it until then */
} Builder;

/*
 * A new value, of which the parser has read the first token; NULL if an error
 * was reported.
 */
static FunnelJson *
add_value(Builder *builder)
{
	FunnelJson *value;

	CHECK_FOR_INTERRUPTS();
	if (builder->count == builder->capacity)
	{
		if (builder->capacity > MaxAllocSize / sizeof(FunnelJson) / 2)
			ereturn(builder->escontext, NULL,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("text of a funnel_result is too long")));
		builder->capacity *= 2;
		builder->values = repalloc(builder->values, sizeof(FunnelJson) * builder->capacity);
	}
	value = &builder->values[builder->count++];
	memset(value, 0, sizeof(*value));
	value->size = 1;
	if (builder->count > 1)
		builder->values[builder->open].count++;
	switch (builder->lex->token_type)
	{
		case JSON_TOKEN_OBJECT_START:
		case JSON_TOKEN_ARRAY_START:
			value->type = builder->lex->token_type == JSON_TOKEN_OBJECT_START ?
				FUNNEL_JSON_OBJECT : FUNNEL_JSON_ARRAY;
			value->size = builder->open;
			builder->open = builder->count - 1;
			break;
		case JSON_TOKEN_STRING:
			value->type = FUNNEL_JSON_STRING;
			value->len = builder->lex->strval->len;
			value->text = pnstrdup(builder->lex->strval->data, value->len);
			break;
		case JSON_TOKEN_NUMBER:
			value->type = FUNNEL_JSON_NUMBER;
			value->len = builder->lex->token_terminator - builder->lex->token_start;
			value->text = builder->lex->token_start;
			break;
		case JSON_TOKEN_NULL:
			value->type = FUNNEL_JSON_NULL;
			break;
		default:
			/* what is no value the parser will refuse */
			value->type = FUNNEL_JSON_BOOLEAN;
			break;
	}
	return value;
}

static FUNNEL_JSON_ACTION
begin_object(void *state)
{
	/* others are known already */
	if (((Builder *) state)->count == 0 && add_value(state) == NULL)
		FUNNEL_JSON_STOP;
	FUNNEL_JSON_GO_ON;
}

static FUNNEL_JSON_ACTION
begin_member(void *state, char *key, bool isnull)
{
	FunnelJson *value = add_value(state);

	(void) isnull;
	if (value == NULL)
		FUNNEL_JSON_STOP;
	value->key = key;
	FUNNEL_JSON_GO_ON;
}

static FUNNEL_JSON_ACTION
begin_element(void *state, bool isnull)
{
	(void) isnull;
	if (add_value(state) == NULL)
		FUNNEL_JSON_STOP;
	FUNNEL_JSON_GO_ON;
}

static FUNNEL_JSON_ACTION
end_container(void *state)
{
	Builder    *builder = state;
	uint32		i = builder->open;

	builder->open = builder->values[i].size;
	builder->values[i].size = builder->count - i;
	FUNNEL_JSON_GO_ON;
}

const FunnelJson *
funnel_json_parse(char *text, Node *escontext)
{
	Builder		builder = {0};
	JsonSemAction actions = {0};

	builder.lex = makeJsonLexContextCstringLen(NULL, text, strlen(text),
											   GetDatabaseEncoding(), true);
	builder.escontext = escontext;
	builder.capacity = FIRST_CAPACITY;
	builder.values = palloc(sizeof(FunnelJson) * builder.capacity);
	actions.semstate = &builder;
	actions.object_start = begin_object;
	actions.object_field_start = begin_member;
	actions.object_end = end_container;
	actions.array_element_start = begin_element;
	actions.array_end = end_container;
	if (!pg_parse_json_or_errsave(builder.lex, &actions, escontext))
		return NULL;
	Assert(builder.count > 0 && builder.values->size == builder.count);
	return builder.values;
}

const FunnelJson *
funnel_json_member(const FunnelJson *object, const char *key)
{
	const FunnelJson *member = funnel_json_first(object);
	const FunnelJson *found = NULL;

	for (int i = 0; i < object->count; i++, member = funnel_json_next(member))
	{
		CHECK_FOR_INTERRUPTS();
		if (strcmp(member->key, key) == 0)
			found = member;
	}
	return found;
}
