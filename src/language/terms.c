/*-------------------------------------------------------------------------
 *
 * language/terms.c
 *	  Reading labels and wildcards.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "language/terms.h"

/* Ends the piece being read and adds it to the term. */
static void
add_piece(FunnelParser *p, FunnelTerm *term, int *allocated)
{
	FunnelPiece *piece;

	if (term->npieces == *allocated)
	{
		*allocated = *allocated ? *allocated * 2 : 1;
		term->pieces = term->pieces == NULL ?
			palloc(*allocated * sizeof(FunnelPiece)) :
			repalloc(term->pieces, *allocated * sizeof(FunnelPiece));
	}

	piece = &term->pieces[term->npieces++];
	/* no copy of a string: LEN must be what is there, whatever the bytes are */
	piece->text = palloc(Max(p->piece.len, 1));
	memcpy(piece->text, p->piece.data, p->piece.len);
	piece->len = p->piece.len;
	resetStringInfo(&p->piece);
}

bool
funnel_parse_term(FunnelParser *p, FunnelTerm *term, char **name)
{
	const char *start = p->pos;
	int			allocated = 0;

	term->npieces = 0;
	term->pieces = NULL;
	resetStringInfo(&p->piece);

	for (;;)
	{
		int			len;

		if (at_char(p, '"'))
		{
			const char *quote = p->pos++;

			for (;;)
			{
				if (p->pos >= p->end)
					return funnel_fail(p,
									   psprintf("The double quote at character %d is not closed.",
												funnel_char_number(p, quote)),
									   "A double quote inside of a quoted name is written twice.");
				if (*p->pos == '"')
				{
					p->pos++;
					if (!at_char(p, '"'))
						break;
				}
				len = funnel_char_length(p->pos, p->end);
				appendBinaryStringInfo(&p->piece, p->pos, len);
				p->pos += len;
			}
		}
		else if (at_char(p, '*'))
		{
			p->pos++;
			/* two wildcards with nothing between are one */
			if (term->npieces == 0 || p->piece.len > 0)
				add_piece(p, term, &allocated);
		}
		else if (name != NULL && at_char(p, ':') &&
				 p->pos > start && term->npieces == 0 &&
				 p->pos + 1 < p->end &&
				 (funnel_is_space(p->pos[1]) || p->pos[1] == '"'))
		{
			p->pos++;
			*name = pnstrdup(p->piece.data, p->piece.len);
			return true;
		}
		else if ((len = funnel_bare_length(p->pos, p->end)) > 0)
		{
			appendBinaryStringInfo(&p->piece, p->pos, len);
			p->pos += len;
		}
		else
			break;
	}

	if (p->pos == start)
		return funnel_expected(p, start, "an event", FUNNEL_AT_EVENT);

	add_piece(p, term, &allocated);
	return true;
}

void
funnel_append_term(FunnelTerm **terms, int *nterms, const FunnelTerm *term)
{
	if (*terms == NULL)
		*terms = palloc(sizeof(FunnelTerm));
	else if ((*nterms & (*nterms - 1)) == 0)
		*terms = repalloc(*terms, 2 * *nterms * sizeof(FunnelTerm));

	(*terms)[(*nterms)++] = *term;
}

bool
funnel_parse_terms(FunnelParser *p, FunnelTerm **terms, int *nterms)
{
	do
	{
		FunnelTerm	term;

		skip_space(p);
		if (!funnel_parse_term(p, &term, NULL))
			return false;
		funnel_append_term(terms, nterms, &term);
		skip_space(p);
	} while (skip_char(p, '|'));

	return true;
}
