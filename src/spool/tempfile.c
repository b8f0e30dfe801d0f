/*-------------------------------------------------------------------------
 *
 * spool/tempfile.c
 *	  A temporary file that goes away with an aggregate's state.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/tempfile.h"

/* More than a file's buffer and what is kept with it */
#define FILE_MEMORY		(2 * BLCKSZ)

/* So much is written between two looks at interrupts. */
#define MAX_WRITE_SIZE		(1024 * 1024)

static void
close_with_aggregate(Datum arg)
{
	BufFile   **file = (BufFile **) DatumGetPointer(arg);

	if (*file != NULL)
		BufFileClose(*file);
	*file = NULL;
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
 * Have a file closed at the end of the group, if it is open then.  CALLER is the
 * context of a call of the group's aggregate: the call itself may be over.
 */
void
funnel_file_close_with_aggregate(Node *caller, BufFile **file)
{
	LOCAL_FCINFO(fcinfo, 0);

	InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, caller, NULL);
	AggRegisterCallback(fcinfo, close_with_aggregate, PointerGetDatum(file));
}

/*
 * Open an empty file, with its buffer in CONTEXT.
 *
 * The files of aggregates and callers are in the temporary tablespaces, and
 * an error closes them by RESOURCE_OWNER.  Window aggregates have no
 * callback at the end of a partition but the reset of their memory context.
 * That one runs after an error too, when a resource owner would have closed
 * the file already; so theirs is of the kind that outlives transactions,
 * which the server puts into the database's own tablespace.
 *
 * No owner knows such a file before its callback is registered, so nothing may
 * fail once it is open.  Its memory is there before it, in a context that
 * serves what a file needs without asking for more.
 */
BufFile *
funnel_file_open(FunnelFileOwner owner, ResourceOwner resource_owner, MemoryContext context)
{
	MemoryContextCallback *callback = NULL;
	ResourceOwner old_owner = CurrentResourceOwner;
	MemoryContext old;
	BufFile    *file;

	if (owner == FUNNEL_FILE_OF_CONTEXT)
	{
		context = GenerationContextCreate(context, "funnel file", FILE_MEMORY,
										  FILE_MEMORY, 16 * FILE_MEMORY);
		callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	}
	old = MemoryContextSwitchTo(context);
	PrepareTempTablespaces();
	CurrentResourceOwner = resource_owner;
	file = BufFileCreateTemp(owner == FUNNEL_FILE_OF_CONTEXT);
	CurrentResourceOwner = old_owner;
	if (owner == FUNNEL_FILE_OF_CONTEXT)
	{
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
	for (size_t done = 0; done < size; done += MAX_WRITE_SIZE)
	{
		CHECK_FOR_INTERRUPTS();
		/* before 16, the server's function takes no const */
		BufFileWrite(file, unconstify(char *, (const char *) data) + done,
					 Min(size - done, MAX_WRITE_SIZE));
	}
}

void
funnel_file_read(BufFile *file, void *data, size_t size)
{
	if (BufFileRead(file, data, size) != size)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read from temporary file of funnel events")));
}
