"""What clang's analyzer found, but for what is known to be wrong.

    findings.py KNOWN PLIST...

There is a PLIST for each source.  Each line of KNOWN that is no comment is
    file function checker: the reason why there is nothing to find
"""

import plistlib
import sys


def read_known(path):
    known = {}
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith('#'):
                place, reason = line.split(': ', 1)
                known[tuple(place.split())] = reason.strip()
    return known


def main():
    known = read_known(sys.argv[1])
    used = set()
    told = set()
    for name in sys.argv[2:]:
        with open(name, 'rb') as file:
            found = plistlib.load(file)
        for finding in found['diagnostics']:
            where = finding['location']
            source = found['files'][where['file']]
            source = source[source.rindex('src/'):] if 'src/' in source else source
            place = (source, finding.get('issue_context', '-'), finding['check_name'])
            if place in known:
                used.add(place)
            else:
                told.add('%s:%d: %s, in %s [%s]' % (
                    source, where['line'], finding['description'],
                    place[1], place[2]))
    for line in sorted(told):
        print(line)
    for place in sorted(set(known) - used):
        print('no longer found, and so not to be known any more: ' + ' '.join(place),
              file=sys.stderr)
    print('%d sources analyzed, %d findings, %d known to be wrong'
          % (len(sys.argv) - 2, len(told), len(used)))
    sys.exit(bool(told) or len(sys.argv) < 3)


if __name__ == '__main__':
    main()
