# An extension that was updated from the oldest version kept is the same as one
# that was made anew.
#
# Of each version that was released, src/upgrade keeps the install script,
# funnel--1.0.sql, and the way to the next, funnel--1.0--1.1.sql.
use strict;
use warnings;

use FunnelTest;
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

sub number
{
	my ($version) = @_;

	return sprintf '%04d' x 3, (split(/\./, $version), 0, 0)[0 .. 2];
}

my ($oldest) = sort { number($a) cmp number($b) }
  grep { number($_) lt number($present) }
  map { m{/funnel--([\d.]+)\.sql$} ? $1 : () } glob('src/upgrade/*.sql');

SKIP:
{
	skip "no version before $present was released", 2 unless defined $oldest;
	is( database(
			'updated',
			"CREATE EXTENSION funnel VERSION '$oldest'",
			'ALTER EXTENSION funnel UPDATE'),
		$fresh,
		"it is the same when updated from $oldest");
	is( $node->safe_psql(
			'updated',
			q{SELECT extversion FROM pg_extension WHERE extname = 'funnel'}),
		$present,
		"the version is $present");
}

done_testing();
