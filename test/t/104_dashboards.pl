# The queries of docs/dashboards.md, and of the files in docs/dashboards/, as the
# tools send them: with values for their variables.  Each must run, also for a
# name that needs quotes, for one that is not there and for times without an
# event, and must have the columns that the tool asks for, in this order.
use strict;
use warnings;

use FunnelTest;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

# What the tools document: names are of our choice where they only go by the
# order, as Metabase, Lightdash and the Sankey plugin of Grafana do.  Evidence
# names source, target and value; Grafana's node graph id, title, mainstat and id,
# source, target, mainstat, secondarystat.
my $bars = 'stage text, users bigint';
my $flow = 'source text, target text, value bigint';
my $grouped = 'stage text, country text, from_first double precision';
my $filtered = 'funnel text, ts timestamp with time zone';
my $ratios = 'from_first double precision, from_previous double precision';
my $table = "step integer, stage text, users bigint, $ratios, dropped bigint, pending bigint, median_seconds double precision";
my %grafana = (
	'Bar chart' => $bars,
	'Node graph, nodes' => 'id text, title text, mainstat bigint',
	'Node graph, edges' =>
	  'id text, source text, target text, mainstat bigint, secondarystat double precision',
	'Sankey' => 'stage text, outcome text, users bigint',
	'Time series' => 'time timestamp with time zone, converted double precision',
	'Table' => $table,
	'Bar chart, by group' => 'breakdown text, from_first double precision');
my %evidence = (
	'report' => "funnel text, month text, $table",
	'flow' => "funnel text, month text, $flow",
	'country' => "funnel text, month text, step integer, $grouped");
my %wanted = (
	'Metabase, Funnel' => $bars,
	'Metabase, Sankey' => $flow,
	'Metabase, Table' => $table,
	'Metabase, Bar' => $grouped,
	'Superset, Funnel' => "$bars, $filtered",
	'Superset, Sankey' => "$flow, $filtered",
	'Superset, Table' =>
	  "country text, step integer, $bars, $ratios, median_seconds double precision, $filtered",
	(map { ("Grafana, $_" => $grafana{$_}) } 'Bar chart', 'Node graph, nodes', 'Node graph, edges', 'Sankey', 'Time series'),
	'Evidence, report' => $evidence{report},
	'Lightdash, Funnel' => $bars,
	'Lightdash, Sankey' => $flow,
	'Lightdash, Bar' => $grouped,
	'Power BI, Funnel' => "step integer, $bars",
	'Tableau, Bars' => "step integer, $bars, from_first double precision");

my $node = FunnelTest::node('main');
my $awkward = q{l'achat "x"};
$node->safe_psql(
	'postgres', slurp_file('docs/sample.sql') . q{
	CREATE TABLE funnels (name text PRIMARY KEY, definition funnel_def NOT NULL);
	INSERT INTO funnels VALUES
		('purchase', 'visit -> click -> cart -> buy within 7 days'),
		('l''achat "x"', 'visit -> click? -> cart? -> buy');});

sub quoted
{
	my ($text) = @_;
	return "'" . ($text =~ s/'/''/gr) . "'";
}

# The queries as the tools make them, from the name of a funnel and a range of
# days; undef is a filter that nobody set.
my %tool = (
	'Metabase' => sub {
		my ($sql, $name, $from, $to) = @_;
		my %value = (
			funnel => quoted($name),
			country => defined $from ? q{"public"."events"."country" IN ('de', 'fr')} : undef,
			ts => defined $from
			? qq{("public"."events"."ts" >= timestamp with time zone '$from 00:00:00.000Z' AND "public"."events"."ts" < timestamp with time zone '$to 00:00:00.000Z')}
			: undef);

		$sql =~ s/\[\[(.*?\{\{(\w+)\}\}.*?)\]\]/defined $value{$2} ? $1 : ''/ge;
		return $sql =~ s/\{\{(\w+)\}\}/$value{$1}/gr;
	},
	'Superset' => sub {
		my ($sql, $name, $from, $to) = @_;
		my %value = map {
			("range.$_->[0]" => defined $_->[1]
				? "TO_TIMESTAMP('$_->[1] 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')"
				: '')
		} [ from_expr => $from ], [ to_expr => $to ];

		$sql =~ s/\{% set range = get_time_filter\("ts", remove_filter=True\) %\}\n//;
		$sql =~ s/\{% if (\S+) %\}(.*?)\{% endif %\}/$value{$1} ne '' ? $2 : ''/ge;
		$sql =~ s/\{\{ filter_values\('funnel', 'purchase'\) \| where_in \}\}/'(' . quoted($name) . ')'/ge;
		$sql =~ s/\{\{ (range\.\w+) \}\}/$value{$1}/g;

		# the chart asks the dataset, and applies the filter once more
		return "SELECT * FROM (\n$sql\n) AS virtual_table WHERE funnel IN ("
		  . quoted($name) . ") LIMIT 1000";
	},
	'Grafana' => sub {
		my ($sql, $name, $from, $to) = @_;
		my $range = sprintf(q{'%sT00:00:00Z' AND '%sT00:00:00Z'}, $from // '2000-01-01', $to // '2100-01-01');

		$sql =~ s/\$__timeFilter\((\w+)\)/$1 BETWEEN $range/g;
		$sql =~ s/\$\{by:sqlstring\}/'country'/g;
		return $sql =~ s/\$\{funnel:sqlstring\}/quoted($name)/ger;
	},
	'Evidence' => sub { return $_[0] },
	'Lightdash' => sub {
		my ($sql, $name, $from) = @_;

		$sql =~ s/\$\{lightdash\.parameters\.since\}/quoted($from \/\/ '2000-01-01')/ge;
		return $sql =~ s/\$\{lightdash\.parameters\.funnel\}/quoted($name)/ger;
	},
	'Power BI' => sub {
		my ($sql, $name, $from, $to) = @_;
		my %value = (Name => $name =~ s/'/''/gr, From => $from // '2000-01-01', To => $to // '2100-01-01');

		return $sql =~ s/" & (\w+) & "/$value{$1}/gr;
	},
	'Tableau' => sub {
		my ($sql, $name, $from, $to) = @_;
		my %value = (
			Funnel => quoted($name),
			Since => sprintf("(DATE '%s')", $from // '2000-01-01'),
			Until => sprintf("(DATE '%s')", $to // '2100-01-01'));

		return $sql =~ s/<Parameters\.(\w+)>/$value{$1}/gr;
	});

# The columns of a query, as the server describes them.
sub columns_of
{
	my ($sql) = @_;
	my ($status, $rows, $errors) = $node->psql('postgres', "$sql\n\\gdesc\n");

	diag("$errors\n$sql") if $status != 0 || $errors ne '';
	return join(', ', map { s/\|/ /r } split /\n/, $rows);
}

# The rows of a query; undef, and the reason, if it is wrong.
sub rows_of
{
	my ($sql) = @_;
	my ($status, $rows, $errors) =
	  $node->psql('postgres', $sql, on_error_stop => 1);

	return $rows if $status == 0 && $errors eq '';
	diag("$errors\n$sql");
	return;
}

sub check_query
{
	my ($what, $tool, $sql, $columns) = @_;
	my $make = $tool{$tool};
	my $all = $make->($sql, 'purchase');

	unlike($all =~ s/'[^']*'//gr, qr/\$\{|\{\{|\{%|\[\[|<Param|\$__/, "$what: no variable is left over");
	is(columns_of($all), $columns, "$what: columns");
	like(rows_of($all), qr/./, "$what: rows");
	like(rows_of($make->($sql, $awkward, '2026-03-01', '2026-04-01')),
		qr/./, "$what: rows of a range, and of a name with quotes");
	return if $tool eq 'Evidence';
	is(rows_of($make->($sql, q{nobody's})), '', "$what: no rows for a name that is not there");

	# of those who did nothing there is nothing to show
	is(rows_of($make->($sql, 'purchase', '2030-01-01', '2030-01-02')), '', "$what: no rows of a time without events");
}

# The page
my $page = slurp_file('docs/dashboards.md');
my %query;
while ($page =~ /^```(?:pgsql|powerquery)\n(.*?)^```$/msg)
{
	my $text = $1;

	($text) = $text =~ /Odbc\.Query\("[^"]*", "(.*)"\)$/ms if $text =~ /^let$/m;
	my ($tool, $chart, $columns) = $text =~ /^\s*-- ([^,\n]+), ([^:\n]+): (.*)$/m;
	my $what = "$tool, $chart";

	ok(!exists $query{$what}, "$what is there once");
	$query{$what} = $text;
	is($columns, $wanted{$what}, "$what: the page says the columns that the tool takes");
	check_query($what, $tool, $text, $wanted{$what} // '');
}
is(join("\n", sort keys %query), join("\n", sort keys %wanted), 'the page has all of the queries');

# What they show is the textbook's.
my $reached = "visit|1000\nclick|100\ncart|50\nbuy|10";
is(rows_of($tool{$_}->($query{"$_, Funnel"}, 'purchase')), $reached, "$_: the funnel")
  for 'Metabase', 'Lightdash';
is(rows_of($tool{Grafana}->($query{'Grafana, Bar chart'}, 'purchase')), $reached, 'Grafana: the bars');
is(rows_of($tool{'Power BI'}->($query{'Power BI, Funnel'}, 'purchase')), "1|visit|1000\n2|click|100\n3|cart|50\n4|buy|10",
	'Power BI: the funnel');

# In a node graph each edge ends at nodes that are there, once.
foreach my $name ('purchase', $awkward)
{
	my %users = map { (split /\|/)[ 0, 2 ] }
	  split /\n/, rows_of($tool{Grafana}->($query{'Grafana, Node graph, nodes'}, $name));
	my @edges = map { [ split /\|/ ] }
	  split /\n/, rows_of($tool{Grafana}->($query{'Grafana, Node graph, edges'}, $name));
	my (%at, %ids, %came);

	$at{$_}++ for map { @$_[ 1, 2 ] } @edges;
	$came{ $_->[2] } += $_->[3] for @edges;
	$ids{ $_->[0] }++ for @edges;
	is(join("\n", sort keys %at), join("\n", sort keys %users), "the nodes of $name are those of the edges");
	is(scalar(keys %ids), scalar(@edges), 'each edge has an id of its own');
	is($users{'1:visit'}, 1000, 'all begin at the first node');
	is(join(' ', map { $users{$_} } sort keys %came), join(' ', map { $came{$_} } sort keys %came), 'a node has as many as come to it');
}

# The dashboard of Grafana
my $dashboard = JSON::PP->new->decode(slurp_file('docs/dashboards/grafana.json'));
my %panel = map { ($_->{title} => $_) } @{ $dashboard->{panels} };
my %variable = map { ($_->{name} => $_) } @{ $dashboard->{templating}{list} };
my %shows = (
	'Users at each stage' => [ 'barchart', 'Bar chart' ],
	'Converted, by the week of entry' => [ 'timeseries', 'Time series' ],
	'Report' => [ 'table', 'Table' ],
	'Converted, by group' => [ 'barchart', 'Bar chart, by group' ],
	'From stage to stage, and where they stopped' =>
	  [ 'nodeGraph', 'Node graph, nodes', 'Node graph, edges' ]);

is(join("\n", sort keys %panel), join("\n", sort keys %shows), 'the dashboard has its panels');
foreach my $title (sort keys %shows)
{
	my ($type, @charts) = @{ $shows{$title} };
	my @targets = @{ $panel{$title}{targets} };

	is($panel{$title}{type}, $type, "$title is a $type");
	is(scalar(@targets), scalar(@charts), 'with its queries');
	for my $i (0 .. $#charts)
	{
		my $sql = $targets[$i]{rawSql};
		my $what = "Grafana, $charts[$i]";

		is($targets[$i]{format}, 'table', 'as a table');
		check_query("dashboard, $title", 'Grafana', $sql, $grafana{ $charts[$i] });
		is("$sql\n", $query{$what} =~ s/^--.*\n//r, 'the page has the same query') if exists $query{$what};
	}
}
is(rows_of($variable{funnel}{query}), "$awkward\npurchase", 'the funnels to choose from');
my %used = map { ($_ => 1) } JSON::PP->new->encode($dashboard) =~ /\$\{(\w+)[:}]/g;
is(join(' ', sort keys %used), join(' ', sort keys %variable), 'all variables are there, and used');
unlike(JSON::PP->new->encode([ map { $_->{datasource} } values %panel ]),
	qr/"uid":"(?!\$\{source\}")/, 'no data source of one server only');

# Evidence: its page sees what the sources gave, as tables of a schema.
my $folder = 'docs/dashboards/evidence';
$node->safe_psql('postgres', 'CREATE SCHEMA shop');
foreach my $source (sort keys %evidence)
{
	my $sql = slurp_file("$folder/sources/shop/$source.sql");

	check_query("Evidence, source $source", 'Evidence', $sql, $evidence{$source});
	$node->safe_psql('postgres', "CREATE TABLE shop.$source AS $sql");
}
is(slurp_file("$folder/sources/shop/report.sql"), $query{'Evidence, report'} =~ s/^--.*\n//r, 'the page has the same source');
my $evidence = slurp_file("$folder/pages/funnel.md");
my %has;
while ($evidence =~ /^```sql (\w+)\n(.*?)^```$/msg)
{
	my ($name, $sql) = ($1, $2);

	$sql =~ s/\$\{inputs\.funnel\.value\}/purchase/g;
	$sql =~ s/\$\{inputs\.month\.value\}/2026-03/g;
	$has{$name} = columns_of($sql);
	like(rows_of($sql), qr/./, "Evidence, page: query $name");
}
my $parts = 0;
while ($evidence =~ /<(\w+) ([^>]*?)data=\{(\w+)\}([^>]*)>(.*?(?=<[A-Z]\w+ data|<Dropdown|^#|\z))/msg)
{
	my ($component, $attributes, $name, $inside) = ($1, "$2$4", $3, $5);
	my @columns = ($attributes =~ /\b(?:nameCol|valueCol|sourceCol|targetCol|value|x|y|series)=(\w+)/g, $inside =~ /<Column id=(\w+)/g);

	$parts++;
	cmp_ok(scalar(@columns), '>', 0, "Evidence, page: $component names columns");
	like($has{$name}, qr/(^|, )\Q$_\E /, "Evidence, page: $component finds $_") for @columns;
}
is($parts, 6, 'and has all its components');

$node->stop;
done_testing();
