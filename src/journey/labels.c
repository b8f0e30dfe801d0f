/*-------------------------------------------------------------------------
 *
 * journey/labels.c
 *	  What the labels of journeys match, journey after journey.  The matcher of
 *	  journeys asks.
 *
 * The journeys of a table have many sets of labels, but far fewer labels.  A
 * label is known by its bits in the journey.  They may leave out what it shares
 * with the label before it, so they stand for it only if that one is known: the
 * bits that followed a label lead to the next one, without a look at its letters.
 * Only what has not been seen before is read, and then kept.
 *
 * Where the same lists of labels come again and again, a list is looked up as a
 * whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "base/hash.h"
#include "base/interrupts.h"
#include "events/buffer.h"
#include "journey/labels.h"

/* How many labels, and ways between them, are kept, and the longest way. */
#define MIN_LABELS			16
#define MAX_LABELS			4096
#define MAX_WAYS			16384
#define MIN_SLOTS			64
#define WORDS_OF_WAY		5
#define MAX_WAY_BITS		(WORDS_OF_WAY * FUNNEL_BITS_PER_LOAD)

/* A journey with more labels than these is read as if nothing was known. */
#define MAX_KEPT_CODES		256

/* Room for what so many codes match, or more. */
#define MIN_MATCHES			64

/* A spelled way is looked up by so many of its first bits. */
#define KEY_BITS			16

/* The bits of one load that are whole bytes of labels that are not spelled. */
#define BYTES_PER_LOAD		(FUNNEL_BITS_PER_LOAD / BITS_PER_BYTE)

/* A way is in one of so many slots, or it is not kept. */
#define MAX_PROBES			16

/*
 * Is it worth while to keep ways?  That is judged after so many journeys that had
 * to be read.  If fewer were followed, what is kept is not looked at, nor added to,
 * for so many times as many journeys.
 */
#define MISSES_TO_JUDGE		512
#define REST_FACTOR			32

/* Where a way begins that begins at no label: labels spelled, and not. */
#define FIRST_SPELLED		PG_UINT32_MAX
#define UNSPELLED			(PG_UINT32_MAX - 1)

/* The bits that lead from one label to the next; a cache line. */
typedef struct Way
{
	uint32		from;
	uint32		to;
	uint32		nbits;			/* 0 in a free slot */
	uint32		hash;			/* the upper half of hash_way() */
	uint64		mask;			/* of the bits of the first word */
	uint64		words[WORDS_OF_WAY];
} Way;

/* Lists of labels that were seen last, and the longest that are kept. */
#define MIN_LISTS			16
#define MAX_LISTS			512
#define MAX_LIST_BYTES		96
#define MAX_LIST_WIDTH		5

/* A list no label of which matches more than one step. */
typedef struct SeenList
{
	uint64		hash;
	uint64		present;
	uint32		nlabels;		/* 0 if there is no list */
	uint8		len;
	bool		spelled;
	uint8		steps[1 << MAX_LIST_WIDTH];
	uint8		bytes[MAX_LIST_BYTES];
} SeenList;

struct FunnelKnownLabels
{
	FunnelLabelLookup lookup;
	void	   *arg;
	MemoryContext context;
	uint32		nlists;			/* a power of two, or 0 */
	SeenList   *lists;			/* each at the place that its hash says */

	/* the rest is forgotten at times */
	MemoryContext kept_context;
	bool		is_ready;		/* not while it changes, nor after an error
								 * then */
	FunnelLabelTable *table;
	uint32		capacity;		/* of matches */
	FunnelLabelMatch *matches;	/* by ids of the table */
	uint32		nways;
	uint32		nway_slots;		/* a power of two, or 0 */
	int			way_shift;
	Way		   *ways;			/* open addressing, see find_way() */

	/* is that worth while? */
	uint32		nmissed;		/* journeys that were read since it was judged */
	uint64		nfollowed;
	uint32		nresting;		/* journeys still to read without a look */
};

/* Forget all, rather than grow. */
static void
forget(FunnelKnownLabels *known)
{
	known->is_ready = false;
	known->nways = 0;
	known->nway_slots = 0;
	MemoryContextReset(known->kept_context);
	known->capacity = MIN_LABELS;
	known->matches = MemoryContextAlloc(known->kept_context,
										sizeof(FunnelLabelMatch) * known->capacity);
	known->table = funnel_label_table_create(known->kept_context, MIN_LABELS);
}

void
funnel_journey_labels_init(FunnelJourneyLabels *found, FunnelLabelLookup lookup, void *arg,
						   MemoryContext context)
{
	FunnelKnownLabels *known = MemoryContextAllocZero(context, sizeof(FunnelKnownLabels));

	known->lookup = lookup;
	known->arg = arg;
	known->context = context;
	known->kept_context = AllocSetContextCreate(context, "funnel journey labels",
												ALLOCSET_SMALL_SIZES);
	memset(found, 0, sizeof(*found));
	found->known = known;
}

static void
free_steps(FunnelJourneyLabels *found)
{
	if (found->nsteps > 0)
		pfree(found->room);
	found->nsteps = 0;
}

static void
free_matches(FunnelJourneyLabels *found)
{
	if (found->nmatches > 0)
		pfree(found->matches);
	found->nmatches = 0;
}

void
funnel_journey_labels_trim(FunnelJourneyLabels *found)
{
	if (found->nmatches > FUNNEL_TRIMMED_ROWS)
		free_matches(found);
	if (found->nsteps > FUNNEL_TRIMMED_ROWS)
		free_steps(found);
}

/* Room for what the codes of a journey match. */
static void
reserve(FunnelJourneyLabels *found, const FunnelJourneyView *view)
{
	MemoryContext context = found->known->context;
	uint32		nsteps = 1U << view->code_width;

	if (unlikely(nsteps > found->nsteps))
	{
		free_steps(found);
		found->room = MemoryContextAllocHuge(context, nsteps);
		found->nsteps = nsteps;
	}
	if (unlikely(view->ncodes > found->nmatches))
	{
		uint32		nmatches = Max(view->ncodes, MIN_MATCHES);

		free_matches(found);
		found->matches = MemoryContextAllocHuge(context, sizeof(FunnelLabelMatch) * nmatches);
		found->nmatches = nmatches;
	}
}

static inline void
set_match(FunnelJourneyLabels *found, uint32 code, const FunnelLabelMatch *match)
{
	uint64		steps = match->steps;

	found->matches[code] = *match;
	found->present |= steps;
	found->single &= (steps & (steps - 1)) == 0;
	found->room[code] = steps == 0 ? 0 : pg_rightmost_one_pos64(steps) + 1;
}

/*
 * FUNNEL_BITS_PER_LOAD bits of the labels; behind the last are zeros.  What is
 * in front of the labels is there to be read, and shifted out.
 */
static inline uint64
load_bits(const FunnelJourneyView *view, uint64 bit)
{
	Size		at = bit / 8;
	Size		len = view->labels_len;
	uint64		word = 0;

	if (likely(at + sizeof(word) <= len))
		word = funnel_load_word(view->labels + at);
	else if (at < len)
	{
		if (likely(view->len >= sizeof(word)))
			word = funnel_load_word(view->labels + len - sizeof(word)) >>
				8 * (at + sizeof(word) - len);
		else
		{
			for (Size i = at; i < len; i++)
				word |= (uint64) view->labels[i] << 8 * (i - at);
		}
	}
	return word >> (bit % 8) & funnel_bits_mask(FUNNEL_BITS_PER_LOAD);
}

/* All bits of the label at BIT, which is not spelled and begins with WORD. */
static pg_noinline uint64
mix_label(const FunnelJourneyView *view, uint64 bit, uint64 word)
{
	const uint64 bytes = funnel_bits_mask(BYTES_PER_LOAD * BITS_PER_BYTE);
	const uint64 lowest = UINT64CONST(0x0101010101010101) & bytes;
	uint64		hash = 0;

	for (int i = 0; i < WORDS_OF_WAY; i++)
	{
		uint64		zeros = (word - lowest) & ~word & lowest << (BITS_PER_BYTE - 1);

		if (likely(zeros != 0))
			return hash ^ (word & (zeros ^ (zeros - 1)));
		hash = funnel_mix(hash, word & bytes);
		bit += BYTES_PER_LOAD * BITS_PER_BYTE;
		word = load_bits(view, bit);
	}
	return hash;				/* no way is so long */
}

/*
 * The hash of a way from a label by what stands at BIT, which begins with WORD.
 *
 * Where the end of a spelled way is, is not known, so its hash is of its first
 * bits only; they have to differ among the ways from one label.  Ways that are not
 * spelled begin at no label, but end with a zero byte: their hash is of all bits.
 */
static inline uint64
hash_way(const FunnelJourneyView *view, uint32 from, uint64 bit, uint64 word)
{
	uint64		hash;

	if (likely(view->spelled))
		hash = (uint64) from << KEY_BITS | (word & funnel_bits_mask(KEY_BITS));
	else
		hash = mix_label(view, bit, word);
	return hash * UINT64CONST(0x9E3779B97F4A7C15);
}

static bool
has_same_rest(const Way *way, const FunnelJourneyView *view, uint64 bit)
{
	for (int i = 1; i * FUNNEL_BITS_PER_LOAD < (int) way->nbits; i++)
	{
		int			nbits = Min((int) way->nbits - i * FUNNEL_BITS_PER_LOAD,
								FUNNEL_BITS_PER_LOAD);

		if (((load_bits(view, bit + i * FUNNEL_BITS_PER_LOAD) ^ way->words[i]) &
			 funnel_bits_mask(nbits)) != 0)
			return false;
	}
	return true;
}

/*
 * The way from a label by what stands at BIT, or NULL if it is not known.
 *
 * This is a hash table of its own, because how long the key is becomes clear
 * only where it is found.
 */
static inline const Way *
find_way(const FunnelKnownLabels *known, const FunnelJourneyView *view, uint32 from,
		 uint64 bit)
{
	uint64		word = load_bits(view, bit);
	uint32		slot = (uint32) (hash_way(view, from, bit, word) >> known->way_shift);

	for (int i = 0; i < MAX_PROBES; i++)
	{
		const Way  *way = &known->ways[slot];

		if (unlikely(way->nbits == 0))
			return NULL;
		if (way->from == from && ((word ^ way->words[0]) & way->mask) == 0 &&
			(way->nbits <= FUNNEL_BITS_PER_LOAD || has_same_rest(way, view, bit)))
			return way;
		slot = (slot + 1) & (known->nway_slots - 1);
	}
	return NULL;
}

/* A free slot for a way with this hash, or NULL if it must not be kept. */
static Way *
find_free_slot(const FunnelKnownLabels *known, uint32 hash)
{
	uint32		slot = (uint32) ((uint64) hash << 32 >> known->way_shift);

	for (int i = 0; i < MAX_PROBES; i++)
	{
		if (known->ways[slot].nbits == 0)
			return &known->ways[slot];
		slot = (slot + 1) & (known->nway_slots - 1);
	}
	return NULL;
}

/* Follow the labels from one to the next; false if one is not known. */
static inline bool
follow(FunnelJourneyLabels *found, const FunnelJourneyView *view)
{
	FunnelKnownLabels *known = found->known;
	uint32		from = view->spelled ? FIRST_SPELLED : UNSPELLED;
	uint64		nbits = (uint64) view->labels_len * 8;
	uint64		bit = 0;

	if (unlikely(!known->is_ready || known->nways == 0 || known->nresting > 0 ||
				 view->nlabels > MAX_KEPT_CODES))
		return false;
	for (uint32 code = 0; code < view->nlabels; code++)
	{
		const Way  *way = find_way(known, view, from, bit);

		if (unlikely(way == NULL))
			return false;
		set_match(found, code, &known->matches[way->to]);
		bit += way->nbits;
		if (view->spelled)
			from = way->to;
	}

	/* else it is corrupt, and read_labels() will say so */
	if (bit > nbits || nbits - bit >= 8 || load_bits(view, bit) != 0)
		return false;
	known->nfollowed++;
	return true;
}

static void
make_room_for_way(FunnelKnownLabels *known)
{
	uint32		old_nslots = known->nway_slots;
	uint32		nslots = Max(old_nslots * 2, MIN_SLOTS);
	Way		   *old = known->ways;

	if (known->nways < old_nslots / 2)
		return;
	known->ways = MemoryContextAllocZero(known->kept_context, sizeof(Way) * nslots);
	known->nway_slots = nslots;
	known->way_shift = 64 - pg_leftmost_one_pos32(nslots);
	known->nways = 0;
	for (uint32 i = 0; i < old_nslots; i++)
	{
		Way		   *way = old[i].nbits == 0 ? NULL : find_free_slot(known, old[i].hash);

		if (way == NULL)
			continue;
		*way = old[i];
		known->nways++;
	}
	if (old_nslots > 0)
		pfree(old);
}

/* The id of a label, which is kept if it is new. */
static uint32
keep_label(FunnelKnownLabels *known, const FunnelLabel *label, const FunnelLabelMatch *match)
{
	uint32		id = funnel_label_table_add(known->table, label->text, label->len);

	if (id == known->capacity)
	{
		known->capacity *= 2;
		known->matches = repalloc(known->matches,
								  sizeof(FunnelLabelMatch) * known->capacity);
	}
	known->matches[id] = *match;
	return id;
}

static void
keep_way(FunnelKnownLabels *known, const FunnelJourneyView *view, uint32 from, uint32 to,
		 uint64 bit, uint32 nbits)
{
	uint32		hash = (uint32) (hash_way(view, from, bit, load_bits(view, bit)) >> 32);
	Way		   *way;

	if (known->nways > 0 && find_way(known, view, from, bit) != NULL)
		return;
	make_room_for_way(known);
	way = find_free_slot(known, hash);
	if (way == NULL)
		return;
	way->from = from;
	way->to = to;
	way->nbits = nbits;
	way->hash = hash;
	way->mask = funnel_bits_mask(Min(nbits, FUNNEL_BITS_PER_LOAD));
	for (uint32 i = 0; i * FUNNEL_BITS_PER_LOAD < nbits; i++)
		way->words[i] = load_bits(view, bit + i * FUNNEL_BITS_PER_LOAD);
	known->nways++;
}

/*
 * A journey had to be read: begin a rest if too many of the last ones had to be,
 * that is, if there are more labels, or ways between them, than can be kept.
 */
static void
judge(FunnelKnownLabels *known)
{
	if (++known->nmissed < MISSES_TO_JUDGE)
		return;
	if (known->nfollowed < known->nmissed)
		known->nresting = REST_FACTOR * MISSES_TO_JUDGE;
	known->nmissed = 0;
	known->nfollowed = 0;
}

/* Read the labels, and keep what may come again. */
static void
read_labels(FunnelJourneyLabels *found, const FunnelJourneyView *view)
{
	FunnelKnownLabels *known = found->known;
	uint64	   *ends;
	FunnelLabel *labels;
	uint32		from = view->spelled ? FIRST_SPELLED : UNSPELLED;

	/* the texts go away with the row */
	labels = funnel_journey_labels(view, &ends);

	found->single = true;
	found->present = 0;
	for (uint32 code = 0; code < view->nlabels; code++)
	{
		FunnelLabelMatch match;

		CHECK_FOR_INTERRUPTS();
		match = known->lookup(known->arg, labels[code].text, labels[code].len);
		set_match(found, code, &match);
	}
	if (view->nlabels > MAX_KEPT_CODES)
		return;
	if (known->nresting > 0)
	{
		known->nresting--;
		return;
	}
	judge(known);

	if (!known->is_ready ||
		funnel_label_table_size(known->table) + view->nlabels > MAX_LABELS ||
		known->nways + view->nlabels > MAX_WAYS)
		forget(known);
	known->is_ready = false;
	for (uint32 code = 0; code < view->nlabels; code++)
	{
		uint64		bit = code == 0 ? 0 : ends[code - 1];
		uint32		to;

		/* follow() would not come to the labels behind a longer one */
		if (ends[code] - bit > MAX_WAY_BITS)
			break;
		to = keep_label(known, &labels[code], &found->matches[code]);
		keep_way(known, view, from, to, bit, (uint32) (ends[code] - bit));
		if (view->spelled)
			from = to;
	}
	known->is_ready = true;
}

/* May a list be one that is kept? */
static inline bool
is_short(const FunnelJourneyView *view)
{
	return view->labels_len <= MAX_LIST_BYTES && view->code_width <= MAX_LIST_WIDTH &&
		view->nlabels > 0;
}

static inline uint64
mix_word(uint64 hash, uint64 word)
{
	return (hash << 29 | hash >> 35) ^ word * UINT64CONST(0x9E3779B97F4A7C15);
}

/*
 * A hash of a list's lengths and four of its words, from the first to the last; of
 * all of it if it is short.  Lists that have the same only take each other's place.
 */
static inline uint64
hash_list(const FunnelJourneyView *view)
{
	const uint8 *labels = view->labels;
	uint64		hash = (uint64) view->labels_len << 32 | view->nlabels;

	if (unlikely(view->labels_len < sizeof(uint64)))
		hash = mix_word(hash, load_bits(view, 0));
	else
	{
		Size		last = view->labels_len - sizeof(uint64);

		hash = mix_word(hash, funnel_load_word(labels));
		hash = mix_word(hash, funnel_load_word(labels + last / 3));
		hash = mix_word(hash, funnel_load_word(labels + last - last / 3));
		hash = mix_word(hash, funnel_load_word(labels + last));
	}
	return funnel_hash_word(hash);
}

static inline bool
is_list(const SeenList *list, const FunnelJourneyView *view, uint64 hash)
{
	return list->hash == hash && list->nlabels == view->nlabels &&
		list->len == view->labels_len && list->spelled == view->spelled &&
		memcmp(list->bytes, view->labels, view->labels_len) == 0;
}

static void
keep_list(FunnelJourneyLabels *found, const FunnelJourneyView *view, uint64 hash)
{
	FunnelKnownLabels *known = found->known;
	SeenList   *list = known->nlists == 0 ? NULL : &known->lists[hash & (known->nlists - 1)];

	/* more room where that helps, rather than one list in another's place */
	if (list == NULL ||
		(list->nlabels > 0 && list->hash != hash && known->nlists < MAX_LISTS))
	{
		uint32		nlists = Max(known->nlists * 2, MIN_LISTS);
		SeenList   *lists = MemoryContextAllocZero(known->context, sizeof(SeenList) * nlists);

		for (uint32 i = 0; i < known->nlists; i++)
		{
			if (known->lists[i].nlabels > 0)
				lists[known->lists[i].hash & (nlists - 1)] = known->lists[i];
		}
		if (known->nlists > 0)
			pfree(known->lists);
		known->lists = lists;
		known->nlists = nlists;
		list = &lists[hash & (nlists - 1)];
	}
	list->hash = hash;
	list->present = found->present;
	list->nlabels = view->nlabels;
	list->len = (uint8) view->labels_len;
	list->spelled = view->spelled;
	/* codes may have a bit more where there are events without a label */
	memset(list->steps, 0, sizeof(list->steps));
	memcpy(list->steps, found->steps, view->nlabels);
	memcpy(list->bytes, view->labels, view->labels_len);
}

void
funnel_journey_labels_find(FunnelJourneyLabels *found, const FunnelJourneyView *view,
						   bool want_matches)
{
	FunnelKnownLabels *known = found->known;
	bool		may_be_kept = !want_matches && is_short(view);
	uint64		hash = 0;

	if (likely(may_be_kept))
	{
		hash = hash_list(view);
		if (likely(known->nlists > 0))
		{
			const SeenList *list = &known->lists[hash & (known->nlists - 1)];

			if (likely(is_list(list, view, hash)))
			{
				found->single = true;
				found->present = list->present;
				found->steps = list->steps;
				return;
			}
		}
	}

	reserve(found, view);
	found->steps = found->room;
	found->single = true;
	found->present = 0;
	if (!follow(found, view))
		read_labels(found, view);

	/* events without a label, and what is no code */
	if (view->has_unlabelled)
		memset(&found->matches[view->nlabels], 0, sizeof(FunnelLabelMatch));
	memset(found->room + view->nlabels, 0, (1U << view->code_width) - view->nlabels);
	if (may_be_kept && found->single)
		keep_list(found, view, hash);
}
