/*-------------------------------------------------------------------------
 *
 * spool/sharedfile.c
 *	  A temporary file that one process of a query writes and another reads.
 *
 * The file must outlast the worker that writes it, and yet be deleted whatever
 * happens, even if the leader fails before it learns of the file.  So all files
 * that are written for a leader are in directories named after that process.
 * At the end of its transaction, when its workers are gone, the leader deletes
 * those directories.  It does so even if it never came to call one of our
 * functions: a leader has this library loaded before there are workers, because
 * it looks up the functions of a plan when it starts the plan.
 *
 * Usually a file is deleted before, once it was read.  One that was read by the
 * process that wrote it has to wait for the state whose content it is, because
 * a plan that runs again may hand that over once more.  One of a state that ends
 * before it is handed over, after an error too, goes with it.
 *
 * A statement that fails within a transaction that goes on, or that ends before
 * it has read all, leaves what was handed over until the end of the transaction,
 * because others of the transaction may not have been read yet.
 *
 * The files are in the temporary tablespaces.  The directory in the database's
 * own tablespace is always made, and made first: without it there are no
 * others.
 *
 * What a crash leaves behind the server deletes when it starts again, for the
 * names are those of its own temporary files.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "access/xact.h"
#include "catalog/pg_tablespace.h"
#include "common/file_utils.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "storage/fd.h"
#include "storage/proc.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/sharedfile.h"

/*
 * The server numbers the file sets of a process from 0 on, but never beyond
 * INT_MAX.
 */
#define SET_NUMBER		((uint32) INT_MAX + 1)

/* Has this process written files for itself? */
static bool has_own_files = false;

/* The files of a leader in one tablespace */
static FileSet
file_set(pid_t leader, Oid tablespace)
{
	FileSet		set;

	memset(&set, 0, sizeof(set));
	set.creator_pid = leader;
	set.number = SET_NUMBER;
	set.ntablespaces = 1;
	set.tablespaces[0] = tablespace;
	return set;
}

/* Whom this process works for, itself if it is no parallel worker */
static pid_t
leader_pid(void)
{
	return MyProc->lockGroupLeader != NULL ? MyProc->lockGroupLeader->pid : MyProcPid;
}

/* All FunnelWrittenFiles of this process that are in use */
static dlist_head written_files = DLIST_STATIC_INIT(written_files);

static FunnelWrittenFile *
find_written(const FunnelSharedFile *shared)
{
	dlist_iter	iter;

	dlist_foreach(iter, &written_files)
	{
		FunnelWrittenFile *written = dlist_container(FunnelWrittenFile, node, iter.cur);

		if (strcmp(written->shared.name, shared->name) == 0)
			return written;
	}
	return NULL;
}

/* No error: the directory goes at the end of the transaction. */
static void
delete_file(void *shared)
{
	FunnelSharedFile *file = shared;

	(void) FileSetDelete(&file->set, file->name, false);
}

File
funnel_shared_file_create(FunnelWrittenFile *written, ResourceOwner owner)
{
	static uint32 last_number = 0;
	FunnelSharedFile *shared = &written->shared;
	pid_t		leader = leader_pid();
	FileSet		home = file_set(leader, MyDatabaseTableSpace);
	ResourceOwner old_owner = CurrentResourceOwner;
	File		file;

	memset(written, 0, sizeof(*written));
	FileSetInit(&shared->set);
	shared->set.creator_pid = leader;
	shared->set.number = SET_NUMBER;
	snprintf(shared->name, sizeof(shared->name), "%d.%u", MyProcPid, ++last_number);

	if (leader == MyProcPid)
		has_own_files = true;
	if (shared->set.ntablespaces > 1 || shared->set.tablespaces[0] != MyDatabaseTableSpace)
		FileClose(FileSetCreate(&home, "home"));
	CurrentResourceOwner = owner;
	file = FileSetCreate(&shared->set, shared->name);
	CurrentResourceOwner = old_owner;
	dlist_push_tail(&written_files, &written->node);
	return file;
}

void
funnel_shared_file_set_awaited(FunnelWrittenFile *written)
{
	written->is_awaited = true;
}

void
funnel_shared_file_end(FunnelWrittenFile *written)
{
	dlist_delete(&written->node);
	if (!written->is_awaited)
		delete_file(&written->shared);
}

/*
 * May the messages of a plan be read again?  A sort node may keep them for that:
 * nothing else between two aggregates does.
 */
static bool
is_read_again(FunctionCallInfo fcinfo)
{
	const PlanState *from;

	if (fcinfo->context == NULL || !IsA(fcinfo->context, AggState))
		return false;
	from = outerPlanState((AggState *) fcinfo->context);
	return from != NULL && IsA(from, SortState) && ((const SortState *) from)->randomAccess;
}

/* What is read */
typedef struct ReadFile
{
	File		file;
	FunnelSharedFile shared;
	bool		is_read_again;
} ReadFile;

static void
end_reading(Datum arg)
{
	ReadFile   *read = (ReadFile *) DatumGetPointer(arg);
	FunnelWrittenFile *written;

	FileClose(read->file);
	if (read->is_read_again)
		return;
	written = find_written(&read->shared);
	if (written == NULL)
		delete_file(&read->shared);
	else
		written->is_awaited = false;
}

/* Delete a file when the plan ends. */
static void
delete_with_plan(const FunnelSharedFile *shared, FunctionCallInfo fcinfo)
{
	MemoryContext context = ((AggState *) fcinfo->context)->ss.ps.state->es_query_cxt;
	MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));

	callback->func = delete_file;
	callback->arg = MemoryContextAlloc(context, sizeof(FunnelSharedFile));
	memcpy(callback->arg, shared, sizeof(FunnelSharedFile));
	MemoryContextRegisterResetCallback(context, callback);
}

File
funnel_shared_file_open(const FunnelSharedFile *shared, FunctionCallInfo fcinfo,
						MemoryContext context)
{
	ReadFile   *read = MemoryContextAlloc(context, sizeof(ReadFile));

	read->shared = *shared;
	read->is_read_again = is_read_again(fcinfo);
	/* who keeps partial states elsewhere must not find one of another query */
	if (shared->set.creator_pid != leader_pid())
		elog(ERROR, "funnel_agg state is of another process");
	read->file = FileSetOpen(&read->shared.set, read->shared.name, O_RDONLY);
	if (read->file <= 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open temporary file \"%s\": %m", read->shared.name)));
	AggRegisterCallback(fcinfo, end_reading, PointerGetDatum(read));
	if (read->is_read_again)
		delete_with_plan(shared, fcinfo);
	return read->file;
}

/* Delete the files of this process in one tablespace. */
static void
delete_files(Oid tablespace)
{
	FileSet		set = file_set(MyProcPid, tablespace);

	FileSetDeleteAll(&set);
}

/*
 * The end of a transaction: delete what nobody has read.
 */
static void
end_transaction(XactEvent event, void *arg)
{
	char		tablespace[MAXPGPATH];
	char		home[MAXPGPATH];
	struct stat status;
	DIR		   *dir;
	struct dirent *entry;

	(void) arg;
	if (event != XACT_EVENT_PRE_COMMIT && event != XACT_EVENT_PRE_PREPARE &&
		event != XACT_EVENT_ABORT && event != XACT_EVENT_PARALLEL_PRE_COMMIT &&
		event != XACT_EVENT_PARALLEL_ABORT)
		return;
	/* most processes have never led others */
	if (MyProc == NULL || (MyProc->lockGroupLeader == NULL && !has_own_files))
		return;
	TempTablespacePath(tablespace, MyDatabaseTableSpace);
	snprintf(home, sizeof(home), "%s/%s%d.%u.fileset", tablespace, PG_TEMP_FILE_PREFIX,
			 MyProcPid, SET_NUMBER);
	if (stat(home, &status) != 0)
		return;

	/* the setting may have changed since, so look everywhere */
	dir = AllocateDir("pg_tblspc");
	while ((entry = ReadDirExtended(dir, "pg_tblspc", LOG)) != NULL)
	{
		Oid			oid = atooid(entry->d_name);

		if (OidIsValid(oid) && oid != MyDatabaseTableSpace)
			delete_files(oid);
	}
	FreeDir(dir);
	delete_files(DEFAULTTABLESPACE_OID);
	delete_files(MyDatabaseTableSpace);
}

/*
 * To be called when the library is loaded.
 */
void
funnel_shared_files_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
}
