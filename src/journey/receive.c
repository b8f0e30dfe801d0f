/*-------------------------------------------------------------------------
 *
 * journey/receive.c
 *	  A journey from a message: read and written anew, a few events at a time.
 *	  The receive function of the type calls it.
 *
 * A message need not be as we would write it.  Labels may sort differently in our
 * encoding than in the sender's, and then the events of one instant do, too; and
 * nothing says that the sender was one of us.  But a message of 16 MB may have
 * 2^27 events, so they are never all in memory: those of one instant are counted
 * by their codes, of which there are no more than labels.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/interrupts.h"
#include "journey/receive.h"

/* How many events are read at a time. */
#define CHUNK_EVENTS		256

typedef struct ReceivedSource
{
	FunnelJourneySource source;
	const FunnelJourneyView *view;
	const uint32 *codes;		/* ours, of each of the message's */
	uint32		ncodes;			/* ours */

	/* the event read last, if it is yet to be given */
	FunnelJourneyReader reader;
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

/* Read the next event; has_event is false behind the last. */
static inline void
read_event(ReceivedSource *received)
{
	uint32		code;

	received->has_event = received->reader.next < received->view->count;
	if (!received->has_event)
		return;
	received->event.ts = funnel_journey_reader_next(&received->reader, &code);
	received->event.label = received->codes[code];
}

static void
received_rewind(FunnelJourneySource *source)
{
	ReceivedSource *received = (ReceivedSource *) source;

	funnel_journey_reader_begin(&received->reader, received->view, received->view->stream);
	for (; received->next_present < received->npresent; received->next_present++)
	{
		received->counts[received->present[received->next_present]] = 0;
		funnel_poll_at(received->next_present);
	}
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
		funnel_poll_at(received->reader.next);
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
	FunnelLabelSet *set = funnel_label_table_set(table);
	ReceivedSource *received;
	uint32	   *codes;
	FunnelLabel *labels;
	FunnelJourney *result;

	if (view->count == 0)
		return funnel_journey_make_empty();

	/* which labels occur */
	for (uint32 i = 0; i < view->count; i++)
	{
		uint32		code = funnel_journey_code(view, view->stream, i);

		if (unlikely(code >= view->ncodes))
			funnel_journey_is_corrupt(view, "A label is out of range.");
		funnel_label_mark(set, ids[code]);
		funnel_poll_at(i);
	}
	labels = funnel_labels_number(set);

	/* what each code is here; those that do not occur are not looked at */
	codes = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(uint32) * view->ncodes);
	for (uint32 code = 0; code < view->ncodes; code++)
	{
		codes[code] = set->codes[ids[code]];
		funnel_poll_at(code);
	}

	received = palloc0(sizeof(ReceivedSource));
	received->source.count = view->count;
	received->source.first = view->first;
	received->source.last = view->last;
	received->source.rewind = received_rewind;
	received->source.next = received_next;
	received->view = view;
	received->codes = codes;
	received->ncodes = set->nmarked;
	result = funnel_journey_encode(&received->source, set, labels);

	if (received->counts != NULL)
	{
		pfree(received->counts);
		pfree(received->present);
	}
	pfree(received);
	pfree(codes);
	pfree(labels);
	return result;
}
