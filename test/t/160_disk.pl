# A disk that is full: an error with the server's code, no temporary file left,
# and a session that goes on and answers right.
use strict;
use warnings;

use FunnelSession;
use FunnelTest;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('disk',
	"work_mem = '64kB'\nhash_mem_multiplier = 1\njit = off\nautovacuum = off\nlog_statement = none\n");

# Nothing is written but temporary files: the hints of the rows are set.
$node->safe_psql(
	'postgres', q{
	CREATE TABLE events AS
	SELECT n, n % 3 AS g, 'unit ' || (hashint8(n) & 32767) AS u, timestamptz '2026-01-01Z' + n * interval '1 s' AS t,
		substr('abcx', 1 + (hashint8(n) & 3), 1) AS e
	FROM generate_series(1, 200000) n;
	CREATE INDEX ON events (g);});
$node->safe_psql('postgres', 'VACUUM ANALYZE events');

my $definition = q{'a -> b -> c within 1 day'};
my %queries = (
	'one group' => "SELECT md5(funnel_agg(u, t, e, $definition)::text) FROM events",
	'many groups' => "SELECT md5(string_agg(r::text, ' ' ORDER BY g)) FROM (SELECT g, funnel_agg(u, t, e, $definition) AS r FROM events GROUP BY g) s",
	'a window' => "SELECT md5(string_agg(r::text, ' ' ORDER BY g)) FROM (SELECT g, funnel_agg(u, t, e, $definition) OVER (PARTITION BY g) AS r, row_number() OVER (PARTITION BY g) AS n FROM events) s WHERE n = 1",
	'half in one unit' => "SELECT md5(funnel_agg(CASE WHEN g = 0 THEN 'same' ELSE u END, t, e, $definition)::text) FROM events",
	'a parallel plan' => "SELECT md5(funnel_agg(u, t, e, $definition)::text) FROM events",
	'a flow' => 'SELECT md5(flow_agg(u, t, e, 3)::text) FROM events WHERE n <= 100000',
	'keys' => "SELECT md5(funnel_agg_by(u, t, e, $definition, g::text, n)::text) FROM events WHERE n <= 100000",
	# files that the server writes, for groups and for rows that a function returns
	'journeys' => "SELECT md5(funnel_agg(j, $definition)::text) FROM (SELECT journey_agg(t, e) AS j FROM events WHERE n <= 40000 GROUP BY u) s",
	'passages' => "SELECT md5(funnel_agg(p)::text) FROM (SELECT funnel_progress_agg(t, e, $definition, u) AS p FROM events WHERE n <= 40000 GROUP BY u) s",
	'events of a journey' => 'SELECT md5(string_agg(e::text, \'\' ORDER BY ord)) FROM (SELECT journey_agg(t, e) AS j FROM events WHERE n <= 40000) s, journey_events(j) AS e');
$queries{"$_ in a parallel plan"} = $queries{$_} foreach 'a flow', 'keys';
my $workers = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;';
my $hashed = 'SET max_parallel_workers_per_gather = 0; SET enable_sort = off;';
my %settings = ('a window' => 'SET enable_sort = off;', journeys => $hashed, passages => $hashed, map { $_ => $workers } grep { /a parallel plan/ } keys %queries);
my %expected;
foreach my $name (keys %queries)
{
	my $set = ($settings{$name} //= 'SET max_parallel_workers_per_gather = 0;');

	$expected{$name} = $node->safe_psql('postgres', "SET work_mem = '1GB'; $set $queries{$name}");
}
like($node->safe_psql('postgres', "$workers EXPLAIN $queries{$_}"), qr/Partial Aggregate/, "workers are asked: $_")
  foreach grep { /a parallel plan/ } sort keys %queries;
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
my $tmpdir = 'SELECT count(*) FROM pg_ls_tmpdir()';

# The same and what workers hand over, which is in directories until the end of
# a transaction
my $all_files = q{SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false)};

# The limit on temporary files grows until a query comes to its end; the errors
# are caught within a transaction that goes on.
foreach my $name (sort keys %queries)
{
	my $out = $node->safe_psql(
		'postgres', qq{
		$settings{$name}
		DO \$\$
		DECLARE
			answer text;
			files bigint;
			failures int = 0;
			kilobytes int = 0;
		BEGIN
			LOOP
				PERFORM set_config('temp_file_limit', kilobytes::text, true);
				BEGIN
					EXECUTE \$q\$ $queries{$name} \$q\$ INTO answer;
				EXCEPTION WHEN configuration_limit_exceeded THEN
					failures = failures + 1;
				END;
				$tmpdir INTO files;
				IF files > 0 THEN
					RAISE '% temporary files are left at a limit of % kB', files, kilobytes;
				END IF;
				EXIT WHEN answer IS NOT NULL;
				kilobytes = kilobytes * 5 / 4 + 100;
			END LOOP;
			PERFORM set_config('my.answer', answer, false), set_config('my.failures', failures::text, false);
		END \$\$;
		SELECT current_setting('my.answer'), current_setting('my.failures')::int > 5, ($all_files)});
	is($out, "$expected{$name}|t|0", "a limit on temporary files: $name");
}

# What a worker has written goes with its error, though the transaction goes on.
my $failing = "SELECT funnel_agg(u, t, CASE n WHEN 199999 THEN (1 / (n - 199999))::text ELSE e END, $definition) FROM events";
my $one_worker = "$workers SET max_parallel_workers = 1;";
like($node->safe_psql('postgres', "$one_worker EXPLAIN $failing"), qr/Partial Aggregate/, 'a worker is asked that fails');
is($node->safe_psql('postgres', qq{
	$one_worker
	DO \$\$
	DECLARE
		files bigint;
	BEGIN
		EXECUTE \$q\$ $failing \$q\$ INTO files;
	EXCEPTION WHEN division_by_zero THEN
		SELECT count(*) INTO files FROM pg_ls_dir('base/pgsql_tmp', true, false) AS d, pg_ls_dir('base/pgsql_tmp/' || d, true, false);
		PERFORM set_config('my.files', files::text, false);
	END \$\$;
	SELECT current_setting('my.files')}), '0', 'and leaves no file');

# Who calls a query within a query, and catches its error, has the events of the
# outer one in the file that was being written.
FunnelTest::create_parts($node);
$node->safe_psql(
	'postgres', q{
	CREATE FUNCTION fails(e text, nth bigint) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		IF nth % 40000 = 39999 THEN
			BEGIN
				PERFORM set_config('temp_file_limit', (nth / 400)::text, true);
				PERFORM funnel_agg('unit ' || n, timestamptz '2026-01-01Z', 'a', 'a -> b') FROM generate_series(1, 200000) n;
				RAISE 'the query within had enough room';
			EXCEPTION WHEN configuration_limit_exceeded THEN
				PERFORM set_config('my.failures', (current_setting('my.failures')::int + 1)::text, false);
			END;
		END IF;
		RETURN e;
	END $$;
	CREATE SEQUENCE nth});
foreach my $size ('64kB', '1MB', '4MB')
{
	is($node->safe_psql('postgres', qq{
		SET work_mem = '$size';
		SET max_parallel_workers_per_gather = 0;
		SET enable_partitionwise_aggregate = on;
		SET my.failures = 0;
		SELECT setval('nth', 1) > 0;
		SELECT md5(funnel_agg(u, t, fails(e, nextval('nth')), $definition)::text) FROM parts;
		SELECT current_setting('my.failures'), ($all_files)}),
		"t\n$expected{'one group'}\n5|0", "a query within fails with work_mem = $size");
}

# The kernel lets a process write no file beyond a size.
SKIP:
{
	skip 'prlimit is not installed', 2 * keys %queries if system_log('prlimit', '--version') != 0;

	foreach my $name (sort keys %queries)
	{
		# workers are children of the postmaster: theirs is its limit
		my $session = FunnelSession->new($node, 'postgres');
		my $pid = $name =~ /a parallel plan/ ? $postmaster : $session->pid;
		my ($size, $failures, $wrong) = (1024, 0, '');
		my $result;

		$session->ask($settings{$name});
		while (1)
		{
			system_or_bail('prlimit', '--pid', $pid, "--fsize=$size:");
			my ($out, $error) = $session->ask($queries{$name});
			system_or_bail('prlimit', '--pid', $pid, '--fsize=unlimited:');
			my ($files) = $session->ask($all_files);

			$wrong .= "$size: $files files\n" if $files ne '0';
			$result = $out;
			last if $error eq '';
			$failures++;
			$wrong .= "$size: $error" if $error !~ /could not write to file "[^"]*pgsql_tmp[^"]*".*: (File too large|wrote only)/;
			$size *= 2;
		}
		$session->quit;
		is($wrong, '', "no file beyond a size: $name: the right error, no file left");
		is(($failures > 2) . " $result", "1 $expected{$name}", "the right answer after $failures errors");
	}
}

# A file system of one megabyte, mounted where only this program's child sees
# it: the server goes there through the child's root.
SKIP:
{
	my $directory = PostgreSQL::Test::Utils::tempdir_short();
	my ($in, $out, $error) = ('', '', '');
	my $timeout = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	my $holder = eval {
		IPC::Run::start(
			[ 'unshare', '--map-root-user', '--mount', 'sh', '-c',
				"mount -t tmpfs -o size=1m,mode=700 none '$directory' && echo \$\$ && exec cat" ],
			'<', \$in, '>', \$out, '2>', \$error, $timeout);
	};
	my @names = ('one group', 'many groups', 'a parallel plan', 'a flow', 'keys', 'journeys', 'events of a journey');
	skip 'unshare is not installed', 3 * @names unless defined $holder;
	$holder->pump while $out !~ /\n/ && $holder->pumpable;
	skip 'no file system can be mounted in a namespace', 3 * @names unless $out =~ /^(\d+)\n/;
	my $location = "/proc/$1/root$directory";

	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$location'");
	my $session = FunnelSession->new($node, 'postgres');
	$session->ask("\\set VERBOSITY verbose\nSET temp_tablespaces = small");
	foreach my $name (@names)
	{
		$session->ask($settings{$name});
		my ($result, $message) = $session->ask($queries{$name});
		like($message, qr/ERROR:  53100: could not write to file .*: No space left on device/, "no space left: $name");
		my ($temporary) = glob "$location/PG_*/pgsql_tmp";
		ok(defined $temporary && !defined glob("$temporary/*"), 'no file is left there');
		is_deeply([ $session->ask("SET temp_tablespaces = ''; $queries{$name}; SET temp_tablespaces = small;") ],
			[ $expected{$name}, '' ], 'and elsewhere is space');
	}
	$session->quit;
	$node->safe_psql('postgres', 'DROP TABLESPACE small');
	$in = '';
	$holder->finish;
}

is($node->safe_psql('postgres', $all_files), '0', 'no temporary file is left');
$node->stop;
done_testing();
