/*-------------------------------------------------------------------------
 *
 * result/operators.c
 *	  funnel_result: equality, order and hash.
 *
 * The same tally has the same bytes, however it was counted and merged, so the
 * bytes are what is compared.  An expanded value is flattened for it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "base/values.h"

PG_FUNCTION_INFO_V1(funnel_result_eq);
Datum
funnel_result_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_equal(fcinfo));
}

PG_FUNCTION_INFO_V1(funnel_result_ne);
Datum
funnel_result_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!funnel_bytes_equal(fcinfo));
}

PG_FUNCTION_INFO_V1(funnel_result_lt);
Datum
funnel_result_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(funnel_result_le);
Datum
funnel_result_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(funnel_result_gt);
Datum
funnel_result_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(funnel_result_ge);
Datum
funnel_result_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(funnel_bytes_cmp(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(funnel_result_cmp);
Datum
funnel_result_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(funnel_bytes_cmp(fcinfo));
}

/* Hash partitions depend on both: the results may never change. */
PG_FUNCTION_INFO_V1(funnel_result_hash);
Datum
funnel_result_hash(PG_FUNCTION_ARGS)
{
	struct varlena *result = PG_GETARG_VARLENA_PP(0);
	Datum		hash = hash_any((unsigned char *) VARDATA_ANY(result),
								VARSIZE_ANY_EXHDR(result));

	PG_FREE_IF_COPY(result, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(funnel_result_hash_extended);
Datum
funnel_result_hash_extended(PG_FUNCTION_ARGS)
{
	struct varlena *result = PG_GETARG_VARLENA_PP(0);
	Datum		hash = hash_any_extended((unsigned char *) VARDATA_ANY(result),
										 VARSIZE_ANY_EXHDR(result),
										 PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(result, 0);
	return hash;
}
