/*-------------------------------------------------------------------------
 *
 * server.c
 *	  What the server reads, on any input: a fuzzer for clang's libFuzzer that
 *	  runs in a process of the server.
 *
 * It is built into the extension, whose code then tells which of its branches
 * an input takes.  The function fuzz() gives libFuzzer's inputs to the input or
 * receive function of a type.  That may refuse them, with the errors that are
 * named.  Of a value it has accepted, statements must hold: a column that is
 * boolean and not true, an error that is not named, a warning of the server's
 * memory, and of course a crash are findings.
 *
 * Few bytes in a row are a value by chance.  So there are mutators that know
 * what a value is: they change words of a text, add users to a result, and
 * events to a journey, and write it anew.
 *
 * See make fuzz, and values.py for the types and the statements.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <setjmp.h>
#include <unistd.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "journey/bytes.h"
#include "result/bytes.h"

/* Of libFuzzer, whose header is C++'s. */
extern int	LLVMFuzzerRunDriver(int *argc, char ***argv,
								int (*callback) (const uint8 *data, size_t size));
extern size_t LLVMFuzzerMutate(uint8 *data, size_t size, size_t max);
extern size_t LLVMFuzzerCustomMutator(uint8 *data, size_t size, size_t max, unsigned int seed);

/* What libFuzzer calls in the end; the linker has it call this. */
extern void __wrap_exit(int status);

typedef struct Statement
{
	const char *sql;
	const char *errors;			/* SQLSTATEs that it may raise */
	SPIPlanPtr	plan;
} Statement;

typedef enum Shape
{
	SHAPE_TEXT,
	SHAPE_STORED_DEFINITION,	/* as it is on disk */
	SHAPE_RESULT,				/* as it is sent */
	SHAPE_STORED_RESULT,
	SHAPE_JOURNEY,
	SHAPE_STORED_JOURNEY
} Shape;

static const char *const shapes[] = {
	"text", "stored definition", "result", "stored result", "journey", "stored journey"
};

/* What is being fuzzed. */
static Shape shape;
static Oid	type;
static const char *read_errors;
static int	nstatements;
static Statement *statements;
static int	nwords;
static char **words;

static MemoryContext input_context; /* reset for each input */
static pg_prng_state chance;
static sigjmp_buf driver_ends;
static int	driver_status;
static emit_log_hook_type previous_emit_log;


/* ---------- what is a finding ---------- */

static pg_noinline void
finding(const char *what, const char *detail)
{
	fprintf(stderr, "FINDING: %s: %s\n", what, detail);
	abort();
}

/* The server finds only by and by that somebody has written where he may not. */
static void
on_message(ErrorData *edata)
{
	if (edata->elevel == WARNING)
		finding("warning", edata->message);
	if (previous_emit_log)
		previous_emit_log(edata);
}

static bool
is_expected(const ErrorData *edata, const char *errors)
{
	return strstr(errors, unpack_sql_state(edata->sqlerrcode)) != NULL;
}

/* The error at hand is done with, if it is one of those named. */
static void
expect_error(const char *what, const char *errors)
{
	ErrorData  *edata;

	MemoryContextSwitchTo(input_context);
	edata = CopyErrorData();
	if (edata->sqlerrcode == ERRCODE_QUERY_CANCELED || edata->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
		PG_RE_THROW();
	if (!is_expected(edata, errors))
		finding(what, psprintf("%s: %s (%s)", unpack_sql_state(edata->sqlerrcode), edata->message,
							   edata->detail ? edata->detail : ""));
	FlushErrorState();
}


/* ---------- an input ---------- */

/*
 * The input function, asked for soft errors where there are such; false if it
 * reports one.
 */
static bool
call_input(char *text, Datum *value)
{
	Oid			function;
	Oid			param;

	getTypeInputInfo(type, &function, &param);
#ifdef SOFT_ERROR_OCCURRED
	{
		ErrorSaveContext errors = {
			.type = T_ErrorSaveContext,
			.details_wanted = true
		};
		FmgrInfo	flinfo;

		fmgr_info(function, &flinfo);
		if (InputFunctionCallSafe(&flinfo, text, param, -1, (Node *) &errors, value))
			return true;
		if (!is_expected(errors.error_data, read_errors))
			finding("reading", errors.error_data->message);
		return false;
	}
#else
	*value = OidInputFunctionCall(function, text, param, -1);
	return true;
#endif
}

static Datum
call_receive(Oid of, const uint8 *data, size_t size)
{
	Oid			function;
	Oid			param;
	StringInfoData message;

	getTypeBinaryInputInfo(of, &function, &param);
	initStringInfo(&message);
	appendBinaryStringInfo(&message, (const char *) data, (int) size);
	return OidReceiveFunctionCall(function, &message, param, -1);
}

static bytea *
call_send(Oid of, Datum value)
{
	Oid			function;
	bool		is_varlena;

	getTypeBinaryOutputInfo(of, &function, &is_varlena);
	return OidSendFunctionCall(function, value);
}

/* False if it is refused. */
static bool
read_value(const uint8 *data, size_t size, Datum *value)
{
	volatile bool accepted = false;

	PG_TRY();
	{
		if (shape == SHAPE_TEXT)
			accepted = call_input(pnstrdup((const char *) data, size), value);
		else
		{
			*value = call_receive(type, data, size);
			accepted = true;
		}
	}
	PG_CATCH();
	{
		expect_error("reading", read_errors);
	}
	PG_END_TRY();
	return accepted;
}

static void
check_sent(Datum value)
{
	bytea	   *sent = call_send(type, value);
	Datum		received = call_receive(type, (const uint8 *) VARDATA(sent), VARSIZE(sent) - VARHDRSZ);

	if (!datumIsEqual(value, received, false, -1))
		finding("sent and received", "not the same");
}

static void
check_statement(const Statement *statement, Datum value)
{
	SPITupleTable *table;

	SPI_connect();
	if (SPI_execute_plan(statement->plan, &value, NULL, true, 0) != SPI_OK_SELECT)
		finding(statement->sql, "is no query");
	table = SPI_tuptable;
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		for (int i = 1; i <= table->tupdesc->natts; i++)
		{
			bool		isnull;
			Datum		column = SPI_getbinval(table->vals[row], table->tupdesc, i, &isnull);

			if (SPI_gettypeid(table->tupdesc, i) == BOOLOID && (isnull || !DatumGetBool(column)))
				finding(statement->sql, isnull ? "NULL" : "false");
		}
	}
	SPI_finish();
}

static int
run_input(const uint8 *data, size_t size)
{
	ResourceOwner owner = CurrentResourceOwner;
	Datum		value;
	volatile int next = 0;
	volatile bool within = false;

	MemoryContextReset(input_context);
	MemoryContextSwitchTo(input_context);
	/* the server has seen to it that a text is one */
	if (shape == SHAPE_TEXT &&
		(memchr(data, 0, size) != NULL || !pg_verifymbstr((const char *) data, (int) size, true)))
		return 0;
	if (!read_value(data, size, &value))
		return 0;
	if (type != BYTEAOID)
		check_sent(value);
	while (next < nstatements)
	{
		const Statement *statement = &statements[next++];

		if (!within)
			BeginInternalSubTransaction(NULL);
		within = true;
		PG_TRY();
		{
			check_statement(statement, value);
		}
		PG_CATCH();
		{
			expect_error(statement->sql, statement->errors);
			RollbackAndReleaseCurrentSubTransaction();
			within = false;
		}
		PG_END_TRY();
		MemoryContextSwitchTo(input_context);
		CurrentResourceOwner = within ? CurrentResourceOwner : owner;
	}
	if (within)
		ReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(input_context);
	CurrentResourceOwner = owner;
	return 0;
}


/* ---------- mutators ---------- */

/* Less than N, and at least 0. */
static uint64
below(uint64 n)
{
	return n <= 1 ? 0 : pg_prng_uint64_range(&chance, 0, n - 1);
}

static bool
one_in(uint64 n)
{
	return below(n) == 0;
}

/* A number as it may matter: a small one, a power of two, a limit, or any. */
static int64
some_number(void)
{
	switch (below(5))
	{
		case 0:
			return (int64) below(4);
		case 1:
			return (int64) (UINT64CONST(1) << below(63)) - (int64) below(2);
		case 2:
			return PG_INT64_MAX - (int64) below(2);
		case 3:
			return (int64) below(1000000);
		default:
			return (int64) (pg_prng_uint64(&chance) >> below(64));
	}
}

/* A word, a quoted one, a run of spaces, or one character of another kind. */
static size_t
token_length(const uint8 *data, size_t size)
{
	size_t		len = 1;

	if (data[0] == '"')
	{
		while (len < size && data[len] != '"')
			len++;
		return Min(len + 1, size);
	}
	if (data[0] == ' ')
	{
		while (len < size && data[len] == ' ')
			len++;
		return len;
	}
	if (isalnum(data[0]) || data[0] == '_' || data[0] >= 0x80)
	{
		while (len < size && (isalnum(data[len]) || data[len] == '_' || data[len] >= 0x80))
			len++;
	}
	return len;
}

#define MAX_TOKENS	512

/* Take some tokens out, and put words and other tokens of the text in. */
static size_t
mutate_text(uint8 *data, size_t size, size_t max)
{
	size_t		starts[MAX_TOKENS + 1];
	int			ntokens = 0;
	StringInfoData to;
	size_t		at = 0;
	int			where;
	int			out;

	while (at < size && ntokens < MAX_TOKENS)
	{
		starts[ntokens++] = at;
		at += token_length(data + at, size - at);
	}
	starts[ntokens] = at;
	where = (int) below(ntokens + 1);
	out = one_in(3) ? 0 : (int) below(one_in(4) ? 12 : 3);
	out = Min(out, ntokens - where);

	initStringInfo(&to);
	appendBinaryStringInfo(&to, (char *) data, (int) starts[where]);
	for (uint64 n = below(4); n > 0; n--)
	{
		if (one_in(4))
			appendStringInfo(&to, INT64_FORMAT, some_number());
		else if (nwords > 0 && !one_in(3))
			appendStringInfoString(&to, words[below(nwords)]);
		else if (ntokens > 0)
		{
			int			from = (int) below(ntokens);
			int			until = from + 1 + (int) below(one_in(3) ? 8 : 1);

			until = Min(until, ntokens);
			appendBinaryStringInfo(&to, (char *) data + starts[from],
								   (int) (starts[until] - starts[from]));
		}
		if (one_in(3))
			appendStringInfoChar(&to, ' ');
	}
	appendBinaryStringInfo(&to, (char *) data + starts[where + out],
						   (int) (size - starts[where + out]));
	if ((size_t) to.len > max)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(data, to.data, to.len);
	return to.len;
}

static int64
some_time(void)
{
	int64		times[] = {0, 1, USECS_PER_SEC, USECS_PER_DAY, MIN_TIMESTAMP, END_TIMESTAMP - 1};

	if (one_in(3))
		return times[below(lengthof(times))];
	return (int64) below(1000) * times[below(4)];
}

static int64
later(int64 ts)
{
	int64		plus = some_number();

	if (one_in(2))
		plus = (int64) below(100) * USECS_PER_HOUR;
	if (plus < 0 || ts > END_TIMESTAMP - 1 - plus)
		return ts;
	return ts + plus;
}

/* One more user, who came as far as chance will have it. */
static void
add_user(FunnelTally *tally)
{
	FunnelRules rules;
	FunnelMatch match;
	double		values[FUNNEL_MAX_STEPS];
	int64		ts = tally->has_horizon && one_in(2) ? tally->horizon : some_time();

	funnel_definition_rules(tally->definition, &rules);
	memset(&match, 0, sizeof(match));
	match.depth = 1 + (int) below(tally->nsteps);
	for (int k = 0; k < match.depth; k++)
	{
		values[k] = one_in(3) ? NAN : (double) some_number() * (one_in(2) ? 0.01 : -1);
		match.at[k] = ts = later(ts);
		if (k == 0 || k + 1 == match.depth || (rules.optional & FUNNEL_STEP_BIT(k + 1)) == 0 || one_in(2))
			match.reached |= FUNNEL_STEP_BIT(k + 1);
	}
	if (match.depth == tally->nsteps)
		match.outcome = FUNNEL_CONVERTED;
	else
	{
		match.outcome = (rules.strict | rules.excluding) != 0 && one_in(3) ? FUNNEL_EXCLUDED :
			!rules.any_order && one_in(3) ? FUNNEL_EARLY : one_in(2) ? FUNNEL_LATE : FUNNEL_ABSENT;
		match.open = one_in(2);
		match.open_until = one_in(4) ? FUNNEL_FOREVER : later(ts);
	}
	funnel_tally_add(tally, &match, tally->has_values || one_in(8) ? values : NULL);
}

/* Another definition, with some users. */
static FunnelTally *
other_tally(const FunnelTally *tally)
{
	uint8		text[1024];
	size_t		size = VARSIZE(tally->def) - VARHDRSZ;

	if (size >= sizeof(text))
		return funnel_tally_create(tally->def, CurrentMemoryContext);
	memcpy(text, VARDATA(tally->def), size);
	size = mutate_text(text, size, sizeof(text));
	tally = funnel_tally_create(funnel_definition_value(funnel_definition_parse((char *) text, size, NULL),
														NULL),
								CurrentMemoryContext);
	for (uint64 n = below(6); n > 0; n--)
		add_user((FunnelTally *) tally);
	return (FunnelTally *) tally;
}

static void
change_counter(FunnelTally *tally)
{
	FunnelTallyStep *step = &tally->steps[below(tally->nsteps)];
	int64	   *counters[] = {&step->users, &step->closed[below(FUNNEL_NUM_OUTCOMES)],
	&step->forever[below(FUNNEL_NUM_OUTCOMES)], (int64 *) &step->microseconds.low};
	int64	   *counter = counters[below(lengthof(counters))];

	*counter = one_in(2) ? some_number() : (int64) ((uint64) *counter + below(3) - 1);

	/*
	 * Of a step without users nothing is written, nor may there be anything;
	 * and users that are added must not lead there.
	 */
	if (step->users <= 0 && step->users > -100)
		step->users = 1;
}

static FunnelTally *
change_tally(FunnelTally *tally)
{
	switch (below(8))
	{
		case 0:
			return other_tally(tally);
		case 1:
			funnel_tally_see(tally, later(some_time()));
			break;
		case 2:
			change_counter(tally);
			break;
		case 3:
			tally->steps[below(tally->nsteps)].value = (double) some_number();
			tally->has_values = true;
			break;
		case 4:
			/* twice as many of all */
			funnel_tally_merge(tally, funnel_tally_expand(funnel_tally_flatten(tally),
														  CurrentMemoryContext));
			break;
		default:
			add_user(tally);
	}
	return tally;
}

static bytea *
mutate_result(const uint8 *data, size_t size)
{
	Oid			result = TypenameGetTypid("funnel_result");
	struct varlena *stored;
	FunnelTally *tally;

	if (shape == SHAPE_STORED_RESULT)
		tally = funnel_tally_read((const char *) data, size, ERRCODE_DATA_CORRUPTED, CurrentMemoryContext);
	else
		tally = funnel_tally_expand(PG_DETOAST_DATUM(call_receive(result, data, size)), CurrentMemoryContext);
	for (uint64 n = 1 + below(4); n > 0; n--)
		tally = change_tally(tally);
	stored = funnel_tally_flatten(tally);
	return shape == SHAPE_STORED_RESULT ? stored : call_send(result, PointerGetDatum(stored));
}

/* The id of a label: one of a journey's own, a word, or none. */
static uint32
some_label(FunnelLabelTable *table, const FunnelJourneyEvents *events)
{
	if (one_in(12))
		return FUNNEL_NO_LABEL;
	if (events->ncodes > 0 && !one_in(4))
	{
		FunnelLabel *label = &events->labels[below(events->ncodes)];

		return label->text == NULL ? FUNNEL_NO_LABEL :
			funnel_label_table_add(table, label->text, (int) (one_in(6) ? below(label->len + 1) : label->len));
	}
	return nwords == 0 ? FUNNEL_NO_LABEL :
		funnel_label_table_add(table, words[below(nwords)], strlen(words[below(nwords)]) / 2);
}

#define MAX_EVENTS	2000

/* Some events less, some elsewhere, and some in regular intervals more. */
static bytea *
mutate_journey(const uint8 *data, size_t size)
{
	Oid			journey = TypenameGetTypid("funnel_journey");
	FunnelLabelTable *table = funnel_label_table_create(CurrentMemoryContext, 8);
	FunnelJourneyEvents events;
	FunnelJourneyEvent *to = palloc(sizeof(FunnelJourneyEvent) * (MAX_EVENTS + 200));
	FunnelJourney *built;
	size_t		n = 0;
	struct varlena *stored;

	if (shape == SHAPE_STORED_JOURNEY)
		stored = (struct varlena *) cstring_to_text_with_len((const char *) data, (int) size);
	else
		stored = (struct varlena *) PG_DETOAST_DATUM(call_receive(journey, data, size));
	funnel_journey_read(stored, &events);
	for (uint32 i = 0; i < events.count && n < MAX_EVENTS; i++)
	{
		FunnelLabel *label = &events.labels[events.codes[i]];

		if (events.count > 1 && one_in(events.count * 2))
			continue;
		to[n].ts = one_in(events.count) ? later(one_in(2) ? some_time() : events.times[i]) : events.times[i];
		to[n].label = one_in(events.count * 2) ? some_label(table, &events) :
			label->text == NULL ? FUNNEL_NO_LABEL : funnel_label_table_add(table, label->text, label->len);
		n++;
	}
	if (one_in(2))
	{
		int64		ts = n > 0 && one_in(2) ? to[below(n)].ts : some_time();
		int64		interval = one_in(3) ? 0 : one_in(2) ? some_number() : (int64) below(200) * USECS_PER_SEC;
		uint32		label = some_label(table, &events);

		for (uint64 more = 1 + below(one_in(8) ? 200 : 5); more > 0; more--)
		{
			to[n].ts = ts;
			to[n++].label = label;
			if (interval < 0 || ts > END_TIMESTAMP - 1 - interval)
				break;
			ts += interval;
			if (one_in(4))
				label = some_label(table, &events);
		}
	}
	built = funnel_journey_build(table, to, n);
	return shape == SHAPE_STORED_JOURNEY ? built : call_send(journey, PointerGetDatum(built));
}

size_t
LLVMFuzzerCustomMutator(uint8 *data, size_t size, size_t max, unsigned int seed)
{
	bytea	   *volatile mutated = NULL;

	pg_prng_seed(&chance, seed);
	MemoryContextReset(input_context);
	MemoryContextSwitchTo(input_context);
	if (one_in(3))
		return LLVMFuzzerMutate(data, size, max);
	PG_TRY();
	{
		if (shape == SHAPE_TEXT || shape == SHAPE_STORED_DEFINITION)
			size = mutate_text(data, size, max);
		else if (shape == SHAPE_RESULT || shape == SHAPE_STORED_RESULT)
			mutated = mutate_result(data, size);
		else
			mutated = mutate_journey(data, size);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(input_context);
		FlushErrorState();
	}
	PG_END_TRY();
	if (shape == SHAPE_TEXT || shape == SHAPE_STORED_DEFINITION)
		return size;
	if (mutated == NULL || VARSIZE_ANY_EXHDR(mutated) > max)
		return LLVMFuzzerMutate(data, size, max);
	size = VARSIZE_ANY_EXHDR(mutated);
	memcpy(data, VARDATA_ANY(mutated), size);
	return one_in(5) ? LLVMFuzzerMutate(data, size, max) : size;
}


/* ---------- the function ---------- */

static char **
read_strings(ArrayType *array, int *n)
{
	Datum	   *elements;
	char	  **strings;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, n);
	strings = palloc(sizeof(char *) * (*n + 1));
	for (int i = 0; i < *n; i++)
		strings[i] = TextDatumGetCString(elements[i]);
	strings[*n] = NULL;
	return strings;
}

static void
read_question(FunctionCallInfo fcinfo)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	  **errors;
	int			nerrors;
	char	  **sql;

	shape = 0;
	while (shape < lengthof(shapes) && strcmp(name, shapes[shape]) != 0)
		shape++;
	if (shape == lengthof(shapes))
		elog(ERROR, "unknown shape \"%s\"", name);
	type = PG_GETARG_OID(1);
	read_errors = text_to_cstring(PG_GETARG_TEXT_PP(2));
	sql = read_strings(PG_GETARG_ARRAYTYPE_P(3), &nstatements);
	errors = read_strings(PG_GETARG_ARRAYTYPE_P(4), &nerrors);
	words = read_strings(PG_GETARG_ARRAYTYPE_P(5), &nwords);
	Assert(nerrors == nstatements);
	statements = palloc0(sizeof(Statement) * (nstatements + 1));
	SPI_connect();
	for (int i = 0; i < nstatements; i++)
	{
		statements[i].sql = sql[i];
		statements[i].errors = errors[i];
		statements[i].plan = SPI_prepare(sql[i], 1, &type);
		if (statements[i].plan == NULL)
			elog(ERROR, "cannot prepare: %s", sql[i]);
		SPI_keepplan(statements[i].plan);
	}
	SPI_finish();
}

void
__wrap_exit(int status)
{
	driver_status = status;
	siglongjmp(driver_ends, 1);
}

/*
 * fuzz(shape text, type regtype, read_errors text, statements text[], errors text[],
 * words text[], log text, arguments text[]) returns integer: the status of
 * libFuzzer.  Its arguments begin with the name of the program.
 */
extern PGDLLEXPORT Datum fuzz(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(fuzz);
Datum
fuzz(PG_FUNCTION_ARGS)
{
	int			argc;
	char	  **argv = read_strings(PG_GETARG_ARRAYTYPE_P(7), &argc);
	int			log = open(text_to_cstring(PG_GETARG_TEXT_PP(6)), O_WRONLY | O_CREAT | O_APPEND, 0644);
	int			server_log = dup(STDERR_FILENO);

	if (log < 0)
		elog(ERROR, "cannot write the log: %m");
	read_question(fcinfo);
	input_context = AllocSetContextCreate(TopMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	previous_emit_log = emit_log_hook;
	emit_log_hook = on_message;
	dup2(log, STDERR_FILENO);
	if (sigsetjmp(driver_ends, 0) == 0)
		driver_status = LLVMFuzzerRunDriver(&argc, &argv, run_input);
	dup2(server_log, STDERR_FILENO);
	emit_log_hook = previous_emit_log;
	PG_RETURN_INT32(driver_status);
}
