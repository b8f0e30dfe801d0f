"""What may come to the server as a value of each type, and what must hold then.

  values.py replay                           the inputs in corpus/, on any server
  values.py fuzz SECONDS SEED [TARGET...]    more of them, by libFuzzer, on a server
                                             with server.c in the extension: make fuzz
  values.py merge [TARGET...]                on the same server: the few that take
                                             most branches

An input is refused with one of the errors named, or accepted.  Then each statement
may raise one of the errors named beside it, and what it gives must not be false
or, where it is boolean, NULL.  Prints TAP.
"""

import glob
import os
import re
import shutil
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
OUTPUT = os.path.abspath('build/output/fuzz')
sys.path.insert(0, os.path.join(HERE, '..', 'oracle'))

from tap import Tap          # noqa: E402
from wire import Connection, ServerError    # noqa: E402

# Inputs of each target in the tree, beside findings.
MAX_KEPT = 60

SETTINGS = ["SET timezone = 'UTC'", 'SET jit = off', 'SET max_parallel_workers_per_gather = 0',
            'SET plan_cache_mode = force_generic_plan']

# The rows of some units, for definitions to be asked of.
TABLES = """
CREATE EXTENSION IF NOT EXISTS funnel;
CREATE CAST (bytea AS funnel_def) WITHOUT FUNCTION;
CREATE CAST (bytea AS funnel_journey) WITHOUT FUNCTION;
CREATE CAST (bytea AS funnel_result) WITHOUT FUNCTION;
CREATE TABLE rows AS
SELECT unit, timestamptz '2026-01-01' + (step * (1 + unit % 5) + unit * step % 7) * interval '9 h' AS ts,
	(array['visit', 'view', 'cart', 'buy', 'lost', 'Product A', '', 'a', 'b', 'x y'])
		[1 + (unit * 7 + step * (1 + unit % 3)) % 10] AS event
FROM generate_series(1, 9) AS unit, generate_series(1, 2 + unit % 7) AS step
UNION ALL
SELECT 1, '2026-01-01', NULL;
CREATE TABLE units AS
SELECT unit, journey_agg(ts, event) AS journey FROM rows GROUP BY unit;
"""

DEFINITIONS = ['visit -> view -> cart -> buy within 3 days',
               'visit => view|cart* -[!lost, 1 day]-> * -> buy? -> end within 9 days',
               'visit -> buy, any order', 'visit -[>= 1 h]-> * every attempt',
               '* -> "Product B"|b* last entry, increasing, unless lost']

# Each is what must hold, and the errors that it may raise.
DEFINITION = [
    ('SELECT $1::text::funnel_def = $1', ''),
    ('SELECT count(*) BETWEEN 1 AND 64, bool_and(s::text::funnel_stage = s) FROM funnel_stages($1) AS s', ''),
    ('SELECT funnel_events($1)', '0A000'),
    ("SELECT stage_of('visit', $1), stage_of('', $1)", ''),
    ("SELECT count(*), bool_and(step > 0) IS NOT FALSE FROM funnel_unmatched($1, array['visit', 'view', 'b'])", ''),
    ('SELECT funnel_result($1)::text::funnel_result = funnel_result($1)', ''),
    ('SELECT (SELECT funnel_agg(unit, ts, event, $1) FROM rows) = '
     '(SELECT funnel_agg(journey, $1) FROM units)', ''),
    ('SELECT (SELECT funnel_agg(unit, ts, event, $1) FROM rows) = '
     '(SELECT funnel_merge(r) FROM (SELECT funnel_agg(unit, ts, event, $1) AS r FROM rows GROUP BY unit) AS a)', ''),
    ('SELECT (SELECT funnel_agg(unit, ts, event, $1) FROM rows) = (SELECT funnel_agg(p) FROM '
     '(SELECT funnel_progress_agg(ts, event, $1) AS p FROM rows GROUP BY unit) AS a)', '0A000'),
    ('SELECT g.result::text::funnel_result = g.result '
     'FROM unnest((SELECT funnel_agg_by(unit, ts, event, $1, event) FROM rows)) AS g', '0A000'),
]

RESULT = [
    ('SELECT $1::text::funnel_result = $1', ''),
    ('SELECT $1::jsonb::text::funnel_result = $1', ''),
    ('SELECT bool_and(users >= 0 AND (from_first BETWEEN 0 AND 1) IS NOT FALSE '
     'AND (from_previous BETWEEN 0 AND 1) IS NOT FALSE AND (from_first_low <= from_first) IS NOT FALSE '
     'AND (from_first <= from_first_high) IS NOT FALSE AND (median_seconds <= p90_seconds) IS NOT FALSE) '
     'FROM funnel_report($1)', ''),
    ('SELECT (array_agg(users ORDER BY step))[1] = (array_agg(users ORDER BY step DESC))[1] + '
     "coalesce(sum(dropped), 0) + coalesce(sum(pending), 0) FROM funnel_report($1, 'infinity')", ''),
    ('SELECT (SELECT array_agg(r::text) FROM funnel_report($1) AS r) = '
     '(SELECT array_agg(r::text) FROM funnel_report($1, funnel_horizon($1)) AS r)', ''),
    ('SELECT (SELECT coalesce(sum(users), 0) FROM funnel_dropoff($1)) = '
     '(SELECT coalesce(sum(dropped), 0) + coalesce(sum(pending), 0) FROM funnel_report($1))', ''),
    ('SELECT array_agg(b::text) IS NOT NULL FROM funnel_bars($1) AS b', ''),
    ("SELECT funnel_table($1) <> '', funnel_chart($1) <> '', funnel_chart($1, 40) <> ''", ''),
    ("SELECT funnel_html($1) <> '', funnel_html($1, '<a&b>') <> ''", ''),
    # unless the server was built without libxml
    ("SELECT funnel_svg($1)::xml IS DOCUMENT, funnel_svg($1, '<a&b>')::xml IS DOCUMENT", '0A000'),
    ('SELECT (funnel_percentile($1, 2, 0) <= funnel_percentile($1, 2, 0.5)) IS NOT FALSE, '
     '(funnel_percentile($1, 2, 0.5) <= funnel_percentile($1, 2, 1)) IS NOT FALSE', '22023'),
    ('SELECT coalesce(sum(users), 0) = (SELECT users FROM funnel_bars($1) OFFSET 1 LIMIT 1) '
     'FROM funnel_histogram($1, 2, 7)', '22023'),
    ('SELECT count(*) > 0, bool_and((difference = 0) IS NOT FALSE) FROM funnel_compare($1, $1)', ''),
    ('SELECT flow_svg(array(SELECT funnel_flow($1)))::xml IS DOCUMENT', '22003 22023 54000 0A000'),
    ('SELECT funnel_merge(r) = $1 FROM (VALUES ($1), (funnel_result(funnel_definition($1)))) AS v (r)', ''),
    ('SELECT m::text::funnel_result = m, (SELECT bool_and(b.users = 2 * a.users) '
     'FROM funnel_bars($1) AS a JOIN funnel_bars(m) AS b USING (stage)) '
     'FROM (SELECT funnel_merge($1) AS m FROM generate_series(1, 2)) AS s', '22003'),
]

JOURNEY = [
    ('SELECT $1::text::funnel_journey = $1', ''),
    ('SELECT journey_length($1) = count(*), journey_first_at($1) IS NOT DISTINCT FROM min(ts), '
     'journey_last_at($1) IS NOT DISTINCT FROM max(ts) FROM journey_events($1)', ''),
    ("SELECT coalesce(journey_agg(ts, event), '[]') = $1 FROM journey_events($1)", ''),
    ("SELECT $1 || '[]' = $1, '[]' || $1 = $1, $1 || $1 = (SELECT journey_agg($1) FROM generate_series(1, 2))", ''),
    ("SELECT coalesce(sum(journey_length(s)), 0) = journey_length($1) FROM journey_sessions($1, '1 h') AS s", ''),
    ("SELECT journey_slice($1, NULL, '2000-01-02') || journey_slice($1, '2000-01-02', NULL) = $1", ''),
    ("SELECT journey_length(journey_filter($1, 'visit', NULL)) = "
     "(SELECT count(*) FROM journey_events($1) WHERE event = 'visit' OR event IS NULL)", ''),
    ('SELECT journey_path($1, 5, true), journey_labels($1, -5), '
     'cardinality(journey_labels($1)) = (SELECT count(event) FROM journey_events($1))', ''),
    ("SELECT sum(credit) FROM journey_attribution($1, 'buy', 'time_decay', '3 days')", ''),
    ("SELECT sum(credit) FROM journey_attribution($1, 'visit', 'position')", ''),
    ("SELECT (SELECT journey_flow($1, 5)) = coalesce(flow_agg(1, ts, event, 5), '{}') FROM journey_events($1)", ''),
] + [
    ("SELECT (SELECT funnel_agg($1, '{0}')) IS NOT DISTINCT FROM funnel_agg(1, ts, event, '{0}') "
     "FROM journey_events($1)".format(definition), '') for definition in DEFINITIONS
] + [
    # what is known from other journeys must not change what one is taken for
    ("SELECT (SELECT funnel_agg(journey, '{0}') FROM (SELECT journey FROM units UNION ALL SELECT $1) AS a) = "
     "(SELECT funnel_merge(r) FROM (SELECT funnel_agg(journey, '{0}') AS r FROM units UNION ALL "
     "SELECT funnel_agg($1, '{0}')) AS a)".format(definition), '') for definition in DEFINITIONS[:2]
] + [
    ("SELECT journey_progress($1, '%s'), journey_attempts($1, '%s')" % (DEFINITIONS[0], DEFINITIONS[3]), ''),
]

PROGRESS = [
    ('SELECT (r::text::funnel_result = r) IS NOT FALSE FROM (SELECT funnel_agg($1) AS r) AS a', '22023 22004 22P02 22003 0A000 XX001'),
]

FLOW = [
    ("SELECT flow_svg($1)::xml IS DOCUMENT, flow_svg($1, '<a&b>')::xml IS DOCUMENT",
     '22004 22023 22003 54000 2202E 0A000'),
]


TEXT_ERRORS = '22P02 54000 22007 22008 22P05 22021'
STORED_ERRORS = 'XX001 54000 22P03 22021 22007 22008'

# For bytes that nothing says are the one image of a value: no column is looked at.
AS_TEXT = 'SELECT a::text FROM (%s) AS a'


def stored(statements, type_name, form='%s', errors=STORED_ERRORS):
    """The same of bytes as they may be on disk: any statement may call them corrupt."""
    return [(form % sql.replace('$1', '$1::' + type_name), errors + ' ' + allowed)
            for sql, allowed in statements]


# Shape of the input, see server.c; type; errors of the reading; statements.
TARGETS = {
    'definition': ('text', 'funnel_def', '22P02 54000', DEFINITION),
    # a text ends at a zero byte, and may then be no definition
    'definition_stored': ('stored definition', 'bytea', '',
                          stored(DEFINITION, 'funnel_def', AS_TEXT, STORED_ERRORS + ' 22P02')),
    'result': ('result', 'funnel_result', '22P03 22021 54000', RESULT),
    'result_stored': ('stored result', 'bytea', '', stored(RESULT, 'funnel_result')),
    'result_text': ('text', 'funnel_result', TEXT_ERRORS, RESULT),
    'journey': ('journey', 'funnel_journey', '22P03 22021 54000', JOURNEY),
    'journey_stored': ('stored journey', 'bytea', '', stored(JOURNEY, 'funnel_journey', AS_TEXT)),
    'journey_text': ('text', 'funnel_journey', TEXT_ERRORS, JOURNEY),
    'progress': ('text', 'funnel_progress', TEXT_ERRORS + ' 22009 22023 2202E', PROGRESS),
    'flow': ('text', 'flow_edge[]', TEXT_ERRORS + ' 22003 2202E 54001', FLOW),
}

WORDS = ['->', '=>', '-[', ']->', '-[!', '-[>= ', '|', '?', '*', '!', '"', ':', ',', '{', '}', '[', ']', '(', ')',
         '\\', '\\u0000', '\\ud800', '\\"', 'null', 'NULL', 'true', '-1', '1e400', '0.5', '-0', '""',
         'visit', 'view', 'cart', 'buy', 'lost', 'Product A', '"x y"', '\u00e9', '\u4e2d', '\U0001f600', '&', '<',
         '1 day', '7 days', '36 hours', 'any order', 'first entry', 'last entry', 'every attempt', 'within',
         'infinity', '-infinity', '2026-01-01T00:00:00Z', '2026-01-31 23:59:59.5+00', '294276-12-31T23:59:59Z',
         '4714-11-24 00:00:00+00 BC', '["2026-01-01T00:00:00Z", "visit"]', 'converted', 'excluded', 'late',
         'early', 'absent', '2:view', 'a -> b', '9223372036854775807']


def words():
    """Those, and what the sources of the language and of JSON compare with."""
    found = set()
    for pattern in ('language/clauses.c', 'language/durations.c', 'language/tree.c', 'result/json*.c'):
        for path in glob.glob(os.path.join(HERE, '../../src', pattern)):
            with open(path) as source:
                found.update(re.findall(r'"([a-z_]+)"', source.read()))
    return WORDS + sorted(found)


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def array(texts):
    return 'array[%s]::text[]' % ', '.join(map(quoted, texts))


def corpus(target):
    return os.path.join(HERE, 'corpus', target)


def begin(server):
    for statement in SETTINGS + TABLES.split(';')[:-1]:
        server.query(statement)


# ---------- with libFuzzer ----------

# A process of the server has its own use for signals, and no second thread.
LIMITS = ['-rss_limit_mb=0', '-handle_int=0', '-handle_term=0', '-handle_usr1=0', '-handle_usr2=0',
          '-max_len=1024', '-timeout=120', '-print_final_stats=1']


def run(target, log, arguments):
    """The status of libFuzzer, or None if the process has ended."""
    shape, type_name, errors, statements = TARGETS[target]
    server = Connection()
    for setting in SETTINGS:
        server.query(setting)
    try:
        rows = server.query('SELECT fuzz(%s, %s::regtype, %s, %s, %s, %s, %s, %s)' % (
            quoted(shape), quoted(type_name), quoted(errors), array(sql for sql, _ in statements),
            array(allowed for _, allowed in statements), array(words()), quoted(log),
            array(arguments[:1] + LIMITS + arguments[1:])))
        return int(rows[0][0])
    except OSError:
        return None


def begin_fuzzing():
    server = Connection()
    begin(server)
    server.query('CREATE FUNCTION fuzz(text, regtype, text, text[], text[], text[], text, text[]) '
                 "RETURNS integer LANGUAGE c AS 'funnel'")


def fuzz(seconds, seed, targets, tap):
    for target in targets:
        log = os.path.join(OUTPUT, target + '.log')
        found = os.path.join(OUTPUT, 'corpus', target)
        os.makedirs(found, exist_ok=True)
        status = run(target, log, ['fuzz', '-seed=' + seed, '-max_total_time=' + seconds,
                                   '-artifact_prefix=%s/%s-' % (OUTPUT, target), found, corpus(target)])
        with open(log, errors='replace') as file:
            lines = file.read().splitlines()
        # "#123 NEW cov: ..." says how far it is, all else what is wrong
        progress = [line for line in lines if line.startswith('#') and ' cov: ' in line]
        tap.ok(status == 0, '%s, seed %s: %s' % (target, seed, progress[-1].strip() if progress else '-'))
        if status != 0:
            tap.say('\n'.join(line for line in lines if not re.match('#[0-9]+\t', line)))
            wait_for_server()


def wait_for_server():
    """A process that crashes has the server begin anew."""
    for _ in range(600):
        try:
            Connection()
            return
        except (OSError, ServerError):
            time.sleep(0.1)


def merge(targets, tap):
    """Of the inputs, in this order, those that add most branches to the ones before."""
    for target in targets:
        kept = os.path.join(OUTPUT, 'corpus', target)
        os.makedirs(kept, exist_ok=True)
        # a few of some length are as good as many short ones
        paths = sorted(glob.glob(os.path.join(corpus(target), '*')), key=lambda path: abs(os.path.getsize(path) - 200))
        list_name = os.path.join(OUTPUT, target + '.list')
        with open(list_name, 'w') as file:
            file.write('\n'.join([str(len(paths)), '0'] + paths) + '\n')
        status = run(target, os.path.join(OUTPUT, target + '.log'),
                     ['fuzz', '-merge_inner=1', '-use_counters=0', '-merge_control_file=' + list_name])
        with open(list_name) as file:
            added = re.findall(r'^FT (\d+) (.+)$', file.read(), re.MULTILINE)
        added.sort(key=lambda item: -len(item[1].split()))
        for number, _ in added[:MAX_KEPT]:
            shutil.copy(paths[int(number)], kept)
        tap.ok(status == 0, '%s: %d inputs of %d' % (target, len(added[:MAX_KEPT]), len(paths)))


# ---------- without ----------

def failure(server, name, value, allowed):
    """What is wrong, None if nothing, '' if an allowed error was raised."""
    try:
        for row in server.execute(name, value):
            if any(column == b'\0' for column in row):
                return 'false'
        return None
    except ServerError as error:
        return '' if error.sqlstate in allowed.split() else str(error)


def replay(tap):
    server = Connection()
    begin(server)
    for target, (shape, type_name, errors, statements) in TARGETS.items():
        # a text is read by the type's input function
        as_read = '$1::text::' + type_name if shape == 'text' else '$1::' + type_name
        oid = int(server.query("SELECT '%s'::regtype::oid" % ('text' if shape == 'text' else type_name))[0][0])
        server.prepare(target, 'SELECT pg_column_size(%s) >= 0' % as_read, [oid])
        for i, (sql, _) in enumerate(statements):
            server.prepare('%s%d' % (target, i), re.sub(r'\$1', '(%s)' % as_read, sql), [oid])
        paths = sorted(glob.glob(os.path.join(corpus(target), '*')))
        wrong, accepted = [], 0
        for path in paths:
            with open(path, 'rb') as file:
                value = file.read()
            problem = failure(server, target, value, errors + ' 22021')
            if problem is None:
                accepted += 1
                for i, (sql, allowed) in enumerate(statements):
                    problem = failure(server, '%s%d' % (target, i), value, allowed)
                    if problem:
                        wrong.append((path, sql, problem))
            elif problem:
                wrong.append((path, 'reading', problem))
        tap.ok(not wrong and accepted > 0, '%s: %d inputs, %d accepted' % (target, len(paths), accepted))
        for path, sql, problem in wrong[:10]:
            tap.say('%s: %s: %s' % (path, sql, problem))


def main():
    tap = Tap()
    mode, arguments = sys.argv[1], sys.argv[2:]
    if mode == 'replay':
        replay(tap)
    elif mode == 'fuzz':
        begin_fuzzing()
        fuzz(arguments[0], arguments[1], arguments[2:] or TARGETS, tap)
    elif mode == 'merge':
        begin_fuzzing()
        merge(arguments or TARGETS, tap)
    tap.finish()


if __name__ == '__main__':
    main()
