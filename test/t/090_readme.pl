# Everything that README.md and the pages of docs/ show is true.
#
# Every block fenced as ```sql is run, in the order of the page, in one psql
# session, each page in a database of its own.  Where a block fenced as ```text
# comes next, it is what psql printed, but for blanks at line ends; where none
# does, there is no error.
#
# A page needs nothing that it does not show: its database is empty, no comments
# of HTML are allowed, and it is run in two time zones, far to either side of
# UTC, the first of which changes its clocks amid the examples.  README.md begins
# with a question and shows the sample data below it: the block that makes them
# is run first.
#
# Some tables are computed a second time, without the extension: a query of
# test/proofs/ prints what the page shows.
#
# Each line of a block fenced as ```funnel is a valid definition, written as it
# prints itself.
#
# Each call that docs/asking.md lists as unknown to PostgreSQL is answered as it
# says, and its cure works.
#
# Besides, links between the pages lead somewhere, README.md lists each page, and each
# page of docs/ ends with what to read next; docs/reference.md has every
# type, function, operator and cast of the extension, in the words of its
# COMMENT ON; README.md quotes docs/sample.sql and docs/benchmarks.md, and
# the pictures of docs/ are what docs/reports.md makes; and the files that state the version
# agree.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('main');
my %page = map { $_ => slurp_file($_) } glob('*.md docs/*.md');
my $sample = slurp_file('docs/sample.sql');

# Those without examples in SQL.
my %plain = map { $_ => 1 } grep({ $_ ne 'README.md' } glob('*.md')),
  map { "docs/$_.md" } qw(benchmarks clients glossary scale semantics);

sub tidy
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	$text =~ s/\n+\z/\n/;
	$text =~ s/\A\n+//;
	return $text;
}

# The proofs of a page: heading and number of the table => the query.
sub proofs
{
	my ($name) = @_;
	my $file = 'test/proofs/' . ($name =~ s{.*/}{}r =~ s/\.md$/.sql/r);

	return {} unless -e $file;
	my (undef, %proof) = split /^-- (\S.*, \d+)\n/m, slurp_file($file);
	return \%proof;
}

sub check_examples
{
	my ($name, $text, $zone) = @_;

	# The blocks: line, SQL, and the output shown, if any, with the query that
	# proves it, if there is one.
	my $proof = proofs($name);
	my %tables;
	my @blocks;
	while (
		$text =~ m{
			^```sql\n (?<sql>.*?) ^```\n
			(?: \n* ^```text\n (?<shown>.*?) ^```\n )?}gmsx)
	{
		my $line = 1 + (substr($text, 0, $-[0]) =~ tr/\n//);
		my %block = (line => $line, sql => $+{sql}, shown => $+{shown}, proof => '');
		my $heading = substr($text, 0, $-[0]) =~ /.*^## (.*?)$/ms ? $1 : '';
		$block{proof} = delete $proof->{"$heading, " . ++$tables{$heading}} // ''
		  if defined $block{shown};
		push @blocks, \%block;
	}
	is(join("\n", sort keys %$proof), '', "$name: each proof has its table");
	is(scalar(() = $text =~ /^```sql/mg), scalar(@blocks), "$name: each example is found");
	is( scalar(() = $text =~ /^```text/mg),
		scalar(grep { defined $_->{shown} } @blocks),
		"$name: and each output");
	unlike($text, qr/<!--/, "$name hides nothing");
	return if $name eq 'docs/sharding.md';    # test/t/145_shards.pl runs these
	if ($plain{$name})
	{
		is(scalar(@blocks), 0, "$name has no examples");
		return;
	}
	cmp_ok(scalar(@blocks), '>', 0, "$name has examples");

	# One session; a mark before each block tells the outputs apart.
	my $database = lc("$name $zone") =~ s/\W/_/gr;
	my $script = "\\encoding UTF8\n";
	$script .= "\\echo @@ $_\n$blocks[$_]->{sql}\\echo @@ proof $_\n$blocks[$_]->{proof}"
	  for sort { ($blocks[$b]{sql} eq $sample) <=> ($blocks[$a]{sql} eq $sample) || $a <=> $b } 0 .. $#blocks;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/$database.sql";
	append_to_file($file, $script);
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
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
			next unless $block->{proof};
			my ($proved) = $output =~ /^@@ proof $i\n(.*?)(?=^@@ |\z)/ms;
			is(tidy($proved), tidy($block->{shown}), "$where, proved");
			unlike($block->{proof}, qr/\b(?:funnel|journey)_/, 'without the extension');
		}
		else
		{
			unlike($printed // 'nothing was run', qr/\bERROR: |nothing was run/, $where);
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

# Each row of the table of calls that PostgreSQL does not know: what it says, with
# "…" for what is left out, and that what to write instead works.
sub check_cures
{
	my ($name, $text) = @_;
	my ($section) = $text =~ /^## It says: function does not exist\n(.*?)(?=^## |\z)/ms;
	my ($tables) = $section =~ /^```sql\n(.*?)^```$/ms;
	my @rows = map { [ map { tr/`//dr =~ s/\\\|/|/gr } @$_ ] }
	  map { [/^\| (`.+?`) \| (`.+?`) \| (`.+?`) \|$/] } grep { /^\| `/ } split /\n/, $section;

	cmp_ok(scalar(@rows), '>', 20, "$name: the rows are found");
	$node->safe_psql('postgres', 'CREATE DATABASE cures');
	$node->safe_psql('cures', "CREATE EXTENSION funnel; $tables");
	foreach my $row (@rows)
	{
		my ($wrote, $says, $write) = @$row;
		my ($status, undef, $error) = $node->psql('cures', "SELECT $wrote FROM raw");
		my $pattern = join('.*', map { quotemeta } split /\Q…\E/, $says, -1);

		like($error, qr/ERROR:  .*?$pattern/, "$name: it says that of $wrote");
		($status, undef, $error) = $node->psql('cures', "SELECT $write FROM raw");
		is($error, '', "$name: $write");
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

# Types as one writes them, without the casts of defaults.
sub short
{
	my ($signature) = @_;

	$signature =~ s/timestamp with time zone/timestamptz/g;
	$signature =~ s/timestamp without time zone/timestamp/g;
	$signature =~ s/double precision/float8/g;
	$signature =~ s/\binteger\b/int/g;
	$signature =~ s/(DEFAULT [^,]*?)::\w+/$1/g;
	$signature =~ s/VARIADIC (\w+) "any"/VARIADIC $1 boolean[]/g;
	return $signature;
}

sub check_reference
{
	my ($reference) = @_;

	# Rows of three cells, the first of them code.
	my %shown;
	while ($reference =~ /^\| `(.+?)` \| `?(.+?)`? \| (.*) \|$/mg)
	{
		my ($name, $gives, $text) = map { s/\\\|/|/gr } $1, $2, $3;
		fail("the reference has $name once") if exists $shown{$name};
		$shown{$name} = "$gives: $text";
	}

	# What the extension has, but for what types, operators and aggregates are
	# made of.
	my $described = $node->safe_psql('postgres', q{
	WITH member AS (
		SELECT classid, objid FROM pg_depend
		WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
		  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
	)
	SELECT typname::text, CASE typtype WHEN 'c' THEN 'composite type' ELSE 'type' END,
		obj_description(t.oid, 'pg_type')
	FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND t.oid = objid
	WHERE typelem = 0
	UNION ALL
	SELECT typname || '.' || attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
	FROM member JOIN pg_type t ON classid = 'pg_type'::regclass AND t.oid = objid
		JOIN pg_attribute ON attrelid = typrelid AND attnum > 0 AND NOT attisdropped
	WHERE typtype = 'c'
	UNION ALL
	SELECT proname || '(' || pg_get_function_arguments(p.oid) || ')',
		pg_get_function_result(p.oid), obj_description(p.oid, 'pg_proc')
	FROM member JOIN pg_proc p ON classid = 'pg_proc'::regclass AND p.oid = objid
	WHERE NOT EXISTS (
		SELECT FROM pg_depend i
		WHERE i.refclassid = 'pg_proc'::regclass AND i.refobjid = p.oid AND i.deptype <> 'e'
		  AND i.classid NOT IN ('pg_cast'::regclass, 'pg_rewrite'::regclass))
	  AND coalesce(obj_description(p.oid, 'pg_proc'), '') NOT LIKE 'implementation of %'
	UNION ALL
	SELECT concat_ws(' ', oprleft::regtype, oprname, oprright::regtype), oprresult::regtype::text,
		obj_description(o.oid, 'pg_operator')
	FROM member JOIN pg_operator o ON classid = 'pg_operator'::regclass AND o.oid = objid
	WHERE oprname NOT IN ('=', '<>', '<', '<=', '>', '>=')
	UNION ALL
	SELECT castsource::regtype || '::' || casttarget::regtype, casttarget::regtype::text,
		obj_description(c.oid, 'pg_cast')
	FROM member JOIN pg_cast c ON classid = 'pg_cast'::regclass AND c.oid = objid},
		extra_params => [ '--field-separator', "\t" ]);
	my %described;
	foreach my $row (split /\n/, $described)
	{
		my ($name, $gives, $text) = split /\t/, $row;
		$described{ short($name) } = short($gives) . ': ' . ($text // '');
	}

	# A function over timestamptz stands for those over timestamp and date, which
	# say of themselves the same, and optionally how they read a time.
	foreach my $name (sort grep { /\bts timestamptz\b/ } keys %described)
	{
		my %twin = (timestamp => ', times read as UTC', date => ', by days');
		foreach my $type (sort keys %twin)
		{
			my $other = $name =~ s/\bts timestamptz\b/ts $type/r;
			like(
				delete $described{$other} // 'there is none',
				qr/\A\Q$described{$name}\E(\Q$twin{$type}\E)?\z/,
				"$other is like that of timestamptz");
		}
	}

	cmp_ok(scalar(keys %described), '>', 50, 'the extension has much to refer to');
	is($shown{$_} // 'not there', $described{$_}, "the reference has $_")
	  for sort keys %described;
	is(join("\n", grep { !exists $described{$_} } sort keys %shown),
		'', 'and nothing that the extension has not');
}

foreach my $name (sort keys %page)
{
	check_examples($name, $page{$name}, $_) for 'America/New_York', 'Pacific/Auckland';
	check_definitions($name, $page{$name});
	check_links($name, $page{$name});
}
check_cures('docs/asking.md', $page{'docs/asking.md'});
check_reference($page{'docs/reference.md'});

my $readme = $page{'README.md'};
cmp_ok(scalar(() = $readme =~ /\n/g), '<=', 300, 'README.md is short');
foreach my $name (grep { $_ ne 'README.md' } sort keys %page)
{
	like($readme, qr/^\| .*\]\(\Q$name\E\).* \|$/m, "README.md lists $name");
	like($page{$name}, qr/^Read on: [^\n]+\n(?:[^\n]+\n)*\z/m, "$name says where to read on")
	  if $name =~ m{^docs/};
}
like($readme, qr/^```sql\n\Q$sample\E```$/m, 'README.md quotes the sample data');

# The ratios that README.md quotes: label and number.
my ($speed) = $readme =~ /^## Speed\n(.*?)(?=^## |\z)/ms;
my @ratios = $speed =~ /^\| ([^|]*[^| ]) \| ([\d.]+) \|$/mg;
is(scalar(@ratios), 2 * 4, 'README.md quotes four ratios');
while (my ($label, $number) = splice(@ratios, 0, 2))
{
	like($page{'docs/benchmarks.md'},
		qr/^\| \Q$label\E \|[^|]*\|[^|]*\| \Q$number\E \|/m,
		"the benchmarks have $label: $number");
}

# The pictures: docs/reports.md shows how they are made, and has just made them.
is(slurp_file($_), slurp_file("docs/$_"), "docs/$_ is what docs/reports.md makes")
  for 'funnel.svg', 'flow.svg', 'funnel.html';

my ($version) = slurp_file('funnel.control') =~ /default_version = '(.*)'/;
like(slurp_file('CHANGELOG.md'),
	qr/\A# Changes\n\n## \Q$version\E\b/, 'CHANGELOG.md starts with this version');
like(slurp_file('META.json'),
	qr/^   "version": "\Q$version\E\.\d+",$/m, 'META.json is of this version');
like(slurp_file('META.json'),
	qr/"docfile": "README.md",\s*"version": "\Q$version\E\.\d+"/, 'so is what it provides');

done_testing();
