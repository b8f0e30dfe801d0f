# The matcher by itself against a brute force over all chains, and on huge units.
# test/oracle/test_matcher.py prints the TAP; it makes a failing case small.
use strict;
use warnings;

use Test::More;

plan skip_all => 'python3 is not installed'
  if system('python3 -c "" >/dev/null 2>&1') != 0;

exec 'python3', 'test/oracle/test_matcher.py' or die "could not run python3: $!";
