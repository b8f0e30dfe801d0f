#!/usr/bin/env python3
"""Prove the functions known from ClickHouse against what they mean.

    test_ported.py [number of questions of each kind [seed]]

A question is asked of many random groups at once.  Connects as psql does
(PGHOST, PGPORT, PGDATABASE, ...) to a database with the extension and works in
a schema of its own.  Output is TAP.
"""

import datetime
import json
import random
import sys

import ported
from tap import Tap
from test_sql import SHOWN, copy_in, literal, psql, rows_of

GROUPS = 40                     # a question
MAX_CONDITIONS = 64
PARTS = 4
EPOCH = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)

# Half of the questions are shared out among parallel workers.  That the planner
# finds it worth while, rows are declared expensive; that no worker is done before
# the others have begun, some do take their time.
EXPENSIVE = """
DO $$
DECLARE f regprocedure;
BEGIN
	FOR f IN SELECT objid FROM pg_depend JOIN pg_proc p ON p.oid = objid
		WHERE classid = 'pg_proc'::regclass AND deptype = 'e' AND proname LIKE '%\\_transfn'
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
	LOOP
		EXECUTE format('ALTER FUNCTION %s COST 1000', f);
	END LOOP;
END $$;
"""
PARALLEL = ('SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; '
            'SET jit = off; '
            'SET max_parallel_workers_per_gather = 3; '
            'SET enable_hashagg = %s')
SLOWLY = 'WHERE g %% 8 <> 0 OR pg_sleep(0.001) IS NOT NULL'
SERIAL = 'SET max_parallel_workers_per_gather = 0; SET enable_hashagg = %s'


def settings(rng):
    flag = rng.choice(('on', 'off'))
    return rng.choice((PARALLEL, SERIAL)) % flag


# How times are kept: type, a time as text, a distance as text, and how a time
# of the result reads.  Times are counted in ticks.

class Clock:
    def __init__(self, name, column, tick, zero=0):
        self.name = name
        self.column = column
        self.tick = tick            # microseconds; None for bigint
        self.zero = zero            # of bigint

    def stamp(self, t):
        return EPOCH + datetime.timedelta(microseconds=t * self.tick)

    def time(self, t):
        if t is None or self.tick is None:
            return t
        return self.stamp(t).strftime('%Y-%m-%d %H:%M:%S.%f+00')

    def distance(self, ticks):
        if self.tick is None:
            return str(ticks)
        return literal('%d us' % (ticks * self.tick))

    def seconds(self, ticks):
        """As a pattern has it."""
        if self.tick is None:
            return str(ticks)
        whole, micros = divmod(ticks * self.tick, 1000000)
        return ('%d.%06d' % (whole, micros)).rstrip('0').rstrip('.')

    def ticks_of(self, value):
        if self.tick is None:
            return value - self.zero
        stamp = datetime.datetime.fromisoformat(value)
        return (stamp - EPOCH) // datetime.timedelta(microseconds=self.tick)


CLOCKS = [
    Clock('timestamptz', 'ts', 1),
    Clock('timestamptz', 'ts', 500000),
    Clock('timestamp', "(ts AT TIME ZONE 'UTC')", 60000000),
    Clock('date', "(ts AT TIME ZONE 'UTC')::date", 86400000000),
    Clock('bigint', 'n', None),
    # at the ends of the numbers, where an event takes more room
    Clock('bigint', '(n + 9223372036854775000)', None, 9223372036854775000),
    Clock('bigint', '(n - 9223372036854775807)', None, -9223372036854775807),
]


class Group:
    """Rows of one group: (time or None, tuple of condition values, node, base),
    each condition True, False or None."""

    def __init__(self, rows):
        self.rows = rows

    def masked(self):
        return [(t, mask_of(conditions))
                for t, conditions, _, _ in self.rows if t is not None]


def mask_of(conditions):
    return sum(1 << i for i, value in enumerate(conditions) if value)


def random_group(rng, n, max_rows, density):
    span = rng.choice((1, 3, 6, 12, 30))
    rows = []
    for _ in range(rng.randint(0, max_rows)):
        kind = rng.random()
        if kind < 0.6:              # mostly one condition
            value = [False] * n
            value[rng.randrange(n)] = True
        elif kind < 0.7:
            value = [False] * n
        else:
            value = [rng.random() < density for _ in range(n)]
        value = [None if not v and rng.random() < 0.1 else v for v in value]
        t = None if rng.random() < 0.05 else rng.randint(0, span)
        node = None if rng.random() < 0.05 else rng.choice('abcdeé')
        base = rng.choice((True, True, True, False, None))
        rows.append((t, tuple(value), node, base))
    return Group(rows)


def load(rng, groups, n, clock):
    """The groups as a table, its rows in no order and in parts, one for
    each worker and the leader."""
    columns = ', '.join('c%d boolean' % (i + 1) for i in range(n))
    lines = []
    for g, group in enumerate(groups):
        for t, conditions, node, base in group.rows:
            stamp = clock.time(t) if clock.tick else None
            lines.append([g, stamp, t, node, flag(base)] +
                         [flag(value) for value in conditions] +
                         [rng.randrange(PARTS)])
    rng.shuffle(lines)
    psql('DROP TABLE IF EXISTS rows;\n'
         'CREATE TABLE rows (g int, ts timestamptz, n bigint, node text, '
         'base boolean, %s, part int) PARTITION BY LIST (part);\n' % columns +
         ''.join('CREATE TABLE rows%d PARTITION OF rows FOR VALUES IN (%d) '
                 'WITH (parallel_workers = 0);\n' % (i, i) for i in range(PARTS)) +
         copy_in('rows', lines) + 'ANALYZE rows;')


def flag(value):
    return None if value is None else 't' if value else 'f'


def conditions_sql(rng, n):
    listed = ', '.join('c%d' % (i + 1) for i in range(n))
    return rng.choice((listed, listed, 'VARIADIC ARRAY[%s]' % listed,
                       'ARRAY[%s]' % listed))


def ask(rng, expression, cast=''):
    """{group: answer}"""
    how = settings(rng)
    return {row['g']: row['answer'] for row in rows_of(
        'SELECT g, (%s)%s AS answer FROM rows %s GROUP BY g' % (
            expression, cast, SLOWLY % () if 'parallel_setup' in how else ''), how)}


class Checker:
    """Counts answers and shows the first that are wrong."""

    def __init__(self, tap):
        self.tap = tap
        self.groups = 0
        self.wrong = 0
        self.shown = []

    def check(self, groups, answers, expected, question):
        for g, group in enumerate(groups):
            if not group.rows:
                continue
            self.groups += 1
            want = expected(group)
            if answers.get(g) != want:
                self.wrong += 1
                if self.wrong <= SHOWN:
                    self.shown.append('%s\n  of %s\n  is %s, not %s' % (
                        question, sorted(group.rows, key=str), answers.get(g), want))

    def done(self, name):
        self.tap.ok(self.wrong == 0 and self.groups > 0,
                    '%s: %d of %d groups differ' % (name, self.wrong, self.groups))
        for text in self.shown:
            self.tap.say(text)


def random_modes(rng, i):
    # every mix comes round
    modes = [m for bit, m in enumerate(ported.MODES) if i >> bit & 1]
    if 'allow_reentry' in modes and 'strict_order' not in modes:
        modes.append('strict_order')
    rng.shuffle(modes)
    return modes


def check_plans(tap, rng):
    """The questions that are meant for parallel workers do go to them."""
    load(rng, [random_group(rng, 1, 15, 0.5) for _ in range(GROUPS)], 1, CLOCKS[0])
    for call in ('window_funnel(1, n, c1)', "sequence_match('', n, c1)",
                 "sequence_count('', n, c1)", "sequence_match_events('', n, c1)",
                 "sequence_next_node('forward', 'head', n, node, base)",
                 'retention(c1)', 'retention_counts(ARRAY[c1])'):
        query = (PARALLEL % 'on' + ';\nEXPLAIN (ANALYZE, FORMAT json) '
                 'SELECT g, %s FROM rows %s GROUP BY g;' % (call, SLOWLY % ()))
        # on a busy machine a worker may come too late to find a row
        for _ in range(200):
            plan = json.loads(psql(query))[0]['Plan']
            gather = plan['Plans'][0]
            shared = gather['Actual Rows'] > plan['Actual Rows']
            if shared:
                break
        tap.ok(plan.get('Partial Mode') == 'Finalize' and shared, 'workers share ' + call)


def check_window_funnel(tap, rng, questions):
    checker = Checker(tap)
    for i in range(questions):
        clock = rng.choice(CLOCKS)
        n = rng.choice((1, 2, 3, 3, 4, 5, 8))
        modes = random_modes(rng, i)
        rows = 9 if 'strict_once' in modes else rng.choice((6, 12, 25))
        groups = [random_group(rng, n, rows, rng.random()) for _ in range(GROUPS)]
        within = rng.choice((0, 1, 2, 4, 9, 1000))
        load(rng, groups, n, clock)
        mode = '' if not modes and rng.random() < 0.5 else \
            literal(rng.choice((',', ', ', ' , ')).join(modes)) + ', '
        question = 'window_funnel(%s, %s%s, %s)' % (
            clock.distance(within), mode, clock.column, conditions_sql(rng, n))
        checker.check(groups, ask(rng, question), lambda group: ported.window_funnel(
            group.masked(), n, within, modes), question)
    checker.done('window_funnel')


def check_shared_instants(tap, rng, questions):
    """Rows of few times that meet several conditions each: which row takes which
    step, and which of them repeats one, is all there is."""
    checker = Checker(tap)
    for i in range(questions):
        n = rng.choice((2, 3, 4, 5))
        modes = ['strict_once'] + [m for m in ('strict_order', 'strict_deduplication')
                                   if rng.random() < 0.6]
        if 'strict_order' in modes and rng.random() < 0.7:
            modes.append('allow_reentry')
        groups = []
        for _ in range(4 * GROUPS):
            density = rng.choice((0.3, 0.5, 0.7))
            rows = []
            for t in range(rng.randint(1, 3)):
                for _ in range(rng.randint(1, 4)):
                    value = tuple(rng.random() < density for _ in range(n))
                    if any(value) or 'strict_order' not in modes:
                        rows.append((t, value, 'a', True))
            groups.append(Group(rows))
        load(rng, groups, n, CLOCKS[-1])
        within = rng.choice((0, 1, 1, 2))
        question = 'window_funnel(%d, %s, n, %s)' % (
            within, literal(','.join(modes)), conditions_sql(rng, n))
        checker.check(groups, ask(rng, question), lambda group: ported.window_funnel(
            group.masked(), n, within, modes), question)
    checker.done('window_funnel, shared instants')


def check_many_conditions(tap, rng, questions):
    """All 64, and more mixtures of them than have a code."""
    checker = Checker(tap)
    n = MAX_CONDITIONS
    clock = CLOCKS[0]
    for i in range(questions):
        modes = random_modes(rng, i)
        groups = []
        for _ in range(GROUPS):
            rows = []
            for t in range(rng.randint(30, 90)):
                value = [False] * n
                for _ in range(rng.choice((1, 1, 2))):
                    value[min(n - 1, max(0, t + rng.randint(-3, 2)))] = True
                rows.append((t // 2, tuple(value), 'a', True))
            groups.append(Group(rows))
        load(rng, groups, n, clock)
        within = rng.choice((10, 20, 100))
        question = 'window_funnel(%s, %s, ts, %s)' % (
            clock.distance(within), literal(','.join(modes)), conditions_sql(rng, n))
        checker.check(groups, ask(rng, question), lambda group: ported.window_funnel(
            group.masked(), n, within, modes), question)
    checker.done('window_funnel, 64 conditions')


def random_pattern(rng, n):
    items = []
    for _ in range(rng.randint(0, 6)):
        kind = rng.random()
        if kind < 0.55:
            items.append(('?', rng.randint(1, n)))
        elif kind < 0.65:
            items.append(('.',))
        elif kind < 0.8:
            items.append(('.*',))
        elif not items or items[-1][0] != 't':
            items.append(('t', rng.choice(list(ported.COMPARE)),
                          rng.choice((0, 1, 2, 3, 5))))
    return items


def check_sequences(tap, rng, questions):
    kinds = {
        'sequence_match': ported.sequence_match,
        'sequence_count': ported.sequence_count,
        'sequence_match_events': ported.sequence_match_events,
    }
    checkers = {name: Checker(tap) for name in kinds}
    for _ in range(questions):
        clock = rng.choice(CLOCKS)
        n = rng.choice((1, 2, 2, 3, 4))
        groups = [random_group(rng, n, 9, rng.random()) for _ in range(GROUPS)]
        items = random_pattern(rng, n)
        text = ported.pattern_text(
            [item if item[0] != 't' else (item[0], item[1], clock.seconds(item[2]))
             for item in items])
        load(rng, groups, n, clock)
        for name, meaning in kinds.items():
            question = '%s(%s, %s, %s)' % (name, literal(text), clock.column,
                                           conditions_sql(rng, n))
            answers = ask(rng, question)
            if name == 'sequence_match_events':
                answers = {g: [clock.ticks_of(t) for t in times]
                           for g, times in answers.items()}
            checkers[name].check(groups, answers,
                                 lambda group: meaning(items, group.masked()),
                                 question)
    for name, checker in checkers.items():
        checker.done(name)


def check_next_node(tap, rng, questions):
    checker = Checker(tap)
    for _ in range(questions):
        clock = rng.choice(CLOCKS)
        direction, base = rng.choice((
            ('forward', 'head'), ('backward', 'tail'),
            ('forward', 'first_match'), ('forward', 'last_match'),
            ('backward', 'first_match'), ('backward', 'last_match')))
        n = rng.choice((0, 1, 2, 3) if base in ('head', 'tail') else (1, 2, 3))
        groups = [random_group(rng, max(n, 1), 8, 0.7) for _ in range(GROUPS)]
        load(rng, groups, max(n, 1), clock)
        question = 'sequence_next_node(%s, %s, %s, node, base%s)' % (
            literal(direction), literal(base), clock.column,
            ', ' + conditions_sql(rng, n) if n else '')
        checker.check(groups, ask(rng, question), lambda group: ported.sequence_next_node(
            direction, base,
            [(t, node, bool(may), mask_of(conditions[:n]))
             for t, conditions, node, may in group.rows
             if t is not None and node is not None], n), question)
    checker.done('sequence_next_node')


def check_retention(tap, rng, questions):
    checker = Checker(tap)
    cohorts = Checker(tap)
    for _ in range(questions):
        n = rng.choice((1, 2, 3, 5, 64))
        groups = [random_group(rng, n, 5, 0.2) for _ in range(GROUPS)]
        load(rng, groups, n, CLOCKS[0])
        conditions = conditions_sql(rng, n)
        question = 'retention(%s)' % conditions

        def meaning(group):
            return ported.retention([mask_of(row[1]) for row in group.rows], n)
        checker.check(groups, ask(rng, question), meaning, question)

        counted = rows_of('SELECT 0 AS g, retention_counts(r) AS answer FROM '
                          '(SELECT retention(%s) AS r FROM rows GROUP BY g) q' % conditions,
                          settings(rng))[0]['answer']
        want = [sum(meaning(group)[k] for group in groups if group.rows)
                for k in range(n)]
        cohorts.groups += 1
        if counted != want:
            cohorts.wrong += 1
            cohorts.shown.append('is %s, not %s' % (counted, want))
    checker.done('retention')
    cohorts.done('retention_counts')


def check_sessionize(tap, rng, questions):
    checker = Checker(tap)
    for _ in range(questions):
        clock = rng.choice(CLOCKS)
        groups = [random_group(rng, 1, 12, 0.5) for _ in range(GROUPS)]
        gap = rng.choice((0, 1, 2, 5))
        load(rng, groups, 1, clock)
        question = 'sessionize(%s, %s)' % (clock.column, clock.distance(gap))
        answers = {row['g']: row['answer'] for row in rows_of(
            'SELECT g, array_agg(s ORDER BY t, s) AS answer FROM (SELECT g, %s AS t, '
            '%s OVER (PARTITION BY g ORDER BY %s) AS s FROM rows) q GROUP BY g' %
            (clock.column, question, clock.column))}
        checker.check(groups, answers, lambda group: ported.sessionize(
            sorted((row[0] for row in group.rows), key=lambda t: (t is None, t)),
            gap), question)
    checker.done('sessionize')


def main():
    questions = int(sys.argv[1]) if len(sys.argv) > 1 else 96
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10 ** 9)
    tap = Tap()
    tap.say('seed %d' % seed)
    psql('CREATE SCHEMA IF NOT EXISTS oracle;' + EXPENSIVE)
    check_plans(tap, random.Random(seed))
    for check, share in ((check_window_funnel, 2), (check_shared_instants, 0.5), (check_many_conditions, 0.1),
                         (check_sequences, 1), (check_next_node, 0.5),
                         (check_retention, 0.25), (check_sessionize, 0.25)):
        check(tap, random.Random('%d %s' % (seed, check.__name__)),
              max(1, int(questions * share)))
    tap.finish()


if __name__ == '__main__':
    main()
