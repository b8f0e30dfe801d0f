/*-------------------------------------------------------------------------
 *
 * journey/receive.c
 *	  A journey from a message: read and written anew, a few events at a time.
 *
 * What comes need not be what we would write.  Labels may sort differently in
 * our encoding than in the sender's, so that the events of one instant do, too;
 * and nothing says that the sender was one of us.  But a message of 16 MB may
 * have 2^27 events, so that they are never all in memory: those of one instant
 * are counted by their codes, of which there are no more than labels.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "journey/bits.h"
#include "journey/type.h"

/* How many events are read at a time. */
#define CHUNK_EVENTS		256

/* How many events pass between two looks at the interrupt flag. */
#define INTERRUPT_MASK		0xFFFF

typedef struct ReceivedSource
{
	FunnelJourneySource source;
	const FunnelJourneyView *view;
	const uint32 *codes;		/* ours, of each of the message's */
	uint32		ncodes;			/* ours */

	/* the event read last, if it is yet to be given */
	FunnelIntervals intervals;
	uint64		sum;
	uint32		nread;
	bool		has_event;
	FunnelJourneyEvent event;

	/* an instant of several events */
	int64		ts;
	uint32	   *counts;			/* of each code; NULL until there is one */
	uint32	   *present;		/* the codes that occur, ascending */
	uint32		npresent;
	uint32		next_present;

	FunnelJourneyEvent chunk[CHUNK_EVENTS];
} ReceivedSource;

static inline int
compare_codes(const uint32 *a, const uint32 *b)
{
	return *a < *b ? -1 : *a > *b;
}

#define ST_SORT sort_codes
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b) compare_codes(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static inline int
compare_labels(const uint32 *a, const uint32 *b, const FunnelLabelTable *table)
{
	int			alen;
	int			blen;
	const char *atext = funnel_label_table_text(table, *a, &alen);
	const char *btext = funnel_label_table_text(table, *b, &blen);
	int			cmp = memcmp(atext, btext, Min(alen, blen));

	return cmp != 0 ? cmp : (alen > blen) - (alen < blen);
}

#define ST_SORT sort_labels
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b, table) compare_labels(a, b, table)
#define ST_COMPARE_ARG_TYPE const FunnelLabelTable
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

static inline uint32
message_code(const FunnelJourneyView *view, uint32 i)
{
	return (uint32) funnel_bits_get(view->stream, (uint64) i * view->code_width,
									view->code_width);
}

/* Read the next event; has_event is false behind the last. */
static inline void
read_event(ReceivedSource *received)
{
	const FunnelJourneyView *view = received->view;
	uint32		i = received->nread;

	received->has_event = i < view->count;
	if (!received->has_event)
		return;
	if (i + 1 == view->count && i > 0)
		received->sum = view->span;
	else if (i > 0 && unlikely(!funnel_intervals_next(&received->intervals, &received->sum)))
		funnel_journey_is_corrupt(view, "A time is out of range.");
	received->event.ts = (int64) ((uint64) view->first + received->sum * (uint64) view->unit);
	received->event.label = received->codes[message_code(view, i)];
	received->nread++;
}

static void
received_rewind(FunnelJourneySource *source)
{
	ReceivedSource *received = (ReceivedSource *) source;

	funnel_intervals_begin(&received->intervals, received->view, received->view->stream);
	received->sum = 0;
	received->nread = 0;
	for (; received->next_present < received->npresent; received->next_present++)
		received->counts[received->present[received->next_present]] = 0;
	received->npresent = received->next_present = 0;
	read_event(received);
}

/* Count the events of the instant that begins with FIRST, by their codes. */
static void
read_instant(ReceivedSource *received, FunnelJourneyEvent first)
{
	if (received->counts == NULL)
	{
		received->counts = MemoryContextAllocExtended(CurrentMemoryContext,
													  sizeof(uint32) * received->ncodes,
													  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		received->present = MemoryContextAllocHuge(CurrentMemoryContext,
												   sizeof(uint32) * received->ncodes);
	}
	received->ts = first.ts;
	received->present[0] = first.label;
	received->npresent = 1;
	received->next_present = 0;
	received->counts[first.label] = 1;
	while (received->has_event && received->event.ts == first.ts)
	{
		if (received->counts[received->event.label]++ == 0)
			received->present[received->npresent++] = received->event.label;
		read_event(received);
		if ((received->nread & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	sort_codes(received->present, received->npresent);
}

static uint32
received_next(FunnelJourneySource *source, const FunnelJourneyEvent **events)
{
	ReceivedSource *received = (ReceivedSource *) source;
	uint32		n = 0;

	while (n < CHUNK_EVENTS)
	{
		if (received->next_present < received->npresent)
		{
			uint32		code = received->present[received->next_present];

			received->chunk[n].ts = received->ts;
			received->chunk[n++].label = code;
			if (--received->counts[code] == 0)
				received->next_present++;
		}
		else if (received->has_event)
		{
			FunnelJourneyEvent event = received->event;

			read_event(received);
			if (received->has_event && received->event.ts == event.ts)
				read_instant(received, event);
			else
				received->chunk[n++] = event;
		}
		else
			break;
	}
	*events = received->chunk;
	return n;
}

FunnelJourney *
funnel_journey_receive(const FunnelJourneyView *view, FunnelLabelTable *table,
					   const uint32 *ids)
{
	ReceivedSource *received;
	uint32	   *marks = funnel_label_table_marks(table);
	uint32	   *codes;
	uint32	   *used;
	FunnelLabel *labels;
	uint32		nlabels = 0;
	bool		has_unnamed = false;
	FunnelJourney *result;

	if (view->count == 0)
		return funnel_journey_build(table, NULL, 0);

	/* which labels occur */
	used = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * view->ncodes);
	for (uint32 i = 0; i < view->count; i++)
	{
		uint32		code = message_code(view, i);
		uint32		id;

		if (unlikely(code >= view->ncodes))
			funnel_journey_is_corrupt(view, "A label is out of range.");
		id = ids[code];
		if (id == FUNNEL_NO_LABEL)
			has_unnamed = true;
		else if (marks[id] == FUNNEL_NO_LABEL)
		{
			marks[id] = 0;
			used[nlabels++] = id;
		}
		if ((i & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
	}
	sort_labels(used, nlabels, table);
	labels = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(FunnelLabel) * Max(nlabels, 1));
	for (uint32 i = 0; i < nlabels; i++)
	{
		labels[i].text = funnel_label_table_text(table, used[i], &labels[i].len);
		marks[used[i]] = i;
	}

	/* what each code is here; those that do not occur are not looked at */
	codes = used;
	for (uint32 code = 0; code < view->ncodes; code++)
		codes[code] = ids[code] == FUNNEL_NO_LABEL ? nlabels : marks[ids[code]];

	received = palloc0(sizeof(ReceivedSource));
	received->source.count = view->count;
	received->source.first = view->first;
	received->source.last = view->last;
	received->source.rewind = received_rewind;
	received->source.next = received_next;
	received->view = view;
	received->codes = codes;
	received->ncodes = nlabels + has_unnamed;
	result = funnel_journey_encode(&received->source, labels, nlabels, has_unnamed);

	if (received->counts != NULL)
	{
		pfree(received->counts);
		pfree(received->present);
	}
	pfree(received);
	pfree(labels);
	pfree(codes);
	return result;
}
