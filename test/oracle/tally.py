"""What a report must say about some units, counted from their passages."""

import math

from brute import ANY, CONVERTED, FOREVER

Z95 = 1.959963984540054         # 97.5th percentile of the normal distribution


def step_names(d):
    """Names of the stages; None where the documentation leaves them open."""
    if d.any_order:
        return ['%d of %d' % (k, d.n) for k in range(1, d.n + 1)]
    plain = []
    for step in d.steps:
        plain.append(step.label if step.label is not None else
                     '|'.join(''.join('*' if piece is ANY else piece
                                      for piece in word)
                              for word in step.words))
    names = []
    for k, name in enumerate(plain):
        seen = plain[:k].count(name)
        numbered = name if seen == 0 else '%s %d' % (name, seen + 1)
        if (numbered in plain and seen > 0) or name == '' or '"' in name:
            names.append(None)
        else:
            names.append(numbered)
    return names


def granule(d):
    """The unit to which open-until and horizon are rounded down."""
    limits = [d.within] + [step.gap for step in d.steps]
    longest = max([limit for limit in limits if limit is not None], default=0)
    g = 1
    while g * 2 * 1024 <= longest:
        g *= 2
    return g


def is_pending(d, passage, horizon):
    if passage.outcome == CONVERTED or passage.open_until is None:
        return False
    if passage.open_until == FOREVER:
        return True
    g = granule(d)
    return passage.open_until // g >= horizon // g


def nearest_rank(sorted_numbers, fraction):
    if not sorted_numbers:
        return None
    rank = max(1, math.ceil(fraction * len(sorted_numbers)))
    return sorted_numbers[rank - 1]


def wilson(successes, trials):
    if trials == 0:
        return None, None
    p = successes / trials
    middle = p + Z95 ** 2 / (2 * trials)
    margin = Z95 * math.sqrt(p * (1 - p) / trials + Z95 ** 2 / (4 * trials ** 2))
    bottom = 1 + Z95 ** 2 / trials
    return (middle - margin) / bottom, (middle + margin) / bottom


def ratio(part, base):
    return part / base if base else None


def report(d, passages, horizon):
    """Rows as funnel_report gives them, as dictionaries."""
    entered = [passage for passage in passages if passage.depth > 0]
    reports = []
    users_of_required = None
    for k in range(1, d.n + 1):
        optional = not d.any_order and d.step(k).optional
        if optional:
            here = [passage for passage in entered if passage.depth >= k
                    and passage.rows[k - 1] is not None]
        else:
            here = [passage for passage in entered if passage.depth >= k]
        standing = [passage for passage in entered
                    if passage.depth == k and passage.outcome != CONVERTED]
        pending = [passage for passage in standing
                   if is_pending(d, passage, horizon)]
        since_previous = []
        since_first = []
        values = []
        for passage in here:
            row = passage.rows[k - 1]
            if row.value is not None:
                values.append(row.value)
            if k > 1:
                previous = [earlier for earlier in passage.rows[:k - 1]
                            if earlier is not None][-1]
                since_previous.append(row.ts - previous.ts)
                since_first.append(row.ts - passage.rows[0].ts)
        since_previous.sort()
        since_first.sort()
        if k == 1:
            users_of_first = len(here)
        low, high = wilson(len(here), users_of_first)
        reports.append({
            'step': k,
            'stage': step_names(d)[k - 1],
            'users': len(here),
            'from_first': ratio(len(here), users_of_first),
            'from_previous':
                None if k == 1 else ratio(len(here), users_of_required),
            'dropped': len(standing) - len(pending),
            'pending': len(pending),
            'from_first_low': low,
            'from_first_high': high,
            'median_seconds': nearest_rank(since_previous, 0.5),
            'p90_seconds': nearest_rank(since_previous, 0.9),
            'mean_seconds': (sum(since_previous) / len(since_previous)
                             if since_previous else None),
            'median_seconds_from_first': nearest_rank(since_first, 0.5),
            'value': sum(values) if entered else None,
            'all_seconds': since_previous,
            'all_seconds_from_first': since_first,
        })
        for column in ('median_seconds', 'p90_seconds', 'mean_seconds',
                       'median_seconds_from_first'):
            if reports[-1][column] is not None:
                reports[-1][column] /= 1e6
        if not optional:
            users_of_required = len(here)
    return reports


def dropoff(d, passages, horizon):
    """{(step, outcome): users}, without the zeros."""
    counts = {}
    for passage in passages:
        if passage.depth > 0 and passage.outcome != CONVERTED:
            key = (passage.depth, 'pending' if is_pending(d, passage, horizon)
                   else passage.outcome)
            counts[key] = counts.get(key, 0) + 1
    return counts
