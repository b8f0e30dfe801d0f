# A function can be read at a glance: it has less than 100 lines between its
# braces, which stand in the first column.
use strict;
use warnings;

use Test::More;

my $most = 99;
my @sources = glob('src/*/*.[ch]');
my @long;
my $functions = 0;

foreach my $source (@sources)
{
	my ($name, $begin);

	open my $in, '<', $source or die "$source: $!";
	while (my $line = <$in>)
	{
		$name = $1 if $line =~ /^(\w+)\(/;
		$begin = $. if $line eq "{\n";
		next unless $line eq "}\n" && defined $begin;
		$functions++;
		push @long, sprintf('%s:%d: %s has %d lines', $source, $begin, $name // '?', $. - $begin - 1)
		  if $. - $begin - 1 > $most;
		undef $begin;
	}
}
cmp_ok($functions, '>', 500, 'there are functions to look at');
is(join("\n", @long), '', "no function has more than $most lines");
done_testing();
