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
	CREATE TABLE events (u text COLLATE caseless, d name_of, b text, t timestamptz, e text, c text COLLATE "C", p text COLLATE "POSIX", n int);
	INSERT INTO events
	SELECT v, v, v, timestamptz '2026-01-01Z' + n * interval '1 min', e, e, e, n
	FROM generate_series(0, 19999) n,
		 LATERAL (SELECT CASE n % 2 WHEN 0 THEN 'Ann ' ELSE 'ANN ' END || n / 4,
			CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END) x(v, e)});

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

# A window call does not tell its aggregate the collation of each argument, only
# the one that it has in common for them.  Where that is not the unit's, and it
# matters, there is no answer rather than another one.
sub window
{
	my ($unit, $event) = @_;
	my ($status, $out, $error) = $node->psql('postgres', qq{\\set VERBOSITY sqlstate
		SELECT string_agg(users::text, ' ' ORDER BY step)
		FROM (SELECT funnel_agg($unit, t, $event, 'a -> b') OVER () AS r FROM events WHERE n < 400 LIMIT 1) s,
			funnel_report(r)});
	return $error =~ /ERROR:  (\w+)/ ? $1 : $out;
}

is(window('u', 'e'), '100 100', 'in a window call: the collation of the unit');
is(window('b', 'e'), '100 0', 'of a unit without another');
is(window('n / 4', 'e COLLATE caseless'), '100 100', 'a unit without a collation');
is(window('b', 'e COLLATE "C"'), '100 0', 'two collations that know bytes only');
is(window('u COLLATE caseless', 'e'), '100 100', 'by a clause');
is(window('u', 'e COLLATE "C"'), '42P22', 'not the unit\'s, by a clause on the event');
is(window('u', 'c'), '42P22', 'nor of two columns with different ones');
is(window('b', 'e COLLATE caseless'), '42P22', 'nor the event\'s for a unit that knows bytes only');
is(window('ARRAY[u]', 'c'), '42P22', 'nor for an array');
is(window('ROW(u, 1)', 'e COLLATE "C"'), '100 100', 'the columns of a row have their own');
is(window('d', 'c'), '42P22', 'nor for a domain');
is(window('c || p', 'e'), '42P22', 'no collation at all');
is(window('c', 'p'), '1 0', 'again two that know bytes only');
is( ($node->psql('postgres', q{\set VERBOSITY sqlstate
		SELECT funnel_agg(c || p, t, e, 'a') FROM events}))[2] =~ /ERROR:  (\w+)/ && $1,
	'42P22', 'no collation at all in an aggregate');
like(
	($node->psql('postgres', q{SELECT funnel_agg(u, t, c, 'a') OVER () FROM events}))[2],
	qr/could not determine which collation to use for the unit.*HINT:  .*COLLATE/s,
	'what to do is said');

SKIP:
{
	skip 'citext is not installed', 1
	  if $node->safe_psql('postgres',
		q{SELECT count(*) FROM pg_available_extensions WHERE name = 'citext'}) eq '0';
	$node->safe_psql('postgres', 'CREATE EXTENSION citext');
	is(funnel('b::citext'), '5000 5000', 'citext is caseless whatever the collation');
}

done_testing();
