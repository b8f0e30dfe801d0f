# A primary that is stopped at once while reports are made, and a standby that
# takes over meanwhile: what was stored is what it was, on the new primary and on
# the old one when it starts again; nothing half made and no temporary file is
# there; the same jobs then do what they should.  Queries of the standby do not
# notice.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = FunnelTest::node('primary',
	"autovacuum = off\njit = off\nwork_mem = '64kB'\nhash_mem_multiplier = 1\nlog_statement = none\n",
	allows_streaming => 1);

# Who comes to a value waits there, if asked to, until there is a file "go".
# Those who write come by it in an index or a constraint.
$primary->safe_psql(
	'postgres', q{
	CREATE FUNCTION held(x int, here int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
	BEGIN
		WHILE x = here AND current_setting('my.held', true) = 'yes' AND (pg_stat_file('go', true)).size IS NULL LOOP
			PERFORM pg_sleep(0.02);
		END LOOP;
		RETURN x;
	END $$;
	CREATE TABLE events AS
	SELECT n, n / 50001 + 1 AS batch, n % 5 AS g, (hashint4(n) & 65535) % 2000 AS u, timestamptz '2026-01-01Z' + n * interval '1 s' AS t,
		substr('abcx', 1 + (hashint8(n) & 3), 1) AS e
	FROM generate_series(1, 50000) n;
	ANALYZE events;});

my $def = q{'a -> b -> c within 1 day'};
my $parallel = q{SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off; SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;};
my $serial = 'SET max_parallel_workers_per_gather = 0; SET enable_hashagg = off;';

# Groups come one after another, and the last stops in its middle.
my $by_group = qq{SELECT g, funnel_agg(u, t, e, $def) AS result, count(held(n, 79999)) FROM events GROUP BY g};
my $flow = 'SELECT flow_agg(u, t, e, 3) AS edges, count(held(n, 79999)) FROM events';

# What is stored, what makes it, and what it is then
my %stored = (
	refreshed => [
		"CREATE MATERIALIZED VIEW refreshed AS $by_group",
		'REFRESH MATERIALIZED VIEW refreshed', $by_group ],
	flows => [
		"CREATE MATERIALIZED VIEW flows AS $flow",
		"$parallel REFRESH MATERIALIZED VIEW flows", $flow ],
	conc => [
		"CREATE MATERIALIZED VIEW conc AS $by_group; CREATE UNIQUE INDEX ON conc (g)",
		'REFRESH MATERIALIZED VIEW CONCURRENTLY conc', $by_group ],
	compared => [
		"CREATE MATERIALIZED VIEW compared AS SELECT g, funnel_agg(u, t, e, $def) AS result FROM events GROUP BY g;
		CREATE UNIQUE INDEX ON compared (g); CREATE INDEX ON compared (held(g, 3))",
		'REFRESH MATERIALIZED VIEW CONCURRENTLY compared', "SELECT g, funnel_agg(u, t, e, $def) AS result FROM events GROUP BY g" ],
	journeys => [
		'CREATE TABLE journeys AS SELECT u, journey_agg(t, e) AS journey FROM events GROUP BY u;
		CREATE UNIQUE INDEX ON journeys (u); ALTER TABLE journeys ADD CHECK (held(u, 1500) >= 0)',
		'INSERT INTO journeys SELECT u, journey_agg(t, e) FROM events WHERE batch = 2 GROUP BY u ORDER BY u
		ON CONFLICT (u) DO UPDATE SET journey = journeys.journey || EXCLUDED.journey',
		'SELECT u, journey_agg(t, e) FROM events GROUP BY u' ],
	results => [
		"CREATE TABLE results AS SELECT g, funnel_agg(ROW(batch, u), t, e, $def) AS result FROM events GROUP BY g;
		CREATE UNIQUE INDEX ON results (g); ALTER TABLE results ADD CHECK (held(g, 3) >= 0)",
		"INSERT INTO results SELECT g, funnel_agg(ROW(batch, u), t, e, $def) FROM events WHERE batch = 2 GROUP BY g ORDER BY g
		ON CONFLICT (g) DO UPDATE SET result = (SELECT funnel_merge(r) FROM (VALUES (results.result), (EXCLUDED.result)) AS v (r))",
		"SELECT g, funnel_agg(ROW(batch, u), t, e, $def) FROM events GROUP BY g" ]);
$primary->safe_psql('postgres', "$serial $stored{$_}[0]") foreach sort keys %stored;

sub digest
{
	my ($node, $query) = @_;

	return $node->safe_psql('postgres', "SET work_mem = '1GB'; SELECT count(*), md5(string_agg(r::text, '|' ORDER BY r::text)) FROM ($query) AS r");
}
my %before = map { $_ => digest($primary, "TABLE $_") } keys %stored;
is($before{$_}, digest($primary, $stored{$_}[2]), "$_ at first") foreach sort keys %stored;

# Events to come are half of all.
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', q{INSERT INTO events SELECT n + 50000, 2, g, u, t + interval '50000 s', e FROM events; ANALYZE events});
my %after = map { $_ => digest($primary, $stored{$_}[2]) } keys %stored;
isnt($after{$_}, $before{$_}, "$_ is to change") foreach sort keys %stored;

# All files, and directories of what workers hand over
my $tmpdir = q{pg_ls_dir('base/pgsql_tmp', true, false)};

# Who is asked to, and got to its middle
sub held
{
	my ($node, $settings, $query) = @_;
	my $session = FunnelSession->new($node, 'postgres');

	$session->ask("\\set VERBOSITY verbose\n$settings SET my.held = 'yes'");
	$session->send($query);
	$node->poll_query_until('postgres',
		"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND " . $session->pid . ' IN (pid, leader_pid))')
	  or die "not held: $query";
	return $session;
}
my @jobs = map { held($primary, $serial, $stored{$_}[1]) } sort keys %stored;
push @jobs, held($primary, $parallel, "CREATE TABLE never AS $flow");
cmp_ok($primary->safe_psql('postgres', "SELECT count(*) FROM $tmpdir"), '>=', 4, 'files of the primary');

# The standby has all that was written so far, and is at work itself.
$primary->safe_psql('postgres', 'CREATE TABLE witness ()');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
my %queries = (
	'a serial plan' => [ $serial, "SELECT md5(funnel_agg(u, t, e, $def)::text), count(held(n, 79999)) FROM events" ],
	'a parallel plan' => [ $parallel, "SELECT md5(funnel_agg(u, t, e, $def)::text), count(held(n, 79999)) FROM events" ],
	'a window' => [ $serial, "SELECT md5(r::text) FROM (SELECT funnel_agg(u, t + held(n, 79999) * interval '0', e, $def) OVER () AS r, row_number() OVER () AS row FROM events) AS w WHERE row = 1" ],
	'journeys' => [ $serial, "SELECT md5(funnel_agg(journey, $def)::text), count(held(u, 1500)) FROM journeys" ]);
my %expected = map { $_ => $standby->safe_psql('postgres', "SET work_mem = '1GB'; $queries{$_}[1]") } keys %queries;
my %sessions = map { $_ => held($standby, @{ $queries{$_} }) } keys %queries;
my $reader = FunnelSession->new($standby, 'postgres');
$reader->ask("$serial BEGIN; DECLARE groups CURSOR FOR $by_group ORDER BY g");
my @groups = ($reader->ask('FETCH 2 FROM groups'))[0];
cmp_ok($standby->safe_psql('postgres', "SELECT count(*) FROM $tmpdir"), '>=', 3, 'files of the standby');

$primary->stop('immediate');
like(($_->answer)[1], qr/server closed the connection|terminating connection|could not receive/, 'the primary is gone') foreach @jobs;
$standby->promote;
append_to_file($standby->data_dir . '/go', '');
foreach my $name (sort keys %queries)
{
	is_deeply([ $sessions{$name}->answer ], [ $expected{$name}, '' ], "$name goes on through the promotion");
	$sessions{$name}->quit;
}
push @groups, ($reader->ask('FETCH ALL FROM groups'))[0];
is(join("\n", @groups), $standby->safe_psql('postgres', "SET work_mem = '1GB'; $by_group ORDER BY g"), 'so does a cursor');
is_deeply([ $reader->ask('COMMIT') ], [ '', '' ], 'and its transaction');
$reader->quit;

# The old primary recovers for itself.
$primary->start;
foreach my $node ($standby, $primary)
{
	my $name = $node->name;

	is($node->safe_psql('postgres', "SELECT count(*) FROM $tmpdir"), '0', "$name: no file is left");
	is($node->safe_psql('postgres', q{SELECT to_regclass('never') IS NULL AND to_regclass('witness') IS NOT NULL}), 't', "$name: what was committed is there");
	foreach my $what (sort keys %stored)
	{
		is(digest($node, "TABLE $what"), $before{$what}, "$name: $what is what it was");
		$node->safe_psql('postgres', "$serial $stored{$what}[1]");
		is(digest($node, "TABLE $what"), $after{$what}, "$name: $what is made again");
	}
	is($node->safe_psql('postgres', "SELECT count(*) FROM $tmpdir"), '0', "$name: no file is left in the end");
	$node->stop;
}
done_testing();
