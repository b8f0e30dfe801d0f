/*-------------------------------------------------------------------------
 *
 * spool/tempfile.h
 *	  Temporary files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_TEMPFILE_H
#define FUNNEL_SPOOL_TEMPFILE_H

#include "storage/buffile.h"
#include "utils/resowner.h"

/*
 * An empty file in the temporary tablespaces, with its buffer in CONTEXT.  After
 * an error OWNER closes it.
 */
extern BufFile *funnel_file_open(ResourceOwner owner, MemoryContext context);

/* Sequential writing at, and reading from, a position in bytes. */
extern void funnel_file_seek(BufFile *file, int64 position);
extern void funnel_file_write(BufFile *file, const void *data, size_t size);
extern void funnel_file_read(BufFile *file, void *data, size_t size);

#endif							/* FUNNEL_SPOOL_TEMPFILE_H */
