/*-------------------------------------------------------------------------
 *
 * base/compat.h
 *	  Every difference between the supported server versions, 15 to 19.
 *
 * Each shim gives an older server the newer API, so that no other file tests
 * PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_COMPAT_H
#define FUNNEL_BASE_COMPAT_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "nodes/nodes.h"

#if PG_VERSION_NUM < 150000
#error "funnel needs PostgreSQL 15 or newer"
#endif

/*
 * Before 16 the server took every symbol of an extension for exported, and marked
 * none.
 */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname) \
extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS); \
extern PGDLLEXPORT const Pg_finfo_record *CppConcat(pg_finfo_,funcname)(void); \
const Pg_finfo_record * \
CppConcat(pg_finfo_,funcname) (void) \
{ \
	static const Pg_finfo_record my_finfo = {1}; \
	return &my_finfo; \
} \
extern int no_such_variable
#endif

/* 16 moved the varlena access macros out of postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/*
 * The server's macro names the format that the server's own compiler knew, as
 * a rule gcc's gnu_printf, of which clang 19 and newer warn.
 */
#ifdef __clang__
#undef pg_attribute_printf
#define pg_attribute_printf(f, a) __attribute__((format(printf, f, a)))
#endif

/*
 * 16 introduced soft errors.  Before it an input function always raises; the
 * context argument is evaluated so that callers stay free of warnings.
 */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#else
#define errsave(context, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
	} while (0)
#define ereturn(context, dummy_value, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)
#endif

/*
 * What the parser of JSON calls returns nothing before 16, which also brought
 * soft errors; 17 lets the caller provide the lexer.
 */
#if PG_VERSION_NUM >= 160000
#define FUNNEL_JSON_ACTION	JsonParseErrorType
#define FUNNEL_JSON_GO_ON	return JSON_SUCCESS
#define FUNNEL_JSON_STOP	return JSON_SEM_ACTION_FAILED
#else
#define FUNNEL_JSON_ACTION	void
#define FUNNEL_JSON_GO_ON	return
#define FUNNEL_JSON_STOP	return
#define pg_parse_json_or_errsave(lex, actions, escontext) \
	((void) (escontext), pg_parse_json_or_ereport(lex, actions), true)
#endif
#if PG_VERSION_NUM < 170000
#define makeJsonLexContextCstringLen(lex, json, len, encoding, need_escapes) \
	((void) (lex), makeJsonLexContextCstringLen(json, len, encoding, need_escapes))
#endif

/* 16 introduced this for soft errors; before it what has no equivalent raises. */
#if PG_VERSION_NUM < 160000
#define pg_unicode_to_server_noerror(c, s)	(pg_unicode_to_server(c, s), true)
#endif

/* 18 replaced pg_attribute_noreturn(), which may stand in front as well. */
#if PG_VERSION_NUM < 180000 && !defined(pg_noreturn)
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 17 introduced read-only StringInfos over a buffer that somebody else owns. */
#if PG_VERSION_NUM < 170000
static inline void
initReadOnlyStringInfo(StringInfo str, char *data, int len)
{
	str->data = data;
	str->len = len;
	str->maxlen = 0;
	str->cursor = 0;
}
#endif

/* 17 introduced infinite intervals. */
#if PG_VERSION_NUM < 170000
#define INTERVAL_NOT_FINITE(interval)	((void) (interval), false)
#endif

/* 17 dropped an argument, whether the count sent includes itself. */
#if PG_VERSION_NUM < 170000
#define pq_sendcountedtext(buf, str, slen)	pq_sendcountedtext(buf, str, slen, false)
#endif

#endif							/* FUNNEL_BASE_COMPAT_H */
