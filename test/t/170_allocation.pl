# Memory that is not there: wherever an allocation fails, the server's error,
# no temporary file left, and a session that goes on and answers right.
#
# The kernel refuses what a process asks for beyond an address space that grows
# from run to run, until the query comes to its end.  The C library is told to
# ask for every block of some pages apart, so that the steps meet many places.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'prlimit is not installed'
  if !-r '/proc/self/status' || system_log('prlimit', '--version') != 0;

my $node;
{
	local $ENV{MALLOC_MMAP_THRESHOLD_} = 4096;
	local $ENV{MALLOC_TRIM_THRESHOLD_} = 0;
	local $ENV{MALLOC_TOP_PAD_} = 0;
	$node = FunnelTest::node('allocation',
		"jit = off\nautovacuum = off\nlog_statement = none\nwork_mem = '64kB'\nhash_mem_multiplier = 1\nmax_parallel_workers_per_gather = 0\nshared_preload_libraries = 'funnel'\n");
}
$node->safe_psql(
	'postgres', q{
	CREATE TABLE events AS
	SELECT n, n % 30 = 0 AS g, repeat('unit', 20) || n * 7919 % 4999 AS u, timestamptz '2026-01-01Z' + n * interval '1 s' AS t,
		substr('abcx', 1 + (n / 5 + n) % 4, 1) AS e
	FROM generate_series(1, 20000) n;
	CREATE INDEX ON events (n);
	CREATE TABLE stored AS
	SELECT size, journey_agg(t, e || n % 500) AS j, funnel_agg(u, t, e, 'a -> b -> c within 9 days', n) AS r,
		funnel_progress_agg(t, e, ('"a"' || repeat(' -> b|' || repeat('"', 2 - 1) || repeat('x', 200) || '"', 50))::funnel_def, repeat(e, 1000)) AS p,
		('a' || repeat(' -> b|' || repeat('x', size / 20), 50))::funnel_def AS d
	FROM events, (VALUES (100), (20000)) v(size) WHERE n <= size GROUP BY size;});
$node->safe_psql('postgres', 'VACUUM ANALYZE');

# SIZE stands for 100, with which everything is done once, and for 20000.
my $events = '(SELECT * FROM events WHERE n <= SIZE) s';
my $stored = 'stored WHERE size = SIZE';
my $def = q{'a -> b -> c within 1 day'};
my %queries = (
	'funnel_agg' => "SELECT md5(funnel_agg(u, t, e, $def)::text) FROM $events",
	'funnel_agg in memory' => "SET work_mem = '1GB'; SELECT md5(funnel_agg(u, t, e, $def)::text) FROM $events; SET work_mem = '64kB'",
	'funnel_agg with values' => "SELECT md5(funnel_agg(u, t, e, $def, n)::text) FROM $events",
	'funnel_agg by group' => "SELECT md5(string_agg(r::text, ' ' ORDER BY g)) FROM (SELECT g, funnel_agg(u, t, e, $def) AS r FROM $events GROUP BY g) s",
	'funnel_agg in a window' => "SELECT md5(string_agg(r::text, ' ' ORDER BY g)) FROM (SELECT g, funnel_agg(u, t, e, $def) OVER (PARTITION BY g) AS r, row_number() OVER (PARTITION BY g) AS n FROM $events) s WHERE n = 1",
	'funnel_agg of one unit' => "SELECT md5(funnel_agg(1, t, e, $def)::text) FROM $events",
	'funnel_agg_by' => "SELECT md5(funnel_agg_by(u, t, e, $def, left(md5(n::text), 2), n)::text) FROM $events",
	'funnel_agg_by in memory' => "SET work_mem = '1GB'; SELECT md5(funnel_agg_by(u, t, e, $def, left(md5(n::text), 2))::text) FROM $events; SET work_mem = '64kB'",
	'flow_agg' => "SELECT md5(flow_agg(u, t, e || n % 300, 3)::text) FROM $events",
	'flow_agg in memory' => "SET work_mem = '1GB'; SELECT md5(flow_agg(u, t, e || n % 300, -3, 'c7')::text) FROM $events; SET work_mem = '64kB'",
	'journey_flow' => "SELECT md5(journey_flow(j, 3, NULL, 5)::text) FROM (SELECT journey_agg(t, e || n % 300) AS j FROM $events GROUP BY u) j",
	'funnel_attempts_agg' => "SELECT md5(funnel_attempts_agg(t, e, 'a -> b? -> c within 1 hour, every attempt', u)::text) FROM $events",
	'funnels of passages' => "SELECT md5(funnel_agg(p)::text) FROM (SELECT funnel_progress_agg(t, e, $def, n::text) AS p FROM $events GROUP BY u) p",
	'funnel_progress_agg' => "SELECT md5(funnel_progress_agg(t, e, 'a -> b? -> c -[!x]-> a within 1 hour', u)::text) FROM $events",
	'journey_agg' => "SELECT md5(journey_agg(t, e || n % 900)::text) FROM $events",
	'journeys' => "SELECT md5(concat(j || j, journey_slice(j, '2026-01-01Z', 'infinity'), journey_filter(j, 'a1', 'b2', 'c3'), journey_path(j, 20000, true), journey_labels(j, -20000))) FROM $stored",
	'journey_events' => "SELECT md5(string_agg(e::text, ' ')) FROM stored, journey_events(j) AS e WHERE size = SIZE",
	'journey_sessions' => "SELECT md5(string_agg(s::text, ' ')) FROM stored, journey_sessions(j, '1 s') AS s WHERE size = SIZE",
	'journey_attribution' => "SELECT md5(string_agg(a::text, ' ')) FROM stored, journey_attribution(j, 'a1', 'linear') AS a WHERE size = SIZE",
	'funnels of journeys' => "SELECT md5(concat(funnel_agg(j, 'a* -> b* -> c*'), min(journey_progress(j, 'a* -> b* -> c*')::text))) FROM $stored",
	'values from text' => 'SELECT md5(concat(j::text::funnel_journey, r::text::funnel_result, p::text::funnel_progress, d::text::funnel_def, stage_of(\'b\', d))) FROM ' . $stored,
	'reports' => "SELECT md5(concat((SELECT string_agg(x::text, '') FROM funnel_report(r) x), (SELECT string_agg(x::text, '') FROM funnel_histogram(r, 3, 50) x), r::jsonb, funnel_svg(r, 'a funnel'), funnel_html(r, 'a funnel'), (SELECT flow_svg(array_agg(x), 'a flow') FROM funnel_flow(r) x), funnel_chart(r, 80), funnel_table(r), (SELECT string_agg(x::text, '') FROM funnel_flow(r) x), (SELECT string_agg(x::text, '') FROM funnel_bars(r) x))) FROM $stored",
	'funnel_merge' => "SELECT md5(funnel_merge(x)::text) FROM (SELECT funnel_agg(u, t, e, $def) AS x FROM $events GROUP BY g) s",
	'window_funnel' => "SELECT window_funnel('1 day', t, e = 'a', e = 'b', e = 'c', e = 'x') FROM $events",
	'sequences' => "SELECT md5(concat(sequence_match('(?1)(?2).*(?3)', t, e = 'a', e = 'b', e = 'c'), sequence_count('(?1)(?t<=9)(?2)', t, e = 'a', e = 'b'), sequence_match_events('(?1).*(?2)', t, e = 'a', e = 'b'), sequence_next_node('forward', 'first_match', t, u, true, e = 'a', e = 'b'))) FROM $events",
	'retention' => "SELECT md5(retention_counts(r)::text) FROM (SELECT retention(e = 'a', e = 'b', e = 'x') AS r FROM $events GROUP BY u) s");

sub memory_of
{
	my ($pid) = @_;
	my ($kilobytes) = slurp_file("/proc/$pid/status") =~ /^VmSize:\s*(\d+) kB/m;
	return $kilobytes;
}

sub limit
{
	my ($pid, $kilobytes) = @_;

	$kilobytes = $kilobytes * 1024 unless $kilobytes eq 'unlimited';
	system('prlimit', '--pid', $pid, "--as=$kilobytes:") == 0
	  or die "could not limit the memory of $pid";
}

my $contexts = 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';
my $files = q{SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false)};

foreach my $name (sort keys %queries)
{
	my $session = FunnelSession->new($node, 'postgres');
	my ($small, $big) = map { my $q = $queries{$name}; $q =~ s/SIZE/$_/g; $q } 100, 20000;

	# Have the stack grow as far as it may, and everything loaded and cached.
	$session->ask("\\set VERBOSITY verbose\nSELECT " . '1+(' x 5000 . '1' . ')' x 5000);
	$session->ask($_) foreach $small, $files, $contexts;
	my ($used) = $session->ask($contexts);
	my $base = memory_of($session->pid);
	my ($expected) = $node->safe_psql('postgres', $big);

	my ($failures, $wrong, $out) = (0, '');
	my $answers = sub {
		my ($more) = @_;

		limit($session->pid, $base + $more);
		($out, my $error) = $session->ask($big);
		if ($error ne '')
		{
			$failures++;
			$wrong = "$more kB: $error" if $error !~ /^psql:\S+ ERROR:  53200: out of memory$/m;
			return 1 if $wrong ne '';
		}
		limit($session->pid, 'unlimited');
		my ($left) = $session->ask("SET work_mem = '64kB'; $files");
		$wrong = "$more kB: $left temporary files" if $left ne '0';
		return $error eq '' || $wrong ne '';
	};
	my $more = 0;
	$more += 8 + int($more / 16) until $answers->($more);

	# A file is opened at the peak of what is kept in memory.
	if ($name =~ /^(funnel|flow)_agg/)
	{
		for (my $less = $more; $less > $more * 2 / 3 && $wrong eq ''; $less -= 8)
		{
			$answers->($less);
		}
		$answers->($more + 8) if $wrong eq '';
	}
	is($wrong, '', "$name: the right error, no file left") or last;
	is($out, $expected, "$name: the right answer");
	cmp_ok($failures, '>', 3, "$name: $failures errors, none with $more kB more");
	my ($after) = $session->ask($contexts);
	cmp_ok($after - $used, '<', 256 * 1024, "$name: the memory is given back");
	$session->quit;
}

# Workers get the limit of the postmaster, whose children they are; the error
# of one is that of the query.
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my $session = FunnelSession->new($node, 'postgres');
my $rows = 'events, generate_series(1, 10)';
$session->ask("\\set VERBOSITY verbose
	SET work_mem = '1GB'; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET parallel_leader_participation = off");
foreach my $parallel (
	"SELECT md5(funnel_agg(u, t, e, $def)::text) FROM $rows",
	"SELECT md5(funnel_agg_by(u, t, e, $def, left(md5(n::text), 2))::text) FROM $rows",
	"SELECT md5(flow_agg(u, t, e || n % 300, 3)::text) FROM $rows",
	"SELECT md5(funnel_progress_agg(t, e, $def, u)::text) FROM $rows",
	"SELECT md5(journey_agg(t, e || n % 900)::text) FROM $rows, generate_series(1, 4) m")
{
	my ($name) = $parallel =~ /md5\((\w+)/;
	my ($expected) = $session->ask("SET max_parallel_workers_per_gather = 0; $parallel");
	my ($refused, $other, $more, $out, $error) = (0, '', 6144);

	$session->ask('SET max_parallel_workers_per_gather = 2');
	like(join('', $session->ask("EXPLAIN $parallel")), qr/Partial Aggregate/, "$name: workers are asked");
	while (1)
	{
		limit($postmaster, memory_of($postmaster) + $more);
		($out, $error) = $session->ask($parallel);
		limit($postmaster, 'unlimited');
		last if $error eq '';
		$refused++ if $error =~ /ERROR:  53200: out of memory\n.*CONTEXT:  parallel worker/s;
		$other .= "$more kB: $error" if $error !~ /ERROR:  53200: out of memory\n/;
		$more += int($more / 4);
	}
	is($other, '', "$name in workers: the right error");
	is(($refused > 0) . " $out", "1 $expected", "$name: the right answer after $refused errors, with $more kB");
	is($node->safe_psql('postgres', $files), '0', "$name: no file is left");
}
$session->quit;

$node->stop;
done_testing();
