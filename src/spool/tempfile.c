/*-------------------------------------------------------------------------
 *
 * spool/tempfile.c
 *	  A temporary file that goes away with an aggregate's state.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"

#include "base/compat.h"
#include "spool/tempfile.h"

static void
close_with_aggregate(Datum file)
{
	BufFileClose((BufFile *) DatumGetPointer(file));
}

static void
close_with_context(void *file)
{
	BufFileClose(file);
}

/*
 * Who is to own the files of an aggregate's transition value.
 */
FunnelFileOwner
funnel_file_owner(FunctionCallInfo fcinfo)
{
	return AggCheckCallContext(fcinfo, NULL) == AGG_CONTEXT_WINDOW ?
		FUNNEL_FILE_OF_CONTEXT : FUNNEL_FILE_OF_AGGREGATE;
}

/*
 * Open an empty file, with its buffer in CONTEXT.  FCINFO is that of a call of
 * the aggregate whose it is to be, and is not looked at otherwise.
 *
 * The files of aggregates and callers are in the temporary tablespaces, and
 * an error closes them by their resource owner.  Window aggregates have no
 * callback at the end of a partition but the reset of their memory context.
 * That one runs after an error too, when a resource owner would have closed
 * the file already; so theirs is of the kind that outlives transactions,
 * which the server puts into the database's own tablespace.
 */
BufFile *
funnel_file_open(FunnelFileOwner owner, FunctionCallInfo fcinfo, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);
	BufFile    *file;

	PrepareTempTablespaces();
	file = BufFileCreateTemp(owner == FUNNEL_FILE_OF_CONTEXT);
	if (owner == FUNNEL_FILE_OF_AGGREGATE)
		AggRegisterCallback(fcinfo, close_with_aggregate, PointerGetDatum(file));
	else if (owner == FUNNEL_FILE_OF_CONTEXT)
	{
		MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

		callback->func = close_with_context;
		callback->arg = file;
		MemoryContextRegisterResetCallback(context, callback);
	}
	MemoryContextSwitchTo(old);
	return file;
}

void
funnel_file_seek(BufFile *file, int64 position)
{
	if (BufFileSeek(file, 0, position, SEEK_SET) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not seek in temporary file of funnel events")));
}

void
funnel_file_write(BufFile *file, const void *data, size_t size)
{
	/* before 16, the server's function takes no const */
	BufFileWrite(file, unconstify(void *, data), size);
}

void
funnel_file_read(BufFile *file, void *data, size_t size)
{
	if (BufFileRead(file, data, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file of funnel events")));
}
