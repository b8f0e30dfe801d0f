/*-------------------------------------------------------------------------
 *
 * language/hint.h
 *	  What to write instead of what the definition language does not have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_HINT_H
#define FUNNEL_LANGUAGE_HINT_H

/* Where in a definition something else was expected. */
typedef enum FunnelPlace
{
	FUNNEL_AT_EVENT,			/* an event */
	FUNNEL_BEHIND_STEP,			/* a link, a clause or the end */
	FUNNEL_AT_CLAUSE,			/* a clause: behind a comma */
	FUNNEL_BEHIND_COMMA,		/* the same, no clause being there yet */
	FUNNEL_BEHIND_UNLESS,		/* a clause or the end, behind "unless" and
								 * events */
	FUNNEL_BEHIND_CLAUSE,		/* a clause or the end */
	FUNNEL_IN_LINK,				/* ">" or "[" */
	FUNNEL_AT_CONDITION,		/* behind "-[" or a comma there */
	FUNNEL_BEHIND_CONDITION,	/* a comma or "]" */
	FUNNEL_BEHIND_CONDITIONS,	/* the end of the link */
	FUNNEL_AT_DURATION,
	FUNNEL_AT_DECIMALS
} FunnelPlace;

extern const char *funnel_definition_hint(const char *text, const char *at,
										  const char *end, FunnelPlace place);

#endif							/* FUNNEL_LANGUAGE_HINT_H */
