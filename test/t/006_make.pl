# What make does without the tree of git, and where it may write nothing.
use strict;
use warnings;

use FunnelMake;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $tree = FunnelMake::tree();
my ($version) = slurp_file("$tree/Makefile") =~ /^EXTVERSION = (.*)$/m;
my $script = "funnel--$version.sql";
my $files = FunnelMake::files($tree);

# Whoever asks what would be done has nothing done: not even test/setup, which
# installs packages, is there to be run.
rename "$tree/test/setup", "$tree/setup" or die "test/setup: $!";
foreach my $target (qw(demo test shell bench valgrind))
{
	my ($good, $out, $error) = FunnelMake::make_in($tree, '-n', $target);

	ok($good, "make -n $target") or diag $error;
	like($out, qr/test\/setup/, "make -n $target says what it would run");
}

# Which tests run: those named, or all of a kind where none of the other is wanted.
foreach my $case (
	[ 'REGRESS=stage', qr{test/run 'stage' ''} ],
	[ 'PROVE_TESTS=test/t/006_make.pl', qr{test/run '' 'test/t/006_make.pl'} ],
	[ 'PROVE_TESTS=', qr{test/run '.*\bstage\b.*' ''} ],
	[ 'REGRESS=', qr{test/run '' '.*\btest/t/006_make.pl\b.*'} ])
{
	my ($option, $tests) = @$case;
	delete local @ENV{qw(MAKEFLAGS REGRESS PROVE_TESTS)};
	my ($good, $out, $error) = FunnelMake::make_in($tree, '-n', 'run-test', $option);

	like($out, $tests, "make test $option");
}
rename "$tree/setup", "$tree/test/setup" or die "test/setup: $!";
is(FunnelMake::files($tree), $files, 'make -n leaves nothing behind');

my ($good, $out, $error) = FunnelMake::make_in($tree, 'dist');
ok(!$good, 'there is no archive without git');
like($error, qr/make dist archives a commit/, 'and why');

# From another directory, with the tree as it is
my $elsewhere = PostgreSQL::Test::Utils::tempdir();
($good, $out, $error) = FunnelMake::make_in($elsewhere, '-f', "$tree/Makefile", $script, 'src/base/uint128.o');
ok($good, 'make in another directory') or diag $error;
ok(-s "$elsewhere/$_", "builds $_ there") foreach $script, 'src/base/uint128.o';
is(FunnelMake::files($tree), $files, 'and writes nothing into the tree');

# So does what Debian's pg_buildext calls.
my $build = PostgreSQL::Test::Utils::tempdir();
($good, $out, $error) = FunnelMake::make_in($tree, '-C', $build, '-f', "$tree/Makefile", "VPATH=$tree", 'USE_PGXS=1',
	$script, 'src/base/uint128.o');
ok($good, 'make with VPATH') or diag $error;
ok(-s "$build/$_", "builds $_ there") foreach $script, 'src/base/uint128.o';
is(FunnelMake::files($tree), $files, 'and writes nothing into the tree, either');

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

done_testing();
