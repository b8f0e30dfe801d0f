#!/usr/bin/env python3
"""Prove each clause by itself and in every mix, by all ways that lead to a result.

    clauses.py [number of units of each [seed [clauses as a regular expression]]]

"make oracle" runs it; ORACLE has the arguments.  Every funnel of a round has the
clause of the round, and others as chance will have it.  After each round it prints
how many units were compared with the brute force, or byte for byte with another
way, and how many funnels differed.  In every other respect it is test_sql.py.
"""

import os
import re
import shlex
import sys
import time

from tap import Tap
from test_sql import UNITS_A_FUNNEL, check_all, load, psql, random_funnels


def has_limits(d):
    return any(step.shortest is not None for step in d.steps)


def has_breakers(d):
    return any(step.strict or step.excluded for step in d.steps) or bool(d.unless)


def has_optional(d):
    return any(step.optional for step in d.steps)


# What the definitions of a round have in common.
ROUNDS = {
    'every attempt': lambda d: d.every_attempt,
    'last entry': lambda d: d.last_entry,
    'first entry': lambda d: d.first_entry and not d.any_order,
    'unless': lambda d: bool(d.unless),
    'shortest gap': has_limits,
    'every attempt, optional steps and breakers':
        lambda d: d.every_attempt and has_optional(d) and has_breakers(d),
    'shortest gap, an entry clause and breakers':
        lambda d: has_limits(d) and has_breakers(d) and
        (d.first_entry or d.last_entry or d.every_attempt),
    'anything in order': lambda d: not d.any_order,
}

# The ways, by what the assertions are called: the first that matches.
KINDS = (('by key', 'funnel_agg_by'), ('with an entry', 'entry|enter'),
         ('journeys', 'journey'),
         ('two levels', 'two levels|progress|attempts'), ('whole set', ''))
PLANS = (('spilled', 'in files|little memory'), ('parallel', 'parallel|in workers'),
         ('one process', ''))


def which(names, what):
    return next(name for name, pattern in names if re.search(pattern, what))


def main():
    arguments = sys.argv[1:] or shlex.split(os.environ.get('ORACLE', ''))
    number, seed, pattern = arguments + ['10000', '1', ''][len(arguments):]
    number = max(1, int(number) // UNITS_A_FUNNEL // 2)
    tap = Tap()
    psql('CREATE EXTENSION IF NOT EXISTS funnel;')
    for name, wanted in ROUNDS.items():
        if not re.search(pattern, name):
            continue
        started = time.time()
        compared = {}
        units = 0
        for event in ('event', 'events'):
            funnels = random_funnels(number, int(seed) + (event == 'events'), wanted)
            if event == 'event':
                for funnel in funnels:
                    funnel.keep_first_labels()
            tap.compared.clear()
            tap.say('%s: %s' % (name, event))
            funnels = load(tap, funnels, int(seed))
            check_all(tap, funnels, event, funnels, 20)
            units += sum(len(funnel.units) for funnel in funnels)
            for what, compared_units, differences in tap.compared:
                way = which(KINDS, what), which(PLANS, what)
                total = compared.setdefault(way, [0, 0, 0])
                total[0] += 1
                total[1] += compared_units
                total[2] += differences
        tap.say('%s: %d units, %d s' % (name, units, time.time() - started))
        for (kind, plan), (comparisons, compared_units, differences) in sorted(compared.items()):
            tap.say('    %-14s %-12s %3d comparisons of %8d units in all, %d differences'
                    % (kind, plan, comparisons, compared_units, differences))
    psql('DROP SCHEMA oracle CASCADE;')
    tap.finish()


if __name__ == '__main__':
    main()
