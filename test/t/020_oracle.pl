# The SQL surface against a brute force over all chains of thousands of random
# units: test/oracle/test_sql.py, whose TAP is told on.
use strict;
use warnings;

use FunnelTest;
use Test::More;

plan skip_all => 'python3 is not installed'
  if system('python3 -c "" >/dev/null 2>&1') != 0;

my $node = FunnelTest::node('oracle');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';

FunnelTest::tell('python3', 'test/oracle/test_sql.py');

done_testing();
