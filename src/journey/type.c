/*-------------------------------------------------------------------------
 *
 * journey/type.c
 *	  funnel_journey as a type: input, output, and the accessors that need
 *	  the header only.  SQL calls them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/interrupts.h"
#include "journey/receive.h"
#include "journey/text.h"

/*
 * What is wrong with a message is reported here: the errors of pq_getmsgint and
 * its relatives are those of the protocol.
 */
static void
check_left(StringInfo message, uint64 len)
{
	FunnelJourneyView view = {.received = true};

	if (len > (uint64) (message->len - message->cursor))
		funnel_journey_is_corrupt(&view, "The value ends too early.");
}

static uint32
read_length(StringInfo message)
{
	check_left(message, sizeof(uint32));
	return pq_getmsgint(message, sizeof(uint32));
}

PG_FUNCTION_INFO_V1(funnel_journey_in);
Datum
funnel_journey_in(PG_FUNCTION_ARGS)
{
	FunnelJourney *journey = funnel_journey_parse(PG_GETARG_CSTRING(0), fcinfo->context);

	if (journey == NULL)
		PG_RETURN_NULL();
	PG_RETURN_FUNNEL_JOURNEY_P(journey);
}

PG_FUNCTION_INFO_V1(funnel_journey_out);
Datum
funnel_journey_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(funnel_journey_print(PG_GETARG_FUNNEL_JOURNEY_PP(0)));
}

/*
 * On the wire are first the labels, in the client's encoding: int32 number of
 * labels, for each int32 length and text; then the bytes up to the labels as
 * they are on disk.
 */
PG_FUNCTION_INFO_V1(funnel_journey_send);
Datum
funnel_journey_send(PG_FUNCTION_ARGS)
{
	FunnelJourney *journey = PG_GETARG_FUNNEL_JOURNEY_PP(0);
	FunnelJourneyView view;
	FunnelLabel *labels;
	StringInfoData message;

	funnel_journey_open(&view, journey);
	pq_begintypsend(&message);
	pq_sendint32(&message, view.nlabels);
	if (view.count > 0)
	{
		labels = funnel_journey_labels(&view, NULL);
		for (uint32 i = 0; i < view.nlabels; i++)
		{
			pq_sendcountedtext(&message, labels[i].text, labels[i].len);
			funnel_poll_at(i);
		}
		pq_sendbytes(&message, (const char *) view.bytes, view.labels - view.bytes);
	}
	else
		pq_sendbytes(&message, (const char *) view.bytes, view.len);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * What comes from the wire is taken apart, with all its checks, and put
 * together again: so it is the one image of what it says, even if its labels
 * sort differently in our encoding than in the sender's.
 */
PG_FUNCTION_INFO_V1(funnel_journey_recv);
Datum
funnel_journey_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	FunnelLabelTable *table = funnel_label_table_create(CurrentMemoryContext, 8);
	uint32		nlabels = read_length(message);
	uint32	   *ids;
	uint8	   *bytes;
	int			len;
	FunnelJourneyView view;
	FunnelJourney *result;

	check_left(message, (uint64) nlabels * sizeof(uint32));
	ids = MemoryContextAllocHuge(CurrentMemoryContext,
								 sizeof(uint32) * ((Size) nlabels + 1));
	for (uint32 i = 0; i < nlabels; i++)
	{
		uint32		wirelen = read_length(message);
		char	   *text;
		int			textlen;

		check_left(message, wirelen);
		text = pq_getmsgtext(message, (int) wirelen, &textlen);
		ids[i] = funnel_label_table_add(table, text, textlen);
		pfree(text);
		CHECK_FOR_INTERRUPTS();
	}
	ids[nlabels] = FUNNEL_NO_LABEL;

	len = message->len - message->cursor;
	bytes = palloc0((Size) len + FUNNEL_JOURNEY_PADDING);
	memcpy(bytes, pq_getmsgbytes(message, len), len);
	funnel_journey_open_received(&view, bytes, len);
	if (view.nlabels != nlabels)
		funnel_journey_is_corrupt(&view, "The number of labels is not that of the labels.");

	result = funnel_journey_receive(&view, table, ids);
	pfree(bytes);
	PG_RETURN_FUNNEL_JOURNEY_P(result);
}

/*
 * Accessors that look at the header only
 */

PG_FUNCTION_INFO_V1(funnel_journey_length);
Datum
funnel_journey_length(PG_FUNCTION_ARGS)
{
	FunnelJourneyView view;

	funnel_journey_open_header(&view, PG_GETARG_DATUM(0));
	PG_RETURN_INT64(view.count);
}

PG_FUNCTION_INFO_V1(funnel_journey_first_at);
Datum
funnel_journey_first_at(PG_FUNCTION_ARGS)
{
	FunnelJourneyView view;

	funnel_journey_open_header(&view, PG_GETARG_DATUM(0));
	if (view.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(view.first);
}

PG_FUNCTION_INFO_V1(funnel_journey_last_at);
Datum
funnel_journey_last_at(PG_FUNCTION_ARGS)
{
	FunnelJourneyView view;

	funnel_journey_open_header(&view, PG_GETARG_DATUM(0));
	if (view.count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(view.last);
}
