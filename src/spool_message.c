/*-------------------------------------------------------------------------
 *
 * spool_message.c
 *	  A spool on its way from one process of a server to another.
 *
 * The sender groups its events by unit before it hands them over, and puts
 * each unit's in order; that is work which the processes of a parallel query
 * share, whereas the one that receives them works alone.  That one only stores
 * the bundles, as a run of all partitions, until the end.
 *
 *	codes		number of mixed ones, and the steps and breaks of each
 *	wide		a byte: the events are wide
 *	partitioned	a byte
 *	sizes		of each partition, 8 bytes, multiples of 8
 *	bundles		of all partitions, see spool_bundle.c
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

/* Room for a message's header and the rest of a serialized state */
#define MAX_MESSAGE_SIZE	(MaxAllocSize - 1024 * 1024)

static void
reserve(StringInfo buf, size_t size)
{
	if (size > MAX_MESSAGE_SIZE || (size_t) buf->len > MAX_MESSAGE_SIZE - size)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many events for one process of a parallel funnel"),
				 errdetail("A process can hand over at most 1 GB."),
				 errhint("Set max_parallel_workers_per_gather to 0, and enable_partitionwise_aggregate to off, for this query.")));
	enlargeStringInfo(buf, size);
}

void
funnel_spool_serialize(FunnelSpool *spool, StringInfo buf)
{
	int			npartitions = SPOOL_NUM_PARTITIONS(spool);
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	int			sizes_at;
	size_t		begin;
	MemoryContext context;
	FunnelEvents events;
	FunnelSpoolScan *scan;

	pq_sendint32(buf, spool->codes.nmixed);
	for (int i = 0; i < spool->codes.nmixed; i++)
	{
		pq_sendint64(buf, spool->codes.mixed[i].steps);
		pq_sendint64(buf, spool->codes.mixed[i].breaks);
	}
	pq_sendbyte(buf, spool->wide);
	pq_sendbyte(buf, spool->mask != 0);
	sizes_at = buf->len;
	for (int p = 0; p < npartitions; p++)
		pq_sendint64(buf, 0);

	begin = buf->len;
	context = AllocSetContextCreate(CurrentMemoryContext, "funnel spool",
									ALLOCSET_DEFAULT_SIZES);
	funnel_events_init(&events, context, spool->with_items);
	scan = funnel_spool_scan_begin(spool, context);
	while (funnel_spool_scan_next(scan, &events))
	{
		SpoolUnitRef unit = funnel_spool_scan_unit(scan);
		int			p = funnel_spool_scan_partition(scan);
		char	   *to;
		char	   *end;

		CHECK_FOR_INTERRUPTS();
		reserve(buf, funnel_bundle_max_size(spool, unit, &events) + 7);
		/* up to a partition's first bundle there are zeros */
		while (sizes[p] == 0 && (buf->len - begin) % 8 != 0)
			buf->data[buf->len++] = 0;
		to = buf->data + buf->len;
		end = funnel_bundle_write(spool, to, buf->len - begin, unit, &events);
		sizes[p] += end - to;
		buf->len += end - to;
	}
	MemoryContextDelete(context);

	reserve(buf, 8);
	while ((buf->len - begin) % 8 != 0)
		buf->data[buf->len++] = 0;
	buf->data[buf->len] = '\0';
	for (int p = 0; p < npartitions; p++)
	{
		uint64		size = pg_hton64(TYPEALIGN64(8, sizes[p]));

		memcpy(buf->data + sizes_at + p * sizeof(size), &size, sizeof(size));
	}
}

/*
 * Have all mixed codes of a sender in this spool, and return what each is here;
 * NULL if there are too many.
 */
static uint8 *
take_codes(FunnelSpool *spool, const FunnelEventCodes *from, bool *same)
{
	uint8	   *codes = MemoryContextAllocZero(spool->context, 1 << FUNNEL_CODE_BITS);

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

void
funnel_spool_absorb(FunnelSpool *spool, StringInfo buf)
{
	FunnelEventCodes from;
	bool		partitioned;
	bool		same = true;
	size_t		size = 0;
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
	run->bundled = true;
	run->wide = pq_getmsgbyte(buf);
	partitioned = pq_getmsgbyte(buf);
	for (int p = 0; p < (partitioned ? SPOOL_PARTITIONS : 1); p++)
	{
		int64		part = pq_getmsgint64(buf);

		if (part < 0 || part % 8 != 0 || part > buf->len || size > (size_t) buf->len)
			funnel_spool_is_invalid();
		size += part;
		run->offsets[p + 1] = size;
	}
	if (size > (size_t) (buf->len - buf->cursor))
		funnel_spool_is_invalid();

	if (!run->wide)
		run->codes = take_codes(spool, &from, &same);
	if (run->wide || run->codes == NULL)
		funnel_spool_widen(spool);
	if (partitioned)
		funnel_spool_partition(spool);

	if (partitioned && (run->wide || run->codes != NULL) &&
		funnel_spool_takes_bundles(spool, size))
	{
		if (same && run->codes != NULL)
		{
			pfree(run->codes);
			run->codes = NULL;
		}
		funnel_spool_add_bundles(spool, run, pq_getmsgbytes(buf, size), size);
	}
	else
	{
		/* as single records: too few, or too many, or with codes for no one else */
		SpoolStretch stretch = {0};
		FunnelSpool sender = *spool;
		char	   *bundles = MemoryContextAllocHuge(CurrentMemoryContext,
													 size + SPOOL_BUNDLE_PADDING);

		memcpy(bundles, pq_getmsgbytes(buf, size), size);
		memset(bundles + size, 0, SPOOL_BUNDLE_PADDING);
		stretch.wide = run->wide;
		stretch.bundled = true;
		stretch.codes = run->codes;
		if (!run->wide && run->codes == NULL)
			sender.codes = from;
		for (int p = 0; p < (partitioned ? SPOOL_PARTITIONS : 1); p++)
		{
			stretch.begin = bundles + run->offsets[p];
			stretch.end = bundles + run->offsets[p + 1];
			funnel_spool_append_stretch(spool, &sender, &stretch);
		}
		pfree(bundles);
		if (run->codes != NULL)
			pfree(run->codes);
		pfree(run);
	}
	pfree(from.mixed);
}
