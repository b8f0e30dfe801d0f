/*-------------------------------------------------------------------------
 *
 * language/parser.c
 *	  What the parts of the parser share: where it stands, and its errors.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/compat.h"
#include "language/parser.h"

int
funnel_char_number(const FunnelParser *p, const char *at)
{
	return pg_mbstrlen_with_len(p->text, at - p->text) + 1;
}

/* What stands at AT, for a message. */
static char *
found(const FunnelParser *p, const char *at)
{
	const char *end;
	int			len;

	if (at >= p->end)
		return pstrdup("the end");

	if (IS_HIGHBIT_SET(*at))
	{
		pg_wchar	c = funnel_code_point(at, p->end);

		if (funnel_is_rejected_code_point(c))
			return psprintf("U+%04X", c);
	}
	else if ((unsigned char) *at < ' ' || *at == 0x7F)
		return psprintf("U+%04X", (unsigned char) *at);

	end = funnel_bare_run_end(at, p->end);
	len = pg_mbcliplen(at, end - at, 40);
	if (len == 0)
		len = funnel_char_length(at, p->end);
	if ((*at == '-' || *at == '=') &&
		at + 1 < p->end && (at[1] == '>' || at[1] == '['))
		len = 2;

	return psprintf("\"%.*s\"", len, at);
}

bool
funnel_fail(FunnelParser *p, const char *detail, const char *hint)
{
	errsave(p->escontext,
			(errcode(p->sqlerrcode),
			 p->sqlerrcode == ERRCODE_INVALID_TEXT_REPRESENTATION ?
			 errmsg("invalid input syntax for type %s: \"%s\"", "funnel_def",
					pnstrdup(p->text, p->end - p->text)) :
			 errmsg("invalid binary value for type %s: \"%s\"", "funnel_def",
					pnstrdup(p->text, p->end - p->text)),
			 errdetail("%s", detail),
			 hint ? errhint("%s", hint) : 0));
	return false;
}

bool
funnel_fail_at(FunnelParser *p, const char *at, const char *what, const char *hint)
{
	return funnel_fail(p,
					   psprintf("Expected %s at character %d, but found %s.",
								what, funnel_char_number(p, at), found(p, at)),
					   hint);
}

bool
funnel_expected(FunnelParser *p, const char *at, const char *what, FunnelPlace place)
{
	return funnel_fail_at(p, at, what, funnel_definition_hint(p->text, at, p->end, place));
}
