/*-------------------------------------------------------------------------
 *
 * aggregate/funnel_agg_by.c
 *	  funnel_agg_by: a result for each key, from one pass over the events.
 *
 * The group of a key is what funnel_agg with "entry => key = ..." says: of the
 * rows of step 1 only those with that key may start a passage.  So each unit is
 * matched once for each key that a row of step 1 has, with the other such rows
 * barred.  Where the definition decides which rows of step 1 are looked at, only
 * keys at that instant can count.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "aggregate/funnel_agg.h"
#include "base/aggcontext.h"
#include "base/compat.h"
#include "base/interrupts.h"
#include "base/rowtype.h"
#include "match/plain.h"
#include "result/bytes.h"
#include "result/type.h"

/*
 * A row's key is its number, then the number of its group from 1 on; 0 if it is NULL
 * or the row is none of step 1.
 */
typedef struct Counting
{
	const FunnelAggState *state;
	MemoryContext context;
	FunnelTally *nobody;		/* of no unit; the others share its definition */
	FunnelTally **tallies;		/* of the groups; NULL as long as none entered */
	FunnelEvents events;		/* of the unit */
	uint64	   *row_keys;		/* of its rows, in the buffer of the events:
								 * numbers, or groups after find_groups() */
	FunnelEvents view;			/* what they are for one key */
	size_t		plain_capacity;
	size_t		nentries;
	size_t	   *entries;		/* rows of the first step */
	bool		hidden;			/* they match nothing now */
	size_t	   *next;			/* by row of a key, its next one */

	/* the keys of the unit, or of the attempt */
	uint64		round;
	uint64	   *seen;			/* by group, the last round */
	size_t	   *begin;			/* and its first row in that */
	size_t	   *last;			/* and its last one so far */
	int			nkeys;
	int		   *keys;			/* their groups; room for all */
	bool		has_others;		/* rows of step 1 without a key */
} Counting;

/* The tally of a group */
static FunnelTally *
tally_of(Counting *counting, int group)
{
	if (counting->tallies[group] == NULL)
	{
		counting->tallies[group] = funnel_tally_create_like(counting->nobody, counting->context);
		funnel_tally_see(counting->tallies[group], counting->state->horizon);
	}
	return counting->tallies[group];
}

/* Have the keys of the unit's rows be groups. */
static void
find_groups(Counting *counting)
{
	for (size_t i = 0; i < counting->events.nrows; i++)
	{
		uint64	   *key = &counting->row_keys[i];

		funnel_poll_at(i);
		if (*key != 0)
			*key = (uint64) funnel_keys_group(counting->state->keys, *key) + 1;
	}
}

static inline bool
is_entry(const FunnelRow *row)
{
	return (row->steps & FUNNEL_STEP_BIT(1)) != 0;
}

/* The keys of the rows from BEGIN on that are before END. */
static void
find_keys(Counting *counting, size_t begin, size_t end)
{
	counting->round++;
	counting->nkeys = 0;
	counting->has_others = false;
	for (size_t i = begin; i < end; i++)
	{
		uint64		key = counting->row_keys[i];

		funnel_poll_at(i);
		if (!is_entry(&counting->events.rows[i]))
			continue;
		if (key == 0)
			counting->has_others = true;
		else if (counting->seen[key - 1] != counting->round)
		{
			counting->seen[key - 1] = counting->round;
			counting->begin[key - 1] = counting->last[key - 1] = i;
			counting->keys[counting->nkeys++] = (int) (key - 1);
		}
	}
}

/* The end of the rows of the instant that begins with row I. */
static size_t
instant_end(const FunnelEvents *events, size_t i)
{
	int64		ts = events->rows[i].ts;

	for (; i < events->nrows && events->rows[i].ts == ts; i++)
		funnel_poll_at(i);
	return i;
}

/*
 * The rows of the unit that a key must have for a passage to count: all, or
 * those of the instant of the first or last entry.
 */
static void
find_candidates(const FunnelEvents *events, const FunnelRules *rules,
				size_t *begin, size_t *end)
{
	size_t		found = events->nrows;

	*begin = 0;
	*end = events->nrows;
	if (!rules->first_entry && !rules->last_entry)
		return;
	for (size_t i = 0; i < events->nrows; i++)
	{
		funnel_poll_at(i);
		if (!is_entry(&events->rows[i]))
			continue;
		/* of the last instant the first such row */
		if (found == events->nrows || events->rows[i].ts != events->rows[found].ts)
			found = i;
		if (rules->first_entry)
			break;
	}
	*begin = found;
	if (found < events->nrows)
		*end = instant_end(events, found);
}

/* Fill the view with the rows of the unit, as they are for the rows of a group. */
static void
look_at_group(Counting *counting, int group)
{
	const FunnelProgram *program = counting->state->program;
	const FunnelEvents *events = &counting->events;
	FunnelEvents *view = &counting->view;
	size_t		n = 0;

	funnel_events_reserve(view, events->nrows);
	for (size_t i = 0; i < events->nrows; i++)
	{
		const FunnelRow *row = &events->rows[i];
		FunnelLabelMatch labels = {row->steps, row->breaks};

		funnel_poll_at(i);
		if (counting->row_keys[i] != (uint64) group + 1)
			funnel_agg_bar_entry(&program->rules, &labels);
		if ((labels.steps | labels.breaks) == 0 && !program->keeps_all)
			continue;
		view->rows[n].ts = row->ts;
		view->rows[n].steps = labels.steps;
		view->rows[n].breaks = labels.breaks;
		if (view->with_items)
			view->items[n] = events->items[i];
		n++;
	}
	view->nrows = n;
}

/* Find the rows of the first step, without a branch that the processor cannot foresee. */
static void
find_entries(Counting *counting)
{
	const uint8_t *steps = counting->events.steps;
	size_t		nrows = counting->events.nrows;
	size_t	   *entries;
	size_t		n = 0;

	if (nrows >= counting->plain_capacity)
	{
		if (counting->next != NULL)
		{
			pfree(counting->next);
			pfree(counting->entries);
		}
		counting->plain_capacity = nrows + nrows / 2 + 1;
		counting->next = MemoryContextAllocHuge(counting->context,
												sizeof(size_t) * counting->plain_capacity);
		counting->entries = MemoryContextAllocHuge(counting->context,
												   sizeof(size_t) * counting->plain_capacity);
	}
	entries = counting->entries;
	for (size_t i = 0; i < nrows; i++)
	{
		funnel_poll_at(i);
		entries[n] = i;
		n += steps[i] == 1;
	}
	counting->nentries = n;
	counting->hidden = false;
}

/* A key of the unit, which is in row I first. */
static inline void
add_key(Counting *counting, int group, size_t i)
{
	counting->seen[group] = counting->round;
	counting->begin[group] = counting->last[group] = i;
	counting->keys[counting->nkeys++] = group;
}

/*
 * Find the entries of the unit, and link those of each key, with an end behind all
 * rows.  For a passage to count, its key must be that of any entry, or of one at the
 * instant of the first or last.
 */
static void
link_entries(Counting *counting)
{
	const FunnelKeys *keys = counting->state->keys;
	const FunnelRules *rules = &counting->state->program->rules;
	const int64_t *ts = counting->events.ts;
	size_t		nrows = counting->events.nrows;
	bool		any = !rules->first_entry && !rules->last_entry;
	const size_t *entries;
	size_t		n;

	find_entries(counting);
	entries = counting->entries;
	n = counting->nentries;
	counting->round++;
	counting->nkeys = 0;
	for (size_t e = 0; e < n && !any; e++)
	{
		size_t		i = entries[e];
		int			group;

		funnel_poll_at(e);
		if (counting->row_keys[i] == 0 ||
			ts[i] != ts[rules->first_entry ? entries[0] : entries[n - 1]])
			continue;
		group = funnel_keys_group(keys, counting->row_keys[i]);
		if (counting->seen[group] != counting->round)
			add_key(counting, group, i);
	}
	for (size_t e = 0; e < n; e++)
	{
		size_t		i = entries[e];
		int			group;

		funnel_poll_at(e);
		if (counting->row_keys[i] == 0)
			continue;
		group = funnel_keys_group(keys, counting->row_keys[i]);
		if (counting->seen[group] != counting->round)
		{
			if (!any)
				continue;
			add_key(counting, group, i);
		}
		/* the first one becomes its own predecessor */
		counting->next[counting->last[group]] = i;
		counting->next[i] = nrows;
		counting->last[group] = i;
	}
}

/* Have the entries of the unit match nothing.  Once is enough. */
static void
hide_entries(Counting *counting)
{
	if (counting->hidden)
		return;
	for (size_t e = 0; e < counting->nentries; e++)
	{
		funnel_poll_at(e);
		counting->events.steps[counting->entries[e]] = 0;
	}
	counting->hidden = true;
}

/* Have the entries of a key, from the first on, match this step or none. */
static void
set_steps_of_key(Counting *counting, size_t first, uint8_t step)
{
	for (size_t i = first; i < counting->events.nrows; i = counting->next[i])
	{
		funnel_poll_at(i);
		counting->events.steps[i] = step;
	}
}

/*
 * Count the passage of the unit for one key, of rows that are compact.  What is
 * before the instant of its first entry cannot be in its chain.
 */
static void
count_plain(Counting *counting, int group, uint64_t present)
{
	const FunnelAggState *state = counting->state;
	const FunnelRules *rules = &state->program->rules;
	FunnelEvents *events = &counting->events;
	size_t		first = counting->begin[group];
	size_t		begin = first;
	FunnelMatch match;
	bool		has_one;		/* under "last entry" always */
	bool		hides;			/* the entries of other keys */

	has_one = rules->first_entry || events->ts[first] == events->ts[counting->last[group]];
	hides = !has_one || state->with_values;
	while (begin > 0 && events->ts[begin - 1] == events->ts[first])
	{
		begin--;
		funnel_poll_at(begin);
	}
	if (hides)
	{
		hide_entries(counting);
		set_steps_of_key(counting, first, 1);
	}
	if (has_one)
		funnel_match_plain_entry(rules, events->ts, events->steps, first, events->nrows,
								 present, &match);
	else
		funnel_match_plain(rules, events->ts + begin, events->steps + begin,
						   events->nrows - begin, present, &match);
	if (state->with_values)
	{
		funnel_plain_find_rows(rules, events->ts + begin, events->steps + begin, &match);
		for (int k = 0; k < match.depth; k++)
			match.row[k] += begin;
	}
	if (hides)
		set_steps_of_key(counting, first, 0);
	funnel_agg_count(state, tally_of(counting, group), events, &match);
}

/* Count the passage of the unit for each of its keys. */
static void
count_passages(Counting *counting)
{
	const FunnelAggState *state = counting->state;
	FunnelEvents *events = &counting->events;
	FunnelMatch match;
	uint64_t	present;
	bool		plain;
	size_t		begin;
	size_t		end;

	/* rows are sorted by what they have, so it must not change then */
	if (!state->program->plain)
		find_groups(counting);
	plain = funnel_events_arrange(events, state->program, &present);
	if (plain)
	{
		link_entries(counting);
		for (int k = 0; k < counting->nkeys; k++)
		{
			CHECK_FOR_INTERRUPTS();
			count_plain(counting, counting->keys[k], present);
		}
		return;
	}
	if (state->program->plain)
		find_groups(counting);
	find_candidates(events, &state->program->rules, &begin, &end);
	find_keys(counting, begin, end);
	if (counting->nkeys == 1 && !counting->has_others && begin == 0 && end == events->nrows)
	{
		/* all rows are as they are */
		funnel_events_match(events, state->program, &match);
		funnel_agg_count(state, tally_of(counting, counting->keys[0]), events, &match);
		return;
	}
	for (int k = 0; k < counting->nkeys; k++)
	{
		CHECK_FOR_INTERRUPTS();
		look_at_group(counting, counting->keys[k]);
		funnel_events_match(&counting->view, state->program, &match);
		funnel_agg_count(state, tally_of(counting, counting->keys[k]), &counting->view, &match);
	}
}

/* Count each attempt of the unit for each key of its opening. */
static void
count_attempts(Counting *counting)
{
	const FunnelAggState *state = counting->state;
	FunnelEvents *events = &counting->events;
	FunnelAttempts attempts;
	const FunnelMatch *match;

	find_groups(counting);
	funnel_events_begin_attempts(events, state->program, &attempts);
	while ((match = funnel_events_next_attempt(events, &attempts)) != NULL)
	{
		find_keys(counting, attempts.opening, instant_end(events, attempts.opening));
		for (int k = 0; k < counting->nkeys; k++)
			funnel_agg_count(state, tally_of(counting, counting->keys[k]), events, match);
	}
}

/* Count the unit whose rows are in the buffer. */
static void
count_unit(Counting *counting)
{
	FunnelEvents *events = &counting->events;

	counting->row_keys = events->with_tags ? events->tags : events->items;
	if (counting->state->program->rules.every_attempt)
		count_attempts(counting);
	else
		count_passages(counting);
}

/* The type of a group. */
static TupleDesc
group_type(FunctionCallInfo fcinfo)
{
	static FunnelColumn columns[] =
	{
		{"text", TEXTOID, NULL},
		{"funnel_result", InvalidOid, funnel_result_out}
	};
	TupleDesc	tupdesc = funnel_result_row_type(fcinfo);

	funnel_check_row_type(tupdesc, "funnel_group", columns, lengthof(columns));
	return tupdesc;
}

/* Bytewise, a beginning first */
static int
compare_keys(const FunnelKey *left, const FunnelKey *right)
{
	int			cmp = memcmp(left->bytes, right->bytes, Min(left->size, right->size));

	if (cmp != 0)
		return cmp;
	return left->size < right->size ? -1 : left->size > right->size;
}

#define ST_SORT sort_groups
#define ST_ELEMENT_TYPE int
#define ST_COMPARE(a, b, groups) compare_keys(&(groups)[*(a)], &(groups)[*(b)])
#define ST_COMPARE_ARG_TYPE const FunnelKey
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

/* All groups as an array, in the current memory context. */
static Datum
groups_array(Counting *counting, TupleDesc tupdesc)
{
	const FunnelKeys *keys = counting->state->keys;
	ArrayBuildState *array = initArrayResult(tupdesc->tdtypeid, counting->context, false);

	for (int i = 0; i < keys->ngroups; i++)
		counting->keys[i] = i;
	sort_groups(counting->keys, keys->ngroups, keys->groups);
	for (int i = 0; i < keys->ngroups; i++)
	{
		int			group = counting->keys[i];
		FunnelTally *tally = counting->tallies[group];
		MemoryContext old;
		HeapTuple	row;
		Datum		values[2];
		bool		nulls[2] = {false, false};

		CHECK_FOR_INTERRUPTS();
		if (tally == NULL)
			tally = counting->nobody;
		old = MemoryContextSwitchTo(counting->context);
		values[0] = PointerGetDatum(cstring_to_text_with_len(keys->groups[group].bytes,
															 keys->groups[group].size));
		values[1] = PointerGetDatum(funnel_tally_flatten(tally));
		row = heap_form_tuple(tupdesc, values, nulls);
		array = accumArrayResult(array, HeapTupleGetDatum(row), false, tupdesc->tdtypeid,
								 counting->context);
		heap_freetuple(row);
		pfree(DatumGetPointer(values[0]));
		pfree(DatumGetPointer(values[1]));
		MemoryContextSwitchTo(old);
	}
	return makeArrayResult(array, CurrentMemoryContext);
}

PG_FUNCTION_INFO_V1(funnel_agg_by_final);

/*
 * funnel_agg_by_final(internal) returns funnel_group[]
 *
 * Reads the state only, as funnel_agg_final does.
 */
Datum
funnel_agg_by_final(PG_FUNCTION_ARGS)
{
	Counting	counting = {0};
	FunnelAggState *state;
	FunnelSpoolScan *scan;
	int			ngroups;
	Datum		result;

	(void) funnel_aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (FunnelAggState *) PG_GETARG_POINTER(0);

	counting.state = state;
	counting.context = AllocSetContextCreate(CurrentMemoryContext, "funnel_agg_by",
											 ALLOCSET_DEFAULT_SIZES);
	counting.nobody = funnel_tally_create(state->program->def, counting.context);
	funnel_tally_see(counting.nobody, state->horizon);
	ngroups = state->keys->ngroups;
	counting.tallies = MemoryContextAllocExtended(counting.context,
												  sizeof(FunnelTally *) * Max(ngroups, 1),
												  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	counting.seen = MemoryContextAllocExtended(counting.context,
											   sizeof(uint64) * Max(ngroups, 1),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	counting.begin = MemoryContextAllocHuge(counting.context, sizeof(size_t) * Max(ngroups, 1));
	counting.last = MemoryContextAllocHuge(counting.context, sizeof(size_t) * Max(ngroups, 1));
	counting.keys = MemoryContextAllocHuge(counting.context, sizeof(int) * Max(ngroups, 1));
	funnel_events_init(&counting.events, counting.context, true);
	counting.events.with_tags = state->with_values;
	funnel_events_init(&counting.view, counting.context, state->with_values);

	scan = funnel_spool_scan_begin(state->spool, counting.context);
	while (funnel_spool_scan_next(scan, &counting.events))
	{
		count_unit(&counting);
		CHECK_FOR_INTERRUPTS();
	}
	result = groups_array(&counting, group_type(fcinfo));
	MemoryContextDelete(counting.context);
	PG_RETURN_DATUM(result);
}
