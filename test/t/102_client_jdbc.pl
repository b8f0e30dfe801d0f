# The report through JDBC, by a program in Java.
use strict;
use warnings;

use FunnelClient;
use PostgreSQL::Test::Utils;
use Test::More;

my ($driver) = grep { -f $_ } ((grep { /postgresql/ } split /:/, $ENV{CLASSPATH} // ''),
	'/usr/share/java/postgresql.jar');

plan skip_all => 'no JDBC driver in /usr/share/java or CLASSPATH' if !defined $driver;
plan skip_all => 'no JDK' if system('javac -version >/dev/null 2>&1') != 0;

# The driver speaks TCP only, to a port that anybody here may try: only one role
# may come that way, and needs a password.
my $directory = PostgreSQL::Test::Utils::tempdir();
open(my $random, '<:raw', '/dev/urandom') or die "no random numbers: $!";
read($random, my $bytes, 16) == 16 or die 'no random numbers';
my $password = unpack('H*', $bytes);
append_to_file("$directory/hba.conf",
	"local all all trust\nhost postgres analyst 127.0.0.1/32 scram-sha-256\n");
my $node = FunnelClient::node(
	"listen_addresses = '127.0.0.1'\nhba_file = '$directory/hba.conf'\n");
$node->safe_psql('postgres', qq{
	SET password_encryption = 'scram-sha-256';
	CREATE ROLE analyst LOGIN PASSWORD '$password';
	GRANT SELECT ON events TO analyst});

local $ENV{PGPASSWORD} = $password;
my $answers = FunnelClient::run('JDBC',
	'java', '-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8',
	'-cp', $driver, 'test/clients/Jdbc.java',
	'jdbc:postgresql://127.0.0.1:' . $node->port . "/postgres?user=analyst");

is( $answers->{types}[0],
	join("\t",
		'step:java.lang.Integer', 'stage:java.lang.String', 'users:java.lang.Long',
		(map { "$_:java.lang.Double" } qw(from_first from_previous)),
		(map { "$_:java.lang.Long" } qw(dropped pending)),
		(map { "$_:java.lang.Double" }
			  qw(from_first_low from_first_high median_seconds p90_seconds
			  mean_seconds median_seconds_from_first value))) . "\n",
	'the columns are Integer, String, Long and Double');
FunnelClient::reports_ok($node, $answers, 'direct', 'prepared',
	'prepared without a cast', 'prepared with PGobject', 'after an error',
	'text without a cast', 'strings without a type');
is($answers->{plans}[0], "3\t3\n",
	'the server came to execute each by a generic plan');
is($answers->{'plans without a type'}[0],
	"1\t1\n", 'and the one with a string without a type');
like($answers->{error}[0], qr/^22P02\t.*Detail: Expected .* at character 10/,
	'a wrong definition is an error of its own, with its place');

$node->stop;
done_testing();
