# Damaged journeys from the wire and from the disk, into every function.
# test/fuzz/journey.py prints the TAP, and by hand goes on for as long as asked.
use strict;
use warnings;

use FunnelTest;
use Test::More;

plan skip_all => 'python3 is not installed'
  if system('python3 -c "" >/dev/null 2>&1') != 0;

my $node = FunnelTest::node('fuzz');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';

# Its output is ours; the node is stopped when this process ends.
exit(system('python3', 'test/fuzz/journey.py', '500') == 0 ? 0 : 1);
