# What a front end of sharded servers does with an aggregate: arguments are taken
# apart from a row; support functions are looked up anew for each of them, so
# that nothing kept with them lasts; states are handed on to other servers, and
# what is replaced is freed.  test/sharded/relay.c does all of that on one server,
# with every aggregate of the extension.
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
  if system("$cc --version >/dev/null 2>&1") != 0;
system_or_bail("$cc -O1 -fPIC -shared -isystem $include -o $library.so test/sharded/relay.c");

my $node = FunnelTest::node('sharded');

# Events of 60 units in 6 groups.  Some columns are null here and there, and all
# values are whole numbers, whose sums do not depend on the order.
my $definition = q{'a -> b? -[!x]-> c within 3 days'::funnel_def};
$node->safe_psql('postgres', qq{
	CREATE FUNCTION relay_transfn(internal, oid, text, record) RETURNS internal AS '$library' LANGUAGE C;
	CREATE FUNCTION relay_finalfn(internal) RETURNS text AS '$library' LANGUAGE C;
	CREATE AGGREGATE relay(aggregate oid, how text, arguments record)
		(SFUNC = relay_transfn, STYPE = internal, FINALFUNC = relay_finalfn);

	CREATE TABLE events AS
	SELECT u % 6 AS g, nullif(u, 59) AS u, nullif(e, 'd') AS e,
		CASE WHEN i % 97 <> 0 THEN timestamptz '2026-01-01Z' + (hashint4(i + 1000000) & 8191) * interval '1 min' END AS ts,
		i, 'k' || i % 3 AS k
	FROM (SELECT i, (hashint4(i) & 65535) % 60 AS u,
			(ARRAY['a', 'b', 'c', 'x', 'b', 'a', 'd'])[1 + (hashint4(-i) & 65535) % 7] AS e
		FROM generate_series(1, 900) i) AS e;
	CREATE TABLE units AS
	SELECT u % 6 AS g, u, journey_agg(ts, e) AS journey, funnel_progress_agg(ts, e, $definition) AS progress,
		funnel_agg(u, ts, e, $definition) AS result, retention(e = 'a', e = 'b', e = 'x') AS flags,
		max(funnel_stage(1 + i % 5, e)) AS stage
	FROM events GROUP BY 1, 2
	UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL;
});

# What is passed for an argument, by its name or its type, and the table it is in
my %arguments = (
	unit => 'u',
	ts => 'ts',
	event => 'e',
	events => q{ARRAY[e, 'y', CASE WHEN i % 5 = 0 THEN 'b' END]},
	stage => 'funnel_stage(1 + i % 5, e)',
	definition => $definition,
	payload => q{nullif(e || i % 4, 'a3')},
	value => 'nullif(i % 17, 3)::float8',
	entry => 'i % 3 <> 0',
	key => q{nullif(k, 'k2')},
	depth => '3',
	anchor => q{'a'::text},
	top => '2',
	collapse => 'true',
	within => q{interval '3 days'},
	mode => q{'strict_increase'::text},
	pattern => q{'(?1).*(?t<=86400)(?2)'::text},
	direction => q{'forward'::text},
	base => q{'first_match'::text},
	node => q{e || i % 3},
	base_condition => 'i % 7 <> 0',
	'any' => q{e = 'a', e = 'b' AND i % 2 = 0},
	funnel_journey => 'journey',
	funnel_progress => 'progress',
	funnel_result => 'result',
	funnel_stage => 'stage',
	'boolean[]' => 'flags');
my %of_units = map { $_ => 1 } qw(funnel_journey funnel_progress funnel_result funnel_stage boolean[]);
my %casts = (
	'timestamp with time zone' => '',
	'timestamp without time zone' => q{ AT TIME ZONE 'UTC'},
	date => '::date',
	bigint => '');

# The arguments of an aggregate, and their table; nothing if some are unknown.
sub arguments
{
	my ($names, $types) = @_;
	my @names = split /,/, $names;
	my $table = 'events';
	my @values;

	foreach my $type (split /,/, $types)
	{
		my $name = shift @names // '';
		my $known = $type eq '"any"' ? 'any' : exists $arguments{$name} ? $name : $type;
		my $value = $arguments{$known} // return;

		$value = "extract(epoch FROM $value)::bigint" if $name eq 'ts' && $type eq 'bigint';
		$value = '259200::bigint' if $name eq 'within' && $type eq 'bigint';
		$value = q{'head'::text} if $name eq 'base' && $types !~ /any/;
		$value .= $casts{$type} if $name eq 'ts';
		$table = 'units' if $of_units{$known};
		push @values, $value;
	}
	return (join(', ', @values), $table);
}

# How many groups differ between the aggregate and each relay, "how: n"; and
# whether there are different values, for a comparison of nothing proves nothing.
my @hows = ('each row', 'handed on', 'merged');
my $all_good = 'varied, each row: 0, handed on: 0, merged: 0';

sub compare
{
	my ($aggregate, $arguments, $table, $typed) = @_;
	my ($name) = $aggregate =~ /^(\w+)\(/;
	my $group = $table eq 'units' || $aggregate =~ /anyelement/ ? 'g' : 'u';
	my $relays = join ', ',
	  map { "relay('$aggregate'::regprocedure, '$_ $typed', ROW($arguments)) AS \"$_\"" } @hows;
	my $counts = join ' || ',
	  map { "', $_: ' || count(*) FILTER (WHERE value <> coalesce(regexp_replace(\"$_\", '^[0-9]+:', ''), ''))" } @hows;
	my ($rc, $out, $error) = $node->psql('postgres', qq{
		SELECT CASE WHEN count(DISTINCT value) > 1 THEN 'varied' ELSE 'all the same' END || $counts
		FROM (SELECT format('%s', $name($arguments)) AS value, $relays FROM $table GROUP BY $group) AS of_groups});

	return $error eq '' ? $out : $error =~ s/^psql:<stdin>:\d+: //r;
}

# All of them
my $untold = qr/^ERROR:  could not determine the type of/;
my $aggregates = $node->safe_psql('postgres', q{
	SELECT p.oid::regprocedure, array_to_string(proargnames, ','), array_to_string(ARRAY(
		SELECT format_type(t, NULL) FROM unnest(proargtypes) WITH ORDINALITY AS a(t, n) ORDER BY n), ',')
	FROM pg_proc AS p
	JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e'
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
	WHERE prokind = 'a' ORDER BY p.oid::regprocedure::text});
my $count = 0;
foreach (split /\n/, $aggregates)
{
	my ($aggregate, $names, $types) = split /\|/;
	my ($arguments, $table) = arguments($names, $types);

	if (!defined $table)
	{
		fail("$aggregate: tell this test what its arguments are");
		next;
	}
	$count++;
	is(compare($aggregate, $arguments, $table, 'typed'), $all_good, $aggregate);

	# Where no expression tells the types, some cannot be known.
	my $answer = compare($aggregate, $arguments, $table, '');
	if ($types =~ /any/)
	{
		like($answer, $untold, "$aggregate, whose types are not told");
	}
	else
	{
		is($answer, $all_good, "$aggregate, whose types are not told");
	}
}
cmp_ok($count, '>', 50, 'there are aggregates');

# Other arguments of the same
sub same
{
	my ($aggregate, $arguments, $table, $what) = @_;

	is(compare($aggregate, $arguments, $table, 'typed'), $all_good, $what);
}
my $by_unit = 'funnel_agg(anyelement,timestamptz,text,funnel_def)';
same($by_unit, "u::numeric, ts, e, $definition", 'events', 'units that need functions');
same($by_unit, "u::text, ts, e, $definition", 'events', 'units with a collation');
same($by_unit, "(u, i % 2), ts, e, $definition", 'events', 'units that are rows');
same($by_unit, "u, ts, e, 'a -> b -> c within 1 day, every attempt'::funnel_def", 'events', 'attempts, counted');
same('funnel_attempts_agg(timestamptz,text,funnel_def,text)',
	"ts, e, 'a -> b -> c within 1 day, every attempt'::funnel_def, e || i", 'events', 'attempts of a unit');
same('funnel_agg(funnel_journey,funnel_def)',
	"journey, 'a -> b -> c within 1 day, every attempt'::funnel_def", 'units', 'attempts, of journeys');
same('window_funnel(interval,timestamptz,"any")', q{'3 days'::interval, ts, ARRAY[e = 'a', e = 'b']},
	'events', 'an array of conditions');

# One group with more than the memory allowed
is( $node->safe_psql('postgres', qq{
		SET work_mem = '64kB';
		SET hash_mem_multiplier = 1;
		SELECT split_part(relay(aggregate, 'each row typed', arguments), ':', 2) <> '',
			regexp_replace(relay(aggregate, 'each row typed', arguments), '^[0-9]+:', '')
				= funnel_agg(i % 7000, ts, e, $definition)::text
		FROM (SELECT i, ts, e, ROW(i % 7000, ts, e, $definition) AS arguments, '$by_unit'::regprocedure::oid AS aggregate
			FROM (SELECT i, timestamptz '2026-01-01Z' + (hashint4(i) & 65535) * interval '1 min' AS ts,
					(ARRAY['a', 'b', 'c', 'x'])[1 + i / 7000 % 4] AS e
				FROM generate_series(1, 60000) i) AS e) AS e;
		SELECT pg_stat_force_next_flush();
		SELECT temp_files > 0 FROM pg_stat_database WHERE datname = 'postgres'}) =~ s/\n\n/\n/r,
	"t|t\nt", 'a state that grows into a file');

# Errors are those of the aggregate itself, or those of merging results.
my $differ = qr/must be the same|results of different funnel definitions/;
my $changing = "('a -> b within ' || 1 + i % 2 || ' days')::funnel_def";
foreach (
	[ $by_unit, "u, ts, e, $changing", 'events' ],
	[ 'funnel_agg_by(anyelement,timestamptz,text,funnel_def,text)', "u, ts, e, $changing, k", 'events' ],
	[ 'funnel_progress_agg(timestamptz,text,funnel_def)', "ts, e, $changing", 'events' ],
	[ 'funnel_attempts_agg(timestamptz,text,funnel_def)', "ts, e, $changing", 'events' ],
	[ 'window_funnel(interval,timestamptz,"any")', q{i % 2 * interval '1 day', ts, e = 'a', e = 'b'}, 'events' ],
	[ 'sequence_match(text,timestamptz,"any")', q{'(?' || 1 + i % 2 || ')', ts, e = 'a', e = 'b'}, 'events' ],
	[ 'sequence_next_node(text,text,timestamptz,text,boolean,"any")',
		q{'forward'::text, CASE WHEN i % 2 = 0 THEN 'head' ELSE 'first_match' END, ts, e, true, e = 'a'}, 'events' ],
	[ 'retention("any")', q{(ARRAY[true, false, true])[1:1 + i % 3]}, 'events' ],
	[ 'funnel_agg(funnel_journey,funnel_def)', q{journey, ('a -> b within ' || 1 + coalesce(u, 0) % 2 || ' days')::funnel_def}, 'units' ],
	[ 'funnel_agg(funnel_progress)', q{journey_progress(journey, ('a -> b within ' || 1 + coalesce(u, 0) % 2 || ' days')::funnel_def)}, 'units' ],
	[ 'funnel_merge(funnel_result)', q{funnel_agg(journey, ('a -> b within ' || 1 + coalesce(u, 0) % 2 || ' days')::funnel_def)}, 'units GROUP BY u' ])
{
	my ($aggregate, $arguments, $table) = @$_;
	my ($name) = $aggregate =~ /^(\w+)\(/;
	my ($values, $call, $columns) = ($arguments, "$name($arguments)", $arguments);

	# an aggregate of aggregates needs a level of its own
	($table, $call, $columns) = ("(SELECT $arguments AS r FROM $table) AS r", "$name(r)", 'r') if $table =~ /GROUP/;
	my ($rc, $out, $expected) = $node->psql('postgres', "SELECT $call FROM $table");
	like($expected, $differ, "$name has an error");
	$expected =~ s/^psql:<stdin>:\d+: //;
	foreach my $how (@hows)
	{
		($rc, $out, my $error) = $node->psql('postgres',
			"SELECT relay('$aggregate'::regprocedure, '$how typed', ROW($columns)) FROM $table");
		$how eq 'merged'
		  ? like($error, $differ, "and when it is $how")
		  : is($error =~ s/^psql:<stdin>:\d+: //r, $expected, "the same, $how");
	}
}

# A state that is a value is never copied while it grows.
is( $node->safe_psql('postgres', qq{
		SELECT string_agg(DISTINCT split_part(v, ':', 1), ' ')
		FROM (SELECT relay('funnel_agg(funnel_progress)'::regprocedure, 'each row', ROW(progress)),
				relay('funnel_agg(funnel_journey, funnel_def)'::regprocedure, 'each row', ROW(journey, $definition)),
				relay('funnel_merge(funnel_result)'::regprocedure, 'each row', ROW(result))
			FROM units) AS r(a, b, c), unnest(ARRAY[a, b, c]) AS v}),
	'0', 'a state is never copied while it grows');

$node->stop;
done_testing();
