/*-------------------------------------------------------------------------
 *
 * result/bytes.h
 *	  A tally as bytes: what a funnel_result is on disk and on the wire.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_RESULT_BYTES_H
#define FUNNEL_RESULT_BYTES_H

#include "result/tally.h"

/* Append the canonical bytes. */
extern void funnel_tally_write(StringInfo buf, const FunnelTally *tally);

/*
 * Read LEN bytes, whoever wrote them, into a tally in CONTEXT; what is not the
 * canonical form of a tally that could have been counted is an error with the
 * given code.
 */
extern FunnelTally *funnel_tally_read(const char *data, Size len, int sqlerrcode,
									  MemoryContext context);

/* The canonical varlena (palloc'd in the current context), and back. */
extern struct varlena *funnel_tally_flatten(const FunnelTally *tally);
extern FunnelTally *funnel_tally_expand(const struct varlena *result, MemoryContext context);

/* Where in a stored value the definition's text is, its length before it. */
extern void funnel_tally_bytes_text(const struct varlena *result,
									const char **text, int *len);

#endif							/* FUNNEL_RESULT_BYTES_H */
