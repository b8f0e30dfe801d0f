# Reports that are made on a schedule, as docs/scheduled.md has them: the page is
# run as it stands there, with pg_cron and pg_partman where they are installed.
# Then its procedures, among writers, late events and open transactions, and
# stopped in the middle: nothing is counted twice or lost.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $page = slurp_file('docs/scheduled.md');

my $node = FunnelTest::node('scheduled', "autovacuum = off\nrestart_after_crash = on\n");
my %has = map { $_ => 1 } split /\n/, $node->safe_psql('postgres',
	q{SELECT name || coalesce(substring(default_version, '^5'), '') FROM pg_available_extensions WHERE name IN ('pg_cron', 'pg_partman')});
my $has_cron = $has{pg_cron};
my $has_partman = $has{pg_partman} || $has{pg_partman5};

$node->safe_psql('postgres', 'CREATE DATABASE shop');
if ($has_cron)
{
	my ($settings) = $page =~ /^```\n(shared_preload_libraries.*?)^```$/ms;
	$node->append_conf('postgresql.conf', $settings);
	$node->restart;
}

# The blocks of the page that can be run here: line, SQL, what psql prints
sub blocks
{
	my ($kinds) = @_;
	my @blocks;

	while ($page =~ /^```($kinds)\n(.*?)^```\n(?:\n*^```text\n(.*?)^```\n)?/gms)
	{
		my ($kind, $sql, $shown) = ($1, $2, $3);

		next if $kind eq 'plpgsql' && $sql =~ /cron/ && !$has_cron;
		next if $kind eq 'plpgsql' && $sql =~ /partman/ && !$has_partman;
		next if $has{pg_partman5} && $sql =~ /PARTITION OF/;
		$sql =~ s/'native', 'monthly'/'1 month'/ if $has{pg_partman5};
		push @blocks, [ 1 + (substr($page, 0, $-[0]) =~ tr/\n//), $sql, $shown ];
	}
	return @blocks;
}

sub tidy
{
	my ($text) = @_;

	$text =~ s/[ \t]+$//mg;
	$text =~ s/^psql:.*? NOTICE: .*\n//mg;
	return $text =~ s/\A\n+|\n+\z//gr;
}

# In the notation of psql, in one session
sub run_blocks
{
	my ($database, @blocks) = @_;
	my $script = join('', map { "\\echo @@ $_->[0]\n$_->[1]" } @blocks);
	my $output = '';

	local $ENV{PGTZ} = 'America/St_Johns';
	local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
	IPC::Run::run([ 'psql', '-Xq', '-d', $node->connstr($database), '-f', '-' ], '<', \$script, '>', \$output, '2>&1');
	return $output;
}

sub sql
{
	my ($database, $sql) = @_;

	return $node->safe_psql($database, "SET TIME ZONE 'UTC'; $sql");
}

my @blocks = blocks('sql|plpgsql');
my $output = run_blocks('shop', @blocks);
foreach my $block (@blocks)
{
	my ($line, undef, $shown) = @$block;
	my ($printed) = $output =~ /^@@ $line\n(.*?)(?=^@@ |\z)/ms;

	if (defined $shown) { is(tidy($printed), tidy($shown), "line $line") }
	else { unlike($printed // 'not run', qr/\bERROR: |not run/, "line $line") }
}

# The results of the day are those of one pass over the events of its days,
# which are moved in part; sums of an independent kind are in test/proofs.
my $partitions = q{SELECT string_agg(inhrelid::regclass::text, ' ' ORDER BY inhrelid::regclass::text)
	FROM pg_inherits WHERE inhparent = 'events'::regclass};

SKIP:
{
	skip 'pg_partman is not installed', 5 unless $has_partman;

	my $parts = sql('shop', $partitions);
	like($parts, qr/events_default/, 'pg_partman made a default partition');
	unlike($parts, qr/p2026_?0[12]/, 'the months that were moved are dropped');
	like($parts, qr/p2026_?03/, 'March is there');
	sql('shop', q{INSERT INTO events VALUES (1, '2026-01-05 00:00+00', 'late')});
	sql('shop', 'CALL partman.run_maintenance_proc()');
	is(sql('shop', $partitions), $parts, 'pg_partman goes on, and makes no old months again');
	is(sql('shop', q{SELECT tableoid::regclass FROM events WHERE event = 'late'}),
		'events_default', 'and late events go to the default partition');
	sql('shop', q{DELETE FROM events WHERE event = 'late'});
}

# Idempotent: nothing is written where nothing has changed, and a late event
# changes the results of the days that it belongs to.
my $versions = q{SELECT string_agg(name || day || xmin::text, ' ' ORDER BY name, day) FROM snapshots};
my $taken = q{CALL take_snapshots('2026-03-15')};
my $before = sql('shop', $versions);
sql('shop', $taken);
is(sql('shop', $versions), $before, 'to take the same snapshots again writes nothing');
my $kept = q{CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM snapshots; SELECT string_agg(s.name || ' ' || s.day, ', ' ORDER BY s.name, s.day)
	FROM snapshots AS s LEFT JOIN kept AS k USING (name, day) WHERE s.result IS DISTINCT FROM k.result};
is(sql('shop', $kept), '', 'so far');
sql('shop', q{INSERT INTO events SELECT user_id, ts + interval '10 s', 'cart' FROM events AS v
	WHERE event = 'visit' AND ts >= '2026-03-14 12:00+00' AND NOT EXISTS (SELECT FROM events AS c WHERE c.user_id = v.user_id AND c.event = 'cart')
	ORDER BY ts LIMIT 1});
sql('shop', $taken);
is(sql('shop', $kept), 'at once 2026-03-14, in a week 2026-03-14, in a week 2026-03-15', 'a late event is in its days');

# Missed runs, and a report that is new or asks something else now
sql('shop', q{DELETE FROM snapshots WHERE day > '2026-03-08'; CALL take_snapshots('2026-03-15')});
is(sql('shop', q{SELECT count(*) FROM snapshots WHERE day > '2026-03-08'}), '14', 'missed days are made');
sql('shop', q{UPDATE reports SET definition = 'visit -> bag: cart -> buy within 1 day' WHERE name = 'at once';
	INSERT INTO reports VALUES ('never', 'a -> b', 1); CALL take_snapshots('2026-03-15')});
is(sql('shop', q{SELECT count(*) FROM changes WHERE day = '2026-03-15' AND name = 'at once'}), '3', 'days of another definition are not compared');
is(sql('shop', q{SELECT count(*), max(funnel_units(result)) FROM snapshots WHERE name = 'never'}), '3|0', 'a report of nobody is one');
is(sql('shop', q{SELECT string_agg(name || ' ' || day, ', ' ORDER BY name, day) FROM snapshots AS s JOIN reports AS r USING (name)
	WHERE result <> (SELECT coalesce(funnel_agg(journey, r.definition), funnel_result(r.definition)) FROM (
		SELECT user_id, journey_agg(ts, event) AS journey FROM (
			SELECT * FROM events UNION ALL SELECT user_id, e.ts, e.event FROM monthly, journey_events(journey) AS e) AS all_of_them
		WHERE (ts AT TIME ZONE 'Europe/Berlin')::date BETWEEN s.day - r.days + 1 AND s.day GROUP BY user_id) AS j)
	AND funnel_definition(result) = r.definition}), '', 'each result is that of its days');

is(sql('shop', q{SELECT count(*) FROM snapshots, funnel_report(result, as_of => day_start(day + 1)) WHERE step = 1}),
	sql('shop', 'SELECT count(*) FROM snapshots'), 'and each can be read as of the end of its day');

# Before and after.  A log has every event that was ever written; months are
# moved and dropped one by one, and late events come in between.
$node->safe_psql('postgres', 'CREATE DATABASE years');
my @made;
foreach my $block (blocks('sql'))
{
	push @made, $block->[1] =~ /^(CREATE .*?;)\n(?=\n|CREATE|INSERT|SELECT|CALL|REFRESH|VACUUM|\z)/gms;
}
# unused
@made = grep { !/^CREATE TABLE compared|^CREATE MATERIALIZED|^CREATE UNIQUE|EXTENSION/ } @made;
sql('years', join("\n", 'CREATE EXTENSION funnel;', @made));
sql('years', q{
	CREATE TABLE log (LIKE events);
	CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO log VALUES (NEW.*); RETURN NEW; END$$;
	CREATE TRIGGER written BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION written();
	INSERT INTO events SELECT (hashint4(i) & 65535) % 200, CASE WHEN i % 50 = 0 THEN timestamptz '2026-02-01 00:00+00' - (i % 3) * interval '1 us'
			ELSE timestamptz '2026-01-01 00:00+00' + (hashint4(-i) & 65535) % 7776000 * interval '90 s' END,
		(ARRAY['a', 'b', 'c', 'd', NULL])[1 + (hashint4(i + 100000) & 65535) % 5]
	FROM generate_series(1, 6000) AS i;
	INSERT INTO events SELECT * FROM log ORDER BY ts LIMIT 100;
	CREATE TABLE asked AS SELECT * FROM unnest(ARRAY['a -> b -> c', 'a -> b -> c within 40 days', 'a -[30 days]-> b? -[!d]-> c within 70 days',
			'a => b -> c first entry', 'a -> b -> a within 3 days every attempt', 'a -> b -> c within 20 days any order', 'a -[>= 10 days]-> b last entry']::funnel_def[]) AS definition,
		(VALUES (timestamptz '-infinity', timestamptz 'infinity'), ('2026-01-15 00:00+00', '2026-03-10 12:00+00'),
			('2026-02-01 00:00+00', '2026-03-01 00:00+00'), ('2026-01-31 23:59:59.999999+00', '2026-02-01 00:00:00.000001+00'), ('2025-01-01Z', '2025-06-01Z')) AS t (since, until)});
my $different = q{SELECT count(*) FILTER (WHERE l IS DISTINCT FROM h), count(l) FROM asked,
	LATERAL (SELECT funnel_agg(user_id, ts, event, definition) AS l FROM log WHERE ts >= since AND ts < until) AS l,
	LATERAL (SELECT funnel_agg(journey, definition) AS h FROM histories(since, until)) AS h};
my $each = q{SELECT count(*) FROM (
	(SELECT * FROM log EXCEPT ALL (SELECT * FROM events UNION ALL SELECT user_id, e.ts, e.event FROM monthly, journey_events(journey) AS e))
	UNION ALL
	((SELECT * FROM events UNION ALL SELECT user_id, e.ts, e.event FROM monthly, journey_events(journey) AS e) EXCEPT ALL SELECT * FROM log)) AS odd};
sub same_as_ever
{
	my ($what) = @_;

	is(sql('years', $different), '0|28', "$what: all funnels are those over all events");
	is(sql('years', $each), '0', "$what: and each event is there once");
}
my $late = q{INSERT INTO events SELECT i % 250, timestamptz '2025-12-20 00:00+00' + (hashint4(i) & 65535) % 50 * interval '1 day', 'late'
	FROM generate_series(1, 300) AS i};
same_as_ever('before');
foreach my $month ('2026-02-01', '2026-03-01')
{
	sql('years', "CALL move_to_journeys('$month 00:00+00')");
	same_as_ever("before $month moved");
	sql('years', $late);
	same_as_ever('with late events');
	sql('years', "CALL move_to_journeys('$month 00:00+00')");
	is(sql('years', "SELECT count(*) FROM events WHERE ts < '$month 00:00+00'"), '0', 'they are moved, too');
	same_as_ever('late events moved');
	sql('years', "CALL drop_empty_months('$month 00:00+00')");
	like(sql('years', $partitions), qr/p2026_01/, 'no month is dropped before it was vacuumed') if $month eq '2026-02-01';
	sql('years', "VACUUM events");
	sql('years', "CALL drop_empty_months('$month 00:00+00')");
	same_as_ever('its partition dropped');
	sql('years', $late);
	same_as_ever('late events once more');
}
is(sql('years', $partitions), 'events_default events_p2026_03', 'two months are dropped');
cmp_ok(sql('years', 'SELECT count(*) FROM events_default'), '>', 0, 'late events wait in the default partition');

# Two runs at a time, the first of which is held up in its middle, and events that
# are committed meanwhile.
sub waits
{
	my ($pid) = @_;

	$node->poll_query_until('postgres', "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $pid") or die 'it does not wait';
}
my ($holder, @runs) = map { FunnelSession->new($node, 'years') } 1 .. 3;
foreach my $end ('COMMIT', 'ROLLBACK')
{
	sql('years', $late);
	$holder->ask('BEGIN; SELECT FROM monthly WHERE user_id = 9 FOR UPDATE');
	$runs[0]->ask('BEGIN');
	$_->send(q{CALL move_to_journeys('2026-03-01 00:00+00')}), waits($_->pid) foreach @runs;
	sql('years', $late);
	same_as_ever('in the middle of a move');
	$holder->ask('COMMIT');
	is_deeply([ $runs[0]->answer ], [ '', '' ], 'the first goes on');
	is_deeply([ $runs[0]->ask($end) ], [ '', '' ], "and ends with $end");
	is_deeply([ $runs[1]->answer ], [ '', '' ], 'so does the second');
	same_as_ever('two runs at a time');
	is(sql('years', q{SELECT count(*) FROM events WHERE ts < '2026-03-01 00:00+00'}), '0', 'and what came meanwhile is moved by the second');
}

# Open transactions: one that writes, and one that reads an old state.
my ($writer, $reader) = map { FunnelSession->new($node, 'years') } 1, 2;
my $march = q{CALL move_to_journeys('2026-04-01 00:00+00')};
my $drop = q{CALL drop_empty_months('2026-04-01 00:00+00')};
$writer->ask(q{BEGIN; INSERT INTO events VALUES (7, '2026-03-05 00:00+00', 'open')});
my $view = 'SELECT count(*), sum(journey_length(journey)), md5(string_agg(journey::text, NULL ORDER BY user_id)) FROM histories($$-infinity$$, $$infinity$$)';
my ($seen) = $reader->ask("BEGIN ISOLATION LEVEL REPEATABLE READ; $view");
sql('years', "SET lock_timeout = '10s'; $march");
same_as_ever('an open transaction writes');
is(($reader->ask($view))[0], $seen, 'an older snapshot is what it was');
sql('years', "VACUUM events; $drop");
like(sql('years', $partitions), qr/2026_03/, 'nothing is dropped that an open transaction can see');
is(($reader->ask($view))[0], $seen, 'an older snapshot still is what it was');
$reader->ask('COMMIT');
$writer->ask('COMMIT');
same_as_ever('it has committed');
is(sql('years', q{SELECT count(*) FROM events WHERE event = 'open'}), '1', 'its event waits');
sql('years', $march);
is(sql('years', q{SELECT count(*) FROM events WHERE event = 'open'}), '0', 'for the next run');
sql('years', 'VACUUM events');
$writer->ask(q{BEGIN; INSERT INTO events VALUES (7, '2026-05-05 00:00+00', 'open')});
my ($status, undef, $error) = $node->psql('years', $drop =~ s/CALL/SET lock_timeout = 0; CALL/r);
like($error, qr/lock timeout/, 'a month cannot be dropped while somebody writes');
$writer->ask('COMMIT');
sql('years', $drop);
is(sql('years', $partitions), 'events_default', 'then it can');
same_as_ever('no month is left');

sql('years', q{INSERT INTO reports VALUES ('one', 'a -> b -> c within 40 days', 30);
	CREATE TABLE events_p2026_02 PARTITION OF events FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00');
	CREATE TABLE events_p2026_03 PARTITION OF events FOR VALUES FROM ('2026-03-01 00:00+00') TO ('2026-04-01 00:00+00');
	CREATE MATERIALIZED VIEW fresh AS SELECT 'x' AS name, funnel_agg(journey, 'a -> late') AS result FROM histories('-infinity', 'infinity');
	CREATE UNIQUE INDEX ON fresh (name);
	CALL take_snapshots('2026-02-10', again => 5)});
my $refresh = 'REFRESH MATERIALIZED VIEW CONCURRENTLY fresh';
my $snapshots = 'CALL take_snapshots($$2026-02-10$$, again => 5)';
my $wrong = q{SELECT count(*) FROM (
	SELECT result, (SELECT coalesce(funnel_agg(user_id, ts, event, r.definition), funnel_result(r.definition)) FROM log
		WHERE (ts AT TIME ZONE 'Europe/Berlin')::date BETWEEN day - days + 1 AND day)
	FROM snapshots JOIN reports AS r USING (name)
	UNION ALL SELECT result, (SELECT funnel_agg(user_id, ts, event, 'a -> late') FROM log) FROM fresh) AS r (stored, now)
	WHERE stored <> now};

# In the thick of it
my $scripts = $PostgreSQL::Test::Utils::tmp_check;
my %scripts = (
	write => [ 8, q{
		\set user random(1, 300)
		\set ago random(0, 100000)
		\set label random(1, 4)
		\set wait random(0, 3)
		BEGIN;
		INSERT INTO events VALUES (:user, timestamptz '2026-03-31 00:00+00' - :ago * interval '40 s', substr('abcd', :label, 1));
		\sleep :wait ms
		INSERT INTO events VALUES (:user, timestamptz '2026-03-31 00:00+00' - :ago * interval '41 s', 'late');
		COMMIT;} ],
	abort => [ 1, q{BEGIN; INSERT INTO events VALUES (1, '2026-02-05 00:00+00', 'never'); ROLLBACK;} ],
	move => [ 2, q{CALL move_to_journeys('2026-03-01 00:00+00');} ],
	undone => [ 1, q{BEGIN; CALL move_to_journeys('2026-03-01 00:00+00'); ROLLBACK;} ],
	vacuum => [ 1, q{VACUUM events;} ],
	drop => [ 1, q{DO $$BEGIN CALL drop_empty_months('2026-03-01 00:00+00'); EXCEPTION WHEN lock_not_available THEN NULL; END$$;} ],
	snapshots => [ 1, "$snapshots;" ],
	refresh => [ 1, "$refresh;" ],
	look => [ 2, q{SELECT 1 / ((SELECT count(*) FROM log)
		= (SELECT sum(journey_length(journey)) FROM histories('-infinity', 'infinity')))::int;} ]);
my $bench = $node->config_data('--bindir') . '/pgbench';
SKIP:
{
	skip 'pgbench is not installed', 4 unless -x $bench;
	my @files;
	foreach my $name (sort keys %scripts)
	{
		append_to_file("$scripts/$name.sql", "$scripts{$name}->[1]\n");
		push @files, '-f', "$scripts/$name.sql\@$scripts{$name}->[0]";
	}
	command_ok([ $bench, '--no-vacuum', '--client=6', '--transactions=80', @files, '-h', $node->host, '-p', $node->port, 'years' ],
		'six clients do it all at a time, and each event is seen once at any moment');
	same_as_ever('after that');
	sql('years', "$_") foreach $snapshots, $refresh;
	is(sql('years', $wrong), '0', 'what is stored is what a single pass gives');
}

# Stopped in the middle: each waits for a row or a table that another session has
# locked, and is then ended, at last by the kernel.
my %middle = (
	'CALL move_to_journeys($$2026-04-01 00:00+00$$)' => q{SELECT FROM monthly WHERE user_id = 9 FOR UPDATE},
	$snapshots => q{SELECT FROM snapshots WHERE day = '2026-02-08' FOR UPDATE},
	$refresh => q{LOCK TABLE events IN ACCESS EXCLUSIVE MODE});
my $round = 0;
my $stored = q{SELECT md5(string_agg(t, '' ORDER BY t)) FROM (SELECT m::text FROM monthly AS m UNION ALL SELECT s::text FROM snapshots AS s
	UNION ALL SELECT f::text FROM fresh AS f) AS x (t)};
foreach my $how ('cancelled', 'terminated', 'killed')
{
	foreach my $job (sort keys %middle)
	{
		$round++;
		sql('years', qq{INSERT INTO events SELECT CASE WHEN i % 20 = 9 THEN 9 ELSE $round * 1000 + i % 20 END,
				timestamptz '2026-02-05 00:00+00' + i * interval '1 h', (ARRAY['a', 'b', 'c', 'late'])[1 + i / 20]
			FROM generate_series(0, 79) AS i});
		my $state = sql('years', $stored);
		my ($blocker, $worker) = map { FunnelSession->new($node, 'years') } 1, 2;
		my $pid = $worker->pid;
		$blocker->ask("BEGIN; $middle{$job}");
		$worker->send($job);
		waits($pid);
		if ($how eq 'killed') { kill 'KILL', $pid }
		else { $node->safe_psql('postgres', 'SELECT pg_' . ($how eq 'cancelled' ? 'cancel' : 'terminate') . "_backend($pid)") }
		like(($worker->answer)[1], qr/cancel|terminat|server closed/, "$job is $how");
		$blocker->ask('ROLLBACK') if $how ne 'killed';
		$_->quit foreach $blocker, $worker;
		$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not start again';
		is(sql('years', $stored), $state, 'nothing has happened');
		same_as_ever("$job $how");
		sql('years', $job);
		isnt(sql('years', $stored), $state, 'the next run does it');
		same_as_ever("$job again");
	}
}

# By the clock of pg_cron: one tick.  The scheduler has been started anew, since it
# was killed with all the rest.
SKIP:
{
	skip 'pg_cron is not installed', 1 unless $has_cron;

	my @commands = split /\n/, sql('shop', q{SELECT command FROM cron.job ORDER BY jobid});
	cmp_ok(scalar(@commands), '>=', 7, 'the jobs of the page are there');
	foreach my $command (@commands)
	{
		my ($status, undef, $error) = $node->psql('shop', $command);
		is($error, '', "by hand: $command");
	}

	# One job is refreshing, while events are written.  Another waits for a row,
	# and is killed.
	my $snapshots = q{SELECT md5(string_agg(s::text, '' ORDER BY s)) FROM snapshots AS s WHERE day > '2026-03-13'};
	sql('shop', q{UPDATE reports SET definition = 'visit -> cart -> buy'; CALL take_snapshots('2026-03-15'); REFRESH MATERIALIZED VIEW march;
		INSERT INTO events VALUES (9999, '2026-03-14 12:00+00', 'visit')});
	my $state = sql('shop', $snapshots);
	my $units = sql('shop', 'SELECT coalesce(funnel_units(result), 0) FROM march');
	my $blocker = FunnelSession->new($node, 'shop');
	$blocker->ask(q{BEGIN; SELECT FROM snapshots WHERE day = '2026-03-14' FOR UPDATE});
	my $never = '0 0 30 2 *';
	my $schedule = sub {
		sql('shop', qq{SELECT cron.schedule('march', '$_[0]', 'REFRESH MATERIALIZED VIEW CONCURRENTLY march'),
			cron.schedule('tick', '$_[0]', \$\$CALL take_snapshots('2026-03-15')\$\$)}) };
	$schedule->('* * * * *');
	my $deadline = time + $PostgreSQL::Test::Utils::timeout_default;
	my ($written, $running, $refreshed) = (0, '', 0);
	while (!($running && $refreshed) && time < $deadline)
	{
		$written++;
		sql('shop', "INSERT INTO events VALUES (10000 + $written, '2026-03-20 00:00+00', 'visit')");
		$running = sql('shop', q{SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'shop'});
		$refreshed = sql('shop', qq{SELECT funnel_units(result) > $units FROM march}) eq 't';
	}
	ok($refreshed, "pg_cron refreshes, while events are written");
	ok($running, 'and takes snapshots') or die 'no job waits';
	$schedule->($never);
	kill 'KILL', $running;
	$blocker->answer if $blocker->send('SELECT pg_sleep(600)');
	$blocker->quit;
	$node->poll_query_until('shop', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type ~ 'cron.*(launcher|scheduler)'})
	  or die 'the scheduler did not start again';
	is(sql('shop', $snapshots), $state, 'killed in the middle, nothing has happened');
	ok($node->poll_query_until('shop', q{SELECT bool_and(status = 'failed') FROM cron.job_run_details WHERE command ~ 'take_snapshots\(.2026'}),
		'which the record of runs says');
	sql('shop', q{CALL take_snapshots('2026-03-15')});
	isnt(sql('shop', $snapshots), $state, 'and the next run does it');
}

done_testing();
