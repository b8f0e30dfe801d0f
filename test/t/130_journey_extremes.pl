# Journeys at their limits: a million events, long labels, other encodings.
use strict;
use warnings;

use FunnelTest;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('journeys');

# A million events with all kinds of labels, and back; in text and in binary,
# and put together from parts in any order.
$node->safe_psql('postgres', q{
	SELECT setseed(0.5);
	CREATE TABLE events AS
	SELECT timestamptz '2026-01-01' + random() * random() * interval '3000 days'
			- (i % 1000 = 0)::int * interval '4000 years' AS ts,
		CASE i % 50 WHEN 0 THEN NULL WHEN 1 THEN repeat('long ', 100 + (i / 50) % 40)
			WHEN 2 THEN 'Straße ' || (i / 50) % 1000 ELSE 'page ' || i % 50 END AS event
	FROM generate_series(1, 1000000) AS i;
	CREATE TABLE journey AS SELECT journey_agg(ts, event) AS journey FROM events;
	CREATE TABLE copied (LIKE journey);});
my $listed = q{count(*), md5(string_agg(extract(epoch FROM ts)::text || coalesce(event, '-'), ',' ORDER BY %s))};
my $expected = $node->safe_psql('postgres',
	sprintf("SELECT $listed FROM events", 'ts, event COLLATE "C"'));
like($expected, qr/^1000000\|/, 'a million events');
is( $node->safe_psql('postgres',
		sprintf("SELECT $listed FROM journey, journey_events(journey)", 'ord')),
	$expected, 'come back as they were');
is( $node->safe_psql(
		'postgres', q{
	SELECT journey_length(journey), journey_first_at(journey) = min, journey_last_at(journey) = max,
		pg_column_size(journey) < 10 * 1024 * 1024
	FROM journey, (SELECT min(ts), max(ts) FROM events) AS e}),
	'1000000|t|t|t', 'the ends and the number are known');
is( $node->safe_psql(
		'postgres', q{
	SELECT journey = (SELECT journey_agg(part) FROM (
		SELECT journey_agg(ts, event) AS part FROM events GROUP BY md5(ts::text)::uuid < '80000000-0000-0000-0000-000000000000', event IS NULL) AS p)
	FROM journey}),
	't', 'and are the same put together from parts');
my $file = "$PostgreSQL::Test::Utils::tmp_check/journey.copy";
for my $format (qw(text binary))
{
	is( $node->safe_psql(
			'postgres', qq{
		TRUNCATE copied;
		COPY journey TO '$file' (FORMAT $format);
		COPY copied FROM '$file' (FORMAT $format);
		SELECT copied.journey = journey.journey FROM copied, journey}),
		't', "copied as $format");
}
is( $node->safe_psql(
		'postgres', q{
	SELECT (SELECT funnel_agg(1, ts, event, 'page* -> "page 7" -> "page 9" within 1 h')::text FROM events) =
		(SELECT funnel_agg(journey, 'page* -> "page 7" -> "page 9" within 1 h')::text FROM journey)}),
	't', 'a funnel over them');
is( $node->safe_psql(
		'postgres', q{
	SELECT count(*), sum(journey_length(session))
	FROM journey, journey_sessions(journey, '2 min') AS session}) =~ /^\d+\|1000000$/,
	1, 'cut into sessions');

# As many labels as events
is( $node->safe_psql(
		'postgres', q{
	SELECT count(*), count(DISTINCT event), sum(journey_length(session)) FROM (
		SELECT journey_agg(timestamptz '2026-01-01' + i * interval '1 s', 'label ' || i) AS journey
		FROM generate_series(1, 300000) AS i) AS j, journey_sessions(journey, '500 ms') AS session,
		journey_events(session)}),
	'300000|300000|300000', 'as many labels as events, each a session');

# Other encodings: on the wire labels are in the client's, and sorted as the
# server has them.
for my $encoding (qw(LATIN1 EUC_JP SQL_ASCII))
{
	my $database = lc $encoding;
	$node->safe_psql('postgres',
		"CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$node->safe_psql($database, 'CREATE EXTENSION funnel');
	my $bytes = $encoding eq 'EUC_JP' ? 'a4a2' : 'e9';
	is( $node->safe_psql(
			$database, qq{
		SET client_encoding = '$encoding';
		CREATE TABLE journeys AS
		SELECT journey_agg(timestamptz '2026-01-01', convert_from(decode(label, 'hex'), getdatabaseencoding())) AS journey
		FROM unnest('{6162,$bytes,61,""}'::text[]) AS label;
		CREATE TABLE copied (LIKE journeys);
		COPY journeys TO '$file' (FORMAT binary);
		COPY copied FROM '$file' (FORMAT binary);
		SELECT j.journey = c.journey, j.journey::text::funnel_journey = j.journey,
			(SELECT encode(convert_to(string_agg(event, ',' ORDER BY ord), getdatabaseencoding()), 'hex')
				FROM journey_events(c.journey))
		FROM journeys AS j, copied AS c}),
		"t|t|2c612c61622c$bytes", "labels in $encoding");
}
is( $node->safe_psql(
		'postgres', qq{
	CREATE TABLE sent AS SELECT journey_agg(timestamptz '2026-01-01', label) AS journey
	FROM unnest('{é,z,ÿ,œ}'::text[]) AS label;
	SET client_encoding = 'LATIN9';
	COPY sent TO '$file' (FORMAT binary);
	CREATE TABLE back (LIKE sent);
	COPY back FROM '$file' (FORMAT binary);
	SELECT sent.journey = back.journey FROM sent, back}),
	't', 'labels sort as the server has them, not the client');

# A message as anybody may send one.  Events are in its order, not in ours, and
# said with more bits than they need.
sub varint
{
	my ($n) = @_;
	my $bytes = '';
	for (; $n >= 0x80; $n >>= 7)
	{
		$bytes .= chr($n & 0x7f | 0x80);
	}
	return $bytes . chr $n;
}

# A file that COPY takes.  INTERVALS is the stream of bits behind the codes.
sub write_message
{
	my ($nevents, $span, $width, $codes, $intervals, $unnamed, @labels) = @_;
	my $message = pack('N', scalar @labels) . join('', map { pack('N/a*', $_) } @labels)
	  . chr(0x01 | ($unnamed ? 0x10 : 0)) . varint($nevents) . "\0" . varint(0) . varint($span) . chr($width)
	  . varint(scalar @labels) . $codes . $intervals;
	open my $copy, '>:raw', $file or die "$file: $!";
	print $copy "PGCOPY\n\xff\r\n\0" . pack('NNnN/a*n', 0, 0, 1, $message, 0xffff);
	close $copy;
	return length $message;
}

$node->safe_psql('postgres', 'CREATE TABLE received (nth serial, journey funnel_journey)');

# 5000 events in five instants: six codes, of which one does not occur and two
# are the same label; a code and an interval are a hexadecimal digit, except that
# there are no four-bit codes of six, so that there are more labels.
my @labels = (qw(m b zz b unused a), map { "unused $_" } 1 .. 5);
my @codes = map { (5, 0, 3, 1, 11, 2)[ $_ * $_ % 6 ] } 1 .. 5000;
my $digits = sub { pack('h*', join('', map { sprintf '%x', $_ } @_)) };
write_message(5000, 40, 4, $digits->(@codes),
	$digits->(map { $_ % 1000 == 0 ? 10 : 0 } 1 .. 4998), 1, @labels);
$node->safe_psql('postgres', "COPY received (journey) FROM '$file' (FORMAT binary)");
is( $node->safe_psql(
		'postgres', q{
	SELECT j.journey = r.journey, journey_length(r.journey)
	FROM received AS r, (
		SELECT journey_agg(timestamptz '2000-01-01Z' + (n - 1) / 1000 * interval '10 us',
			('{a,m,b,b,NULL,zz}'::text[])[1 + n * n % 6]) AS journey
		FROM generate_series(1, 5000) AS n) AS j}),
	't|5000', 'a message is read as what it says, and is the one image of that');

# So many events that a message of 2 MB could ask for half a GB.
SKIP:
{
	skip 'needs /proc to read the memory of a process', 2
	  unless -r '/proc/self/status';
	my $peak = q{SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+) kB');};
	my $count = 1 << 24;
	my $copy = "COPY received (journey) FROM '$file' (FORMAT binary);";
	my $same = 'SELECT length(funnel_journey_send(journey)), journey_length(journey) FROM received ORDER BY nth DESC LIMIT 1;';
	my $length = write_message($count, 0, 0, "\0" x ($count / 8), '', 0, 'a');
	my @lines = split /\n/,
	  $node->safe_psql('postgres', "SELECT journey FROM received LIMIT 0; $peak $copy $peak $same");
	is($lines[2], "$length|$count", 'many events of one instant');
	cmp_ok($lines[1] - $lines[0], '<', 64 * 1024, 'take memory for the message only');
}

# Labels of any script are looked up in about the same time, spelled or not, few or
# more than are remembered.  Some labels are in every journey, and some begin alike.
# The results are those of the events.  What is looked at is the time that the process
# had a processor: a search among all that begin alike takes up to ten times as long.
$node->safe_psql('postgres', q{
	CREATE TABLE visits AS
	SELECT u, i, timestamptz '2026-01-01' + i * interval '1 min' AS ts, (hashint8extended(u * 20 + i, 1) & 65535)::int AS n
	FROM generate_series(1, 2000) AS u, generate_series(1, 20) AS i;});
my $ticks = q{
	SELECT sum(n::bigint) FROM unnest((string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '.*\) ', ''), ' '))[12:13]) AS n};
foreach my $case (
	[ 'letters', 'chr(97 + N % 26) || chr(97 + N / 26 % 26) || N' ],
	[ 'digits', '(10000 + N)::text' ],
	[ 'a word and digits', q{'checkout_step_' || N} ],
	[ 'Cyrillic', 'chr(1055) || chr(1072 + N % 32) || N' ],
	[ 'katakana', 'chr(12449 + N % 80) || chr(12449 + N / 80) || chr(12449 + N % 77)' ],
	[ 'a long beginning', 'repeat(chr(1055), 13) || chr(12449 + N / 80) || chr(12449 + N % 80)' ],
	[ 'scripts by turns', q{CASE u % 3 WHEN 0 THEN chr(1055) || N WHEN 1 THEN 'page ' || N ELSE repeat(chr(12449), 20) || N END} ])
{
	my ($what, $text) = @$case;

	foreach my $nlabels (300, 3900, 65536)
	{
		my $label = "CASE i WHEN 7 THEN 'visit' WHEN 9 THEN 'seen' ELSE " . $text =~ s/\bN\b/(n % $nlabels)/gr . ' END';
		my $some = $node->safe_psql('postgres', qq{
			SELECT string_agg('"' || $label || '"', '|') FROM visits WHERE i = 8 AND u % 20 = 0});
		my $definition = "visit -> $some -> seen";
		my ($same, $before, $units, $after) = split /\n/, $node->safe_psql('postgres', qq{
			SET max_parallel_workers_per_gather = 0;
			CREATE TABLE labelled AS SELECT u, journey_agg(ts, $label) AS journey FROM visits GROUP BY u;
			SELECT (SELECT funnel_agg(u, ts, $label, '$definition')::text FROM visits) =
				(SELECT funnel_agg(journey, '$definition')::text FROM labelled);
			$ticks;
			SELECT funnel_units(funnel_agg(journey, 'nobody -> ever')) FROM labelled, generate_series(1, 30);
			$ticks;
			DROP TABLE labelled;});

		is("$same $units", 't 0', "$nlabels labels, $what");
	  SKIP:
		{
			skip 'needs /proc to read the time of a process', 1 unless -r '/proc/self/stat';
			my $seconds = ($after - $before) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
			cmp_ok($seconds, '<', 0.8, "they take $seconds s");
		}
	}
}

done_testing();
