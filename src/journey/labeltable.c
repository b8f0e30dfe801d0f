/*-------------------------------------------------------------------------
 *
 * journey/labeltable.c
 *	  Labels as small numbers: each text is kept once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "journey/labeltable.h"

typedef struct LabelKey
{
	const char *text;
	int			len;
} LabelKey;

typedef struct LabelEntry
{
	LabelKey	key;
	uint32		hash;
	uint32		label;
	char		status;
} LabelEntry;

#define SH_PREFIX		labelhash
#define SH_ELEMENT_TYPE LabelEntry
#define SH_KEY_TYPE		LabelKey
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	hash_bytes((const unsigned char *) (key).text, (key).len)
#define SH_EQUAL(tb, a, b) \
	((a).len == (b).len && memcmp((a).text, (b).text, (a).len) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a)		((a)->hash)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Texts are cut from chunks: most labels are shorter than a chunk's header. */
#define CHUNK_SIZE		1024

struct FunnelLabelTable
{
	MemoryContext context;
	labelhash_hash *hash;
	uint32		size;
	uint32		capacity;
	LabelKey   *labels;
	uint32	   *marks;
	char	   *chunk;
	int			chunk_left;
};

FunnelLabelTable *
funnel_label_table_create(MemoryContext context, uint32 nlabels)
{
	FunnelLabelTable *table = MemoryContextAllocZero(context, sizeof(FunnelLabelTable));

	table->context = context;
	table->hash = labelhash_create(context, nlabels, NULL);
	return table;
}

static const char *
keep_text(FunnelLabelTable *table, const char *text, int len)
{
	char	   *copy;

	if (len > CHUNK_SIZE / 4)
		copy = MemoryContextAlloc(table->context, len);
	else
	{
		if (table->chunk_left < len || table->chunk == NULL)
		{
			table->chunk = MemoryContextAlloc(table->context, CHUNK_SIZE);
			table->chunk_left = CHUNK_SIZE;
		}
		copy = table->chunk;
		table->chunk += len;
		table->chunk_left -= len;
	}
	memcpy(copy, text, len);
	return copy;
}

uint32
funnel_label_table_add(FunnelLabelTable *table, const char *text, int len)
{
	LabelKey	key = {text, len};
	LabelEntry *entry;
	bool		found;

	entry = labelhash_insert(table->hash, key, &found);
	if (found)
		return entry->label;

	/* whatever fails from here on ends the transaction, and the table with it */
	if (table->size == table->capacity)
	{
		uint32		capacity = Max(table->capacity * 2, 8);

		if (table->labels == NULL)
		{
			table->labels = MemoryContextAllocHuge(table->context, sizeof(LabelKey) * capacity);
			table->marks = MemoryContextAllocHuge(table->context, sizeof(uint32) * capacity);
		}
		else
		{
			table->labels = repalloc_huge(table->labels, sizeof(LabelKey) * capacity);
			table->marks = repalloc_huge(table->marks, sizeof(uint32) * capacity);
		}
		table->capacity = capacity;
	}
	entry->key.text = keep_text(table, text, len);
	entry->label = table->size;
	table->labels[table->size] = entry->key;
	table->marks[table->size] = FUNNEL_NO_LABEL;
	return table->size++;
}

uint32
funnel_label_table_size(const FunnelLabelTable *table)
{
	return table->size;
}

const char *
funnel_label_table_text(const FunnelLabelTable *table, uint32 label, int *len)
{
	Assert(label < table->size);
	*len = table->labels[label].len;
	return table->labels[label].text;
}

uint32 *
funnel_label_table_marks(FunnelLabelTable *table)
{
	return table->marks;
}
