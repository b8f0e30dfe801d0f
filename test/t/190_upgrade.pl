# pg_upgrade carries every type to a new cluster as it is on the disk.  The
# extension is of the oldest version kept, goes on working with the library of
# now, and is updated only then.
#
# Here from the server's own major version to itself, which checks the recipe;
# from another one by "make test-upgrade", which sets FUNNEL_OLD_CONFIG and
# FUNNEL_OLD_LOAD: the old server's pg_config, and the settings that make the
# extension visible to it.
use strict;
use warnings;

use FunnelTest;
use FunnelTypes;
use File::Basename;
use PostgreSQL::Test::Utils;
use Test::More;

my $new_bindir = qx{$ENV{PG_CONFIG} --bindir};
chomp $new_bindir;
plan skip_all => 'pg_upgrade is not installed' unless -x "$new_bindir/pg_upgrade";

my ($old, $old_bindir, %of_old);
{
	# both with checksums, which not every version has by default
	local $ENV{TEMP_CONFIG} = $ENV{FUNNEL_OLD_LOAD} if defined $ENV{FUNNEL_OLD_LOAD};
	if (defined $ENV{FUNNEL_OLD_CONFIG})
	{
		chomp($old_bindir = qx{$ENV{FUNNEL_OLD_CONFIG} --bindir});
		%of_old = (install_path => dirname($old_bindir));
	}
	else
	{
		$old_bindir = $new_bindir;
	}
	$old = PostgreSQL::Test::Cluster->new('old', %of_old);
	$old->init(extra => [ '--encoding=UTF8', '--no-locale', '--data-checksums' ]);
	$old->start;
}
note 'from ' . $old->pg_version;

# pg_upgrade loads the libraries by the names that functions have for them.
if (!defined $ENV{FUNNEL_OLD_CONFIG} && $old->psql('postgres', q{LOAD '$libdir/funnel'}) != 0)
{
	$old->stop;
	plan skip_all => 'this server finds libraries in its own directory only: make install first';
}

my ($oldest) = FunnelTest::kept_versions();
FunnelTypes::create($old, 'house', $oldest);
FunnelTypes::create_empty($old, 'shell');
my $contents = FunnelTypes::contents($old, 'house');
my $version = q{SELECT extversion FROM pg_extension WHERE extname = 'funnel'};
my $present = $old->safe_psql('shell', $version);
$old->stop;

my $here = qx{pwd};
chomp $here;

# By copies, and between two servers by links too, which comes last: the old
# cluster is no more after that.
my $new;
foreach my $mode (defined $ENV{FUNNEL_OLD_CONFIG} ? qw(copy link) : 'copy')
{
	$new = PostgreSQL::Test::Cluster->new("new_$mode");
	$new->init(extra => [ '--encoding=UTF8', '--no-locale', '--data-checksums' ]);

	# pg_upgrade leaves its files where it is started.
	my $directory = PostgreSQL::Test::Utils::tempdir();
	my @upgrade = (
		"$new_bindir/pg_upgrade", '--no-sync', $mode eq 'link' ? '--link' : (),
		'-b', $old_bindir, '-B', $new_bindir,
		'-d', $old->data_dir, '-D', $new->data_dir,
		'-s', $new->host, '-p', $old->port, '-P', $new->port);
	chdir $directory or die "$directory: $!";
	command_ok([ @upgrade, '--check' ], "$mode: the clusters are compatible");
	command_ok(\@upgrade, "$mode: upgraded");
	chdir $here or die "$here: $!";
	diag(map { slurp_file($_) } glob $new->data_dir . '/pg_upgrade_output.d/*/*.txt')
	  unless Test::More->builder->is_passing;

	$new->start;
	is($new->safe_psql('house', $version), $oldest, "$mode: the extension is still of $oldest");
	is(FunnelTypes::contents($new, 'house'), $contents, "$mode: the same values and reports");
	is($new->safe_psql('shell', $version), $present, "$mode: a database of $present has come, too");
	$new->safe_psql('house', 'ALTER EXTENSION funnel UPDATE');
	is($new->safe_psql('house', $version), $present, "$mode: updated to $present");
	is(FunnelTypes::contents($new, 'house'), $contents, "$mode: still the same values and reports");
	$new->stop if $mode eq 'copy' && defined $ENV{FUNNEL_OLD_CONFIG};
}

# Images from before and images from now are equal, and the matched views are
# made anew from them.
FunnelTypes::query($new, 'house',
	'REINDEX DATABASE house; UPDATE everything SET journey = journey::text::funnel_journey, result = result::text::funnel_result, stage = stage::text::funnel_stage, definition = definition::text::funnel_def');
FunnelTypes::refresh($new, 'house');
is(FunnelTypes::contents($new, 'house'), $contents, 'the same after all is written again');

$new->stop;
done_testing();
