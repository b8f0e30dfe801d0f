"""The little of the Test Anything Protocol that the tests here need."""

import sys


class Tap:
    def __init__(self):
        self.count = 0
        self.failed = 0

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
