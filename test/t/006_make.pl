# What make does without the tree of git, and where it may write nothing.
use strict;
use warnings;

use Cwd ();
use File::Find ();
use IPC::Run ();
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
($good, $out, $error) = run_in($elsewhere, $make, '-f', "$tree/Makefile", 'funnel--1.0.sql', $config);
ok($good, 'make in another directory') or diag $error;
ok(-s "$elsewhere/funnel--1.0.sql", 'builds there');
is(files($tree), $files, 'and writes nothing into the tree');

done_testing();
