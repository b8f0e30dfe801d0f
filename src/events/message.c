/*-------------------------------------------------------------------------
 *
 * events/message.c
 *	  The state of a per-unit aggregate on its way to another process.
 *
 * Messages never leave the server that runs the query, and no user can make
 * one: SQL has no values of type internal.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/aggcontext.h"
#include "base/compat.h"
#include "events/message.h"

/* The first byte of a message. */
#define MESSAGE_VERSION		1

/* In place of a text's length: there is none. */
#define NO_TEXT				PG_UINT32_MAX

/* More than an event takes without its text. */
#define EVENT_MAX			64

void
funnel_message_begin(StringInfo buf)
{
	pq_begintypsend(buf);
	pq_sendbyte(buf, MESSAGE_VERSION);
}

bytea *
funnel_message_send_events(StringInfo buf, const FunnelEventList *list,
						   const FunnelEventCodes *codes, const FunnelPayloads *texts)
{
	FunnelEventCursor cursor;
	FunnelRow	row;
	uint64		code = FUNNEL_NO_PAYLOAD;

	pq_sendint32(buf, list->nevents);
	funnel_event_cursor_init(&cursor, list);
	while (funnel_event_cursor_next(&cursor, codes, &row, &code))
	{
		uint32		len = 0;
		const char *text = NULL;

		if (texts != NULL)
			text = funnel_payload_text(texts, code, &len);
		if (unlikely((Size) buf->len + len > MaxAllocSize - EVENT_MAX))
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("too many events of one unit for one process of a parallel funnel"),
					 errdetail("A parallel worker can hand over at most 1 GB."),
					 errhint("Set max_parallel_workers_per_gather to 0 for this query.")));
		funnel_event_send(&row, buf);
		if (texts != NULL)
		{
			pq_sendint32(buf, text == NULL ? NO_TEXT : len);
			if (text != NULL)
				pq_sendbytes(buf, text, len);
		}
		CHECK_FOR_INTERRUPTS();
	}
	return pq_endtypsend(buf);
}

PG_FUNCTION_INFO_V1(funnel_message_deserialize);

/*
 * ..._deserialize(bytea, internal) returns internal
 */
Datum
funnel_message_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	StringInfo	message = palloc(sizeof(StringInfoData));

	(void) funnel_aggregate_context(fcinfo);
	initReadOnlyStringInfo(message, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_POINTER(message);
}

void
funnel_message_open(Datum message, StringInfo buf)
{
	*buf = *(StringInfo) DatumGetPointer(message);
	if (pq_getmsgbyte(buf) != MESSAGE_VERSION)
		elog(ERROR, "unexpected version of an aggregate's state");
}

void
funnel_message_receive_events(StringInfo buf, FunnelEventList *list,
							  FunnelPayloads *texts, MemoryContext context,
							  FunnelEventCodes *codes, MemoryContext codes_context)
{
	uint32		nevents = pq_getmsgint(buf, 4);

	for (uint32 i = 0; i < nevents; i++)
	{
		FunnelRow	row = funnel_event_receive(buf);
		FunnelLabelMatch labels = {row.steps, row.breaks};
		uint64		code = FUNNEL_NO_PAYLOAD;

		if (texts != NULL)
		{
			uint32		len = pq_getmsgint(buf, 4);

			if (len != NO_TEXT)
				code = funnel_payload_code(texts, context, pq_getmsgbytes(buf, len), len);
		}
		funnel_event_list_add(list, context, codes, codes_context, row.ts, labels, code);
		CHECK_FOR_INTERRUPTS();
	}
	pq_getmsgend(buf);
}
