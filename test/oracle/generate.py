"""Random definitions and units, the same for the same seed.

Everything is small and collides on purpose: few labels, few instants, words
that overlap, steps that repeat, exclusions that are steps too.
"""

from brute import ANY, Definition, Row, Step, sort_rows

SECOND = 1000000
SCALES = (1, 1000, SECOND, 60 * SECOND, 3600 * SECOND, 86400 * SECOND)
LABELS = ('a', 'b', 'c', 'ab', 'ba', 'within', 'form sent', '/l/1', 'say "hi"',
          'a*', '\u00e4', '', 'a:b', '-', 'any order')
STRANGERS = ('zzz', 'A', 'b ', '*')


def one_in(rng, n):
    return rng.randrange(n) == 0


def random_word(rng, alphabet):
    label = rng.choice(alphabet)
    if one_in(rng, 6):
        kind = rng.randrange(4)
        if kind == 0:
            return [ANY]
        if kind == 1:
            return [label[:1], ANY] if label else [ANY]
        if kind == 2:
            return [ANY, label[-1:]] if label else [ANY]
        return [ANY, label[:1], ANY] if label else [ANY]
    return [label] if label else []


def random_words(rng, alphabet):
    return [random_word(rng, alphabet)
            for _ in range(1 if rng.random() < 0.75 else rng.randint(2, 3))]


def random_limit(rng, scale):
    """Of the size of the distances between instants, sometimes off by one."""
    limit = rng.randint(1, 13) * scale
    if one_in(rng, 8):
        limit += rng.choice((-1, 1))
    return max(limit, 1)


def random_entries(rng, d):
    """Which entries count."""
    if d.any_order:
        d.first_entry = one_in(rng, 4)
        return
    clause = rng.choice((None, None, None, 'first_entry', 'last_entry',
                         'every_attempt', 'every_attempt'))
    if clause is not None:
        setattr(d, clause, True)


def random_shortest(rng, d, k, scale):
    """A shortest gap of the link into step k, no longer than other limits."""
    limits = [limit for limit in (d.within, d.step(k).gap)
              if limit is not None]
    shortest = random_limit(rng, scale)
    if one_in(rng, 2):
        shortest = max(1, shortest // rng.randint(2, 6))
    return min([shortest] + limits)


def random_definition(rng, scale, alphabet, labelled=True):
    """LABELLED: with words; else exclusions only say that there is one."""
    n = rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6))
    d = Definition([Step() for _ in range(n)])
    if rng.random() < 0.7:
        d.within = random_limit(rng, scale)
    if one_in(rng, 5):
        d.any_order = True
    elif one_in(rng, 5):
        d.increasing = True
    random_entries(rng, d)
    if n > 1 and not d.any_order and one_in(rng, 6):
        d.unless = random_words(rng, alphabet)

    # Clauses are as frequent in one definition as they are rare in another.
    choices = rng.choice(((0, 0, 0.3, 0.6, 0.9), (0.4, 0.7)))
    frequent = {clause: rng.choice(choices)
                for clause in ('optional', 'strict', 'gap', 'excluded',
                               'shortest')}
    for k, step in enumerate(d.steps, 1):
        step.words = random_words(rng, alphabet) if labelled else []
        if labelled and one_in(rng, 12):
            step.label = rng.choice(('lead', 'say "hi"', '2:x', 'lead one'))
        if d.any_order or k == 1:
            continue
        step.optional = k < n and rng.random() < frequent['optional']
        step.strict = rng.random() < frequent['strict'] / 2
        if rng.random() < frequent['gap']:
            step.gap = random_limit(rng, scale)
        if rng.random() < frequent['excluded']:
            step.excluded = random_words(rng, alphabet)
        if rng.random() < frequent['shortest'] * 0.8:
            step.shortest = random_shortest(rng, d, k, scale)
    return d


def random_size(rng, d):
    """How many rows; fewer where the number of chains would explode."""
    most = 9 if d.n <= 4 else 8
    if d.any_order:
        most = 8 if d.n <= 4 else 6
    return min(rng.choice((0, 1, 2, 3, 4, 5, 5, 6, 6, 7, 7, 8, 9)), most)


def random_times(rng, scale, size):
    span = rng.choice((1, 2, 4, 7, 13))
    return [rng.randrange(span) * scale + (one_in(rng, 15) if scale > 1 else 0)
            for _ in range(size)]


def some_label(rng, words, alphabet):
    """A label that is likely to match one of the words."""
    word = rng.choice(words) if words else []
    return ''.join(rng.choice(alphabet) if piece is ANY else piece
                   for piece in word)


def walking_events(rng, d, scale, alphabet):
    """Labels for passages that follow the definition, with some trouble."""
    labels = []
    while len(labels) < 8 and not one_in(rng, 4):
        for step in d.steps:
            if step.excluded and one_in(rng, 6):
                labels.append(some_label(rng, step.excluded, alphabet))
            if not one_in(rng, 5):
                labels.append(some_label(rng, step.words, alphabet))
            if one_in(rng, 8):
                labels.append(rng.choice(alphabet))
    labels = labels[:random_size(rng, d)]
    times = sorted(random_times(rng, scale, len(labels)))
    return list(zip(times, labels))


def random_origin(rng):
    return rng.choice((0, 0, 0, -7 * SECOND, 820454400 * SECOND))


def random_payload(rng):
    return rng.choice((None, '', 'p', 'P', 'pq', '\u00e4'))


def random_value(rng):
    return rng.choice((None, 0.0, -1.5, 2.0, 2.5, 1e6))


def random_events(rng, d, scale, origin, alphabet, many_labels=False,
                  details=True):
    """One unit's events as (ts, labels, payload, value)."""
    if one_in(rng, 2):
        return [(origin + ts, [label],
                 random_payload(rng) if details else None,
                 random_value(rng) if details else None)
                for ts, label in walking_events(rng, d, scale, alphabet)]
    events = []
    for ts in random_times(rng, scale, random_size(rng, d)):
        labels = []
        for _ in range(rng.choice((1, 1, 1, 2, 3, 0)) if many_labels else 1):
            draw = rng.random()
            if draw < 0.06:
                labels.append(None)
            elif draw < 0.12:
                labels.append(rng.choice(STRANGERS))
            else:
                labels.append(rng.choice(alphabet))
        events.append((origin + ts, labels,
                       random_payload(rng) if details else None,
                       random_value(rng) if details else None))
    return events


def plain_definition(rng, scale):
    """Steps in order and at most a window."""
    d = Definition([Step() for _ in range(rng.choice((1, 2, 2, 3, 3, 4)))])
    d.within = random_limit(rng, scale) if rng.random() < 0.8 else None
    random_entries(rng, d)
    return d


def plain_rows(rng, d, scale, origin):
    """One step each, from the first steps the more often; half of the units without ties."""
    size = rng.randint(0, 9)
    times = random_times(rng, scale, size) if one_in(rng, 2) else [
        at * scale for at in rng.sample(range(rng.choice((9, 13, 20))), size)]
    return sort_rows([Row(origin + ts, 1 << min(rng.randrange(d.n), rng.randrange(d.n)), 0)
                      for ts in times])


def long_plain_case(rng):
    """Rules and rows that are plain, more rows than the brute force can take."""
    n = rng.choice((1, 2, 3, 5, 8, 20, 64))
    size = rng.choice((20, 40, 64, 130))
    span = rng.choice((size // 4, size, 4 * size, 1000 * size))
    ts = 0
    rows = []
    for _ in range(size):
        ts += rng.randrange(span) if one_in(rng, 4) else rng.randint(rng.choice((0, 1, 1, 1)), 3)
        rows.append((ts, 1 << min(rng.randrange(n), rng.randrange(n)), 0))
    entry = rng.randrange(4)
    return rows, dict(n=n, within=rng.choice((0, 5, size, 3 * size, 100 * size)), first_entry=entry == 0,
                      last_entry=entry == 1, every_attempt=entry == 2)


def tangled_definition(rng, scale):
    """Optional steps among exclusions, strict links and gaps: the hard part."""
    d = Definition([Step() for _ in range(rng.randint(3, 6))])
    d.within = random_limit(rng, scale) if one_in(rng, 2) else None
    d.increasing = one_in(rng, 5)
    if one_in(rng, 2):
        random_entries(rng, d)
    strict, gap = rng.choice((0, 0.3)), rng.choice((0, 0.3))
    shortest = rng.choice((0, 0, 0.4))
    excluded = rng.choice((0, 0.6, 0.6))
    if one_in(rng, 6):
        d.unless = [['x']]
    for k, step in enumerate(d.steps[1:], 2):
        step.optional = k < d.n and rng.random() < 0.7
        step.strict = rng.random() < strict
        step.excluded = [['x']] if rng.random() < excluded else []
        step.gap = random_limit(rng, scale) if rng.random() < gap else None
        if rng.random() < shortest:
            step.shortest = random_shortest(rng, d, k, scale)
    return d


def excluding_links(d):
    return sum(1 << k - 1 for k in range(1, d.n + 1) if d.excluded(k))


def random_breaks(rng, d):
    """The links that a row breaks: any set that words could give."""
    breaks = rng.getrandbits(d.n) & sum(
        1 << k for k, step in enumerate(d.steps) if step.excluded)
    if d.unless and one_in(rng, 2):
        breaks |= excluding_links(d)
    return breaks


def tangled_rows(rng, d, scale, origin):
    """Steps in order or nearly so, and often one breaker between them."""
    excluding = excluding_links(d)
    rows = []
    ts = origin
    step = 0
    for _ in range(rng.randint(5, 9)):
        ts += rng.choice((0, 1, 1, 2)) * scale
        if excluding and one_in(rng, 4):
            rows.append(Row(ts, 0, random_breaks(rng, d)))
        else:
            rows.append(Row(ts, 1 << step, 0))
            if one_in(rng, 6):
                rows[-1].steps |= 1 << rng.randrange(d.n)
            step = rng.choice((0, step, step + 1, step + 1, step + 2))
            if step >= d.n:
                step = rng.choice((0, d.n - 1))
    return sort_rows(rows)


def random_alphabet(rng):
    if rng.random() < 0.7:
        return LABELS[:rng.randint(2, 4)]
    return rng.sample(LABELS, rng.randint(2, 5))


def random_masked_rows(rng, d, scale, origin):
    """Rows that match what no set of words could."""
    excluding = excluding_links(d)
    dense = rng.choice((1, 1, 2, 3))
    in_order = one_in(rng, 2)
    rows = []
    times = random_times(rng, scale, random_size(rng, d))
    if in_order:
        times.sort()
    for i, ts in enumerate(times):
        steps = breaks = 0
        if in_order and not one_in(rng, 4):
            steps = 1 << min(d.n - 1, i * d.n // len(times))
        for _ in range(rng.randint(0, dense)):
            steps |= 1 << rng.randrange(d.n)
        if excluding and one_in(rng, 3):
            breaks = random_breaks(rng, d)
        rows.append(Row(origin + ts, steps, breaks, random_payload(rng)))
    return sort_rows(rows)
