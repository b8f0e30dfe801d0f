"""Damaged journeys, from the wire and from the disk, into every function.

  journey.py [NUMBER-OF-VALUES | SECONDS"s"] [SEED]

Prints TAP.  What comes from the wire must be rejected with SQLSTATE 22P03 (or
22021, not valid in the encoding), or accepted and then read back from its own
text and bytes.  What is on the disk is taken as it is, by a cast from bytea
that only this test creates: each function may call it corrupt (XX001), or give
some answer, in good time.  Run it against a server with assertions, and the
extension with sanitizers or the server under valgrind, to learn more.
"""

import os
import random
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'oracle'))

import spelling              # noqa: E402
from tap import Tap          # noqa: E402
from wire import Connection, ServerError    # noqa: E402

WIRE_ERRORS = {'22P03', '22021', '54000'}
DISK_ERRORS = {'XX001', '54000', '22P03', '22021', '22007', '22008'}

# Each of a forged journey $1; what returns text is not looked at.
FUNCTIONS = [
    'SELECT $1::bytea::funnel_journey::text',
    'SELECT funnel_journey_send($1::bytea::funnel_journey)',
    'SELECT journey_length($1::bytea::funnel_journey)',
    'SELECT journey_first_at($1::bytea::funnel_journey), '
    'journey_last_at($1::bytea::funnel_journey)',
    'SELECT count(*), max(ts), sum(length(event)) '
    'FROM journey_events($1::bytea::funnel_journey)',
    "SELECT journey_slice($1::bytea::funnel_journey, '2026-01-02', NULL)",
    "SELECT journey_filter($1::bytea::funnel_journey, 'visit', NULL)",
    'SELECT length(journey_path($1::bytea::funnel_journey, 5, true))',
    'SELECT journey_labels($1::bytea::funnel_journey, -5)',
    "SELECT count(*) FROM journey_sessions($1::bytea::funnel_journey, '1 h')",
    "SELECT sum(credit) FROM journey_attribution($1::bytea::funnel_journey, "
    "'buy', 'time_decay', '3 days')",
    "SELECT sum(credit) FROM journey_attribution($1::bytea::funnel_journey, "
    "'visit', 'position')",
    'SELECT $1::bytea::funnel_journey || $1::bytea::funnel_journey',
    'SELECT journey_agg($1::bytea::funnel_journey) FROM generate_series(1, 2)',
    'SELECT $1::bytea::funnel_journey = $1::bytea::funnel_journey',
    'SELECT funnel_journey_hash($1::bytea::funnel_journey)',
    "SELECT funnel_agg($1::bytea::funnel_journey, "
    "'visit -> view -> cart -> buy within 3 days')",
    "SELECT funnel_agg($1::bytea::funnel_journey, "
    "'visit => view|cart* -[!lost, 1 day]-> * -> buy? -> end within 9 days')",
    "SELECT funnel_agg($1::bytea::funnel_journey, 'visit -> buy, any order')",
]

# What is known from other journeys must not change what one is taken for.
AFTER_OTHERS = [
    "SELECT funnel_agg(j, '{0}')::text = (SELECT funnel_merge(r)::text FROM ("
    "SELECT funnel_agg(journey, '{0}') AS r FROM seeds UNION ALL "
    "SELECT funnel_agg($1::bytea::funnel_journey, '{0}')) AS apart) "
    "FROM (SELECT journey AS j FROM seeds UNION ALL "
    "SELECT $1::bytea::funnel_journey) AS together".format(definition)
    for definition in ('visit -> "Product A"|view -> cart -> buy within 3 days',
                       'visit -[!"Product B"]-> *e* -> * within 9 days')]

PROGRESS = ("SELECT journey_progress($1::bytea::funnel_journey, "
            "'visit -> view -> cart -> buy within 3 days')")

# Histories of every shape: units, widths, labels spelled or not, unnamed.
SEEDS = """
SELECT journey_agg(ts, event) AS journey
FROM (SELECT n, timestamptz '2026-01-01' + CASE n % 7
		WHEN 0 THEN floor(random() * 20) * interval '1 day'
		WHEN 1 THEN floor(random() * 1e6) * interval '1 s'
		WHEN 2 THEN floor(random() * 1e12) * interval '1 us'
		WHEN 3 THEN interval '0'
		WHEN 4 THEN (random() - 0.02) * interval '290000 years'
		WHEN 5 THEN (CASE WHEN random() < 0.8 THEN 1 ELSE 1e5 END) * random() * interval '60 s'
		ELSE floor(random() * 3) * interval '1 us' END AS ts,
	CASE WHEN n % 5 > 0 OR random() < 0.8 THEN
		(array['visit', 'view', 'cart', 'buy', 'add_to_cart', 'Product ' || chr(64 + s), 'page ' || s,
			CASE WHEN n % 3 = 0 THEN '\u00e0 c\u00f4t\u00e9' ELSE '' END])[1 + floor(random() * (1 + n % 8))] END AS event
FROM generate_series(1, 400) AS n, generate_series(1, 1 + n * n % 40) AS s) AS e
GROUP BY n
UNION ALL
SELECT '[]' FROM generate_series(1, 20)
"""

# Labels for the spelling: letters in every case, names as analytics tools have
# them, bytes that are no letters, beginnings that others have too, long ones.
PARTS = ['a', 'e', 'q', 'u', 'ed', 'ing', 'Product', 'Viewed', 'ORDER', 'iOS', 'Zz',
         ' ', ' ', '_', '_', '$', '-', '/', '.', '1', '42', '\u00e9', '\u4e2d', '\u00df', 'x' * 33]
NAMES = ['Product List Viewed', 'Product Viewed', 'Product Added to Wishlist', 'add_to_cart',
         'view_item', 'view_item_list', '$pageview', '$pageleave', 'ADD_TO_CART', 'addToCart',
         'AddToCart', 'ABc deF', '', ' ', '_', 'a', 'A', 'aB', 'AB', 'ABa', 'Ab Cd', 'AB CD ef']


def some_labels(rng):
    """Different ones; between 1 and 40."""
    labels = set(rng.sample(NAMES, rng.randrange(len(NAMES) + 1)))
    for _ in range(rng.randrange(1, 20)):
        label = ''.join(rng.choice(PARTS) for _ in range(rng.randrange(1, 9)))
        labels.add(label)
        if rng.random() < 0.3:
            labels.add(label + rng.choice(PARTS))
    return sorted(label.encode() for label in labels)


def check_spelling(server, rng, tap, number):
    """The bytes are those of an independent program, and lead back to the labels."""
    server.prepare('spell', "SELECT journey_agg(timestamptz '2026-01-01', l)::bytea, "
                   "(SELECT array_agg(event ORDER BY ord) FROM journey_events("
                   "journey_agg(timestamptz '2026-01-01', l))) = array_agg(l ORDER BY l COLLATE \"C\") "
                   "FROM unnest(string_to_array(convert_from($1::bytea, 'UTF8'), '|')) AS l", [17])
    wrong, spelled = [], 0
    for _ in range(number):
        labels = some_labels(rng)
        part, is_spelled = spelling.stored(labels)
        spelled += is_spelled
        value, same = server.execute('spell', b'|'.join(labels))[0]
        if not (value.endswith(part) and bool(value[0] & 0x20) == is_spelled and same == b'\1'):
            wrong.append(labels)
    tap.ok(not wrong and 0 < spelled < number,
           '%d lists of labels are stored as described, %d of them spelled' % (number, spelled))
    for labels in wrong[:10]:
        tap.say(repr(labels))


INTERESTING = [0, 1, 2, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xfe, 0xff,
               0x10, 0x20, 0x31, 0x3f, 0x40, 0x41, 0x38, 0xb9]


def damage(value, others, rng):
    value = bytearray(value)
    # most of what can be wrong is in front, or behind, where labels are
    where = rng.randrange(3)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        kind = rng.randrange(9)
        at = rng.randrange(len(value)) if value else 0
        if where == 0:
            at = min(at, rng.randrange(24))
        elif where == 1:
            at = max(at, len(value) - 1 - rng.randrange(24))
        if kind == 0 and value:
            value[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and value:
            value[at] = rng.choice(INTERESTING)
        elif kind == 2 and value:
            value[at] = rng.randrange(256)
        elif kind == 3:
            del value[at:]
        elif kind == 4 and value:
            del value[at:at + rng.randrange(1, 9)]
        elif kind == 5:
            value[at:at] = bytes(rng.choice(INTERESTING)
                                 for _ in range(rng.randrange(1, 12)))
        elif kind == 6:
            other = rng.choice(others)
            value[at:] = other[rng.randrange(len(other) + 1):]
        elif kind == 7 and len(value) >= 4:
            at = min(at, len(value) - 4)
            value[at:at + 4] = struct.pack('!I', rng.choice(
                [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, len(value)]))
        elif kind == 8 and value:
            # the same number, with more bytes than it needs
            value[at:at + 1] = (bytes([value[at] | 0x80])
                                + b'\x80' * rng.choice([0, 0, 1, 5]) + b'\0')
    return bytes(value)


def main():
    limit = sys.argv[1] if len(sys.argv) > 1 else '1000'
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    seconds = float(limit[:-1]) if limit.endswith('s') else None
    number = None if seconds is not None else int(limit)
    rng = random.Random(seed)
    tap = Tap()

    server = Connection()
    server.query("SET statement_timeout = '10s'; SET timezone = 'UTC'; "
                 'SELECT setseed(%f)' % rng.uniform(-1, 1))
    server.query('CREATE CAST (bytea AS funnel_journey) WITHOUT FUNCTION')
    server.query('CREATE CAST (funnel_journey AS bytea) WITHOUT FUNCTION')
    journey = int(server.query("SELECT 'funnel_journey'::regtype::oid")[0][0])
    server.query('CREATE TEMP TABLE seeds AS ' + SEEDS)
    server.prepare('seeds', 'SELECT funnel_journey_send(journey), '
                   'journey::bytea FROM seeds')
    seeds = server.execute('seeds')
    sent = [row[0] for row in seeds]
    stored = [row[1] for row in seeds]

    functions = FUNCTIONS[:]
    if server.query("SELECT to_regprocedure('journey_progress(funnel_journey,"
                    "funnel_def)') IS NOT NULL")[0][0] == b't':
        functions.append(PROGRESS)
    server.prepare('receive', 'SELECT funnel_journey_send($1), '
                   '$1::text::funnel_journey = $1, $1 || $1 = $1 || $1, '
                   'journey_length($1)', [journey])
    for i, function in enumerate(functions):
        server.prepare('f%d' % i, function, [17])
    for i, function in enumerate(AFTER_OTHERS):
        server.prepare('g%d' % i, function, [17])

    # the undamaged ones first: they must come through as they are
    wrong = sum(server.execute('receive', value)[0][:2] != [value, b'\1']
                for value in sent)
    tap.ok(wrong == 0, '%d journeys go to the client and back' % len(sent))
    for value in stored:
        for i in range(len(functions)):
            server.execute('f%d' % i, value)
    tap.ok(True, 'every function reads them')
    check_spelling(server, rng, tap, 300)

    tried = accepted = answers = refusals = 0
    failures = []

    def fail(what, value, error):
        failures.append('%s of %s: %s' % (what, value.hex(), error))

    end = time.time() + seconds if seconds is not None else None
    while (time.time() < end) if end else (tried < number):
        tried += 1
        value = damage(rng.choice(sent), sent, rng)
        try:
            again, same, merged, _ = server.execute('receive', value)[0]
            accepted += 1
            if same != b'\1' or merged != b'\1':
                fail('reading the text again', value, 'is not equal')
            if server.execute('receive', again)[0][0] != again:
                fail('receiving what was sent', value, 'is not the same')
        except ServerError as error:
            if error.sqlstate not in WIRE_ERRORS:
                fail('receiving', value, error)

        value = damage(rng.choice(stored), stored, rng)
        for i, function in enumerate(functions):
            try:
                server.execute('f%d' % i, value)
                answers += 1
            except ServerError as error:
                refusals += 1
                if error.sqlstate not in DISK_ERRORS:
                    fail(function, value, error)
        for i, function in enumerate(AFTER_OTHERS):
            try:
                if server.execute('g%d' % i, value)[0][0] == b'\0':
                    fail(function, value, 'is not the same')
            except ServerError as error:
                if error.sqlstate not in DISK_ERRORS:
                    fail(function, value, error)
        if len(failures) > 10:
            break

    tap.ok(not failures, '%d damaged values from the wire, %d accepted; as many '
           'from the disk, %d answers, %d refusals'
           % (tried, accepted, answers, refusals))
    for failure in failures[:10]:
        tap.say(failure)
    server.query('DROP CAST (bytea AS funnel_journey); '
                 'DROP CAST (funnel_journey AS bytea)')
    tap.finish()


if __name__ == '__main__':
    main()
