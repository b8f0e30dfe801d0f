# Processes that are stopped in the middle of a query, after it has gone to
# disk: no temporary file stays, whoever is left goes on and answers right, and
# what was stored is what it was.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use FunnelTypes;
use Test::More;

my $node = FunnelTest::node('kill',
	"restart_after_crash = on\nwork_mem = '64kB'\nhash_mem_multiplier = 1\njit = off\nautovacuum = off\nlog_statement = none\n");

# The last row but a few makes its reader wait, until it is stopped.
$node->safe_psql(
	'postgres', q{
	CREATE FUNCTION wait(e text) RETURNS text LANGUAGE plpgsql PARALLEL SAFE AS $$
	BEGIN
		PERFORM pg_sleep(3600);
		RETURN e;
	END $$;
	CREATE TABLE events AS
	SELECT n, 'unit ' || (hashint8(n) & 32767) AS u, timestamptz '2026-01-01Z' + n * interval '1 s' AS t,
		substr('abcx', 1 + (hashint8(n) & 3), 1) AS e
	FROM generate_series(1, 100000) n;
	ANALYZE events;});
my $event = q{CASE WHEN n = 99990 AND current_setting('my.waiting', true) = 'yes' THEN wait(e) ELSE e END};
my $call = "funnel_agg(u, t, $event, 'a -> b -> c within 1 day')";
my $plain = "SELECT md5($call\::text) FROM events";
my $window = "SELECT md5(r::text) FROM (SELECT $call OVER () AS r, row_number() OVER () AS row FROM events) s WHERE row = 1";
my $expected = $node->safe_psql('postgres', "SET work_mem = '1GB'; $plain");

my $serial = 'SET max_parallel_workers_per_gather = 0';
my $parallel = q{SET max_parallel_workers_per_gather = 2; SET max_parallel_workers = 1; SET parallel_leader_participation = off;
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0};
like($node->safe_psql('postgres', "$parallel; EXPLAIN $plain"), qr/Partial Aggregate/, 'a worker is asked');

# Files, and directories of what workers hand over; and what is in these
my $tmpdir = q{pg_ls_dir('base/pgsql_tmp', true, false)};
my $is_written = qq{SELECT FROM $tmpdir AS d(name), LATERAL (SELECT 'base/pgsql_tmp/' || name) p(path)
	WHERE CASE WHEN (pg_stat_file(path, true)).isdir THEN EXISTS (SELECT FROM pg_ls_dir(path, true, false))
		ELSE true END};

# A session in the middle of a query, and the process that waits there.
sub waiting
{
	my ($settings, $query, $before) = @_;
	my $session = FunnelSession->new($node, 'postgres');

	$session->ask("\\set VERBOSITY verbose\n$settings; SET my.waiting = 'yes'");
	$session->ask($before) if defined $before;
	$session->send($query);
	my $who = "wait_event = 'PgSleep' AND " . $session->pid . ' IN (pid, leader_pid)';
	$node->poll_query_until('postgres',
		"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE $who) AND EXISTS ($is_written)")
	  or die 'the query did not get to its middle';
	return ($session, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $who"));
}

sub no_file_is_left
{
	my ($what) = @_;

	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM $tmpdir"), "$what: no file is left");
}

# An error ends the query, not the session.
sub goes_on
{
	my ($session, $query, $code, $what) = @_;
	my ($out, $error) = $session->answer;

	like($error, qr/ERROR:  $code: /, "$what: the error");
	is_deeply([ $session->ask("SELECT count(*) FROM $tmpdir") ], [ '0', '' ], "$what: no file is left");
	is_deeply([ $session->ask("SET my.waiting = 'no'; $query") ], [ $expected, '' ], "$what: the same query again");
	$session->quit;
}

foreach my $case (
	[ 'canceled', $serial, $plain ],
	[ 'canceled in a window', $serial, $window ],
	[ 'canceled with a worker', $parallel, $plain ])
{
	my ($what, $settings, $query) = @$case;
	my ($session) = waiting($settings, $query);

	$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . $session->pid . ')');
	goes_on($session, $query, '57014', $what);
}

my ($session, $worker) = waiting($parallel, $plain);
isnt($worker, $session->pid, 'it is the worker that waits');
$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
goes_on($session, $plain, '57P01', 'a worker terminated');

# The end of a session
foreach my $case (
	[ 'terminated', $serial, $plain ],
	[ 'terminated in a window', $serial, $window ],
	[ 'terminated with a worker', $parallel, $plain ])
{
	my ($what, $settings, $query) = @$case;
	my ($session) = waiting($settings, $query);

	$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . $session->pid . ')');
	my ($out, $error) = $session->answer;
	like($error, qr/FATAL:  57P01: /, "$what: the error");
	no_file_is_left($what);
	is($node->safe_psql('postgres', "$settings; $query"), $expected, "$what: the same query again");
}

# The kernel ends a process, and the server starts again: from the log of what
# was stored since the last checkpoint, and without what was not committed.
FunnelTypes::create_empty($node, 'house');
$node->safe_psql('postgres', 'CHECKPOINT');
FunnelTypes::fill($node, 'house');
FunnelTypes::refresh($node, 'house');
my $contents = FunnelTypes::contents($node, 'house');
foreach my $case (
	[ 'killed', $serial, $plain ],
	[ 'killed in a window', $serial, $window ],
	[ 'a worker killed', $parallel, $plain ])
{
	my ($what, $settings, $query) = @$case;
	my ($session, $process) = waiting($settings, $query,
		'CREATE TABLE never (v funnel_stage); BEGIN; DELETE FROM events WHERE n < 100');
	my $started = $node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()');

	kill 'KILL', $process or die "could not kill $process";
	my ($out, $error) = $session->answer;
	like($error, qr/server closed the connection unexpectedly|terminating connection because of crash/, "$what: the connection is lost");
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not start again';
	is($node->safe_psql('postgres', "SELECT count(*) FROM $tmpdir"), '0', "$what: no file is left");
	is(FunnelTypes::contents($node, 'house'), $contents, "$what: what was stored is the same");
	is($node->safe_psql('postgres', "$settings; $query"), $expected, "$what: the same query again");
	$node->safe_psql('postgres', 'DROP TABLE never; CHECKPOINT');
	is($node->safe_psql('postgres', 'SELECT pg_postmaster_start_time()'), $started, "$what: the postmaster stayed");
}

$node->stop;
done_testing();
