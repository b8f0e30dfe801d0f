# The recipe for incremental upkeep of a table of journeys, with writers and
# upkeep at the same time: step by step in test/specs, and in the thick of it.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('upkeep');
my $spec = slurp_file('test/specs/journey_upkeep.spec');

# Step by step
SKIP:
{
	my $tester = $ENV{PG_REGRESS} // '';
	$tester =~ s{regress/pg_regress$}{isolation/pg_isolation_regress};
	skip 'pg_isolation_regress is not installed', 1 unless -x $tester;

	my $output = "$PostgreSQL::Test::Utils::tmp_check/isolation";
	mkdir $output;
	my $failed = system_log($tester, '--inputdir=test', "--outputdir=$output",
		'--bindir=' . $node->config_data('--bindir'), '--load-extension=funnel',
		'--host=' . $node->host, '--port=' . $node->port, '--dbname=isolation',
		'journey_upkeep');
	ok(!$failed, 'each event gets in exactly once, step by step');
	diag(slurp_file("$output/regression.diffs")) if $failed;
}

# In the thick of it: the tables are those of the specification.
my ($setup) = $spec =~ /^setup\n\{(.*?)^\}/ms;
$node->safe_psql('postgres', $setup);

my $scripts = $PostgreSQL::Test::Utils::tmp_check;
append_to_file("$scripts/write.sql", <<'SQL');
\set user random(1, 50)
\set wait random(0, 3)
\set ago random(0, 100000)
BEGIN;
INSERT INTO events VALUES (:user, timestamptz '2026-01-01' + :ago * interval '1 s', 'event ' || :user % 7);
\sleep :wait ms
INSERT INTO events VALUES (:user, timestamptz '2026-01-01' + :ago * interval '2 s', NULL);
COMMIT;
SQL
append_to_file("$scripts/abort.sql", <<'SQL');
BEGIN;
INSERT INTO events VALUES (1, '2026-01-01', 'never');
ROLLBACK;
SQL
append_to_file("$scripts/upkeep.sql", "CALL journeys_catch_up();\n");
append_to_file("$scripts/failing.sql",
	"BEGIN;\nCALL journeys_catch_up();\nROLLBACK;\n");

my $bench = $node->config_data('--bindir') . '/pgbench';
SKIP:
{
	skip 'pgbench is not installed', 2 unless -x $bench;
	command_ok(
		[
			$bench, '--no-vacuum', '--client=8', '--transactions=150',
			'-f', "$scripts/write.sql\@6", '-f', "$scripts/abort.sql\@1",
			'-f', "$scripts/upkeep.sql\@2", '-f', "$scripts/failing.sql\@1",
			'-h', $node->host, '-p', $node->port, 'postgres'
		],
		'eight clients write and keep up, and some fail');
	$node->safe_psql('postgres', 'CALL journeys_catch_up()');
	is( $node->safe_psql(
			'postgres', q{
		SELECT count(*) > 500, count(*) FILTER (WHERE l.event IS NULL AND j.ord IS NULL
			OR l.ord IS NULL OR j.ord IS NULL)
		FROM (SELECT user_id, ts, event, row_number() OVER (PARTITION BY user_id ORDER BY ts, event COLLATE "C") AS ord
			FROM events) AS l
		FULL JOIN (SELECT user_id, e.* FROM journeys, journey_events(journey) AS e) AS j USING (user_id, ord)
		WHERE true}),
		't|0', 'no event is lost, none is there twice');
	is( $node->safe_psql(
			'postgres', q{
		SELECT count(*) FROM journeys
		JOIN (SELECT user_id, journey_agg(ts, event) AS all_of_it FROM events GROUP BY user_id) e USING (user_id)
		WHERE journey <> all_of_it}),
		'0', 'and the journeys are those of a rebuild');
}

done_testing();
