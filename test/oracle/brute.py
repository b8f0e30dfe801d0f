"""The answer a funnel must give, by trying every chain there is.

A literal transcription of the documented semantics: no dynamic programming, no
cleverness, and nothing shared with the extension's code.  It is exponential,
so it is for units of a handful of rows.
"""

import copy
import math
import re

FOREVER = 2**63 - 1             # timestamptz 'infinity'
RANGE_END = 9223371331200000000     # first microsecond no timestamptz can hold

CONVERTED, EXCLUDED, LATE, EARLY, ABSENT = (
    'converted', 'excluded', 'late', 'early', 'absent')


class Step:
    """A step and the link into it (which step 1 does not have)."""

    def __init__(self, words=(), label=None, optional=False,
                 strict=False, gap=None, excluded=(), shortest=None):
        self.words = list(words)        # alternatives
        self.label = label
        self.optional = optional
        self.strict = strict
        self.gap = gap                  # microseconds
        self.excluded = list(excluded)  # words
        self.shortest = shortest        # microseconds


class Definition:
    def __init__(self, steps, within=None, any_order=False,
                 first_entry=False, increasing=False, last_entry=False,
                 every_attempt=False, unless=()):
        self.steps = list(steps)
        self.within = within            # microseconds
        self.any_order = any_order
        self.first_entry = first_entry
        self.last_entry = last_entry
        self.every_attempt = every_attempt
        self.increasing = increasing
        self.unless = list(unless)      # words that every link excludes

    @property
    def n(self):
        return len(self.steps)

    def step(self, k):
        return self.steps[k - 1]

    def excluded(self, k):
        """The words that the link into step k excludes."""
        return self.step(k).excluded + self.unless if k > 1 else []


# ---------------------------------------------------------------------------
# Labels.  A word is a list of pieces: a string is literal, ANY is a wildcard.
# ---------------------------------------------------------------------------

ANY = None


def word_matches(word, label):
    pattern = ''.join('.*' if piece is ANY else re.escape(piece)
                      for piece in word)
    return re.fullmatch(pattern, label, re.DOTALL) is not None


def mask_of(words_of_steps, labels):
    """Bit k-1 is set if a label matches one of the k-th list of words."""
    mask = 0
    for k, words in enumerate(words_of_steps):
        if any(word_matches(word, label)
               for word in words for label in labels if label is not None):
            mask |= 1 << k
    return mask


class Row:
    """One event of the unit."""

    def __init__(self, ts, steps, breaks, payload=None, value=None,
                 entry=True):
        self.ts = ts
        self.steps = steps              # mask of the steps it matches
        self.breaks = breaks            # mask of the links that exclude it
        self.payload = payload
        self.value = value
        self.entry = entry              # may it start a chain?
        self.index = None               # set by sort_rows

    def matches(self, k):
        return self.steps >> (k - 1) & 1

    def is_excluded_by(self, k):
        return self.breaks >> (k - 1) & 1


def label_rows(d, events):
    """Rows of events given as (ts, labels, payload, value)."""
    return [Row(ts,
                mask_of([step.words for step in d.steps], labels),
                mask_of([d.excluded(k) for k in range(1, d.n + 1)], labels),
                payload, value)
            for ts, labels, payload, value in events]


def stage_names(d):
    """What the stages of the steps are called, without regard to any order."""
    own = [step.label if step.label is not None else
           '|'.join(''.join('*' if piece is ANY else piece for piece in word)
                    for word in step.words)
           for step in d.steps]
    names = [None if name in own[:k] else name for k, name in enumerate(own)]
    for k, name in enumerate(own):
        number = 2
        while names[k] is None:
            if '%s %d' % (name, number) not in names:
                names[k] = '%s %d' % (name, number)
            number += 1
    return names


def stage_rows(d, events):
    """Rows of stages that were set, given as (ts, name)."""
    names = stage_names(d)
    rows = []
    for ts, name in events:
        row, = label_rows(d, [(ts, [name], None, None)])
        if name is not None:
            row.steps |= sum(1 << k for k in range(d.n) if names[k] == name)
        rows.append(row)
    return rows


def sort_rows(rows):
    """In time order; of one instant, in the order in which they are preferred.

    Rows that are alike in all of this are interchangeable.
    """
    def preference(row):
        return (row.ts,
                row.payload is None, (row.payload or '').encode(),
                row.value is None, row.value or 0.0,
                row.steps, row.breaks, row.entry)

    rows = sorted(rows, key=preference)
    for index, row in enumerate(rows):
        row.index = index
    return rows


# ---------------------------------------------------------------------------
# Chains: tuples of (step, row).
# ---------------------------------------------------------------------------

def later(ts, duration):
    """ts + duration; None is unlimited, as is what no timestamp can hold."""
    if duration is None or ts + duration >= RANGE_END:
        return FOREVER
    return ts + duration


def breaks_link(d, row, k):
    """Does the row, somewhere inside the link into step k, break it?"""
    return d.step(k).strict or row.is_excluded_by(k)


def next_steps(d, k):
    """The steps that may follow step k: up to the first required one."""
    for following in range(k + 1, d.n + 1):
        yield following
        if not d.step(following).optional:
            return


def ordered_chains(d, rows, breakers, limits):
    """All chains of any depth.

    Without BREAKERS exclusions and strict links do not count, without LIMITS
    the window and the longest gaps do not.
    """
    found = []
    entries = [row for row in rows if row.matches(1)]
    if d.first_entry:
        entries = [row for row in entries
                   if row.ts == min(entry.ts for entry in entries)]
    if d.last_entry:
        entries = [row for row in entries
                   if row.ts == max(entry.ts for entry in entries)]
    entries = [row for row in entries if row.entry]

    def may_follow(chain, k, row):
        last_step, last = chain[-1]
        if any(row is used for _, used in chain):
            return False
        if row.ts < last.ts or (d.increasing and row.ts == last.ts):
            return False
        if limits and row.ts > later(chain[0][1].ts, d.within):
            return False
        if limits and row.ts > later(last.ts, d.step(k).gap):
            return False
        if d.step(k).shortest is not None and (
                row.ts < last.ts + d.step(k).shortest):
            return False
        if breakers:
            for other in rows:
                if last.ts < other.ts < row.ts:
                    for link in range(last_step + 1, k + 1):
                        if breaks_link(d, other, link):
                            return False
        return True

    def extend(chain):
        found.append(chain)
        for k in next_steps(d, chain[-1][0]):
            for row in rows:
                if row.matches(k) and may_follow(chain, k, row):
                    extend(chain + ((k, row),))

    for entry in entries:
        extend(((1, entry),))
    return found


def unordered_chains(d, rows, limits):
    """Under any order: all ways to give some steps a row each."""
    found = []
    matching = [row for row in rows if row.steps]

    def extend(chain, k):
        if k > d.n:
            if chain:
                found.append(chain)
            return
        extend(chain, k + 1)
        for row in matching:
            if row.matches(k) and all(row is not used for _, used in chain):
                longer = chain + ((k, row),)
                times = [used.ts for _, used in longer]
                if not limits or max(times) <= later(min(times), d.within):
                    extend(longer, k + 1)

    extend((), 1)
    if d.first_entry and matching:
        first = min(row.ts for row in matching)
        found = [chain for chain in found
                 if any(row.ts == first for _, row in chain)]
    return found


def all_chains(d, rows, breakers=True, limits=True):
    if d.any_order:
        return unordered_chains(d, rows, limits)
    return ordered_chains(d, rows, breakers, limits)


def depth_of(d, chain):
    return len(chain) if d.any_order else chain[-1][0]


def stations(d, chain):
    """The chain's row at each step (None if skipped); under any order by time."""
    if d.any_order:
        return sorted((row for _, row in chain), key=lambda row: row.index)
    rows = [None] * chain[-1][0]
    for k, row in chain:
        rows[k - 1] = row
    return rows


def times_of(rows):
    return [None if row is None else row.ts for row in rows]


def preference_of(d, chain):
    """The chain for which this is smallest is the one to report."""
    rows = stations(d, chain)
    matched = [row for row in rows if row is not None]
    return (-depth_of(d, chain),
            max(row.ts for row in matched),             # completes first
            -min(row.ts for row in matched),            # starts last
            [math.inf if row is None else row.ts for row in rows],
            [row.index for row in matched])


# ---------------------------------------------------------------------------
# One unit's passage.
# ---------------------------------------------------------------------------

class Passage:
    def __init__(self):
        self.depth = 0
        self.outcome = ABSENT
        self.rows = []              # the reported chain; None = step skipped
        self.open_until = None      # None = no open attempt, or FOREVER

    @property
    def times(self):
        return times_of(self.rows)

    @property
    def payloads(self):
        return [None if row is None else row.payload for row in self.rows]

    @property
    def values(self):
        return [None if row is None else row.value for row in self.rows]


def deepest(d, chains):
    return max((depth_of(d, chain) for chain in chains), default=0)


def outcome_of(d, rows, passage):
    k = passage.depth
    if k == d.n:
        return CONVERTED
    if k == 0:
        return ABSENT
    if d.any_order:
        if deepest(d, all_chains(d, rows, limits=False)) > k:
            return LATE
        return ABSENT
    if deepest(d, all_chains(d, rows, breakers=False)) > k:
        return EXCLUDED
    if deepest(d, all_chains(d, rows, breakers=False, limits=False)) > k:
        return LATE
    required = list(next_steps(d, k))[-1]
    fewest = min(sum(1 for row in stations(d, chain)
                     if row is not None and row.matches(required))
                 for chain in all_chains(d, rows)
                 if depth_of(d, chain) == k and
                 times_of(stations(d, chain)) == passage.times)
    if sum(1 for row in rows if row.matches(required)) > fewest:
        return EARLY
    return ABSENT


def open_until_of(d, rows, chains, passage):
    if passage.depth in (0, d.n):
        return None
    if d.any_order:
        matching = [row.ts for row in rows if row.steps]
        return later(min(matching) if d.first_entry else max(matching),
                     d.within)
    latest = None
    for chain in chains:
        start = chain[0][1].ts
        last_step, last = chain[-1]
        for k in next_steps(d, last_step):
            if any(row.ts > last.ts and breaks_link(d, row, link)
                   for link in range(last_step + 1, k + 1) for row in rows):
                continue
            until = min(later(start, d.within), later(last.ts, d.step(k).gap))
            shortest = d.step(k).shortest
            if shortest is not None and later(last.ts, shortest) > until:
                continue
            if latest is None or until > latest:
                latest = until
    return latest


def passage_of(d, rows):
    """The passage of one unit; ROWS as sort_rows left them."""
    passage = Passage()
    chains = all_chains(d, rows)
    if chains:
        reported = min(chains, key=lambda chain: preference_of(d, chain))
        passage.depth = depth_of(d, reported)
        passage.rows = stations(d, reported)
    passage.outcome = outcome_of(d, rows, passage)
    passage.open_until = open_until_of(d, rows, chains, passage)
    return passage


# ---------------------------------------------------------------------------
# Every attempt.
# ---------------------------------------------------------------------------

def plain_of(d):
    """The same definition without the clause."""
    return Definition(d.steps, within=d.within, any_order=d.any_order,
                      first_entry=d.first_entry, increasing=d.increasing,
                      last_entry=d.last_entry, unless=d.unless)


def frame_end(d, opening):
    if d.within is not None:
        return later(opening, d.within)
    gaps = [step.gap for step in d.steps[1:]]
    if None in gaps:
        return FOREVER
    return later(opening, sum(gaps))


def converting_chains(d, rows):
    return [chain for chain in ordered_chains(d, rows, True, True)
            if depth_of(d, chain) == d.n]


def attempts_of(d, rows):
    """The passages of one unit's attempts; which rows may enter decides only
    which of them count."""
    d = plain_of(d)
    entries = {row.ts for row in rows if row.matches(1) and row.entry}
    rows = [copy.copy(row) for row in rows]
    for row in rows:
        row.entry = True
    passages = []
    end = -math.inf                     # of the previous attempt
    while True:
        left = [row for row in rows if row.ts > end]
        openings = sorted(row.ts for row in left if row.matches(1))
        if not openings:
            return passages
        opening = openings[0]
        frame = frame_end(d, opening)
        first = min(((chain[-1][1].ts, -chain[0][1].ts)
                     for chain in converting_chains(d, left)), default=None)
        if first is not None and -first[1] <= frame:
            end = first[0]
            mine = [row for row in left if opening <= row.ts <= end]
        else:
            end = min((ts for ts in openings if ts > frame),
                      default=math.inf) - 1
            mine = [row for row in left if opening <= row.ts <= end]
        passage = passage_of(d, mine)
        assert (passage.depth == d.n) == (first is not None and
                                          -first[1] <= frame)
        assert all(row.ts <= frame for row in mine if row.matches(1)) or (
            passage.depth == d.n)
        if opening in entries:
            passages.append(passage)


def most_conversions(d, rows):
    """How many parts of the rows convert, of all ways to cut between instants."""
    d = plain_of(d)
    rows = [copy.copy(row) for row in rows]
    for row in rows:
        row.entry = True
    instants = sorted({row.ts for row in rows})
    known = {}

    def converts(begin, end):
        if (begin, end) not in known:
            part = [row for row in rows
                    if instants[begin] <= row.ts <= instants[end - 1]]
            known[begin, end] = bool(converting_chains(d, part))
        return known[begin, end]

    most = 0
    for cuts in range(1 << max(len(instants) - 1, 0)):
        bounds = [0] + [i + 1 for i in range(len(instants) - 1)
                        if cuts >> i & 1] + [len(instants)]
        most = max(most, sum(1 for begin, end in zip(bounds, bounds[1:])
                             if begin < end and converts(begin, end)))
    return most


def passages_of(d, rows):
    """What the unit counts for: one passage, or one for each attempt."""
    return attempts_of(d, rows) if d.every_attempt else [passage_of(d, rows)]


# ---------------------------------------------------------------------------
# The definition as text.
# ---------------------------------------------------------------------------

def quoted(text):
    return '"' + text.replace('"', '""') + '"'


KEYWORDS = ('within', 'any', 'order', 'first', 'entry', 'increasing', 'last',
            'every', 'attempt', 'unless')


def word_text(word):
    """Pieces are left bare only where that is beyond doubt."""
    if not word:
        return '""'
    return ''.join('*' if piece is ANY
                   else piece if re.fullmatch(r'[A-Za-z0-9_/.]+', piece) and
                   piece not in KEYWORDS
                   else quoted(piece)
                   for piece in word)


def words_text(words):
    return '|'.join(word_text(word) for word in words)


UNITS = ((86400000000, 'd'), (3600000000, 'h'), (60000000, 'min'),
         (1000000, 's'), (1000, 'ms'), (1, 'us'))


def duration_text(microseconds):
    for size, unit in UNITS:
        if microseconds % size == 0:
            return '%d %s' % (microseconds // size, unit)


def definition_text(d):
    text = ''
    for k in range(1, d.n + 1):
        step = d.step(k)
        if k > 1:
            conditions = []
            if step.excluded:
                conditions.append('!' + words_text(step.excluded))
            if step.shortest is not None:
                conditions.append('>= ' + duration_text(step.shortest))
            if step.gap is not None:
                conditions.append(duration_text(step.gap))
            shaft = '=' if step.strict else '-'
            if conditions:
                text += ' %s[%s]%s> ' % (shaft, ', '.join(conditions), shaft)
            else:
                text += ' %s> ' % shaft
        if step.label is not None:
            text += quoted(step.label) + ': '
        text += words_text(step.words)
        if step.optional:
            text += '?'
    clauses = []
    if d.within is not None:
        clauses.append('within ' + duration_text(d.within))
    if d.any_order:
        clauses.append('any order')
    if d.first_entry:
        clauses.append('first entry')
    if d.last_entry:
        clauses.append('last entry')
    if d.every_attempt:
        clauses.append('every attempt')
    if d.increasing:
        clauses.append('increasing')
    if d.unless:
        clauses.append('unless ' + words_text(d.unless))
    if clauses:
        text += ' ' + ', '.join(clauses)
    return text
