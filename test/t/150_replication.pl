# Every type goes through logical replication, as text and in binary, by the
# first copy and by each kind of change; and is the same on a standby, before
# and after it takes over.
use strict;
use warnings;

use FunnelTest;
use FunnelTypes;
use Test::More;

my $publisher = FunnelTest::node('publisher', "max_wal_senders = 20\nmax_replication_slots = 20\n",
	allows_streaming => 'logical');
my $subscriber = FunnelTest::node('subscriber',
	"max_logical_replication_workers = 10\nmax_worker_processes = 20\nwal_retrieve_retry_interval = '100ms'\n",
	allows_streaming => 'logical');

FunnelTypes::create_empty($publisher, 'origin');

# Tables without a key are found by their whole rows.
FunnelTypes::query($publisher, 'origin',
	join '', map { "ALTER TABLE $_ REPLICA IDENTITY FULL;" } qw(
		hashed events progress_keys stage_list stage_list_1 stage_list_2 stage_list_d stage_range stage_range_1
		stage_range_2 stage_range_d domain_list domain_list_1 domain_list_d definition_list definition_list_1
		definition_list_d definition_range definition_range_1 definition_range_2 definition_hash definition_hash_0
		definition_hash_1 result_range result_range_1 result_range_2 result_hash result_hash_0 result_hash_1
		journey_range journey_range_1 journey_range_2 journey_hash journey_hash_0 journey_hash_1
		progress_hash progress_hash_0 progress_hash_1 position_range position_range_1 position_range_2));
FunnelTypes::query(
	$publisher, 'origin', q{
	CREATE PUBLICATION leaves FOR ALL TABLES;
	CREATE PUBLICATION roots FOR ALL TABLES WITH (publish_via_partition_root)});

my $origin = $publisher->connstr . ' dbname=origin';
sub subscribe
{
	my ($name, $publication, $options) = @_;

	FunnelTypes::create_empty($subscriber, $name);
	$subscriber->safe_psql($name,
		"CREATE SUBSCRIPTION $name CONNECTION '$origin' PUBLICATION $publication WITH ($options)");
}
subscribe('changes_text', 'leaves', 'copy_data = off');
subscribe('changes_binary', 'roots', 'copy_data = off, binary');
FunnelTypes::fill($publisher, 'origin');
subscribe('copy_text', 'roots', 'copy_data = on');
subscribe('copy_binary', 'leaves', 'copy_data = on, binary');
my @subscriptions = qw(changes_text changes_binary copy_text copy_binary);
$subscriber->wait_for_subscription_sync($publisher, $_, $_) foreach qw(copy_text copy_binary);

sub all_the_same
{
	my ($what) = @_;

	FunnelTypes::refresh($publisher, 'origin');
	my $contents = FunnelTypes::contents($publisher, 'origin');

	foreach my $name (@subscriptions)
	{
		$publisher->wait_for_catchup($name);
		FunnelTypes::refresh($subscriber, $name);
		is(FunnelTypes::contents($subscriber, $name), $contents, "$what: $name");
	}
	return $contents;
}
my $before = all_the_same('inserted');

# By a key, by the whole row, and from partition to partition; values that are
# stored apart are not sent again unless they change.
FunnelTypes::query(
	$publisher, 'origin', q{
	UPDATE everything SET stage = funnel_stage(stage::int + 1, stage_name(stage) || '!'), result = results[3] WHERE id % 3 = 0 AND id < 1000;
	UPDATE everything SET journey = journey || '[["2027-01-01T00:00:00Z", "late"]]' WHERE id % 5 = 0 OR id = 1003;
	UPDATE everything SET definition = 'only -> "one thing"' WHERE id IN (1, 1003);
	DELETE FROM everything WHERE id % 11 = 0;
	DELETE FROM referring WHERE id % 2 = 0;
	UPDATE stage_keys SET stage = '777' WHERE stage = (SELECT max(stage) FROM stage_keys);
	DELETE FROM journey_keys WHERE journey NOT IN (SELECT journey FROM referring WHERE journey IS NOT NULL);
	UPDATE hashed SET progress = NULL, journey = journey_slice(journey, '2026-01-01Z', 'infinity') WHERE id % 4 = 0;
	DELETE FROM hashed WHERE id % 7 = 0;
	UPDATE stage_list SET v = '2:cart' WHERE v = '1:visit';
	DELETE FROM stage_list WHERE v IS NULL;
	UPDATE stage_range SET v = funnel_stage(5 - v::int, stage_name(v)) WHERE v::int < 5;
	UPDATE stage_hash SET v = funnel_stage(v::int + 1000, 'from ' || stage_name(v)) WHERE v::int < 1000;
	UPDATE definition_list SET v = 'visit -> buy' WHERE id % 2 = 0;
	DELETE FROM definition_hash WHERE v = 'visit -> buy';
	UPDATE journey_range SET v = '[]' WHERE id % 2 = 0;
	UPDATE result_hash SET v = funnel_result(funnel_definition(v)) WHERE id % 2 = 0 AND v IS NOT NULL;
	DELETE FROM result_range WHERE v = funnel_result('visit'::funnel_def) OR id % 3 = 0;
	UPDATE journey_hash SET v = v || v;
	DELETE FROM progress_hash WHERE (v).outcome = 'absent';
	TRUNCATE domain_list;
	INSERT INTO domain_list SELECT id, d_stage FROM everything});
isnt(all_the_same('changed'), $before, 'there was a change');

# The whole cluster, to the byte
$publisher->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($publisher, 'base', has_streaming => 1);
$standby->start;
FunnelTypes::query($publisher, 'origin',
	q{UPDATE everything SET stage = '9:standby' WHERE id = 5; REINDEX INDEX everything_journey_idx});
$publisher->wait_for_catchup($standby);
my $contents = FunnelTypes::contents($publisher, 'origin');
is(FunnelTypes::contents($standby, 'origin'), $contents, 'on a standby');

$publisher->stop('immediate');
$standby->promote;
is(FunnelTypes::contents($standby, 'origin'), $contents, 'after it has taken over');
is( FunnelTypes::query(
		$standby, 'origin', q{
		INSERT INTO everything (id, stage) VALUES (6000, '10:"after"');
		UPDATE everything SET journey = journey || journey WHERE id = 1003;
		SELECT found('everything', 'stage') = format('%1$s found of %1$s', count(stage)), max(journey_length(journey)) FROM everything}),
	't|40002',
	'and is written to');

$standby->stop;
$subscriber->stop;
done_testing();
