# What make does without the tree of git, and where it may write nothing.
use strict;
use warnings;

use Cwd ();
use File::Find ();
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $make = $ENV{MAKE} // 'make';
my $config = 'PG_CONFIG=' . ($ENV{PG_CONFIG} // 'pg_config');
delete @ENV{ grep { /^(MAKEFLAGS|MAKELEVEL|MFLAGS|MAKEOVERRIDES|GNUMAKEFLAGS)$/ } keys %ENV };

# The sources as they are in an archive: no git, nothing built.
my $tree = PostgreSQL::Test::Utils::tempdir() . '/tree';
mkdir $tree or die "$tree: $!";
system_or_bail('sh', '-c',
	"tar -cf - --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude='./funnel--*' . | tar -C '$tree' -xf -");

sub files
{
	my ($directory) = @_;
	my @files;

	File::Find::find({ no_chdir => 1, wanted => sub { push @files, $_ } }, $directory);
	return join "\n", sort @files;
}

sub run_in
{
	my ($directory, @command) = @_;
	my $here = Cwd::getcwd();
	my ($out, $error) = ('', '');

	chdir $directory or die "$directory: $!";
	my $good = IPC::Run::run(\@command, '<', \'', '>', \$out, '2>', \$error);
	chdir $here or die "$here: $!";
	return ($good, $out, $error);
}

my ($version) = slurp_file("$tree/Makefile") =~ /^EXTVERSION = (.*)$/m;
my $script = "funnel--$version.sql";
my $files = files($tree);

# Whoever asks what would be done has nothing done: not even test/setup, which
# installs packages, is there to be run.
rename "$tree/test/setup", "$tree/setup" or die "test/setup: $!";
foreach my $target (qw(demo test shell bench valgrind))
{
	my ($good, $out, $error) = run_in($tree, $make, '-n', $target, $config);

	ok($good, "make -n $target") or diag $error;
	like($out, qr/test\/setup/, "make -n $target says what it would run");
}
rename "$tree/setup", "$tree/test/setup" or die "test/setup: $!";
is(files($tree), $files, 'make -n leaves nothing behind');

my ($good, $out, $error) = run_in($tree, $make, 'dist', $config);
ok(!$good, 'there is no archive without git');
like($error, qr/make dist archives a commit/, 'and why');

# From another directory, with the tree as it is
my $elsewhere = PostgreSQL::Test::Utils::tempdir();
($good, $out, $error) = run_in($elsewhere, $make, '-f', "$tree/Makefile", $script, $config);
ok($good, 'make in another directory') or diag $error;
ok(-s "$elsewhere/$script", 'builds there');
is(files($tree), $files, 'and writes nothing into the tree');

# So does what Debian's pg_buildext calls.
my $build = PostgreSQL::Test::Utils::tempdir();
($good, $out, $error) = run_in($tree, $make, '-C', $build, '-f', "$tree/Makefile", "VPATH=$tree", 'USE_PGXS=1',
	$script, 'src/base/uint128.o', $config);
ok($good, 'make with VPATH') or diag $error;
ok(-s "$build/$_", "builds $_ there") foreach $script, 'src/base/uint128.o';
is(files($tree), $files, 'and writes nothing into the tree, either');

# One version everywhere, and what PGXN is told of is there.
my $meta = JSON::PP::decode_json(slurp_file("$tree/META.json"));
my $provided = $meta->{provides}{funnel};

is($meta->{version}, "$version.0", 'META.json has the version of the Makefile');
is($provided->{version}, "$version.0", 'so has what it provides');
is($provided->{file}, $script, 'which is the script that make builds');
ok(-f "$tree/$provided->{docfile}", 'with a page');
like(slurp_file("$tree/funnel.control"), qr/^default_version = '\Q$version\E'$/m, 'funnel.control has it');
like(slurp_file("$tree/src/aggregate/module.c"), qr/[.]version = "\Q$version\E"/, 'so has module.c');
like(slurp_file("$tree/debian/changelog"), qr/^funnel \(\Q$version\E\.0-/, 'debian/changelog has it');

# The archive is of a commit: what builds and tests, and nothing of the repository's.
SKIP:
{
	my @git = ('git', '-c', 'user.name=a', '-c', 'user.email=a@b.example', '-c', 'init.defaultBranch=main');

	skip 'needs git', 5 unless grep { -x "$_/git" } split /:/, $ENV{PATH};
	foreach my $command ([qw(init -q)], [qw(add -A)], [qw(commit -q -m tree)])
	{
		($good, $out, $error) = run_in($tree, @git, @$command);
		die "git: $error" if !$good;
	}
	($good, $out, $error) = run_in($build, $make, '-f', "$tree/Makefile", 'dist', $config);
	ok($good, 'make dist') or diag $error;

	my $zip = "$build/build/funnel-$version.0.zip";
	($good, $out, $error) = run_in($build, 'python3', '-m', 'zipfile', '-e', $zip, "$build/archive");
	ok($good, 'it can be unpacked') or diag $error;
	my $archive = "$build/archive/funnel-$version.0";
	my ($kept, $in_archive) = map { my $d = $_; [ map { s/^\Q$d\E\/?//r } split /\n/, files($d) ] } ($tree, $archive);
	my %there = map { $_ => 1 } @$in_archive;

	is(join(' ', grep { !$there{$_} && !m{^\.git/} } @$kept), join(' ', grep { -e "$tree/$_" }
			qw(.ci .ci/run .editorconfig .git .gitattributes .github .github/workflows .github/workflows/test.yml .gitignore)),
		'all of the tree is in it, but for the repository\'s own files');
	($good, $out, $error) = run_in($archive, $make, $script, $config);
	ok($good, 'make in it') or diag $error;
	is(slurp_file("$archive/$provided->{file}"), slurp_file("$elsewhere/$script"),
		'gives the same script');
}

done_testing();
