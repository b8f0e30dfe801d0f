/*-------------------------------------------------------------------------
 *
 * odbc.c
 *	  Read the report through ODBC.
 *
 * odbc CONNECTION-STRING DEFINITION DEFINITION
 *
 * See test/perl/FunnelClient.pm for what is printed.
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>

#define ROUNDS	12

#define TEXT(s)	((SQLCHAR *) (s))

static const char report[] =
"SELECT * FROM funnel_report(("
"SELECT funnel_agg(user_id, ts, event, ?::funnel_def) FROM events))";
static const char report_uncast[] =
"SELECT * FROM funnel_report(("
"SELECT funnel_agg(user_id, ts, event, ?) FROM events))";

/* What charts take: the name to print, and the query. */
static const char *const charts[][2] = {
	{"bars", "SELECT * FROM funnel_bars(("
	"SELECT funnel_agg(user_id, ts, event, ?::funnel_def) FROM events))"},
	{"flow", "SELECT * FROM funnel_flow(("
	"SELECT funnel_agg(user_id, ts, event, ?::funnel_def) FROM events))"}
};

static SQLHDBC connection;

/* Print what the driver says of the last call. */
static void
diagnose(SQLSMALLINT kind, SQLHANDLE handle, FILE *out)
{
	SQLCHAR		state[6] = "";
	SQLCHAR		message[1024] = "";

	SQLGetDiagRec(kind, handle, 1, state, NULL, message, sizeof(message), NULL);
	for (char *c = (char *) message; (c = strchr(c, '\n')) != NULL;)
		*c = ' ';
	fprintf(out, "%s\t%s\n", state, message);
}

static void
check(SQLRETURN done, SQLSMALLINT kind, SQLHANDLE handle)
{
	if (!SQL_SUCCEEDED(done))
	{
		diagnose(kind, handle, stderr);
		exit(1);
	}
}

#define CHECK(call, statement)	check(call, SQL_HANDLE_STMT, statement)

static SQLHSTMT
new_statement(void)
{
	SQLHSTMT	statement;

	check(SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement),
		  SQL_HANDLE_DBC, connection);
	return statement;
}

/* Give a statement its one parameter, which must stay where it is. */
static void
bind_text(SQLHSTMT statement, SQLSMALLINT type, const char *value, SQLLEN *length)
{
	*length = SQL_NTS;
	CHECK(SQLBindParameter(statement, 1, SQL_PARAM_INPUT, SQL_C_CHAR, type,
						   strlen(value), 0, (SQLPOINTER) value, 0, length),
		  statement);
}

/* Names and types of the columns, as the driver describes them. */
static void
print_types(const char *way, SQLHSTMT statement)
{
	SQLSMALLINT columns;

	CHECK(SQLNumResultCols(statement, &columns), statement);
	printf("%s\t0", way);
	for (SQLUSMALLINT column = 1; column <= columns; column++)
	{
		SQLCHAR		name[64];
		SQLSMALLINT type;

		CHECK(SQLDescribeCol(statement, column, name, sizeof(name), NULL, &type,
							 NULL, NULL, NULL),
			  statement);
		printf("\t%s:%d", (char *) name, type);
	}
	putchar('\n');
}

/* Print a cell, fetched as the C type that its SQL type asks for. */
static void
print_cell(SQLHSTMT statement, SQLUSMALLINT column)
{
	SQLSMALLINT type;
	SQLLEN		length;
	SQLINTEGER	int4;
	SQLBIGINT	int8;
	SQLDOUBLE float8;
	SQLCHAR		text[256];

	CHECK(SQLDescribeCol(statement, column, NULL, 0, NULL, &type, NULL, NULL, NULL),
		  statement);
	switch (type)
	{
		case SQL_INTEGER:
			CHECK(SQLGetData(statement, column, SQL_C_SLONG, &int4, sizeof(int4), &length),
				  statement);
			break;
		case SQL_BIGINT:
			CHECK(SQLGetData(statement, column, SQL_C_SBIGINT, &int8, sizeof(int8), &length),
				  statement);
			break;
		case SQL_FLOAT:
		case SQL_DOUBLE:
			CHECK(SQLGetData(statement, column, SQL_C_DOUBLE, &float8, sizeof(float8), &length),
				  statement);
			break;
		default:
			CHECK(SQLGetData(statement, column, SQL_C_CHAR, text, sizeof(text), &length),
				  statement);
			break;
	}

	putchar('\t');
	if (length == SQL_NULL_DATA)
		fputs("\\N", stdout);
	else if (type == SQL_INTEGER)
		printf("%" PRId32, (int32_t) int4);
	else if (type == SQL_BIGINT)
		printf("%" PRId64, (int64_t) int8);
	else if (type == SQL_FLOAT || type == SQL_DOUBLE)
		printf("%.17g", float8);
	else
		fputs((char *) text, stdout);
}

/* Print the rows of an executed statement, and make it ready for the next. */
static void
print_rows(const char *way, int round, SQLHSTMT statement)
{
	SQLSMALLINT columns;
	SQLRETURN	fetched;

	CHECK(SQLNumResultCols(statement, &columns), statement);
	while ((fetched = SQLFetch(statement)) != SQL_NO_DATA)
	{
		CHECK(fetched, statement);
		printf("%s\t%d", way, round);
		for (SQLSMALLINT column = 1; column <= columns; column++)
			print_cell(statement, column);
		putchar('\n');
	}
	CHECK(SQLFreeStmt(statement, SQL_CLOSE), statement);
}

/* Ask in ROUNDS rounds, each prepared anew or by a statement prepared once. */
static void
ask(const char *way, SQLHSTMT prepared, SQLSMALLINT type, char **definitions)
{
	for (int round = 1; round <= ROUNDS; round++)
	{
		SQLHSTMT	statement = prepared ? prepared : new_statement();
		SQLLEN		length;

		bind_text(statement, type, definitions[1 - round % 2], &length);
		CHECK(prepared ? SQLExecute(statement) :
			  SQLExecDirect(statement, TEXT(report), SQL_NTS), statement);
		print_rows(way, round, statement);
		if (!prepared)
			SQLFreeHandle(SQL_HANDLE_STMT, statement);
	}
}

static SQLHSTMT
prepare(const char *query)
{
	SQLHSTMT	statement = new_statement();

	CHECK(SQLPrepare(statement, TEXT(query), SQL_NTS), statement);
	return statement;
}

int
main(int argc, char **argv)
{
	SQLHENV		environment;
	SQLHSTMT	prepared;
	SQLHSTMT	statement;
	SQLLEN		length;

	if (argc != 4)
		return 2;
	setlocale(LC_ALL, "");
	if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment)))
		return 1;
	check(SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, (SQLPOINTER) SQL_OV_ODBC3, 0),
		  SQL_HANDLE_ENV, environment);
	check(SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection),
		  SQL_HANDLE_ENV, environment);
	check(SQLDriverConnect(connection, NULL, TEXT(argv[1]), SQL_NTS, NULL, 0, NULL,
						   SQL_DRIVER_NOPROMPT),
		  SQL_HANDLE_DBC, connection);
	argv += 2;

	prepared = prepare(report);
	bind_text(prepared, SQL_VARCHAR, argv[0], &length);
	CHECK(SQLExecute(prepared), prepared);
	print_types("types", prepared);
	CHECK(SQLFreeStmt(prepared, SQL_CLOSE), prepared);

	ask("direct", NULL, SQL_VARCHAR, argv);
	ask("prepared", prepared, SQL_VARCHAR, argv);
	ask("prepared, long text", prepare(report), SQL_LONGVARCHAR, argv);
	ask("prepared without a cast", prepare(report_uncast), SQL_VARCHAR, argv);

	for (size_t i = 0; i < sizeof(charts) / sizeof(charts[0]); i++)
	{
		statement = prepare(charts[i][1]);
		bind_text(statement, SQL_VARCHAR, argv[0], &length);
		CHECK(SQLExecute(statement), statement);
		print_types(charts[i][0], statement);
		print_rows(charts[i][0], 1, statement);
		SQLFreeHandle(SQL_HANDLE_STMT, statement);
	}

	/* A wrong definition is the caller's to show; the statement lives on. */
	bind_text(prepared, SQL_VARCHAR, "visit -> ", &length);
	if (SQL_SUCCEEDED(SQLExecute(prepared)))
		printf("error\t0\tnone\n");
	else
	{
		printf("error\t0\t");
		diagnose(SQL_HANDLE_STMT, prepared, stdout);
	}
	ask("after an error", prepared, SQL_VARCHAR, argv);

	statement = new_statement();
	CHECK(SQLExecDirect(statement,
						TEXT("SELECT count(*), count(*) FILTER (WHERE generic_plans > 0)"
							 " FROM pg_prepared_statements WHERE statement ~ 'funnel_agg'"),
						SQL_NTS), statement);
	print_rows("plans", 0, statement);

	SQLDisconnect(connection);
	return 0;
}
