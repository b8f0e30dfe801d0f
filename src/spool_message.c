/*-------------------------------------------------------------------------
 *
 * spool_message.c
 *	  A spool on its way from one process of a server to another.
 *
 * Events are handed over as they stand in memory and files.  Grouping them in
 * the sender would be work shared between the processes of a parallel query,
 * but it is less work to do it once, where all are.
 *
 *	codes		number of mixed ones, and the steps and breaks of each
 *	wide		a byte: some events may be wide
 *	partitioned	a byte
 *	sizes		of each partition, 8 bytes, multiples of 8
 *	segments	of all partitions, see spool_records.h
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "compat.h"
#include "spool_impl.h"

static char *
write_partition(const FunnelSpool *spool, int p, char *to)
{
	for (int r = 0; r < spool->nruns; r++)
	{
		const SpoolRun *run = spool->runs[r];
		size_t		size = spool_run_size(run, p);

		CHECK_FOR_INTERRUPTS();
		if (size == 0)
			continue;
		if (run->memory != NULL)
			memcpy(to, run->memory + run->offsets[p], size);
		else
		{
			funnel_file_seek(spool->file, run->offsets[p]);
			funnel_file_read(spool->file, to, size);
		}
		to += size;
	}
	for (const SpoolBlock *block = spool->partitions[p].head; block != NULL; block = block->next)
	{
		size_t		size = spool_segment_size(&block->segment);

		CHECK_FOR_INTERRUPTS();
		memcpy(to, &block->segment, size);
		to += size;
	}
	return to;
}

/* What stands before the segments. */
static StringInfo
message_header(const FunnelSpool *spool)
{
	StringInfo	buf = makeStringInfo();

	pq_sendint32(buf, spool->codes.nmixed);
	for (int i = 0; i < spool->codes.nmixed; i++)
	{
		pq_sendint64(buf, spool->codes.mixed[i].steps);
		pq_sendint64(buf, spool->codes.mixed[i].breaks);
	}
	pq_sendbyte(buf, spool->wide);
	pq_sendbyte(buf, spool->mask != 0);
	for (int p = 0; p < SPOOL_NUM_PARTITIONS(spool); p++)
		pq_sendint64(buf, funnel_spool_partition_size(spool, p));
	return buf;
}

size_t
funnel_spool_message_size(FunnelSpool *spool)
{
	StringInfo	header;
	size_t		size;

	funnel_spool_settle(spool);
	header = message_header(spool);
	size = header->len;
	for (int p = 0; p < SPOOL_NUM_PARTITIONS(spool); p++)
		size += funnel_spool_partition_size(spool, p);
	pfree(header->data);
	pfree(header);
	return size;
}

char *
funnel_spool_write_message(FunnelSpool *spool, char *to)
{
	StringInfo	header = message_header(spool);

	memcpy(to, header->data, header->len);
	to += header->len;
	for (int p = 0; p < SPOOL_NUM_PARTITIONS(spool); p++)
	{
		for (int i = 0; i < SPOOL_NUM_SOURCES(spool); i++)
			to = write_partition(spool_source(spool, i), p, to);
	}
	pfree(header->data);
	pfree(header);
	return to;
}

/*
 * Have all mixed codes of a sender in this spool, and return what each is here;
 * NULL if there are too many.
 */
static uint8 *
take_codes(FunnelSpool *spool, const FunnelEventCodes *from, bool *same)
{
	uint8	   *codes = palloc0(1 << FUNNEL_CODE_BITS);

	*same = true;
	for (int i = 0; i < FUNNEL_FIRST_MIXED; i++)
		codes[i] = i;
	for (int i = 0; i < from->nmixed; i++)
	{
		int			code = funnel_mixed_code(&spool->codes, from->mixed[i], spool->context);

		if (code < 0)
		{
			pfree(codes);
			return NULL;
		}
		codes[FUNNEL_FIRST_MIXED + i] = code;
		*same = *same && code == FUNNEL_FIRST_MIXED + i;
	}
	return codes;
}

/*
 * Append the segments of a message, in partitions as RUN says, record by
 * record; CODES as in funnel_spool_add_run, FROM are the sender's.
 */
static void
append_records(FunnelSpool *spool, const FunnelEventCodes *from, const SpoolRun *run,
			   int npartitions, const char *segments, const uint8 *codes)
{
	size_t		size = run->offsets[npartitions];
	char	   *copy = MemoryContextAllocHuge(CurrentMemoryContext, size + SPOOL_PADDING);
	const char *at = copy;
	const SpoolSegment *segment;

	memcpy(copy, segments, size);
	memset(copy + size, 0, SPOOL_PADDING);
	if (codes != NULL)
	{
		funnel_spool_translate(spool, copy, size, codes);
		from = &spool->codes;
	}
	while ((segment = funnel_spool_next_segment(spool, &at, copy + size)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		funnel_spool_append_segment(spool, from, segment);
	}
	pfree(copy);
}

void
funnel_spool_absorb(FunnelSpool *spool, StringInfo buf)
{
	FunnelEventCodes from;
	bool		wide;
	int			npartitions;
	bool		same;
	uint8	   *codes;
	size_t		size = 0;
	const char *segments;
	SpoolRun   *run = MemoryContextAllocZero(spool->context, sizeof(SpoolRun));

	from.nmixed = pq_getmsgint(buf, 4);
	if (from.nmixed < 0 || from.nmixed > FUNNEL_MAX_MIXED)
		funnel_spool_is_invalid();
	from.mixed = palloc(sizeof(FunnelLabelMatch) * Max(from.nmixed, 1));
	for (int i = 0; i < from.nmixed; i++)
	{
		from.mixed[i].steps = pq_getmsgint64(buf);
		from.mixed[i].breaks = pq_getmsgint64(buf);
	}
	wide = pq_getmsgbyte(buf) != 0;
	npartitions = pq_getmsgbyte(buf) != 0 ? SPOOL_PARTITIONS : 1;
	for (int p = 0; p < npartitions; p++)
	{
		int64		part = pq_getmsgint64(buf);

		if (part < 0 || part % 8 != 0 || part > buf->len || size > (size_t) buf->len)
			funnel_spool_is_invalid();
		size += part;
		run->offsets[p + 1] = size;
	}
	if (size > (size_t) (buf->len - buf->cursor))
		funnel_spool_is_invalid();
	segments = pq_getmsgbytes(buf, size);

	if (npartitions > 1)
		funnel_spool_partition(spool);
	codes = take_codes(spool, &from, &same);
	if (wide || codes == NULL)
		funnel_spool_widen(spool);

	/* too few events, or with codes for no one else, come as single records */
	if (npartitions == 1 || codes == NULL || !funnel_spool_takes_run(spool, size))
	{
		append_records(spool, &from, run, npartitions, segments, same ? NULL : codes);
		pfree(run);
	}
	else
		funnel_spool_add_run(spool, run, segments, same ? NULL : codes);
	if (codes != NULL)
		pfree(codes);
	pfree(from.mixed);
}

bool
funnel_spool_borrow(FunnelSpool *spool, FunnelSpool *lender)
{
	bool		same;
	uint8	   *codes;

	/* below this, all partitions are in one */
	if (lender->mask == 0 || lender->nlenders > 0)
		return false;
	codes = take_codes(spool, &lender->codes, &same);
	if (codes == NULL)
		return false;
	pfree(codes);
	if (!same)
		return false;

	funnel_spool_partition(spool);
	if (lender->wide)
		funnel_spool_widen(spool);
	funnel_spool_settle(lender);
	if (spool->nlenders == 0)
		spool->lenders = MemoryContextAlloc(spool->context, sizeof(FunnelSpool *));
	else
		spool->lenders = repalloc(spool->lenders,
								  sizeof(FunnelSpool *) * (spool->nlenders + 1));
	spool->lenders[spool->nlenders++] = lender;
	return true;
}
