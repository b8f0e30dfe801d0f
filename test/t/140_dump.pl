# Every type goes through every kind of dump, in tables, arrays, domains, keys,
# indexes, partitions and views, and through COPY in binary.
use strict;
use warnings;

use FunnelTest;
use FunnelTypes;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('dump');
my $files = PostgreSQL::Test::Utils::tempdir();

FunnelTypes::create($node, 'origin');
is(FunnelTypes::missing($node, 'origin'), '', 'no type of the extension is left out');
my $contents = FunnelTypes::contents($node, 'origin');

# A plain dump without what differs from one run to the next.
sub text_of
{
	my ($database) = @_;
	my ($text) = run_command([ 'pg_dump', '-d', $node->connstr($database) ]);

	$text =~ s/^\\(un)?restrict .*\n//mg;
	return $text;
}
my $text = text_of('origin');

# Into a database without the extension, as a dump is read.
sub restored
{
	my ($database, $what, $dump_options, @restore) = @_;

	FunnelTypes::create_database($node, $database);
	command_ok([ 'pg_dump', @$dump_options, '-f', "$files/$database", '-d', $node->connstr('origin') ],
		"$what: dumped");
	command_ok([ @restore, '-d', $node->connstr($database), $restore[0] eq 'psql' ? '-f' : (), "$files/$database" ],
		"$what: restored");
	is(FunnelTypes::contents($node, $database), $contents, "$what: the same values and reports");
	is(text_of($database), $text, "$what: the same definitions");
}
my @psql = qw(psql -X -q -o /dev/null -v ON_ERROR_STOP=1 --single-transaction);
restored('plain', 'as SQL', [], @psql);
restored('inserts', 'as INSERTs', ['--column-inserts'], @psql);
restored('custom', 'in the custom format', ['-Fc'], qw(pg_restore -e -j 2));
restored('directory', 'in a directory, through the partitions\' roots',
	[qw(-Fd -j 2 --load-via-partition-root)], qw(pg_restore -e -j 2));

# Keys and checks hold what they held.
foreach my $case (
	[ '23505', 'INSERT INTO stage_keys SELECT stage FROM stage_keys LIMIT 1' ],
	[ '23505', 'INSERT INTO stage_keys SELECT \'999\', path FROM stage_keys LIMIT 1' ],
	[ '23505', 'INSERT INTO definition_keys SELECT definition FROM definition_keys LIMIT 1' ],
	[ '23505', 'INSERT INTO journey_keys SELECT journey FROM journey_keys LIMIT 1' ],
	[ '23505', 'INSERT INTO progress_keys SELECT progress FROM progress_keys WHERE NOT progress IS NULL LIMIT 1' ],
	[ '23505', 'INSERT INTO stage_hash SELECT 1, v FROM stage_hash LIMIT 1' ],
	[ '23P01', q{INSERT INTO progress_keys VALUES (NULL, '[1:z,2:a]')} ],
	[ '23503', q{INSERT INTO referring (id, stage) VALUES (5000, '999')} ],
	[ '23503', q{INSERT INTO referring (id, definition) VALUES (5000, 'no -> such')} ],
	[ '23503', q{INSERT INTO referring (id, result) VALUES (5000, funnel_result('no -> such'::funnel_def))} ],
	[ '23503', q{INSERT INTO referring (id, journey) VALUES (5000, '[["2026-05-05T00:00:00Z","x"]]')} ],
	[ '23503', q{INSERT INTO referring (id, path) VALUES (5000, '{999}')} ],
	[ '23503', 'DELETE FROM definition_keys' ],
	[ '23514', q{INSERT INTO everything (id, definition) VALUES (5000, 'never -> ever')} ],
	[ '23514', q{INSERT INTO everything (id, d_progress) VALUES (5000, '(,lost,,,,,,)')} ],
	[ '23514', q{INSERT INTO definition_range_1 VALUES (1, 'visit')} ])
{
	my ($code, $statement) = @$case;
	my ($status, $out, $error) = $node->psql('custom',
		"SET search_path = public, $FunnelTypes::schema; \\set VERBOSITY sqlstate\n$statement");

	like($error, qr/ERROR:  $code$/, "$code: $statement");
}

# Defaults and generated columns are made anew, views see new rows, and what
# refers follows.
is( FunnelTypes::query(
		$node, 'custom', q{
		INSERT INTO everything (id, result) SELECT 5000, funnel_agg(1, '2026-01-01Z', 'a', 'a -> b');
		SELECT stage, definition, result::jsonb ->> 'definition', journey, g_name, g_definition, (g_progress).stage
		FROM everything WHERE id = 5000;
		SELECT stage, far, simple FROM classified WHERE id = 5000;
		REFRESH MATERIALIZED VIEW CONCURRENTLY reports;
		SELECT step, stage, users FROM reports WHERE id = 5000 ORDER BY step;
		UPDATE stage_keys SET stage = '888' WHERE stage = (SELECT stage FROM referring WHERE id = 1);
		SELECT stage FROM referring WHERE id = 1;}),
	q{7:lucky|visit -> "add to cart" -> buy within 7 days|a -> b|[["2026-01-01T00:00:00Z", "visit"]]|lucky|a -> b|1:visit
|t|f
1|a|1
2|b|0
888},
	'what is derived is derived again');

# In binary from table to table
FunnelTypes::create_empty($node, 'copied');
foreach my $table (FunnelTypes::tables($node, 'origin'))
{
	# of a partitioned table, the rows of the partitions; others without what is generated
	my $source = $table =~ /_(list|range|hash)$/ ? "(SELECT * FROM $table)" : $table;

	FunnelTypes::query($node, 'origin', "COPY $source TO '$files/$table' (FORMAT binary)");
	FunnelTypes::query($node, 'copied', "COPY $table FROM '$files/$table' (FORMAT binary)");
}
FunnelTypes::refresh($node, 'copied');
is(FunnelTypes::contents($node, 'copied'), $contents, 'COPY in binary: the same values and reports');

$node->stop;
done_testing();
