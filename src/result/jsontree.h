/*-------------------------------------------------------------------------
 *
 * result/jsontree.h
 *	  A JSON text as values to look at.
 *
 * jsonb would serve as well, but making one takes several times as long: its
 * numbers are numerics, and its keys are sorted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_JSONTREE_H
#define FUNNEL_RESULT_JSONTREE_H

#include "nodes/nodes.h"

typedef enum FunnelJsonType
{
	FUNNEL_JSON_OBJECT,
	FUNNEL_JSON_ARRAY,
	FUNNEL_JSON_STRING,
	FUNNEL_JSON_NUMBER,
	FUNNEL_JSON_NULL,
	FUNNEL_JSON_BOOLEAN
} FunnelJsonType;

/*
 * A value.  What an object or array holds follows it at once, each element with
 * all that it holds itself.
 */
typedef struct FunnelJson
{
	FunnelJsonType type;
	uint32		size;			/* how many values this is, with all it holds */
	const char *key;			/* of a member of an object */
	const char *text;			/* of a string, without escapes; of a number */
	int			len;			/* of the text, which ends nowhere else */
	int			count;			/* of members or elements */
} FunnelJson;

/*
 * The value of a text that is an object; it refers to TEXT.  NULL on soft error.
 * The errors are those of the type json.
 */
extern const FunnelJson *funnel_json_parse(char *text, Node *escontext);

/* The first element of an array, or member of an object, if it has any. */
static inline const FunnelJson *
funnel_json_first(const FunnelJson *container)
{
	return container + 1;
}

/* The element or member behind this one, if there is another. */
static inline const FunnelJson *
funnel_json_next(const FunnelJson *value)
{
	return value + value->size;
}

/* A member, the last of that key, or NULL. */
extern const FunnelJson *funnel_json_member(const FunnelJson *object, const char *key);

#endif							/* FUNNEL_RESULT_JSONTREE_H */
