# An extension that was updated from a version that was released is the same as
# one that was made anew, and what a database has stored stays what it was.
#
# Of each version that was released are kept: the install script,
# src/upgrade/funnel--1.0.sql; the way to the next, funnel--1.0--1.1.sql; and
# values as its library stored them, test/expected/stored_1.0.txt.  This test
# leaves those of the present version in build/output.
use strict;
use warnings;

use Digest::SHA ();
use FunnelTest;
use FunnelTypes;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('main');
my $present = $node->safe_psql('postgres',
	q{SELECT extversion FROM pg_extension WHERE extname = 'funnel'});

# The definitions of the members of the extension, and their comments, sorted:
# pg_dump leaves them out, unless it is for pg_upgrade.
sub catalog
{
	my ($database) = @_;
	my ($dump) = run_command(
		[
			'pg_dump', '--binary-upgrade', '--schema-only', '-d',
			$node->connstr($database)
		]);

	# what changes from one dump to the next, or stands between the objects
	$dump =~ s/^(?:--.*|\\(?:un)?restrict .*|SELECT pg_catalog\.binary_upgrade_.*|\s*)\n//mg;
	return join("\n", sort split /(?<=;)\n(?=[A-Z])/, $dump);
}

sub database
{
	my ($name, @commands) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, $_) foreach @commands;
	return catalog($name);
}

my $fresh = catalog('postgres');

cmp_ok(() = $fresh =~ /^CREATE /mg, '>', 100, 'there is a catalog to compare');
is(database('again', 'CREATE EXTENSION funnel'),
	$fresh, 'it is the same in another database');
isnt(
	database(
		'other',
		'CREATE EXTENSION funnel',
		'ALTER FUNCTION stage_name(funnel_stage) COST 7'),
	$fresh,
	'a difference is seen');

# The scripts of a release are what they were when it was made.  Only those that
# lead to the present version may still change.
my %frozen = map { /^(\w+)  (\S+)$/ ? ($2 => $1) : () } split /\n/, slurp_file('src/upgrade/frozen.sha256');
my %kept = map { m{/([^/]+)$} => Digest::SHA->new(256)->addfile($_)->hexdigest }
  grep { !/--\Q$present\E\.sql$/ } glob('src/upgrade/*.sql');
is_deeply(\%kept, \%frozen, 'no script of a release has changed');

# What C is called with, a line for each function.
sub calls
{
	my ($database) = @_;

	return split /\n/, $node->safe_psql(
		$database, q{
		SELECT prosrc, proargtypes::regtype[], prorettype::regtype
		FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND prolang = 13});
}

my %now = map { $_ => 1 } calls('postgres');
my %symbols = map { (split /\|/)[0] => 1 } keys %now;
my ($oldest, @later) = FunnelTest::kept_versions();

foreach my $version ($oldest, @later)
{
	my $database = "from_$version" =~ tr/./_/r;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	my ($code, $out, $error) = $node->psql($database, "CREATE EXTENSION funnel VERSION '$version'");
	is($error, '', "the library has every function of $version");
	next if $code != 0;

	# A database is updated some time after the library, or never.
	is(join("\n", grep { !$now{$_} && $symbols{ (split /\|/)[0] } } calls($database)),
		'', 'none has got other arguments since then under the same name');

	($code, $out, $error) = $node->psql($database, 'ALTER EXTENSION funnel UPDATE');
	is($error, '', "$version can be updated");
	is(catalog($database), $fresh, "and is the same as $present then");
	is($node->safe_psql($database, q{SELECT extversion FROM pg_extension WHERE extname = 'funnel'}),
		$present, 'also by its name');
}

# Every type in tables, indexes, partitions and views that depend on it
FunnelTypes::create($node, 'house', $oldest);
my $contents = FunnelTypes::contents($node, 'house');
my ($code, $out, $error) = $node->psql('house', 'ALTER EXTENSION funnel UPDATE');
is($error, '', 'a database full of its values can be updated');
is(FunnelTypes::contents($node, 'house'), $contents, 'the same values and reports');
FunnelTypes::refresh($node, 'house');
is(FunnelTypes::contents($node, 'house'), $contents, 'also when made anew');

# What the library of a version wrote
append_to_file("$ENV{TESTDIR}/stored_$present.txt", FunnelTypes::stored($node, 'house'));
foreach my $version ($oldest, @later)
{
	my $stored = slurp_file("test/expected/stored_$version.txt");

	cmp_ok(() = $stored =~ /^\w+\t\w+\t./mg, '>', 30, "there are values of $version");
	is(FunnelTypes::unread($node, 'house', $stored), '', 'all are read as what they were');
}

done_testing();
