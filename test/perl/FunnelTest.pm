# What every TAP test of funnel starts from.
#
#   my $node = FunnelTest::node('main');
#   my $node = FunnelTest::node('main', "work_mem = '1MB'\n");
#   FunnelTest::tell('python3', 'test/oracle/test_sql.py');
#
# A started PostgreSQL::Test::Cluster node with a UTF8 database in the C
# locale and the extension created in its database "postgres".  Where the
# server finds the extension comes from TEMP_CONFIG, as test/cluster sets it.
#
# What a command prints as TAP, as assertions of this test.
package FunnelTest;

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use Test::More;

sub node
{
	my ($name, $settings) = @_;

	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	$node->append_conf('postgresql.conf', $settings) if defined $settings;
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION funnel');
	return $node;
}

sub tell
{
	my @command = @_;
	my $good = 1;

	open my $tap, '-|', @command or die "could not run $command[0]: $!";
	while (my $line = <$tap>)
	{
		chomp $line;
		if ($line =~ /^(not )?ok \d+ - (.*)/)
		{
			$good = ok(!$1, $2);
		}
		elsif ($line =~ /^# ?(.*)/)
		{
			# What follows a failure explains it.
			$good ? note($1) : diag($1);
		}
	}
	my $ended = close $tap;
	ok($ended || !Test::More->builder->is_passing, 'it came to its end');
}

1;
