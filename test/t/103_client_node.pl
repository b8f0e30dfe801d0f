# The report through node-postgres, by a program in JavaScript.
use strict;
use warnings;

use FunnelClient;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'no node' if system('node --version >/dev/null 2>&1') != 0;

# The package that node finds, or, on CI only, where nobody minds a download,
# the version that test/clients/package-lock.json names.
if (system(q{node -e 'require("pg")' >/dev/null 2>&1}) != 0)
{
	plan skip_all => 'no node-postgres (npm install pg, or CI=true)'
	  if ($ENV{CI} // '') ne 'true';
	plan skip_all => 'no npm to install node-postgres with'
	  if system('npm --version >/dev/null 2>&1') != 0;

	my $directory = PostgreSQL::Test::Utils::tempdir();
	append_to_file("$directory/$_", slurp_file("test/clients/$_"))
	  for qw(package.json package-lock.json);
	my $said = `npm ci --prefix $directory --cache $directory/cache --ignore-scripts --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 2>&1`;
	note($said);
	plan skip_all => 'npm could not install node-postgres' if $? != 0;
	$ENV{NODE_PATH} = "$directory/node_modules";
}

my $node = FunnelClient::node();
local $ENV{PGUSER} = getpwuid($<);
my $answers = FunnelClient::run('node', 'node', 'test/clients/node.js', $node->host, $node->port);

# What JavaScript gets by default, and once int8 is told to be a number.
my @floats = qw(from_first_low from_first_high median_seconds p90_seconds mean_seconds
  median_seconds_from_first);
foreach my $case ([ 'types', 'string' ], [ 'types with numbers', 'number' ])
{
	my ($way, $count) = @$case;

	is( $answers->{$way}[0],
		join("\t",
			'step:number', 'stage:string', "users:$count", 'from_first:number',
			'from_previous:number', "dropped:$count", "pending:$count",
			(map { "$_:number" } @floats), 'value:null') . "\n",
		"$way: step and ratios are numbers, counts are of type $count");
}
FunnelClient::reports_ok($node, $answers, 'direct', 'prepared',
	'prepared without a cast', 'after an error', 'with numbers');
is($answers->{plans}[0], "2\t2\n",
	'both named statements came to be executed by a generic plan');
like($answers->{error}[0], qr/^22P02\tExpected .* at character 10/,
	'a wrong definition is an error of its own, with its place');

$node->stop;
done_testing();
