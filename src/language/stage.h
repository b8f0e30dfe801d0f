/*-------------------------------------------------------------------------
 *
 * language/stage.h
 *	  funnel_stage: one position in a funnel with its name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_LANGUAGE_STAGE_H
#define FUNNEL_LANGUAGE_STAGE_H

#include "fmgr.h"

#include "base/compat.h"

#define FUNNEL_STAGE_MAX_POSITION	PG_INT16_MAX

/*
 * A varlena whose contents are the position in two bytes, the high one first,
 * and then the name without a terminator.  So a value has one byte image, and
 * comparing the bytes orders by position, then by name.
 *
 * The accessors take a packed (short-header, unaligned) value as well.
 */
typedef struct varlena FunnelStage;

#define FUNNEL_STAGE_NAME_OFFSET	2

#define DatumGetFunnelStagePP(X)	((FunnelStage *) PG_DETOAST_DATUM_PACKED(X))
#define PG_GETARG_FUNNEL_STAGE_PP(n)	DatumGetFunnelStagePP(PG_GETARG_DATUM(n))
#define PG_RETURN_FUNNEL_STAGE_P(x) PG_RETURN_POINTER(x)

static inline int
funnel_stage_position(const FunnelStage *stage)
{
	const unsigned char *data = (const unsigned char *) VARDATA_ANY(stage);

	return (data[0] << 8) | data[1];
}

/* The name; not terminated, see funnel_stage_name_length. */
static inline const char *
funnel_stage_name(const FunnelStage *stage)
{
	return VARDATA_ANY(stage) + FUNNEL_STAGE_NAME_OFFSET;
}

static inline int
funnel_stage_name_length(const FunnelStage *stage)
{
	return (int) VARSIZE_ANY_EXHDR(stage) - FUNNEL_STAGE_NAME_OFFSET;
}

/*
 * Make a stage in the current memory context from a name of LEN bytes in the
 * database's encoding.  The position must be in range.
 */
extern FunnelStage *funnel_stage_make(int position, const char *name, int len);

#endif							/* FUNNEL_LANGUAGE_STAGE_H */
