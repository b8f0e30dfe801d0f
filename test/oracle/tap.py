"""The little of the Test Anything Protocol that the tests here need."""

import os
import sys


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0
        self.compared = []      # (assertion, units, differences), for who counts

    def ok(self, good, name):
        self.count += 1
        if not good:
            self.failed += 1
        print('%sok %d - %s' % ('' if good else 'not ', self.count, name),
              flush=True)

    def say(self, text):
        for line in text.splitlines():
            print('# ' + line, flush=True)

    def finish(self):
        print('1..%d' % self.count)
        sys.exit(1 if self.failed else 0)


def numbers(variable, *defaults):
    """The numbers on the command line, else those in an environment variable,
    else the defaults, one by one.
    """
    given = sys.argv[1:] or os.environ.get(variable, '').split()
    return [int(given[i]) if i < len(given) else default
            for i, default in enumerate(defaults)]
