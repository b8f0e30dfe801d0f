#!/usr/bin/env python3
"""Prove the SQL surface against the brute force.

    test_sql.py [number of funnels [seed]]

In "make test" the environment variable FUNNEL_SQL_CASES has the arguments.
Connects as psql does (PGHOST, PGPORT, PGDATABASE, ...) to a database with the
extension and works in a schema of its own.  Output is TAP.
"""

import json
import math
import os
import random
import subprocess

from brute import (FOREVER, Passage, definition_text, label_rows, passages_of, sort_rows,
                   stage_names, stage_rows)
from generate import (SCALES, one_in, random_alphabet, random_definition,
                      random_events, random_origin)
from tally import dropoff, granule, nearest_rank, report, step_names
from tap import Tap, numbers

UNITS_A_FUNNEL = 25
KEYS = ('mail', 'ad', '', '\u00e4', 'Mail')
SHOWN = 5                       # differences told in full

DAY = 86400 * 1000000


# ---------------------------------------------------------------------------
# psql
# ---------------------------------------------------------------------------

class PsqlError(Exception):
    pass


def psql(script):
    """Run a script in one session; what it prints."""
    setup = ("SET client_min_messages = warning;\n"
             "SET TimeZone = 'America/St_Johns';\n"
             "SET search_path = oracle, public;\n")
    done = subprocess.run(
        ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'],
        input=setup + script, capture_output=True, encoding='utf-8',
        env=dict(os.environ, PGCLIENTENCODING='UTF8'))
    if done.returncode != 0:
        raise PsqlError(done.stderr)
    return done.stdout


def rows_of(query, settings=''):
    """The rows of a query, as lists."""
    printed = psql(settings + ';\nSELECT row_to_json(q) FROM (%s) q;' % query)
    return [json.loads(line) for line in printed.splitlines() if line]


def literal(text):
    return "'" + text.replace("'", "''") + "'"


def copy_field(value):
    if value is None:
        return r'\N'
    text = str(value)
    for plain, escaped in (('\\', r'\\'), ('\t', r'\t'), ('\n', r'\n'),
                           ('\r', r'\r')):
        text = text.replace(plain, escaped)
    return text


def copy_in(table, rows):
    return 'COPY %s FROM STDIN;\n%s\\.\n' % (table, ''.join(
        '\t'.join(map(copy_field, row)) + '\n' for row in rows))


def exists(signature):
    return psql('SELECT to_regprocedure(%s) IS NOT NULL;' %
                literal(signature)).strip() == 't'


def type_exists(name):
    return psql('SELECT to_regtype(%s) IS NOT NULL;' %
                literal(name)).strip() == 't'


# ---------------------------------------------------------------------------
# Funnels: a definition and some units' rows.
# ---------------------------------------------------------------------------

def all_of(passages):
    """The passages of all units."""
    return [passage for mine in passages.values() for passage in mine]


class Funnel:
    def __init__(self, number, seed, wanted=lambda d: True):
        rng = random.Random(seed * 1000003 + number)
        self.number = number
        self.scale = rng.choice(SCALES)
        alphabet = random_alphabet(rng)
        origin = random_origin(rng)
        whole_days = one_in(rng, 4)
        if whole_days:
            self.scale, origin = DAY, origin // DAY * DAY
        self.d = random_definition(rng, self.scale, alphabet)
        while not wanted(self.d):
            self.d = random_definition(rng, self.scale, alphabet)
        self.many_labels = one_in(rng, 3)
        # Entries spread out, so that the horizon leaves some units behind.
        spread = rng.choice((1, 1, 12, 60, 3000))
        self.units = {}
        for unit in range(UNITS_A_FUNNEL):
            start = origin + rng.randrange(spread) * self.scale
            self.units[unit] = random_events(
                rng, self.d, self.scale, start, alphabet,
                many_labels=self.many_labels)
            if whole_days:
                self.units[unit] = [(event[0] // DAY * DAY,) + event[1:]
                                    for event in self.units[unit]]
        self.text = definition_text(self.d)
        self.horizon = max((event[0] for events in self.units.values()
                            for event in events), default=None)
        self.passages = self.pass_all()
        # Names of stages that are set at the same times.
        names = stage_names(self.d)
        self.stages = {
            unit: [rng.choice(names) if one_in(rng, 2) else
                   (event[1] + [None])[0] for event in events]
            for unit, events in self.units.items()}
        # Which rows may start a passage, and by what key they are told apart.
        few = rng.choice((1, 2, 2, 3, 5))
        self.entries = {unit: [rng.choice((True, True, False, None)) for _ in events]
                        for unit, events in self.units.items()}
        self.keys = {unit: [rng.choice(KEYS[:few] + (None,)) for _ in events]
                     for unit, events in self.units.items()}

    def pass_entered(self, may_enter, value=False):
        """The same if only rows that MAY_ENTER(entry, key) start a passage."""
        passages = {}
        for unit, events in self.units.items():
            rows = label_rows(self.d, [
                (ts, labels, None, value_ if value else None)
                for ts, labels, payload_, value_ in events])
            for row, entry, key in zip(rows, self.entries[unit], self.keys[unit]):
                row.entry = bool(may_enter(entry, key))
            passages[unit] = passages_of(self.d, sort_rows(rows))
        return passages

    def entering_keys(self):
        """The keys of rows of the first step, bytewise."""
        found = {key for unit, events in self.units.items()
                 for row, key in zip(label_rows(self.d, events), self.keys[unit])
                 if row.matches(1) and key is not None}
        return sorted(found, key=lambda key: key.encode())

    def pass_all(self, payload=False, value=False):
        """Each unit's passages; which row is preferred in a tie depends on what
        is known of the rows.
        """
        return {unit: passages_of(self.d, sort_rows(label_rows(self.d, [
            (ts, labels, payload_ if payload else None,
             value_ if value else None)
            for ts, labels, payload_, value_ in events])))
                for unit, events in self.units.items()}

    def pass_stages(self):
        return {unit: passages_of(self.d, sort_rows(stage_rows(self.d, [
            (event[0], name)
            for event, name in zip(events, self.stages[unit])])))
                for unit, events in self.units.items()}

    def keep_first_labels(self):
        self.units = {
            unit: [(ts, (labels + [None])[:1], payload, value)
                   for ts, labels, payload, value in events]
            for unit, events in self.units.items()}
        self.many_labels = False
        self.passages = self.pass_all()

    def describe(self):
        return 'funnel %d: %s' % (self.number, self.text)

    def describe_unit(self, unit):
        lines = ['unit %s: (ts in microseconds since 2000-01-01, labels, '
                 'payload, value)' % unit]
        lines += [str(event) for event in sorted(self.units[unit], key=str)]
        return '\n'.join(lines)


def whole_days(funnels):
    """Those all of whose times are the beginning of a day."""
    return [funnel for funnel in funnels if all(
        event[0] % DAY == 0 for events in funnel.units.values() for event in events)]


def only(funnels):
    """The condition of their rows."""
    return 'g = ANY (ARRAY[%s]::int[])' % ', '.join(str(funnel.number) for funnel in funnels)


class Numbered:
    """Event rows as the tables hold them."""

    def __init__(self, funnels, seed):
        self.rows = []
        rng = random.Random(seed)
        for funnel in funnels:
            for unit, events in funnel.units.items():
                for event, stage, entry, key in zip(
                        events, funnel.stages[unit], funnel.entries[unit],
                        funnel.keys[unit]):
                    self.add(funnel.number, unit, *event, stage, entry, key)
            # Rows that do not count, not even for the horizon.
            latest = (funnel.horizon or 0) + 10**9
            self.add(funnel.number, None, latest, ['a'], None, None, 'a', True, 'none')
            self.add(funnel.number, 1, None, ['a'], None, None, 'a', True, 'none')
        rng.shuffle(self.rows)

    def add(self, funnel, unit, ts, labels, payload, value, stage, entry, key):
        array = '{%s}' % ','.join(
            'NULL' if label is None else '"%s"' % (
                label.replace('\\', '\\\\').replace('"', '\\"'))
            for label in labels)
        self.rows.append((len(self.rows), funnel, unit, ts, array, payload,
                          value, stage, entry, key))


SCHEMA = r"""
DROP SCHEMA IF EXISTS oracle CASCADE;
CREATE SCHEMA oracle;
CREATE FUNCTION at(us bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE RETURN
    CASE WHEN us = 9223372036854775807 THEN 'infinity'
    ELSE '2000-01-01 00:00:00+00'::timestamptz + us * interval '1 microsecond'
    END;
CREATE FUNCTION us(ts timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN
    CASE WHEN ts = 'infinity' THEN 9223372036854775807
    ELSE (extract(epoch FROM ts) * 1000000)::bigint - 946684800000000 END;
CREATE FUNCTION refuses(r funnel_result, as_of timestamptz) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM funnel_report(r, as_of);
    RETURN false;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN true;
END $$;
CREATE TABLE texts (g int, definition text, attempts boolean,
                    ordered boolean);
CREATE TABLE raw (id int, g int, unit int, us bigint, events text[],
                  payload text, value float8, stage text,
                  entry boolean, key text);
"""

TABLES = r"""
CREATE FUNCTION parsed(g int, definition text) RETURNS funnel_def
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN definition::funnel_def;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'funnel %: %: %', g, definition, SQLERRM;
    RETURN NULL;
END $$;
CREATE TABLE definitions AS
    SELECT g, parsed(g, definition) AS def, attempts, ordered FROM texts ORDER BY g;
CREATE TABLE events AS
    SELECT id, g, unit, at(us) AS ts, events[1] AS event, events, payload,
           value, funnel_stage(1 + id % 9, stage) AS stage, entry, key, def,
           attempts, ordered
    FROM raw JOIN definitions USING (g)
    WHERE def IS NOT NULL ORDER BY g, us, id;
CREATE TABLE shuffled AS SELECT * FROM events ORDER BY hashint4(id);
CREATE TABLE backwards AS SELECT * FROM events ORDER BY ts DESC, id DESC;
CREATE TABLE split (LIKE events) PARTITION BY HASH (id);
SELECT format('CREATE TABLE split_%s PARTITION OF split '
              'FOR VALUES WITH (MODULUS 7, REMAINDER %s)', i, i)
FROM generate_series(0, 6) i \gexec
INSERT INTO split SELECT * FROM shuffled;
ANALYZE events, shuffled, backwards, split;
"""

SERIAL = 'SET max_parallel_workers_per_gather = 0'
PARALLEL = """SET parallel_setup_cost = 0;
SET parallel_tuple_cost = %s;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_partitionwise_aggregate = on"""


# ---------------------------------------------------------------------------
# Comparing
# ---------------------------------------------------------------------------

def close(got, want, relative):
    if want is None or got is None:
        return want is None and got is None
    return math.isclose(got, want, rel_tol=relative, abs_tol=1e-12)


EXACT = ('step', 'users', 'dropped', 'pending')
RATIOS = ('from_first', 'from_previous', 'from_first_low', 'from_first_high')
SKETCHED = ('median_seconds', 'p90_seconds', 'median_seconds_from_first')


def report_differences(want, got, with_value):
    if len(want) != len(got):
        return ['%d rows expected, got %d' % (len(want), len(got))]
    differences = []
    for expected, row in zip(want, got):
        def differs(column):
            differences.append('step %d: %s: expected %s, got %s' % (
                expected['step'], column, expected[column], row[column]))
        for column in EXACT:
            if expected[column] != row[column]:
                differs(column)
        if expected['stage'] is not None and expected['stage'] != row['stage']:
            differs('stage')
        for column in RATIOS:
            if not close(row[column], expected[column], 1e-9):
                differs(column)
        for column in SKETCHED:
            if not close(row[column], expected[column], 0.01):
                differs(column)
        if not close(row['mean_seconds'], expected['mean_seconds'], 1e-9):
            differs('mean_seconds')
        if with_value:
            if not close(row['value'], expected['value'], 1e-9):
                differs('value')
        elif row['value'] is not None:
            differences.append('step %d: value without values: %s' % (
                expected['step'], row['value']))
    return differences


def grouped(rows):
    groups = {}
    for row in rows:
        groups.setdefault(row['g'], []).append(row)
    return groups


def tell(tap, funnels, failures, what):
    """One assertion over the funnels: FAILURES is [(funnel, [difference])]."""
    tap.ok(not failures, what)
    tap.compared.append((what, sum(len(funnel.units) for funnel in funnels),
                         len(failures)))
    for funnel, differences in failures[:SHOWN]:
        tap.say(funnel.describe())
        tap.say('\n'.join(map(str, differences)))


# ---------------------------------------------------------------------------
# The tests
# ---------------------------------------------------------------------------

def agg(table, event='event', unit='unit', ts='ts', value='', where='true'):
    """Results by funnel."""
    return ('SELECT g, funnel_agg(%s, %s, %s, def%s) AS r FROM %s WHERE %s '
            'GROUP BY g' % (unit, ts, event, value, table, where))


def expected_report(funnel, with_value=False):
    passages = funnel.pass_all(value=True) if with_value else funnel.passages
    return report(funnel.d, all_of(passages), funnel.horizon)


def check_reports(tap, funnels, results, what, with_value=False, passages=None):
    """PASSAGES by funnel, if they are not those of all rows."""
    got = grouped(rows_of(
        'SELECT g, f.* FROM (%s) a, funnel_report(r) f ORDER BY g, step'
        % results, SERIAL))
    failures = []
    for funnel in funnels:
        if passages is not None:
            want = report(funnel.d, all_of(passages[funnel.number]), funnel.horizon)
        else:
            want = expected_report(funnel, with_value)
        differences = report_differences(want, got.get(funnel.number, []), with_value)
        if differences and passages is None:
            differences += guilty_units(funnel)
        if differences:
            failures.append((funnel, differences))
    tell(tap, funnels, failures, 'funnel_report: %s' % what)


def guilty_units(funnel, limit=2):
    """The units whose own report differs, described."""
    told = []
    for unit, events in funnel.units.items():
        if not events or len(told) >= limit:
            continue
        passages = funnel.passages[unit]
        horizon = max(event[0] for event in events)
        got = rows_of(
            "SELECT f.* FROM (%s) a, funnel_report(r) f ORDER BY step" % agg(
                'events', event='events' if funnel.many_labels else 'event',
                where='g = %d AND unit = %d' % (funnel.number, unit)), SERIAL)
        differences = report_differences(
            report(funnel.d, passages, horizon), got, False)
        if differences:
            told.append('\n'.join([funnel.describe_unit(unit)] + differences))
    return told


def check_dropoff(tap, funnels, results):
    got = grouped(rows_of(
        'SELECT g, f.* FROM (%s) a, funnel_dropoff(r) f' % results, SERIAL))
    failures = []
    for funnel in funnels:
        want = dropoff(funnel.d, all_of(funnel.passages), funnel.horizon)
        rows = got.get(funnel.number, [])
        counts = {(row['step'], row['outcome']): row['users']
                  for row in rows if row['users'] != 0}
        names = step_names(funnel.d)
        if want != counts or any(
                names[row['step'] - 1] not in (None, row['stage'])
                for row in rows):
            failures.append((funnel, ['expected %s' % want, 'got %s' % rows]))
    tell(tap, funnels, failures, 'funnel_dropoff')


def instants_to_read_at(funnel):
    """Around the instants at which attempts close, and beyond all of them."""
    untils = sorted({passage.open_until for passage in all_of(funnel.passages)
                     if passage.open_until not in (None, FOREVER)})
    g = granule(funnel.d)
    instants = {funnel.horizon, funnel.horizon + 1, FOREVER}
    for until in untils[::max(1, len(untils) // 4)]:
        instants |= {until + shift for shift in
                     (-g, -1, 0, 1, g - 1, g, -(until % g), g - until % g)}
    return sorted(us for us in instants if us >= funnel.horizon)


def check_as_of(tap, funnels, results):
    """Pending at a later instant; an earlier one is an error."""
    psql('DROP TABLE IF EXISTS instants;\n'
         'CREATE TABLE instants (g int, us bigint);\n' +
         copy_in('instants', [(funnel.number, us) for funnel in funnels
                              for us in instants_to_read_at(funnel)]))
    got = {}
    for row in rows_of(
            'SELECT a.g, i.us, f.step, f.dropped, f.pending FROM (%s) a '
            'JOIN instants i USING (g), funnel_report(r, at(i.us)) f '
            'ORDER BY step' % results, SERIAL):
        got.setdefault((row['g'], row['us']), []).append(
            (row['step'], row['dropped'], row['pending']))
    failures = []
    for funnel in funnels:
        for us in instants_to_read_at(funnel):
            want = [(row['step'], row['dropped'], row['pending'])
                    for row in report(funnel.d, all_of(funnel.passages), us)]
            if want != got.get((funnel.number, us)):
                failures.append((funnel, [
                    'at %d, horizon %d' % (us, funnel.horizon),
                    'expected (step, dropped, pending) %s' % want,
                    'got %s' % got.get((funnel.number, us))]))
    tell(tap, funnels, failures, 'funnel_report as of %d other instants' % len(got))
    got = psql('%s;\nSELECT count(*) FROM (%s) a WHERE refuses(r, '
               "funnel_horizon(r) - interval '1 us');" % (SERIAL, results))
    tap.ok(int(got) == len(funnels), 'and as of none before the horizon')


def check_totals(tap, funnels, results):
    got = {row['g']: row for row in rows_of(
        'SELECT g, funnel_units(r) AS units, us(funnel_horizon(r)) AS horizon, '
        'funnel_definition(r) = d.def AS same '
        'FROM (%s) a JOIN definitions d USING (g)' % results, SERIAL)}
    failures = []
    for funnel in funnels:
        want = {'g': funnel.number,
                'units': sum(passage.depth > 0
                             for passage in all_of(funnel.passages)),
                'horizon': funnel.horizon, 'same': True}
        if got.get(funnel.number) != want:
            failures.append((funnel, [want, got.get(funnel.number)]))
    tell(tap, funnels, failures, 'funnel_units, funnel_horizon, funnel_definition')


def check_percentiles(tap, funnels, results):
    fractions = (0.01, 0.25, 0.5, 0.75, 0.99, 1.0)
    got = {(row['g'], row['step'], row['fraction']):
           (row['seconds'], row['seconds_from_first'])
           for row in rows_of(
               'SELECT a.g, step, fraction, '
               'funnel_percentile(r, step, fraction) AS seconds, '
               'funnel_percentile(r, step, fraction, true) '
               'AS seconds_from_first '
               'FROM (%s) a JOIN texts t USING (g), '
               'generate_series(1, (SELECT count(*)::int FROM '
               'funnel_report(r))) step, unnest(ARRAY%s::float8[]) fraction'
               % (results, list(fractions)), SERIAL)}
    failures = []
    for funnel in funnels:
        for row in expected_report(funnel):
            for fraction in fractions:
                both = got[funnel.number, row['step'], fraction]
                for since, seconds in zip(
                        ('all_seconds', 'all_seconds_from_first'), both):
                    want = nearest_rank(row[since], fraction)
                    want = want / 1e6 if want is not None else None
                    if not close(seconds, want, 0.01):
                        failures.append(
                            (funnel, ['step %d, %s of %s: expected %s, got %s'
                                      % (row['step'], fraction, since, want,
                                         seconds)]))
    tell(tap, funnels, failures, 'funnel_percentile')


def result_bytes(results, settings):
    """{funnel: what identifies the result to the last byte}."""
    send = psql("SELECT typsend::regproc FROM pg_type "
                "WHERE oid = 'funnel_result'::regtype;").strip()
    return {row['g']: (row['text'], row['bytes']) for row in rows_of(
        'SELECT g, r::text AS text, md5(%s(r)) AS bytes FROM (%s) a'
        % (send, results), settings)}


def check_same_bytes(tap, funnels, want, results, settings, what):
    got = result_bytes(results, settings)
    failures = [(funnel, ['expected %s' % want.get(funnel.number, '')[0],
                          'got      %s' % got.get(funnel.number, ('', ''))[0]])
                for funnel in funnels
                if want.get(funnel.number) != got.get(funnel.number)]
    tell(tap, funnels, failures, 'the same bytes: %s' % what)


def plan_of(results, settings):
    return psql('%s;\nEXPLAIN (COSTS OFF) %s;' % (settings, results))


def partial_settings(tap, query, what, more=''):
    """Settings with which workers aggregate partially.

    Cheap tuples first; where that is not enough to make the planner aggregate in
    the workers, dearer ones are, or sorting.
    """
    for settings in [PARALLEL % cost + how + more
                     for how in ('', '; SET enable_hashagg = off')
                     for cost in ('0', '10', '1')]:
        plan = plan_of(query, settings)
        if 'Partial' in plan and 'Workers Planned' in plan:
            tap.ok(True, what)
            return settings
    tap.ok(False, what)
    tap.say(plan)
    return settings


def check_plans(tap, funnels, event, want):
    """Different orders, plans and splits of the same rows."""
    def same(table, settings, what, **how):
        check_same_bytes(tap, funnels, want, agg(table, event, **how), settings,
                         what)

    same('shuffled', SERIAL, 'rows shuffled')
    same('backwards', SERIAL, 'rows backwards')
    same('events', SERIAL + '; SET enable_hashagg = off',
         'group by group, sorted')
    same('events', SERIAL + "; SET work_mem = '64kB'", 'little memory')
    for table, sorts in (('shuffled', 'on'), ('split', 'on'), ('split', 'off')):
        settings = partial_settings(
            tap, agg(table, event), 'the plan over "%s" aggregates partially in workers' % table,
            '' if sorts == 'on' else '; SET enable_hashagg = off')
        same(table, settings, 'parallel over "%s"%s' % (
            table, '' if sorts == 'on' else ', sorted'))
    settings = SERIAL + '; SET enable_partitionwise_aggregate = on'
    plan = plan_of(agg('split', event), settings)
    tap.ok(plan.count('Partial') >= 7,
           'the plan over partitions has a partial state for each')
    if plan.count('Partial') < 7:
        tap.say(plan)
    same('split', settings, 'partition by partition')


def check_other_forms(tap, funnels, event, want):
    def same(what, table='events', **how):
        check_same_bytes(tap, funnels, want, agg(table, event, **how), SERIAL, what)

    same('units as text', unit='unit::text')
    same('units as bigint', unit='unit::bigint + 5000000000')
    same('units as numeric', unit='unit::numeric / 3')
    same('units as uuid', unit="md5(unit::text)::uuid",
         where='unit IS NOT NULL')
    same('units as rows', unit="CASE WHEN unit IS NOT NULL THEN "
         "ROW(unit % 3, 'u' || unit) END")
    same('timestamp', ts="(ts AT TIME ZONE 'UTC')")
    days = whole_days(funnels)
    check_same_bytes(tap, days, want,
                     agg('events', event, ts="(ts AT TIME ZONE 'UTC')::date", where=only(days)),
                     SERIAL, 'date (%d funnels)' % len(days))


def check_literals(tap, funnels, event, want, number=20):
    """The definition as a literal and as a parameter of a prepared query."""
    queries = []
    for funnel in funnels[:number]:
        queries.append("SELECT %d AS g, funnel_agg(unit, ts, %s, %s) AS r "
                       'FROM events WHERE g = %d'
                       % (funnel.number, event, literal(funnel.text),
                          funnel.number))
    check_same_bytes(tap, funnels[:number], want, ' UNION ALL '.join(queries),
                     SERIAL, 'definitions as literals')

    script = (SERIAL + ';\nPREPARE q(text, int) AS SELECT funnel_agg(unit, ts, '
              '%s, $1::funnel_def)::text FROM events WHERE g = $2;\n' % event)
    for funnel in funnels[:number]:
        script += 'EXECUTE q(%s, %d);\n' % (literal(funnel.text), funnel.number)
    got = psql(script).splitlines()
    failures = [(funnel, [want[funnel.number][0], text])
                for funnel, text in zip(funnels, got)
                if want[funnel.number][0] != text]
    tap.ok(not failures and len(got) == min(number, len(funnels)),
           'the same: definitions as parameters of a prepared query')


def check_round_trip(tap, results):
    got = psql('%s;\nSELECT count(*) FILTER (WHERE r::text::funnel_result::text '
               '<> r::text) FROM (%s) a;' % (SERIAL, results)).strip()
    tap.ok(got == '0', 'the text of every result reads back as itself')


def check_merge(tap, funnels, event, want):
    """Tallies of disjoint units, merged, are the tally of all."""
    halves = ('SELECT g, funnel_agg(unit, ts, %s, def) AS r FROM events '
              'WHERE unit IS NOT NULL GROUP BY g, unit %% 3' % event)
    check_same_bytes(tap, funnels, want,
                     'SELECT g, funnel_merge(r) AS r FROM (%s) h GROUP BY g'
                     % halves, SERIAL, 'merged from disjoint units')


PROGRESS = """
SELECT g, unit, stage_position((p).stage) AS position, (p).stage::text AS stage,
       (p).outcome, us((p).entered_at) AS entered,
       (SELECT array_agg(us(t) ORDER BY o)
        FROM unnest((p).reached_at) WITH ORDINALITY AS r(t, o)) AS reached,
       us((p).last_at) AS last, us((p).open_until) AS open, (p).payload,
       (p).definition = def AS carried
FROM (%s) q"""


def passage_row(funnel, unit, passage, with_payload):
    """A unit's row as PROGRESS selects it."""
    name = step_names(funnel.d)[passage.depth - 1] if passage.depth else None
    return {
        'g': funnel.number,
        'unit': unit,
        'position': passage.depth or None,
        'stage': '%d:%s' % (passage.depth, name) if name else None,
        'outcome': passage.outcome,
        'entered': passage.times[0] if passage.depth else None,
        'reached': passage.times if passage.depth else None,
        'last': max(event[0] for event in funnel.units[unit]),
        'open': passage.open_until,
        'payload': passage.payloads if passage.depth and with_payload else None,
        'carried': True,
    }


def per_unit(table, event='event', ts='ts', payload='', where='true'):
    return ('SELECT g, unit, def, funnel_progress_agg(%s, %s, def%s) AS p FROM %s '
            'WHERE unit IS NOT NULL AND NOT attempts AND %s '
            'GROUP BY g, unit, def'
            % (ts, event, payload, table, where))


def compare_progress(tap, funnels, passages, units, settings, what,
                     with_payload=False):
    """PASSAGES by funnel against the query UNITS."""
    got = {(row['g'], row['unit']): row
           for row in rows_of(PROGRESS % units, settings)}
    failures = []
    for funnel in funnels:
        for unit, events in funnel.units.items():
            if not events:
                continue
            want = passage_row(funnel, unit, passages[funnel.number][unit][0],
                               with_payload)
            row = got.get((funnel.number, unit), {})
            if want['stage'] is None and want['position'] is not None:
                row['stage'] = None
            if row != want:
                failures.append((funnel, [funnel.describe_unit(unit),
                                          'expected %s' % want,
                                          'got      %s' % row]))
    tell(tap, funnels, failures, 'funnel_progress_agg: %s' % what)


def check_progress(tap, funnels, event, want_bytes):
    """Each unit's own passage, and the two-level path to a result."""
    funnels = [funnel for funnel in funnels if not funnel.d.every_attempt]
    if not funnels:
        return
    plain = {funnel.number: funnel.passages for funnel in funnels}
    with_payload = {funnel.number: funnel.pass_all(payload=True)
                    for funnel in funnels}

    def same(passages, units, settings, what, some=funnels):
        compare_progress(tap, some, passages, units, settings, what,
                         passages is with_payload)

    same(plain, per_unit('shuffled', event), SERIAL, 'every unit')
    same(plain, per_unit('backwards', event), SERIAL, 'rows backwards')
    same(with_payload, per_unit('shuffled', event, payload=', payload'), SERIAL,
         'with a payload')
    long_payload = "repeat('x', 100) || payload"
    same(with_payload,
         'SELECT g, unit, def, ROW((p).stage, '
         '(p).outcome, (p).entered_at, (p).reached_at, (p).last_at, '
         '(p).open_until, (SELECT array_agg(substr(t, 101) ORDER BY o) FROM '
         'unnest((p).payload) WITH ORDINALITY AS r(t, o)), '
         '(p).definition)::funnel_progress AS p '
         'FROM (%s) q' % per_unit('shuffled', event,
                                  payload=', ' + long_payload),
         SERIAL, 'with a long payload')
    same(plain, per_unit('events', event, ts="(ts AT TIME ZONE 'UTC')"), SERIAL,
         'timestamp')
    days = whole_days(funnels)
    same(with_payload, per_unit('events', event, payload=', payload',
                                ts="(ts AT TIME ZONE 'UTC')::date"), SERIAL,
         'date', days)
    for table, payload in (('shuffled', ''), ('split', ', payload')):
        units = per_unit(table, event, payload=payload)
        settings = partial_settings(
            tap, units, 'progress over "%s" is aggregated partially in workers' % table)
        same(with_payload if payload else plain, units, settings, 'in workers')
    same(with_payload, per_unit('split', event, payload=', payload'),
         SERIAL + '; SET enable_hashagg = off', 'group by group, sorted')

    # The last row of a window has seen all.
    same(with_payload,
         'SELECT g, unit, def, p FROM (SELECT g, unit, def, row_number() OVER (PARTITION BY '
         'g, unit ORDER BY id DESC) AS n, funnel_progress_agg(ts, %s, def, payload) '
         'OVER (PARTITION BY g, unit ORDER BY id) AS p FROM events WHERE unit IS '
         'NOT NULL AND NOT attempts) w WHERE n = 1' % event, SERIAL, 'as a window aggregate')

    # Units that never entered count for the horizon here too.
    def two_levels(units, group='g'):
        return ('SELECT g, funnel_agg(p) AS r FROM (%s) q GROUP BY %s'
                % (units, group))

    units = per_unit('events', event)
    check_same_bytes(tap, funnels, want_bytes, two_levels(units), SERIAL,
                     'two levels, through funnel_progress')
    check_same_bytes(tap, funnels, want_bytes,
                     two_levels(per_unit('events', event, payload=', payload')),
                     SERIAL, 'two levels, with a payload')
    check_same_bytes(tap, funnels, want_bytes,
                     'SELECT g, funnel_merge(r) AS r FROM (%s) h GROUP BY g'
                     % two_levels(units, 'g, unit % 3'), SERIAL,
                     'two levels, merged')
    psql('CREATE TABLE progress AS %s;\nANALYZE progress;' % units)
    settings = partial_settings(tap, two_levels('SELECT * FROM progress'),
                                'stored progress is counted partially in workers')
    check_same_bytes(tap, funnels, want_bytes,
                     two_levels('SELECT * FROM progress'), settings,
                     'two levels, stored and counted in workers')
    psql('DROP TABLE progress;')


def attempts_of_units(table, event, payload='', ts='ts'):
    """A row for each attempt, or each unit where attempts are not counted."""
    return ('SELECT g, unit, def, attempts[o] AS p, o FROM (SELECT g, unit, def, '
            'funnel_attempts_agg(%s, %s, def%s) AS attempts FROM %s '
            'WHERE unit IS NOT NULL GROUP BY g, unit, def) u, '
            'generate_subscripts(attempts, 1) AS o' % (ts, event, payload, table))


def check_attempts(tap, funnels, event, want_bytes):
    """The attempts of each unit, and the two-level path to a result."""
    passages = {funnel.number: funnel.pass_all(payload=True)
                for funnel in funnels}
    got = {}
    for row in rows_of(PROGRESS % attempts_of_units(
            'shuffled', event, payload=', payload') + ' ORDER BY o', SERIAL):
        got.setdefault((row['g'], row['unit']), []).append(row)
    failures = []
    for funnel in funnels:
        for unit, events in funnel.units.items():
            if not events:
                continue
            want = [passage_row(funnel, unit, passage, True) for passage in
                    passages[funnel.number][unit] or [Passage()]]
            rows = got.get((funnel.number, unit), [])
            for row, wanted in zip(rows, want):
                if wanted['stage'] is None and wanted['position'] is not None:
                    row['stage'] = None
            if rows != want:
                failures.append((funnel, [funnel.describe_unit(unit),
                                          'expected %s' % want,
                                          'got      %s' % rows]))
    tell(tap, funnels, failures, 'funnel_attempts_agg: every unit')
    for settings, table, payload in (
            (SERIAL, 'events', ''), (SERIAL, 'backwards', ', payload'),
            (PARALLEL % '0', 'split', ', payload')):
        check_same_bytes(tap, funnels, want_bytes,
                         'SELECT g, funnel_agg(p) AS r FROM (%s) q GROUP BY g'
                         % attempts_of_units(table, event, payload), settings,
                         'two levels, through funnel_attempts_agg over "%s"%s'
                         % (table, '' if settings == SERIAL else ', parallel'))


def check_stages(tap, funnels):
    """Rows that carry stages instead of labels."""
    passages = {funnel.number: funnel.pass_stages() for funnel in funnels}
    single = [funnel for funnel in funnels if not funnel.d.every_attempt]
    compare_progress(tap, single, passages, per_unit('shuffled', 'stage'),
                     SERIAL, 'stages')
    results = agg('shuffled', 'stage')
    got = grouped(rows_of(
        'SELECT g, f.* FROM (%s) a, funnel_report(r) f ORDER BY g, step'
        % results, SERIAL))
    failures = []
    for funnel in funnels:
        differences = report_differences(
            report(funnel.d, all_of(passages[funnel.number]), funnel.horizon),
            got.get(funnel.number, []), False)
        if differences:
            failures.append((funnel, differences))
    tell(tap, funnels, failures, 'funnel_report: stages')
    check_same_bytes(
        tap, single, result_bytes(results, SERIAL),
        'SELECT g, funnel_agg(p) AS r FROM (%s) q GROUP BY g'
        % per_unit('events', 'stage', ts="(ts AT TIME ZONE 'UTC')"),
        SERIAL, 'stages, two levels')


def check_many_times(tap, number=20000):
    """Percentiles and mean of many times, from nothing to weeks."""
    rng = random.Random(number)
    times = [int(10 ** rng.uniform(0, 12.5)) if not one_in(rng, 20) else 0
             for _ in range(number)]
    psql('CREATE TABLE pairs (unit int, us bigint, event text, value float8);\n' +
         copy_in('pairs', [row for unit, us in enumerate(times)
                           for row in ((unit, 0, 'a', 0.25),
                                       (unit, us, 'b', 0.5))]))
    row, = rows_of(
        'SELECT f.* FROM funnel_report((SELECT funnel_agg(unit, at(us), event, '
        "'a -> b') FROM pairs)) f WHERE step = 2")
    times.sort()
    want = {'median_seconds': nearest_rank(times, 0.5) / 1e6,
            'p90_seconds': nearest_rank(times, 0.9) / 1e6,
            'median_seconds_from_first': nearest_rank(times, 0.5) / 1e6}
    tap.ok(row['users'] == number and
           all(close(row[column], want[column], 0.01) for column in SKETCHED) and
           close(row['mean_seconds'], sum(times) / number / 1e6, 1e-12),
           'times of %d units' % number)
    if exists('funnel_percentile(funnel_result, int, float8, boolean)'):
        fractions = [i / 200 for i in range(1, 201)]
        got = rows_of(
            'SELECT funnel_percentile(r, 2, fraction) AS seconds '
            "FROM (SELECT funnel_agg(unit, at(us), event, 'a -> b') AS r "
            'FROM pairs) a, unnest(ARRAY%s::float8[]) WITH ORDINALITY '
            'AS f(fraction, o) ORDER BY o' % fractions)
        wrong = [(fraction, seconds, nearest_rank(times, fraction) / 1e6)
                 for fraction, seconds in zip(
                     fractions, [row['seconds'] for row in got])
                 if not close(seconds, nearest_rank(times, fraction) / 1e6,
                              0.01)]
        tap.ok(not wrong and len(got) == 200, '200 percentiles of them')
        tap.say('\n'.join(map(str, wrong[:SHOWN])))


def check_journeys(tap, funnels, want):
    """The same answers from journeys, however they were put together."""
    def same(journeys, settings, what):
        check_same_bytes(tap, funnels, want,
                         'SELECT g, funnel_agg(j, def) AS r FROM (%s) q '
                         'GROUP BY g' % journeys, settings, what)

    of = ('SELECT g, def, unit, journey_agg(ts, event) AS j FROM %s '
          'WHERE unit IS NOT NULL GROUP BY g, def, unit')
    same(of % 'events', SERIAL, 'from journeys')
    same(of % 'shuffled', SERIAL, 'from journeys of shuffled rows')
    same(of % 'split', PARALLEL % '0', 'from journeys made in parallel')
    same('SELECT g, def, unit, journey_agg(j) AS j FROM (%s, extract(month '
         'FROM ts), payload) p GROUP BY g, def, unit' % of % 'shuffled', SERIAL,
         'from journeys made of parts')
    psql('CREATE TABLE journeys AS %s;' % of % 'events')
    same('SELECT * FROM journeys', SERIAL, 'from a table of journeys')
    plan = 'SELECT g, funnel_agg(j, def) AS r FROM journeys GROUP BY g'
    settings = partial_settings(
        tap, plan, 'the plan over a table of journeys aggregates partially in workers')
    same('SELECT * FROM journeys', settings, 'from a table of journeys, parallel')

    if exists('journey_progress(funnel_journey, funnel_def)'):
        differ = psql(
            'SELECT count(*) FROM (SELECT g, def, unit, '
            'funnel_progress_agg(ts, event, def)::text AS p FROM events '
            'WHERE unit IS NOT NULL AND NOT attempts GROUP BY g, def, unit) e '
            'FULL JOIN (SELECT g, unit, journey_progress(j, def)::text AS p '
            'FROM (SELECT g, unit, j, def FROM journeys JOIN definitions '
            'USING (g, def) WHERE NOT attempts OFFSET 0) k) j USING (g, unit) WHERE e.p IS DISTINCT FROM j.p;')
        tap.ok(differ.strip() == '0',
               'journey_progress is what funnel_progress_agg is')
    differ = psql(
        'SELECT count(*) FROM (SELECT g, def, unit, '
        'funnel_attempts_agg(ts, event, def)::text AS p FROM events '
        'WHERE unit IS NOT NULL GROUP BY g, def, unit) e '
        'FULL JOIN (SELECT g, unit, journey_attempts(j, def)::text AS p '
        'FROM journeys) j USING (g, unit) WHERE e.p IS DISTINCT FROM j.p;')
    tap.ok(differ.strip() == '0',
           'journey_attempts is what funnel_attempts_agg is')
    psql('DROP TABLE journeys;')


def by_key_of(groups):
    """Results by funnel and key."""
    return ('SELECT g, k.o, k.key, k.result AS r FROM (%s) a, LATERAL unnest(groups) '
            'WITH ORDINALITY AS k(key, result, o)' % groups)


def by_key(table, event, unit='unit', ts='ts', value='', key='key', where='true'):
    """The same, from one pass."""
    return by_key_of('SELECT g, funnel_agg_by(%s, %s, %s, def, %s%s) AS groups FROM %s '
                     'WHERE ordered AND %s GROUP BY g'
                     % (unit, ts, event, key, value, table, where))


def each_by_itself(table, event, unit='unit', value=''):
    """The same by funnel_agg, key by key."""
    return ('SELECT g, row_number() OVER (PARTITION BY g ORDER BY k.key COLLATE "C") AS o, '
            'k.key, funnel_agg(%s, ts, %s, def%s, e.key = k.key) AS r FROM %s e '
            'JOIN entering k USING (g) WHERE ordered GROUP BY g, k.key'
            % (unit, event, value, table))


def group_bytes(results, settings):
    """{funnel: [(key, what identifies the result)]} in the order of the groups."""
    groups = {}
    for row in rows_of('SELECT g, key, r::text AS text FROM (%s) a ORDER BY g, o'
                       % results, settings):
        groups.setdefault(row['g'], []).append((row['key'], row['text']))
    return groups


def check_same_groups(tap, funnels, want, results, settings, what):
    got = group_bytes(results, settings)
    failures = [(funnel, ['expected %s' % want.get(funnel.number),
                          'got      %s' % got.get(funnel.number)])
                for funnel in funnels
                if want.get(funnel.number) != got.get(funnel.number)]
    tell(tap, funnels, failures, 'funnel_agg_by, the same bytes: %s' % what)


def check_by_key(tap, funnels, event):
    """One pass gives for each key what funnel_agg gives with that entry."""
    psql('DROP TABLE IF EXISTS entering;\nCREATE TABLE entering (g int, key text);\n' +
         copy_in('entering', [(funnel.number, key) for funnel in funnels
                              for key in funnel.entering_keys()]))
    for value in ('', ', value'):
        got = {}
        for row in rows_of('SELECT g, key, o, f.* FROM (%s) a, funnel_report(r) f '
                           'ORDER BY g, o, step' % by_key('shuffled', event, value=value),
                           SERIAL):
            got.setdefault(row['g'], {}).setdefault(row['key'], []).append(row)
        failures = []
        counted = 0
        for funnel in funnels:
            groups = got.get(funnel.number, {})
            differences = []
            if list(groups) != funnel.entering_keys():
                differences.append('keys: expected %s, got %s' % (
                    funnel.entering_keys(), list(groups)))
            for key in funnel.entering_keys():
                passages = funnel.pass_entered(lambda _, mine: mine == key, value != '')
                want = report(funnel.d, all_of(passages), funnel.horizon)
                counted += 1
                differences += ['%s: %s' % (key, difference) for difference in
                                report_differences(want, groups.get(key, []), value != '')]
            if differences:
                failures.append((funnel, differences))
        tell(tap, funnels, failures, 'funnel_agg_by%s: agrees with the brute force for %d keys'
             % (' with values' if value else '', counted))

    for value in ('', ', value'):
        want = group_bytes(each_by_itself('events', event, value=value), SERIAL)
        what = ', with values' if value else ''

        def same(table, settings, how, **more):
            check_same_groups(tap, funnels, want,
                              by_key(table, event, value=value, **more), settings, how + what)

        same('shuffled', SERIAL, 'funnel_agg with the key as entry')
        same('backwards', SERIAL + '; SET enable_hashagg = off', 'rows backwards, sorted')
        same('events', SERIAL, 'units as rows', unit="CASE WHEN unit IS NOT NULL THEN "
             "ROW(unit % 3, 'u' || unit) END")
        same('events', SERIAL, 'timestamp', ts="(ts AT TIME ZONE 'UTC')")
        check_same_groups(tap, whole_days(funnels), want,
                          by_key('events', event, value=value,
                                 ts="(ts AT TIME ZONE 'UTC')::date",
                                 where=only(whole_days(funnels))), SERIAL, 'date' + what)
        check_same_groups(tap, funnels, want,
                          by_key_of('SELECT g, groups FROM (SELECT g, row_number() OVER '
                                    '(PARTITION BY g ORDER BY id DESC) AS n, funnel_agg_by('
                                    'unit, ts, %s, def, key%s) OVER (PARTITION BY g ORDER BY id) '
                                    'AS groups FROM events WHERE ordered) w WHERE n = 1'
                                    % (event, value)), SERIAL, 'a window aggregate' + what)
        same('split', SERIAL + '; SET enable_partitionwise_aggregate = on',
             'partition by partition')
        same('split', partial_settings(tap, by_key('split', event, value=value),
                                       'funnel_agg_by aggregates partially in workers'), 'parallel')


def check_entries(tap, funnels, event, want_all):
    """Only rows with the entry argument start a passage."""
    def entered(value=False):
        return {funnel.number: funnel.pass_entered(lambda entry, key: entry, value)
                for funnel in funnels}

    def by_entry(table, entry='entry', **how):
        return agg(table, event, value=', ' + entry, where='ordered', **how)

    check_reports(tap, funnels, by_entry('shuffled'), 'with an entry',
                  passages=entered())
    check_reports(tap, funnels, agg('shuffled', event, value=', value, entry',
                                    where='ordered'),
                  'with a value and an entry', with_value=True,
                  passages=entered(True))
    check_same_bytes(tap, funnels, want_all, by_entry('shuffled', 'true'), SERIAL,
                     'every row may enter')
    units = psql("%s;\nSELECT coalesce(sum(funnel_units(r)), -1) FROM (%s) a;"
                 % (SERIAL, by_entry('events', 'NULL::boolean'))).strip()
    tap.ok(units == '0', 'no unit enters where no row may')
    want = result_bytes(by_entry('events'), SERIAL)
    for table, settings in (
            ('backwards', SERIAL), ('shuffled', SERIAL + "; SET work_mem = '64kB'"),
            ('events', SERIAL + '; SET enable_hashagg = off'),
            ('split', SERIAL + '; SET enable_partitionwise_aggregate = on')):
        check_same_bytes(tap, funnels, want, by_entry(table), settings,
                         'with an entry over "%s", %s' % (table, settings))
    settings = partial_settings(tap, by_entry('split'),
                                'a query with an entry aggregates partially in workers')
    check_same_bytes(tap, funnels, want, by_entry('split'), settings,
                     'with an entry, parallel')
    check_same_bytes(tap, funnels, want,
                     by_entry('events', ts="(ts AT TIME ZONE 'UTC')"), SERIAL,
                     'with an entry, timestamp')
    check_same_bytes(tap, funnels, want,
                     'SELECT g, r FROM (SELECT g, row_number() OVER (PARTITION BY g '
                     'ORDER BY id DESC) AS n, funnel_agg(unit, ts, %s, def, entry) '
                     'OVER (PARTITION BY g ORDER BY id) AS r FROM events WHERE ordered) w '
                     'WHERE n = 1' % event, SERIAL, 'with an entry, as a window aggregate')

    check_by_key(tap, funnels, event)


def check_files(tap, funnels, event, copies):
    """The same rows many times over, as other units, in files."""
    psql('CREATE TABLE many AS SELECT e.*, unit * 1000 + c AS one FROM events e, '
         'generate_series(1, %d) c WHERE ordered AND %s;\nANALYZE many;'
         % (copies, only(funnels)))
    in_memory = SERIAL + "; SET work_mem = '1GB'"
    in_files = "; SET work_mem = '64kB'; SET hash_mem_multiplier = 1"
    # Values that are few binary digits long have the same sum in any order.
    for arguments in ('', ', entry', ', value, entry'):
        # Only units of one word can be sorted where they lie.
        results = [agg('many', event, unit=unit, value=arguments) for unit in ('one', 'one::text')]
        want = result_bytes(results[0], in_memory)
        for result in results:
            for settings in (SERIAL, PARALLEL % '0'):
                check_same_bytes(tap, funnels, want, result, settings + in_files,
                                 'in files%s, %s' % (', parallel' * (settings != SERIAL),
                                                     'with an entry' if arguments else ''))
    for value in ('', ', value'):
        want = group_bytes(each_by_itself('many', event, unit='one', value=value), in_memory)
        for unit in ('one', 'one::text'):
            for settings in (SERIAL, PARALLEL % '0'):
                check_same_groups(tap, funnels, want, by_key('many', event, unit=unit, value=value),
                                  settings + in_files,
                                  'in files%s%s' % (', parallel' * (settings != SERIAL),
                                                    ', with values' * (value != '')))
    psql('DROP TABLE many;')


def ordered(funnels):
    return [funnel for funnel in funnels if not funnel.d.any_order]


def check_all(tap, funnels, event, in_files, copies):
    """IN_FILES: the funnels whose rows go into files, so many times over."""
    base = agg('events', event)
    psql('CREATE TABLE results AS %s;' % base)
    results = 'SELECT * FROM results'
    units = sum(len(funnel.units) for funnel in funnels)
    tap.say('%d funnels, %d units, %d rows' % (
        len(funnels), units, sum(len(events) for funnel in funnels
                                 for events in funnel.units.values())))
    check_reports(tap, funnels, results, 'agrees with the brute force on %d '
                  'funnels of %d units' % (len(funnels), units))
    check_dropoff(tap, funnels, results)
    check_as_of(tap, funnels, results)
    check_totals(tap, funnels, results)
    if exists('funnel_percentile(funnel_result, int, float8, boolean)'):
        check_percentiles(tap, funnels, results)
    check_round_trip(tap, results)
    want = result_bytes(results, SERIAL)
    check_plans(tap, funnels, event, want)
    check_other_forms(tap, funnels, event, want)
    check_literals(tap, funnels, event, want)
    if exists('funnel_merge(funnel_result)'):
        check_merge(tap, funnels, event, want)
    if type_exists('funnel_progress'):
        check_progress(tap, funnels, event, want)
        check_attempts(tap, funnels, event, want)
        check_stages(tap, funnels)
    check_entries(tap, ordered(funnels), event, want)
    check_files(tap, ordered(in_files), event, copies)
    if event == 'event' and type_exists('funnel_journey'):
        check_journeys(tap, funnels, want)
    if exists('funnel_agg(anyelement, timestamptz, %s, funnel_def, float8)'
              % ('text[]' if event == 'events' else 'text')):
        check_reports(tap, funnels, agg('shuffled', event, value=', value'),
                      'with values', with_value=True)


def load(tap, funnels, seed):
    psql(SCHEMA +
         copy_in('texts', [(funnel.number, funnel.text, funnel.d.every_attempt,
                            not funnel.d.any_order)
                           for funnel in funnels]) +
         copy_in('raw', Numbered(funnels, seed).rows))
    psql(TABLES)
    refused = rows_of('SELECT g, t.definition FROM texts t JOIN definitions '
                      'USING (g) WHERE def IS NULL')
    tap.ok(not refused, 'every definition parses')
    for row in refused[:SHOWN]:
        try:
            psql('SELECT %s::funnel_def;' % literal(row['definition']))
        except PsqlError as error:
            tap.say(str(error))
    bad = {row['g'] for row in refused}
    return [funnel for funnel in funnels if funnel.number not in bad]


def random_funnels(number, seed, wanted=lambda d: True):
    funnels = [Funnel(i, seed, wanted) for i in range(number)]
    return [funnel for funnel in funnels if funnel.horizon is not None]


def main():
    number, seed = numbers('FUNNEL_SQL_CASES', 240, 1)
    tap = Tap()
    for event in ('event', 'events'):
        # Rows of one label, and of any number.
        funnels = random_funnels(number, seed + (event == 'events'))
        if event == 'event':
            for funnel in funnels:
                funnel.keep_first_labels()
        funnels = load(tap, funnels, seed)
        check_all(tap, funnels, event, ordered(funnels)[::3][:20], 300)

    check_many_times(tap)
    psql('DROP SCHEMA oracle CASCADE;')
    tap.finish()


if __name__ == '__main__':
    main()
