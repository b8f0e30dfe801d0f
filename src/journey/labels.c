/*-------------------------------------------------------------------------
 *
 * journey/labels.c
 *	  What the labels of journeys match, journey after journey.
 *
 * The journeys of a table have many sets of labels, but far fewer labels.  A
 * label is known by its bits in the journey, which stand for it if the label
 * before it is known, because it may share that one's beginning: so the bits
 * that followed a label lead to the next one, without a look at its letters.
 * Only what has not been seen before is read, and then kept.
 *
 * Where the same lists of labels come again and again, a list is told from the
 * others as a whole.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "events/unit.h"
#include "journey/bits.h"
#include "journey/labels.h"

/* What is kept: labels and ways between them, and the longest that are. */
#define MAX_LABELS			4096
#define MAX_WAYS			16384
#define MIN_SLOTS			64
#define WORDS_OF_WAY		5
#define MAX_WAY_BITS		(WORDS_OF_WAY * FUNNEL_BITS_PER_LOAD)

/* A journey with more labels than these is read as if nothing was known. */
#define MAX_KEPT_CODES		256

/* Room for what so many codes match, or more. */
#define MIN_MATCHES			64

/* How many labels pass between two looks at the interrupt flag. */
#define INTERRUPT_MASK		0xFFFF

/* A way is found by so many bits that it begins with. */
#define KEY_BITS			16

/* Where a way begins that begins at no label: labels spelled, and not. */
#define FIRST_SPELLED		PG_UINT32_MAX
#define PLAIN				(PG_UINT32_MAX - 1)

typedef struct KnownLabel
{
	const char *text;
	int			len;
	uint32		hash;
	FunnelLabelMatch match;
} KnownLabel;

/* The bits that lead from one label to the next; a cache line. */
typedef struct Way
{
	uint32		from;
	uint32		to;
	uint32		nbits;			/* 0 in a free slot */
	uint32		key;
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
	const FunnelLabels *labels;
	MemoryContext context;
	uint32		nlists;			/* a power of two, or 0 */
	SeenList   *lists;			/* each at the place that its hash says */
	MemoryContext kept_context; /* of the rest */
	uint32		nlabels;
	uint32		nlabel_slots;	/* a power of two, or 0 */
	uint32	   *label_slots;	/* open addressing: a label's number and one */
	KnownLabel *known;			/* half as many as slots */
	uint32		nways;
	uint32		nway_slots;		/* a power of two, or 0 */
	int			way_shift;
	Way		   *ways;			/* open addressing */
};

void
funnel_journey_labels_init(FunnelJourneyLabels *found, const FunnelLabels *labels,
						   MemoryContext context)
{
	FunnelKnownLabels *known = MemoryContextAllocZero(context, sizeof(FunnelKnownLabels));

	known->labels = labels;
	known->context = context;
	known->kept_context = AllocSetContextCreate(context, "funnel journey labels",
												ALLOCSET_SMALL_SIZES);
	memset(found, 0, sizeof(*found));
	found->known = known;
}

/* Room for what the codes of a journey match. */
static void
reserve(FunnelJourneyLabels *found, const FunnelJourneyView *view)
{
	MemoryContext context = found->known->context;
	uint32		nsteps = 1U << view->code_width;

	if (unlikely(nsteps > found->nsteps))
	{
		if (found->nsteps > 0)
			pfree(found->room);
		found->nsteps = 0;
		found->room = MemoryContextAllocHuge(context, nsteps);
		found->nsteps = nsteps;
	}
	if (unlikely(view->ncodes > found->nmatches))
	{
		uint32		nmatches = Max(view->ncodes, MIN_MATCHES);

		if (found->nmatches > 0)
			pfree(found->matches);
		found->nmatches = 0;
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

static inline uint32
first_slot(const FunnelKnownLabels *known, uint32 from, uint32 key)
{
	return (uint32) (((uint64) from << KEY_BITS | key) * UINT64CONST(0x9E3779B97F4A7C15) >>
					 known->way_shift);
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

/* The way from a label by what stands at BIT, or NULL if it is not known. */
static inline const Way *
find_way(const FunnelKnownLabels *known, const FunnelJourneyView *view, uint32 from,
		 uint64 bit)
{
	uint64		word = load_bits(view, bit);
	uint32		slot = first_slot(known, from, word & funnel_bits_mask(KEY_BITS));

	for (;;)
	{
		const Way  *way = &known->ways[slot];

		if (unlikely(way->nbits == 0))
			return NULL;
		if (way->from == from && ((word ^ way->words[0]) & way->mask) == 0 &&
			(way->nbits <= FUNNEL_BITS_PER_LOAD || has_same_rest(way, view, bit)))
			return way;
		slot = (slot + 1) & (known->nway_slots - 1);
	}
}

/* Follow the labels from one to the next; false if one is not known. */
static inline bool
follow(FunnelJourneyLabels *found, const FunnelJourneyView *view)
{
	const FunnelKnownLabels *known = found->known;
	uint32		from = view->spelled ? FIRST_SPELLED : PLAIN;
	uint64		nbits = (uint64) view->labels_len * 8;
	uint64		bit = 0;

	if (unlikely(known->nways == 0 || view->nlabels > MAX_KEPT_CODES))
		return false;
	for (uint32 code = 0; code < view->nlabels; code++)
	{
		const Way  *way = find_way(known, view, from, bit);

		if (unlikely(way == NULL))
			return false;
		set_match(found, code, &known->known[way->to].match);
		bit += way->nbits;
		if (view->spelled)
			from = way->to;
	}

	/* else it is corrupt, as who reads it will find */
	return bit <= nbits && nbits - bit < 8 && load_bits(view, bit) == 0;
}

/* Forget all, rather than grow. */
static void
forget(FunnelKnownLabels *known)
{
	known->nlabels = 0;
	known->nlabel_slots = 0;
	known->nways = 0;
	known->nway_slots = 0;
	MemoryContextReset(known->kept_context);
}

/*
 * Whoever catches an error may come back, so here nothing changes before it is
 * clear that there is room.
 */
static void
make_room_for_label(FunnelKnownLabels *known)
{
	uint32		nslots = Max(known->nlabel_slots * 2, MIN_SLOTS);
	uint32	   *slots;
	KnownLabel *labels;

	if (known->nlabels < known->nlabel_slots / 2)
		return;
	slots = MemoryContextAllocZero(known->kept_context, sizeof(uint32) * nslots);
	labels = MemoryContextAlloc(known->kept_context, sizeof(KnownLabel) * (nslots / 2));
	for (uint32 i = 0; i < known->nlabels; i++)
	{
		uint32		slot = known->known[i].hash & (nslots - 1);

		while (slots[slot] != 0)
			slot = (slot + 1) & (nslots - 1);
		slots[slot] = i + 1;
		labels[i] = known->known[i];
	}
	if (known->nlabel_slots > 0)
	{
		pfree(known->label_slots);
		pfree(known->known);
	}
	known->label_slots = slots;
	known->known = labels;
	known->nlabel_slots = nslots;
}

static void
make_room_for_way(FunnelKnownLabels *known)
{
	uint32		nslots = Max(known->nway_slots * 2, MIN_SLOTS);
	uint32		old_nslots = known->nway_slots;
	Way		   *old = known->ways;
	Way		   *ways;

	if (known->nways < known->nway_slots / 2)
		return;
	ways = MemoryContextAllocZero(known->kept_context, sizeof(Way) * nslots);
	known->ways = ways;
	known->nway_slots = nslots;
	known->way_shift = 64 - pg_leftmost_one_pos32(nslots);
	for (uint32 i = 0; i < old_nslots; i++)
	{
		uint32		slot;

		if (old[i].nbits == 0)
			continue;
		slot = first_slot(known, old[i].from, old[i].key);
		while (ways[slot].nbits != 0)
			slot = (slot + 1) & (nslots - 1);
		ways[slot] = old[i];
	}
	if (old_nslots > 0)
		pfree(old);
}

/* The number of a label, which is kept if it is new. */
static uint32
keep_label(FunnelKnownLabels *known, const FunnelLabel *label, const FunnelLabelMatch *match)
{
	uint32		hash = hash_bytes((const unsigned char *) label->text, label->len);
	uint32		slot;
	KnownLabel *kept;
	char	   *text;

	make_room_for_label(known);
	slot = hash & (known->nlabel_slots - 1);
	while (known->label_slots[slot] != 0)
	{
		kept = &known->known[known->label_slots[slot] - 1];
		if (kept->hash == hash && kept->len == label->len &&
			memcmp(kept->text, label->text, label->len) == 0)
			return known->label_slots[slot] - 1;
		slot = (slot + 1) & (known->nlabel_slots - 1);
	}

	text = MemoryContextAlloc(known->kept_context, Max(label->len, 1));
	memcpy(text, label->text, label->len);
	kept = &known->known[known->nlabels];
	kept->text = text;
	kept->len = label->len;
	kept->hash = hash;
	kept->match = *match;
	known->label_slots[slot] = ++known->nlabels;
	return known->nlabels - 1;
}

static void
keep_way(FunnelKnownLabels *known, const FunnelJourneyView *view, uint32 from, uint32 to,
		 uint64 bit, uint32 nbits)
{
	uint32		slot;
	Way		   *way;

	if (known->nways > 0 && find_way(known, view, from, bit) != NULL)
		return;
	make_room_for_way(known);
	slot = first_slot(known, from, load_bits(view, bit) & funnel_bits_mask(KEY_BITS));
	while (known->ways[slot].nbits != 0)
		slot = (slot + 1) & (known->nway_slots - 1);
	way = &known->ways[slot];
	way->from = from;
	way->to = to;
	way->nbits = nbits;
	way->key = load_bits(view, bit) & funnel_bits_mask(KEY_BITS);
	way->mask = funnel_bits_mask(Min(nbits, FUNNEL_BITS_PER_LOAD));
	for (uint32 i = 0; i * FUNNEL_BITS_PER_LOAD < nbits; i++)
		way->words[i] = load_bits(view, bit + i * FUNNEL_BITS_PER_LOAD);
	known->nways++;
}

/* Read the labels, and keep what may come again. */
static void
read_labels(FunnelJourneyLabels *found, const FunnelJourneyView *view)
{
	FunnelKnownLabels *known = found->known;
	uint64	   *ends;
	FunnelLabel *labels;
	uint32		from = view->spelled ? FIRST_SPELLED : PLAIN;

	/* the texts go away with the row */
	labels = funnel_journey_labels(view, &ends);

	found->single = true;
	found->present = 0;
	for (uint32 code = 0; code < view->nlabels; code++)
	{
		FunnelLabelMatch match;

		if ((code & INTERRUPT_MASK) == 0)
			CHECK_FOR_INTERRUPTS();
		match = funnel_labels_match(known->labels, labels[code].text, labels[code].len);
		set_match(found, code, &match);
	}
	if (view->nlabels > MAX_KEPT_CODES)
		return;

	if (known->nlabels + view->nlabels > MAX_LABELS ||
		known->nways + view->nlabels > MAX_WAYS)
		forget(known);
	for (uint32 code = 0; code < view->nlabels; code++)
	{
		uint64		bit = code == 0 ? 0 : ends[code - 1];
		uint32		to;

		/* what comes behind a longer one is not come to either */
		if (ends[code] - bit > MAX_WAY_BITS)
			break;
		to = keep_label(known, &labels[code], &found->matches[code]);
		keep_way(known, view, from, to, bit, (uint32) (ends[code] - bit));
		if (view->spelled)
			from = to;
	}
}

/* May a list be one that is kept? */
static inline bool
is_short(const FunnelJourneyView *view)
{
	return view->labels_len <= MAX_LIST_BYTES && view->code_width <= MAX_LIST_WIDTH &&
		view->nlabels > 0;
}

/* A hash of all bytes of a list, eight at a time; the last may overlap others. */
static inline uint64
hash_list(const FunnelJourneyView *view)
{
	uint64		nbits = (uint64) view->labels_len * 8;
	uint64		hash = view->nlabels;
	uint64		bit;

	for (bit = 0; bit + 64 < nbits; bit += 64)
		hash = (hash << 29 | hash >> 35) ^
			funnel_load_word(view->labels + bit / 8) * UINT64CONST(0x9E3779B97F4A7C15);
	bit = nbits > 64 ? nbits - 64 : 0;
	hash = (hash << 29 | hash >> 35) ^ load_bits(view, bit);
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

	/* more room rather than one that makes way for another */
	if (list == NULL || (list->nlabels > 0 && known->nlists < MAX_LISTS))
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
	if (view->has_unnamed)
		memset(&found->matches[view->nlabels], 0, sizeof(FunnelLabelMatch));
	memset(found->room + view->nlabels, 0, (1U << view->code_width) - view->nlabels);
	if (may_be_kept && found->single)
		keep_list(found, view, hash);
}
