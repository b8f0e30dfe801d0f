/*-------------------------------------------------------------------------
 *
 * language/labels.c
 *	  Which steps an event label matches and which links it breaks.
 *
 * Every row of an event table comes here, so a label costs one look-up: the
 * labels of a definition are in one hash table, and what an entry says already
 * includes the wildcards that match the same label.  Only a label that is not
 * there is tried against the wildcards, one after the other, each in time linear
 * in the label.
 *
 * The hash table is not the server's simplehash because this is the innermost
 * loop of all aggregates.  Which rows match is hard to foresee, and a branch that
 * the processor foresees wrongly costs more than all else here.  So the literals
 * are put where none meet, if there is a way; then a label is compared as three
 * words with that of one slot, and what it matches is masked, without a branch.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"

#include "base/bytehash.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "language/labels.h"

/*
 * What labels are compared by: their first, middle and last eight bytes, which may
 * overlap.  A label of less than eight bytes is one number; of one that is longer
 * than the three words the middle is a hash of all bytes.
 */
typedef struct LabelKey
{
	uint64		first;
	uint64		middle;
	uint64		last;
} LabelKey;

/* A label of the definition; slots without one have len -1. */
typedef struct Literal
{
	LabelKey	key;
	const char *text;
	int			len;
	FunnelLabelMatch match;
} Literal;

typedef struct Wildcard
{
	int			npieces;
	FunnelPiece *pieces;		/* the first is a prefix, the last a suffix */
	int		  **borders;		/* of the pieces between, see find_borders */
	int			min_len;		/* of all pieces together */
	FunnelLabelMatch match;
} Wildcard;

#define FIRST_SALT			UINT64CONST(0x9E3779B97F4A7C15)

/*
 * So many salts are tried, with each number of slots, to have no two literals meet; and
 * so many slots at most, or so many times those that there are at first.
 */
#define SPREAD_TRIES		64
#define MAX_SPREAD_SLOTS	1024
#define SPREAD_FACTOR		4

struct FunnelLabels
{
	int			simple_len;		/* a label up to this length is in its first
								 * slot or nowhere; -1 if that is true of none */
	uint64		lengths;		/* of the literals; see length_bit */
	int			max_len;		/* of the literals */
	uint64		salt;			/* of their hash; odd */
	uint32		slot_mask;
	int			slot_shift;
	Literal    *slots;
	int			nwildcards;
	Wildcard   *wildcards;
	bool		multibyte;		/* a byte search may hit between characters */
};

/* Longer labels share a bit. */
static inline uint64
length_bit(int len)
{
	return UINT64CONST(1) << Min(len, 63);
}

static inline LabelKey
words_of(const char *text, int len)
{
	const int	word = (int) sizeof(uint64);
	LabelKey	key = {0, 0, 0};

	if (likely(len >= word))
	{
		key.first = funnel_load_word(text);
		key.middle = funnel_load_word(text + (len - word) / 2);
		key.last = funnel_load_word(text + len - word);
	}
	else
		key.first = funnel_short_word(text, len);
	return key;
}

static inline LabelKey
key_of(const char *text, int len)
{
	LabelKey	key = words_of(text, len);

	if (unlikely(len > (int) sizeof(LabelKey)))
		key.middle = funnel_hash_bytes(0, text, len);
	return key;
}

static inline bool
is_literal(const Literal *slot, const LabelKey *key, const char *text, int len)
{
	return slot->len == len && slot->key.first == key->first &&
		slot->key.middle == key->middle && slot->key.last == key->last &&
		(likely(len <= (int) sizeof(LabelKey)) || memcmp(slot->text, text, len) == 0);
}

/*
 * Where a key is looked for first.  The highest bits of a product depend on all bits
 * of the number, and the words are multiplied side by side.
 */
static inline uint32
first_slot(const FunnelLabels *labels, const LabelKey *key, int len)
{
	uint64		hash = key->first * UINT64CONST(0x9E3779B97F4A7C15) +
		key->middle * UINT64CONST(0xff51afd7ed558ccd) +
		key->last * UINT64CONST(0xc4ceb9fe1a85ec53) + (uint64) len;

	return (uint32) (hash * labels->salt >> labels->slot_shift);
}

/*
 * The slot of a label: that of its literal, else a free one.  The table is
 * never more than half full.
 */
static Literal *
find_slot(const FunnelLabels *labels, const char *text, int len)
{
	LabelKey	key = key_of(text, len);
	uint32		i = first_slot(labels, &key, len);

	for (;;)
	{
		Literal    *slot = &labels->slots[i];

		if (slot->len < 0 || is_literal(slot, &key, text, len))
			return slot;
		i = (i + 1) & labels->slot_mask;
	}
}


/* ---------- wildcards ---------- */

/*
 * For each prefix of a piece the length of its longest border: a proper
 * prefix that is also its suffix (Knuth, Morris and Pratt, "Fast Pattern
 * Matching in Strings", SIAM J. Comput. 6, 1977).  With it a search never goes
 * back in the text.
 */
static int *
find_borders(const FunnelPiece *piece, MemoryContext context)
{
	int		   *borders = MemoryContextAlloc(context, piece->len * sizeof(int));
	int			border = 0;

	borders[0] = 0;
	for (int i = 1; i < piece->len; i++)
	{
		while (border > 0 && piece->text[border] != piece->text[i])
			border = borders[border - 1];
		if (piece->text[border] == piece->text[i])
			border++;
		borders[i] = border;
	}

	return borders;
}

/*
 * The first place from TO on where a character begins, as counted from FROM, where
 * one does.  There is a byte at TO.
 *
 * In every encoding of a server a byte below 0x80 is a character of its own, so the
 * counting begins behind the last one.
 */
static const char *
character_from(const char *from, const char *to)
{
	const char *at = to;
	size_t		rounds = 0;

	/* the wildcards may be many, and a label as long as a text can be */
	CHECK_FOR_INTERRUPTS();
	if (!IS_HIGHBIT_SET(*to))
		return to;
	while (at > from && IS_HIGHBIT_SET(at[-1]))
	{
		at--;
		funnel_poll_at(rounds++);
	}
	while (at < to)
	{
		at += pg_mblen(at);
		funnel_poll_at(rounds++);
	}
	return at;
}

/*
 * The end of the first occurrence of a piece in the text from AT to END, or
 * NULL.  If MULTIBYTE, it must begin with a character as counted from AT.
 */
static const char *
find_piece(const char *at, const char *end, const FunnelPiece *piece,
		   const int *borders, bool multibyte)
{
	const char *character = at;
	int			matched = 0;
	unsigned int rounds = 0;

	while (at < end)
	{
		/* a label may be as long as a text can be */
		if (++rounds % 65536 == 0)
			CHECK_FOR_INTERRUPTS();

		if (matched == 0)
		{
			at = memchr(at, piece->text[0], end - at);
			if (at == NULL)
				return NULL;
			at++;
			matched = 1;
		}
		else
		{
			while (matched > 0 && piece->text[matched] != *at)
				matched = borders[matched - 1];
			if (piece->text[matched] == *at)
				matched++;
			at++;
		}

		if (matched == piece->len)
		{
			const char *start = at - piece->len;

			if (!multibyte)
				return at;
			if (character < start)
				character = character_from(character, start);
			if (character == start)
				return at;
			matched = borders[matched - 1];
		}
	}

	return NULL;
}

/*
 * Does a wildcard match a label?  It does if every piece can be found behind
 * the one before; the first occurrence leaves the most room for the rest.
 */
static bool
wildcard_matches(const FunnelLabels *labels, const Wildcard *wildcard,
				 const char *text, int len)
{
	const FunnelPiece *first = &wildcard->pieces[0];
	const FunnelPiece *last = &wildcard->pieces[wildcard->npieces - 1];
	const char *at = text + first->len;
	const char *suffix;

	if (len < wildcard->min_len ||
		memcmp(text, first->text, first->len) != 0)
		return false;

	suffix = text + len - last->len;
	if (memcmp(suffix, last->text, last->len) != 0)
		return false;

	for (int i = 1; i < wildcard->npieces - 1; i++)
	{
		/* the wildcards may be many */
		CHECK_FOR_INTERRUPTS();
		at = find_piece(at, suffix, &wildcard->pieces[i],
						wildcard->borders[i], labels->multibyte);
		if (at == NULL)
			return false;
	}

	if (labels->multibyte && last->len > 0)
		return character_from(at, suffix) == suffix;

	return true;
}

static pg_noinline FunnelLabelMatch
match_wildcards(const FunnelLabels *labels, const char *text, int len)
{
	FunnelLabelMatch match = {0, 0};

	for (int i = 0; i < labels->nwildcards; i++)
	{
		const Wildcard *wildcard = &labels->wildcards[i];

		if (wildcard_matches(labels, wildcard, text, len))
		{
			match.steps |= wildcard->match.steps;
			match.breaks |= wildcard->match.breaks;
		}
	}

	return match;
}


/* ---------- compiling ---------- */

static char *
copy_text(const char *text, int len, MemoryContext context)
{
	char	   *copy = MemoryContextAlloc(context, Max(len, 1));

	memcpy(copy, text, len);
	return copy;
}

static void
set_slots(FunnelLabels *labels, uint32 nslots)
{
	labels->slot_mask = nslots - 1;
	labels->slot_shift = 64 - pg_leftmost_one_pos32(nslots);
}

static void
create_slots(FunnelLabels *labels, uint32 nslots, MemoryContext context)
{
	set_slots(labels, nslots);
	labels->slots = MemoryContextAllocZero(context, nslots * sizeof(Literal));
	for (uint32 i = 0; i < nslots; i++)
		labels->slots[i].len = -1;
}

/* With this salt, is each literal of OLD in a slot of its own? */
static bool
is_spread(const FunnelLabels *labels, const Literal *old, uint32 nold)
{
	uint64		taken[MAX_SPREAD_SLOTS / 64] = {0};

	for (uint32 i = 0; i < nold; i++)
	{
		uint32		slot;

		if (old[i].len < 0)
			continue;
		slot = first_slot(labels, &old[i].key, old[i].len);
		if ((taken[slot / 64] >> slot % 64 & 1) != 0)
			return false;
		taken[slot / 64] |= UINT64CONST(1) << slot % 64;
	}
	return true;
}

/* Find a salt, and if need be more slots, with which that is so. */
static bool
find_salt(FunnelLabels *labels, const Literal *old, uint32 nold)
{
	for (uint32 n = nold; n <= Min(nold * SPREAD_FACTOR, MAX_SPREAD_SLOTS); n *= 2)
	{
		set_slots(labels, n);
		for (int i = 0; i < SPREAD_TRIES; i++)
		{
			labels->salt = FIRST_SALT * (2 * (uint64) i + 1);
			if (is_spread(labels, old, nold))
				return true;
		}
		CHECK_FOR_INTERRUPTS();
	}
	set_slots(labels, nold);
	labels->salt = FIRST_SALT;
	return false;
}

/* Have each literal where it is looked for first, if there is a way. */
static void
spread_literals(FunnelLabels *labels, MemoryContext context)
{
	Literal    *old = labels->slots;
	uint32		nold = labels->slot_mask + 1;

	if (!find_salt(labels, old, nold))
		return;
	create_slots(labels, labels->slot_mask + 1, context);
	for (uint32 i = 0; i < nold; i++)
	{
		if (old[i].len >= 0)
			labels->slots[first_slot(labels, &old[i].key, old[i].len)] = old[i];
	}
	pfree(old);
	labels->simple_len = labels->max_len <= (int) sizeof(LabelKey) ? PG_INT32_MAX :
		(int) sizeof(LabelKey);
}

static void
add_literal(FunnelLabels *labels, const FunnelPiece *piece,
			uint64 steps, uint64 breaks, MemoryContext context)
{
	Literal    *slot = find_slot(labels, piece->text, piece->len);

	if (slot->len < 0)
	{
		slot->key = key_of(piece->text, piece->len);
		slot->text = copy_text(piece->text, piece->len, context);
		slot->len = piece->len;
		labels->lengths |= length_bit(piece->len);
		labels->max_len = Max(labels->max_len, piece->len);
	}
	slot->match.steps |= steps;
	slot->match.breaks |= breaks;
}

static void
add_wildcard(FunnelLabels *labels, const FunnelTerm *term,
			 uint64 steps, uint64 breaks, MemoryContext context)
{
	Wildcard   *wildcard = &labels->wildcards[labels->nwildcards++];
	int			npieces = term->npieces;

	wildcard->npieces = npieces;
	wildcard->pieces = MemoryContextAlloc(context, npieces * sizeof(FunnelPiece));
	wildcard->borders = MemoryContextAllocZero(context, npieces * sizeof(int *));
	wildcard->min_len = 0;
	wildcard->match.steps = steps;
	wildcard->match.breaks = breaks;

	for (int i = 0; i < npieces; i++)
	{
		const FunnelPiece *piece = &term->pieces[i];

		wildcard->pieces[i].text = copy_text(piece->text, piece->len, context);
		wildcard->pieces[i].len = piece->len;
		wildcard->min_len += piece->len;
		if (i > 0 && i < npieces - 1)
			wildcard->borders[i] = find_borders(piece, context);
	}
}

static void
add_terms(FunnelLabels *labels, const FunnelTerm *terms, int nterms,
		  uint64 steps, uint64 breaks, MemoryContext context)
{
	for (int i = 0; i < nterms; i++)
	{
		if (terms[i].npieces == 1)
			add_literal(labels, &terms[i].pieces[0], steps, breaks, context);
		else
			add_wildcard(labels, &terms[i], steps, breaks, context);
	}
}

static void
count_terms(const FunnelTerm *terms, int nterms, int *nliterals, int *nwildcards)
{
	for (int i = 0; i < nterms; i++)
	{
		if (terms[i].npieces == 1)
			(*nliterals)++;
		else
			(*nwildcards)++;
	}
}

FunnelLabels *
funnel_labels_compile(const FunnelDefinition *definition, char **stage_names,
					  MemoryContext context)
{
	FunnelLabels *labels = MemoryContextAllocZero(context, sizeof(FunnelLabels));
	int			nliterals = 0;
	int			nwildcards = 0;

	/*
	 * The number of terms is bounded by FUNNEL_DEFINITION_MAX_BYTES, and so
	 * is the length of each: no size below can overflow.
	 */
	count_terms(definition->unless, definition->nunless, &nliterals, &nwildcards);
	for (int i = 0; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];

		count_terms(step->terms, step->nterms, &nliterals, &nwildcards);
		count_terms(step->excluded, step->nexcluded, &nliterals, &nwildcards);
		if (stage_names != NULL)
			nliterals++;
	}

	labels->salt = FIRST_SALT;
	create_slots(labels, pg_nextpower2_32(2 * (uint32) nliterals + 2), context);
	labels->simple_len = labels->max_len = -1;
	labels->wildcards = MemoryContextAlloc(context,
										   Max(nwildcards, 1) * sizeof(Wildcard));
	labels->multibyte = pg_database_encoding_max_length() > 1 &&
		GetDatabaseEncoding() != PG_UTF8;

	add_terms(labels, definition->unless, definition->nunless,
			  0, funnel_definition_links(definition), context);
	for (int i = 0; i < definition->nsteps; i++)
	{
		const FunnelStep *step = &definition->steps[i];
		uint64		bit = FUNNEL_STEP_BIT(i + 1);

		add_terms(labels, step->terms, step->nterms, bit, 0, context);
		add_terms(labels, step->excluded, step->nexcluded, 0, bit, context);
		if (stage_names != NULL)
		{
			FunnelPiece name;

			name.text = stage_names[i];
			name.len = strlen(stage_names[i]);
			add_literal(labels, &name, bit, 0, context);
		}
	}

	if (labels->nwildcards == 0)
		spread_literals(labels, context);
	else
	{
		for (uint32 i = 0; i <= labels->slot_mask; i++)
		{
			Literal    *slot = &labels->slots[i];
			FunnelLabelMatch match;

			CHECK_FOR_INTERRUPTS();
			if (slot->len < 0)
				continue;
			match = match_wildcards(labels, slot->text, slot->len);
			slot->match.steps |= match.steps;
			slot->match.breaks |= match.breaks;
		}
	}

	return labels;
}

/* Any label. */
static pg_noinline FunnelLabelMatch
match_slowly(const FunnelLabels *labels, const char *text, int len)
{
	const FunnelLabelMatch none = {0, 0};

	if (len <= labels->max_len && (labels->lengths & length_bit(len)) != 0)
	{
		const Literal *slot = find_slot(labels, text, len);

		if (slot->len >= 0)
			return slot->match;
	}

	if (likely(labels->nwildcards == 0))
		return none;
	return match_wildcards(labels, text, len);
}

FunnelLabelMatch
funnel_labels_match(const FunnelLabels *labels, const char *text, int len)
{
	LabelKey	key;
	const Literal *slot;
	uint64		differ;
	uint64		mask;
	FunnelLabelMatch match;

	if (unlikely(len > labels->simple_len))
		return match_slowly(labels, text, len);

	key = words_of(text, len);
	slot = &labels->slots[first_slot(labels, &key, len)];
	differ = (slot->key.first ^ key.first) | (slot->key.middle ^ key.middle) |
		(slot->key.last ^ key.last) | (uint64) (slot->len ^ len);
	mask = differ == 0 ? PG_UINT64_MAX : 0;
	match.steps = slot->match.steps & mask;
	match.breaks = slot->match.breaks & mask;
	return match;
}

/*
 * The order is the same in all processes of a server: that of the definition,
 * and of the hash table that is built from it.  Wildcards are first because
 * their unions are what a single label can match, too.
 */
void
funnel_labels_add_codes(const FunnelLabels *labels, bool barred,
						FunnelEventCodes *codes, MemoryContext context)
{
	size_t		most = (size_t) labels->nwildcards + labels->slot_mask + 1;
	FunnelLabelMatch *matches = palloc(sizeof(FunnelLabelMatch) * 2 * most);
	int			n = 0;

	for (int i = 0; i < labels->nwildcards; i++)
		matches[n++] = labels->wildcards[i].match;
	for (uint32 i = 0; i <= labels->slot_mask; i++)
	{
		if (labels->slots[i].len >= 0)
			matches[n++] = labels->slots[i].match;
	}
	for (int i = 0, plain = n; barred && i < plain; i++)
	{
		if ((matches[i].steps & FUNNEL_STEP_BIT(1)) == 0)
			continue;
		matches[n] = matches[i];
		matches[n++].breaks |= FUNNEL_NO_ENTRY;
	}
	funnel_codes_of_unions(codes, matches, n, context);
	pfree(matches);
}
