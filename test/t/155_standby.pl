# Funnels on a hot standby: parallel plans and temporary files as on the primary,
# the same answers, and a conflict with recovery is an error that leaves nothing.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = FunnelTest::node('primary', "autovacuum = off\n", allows_streaming => 1);
$primary->safe_psql('postgres', q{
	CREATE TABLE events AS
	SELECT (hashint4(i) & 65535) % 9000 AS u, timestamptz '2026-01-01Z' + i * interval '7 s' AS ts,
		(ARRAY['a', 'b', 'c', 'x'])[1 + (hashint4(-i) & 65535) % 4] AS e
	FROM generate_series(1, 200000) AS i;
	CREATE TABLE journeys AS SELECT u, journey_agg(ts, e) AS j FROM events GROUP BY u;
	ANALYZE;});

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf',
	"max_standby_streaming_delay = '1s'\nwork_mem = '64kB'\nhash_mem_multiplier = 1\njit = off\n");
$standby->start;
$primary->wait_for_catchup($standby);

my $parallel = q{SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; };
my $serial = 'SET max_parallel_workers_per_gather = 0; ';
my $definition = q{'a -> b -[!x]-> c within 1 day'};
my %queries = (
	'the whole set' => "SELECT funnel_agg(u, ts, e, $definition) FROM events",
	'by key' => "SELECT funnel_agg_by(u, ts, e, $definition, ts::date::text) FROM events",
	'units' => "SELECT md5(string_agg(p::text, '|' ORDER BY u)) FROM (SELECT u, funnel_progress_agg(ts, e, $definition) AS p FROM events GROUP BY u) AS p",
	'journeys' => "SELECT funnel_agg(j, $definition) FROM journeys");

foreach my $what (sort keys %queries)
{
	my $expected = $primary->safe_psql('postgres', "SET work_mem = '1GB'; $queries{$what}");

	is($standby->safe_psql('postgres', "$_$queries{$what}"), $expected, $what) foreach $serial, $parallel;
}
like($standby->safe_psql('postgres', "$parallel EXPLAIN $queries{'the whole set'}"), qr/Gather.*Partial Aggregate/s, 'with workers');
like($standby->safe_psql('postgres', "$serial EXPLAIN (ANALYZE, BUFFERS) $queries{'the whole set'}"), qr/temp read=\d+ written=\d+/,
	'and files');

# A funnel that is at its work when the primary locks the table, as DROP, TRUNCATE
# and much else do, and stays there.
my $session = FunnelSession->new($standby, 'postgres');
$session->ask("\\set VERBOSITY verbose\n$serial");
$session->send("SELECT funnel_agg(u, ts + n * interval '1 h', e, $definition) FROM events, generate_series(1, 1000000) AS n");
$standby->poll_query_until('postgres', 'SELECT EXISTS (SELECT FROM pg_ls_tmpdir())') or die 'it writes no file';
$primary->safe_psql('postgres', 'BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE; COMMIT');
my ($out, $error) = $session->answer;
like($error, qr/ERROR:  40001: canceling statement due to conflict with recovery/, 'a conflict with recovery is an error');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no file is left');
# The standby may ask once more, while the query is being ended.  Up to PostgreSQL 16
# that can end the session, with the same SQLSTATE.
($out, $error) = $session->ask($queries{'the whole set'});
if ($error =~ /connection to server was lost/)
{
	like(slurp_file($standby->logfile), qr/FATAL:  terminating connection due to conflict with recovery/, 'the session is ended');
	$session = FunnelSession->new($standby, 'postgres');
	($out, $error) = $session->ask($queries{'the whole set'});
}
is("$out$error", $primary->safe_psql('postgres', $queries{'the whole set'}), 'and the session goes on, or another one');

$session->quit;
$standby->stop;
$primary->stop;
done_testing();
