#!/usr/bin/env python3
"""Compare with ClickHouse itself, and account for every difference.

    test_clickhouse.py DIRECTORY [number of questions of each kind [seed]]

DIRECTORY has node_modules/chdb.  The same random groups, every mode and every
kind of pattern, are put to both.  ClickHouse is given the rows of a group by
time and mask, since that is what ties are decided by here; in ClickHouse they
are decided by how the rows come, as far as they are at all.

A difference must be of one of these classes, and each one is shown to be:

increase   strict_increase without strict_once loses chains in ClickHouse when
           an entry has the time of another: with strict_once added, which
           keeps every chain and changes nothing else, ClickHouse agrees.
untrue     sequenceMatchEvents may tell times of an abandoned attempt, with or
           without a match: an enumeration of all chains has ours, and none
           longer, but not ClickHouse's.
shorter    without a match it may miss a longer beginning: the enumeration has
           ours.

Connects as psql does (PGHOST, PGPORT, PGDATABASE, ...) to a database with the
extension and works in a schema of its own.  Output is TAP.
"""

import json
import os
import random
import subprocess
import sys
import tempfile

import ported
from tap import Tap
from test_ported import (Checker, Group, mask_of, random_group, random_modes,
                         random_pattern)
from test_sql import SHOWN, copy_in, literal, psql, rows_of

HERE = os.path.dirname(os.path.abspath(__file__))
GROUPS = 60                     # a question


class Question:
    """One call, here and there, on many groups."""

    def __init__(self, groups, n, ours, theirs):
        self.groups = groups
        self.n = n
        self.ours = ours
        self.theirs = theirs
        self.tag = None
        self.answers = None         # ours, by group
        self.clickhouse = None      # theirs


class ClickHouse:
    def __init__(self, directory, work):
        self.directory = directory
        self.work = work
        self.files = 0

    def write(self, groups, n):
        self.files += 1
        path = os.path.join(self.work, 'rows%d.tsv' % self.files)
        with open(path, 'w', encoding='utf-8') as out:
            for g, group in enumerate(groups):
                # what it is not given: rows and conditions that are null
                rows = [(t, mask_of(conditions), node, base)
                        for t, conditions, node, base in group.rows
                        if t is not None and node is not None]
                for t, mask, node, base in sorted(rows, key=lambda r: (
                        r[0], r[1], bool(r[3]))):
                    bits = [str(mask >> i & 1) for i in range(n)]
                    out.write('\t'.join([str(g), str(t), node,
                                         '1' if base else '0'] + bits) + '\n')
        return path

    def ask(self, questions):
        """Set the answers of ClickHouse: {group: answer}."""
        asked = [{
            'file': self.write(question.groups, question.n),
            'structure': 'g UInt32, t UInt32, node String, base UInt8' + ''.join(
                ', c%d UInt8' % (i + 1) for i in range(question.n)),
            'sql': 'SELECT g, %s AS answer FROM {rows} GROUP BY g' % question.theirs,
        } for question in questions]
        done = subprocess.run(
            ['node', os.path.join(HERE, 'clickhouse.mjs')], input=json.dumps(asked),
            capture_output=True, encoding='utf-8', cwd=self.directory, check=True)
        for question, answer in zip(questions, json.loads(done.stdout)):
            if isinstance(answer, dict):
                raise RuntimeError('%s: %s' % (question.theirs, answer['error']))
            question.clickhouse = {int(row['g']): row['answer'] for row in answer}


def ask_postgres(rng, question):
    lines = []
    for g, group in enumerate(question.groups):
        lines += [[g, t, node, base] + list(conditions)
                  for t, conditions, node, base in group.rows]
    rng.shuffle(lines)
    psql('DROP TABLE IF EXISTS rows;\n'
         'CREATE TABLE rows (g int, t bigint, node text, base boolean%s);\n' %
         ''.join(', c%d boolean' % (i + 1) for i in range(question.n)) +
         copy_in('rows', lines))
    question.answers = {row['g']: row['answer'] for row in rows_of(
        'SELECT g, %s AS answer FROM rows GROUP BY g' % question.ours)}


def conditions(n):
    return ', '.join('c%d' % (i + 1) for i in range(n))


def quoted(names):
    return ''.join(', ' + literal(name) for name in names)


def funnel_question(groups, n, within, modes):
    return Question(
        groups, n,
        'window_funnel(%d, %st, %s)' % (
            within, literal(','.join(modes)) + ', ' if modes else '', conditions(n)),
        'windowFunnel(%d%s)(t, %s)' % (within, quoted(modes), conditions(n)))


def pattern_question(name, groups, n, text):
    return Question(groups, n,
                    '%s(%s, t, %s)' % (name, literal(text), conditions(n)),
                    '%s(%s)(t, %s)' % (
                        {'sequence_match': 'sequenceMatch',
                         'sequence_count': 'sequenceCount',
                         'sequence_match_events': 'sequenceMatchEvents'}[name],
                        literal(text), conditions(n)))


class Comparison:
    """Groups compared, differences, and how many of them are accounted for."""

    def __init__(self, tap, name):
        self.tap = tap
        self.name = name
        self.groups = 0
        self.classes = {}
        self.unexplained = 0
        self.shown = []

    def differences(self, question):
        for g, group in enumerate(question.groups):
            if g in question.answers and g in question.clickhouse:
                self.groups += 1
                if question.answers[g] != question.clickhouse[g]:
                    yield g, group

    def explain(self, name):
        self.classes[name] = self.classes.get(name, 0) + 1

    def puzzle(self, question, g, group):
        self.unexplained += 1
        if self.unexplained <= SHOWN:
            self.shown.append('%s\n  of %s\n  is %s, in ClickHouse %s' % (
                question.ours, sorted(group.masked()), question.answers[g],
                question.clickhouse[g]))

    def done(self, least):
        self.tap.say('%s: %d groups; differences: %s' % (
            self.name, self.groups,
            ', '.join('%d %s' % (count, name)
                      for name, count in sorted(self.classes.items())) or 'none'))
        self.tap.ok(self.unexplained == 0 and self.groups >= least,
                    '%s: %d of %d groups differ without a reason' % (
                        self.name, self.unexplained, self.groups))
        for text in self.shown:
            self.tap.say(text)


def random_groups(rng, n, max_rows):
    """Without null nodes, so that all functions see the same rows."""
    return [Group([row for row in
                   random_group(rng, n, rng.randint(1, max_rows), rng.random()).rows
                   if row[2] is not None]) for _ in range(GROUPS)]


def compare_window_funnel(tap, rng, clickhouse, number):
    comparison = Comparison(tap, 'window_funnel')
    questions = []
    for i in range(number):
        n = rng.choice((1, 2, 3, 3, 4, 5, 8))
        modes = random_modes(rng, i)
        question = funnel_question(random_groups(rng, n, 14), n,
                                   rng.choice((0, 1, 2, 4, 9, 1000)), modes)
        question.tag = modes
        questions.append(question)
    clickhouse.ask(questions)
    doubtful = []
    for question in questions:
        ask_postgres(rng, question)
        for g, group in comparison.differences(question):
            if 'strict_increase' in question.tag and 'strict_once' not in question.tag:
                exact = Question([group], question.n, None, question.theirs.replace(
                    ')(', ", 'strict_once')(", 1))
                doubtful.append((question, g, group, exact))
            else:
                comparison.puzzle(question, g, group)
    clickhouse.ask([exact for _, _, _, exact in doubtful])
    for question, g, group, exact in doubtful:
        if exact.clickhouse[0] == question.answers[g]:
            comparison.explain('increase')
        else:
            comparison.puzzle(question, g, group)
    comparison.done(number * GROUPS * 0.7)


def compare_sequences(tap, rng, clickhouse, number):
    questions = {'sequence_match': [], 'sequence_count': [],
                 'sequence_match_events': []}
    for _ in range(number):
        n = rng.choice((2, 2, 3, 4))
        items = random_pattern(rng, n)
        while any(item[0] == 't' and item[1] == '!=' for item in items):
            items = random_pattern(rng, n)      # ClickHouse has no such operator
        groups = random_groups(rng, n, 12)
        for name in questions:
            question = pattern_question(name, groups, n, ported.pattern_text(items))
            question.tag = items
            questions[name].append(question)
    for name, asked in questions.items():
        comparison = Comparison(tap, name)
        clickhouse.ask(asked)
        for question in asked:
            ask_postgres(rng, question)
            for g, group in comparison.differences(question):
                if name == 'sequence_match_events':
                    explain_events(comparison, question, g, group)
                else:
                    comparison.puzzle(question, g, group)
        comparison.done(number * GROUPS * 0.7)


def up_to(items, number):
    """The beginning of a pattern, up to a number of conditions."""
    end = 0
    while number > 0:
        number -= items[end][0] == '?'
        end += 1
    return items[:end]


def chains(items, number, rows):
    """The times of every true match of a beginning of the pattern."""
    matches = ported.all_matches([('.*',)] + up_to(items, number), rows, 0)
    return {tuple(rows[i][0] for i in taken) for _, taken in matches}


def explain_events(comparison, question, g, group):
    items = question.tag
    rows = ported.listed(group.masked())
    total = sum(item[0] == '?' for item in items)
    ours, theirs = question.answers[g], question.clickhouse[g]
    whole = next(ported.all_matches([('.*',)] + items, rows, 0), None)
    if whole is not None:
        true = {tuple(rows[i][0] for i in taken) for _, taken in
                ported.all_matches([('.*',)] + items, rows, 0)}
        longest = len(ours) == total
    else:
        true = chains(items, len(ours), rows)
        longest = len(ours) == total or not chains(items, len(ours) + 1, rows)
    if not longest or tuple(ours) not in true:
        comparison.puzzle(question, g, group)
    elif whole is not None and tuple(theirs) not in true:
        comparison.explain('untrue match')
    elif whole is None and tuple(theirs) not in chains(items, len(theirs), rows):
        comparison.explain('untrue part')
    elif whole is None and len(theirs) < len(ours):
        comparison.explain('shorter part')
    else:
        comparison.puzzle(question, g, group)


def compare_next_node(tap, rng, clickhouse, number):
    comparison = Comparison(tap, 'sequence_next_node')
    questions = []
    for _ in range(number):
        direction, base = rng.choice((
            ('forward', 'head'), ('backward', 'tail'),
            ('forward', 'first_match'), ('forward', 'last_match'),
            ('backward', 'first_match'), ('backward', 'last_match')))
        n = rng.choice((1, 2, 3))
        groups = []
        for _ in range(GROUPS):
            # ClickHouse is given no rows with null
            groups.append(Group([row for row in random_group(rng, n, 9, 0.7).rows
                                 if row[2] is not None]))
        questions.append(Question(
            groups, n,
            'sequence_next_node(%s, %s, t, node, base, %s)' % (
                literal(direction), literal(base), conditions(n)),
            'sequenceNextNode(%s, %s)(toDateTime(t), node, base, %s)' % (
                literal(direction), literal(base), conditions(n))))
    clickhouse.ask(questions)
    for question in questions:
        ask_postgres(rng, question)
        for g, group in comparison.differences(question):
            comparison.puzzle(question, g, group)
    comparison.done(number * GROUPS * 0.6)


def compare_retention(tap, rng, clickhouse, number):
    comparison = Comparison(tap, 'retention')
    questions = []
    for _ in range(number):
        n = rng.choice((2, 3, 5, 32))
        questions.append(Question(
            random_groups(rng, n, 5), n, 'retention(%s)::int[]' % conditions(n),
            'retention(%s)' % conditions(n)))
    clickhouse.ask(questions)
    for question in questions:
        # a row without a time is not given to ClickHouse
        for group in question.groups:
            group.rows = [row for row in group.rows if row[0] is not None]
        ask_postgres(rng, question)
        for g, group in comparison.differences(question):
            comparison.puzzle(question, g, group)
    comparison.done(number * GROUPS * 0.6)


def main():
    directory = sys.argv[1]
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 96
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(10 ** 9)
    tap = Tap()
    tap.say('seed %d' % seed)
    psql('CREATE SCHEMA IF NOT EXISTS oracle;')
    with tempfile.TemporaryDirectory() as work:
        clickhouse = ClickHouse(directory, work)
        for compare, share in ((compare_window_funnel, 2), (compare_sequences, 1),
                               (compare_next_node, 0.5), (compare_retention, 0.2)):
            compare(tap, random.Random('%d %s' % (seed, compare.__name__)),
                    clickhouse, max(1, int(number * share)))
    tap.finish()


if __name__ == '__main__':
    main()
