#!/usr/bin/env python3
"""Prove the matcher against the brute force: random cases, then huge ones.

    test_matcher.py [number of random cases [first seed]]

In "make test" the environment variable FUNNEL_MATCHER_CASES has the arguments.
Output is TAP.  A case that differs is first made as small as it can be.
"""

import glob
import os
import random
import resource
import signal
import subprocess
import tempfile
import time

import huge
from brute import (CONVERTED, FOREVER, RANGE_END, Definition, Row, Step, label_rows,
                   most_conversions, passages_of, sort_rows)
from generate import (SCALES, one_in, random_alphabet, random_definition,
                      random_events, random_limit, random_masked_rows,
                      long_plain_case, plain_definition, plain_rows, random_entries,
                      random_origin, random_shortest,
                      tangled_definition, tangled_rows)
from tap import Tap, numbers

HERE = os.path.dirname(os.path.abspath(__file__))
SRC = os.path.join(HERE, '..', '..', 'src')
SOURCES = [os.path.join(HERE, 'matcher_driver.c')] + sorted(
    glob.glob(os.path.join(SRC, 'match', '*.c')))
HANG = 120                      # seconds of a processor after which a case counts as hung
MOST_WORK = 1500000             # basic blocks between two polls: milliseconds


# ---------------------------------------------------------------------------
# Cases as plain data, which the shrinker can cut and the driver can read.
# ---------------------------------------------------------------------------

CLAUSES = ('any_order', 'first_entry', 'last_entry', 'every_attempt',
           'increasing')


class Case:
    """Rules and rows as masks.

    links is [(optional, strict, gap, excluding, shortest)]; bit 0 of a row's
    breaks is set if it is no entry.
    """

    def __init__(self, clauses, within, links, rows):
        self.clauses = clauses      # those that are set
        self.within = within
        self.links = links
        self.rows = rows            # [(ts, steps, breaks)], sorted

    @classmethod
    def of(cls, d, rows):
        return cls([clause for clause in CLAUSES if getattr(d, clause)],
                   d.within,
                   [(step.optional, step.strict, step.gap, bool(d.excluded(k)),
                     step.shortest) for k, step in enumerate(d.steps, 1)],
                   [(row.ts, row.steps, row.breaks & ~1 | (not row.entry))
                    for row in rows])

    def definition(self):
        return Definition([Step(optional=optional, strict=strict, gap=gap,
                                excluded=[['x']] if excluding else [],
                                shortest=shortest)
                           for optional, strict, gap, excluding, shortest
                           in self.links],
                          self.within,
                          **{clause: True for clause in self.clauses})

    def numbered_rows(self):
        rows = [Row(ts, steps, breaks & ~1, entry=not breaks & 1)
                for ts, steps, breaks in self.rows]
        for index, row in enumerate(rows):
            row.index = index
        return rows

    def is_plain(self):
        """Is it one for the plain matcher?"""
        return (not {'any_order', 'increasing'} & set(self.clauses) and
                not any(optional or strict or excluding or gap is not None or
                        shortest is not None
                        for optional, strict, gap, excluding, shortest
                        in self.links) and
                all(steps != 0 and steps & (steps - 1) == 0 and breaks == 0
                    for _, steps, breaks in self.rows))

    def is_valid(self):
        return all(shortest is None or shortest <= min(
            limit for limit in (gap, self.within, shortest)
            if limit is not None)
            for _, _, gap, _, shortest in self.links)

    def copy(self, **changes):
        fields = dict(vars(self))
        fields.update(changes)
        return Case(**fields)

    def text(self):
        """As the driver reads it."""
        def mask(column):
            return sum(1 << k for k, link in enumerate(self.links)
                       if link[column])

        words = [len(self.links)]
        words += [int(clause in self.clauses) for clause in CLAUSES]
        words += [self.within or 0, mask(0), mask(1), mask(3)]
        words += [link[2] or 0 for link in self.links]
        words += [link[4] or 0 for link in self.links]
        words.append(len(self.rows))
        return ' '.join(map(str, words)) + '\n' + ''.join(
            '%d %d %d\n' % row for row in self.rows)

    def describe(self):
        """As a person reads it."""
        lines = []
        text = 'step 1'
        for k, (optional, strict, gap, excluding, shortest) in enumerate(
                self.links, 1):
            if k > 1:
                conditions = ['!x%d' % k] * excluding + [
                    '>= %s us' % shortest] * (shortest is not None) + [
                    '%s us' % gap] * (gap is not None)
                shaft = '=' if strict else '-'
                text += ' ' + shaft + ('[' + ', '.join(conditions) + ']' + shaft
                                       if conditions else '') + '> step %d' % k
                text += '?' * optional
        if self.within is not None:
            text += ' within %d us' % self.within
        for clause in self.clauses:
            text += ', ' + clause.replace('_', ' ')
        lines.append(text)
        for index, (ts, steps, breaks) in enumerate(self.rows):
            lines.append('row %d: ts %d, matches {%s}%s%s' % (
                index, ts,
                ', '.join(str(k + 1) for k in range(64) if steps >> k & 1),
                ', breaks {%s}' % ', '.join(
                    str(k + 1) for k in range(1, 64) if breaks >> k & 1)
                if breaks & ~1 else '', ', no entry' if breaks & 1 else ''))
        return '\n'.join(lines)


def expected(case):
    """The answer in the form the driver prints."""
    return answer_text(passages_of(case.definition(), case.numbered_rows()))


def answer_text(passages):
    """The passages, one behind the other."""
    return ' / '.join(passage_text(passage) for passage in passages) or 'none'


def passage_text(passage):
    until = passage.open_until
    reached = sum(1 << k for k, row in enumerate(passage.rows)
                  if row is not None)
    return ' '.join([str(passage.depth), passage.outcome,
                     'none' if until is None else str(until), str(reached)] +
                    ['-' if row is None else '%d:%d' % (row.ts, row.index)
                     for row in passage.rows])


def random_case(seed):
    rng = random.Random(seed)
    scale = rng.choice(SCALES)
    origin = random_origin(rng)
    if one_in(rng, 25):
        # Up against the end of time, where sums could overflow.
        origin = RANGE_END - 1 - rng.randint(13, 40) * scale
    if rng.random() < 0.5:
        alphabet = random_alphabet(rng)
        d = random_definition(rng, scale, alphabet)
        rows = sort_rows(label_rows(d, random_events(
            rng, d, scale, origin, alphabet, many_labels=one_in(rng, 2),
            details=one_in(rng, 2))))
    elif one_in(rng, 4):
        d = plain_definition(rng, scale)
        rows = plain_rows(rng, d, scale, origin)
    elif one_in(rng, 3):
        d = tangled_definition(rng, scale)
        rows = tangled_rows(rng, d, scale, origin)
    elif one_in(rng, 20):
        d = long_definition(rng, scale)
        rows = random_masked_rows(rng, d, scale, origin)[:3]
    else:
        d = random_definition(rng, scale, ['x'], labelled=False)
        rows = random_masked_rows(rng, d, scale, origin)
    if not d.any_order and one_in(rng, 3):
        for row in rows:
            row.entry = one_in(rng, 2)
        rows = sort_rows(rows)
    for index, row in enumerate(rows):
        row.index = index
    if one_in(rng, 40) and d.within is not None:
        d.within = FOREVER - rng.randrange(3)
    return d, rows


def long_definition(rng, scale):
    d = Definition([Step() for _ in range(rng.choice((7, 20, 33, 63, 64)))])
    d.within = random_limit(rng, scale) if one_in(rng, 2) else None
    random_entries(rng, d)
    d.increasing = one_in(rng, 4)
    for step in d.steps[1:-1]:
        step.optional = not one_in(rng, 6)
    for step in d.steps[1:]:
        step.strict = one_in(rng, 20)
        step.excluded = [['x']] if one_in(rng, 10) else []
        step.gap = random_limit(rng, scale) if one_in(rng, 10) else None
    for k in range(2, d.n + 1):
        if one_in(rng, 10):
            d.step(k).shortest = random_shortest(rng, d, k, scale)
    return d


# ---------------------------------------------------------------------------
# The driver.
# ---------------------------------------------------------------------------

def build(directory, name, flags):
    program = os.path.join(directory, name)
    command = [os.environ.get('CC', 'cc'), '-std=gnu99', '-Wall', '-Wextra', '-I' + SRC,
               '-o', program] + flags + SOURCES
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr
    return program, done.stderr


def build_counted(directory):
    """A driver that knows how much work the other files do, or None."""
    objects = []
    for source in SOURCES:
        objects.append(os.path.join(directory,
                                    os.path.basename(source) + '.o'))
        flags = [] if source == SOURCES[0] else ['-fsanitize-coverage=trace-pc']
        done = subprocess.run([os.environ.get('CC', 'cc'), '-std=gnu99', '-O1',
                               '-I' + SRC, '-c', '-o', objects[-1]] + flags + [source],
                              capture_output=True, text=True)
        if done.returncode != 0:
            return None
    program = os.path.join(directory, 'counted')
    done = subprocess.run([os.environ.get('CC', 'cc'), '-o', program] + objects,
                          capture_output=True, text=True)
    return program if done.returncode == 0 else None


def limit_time():
    resource.setrlimit(resource.RLIMIT_CPU, (HANG, HANG + 10))


def run(program, text, *options):
    """Lines printed, and what went wrong or None."""
    done = subprocess.run([program] + list(options), input=text, capture_output=True,
                          text=True, preexec_fn=limit_time, timeout=1200)
    if done.returncode == -signal.SIGXCPU:
        return [], 'no answer after %d s' % HANG
    trouble = None
    if done.returncode != 0:
        trouble = 'exit status %d: %s' % (done.returncode, done.stderr[-3000:])
    return done.stdout.splitlines(), trouble


def run_all(program, cases):
    """An answer for each case; what went wrong stands for the answer."""
    answers = []
    while len(answers) < len(cases):
        lines, trouble = run(program, ''.join(case.text() for case in
                                              cases[len(answers):]))
        answers += lines
        if trouble is not None and len(answers) < len(cases):
            answers.append('died: ' + trouble)
        elif len(answers) < len(cases):
            answers.append('died: too few answers')
    return answers


# ---------------------------------------------------------------------------
# Shrinking.
# ---------------------------------------------------------------------------

FIELDS = ('depth', 'outcome', 'open until', 'reached')


def kind_of_difference(want, got):
    if got.startswith('died'):
        return 'died'
    if want.count('/') != got.count('/'):
        return 'attempts'
    for one, other in zip(want.split(' / '), got.split(' / ')):
        kind = kind_of_passage(one.split(), other.split())
        if kind is not None:
            return kind
    return None


def kind_of_passage(want, got):
    for field, a, b in zip(FIELDS, want, got):
        if a != b:
            return field
    if [a.split(':')[0] for a in want[4:]] != [b.split(':')[0] for b in got[4:]]:
        return 'times'
    return 'rows' if want != got else None


def without_bit(mask, k):
    return (mask & ((1 << k) - 1)) | (mask >> (k + 1) << k)


def smaller_cases(case):
    """Cases one notch simpler."""
    for i in range(len(case.rows)):
        yield case.copy(rows=case.rows[:i] + case.rows[i + 1:])
    if len(case.links) > 1:
        for k in range(len(case.links)):
            links = case.links[:k] + case.links[k + 1:]
            links[0] = (False, False, None, False, None)
            links[-1] = (False,) + links[-1][1:]
            rows = [(ts, without_bit(steps, k),
                     without_bit(breaks, k) & ~1 | breaks & 1)
                    for ts, steps, breaks in case.rows]
            yield case.copy(links=links, rows=rows)
    for clause in case.clauses:
        yield case.copy(clauses=[other for other in case.clauses
                                 if other != clause])
    if case.within is not None:
        yield case.copy(within=None)
    for k, link in enumerate(case.links):
        for column, plain in enumerate((False, False, None, False, None)):
            if link[column] != plain:
                changed = case.copy(links=case.links[:k] + [
                    link[:column] + (plain,) + link[column + 1:]] +
                    case.links[k + 1:])
                if column == 3:
                    changed.rows = [(ts, steps, breaks & ~(1 << k))
                                    for ts, steps, breaks in case.rows]
                yield changed
    for i, (ts, steps, breaks) in enumerate(case.rows):
        for bit in range(64):
            for changed in ((ts, steps & ~(1 << bit), breaks),
                            (ts, steps, breaks & ~(1 << bit))):
                if changed != case.rows[i]:
                    yield case.copy(rows=case.rows[:i] + [changed] +
                                    case.rows[i + 1:])
    # Simpler times: ranks, smaller numbers.
    times = sorted({row[0] for row in case.rows})
    limits = {case.within} | {link[i] for link in case.links for i in (2, 4)}

    def with_limits(change):
        return {'within': change(case.within),
                'links': [(link[0], link[1], change(link[2]), link[3],
                           change(link[4])) for link in case.links]}

    for simpler in ([(t, i + 1) for i, t in enumerate(times)],
                    [(t, t - times[0] + 1) for t in times]):
        if times and times != [new for _, new in simpler]:
            mapping = dict(simpler)
            yield case.copy(rows=[(mapping[row[0]],) + row[1:]
                                  for row in case.rows])
    for limit in limits - {None}:
        for new in {1, 2, 3, limit - 1, limit // 2}:
            if 0 < new < limit:
                yield case.copy(**with_limits(
                    lambda old: new if old == limit else old))
    for scale in reversed(SCALES[1:]):
        if times and max(times) >= scale:
            yield case.copy(
                rows=[(row[0] // scale,) + row[1:] for row in case.rows],
                **with_limits(lambda old: old and max(1, old // scale)))
    for i in range(len(times)):
        if times[i] > (times[i - 1] + 1 if i > 0 else 1):
            yield case.copy(rows=[(row[0] - (row[0] >= times[i]),) + row[1:]
                                  for row in case.rows])


def shrink(program, case, kind):
    """The smallest case found that differs in the same way."""
    shrunk = True
    while shrunk:
        shrunk = False
        candidates = [smaller for smaller in smaller_cases(case)
                      if smaller.is_valid()]
        answers = run_all(program, candidates)
        for candidate, got in zip(candidates, answers):
            if kind_of_difference(expected(candidate), got) == kind:
                case = candidate
                shrunk = True
                break
    return case


# ---------------------------------------------------------------------------
# The tests.
# ---------------------------------------------------------------------------

def kinds_of(case, passages):
    """What is of interest in a case where something happens."""
    depth = max((passage.depth for passage in passages), default=0)
    links = case.links[1:]
    if case.is_plain() and depth > 1:
        yield 'plain'
        if len({row[0] for row in case.rows}) == len(case.rows):
            yield 'plain without ties'
    if 'every_attempt' in case.clauses:
        if case.is_plain() and len(passages) > 1:
            yield 'plain attempts'
        if len(passages) > 1:
            yield 'several attempts'
        if sum(passage.outcome == CONVERTED for passage in passages) > 1:
            yield 'several conversions'
    if depth < 2:
        return
    if any(link[4] is not None for link in links):
        yield 'shortest gaps'
    if 'last_entry' in case.clauses:
        yield 'last entry'
    if any(breaks & 1 for _, _, breaks in case.rows):
        yield 'entry rows'
    if any(breaks & ~1 for _, _, breaks in case.rows):
        yield ('every link excluding' if all(link[3] for link in links) else
               'not every link alike')


def test_random(tap, program, number, first_seed):
    started = time.time()
    differences = 0
    not_most = 0
    kinds = {}
    examples = {}
    seen = {}
    batch_size = 5000
    for start in range(first_seed, first_seed + number, batch_size):
        batch = [random_case(seed) for seed in
                 range(start, min(start + batch_size, first_seed + number))]
        cases = [Case.of(d, rows) for d, rows in batch]
        for (d, rows), case, got in zip(batch, cases, run_all(program, cases)):
            passages = passages_of(d, rows)
            want = answer_text(passages)
            for passage in passages:
                seen[passage.outcome] = seen.get(passage.outcome, 0) + 1
            for kind in kinds_of(case, passages):
                kinds[kind] = kinds.get(kind, 0) + 1
            if d.every_attempt and all(row.entry for row in rows):
                conversions = sum(passage.outcome == CONVERTED
                                  for passage in passages)
                not_most += conversions != most_conversions(d, rows)
            if want == got:
                continue
            differences += 1
            kind = kind_of_difference(want, got)
            signature = (kind, tuple(case.clauses),
                         any(link[0] for link in case.links),
                         any(link[4] for link in case.links))
            if signature not in examples:
                examples[signature] = case
    tap.say('%d random cases (%s), %d differences, %.1f s' % (
        number, ', '.join('%d %s' % (count, outcome)
                          for outcome, count in sorted(seen.items())),
        differences, time.time() - started))
    tap.ok(differences == 0,
           '%d random cases agree with the brute force' % number)
    told = set()
    tap.ok(not_most == 0, 'every attempt converts as often as there is a way to '
           'cut the rows into parts that convert')
    for (kind, *_), case in list(examples.items())[:12]:
        case = shrink(program, case, kind)
        if case.text() in told:
            continue
        told.add(case.text())
        tap.say('\nDiffers: %s\n%s\nexpected %s\ngot      %s\ndriver input:\n%s' % (
            kind, case.describe(), expected(case),
            run_all(program, [case])[0], case.text()))
    for outcome in ('converted', 'excluded', 'late', 'early', 'absent'):
        tap.ok(seen.get(outcome, 0) >= number // 500,
               'the random cases include "%s" (%d)' % (
                   outcome, seen.get(outcome, 0)))
    for kind in ('plain', 'plain without ties', 'plain attempts', 'several attempts',
                 'several conversions', 'shortest gaps', 'last entry',
                 'entry rows', 'every link excluding', 'not every link alike'):
        tap.ok(kinds.get(kind, 0) >= number // 200,
               'the random cases include %s (%d)' % (kind, kinds.get(kind, 0)))


def test_long_plain(tap, program, number):
    """Too long for the brute force: the driver compares the plain matcher with the other."""
    rng = random.Random(1)
    text = ''
    for _ in range(number):
        rows, rules = long_plain_case(rng)
        text += huge.Rules(**rules).text(sorted(rows))
    lines, trouble = run(program, text)
    deep = sum(int(line.split()[0]) > 2 for line in lines if line[:1].isdigit())
    tap.ok(not trouble and len(lines) == number and deep > number // 5,
           '%d long plain cases agree with the other matcher (%d of them deep)' % (number, deep))
    if trouble:
        tap.say(trouble)


def test_huge(tap, program):
    for name, make in huge.CASES:
        text, check = make()
        started = time.time()
        lines, trouble = run(program, text, '-v')
        wrong = trouble or check(lines[0])
        tap.ok(not wrong, '%s (%.1f s)' % (name, time.time() - started))
        if wrong:
            tap.say(wrong)


def test_polls(tap, program):
    """However much work a row takes, a query can be cancelled soon."""
    if program is None:
        tap.say('this compiler cannot count basic blocks')
        return
    polled = 0
    for name, make in huge.CASES_OF_WORK:
        lines, trouble = run(program, make()[0], '-p')
        most, work = map(int, lines[0].split()) if lines else (0, 0)
        polled += work > 2 * MOST_WORK
        tap.ok(not trouble and work > 0 and most <= MOST_WORK,
               'polled while at work: %s (%d of %d)' % (name, most, work))
        if trouble:
            tap.say(trouble)
    tap.ok(polled >= 12, 'there was enough to do in %d cases' % polled)


def main():
    number, first_seed = numbers('FUNNEL_MATCHER_CASES', 40000, 1)
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='funnel-oracle-') as directory:
        checked, trouble = build(directory, 'checked', [
            '-O1', '-g', '-fsanitize=address,undefined',
            '-fno-sanitize-recover=all'])
        if checked is None:
            tap.say('no sanitizers here')
            checked, trouble = build(directory, 'checked', ['-O1', '-g'])
        tap.ok(checked is not None and not trouble,
               'the matcher compiles by itself, without a warning')
        if trouble:
            tap.say(trouble)
        if checked is not None:
            test_random(tap, checked, number, first_seed)
            test_long_plain(tap, checked, 3000)
            fast, _ = build(directory, 'fast', ['-O2'])
            test_huge(tap, fast)
            test_polls(tap, build_counted(directory))
    tap.finish()


if __name__ == '__main__':
    main()
