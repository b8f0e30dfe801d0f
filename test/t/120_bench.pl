# The benchmark runs, and what PostgreSQL answers in it is the same by every
# way: no time is looked at, and no other engine.
use strict;
use warnings;

use FunnelTest;
use Test::More;

my $node = FunnelTest::node('main', '');

my $output;
{
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{BENCH_ROWS} = '4000 8000';
	local $ENV{BENCH_RUNS} = 1;
	local $ENV{BENCH_ONLY} = '';
	local $ENV{BENCH_COLD} = 1;
	delete local $ENV{FUNNEL_PEERS};
	$output = `test/bench/run 2>&1`;
}
is($?, 0, 'the benchmark ends well') or diag($output);
like($output, qr/^\Q### $_\E$/m, "it has a chapter: $_")
  for ('4,000 events of 200 users', '8,000 events of 400 users', 'The cost of a row');
is(() = $output =~ /, the same by every engine:$/mg, 2, 'all answers agree, at both sizes');
like($output, qr/^- \*\*Wrong, as expected:\*\* first-touch self-joins on `$_` count /m,
	"first-touch self-joins are wrong on $_")
  for ('events', 'events_late');
like($output, qr/^\*\*$_ is absent\*\*: /m, "$_ is reported as absent")
  for ('ClickHouse', 'DuckDB');

like($output, qr/^\| \Q$_\E \| PostgreSQL \| `events_wide` \| 1 \| [\d.]+ \|/m,
	"it is asked with nothing in memory: $_")
  for ('bare scan', 'funnel_agg', 'funnel_agg, funnel_events, index');

done_testing();
