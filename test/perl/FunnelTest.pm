# What every TAP test of funnel starts from.
#
#   my $node = FunnelTest::node('main');
#   my $node = FunnelTest::node('main', "work_mem = '1MB'\n");
#
# A started PostgreSQL::Test::Cluster node with a UTF8 database in the C
# locale and the extension created in its database "postgres".  Where the
# server finds the extension comes from TEMP_CONFIG, as test/cluster sets it.
package FunnelTest;

use strict;
use warnings;

use PostgreSQL::Test::Cluster;

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

1;
