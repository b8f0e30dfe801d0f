"""Cases too large to try every chain, whose answer is plain for other reasons.

Each maker returns the case as the driver reads it and a function that says what
is wrong with an answer (or None).  They are here to show that nothing grows
with the square of the rows; a test never fails on time, but one that hangs does.
"""

import random
from bisect import bisect_left, bisect_right

ALL = 2**64 - 1


class Rules:
    def __init__(self, n, within=0, any_order=False, first_entry=False,
                 increasing=False, optional=0, strict=0, excluding=0, gap=0,
                 last_entry=False, every_attempt=False, shortest=0):
        self.n = n
        self.within = within
        self.any_order = any_order
        self.first_entry = first_entry
        self.increasing = increasing
        self.optional = optional
        self.strict = strict
        self.excluding = excluding
        self.gap = gap              # of every link
        self.last_entry = last_entry
        self.every_attempt = every_attempt
        self.shortest = shortest    # of every link

    def text(self, rows):
        words = [self.n, int(self.any_order), int(self.first_entry),
                 int(self.last_entry), int(self.every_attempt),
                 int(self.increasing), self.within, self.optional, self.strict,
                 self.excluding]
        words += [0] + [self.gap] * (self.n - 1)
        words += [0] + [self.shortest] * (self.n - 1) + [len(rows)]
        return ' '.join(map(str, words)) + '\n' + '\n'.join(
            ['%d %d %d' % row for row in rows]) + '\n'


class Answer:
    def __init__(self, line):
        words = line.split()
        self.depth = int(words[0])
        self.outcome = words[1]
        self.until = None if words[2] == 'none' else int(words[2])
        self.chain = []             # (step, ts, row)
        for k, word in enumerate(words[4:], 1):
            if word != '-':
                ts, row = word.split(':')
                self.chain.append((k, int(ts), int(row)))


def invalid(rules, rows, answer):
    """What is wrong with the chain itself, whether or not it is the best."""
    chain = answer.chain
    times = [row[0] for row in rows]
    if not chain or len({row for _, _, row in chain}) != len(chain):
        return 'no chain, or a row used twice'
    for k, ts, row in chain:
        if rows[row][0] != ts:
            return 'step %d: not the time of row %d' % (k, row)
        if not rules.any_order and not rows[row][1] >> (k - 1) & 1:
            return 'row %d does not match step %d' % (row, k)
    if rules.within and chain[-1][1] > chain[0][1] + rules.within:
        return 'outside the window'
    for (k1, ts1, _), (k2, ts2, _) in zip(chain, chain[1:]):
        if ts2 < ts1 or (rules.increasing and ts1 == ts2):
            return 'steps %d and %d: wrong order of times' % (k1, k2)
        if rules.any_order:
            continue
        if rules.gap and ts2 > ts1 + rules.gap:
            return 'step %d: gap' % k2
        if rules.shortest and ts2 < ts1 + rules.shortest:
            return 'step %d: too soon' % k2
        links = sum(1 << (k - 1) for k in range(k1 + 1, k2 + 1))
        between = range(bisect_right(times, ts1), bisect_left(times, ts2))
        if rules.strict & links and len(between) > 0:
            return 'step %d: not strict' % k2
        if any(rows[i][2] & links for i in between):
            return 'step %d: excluded' % k2
        if links & ~(1 << (k2 - 1)) & ~rules.optional:
            return 'step %d: a required step was skipped' % k2
    return None


def exactly(depth, outcome, until, chain_rows):
    """The whole answer is known: the rows of the chain, no step skipped."""
    def make_check(rules, rows):
        def check(line):
            want = ' '.join(
                [str(depth), outcome, 'none' if until is None else str(until),
                 str((1 << depth) - 1)] +
                ['%d:%d' % (rows[row][0], row) for row in chain_rows])
            if line != want:
                return 'expected %s\ngot      %s' % (want[:2000], line[:2000])
            return None
        return check
    return make_check


def case(rules, rows, make_check):
    return rules.text(rows), make_check(rules, rows)


# ---------------------------------------------------------------------------
# Every row matches at most one step: one newest start per step is enough.
# ---------------------------------------------------------------------------

def instants(rows):
    i = 0
    while i < len(rows):
        j = i
        while j < len(rows) and rows[j][0] == rows[i][0]:
            j += 1
        yield rows[i][0], rows[i:j]
        i = j


def single_label_best(rules, rows):
    """(depth, start, end) of the chain to report."""
    n = rules.n
    start = [None] * (n + 1)        # newest start of a chain that stands at k
    last = [None] * (n + 1)
    best = (0, None, None)
    for ts, together in instants(rows):
        present = {row[1].bit_length() for row in together if row[1]}
        for k in range(1, n + 1):
            if k not in present:
                continue
            if k == 1:
                if rules.first_entry and start[0] is not None:
                    continue
                start[0] = ts
                start[1] = last[1] = ts
            else:
                if start[k - 1] is None:
                    continue
                if rules.within and ts > start[k - 1] + rules.within:
                    continue
                if rules.gap and ts > last[k - 1] + rules.gap:
                    continue
                start[k], last[k] = start[k - 1], ts
        # best so far: deeper, or as deep and as early and started later
        for k in range(n, 0, -1):
            if start[k] is not None and last[k] == ts:
                if k > best[0] or (k == best[0] and ts == best[2] and
                                   start[k] > best[1]):
                    best = (k, start[k], ts)
                break
        # whoever stands before this instant is stopped by its breakers
        broken = 0
        for row in together:
            broken |= row[2]
        for k in range(1, n):
            if start[k] is not None and last[k] < ts and (
                    rules.strict >> k & 1 or broken >> k & 1):
                start[k] = None
    return best


def single_label(rules, rows):
    def check(line):
        answer = Answer(line)
        want = single_label_best(rules, rows)
        got = (answer.depth, answer.chain[0][1], answer.chain[-1][1])
        if want != got:
            return 'expected (depth, start, end) %s, got %s' % (want, got)
        if not rules.gap and not rules.excluding and not rules.strict:
            # Nothing but the window: the rest is greedy.
            ts, depth = want[1], want[0]
            chain = []
            for k in range(1, depth + 1):
                mine = [i for i, row in enumerate(rows)
                        if row[1] == 1 << (k - 1) and row[0] >= ts]
                ts = rows[mine[0]][0]
                chain.append((k, ts, mine[0]))
            if chain != answer.chain:
                return 'expected %s, got %s' % (chain, answer.chain)
            entries = [row[0] for row in rows if row[1] == 1]
            until = ((entries[0] if rules.first_entry else entries[-1]) +
                     rules.within if rules.within else 2**63 - 1)
            if answer.until != (None if depth == rules.n else until):
                return 'open until %s' % answer.until
        return invalid(rules, rows, answer)
    return check


def random_rows(seed, number, span, weights, excluding=0, noise=0.0):
    """Rows of one label each; WEIGHTS: how often each step, first the unknown."""
    rng = random.Random(seed)
    labels = rng.choices(range(len(weights)), weights, k=number)
    times = sorted(rng.choices(range(span), k=number))
    return [(ts, 0, excluding) if noise and rng.random() < noise
            else (ts, 1 << (label - 1) if label else 0, 0)
            for ts, label in zip(times, labels)]


def plain_million():
    rows = random_rows(1, 1000000, 10**9, [3, 5, 3, 2, 1, 0.001])
    return case(Rules(5, within=20000), rows, single_label)


def plain_million_unlimited():
    rows = random_rows(2, 1000000, 10**9, [1, 9, 1, 1, 1, 0])
    return case(Rules(5), rows, single_label)


def plain_converts_early():
    """What follows has to be read all the same: it might be out of order."""
    rows = [(ts, 1 << ts % 2, 0) for ts in range(1000000)]
    return case(Rules(2), rows, exactly(2, 'converted', None, range(2)))


def one_instant():
    rows = sorted(random_rows(3, 200000, 1, [1, 5, 5, 5, 5, 5]))
    return case(Rules(5, within=1), rows, single_label)


def first_entry():
    rows = random_rows(4, 1000000, 10**6, [3, 5, 3, 2, 1, 0.1])
    return case(Rules(5, within=3, first_entry=True), rows, single_label)


def last_entry():
    """The answer is that of the rows without all other entries."""
    rows = random_rows(4, 1000000, 10**6, [3, 0.1, 3, 2, 1, 0.5])
    last = max(row[0] for row in rows if row[1] == 1)
    only = [row if row[1] != 1 or row[0] == last else (row[0], 0, 0)
            for row in rows]
    text, _ = case(Rules(5, within=2000, last_entry=True), rows, just_valid())
    return text, single_label(Rules(5, within=2000), only)


def gaps():
    rows = random_rows(5, 500000, 10**6, [3, 2, 2, 2, 2, 2])
    return case(Rules(5, within=8, gap=2), rows, single_label)


def exclusions():
    rows = random_rows(6, 500000, 10**6, [3, 4, 3, 2, 1, 0.1],
                       excluding=0b11110, noise=0.3)
    return case(Rules(5, excluding=0b11110, within=1000), rows, single_label)


def strict_links():
    rows = random_rows(7, 500000, 10**6, [1, 3, 3, 3, 3, 3])
    return case(Rules(5, strict=0b11110), rows, single_label)


# ---------------------------------------------------------------------------
# Rows that match several steps.
# ---------------------------------------------------------------------------

def equal_steps_one_instant():
    rows = [(0, ALL, 0)] * 200000
    return case(Rules(64), rows, exactly(64, 'converted', None, range(64)))


def equal_steps_million():
    rows = [(ts, ALL, 0) for ts in range(1000000)]
    return case(Rules(64), rows, exactly(64, 'converted', None, range(64)))


def equal_steps_window_too_short():
    rows = [(ts, ALL, 0) for ts in range(300000)]
    return case(Rules(64, within=39), rows,
                exactly(40, 'late', 300000 - 1 + 39, range(40)))


def equal_steps_increasing():
    rows = [(i // 5, ALL, 0) for i in range(500000)]
    return case(Rules(64, increasing=True), rows,
                exactly(64, 'converted', None, range(0, 320, 5)))


def equal_steps_increasing_too_few_instants():
    rows = [(i // 10000, ALL, 0) for i in range(200000)]
    return case(Rules(64, increasing=True), rows,
                exactly(20, 'early', 2**63 - 1, range(0, 200000, 10000)))


def ring_of_pairs_one_instant():
    rows = [(7, 1 << i % 64 | 1 << (i + 1) % 64, 0) for i in range(200000)]
    return case(Rules(64), rows, exactly(64, 'converted', None, range(64)))


def forced_matching_one_instant():
    """The lowest row of step 1 must be refused, for a reason 63 steps away."""
    rows = [(7, 3 << i, 0) for i in range(63)] + [(7, 1, 0)] * 200000
    return case(Rules(64), rows,
                exactly(64, 'converted', None, [63] + list(range(63))))


def no_last_step_one_instant():
    rows = [(7, ALL >> 1, 0)] * 100000
    return case(Rules(64, within=5), rows,
                exactly(63, 'absent', 12, range(63)))


def alternating():
    odd, even = ALL // 3, ALL // 3 * 2
    rows = [(ts, even if ts % 2 else odd, 0) for ts in range(500000)]
    return case(Rules(64, strict=ALL & ~1), rows,
                exactly(64, 'converted', None, range(64)))


def just_valid(depth=None):
    def make_check(rules, rows):
        def check(line):
            answer = Answer(line)
            if depth is not None and answer.depth != depth:
                return 'expected depth %d, got %d' % (depth, answer.depth)
            return invalid(rules, rows, answer)
        return check
    return make_check


def shortest_gaps():
    rows = [(ts, ALL, 0) for ts in range(1000000)]
    return case(Rules(64, shortest=10), rows,
                exactly(64, 'converted', None, range(0, 640, 10)))


def shortest_gaps_window_too_short():
    rows = [(ts, ALL, 0) for ts in range(100000)]
    return case(Rules(64, shortest=10, within=300), rows,
                exactly(31, 'late', 100000 - 1 + 300, range(0, 310, 10)))


def shortest_gaps_wait_long():
    """Nobody's gap is over before half of the rows have passed."""
    rows = [(ts, 1 << ts % 3, 0) for ts in range(600000)]
    return case(Rules(4, shortest=300000), rows,
                exactly(2, 'early', 2**63 - 1, [0, 300001]))


def optional_shortest_gaps():
    rng = random.Random(11)
    rows = [(ts // 2, 1 << rng.randrange(63), 0) for ts in range(30000)]
    return case(Rules(64, optional=ALL >> 1 & ~1, shortest=20, gap=90,
                      within=3000), rows, just_valid())


def attempts(number, outcomes):
    """So many attempts, of which so many have each outcome."""
    def make_check(rules, rows):
        def check(line):
            found = {}
            answers = line.split(' / ')
            for answer in answers:
                outcome = answer.split()[1]
                found[outcome] = found.get(outcome, 0) + 1
            if len(answers) != number or found != outcomes:
                return 'expected %d, %s, got %d, %s' % (
                    number, outcomes, len(answers), found)
            return None
        return check
    return make_check


def attempts_convert():
    rows = [(ts, 1 << ts % 3, 0) for ts in range(300000)]
    return case(Rules(3, within=50, every_attempt=True), rows,
                attempts(100000, {'converted': 100000}))


def attempts_do_not_convert():
    rows = [(ts, 1 + ts % 2, 0) for ts in range(300000)]
    return case(Rules(3, within=1, every_attempt=True), rows,
                attempts(150000, {'absent': 150000}))


def attempts_before_the_first_conversion():
    rows = [(10 * i, 1, 0) for i in range(300000)]
    rows += [(rows[-1][0] + 1, 2, 0), (rows[-1][0] + 2, 4, 0)]
    return case(Rules(3, within=5, every_attempt=True), rows,
                attempts(300000, {'converted': 1, 'absent': 299999}))


def attempts_of_equal_rows():
    rows = [(ts, ALL, 0) for ts in range(300000)]
    return case(Rules(64, within=100, every_attempt=True), rows,
                attempts(4688, {'converted': 4687, 'absent': 1}))


def optional_exclusions():
    """62 optional steps whose links are broken at random."""
    rng = random.Random(8)
    optional = ALL >> 1 & ~1
    rows = []
    for ts in range(100000):
        if rng.random() < 0.3:
            rows.append((ts, 0, rng.getrandbits(64) & ~1))
        else:
            rows.append((ts, 1 << rng.randrange(63), 0))
    return case(Rules(64, optional=optional, excluding=ALL & ~1, within=5000),
                rows, just_valid())


def optional_strict():
    rng = random.Random(9)
    optional = ALL >> 1 & ~1
    rows = [(ts // 3, rng.getrandbits(63) & rng.getrandbits(63) &
             rng.getrandbits(63), 0) for ts in range(100000)]
    return case(Rules(64, optional=optional, strict=0xAAAAAAAAAAAAAAA8,
                      within=1000), rows, just_valid())


def optional_one_instant():
    rows = [(0, ALL >> 1, 0)] * 100000
    return case(Rules(64, optional=ALL >> 1 & ~1, strict=ALL & ~1), rows,
                exactly(63, 'absent', 2**63 - 1, range(63)))


def many_instants_of_many_rows():
    """Dense masks, 1,000 rows an instant, exclusions at each."""
    rng = random.Random(10)
    rows = sorted((ts, rng.getrandbits(64), rng.getrandbits(64) & ~1)
                  for ts in range(100) for _ in range(1000))
    return case(Rules(64, excluding=ALL & ~1, within=50,
                      optional=0x5555555555555554), rows, just_valid(64))


# ---------------------------------------------------------------------------
# Any order.
# ---------------------------------------------------------------------------

def any_order_equal_steps():
    rows = [(0, ALL, 0)] * 200000
    return case(Rules(64, any_order=True), rows,
                exactly(64, 'converted', None, range(64)))


def any_order_window_too_short():
    rows = [(ts, ALL, 0) for ts in range(200000)]
    return case(Rules(64, any_order=True, within=39), rows,
                exactly(40, 'late', 200000 - 1 + 39, range(40)))


def any_order_plain():
    """Latest time of each step: how many are inside the window."""
    rows = random_rows(11, 500000, 10**7, [3, 5, 3, 2, 1, 0.01])

    def make_check(rules, rows):
        def check(line):
            latest = [None] * rules.n
            best = (0, None, None)
            for ts, together in instants(rows):
                for row in together:
                    if row[1]:
                        latest[row[1].bit_length() - 1] = ts
                inside = sorted(t for t in latest
                                if t is not None and t >= ts - rules.within)
                if len(inside) > best[0]:
                    best = (len(inside), inside[0], ts)
            answer = Answer(line)
            got = (answer.depth, answer.chain[0][1], answer.chain[-1][1])
            if best != got:
                return 'expected (depth, start, end) %s, got %s' % (best, got)
            return invalid(rules, rows, answer)
        return check
    return case(Rules(5, any_order=True, within=400), rows, make_check)


def any_order_sliding_pairs():
    rows = [(ts, 1 << ts % 64 | 1 << (ts * 7 + 1) % 64, 0)
            for ts in range(200000)]
    return case(Rules(64, any_order=True, within=30), rows, just_valid(31))


def any_order_scarce():
    """64 steps of which 200,000 rows only ever cover a few."""
    rows = [(ts // 4, 0b1111 << 4 * (ts % 3), 0) for ts in range(200000)]
    return case(Rules(64, any_order=True, within=10**4), rows, just_valid(12))


CASES = (
    ('a million rows, five steps, a window', plain_million),
    ('a million rows, no window', plain_million_unlimited),
    ('a million rows behind a conversion', plain_converts_early),
    ('200,000 rows of one instant', one_instant),
    ('a million rows, first entry', first_entry),
    ('a million rows, last entry', last_entry),
    ('gaps', gaps),
    ('exclusions', exclusions),
    ('strict links', strict_links),
    ('64 equal steps, 200,000 rows of one instant', equal_steps_one_instant),
    ('64 equal steps, a million rows', equal_steps_million),
    ('64 equal steps, window too short', equal_steps_window_too_short),
    ('64 equal steps, increasing', equal_steps_increasing),
    ('64 equal steps, increasing, 20 instants',
     equal_steps_increasing_too_few_instants),
    ('64 steps, each row two of them, one instant', ring_of_pairs_one_instant),
    ('64 steps, one matching only, one instant', forced_matching_one_instant),
    ('64 steps, the last missing, one instant', no_last_step_one_instant),
    ('64 steps alternating, strict', alternating),
    ('62 optional steps with exclusions', optional_exclusions),
    ('62 optional steps, strict links', optional_strict),
    ('62 optional steps, one instant', optional_one_instant),
    ('dense masks, 1,000 rows an instant', many_instants_of_many_rows),
    ('64 equal steps, shortest gaps', shortest_gaps),
    ('64 equal steps, shortest gaps, window too short',
     shortest_gaps_window_too_short),
    ('shortest gaps of half of the time', shortest_gaps_wait_long),
    ('62 optional steps with gaps', optional_shortest_gaps),
    ('100,000 attempts that convert', attempts_convert),
    ('150,000 attempts that do not', attempts_do_not_convert),
    ('300,000 attempts of which the last converts',
     attempts_before_the_first_conversion),
    ('attempts, 64 equal steps', attempts_of_equal_rows),
    ('any order, 64 equal steps, one instant', any_order_equal_steps),
    ('any order, 64 equal steps, window too short',
     any_order_window_too_short),
    ('any order, five steps, a window', any_order_plain),
    ('any order, each row two steps', any_order_sliding_pairs),
    ('any order, few steps covered', any_order_scarce),
)


# ---------------------------------------------------------------------------
# Much work for each row, or many rows for each instant.
# ---------------------------------------------------------------------------

ALL_BUT_LAST = ALL >> 1


def anything(rules, rows):
    return lambda line: None


def all_steps_but_last():
    """Each row matches 63 steps, at an instant of its own."""
    return case(Rules(64), [(ts, ALL_BUT_LAST, 0) for ts in range(30000)],
                anything)


def all_optional():
    """The same, and each step can be reached from all before it."""
    return case(Rules(64, optional=ALL_BUT_LAST & ~1, excluding=ALL & ~1),
                [(ts, ALL_BUT_LAST, ts % 7 << 3) for ts in range(3000)],
                anything)


def far_ahead():
    """Each of 62 optional steps is looked for, to the end."""
    return case(Rules(64, optional=ALL_BUT_LAST & ~1),
                [(0, 1, 0)] + [(ts, 0, 0) for ts in range(1, 60000)] +
                [(60000, 1 << 63, 0)], anything)


def crowded_instants():
    """63 steps and as many rows, all of which match all of them."""
    return case(Rules(64), [(ts // 63, ALL_BUT_LAST, 0)
                            for ts in range(63 * 30)], anything)


def crowded_optional():
    return case(Rules(64, optional=ALL_BUT_LAST & ~1),
                [(ts // 200, ALL_BUT_LAST & ~(ts % 5), 0)
                 for ts in range(200 * 10)], anything)


def any_order_renewed():
    """Each row takes the place of another, and there are 63 to choose from."""
    return case(Rules(64, any_order=True, within=50),
                [(ts, ALL_BUT_LAST, 0) for ts in range(30000)], anything)


def one_instant_of_one_step():
    return case(Rules(3), [(0, 1, 0) for _ in range(3000000)], anything)


def one_instant_of_two_steps():
    return case(Rules(3, optional=2, strict=4),
                [(0, 3, 0) for _ in range(3000000)], anything)


def one_instant_of_no_step():
    return case(Rules(3, strict=4), [(0, 1, 0)] + [(1, 0, 0)] * 3000000 +
                [(2, 2, 0)], anything)


def plain_far_apart():
    """The first row, three million others, the second and the third step."""
    return case(Rules(4), [(0, 1, 0)] + [(ts, 1 << 3, 0)
                                         for ts in range(1, 3000000)] +
                [(3000000, 2, 0), (3000001, 4, 0)], anything)


def plain_tied():
    """The same, the others being of one instant."""
    return case(Rules(4), [(0, 1, 0)] + [(1, 1 << 3, 0)] * 3000000 +
                [(2, 2, 0), (3, 4, 0)], anything)


def last_entry_far_back():
    """Three million rows come after it."""
    return case(Rules(4, strict=2, last_entry=True),
                [(0, 1, 0)] + [(ts, 1 << 3, 0) for ts in range(1, 3000000)],
                anything)


def plain_last_entry_far_back():
    return case(Rules(4, last_entry=True),
                [(0, 1, 0)] + [(ts, 1 << 3, 0) for ts in range(1, 3000000)],
                anything)


def plain_converts_at_once():
    """Three million rows come after it."""
    return case(Rules(2), [(ts, 1 << ts % 2, 0) for ts in range(3000000)], anything)


def tied_last_entries():
    return case(Rules(4, last_entry=True), [(0, 1, 0)] * 3000000, anything)


def all_delayed():
    """Each way from a step to a later one has to be waited for."""
    return case(Rules(64, optional=ALL_BUT_LAST & ~1, shortest=100, gap=1000),
                [(ts, ALL_BUT_LAST, 0) for ts in range(1000)], anything)


def tied_after_a_wait():
    """Who waits sees three million rows of one instant go by."""
    return case(Rules(3, shortest=2), [(0, 1, 0)] + [(1, 2, 0)] * 3000000 +
                [(2, 2, 0)], anything)


def tied_next_step():
    """None of three million rows of the next step is to spare for sure."""
    return case(Rules(4), [(0, 1, 0)] + [(1, 6, 0)] * 3000000, anything)


def attempts_of_tied_rows():
    return case(Rules(3, within=1, strict=6, every_attempt=True),
                [(0, 1, 0)] * 3000000 + [(1, 6, 0)] * 2, anything)


def plain_attempts_of_tied_rows():
    return case(Rules(3, within=1, every_attempt=True),
                [(0, 2, 0)] * 3000000 + [(0, 1, 0)] * 3000000, anything)


CASES_OF_WORK = (
    ('63 of 64 steps a row', all_steps_but_last),
    ('62 optional steps a row, with exclusions', all_optional),
    ('62 optional steps that never come', far_ahead),
    ('63 rows an instant, 63 steps a row', crowded_instants),
    ('200 rows an instant, 62 optional steps a row', crowded_optional),
    ('any order, 63 steps a row', any_order_renewed),
    ('three million rows of one instant', one_instant_of_one_step),
    ('three million rows of one instant, two steps a row',
     one_instant_of_two_steps),
    ('three million rows of one instant, no step', one_instant_of_no_step),
    ('three million rows between two steps', plain_far_apart),
    ('three million rows of one instant between two steps', plain_tied),
    ('64 equal steps, window too short', equal_steps_window_too_short),
    ('62 optional steps with exclusions', optional_exclusions),
    ('62 optional steps, strict links', optional_strict),
    ('any order, 64 equal steps, window too short', any_order_window_too_short),
    ('any order, few steps covered', any_order_scarce),
    ('the last entry three million rows back', last_entry_far_back),
    ('plain, the last entry three million rows back', plain_last_entry_far_back),
    ('three million last entries', tied_last_entries),
    ('plain, three million rows behind a conversion', plain_converts_at_once),
    ('2015 ways with a shortest gap', all_delayed),
    ('three million rows of one instant behind a gap', tied_after_a_wait),
    ('three million rows of the next step', tied_next_step),
    ('shortest gaps, window too short', shortest_gaps_window_too_short),
    ('shortest gaps, nobody ripe', shortest_gaps_wait_long),
    ('62 optional steps with shortest gaps', optional_shortest_gaps),
    ('attempts of three million rows of one instant', attempts_of_tied_rows),
    ('plain attempts of three million rows of one instant',
     plain_attempts_of_tied_rows),
    ('attempts that do not convert', attempts_do_not_convert),
    ('attempts of equal rows', attempts_of_equal_rows),
)
