# The shapes of data that break a naive engine: one huge unit, a million tiny
# ones, a crowded instant, the longest definition; and cancelling in the middle.
use strict;
use warnings;

use FunnelTest;
use POSIX ();
use Test::More;

my $node = FunnelTest::node('main', "work_mem = '64MB'\nTimeZone = 'UTC'\n");

# Users, and who stands where, as one line.
sub funnel
{
	my ($rows, $definition) = @_;

	return $node->safe_psql(
		'postgres', qq{
		WITH r AS MATERIALIZED (SELECT funnel_agg(u, t, e, '$definition') AS r FROM ($rows) s)
		SELECT (SELECT string_agg(users::text, ' ' ORDER BY step) FROM r, funnel_report(r))
			|| coalesce((SELECT string_agg(format(', %s %s %s', step, outcome, users), '' ORDER BY step, outcome)
						 FROM r, funnel_dropoff(r)), '')});
}

my $second = "timestamptz '2026-01-01Z' + n * interval '1 s'";

# One unit: a b c a b c ..., a million rows
my $one = "SELECT 1 AS u, $second AS t, substr('abc', n % 3 + 1, 1) AS e FROM generate_series(0, 999999) n";
is(funnel($one, 'a -> b -> c'), '1 1 1', 'one unit with a million rows');
is(funnel($one, 'a -> c -> b -> a within 6 s'), '1 1 1 1', 'its steps backward');
is( funnel("$one UNION ALL SELECT 2, '2027-01-01Z', NULL", 'a -> c -> b -> a within 5 s'), '1 1 1 0, 3 late 1',
	'its steps backward, a second too late each time');
is(funnel($one, 'a -[!c]-> b => c -> d'), '1 1 1 0, 3 pending 1', 'exclusions and strict links');
is( funnel($one, 'a -[!b]-> c -> x'), '1 0 0, 1 pending 1',
	'exclusions that end every attempt but the last');
is(funnel($one, 'a -> x? -> b? -[!c]-> c? => a within 1 min'), '1 0 1 1 1',
	'optional steps among breakers');
is(funnel($one, 'c -> b -> a -> a -> a within 10 s, any order'), '1 1 1 1 1', 'any order');
is(funnel("SELECT u, t, e FROM ($one) s ORDER BY t DESC", 'a -> b -> c'), '1 1 1', 'backward in time');

# A million units, one row each
my $many = "SELECT n AS u, timestamptz '2026-01-01Z' AS t, 'a'::text AS e FROM generate_series(1, 1000000) n";
is( funnel($many, 'a -> b within 1 day'), '1000000 0, 1 pending 1000000', 'a million units with one row');
is( funnel("SELECT u::text AS u, t, e FROM ($many) s", 'a -> b'), '1000000 0, 1 pending 1000000',
	'their keys as text');
is( $node->safe_psql(
		'postgres', qq{
		SELECT count(*), sum(funnel_units(r)) FROM (SELECT u / 3 AS g, funnel_agg(u, t, e, 'a -> b') AS r FROM ($many) s GROUP BY 1) g}),
	'333334|1000000',
	'as many groups');

# One instant shared by a hundred thousand rows
my $instant = "SELECT 1 AS u, timestamptz '2026-01-01Z' AS t, substr('abcxx', n % 5 + 1, 1) AS e FROM generate_series(1, 100000) n";
is(funnel($instant, 'c -> b -> a'), '1 1 1', 'one instant: any order of rows serves');
is(funnel($instant, 'c -> b -> a increasing'), '1 0 0, 1 pending 1', 'one instant: no two steps increase');
is(funnel($instant, 'a|b -> *a* -> b|c|x -> *c -> a* -> nobody'), '1 1 1 1 1 0, 5 pending 1',
	'one instant: rows that match several steps');
is( funnel($instant, join(' -> ', ('*') x 64)), join(' ', (1) x 64),
	'one instant: 64 steps that every row matches');
is( funnel("SELECT 1 AS u, timestamptz '2026-01-01Z' AS t, 'a'::text AS e FROM generate_series(1, 63) n", join(' -> ', ('*') x 64)),
	join(' ', (1) x 63) . ' 0, 63 pending 1',
	'one instant: a row short of 64 steps');

# 64 steps
my $steps = join(' -> ', map { "s$_" } 1 .. 64);
is( funnel("SELECT n % 1000 AS u, $second AS t, 's' || (n / 1000 + 1) AS e FROM generate_series(0, 63999) n", $steps),
	join(' ', (1000) x 64),
	'64 steps');
is( funnel("SELECT n % 1000 AS u, $second AS t, 's' || (64 - n / 1000) AS e FROM generate_series(0, 63999) n", $steps),
	'1000' . ' 0' x 63 . ', 1 pending 1000',
	'64 steps the wrong way round');
is( funnel("SELECT 1 AS u, $second AS t, 'a'::text AS e FROM generate_series(1, 300000) n", join(' -> ', ('a') x 64)),
	join(' ', (1) x 64),
	'64 times the same step');

# An empty table, and one with only NULLs
is(funnel("SELECT 1 AS u, timestamptz 'epoch' AS t, 'a'::text AS e WHERE false", 'a -> b'), '', 'no rows');
is(funnel("SELECT NULL::int AS u, NULL::timestamptz AS t, NULL::text AS e FROM generate_series(1, 10)", 'a -> b'),
	'', 'only NULLs');

# Cancelling answers at once, wherever it strikes: among the rows, and in the
# final function, which one huge unit keeps busy.  As a window aggregate, it is
# called for a million prefixes of the crowd, so that no machine is ever done
# before it is cancelled.  A funnel for each of a million keys goes through the
# unit's rows as often; thousands of words are compared with a million labels.
# What is looked at is the time that the process had a processor, whatever else the
# machine does; without a check for interrupts these would take minutes of it.
$node->safe_psql(
	'postgres', qq{
	CREATE TABLE crowd AS SELECT n, 1 AS u, timestamptz '2026-01-01Z' + n / 2 * interval '1 s' AS t, 'a'::text AS e
	FROM generate_series(1, 1500000) n;
	CREATE CAST (bytea AS funnel_result) WITHOUT FUNCTION});
# Two million users of the first step, open in as many cells that are 2^32 + 1 apart
my $forged = join(' || ',
	q{'\x010106'::bytea}, q{convert_to('a -> b', 'UTF8')}, 'int8send(0)', q{'\x80897a'}, q{'\x100000'}, q{'\x80897a'},
	q{'\x818080801001'}, q{decode(repeat('808080801001', 1999999), 'hex')}, q{'\x00'});
my $ticks = q{
	SELECT sum(n::bigint) FROM unnest((string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '.*\) ', ''), ' '))[12:13]) AS n};
foreach my $case (
	[ 'rows', "SELECT funnel_agg(a.u, a.t, a.e, 'a -> b') FROM crowd a, crowd b" ],
	[ 'the final function', "SELECT funnel_agg(u, t, e, '" . join(' -> ', ('a*|*a') x 63) . " -> b') OVER (ORDER BY greatest(n, 500000)) FROM crowd" ],
	[ 'the keys of a unit', "SELECT cardinality(funnel_agg_by(u, t, e, 'a -> b', n::text)) FROM crowd" ],
	[ 'the keys of a unit, each row looked at', "SELECT cardinality(funnel_agg_by(u, t, e, 'a -[!x]-> b', n::text)) FROM crowd" ],
	[ 'the flow of a unit', "SELECT flow_agg(u, t, e, 2, NULL, NULL, true) OVER (ORDER BY greatest(n, 500000)) FROM crowd" ],
	[ 'the flow of a journey', "SELECT journey_flow(journey, -2, 'b') FROM (SELECT journey_agg(t, CASE n WHEN 1 THEN 'b' ELSE e END) AS journey FROM crowd OFFSET 0) s, generate_series(1, 1000000)" ],
	[ 'the nearest of many labels', "SELECT count(*) FROM funnel_unmatched(('a -> ' || (SELECT string_agg(md5(i::text) || i, '|') FROM generate_series(1, 1500) i))::funnel_def,
		(SELECT array_agg(md5((-n)::text) || n) FROM crowd))" ])
{
	my ($what, $query) = @$case;
	my ($stdout, $stderr);
	$node->psql('postgres', "BEGIN; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL statement_timeout = '2s'; $query; ROLLBACK; $ticks",
		on_error_stop => 0, stdout => \$stdout, stderr => \$stderr);
	like($stderr, qr/canceling statement due to statement timeout/, "cancelled in $what");
  SKIP:
	{
		skip 'needs /proc to read the time of a process', 1 unless -r '/proc/self/stat';
		cmp_ok($stdout / POSIX::sysconf(POSIX::_SC_CLK_TCK()), '<', 20, 'without delay');
	}
}
# Numbers that MurmurHash3's finalizer makes j * 2^24: by that hash alone, all of
# them would be in one partition and begin at one place of its table.
sub unhashed
{
	use integer;
	no warnings qw(portable);
	my $word = shift;

	$word ^= $word >> 33 & 0x7fffffff;
	$word *= 0x9cb4b2f8129337db;
	$word ^= $word >> 33 & 0x7fffffff;
	$word *= 0x4f74430c22a54005;
	return $word ^ ($word >> 33 & 0x7fffffff);
}
my $colliding = join ',', map { unhashed($_ << 24) } 1 .. 60000;
my ($units, $ticks_used) = split /\n/, $node->safe_psql('postgres',
	"SET max_parallel_workers_per_gather = 0;
	SELECT funnel_units(funnel_agg(u, '2026-01-01Z'::timestamptz, 'a', 'a -> b')) FROM unnest('{$colliding}'::bigint[]) u; $ticks");
is($units, '60000', 'units that were made to collide');
SKIP:
{
	skip 'needs /proc to read the time of a process', 1 unless -r '/proc/self/stat';
	cmp_ok($ticks_used / POSIX::sysconf(POSIX::_SC_CLK_TCK()), '<', 3, 'they do not');
}
($units, $ticks_used) = split /\n/, $node->safe_psql('postgres', "SELECT funnel_units(($forged)::funnel_result); $ticks");
is($units, '2000000', 'counters that were made to collide');
SKIP:
{
	skip 'needs /proc to read the time of a process', 1 unless -r '/proc/self/stat';
	cmp_ok($ticks_used / POSIX::sysconf(POSIX::_SC_CLK_TCK()), '<', 10, 'they do not');
}
is( $node->safe_psql('postgres', "SELECT count(*) FROM pg_ls_tmpdir()"), '0', 'no temporary file is left');

$node->stop;
done_testing();
