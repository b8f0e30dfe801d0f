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

open my $tap, '-|', 'python3', 'test/oracle/test_sql.py'
  or die "could not run python3: $!";
my $good = 1;
while (my $line = <$tap>)
{
	chomp $line;
	if ($line =~ /^(not )?ok \d+ - (.*)/)
	{
		$good = ok(!$1, $2);
	}
	elsif ($line =~ /^# ?(.*)/)
	{
		# What follows a failure explains it.
		$good ? note($1) : diag($1);
	}
}
my $ended = close $tap;
ok($ended || !Test::More->builder->is_passing, 'the oracle came to its end');

done_testing();
