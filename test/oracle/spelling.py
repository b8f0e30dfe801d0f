"""How a journey spells its labels, written again from its description.

Only the numbers come from src/journey/letters.h.
"""

import os
import re

HEADER = os.path.join(os.path.dirname(__file__), '..', '..', 'src', 'journey', 'letters.h')
LETTERS = 'abcdefghijklmnopqrstuvwxyz'
SYMBOLS = ['end', ' ', '_', *LETTERS, 'case', 'byte']
MAX_SHARED = 32


def read_codes():
    """{context: {symbol: code}}, a code as a string of bits."""
    with open(HEADER, encoding='utf-8') as file:
        rows = re.findall(r'/\* (.) \*/ "(\d+)"', file.read())
    assert ''.join(context for context, _ in rows) == '^' + LETTERS
    codes = {}
    for context, lengths in rows:
        assert len(lengths) == len(SYMBOLS)
        assert sum(2.0 ** -int(n) for n in lengths) == 1
        codes[context] = {}
        code = before = 0
        for length, i in sorted((int(n), i) for i, n in enumerate(lengths)):
            code <<= length - before
            codes[context][SYMBOLS[i]] = format(code, '0%db' % length)
            code += 1
            before = length
    return codes


CODES = read_codes()


def lowest_first(number, width):
    return format(number, '0%db' % width)[::-1]


def is_letter(char):
    return char.lower() in LETTERS and char.isascii()


def spell_label(label, shared):
    """The bits of a label without the SHARED bytes in front."""
    bits = ''
    for i in range(shared, len(label) + 1):
        before = chr(label[i - 1]) if i > 0 else ' '
        codes = CODES[before.lower() if is_letter(before) else '^']
        if i == len(label):
            return bits + codes['end']
        char = chr(label[i])
        if not is_letter(char):
            bits += codes[char] if char in ' _' else codes['byte'] + lowest_first(label[i], 8)
            continue
        # what the case should be, from all the words up to here
        words = re.findall('[A-Za-z]+', label[:i].decode('latin-1'))
        if is_letter(before):
            # of the letters behind the first of a word: upper, once two in a row were
            upper = False
            for word in words:
                for a, b in zip(word, word[1:]):
                    upper = b.isupper() and (upper or a.isupper())
        else:
            upper = bool(words) and words[-1][0].isupper()
        if char.isupper() != upper:
            bits += codes['case']
        bits += codes[char.lower()]
    raise AssertionError


def spell(labels):
    """Labels, ascending as bytes, as a journey spells them."""
    bits = ''
    before = None
    for label in labels:
        shared = 0
        if before is not None:
            shared = len(os.path.commonprefix([before, label])[:MAX_SHARED])
            bits += '1' + lowest_first(shared - 1, 5) if shared else '0'
        bits += spell_label(label, shared)
        before = label
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8][::-1], 2) for i in range(0, len(bits), 8))


def stored(labels):
    """The labels' part of a journey, and whether they are spelled."""
    labels = sorted(labels)
    spelled = spell(labels)
    plain = b''.join(label + b'\0' for label in labels)
    return (spelled, True) if len(spelled) < len(plain) else (plain, False)
