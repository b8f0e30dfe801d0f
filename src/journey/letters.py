#!/usr/bin/env python3
"""Make letters.h: how many bits the letters of a label take.

  letters.py WORDS >letters.h

The numbers in the repository are those of /usr/share/dict/american-english of
Debian's package wamerican 2020.12.07-2, in which each word stands once.  They
are part of the format of journeys: this is here to tell where they are from.
"""

import re
import sys

LETTERS = 'abcdefghijklmnopqrstuvwxyz'
START = '^'
SYMBOLS = ['END', ' ', '_', *LETTERS, 'CASE', 'BYTE']
MAX_BITS = 8

HEADER = '''\
/*-------------------------------------------------------------------------
 *
 * journey/letters.h
 *	  How many bits each letter of a label takes, by the letter before it, for
 *	  journey/spelling.c.
 *
 * Made by letters.py from a dictionary of English, see there.  They are part of
 * the format of journeys, and never change.
 *
 *-------------------------------------------------------------------------
 */
#ifndef FUNNEL_JOURNEY_LETTERS_H
#define FUNNEL_JOURNEY_LETTERS_H

/* A row is what comes at the start of a run of letters, or after a letter. */
#define FUNNEL_NUM_CONTEXTS	%d

/* A column is a symbol: an end, a blank, '_', a letter, a case, a byte. */
#define FUNNEL_NUM_SYMBOLS	%d

static const char funnel_letter_bits[FUNNEL_NUM_CONTEXTS][FUNNEL_NUM_SYMBOLS + 1] =
{
'''


def weights(words):
    """For each context how often each symbol follows it."""
    found = {context: dict.fromkeys(SYMBOLS, 0) for context in START + LETTERS}
    for word in words:
        before = START
        for letter in word:
            found[before][letter] += 1
            before = letter
        found[before]['END'] += 1
    for context, counts in found.items():
        total = sum(counts.values())
        if context == START:
            # one word of eight has another case than is expected of it
            counts['CASE'] = total // 8
            counts['BYTE'] = total // 16
        else:
            # the end of a word is that of a label as often as not
            end = max(counts['END'], total // 32)
            counts['END'], counts[' '], counts['_'] = end // 2, end // 4, end // 4
            counts['CASE'] = counts['BYTE'] = total // 128
        for symbol in SYMBOLS:
            counts[symbol] = max(counts[symbol], total // 256)
    return found


def lengths(counts):
    """The best code of at most MAX_BITS (Larmore and Hirschberg's package-merge)."""
    items = sorted((counts[symbol], [i]) for i, symbol in enumerate(SYMBOLS))
    merged = []
    for _ in range(MAX_BITS):
        pairs = [(a[0] + b[0], a[1] + b[1]) for a, b in zip(merged[::2], merged[1::2])]
        merged = sorted(items + pairs)
    bits = [0] * len(SYMBOLS)
    for _, symbols in merged[:2 * len(SYMBOLS) - 2]:
        for symbol in symbols:
            bits[symbol] += 1
    assert sum(2 ** (MAX_BITS - n) for n in bits) == 2 ** MAX_BITS
    return bits


def main():
    with open(sys.argv[1], encoding='utf-8') as file:
        words = [word for word in file.read().split('\n') if re.fullmatch('[a-z]{2,}', word)]
    found = weights(words)
    print(HEADER % (len(found), len(SYMBOLS)), end='')
    print(',\n'.join('\t/* %s */ "%s"' % (context, ''.join(map(str, lengths(counts))))
                     for context, counts in found.items()))
    print('};\n\n#endif\t\t\t\t\t\t\t/* FUNNEL_JOURNEY_LETTERS_H */')


main()
