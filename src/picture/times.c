/*-------------------------------------------------------------------------
 *
 * picture/times.c
 *	  Times as a picture: a histogram.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "picture/draw.h"
#include "picture/svg.h"
#include "picture/text.h"
#include "picture/times.h"

#define HEIGHT			220.0
#define PLOT_TOP		58.0
#define PLOT_BOTTOM		184.0
#define WIDE_BUCKETS	24
#define NARROW_BUCKETS	12

/* Of the label of the median, as wide as any. */
#define MEDIAN_ROOM		200.0

/* The scales: that of times has 0, the longest, and parts of it between. */
static void
append_scales(StringInfo buf, double left, double right, double longest, int parts)
{
	appendStringInfo(buf, "<path class=\"funnel-axis\" d=\"M%.1f,%.1fH%.1fM%.1f,%.1fH%.1f\"/>\n",
					 left, PLOT_BOTTOM + 0.5, right, left, PLOT_TOP - 0.5, right);
	for (int i = 0; i <= parts; i++)
		funnel_draw_ascii(buf, left + (right - left) * i / parts, PLOT_BOTTOM + 18,
						  i == 0 ? FUNNEL_LEFT : i == parts ? FUNNEL_RIGHT : FUNNEL_MIDDLE,
						  " funnel-small", funnel_picture_duration(longest * i / parts));
}

/*
 * A line where the median is, its label on the side that has room; on the other
 * end, how many the highest bar is.
 */
static void
append_labels(StringInfo buf, double left, double right, double x, double median, int64 most)
{
	bool		before = x + MEDIAN_ROOM > right;

	appendStringInfo(buf, "<path class=\"funnel-median\" d=\"M%.1f,%.1fV%.1f\"/>\n",
					 x, PLOT_TOP - 46, PLOT_BOTTOM);
	funnel_draw_ascii(buf, before ? x - 6 : x + 6, PLOT_TOP - 34,
					  before ? FUNNEL_RIGHT : FUNNEL_LEFT, " funnel-small funnel-rim",
					  psprintf("median %s", funnel_picture_duration(median)));
	funnel_draw_ascii(buf, before ? left : right, PLOT_TOP - 6,
					  before ? FUNNEL_LEFT : FUNNEL_RIGHT, " funnel-small",
					  funnel_picture_count(most));
}

void
funnel_draw_times(StringInfo buf, FunnelCounts histogram, double median, int width)
{
	bool		narrow = width < FUNNEL_WIDE_PICTURE;
	int			nbuckets = narrow ? NARROW_BUCKETS : WIDE_BUCKETS;
	double		left = narrow ? FUNNEL_MARGIN / 2.0 : FUNNEL_MARGIN;
	double		right = width - left;
	double		step = (right - left) / nbuckets;
	double		longest;
	FunnelBucket buckets[WIDE_BUCKETS];
	int64		most = 0;

	funnel_buckets(histogram, nbuckets, buckets);
	for (int i = 0; i < nbuckets; i++)
		most = Max(most, buckets[i].users);
	longest = buckets[nbuckets - 1].upper;

	funnel_draw_begin(buf, width, HEIGHT, NULL, 0, "Times", false);
	for (int i = 0; i < nbuckets; i++)
	{
		const FunnelBucket *bucket = &buckets[i];
		double		height = (PLOT_BOTTOM - PLOT_TOP) * bucket->users / most;

		if (bucket->users == 0)
			continue;
		height = Max(height, 1);
		appendStringInfo(buf, "<g><title>%s to %s: %s</title>\n",
						 funnel_picture_duration(bucket->lower),
						 funnel_picture_duration(bucket->upper),
						 funnel_picture_count(bucket->users));
		funnel_draw_rect(buf, "funnel-bar", left + i * step + 1, PLOT_BOTTOM - height, step - 2,
						 height, 0);
		appendStringInfoString(buf, "</g>\n");
	}
	append_scales(buf, left, right, longest, narrow ? 2 : 4);
	append_labels(buf, left, right, left + (right - left) * Min(median / longest, 1), median, most);
	funnel_draw_end(buf);
}
