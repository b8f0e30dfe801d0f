/*-------------------------------------------------------------------------
 *
 * spool/tempfile.h
 *	  A temporary file that goes away with an aggregate's state.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_TEMPFILE_H
#define FUNNEL_SPOOL_TEMPFILE_H

#include "fmgr.h"
#include "storage/buffile.h"
#include "utils/resowner.h"

/* Who closes the file, unless an error does */
typedef enum FunnelFileOwner
{
	FUNNEL_FILE_OF_CALLER,		/* whoever opened it, by BufFileClose */
	FUNNEL_FILE_OF_AGGREGATE,	/* the executor, at the end of the group; see
								 * funnel_file_close_with_aggregate */
	FUNNEL_FILE_OF_CONTEXT		/* the memory context it was opened in */
} FunnelFileOwner;

extern FunnelFileOwner funnel_file_owner(FunctionCallInfo fcinfo);
extern BufFile *funnel_file_open(FunnelFileOwner owner, ResourceOwner resource_owner,
								 MemoryContext context);
extern void funnel_file_close_with_aggregate(Node *caller, BufFile **file);

/* Sequential writing at, and reading from, a position in bytes. */
extern void funnel_file_seek(BufFile *file, int64 position);
extern void funnel_file_write(BufFile *file, const void *data, size_t size);
extern void funnel_file_read(BufFile *file, void *data, size_t size);

#endif							/* FUNNEL_SPOOL_TEMPFILE_H */
