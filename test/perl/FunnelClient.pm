# What the tests of the clients start from.
#
# A client program, in test/clients, gets two definitions as its last
# arguments.  Each way it knows to ask, it asks in 12 rounds, which are more than
# drivers and server wait before they prepare a statement for good: the first
# definition in odd rounds, the second in even ones.  What it receives it prints,
# a line for each row of the report:
#
#   WAY <tab> ROUND <tab> CELL <tab> CELL ...
#
# NULL is \N; a number is printed with all its digits.  What else it has to say,
# as the types of the columns, it prints in the same form in round 0.
package FunnelClient;

use strict;
use warnings;

use FunnelTest;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

# With letters beyond ASCII, for they must travel too.
our @definitions = (
	'visit -> click -> cart -> "achat réglé" within 7 days',
	'entrée: visit -> "achat réglé" within 1 day');

# A started node whose database "postgres" has the textbook's events: 1000 visit,
# 100 click, 50 fill a cart, 10 buy.
sub node
{
	my ($settings) = @_;
	my $node = FunnelTest::node('main', $settings);

	$node->safe_psql(
		'postgres', q{
		CREATE TABLE events (user_id int, ts timestamptz, event text);
		INSERT INTO events
		SELECT i, timestamptz '2026-03-01 00:00+00' + i * interval '40 min'
			+ (nth - 1) * i * interval '1.234567 s', event
		FROM generate_series(1, 1000) AS i,
			(VALUES (1, 'visit'), (10, 'click'), (20, 'cart'), (100, 'achat réglé')) AS e(nth, event)
		WHERE i % nth = 0;
		ANALYZE events});
	return $node;
}

# Run a client program; what it printed, as {way}[round] => text of the rows.
sub run
{
	my ($name, @command) = @_;
	my %answers;

	# A locale that may say all the definitions say.
	local $ENV{LC_ALL} = 'C.UTF-8';
	my $ended = IPC::Run::run(
		[ @command, @definitions ],
		'>' => \my $output,
		'2>' => \my $errors,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	ok($ended, "$name runs");
	diag($errors) if !$ended;

	foreach my $line (split /\n/, $output)
	{
		my ($way, $round, @cells) = split /\t/, $line, -1;
		$answers{$way}[$round] .= join("\t", map { _tidy($_) } @cells) . "\n";
	}
	return \%answers;
}

# The same number is written in many ways.
sub _tidy
{
	my ($cell) = @_;

	return $cell =~ /^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$/i ? sprintf('%.17g', $cell) : $cell;
}

# What psql prints of a query, as the clients print it.
sub rows
{
	my ($node, $sql) = @_;
	my $rows = $node->safe_psql('postgres', $sql,
		extra_params => [ '--field-separator', "\t", '--pset', 'null=\N' ]);

	return join('', map { join("\t", map { _tidy($_) } split(/\t/, $_, -1)) . "\n" } split /\n/, $rows);
}

# Every round of each of the ways must have brought what psql prints.
sub reports_ok
{
	my ($node, $answers, @ways) = @_;
	my @expected = map {
		my $definition = $_;
		rows($node, qq{
			SELECT * FROM funnel_report((
				SELECT funnel_agg(user_id, ts, event, \$\$$definition\$\$) FROM events))});
	} @definitions;

	like($expected[0], qr/\A1\tvisit\t1000\t.*\n2\tclick\t100\t.*\n3\tcart\t50\t.*\n4\tachat réglé\t10\t.*\n\z/,
		'the report is that of the textbook');
	foreach my $way (@ways)
	{
		my $rounds = $answers->{$way} // [];

		is( join('', map { "round $_\n" . ($rounds->[$_] // '') } 1 .. 12),
			join('', map { "round $_\n" . $expected[ 1 - $_ % 2 ] } 1 .. 12),
			"$way: every execution brings the report");
	}
}

1;
