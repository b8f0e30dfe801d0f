# Damaged journeys from the wire and from the disk, into every function:
# test/fuzz/journey.py, which by hand goes on for as long as asked.
use strict;
use warnings;

use FunnelTest;
use Test::More;

plan skip_all => 'python3 is not installed'
  if system('python3 -c "" >/dev/null 2>&1') != 0;

my $node = FunnelTest::node('fuzz');
ok(FunnelTest::tell_tap($node, 'python3', 'test/fuzz/journey.py', '500'),
	'it came to its end');
done_testing();
