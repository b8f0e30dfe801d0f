# The recipes for incremental upkeep of a table of journeys, with writers and
# upkeep at the same time: step by step in test/specs, and in the thick of it;
# and that of a queue, while a transaction is held open.
use strict;
use warnings;

use FunnelSession;
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

# The queue of docs/sharding.md
my ($queue) = slurp_file('docs/sharding.md') =~ /^(CREATE TABLE inbox .*?)^```/ms;
$node->safe_psql('postgres', $queue);
$node->safe_psql('postgres', q{
	CREATE TABLE written (LIKE inbox);
	CREATE FUNCTION also_written() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO written VALUES (NEW.*);
		RETURN NULL;
	END $$;
	CREATE TRIGGER also AFTER INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION also_written()});
append_to_file("$scripts/queue.sql", slurp_file("$scripts/write.sql") =~ s/INTO events/INTO inbox/gr);
append_to_file("$scripts/abort_queue.sql", "BEGIN;\nINSERT INTO inbox VALUES (1, '2026-01-01', 'never');\nROLLBACK;\n");
append_to_file("$scripts/take.sql", "CALL take_inbox();\n");
append_to_file("$scripts/take_and_fail.sql", "BEGIN;\nCALL take_inbox();\nROLLBACK;\n");
SKIP:
{
	skip 'pgbench is not installed', 4 unless -x $bench;

	# Begun before all others, and committed when they are done.
	my $held = FunnelSession->new($node, 'postgres');
	$held->ask(q{BEGIN; INSERT INTO inbox SELECT g, '2026-01-01Z'::timestamptz + g * interval '1 h', 'held' FROM generate_series(1, 40) g});

	my @connection = ('-h', $node->host, '-p', $node->port, 'postgres');
	my $taking = IPC::Run::start([
			$bench, '--no-vacuum', '--client=1', '--transactions=60', '-f', "$scripts/take.sql\@2",
			'-f', "$scripts/take_and_fail.sql\@1", @connection ],
		'>', \my $taken, '2>', \my $taken_error);
	command_ok([
			$bench, '--no-vacuum', '--client=6', '--transactions=150', '-f', "$scripts/queue.sql\@6",
			'-f', "$scripts/abort_queue.sql\@1", @connection ],
		'six clients write into a queue');
	ok($taking->finish, 'while one takes') or diag($taken_error);
	$node->safe_psql('postgres', 'CALL take_inbox()');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM queued_journeys, journey_events(journey) AS e WHERE e.event = 'held'}),
		'0', 'what is not committed is not taken');
	$held->ask('COMMIT');
	$held->quit;
	$node->safe_psql('postgres', 'CALL take_inbox()');
	is( $node->safe_psql('postgres', q{
		SELECT (SELECT count(*) FROM written WHERE event = 'held'), (SELECT count(*) > 1000 FROM written),
			(SELECT count(*) FROM inbox), count(*) FILTER (WHERE journey IS DISTINCT FROM all_of_it)
		FROM queued_journeys
		FULL JOIN (SELECT user_id, journey_agg(ts, event) AS all_of_it FROM written GROUP BY user_id) AS w USING (user_id)}),
		'40|t|0|0', 'no event is lost, none is there twice');
}

done_testing();
