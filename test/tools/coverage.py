"""How much of each source has run, from gcov's counts beside the objects.

    coverage.py FILE

FILE gets the lines that have not.
"""

import glob
import json
import subprocess
import sys


def ranges(lines):
    """[1, 2, 3, 7] as "1-3, 7"."""
    spans = []
    for line in lines:
        if spans and line == spans[-1][1] + 1:
            spans[-1][1] = line
        else:
            spans.append([line, line])
    return ', '.join(str(a) if a == b else '%d-%d' % (a, b) for a, b in spans)


def main():
    counts = {}                 # source: {line: whether it has run}
    for notes in sorted(glob.glob('src/*/*.gcno')):
        output = subprocess.run(['gcov', '--json-format', '--stdout', notes],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                check=True).stdout
        for document in output.splitlines():
            for file in json.loads(document)['files']:
                name = file['file']
                if not name.startswith('/') or '/tree/src/' in name:
                    lines = counts.setdefault(name[name.index('src/'):], {})
                    for line in file['lines']:
                        number = line['line_number']
                        lines[number] = lines.get(number, False) or line['count'] > 0

    if not any(any(lines.values()) for lines in counts.values()):
        sys.exit('nothing was counted')
    total = run = 0
    print('\n%-36s %7s %7s %8s' % ('source', 'lines', 'not run', 'run'))
    with open(sys.argv[1], 'w') as out:
        for name, lines in sorted(counts.items()):
            missed = sorted(n for n, has_run in lines.items() if not has_run)
            total += len(lines)
            run += len(lines) - len(missed)
            print('%-36s %7d %7d %7.1f%%' % (name, len(lines), len(missed),
                                             100 - 100 * len(missed) / len(lines)))
            if missed:
                out.write('%s: %s\n' % (name, ranges(missed)))
    print('%-36s %7d %7d %7.1f%%' % ('all', total, total - run, 100 * run / total))
    print('\nThe lines that were not run are in %s.' % sys.argv[1])


if __name__ == '__main__':
    main()
