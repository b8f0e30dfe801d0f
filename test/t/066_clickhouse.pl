# The functions known from ClickHouse side by side with ClickHouse, which runs
# inside of node: package chdb of npm.  That is half a gigabyte, so the test is
# skipped unless FUNNEL_CHDB names a directory where it is installed,
#
#   npm install --prefix=/some/directory chdb
#   FUNNEL_CHDB=/some/directory make test PROVE_TESTS=test/t/066_clickhouse.pl
#
# or is "install" to have it installed for the test.
# test/oracle/test_clickhouse.py prints the TAP.
use strict;
use warnings;

use File::Temp;
use FunnelTest;
use Test::More;

my $directory = $ENV{FUNNEL_CHDB} // '';

plan skip_all => 'FUNNEL_CHDB does not name a directory with chdb, nor is it "install"'
  if $directory eq '';
plan skip_all => 'python3 is not installed'
  if system('python3 -c "" >/dev/null 2>&1') != 0;
plan skip_all => 'node is not installed'
  if system('node -e "" >/dev/null 2>&1') != 0;

if ($directory eq 'install')
{
	$directory = File::Temp::tempdir(CLEANUP => 1);
	plan skip_all => 'npm cannot install chdb'
	  if system(qq{npm install --no-audit --no-fund --prefix='$directory' chdb >/dev/null 2>&1}) != 0;
}
plan skip_all => "node cannot load chdb in $directory"
  if system(qq{cd '$directory' && node -e 'require("chdb")' >/dev/null 2>&1}) != 0;

my $node = FunnelTest::node('clickhouse');

ok( FunnelTest::tell_tap(
		$node, 'python3', 'test/oracle/test_clickhouse.py',
		$directory, '150'),
	'it came to its end');

done_testing();
