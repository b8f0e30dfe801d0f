# The functions known from ClickHouse against what they mean, enumerated, on
# thousands of random groups.  test/oracle/test_ported.py prints the TAP.
use strict;
use warnings;

use FunnelTest;
use Test::More;

plan skip_all => 'python3 is not installed'
  if system('python3 -c "" >/dev/null 2>&1') != 0;

my $node = FunnelTest::node('ported');

ok( FunnelTest::tell_tap(
		$node, 'python3', 'test/oracle/test_ported.py', '48'),
	'it came to its end');

done_testing();
