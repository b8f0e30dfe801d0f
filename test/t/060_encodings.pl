# The definition language and the label match in databases whose encoding is
# not UTF8: a character is one of the database's, never a part of one.
use strict;
use warnings;

use FunnelTest;
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

$node->stop;
done_testing();
