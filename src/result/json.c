/*-------------------------------------------------------------------------
 *
 * result/json.c
 *	  A tally as JSON: the text form of a funnel_result.
 *
 *	  {"definition": the definition's text,
 *	   "horizon": instant in UTC, or null,
 *	   "steps": [{"stage": name, "users": n,
 *				  "value": sum,						if there are values
 *				  "microseconds": sum,				from step 2
 *				  "from_previous": [[cell, n], ...],	from step 2
 *				  "from_first": [[cell, n], ...]},	from step 3
 *				 ...],
 *	   "unconverted": [[step, outcome, open cell, n], ...]}
 *
 * An open cell is floor(open_until / g), or null for closed, or "forever".  It
 * carries everything, so that a dump is the value; the stage names are there
 * for the reader, and must be those of the definition.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/instant.h"
#include "match/outcome.h"
#include "result/check.h"
#include "result/json.h"

static void
print_times(StringInfo buf, const char *key, FunnelCounts histogram)
{
	appendStringInfo(buf, ",\"%s\":[", key);
	for (int i = 0; i < histogram.ncounts; i++)
		appendStringInfo(buf, "%s[" INT64_FORMAT "," INT64_FORMAT "]", i == 0 ? "" : ",",
						 histogram.counts[i].index,
						 histogram.counts[i].count);
	appendStringInfoChar(buf, ']');
}

/* One of "unconverted"; CELL is its JSON.  Nothing if there are no units. */
static void
print_unconverted(StringInfo buf, bool *first, int step, int outcome,
				  const char *cell, int64 count)
{
	if (count == 0)
		return;
	appendStringInfo(buf, "%s[%d,\"%s\",%s," INT64_FORMAT "]", *first ? "" : ",",
					 step, funnel_outcome_name(outcome), cell, count);
	*first = false;
}

void
funnel_tally_print(StringInfo buf, const FunnelTally *tally)
{
	FunnelCounts all = funnel_tally_times(tally);
	char	  **names = funnel_tally_stage_names(tally);
	FunnelStanding *standing = palloc(tally->nsteps * sizeof(FunnelStanding));
	FunnelCounts open = funnel_tally_open(tally);
	int			next_open = 0;
	bool		first = true;

	/* what is dropped as of the horizon is closed, or was passed by it */
	funnel_tally_standing(tally, DT_NOBEGIN, standing);

	appendStringInfoString(buf, "{\"definition\":");
	escape_json(buf, pnstrdup(VARDATA(tally->def), VARSIZE(tally->def) - VARHDRSZ));
	appendStringInfoString(buf, ",\"horizon\":");
	if (tally->has_horizon)
	{
		char		instant[FUNNEL_INSTANT_SIZE];

		funnel_instant_print(tally->horizon, instant);
		appendStringInfo(buf, "\"%s\"", instant);
	}
	else
		appendStringInfoString(buf, "null");

	appendStringInfoString(buf, ",\"steps\":[");
	for (int k = 0; k < tally->nsteps; k++)
	{
		const FunnelTallyStep *step = &tally->steps[k];

		appendStringInfoString(buf, k == 0 ? "{\"stage\":" : ",{\"stage\":");
		escape_json(buf, names[k]);
		appendStringInfo(buf, ",\"users\":" INT64_FORMAT, step->users);
		if (tally->has_values)
		{
			/* not float8out(), whose form depends on a setting */
			char		value[DOUBLE_SHORTEST_DECIMAL_LEN];

			double_to_shortest_decimal_buf(step->value, value);
			appendStringInfo(buf, ",\"value\":%s", value);
		}
		if (k >= 1)
		{
			char		sum[FUNNEL_UINT128_DIGITS];

			funnel_uint128_print(step->microseconds, sum);
			appendStringInfo(buf, ",\"microseconds\":%s", sum);
			print_times(buf, "from_previous",
						funnel_histogram_of(all, k + 1, FUNNEL_SINCE_PREVIOUS));
		}
		if (k >= 2)
			print_times(buf, "from_first",
						funnel_histogram_of(all, k + 1, FUNNEL_SINCE_FIRST));
		appendStringInfoChar(buf, '}');
	}

	appendStringInfoString(buf, "],\"unconverted\":[");
	for (int k = 0; k < tally->nsteps; k++)
	{
		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			print_unconverted(buf, &first, k + 1, i, "null", standing[k].by_outcome[i]);
			for (; next_open < open.ncounts &&
				 open.counts[next_open].array == funnel_open_array(k + 1, i); next_open++)
			{
				char		cell[MAXINT8LEN + 1];

				pg_lltoa(open.counts[next_open].index, cell);
				print_unconverted(buf, &first, k + 1, i, cell, open.counts[next_open].count);
			}
			print_unconverted(buf, &first, k + 1, i, "\"forever\"",
							  tally->steps[k].forever[i]);
		}
	}
	appendStringInfoString(buf, "]}");
}

/*
 * Reading.  The server's own reader takes care of the JSON; a jsonb value has
 * its numbers exactly, and its iteration is the same in all versions.  All
 * functions return false if they have reported an error.
 */
static void report(Node *escontext, const char *format,...) pg_attribute_printf(2, 3);

/* The false stands at every call, for compilers to see that it goes no further. */
#define reject(...) (report(__VA_ARGS__), false)

static void
report(Node *escontext, const char *format,...)
{
	StringInfoData detail;
	int			needed;

	initStringInfo(&detail);
	do
	{
		va_list		args;

		va_start(args, format);
		needed = appendStringInfoVA(&detail, format, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(&detail, needed);
	} while (needed > 0);

	errsave(escontext,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s", "funnel_result"),
			 errdetail_internal("%s", detail.data)));
}

static bool
is_string(const JsonbValue *value, const char *text)
{
	return value->type == jbvString &&
		value->val.string.len == (int) strlen(text) &&
		memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

/* A member that must be there; OBJECT and KEY are for the error. */
static bool
get_member(const JsonbContainer *container, const char *object, const char *key,
		   JsonbValue *value, Node *escontext)
{
	JsonbValue *found = getKeyJsonValueFromContainer(unconstify(JsonbContainer *, container),
													 key, (int) strlen(key), NULL);

	if (found == NULL)
		return reject(escontext, "Key \"%s\" is missing from %s.", key, object);
	*value = *found;
	pfree(found);
	return true;
}

static bool
get_array(const JsonbValue *value, const char *what, JsonbContainer **array,
		  Node *escontext)
{
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return reject(escontext, "%s must be an array.", what);
	*array = value->val.binary.data;
	return true;
}

static void
get_element(JsonbContainer *array, uint32 i, JsonbValue *value)
{
	JsonbValue *found = getIthJsonbValueFromContainer(array, i);

	*value = *found;
	pfree(found);
}

/* The digits of a number, which must be palloc'd; NULL if it is not one. */
static char *
number_text(const JsonbValue *value)
{
	if (value->type != jbvNumeric)
		return NULL;
	return DatumGetCString(DirectFunctionCall1(numeric_out,
											   NumericGetDatum(value->val.numeric)));
}

/* An integer from MIN to MAX. */
static bool
get_integer(const JsonbValue *value, const char *what, int64 min, int64 max,
			int64 *result, Node *escontext)
{
	char	   *text = number_text(value);
	char	   *end;

	if (text == NULL)
		return reject(escontext, "%s must be a number.", what);
	errno = 0;
	*result = strtoi64(text, &end, 10);
	if (errno != 0 || *end != '\0' || *result < min || *result > max)
		return reject(escontext, "%s must be an integer from " INT64_FORMAT " to " INT64_FORMAT ".",
					  what, min, max);
	pfree(text);
	return true;
}

static bool
get_times(const JsonbContainer *object, const char *key, FunnelTally *tally, int step,
		  FunnelTimesSince since, Node *escontext)
{
	JsonbValue	member;
	JsonbContainer *array;

	if (!get_member(object, "a step", key, &member, escontext) ||
		!get_array(&member, psprintf("\"%s\"", key), &array, escontext))
		return false;

	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		JsonbValue	element,
					value;
		JsonbContainer *pair;
		int64		cell,
					count;

		CHECK_FOR_INTERRUPTS();

		get_element(array, i, &element);
		if (!get_array(&element, "A time", &pair, escontext))
			return false;
		if (JsonContainerSize(pair) != 2)
			return reject(escontext, "A time must be a cell and a count.");
		get_element(pair, 0, &value);
		if (!get_integer(&value, "The cell of a time", 0, FUNNEL_NUM_CELLS - 1,
						 &cell, escontext))
			return false;
		get_element(pair, 1, &value);
		if (!get_integer(&value, "The count of a time", 1, tally->steps[step - 1].users,
						 &count, escontext))
			return false;

		/* met a second time, a counter could overflow: refuse it anyway */
		if (!funnel_tally_put_time(tally, step, since, (uint32) cell, count))
			return reject(escontext, "Cell " INT64_FORMAT " of step %d occurs twice in \"%s\".",
						  cell, step, key);
	}
	return true;
}

static bool
get_step(JsonbValue *element, FunnelTally *tally, int number, const char *name,
		 Node *escontext)
{
	FunnelTallyStep *step = &tally->steps[number - 1];
	JsonbContainer *object;
	JsonbValue	value;
	uint32		nkeys = 2;

	if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
		return reject(escontext, "A step must be an object.");
	object = element->val.binary.data;

	if (!get_member(object, "a step", "stage", &value, escontext))
		return false;
	if (!is_string(&value, name))
		return reject(escontext, "The stage of step %d must be \"%s\".", number, name);

	if (!get_member(object, "a step", "users", &value, escontext) ||
		!get_integer(&value, "\"users\"", 0, PG_INT64_MAX, &step->users, escontext))
		return false;

	if (number == 1)
		tally->has_values = getKeyJsonValueFromContainer(object, "value", 5, NULL) != NULL;
	if (tally->has_values)
	{
		char	   *text;

		if (!get_member(object, "a step", "value", &value, escontext))
			return false;
		text = number_text(&value);
		if (text == NULL)
			return reject(escontext, "%s must be a number.", "\"value\"");
		/* adding zero turns a negative zero into zero */
		step->value = strtod(text, NULL) + 0.0;
		if (isinf(step->value))
			return reject(escontext, "The value of step %d is out of range.", number);
		nkeys++;
	}

	if (number >= 2)
	{
		char	   *text;

		if (!get_member(object, "a step", "microseconds", &value, escontext))
			return false;
		text = number_text(&value);
		if (text == NULL || !funnel_uint128_parse(text, &step->microseconds))
			return reject(escontext, "The microseconds of step %d must be a sum of times.",
						  number);
		if (!get_times(object, "from_previous", tally, number, FUNNEL_SINCE_PREVIOUS,
					   escontext))
			return false;
		nkeys += 2;
	}
	if (number >= 3)
	{
		if (!get_times(object, "from_first", tally, number, FUNNEL_SINCE_FIRST, escontext))
			return false;
		nkeys++;
	}

	if (JsonContainerSize(object) != nkeys)
		return reject(escontext, "Step %d has unknown keys.", number);
	return true;
}

static bool
get_unconverted(JsonbValue *element, FunnelTally *tally, Node *escontext)
{
	JsonbContainer *entry;
	JsonbValue	value;
	int64		step,
				count;
	FunnelOutcome outcome;
	bool		fresh;

	if (!get_array(element, "An element of \"unconverted\"", &entry, escontext))
		return false;
	if (JsonContainerSize(entry) != 4)
		return reject(escontext, "An element of \"unconverted\" must be step, outcome, cell and count.");

	get_element(entry, 0, &value);
	if (!get_integer(&value, "The step of unconverted units", 1, tally->nsteps,
					 &step, escontext))
		return false;

	get_element(entry, 1, &value);
	if (value.type != jbvString ||
		!funnel_outcome_parse(value.val.string.val, value.val.string.len, &outcome))
		return reject(escontext, "The outcome of unconverted units must be excluded, late, early or absent.");

	get_element(entry, 3, &value);
	if (!get_integer(&value, "The count of unconverted units", 1, PG_INT64_MAX,
					 &count, escontext))
		return false;

	get_element(entry, 2, &value);
	if (value.type == jbvNull || is_string(&value, "forever"))
	{
		FunnelTallyStep *here = &tally->steps[step - 1];
		int64	   *counter = value.type == jbvNull ? &here->closed[outcome] : &here->forever[outcome];

		fresh = *counter == 0;
		*counter = count;
	}
	else
	{
		int64		now = funnel_open_cell(tally, tally->horizon);
		int64		last = funnel_open_cell(tally, FUNNEL_FOREVER - 1);
		int64		cell;

		if (!tally->has_horizon)
			return reject(escontext, "There are users, but there is no horizon.");
		if (!get_integer(&value, "The open cell of unconverted units", now, last,
						 &cell, escontext))
			return false;
		fresh = funnel_tally_put_open(tally, (int) step, outcome, cell, count);
	}
	if (!fresh)
		return reject(escontext, "An element of \"unconverted\" occurs twice.");
	return true;
}

/* The steps, and who stands where. */
static bool
get_counts(const JsonbContainer *root, FunnelTally *tally, Node *escontext)
{
	char	  **names = funnel_tally_stage_names(tally);
	JsonbContainer *array;
	JsonbValue	value;

	if (!get_member(root, "the result", "steps", &value, escontext) ||
		!get_array(&value, "\"steps\"", &array, escontext))
		return false;
	if (JsonContainerSize(array) != (uint32) tally->nsteps)
		return reject(escontext, "There must be as many steps as the definition has, %d.",
					  tally->nsteps);
	for (int k = 0; k < tally->nsteps; k++)
	{
		get_element(array, k, &value);
		if (!get_step(&value, tally, k + 1, names[k], escontext))
			return false;
	}

	if (!get_member(root, "the result", "unconverted", &value, escontext) ||
		!get_array(&value, "\"unconverted\"", &array, escontext))
		return false;
	for (uint32 i = 0; i < JsonContainerSize(array); i++)
	{
		CHECK_FOR_INTERRUPTS();

		get_element(array, i, &value);
		if (!get_unconverted(&value, tally, escontext))
			return false;
	}
	return true;
}

static bool
get_tally(const JsonbContainer *root, FunnelTally **tally, Node *escontext)
{
	JsonbValue	value;
	FunnelDefinition *definition;
	FunnelDef  *def;
	char	   *problem;

	if (!JsonContainerIsObject(root))
		return reject(escontext, "A funnel_result must be a JSON object.");
	if (!get_member(root, "the result", "definition", &value, escontext))
		return false;
	if (value.type != jbvString)
		return reject(escontext, "%s must be a string.", "\"definition\"");
	definition = funnel_definition_parse(value.val.string.val, value.val.string.len, escontext);
	if (definition == NULL)
		return false;
	def = funnel_definition_value(definition, escontext);
	if (def == NULL)
		return false;
	*tally = funnel_tally_create(def, CurrentMemoryContext);

	if (!get_member(root, "the result", "horizon", &value, escontext))
		return false;
	if (value.type != jbvNull)
	{
		int64		horizon;

		if (value.type != jbvString ||
			!funnel_instant_parse(value.val.string.val, value.val.string.len, &horizon))
			return reject(escontext, "\"horizon\" must be null or an instant like \"2026-01-31T23:59:59.5Z\".");
		funnel_tally_see(*tally, horizon);
	}
	if (!get_counts(root, *tally, escontext))
		return false;
	if (JsonContainerSize(root) != 4)
		return reject(escontext, "The result has unknown keys.");

	problem = funnel_tally_problem(*tally);
	if (problem != NULL)
		return reject(escontext, "%s", problem);
	return true;
}

FunnelTally *
funnel_tally_parse(char *text, Node *escontext)
{
	Datum		datum;
	FunnelTally *tally;

	if (!DirectInputFunctionCallSafe(jsonb_in, text, InvalidOid, -1, escontext, &datum) ||
		!get_tally(&DatumGetJsonbP(datum)->root, &tally, escontext))
		return NULL;
	return tally;
}
