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
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/instant.h"
#include "match/outcome.h"
#include "result/check.h"
#include "result/json.h"
#include "result/jsontree.h"

/* As appendStringInfo does, several times as fast: a result has thousands. */
static void
append_integer(StringInfo buf, int64 value)
{
	char		digits[MAXINT8LEN + 1];

	appendBinaryStringInfo(buf, digits, pg_lltoa(value, digits));
}

static void
print_times(StringInfo buf, const char *key, FunnelCounts histogram)
{
	appendStringInfo(buf, ",\"%s\":[", key);
	for (int i = 0; i < histogram.ncounts; i++)
	{
		appendStringInfoString(buf, i == 0 ? "[" : ",[");
		append_integer(buf, histogram.counts[i].index);
		appendStringInfoChar(buf, ',');
		append_integer(buf, histogram.counts[i].count);
		appendStringInfoChar(buf, ']');
	}
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

				CHECK_FOR_INTERRUPTS();
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
 * Reading.  All functions return false if they have reported an error.
 */
static void report(Node *escontext, const char *format,
				   ...) pg_attribute_printf(2, 3);

/* The false stands at every call, for compilers to see that it goes no further. */
#define reject(...) (report(__VA_ARGS__), false)

static void
report(Node *escontext, const char *format,
	   ...)
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
is_string(const FunnelJson *value, const char *text)
{
	return value->type == FUNNEL_JSON_STRING &&
		value->len == (int) strlen(text) && memcmp(value->text, text, value->len) == 0;
}

/* A member that must be there; OBJECT and KEY are for the error. */
static bool
get_member(const FunnelJson *container, const char *object, const char *key,
		   const FunnelJson **value, Node *escontext)
{
	*value = funnel_json_member(container, key);
	if (*value == NULL)
		return reject(escontext, "Key \"%s\" is missing from %s.", key, object);
	return true;
}

/* Are there no members but those of these keys? */
static bool
has_only(const FunnelJson *object, const char *const *keys, int nkeys)
{
	const FunnelJson *member = funnel_json_first(object);

	for (int i = 0; i < object->count; i++, member = funnel_json_next(member))
	{
		int			k = 0;

		CHECK_FOR_INTERRUPTS();
		while (k < nkeys && strcmp(member->key, keys[k]) != 0)
			k++;
		if (k == nkeys)
			return false;
	}
	return true;
}

static bool
check_array(const FunnelJson *value, const char *what, Node *escontext)
{
	if (value->type != FUNNEL_JSON_ARRAY)
		return reject(escontext, "%s must be an array.", what);
	return true;
}

static bool
is_digits(const FunnelJson *number)
{
	for (int i = 0; i < number->len; i++)
	{
		if (number->text[i] < '0' || number->text[i] > '9')
			return false;
	}
	return true;
}

/* More digits than any number here has */
#define MAX_DIGITS		100

/*
 * The text of a number that is an integer, palloc'd and without an exponent: 1e2
 * is 100, as is 1.00e2.  NULL if it is none, or has too many digits.
 */
static char *
integer_text(const FunnelJson *number)
{
	char	   *text = palloc(1 + 2 * MAX_DIGITS + 1);
	const char *exponent = NULL;
	size_t		len = 0;
	int64		zeros = 0;
	bool		in_fraction = false;

	for (int i = 0; i < number->len && exponent == NULL; i++)
	{
		char		c = number->text[i];

		if (c == '.')
			in_fraction = true;
		else if (c == 'e' || c == 'E')
			exponent = &number->text[i + 1];
		else if (len > MAX_DIGITS)
			return NULL;
		else
		{
			text[len++] = c;
			zeros -= in_fraction;
		}
	}
	if (exponent != NULL)
		zeros += strtol(exponent, NULL, 10);
	if (zeros < 0 || zeros > MAX_DIGITS)
		return NULL;
	memset(text + len, '0', zeros);
	text[len + zeros] = '\0';
	/* there is but one zero */
	return text[0] == '-' && strspn(text + 1, "0") == len + zeros - 1 ? text + 1 : text;
}

/* So many digits are less than 2^63. */
#define SAFE_DIGITS		18

/* An integer from MIN to MAX. */
static bool
get_integer(const FunnelJson *value, const char *what, int64 min, int64 max,
			int64 *result, Node *escontext)
{
	bool		is_integer = true;

	*result = 0;
	if (value->type != FUNNEL_JSON_NUMBER)
		return reject(escontext, "%s must be a number.", what);
	if (value->len <= SAFE_DIGITS && is_digits(value))
	{
		for (int i = 0; i < value->len; i++)
			*result = *result * 10 + (value->text[i] - '0');
	}
	else
	{
		char	   *text = integer_text(value);
		char	   *end;

		errno = 0;
		if (text != NULL)
			*result = strtoi64(text, &end, 10);
		is_integer = text != NULL && errno == 0 && *end == '\0';
	}
	if (!is_integer || *result < min || *result > max)
		return reject(escontext, "%s must be an integer from " INT64_FORMAT " to " INT64_FORMAT ".",
					  what, min, max);
	return true;
}

static bool
get_times(const FunnelJson *object, const char *key, FunnelTally *tally, int step,
		  FunnelTimesSince since, Node *escontext)
{
	const FunnelJson *array;
	const FunnelJson *pair;

	if (!get_member(object, "a step", key, &array, escontext) ||
		!check_array(array, psprintf("\"%s\"", key), escontext))
		return false;
	if (array->count > 0 && tally->steps[step - 1].users == 0)
		return reject(escontext, "The times of step %d from the %s step are not as many as its users.",
					  step, since == FUNNEL_SINCE_PREVIOUS ? "previous" : "first");

	pair = funnel_json_first(array);
	for (int i = 0; i < array->count; i++, pair = funnel_json_next(pair))
	{
		int64		cell,
					count;

		CHECK_FOR_INTERRUPTS();

		if (!check_array(pair, "A time", escontext))
			return false;
		if (pair->count != 2)
			return reject(escontext, "A time must be a cell and a count.");
		if (!get_integer(funnel_json_first(pair), "The cell of a time", 0, FUNNEL_NUM_CELLS - 1,
						 &cell, escontext) ||
			!get_integer(funnel_json_next(funnel_json_first(pair)), "The count of a time",
						 1, tally->steps[step - 1].users, &count, escontext))
			return false;

		/* met a second time, a counter could overflow: refuse it anyway */
		if (!funnel_tally_put_time(tally, step, since, (uint32) cell, count))
			return reject(escontext, "Cell " INT64_FORMAT " of step %d occurs twice in \"%s\".",
						  cell, step, key);
	}
	return true;
}

static bool
get_step(const FunnelJson *object, FunnelTally *tally, int number, const char *name,
		 Node *escontext)
{
	FunnelTallyStep *step = &tally->steps[number - 1];
	const FunnelJson *value;
	const char *keys[6] = {"stage", "users"};
	int			nkeys = 2;

	if (object->type != FUNNEL_JSON_OBJECT)
		return reject(escontext, "A step must be an object.");

	if (!get_member(object, "a step", "stage", &value, escontext))
		return false;
	if (!is_string(value, name))
		return reject(escontext, "The stage of step %d must be \"%s\".", number, name);

	if (!get_member(object, "a step", "users", &value, escontext) ||
		!get_integer(value, "\"users\"", 0, PG_INT64_MAX, &step->users, escontext))
		return false;

	if (number == 1)
		tally->has_values = funnel_json_member(object, "value") != NULL;
	if (tally->has_values)
	{
		if (!get_member(object, "a step", "value", &value, escontext))
			return false;
		if (value->type != FUNNEL_JSON_NUMBER)
			return reject(escontext, "%s must be a number.", "\"value\"");
		/* adding zero turns a negative zero into zero */
		step->value = strtod(pnstrdup(value->text, value->len), NULL) + 0.0;
		if (isinf(step->value))
			return reject(escontext, "The value of step %d is out of range.", number);
		keys[nkeys++] = "value";
	}

	if (number >= 2)
	{
		char	   *text;

		if (!get_member(object, "a step", "microseconds", &value, escontext))
			return false;
		text = value->type == FUNNEL_JSON_NUMBER ? integer_text(value) : NULL;
		if (text == NULL || !funnel_uint128_parse(text, &step->microseconds))
			return reject(escontext, "The microseconds of step %d must be a sum of times.",
						  number);
		if (!get_times(object, "from_previous", tally, number, FUNNEL_SINCE_PREVIOUS,
					   escontext))
			return false;
		keys[nkeys++] = "microseconds";
		keys[nkeys++] = "from_previous";
	}
	if (number >= 3)
	{
		if (!get_times(object, "from_first", tally, number, FUNNEL_SINCE_FIRST, escontext))
			return false;
		keys[nkeys++] = "from_first";
	}

	if (!has_only(object, keys, nkeys))
		return reject(escontext, "Step %d has unknown keys.", number);
	return true;
}

static bool
get_unconverted(const FunnelJson *entry, FunnelTally *tally, Node *escontext)
{
	const FunnelJson *value;
	const FunnelJson *cell_value;
	int64		step,
				count;
	FunnelOutcome outcome;
	bool		fresh;

	if (!check_array(entry, "An element of \"unconverted\"", escontext))
		return false;
	if (entry->count != 4)
		return reject(escontext, "An element of \"unconverted\" must be step, outcome, cell and count.");

	value = funnel_json_first(entry);
	if (!get_integer(value, "The step of unconverted units", 1, tally->nsteps,
					 &step, escontext))
		return false;

	value = funnel_json_next(value);
	if (value->type != FUNNEL_JSON_STRING ||
		!funnel_outcome_parse(value->text, value->len, &outcome))
		return reject(escontext, "The outcome of unconverted units must be excluded, late, early or absent.");

	cell_value = funnel_json_next(value);
	value = funnel_json_next(cell_value);
	if (!get_integer(value, "The count of unconverted units", 1, PG_INT64_MAX,
					 &count, escontext))
		return false;

	if (cell_value->type == FUNNEL_JSON_NULL || is_string(cell_value, "forever"))
	{
		FunnelTallyStep *here = &tally->steps[step - 1];
		int64	   *counter = cell_value->type == FUNNEL_JSON_NULL ?
			&here->closed[outcome] : &here->forever[outcome];

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
		if (!get_integer(cell_value, "The open cell of unconverted units", now, last,
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
get_counts(const FunnelJson *root, FunnelTally *tally, Node *escontext)
{
	char	  **names = funnel_tally_stage_names(tally);
	const FunnelJson *array;
	const FunnelJson *element;

	if (!get_member(root, "the result", "steps", &array, escontext) ||
		!check_array(array, "\"steps\"", escontext))
		return false;
	if (array->count != tally->nsteps)
		return reject(escontext, "There must be as many steps as the definition has, %d.",
					  tally->nsteps);
	element = funnel_json_first(array);
	for (int k = 0; k < tally->nsteps; k++, element = funnel_json_next(element))
	{
		if (!get_step(element, tally, k + 1, names[k], escontext))
			return false;
	}

	if (!get_member(root, "the result", "unconverted", &array, escontext) ||
		!check_array(array, "\"unconverted\"", escontext))
		return false;
	element = funnel_json_first(array);
	for (int i = 0; i < array->count; i++, element = funnel_json_next(element))
	{
		CHECK_FOR_INTERRUPTS();

		if (!get_unconverted(element, tally, escontext))
			return false;
	}
	return true;
}

static bool
get_tally(const FunnelJson *root, FunnelTally **tally, Node *escontext)
{
	static const char *const keys[] = {"definition", "horizon", "steps", "unconverted"};
	const FunnelJson *value;
	FunnelDefinition *definition;
	FunnelDef  *def;
	char	   *problem;

	if (!get_member(root, "the result", "definition", &value, escontext))
		return false;
	if (value->type != FUNNEL_JSON_STRING)
		return reject(escontext, "%s must be a string.", "\"definition\"");
	definition = funnel_definition_parse(value->text, value->len, escontext);
	if (definition == NULL)
		return false;
	def = funnel_definition_value(definition, escontext);
	if (def == NULL)
		return false;
	*tally = funnel_tally_create(def, CurrentMemoryContext);

	if (!get_member(root, "the result", "horizon", &value, escontext))
		return false;
	if (value->type != FUNNEL_JSON_NULL)
	{
		int64		horizon;

		if (value->type != FUNNEL_JSON_STRING ||
			!funnel_instant_parse(value->text, value->len, &horizon))
			return reject(escontext, "\"horizon\" must be null or an instant like \"2026-01-31T23:59:59.5Z\".");
		funnel_tally_see(*tally, horizon);
	}
	if (!get_counts(root, *tally, escontext))
		return false;
	if (!has_only(root, keys, lengthof(keys)))
		return reject(escontext, "The result has unknown keys.");

	problem = funnel_tally_problem(*tally);
	if (problem != NULL)
		return reject(escontext, "%s", problem);
	return true;
}

FunnelTally *
funnel_tally_parse(char *text, Node *escontext)
{
	const FunnelJson *root = funnel_json_parse(text, escontext);
	FunnelTally *tally;

	return root != NULL && get_tally(root, &tally, escontext) ? tally : NULL;
}
