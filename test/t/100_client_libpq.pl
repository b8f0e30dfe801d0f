# The report through libpq, in the text and the binary format, by a program in C.
use strict;
use warnings;

use FunnelClient;
use PostgreSQL::Test::Utils;
use Test::More;

my $config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $cc = `$config --cc`);
chomp(my $include = `$config --includedir`);
chomp(my $libdir = `$config --libdir`);
my $program = PostgreSQL::Test::Utils::tempdir() . '/libpq';
my $compile = "$cc -Wall -Wextra -I$include -L$libdir -Wl,-rpath,$libdir";

plan skip_all => 'no libpq to compile with'
  if system("echo '#include <libpq-fe.h>' | $compile -E -x c - >/dev/null 2>&1") != 0;
is(`$compile -o $program test/clients/libpq.c -lpq 2>&1`,
	'', 'the program compiles without a warning');

my $node = FunnelClient::node();
my $answers = FunnelClient::run('libpq', $program, $node->connstr('postgres'));

is( $answers->{types}[0],
	join("\t",
		'step:23', 'stage:25', 'users:20', 'from_first:701', 'from_previous:701',
		'dropped:20', 'pending:20', 'from_first_low:701', 'from_first_high:701',
		'median_seconds:701', 'p90_seconds:701', 'mean_seconds:701',
		'median_seconds_from_first:701', 'value:701') . "\n",
	'the columns are int4, text, int8 and float8');

FunnelClient::reports_ok($node, $answers, 'text', 'binary',
	'prepared, text', 'prepared, binary', 'prepared without a cast',
	'prepared as text', 'sent back', 'after an error');

is($answers->{plans}[0], "3\t3\n",
	'all three statements came to be executed by a generic plan');
like($answers->{error}[0], qr/^22P02\tExpected .* at character 10/,
	'a wrong definition is an error of its own, with its place');

$node->stop;
done_testing();
