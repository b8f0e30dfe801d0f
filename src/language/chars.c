/*-------------------------------------------------------------------------
 *
 * language/chars.c
 *	  The characters of the definition language.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "language/chars.h"

static int
bare_length_but_dash(const char *at, const char *end)
{
	if (at >= end)
		return 0;
	if (IS_HIGHBIT_SET(*at))
		return funnel_is_rejected_code_point(funnel_code_point(at, end)) ? 0 : funnel_char_length(at, end);

	return funnel_is_letter(*at) || funnel_is_digit(*at) ||
		*at == '_' || *at == '.' || *at == '/' || *at == '$' || *at == ':';
}

int
funnel_bare_length(const char *at, const char *end)
{
	/* "sign-up->x": the first dash belongs to the label, the second does not */
	if (at < end && *at == '-')
		return bare_length_but_dash(at + 1, end) > 0;

	return bare_length_but_dash(at, end);
}

const char *
funnel_bare_run_end(const char *at, const char *end)
{
	int			len;

	while ((len = funnel_bare_length(at, end)) > 0)
		at += len;
	return at;
}
