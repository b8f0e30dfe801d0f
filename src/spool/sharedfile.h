/*-------------------------------------------------------------------------
 *
 * spool/sharedfile.h
 *	  A temporary file that one process of a query writes and another reads.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_SHAREDFILE_H
#define FUNNEL_SPOOL_SHAREDFILE_H

#include "fmgr.h"
#include "lib/ilist.h"
#include "storage/fileset.h"
#include "utils/resowner.h"

/* Where it is, to be sent as it stands to another process of the server */
typedef struct FunnelSharedFile
{
	FileSet		set;
	char		name[32];
} FunnelSharedFile;

/* A file that this process writes, as long as the state does whose content it is */
typedef struct FunnelWrittenFile
{
	dlist_node	node;
	FunnelSharedFile shared;
	bool		is_awaited;		/* another node is to read it, and no node of
								 * this process has since */
} FunnelWrittenFile;

/*
 * An empty file to be written, noted in WRITTEN, which is in use until it is ended.
 * OWNER closes it after an error.
 */
extern File funnel_shared_file_create(FunnelWrittenFile *written, ResourceOwner owner);

/* All is written, and another node of the plan is told so, maybe once more. */
extern void funnel_shared_file_set_awaited(FunnelWrittenFile *written);

/* The state ends, and with it a file that nobody is to read.  No error. */
extern void funnel_shared_file_end(FunnelWrittenFile *written);

/*
 * Open a file for reading in a process of the query that wrote it.  FCINFO is that
 * of a call of the aggregate.  The file is closed at the end of the group, and
 * deleted then unless the plan may read it again; at the end of a state of this
 * process that wrote it, if that comes later.
 * CONTEXT lasts as long.
 */
extern File funnel_shared_file_open(const FunnelSharedFile *shared, FunctionCallInfo fcinfo,
									MemoryContext context);

extern void funnel_shared_files_init(void);

#endif							/* FUNNEL_SPOOL_SHAREDFILE_H */
