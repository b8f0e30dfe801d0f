/*-------------------------------------------------------------------------
 *
 * spool/message.c
 *	  A spool on its way from one process of a server to another.
 *
 * Word events without items are grouped before they are sent, others go as they
 * stand in memory and files.
 *
 *	codes		number of mixed ones, and the steps and breaks of each
 *	wide		a byte: some events may be wide
 *	partitioned	a byte
 *	sizes		of each partition, 8 bytes, multiples of 8
 *	segments	of all partitions, see spool/records.h
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/impl.h"

/* Room for a tuple's header, and the rest of a serialized state */
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

static void
append_zeros(StringInfo buf, size_t size)
{
	reserve(buf, size);
	memset(buf->data + buf->len, 0, size);
	buf->len += size;
	buf->data[buf->len] = '\0';
}

/* All segments of a partition, as they are. */
static void
append_partition(StringInfo buf, const FunnelSpool *spool, int p)
{
	for (int r = 0; r < spool->nruns; r++)
	{
		const SpoolRun *run = spool->runs[r];
		size_t		size = spool_run_size(run, p);

		CHECK_FOR_INTERRUPTS();
		reserve(buf, size);
		if (run->memory != NULL)
			memcpy(buf->data + buf->len, run->memory + run->offsets[p], size);
		else
		{
			funnel_file_seek(spool->file, run->offsets[p]);
			funnel_file_read(spool->file, buf->data + buf->len, size);
		}
		buf->len += size;
	}
	for (const SpoolBlock *block = spool->partitions[p].head; block != NULL; block = block->next)
	{
		size_t		size = spool_segment_size(&block->segment);

		CHECK_FOR_INTERRUPTS();
		reserve(buf, size);
		memcpy(buf->data + buf->len, &block->segment, size);
		buf->len += size;
	}
}

/*
 * All partitions, their records in groups: a segment each, unless it is empty.
 */
static void
append_groups(StringInfo buf, FunnelSpool *spool, uint64 *sizes)
{
	SpoolSegment segment = {0};
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "funnel spool",
												  ALLOCSET_DEFAULT_SIZES);
	FunnelSpoolScan *scan = funnel_spool_scan_begin(spool, context);
	FunnelEvents events;
	bool		more;
	int			p = -1;
	size_t		begin = 0;

	segment.grouped = true;
	/* words are differences to 0; units of other spools may be wider */
	segment.word_width = sizeof(uint64);
	if (spool->form.unit_type->is_word)
		segment.unit_width = spool->has_others ? (int) sizeof(uint64) : spool->unit_width;
	funnel_events_init(&events, context, false);
	do
	{
		SpoolUnitRef unit;
		char	   *to;

		CHECK_FOR_INTERRUPTS();
		more = funnel_spool_scan_next(scan, &events);
		if (p >= 0 && (!more || funnel_spool_scan_partition(scan) != p))
		{
			/* the end of a partition */
			segment.size = buf->len - begin - sizeof(segment);
			memcpy(buf->data + begin, &segment, sizeof(segment));
			append_zeros(buf, TYPEALIGN(8, (size_t) segment.size) - segment.size);
			sizes[p] = buf->len - begin;
			p = -1;
		}
		if (!more)
			break;
		if (p < 0)
		{
			p = funnel_spool_scan_partition(scan);
			begin = buf->len;
			append_zeros(buf, sizeof(segment));
		}
		funnel_events_sort_words(&events);
		unit = funnel_spool_scan_unit(scan);
		reserve(buf, funnel_spool_group_max_size(&spool->form, unit, events.nrows));
		to = buf->data + buf->len;
		buf->len += funnel_spool_write_group(&spool->form, &segment,
											 buf->data + begin + sizeof(segment), to, unit,
											 events.words, events.nrows) - to;
	} while (true);
	MemoryContextDelete(context);
}

/* Can all partitions be groups only?  That takes word events. */
static bool
can_group(const FunnelSpool *spool)
{
	return spool->mask != 0 && !spool->wide && !spool->form.with_items;
}

void
funnel_spool_group(FunnelSpool *spool)
{
	MemoryContext old;
	StringInfoData buf;
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	SpoolRun   *run;

	if (!can_group(spool) || spool->nruns > 0 || spool->allocated > MAX_MESSAGE_SIZE / 2 ||
		funnel_spool_is_over_budget(spool, spool->allocated))
		return;
	old = MemoryContextSwitchTo(spool->context);
	run = palloc0(sizeof(SpoolRun));
	initStringInfo(&buf);
	append_groups(&buf, spool, sizes);
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
		run->offsets[p + 1] = run->offsets[p] + sizes[p];
	append_zeros(&buf, SPOOL_PADDING);
	run->memory = buf.data;
	funnel_spool_replace(spool, run);
	MemoryContextSwitchTo(old);
}

void
funnel_spool_serialize(FunnelSpool *spool, StringInfo buf)
{
	int			npartitions = SPOOL_NUM_PARTITIONS(spool);
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	size_t		sizes_at;

	funnel_spool_settle(spool);
	pq_sendint32(buf, spool->codes.nmixed);
	for (int i = 0; i < spool->codes.nmixed; i++)
	{
		pq_sendint64(buf, spool->codes.mixed[i].steps);
		pq_sendint64(buf, spool->codes.mixed[i].breaks);
	}
	pq_sendbyte(buf, spool->wide);
	pq_sendbyte(buf, spool->mask != 0);
	sizes_at = buf->len;
	append_zeros(buf, npartitions * sizeof(uint64));

	if (can_group(spool))
		append_groups(buf, spool, sizes);
	else
	{
		for (int p = 0; p < npartitions; p++)
		{
			size_t		begin = buf->len;

			for (int i = 0; i < SPOOL_NUM_SOURCES(spool); i++)
				append_partition(buf, spool_source(spool, i), p);
			sizes[p] = buf->len - begin;
		}
	}
	for (int p = 0; p < npartitions; p++)
	{
		uint64		size = pg_hton64(sizes[p]);

		memcpy(buf->data + sizes_at + p * sizeof(size), &size, sizeof(size));
	}
}

bool
funnel_spool_is_large(const FunnelSpool *spool)
{
	return spool->mask != 0;
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
	spool->has_others = true;
	return true;
}
