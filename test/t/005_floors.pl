# The house has floors: a file of src/ uses only what is on its own floor or
# below, and no files use each other in a circle.
#
# Two things show what a file uses: its #include lines, and the symbols that
# its object needs and another one defines.  A file is its .c and its .h.
use strict;
use warnings;

use File::Find;
use PostgreSQL::Test::Utils;
use Test::More;

# From the ground up, as ARCHITECTURE.md describes them.
my @floors =
  qw(base match language events spool result picture aggregate journey);
my %level = map { $floors[$_] => $_ } 0 .. $#floors;

# match/ is plain C, to be tested, fuzzed and proved without a server.
my %is_plain = (match => 1);

my @files;
find(
	{
		no_chdir => 1,
		wanted => sub { push @files, $_ if /\.[ch]$/ }
	},
	'src');
cmp_ok(scalar(@files), '>', 50, 'there are files to look at');

sub module
{
	my ($path) = @_;

	return $path =~ s{^src/}{}r =~ s{\.[cho]$}{}r;
}

my @problems;
my %uses;                       # module => module => how one can see it

sub note_use
{
	my ($from, $to, $how) = @_;

	$uses{$from}{$to} //= $how if $from ne $to;
}

foreach my $path (sort @files)
{
	my ($floor) = $path =~ m{^src/(\w+)/\w+\.[ch]$};

	if (!defined $floor || !exists $level{$floor})
	{
		push @problems, "$path is on no floor";
		next;
	}
	foreach my $line (split /\n/, slurp_file($path))
	{
		next unless $line =~ /^\s*#\s*include\s+"([^"]+)"/;
		my $header = $1;

		if (-e "src/$header")
		{
			note_use(module($path), module($header), qq(includes "$header"));
		}
		elsif ($is_plain{$floor})
		{
			push @problems, qq($path includes "$header": match/ is plain C);
		}
		elsif (-e $path =~ s{[^/]+$}{$header}r)
		{
			push @problems, qq($path includes "$header" without its floor);
		}
	}
}

SKIP:
{
	my @objects = grep { -e } map { s/\.c$/.o/r } grep { /\.c$/ } @files;
	my %definer;
	my %needs;

	skip 'no nm to list symbols', 1 if system('nm --version >/dev/null 2>&1');
	foreach my $object (@objects)
	{
		foreach my $line (`nm $object`)
		{
			my ($kind, $symbol) = $line =~ /\b([A-Za-z]) (\S+)$/ or next;

			if ($kind eq 'U')
			{
				$needs{$object}{$symbol} = 1;
			}
			elsif ($kind =~ /[A-Z]/)
			{
				$definer{$symbol} = module($object);
			}
		}
	}
	# what a server calls by name belongs to no file
	delete $definer{$_} foreach qw(Pg_magic_func _PG_init);
	foreach my $object (sort keys %needs)
	{
		foreach my $symbol (sort keys %{ $needs{$object} })
		{
			note_use(module($object), $definer{$symbol}, "uses $symbol")
			  if defined $definer{$symbol};
		}
	}
	cmp_ok(scalar(@objects), '>', 30, 'there are objects to look at');
}

foreach my $from (sort keys %uses)
{
	foreach my $to (sort keys %{ $uses{$from} })
	{
		my ($here) = $from =~ m{^(\w+)/};
		my ($there) = $to =~ m{^(\w+)/};

		next unless defined $here && defined $there;
		push @problems, "src/$from $uses{$from}{$to} of src/$to, a floor above"
		  if $level{$there} > $level{$here};
	}
}
is(join("\n", @problems), '', 'files use their own floor and those below');

# Circles: walk on from each file, and see whether the walk comes back.
my %done;
my @circles;

sub walk
{
	my ($module, @path) = @_;

	for my $i (0 .. $#path)
	{
		next unless $path[$i] eq $module;
		my @circle = (@path[ $i .. $#path ], $module);
		push @circles,
		  join("\n",
			map { "src/$circle[$_] $uses{$circle[$_]}{$circle[$_ + 1]} of src/$circle[$_ + 1]" }
			  0 .. $#circle - 1);
		return;
	}
	return if $done{$module};
	walk($_, @path, $module) foreach sort keys %{ $uses{$module} };
	$done{$module} = 1;
}

walk($_) foreach sort keys %uses;
is(join("\n\n", @circles), '', 'no files use each other in a circle');


done_testing();
