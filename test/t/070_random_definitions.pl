# Random definitions: what is valid is accepted and prints to a text that is
# read as the same; what is damaged is read as it stands or refused with a
# reason, a place and a hint.  The generator is the test's own, so that the
# cases are the same everywhere.
use strict;
use warnings;

use FunnelTest;
use Test::More;

my $state = 20260101;

# A number below N, from a linear congruential generator that every Perl can do.
sub pick
{
	my ($n) = @_;
	$state = ($state * 1103515245 + 12345) % 2147483648;
	return int($state / 65536) % $n;
}

sub one_of
{
	return $_[ pick(scalar @_) ];
}

sub some
{
	my ($separator, $least, $most, $make) = @_;
	return join($separator, map { $make->() } 1 .. $least + pick($most - $least + 1));
}

my @pieces = (
	'a', 'B9', '_', '.', '/', '$', 'x:y', "\xC3\xA9", "\xE8\xB3\xBC", 'm-n', '-x', '*', '**', '""',
	'"a b"', '"""q"""', '"->"', "\"\xC3\xA9\xE2\x86\x92\"", '"*"', 'within', 'any', 'First', 'order',
	'INCREASING', 'last', 'EVERY', 'Unless', '":"', '"-"', '"50%"', '"c:"', '"x|y"', "\"\n\"", '7', "\"\xC2\xA0\"");
my @units = qw(us ms s min h d w Hours second DAYS Microseconds weeks);

sub space { return one_of('', '', ' ', "\n", " \t") }
sub word { return some('', 1, 3, sub { one_of(@pieces) }) }
sub words { return some(space() . '|' . space(), 1, 3, \&word) }

sub number
{
	return (1 + pick(99)) . (pick(3) ? '' : '.' . pick(1000000));
}

sub duration
{
	return some(space(), 1, 3, sub { number() . space() . one_of(@units) });
}

sub link_
{
	my $line = one_of('-', '=');
	return "$line>" if pick(2);

	# one of the conditions may be a longest gap, and one a shortest, which must
	# not be longer than any limit
	my @conditions = map { '!' . space() . words() } 1 .. 1 + pick(3);
	$conditions[ pick(scalar @conditions) ] = one_of('', '<=' . space()) . duration() if pick(2);
	push @conditions, '>=' . space() . '1' . space() . 'us' if !pick(3);
	@conditions = reverse @conditions if pick(2);
	return "$line\[" . join(',', map { space() . $_ . space() } @conditions) . "]$line>";
}

sub label
{
	my $label = word();
	$label =~ s/\*//g;
	return "${label}_:" . one_of(' ', "\n", "  ");
}

sub definition
{
	my $n = 1 + pick(6);
	my $definition = '';

	for my $step (1 .. $n)
	{
		$definition .= link_() . space() if $step > 1;
		$definition .= label() if !pick(4);
		$definition .= words() . space();
		$definition .= '?' if $step > 1 && $step < $n && !pick(3);
		$definition .= ' ';
	}

	my @clauses = grep { pick(2) } ('within ' . duration(),
		one_of('first entry', "FIRST\nentry", 'last  entry', 'Every attempt'), 'Increasing');
	push @clauses, 'unless ' . words() if $n > 1 && pick(2);
	@clauses = reverse @clauses if pick(2);
	return $definition . join(one_of(', ', ' '), @clauses);
}

# One character removed, doubled, replaced, or everything behind it cut off.
sub damaged
{
	my ($definition) = @_;
	my @characters = $definition =~ /([\x00-\x7F]|[\xC0-\xFF][\x80-\xBF]*)/g;
	my $at = pick(scalar @characters);
	my $how = pick(4);

	if ($how == 0) { splice(@characters, $at, 1) }
	elsif ($how == 1) { splice(@characters, $at, 0, $characters[$at]) }
	elsif ($how == 2) { $characters[$at] = one_of(split(//, '->=[]!|?:"*, 1d%'), "\xE2\x86\x92") }
	else { splice(@characters, $at) }
	return join('', @characters);
}

my $node = FunnelTest::node('random_definitions');

$node->safe_psql(
	'postgres', q{
	CREATE TABLE written (id int GENERATED ALWAYS AS IDENTITY, valid boolean, lit text);

	-- "read", "refused", or what is wrong
	CREATE FUNCTION verdict(lit text) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		state text;
		detail text;
		hint text;
		canonical text;
	BEGIN
		canonical := lit::funnel_def::text;
		RETURN CASE WHEN canonical::funnel_def::text = canonical THEN 'read'
			ELSE 'not the same: ' || lit END;
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL,
			hint = PG_EXCEPTION_HINT;
		RETURN CASE WHEN state = '22P02' AND detail ~ ' character [1-9][0-9]*' AND hint <> '' THEN 'refused'
			ELSE state || ' ' || detail || ': ' || lit END;
	END $$});

my @valid = map { definition() } 1 .. 5000;
my @damaged = map { damaged($valid[ $_ % @valid ]) } 1 .. 20000;

for my $set ([ 'true', @valid ], [ 'false', @damaged ])
{
	my ($is_valid, @literals) = @$set;

	while (my @some = splice(@literals, 0, 1000))
	{
		$node->safe_psql('postgres',
			'INSERT INTO written (valid, lit) VALUES '
			  . join(',', map { "($is_valid, \$lit\$$_\$lit\$)" } @some));
	}
}

is( $node->safe_psql('postgres',
		"SELECT verdict(lit), count(*) FROM written WHERE valid GROUP BY 1 ORDER BY 2 DESC LIMIT 5"),
	'read|5000', 'every valid definition is read, and read again as the same');

is( $node->safe_psql('postgres',
		"SELECT v, count(*) > 5000 FROM (SELECT verdict(lit) AS v FROM written WHERE NOT valid) v"
		  . " GROUP BY 1 ORDER BY 2, 1 LIMIT 5"),
	"read|t\nrefused|t", 'a damaged one is read as it stands or refused at a place with a hint');

is( $node->safe_psql(
		'postgres', q{
	SELECT count(*) FROM (
		SELECT id FROM written, funnel_stages(lit::funnel_def) WITH ORDINALITY AS s(stage, n)
		WHERE valid
		GROUP BY id
		HAVING count(DISTINCT stage_name(stage)) <> count(*)
			OR bool_or(stage_position(stage) <> n)) w}),
	'0', 'the stages are numbered from 1 and have unique names');

is( $node->safe_psql(
		'postgres', q{
	WITH definitions AS (
		SELECT (SELECT array_agg(s) FROM funnel_stages(lit::funnel_def) s WHERE stage_name(s) <> '') AS stages
		FROM written WHERE valid)
	SELECT count(*) FROM definitions
	WHERE funnel_def(stages, NULL) <>
		(SELECT string_agg('"' || replace(stage_name(s), '"', '""') || '"', '->' ORDER BY s)
		 FROM unnest(stages) s)::funnel_def}),
	'0', 'a definition made of stages is that of their names in quotes');

$node->stop;
done_testing();
