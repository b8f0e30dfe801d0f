# The report through ODBC, by a program in C.
use strict;
use warnings;

use FunnelClient;
use PostgreSQL::Test::Utils;
use Test::More;

my $config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $cc = `$config --cc`);
my $program = PostgreSQL::Test::Utils::tempdir() . '/odbc';

plan skip_all => 'no header files of unixODBC'
  if system("echo '#include <sqlext.h>' | $cc -E -x c - >/dev/null 2>&1") != 0;
plan skip_all => 'no "PostgreSQL Unicode" among the drivers of unixODBC'
  if system("odbcinst -q -d -n 'PostgreSQL Unicode' >/dev/null 2>&1") != 0;
is(`$cc -Wall -Wextra -o $program test/clients/odbc.c -lodbc 2>&1`,
	'', 'the program compiles without a warning');

my $node = FunnelClient::node();
my $answers = FunnelClient::run('ODBC', $program,
	'Driver={PostgreSQL Unicode};Servername='
	  . $node->host . ';Port=' . $node->port . ';Database=postgres;Uid=' . getpwuid($<));

# SQL_INTEGER, SQL_LONGVARCHAR, SQL_BIGINT and SQL_FLOAT
is( $answers->{types}[0],
	join("\t",
		'step:4', 'stage:-1', 'users:-5', 'from_first:6', 'from_previous:6',
		'dropped:-5', 'pending:-5', 'from_first_low:6', 'from_first_high:6',
		'median_seconds:6', 'p90_seconds:6', 'mean_seconds:6',
		'median_seconds_from_first:6', 'value:6') . "\n",
	'the columns are integers, text, big integers and floating point');

# What charts take, as dashboards by ODBC get it.
my %charts = (
	bars => "stage:-1\tusers:-5\n",
	flow => "source:-1\ttarget:-1\tvalue:-5\tmedian_seconds:6\n");
foreach my $chart (sort keys %charts)
{
	is($answers->{$chart}[0], $charts{$chart}, "the columns of funnel_$chart are text and numbers");
	is( $answers->{$chart}[1],
		FunnelClient::rows($node, qq{
			SELECT * FROM funnel_$chart((
				SELECT funnel_agg(user_id, ts, event, \$\$$FunnelClient::definitions[0]\$\$) FROM events))}),
		"funnel_$chart brings its rows, in their order");
}

FunnelClient::reports_ok($node, $answers, 'direct', 'prepared',
	'prepared, long text', 'prepared without a cast', 'after an error');

is($answers->{plans}[0], "3\t3\n",
	'all three statements came to be executed by a generic plan');
like($answers->{error}[0], qr/^22P02\t.*DETAIL:\s+Expected .* at character 10/,
	'a wrong definition is an error of its own, with its place');

$node->stop;
done_testing();
