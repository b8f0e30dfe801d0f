# What every TAP test of funnel starts from.
#
#   my $node = FunnelTest::node('main');
#   my $node = FunnelTest::node('main', "work_mem = '1MB'\n");
#   my $node = FunnelTest::node('main', '', allows_streaming => 1);
#
# A started PostgreSQL::Test::Cluster node with a UTF8 database in the C
# locale and the extension created in its database "postgres".  Where the
# server finds the extension comes from TEMP_CONFIG, as test/cluster sets it.
package FunnelTest;

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use Test::More;

sub node
{
	my ($name, $settings, %init) = @_;

	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ], %init);
	$node->append_conf('postgresql.conf', $settings) if defined $settings;
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION funnel');
	return $node;
}

# A copy of a test's table "events", in a partition for each of its values of g,
# which are 0, 1 and 2.
sub create_parts
{
	my ($node) = @_;

	$node->safe_psql('postgres', join(' ', 'CREATE TABLE parts (LIKE events) PARTITION BY LIST (g);',
			(map { "CREATE TABLE parts_$_ PARTITION OF parts FOR VALUES IN ($_);" } 0 .. 2),
			'INSERT INTO parts TABLE events; ANALYZE parts;'));
	return;
}

# The versions before the present one whose install script is kept, the oldest
# first.
sub kept_versions
{
	my $number = sub { sprintf '%04d' x 3, (split(/\./, $_[0]), 0, 0)[0 .. 2] };

	return sort { $number->($a) cmp $number->($b) }
	  map { m{/funnel--([\d.]+)\.sql$} ? $1 : () } glob('src/upgrade/*.sql');
}

# The assertions of a program that prints TAP, with the environment leading to
# the node's database "postgres".  True if it came to its end.
sub tell_tap
{
	my ($node, @command) = @_;
	my $test = Test::More->builder;
	my $good = 1;

	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'postgres';
	open my $tap, '-|', @command or die "could not run $command[0]: $!";
	while (my $line = <$tap>)
	{
		chomp $line;
		if ($line =~ /^(not )?ok \d+ - (.*)/)
		{
			$good = $test->ok(!$1, $2);
		}
		elsif ($line =~ /^# ?(.*)/)
		{
			# What follows a failure explains it.
			$good ? $test->note($1) : $test->diag($1);
		}
	}
	return (close $tap) || !$test->is_passing;
}

1;
