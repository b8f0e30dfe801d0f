/*-------------------------------------------------------------------------
 *
 * spool/fill.c
 *	  Adding events to a spool, one by one or by segments.
 *
 * Packed records are written by loops of their own, for every event of a query
 * comes here: see funnel_spool_add.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/compat.h"
#include "spool/fill.h"
#include "spool/spill.h"

/* From this size on, in bytes of blocks, a spool is partitioned. */
#define PARTITIONED_SIZE	(128 * 1024)

/* How far ahead memory is fetched, in bytes of one partition's records */
#define PREFETCHED_BYTES	128

/* Packed words begin with this width: times within an hour of each other. */
#define FIRST_WORD_WIDTH	5

/*
 * So many bytes of events wait, and one more, with no longer a unit that is no
 * integer: as much as a chunk of a memory context has.
 */
#define WAITING_BYTES		4000
#define MAX_WAITING_UNIT	64
#define WAITING_ROOM		(WAITING_BYTES + sizeof(WaitingEvent) + MAX_WAITING_UNIT)

/* An event that waits; if its unit is no integer, the unit's bytes follow. */
typedef struct WaitingEvent
{
	uint64		word;
	uint64		item;			/* if there is one */
	uint64		unit;			/* or its length */
} WaitingEvent;

StaticAssertDecl(WAITING_ROOM <= 4096, "a chunk has room for the events that wait");

/* An event, with its items if there are any */
typedef struct Event
{
	union
	{
		uint64		word;
		FunnelRow	row;
	};
	uint64		room_for_items[SPOOL_MAX_ITEMS];
} Event;

/* From now on, packed records have these widths. */
static void
set_widths(FunnelSpool *spool, int word_width, int unit_width, int item_width)
{
	spool->word_width = word_width;
	spool->unit_width = unit_width;
	spool->item_width = item_width;
	spool->word_excess = ~spool_width_mask(word_width);
	spool->unit_excess = ~spool_width_mask(unit_width);
	spool->item_mask = spool_width_mask(item_width);
	spool->packed_room = word_width + item_width + sizeof(uint64);
	funnel_blocks_close_all(&spool->blocks);
}

/*
 * Put every record in memory anew: into partitions, or as a full row, or both.
 */
static void
rebuild(FunnelSpool *spool, bool partitioned, bool full_rows)
{
	SpoolBlocks *blocks = &spool->blocks;
	SpoolBlocks old;

	funnel_blocks_finish_segments(blocks);
	funnel_blocks_free_spare(blocks);
	old = *blocks;
	if (!spool_is_partitioned(&old))
		old.partitions = &old.single;
	funnel_blocks_init(blocks, old.shift, old.context);
	if (partitioned)
		funnel_blocks_partition(blocks);
	/* first, because what follows may have to be written to its file */
	if (partitioned && !spool_is_partitioned(&old))
		funnel_spool_enter_budget(spool);
	spool->full_rows = full_rows;
	spool->packed = spool->packed && !full_rows;

	for (int p = 0; p < spool_num_partitions(&old); p++)
	{
		for (SpoolBlock *block = old.partitions[p].head; block != NULL; block = block->next)
			funnel_spool_append_segment(spool, &block->segment);
	}
	funnel_blocks_free(&old);
	if (spool_is_partitioned(&old))
		pfree(old.partitions);
}

/*
 * A new block in the partition of a unit with HASH, with ROOM bytes or more.
 * Before, the spool may be partitioned, or spilled.
 */
static SpoolPartition *
add_block(FunnelSpool *spool, uint64 hash, size_t room)
{
	SpoolBlocks *blocks = &spool->blocks;
	SpoolPartition *partition;
	size_t		needed;

	CHECK_FOR_INTERRUPTS();

	if (!spool_is_partitioned(blocks) && blocks->allocated >= PARTITIONED_SIZE)
	{
		rebuild(spool, true, spool->full_rows);
		partition = spool_partition_of(blocks, hash);
		if ((size_t) (partition->end - partition->next) >= room)
			return partition;
	}
	needed = funnel_blocks_needed(blocks, room);
	if (needed > 0 && spool_is_partitioned(blocks) && funnel_spool_must_spill(spool, needed))
	{
		funnel_spool_spill(spool);
		/* spare memory that is too small for the block would be of no use */
		if (funnel_blocks_needed(blocks, room) > 0)
			funnel_blocks_free_spare(blocks);
	}

	partition = spool_partition_of(blocks, hash);
	funnel_blocks_add(blocks, partition, room);
	return partition;
}

/*
 * Make room for a packed record that the last block of its partition cannot
 * take: in a new block, from where the word is near, or with greater widths.
 * There may still be none if the spool was put into partitions.  UNIT is an
 * integer, and UNIT_SIZE 0; or else UNIT is 0.
 */
static pg_noinline void
make_packed_room(FunnelSpool *spool, size_t unit_size, uint64 hash, uint64 word, uint64 item,
				 uint64 unit)
{
	SpoolPartition *partition = spool_partition_of(&spool->blocks, hash);
	SpoolSegment *segment;
	bool		ends_early = partition->next != NULL &&
		(size_t) (partition->next - SPOOL_BLOCK_DATA(partition->tail)) < partition->tail->room / 2;

	/* Widths grow once a block would end early because of them. */
	if ((unit & spool->unit_excess) != 0)
		set_widths(spool, spool->word_width, spool_width_of(unit), spool->item_width);
	else if (ends_early && ((word - partition->base) & spool->word_excess) != 0)
		set_widths(spool, spool->word_width + 1, spool->unit_width, spool->item_width);
	else if (ends_early && spool->item_base != 0 &&
			 !spool_item_fits(partition->item_base, spool->item_mask, item))
		set_widths(spool, spool->word_width, spool->unit_width, spool->item_width + 1);

	partition = add_block(spool, hash, spool->packed_room + unit_size);
	if (partition->next != SPOOL_BLOCK_DATA(partition->tail))
		return;

	/* A quarter of the range is for rows that are late. */
	partition->base = 0;
	if (spool->word_width < (int) sizeof(word))
		partition->base = (word - (UINT64CONST(1) << (8 * spool->word_width - 2))) &
			~((UINT64CONST(1) << FUNNEL_CODE_BITS) - 1);
	if (item != 0)
		spool->item_base = spool_item_base(spool->item_width, item);
	partition->item_base = spool->item_base;
	segment = &partition->tail->segment;
	segment->kind = spool->item_width > 0 ? SPOOL_PACKED_ITEMS : SPOOL_PACKED;
	segment->base = partition->base;
	segment->item_base = partition->item_base;
	segment->word_width = spool->word_width;
	segment->unit_width = spool->unit_width;
	segment->item_width = spool->item_width;
}

static pg_attribute_always_inline bool
has_packed_room(const FunnelSpool *spool, const SpoolPartition *partition, size_t unit_size,
				uint64 word, uint64 item, uint64 unit, bool with_item)
{
	return (size_t) (partition->end - partition->next) >= spool->packed_room + unit_size &&
		((word - partition->base) & spool->word_excess) == 0 &&
		(!with_item || spool_item_fits(partition->item_base, spool->item_mask, item)) &&
		(unit & spool->unit_excess) == 0;
}

/*
 * Write a packed record but for its unit, and return where that goes; the next
 * record of *PARTITION is to begin behind it.  How much room there must be may
 * change while it is made, for the widths may grow.
 */
static pg_attribute_always_inline char *
write_packed_event(FunnelSpool *spool, SpoolPartition **partition, size_t unit_size, uint64 hash,
				   uint64 word, uint64 item, uint64 unit, bool with_item)
{
	SpoolPartition *into = spool_partition_of(&spool->blocks, hash);

	while (unlikely(!has_packed_room(spool, into, unit_size, word, item, unit, with_item)))
	{
		make_packed_room(spool, unit_size, hash, word, item, unit);
		into = spool_partition_of(&spool->blocks, hash);
	}
	/* partitions are too many for the processor to foresee where it writes */
	__builtin_prefetch(into->next + PREFETCHED_BYTES, 1);
	*partition = into;
	return spool_write_packed(into->next, spool->word_width, with_item ? spool->item_width : 0,
							  word - into->base,
							  with_item ? spool_pack_item(into->item_base, item) : 0);
}

static pg_attribute_always_inline void
append_packed(FunnelSpool *spool, uint64 unit, uint64 word, uint64 item, bool with_item)
{
	SpoolPartition *partition;
	char	   *to = write_packed_event(spool, &partition, 0, funnel_hash_word(unit), word, item,
										unit, with_item);

	funnel_store_word(to, unit);
	partition->next = to + spool->unit_width;
	Assert(to + sizeof(uint64) <= partition->end);
}

/* The same for a unit that is no integer. */
static pg_attribute_always_inline void
append_packed_key(FunnelSpool *spool, const FunnelUnitKey *key, uint64 word, uint64 item)
{
	SpoolPartition *partition;
	char	   *to = write_packed_event(spool, &partition, spool_unit_size(&spool->form, key),
										spool_double_hash(key->hash), word, item, 0,
										spool->form.nitems > 0);

	partition->next = spool_write_unit(&spool->form, to, key);
	Assert(partition->next <= partition->end);
}

/*
 * Write the event of a record that is not packed, and return where the unit of
 * UNIT_SIZE bytes, a multiple of 8, is to be written.
 */
static inline char *
append_event(FunnelSpool *spool, uint64 hash, const Event *event, size_t unit_size)
{
	size_t		size = spool_event_size(&spool->form, spool->full_rows);
	SpoolPartition *partition = spool_partition_of(&spool->blocks, hash);
	char	   *record;

	if (unlikely((size_t) (partition->end - partition->next) < size + unit_size))
	{
		partition = add_block(spool, hash, size + unit_size);
		partition->tail->segment.kind = spool->full_rows ? SPOOL_FULL_ROWS : SPOOL_WORDS;
	}
	record = partition->next;
	partition->next += size + unit_size;
	__builtin_prefetch(partition->next + PREFETCHED_BYTES, 1);
	spool_copy_event(record, (const char *) event, size);
	return record + size;
}

/* An event of a unit that is no integer, in whatever form the spool has. */
static void
append_key(FunnelSpool *spool, const FunnelUnitKey *key, const Event *event)
{
	const SpoolForm *form = &spool->form;
	size_t		size = TYPEALIGN(8, spool_unit_size(form, key));
	char	   *to;
	char	   *end;

	if (spool->packed)
	{
		append_packed_key(spool, key, event->word,
						  form->nitems == 0 ? 0 : spool_read_item(false, (const char *) event, 0));
		return;
	}
	to = append_event(spool, spool_double_hash(key->hash), event, size);
	end = spool_write_unit(form, to, key);
	/* no stray bytes go to a file */
	memset(end, 0, to + size - end);
}

/* The same of a unit that is an integer. */
static void
append_integer(FunnelSpool *spool, uint64 unit, const Event *event)
{
	if (!spool->packed)
		memcpy(append_event(spool, funnel_hash_word(unit), event, sizeof(unit)), &unit, sizeof(unit));
	else if (spool->form.nitems == 0)
		append_packed(spool, unit, event->word, 0, false);
	else
		append_packed(spool, unit, event->word,
					  spool_read_item(false, (const char *) event, 0), true);
}

void
funnel_spool_append_segment(FunnelSpool *spool, const SpoolSegment *segment)
{
	SpoolKind	kind = segment->kind;
	SpoolCursor cursor;
	Event		event;

	Assert(spool->full_rows || kind != SPOOL_FULL_ROWS);

	spool_cursor_init(&cursor, &spool->form, segment, kind);
	while (spool_cursor_next(&cursor, kind))
	{
		spool_cursor_copy_event(&cursor, kind, (char *) &event, spool->full_rows);
		if (spool->form.unit_type->is_integer)
			append_integer(spool, cursor.unit, &event);
		else
		{
			const char *unit = spool_unit_at(cursor.unit);
			FunnelUnitKey key;

			key.hash = spool_stored_hash(unit);
			key.bytes = spool_checked_unit_bytes(&spool->form, unit, &key.len);
			append_key(spool, &key, &event);
		}
	}
}

static FunnelSpool *
create_spool(const SpoolForm *form, int shift, MemoryContext context)
{
	FunnelSpool *spool = MemoryContextAllocZero(context, sizeof(FunnelSpool));

	spool->form = *form;
	spool->packed = form->unit_type->is_image && form->nitems <= 1;
	funnel_blocks_init(&spool->blocks, shift, context);
	set_widths(spool, FIRST_WORD_WIDTH, form->unit_type->is_integer ? 1 : 0, form->nitems);
	return spool;
}

FunnelSpool *
funnel_spool_create_inner(const FunnelSpool *outer, MemoryContext context)
{
	FunnelSpool *spool = create_spool(&outer->form, outer->blocks.shift - SPOOL_PARTITION_BITS,
									  context);

	spool->is_split = true;
	spool->resource_owner = CurrentResourceOwner;
	spool->full_rows = outer->full_rows;
	spool->packed = outer->packed;
	set_widths(spool, outer->word_width, outer->unit_width, outer->item_width);
	funnel_blocks_partition(&spool->blocks);
	return spool;
}

FunnelSpool *
funnel_spool_create(FunnelUnitType *unit_type, const FunnelEventCodes *codes, bool keeps_all,
					int nitems, MemoryContext context)
{
	SpoolForm	form = {unit_type, codes, nitems};
	FunnelSpool *spool;

	Assert(nitems <= SPOOL_MAX_ITEMS);

	spool = create_spool(&form, 64 - SPOOL_PARTITION_BITS, context);
	spool->keeps_all = keeps_all;
	return spool;
}

void
funnel_spool_partition(FunnelSpool *spool)
{
	if (!spool_is_partitioned(&spool->blocks))
		rebuild(spool, true, spool->full_rows);
}

pg_noinline void
funnel_spool_begin_full_rows(FunnelSpool *spool)
{
	if (spool->full_rows)
		return;
	funnel_spool_end_waiting(spool);
	if (funnel_spool_is_worth_spilling(spool) &&
		funnel_spool_is_over_budget(spool, spool->blocks.allocated * 2))
	{
		funnel_spool_spill(spool);
		spool->full_rows = true;
		spool->packed = false;
	}
	else
		rebuild(spool, spool_is_partitioned(&spool->blocks), true);
}

/* The word of an event; false if it does not fit into one. */
static inline bool
encode_word(const FunnelSpool *spool, int64 ts, uint64 steps, uint64 breaks, uint64 *word)
{
	FunnelLabelMatch labels = {steps, breaks};
	int			code = likely(funnel_is_simple_match(labels)) ? funnel_simple_code(labels) :
		funnel_mixed_code(spool->form.codes, labels);

	return funnel_event_word(ts, code, word);
}

/* Any event of any unit, in whatever form the spool has. */
static pg_noinline void
add_any(FunnelSpool *spool, Datum unit, int64 ts, uint64 steps, uint64 breaks,
		const uint64 *items)
{
	Event		event;

	if (!spool->full_rows && !encode_word(spool, ts, steps, breaks, &event.word))
		funnel_spool_begin_full_rows(spool);
	if (spool->full_rows)
		event.row = (FunnelRow)
	{
		ts, steps, breaks
	};
	memcpy((char *) &event + spool_row_size(spool->full_rows), items,
		   spool->form.nitems * sizeof(uint64));

	if (spool->form.unit_type->is_integer)
		append_integer(spool, funnel_unit_integer(spool->form.unit_type, unit), &event);
	else
	{
		FunnelUnitKey key;

		funnel_unit_key(spool->form.unit_type, unit, &key);
		append_key(spool, &key, &event);
	}
}

/* Put events that wait, up to END, into partitions.  Each form has a loop of its own. */
static pg_attribute_always_inline void
place_waiting(FunnelSpool *spool, const char *end, bool integers, bool with_item)
{
	const char *at = spool->waiting;

	while (at < end)
	{
		const WaitingEvent *event = (const WaitingEvent *) at;

		at += sizeof(WaitingEvent);
		if (integers)
			append_packed(spool, event->unit, event->word, with_item ? event->item : 0, with_item);
		else
		{
			FunnelUnitKey key;

			key.bytes = at;
			key.len = (uint32) event->unit;
			key.hash = funnel_unit_image_hash(&key);
			append_packed_key(spool, &key, event->word, with_item ? event->item : 0);
			at += TYPEALIGN(8, key.len);
		}
	}
}

pg_noinline void
funnel_spool_place_waiting(FunnelSpool *spool)
{
	const char *end;

	if (spool->nwaiting == 0)
		return;
	end = spool->waiting + spool->nwaiting;
	spool->nwaiting = 0;
	if (!spool->form.unit_type->is_integer)
		place_waiting(spool, end, false, spool->form.nitems > 0);
	else if (spool->form.nitems > 0)
		place_waiting(spool, end, true, true);
	else
		place_waiting(spool, end, true, false);
}

void
funnel_spool_end_waiting(FunnelSpool *spool)
{
	if (spool->waiting == NULL)
		return;
	funnel_spool_place_waiting(spool);
	pfree(spool->waiting);
	spool->waiting = NULL;
}

/*
 * Of what was written behind the events that wait, the first SIZE bytes are one more,
 * if it is to be kept.  Else the next one is written over it.
 *
 * Which rows match is hard to foresee, and a branch that the processor foresees wrongly
 * costs more than all else here.  So there is none.  Events wait, and are put into
 * partitions many at a time, because what must be fetched for one is fetched while
 * others are written.
 */
static pg_attribute_always_inline void
wait_or_not(FunnelSpool *spool, uint64 steps, uint64 breaks, size_t size)
{
	bool		wanted = ((steps | breaks) != 0) | spool->keeps_all;

	spool->nwaiting += -(size_t) wanted & size;
	if (unlikely(spool->nwaiting > WAITING_BYTES))
		funnel_spool_place_waiting(spool);
}

/* funnel_spool_add for what is not most common. */
static pg_noinline void
add_slowly(FunnelSpool *spool, Datum unit, int64 ts, uint64 steps, uint64 breaks,
		   const uint64 *items)
{
	const FunnelUnitType *type = spool->form.unit_type;
	uint64		word;

	/* a spool that is not partitioned has few events */
	if (unlikely(spool->waiting == NULL && spool->packed && spool_is_partitioned(&spool->blocks)))
		spool->waiting = MemoryContextAlloc(spool->blocks.context, WAITING_ROOM);
	if (likely(spool->waiting != NULL && encode_word(spool, ts, steps, breaks, &word)))
	{
		WaitingEvent *event = (WaitingEvent *) (spool->waiting + spool->nwaiting);
		FunnelUnitKey key;

		event->word = word;
		if (spool->form.nitems > 0)
			event->item = items[0];
		if (type->is_integer)
		{
			event->unit = funnel_unit_integer(type, unit);
			wait_or_not(spool, steps, breaks, sizeof(WaitingEvent));
			return;
		}
		if (likely(funnel_unit_plain_bytes(type, unit, &key) && key.len <= MAX_WAITING_UNIT))
		{
			event->unit = key.len;
			funnel_copy_bytes((char *) (event + 1), key.bytes, key.len);
			wait_or_not(spool, steps, breaks, sizeof(WaitingEvent) + TYPEALIGN(8, key.len));
			return;
		}
	}
	if ((steps | breaks) != 0 || spool->keeps_all)
		add_any(spool, unit, ts, steps, breaks, items);
}

void
funnel_spool_add(FunnelSpool *spool, Datum unit, int64 ts, uint64 steps, uint64 breaks,
				 const uint64 *items)
{
	const FunnelUnitType *type = spool->form.unit_type;
	FunnelLabelMatch labels = {steps, breaks};
	uint64		word;

	/* what is most common, and so simple that it needs no stack */
	if (likely(spool->waiting != NULL && type->is_integer && funnel_is_simple_match(labels) &&
			   funnel_event_word(ts, funnel_simple_code(labels), &word)))
	{
		WaitingEvent *event = (WaitingEvent *) (spool->waiting + spool->nwaiting);

		event->word = word;
		event->unit = funnel_unit_integer(type, unit);
		if (spool->form.nitems > 0)
			event->item = items[0];
		wait_or_not(spool, steps, breaks, sizeof(WaitingEvent));
		return;
	}
	add_slowly(spool, unit, ts, steps, breaks, items);
}
