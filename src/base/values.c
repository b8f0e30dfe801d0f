/*-------------------------------------------------------------------------
 *
 * base/values.c
 *	  Equality, order and hash of the types whose values have one byte image each.
 *	  SQL calls them.
 *
 * funnel_stage (but for its hash), funnel_def, funnel_result and funnel_journey
 * share these functions.  The first two are laid out so that the order of the values is the
 * order of their bytes, whatever the collation; of the others the bytes are an
 * order that is as good as any.  The same tally has the same bytes, however it was
 * counted and merged; one that is expanded is flattened for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "common/hashfn.h"
#include "fmgr.h"

#include "base/compat.h"

/* Less than, equal to or greater than zero; a prefix sorts first. */
static int
compare(FunctionCallInfo fcinfo)
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
static bool
are_equal(FunctionCallInfo fcinfo)
{
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) !=
		toast_raw_datum_size(PG_GETARG_DATUM(1)))
		return false;

	return compare(fcinfo) == 0;
}

PG_FUNCTION_INFO_V1(funnel_bytes_eq);
Datum
funnel_bytes_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(are_equal(fcinfo));
}

PG_FUNCTION_INFO_V1(funnel_bytes_ne);
Datum
funnel_bytes_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!are_equal(fcinfo));
}

PG_FUNCTION_INFO_V1(funnel_bytes_lt);
Datum
funnel_bytes_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(funnel_bytes_le);
Datum
funnel_bytes_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(funnel_bytes_gt);
Datum
funnel_bytes_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(funnel_bytes_ge);
Datum
funnel_bytes_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(funnel_bytes_cmp);
Datum
funnel_bytes_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

/* Transition and combine functions of min and max. */
PG_FUNCTION_INFO_V1(funnel_bytes_smaller);
Datum
funnel_bytes_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(compare(fcinfo) <= 0 ? PG_GETARG_DATUM(0) : PG_GETARG_DATUM(1));
}

PG_FUNCTION_INFO_V1(funnel_bytes_larger);
Datum
funnel_bytes_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(compare(fcinfo) >= 0 ? PG_GETARG_DATUM(0) : PG_GETARG_DATUM(1));
}

/* Hash partitions depend on both: the results may never change. */
PG_FUNCTION_INFO_V1(funnel_bytes_hash);
Datum
funnel_bytes_hash(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Datum		result = hash_any((unsigned char *) VARDATA_ANY(value),
								  VARSIZE_ANY_EXHDR(value));

	PG_FREE_IF_COPY(value, 0);
	return result;
}

PG_FUNCTION_INFO_V1(funnel_bytes_hash_extended);
Datum
funnel_bytes_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_GETARG_VARLENA_PP(0);
	Datum		result = hash_any_extended((unsigned char *) VARDATA_ANY(value),
										   VARSIZE_ANY_EXHDR(value),
										   PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return result;
}
