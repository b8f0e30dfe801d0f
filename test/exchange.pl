# Two servers, of machines that may differ in the order of bytes: both compute the
# same values, with the same bytes on the wire, and read each other's.
#
# test/foreign runs it.  FUNNEL_OTHER_CONFIG and FUNNEL_OTHER_LOAD lead to the other
# server: its pg_config, and the settings that make the extension visible to it.
use strict;
use warnings;

use FunnelTypes;
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $files = PostgreSQL::Test::Utils::tempdir();

# Object identifiers are part of arrays and rows in binary: both servers are made alike.
sub started
{
	my ($name, %place) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, %place);

	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	$node->start;
	return $node;
}
my $other;
{
	local $ENV{TEMP_CONFIG} = $ENV{FUNNEL_OTHER_LOAD};
	my $bindir = qx{$ENV{FUNNEL_OTHER_CONFIG} --bindir};

	chomp $bindir;
	$other = started('other', install_path => dirname($bindir));
}
my $here = started('here');

# PostgreSQL's hash of bytes goes by their order in the machine: another hash,
# another partition.
sub contents
{
	my ($node, $database) = @_;

	return join "\n", grep { !/^(hashes|\w+_hash_\d)\|/ } split /\n/, FunnelTypes::contents($node, $database);
}

# All rows of a table, with the columns that are not generated, in binary.
sub copied
{
	my ($node, $table) = @_;
	my $file = "$files/$table-" . $node->name;
	my $columns = FunnelTypes::query($node, 'house',
		qq{SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
		   WHERE attrelid = '$table'::regclass AND attnum > 0 AND attgenerated = ''});

	FunnelTypes::query($node, 'house',
		qq{COPY (SELECT $columns FROM $table t ORDER BY t::text COLLATE "C") TO '$file' (FORMAT binary)});
	return ($columns, $file);
}

FunnelTypes::create($_, 'house') foreach $other, $here;
my $contents = contents($here, 'house');
is(contents($other, 'house'), $contents, 'the same values, bytes and reports');

FunnelTypes::create_empty($_, 'copied') foreach $other, $here;
foreach my $table (FunnelTypes::tables($here, 'house'))
{
	my ($columns, $from_here) = copied($here, $table);
	my (undef, $from_other) = copied($other, $table);

	ok(slurp_file($from_here) eq slurp_file($from_other), "$table: the same bytes in binary");
	FunnelTypes::query($other, 'copied', "COPY $table ($columns) FROM '$from_here' (FORMAT binary)");
	FunnelTypes::query($here, 'copied', "COPY $table ($columns) FROM '$from_other' (FORMAT binary)");
}
foreach my $node ($other, $here)
{
	FunnelTypes::refresh($node, 'copied');
	is(contents($node, 'copied'), $contents, $node->name . ': the same after an exchange in binary');
}

# Rows of a partition by hash belong to another one there.
FunnelTypes::create_database($other, 'restored');
command_ok([ 'pg_dump', '-Fc', '--load-via-partition-root', '-f', "$files/dump", '-d', $here->connstr('house') ], 'dumped');
command_ok([ 'pg_restore', '-e', '-d', $other->connstr('restored'), "$files/dump" ], 'restored');
is(contents($other, 'restored'), $contents, 'the same after a dump');

$_->stop foreach $other, $here;
done_testing();
