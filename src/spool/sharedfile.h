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
#include "storage/buffile.h"
#include "storage/fileset.h"

/* Where it is, to be sent as it stands to another process of the server */
typedef struct FunnelSharedFile
{
	FileSet		set;
	char		name[32];
} FunnelSharedFile;

/*
 * An empty file to be written, with its buffer in CONTEXT, and where it is.
 * FCINFO is that of a call of the aggregate; the file is closed at the end of
 * the group.
 */
extern BufFile *funnel_shared_file_create(FunnelSharedFile *shared, FunctionCallInfo fcinfo,
										  MemoryContext context);

/* All is written: others may read it, and who wrote it, too. */
extern void funnel_shared_file_finish(BufFile *file);

/*
 * It is handed over once more, by a state that has not ended since it was
 * finished.
 */
extern void funnel_shared_file_again(const FunnelSharedFile *shared);

/*
 * Open a file for reading in a process of the query that wrote it.  It is closed
 * at the end of the group, and deleted then unless the plan may read it again.
 */
extern BufFile *funnel_shared_file_open(const FunnelSharedFile *shared, FunctionCallInfo fcinfo,
										MemoryContext context);

extern void funnel_shared_files_init(void);

#endif							/* FUNNEL_SPOOL_SHAREDFILE_H */
