/*-------------------------------------------------------------------------
 *
 * result/flow_edge.c
 *	  The edges of flows: flow_edge as a value, made and read back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "base/rowtype.h"
#include "result/flow_edge.h"

/* The columns of flow_edge. */
enum
{
	EDGE_SOURCE,
	EDGE_TARGET,
	EDGE_VALUE,
	EDGE_MEDIAN_SECONDS,
	EDGE_COLUMNS
};

static void
check_type(TupleDesc tupdesc)
{
	static FunnelColumn columns[EDGE_COLUMNS] =
	{
		{"text", TEXTOID, NULL},
		{"text", TEXTOID, NULL},
		{"bigint", INT8OID, NULL},
		{"double precision", FLOAT8OID, NULL}
	};

	funnel_check_row_type(tupdesc, "flow_edge", columns, EDGE_COLUMNS);
}

TupleDesc
funnel_flow_edge_type(FunctionCallInfo fcinfo)
{
	TupleDesc	tupdesc = funnel_result_row_type(fcinfo);

	check_type(tupdesc);
	return tupdesc;
}

/* The columns of an edge, palloc'd. */
static void
make_columns(const FunnelFlowEdge *edge, Datum *values, bool *nulls)
{
	memset(nulls, false, sizeof(bool) * EDGE_COLUMNS);
	values[EDGE_SOURCE] = PointerGetDatum(cstring_to_text_with_len(edge->source.bytes,
																   edge->source.size));
	values[EDGE_TARGET] = PointerGetDatum(cstring_to_text_with_len(edge->target.bytes,
																   edge->target.size));
	values[EDGE_VALUE] = Int64GetDatum(edge->value);
	values[EDGE_MEDIAN_SECONDS] = Float8GetDatum(edge->median_seconds);
	nulls[EDGE_MEDIAN_SECONDS] = !edge->has_median;
}

Datum
funnel_flow_edges_array(TupleDesc type, const FunnelFlowEdge *edges, size_t nedges)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "flow edges",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext row_context = AllocSetContextCreate(scratch, "flow edge",
													  ALLOCSET_SMALL_SIZES);
	ArrayBuildState *array = initArrayResult(type->tdtypeid, scratch, false);
	Datum		result;

	for (size_t i = 0; i < nedges; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(row_context);
		Datum		values[EDGE_COLUMNS];
		bool		nulls[EDGE_COLUMNS];

		funnel_poll_at(i);
		make_columns(&edges[i], values, nulls);
		array = accumArrayResult(array, HeapTupleGetDatum(heap_form_tuple(type, values, nulls)),
								 false, type->tdtypeid, scratch);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_context);
	}
	result = makeArrayResult(array, CurrentMemoryContext);
	MemoryContextDelete(scratch);
	return result;
}

void
funnel_flow_edge_put(Tuplestorestate *rows, TupleDesc type, const FunnelFlowEdge *edge)
{
	Datum		values[EDGE_COLUMNS];
	bool		nulls[EDGE_COLUMNS];

	make_columns(edge, values, nulls);
	tuplestore_putvalues(rows, type, values, nulls);
	pfree(DatumGetPointer(values[EDGE_SOURCE]));
	pfree(DatumGetPointer(values[EDGE_TARGET]));
}

static FunnelBytes
read_text(Datum value)
{
	text	   *plain = DatumGetTextPP(value);
	FunnelBytes bytes = {VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain)};

	return bytes;
}

/* Read one edge, whose place among the others is N, from 1 on. */
static void
read_edge(HeapTupleHeader header, TupleDesc type, int n, FunnelFlowEdge *edge)
{
	static const char *const names[] = {"source", "target", "value"};
	HeapTupleData tuple = {0};
	Datum		values[EDGE_COLUMNS];
	bool		nulls[EDGE_COLUMNS];

	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	tuple.t_data = header;
	heap_deform_tuple(&tuple, type, values, nulls);
	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s of edge %d of a flow must not be null", names[i], n)));
	}
	edge->source = read_text(values[EDGE_SOURCE]);
	edge->target = read_text(values[EDGE_TARGET]);
	edge->value = DatumGetInt64(values[EDGE_VALUE]);
	edge->has_median = !nulls[EDGE_MEDIAN_SECONDS];
	edge->median_seconds = edge->has_median ? DatumGetFloat8(values[EDGE_MEDIAN_SECONDS]) : 0;
	if (edge->value < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("value of edge %d of a flow must not be negative", n)));
	/* NaN is not at least 0 */
	if (!(edge->median_seconds >= 0) || isinf(edge->median_seconds))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("median_seconds of edge %d of a flow must be finite and not negative", n)));
}

FunnelFlowEdge *
funnel_flow_edges_read(ArrayType *array, int *nedges)
{
	TupleDesc	type = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
	FunnelFlowEdge *edges;
	Datum	   *elements;
	bool	   *nulls;
	int64		sum = 0;

	check_type(type);
	deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE,
					  &elements, &nulls, nedges);
	edges = MemoryContextAllocHuge(CurrentMemoryContext,
								   sizeof(FunnelFlowEdge) * Max(*nedges, 1));
	for (int i = 0; i < *nedges; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("edge %d of a flow must not be null", i + 1)));
		read_edge(DatumGetHeapTupleHeader(elements[i]), type, i + 1, &edges[i]);
		if (pg_add_s64_overflow(sum, edges[i].value, &sum))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("sum of the values of a flow is out of range")));
	}
	return edges;
}
