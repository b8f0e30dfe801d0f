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
 *	in a file	a byte
 *	segments	of all partitions, see spool/records.h; or which file has them
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "spool/impl.h"
#include "spool/sharedfile.h"

/* Room for a tuple's header, and the rest of a serialized state */
#define MAX_MESSAGE_SIZE	(MaxAllocSize - 1024 * 1024)

/* Segments are not larger, but for one unit, nor what is read at a time. */
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
	for (size_t done = 0; done < size; done += MAX_PIECE_SIZE)
	{
		CHECK_FOR_INTERRUPTS();
		funnel_file_write(outlet->file, outlet->buf->data + outlet->begin + done,
						  Min(size - done, MAX_PIECE_SIZE));
	}
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
	for (SpoolBlock *block = spool->partitions[p].head; block != NULL; block = block->next)
	{
		SpoolRun	run = run_of_block(block);

		append_bytes(outlet, &run, 0, spool_segment_size(&block->segment));
	}
}

/*
 * All partitions, their records in groups, as segments.
 */
static void
append_groups(Outlet *outlet, FunnelSpool *spool, uint64 *sizes)
{
	StringInfo	buf = outlet->buf;
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
		if (p >= 0 && (!more || funnel_spool_scan_partition(scan) != p ||
					   buf->len - begin >= MAX_PIECE_SIZE))
		{
			/* the end of a segment */
			segment.size = buf->len - begin - sizeof(segment);
			memcpy(buf->data + begin, &segment, sizeof(segment));
			append_zeros(buf, TYPEALIGN(8, (size_t) segment.size) - segment.size);
			sizes[p] += buf->len - begin;
			relieve(outlet);
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
	return spool->mask != 0 && !spool->wide && spool->form.nitems == 0;
}

void
funnel_spool_group(FunnelSpool *spool)
{
	MemoryContext old;
	StringInfoData buf;
	Outlet		outlet;
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	SpoolRun   *run;

	if (!can_group(spool) || spool->nruns > 0 || spool->allocated > MAX_MESSAGE_SIZE / 2 ||
		funnel_spool_is_over_budget(spool, spool->allocated))
		return;
	old = MemoryContextSwitchTo(spool->context);
	run = palloc0(sizeof(SpoolRun));
	initStringInfo(&buf);
	init_outlet(&outlet, &buf);
	append_groups(&outlet, spool, sizes);
	for (int p = 0; p < SPOOL_PARTITIONS; p++)
		run->offsets[p + 1] = run->offsets[p] + sizes[p];
	append_zeros(&buf, SPOOL_PADDING);
	run->memory = buf.data;
	funnel_spool_replace(spool, run);
	MemoryContextSwitchTo(old);
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

	return Min(left / 2, funnel_spool_message_share() / nsenders);
}

void
funnel_spool_serialize(FunnelSpool *spool, StringInfo buf, bool may_use_file,
					   FunctionCallInfo fcinfo)
{
	int			npartitions = SPOOL_NUM_PARTITIONS(spool);
	uint64		sizes[SPOOL_PARTITIONS] = {0};
	size_t		sizes_at;
	Outlet		outlet;

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
	append_zeros(buf, npartitions * sizeof(uint64) + 1);

	init_outlet(&outlet, buf);
	if (may_use_file && spool->mask != 0)
		outlet.limit = max_message_size(spool);
	outlet.fcinfo = fcinfo;
	outlet.context = spool->context;
	if (can_group(spool))
		append_groups(&outlet, spool, sizes);
	else
	{
		for (int p = 0; p < npartitions; p++)
		{
			int64		begin = outlet_size(&outlet);

			for (int i = 0; i < SPOOL_NUM_SOURCES(spool); i++)
				append_partition(&outlet, spool_source(spool, i), p);
			sizes[p] = outlet_size(&outlet) - begin;
		}
	}
	if (outlet.file != NULL)
	{
		/* this is where the spool's own content is now, too */
		SpoolRun   *run = MemoryContextAllocZero(spool->context, sizeof(SpoolRun));

		funnel_shared_file_finish(outlet.file);
		run->file = outlet.file;
		/* the server may keep the message for long */
		buf->maxlen = buf->len + 1;
		buf->data = repalloc(buf->data, buf->maxlen);
		for (int p = 0; p < npartitions; p++)
			run->offsets[p + 1] = run->offsets[p] + sizes[p];
		funnel_spool_replace(spool, run);
		buf->data[outlet.begin - 1] = true;
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
 * Append the segments at a place of a run, record by record; CODES as in
 * funnel_spool_add_run, FROM are the sender's.
 */
static void
append_records(FunnelSpool *spool, const FunnelEventCodes *from, const SpoolRun *run,
			   int64 at, int64 end, const uint8 *codes)
{
	char	   *copy = NULL;
	size_t		capacity = 0;

	while (at < end)
	{
		SpoolSegment header;
		const SpoolSegment *segment;
		const char *next;
		size_t		size;

		CHECK_FOR_INTERRUPTS();
		if (end - at < (int64) sizeof(header))
			funnel_spool_is_invalid();
		read_run(run, at, &header, sizeof(header));
		size = spool_segment_size(&header);
		if (end - at < (int64) size)
			funnel_spool_is_invalid();
		if (size + SPOOL_PADDING > capacity)
		{
			capacity = size + size / 4 + SPOOL_PADDING;
			copy = spool_replace_buffer(CurrentMemoryContext, copy, capacity);
		}
		read_run(run, at, copy, size);
		memset(copy + size, 0, SPOOL_PADDING);
		if (codes != NULL)
			funnel_spool_translate(spool, copy, size, codes);
		next = copy;
		segment = funnel_spool_next_segment(spool, &next, copy + size);
		funnel_spool_append_segment(spool, codes != NULL ? &spool->codes : from, segment);
		at += size;
	}
	if (copy != NULL)
		pfree(copy);
}

void
funnel_spool_absorb(FunnelSpool *spool, StringInfo buf, FunctionCallInfo fcinfo)
{
	FunnelEventCodes from;
	bool		wide;
	int			npartitions;
	bool		same;
	uint8	   *codes;
	int64		size = 0;
	SpoolRun   *run = MemoryContextAllocZero(spool->context, sizeof(SpoolRun));
	bool		in_file;
	bool		in_one;

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

		if (part < 0 || part % 8 != 0 || part > PG_INT64_MAX / SPOOL_PARTITIONS)
			funnel_spool_is_invalid();
		size += part;
		run->offsets[p + 1] = size;
	}
	in_file = pq_getmsgbyte(buf) != 0;
	if (in_file)
	{
		FunnelSharedFile shared;

		pq_copymsgbytes(buf, (char *) &shared, sizeof(shared));
		run->file = funnel_shared_file_open(&shared, fcinfo, spool->context);
	}
	else
	{
		if (size > buf->len - buf->cursor)
			funnel_spool_is_invalid();
		run->memory = unconstify(char *, pq_getmsgbytes(buf, size));
	}

	if (npartitions > 1)
		funnel_spool_partition(spool);
	codes = take_codes(spool, &from, &same);
	if (wide || codes == NULL)
		funnel_spool_widen(spool);

	/* too few events, or with codes for no one else, come as single records */
	in_one = npartitions > 1 && codes != NULL &&
		(in_file ? same : funnel_spool_takes_run(spool, size));
	if (!in_one)
	{
		append_records(spool, &from, run, 0, size, same ? NULL : codes);
		pfree(run);
	}
	else if (in_file)
		funnel_spool_add_file(spool, run);
	else
		funnel_spool_add_run(spool, run, same ? NULL : codes);
	if (codes != NULL)
		pfree(codes);
	pfree(from.mixed);
}

/* Append all of another spool, record by record. */
static void
append_spool(FunnelSpool *spool, FunnelSpool *from, const uint8 *codes)
{
	/* it must stay where it is, which may be in memory, as this one grows */
	funnel_spool_set_idle(from, false);
	for (int i = 0; i < SPOOL_NUM_SOURCES(from); i++)
	{
		const FunnelSpool *source = spool_source(from, i);

		for (int r = 0; r < source->nruns; r++)
			append_records(spool, &from->codes, source->runs[r],
						   source->runs[r]->offsets[0],
						   source->runs[r]->offsets[SPOOL_PARTITIONS], codes);
		for (int p = 0; p < SPOOL_NUM_PARTITIONS(source); p++)
		{
			for (SpoolBlock *block = source->partitions[p].head; block != NULL; block = block->next)
			{
				SpoolRun	run = run_of_block(block);

				append_records(spool, &from->codes, &run, 0,
							   spool_segment_size(&block->segment), codes);
			}
		}
	}
	funnel_spool_set_idle(from, true);
}

bool
funnel_spool_borrow(FunnelSpool *spool, FunnelSpool *lender)
{
	bool		same;
	uint8	   *codes;
	bool		borrowed;

	funnel_spool_partition(spool);
	funnel_spool_settle(lender);
	codes = take_codes(spool, &lender->codes, &same);
	if (lender->wide || codes == NULL)
		funnel_spool_widen(spool);

	/* the codes of its events may be others here; nor is there a chain of loans */
	borrowed = codes != NULL && same && lender->nlenders == 0;
	if (!borrowed)
		append_spool(spool, lender, same ? NULL : codes);
	else
	{
		if (spool->nlenders == 0)
			spool->lenders = MemoryContextAlloc(spool->context, sizeof(FunnelSpool *));
		else
			spool->lenders = repalloc(spool->lenders,
									  sizeof(FunnelSpool *) * (spool->nlenders + 1));
		spool->lenders[spool->nlenders++] = lender;
		spool->has_others = true;
	}
	if (codes != NULL)
		pfree(codes);
	return borrowed;
}
