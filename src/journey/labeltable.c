/*-------------------------------------------------------------------------
 *
 * journey/labeltable.c
 *	  Labels as small numbers, their ids, and codes for those that occur in one
 *	  journey.  Whatever makes a journey uses it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/bytehash.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "journey/labeltable.h"

static inline int
compare_ids(const uint32 *a, const uint32 *b, const FunnelLabelSet *set)
{
	const FunnelLabel *x = &set->labels[*a];
	const FunnelLabel *y = &set->labels[*b];
	int			cmp;

	if (set->ascending)
		return *a < *b ? -1 : *a > *b;
	if (x->text == NULL || y->text == NULL)
		return (x->text == NULL) - (y->text == NULL);
	cmp = memcmp(x->text, y->text, Min(x->len, y->len));
	return cmp != 0 ? cmp : (x->len > y->len) - (x->len < y->len);
}

#define ST_SORT sort_ids
#define ST_ELEMENT_TYPE uint32
#define ST_COMPARE(a, b, set) compare_ids(a, b, set)
#define ST_COMPARE_ARG_TYPE const FunnelLabelSet
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

FunnelLabel *
funnel_labels_number(FunnelLabelSet *set)
{
	FunnelLabel *labels = MemoryContextAllocHuge(CurrentMemoryContext,
												 sizeof(FunnelLabel) * set->nmarked);

	sort_ids(set->marked, set->nmarked, set);
	for (uint32 code = 0; code < set->nmarked; code++)
	{
		funnel_poll_at(code);
		labels[code] = set->labels[set->marked[code]];
		set->codes[set->marked[code]] = code;
	}
	return labels;
}

void
funnel_labels_unmark(FunnelLabelSet *set)
{
	for (uint32 i = 0; i < set->nmarked; i++)
	{
		funnel_poll_at(i);
		set->codes[set->marked[i]] = FUNNEL_NO_CODE;
	}
	set->nmarked = 0;
	set->has_unlabelled = false;
}

/* Texts are cut from chunks: most labels are shorter than a chunk's header. */
#define CHUNK_SIZE		1024
#define FIRST_CHUNK_SIZE	128

/* There may be a table for each group. */
#define FIRST_CAPACITY	8

struct FunnelLabelTable
{
	MemoryContext context;
	funnel_bytehash_hash *ids;
	FunnelLabelSet set;
	uint32		size;
	uint32		capacity;
	char	   *chunk;
	int			chunk_left;
};

/* Room for CAPACITY labels; none may be marked. */
static void
enlarge(FunnelLabelTable *table, uint32 capacity)
{
	FunnelLabelSet *set = &table->set;

	set->labels = repalloc_huge(set->labels, sizeof(FunnelLabel) * capacity);
	set->codes = repalloc_huge(set->codes, sizeof(uint32) * capacity);
	set->marked = repalloc_huge(set->marked, sizeof(uint32) * capacity);
	table->capacity = capacity;
}

FunnelLabelTable *
funnel_label_table_create(MemoryContext context, uint32 nlabels)
{
	FunnelLabelTable *table = MemoryContextAllocZero(context, sizeof(FunnelLabelTable));

	table->context = context;
	table->ids = funnel_bytehash_new(context, nlabels);
	table->capacity = FIRST_CAPACITY;
	table->set.labels = MemoryContextAlloc(context, sizeof(FunnelLabel) * FIRST_CAPACITY);
	table->set.codes = MemoryContextAlloc(context, sizeof(uint32) * FIRST_CAPACITY);
	table->set.marked = MemoryContextAlloc(context, sizeof(uint32) * FIRST_CAPACITY);
	table->set.labels[FUNNEL_NO_LABEL].text = NULL;
	table->set.labels[FUNNEL_NO_LABEL].len = 0;
	table->set.codes[FUNNEL_NO_LABEL] = FUNNEL_NO_CODE;
	table->size = 1;
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
			table->chunk_left = Max(len, Min(CHUNK_SIZE, FIRST_CHUNK_SIZE * (int64) table->size));
			table->chunk = MemoryContextAlloc(table->context, table->chunk_left);
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
	FunnelBytes key = {text, len};
	FunnelByteHashEntry *entry;
	FunnelLabel *label;
	bool		found;

	entry = funnel_bytehash_insert(table->ids, key, &found);
	if (found)
		return (uint32) entry->value.number;

	/* whoever catches an error from here on must not use the table again */
	if (table->size == table->capacity)
		enlarge(table, table->capacity * 2);
	entry->key.bytes = keep_text(table, text, len);
	entry->value.number = table->size;
	label = &table->set.labels[table->size];
	label->text = entry->key.bytes;
	label->len = len;
	table->set.codes[table->size] = FUNNEL_NO_CODE;
	return table->size++;
}

bool
funnel_label_table_has(FunnelLabelTable *table, const char *text, int len)
{
	FunnelBytes key = {text, len};

	return funnel_bytehash_lookup(table->ids, key) != NULL;
}

uint32
funnel_label_table_size(const FunnelLabelTable *table)
{
	return table->size;
}

FunnelLabelSet *
funnel_label_table_set(FunnelLabelTable *table)
{
	return &table->set;
}
