/*-------------------------------------------------------------------------
 *
 * base/values.h
 *	  Comparing values that have one byte image each.
 *
 * funnel_stage and funnel_def are laid out so that the order of the values is
 * the order of their bytes, whatever the collation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_VALUES_H
#define FUNNEL_BASE_VALUES_H

#include "access/detoast.h"
#include "fmgr.h"

#include "base/compat.h"

/* Less than, equal to or greater than zero; a prefix sorts first. */
static inline int
funnel_bytes_cmp(FunctionCallInfo fcinfo)
{
	struct varlena *a = PG_GETARG_VARLENA_PP(0);
	struct varlena *b = PG_GETARG_VARLENA_PP(1);
	Size		alen = VARSIZE_ANY_EXHDR(a);
	Size		blen = VARSIZE_ANY_EXHDR(b);
	int			cmp = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(alen, blen));

	if (cmp == 0 && alen != blen)
		cmp = alen < blen ? -1 : 1;

	/* An index scan may compare many values: do not leak detoasted copies. */
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);

	return cmp;
}

/* Values of different length are unequal; no need to fetch them to know. */
static inline bool
funnel_bytes_equal(FunctionCallInfo fcinfo)
{
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) !=
		toast_raw_datum_size(PG_GETARG_DATUM(1)))
		return false;

	return funnel_bytes_cmp(fcinfo) == 0;
}

#endif							/* FUNNEL_BASE_VALUES_H */
