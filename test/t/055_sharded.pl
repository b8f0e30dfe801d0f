# What a front end of sharded servers does with an aggregate whose state is no
# internal type: each shard runs the transition function and hands its state on
# as text, the front runs the combine function.  Neither has an fn_extra that
# survives a row, nor an expression to look types up in.  journey_agg, whose
# state is internal, is run the same way up to its result.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $cc = `$config --cc`);
chomp(my $include = `$config --includedir-server`);
my $library = PostgreSQL::Test::Utils::tempdir() . '/relay';

plan skip_all => 'no compiler'
  if system("$cc -O1 -fPIC -shared -isystem $include -o $library.so test/sharded/relay.c 2>/dev/null") != 0;

my $node = FunnelTest::node('sharded');
my $definition = q{'a -> b -[!x]-> c within 3 days'::funnel_def};

$node->safe_psql('postgres', qq{
	CREATE FUNCTION relay_finalfn(internal) RETURNS text AS '$library' LANGUAGE C;
	CREATE FUNCTION relay_transfn(internal, oid, funnel_progress)
		RETURNS internal AS '$library' LANGUAGE C;
	CREATE FUNCTION relay_transfn(internal, oid, funnel_result)
		RETURNS internal AS '$library' LANGUAGE C;
	CREATE FUNCTION relay_transfn(internal, oid, funnel_journey, funnel_def)
		RETURNS internal AS '$library' LANGUAGE C;
	CREATE FUNCTION relay_transfn(internal, oid, timestamptz, text)
		RETURNS internal AS '$library' LANGUAGE C;
	CREATE AGGREGATE relay(oid, funnel_journey, funnel_def)
		(SFUNC = relay_transfn, STYPE = internal, FINALFUNC = relay_finalfn);
	CREATE AGGREGATE relay(oid, timestamptz, text)
		(SFUNC = relay_transfn, STYPE = internal, FINALFUNC = relay_finalfn);
	CREATE AGGREGATE relay(oid, funnel_progress)
		(SFUNC = relay_transfn, STYPE = internal, FINALFUNC = relay_finalfn);
	CREATE AGGREGATE relay(oid, funnel_result)
		(SFUNC = relay_transfn, STYPE = internal, FINALFUNC = relay_finalfn);
	CREATE TABLE events AS
		SELECT hashint4(i) & 1023 AS u, (ARRAY['a', 'b', 'c', 'x', 'b'])[1 + (hashint4(-i) & 65535) % 5] AS e,
			timestamptz '2026-01-01' + (hashint4(i + 1000000) & 16383) * interval '1 min' AS ts
		FROM generate_series(1, 20000) i;
	CREATE TABLE progress AS
		SELECT u % 5 AS shard, funnel_progress_agg(ts, e, $definition) AS p FROM events GROUP BY u;
	CREATE TABLE whole AS SELECT funnel_agg(u, ts, e, $definition) AS r FROM events;
	CREATE TABLE shards AS
		SELECT shard, relay((SELECT aggtransfn FROM pg_aggregate
				WHERE aggfnoid = 'funnel_agg(funnel_progress)'::regprocedure)::oid, p) AS state
		FROM progress GROUP BY shard;
});

is( $node->safe_psql('postgres', q{SELECT count(*), string_agg(DISTINCT split_part(state, ':', 1), ' ') FROM shards}),
	'5|0', 'a state is never copied while it grows');
is( $node->safe_psql('postgres',
		q{SELECT funnel_merge(substr(state, strpos(state, ':') + 1)::funnel_result)::text = r::text
		  FROM shards, whole GROUP BY r::text}),
	't', 'the shards make the whole, merged by the server');
is( $node->safe_psql('postgres',
		q{SELECT relay((SELECT aggcombinefn FROM pg_aggregate
				WHERE aggfnoid = 'funnel_agg(funnel_progress)'::regprocedure)::oid,
			CASE WHEN n = 1 THEN substr(state, strpos(state, ':') + 1)::funnel_result END) = '0:' || r::text
		  FROM shards, whole, generate_series(0, 2) n GROUP BY r::text}),
	't', 'the shards make the whole, combined by the front, NULL among them');
is( $node->safe_psql('postgres',
		q{SELECT relay((SELECT aggtransfn FROM pg_aggregate
				WHERE aggfnoid = 'funnel_merge(funnel_result)'::regprocedure)::oid,
			substr(state, strpos(state, ':') + 1)::funnel_result) = '0:' || r::text
		  FROM shards, whole GROUP BY r::text}),
	't', 'so does funnel_merge');

# journeys: funnels over them, and building them, whose state is internal
is( $node->safe_psql('postgres', qq{
		SELECT relay((SELECT aggtransfn FROM pg_aggregate
				WHERE aggfnoid = 'funnel_agg(funnel_journey, funnel_def)'::regprocedure)::oid,
			j, $definition) = '0:' || r::text
		FROM (SELECT journey_agg(ts, e) AS j FROM events GROUP BY u) AS j, whole GROUP BY r::text}),
	't', 'a funnel over journeys');
is( $node->safe_psql('postgres', q{
		SELECT count(*), bool_and(relayed = '0:' || journey)
		FROM (SELECT relay((SELECT aggtransfn FROM pg_aggregate
					WHERE aggfnoid = 'journey_agg(timestamptz, text)'::regprocedure)::oid,
				ts, e || u % 7) AS relayed, journey_agg(ts, e || u % 7)::text AS journey
			FROM events GROUP BY u % 50) AS j}),
	'50|t', 'journeys');

$node->stop;
done_testing();
