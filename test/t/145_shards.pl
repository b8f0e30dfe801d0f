# Events on two servers, and a front that asks them: everything that the page
# docs/sharding.md shows is run as it stands there, and its answers are those of one
# server with all events.
#
# The first line of a block says where it runs.  Hosts are put in, and a shard's
# number.  What it does not run says so.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use FunnelWire;
use PostgreSQL::Test::Utils;
use Test::More;

my $front = FunnelTest::node('front');
if ($front->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'}) eq '0')
{
	$front->stop;
	plan skip_all => 'postgres_fdw is not installed';
}
my @shards = map { FunnelTest::node("shard$_", "max_connections = 50\n") } 1, 2;
my @wires = map { FunnelWire->new($_) } @shards;

# A page's database is "shop"; "one" has all events itself.
$front->safe_psql('postgres', 'CREATE DATABASE shop');
$front->safe_psql('postgres', 'CREATE DATABASE one');
$front->safe_psql('postgres', 'CREATE DATABASE proxy');
foreach my $shard (@shards)
{
	$shard->safe_psql('postgres', 'CREATE ROLE analyst LOGIN SUPERUSER');
	$shard->safe_psql('postgres', 'CREATE DATABASE shop');
}
my $sample = slurp_file('docs/sample.sql');
$front->safe_psql('one', $sample);

my $has_proxy = $front->safe_psql('postgres',
	q{SELECT count(*) FROM pg_available_extensions WHERE name = 'plproxy'});

sub tidy
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	return $text =~ s/\n+\z//r;
}

# What psql prints, as on the page
sub printed
{
	my ($node, $database, $sql) = @_;
	my ($out, $error);

	local $ENV{PGTZ} = 'UTC';
	IPC::Run::run([ 'psql', '-Xq', '-d', $node->connstr($database), '-f', '-' ],
		'<', \$sql, '>', \$out, '2>', \$error);
	return tidy($out . $error);
}

# A block, with the names of this test in it
sub localized
{
	my ($sql, $number) = @_;

	foreach my $i (0, 1)
	{
		my ($host, $port) = ($wires[$i]->host, $wires[$i]->port);
		my $name = 'shard' . ($i + 1);
		$sql =~ s/host '$name'/host '$host', port '$port'/g;
		$sql =~ s/host=$name/host=$host port=$port/g;
	}
	$sql =~ s/SELECT 1 AS shard/SELECT $number AS shard/ if defined $number;
	return $sql;
}

# The plan of the statement in a block
sub plan_of
{
	my ($sql) = @_;

	return printed($front, 'shop', 'EXPLAIN (VERBOSE, COSTS OFF) ' . $sql =~ s/^--.*\n//mgr);
}

my $page = slurp_file('docs/sharding.md');
my $blocks = 0;
while ($page =~ /^```sql\n(-- ([^\n]*)\n.*?)^```\n(?:\n*```text\n(.*?)^```\n)?/gms)
{
	my ($sql, $where, $shown) = ($1, $2, $3);
	my $line = 1 + (substr($page, 0, $-[0]) =~ tr/\n//);
	$blocks++;

	if ($where =~ /^on each shard/)
	{
		foreach my $i (0, 1)
		{
			is(printed($shards[$i], 'shop', localized($sql, $i + 1)), '', "line $line, on shard $i");
		}
	}
	elsif ($where eq 'at the front')
	{
		is(printed($front, 'shop', localized($sql)), tidy($shown // ''), "line $line");
		# a new table for events gets those of the sample
		$front->safe_psql('shop', $sample =~ s/CREATE TABLE events AS/INSERT INTO events/r)
		  if $sql =~ /PARTITION BY HASH/;
		# a function says nothing of its plan
		next if !defined $shown || $sql =~ /ask_shards/;

		# Do the shards do the work?
		my $plan = plan_of($sql);
		my @remote = $plan =~ /Remote SQL: (.*)/g;
		is(scalar(@remote), 2, 'both are asked');
		my $work = $sql =~ /FROM progress/ ? qr/WHERE .*'3:cart'/
		  : $sql =~ /FROM (?:countries|attempts)/ ? qr/countries_here|count\(\*\).*attempts_here/
		  : qr/^SELECT .*funnel_(?:\w+_)?agg/;
		if ($sql =~ /FROM events;/)
		{
			unlike($_, $work, 'but not for their work') foreach @remote;
		}
		else
		{
			like($_, $work, 'to do the work') foreach @remote;
			like($plan, qr/Async Foreign Scan/, 'at the same time');
		}
	}
	elsif ($where eq 'at the front of PL/Proxy')
	{
	  SKIP:
		{
			skip 'PL/Proxy is not installed', 1 unless $has_proxy;
			is(printed($front, 'proxy', localized($sql)), tidy($shown // ''), "line $line");
		}
	}
	elsif ($where eq 'on one server')
	{
		is(printed($front, 'one', $sql), tidy($shown // ''), "line $line");
	}
	elsif ($where !~ /: run by hand$/)
	{
		fail("line $line: where is it run?");
	}
}
is($blocks, scalar(() = $page =~ /^```sql/mg), 'each block says where it runs');
cmp_ok($blocks, '>', 10, 'there are blocks');
is($front->safe_psql('shop', 'SELECT count(DISTINCT tableoid) FROM events'), '2', 'both shards have events');

# Many more events, of all sorts, with equal times among them; the country "it"
# is only where user 7 is, whose events end early.
my $more = q{
	SELECT u AS user_id, timestamptz '2026-04-01Z' + (hashint4(i + 1000000) & 65535) * interval '1 min' AS ts, e AS event,
		CASE WHEN u = 5007 THEN 'it' WHEN u % 3 = 0 THEN 'fr' ELSE 'de' END AS country, (i % 50)::float8 AS amount
	FROM (SELECT i, 5000 + (hashint4(i) & 65535) % 3000 AS u,
			(ARRAY['visit', 'click', 'cart', 'buy', 'visit', 'leave'])[1 + (hashint4(-i) & 65535) % 6] AS e
		FROM generate_series(1, 40000) AS i) AS e
	WHERE u <> 5007 OR i < 20000};
$front->safe_psql('one', "INSERT INTO events $more");
$front->safe_psql('shop', "INSERT INTO events $more");
foreach my $shard (@shards)
{
	$shard->safe_psql('shop', q{ANALYZE events; INSERT INTO journeys
		SELECT user_id, journey_agg(ts, event) FROM events GROUP BY user_id
		ON CONFLICT (user_id) DO UPDATE SET journey = excluded.journey});
}
is($front->safe_psql('shop', 'SELECT count(*) FROM events'), $front->safe_psql('one', 'SELECT count(*) FROM events'),
	'all events are there');

my @definitions = (
	'visit -> click -> cart -> buy within 7 days',
	'visit -> cart? -[!leave]-> buy within 3 days, first entry',
	'visit => click -[1 day]-> cart, last entry',
	'visit -> click -> buy within 2 days, every attempt',
	'visit -> click -> cart, any order',
	'visit -[>= 1 h]-> click|cart -> buy unless leave');
foreach my $definition (@definitions)
{
	my $merged = "FROM (SELECT %s AS r FROM %s GROUP BY shard) AS shards";
	my $whole = $front->safe_psql('one', "SELECT funnel_agg(user_id, ts, event, '$definition') FROM events");
	my $values = "funnel_agg(user_id, ts, event, '$definition', amount)";

	is($front->safe_psql('shop', sprintf("SELECT funnel_merge(r) $merged", "funnel_agg(user_id, ts, event, '$definition')", 'events_by_shard')),
		$whole, "events: $definition");
	is($front->safe_psql('shop', sprintf("SELECT funnel_merge(r) $merged", "funnel_agg(journey, '$definition')", 'journeys_by_shard')),
		$whole, 'journeys');
	is($front->safe_psql('shop', "SELECT ask_shards('$definition')"), $whole, 'each by itself');
	is($front->safe_psql('shop', sprintf("SELECT funnel_merge(r) $merged", $values, 'events_by_shard')),
		$front->safe_psql('one', "SELECT $values FROM events"), 'values');
	is($front->safe_psql('shop', "SELECT funnel_agg(user_id, ts, event, '$definition') FROM events"), $whole, 'on the front');

	# each unit, as a row of all columns
	next if $definition =~ /every attempt/;
	my $units = "SELECT count(*), md5(string_agg(format('%%s %%s', user_id, p), '|' ORDER BY user_id)) FROM"
	  . " (SELECT user_id, funnel_progress_agg(ts, event, '$definition', country) AS p FROM %s GROUP BY %s user_id) AS p";
	is($front->safe_psql('shop', sprintf($units, 'events_by_shard', 'shard,')),
		$front->safe_psql('one', sprintf($units, 'events', '')), 'units');
}

# What the views give, to the last column
my $reports = 'SELECT key, f.* FROM %s, %s AS f ORDER BY key, step';
is( $front->safe_psql('shop', sprintf($reports,
			'(SELECT key, funnel_merge(result) AS result, max(max(funnel_horizon(result))) OVER () AS latest FROM countries GROUP BY key) AS keys',
			'funnel_report(result, latest)')),
	$front->safe_psql('one', sprintf($reports,
			"unnest((SELECT funnel_agg_by(user_id, ts, event, '$definitions[0]', country) FROM events)) AS g",
			'funnel_report(result)')),
	'keys, one of which is on one shard only');
is( $front->safe_psql('shop', 'SELECT user_id, stage, entered_at, outcome FROM attempts ORDER BY user_id, entered_at'),
	$front->safe_psql('one', q{SELECT user_id, a.stage, a.entered_at, a.outcome
		FROM (SELECT user_id, funnel_attempts_agg(ts, event, 'visit -> click within 1 hour, every attempt') AS attempts
			FROM events GROUP BY user_id) AS units, unnest(attempts) AS a ORDER BY user_id, entered_at}),
	'attempts');

# Each by itself, and with a definition that is a parameter
my $by_hand = join ' UNION ALL ', map { "SELECT funnel_agg(user_id, ts, event, \$1) AS r FROM events_on_$_" } 1, 2;
foreach my $query ("SELECT funnel_merge(r) FROM ($by_hand) AS shards",
	'SELECT funnel_merge(r) FROM (SELECT funnel_agg(user_id, ts, event, $1) AS r FROM events_by_shard GROUP BY shard) AS shards')
{
	my $plan = $front->safe_psql('shop', "SET plan_cache_mode = force_generic_plan; PREPARE q(funnel_def) AS $query;"
		  . " EXPLAIN (VERBOSE, COSTS OFF) EXECUTE q('$definitions[0]')");

	is(scalar(() = $plan =~ /Async Foreign Scan/g), 2, 'both work at the same time');
	is(scalar(() = $plan =~ /Remote SQL: SELECT public.funnel_agg\(user_id, ts, event, \$1/g), 2, 'with a parameter');
}

# What goes over the wire, in one session that is connected already
my $session = FunnelSession->new($front, 'shop');
my $bytes;
sub bytes
{
	my ($sql) = @_;

	$_->count foreach @wires;
	my ($out, $error) = $session->ask($sql);
	is($error, '', 'no error') if $error ne '';
	return $wires[0]->count + $wires[1]->count;
}
my $call = "funnel_agg(user_id, ts, event, '$definitions[0]')";
my $report = "SELECT funnel_merge(r) FROM (SELECT $call AS r FROM events_by_shard GROUP BY shard) AS shards";
bytes($report);
my %bytes = (
	merged => bytes($report),
	all => bytes("SELECT $call FROM events"),
	journeys => bytes("SELECT funnel_merge(r) FROM (SELECT funnel_agg(journey, '$definitions[0]') AS r FROM journeys_by_shard GROUP BY shard) AS shards"),
	list => bytes("SELECT count(*) FROM progress WHERE stage = '3:cart'"));
note(join ', ', map { "$_: $bytes{$_} bytes" } sort keys %bytes);
cmp_ok($bytes{merged}, '<', 100000, 'results are small');
cmp_ok($bytes{journeys}, '<', 100000, 'those of journeys too');
cmp_ok($bytes{all}, '>', 20 * 40000, 'and all events are not');
$front->safe_psql('shop', "INSERT INTO events SELECT user_id, ts - interval '1 year', event, country, amount FROM ($more) AS e");
my $now = bytes($report);
cmp_ok($now, '<', 1.5 * $bytes{merged}, "twice the events take no more: $now bytes");

# A shard that dies in the middle of a query.  The query waits for a lock of the
# second one.
my $holder = FunnelSession->new($shards[1], 'shop');
my ($right) = $session->ask($report);
$holder->ask('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
$session->send($report);
$shards[1]->poll_query_until('shop', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'})
  or die 'the query does not wait';
$shards[1]->stop('immediate');
my ($out, $error) = $session->answer;
like($error, qr/ERROR:  (?:terminating connection|server closed the connection unexpectedly|could not receive data|FATAL)/,
	'the loss of a shard is an error') or diag($error);
is($out, '', 'and nothing is counted');
($out, $error) = $session->ask($report);
like($error, qr/ERROR:  could not connect to server "shard2"/, 'so it is as long as it is away');
$shards[1]->start;
($out, $error) = $session->ask($report);
is("$out$error", $right, 'the same session goes on when it is back');
$holder->quit;

# Results and journeys go from server to server, as text and in binary.
foreach my $format ('text', 'binary')
{
	my $file = "$PostgreSQL::Test::Utils::tmp_check/copy.$format";
	foreach my $what ("SELECT 1, $call FROM events", 'SELECT user_id, journey FROM journeys')
	{
		my $type = $what =~ /funnel_agg/ ? 'funnel_result' : 'funnel_journey';
		my $sum = "SELECT count(*), md5(string_agg(v::text, '|' ORDER BY id)) FROM";

		$shards[0]->safe_psql('shop', "COPY ($what) TO '$file' (FORMAT $format)");
		is( $front->safe_psql('shop', "CREATE TEMP TABLE copy (id int, v $type); COPY copy FROM '$file' (FORMAT $format); $sum copy"),
			$shards[0]->safe_psql('shop', "$sum ($what) AS s(id, v)"), "$type as $format");
	}
}

$session->quit;
$_->stop foreach @wires;
$_->stop foreach @shards, $front;
done_testing();
