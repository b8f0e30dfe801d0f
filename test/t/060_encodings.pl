# The definition language and the label match in databases whose encoding is
# not UTF8: a character is one of the database's, never a part of one.
use strict;
use warnings;

use FunnelTest;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('encodings');

for my $encoding (qw(LATIN1 EUC_JP SQL_ASCII))
{
	$node->safe_psql('postgres',
		"CREATE DATABASE $encoding TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	$node->safe_psql(lc $encoding, 'CREATE EXTENSION funnel');
}

# Bytes in hex, as text of the database's own encoding.
sub text
{
	return "convert_from('\\x$_[0]', getdatabaseencoding())";
}

# The answer to a query in a database, as hex digits of the server's bytes.
sub bytes
{
	my ($database, $expression) = @_;
	return $node->safe_psql($database,
		"SELECT encode(convert_to(($expression)::text, getdatabaseencoding()), 'escape')");
}

# Which characters are bare is known for UTF8 only; elsewhere a name with
# others than ASCII is read without quotes, and printed with them, so that a
# dump can be read in any database.
is( bytes('latin1', text('636166e9202d3e2062') . '::funnel_def'),
	'"caf\\351" -> b', 'Latin-1 letters are bare, and printed in quotes');
is( bytes('euc_jp', text('a4a22d3ea4a4') . '::funnel_def'),
	'"\\244\\242" -> "\\244\\244"', 'so are characters of two bytes');
is( bytes('sql_ascii', text('c3a92d3ee28692') . '::funnel_def'),
	'"\\303\\251" -> "\\342\\206\\222"', 'so are bytes of an unknown encoding');
is( $node->safe_psql('euc_jp',
		'SELECT d::text::funnel_def = d FROM (SELECT ' . text('a4a22a7ca4a4') . '::funnel_def AS d) d'),
	't', 'what is printed is read as the same');

# Positions in messages count characters.
my ($status, $out, $error) =
  $node->psql('euc_jp', 'SELECT ' . text('a4a2a4a2a4a2202aa4a2203f3f') . '::funnel_def');
like($error, qr/at character 5\b/, 'positions are those of characters');

# <a4a2 a4a2> holds the bytes of the character a2a4, but not the character.
sub matches
{
	my ($word, $event) = @_;
	return $node->safe_psql('euc_jp',
		'SELECT stage_of(' . text($event) . ', ' . text($word) . '::funnel_def) IS NOT NULL');
}

is(matches('2aa2a42a', 'a4a2a4a2'), 'f', 'no match between two characters');
is(matches('2aa2a42a', 'a4a2a4a2a2a4'), 't', 'a match behind a false one');
is(matches('2aa2a42a', 'a4a2a4a261a2a462'), 't', 'a match among letters of one byte');
is(matches('2aa2af', '8fa2af'), 'f', 'no suffix that is a part of a character');
is(matches('2aa2af', '8fa2afa2af'), 't', 'a suffix behind it');
is(matches('8fa2af2a', '8fa2afa2af'), 't', 'a prefix of three bytes');
is(matches('2aa2a42aa2a4', 'a2a4a4a2a4a2'), 'f', 'no match of the second segment');
is(matches('2aa2a42aa2a4', 'a2a4a4a2a4a2a2a4'), 't', 'two segments');
is(matches('2a61', 'a2a461'), 't', 'a suffix of one byte behind a character of two');
is(matches('2a622a61', 'a2a46261'), 't', 'a segment of one byte, too');
is(matches('2aa2af', '618fa2af'), 'f', 'no part of a character behind a letter');
is(matches('2aa2af', '8fa2af61a2af'), 't', 'a suffix right behind a letter');
is(matches('2aa2a42a', '61a4a2a4a2'), 'f', 'no match between two characters behind a letter');
is(matches('2aa2a42a', '61a4a2a4a262a2a4'), 't', 'a match behind a false one and a letter');

# Thousands of wildcards, and a long label that ends as each of them does.  Behind
# a letter there is no need to go through the label, to see whether its end is a
# part of a character; where there is, the query can be cancelled.  What is looked
# at is the time that the process had a processor: minutes, were it otherwise.
my $ticks = q{
	SELECT sum(n::bigint) FROM unnest((string_to_array(regexp_replace(pg_read_file('/proc/self/stat'), '.*\) ', ''), ' '))[12:13]) AS n};
foreach my $case (
	[ 'an end of one byte', 'a4a4', '61', '0' ],
	[ 'an end behind a letter', '78', 'a4a2', '0' ],
	[ 'an end without a letter before it', 'a4a4', 'a4a2', '2s' ])
{
	my ($what, $head, $end, $timeout) = ($$case[0], text($$case[1]), text($$case[2]), $$case[3]);
	my ($stdout, $stderr);
	$node->psql('euc_jp', qq{
		\\set VERBOSITY sqlstate
		SET statement_timeout = '$timeout';
		SELECT stage_of(repeat($head, 3000000) || $end, rtrim(repeat('*' || $end || '|', 9000), '|')::funnel_def) IS NOT NULL;
		RESET statement_timeout;
		$ticks},
		on_error_stop => 0, stdout => \$stdout, stderr => \$stderr);
	is($stderr =~ /ERROR: +(\w+)/ ? $1 : (split /\n/, $stdout)[0], $timeout eq '0' ? 't' : '57014', "many wildcards: $what");
  SKIP:
	{
		skip 'needs /proc to read the time of a process', 1 unless -r '/proc/self/stat';
		cmp_ok((split /\n/, $stdout)[-1] / POSIX::sysconf(POSIX::_SC_CLK_TCK()), '<', 20, 'without delay');
	}
}

# What the encoding has no character for cannot be in a journey; from 16 on that
# is an error which pg_input_is_valid() reports.
my $euro = q{'[["2026-01-01T00:00:00Z", "\u20ac"]]'};
is($node->safe_psql('euc_jp', q{SELECT journey_labels('[["2026-01-01T00:00:00Z", "\u3042"]]') = ARRAY[} . text('a4a2') . ']'),
	't', 'an escape of a character that the encoding has');
($status, $out, $error) = $node->psql('latin1', "\\set VERBOSITY sqlstate\nSELECT ${euro}::funnel_journey");
like($error, qr/ERROR: +22P05/, 'one of a character that it has not');
SKIP:
{
	skip 'pg_input_is_valid() came with 16', 1
	  if $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int < 160000") eq 't';
	is($node->safe_psql('latin1', "SELECT pg_input_is_valid($euro, 'funnel_journey')"), 'f', 'is not valid');
}

# Values of all types go in binary, and in text, from any database to any other:
# they become what they would be had they been made there.  What is canonical
# depends on the encoding: a UTF8 database alone prints these labels without
# quotes, and they sort differently in EUC_JP.
my @databases = qw(postgres latin1 euc_jp sql_ascii);
my $made = q{
	SET client_encoding = 'UTF8';
	CREATE TABLE labels (nth int, label text);
	INSERT INTO labels VALUES (1, '§'), (2, '×'), (3, '¶ é'), (4, 'é'), (5, 'z'), (6, '');
	CREATE TABLE made (d funnel_def, s funnel_stage, r funnel_result, j funnel_journey, p funnel_progress,
		ds funnel_def[], rs funnel_result[]);
	INSERT INTO made
	SELECT d, (funnel_stages(d)), r, j, p, ARRAY[d], ARRAY[r, NULL, r]
	FROM (SELECT 'prix: § -> ×|é -[!"¶ é", 2 days]-> é* within 7 days'::funnel_def AS d) AS d,
		LATERAL (SELECT funnel_agg(nth % 2, timestamptz '2026-01-01Z' + nth * interval '1 h', label, d) AS r,
			journey_agg(timestamptz '2026-01-01Z', label) AS j,
			funnel_progress_agg(timestamptz '2026-01-01Z' + nth * interval '1 h', label, d, label) AS p
			FROM labels) AS x;
	INSERT INTO made (d, r)
	SELECT d, funnel_result(d) FROM (VALUES ('"§" -> "prix é" -> "× "'::funnel_def), ('a -> "b c"')) AS v(d);
	CREATE TABLE copied (LIKE made)};
$node->safe_psql($_, $made) foreach @databases;

my $file = PostgreSQL::Test::Utils::tempdir() . '/copied';
my @columns = qw(d s r j p ds rs);
foreach my $from (@databases)
{
	foreach my $format (qw(binary text))
	{
		$node->safe_psql($from,
			"SET client_encoding = 'UTF8'; COPY made TO '$file' (FORMAT $format, ENCODING 'UTF8')");
		foreach my $to (@databases)
		{
			my ($status, $out, $error) = $node->psql($to, qq{
				SET client_encoding = 'UTF8';
				TRUNCATE copied;
				COPY copied FROM '$file' (FORMAT $format, ENCODING 'UTF8');
				SELECT count(*) FROM copied;}
				  . join(' UNION ALL ', map { qq{
				SELECT '$_' WHERE ARRAY(SELECT $_ || '' FROM (SELECT $_\::text FROM made) AS m ORDER BY 1)
					IS DISTINCT FROM ARRAY(SELECT $_ || '' FROM (SELECT $_\::text FROM copied) AS c ORDER BY 1)}
				  } @columns)
				  . q{;
				SELECT 'bytes' FROM made AS m WHERE NOT EXISTS (SELECT FROM copied AS c
					WHERE (m.d, m.s, m.j, funnel_result_send(m.r)) IS NOT DISTINCT FROM (c.d, c.s, c.j, funnel_result_send(c.r)));
				SELECT 'funnels'
				WHERE (SELECT funnel_agg(j, d)::text FROM made WHERE s IS NOT NULL) IS DISTINCT FROM
					(SELECT funnel_agg(j, d)::text FROM copied WHERE s IS NOT NULL)});
			is($error . $out, '5', "$format, from $from to $to");
		}
	}
}

$node->stop;
done_testing();
