/*-------------------------------------------------------------------------
 *
 * journey/bytes.c
 *	  From the bytes of a journey to its events, and back.  The text form, the
 *	  functions and the matcher are built on it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "journey/bytes.h"
#include "journey/spelling.h"

/* How many events an array gives at a time: between two looks at interrupts. */
#define CHUNK_EVENTS		0x10000


/* ---------- reading ---------- */

const uint8 *
funnel_journey_pad_stream(const FunnelJourneyView *view, MemoryContext context,
						  uint8 **buffer, Size *size)
{
	Size		padded = view->stream_len + FUNNEL_JOURNEY_PADDING;

	if (padded > *size)
	{
		if (*size > 0)
			pfree(*buffer);
		*size = 0;
		*buffer = MemoryContextAllocHuge(context, padded * 2);
		*size = padded * 2;
	}
	memcpy(*buffer, view->stream, view->stream_len);
	memset(*buffer + view->stream_len, 0, FUNNEL_JOURNEY_PADDING);
	return *buffer;
}

FunnelLabel *
funnel_journey_labels(const FunnelJourneyView *view, uint64 **ends)
{
	FunnelLabel *labels;
	const uint8 *p = view->labels;
	const uint8 *end = p + view->labels_len;

	labels = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(FunnelLabel) * view->ncodes);
	if (ends != NULL)
		*ends = MemoryContextAllocHuge(CurrentMemoryContext,
									   sizeof(uint64) * view->nlabels);
	if (view->has_unlabelled)
	{
		labels[view->nlabels].text = NULL;
		labels[view->nlabels].len = 0;
	}

	if (view->spelled)
	{
		funnel_read_spelled(view, labels, ends != NULL ? *ends : NULL);
		return labels;
	}
	for (uint32 i = 0; i < view->nlabels; i++)
	{
		const uint8 *start = p;

		p = memchr(start, 0, end - start);
		if (p == NULL)
			funnel_journey_is_corrupt(view, "The value ends too early.");
		labels[i].text = (const char *) start;
		labels[i].len = (int) (p - start);
		p++;
		if (ends != NULL)
			(*ends)[i] = (uint64) (p - view->labels) * BITS_PER_BYTE;
		funnel_poll_at(i);
	}
	if (p != end)
		funnel_journey_is_corrupt(view, "Something follows the last label.");
	return labels;
}

void
funnel_journey_read(const FunnelJourney *journey, FunnelJourneyEvents *events)
{
	FunnelJourneyView view;
	FunnelJourneyReader reader;
	uint8	   *buffer = NULL;
	Size		size = 0;

	funnel_journey_open(&view, journey);
	memset(events, 0, sizeof(*events));
	if (view.count == 0)
		return;
	events->count = view.count;
	events->ncodes = view.ncodes;
	events->times = MemoryContextAllocHuge(CurrentMemoryContext,
										   sizeof(int64) * view.count);
	events->codes = MemoryContextAllocHuge(CurrentMemoryContext,
										   sizeof(uint32) * view.count);
	funnel_journey_reader_begin(&reader, &view,
								funnel_journey_padded_stream(&view, CurrentMemoryContext,
															 &buffer, &size));
	for (uint32 i = 0; i < view.count; i++)
	{
		events->times[i] = funnel_journey_reader_next(&reader, &events->codes[i]);
		funnel_poll_at(i);
	}
	events->labels = funnel_journey_labels(&view, NULL);
	if (size > 0)
		pfree(buffer);
}


/* ---------- writing ---------- */

/* The events of a source, one after the other. */
typedef struct EventCursor
{
	FunnelJourneySource *source;
	const FunnelJourneyEvent *next;
	const FunnelJourneyEvent *end;	/* of those at hand */
	int64		ts;				/* of the last one, for intervals */
} EventCursor;

static inline const FunnelJourneyEvent *
next_event(EventCursor *cursor)
{
	if (cursor->next == cursor->end)
	{
		uint32		nevents;

		CHECK_FOR_INTERRUPTS();
		nevents = cursor->source->next(cursor->source, &cursor->next);
		Assert(nevents > 0);
		cursor->end = cursor->next + nevents;
	}
	return cursor->next++;
}

static inline void
begin_events(EventCursor *cursor, FunnelJourneySource *source)
{
	source->rewind(source);
	cursor->source = source;
	cursor->next = cursor->end = NULL;
}

/* The first event is passed over by beginning. */
static inline void
begin_intervals(EventCursor *cursor, FunnelJourneySource *source)
{
	begin_events(cursor, source);
	cursor->ts = next_event(cursor)->ts;
}

static inline uint64
next_interval(EventCursor *cursor)
{
	int64		previous = cursor->ts;

	cursor->ts = next_event(cursor)->ts;
	return (uint64) cursor->ts - (uint64) previous;
}

/* The greatest tick that divides all intervals; the last one too. */
static void
choose_tick(FunnelJourneyView *view, FunnelJourneySource *source)
{
	int			tick = view->count >= 2 ? FUNNEL_JOURNEY_NUM_TICKS - 1 : 0;
	EventCursor cursor;

	begin_intervals(&cursor, source);
	for (uint32 i = 1; i < view->count && tick > 0; i++)
		funnel_journey_fit_tick(&tick, next_interval(&cursor));
	view->tick = funnel_journey_ticks[tick];
	view->span = ((uint64) view->last - (uint64) view->first) / (uint64) view->tick;
}

/*
 * The widths of the intervals: short ones beside long ones only where that saves
 * an eighth, because they take longer to read.  Returns the number of bits,
 * selectors included.
 */
static uint64
choose_widths(FunnelJourneyView *view, FunnelJourneySource *source)
{
	uint32		counts[FUNNEL_JOURNEY_MAX_WIDTH + 1] = {0}; /* by bits needed */
	uint64		nintervals = view->count - 2;
	uint64		single;
	uint64		best;
	uint64		nshort = 0;
	EventCursor cursor;

	begin_intervals(&cursor, source);
	for (uint32 i = 0; i < nintervals; i++)
		counts[funnel_bits_of(next_interval(&cursor) / (uint64) view->tick)]++;

	view->long_width = FUNNEL_JOURNEY_MAX_WIDTH;
	while (view->long_width > 0 && counts[view->long_width] == 0)
		view->long_width--;
	view->short_width = view->long_width;
	single = best = nintervals * view->long_width;
	for (int width = 0; width < view->long_width; width++)
	{
		uint64		bits;

		nshort += counts[width];
		bits = nintervals + nshort * width + (nintervals - nshort) * view->long_width;
		if (bits <= single - single / 8 && bits < best)
		{
			best = bits;
			view->short_width = width;
		}
	}
	return best;
}

/* How many bytes the labels take, and whether they are spelled. */
static uint64
choose_spelling(FunnelJourneyView *view, const FunnelLabel *labels)
{
	uint64		spelled = funnel_spelled_size(labels, view->nlabels);
	uint64		unspelled = 0;

	for (uint32 i = 0; i < view->nlabels; i++)
	{
		unspelled += (uint64) labels[i].len + 1;
		funnel_poll_at(i);
	}
	view->spelled = spelled < unspelled;
	return Min(spelled, unspelled);
}

static uint8 *
write_stream(uint8 *p, const FunnelJourneyView *view, FunnelJourneySource *source)
{
	uint64		tick = (uint64) view->tick;
	FunnelBitWriter writer;
	EventCursor cursor;

	funnel_bit_writer_begin(&writer, p);
	begin_events(&cursor, source);
	for (uint32 i = 0; i < view->count; i++)
		funnel_bit_writer_put(&writer, next_event(&cursor)->label, view->code_width);
	if (view->short_width < view->long_width)
	{
		begin_intervals(&cursor, source);
		for (uint32 i = 1; i + 1 < view->count; i++)
			funnel_bit_writer_put(&writer, funnel_bits_of(next_interval(&cursor) / tick) >
								  view->short_width, 1);
	}
	begin_intervals(&cursor, source);
	for (uint32 i = 1; i + 1 < view->count; i++)
	{
		uint64		interval = next_interval(&cursor) / tick;

		funnel_bit_writer_put(&writer, interval,
							  funnel_bits_of(interval) > view->short_width ?
							  view->long_width : view->short_width);
	}
	funnel_bit_writer_end(&writer);
	Assert(writer.p == p + view->stream_len);
	return writer.p;
}

static uint8 *
write_labels(uint8 *p, const FunnelJourneyView *view, const FunnelLabel *labels)
{
	if (view->spelled)
		return funnel_spell(p, labels, view->nlabels);
	for (uint32 i = 0; i < view->nlabels; i++)
	{
		memcpy(p, labels[i].text, labels[i].len);
		p += labels[i].len;
		*p++ = 0;
		funnel_poll_at(i);
	}
	return p;
}

FunnelJourney *
funnel_journey_encode(FunnelJourneySource *source, const FunnelLabelSet *set,
					  const FunnelLabel *labels)
{
	FunnelJourneyView view;
	uint64		bits;
	uint64		size;
	FunnelJourney *result;
	uint8	   *p;

	view.count = source->count;
	view.first = source->first;
	view.last = source->last;
	view.has_unlabelled = set->has_unlabelled;
	view.ncodes = set->nmarked;
	view.nlabels = view.ncodes - view.has_unlabelled;
	view.code_width = funnel_journey_code_width(view.ncodes);
	view.long_width = view.short_width = 0;
	choose_tick(&view, source);
	bits = (uint64) view.count * view.code_width;
	if (view.count >= 3)
		bits += choose_widths(&view, source);
	view.stream_len = (Size) ((bits + 7) / 8);

	size = VARHDRSZ + FUNNEL_JOURNEY_MAX_HEADER + (uint64) view.stream_len +
		choose_spelling(&view, labels);
	if (size > MaxAllocSize)
		funnel_journey_too_many_events();
	result = palloc((Size) size);
	p = funnel_journey_write_header((uint8 *) VARDATA(result), &view);
	Assert(p - (uint8 *) VARDATA(result) <= FUNNEL_JOURNEY_MAX_HEADER);
	p = write_stream(p, &view, source);
	p = write_labels(p, &view, labels);
	Assert((Size) (p - (uint8 *) result) <= size);
	SET_VARSIZE(result, p - (uint8 *) result);
	return result;
}

/* Events in memory, a chunk at a time. */
typedef struct ArraySource
{
	FunnelJourneySource source;
	const FunnelJourneyEvent *events;
	uint32		next;
} ArraySource;

static void
array_rewind(FunnelJourneySource *source)
{
	((ArraySource *) source)->next = 0;
}

static uint32
array_next(FunnelJourneySource *source, const FunnelJourneyEvent **events)
{
	ArraySource *array = (ArraySource *) source;
	uint32		nevents = Min(source->count - array->next, CHUNK_EVENTS);

	*events = array->events + array->next;
	array->next += nevents;
	return nevents;
}

#define COMPARE_EVENTS(a, b) \
	((a)->ts != (b)->ts ? ((a)->ts < (b)->ts ? -1 : 1) : \
	 (a)->label != (b)->label ? ((a)->label < (b)->label ? -1 : 1) : 0)

#define ST_SORT sort_events
#define ST_ELEMENT_TYPE FunnelJourneyEvent
#define ST_COMPARE(a, b) COMPARE_EVENTS(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/*
 * The journey of events with ids of SET, which become codes and are sorted.
 *
 * An error in here leaves labels marked, but then the query is over, and what
 * the set belongs to with it.
 */
static FunnelJourney *
encode_array(FunnelLabelSet *set, FunnelJourneyEvent *events, uint32 nevents)
{
	FunnelLabel *labels;
	bool		in_order = true;
	ArraySource array;
	FunnelJourney *result;

	for (uint32 i = 0; i < nevents; i++)
	{
		funnel_label_mark(set, events[i].label);
		funnel_poll_at(i);
	}
	labels = funnel_labels_number(set);
	for (uint32 i = 0; i < nevents; i++)
	{
		events[i].label = set->codes[events[i].label];
		if (i > 0 && COMPARE_EVENTS(&events[i - 1], &events[i]) > 0)
			in_order = false;
		funnel_poll_at(i);
	}
	if (!in_order)
		sort_events(events, nevents);

	array.source.count = nevents;
	array.source.first = events[0].ts;
	array.source.last = events[nevents - 1].ts;
	array.source.rewind = array_rewind;
	array.source.next = array_next;
	array.events = events;
	result = funnel_journey_encode(&array.source, set, labels);
	funnel_labels_unmark(set);
	pfree(labels);
	return result;
}

FunnelJourney *
funnel_journey_build(FunnelLabelTable *table, const FunnelJourneyEvent *events,
					 size_t nevents)
{
	FunnelJourneyEvent *copy;
	FunnelJourney *result;

	if (nevents == 0)
		return funnel_journey_make_empty();
	if (nevents > FUNNEL_JOURNEY_MAX_EVENTS)
		funnel_journey_too_many_events();
	copy = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(FunnelJourneyEvent) * nevents);
	for (size_t i = 0; i < nevents; i += CHUNK_EVENTS)
	{
		CHECK_FOR_INTERRUPTS();
		memcpy(copy + i, events + i,
			   sizeof(FunnelJourneyEvent) * Min(nevents - i, CHUNK_EVENTS));
	}
	result = encode_array(funnel_label_table_set(table), copy, (uint32) nevents);
	pfree(copy);
	return result;
}

/* The labels of a journey as a set, kept as long as its events are. */
static FunnelLabelSet *
make_set(const FunnelJourneyEvents *events)
{
	MemoryContext context = GetMemoryChunkContext(events->codes);
	FunnelLabelSet *set = MemoryContextAllocZero(context, sizeof(FunnelLabelSet));

	set->labels = events->labels;
	set->ascending = true;
	set->codes = MemoryContextAllocHuge(context, sizeof(uint32) * events->ncodes);
	set->marked = MemoryContextAllocHuge(context, sizeof(uint32) * events->ncodes);
	for (uint32 code = 0; code < events->ncodes; code++)
	{
		set->codes[code] = FUNNEL_NO_CODE;
		funnel_poll_at(code);
	}
	return set;
}

FunnelJourney *
funnel_journey_part(FunnelJourneyEvents *events, uint32 from, uint32 to,
					const bool *keep)
{
	FunnelJourneyEvent *part;
	uint32		count = 0;
	FunnelJourney *result;

	if (from >= to)
		return funnel_journey_make_empty();

	/* kept, so that a small part costs nothing for labels that it has not */
	if (events->set == NULL)
		events->set = make_set(events);
	part = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(FunnelJourneyEvent) * (to - from));
	for (uint32 i = from; i < to; i++)
	{
		uint32		code = events->codes[i];

		funnel_poll_at(i);
		if (keep != NULL && !keep[code])
			continue;
		part[count].ts = events->times[i];
		part[count].label = code;
		count++;
	}
	result = count == 0 ? funnel_journey_make_empty() :
		encode_array(events->set, part, count);
	pfree(part);
	return result;
}
