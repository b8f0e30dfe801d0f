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
 * If they are in the message,
 *
 *	full rows	a byte: there may be some
 *	partitioned	a byte
 *	sizes		of each partition, 8 bytes, multiples of 8
 *	segments	of all partitions, see spool/segment.h
 *
 * If they are in a file,
 *
 *	full rows	a byte
 *	file		a FunnelSharedFile
 *	runs		their number, 4 bytes
 *	offsets		of each run: of its partitions in the file, and the end
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
append_bytes(StringInfo buf, const void *data, size_t size)
{
	reserve(buf, size);
	memcpy(buf->data + buf->len, data, size);
	buf->len += size;
}

/* Append a partition of a run. */
static void
append_run(StringInfo buf, const SpoolRun *run, int p)
{
	size_t		size = spool_run_size(run, p);

	if (run->memory != NULL)
		append_bytes(buf, run->memory + run->offsets[p], size);
	else
	{
		reserve(buf, size);
		funnel_file_read(run->file, run->offsets[p], buf->data + buf->len, size);
		buf->len += size;
	}
}

/* Append all segments of a partition, as they are. */
static void
append_partition(StringInfo buf, const FunnelSpool *spool, int p)
{
	for (int r = 0; r < spool->nruns; r++)
	{
		CHECK_FOR_INTERRUPTS();
		append_run(buf, spool->runs[r], p);
	}
	for (SpoolBlock *block = spool->blocks.partitions[p].head; block != NULL; block = block->next)
	{
		CHECK_FOR_INTERRUPTS();
		append_bytes(buf, &block->segment, spool_segment_size(&block->segment));
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

/*
 * Does the state go from a partial aggregate of a plan without groups to the process
 * where all of the plan above runs?  Then it can be lent: it is kept until the node
 * ends, and the nodes above end before.
 */
static bool
stays_in_process(FunctionCallInfo fcinfo)
{
	return !IsParallelWorker() && ((const AggState *) fcinfo->context)->aggstrategy == AGG_PLAIN;
}

void
funnel_spool_expect_handover(FunnelSpool *spool, FunctionCallInfo fcinfo)
{
	const AggState *node = (const AggState *) fcinfo->context;

	if (!IsA(node, AggState) || !DO_AGGSPLIT_SERIALIZE(node->aggsplit))
		return;
	spool->can_lend = stays_in_process(fcinfo);
	spool->hands_over = !spool->can_lend;
	/* with a temp_file_limit there is no file for what fits into memory */
	spool->writes_ahead = IsParallelWorker() && temp_file_limit < 0;
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
 * holds it twice, and the one that reads it holds those of all others.
 */
static size_t
max_message_size(const FunnelSpool *spool)
{
	size_t		budget = get_hash_memory_limit();
	size_t		used = funnel_spool_used_memory(spool);
	size_t		left = budget > used ? budget - used : 0;
	int			nsenders = Max(Max(max_parallel_workers_per_gather, ParallelWorkerNumber + 1), 1);
	size_t		limit = Min(left / 2, funnel_spool_message_share() / nsenders);

	return spool->writes_ahead ? Min(limit, MAX_QUEUED_SIZE) : limit;
}

/* The bytes of all segments */
static uint64
size_of_segments(const FunnelSpool *spool)
{
	uint64		size = 0;

	for (int r = 0; r < spool->nruns; r++)
		size += spool->runs[r]->offsets[SPOOL_PARTITIONS] - spool->runs[r]->offsets[0];
	for (int p = 0; p < spool_num_partitions(&spool->blocks); p++)
	{
		for (SpoolBlock *block = spool->blocks.partitions[p].head; block != NULL; block = block->next)
			size += spool_segment_size(&block->segment);
	}
	return size;
}

/* Say which file has the segments. */
static void
send_file(FunnelSpool *spool, StringInfo buf)
{
	pq_sendbyte(buf, IN_FILE);
	pq_sendbyte(buf, spool->full_rows);
	append_bytes(buf, &spool->written.shared, sizeof(FunnelSharedFile));
	pq_sendint32(buf, spool->nruns);
	for (int r = 0; r < spool->nruns; r++)
		append_bytes(buf, spool->runs[r]->offsets, sizeof(spool->runs[r]->offsets));
	funnel_shared_file_set_awaited(&spool->written);
}

static void
send_segments(const FunnelSpool *spool, StringInfo buf)
{
	int			npartitions = spool_num_partitions(&spool->blocks);
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	int			sizes_at;

	pq_sendbyte(buf, IN_MESSAGE);
	pq_sendbyte(buf, spool->full_rows);
	pq_sendbyte(buf, spool_is_partitioned(&spool->blocks));
	sizes_at = buf->len;
	append_bytes(buf, sizes, npartitions * sizeof(uint64));
	for (int p = 0; p < npartitions; p++)
	{
		int			begin = buf->len;

		for (int i = 0; i < spool_num_sources(spool); i++)
			append_partition(buf, spool_source(spool, i), p);
		sizes[p] = pg_hton64((uint64) (buf->len - begin));
	}
	memcpy(buf->data + sizes_at, sizes, npartitions * sizeof(uint64));
}

void
funnel_spool_serialize(FunnelSpool *spool, StringInfo buf)
{
	funnel_spool_end_waiting(spool);
	if (spool->can_lend && spool_is_partitioned(&spool->blocks) && spool->nlenders == 0)
	{
		lend(spool, buf);
		return;
	}
	funnel_spool_check_loans(spool);
	funnel_blocks_finish_segments(&spool->blocks);
	if ((spool->file != 0 || size_of_segments(spool) > max_message_size(spool)) &&
		funnel_spool_share(spool))
		send_file(spool, buf);
	else
		send_segments(spool, buf);
	spool->message_memory = buf->len;
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

/* Add segments that a message has, whose place has been read. */
static void
absorb_segments(FunnelSpool *spool, StringInfo buf)
{
	bool		full_rows = pq_getmsgbyte(buf) != 0;
	bool		partitioned = pq_getmsgbyte(buf) != 0;
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	int64		size = receive_sizes(buf, sizes, partitioned ? SPOOL_PARTITIONS : 1);
	const char *segments;
	SpoolRun   *run;

	if (size > buf->len - buf->cursor)
		funnel_spool_is_invalid();
	segments = pq_getmsgbytes(buf, size);
	if (partitioned)
		funnel_spool_partition(spool);
	if (full_rows)
		funnel_spool_begin_full_rows(spool);

	/* what cannot stay together comes record by record */
	if (!partitioned || !funnel_spool_takes_run(spool, size))
	{
		append_records(spool, segments, size);
		return;
	}
	run = create_run(spool, sizes);
	run->memory = unconstify(char *, segments);
	funnel_spool_add_run(spool, run);
}

/* Read where the partitions of a run in a file are. */
static void
receive_offsets(StringInfo buf, SpoolRun *run)
{
	pq_copymsgbytes(buf, (char *) run->offsets, sizeof(run->offsets));
	if (run->offsets[0] < 0 || run->offsets[0] % 8 != 0)
		funnel_spool_is_invalid();
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
	{
		if (run->offsets[p + 1] < run->offsets[p] || run->offsets[p + 1] % 8 != 0)
			funnel_spool_is_invalid();
	}
}

/* Add segments that are in a file. */
static void
absorb_file(FunnelSpool *spool, StringInfo buf, FunctionCallInfo fcinfo)
{
	bool		full_rows = pq_getmsgbyte(buf) != 0;
	FunnelSharedFile shared;
	int			nruns;
	File		file;

	pq_copymsgbytes(buf, (char *) &shared, sizeof(shared));
	nruns = pq_getmsgint(buf, 4);
	if (nruns <= 0)
		funnel_spool_is_invalid();
	funnel_spool_partition(spool);
	if (full_rows)
		funnel_spool_begin_full_rows(spool);
	file = funnel_shared_file_open(&shared, fcinfo, spool->blocks.context);
	for (int r = 0; r < nruns; r++)
	{
		SpoolRun   *run = MemoryContextAllocZero(spool->blocks.context, sizeof(SpoolRun));

		CHECK_FOR_INTERRUPTS();
		receive_offsets(buf, run);
		run->file = file;
		funnel_spool_add_run(spool, run);
	}
}

void
funnel_spool_absorb(FunnelSpool *spool, StringInfo buf, FunctionCallInfo fcinfo)
{
	int			place = pq_getmsgbyte(buf);

	switch (place)
	{
		case IN_MESSAGE:
			absorb_segments(spool, buf);
			break;
		case IN_FILE:
			absorb_file(spool, buf, fcinfo);
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
