/*-------------------------------------------------------------------------
 *
 * journey/spelling.c
 *	  The labels of a journey in fewer bits than their bytes have, for
 *	  journey/bytes.c.
 *
 * Each journey has its own labels, and they often take more bytes than its times.
 * They are spelled in bits that suit the letters of English, and no labels in
 * particular: how often each letter follows the one before it, journey/letters.h
 * has from a dictionary.
 *
 * A label is, in a stream of bits, the lowest of a byte first:
 *
 *	  but for the first, what it shares with the label before it: a bit 0 for
 *		  nothing, or a bit 1 and in five bits the number of bytes less one,
 *		  as many as there are, but at most 32
 *	  a symbol for each byte, or two
 *	  END
 *
 * The last byte is filled up with zeros.
 *
 * The symbols are END, ' ', '_', the letters without their case, CASE and BYTE.
 * CASE says that the letter that comes next has not the case that is expected.
 * Any byte that is no symbol is BYTE and its eight bits.  The bits of a symbol
 * are those of the canonical Huffman code of the context, with the highest bit
 * first: the context is the letter before it, whatever its case, or the start of
 * a run of letters.
 *
 * A run begins at every letter that follows no letter.  At its start the case of
 * the first letter of the run before is expected; in a run, lower case, but upper
 * from two upper ones in a row to the next that is lower.  At the start of a
 * label, lower case.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/interrupts.h"
#include "journey/letters.h"
#include "journey/spelling.h"

/* Symbols, in the order of the columns of funnel_letter_bits. */
#define END_OF_LABEL		0
#define BLANK				1
#define UNDERSCORE			2
#define FIRST_LETTER		3
#define OTHER_CASE			29
#define ANY_BYTE			30

#define MAX_SYMBOL_BITS		8
#define NUM_LOOKUPS			(1 << MAX_SYMBOL_BITS)

/* How much of the label before it a label can share. */
#define SHARED_BITS			5
#define MAX_SHARED			(1 << SHARED_BITS)

/* To write: how many bits a symbol has, and they, as they stand in the stream. */
typedef struct SymbolBits
{
	uint8		nbits;
	uint8		bits;
} SymbolBits;

static SymbolBits symbol_bits[FUNNEL_NUM_CONTEXTS][FUNNEL_NUM_SYMBOLS];

/* To read: which symbol the next eight bits of the stream begin with. */
typedef struct Symbol
{
	uint8		nbits;
	uint8		symbol;
} Symbol;

static Symbol symbols[FUNNEL_NUM_CONTEXTS][NUM_LOOKUPS];

/* One lower letter, or two, that the next eight bits begin with, or none. */
typedef struct Letters
{
	uint8		nbits;
	uint8		nletters;
	char		first;
	char		last;
} Letters;

static Letters letters[FUNNEL_NUM_CONTEXTS][NUM_LOOKUPS];

static bool tables_are_made = false;

/* What is known of a label where the next byte comes. */
typedef struct Place
{
	uint8		context;		/* the letter before it, 1 to 26, or 0 */
	bool		was_upper;		/* that letter's case */
	bool		starts_upper;	/* as runs of letters do */
	bool		goes_on_upper;
} Place;

static const Place start_of_label = {0, false, false, false};

static inline bool
is_letter_symbol(uint8 symbol)
{
	return symbol >= FIRST_LETTER && symbol < OTHER_CASE;
}

static inline bool
is_letter(uint8 byte)
{
	return (uint8) ((byte | 0x20) - 'a') < 26;
}

static inline bool
is_upper(uint8 letter)
{
	return (letter & 0x20) == 0;
}

static inline bool
expects_upper(const Place *place)
{
	return place->context == 0 ? place->starts_upper : place->goes_on_upper;
}

/* Go on behind a letter. */
static inline void
pass_letter(Place *place, uint8 letter)
{
	bool		upper = is_upper(letter);

	if (place->context == 0)
		place->starts_upper = upper;
	else
		place->goes_on_upper = upper && (place->goes_on_upper || place->was_upper);
	place->was_upper = upper;
	place->context = (letter | 0x20) - 'a' + 1;
}

static inline void
pass_byte(Place *place, uint8 byte)
{
	if (is_letter(byte))
		pass_letter(place, byte);
	else
		place->context = 0;
}

static void
make_tables(void)
{
	for (int context = 0; context < FUNNEL_NUM_CONTEXTS; context++)
	{
		int			next = 0;

		/* canonical: fewer bits first, those of one length by their symbols */
		for (int nbits = 1; nbits <= MAX_SYMBOL_BITS; nbits++)
		{
			next <<= 1;
			for (int symbol = 0; symbol < FUNNEL_NUM_SYMBOLS; symbol++)
			{
				uint8		reversed = 0;

				if (funnel_letter_bits[context][symbol] - '0' != nbits)
					continue;
				for (int i = 0; i < nbits; i++)
					reversed |= (next >> i & 1) << (nbits - 1 - i);
				symbol_bits[context][symbol].nbits = nbits;
				symbol_bits[context][symbol].bits = reversed;
				for (int rest = 0; rest < NUM_LOOKUPS; rest += 1 << nbits)
				{
					symbols[context][rest | reversed].nbits = nbits;
					symbols[context][rest | reversed].symbol = symbol;
				}
				next++;
			}
		}
		Assert(next == NUM_LOOKUPS);
	}
	for (int context = 0; context < FUNNEL_NUM_CONTEXTS; context++)
	{
		for (int bits = 0; bits < NUM_LOOKUPS; bits++)
		{
			Letters    *found = &letters[context][bits];
			int			after = context;

			while (found->nletters < 2)
			{
				Symbol		next = symbols[after][bits >> found->nbits];

				if (!is_letter_symbol(next.symbol) ||
					found->nbits + next.nbits > MAX_SYMBOL_BITS)
					break;
				found->last = (char) ('a' + next.symbol - FIRST_LETTER);
				if (found->nletters++ == 0)
					found->first = found->last;
				found->nbits += next.nbits;
				after = next.symbol - FIRST_LETTER + 1;
			}
		}
	}
	tables_are_made = true;
}

/* How many bytes, as far as can be said, two labels begin with in common. */
static inline int
shared_bytes(const FunnelLabel *a, const FunnelLabel *b)
{
	int			most = Min(Min(a->len, b->len), MAX_SHARED);
	int			shared = 0;

	while (shared < most && a->text[shared] == b->text[shared])
		shared++;
	return shared;
}


/* ---------- writing ---------- */

/* The symbol of a byte that is no letter. */
static inline int
symbol_of(uint8 byte)
{
	return byte == ' ' ? BLANK : byte == '_' ? UNDERSCORE : ANY_BYTE;
}

/* Count bits, and write them if there is somewhere to. */
static inline void
put(FunnelBitWriter *writer, uint64 *total, uint64 bits, int nbits)
{
	if (writer != NULL)
		funnel_bit_writer_put(writer, bits, nbits);
	*total += nbits;
}

static inline void
put_symbol(FunnelBitWriter *writer, uint64 *total, const Place *place, int symbol)
{
	SymbolBits	bits = symbol_bits[place->context][symbol];

	put(writer, total, bits.bits, bits.nbits);
}

/* Spell labels, or only count the bits if WRITER is NULL; returns how many. */
static pg_attribute_always_inline uint64
spell(FunnelBitWriter *writer, const FunnelLabel *labels, uint32 nlabels)
{
	uint64		total = 0;

	if (!tables_are_made)
		make_tables();
	for (uint32 i = 0; i < nlabels; i++)
	{
		const uint8 *text = (const uint8 *) labels[i].text;
		int			shared = 0;
		Place		place = start_of_label;

		if (i > 0)
		{
			shared = shared_bytes(&labels[i - 1], &labels[i]);
			if (shared == 0)
				put(writer, &total, 0, 1);
			else
				put(writer, &total, (uint64) (shared - 1) << 1 | 1, 1 + SHARED_BITS);
		}
		for (int k = 0; k < shared; k++)
			pass_byte(&place, text[k]);
		for (int k = shared; k < labels[i].len; k++)
		{
			int			symbol = symbol_of(text[k]);

			funnel_poll_at(k);
			if (is_letter(text[k]))
			{
				symbol = FIRST_LETTER + (text[k] | 0x20) - 'a';
				if (is_upper(text[k]) != expects_upper(&place))
					put_symbol(writer, &total, &place, OTHER_CASE);
			}
			put_symbol(writer, &total, &place, symbol);
			if (symbol == ANY_BYTE)
				put(writer, &total, text[k], BITS_PER_BYTE);
			pass_byte(&place, text[k]);
		}
		put_symbol(writer, &total, &place, END_OF_LABEL);
		/* the loop above does not look at a label of less than 64 kB */
		CHECK_FOR_INTERRUPTS();
	}
	return total;
}

uint64
funnel_spelled_size(const FunnelLabel *labels, uint32 nlabels)
{
	return (spell(NULL, labels, nlabels) + BITS_PER_BYTE - 1) / BITS_PER_BYTE;
}

uint8 *
funnel_spell(uint8 *p, const FunnelLabel *labels, uint32 nlabels)
{
	FunnelBitWriter writer;

	funnel_bit_writer_begin(&writer, p);
	(void) spell(&writer, labels, nlabels);
	funnel_bit_writer_end(&writer);
	return writer.p;
}


/* ---------- reading ---------- */

/* Bits taken one after the other; behind the last are zeros. */
typedef struct BitReader
{
	const FunnelJourneyView *view;
	const uint8 *p;				/* what comes behind the pending bits */
	const uint8 *end;
	uint64		pending;
	int			npending;		/* below 0 if more was taken than there is */
} BitReader;

/* Take whatever there is, up to a word. */
static inline void
refill(BitReader *reader)
{
	if (likely(reader->end - reader->p >= (ptrdiff_t) sizeof(uint64)))
	{
		/* bits that are pending twice are the same bits */
		reader->pending |= funnel_load_word(reader->p) << reader->npending;
		reader->p += (63 - reader->npending) / 8;
		reader->npending |= 56;
		return;
	}
	while (reader->npending <= 56 && reader->p < reader->end)
	{
		reader->pending |= (uint64) *reader->p++ << reader->npending;
		reader->npending += 8;
	}
}

static inline void
drop(BitReader *reader, int nbits)
{
	reader->pending >>= nbits;
	reader->npending -= nbits;
}

static inline uint32
take(BitReader *reader, int nbits)
{
	uint32		bits = reader->pending & funnel_bits_mask(nbits);

	drop(reader, nbits);
	return bits;
}

/* Where the texts of labels go. */
typedef struct TextBuffer
{
	char	   *text;
	size_t		len;
	size_t		size;
} TextBuffer;

/* No symbol takes less than a bit. */
#define MAX_LETTERS_PENDING	64

static inline void
reserve(TextBuffer *buffer, size_t len)
{
	if (likely(buffer->size - buffer->len >= len))
		return;
	buffer->text = repalloc_huge(buffer->text, buffer->size * 2);
	buffer->size *= 2;
}

/* Lower letters in a run, as far as what is pending goes. */
static inline void
read_letters(BitReader *reader, TextBuffer *buffer, Place *place)
{
	char	   *p = buffer->text + buffer->len;
	uint8		context = place->context;

	while (reader->npending >= MAX_SYMBOL_BITS)
	{
		Letters		next = letters[context][reader->pending & (NUM_LOOKUPS - 1)];

		if (next.nletters == 0)
			break;
		drop(reader, next.nbits);
		p[0] = next.first;
		p[1] = next.last;
		p += next.nletters;
		context = next.last - 'a' + 1;
		place->was_upper = false;
	}
	place->context = context;
	buffer->len = p - buffer->text;
}

/*
 * Read the label behind what is in BUFFER from START already.  A label has one
 * spelling, and none has a zero byte: all else is corrupt.
 */
static void
read_label(BitReader *reader, TextBuffer *buffer, size_t start)
{
	Place		place = start_of_label;

	for (size_t i = start; i < buffer->len; i++)
		pass_byte(&place, (uint8) buffer->text[i]);

	for (;;)
	{
		Symbol		next;
		bool		upper;
		uint8		byte;

		/* a case and a letter, or a byte: twice as many bits at most */
		if (reader->npending < 2 * MAX_SYMBOL_BITS)
		{
			refill(reader);
			CHECK_FOR_INTERRUPTS();
			if (unlikely(reader->npending <= 0))
				funnel_journey_is_corrupt(reader->view, "The value ends too early.");
			reserve(buffer, MAX_LETTERS_PENDING);
		}
		if (place.context != 0 && !place.goes_on_upper)
		{
			read_letters(reader, buffer, &place);
			if (reader->npending < 2 * MAX_SYMBOL_BITS && reader->p < reader->end)
				continue;
		}

		next = symbols[place.context][reader->pending & (NUM_LOOKUPS - 1)];
		drop(reader, next.nbits);
		upper = expects_upper(&place);
		if (next.symbol == OTHER_CASE)
		{
			upper = !upper;
			next = symbols[place.context][reader->pending & (NUM_LOOKUPS - 1)];
			drop(reader, next.nbits);
			if (unlikely(!is_letter_symbol(next.symbol)))
				funnel_journey_is_corrupt(reader->view, "A label is spelled wrongly.");
		}
		if (is_letter_symbol(next.symbol))
		{
			byte = (uint8) ((upper ? 'A' : 'a') + next.symbol - FIRST_LETTER);
			pass_letter(&place, byte);
		}
		else if (next.symbol == END_OF_LABEL)
			break;
		else
		{
			if (next.symbol == ANY_BYTE)
			{
				byte = (uint8) take(reader, BITS_PER_BYTE);
				if (unlikely(byte == 0 || is_letter(byte) || symbol_of(byte) != ANY_BYTE))
					funnel_journey_is_corrupt(reader->view, "A label is spelled wrongly.");
			}
			else
				byte = next.symbol == BLANK ? ' ' : '_';
			place.context = 0;
		}
		buffer->text[buffer->len++] = (char) byte;
	}
	if (unlikely(reader->npending < 0))
		funnel_journey_is_corrupt(reader->view, "The value ends too early.");
	if (unlikely(buffer->len - start > MaxAllocSize - VARHDRSZ - 1))
		funnel_journey_is_corrupt(reader->view, "A label is too long.");
}

/*
 * Can LABEL stand after BEFORE?  They are ascending, and the SHARED bytes they
 * begin with are all that they can be spelled with.
 */
static bool
is_next_label(const char *before, size_t before_len, const char *label, size_t len,
			  size_t shared)
{
	size_t		most = Min(before_len, len) - shared;
	int			cmp;

	if (shared < MAX_SHARED && most > 0)
		return (uint8) label[shared] > (uint8) before[shared];
	cmp = memcmp(label + shared, before + shared, most);
	return cmp > 0 || (cmp == 0 && len > before_len);
}

void
funnel_read_spelled(const FunnelJourneyView *view, FunnelLabel *labels, uint64 *ends)
{
	BitReader	reader;
	TextBuffer	buffer;
	size_t		before = 0;
	size_t		at = 0;

	if (!tables_are_made)
		make_tables();
	reader.view = view;
	reader.p = view->labels;
	reader.end = view->labels + view->labels_len;
	reader.pending = 0;
	reader.npending = 0;

	/* most labels take about half as many bits as they have */
	buffer.size = view->labels_len * 3 + 2 * (MAX_SHARED + MAX_LETTERS_PENDING);
	buffer.text = MemoryContextAllocHuge(CurrentMemoryContext, buffer.size);
	buffer.len = 0;

	for (uint32 i = 0; i < view->nlabels; i++)
	{
		uint32		shared = 0;

		funnel_poll_at(i);
		refill(&reader);
		if (i > 0 && take(&reader, 1) != 0)
			shared = take(&reader, SHARED_BITS) + 1;
		if (unlikely(shared > at - before))
			funnel_journey_is_corrupt(view, "A label is spelled wrongly.");
		reserve(&buffer, shared + MAX_LETTERS_PENDING);
		memcpy(buffer.text + at, buffer.text + before, shared);
		buffer.len += shared;
		read_label(&reader, &buffer, at);

		if (i > 0 &&
			!is_next_label(buffer.text + before, at - before, buffer.text + at,
						   buffer.len - at, shared))
			funnel_journey_is_corrupt(view, "A label is out of order.");
		labels[i].len = (int) (buffer.len - at);
		if (ends != NULL)
			ends[i] = (uint64) (reader.p - view->labels) * BITS_PER_BYTE - reader.npending;
		before = at;
		at = buffer.len;
	}

	/* all are read, and the last byte is filled up with zeros */
	if (reader.end - reader.p + reader.npending / 8 > 0 || reader.pending != 0)
		funnel_journey_is_corrupt(view, "Something follows the last label.");

	at = 0;
	for (uint32 i = 0; i < view->nlabels; i++)
	{
		labels[i].text = buffer.text + at;
		at += labels[i].len;
		funnel_poll_at(i);
	}
}
