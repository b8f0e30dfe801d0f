"""What the functions known from ClickHouse mean, as literally as can be said.

Nothing here is clever: chains and matches are enumerated one by one.  Rows are
(time, mask of the conditions met); order among rows of one time is by mask.
"""

MODES = ('strict_deduplication', 'strict_order', 'strict_increase',
         'strict_once', 'allow_reentry')


def meets(mask, k):
    return mask >> (k - 1) & 1 == 1


# ---------------------------------------------------------------------------
# window_funnel
# ---------------------------------------------------------------------------

def window_funnel(rows, nlevels, within, modes=()):
    """The highest level for which there is a chain of entries, up to where the
    modes stop the scan."""
    rows = sorted(rows)
    entries = []
    for i, (ts, mask) in enumerate(rows):
        if mask == 0:
            if 'strict_order' in modes:
                entries.append((ts, 0, i))
            continue
        for k in range(1, nlevels + 1):
            if meets(mask, k):
                entries.append((ts, k, i))
    entries.sort()

    # chains[k]: every chain of length k as (time of the first entry, time of
    # the last, rows); without strict_once no rule asks for the rows
    once = 'strict_once' in modes
    chains = [set() for _ in range(nlevels + 1)]

    def level():
        return max([k for k in range(1, nlevels + 1) if chains[k]], default=0)

    for ts, k, row in entries:
        if k == 0:
            if level() > 0:
                break
            continue
        if k > 1:
            if 'strict_deduplication' in modes and chains[k]:
                break
            if 'strict_order' in modes and chains[1] and not chains[k - 1]:
                if 'allow_reentry' in modes:
                    continue
                break
        if k == 1:
            chains[1].add((ts, ts, frozenset([row] if once else [])))
            continue
        for start, last, used in list(chains[k - 1]):
            if ts - start > within:
                continue
            if 'strict_increase' in modes and ts <= last:
                continue
            if once and row in used:
                continue
            chains[k].add((start, ts, used | {row} if once else used))
        if chains[nlevels]:
            break
    return level()


# ---------------------------------------------------------------------------
# Sequence patterns: lists of ('?', N), ('.',), ('.*',), ('t', op, distance)
# ---------------------------------------------------------------------------

COMPARE = {
    '<=': lambda a, b: a <= b, '<': lambda a, b: a < b,
    '>=': lambda a, b: a >= b, '>': lambda a, b: a > b,
    '==': lambda a, b: a == b, '!=': lambda a, b: a != b,
}


def pattern_text(items):
    return ''.join('(?%d)' % item[1] if item[0] == '?' else
                   '(?t%s%s)' % (item[1], item[2]) if item[0] == 't' else item[0]
                   for item in items)


def all_matches(items, rows, next_row, anchor=None):
    """Every match from a row on, in the order of its skips from the left, as
    (row that is next then, rows that conditions took)."""
    if not items:
        yield next_row, []
        return
    item, rest = items[0], items[1:]
    left = range(next_row, len(rows))
    if not left:
        if item[0] == '.*' or item[0] == 't' and (
                item[1] in ('<', '<=') or item[1] == '>=' and item[2] == 0):
            yield from all_matches(rest, rows, next_row, anchor)
    elif item[0] == '.':
        yield from all_matches(rest, rows, next_row + 1, next_row)
    elif item[0] == '?':
        if meets(rows[next_row][1], item[1]):
            for end, taken in all_matches(rest, rows, next_row + 1, next_row):
                yield end, [next_row] + taken
    elif item[0] == '.*':
        for row in left:
            yield from all_matches(rest, rows, row, row)
    else:
        for row in left:
            if COMPARE[item[1]](rows[row][0] - rows[anchor][0], item[2]):
                yield from all_matches(rest, rows, row, row)


def listed(rows):
    return sorted(row for row in rows if row[1] != 0)


def first_match(items, rows, start=0):
    return next(all_matches([('.*',)] + items, rows, start), None)


def sequence_match(items, rows):
    return first_match(items, listed(rows)) is not None


def sequence_count(items, rows):
    rows = listed(rows)
    count = 0
    start = 0
    while start < len(rows):
        match = first_match(items, rows, start)
        if match is None:
            break
        count += 1
        start = match[0] if match[0] > start else start + 1
    return count


def sequence_match_events(items, rows):
    rows = listed(rows)
    match = first_match(items, rows)
    while match is None and items:
        # drop what follows the last condition but one
        items = items[:-1]
        while items and items[-1][0] != '?':
            items = items[:-1]
        match = first_match(items, rows)
    return [rows[i][0] for i in match[1]] if match else []


# ---------------------------------------------------------------------------
# The others.  Rows of next_node are (time, node, may be base, mask).
# ---------------------------------------------------------------------------

def sequence_next_node(direction, base, rows, nsteps):
    rows = sorted(rows, key=lambda r: (r[0], r[1].encode(), r[3], r[2]))
    if direction == 'backward':
        rows.reverse()
    # from here on forward, with head and tail, first and last changed over
    if base == {'forward': 'head', 'backward': 'tail'}[direction]:
        bases = [0] if rows and rows[0][2] else []
    else:
        bases = [i for i, row in enumerate(rows) if row[2] and meets(row[3], 1)]
        if (base == 'first_match') != (direction == 'forward'):
            bases.reverse()
    if not bases:
        return None
    chain = rows[bases[0]:bases[0] + nsteps]
    if len(chain) < nsteps or not all(meets(row[3], i + 1)
                                      for i, row in enumerate(chain)):
        return None
    after = rows[bases[0] + nsteps:bases[0] + nsteps + 1]
    return after[0][1] if after else None


def retention(masks, n):
    met = 0
    for mask in masks:
        met |= mask
    return [meets(met, 1) and meets(met, k) for k in range(1, n + 1)]


def sessionize(times, gap):
    """For each of the times, which are in order: the number of its session."""
    result = []
    session = 0
    last = None
    for ts in times:
        if ts is None:
            result.append(None)
            continue
        if last is None or ts - last > gap:
            session += 1
        last = ts
        result.append(session)
    return result
