# The inputs that the fuzzers of make fuzz begin with, what they once failed on
# among them; and how journeys spell labels, compared with another program.
use strict;
use warnings;

use FunnelTest;
use Test::More;

plan skip_all => 'python3 is not installed'
  if system('python3 -c "" >/dev/null 2>&1') != 0;

my $node = FunnelTest::node('inputs');
ok(FunnelTest::tell_tap($node, 'python3', 'test/fuzz/values.py', 'replay'),
	'all inputs were read');
ok(FunnelTest::tell_tap($node, 'python3', 'test/oracle/test_spelling.py'),
	'all labels were spelled');
done_testing();
