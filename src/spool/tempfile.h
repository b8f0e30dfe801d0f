/*-------------------------------------------------------------------------
 *
 * spool/tempfile.h
 *	  Temporary files.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_SPOOL_TEMPFILE_H
#define FUNNEL_SPOOL_TEMPFILE_H

#include "storage/fd.h"
#include "utils/resowner.h"

/* What is smaller is better collected before it is written. */
#define FUNNEL_FILE_PIECE	(128 * 1024)

/*
 * An empty file in the temporary tablespaces, never 0.  It is deleted when it is
 * closed; after an error OWNER closes it.
 */
extern File funnel_file_open(ResourceOwner owner);

/* Writing to, and reading from, a position in bytes. */
extern void funnel_file_write(File file, int64 position, const void *data, size_t size);
extern void funnel_file_read(File file, int64 position, void *data, size_t size);

#endif							/* FUNNEL_SPOOL_TEMPFILE_H */
