/*-------------------------------------------------------------------------
 *
 * match/work.h
 *	  When to look whether the query is to end: after so much work.
 *
 * Work is counted in turns of inner loops, as each row can take many of them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_MATCH_WORK_H
#define FUNNEL_MATCH_WORK_H

#include <stddef.h>
#include <stdint.h>

/* How much may be done between two looks; a power of two. */
#define WORK_PER_POLL		32768

typedef struct Work
{
	void		(*poll) (void); /* looks, if set; may not return */
	int64_t		left;			/* until the next look */
} Work;

static inline void
work_begin(Work *work, void (*poll) (void))
{
	work->poll = poll;
	work->left = WORK_PER_POLL;
}

/*
 * AMOUNT was done, or is about to be.  An instant is counted when it is read, and
 * with it what is done there for one step and one link, the usual case; who does
 * more counts the rest.
 */
static inline void
work_add(Work *work, int64_t amount)
{
	work->left -= amount;
	if (__builtin_expect(work->left <= 0, 0))
	{
		work->left = WORK_PER_POLL;
		if (work->poll)
			work->poll();
	}
}

/*
 * For loops over rows that must be fast: where to end the inner loop, over the
 * rows from I on, before the next look.
 */
static inline size_t
work_stretch_end(size_t i, size_t nrows)
{
	return nrows - i > WORK_PER_POLL ? i + WORK_PER_POLL : nrows;
}

#endif							/* FUNNEL_MATCH_WORK_H */
