/*-------------------------------------------------------------------------
 *
 * spool/tempfile.c
 *	  Temporary files.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "miscadmin.h"

#include "base/compat.h"
#include "spool/tempfile.h"

/* So much is written between two looks at interrupts. */
#define MAX_WRITE_SIZE		(1024 * 1024)

BufFile *
funnel_file_open(ResourceOwner owner, MemoryContext context)
{
	ResourceOwner old_owner = CurrentResourceOwner;
	MemoryContext old = MemoryContextSwitchTo(context);
	BufFile    *file;

	PrepareTempTablespaces();
	CurrentResourceOwner = owner;
	file = BufFileCreateTemp(false);
	CurrentResourceOwner = old_owner;
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
