# The archive that make dist makes of a commit: who has nothing else builds,
# installs and tests funnel from it.
use strict;
use warnings;

use File::Path qw(make_path);
use FunnelMake;
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'needs git' unless grep { -x "$_/git" } split /:/, $ENV{PATH};

sub succeeds
{
	my ($what, $good, $out, $error) = @_;

	ok($good, $what) or diag substr($out . $error, -3000);
	return $out;
}

# A repository of the tree that is tested, which itself may not be in one.
my $tree = FunnelMake::tree();
my @git = ('git', '-c', 'user.name=a', '-c', 'user.email=a@b.example', '-c', 'init.defaultBranch=main');
foreach my $command ([qw(init -q)], [qw(add -A)], [qw(commit -q -m tree)])
{
	my ($good, $out, $error) = FunnelMake::run_in($tree, @git, @$command);
	die "git: $error" if !$good;
}

my $elsewhere = PostgreSQL::Test::Utils::tempdir();
my $meta = JSON::PP::decode_json(slurp_file("$tree/META.json"));
my $name = "$meta->{name}-$meta->{version}";
my $archive = "$elsewhere/$name";

succeeds('make dist', FunnelMake::make_in($elsewhere, '-f', "$tree/Makefile", 'dist'));
is(FunnelMake::files("$elsewhere/build"), "$name.zip", 'leaves one archive');
succeeds('which can be unpacked',
	FunnelMake::run_in($elsewhere, 'python3', '-m', 'zipfile', '-e', "build/$name.zip", '.'));

# Its files are those of the commit that are for users, so nothing that was built
# and nothing that lay about.
my %machinery = map { $_ => 1 } qw(.ci/run .editorconfig .gitattributes .github/workflows/test.yml .gitignore);
is( join("\n", grep { !-d "$archive/$_" } split /\n/, FunnelMake::files($archive)),
	join("\n", grep { !$machinery{$_} && !/^[.]git\// && !-d "$tree/$_" } split /\n/, FunnelMake::files($tree)),
	'all of the tree is in it, but for the files of the repository itself');

# What PGXN is told of: a page, and a script that make builds.
succeeds('make in it', FunnelMake::make_in($archive, '-j2', 'COPT=-O0'));
foreach my $provided (values %{ $meta->{provides} })
{
	ok(-s "$archive/$provided->{$_}", "$provided->{$_} is there") foreach qw(file docfile);
}

# Bitcode that an earlier version installed must not stay.
my $root = PostgreSQL::Test::Utils::tempdir();
my $library = FunnelMake::config('--pkglibdir');
make_path("$root$library/bitcode/funnel/src");
append_to_file("$root$library/bitcode/$_", '') foreach qw(funnel/src/old.bc funnel.index.bc other.index.bc);
succeeds('make install', FunnelMake::make_in($archive, 'install', 'COPT=-O0', "DESTDIR=$root"));

my $extension = FunnelMake::config('--sharedir') . '/extension';
is( join("\n", grep { !-d "$root/$_" } split /\n/, FunnelMake::files($root)),
	join("\n", sort map { s{^/}{}r } "$library/bitcode/other.index.bc", "$library/funnel.so", "$extension/funnel.control",
		map { "$extension/" . s{.*/}{}r } glob("$archive/funnel--*.sql $archive/src/upgrade/*.sql")),
	'puts the library, the control file and the scripts in place, and no bitcode');

# A server that looks for extensions there runs some of the regression tests.
my $settings = slurp_file($ENV{TEMP_CONFIG});
SKIP:
{
	skip 'this server finds extensions only in its own prefix', 2
	  unless $settings =~ /^dynamic_library_path = '(.*)\Q$library\E:/m;
	my $node = PostgreSQL::Test::Cluster->new('archive');

	$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
	$node->append_conf('postgresql.conf', $settings =~ s/\Q$1\E/$root/gr);
	$node->start;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	succeeds('make installcheck',
		FunnelMake::make_in($archive, 'installcheck', 'COPT=-O0', 'REGRESS=stage report journey'));
	is( $node->safe_psql(
			'postgres', q{CREATE EXTENSION funnel;
			SELECT count(*) FROM pg_extension WHERE extname = 'funnel'}),
		'1', 'the extension can be created');
}

done_testing();
