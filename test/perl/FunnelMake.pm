# make in a copy of the sources: for the tests of the Makefile.
package FunnelMake;

use strict;
use warnings;

use Cwd ();
use File::Find ();
use IPC::Run ();
use PostgreSQL::Test::Utils;

# The make that runs the tests tells nothing to those that they run.
delete @ENV{ grep { /^(MAKEFLAGS|MAKELEVEL|MFLAGS|MAKEOVERRIDES|GNUMAKEFLAGS)$/ } keys %ENV };

# A copy of the sources as they are in an archive: no git, nothing built.
sub tree
{
	my $tree = PostgreSQL::Test::Utils::tempdir() . '/tree';

	mkdir $tree or die "$tree: $!";
	system_or_bail('sh', '-c',
		"tar -cf - --exclude=./.git --exclude=./build --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude='./funnel--*' . | tar -C '$tree' -xf -");
	return $tree;
}

# All that is under a directory, as paths from there.
sub files
{
	my ($directory) = @_;
	my @files;

	File::Find::find({ no_chdir => 1, wanted => sub { push @files, s{^\Q$directory\E/}{}r } }, $directory);
	return join "\n", sort grep { $_ ne $directory } @files;
}

# run_in DIRECTORY COMMAND: did it succeed, and what did it print?
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

sub make_in
{
	my ($directory, @arguments) = @_;

	return run_in($directory, $ENV{MAKE} // 'make', @arguments, 'PG_CONFIG=' . ($ENV{PG_CONFIG} // 'pg_config'));
}

# The answer of pg_config.
sub config
{
	my ($option) = @_;
	my ($answer) = run_command([ $ENV{PG_CONFIG} // 'pg_config', $option ]);

	return $answer;
}

1;
