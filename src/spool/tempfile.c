/*-------------------------------------------------------------------------
 *
 * spool/tempfile.c
 *	  Temporary files.
 *
 * They are the server's own, but not through its buffers: a BufFile writes and
 * reads one page at a time, and each call of the system costs as much as copying
 * a few pages.  Without a buffer, a write that failed leaves no state behind, only
 * bytes behind the end.  Unlike a BufFile, a file is in one tablespace.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/tablespace.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/wait_event.h"

#include "base/compat.h"
#include "spool/tempfile.h"

/* So much is read or written between two looks at interrupts. */
#define MAX_CALL_SIZE		(1024 * 1024)

File
funnel_file_open(ResourceOwner owner)
{
	ResourceOwner old_owner = CurrentResourceOwner;
	File		file;

	PrepareTempTablespaces();
	CurrentResourceOwner = owner;
	file = OpenTemporaryFile(false);
	CurrentResourceOwner = old_owner;
	return file;
}

/* Note what a call moved, and its time, as the server does for its own files. */
static void
count_blocks(int64 *blocks, instr_time *time, int64 position, size_t size, instr_time start)
{
	*blocks += (position + size) / BLCKSZ - position / BLCKSZ;
	if (track_io_timing)
	{
		instr_time	end;

		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_ACCUM_DIFF(*time, end, start);
	}
}

static instr_time
start_of_call(void)
{
	instr_time	start;

	CHECK_FOR_INTERRUPTS();
	INSTR_TIME_SET_ZERO(start);
	if (track_io_timing)
		INSTR_TIME_SET_CURRENT(start);
	return start;
}

void
funnel_file_write(File file, int64 position, const void *data, size_t size)
{
	/* before 16, the server's function takes no const */
	char	   *at = unconstify(char *, (const char *) data);

	while (size > 0)
	{
		size_t		wanted = Min(size, MAX_CALL_SIZE);
		instr_time	start = start_of_call();
		int			written = FileWrite(file, at, wanted, position, WAIT_EVENT_BUFFILE_WRITE);

		if (written <= 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not write to file \"%s\": %m", FilePathName(file))));
		count_blocks(&pgBufferUsage.temp_blks_written, &pgBufferUsage.temp_blk_write_time,
					 position, written, start);
		at += written;
		position += written;
		size -= written;
	}
}

void
funnel_file_read(File file, int64 position, void *data, size_t size)
{
	char	   *at = data;

	while (size > 0)
	{
		size_t		wanted = Min(size, MAX_CALL_SIZE);
		instr_time	start = start_of_call();
		int			nread = FileRead(file, at, wanted, position, WAIT_EVENT_BUFFILE_READ);

		if (nread < 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not read from file \"%s\": %m", FilePathName(file))));
		if (nread == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("file \"%s\" ends too early", FilePathName(file))));
		count_blocks(&pgBufferUsage.temp_blks_read, &pgBufferUsage.temp_blk_read_time,
					 position, nread, start);
		at += nread;
		position += nread;
		size -= nread;
	}
}
