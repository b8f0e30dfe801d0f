# Queries that are left half way: cursors that are closed, rolled back or left
# alone, an extension that is dropped meanwhile, a server that is shut down.  No
# temporary file stays; what goes on answers right.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('half',
	"work_mem = '64kB'\nhash_mem_multiplier = 1\njit = off\nautovacuum = off\nlog_statement = none\nmax_prepared_transactions = 1\n");

# Who comes to a row waits there, if asked to, until there is a file "go".
$node->safe_psql(
	'postgres', q{
	CREATE FUNCTION held(x int, here int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
	BEGIN
		WHILE x = here AND current_setting('my.held', true) = 'yes' AND (pg_stat_file('go', true)).size IS NULL LOOP
			PERFORM pg_sleep(0.02);
		END LOOP;
		RETURN x;
	END $$;
	CREATE TABLE events AS
	SELECT n, n % 3 AS g, 'unit ' || (hashint8(n) & 8191) AS u, timestamptz '2026-01-01Z' + n * interval '1 s' AS t,
		substr('abcx', 1 + (hashint8(n) & 3), 1) AS e
	FROM generate_series(1, 60000) n;
	ANALYZE events;});

my $serial = 'SET max_parallel_workers_per_gather = 0; SET enable_hashagg = off;';
my $parallel = q{SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off; SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;};
my $call = q{funnel_agg(u, t, e, 'a -> b -> c within 1 day')};

# All files, and directories of what workers hand over
my $tmpdir = q{pg_ls_dir('base/pgsql_tmp', true, false)};
my $files = "SELECT count(*) FROM $tmpdir";

# Cursors.  The files of a window are of another kind than those of groups.
my %cursors = (
	'groups' => "SELECT g, md5($call\::text) FROM events GROUP BY g ORDER BY g",
	'a window' => "SELECT g, md5(r::text) FROM (SELECT g, $call OVER (PARTITION BY g) AS r, row_number() OVER (PARTITION BY g) AS row FROM events) AS s
		WHERE row = 1 ORDER BY g",
	'keys' => q{SELECT key, md5(result::text) FROM unnest((SELECT funnel_agg_by(u, t, e, 'a -> b', g::text) FROM events)) ORDER BY key});
foreach my $what (sort keys %cursors)
{
	my $query = $cursors{$what};
	my $expected = $node->safe_psql('postgres', "SET work_mem = '1GB'; $query");
	my ($first, $rest) = split /\n/, $expected, 2;
	my $session = FunnelSession->new($node, 'postgres');
	my $is = sub {
		my ($sql, $out, $name) = @_;

		is_deeply([ $session->ask($sql) ], [ $out, '' ], "$what: $name");
	};

	$session->ask("\\set VERBOSITY verbose\n$serial");
	$is->("BEGIN; DECLARE c CURSOR FOR $query; FETCH c", $first, 'one row is read');
	cmp_ok(($session->ask($files))[0], '>', 0, "$what: there is a file") if $what ne 'keys';
	$is->("CLOSE c; $files; COMMIT", '0', 'closed, no file is left');

	$is->("BEGIN; DECLARE c CURSOR FOR $query; SAVEPOINT s; FETCH c", $first, 'read after a savepoint');
	$is->('ROLLBACK TO s; FETCH ALL FROM c', $rest, 'goes on when that is rolled back');
	$is->("COMMIT; $files", '0', 'no file is left by it');

	$is->("BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR $query; FETCH c", $first, 'declared after a savepoint');
	$is->("ROLLBACK TO s; $files", '0', 'no file is left when that is rolled back');
	$is->("$query; COMMIT", $expected, 'the same query again');

	# One fails beside another.
	$is->("BEGIN; DECLARE c CURSOR FOR $query; FETCH c", $first, 'an outer one');
	like(($session->ask("SAVEPOINT s; SELECT 1 / (g - 1), md5($call\::text) FROM events GROUP BY g ORDER BY g"))[1],
		qr/ERROR:  22012: /, "$what: an inner one fails in its second group");
	$is->('ROLLBACK TO s; FETCH ALL FROM c', $rest, 'the outer one goes on');
	$is->("ROLLBACK; $files", '0', 'no file is left by both');

	$is->("BEGIN; DECLARE c CURSOR WITH HOLD FOR $query; FETCH c; COMMIT; FETCH ALL FROM c", $expected, 'kept after its transaction');
	$is->("CLOSE c; $files", '0', 'no file is left by that');

	# Nobody goes on.
	my $pid = $session->pid;
	$session->ask("BEGIN; DECLARE c CURSOR FOR $query; FETCH c; SET LOCAL idle_in_transaction_session_timeout = '1ms'");
	$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)") or die 'it is not ended';
	$session->quit;
	is($node->safe_psql('postgres', $files), '0', "$what: no file is left by that end");
}

# Files that one node of a plan writes for another, which a limit leaves unread,
# are there until the transaction ends, in whatever way.
FunnelTest::create_parts($node);
my $by_event = q{SELECT md5(r::text) FROM (SELECT e, funnel_agg(repeat('x', 100) || u, t, e, 'a -> b') AS r FROM parts GROUP BY e) AS s ORDER BY e LIMIT 1};
my $by_first = $node->safe_psql('postgres', "SET work_mem = '1GB'; $by_event");
foreach my $case (
	[ 'of a process for itself', "$serial SET enable_partitionwise_aggregate = on" ],
	[ 'of workers', "$parallel SET parallel_tuple_cost = 0.1; SET enable_hashagg = off" ])
{
	my ($whose, $settings) = @$case;

	# a session for each, for one that has led workers looks for files ever after
	foreach my $end ('COMMIT', 'ROLLBACK', q{PREPARE TRANSACTION 'half'})
	{
		my $session = FunnelSession->new($node, 'postgres');

		$session->ask($settings);
		is_deeply([ $session->ask("BEGIN; $by_event; SELECT count(*) > 0 FROM $tmpdir") ], [ "$by_first\nt", '' ], "unread files $whose");
		is_deeply([ $session->ask($end) ], [ '', '' ], "$end");
		is($node->safe_psql('postgres', $files), '0', 'no file is left by that');
		$session->quit;
		$node->safe_psql('postgres', q{ROLLBACK PREPARED 'half'}) if $end =~ /PREPARE/;
	}
}

# In the middle of a query
sub held
{
	my ($settings, $query) = @_;
	my $session = FunnelSession->new($node, 'postgres');

	$session->ask("\\set VERBOSITY verbose\n$settings SET my.held = 'yes'");
	$session->send($query);
	$node->poll_query_until('postgres',
		"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND " . $session->pid . ' IN (pid, leader_pid))')
	  or die "not held: $query";
	return $session;
}
my %queries = (
	'a serial plan' => [ $serial, "SELECT md5($call\::text), count(held(n, 59990)) FROM events" ],
	'a parallel plan' => [ $parallel, "SELECT md5($call\::text), count(held(n, 59990)) FROM events" ],
	'keys' => [ $serial, q{SELECT md5(funnel_agg_by(u, t, e, 'a -> b', g::text)::text), count(held(n, 59990)) FROM events} ],
	'a flow' => [ $parallel, 'SELECT md5(flow_agg(u, t, e, 3)::text), count(held(n, 59990)) FROM events' ],
	'journeys' => [ $parallel, "SELECT md5(string_agg(p::text, '|' ORDER BY u)) FROM (SELECT u, journey_agg(t + held(n, 59990) * interval '0', e) AS p FROM events GROUP BY u) AS s" ]);
my %expected = map { $_ => $node->safe_psql('postgres', "SET work_mem = '1GB'; $queries{$_}[1]") } keys %queries;

# The extension is dropped and made again meanwhile.  Who is at work comes to the
# end, or to an error; the next query finds what is new.
my %sessions = map { $_ => held(@{ $queries{$_} }) } keys %queries;
my $cursor = FunnelSession->new($node, 'postgres');
my ($first) = $cursor->ask("$serial PREPARE again AS $cursors{groups}; BEGIN; DECLARE c CURSOR FOR $cursors{groups}; FETCH c");
$node->safe_psql('postgres', 'DROP EXTENSION funnel');
append_to_file($node->data_dir . '/go', '');
foreach my $what (sort keys %queries)
{
	my ($out, $error) = $sessions{$what}->answer;

	like($error eq '' ? $out : $error, qr/^\Q$expected{$what}\E$|ERROR:  (42\w+|XX000): .*(does not exist|cache lookup failed|has no row type)/s,
		"dropped: $what: the right answer, or an error") or next;
	note $error;
	like(($sessions{$what}->ask($queries{$what}[1]))[1], qr/ERROR:  42883: /, "dropped: $what: it is gone");
}
my ($rest, $error) = $cursor->ask('FETCH ALL FROM c');
$cursor->ask('COMMIT');
is($node->safe_psql('postgres', $files), '0', 'dropped: no file is left');
$node->safe_psql('postgres', 'CREATE EXTENSION funnel');
foreach my $what (sort keys %queries)
{
	is_deeply([ $sessions{$what}->ask($queries{$what}[1]) ], [ $expected{$what}, '' ], "made again: $what");
	$sessions{$what}->quit;
}
is("$first\n$rest", ($cursor->ask('EXECUTE again'))[0], 'a cursor went on, and a prepared statement finds what is new');
is($error, '', 'without an error');
$cursor->quit;

# The server is shut down.
unlink $node->data_dir . '/go' or die "could not remove the file: $!";
%sessions = map { $_ => held(@{ $queries{$_} }) } keys %queries;
my $idle = FunnelSession->new($node, 'postgres');
$idle->ask("$serial BEGIN; DECLARE c CURSOR FOR $cursors{groups}; FETCH c");
cmp_ok($node->safe_psql('postgres', $files), '>=', 4, 'shut down: there are files');
$node->stop('fast');
like(($sessions{$_}->answer)[1], qr/57P01|server closed the connection/, "shut down: $_") foreach sort keys %queries;
is_deeply([ glob($node->data_dir . '/base/pgsql_tmp/*') ], [], 'shut down: no file is left');
append_to_file($node->data_dir . '/go', '');
$node->start;
is($node->safe_psql('postgres', "$queries{$_}[0] $queries{$_}[1]"), $expected{$_}, "started again: $_") foreach sort keys %queries;

# A plan runs again that hands over more files within the process than the server
# keeps open, and so it finds them by their names.
$node->append_conf('postgresql.conf', 'max_files_per_process = 100');
$node->restart;
$node->safe_psql(
	'postgres', q{
	CREATE TABLE pieces (p int, country int, u text, t timestamptz, e text) PARTITION BY LIST (p);
	CREATE TABLE pieces_0 PARTITION OF pieces FOR VALUES IN (0);
	CREATE TABLE pieces_1 PARTITION OF pieces FOR VALUES IN (1);
	CREATE TABLE pieces_2 PARTITION OF pieces FOR VALUES IN (2);
	INSERT INTO pieces
	SELECT n % 3, n % 40, repeat('x', 120) || n / 480, timestamptz '2026-01-01Z' + (hashint4(n) & 65535) * interval '1 minute', substr('ab', 1 + (hashint4(n) & 1), 1)
	FROM generate_series(1, 180000) n;
	ANALYZE pieces;});
my $again = "SELECT g, (SELECT md5(string_agg(r::text, '|' ORDER BY country)) || left(g::text, 0) FROM (SELECT country, $call AS r FROM pieces GROUP BY country) s)
	FROM generate_series(1, 3) g";
my $within = "SET work_mem = '1MB'; SET max_parallel_workers_per_gather = 0; SET enable_partitionwise_aggregate = on;";
like($node->safe_psql('postgres', "$within EXPLAIN (COSTS OFF) $again"), qr/SubPlan.*Sort.*Append.*Partial HashAggregate/s, 'a plan that hands over, in a subplan');
is( $node->safe_psql('postgres', "$within $again"),
	$node->safe_psql('postgres', "SET work_mem = '1GB'; $again"),
	'more files than may be open: right each time');
is($node->safe_psql('postgres', $files), '0', 'no file is left in the end');

$node->stop;
done_testing();
