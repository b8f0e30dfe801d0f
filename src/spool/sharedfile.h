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
#include "storage/fileset.h"
#include "utils/resowner.h"

/* Where it is, to be sent as it stands to another process of the server */
typedef struct FunnelSharedFile
{
	FileSet		set;
	char		name[32];
} FunnelSharedFile;

/* An empty file to be written, and where it is.  After an error OWNER closes it. */
extern File funnel_shared_file_create(FunnelSharedFile *shared, ResourceOwner owner);

/* All is written, and another node of the plan is to read it, maybe once more. */
extern void funnel_shared_file_send(const FunnelSharedFile *shared);

/* The state that was written has ended, and closed the file. */
extern void funnel_shared_file_end(const FunnelSharedFile *shared);

/*
 * Open a file for reading in a process of the query that wrote it.  FCINFO is that
 * of a call of the aggregate.  The file is closed at the end of the group, and
 * deleted then unless the plan may read it again.
 * CONTEXT lasts as long.
 */
extern File funnel_shared_file_open(const FunnelSharedFile *shared, FunctionCallInfo fcinfo,
									MemoryContext context);

extern void funnel_shared_files_init(void);

#endif							/* FUNNEL_SPOOL_SHAREDFILE_H */
