/*-------------------------------------------------------------------------
 *
 * picture/flow_order.c
 *	  An order of the nodes of a flow in which its links cross little.
 *
 * The least crossings are hard to find.  The heuristic is the barycenter method
 * of Sugiyama, Tagawa and Toda (see flow_layout.h): level by level, forth and
 * back, items are sorted by the mean place of those that they are linked with on
 * the level before, here weighted by how thick the links are.  The best order
 * that was met is kept, as Gansner, Koutsofios, North and Vo do, "A Technique
 * for Drawing Directed Graphs", IEEE Transactions on Software Engineering 19
 * (1993).  Crossings are counted as Barth, Jünger and Mutzel do, "Simple and
 * Efficient Bilayer Cross Counting", Graph Drawing (2002).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/compat.h"
#include "picture/flow_order.h"

/* Going through all levels so often without a better order ends it. */
#define MAX_SWEEPS		24
#define MAX_IDLE_SWEEPS	4

/* An item that is to be sorted by a key. */
typedef struct Keyed
{
	int			item;
	int			place;
	double		key;
} Keyed;

static int
compare_keyed(const void *a, const void *b)
{
	const Keyed *x = a;
	const Keyed *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->place - y->place;
}

static void
sort_level(FunnelFlowLayout *layout, FunnelFlowLevel *level, Keyed *keyed)
{
	qsort(keyed, level->nitems, sizeof(Keyed), compare_keyed);
	for (int i = 0; i < level->nitems; i++)
	{
		level->items[i] = keyed[i].item;
		layout->items[keyed[i].item].place = i;
	}
}

/* To begin with, the highest items are on top. */
static void
order_by_height(FunnelFlowLayout *layout, Keyed *keyed)
{
	for (int l = 0; l < layout->nlevels; l++)
	{
		FunnelFlowLevel *level = &layout->levels[l];

		for (int i = 0; i < level->nitems; i++)
		{
			const FunnelFlowItem *item = &layout->items[level->items[i]];

			keyed[i].item = level->items[i];
			keyed[i].place = i;
			keyed[i].key = -item->height;
		}
		sort_level(layout, level, keyed);
	}
}

/*
 * Sort a level by the level before, or behind.  An item without links there
 * stays about where it was.
 */
static void
order_level(FunnelFlowLayout *layout, int l, bool by_left, Keyed *keyed)
{
	FunnelFlowLevel *level = &layout->levels[l];
	const FunnelFlowLevel *other = &layout->levels[by_left ? l - 1 : l + 1];

	for (int i = 0; i < level->nitems; i++)
	{
		const FunnelFlowItem *item = &layout->items[level->items[i]];
		int			n = by_left ? item->nleft : item->nright;
		const int  *segments = by_left ? item->left : item->right;
		double		sum = 0;
		double		weight = 0;

		for (int k = 0; k < n; k++)
		{
			const FunnelFlowSegment *segment = &layout->segments[segments[k]];
			int			end = by_left ? segment->from : segment->to;

			sum += segment->thickness * layout->items[end].place;
			weight += segment->thickness;
		}
		keyed[i].item = level->items[i];
		keyed[i].place = i;
		keyed[i].key = n > 0 ? sum / weight : (double) i * other->nitems / level->nitems;
	}
	sort_level(layout, level, keyed);
}

/* A segment by the places of its ends. */
typedef struct Span
{
	int			from;
	int			to;
	double		thickness;
} Span;

static int
compare_spans(const void *a, const void *b)
{
	const Span *x = a;
	const Span *y = b;

	return x->from != y->from ? x->from - y->from : x->to - y->to;
}

/*
 * How much the segments between a level and the next one cross: for each pair
 * that does, the area that both share.  SUMS is a binary indexed tree over the
 * places of the next level.
 */
static double
crossings_behind(const FunnelFlowLayout *layout, int l, Span *spans, double *sums)
{
	const FunnelFlowLevel *level = &layout->levels[l];
	int			nplaces = layout->levels[l + 1].nitems;
	double		crossings = 0;
	double		all = 0;
	int			n = 0;

	for (int i = 0; i < level->nitems; i++)
	{
		const FunnelFlowItem *item = &layout->items[level->items[i]];

		for (int k = 0; k < item->nright; k++)
		{
			const FunnelFlowSegment *segment = &layout->segments[item->right[k]];

			spans[n].from = i;
			spans[n].to = layout->items[segment->to].place;
			spans[n++].thickness = segment->thickness;
		}
	}
	qsort(spans, n, sizeof(Span), compare_spans);
	memset(sums, 0, sizeof(double) * (nplaces + 1));
	for (int i = 0; i < n; i++)
	{
		double		not_below = 0;

		/* those before it end at or above its own end, or cross it */
		for (int k = spans[i].to + 1; k > 0; k -= k & -k)
			not_below += sums[k];
		crossings += spans[i].thickness * Max(all - not_below, 0);
		all += spans[i].thickness;
		for (int k = spans[i].to + 1; k <= nplaces; k += k & -k)
			sums[k] += spans[i].thickness;
	}
	return crossings;
}

static double
crossings(const FunnelFlowLayout *layout, Span *spans, double *sums)
{
	double		sum = 0;

	for (int l = 0; l < layout->nlevels - 1; l++)
		sum += crossings_behind(layout, l, spans, sums);
	return sum;
}

void
funnel_flow_order(FunnelFlowLayout *layout)
{
	Keyed	   *keyed = palloc(sizeof(Keyed) * layout->nitems);
	Span	   *spans = palloc(sizeof(Span) * layout->nsegments);
	double	   *sums = palloc(sizeof(double) * (layout->nitems + 1));
	int		   *best = palloc(sizeof(int) * layout->nitems);
	double		least = 0;
	int			idle = 0;

	order_by_height(layout, keyed);
	for (int sweep = 0; sweep < MAX_SWEEPS && idle < MAX_IDLE_SWEEPS; sweep++)
	{
		double		now;

		CHECK_FOR_INTERRUPTS();
		if (sweep % 2 == 0)
		{
			for (int l = 1; l < layout->nlevels; l++)
				order_level(layout, l, true, keyed);
		}
		else
		{
			for (int l = layout->nlevels - 2; l >= 0; l--)
				order_level(layout, l, false, keyed);
		}
		now = crossings(layout, spans, sums);
		if (sweep == 0 || now < least)
		{
			least = now;
			idle = 0;
			for (int i = 0; i < layout->nitems; i++)
				best[i] = layout->items[i].place;
		}
		else
			idle++;
	}
	for (int i = 0; i < layout->nitems; i++)
	{
		FunnelFlowItem *item = &layout->items[i];

		item->place = best[i];
		layout->levels[item->level].items[best[i]] = i;
	}
	pfree(keyed);
	pfree(spans);
	pfree(sums);
	pfree(best);
}
