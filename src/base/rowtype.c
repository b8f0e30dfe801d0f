/*-------------------------------------------------------------------------
 *
 * base/rowtype.c
 *	  Composite types of the extension, as the install script made them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "base/rowtype.h"

/* Is this the type whose output function is OUTPUT? */
static bool
is_type_with_output(Oid type, PGFunction output)
{
	Oid			function;
	bool		isvarlena;
	FmgrInfo	info;

	if (get_typtype(type) != TYPTYPE_BASE)
		return false;
	getTypeOutputInfo(type, &function, &isvarlena);
	fmgr_info(function, &info);
	return info.fn_addr == output;
}

void
funnel_check_row_type(TupleDesc tupdesc, const char *name, FunnelColumn *columns, int ncolumns)
{
	const char *detail = NULL;
	bool		can_undo = false;

	/* what was dropped is counted, too */
	for (int i = 0; detail == NULL && i < tupdesc->natts; i++)
	{
		if (TupleDescAttr(tupdesc, i)->attisdropped)
			detail = psprintf("Its attribute %d was dropped.", i + 1);
	}
	if (detail == NULL && tupdesc->natts != ncolumns)
		detail = psprintf("It has %d attributes, not %d.", tupdesc->natts, ncolumns);
	for (int i = 0; detail == NULL && i < ncolumns; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(tupdesc, i);

		if (attribute->atttypid == columns[i].type)
			continue;
		else if (columns[i].output != NULL &&
				 is_type_with_output(attribute->atttypid, columns[i].output))
			columns[i].type = attribute->atttypid;
		else
		{
			can_undo = true;
			detail = psprintf("Its attribute \"%s\" is of type %s, not %s.",
							  NameStr(attribute->attname),
							  format_type_be(attribute->atttypid), columns[i].type_name);
		}
	}
	if (detail != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s is not as the extension made it", name),
				 errdetail_internal("%s", detail),
				 can_undo ? errhint("Undo what ALTER TYPE changed.") :
				 errhint("ALTER TYPE cannot undo this: create the extension anew, or restore a dump.")));
}

TupleDesc
funnel_result_row_type(FunctionCallInfo fcinfo)
{
	TupleDesc	tupdesc;
	Oid			type;

	if (get_call_result_type(fcinfo, &type, &tupdesc) != TYPEFUNC_COMPOSITE)
	{
		type = get_element_type(type);
		if (!OidIsValid(type) || !type_is_rowtype(type))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("result of the function has no row type"),
					 errdetail("The extension may have been dropped while the query ran.")));
		tupdesc = lookup_rowtype_tupdesc_copy(type, -1);
	}
	return BlessTupleDesc(tupdesc);
}
