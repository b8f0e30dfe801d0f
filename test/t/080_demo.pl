# The demo runs, its textbook funnel comes out as drawn, and what it says of
# the month of a shop is what plain SQL says.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('main',
	"max_wal_size = 4GB\nwork_mem = '64MB'\nfsync = off\n");
$node->safe_psql('postgres', 'CREATE DATABASE demo');

my $output;
{
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'demo';
	$output = `test/demo/run 2>&1`;
}
is($?, 0, 'the demo ends well');
unlike($output, qr/ERROR|WARNING/, 'and without an error');

like($output, qr/$_/, "it prints $_")
  for (
	qr/^ +1 \| visit +\| +1000 \| +\| 100 %$/m,
	qr/^ +2 \| click +\| +100 \| 10 % +\| 10 %$/m,
	qr/^ +3 \| cart +\| +50 \| 50 % +\| 5 %$/m,
	qr/^ +4 \| buy +\| +10 \| 20 % +\| 1 %$/m);

my $report = q{funnel_report((
	SELECT funnel_agg(user_id, ts, event,
		'visit -> view -> cart -> checkout -> purchase within 7 days')
	FROM events))};

# The latest start with which each event ends a chain of that many steps: a
# frame by RANGE, so that rows of the same instant see each other.
my $plain = q{
	WITH one AS (
		SELECT *, CASE event WHEN 'visit' THEN ts END AS start1 FROM events
	), two AS (
		SELECT *, CASE event WHEN 'view' THEN max(start1) OVER w END AS found FROM one
		WINDOW w AS (PARTITION BY user_id ORDER BY ts)
	), two_ AS (
		SELECT *, CASE WHEN found >= ts - interval '168 h' THEN found END AS start2 FROM two
	), three AS (
		SELECT user_id, ts, event, start1, start2,
			CASE event WHEN 'cart' THEN max(start2) OVER w END AS found FROM two_
		WINDOW w AS (PARTITION BY user_id ORDER BY ts)
	), three_ AS (
		SELECT *, CASE WHEN found >= ts - interval '168 h' THEN found END AS start3 FROM three
	), four AS (
		SELECT user_id, ts, event, start1, start2, start3,
			CASE event WHEN 'checkout' THEN max(start3) OVER w END AS found FROM three_
		WINDOW w AS (PARTITION BY user_id ORDER BY ts)
	), four_ AS (
		SELECT *, CASE WHEN found >= ts - interval '168 h' THEN found END AS start4 FROM four
	), five AS (
		SELECT user_id, ts, event, start1, start2, start3, start4,
			CASE event WHEN 'purchase' THEN max(start4) OVER w END AS found FROM four_
		WINDOW w AS (PARTITION BY user_id ORDER BY ts)
	)
	SELECT concat_ws(' ', count(DISTINCT user_id) FILTER (WHERE start1 IS NOT NULL),
		count(DISTINCT user_id) FILTER (WHERE start2 IS NOT NULL),
		count(DISTINCT user_id) FILTER (WHERE start3 IS NOT NULL),
		count(DISTINCT user_id) FILTER (WHERE start4 IS NOT NULL),
		count(DISTINCT user_id) FILTER (WHERE found >= ts - interval '168 h'))
	FROM five};

is( $node->safe_psql('demo', "SELECT string_agg(users::text, ' ' ORDER BY step) FROM $report"),
	$node->safe_psql('demo', $plain),
	'users of each step, as by window functions');

is( $node->safe_psql('demo', qq{
	SELECT max(users) FILTER (WHERE step = 1) - max(users) FILTER (WHERE step = 5)
		- sum(dropped) - sum(pending) FROM $report}),
	'0',
	'everybody has converted, dropped out or is pending');

cmp_ok($node->safe_psql('demo', 'SELECT count(*) FROM events'),
	'>', 1_000_000, 'a million events');

done_testing();
