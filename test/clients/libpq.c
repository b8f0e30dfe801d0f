/*-------------------------------------------------------------------------
 *
 * libpq.c
 *	  Read the report through libpq, in its text and its binary format.
 *
 * libpq CONNINFO DEFINITION DEFINITION
 *
 * See test/perl/FunnelClient.pm for what is printed.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#define ROUNDS	12

/* Formats, as PQexecParams() names them. */
#define TEXT	0
#define BINARY	1

/* From pg_type.dat; clients have no header with all of them. */
#define INT8OID		20
#define INT4OID		23
#define TEXTOID		25
#define FLOAT8OID	701

static const char report[] =
"SELECT * FROM funnel_report(("
"SELECT funnel_agg(user_id, ts, event, $1::funnel_def) FROM events))";
static const char report_uncast[] =
"SELECT * FROM funnel_report(("
"SELECT funnel_agg(user_id, ts, event, $1) FROM events))";

static PGconn *conn;

static void
die(const char *what)
{
	fprintf(stderr, "%s: %s", what, PQerrorMessage(conn));
	exit(1);
}

/* The result of a query, which must be rows. */
static PGresult *
rows_of(PGresult *res)
{
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		die("query");
	return res;
}

/* An integer of a binary result, in network byte order. */
static uint64_t
get_uint(const char *bytes, int length)
{
	uint64_t	value = 0;

	for (int i = 0; i < length; i++)
		value = value << 8 | (unsigned char) bytes[i];
	return value;
}

/* Print a cell of a binary result. */
static void
print_binary(const PGresult *res, int row, int column)
{
	const char *bytes = PQgetvalue(res, row, column);
	int			length = PQgetlength(res, row, column);

	switch (PQftype(res, column))
	{
		case INT4OID:
			if (length != 4)
				die("length of int4");
			printf("%" PRId32, (int32_t) get_uint(bytes, 4));
			break;
		case INT8OID:
			if (length != 8)
				die("length of int8");
			printf("%" PRId64, (int64_t) get_uint(bytes, 8));
			break;
		case FLOAT8OID:
			{
				uint64_t	bits = get_uint(bytes, 8);
				double		value;

				if (length != 8)
					die("length of float8");
				memcpy(&value, &bits, sizeof(value));
				printf("%.17g", value);
				break;
			}
		case TEXTOID:
			printf("%.*s", length, bytes);
			break;
		default:
			printf("type %u", PQftype(res, column));
			break;
	}
}

/* Print the rows of a result, and free it. */
static void
print_rows(const char *way, int round, PGresult *res)
{
	rows_of(res);
	for (int row = 0; row < PQntuples(res); row++)
	{
		printf("%s\t%d", way, round);
		for (int column = 0; column < PQnfields(res); column++)
		{
			putchar('\t');
			if (PQgetisnull(res, row, column))
				fputs("\\N", stdout);
			else if (PQfformat(res, column) == BINARY)
				print_binary(res, row, column);
			else
				fputs(PQgetvalue(res, row, column), stdout);
		}
		putchar('\n');
	}
	PQclear(res);
}

static void
prepare(const char *name, const char *query, int nparams, const Oid *types)
{
	PGresult   *res = PQprepare(conn, name, query, nparams, types);

	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		die(name);
	PQclear(res);
}

/* Ask in ROUNDS rounds, by a prepared statement where there is its name. */
static void
ask(const char *way, const char *statement, char **definitions, int format)
{
	for (int round = 1; round <= ROUNDS; round++)
	{
		const char *definition = definitions[1 - round % 2];

		print_rows(way, round, statement ?
				   PQexecPrepared(conn, statement, 1, &definition, NULL, NULL, format) :
				   PQexecParams(conn, report, 1, NULL, &definition, NULL, NULL, format));
	}
}

/* Send a value that came in the binary format, as a parameter of a query. */
static PGresult *
send_back(const char *query, const PGresult *value)
{
	const char *bytes = PQgetvalue(value, 0, 0);
	const int	length = PQgetlength(value, 0, 0);
	const int	binary = BINARY;

	return rows_of(PQexecParams(conn, query, 1, NULL, &bytes, &length, &binary, BINARY));
}

int
main(int argc, char **argv)
{
	const Oid	text = TEXTOID;
	const char *bad = "visit -> ";
	PGresult   *res;

	if (argc != 4)
		return 2;
	conn = PQconnectdb(argv[1]);
	if (PQstatus(conn) != CONNECTION_OK)
		die("connection");
	argv += 2;

	prepare("prepared", report, 0, NULL);
	prepare("prepared without a cast", report_uncast, 0, NULL);
	prepare("prepared as text", report, 1, &text);

	res = PQdescribePrepared(conn, "prepared without a cast");
	printf("types\t0");
	for (int column = 0; column < PQnfields(res); column++)
		printf("\t%s:%u", PQfname(res, column), PQftype(res, column));
	putchar('\n');
	PQclear(res);

	ask("text", NULL, argv, TEXT);
	ask("binary", NULL, argv, BINARY);
	ask("prepared, text", "prepared", argv, TEXT);
	ask("prepared, binary", "prepared", argv, BINARY);
	ask("prepared without a cast", "prepared without a cast", argv, BINARY);
	ask("prepared as text", "prepared as text", argv, BINARY);

	/* Definitions and results are values that a client may keep. */
	for (int round = 1; round <= ROUNDS; round++)
	{
		const char *text_of = argv[1 - round % 2];
		PGresult   *definition = rows_of(PQexecParams(conn, "SELECT $1::funnel_def", 1, NULL,
													  &text_of, NULL, NULL, BINARY));
		PGresult   *result = send_back("SELECT funnel_agg(user_id, ts, event, $1::funnel_def) FROM events",
									   definition);

		print_rows("sent back", round,
				   send_back("SELECT * FROM funnel_report($1::funnel_result)", result));
		PQclear(definition);
		PQclear(result);
	}

	/* A wrong definition is the caller's to show; the statement lives on. */
	res = PQexecPrepared(conn, "prepared", 1, &bad, NULL, NULL, BINARY);
	printf("error\t0\t%s\t%s\n", PQresultErrorField(res, PG_DIAG_SQLSTATE),
		   PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL));
	PQclear(res);
	ask("after an error", "prepared", argv, BINARY);

	print_rows("plans", 0,
			   PQexec(conn,
					  "SELECT count(*), count(*) FILTER (WHERE generic_plans > 0)"
					  " FROM pg_prepared_statements WHERE statement ~ 'funnel_agg'"));
	PQfinish(conn);
	return 0;
}
