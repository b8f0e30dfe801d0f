# Units are equal if their collation says so: that of the unit, whatever the
# others are.  Needs a server with ICU, which alone has collations under which
# different bytes are equal.
use strict;
use warnings;

use FunnelTest;
use Test::More;

my $node = FunnelTest::node('main');

plan skip_all => 'this server is built without ICU'
  if $node->safe_psql('postgres',
	q{SELECT count(*) FROM pg_collation WHERE collprovider = 'i'}) eq '0';

$node->safe_psql(
	'postgres', q{
	CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	CREATE DOMAIN name_of AS text COLLATE caseless;
	CREATE TABLE events (u text COLLATE caseless, d name_of, b text, t timestamptz, e text);
	INSERT INTO events
	SELECT v, v, v, timestamptz '2026-01-01Z' + n * interval '1 min', CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END
	FROM generate_series(0, 19999) n,
		 LATERAL (SELECT CASE n % 2 WHEN 0 THEN 'Ann ' ELSE 'ANN ' END || n / 4) x(v)});

# How many there are and how many of them get to the second step.
sub funnel
{
	my ($unit, $settings) = @_;

	return $node->safe_psql(
		'postgres', ($settings // '') . qq{;
		SELECT string_agg(users::text, ' ' ORDER BY step)
		FROM (SELECT funnel_agg($unit, t, e, 'a -> b') AS r FROM events) s, funnel_report(r)});
}

is(funnel('u'), '5000 5000', 'units of a column whose collation is caseless');
is(funnel('d'), '5000 5000', 'of a domain');
is(funnel('b'), '5000 0', 'of a column whose collation is not');
is(funnel('b COLLATE caseless'), '5000 5000', 'the collation of the unit by a clause');
is(funnel('u COLLATE "C"'), '5000 0', 'and the other way round');
is(funnel('ROW(u, 1)'), '5000 5000', 'in a row');
is(funnel('ARRAY[u]'), '5000 5000', 'in an array');
is( $node->safe_psql(
		'postgres', q{
		SELECT funnel_units(funnel_agg(u, t, e COLLATE "C", 'a -> b')) FROM events}),
	'5000', 'the label may have another');

my $parallel = q{
	SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0;
	SET parallel_leader_participation = off};
is(funnel('u', $parallel), '5000 5000', 'in a parallel plan');
is(funnel('b COLLATE caseless', $parallel), '5000 5000', 'by a clause in a parallel plan');

done_testing();
