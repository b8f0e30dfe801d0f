/*-------------------------------------------------------------------------
 *
 * picture/flow_place.c
 *	  Places for the nodes of a flow whose order is known.
 *
 * Each item would best be at the mean height of those that it is linked with.
 * The items of a level must not overlap, though: of all places that keep their
 * order and distances, those with the least sum of squares from where they want
 * to be are found by isotonic regression, with the algorithm of pool adjacent
 * violators (Ayer, Brunk, Ewing, Reid and Silverman, "An Empirical Distribution
 * Function for Sampling with Incomplete Information", 1955).  That is done level
 * by level, forth and back.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/compat.h"
#include "picture/flow_place.h"

#define ROUNDS	8

/* Neighbours that want to be in each other's place, as one. */
typedef struct Block
{
	double		wanted;			/* where its first item is to be */
	double		weight;
	int			nitems;
} Block;

/* The mean height of what an item is linked with; where it is, if nothing. */
static double
wanted_middle(const FunnelFlowLayout *layout, const FunnelFlowItem *item, bool left, bool right)
{
	double		sum = 0;
	double		weight = 0;

	for (int k = 0; left && k < item->nleft; k++)
	{
		const FunnelFlowSegment *segment = &layout->segments[item->left[k]];

		sum += segment->thickness * layout->items[segment->from].middle;
		weight += segment->thickness;
	}
	for (int k = 0; right && k < item->nright; k++)
	{
		const FunnelFlowSegment *segment = &layout->segments[item->right[k]];

		sum += segment->thickness * layout->items[segment->to].middle;
		weight += segment->thickness;
	}
	return weight > 0 ? sum / weight : item->middle;
}

/* Place a level by its links to the left, to the right, or both. */
static void
place_level(FunnelFlowLayout *layout, int l, bool left, bool right, Block *blocks)
{
	const FunnelFlowLevel *level = &layout->levels[l];
	int			nblocks = 0;
	double		offset = 0;		/* from the first item, all as close as can be */
	int			next = 0;

	for (int i = 0; i < level->nitems; i++)
	{
		const FunnelFlowItem *item = &layout->items[level->items[i]];
		Block		block;

		offset += item->slot / 2;
		block.wanted = wanted_middle(layout, item, left, right) - offset;
		block.weight = item->height;
		block.nitems = 1;
		offset += item->slot / 2;
		while (nblocks > 0 && blocks[nblocks - 1].wanted > block.wanted)
		{
			const Block *before = &blocks[--nblocks];

			block.wanted = (before->wanted * before->weight + block.wanted * block.weight) /
				(before->weight + block.weight);
			block.weight += before->weight;
			block.nitems += before->nitems;
		}
		blocks[nblocks++] = block;
	}
	offset = 0;
	for (int b = 0; b < nblocks; b++)
	{
		for (int i = 0; i < blocks[b].nitems; i++)
		{
			FunnelFlowItem *item = &layout->items[level->items[next++]];

			item->middle = blocks[b].wanted + offset + item->slot / 2;
			offset += item->slot;
		}
	}
}

/* To begin with, a level's items are close together, around 0. */
static void
stack(FunnelFlowLayout *layout)
{
	for (int l = 0; l < layout->nlevels; l++)
	{
		const FunnelFlowLevel *level = &layout->levels[l];
		double		y = 0;

		for (int i = 0; i < level->nitems; i++)
			y -= layout->items[level->items[i]].slot / 2;
		for (int i = 0; i < level->nitems; i++)
		{
			FunnelFlowItem *item = &layout->items[level->items[i]];

			item->middle = y + item->slot / 2;
			y += item->slot;
		}
	}
}

/* The segments of an item, by where they lead. */
typedef struct End
{
	int			segment;
	double		middle;
} End;

static int
compare_ends(const void *a, const void *b)
{
	const End  *x = a;
	const End  *y = b;

	if (x->middle != y->middle)
		return x->middle < y->middle ? -1 : 1;
	return x->segment - y->segment;
}

/* Where the segments of one side of an item meet it, one below the other. */
static void
place_ends(FunnelFlowLayout *layout, const FunnelFlowItem *item, bool left, End *ends)
{
	int			n = left ? item->nleft : item->nright;
	const int  *segments = left ? item->left : item->right;
	double		sum = 0;
	double		y;

	for (int k = 0; k < n; k++)
	{
		const FunnelFlowSegment *segment = &layout->segments[segments[k]];

		ends[k].segment = segments[k];
		ends[k].middle = layout->items[left ? segment->from : segment->to].middle;
		sum += segment->thickness;
	}
	qsort(ends, n, sizeof(End), compare_ends);
	y = item->middle - sum / 2;
	for (int k = 0; k < n; k++)
	{
		FunnelFlowSegment *segment = &layout->segments[ends[k].segment];

		if (left)
			segment->y_to = y + segment->thickness / 2;
		else
			segment->y_from = y + segment->thickness / 2;
		y += segment->thickness;
	}
}

void
funnel_flow_place(FunnelFlowLayout *layout)
{
	Block	   *blocks = palloc(sizeof(Block) * layout->nitems);
	End		   *ends = palloc(sizeof(End) * layout->nsegments);
	double		top = 0;
	double		bottom = 0;

	stack(layout);
	for (int round = 0; round < ROUNDS; round++)
	{
		CHECK_FOR_INTERRUPTS();
		for (int l = 1; l < layout->nlevels; l++)
			place_level(layout, l, true, round == ROUNDS - 1, blocks);
		for (int l = layout->nlevels - 2; l >= 0; l--)
			place_level(layout, l, round == ROUNDS - 1, true, blocks);
	}
	for (int i = 0; i < layout->nitems; i++)
	{
		const FunnelFlowItem *item = &layout->items[i];

		if (i == 0 || item->middle - item->slot / 2 < top)
			top = item->middle - item->slot / 2;
		if (i == 0 || item->middle + item->slot / 2 > bottom)
			bottom = item->middle + item->slot / 2;
	}
	layout->height = bottom - top;
	for (int i = 0; i < layout->nitems; i++)
		layout->items[i].middle -= top;
	for (int i = 0; i < layout->nitems; i++)
	{
		place_ends(layout, &layout->items[i], true, ends);
		place_ends(layout, &layout->items[i], false, ends);
	}
	pfree(blocks);
	pfree(ends);
}
