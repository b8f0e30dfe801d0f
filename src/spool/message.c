/*-------------------------------------------------------------------------
 *
 * spool/message.c
 *	  A spool on its way from one node of a plan to another.
 *
 * What a worker hands over comes in a file if it would pass through the server's
 * tuple queue in more than a few pieces: for each piece one process waits until the
 * other wakes up.  Less is not worth a file, of which there may be one for each
 * group.
 *
 * The leader of a parallel query takes part in the scan, and a plan by partition
 * has a node for each: their states stay in the process.  Those are only lent,
 * and read where they are.
 *
 *	place		a byte: where the segments are
 *
 * If they are lent, the process, 4 bytes, and the loan's number in it, 8 bytes.
 * Else,
 *
 *	full rows	a byte: there may be some
 *	partitioned	a byte
 *	sizes		of each partition, 8 bytes, multiples of 8
 *	segments	of all partitions, see spool/segment.h; or which file has them
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "optimizer/cost.h"
#include "port/pg_bswap.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/fill.h"
#include "spool/loan.h"
#include "spool/sharedfile.h"
#include "spool/spill.h"

/* The places of segments; 1.0 has 1 and 2, and other kinds of segments */
#define IN_MESSAGE			4
#define IN_FILE				5
#define LENT				3

/* Room for a tuple's header, and the rest of a serialized state */
#define MAX_MESSAGE_SIZE	(MaxAllocSize - 1024 * 1024)

/* Four times the server's tuple queue, PARALLEL_TUPLE_QUEUE_SIZE of execParallel.c */
#define MAX_QUEUED_SIZE		(4 * 64 * 1024)

/* So much is read at a time. */
#define MAX_PIECE_SIZE		(1024 * 1024)

static void
reserve(StringInfo buf, size_t size)
{
	if (size > MAX_MESSAGE_SIZE || (size_t) buf->len > MAX_MESSAGE_SIZE - size)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events to hand over in one piece"),
				 errdetail("A process can hand over at most 1 GB without a temporary file."),
				 errhint("Set max_parallel_workers_per_gather to 0, and enable_partitionwise_aggregate to off, for this query.")));
	enlargeStringInfo(buf, size);
}

static void
append_zeros(StringInfo buf, size_t size)
{
	reserve(buf, size);
	memset(buf->data + buf->len, 0, size);
	buf->len += size;
	buf->data[buf->len] = '\0';
}

/*
 * Segments on their way: to the end of a message, and from there to a file once
 * there are too many.
 */
typedef struct Outlet
{
	StringInfo	buf;
	int			begin;			/* where they begin in it */
	size_t		limit;			/* so many bytes may stay there */
	FunctionCallInfo fcinfo;
	MemoryContext context;		/* of the file */
	BufFile    *file;			/* NULL as long as there is none */
	FunnelSharedFile shared;
	int64		written;		/* to the file */
} Outlet;

static void
init_outlet(Outlet *outlet, StringInfo buf)
{
	memset(outlet, 0, sizeof(*outlet));
	outlet->buf = buf;
	outlet->begin = buf->len;
	outlet->limit = SIZE_MAX;
}

/* How many bytes of segments there are */
static int64
outlet_size(const Outlet *outlet)
{
	return outlet->written + (outlet->buf->len - outlet->begin);
}

/* Have the bytes in the file if there are too many. */
static void
relieve(Outlet *outlet)
{
	size_t		size = outlet->buf->len - outlet->begin;

	if (outlet->file == NULL && size <= outlet->limit)
		return;
	if (outlet->file == NULL)
		outlet->file = funnel_shared_file_create(&outlet->shared, outlet->fcinfo,
												 outlet->context);
	funnel_file_write(outlet->file, outlet->buf->data + outlet->begin, size);
	outlet->written += size;
	outlet->buf->len = outlet->begin;
}

/* Read bytes of a run, which may be the segments of a message. */
static void
read_run(const SpoolRun *run, int64 at, void *to, size_t size)
{
	if (run->memory != NULL)
		memcpy(to, run->memory + at, size);
	else
	{
		funnel_file_seek(run->file, at);
		funnel_file_read(run->file, to, size);
	}
}

static void
append_bytes(Outlet *outlet, const SpoolRun *run, int64 at, int64 end)
{
	StringInfo	buf = outlet->buf;

	for (; at < end; at += MAX_PIECE_SIZE)
	{
		size_t		size = Min(end - at, MAX_PIECE_SIZE);

		CHECK_FOR_INTERRUPTS();
		reserve(buf, size);
		read_run(run, at, buf->data + buf->len, size);
		buf->len += size;
		relieve(outlet);
	}
}

/* A block, as a run of its one segment */
static SpoolRun
run_of_block(SpoolBlock *block)
{
	SpoolRun	run = {0};

	run.memory = (char *) &block->segment;
	return run;
}

/* All segments of a partition, as they are. */
static void
append_partition(Outlet *outlet, const FunnelSpool *spool, int p)
{
	for (int r = 0; r < spool->nruns; r++)
		append_bytes(outlet, spool->runs[r], spool->runs[r]->offsets[p],
					 spool->runs[r]->offsets[p + 1]);
	for (SpoolBlock *block = spool->blocks.partitions[p].head; block != NULL; block = block->next)
	{
		SpoolRun	run = run_of_block(block);

		append_bytes(outlet, &run, 0, spool_segment_size(&block->segment));
	}
}

/* A run of partitions of such sizes, one after the other. */
static SpoolRun *
create_run(const FunnelSpool *spool, const uint64 *sizes)
{
	SpoolRun   *run = MemoryContextAllocZero(spool->blocks.context, sizeof(SpoolRun));

	for (int p = 0; p < SPOOL_PARTITIONS; p++)
		run->offsets[p + 1] = run->offsets[p] + sizes[p];
	return run;
}

/* Is this call's state that of a partial aggregate of a plan? */
static bool
is_partial(FunctionCallInfo fcinfo)
{
	const AggState *node = (const AggState *) fcinfo->context;

	return IsA(node, AggState) && DO_AGGSPLIT_SERIALIZE(node->aggsplit);
}

/*
 * Can a spool be lent?  It must be large, and the process be the one where all of
 * the plan above runs.  The state must be that of a partial aggregate without
 * groups: then it is kept until the node ends, and the nodes above end before.
 */
static bool
can_lend(const FunnelSpool *spool, FunctionCallInfo fcinfo)
{
	return spool_is_partitioned(&spool->blocks) && spool->nlenders == 0 &&
		is_partial(fcinfo) && !IsParallelWorker() &&
		((const AggState *) fcinfo->context)->aggstrategy == AGG_PLAIN;
}

static void
lend(FunnelSpool *spool, StringInfo buf)
{
	size_t		share = IsInParallelMode() ? funnel_spool_message_share() : 0;

	if (funnel_spool_is_over_budget(spool, share) && !funnel_spool_spill_idle(spool, share))
		funnel_spool_spill_all(spool);
	funnel_spool_set_idle(spool, true);
	pq_sendbyte(buf, LENT);
	pq_sendint32(buf, MyProcPid);
	pq_sendint64(buf, funnel_spool_begin_loan(spool));
}

/*
 * How many bytes of segments a message may have.  The process that writes it
 * holds it twice, and the one that reads it holds those of all others.  With a
 * temp_file_limit there is no file for what fits into memory.
 */
static size_t
max_message_size(const FunnelSpool *spool)
{
	size_t		budget = get_hash_memory_limit();
	size_t		used = funnel_spool_used_memory(spool);
	size_t		left = budget > used ? budget - used : 0;
	int			nsenders = Max(Max(max_parallel_workers_per_gather, ParallelWorkerNumber + 1), 1);
	size_t		limit = Min(left / 2, funnel_spool_message_share() / nsenders);

	if (IsParallelWorker() && temp_file_limit < 0)
		limit = Min(limit, MAX_QUEUED_SIZE);
	return limit;
}

/* Append the segments of all partitions, and note their sizes. */
static void
append_segments(Outlet *outlet, FunnelSpool *spool, uint64 *sizes)
{
	funnel_spool_check_loans(spool);
	for (int p = 0; p < spool_num_partitions(&spool->blocks); p++)
	{
		int64		begin = outlet_size(outlet);

		for (int i = 0; i < spool_num_sources(spool); i++)
			append_partition(outlet, spool_source(spool, i), p);
		sizes[p] = outlet_size(outlet) - begin;
	}
}

/*
 * The file that a spool went to when it was handed over before, if that is still
 * all there is.
 */
static const SpoolRun *
handed_over_run(const FunnelSpool *spool)
{
	if (spool->nruns == 1 && spool->runs[0]->shared != NULL && spool->nlenders == 0 &&
		spool->blocks.slabs == NULL)
		return spool->runs[0];
	return NULL;
}

static void
hand_over_again(const FunnelSpool *spool, const SpoolRun *run, StringInfo buf)
{
	pq_sendbyte(buf, IN_FILE);
	pq_sendbyte(buf, spool->full_rows);
	pq_sendbyte(buf, true);
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
		pq_sendint64(buf, spool_run_size(run, p));
	appendBinaryStringInfo(buf, (char *) run->shared, sizeof(*run->shared));
	funnel_shared_file_again(run->shared);
}

void
funnel_spool_serialize(FunnelSpool *spool, StringInfo buf, FunctionCallInfo fcinfo)
{
	int			npartitions = spool_num_partitions(&spool->blocks);
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	const SpoolRun *handed_over;
	int			place_at = buf->len;
	int			sizes_at;
	Outlet		outlet;

	if (can_lend(spool, fcinfo))
	{
		lend(spool, buf);
		return;
	}
	handed_over = handed_over_run(spool);
	if (handed_over != NULL)
	{
		hand_over_again(spool, handed_over, buf);
		return;
	}
	for (int i = 0; i < spool_num_sources(spool); i++)
		funnel_spool_check_file(spool_source(spool, i));
	funnel_blocks_finish_segments(&spool->blocks);
	pq_sendbyte(buf, IN_MESSAGE);
	pq_sendbyte(buf, spool->full_rows);
	pq_sendbyte(buf, spool_is_partitioned(&spool->blocks));
	sizes_at = buf->len;
	append_zeros(buf, npartitions * sizeof(uint64));

	init_outlet(&outlet, buf);
	if (spool_is_partitioned(&spool->blocks) && is_partial(fcinfo))
		outlet.limit = max_message_size(spool);
	outlet.fcinfo = fcinfo;
	outlet.context = spool->blocks.context;
	append_segments(&outlet, spool, sizes);
	if (outlet.file != NULL)
	{
		/* this is where the spool's own content is now, too */
		SpoolRun   *run = create_run(spool, sizes);

		funnel_shared_file_finish(outlet.file);
		run->file = outlet.file;
		run->shared = MemoryContextAlloc(spool->blocks.context, sizeof(FunnelSharedFile));
		*run->shared = outlet.shared;
		/* the server may keep the message for long */
		buf->maxlen = buf->len + 1;
		buf->data = repalloc(buf->data, buf->maxlen);
		funnel_spool_replace(spool, run);
		buf->data[place_at] = IN_FILE;
		appendBinaryStringInfo(buf, (char *) &outlet.shared, sizeof(outlet.shared));
	}
	spool->message_memory = buf->len;
	for (int p = 0; p < npartitions; p++)
	{
		uint64		size = pg_hton64(sizes[p]);

		memcpy(buf->data + sizes_at + p * sizeof(size), &size, sizeof(size));
	}
	funnel_spool_set_idle(spool, true);
}

/* Append SIZE bytes of segments, which need not be aligned, record by record. */
static void
append_records(FunnelSpool *spool, const char *segments, size_t size)
{
	char	   *copy = MemoryContextAllocHuge(CurrentMemoryContext, size + SPOOL_PADDING);
	const char *at = copy;
	const SpoolSegment *segment;

	memcpy(copy, segments, size);
	memset(copy + size, 0, SPOOL_PADDING);
	while ((segment = funnel_spool_next_segment(&spool->form, spool->full_rows,
												&at, copy + size)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		funnel_spool_append_segment(spool, segment);
	}
	pfree(copy);
}

/* Read the sizes of partitions; returns that of all. */
static int64
receive_sizes(StringInfo buf, uint64 *sizes, int npartitions)
{
	int64		size = 0;

	for (int p = 0; p < npartitions; p++)
	{
		int64		part = pq_getmsgint64(buf);

		if (part < 0 || part % 8 != 0 || part > PG_INT64_MAX / SPOOL_PARTITIONS)
			funnel_spool_is_invalid();
		sizes[p] = part;
		size += part;
	}
	return size;
}

/* Add the segments of a message, whose place has been read. */
static void
absorb_segments(FunnelSpool *spool, StringInfo buf, bool in_file, FunctionCallInfo fcinfo)
{
	bool		full_rows = pq_getmsgbyte(buf) != 0;
	bool		partitioned = pq_getmsgbyte(buf) != 0;
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	int64		size = receive_sizes(buf, sizes, partitioned ? SPOOL_PARTITIONS : 1);
	const char *segments = NULL;
	FunnelSharedFile shared;
	SpoolRun   *run;

	if (in_file)
		pq_copymsgbytes(buf, (char *) &shared, sizeof(shared));
	else if (size > buf->len - buf->cursor)
		funnel_spool_is_invalid();
	else
		segments = pq_getmsgbytes(buf, size);

	if (partitioned)
		funnel_spool_partition(spool);
	if (full_rows)
		funnel_spool_begin_full_rows(spool);

	/* what cannot stay together comes record by record */
	if (!in_file && !(partitioned && funnel_spool_takes_run(spool, size)))
	{
		append_records(spool, segments, size);
		return;
	}
	if (!partitioned)
		funnel_spool_is_invalid();
	run = create_run(spool, sizes);
	run->memory = unconstify(char *, segments);
	if (in_file)
		run->file = funnel_shared_file_open(&shared, fcinfo, spool->blocks.context);
	funnel_spool_add_run(spool, run);
}

void
funnel_spool_absorb(FunnelSpool *spool, StringInfo buf, FunctionCallInfo fcinfo)
{
	int			place = pq_getmsgbyte(buf);

	switch (place)
	{
		case IN_MESSAGE:
		case IN_FILE:
			absorb_segments(spool, buf, place == IN_FILE, fcinfo);
			break;
		case LENT:
			/* who keeps partial states elsewhere must not find one of another */
			if (pq_getmsgint(buf, 4) != (uint32) MyProcPid)
				elog(ERROR, "funnel_agg state is of another process");
			funnel_spool_take_loan(spool, pq_getmsgint64(buf));
			break;
		default:
			funnel_spool_is_invalid();
	}
}
