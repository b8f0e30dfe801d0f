/*-------------------------------------------------------------------------
 *
 * base/rowtype.h
 *	  Composite types of the extension, as the install script made them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_BASE_ROWTYPE_H
#define FUNNEL_BASE_ROWTYPE_H

#include "access/tupdesc.h"
#include "fmgr.h"

/*
 * What a column must be.  Types of ours have no constant number: they are known
 * by their output functions, and TYPE is remembered once it has been found.
 */
typedef struct FunnelColumn
{
	const char *type_name;
	Oid			type;
	PGFunction	output;			/* NULL if the type is the server's */
} FunnelColumn;

/*
 * An error if the type NAME, whose descriptor is given, has not these columns:
 * somebody who may alter it might have done so.
 */
extern void funnel_check_row_type(TupleDesc tupdesc, const char *name,
								  FunnelColumn *columns, int ncolumns);

/*
 * The descriptor of the composite type that a function returns, as it is or in
 * an array, not checked; palloc'd and blessed.
 */
extern TupleDesc funnel_result_row_type(FunctionCallInfo fcinfo);

#endif							/* FUNNEL_BASE_ROWTYPE_H */
