/*-------------------------------------------------------------------------
 *
 * language/stage.c
 *	  funnel_stage: one position in a funnel with its name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "language/stage.h"

/* Room for a position, its colon and a terminator in the text form. */
#define POSITION_CHARS	sizeof("32767:")

PG_FUNCTION_INFO_V1(funnel_stage_in);
PG_FUNCTION_INFO_V1(funnel_stage_out);
PG_FUNCTION_INFO_V1(funnel_stage_recv);
PG_FUNCTION_INFO_V1(funnel_stage_send);
PG_FUNCTION_INFO_V1(funnel_stage_construct);
PG_FUNCTION_INFO_V1(funnel_stage_get_position);
PG_FUNCTION_INFO_V1(funnel_stage_get_name);


void
funnel_stage_is_corrupt(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("invalid bytes for type %s", "funnel_stage"),
			 errdetail("The position must be between 1 and %d.",
					   FUNNEL_STAGE_MAX_POSITION)));
}

FunnelStage *
funnel_stage_make(int position, const char *name, int len)
{
	FunnelStage *stage;
	Size		size;
	unsigned char *data;

	Assert(position >= 1 && position <= FUNNEL_STAGE_MAX_POSITION);
	Assert(len >= 0);

	/* The text form must fit into one allocation as well. */
	if ((Size) len > MaxAllocSize - VARHDRSZ - POSITION_CHARS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("stage name is too long")));

	size = VARHDRSZ + FUNNEL_STAGE_NAME_OFFSET + (Size) len;
	stage = (FunnelStage *) palloc(size);
	SET_VARSIZE(stage, size);
	data = (unsigned char *) VARDATA(stage);
	data[0] = (unsigned char) (position >> 8);
	data[1] = (unsigned char) (position & 0xFF);
	memcpy(data + FUNNEL_STAGE_NAME_OFFSET, name, len);

	return stage;
}


/*
 * Text form: "2:cart", or "2" when the name is empty.  The first colon
 * separates, so that a name may hold anything.
 */
Datum
funnel_stage_in(PG_FUNCTION_ARGS)
{
	char	   *str = PG_GETARG_CSTRING(0);
	char	   *cp = str;
	int			position = 0;
	bool		in_range = true;

	/* Not strtol: it would take signs and leading white space. */
	for (; *cp >= '0' && *cp <= '9'; cp++)
	{
		position = position * 10 + (*cp - '0');
		if (position > FUNNEL_STAGE_MAX_POSITION)
		{
			in_range = false;
			position = 0;
		}
	}

	if (cp == str)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"funnel_stage", str),
				 errdetail("Expected a position in digits at character 1."),
				 errhint("Write a stage as its position, a colon and its name: \"2:cart\".")));

	if (*cp != '\0' && *cp != ':')
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"funnel_stage", str),
				 errdetail("Expected \":\" after the position, at character %d.",
						   (int) (cp - str) + 1),
				 errhint("Write a stage as its position, a colon and its name: \"2:cart\".")));

	if (!in_range || position == 0)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"funnel_stage", str),
				 errdetail("The position must be between 1 and %d.",
						   FUNNEL_STAGE_MAX_POSITION)));

	if (*cp == ':')
		cp++;

	PG_RETURN_FUNNEL_STAGE_P(funnel_stage_make(position, cp, strlen(cp)));
}

Datum
funnel_stage_out(PG_FUNCTION_ARGS)
{
	FunnelStage *stage = PG_GETARG_FUNNEL_STAGE_PP(0);
	int			len = funnel_stage_name_length(stage);
	char	   *result = palloc(POSITION_CHARS + len);
	int			prefix;

	prefix = snprintf(result, POSITION_CHARS, len > 0 ? "%d:" : "%d",
					  funnel_stage_position(stage));
	memcpy(result + prefix, funnel_stage_name(stage), len);
	result[prefix + len] = '\0';

	PG_RETURN_CSTRING(result);
}

/*
 * Binary form: the position as int16, then the name in the client's encoding.
 */
Datum
funnel_stage_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	int			position;
	char	   *name;
	int			len;

	if (buf->len - buf->cursor < (int) sizeof(int16))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value for type %s", "funnel_stage"),
				 errdetail("The value is too short to hold a position.")));

	position = (int16) pq_getmsgint(buf, sizeof(int16));
	if (position < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value for type %s", "funnel_stage"),
				 errdetail("The position must be between 1 and %d.",
						   FUNNEL_STAGE_MAX_POSITION)));

	name = pq_getmsgtext(buf, buf->len - buf->cursor, &len);

	PG_RETURN_FUNNEL_STAGE_P(funnel_stage_make(position, name, len));
}

Datum
funnel_stage_send(PG_FUNCTION_ARGS)
{
	FunnelStage *stage = PG_GETARG_FUNNEL_STAGE_PP(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, funnel_stage_position(stage));
	pq_sendtext(&buf, funnel_stage_name(stage), funnel_stage_name_length(stage));

	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}


Datum
funnel_stage_construct(PG_FUNCTION_ARGS)
{
	int32		position = PG_GETARG_INT32(0);
	text	   *name = PG_GETARG_TEXT_PP(1);

	if (position < 1 || position > FUNNEL_STAGE_MAX_POSITION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("stage position %d is out of range", position),
				 errdetail("The position must be between 1 and %d.",
						   FUNNEL_STAGE_MAX_POSITION)));

	PG_RETURN_FUNNEL_STAGE_P(funnel_stage_make(position, VARDATA_ANY(name),
											   VARSIZE_ANY_EXHDR(name)));
}

Datum
funnel_stage_get_position(PG_FUNCTION_ARGS)
{
	FunnelStage *stage = PG_GETARG_FUNNEL_STAGE_PP(0);

	PG_RETURN_INT32(funnel_stage_position(stage));
}

Datum
funnel_stage_get_name(PG_FUNCTION_ARGS)
{
	FunnelStage *stage = PG_GETARG_FUNNEL_STAGE_PP(0);

	PG_RETURN_TEXT_P(cstring_to_text_with_len(funnel_stage_name(stage),
											  funnel_stage_name_length(stage)));
}

/*
 * Hash partitions depend on both: the results may never change.  They are those of
 * base/values.c, but of a stage only.
 */
PG_FUNCTION_INFO_V1(funnel_stage_hash);
Datum
funnel_stage_hash(PG_FUNCTION_ARGS)
{
	FunnelStage *stage = PG_GETARG_FUNNEL_STAGE_PP(0);
	Datum		result = hash_any((unsigned char *) VARDATA_ANY(stage),
								  VARSIZE_ANY_EXHDR(stage));

	PG_FREE_IF_COPY(stage, 0);
	return result;
}

PG_FUNCTION_INFO_V1(funnel_stage_hash_extended);
Datum
funnel_stage_hash_extended(PG_FUNCTION_ARGS)
{
	FunnelStage *stage = PG_GETARG_FUNNEL_STAGE_PP(0);
	Datum		result = hash_any_extended((unsigned char *) VARDATA_ANY(stage),
										   VARSIZE_ANY_EXHDR(stage),
										   PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(stage, 0);
	return result;
}
