/*-------------------------------------------------------------------------
 *
 * language/chars.h
 *	  The characters of the definition language.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_CHARS_H
#define FUNNEL_LANGUAGE_CHARS_H

#include "mb/pg_wchar.h"

static inline bool
funnel_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
funnel_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
funnel_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Length in bytes of the character at AT, never beyond END. */
static inline int
funnel_char_length(const char *at, const char *end)
{
	return Min(pg_mblen(at), (int) (end - at));
}

/*
 * The code point of the non-ASCII character at AT; 0 in a database whose
 * encoding is not UTF8, where nothing is known of it.
 */
static inline pg_wchar
funnel_code_point(const char *at, const char *end)
{
	if (GetDatabaseEncoding() != PG_UTF8 ||
		pg_mblen(at) > end - at)
		return 0;

	return utf8_to_unicode((const unsigned char *) at);
}

/*
 * Non-ASCII characters that are likelier a slip than part of a name: controls,
 * spaces of all kinds, dashes and curly quotes, arrows, the byte order mark.
 */
static inline bool
funnel_is_rejected_code_point(pg_wchar c)
{
	return (c >= 0x0080 && c <= 0x00A0) ||
		(c >= 0x2000 && c <= 0x206F) ||
		(c >= 0x2190 && c <= 0x21FF) ||
		c == 0x3000 || c == 0xFEFF;
}

/*
 * The length in bytes of the bare character at AT, 0 if what stands there must
 * be quoted to be part of a term (or AT is END).
 */
extern int	funnel_bare_length(const char *at, const char *end);

/* The end of the run of bare characters at AT. */
extern const char *funnel_bare_run_end(const char *at, const char *end);

/* Are the LEN bytes at AT the ASCII word NAME, in any case? */
static inline bool
funnel_is_word(const char *at, int len, const char *name)
{
	return len == (int) strlen(name) && pg_strncasecmp(at, name, len) == 0;
}

#endif							/* FUNNEL_LANGUAGE_CHARS_H */
