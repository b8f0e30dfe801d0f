# A definition given as a text parameter is parsed once an execution, not once
# a row: counted in a build of the extension whose parser is wrapped.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $config = $ENV{PG_CONFIG} || 'pg_config';
chomp(my $cc = `$config --cc`);
chomp(my $include = `$config --includedir-server`);
my $library = PostgreSQL::Test::Utils::tempdir() . '/counted';
# a tree may have objects whose source is gone
my @objects = grep { -e s/\.o$/.c/r } glob('src/*/*.o');

plan skip_all => 'the extension is not built here' if !@objects;
plan skip_all => 'no compiler whose linker knows --wrap'
  if system("$cc -O1 -fPIC -shared -Isrc -isystem $include"
	  . " -Wl,--wrap=funnel_definition_parse,--wrap=funnel_definition_parse_binary -o $library.so"
	  . " test/counted/parses.c @objects -lm 2>/dev/null") != 0;

# The install script as it is, but for the library.
my ($version) = slurp_file('Makefile') =~ /^EXTVERSION = (.*)$/m;
my $script = slurp_file("funnel--$version.sql");
$script =~ s/^\\echo.*$//m;
$script =~ s/MODULE_PATHNAME/$library/g;
$script .= "CREATE FUNCTION parses() RETURNS bigint AS '$library', 'funnel_test_parses' LANGUAGE C;\n";

my $node = PostgreSQL::Test::Cluster->new('counted');
$node->init(extra => [ '--encoding=UTF8', '--no-locale' ]);
$node->start;
$node->safe_psql('postgres', $script);

# How often the statements parse: they run in a session of their own, after
# what prepares them.
sub parses
{
	my ($prepare, @statements) = @_;
	my $output = $node->safe_psql('postgres',
		join('', map { "$_;\n" } $prepare, 'SELECT parses()', @statements, 'SELECT parses()'));

	return (split /\n/, $output)[-1];
}

my $text = "'visit -> cart -> purchase within 7 days'";
my $rows = 'generate_series(1, 1000) g';

is(parses('SELECT 1', "SELECT count(('a -> b' || g)::funnel_def) FROM $rows"),
	1000, 'a text that changes with every row is parsed for each');
is( parses('SELECT 1',
		"SELECT count((CASE WHEN g <= 500 THEN 'a -> b' ELSE 'a -> c' END)::funnel_def) FROM $rows"),
	2,
	'a text that changes once is parsed twice');

for my $mode (qw(force_generic_plan force_custom_plan auto))
{
	my $prepare = "SET plan_cache_mode = $mode; PREPARE question(text) AS ";

	is( parses("$prepare SELECT count(\$1::funnel_def) FROM $rows",
			("EXECUTE question($text)") x 10),
		10,
		"ten executions over 1000 rows parse ten times ($mode)");

	# stage_of parses what it is given once more, to compile it.
	is( parses("$prepare SELECT count(stage_of('event ' || g, \$1::funnel_def)) FROM $rows",
			("EXECUTE question($text)") x 10),
		20,
		"and so does a function that compiles the definition ($mode)");

	# What the aggregate itself parses, for each execution.
	my %parses = map {
		$_ => parses("SET plan_cache_mode = $mode; PREPARE question($_) AS"
			  . " SELECT funnel_agg(g, timestamptz '2026-01-01', 'visit', \$1) FROM $rows",
			("EXECUTE question($text)") x 10)
	} qw(funnel_def text varchar);
	cmp_ok($parses{funnel_def}, '<=', 50, "and an aggregate ($mode)");
	is($parses{$_}, $parses{funnel_def}, "which is given $_ without a cast ($mode)")
	  foreach qw(text varchar);
}

is( parses("PREPARE question(funnel_def) AS SELECT count(\$1) FROM $rows",
		("EXECUTE question($text)") x 10),
	10,
	'a parameter of type funnel_def is parsed when it is given');

$node->stop;
done_testing();
