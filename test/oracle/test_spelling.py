"""How journeys spell their labels, compared with an independent program.

  test_spelling.py [NUMBER-OF-LISTS [SEED]]

Prints TAP.
"""

import random

import spelling
from tap import Tap, numbers
from wire import Connection

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


def main():
    number, seed = numbers('FUNNEL_SPELLING_CASES', 300, 1)
    rng = random.Random(seed)
    tap = Tap()
    server = Connection()
    server.query('CREATE CAST (funnel_journey AS bytea) WITHOUT FUNCTION')
    check_spelling(server, rng, tap, number)
    server.query('DROP CAST (funnel_journey AS bytea)')
    tap.finish()


if __name__ == '__main__':
    main()
