# Journeys at their limits: a million events, long labels, other encodings.
use strict;
use warnings;

use FunnelTest;
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

done_testing();
