# Everything that README.md and the pages of docs/ show is true.
#
# Every block fenced as ```sql is run, in the order of the page, in one psql
# session, each page in a database of its own.  Where a block fenced as ```text
# comes next, it is what psql printed, but for blanks at line ends; where none
# does, there is no error.
#
# Whoever copies an example gets what the page shows.  So there is no SQL that
# the page does not show (what is long stands in <details>), every block begins
# with the settings of a new session, and all is run in two time zones, far to
# either side of UTC, the first of which changes its clocks amid the examples.
#
# Each line of a block fenced as ```funnel is a valid definition, written as it
# prints itself.
#
# Besides, links between the pages lead somewhere, README.md's reference has
# every type, function and aggregate of the extension, and the files that state
# its version agree.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('main');
my %page = map { $_ => slurp_file($_) } 'README.md', sort glob('docs/*.md');
my $readme = $page{'README.md'};

sub tidy
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n+\z/\n/;
	$text =~ s/\A\n+//;
	return $text;
}

sub check_examples
{
	my ($name, $text, $zone) = @_;

	# The blocks: line, SQL, and the output shown, if any.
	my @blocks;
	while (
		$text =~ m{
			^```sql\n (?<sql>.*?) ^```\n
			(?: \n* ^```text\n (?<shown>.*?) ^```\n )? }gmsx)
	{
		my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
		push @blocks, { line => $line, sql => $+{sql}, shown => $+{shown} };
	}
	unlike($text, qr/<!--/, "$name hides nothing");
	cmp_ok(scalar(@blocks), '>', 10, "$name has examples");
	is( scalar(() = $text =~ /^```sql$/mg),
		scalar(grep { $text =~ /^```sql\n\Q$_->{sql}\E/m } @blocks),
		'each is found');

	# One session; a mark before each block tells the outputs apart.
	my $database = lc("$name $zone") =~ s/\W/_/gr;
	my $script = "\\encoding UTF8\nCREATE EXTENSION funnel;\n";
	foreach my $i (0 .. $#blocks)
	{
		$script .= "\\pset format aligned\n\\pset tuples_only off\n\\o\nRESET ALL;\n"
		  . "\\echo @@ $i\n$blocks[$i]->{sql}";
	}
	my $file = "$PostgreSQL::Test::Utils::tmp_check/$database.sql";
	append_to_file($file, $script);
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	my $output = '';
	{
		local $ENV{PGHOST} = $node->host;
		local $ENV{PGPORT} = $node->port;
		local $ENV{PGDATABASE} = $database;
		local $ENV{PGTZ} = $zone;
		$output = `psql --no-psqlrc --quiet <"$file" 2>&1`;
	}

	for my $i (0 .. $#blocks)
	{
		my $block = $blocks[$i];
		my $where = "$name line $block->{line}, in $zone";
		my ($printed) = $output =~ /^@@ $i\n(.*?)(?=^@@ |\z)/ms;

		if (defined $block->{shown})
		{
			is(tidy($printed), tidy($block->{shown}), $where);
		}
		else
		{
			unlike($printed // 'nothing was run', qr/^ERROR|nothing was run/m, $where);
		}
	}
}

sub check_definitions
{
	my ($name, $text) = @_;

	foreach my $definition (map { split /\n/ } $text =~ /^```funnel\n(.*?)^```$/msg)
	{
		is($node->safe_psql('postgres', "SELECT \$\$$definition\$\$::funnel_def"),
			$definition, "$name: $definition");
	}
}

# The anchors of a page, as its headings make them.
sub anchors
{
	my ($text) = @_;
	my %anchors;

	$text =~ s/^```.*?^```$//msg;
	while ($text =~ /^#+ (.*)$/mg)
	{
		$anchors{ lc($1) =~ s/[^\w\- ]//gr =~ s/ /-/gr } = 1;
	}
	return \%anchors;
}

sub check_links
{
	my ($name, $text) = @_;
	my ($directory) = $name =~ m{^(.*/)?};

	$text =~ s/^```.*?^```$//msg;
	while ($text =~ /\]\(([^()#]*)(?:#([^()]*))?\)/g)
	{
		my ($file, $anchor) = ($1, $2);

		next if $file =~ /^https?:/;
		$file = $file eq '' ? $name : ($directory // '') . $file;
		$file =~ s{[^/]+/\.\./}{}g;
		ok( -e $file && (!defined $anchor || anchors($page{$file} // '')->{$anchor}),
			"$name links to $file" . (defined $anchor ? "#$anchor" : ''));
	}
}

foreach my $name (sort keys %page)
{
	check_examples($name, $page{$name}, $_) for 'America/New_York', 'Pacific/Auckland';
	check_definitions($name, $page{$name});
	check_links($name, $page{$name});
}

# The reference is complete: each signature has its place, each type too.  Those
# that differ only in whether the time is a timestamptz, timestamp or date share
# one.
my ($reference) = $readme =~ /^## Reference\n(.*?)(?=^## |\z)/ms;
my $objects = $node->safe_psql(
	'postgres', q{
	WITH member AS (
		SELECT * FROM pg_depend
		WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
		  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel'))
	SELECT typname, 0 FROM member JOIN pg_type t ON t.oid = objid
	WHERE classid = 'pg_type'::regclass AND typelem = 0
	UNION ALL
	SELECT proname, count(DISTINCT regexp_replace(pg_get_function_identity_arguments(p.oid),
		'^((.*, )?\w+ )(timestamp with time zone|timestamp without time zone|date)\M', '\1time'))
	FROM member m JOIN pg_proc p ON p.oid = objid
	WHERE classid = 'pg_proc'::regclass
	  -- not what types, operators, casts and aggregates are made of, but what the
	  -- views of the page use
	  AND NOT EXISTS (SELECT FROM pg_depend i
	                  WHERE i.refclassid = 'pg_proc'::regclass AND i.refobjid = p.oid
	                    AND i.classid NOT IN ('pg_extension'::regclass, 'pg_rewrite'::regclass)
	                    AND i.deptype <> 'e')
	GROUP BY proname
	ORDER BY 1, 2});
foreach my $object (split /\n/, $objects)
{
	my ($name, $signatures) = split /\|/, $object;

	if ($signatures == 0)
	{
		like($reference, qr/^\| `\Q$name\E` \|/m, "the reference has type $name");
	}
	else
	{
		is(scalar(() = $reference =~ /`\Q$name\E\(/g),
			$signatures, "the reference has $name");
	}
}

my ($version) = slurp_file('funnel.control') =~ /default_version = '(.*)'/;
like(slurp_file('CHANGELOG.md'),
	qr/\A# Changes\n\n## \Q$version\E\b/, 'CHANGELOG.md starts with this version');
like(slurp_file('META.json'),
	qr/^   "version": "\Q$version\E\.\d+",$/m, 'META.json is of this version');
like(slurp_file('META.json'),
	qr/"docfile": "README.md",\s*"version": "\Q$version\E\.\d+"/, 'so is what it provides');

done_testing();
