/*-------------------------------------------------------------------------
 *
 * result/bytes.c
 *	  A tally as bytes: what a funnel_result is on disk and on the wire.
 *
 *	  byte	version, 1
 *	  byte	flags: 1 = has a horizon, 2 = has values; all others are reserved
 *	  varint and bytes: the definition's text
 *	  int64 horizon, if there is one
 *	  for each step:
 *		  varint users; if there are none, nothing else
 *		  float8 value, if there are values
 *		  from step 2: two varints, low and high half of the microseconds
 *		  from step 2: the histogram from the previous step
 *		  from step 3: the histogram from the first step
 *		  but for the last step: a byte with a bit for each outcome, and
 *		  for each bit that is set:
 *			  varint closed, varint forever, varint number of open cells
 *			  for each open cell: varint cell - cell before - 1 (the first:
 *			  cell - the horizon's), varint count
 *
 * A histogram is, for each cell that is not 0, varint cell - cell before - 1
 * (the first: cell) and varint count, until the counts add up to the users.
 * Varints are described in base/bytes.h.  Fixed-width numbers have the highest
 * byte first.
 *
 * There is one image of a tally: varints are as short as can be, cells ascend,
 * counters are not 0, and what the horizon has passed is closed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/timestamp.h"

#include "base/bytes.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "result/bytes.h"
#include "result/check.h"

#define BYTES_VERSION		1

#define BYTES_HAS_HORIZON	0x01
#define BYTES_HAS_VALUES	0x02
#define BYTES_ALL_FLAGS		(BYTES_HAS_HORIZON | BYTES_HAS_VALUES)

static void
put_varint(StringInfo buf, uint64 value)
{
	uint8		bytes[FUNNEL_VARINT_SIZE];

	appendBinaryStringInfo(buf, (char *) bytes, funnel_varint_write(bytes, value) - bytes);
}

static void
put_fixed64(StringInfo buf, uint64 value)
{
	value = pg_hton64(value);
	appendBinaryStringInfo(buf, (char *) &value, sizeof(value));
}

static void
put_double(StringInfo buf, double value)
{
	uint64		bits;

	memcpy(&bits, &value, sizeof(bits));
	put_fixed64(buf, bits);
}

static void
put_times(StringInfo buf, FunnelCounts histogram)
{
	int64		next = 0;

	for (int i = 0; i < histogram.ncounts; i++)
	{
		int64		cell = histogram.counts[i].index;

		put_varint(buf, cell - next);
		put_varint(buf, histogram.counts[i].count);
		next = cell + 1;
	}
}

void
funnel_tally_write(StringInfo buf, const FunnelTally *tally)
{
	FunnelCounts all = funnel_tally_times(tally);
	FunnelStanding *standing = palloc(tally->nsteps * sizeof(FunnelStanding));
	FunnelCounts open = funnel_tally_open(tally);
	int			next_open = 0;
	int			textlen = VARSIZE(tally->def) - VARHDRSZ;

	/* what is dropped as of the horizon is closed, or was passed by it */
	funnel_tally_standing(tally, DT_NOBEGIN, standing);

	appendStringInfoChar(buf, BYTES_VERSION);
	appendStringInfoChar(buf, (tally->has_horizon ? BYTES_HAS_HORIZON : 0) |
						 (tally->has_values ? BYTES_HAS_VALUES : 0));
	put_varint(buf, textlen);
	appendBinaryStringInfo(buf, VARDATA(tally->def), textlen);
	if (tally->has_horizon)
		put_fixed64(buf, tally->horizon);

	for (int k = 0; k < tally->nsteps; k++)
	{
		const FunnelTallyStep *step = &tally->steps[k];
		int			outcomes = 0;

		put_varint(buf, step->users);
		if (step->users == 0)
			continue;
		if (tally->has_values)
			put_double(buf, step->value);
		if (k >= 1)
		{
			put_varint(buf, step->microseconds.low);
			put_varint(buf, step->microseconds.high);
			put_times(buf, funnel_histogram_of(all, k + 1, FUNNEL_SINCE_PREVIOUS));
		}
		if (k >= 2)
			put_times(buf, funnel_histogram_of(all, k + 1, FUNNEL_SINCE_FIRST));
		if (k + 1 == tally->nsteps)
			continue;

		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			if (standing[k].by_outcome[i] != 0 || step->forever[i] != 0)
				outcomes |= 1 << i;
		}
		for (int i = next_open; i < open.ncounts && funnel_open_step(&open.counts[i]) == k + 1; i++)
		{
			outcomes |= 1 << funnel_open_outcome(&open.counts[i]);
			funnel_poll_at(i);
		}
		appendStringInfoChar(buf, (char) outcomes);

		for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
		{
			int			ncells = 0;
			int64		next = funnel_open_cell(tally, tally->horizon);

			if ((outcomes & (1 << i)) == 0)
				continue;
			while (next_open + ncells < open.ncounts &&
				   open.counts[next_open + ncells].array == funnel_open_array(k + 1, i))
			{
				ncells++;
				funnel_poll_at(ncells);
			}

			put_varint(buf, standing[k].by_outcome[i]);
			put_varint(buf, step->forever[i]);
			put_varint(buf, ncells);
			for (; ncells > 0; ncells--, next_open++)
			{
				int64		cell = open.counts[next_open].index;

				funnel_poll_at(next_open);
				put_varint(buf, (uint64) cell - (uint64) next);
				put_varint(buf, open.counts[next_open].count);
				next = cell + 1;
			}
		}
	}
	Assert(next_open == open.ncounts);
}

/*
 * Reading.  Nothing is believed: the bytes may come off the wire, and what is
 * on disk may have been written there by anything.
 */
typedef struct BytesReader
{
	const uint8 *next;
	const uint8 *end;
	int			sqlerrcode;
} BytesReader;

#define reject(reader, detail) \
	ereport(ERROR, \
			(errcode((reader)->sqlerrcode), \
			 errmsg("invalid bytes for type %s", "funnel_result"), \
			 errdetail_internal("%s", (detail))))

static uint8
get_byte(BytesReader *reader)
{
	if (reader->next == reader->end)
		reject(reader, "The value ends too early.");
	return *reader->next++;
}

static uint64
get_varint(BytesReader *reader)
{
	uint64		value;
	const char *problem = funnel_varint_read(&reader->next, reader->end, &value);

	if (problem != NULL)
		reject(reader, problem);
	return value;
}

/* A counter, which may be 0. */
static int64
get_count(BytesReader *reader)
{
	uint64		value = get_varint(reader);

	if (value > PG_INT64_MAX)
		reject(reader, "A count is out of range.");
	return (int64) value;
}

static uint64
get_fixed64(BytesReader *reader)
{
	uint64		value;

	if (reader->end - reader->next < (ptrdiff_t) sizeof(value))
		reject(reader, "The value ends too early.");
	memcpy(&value, reader->next, sizeof(value));
	reader->next += sizeof(value);
	return pg_ntoh64(value);
}

static double
get_double(BytesReader *reader)
{
	uint64		bits = get_fixed64(reader);
	double		value;

	memcpy(&value, &bits, sizeof(value));
	if (!isfinite(value))
		reject(reader, "A value is not finite.");
	if (value == 0 && bits != 0)
		reject(reader, "A value is a negative zero.");
	return value;
}

static void
get_times(BytesReader *reader, FunnelTally *tally, int step, FunnelTimesSince since)
{
	int64		left = tally->steps[step - 1].users;
	uint64		next = 0;

	while (left > 0)
	{
		uint64		skipped = get_varint(reader);
		int64		count = get_count(reader);

		if (next >= FUNNEL_NUM_CELLS || skipped >= FUNNEL_NUM_CELLS - next)
			reject(reader, "A time is out of range.");
		if (count == 0)
			reject(reader, "A count is zero.");
		if (count > left)
			reject(reader, "There are more times than users.");
		funnel_tally_put_time(tally, step, since, (uint32) (next + skipped), count);
		left -= count;
		next += skipped + 1;
	}
}

static void
get_standing(BytesReader *reader, FunnelTally *tally, int step)
{
	FunnelTallyStep *here = &tally->steps[step - 1];
	int			outcomes = get_byte(reader);

	if ((outcomes >> FUNNEL_NUM_OUTCOMES) != 0)
		reject(reader, "An outcome does not exist.");

	for (int i = 0; i < FUNNEL_NUM_OUTCOMES; i++)
	{
		uint64		ncells;
		int64		last = 0;

		if ((outcomes & (1 << i)) == 0)
			continue;
		here->closed[i] = get_count(reader);
		here->forever[i] = get_count(reader);
		ncells = get_varint(reader);
		if (here->closed[i] == 0 && here->forever[i] == 0 && ncells == 0)
			reject(reader, "An outcome has no units.");
		if (ncells > 0 && !tally->has_horizon)
			reject(reader, "There are users, but there is no horizon.");

		for (uint64 j = 0; j < ncells; j++)
		{
			int64		base = j == 0 ? funnel_open_cell(tally, tally->horizon) : last;
			uint64		skipped = get_varint(reader);
			int64		count = get_count(reader);

			CHECK_FOR_INTERRUPTS();
			/* base < PG_INT64_MAX, so the difference cannot overflow */
			if (j > 0)
				base++;
			if (skipped >= (uint64) PG_INT64_MAX - (uint64) base)
				reject(reader, "A time is out of range.");
			if (count == 0)
				reject(reader, "A count is zero.");
			last = (int64) ((uint64) base + skipped);
			funnel_tally_put_open(tally, step, i, last, count);
		}
	}
}

FunnelTally *
funnel_tally_read(const char *data, Size len, int sqlerrcode, MemoryContext context)
{
	BytesReader reader;
	int			flags;
	uint64		textlen;
	FunnelDefinition *definition;
	FunnelDef  *def;
	FunnelTally *tally;
	char	   *problem;

	reader.next = (const uint8 *) data;
	reader.end = reader.next + len;
	reader.sqlerrcode = sqlerrcode;

	if (get_byte(&reader) != BYTES_VERSION)
		reject(&reader, "The version is unknown.");
	flags = get_byte(&reader);
	if ((flags & ~BYTES_ALL_FLAGS) != 0)
		reject(&reader, "Reserved flags are set.");

	/* the definition must be one, and its text the canonical one */
	textlen = get_varint(&reader);
	if (textlen > (uint64) (reader.end - reader.next))
		reject(&reader, "The value ends too early.");
	if (!pg_verify_mbstr(GetDatabaseEncoding(), (const char *) reader.next, (int) textlen, true))
		reject(&reader, "The definition is not text in the database's encoding.");
	definition = funnel_definition_parse_binary((const char *) reader.next, (int) textlen,
												sqlerrcode);
	def = funnel_definition_value(definition, NULL);
	if (VARSIZE_ANY_EXHDR(def) != textlen ||
		memcmp(VARDATA_ANY(def), reader.next, textlen) != 0)
		reject(&reader, "The definition is not in its canonical form.");
	reader.next += textlen;

	tally = funnel_tally_create(def, context);
	tally->has_values = (flags & BYTES_HAS_VALUES) != 0;
	if ((flags & BYTES_HAS_HORIZON) != 0)
	{
		int64		horizon = (int64) get_fixed64(&reader);

		if (!IS_VALID_TIMESTAMP(horizon))
			reject(&reader, "The horizon is out of range.");
		funnel_tally_see(tally, horizon);
	}

	for (int k = 0; k < tally->nsteps; k++)
	{
		FunnelTallyStep *step = &tally->steps[k];

		step->users = get_count(&reader);
		if (step->users == 0)
			continue;
		if (tally->has_values)
			step->value = get_double(&reader);
		if (k >= 1)
		{
			step->microseconds.low = get_varint(&reader);
			step->microseconds.high = get_varint(&reader);
			get_times(&reader, tally, k + 1, FUNNEL_SINCE_PREVIOUS);
		}
		if (k >= 2)
			get_times(&reader, tally, k + 1, FUNNEL_SINCE_FIRST);
		if (k + 1 < tally->nsteps)
			get_standing(&reader, tally, k + 1);
	}
	if (reader.next != reader.end)
		reject(&reader, "There are bytes after its end.");

	problem = funnel_tally_problem(tally);
	if (problem != NULL)
		reject(&reader, problem);
	return tally;
}

struct varlena *
funnel_tally_flatten(const FunnelTally *tally)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoSpaces(&buf, VARHDRSZ);
	funnel_tally_write(&buf, tally);
	SET_VARSIZE(buf.data, buf.len);
	return (struct varlena *) buf.data;
}

FunnelTally *
funnel_tally_expand(const struct varlena *result, MemoryContext context)
{
	return funnel_tally_read(VARDATA_ANY(result), VARSIZE_ANY_EXHDR(result),
							 ERRCODE_DATA_CORRUPTED, context);
}

void
funnel_tally_bytes_text(const struct varlena *result, const char **text, int *len)
{
	BytesReader reader;
	uint64		textlen;

	reader.next = (const uint8 *) VARDATA_ANY(result);
	reader.end = reader.next + VARSIZE_ANY_EXHDR(result);
	reader.sqlerrcode = ERRCODE_DATA_CORRUPTED;

	get_byte(&reader);
	get_byte(&reader);
	textlen = get_varint(&reader);
	if (textlen > (uint64) (reader.end - reader.next))
		reject(&reader, "The value ends too early.");
	*text = (const char *) reader.next;
	*len = (int) textlen;
}
