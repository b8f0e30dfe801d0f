# Memory stays within the server's limit for hash tables plus 32 MB, in each
# process of a query, however many rows and partitions there are; what was
# spilled gives the same bytes, and no file is left.
use strict;
use warnings;

use FunnelTest;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

plan skip_all => 'needs /proc to read the memory of a process'
  unless -r '/proc/self/status';

my $node = FunnelTest::node('main',
	"max_parallel_workers_per_gather = 0\nhash_mem_multiplier = 1\njit = off\nshared_buffers = 16MB\n");

my $peak = q{SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+) kB');};

# The result's digest, and by how much the peak of resident memory grew over
# what a first, small query needed.  Rows come from a set-returning function
# in the target list, which keeps none of them.
sub run_by
{
	my ($work_mem, $nrows, $digest) = @_;
	my $query = sub {
		my $n = shift;
		return qq{
			SELECT $digest
			FROM (SELECT n, timestamptz '2026-01-01Z' + n * interval '0.1 s' AS t, substr('abcx', 1 + (hashint8(n) & 3), 1) AS e
				  FROM (SELECT generate_series(1, ${n}::bigint) AS n) g) s;};
	};
	my @lines = split /\n/, $node->safe_psql('postgres',
		"SET work_mem = '$work_mem';" . $query->(1000) . $peak . $query->($nrows) . $peak);

	return ($lines[2], ($lines[3] - $lines[1]) / 1024);
}

sub run
{
	my ($work_mem, $nrows, $unit) = @_;

	return run_by($work_mem, $nrows, "md5(funnel_agg($unit, t, e, 'a -> b -> c within 1 day')::text)");
}

my $million = 1000000;
foreach my $case (
	[ 'bigint units', 20 * $million, 'hashint8(n) & 524287' ],
	[ 'text units', 4 * $million, q{'unit-' || (hashint8(n) & 262143)} ],
	[ 'a million units', 8 * $million, 'hashint8(n) & 1048575' ])
{
	my ($what, $nrows, $unit) = @$case;
	my ($spilled, $growth) = run('4MB', $nrows, $unit);
	my ($in_memory, $all) = run('1GB', $nrows, $unit);

	is($spilled, $in_memory, "$what: the same bytes");
	cmp_ok($growth, '<', 4 + 32,
		sprintf('%s: %.1f MB more with work_mem = 4MB, %.1f MB with 1GB', $what, $growth, $all));
	cmp_ok($all, '>', 4 + 32, "$what: enough rows to tell");
}

# Keys have a tally each, as groups do, of some kilobytes.
foreach my $case ([ 4, 8 * $million, '' ], [ 4096, 8 * $million, ', every attempt' ])
{
	my ($keys, $nrows, $clause) = @$case;
	my $digest = qq{(SELECT md5(string_agg(key || md5(result::text), '' ORDER BY key)) FROM unnest(
		funnel_agg_by(hashint8(n) & 1048575, t, e, 'a -> b -> c within 1 day$clause', (hashint8(n + 1) & $keys - 1)::text)))};
	my ($spilled, $growth) = run_by('4MB', $nrows, $digest);
	my ($in_memory, $all) = run_by('1GB', $nrows, $digest);

	is($spilled, $in_memory, "$keys keys: the same bytes");
	cmp_ok($growth, '<', 4 + 32 + $keys / 32,
		sprintf('%s keys: %.1f MB more with work_mem = 4MB, %.1f MB with 1GB', $keys, $growth, $all));
	cmp_ok($all, '>', 4 + 32, "$keys keys: enough rows to tell");
}

# A key of few units takes little.
{
	my ($keys, $growth) = run_by('64MB', 80000, q{cardinality(funnel_agg_by(n, t, e, 'a -> b -> c within 1 day', n::text))});
	my $bytes = $growth * 1024 * 1024 / $keys;

	cmp_ok($bytes, '<', 4000, sprintf('%d keys of one unit: %d bytes for each', $keys, $bytes));
}

# One giant unit is matched in memory, by documented exception.
my ($spilled) = run('4MB', 2 * $million, '1');
my ($in_memory) = run('1GB', 2 * $million, '1');
is($spilled, $in_memory, 'one giant unit: the same bytes');

# Half of the rows are one unit's, the rest is spread.
($spilled) = run('4MB', 3 * $million, 'CASE WHEN n % 2 = 0 THEN 0 ELSE hashint8(n) & 65535 END');
($in_memory) = run('1GB', 3 * $million, 'CASE WHEN n % 2 = 0 THEN 0 ELSE hashint8(n) & 65535 END');
is($spilled, $in_memory, 'half one unit: the same bytes');

# The same in other plans, over a table and the same in 64 partitions.
$node->safe_psql('postgres', qq{
	CREATE TABLE events (p int, n int, t timestamptz, e text) WITH (parallel_workers = 2);
	CREATE TABLE parts (LIKE events) PARTITION BY LIST (p);
	SELECT format('CREATE TABLE part_%s PARTITION OF parts FOR VALUES IN (%s)', p, p)
	FROM generate_series(0, 63) p \\gexec
	INSERT INTO events
	SELECT n & 63, n, timestamptz '2026-01-01Z' + n * interval '0.1 s', substr('abcx', 1 + (hashint4(n) & 3), 1)
	FROM generate_series(1, 2 * $million) n;
	INSERT INTO parts TABLE events;
	ANALYZE;});

my $workers = q{
	SET max_parallel_workers_per_gather = 2;
	SET parallel_setup_cost = 0;
	SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0;};
my $by_partition = 'SET enable_partitionwise_aggregate = on;';
my $definition = q{'a -> b -> c within 1 day'};
my $text_units = qq{repeat('x', 100) || (hashint4(n + 1) & 262143), t, e, $definition};

sub question
{
	my ($arguments, $from, $group) = @_;

	return "SELECT md5(string_agg(f::text, ' ')) FROM (SELECT funnel_agg($arguments) AS f FROM $from $group) s;";
}

# The most private memory, in MB, that a process of the server has at present
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
sub private_memory
{
	my $most = 0;

	foreach my $file (glob '/proc/[0-9]*/status')
	{
		open(my $status, '<', $file) or next;
		my $text = join '', <$status>;
		next if $text !~ /^PPid:\s*$postmaster$/m || $text !~ /^RssAnon:\s*(\d+) kB/m;
		$most = $1 if $1 > $most;
	}
	return $most / 1024;
}

# A query's digest, by how much it made the leader's peak grow, and the most
# memory of all processes, as far as it was seen.  The shared memory that the
# leader touches is the same each time.
sub watch
{
	my ($settings, $arguments, $from, $group) = @_;
	my $input = $settings
	  . question($arguments, "(SELECT * FROM $from WHERE n < 1000) r", $group) . $peak
	  . question($arguments, $from, $group) . $peak . "\n\\q\n";
	my ($output, $errors, $most) = ('', '', 0);
	my $psql = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', '-' ],
		'<' => \$input,
		'>' => \$output,
		'2>' => \$errors,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));

	while ($psql->pumpable)
	{
		my $now = private_memory();

		$most = $now if $now > $most;
		$psql->pump_nb;
		usleep(3000);
	}
	$psql->finish or die "psql: $errors";
	my @lines = split /\n/, $output;
	return ($lines[2], ($lines[3] - $lines[1]) / 1024, $most);
}

my ($right) = watch(q{SET work_mem = '1GB';}, $text_units, 'events', '');
foreach my $case (
	[ 'workers', $workers, 'events', '' ],
	[ 'workers and a group', $workers, 'events', 'GROUP BY p >= 0' ],
	[ '64 partitions', $by_partition, 'parts', '' ],
	[ '64 partitions and a group', $by_partition, 'parts', 'GROUP BY p >= 0' ],
	[ '64 partitions and workers', $workers . $by_partition, 'parts', '' ],
	[ '64 partitions, workers and a group', $workers . $by_partition, 'parts', 'GROUP BY p >= 0' ])
{
	my ($what, $settings, @query) = @$case;
	my ($spilled, $growth, $most) = watch("SET work_mem = '4MB'; $settings", $text_units, @query);
	my ($in_memory, $all) = watch("SET work_mem = '256MB'; $settings", $text_units, @query);

	is($spilled, $right, "$what: the same bytes");
	is($in_memory, $right, "$what: the same bytes in memory");
	cmp_ok($growth, '<', 4 + 32,
		sprintf('%s: %.1f MB more with work_mem = 4MB, %.1f MB with 256MB', $what, $growth, $all));
	cmp_ok($most, '<', 4 + 32, sprintf('%s: %.1f MB in a process', $what, $most));
	cmp_ok($all, '>', 4 + 32, "$what: enough rows to tell");
}

# Partitions each of which has its own group, finished one after another
my $by_group = 'FROM parts GROUP BY p) s';
is($node->safe_psql('postgres', "SET work_mem = '64kB'; $by_partition SELECT md5(string_agg(f::text, ' ' ORDER BY p)) FROM (SELECT p, funnel_agg($text_units) AS f $by_group"),
	$node->safe_psql('postgres', "SET work_mem = '1GB'; SELECT md5(string_agg(f::text, ' ' ORDER BY p)) FROM (SELECT p, funnel_agg($text_units) AS f $by_group"),
	'a group for each partition: the same bytes');

# Whatever there is room for, and whatever events are like
foreach my $case (
	[ 'units of text', $text_units, '64kB', '1MB', '2MB', '8MB', '16MB', '64MB' ],
	[ 'values', "hashint4(n + 1) & 262143, t, e, $definition, n / 8.0", '64kB', '8MB' ],
	[ 'wide events', "hashint4(n + 1) & 262143, t - n % 2 * interval '3000 years', e, $definition", '64kB', '8MB' ],
	[ 'codes in another order',
		q{hashint4(n + 1) & 262143, t, CASE WHEN n % 7 < n % 5 THEN ARRAY[e, 'd'] ELSE ARRAY[e, 'f'] END,
		  'a -> b -> c -> d -> f -> d'}, '64kB', '8MB' ])
{
	my ($what, $arguments, @sizes) = @$case;
	my $question = question($arguments, 'events', '');
	my $whole = $node->safe_psql('postgres', "SET work_mem = '1GB'; $question");

	# how the rows are shared out differs from time to time
	foreach my $size (@sizes, $sizes[0], $sizes[0])
	{
		is($node->safe_psql('postgres', "SET work_mem = '$size'; $workers $question"),
			$whole, "$what in workers with work_mem = $size: the same bytes");
	}
}

# Files that were handed over, and never read
my $aside = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', "CREATE TABLESPACE aside LOCATION '$aside'");
my $groups = "SELECT funnel_units(f) FROM (SELECT p % 3 AS g, funnel_agg($text_units) AS f FROM events GROUP BY 1) s";
# Rows have a price, and groups are few by statistics: so workers send states.
my $start = "SET work_mem = '64kB'; $workers SET parallel_tuple_cost = 0.1;";
my $directories = q{
	SELECT (SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp')),
		(SELECT count(*) FROM pg_tablespace, pg_ls_dir('pg_tblspc/' || pg_tablespace.oid) version,
			pg_ls_dir(format('pg_tblspc/%s/%s/pgsql_tmp', pg_tablespace.oid, version), true, false)
		 WHERE spcname = 'aside');};
my $units = $node->safe_psql('postgres', "$groups WHERE g = 0");

sub no_file
{
	my ($what) = @_;
	my @left = grep { !m{/PG_[^/]*/pgsql_tmp$} } glob($node->data_dir . "/base/pgsql_tmp/* $aside/*/pgsql_tmp/*");

	is("@left", '', "$what: no file is left");
}

is($node->safe_psql('postgres', "$start BEGIN; $groups ORDER BY g LIMIT 1; $directories COMMIT;"),
	"$units\n1|0", 'there are files that are not read');
no_file('a limit');

is($node->safe_psql('postgres', "$start SET temp_tablespaces = aside; BEGIN; $groups ORDER BY g LIMIT 1;
	SET temp_tablespaces = ''; $directories COMMIT;"),
	"$units\n1|1", 'there are files in another tablespace');
no_file('a limit, in another tablespace');

# Files that are read again, since the plan keeps what names them in a sort
my $again = qq{
	FROM generate_series(0, 2) x LEFT JOIN (
		SELECT p, funnel_units(funnel_agg($text_units)) AS units FROM events WHERE p < 3 GROUP BY p ORDER BY p) s ON p <= x};
my $rewinding = "$start SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_gathermerge = off;";
like($node->safe_psql('postgres', "$rewinding EXPLAIN (COSTS OFF) SELECT x, sum(units) $again GROUP BY x"),
	qr/Nested Loop.*Finalize GroupAggregate[^>]*->  Sort[^>]*->  Gather\n/s, 'a plan that reads messages again');
is($node->safe_psql('postgres', "$rewinding BEGIN; SELECT x, sum(units) $again GROUP BY x ORDER BY x; $directories
		SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp') d, pg_ls_dir('base/pgsql_tmp/' || d); COMMIT;"),
	$node->safe_psql('postgres', "SELECT x, sum(units) $again GROUP BY x ORDER BY x") . "\n1|0\n0",
	'they are read again, and deleted with the plan');
no_file('files that are read again');

my ($code, $out, $err) = $node->psql('postgres', "$start SELECT 1 / g, f FROM (SELECT n % 3 AS g, funnel_agg($text_units) AS f FROM events GROUP BY 1) s ORDER BY g");
like($err, qr/division by zero/, 'the leader fails');
no_file('the leader fails');

($code, $out, $err) = $node->psql('postgres', "$start SET temp_file_limit = '1MB'; $groups ORDER BY g");
like($err, qr/temporary file size exceeds/, 'a worker fails');
no_file('a worker fails');

($code, $out, $err) = $node->psql('postgres', "$start BEGIN; $groups ORDER BY g LIMIT 1; SELECT pg_terminate_backend(pg_backend_pid());");
like($err, qr/terminating connection/, 'the leader is terminated');
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'client backend'});
no_file('the leader is terminated');

# More than a datum can be, at the end of a plan and between processes
SKIP:
{
	my ($kilobytes) = (split ' ', (split /\n/, `df -Pk '@{[ $node->data_dir ]}'`)[1])[3];
	skip 'needs 5 GB of disk', 1 if $kilobytes < 5 * 1024 * 1024;

	$node->safe_psql('postgres', q{
		CREATE TABLE long_units (p int, n int, t timestamptz) PARTITION BY LIST (p);
		CREATE TABLE long_units_0 PARTITION OF long_units FOR VALUES IN (0);
		CREATE TABLE long_units_1 PARTITION OF long_units FOR VALUES IN (1);
		INSERT INTO long_units SELECT n / 136000, n, '2026-01-01Z' FROM generate_series(1, 136000) n;
		ANALYZE long_units;});
	is($node->safe_psql('postgres', qq{SET work_mem = '4MB'; $by_partition
		SELECT funnel_units(funnel_agg(repeat('x', 8000) || n, t, 'a', 'a -> b')) FROM long_units GROUP BY p >= 0;}),
		'136000', 'more than 1 GB handed over');
}

no_file('the end');

# Where labels differ in their last letters, the table that numbers them is as
# full as where they differ in their first.
my @growths = map {
	my @lines = split /\n/, $node->safe_psql('postgres',
		"$peak SELECT cardinality(journey_labels(journey_agg(timestamptz '2026-01-01Z', $_)))
		FROM (SELECT translate(lpad(to_hex(generate_series(1, 200000)), 5, '0'), '0123456789', 'ghijklmnop') AS x) s; $peak");

	is($lines[1], '200000', "labels: $_");
	($lines[2] - $lines[0]) / 1024;
} ("'checkout_step_' || x", "x || '_checkout_step'");
cmp_ok($growths[0], '<', 1.25 * $growths[1], sprintf('%.1f and %.1f MB', @growths));

# What a call site keeps of definitions, labels and long journeys is bounded, too,
# where each row or group brings its own: in memory that the server does not count it
# may be 32 MB.
my $small_groups = q{(SELECT n / 2 AS g, n, timestamptz '2026-01-01Z' + n * interval '1 s' AS t,
	'step_' || n / 2 % 5000 AS e, ('step_' || n / 2 || ' -> end')::funnel_def AS d
	FROM (SELECT generate_series(2, 80001) AS n) s OFFSET 0) s};
my $asked = q{(j, ('step_' || n % 5000 || ' -> end')::funnel_def)};
my $journeys = q{(SELECT journey_agg(timestamptz '2026-01-01Z', 'step_' || n) AS j
	FROM generate_series(1, 100) n) s, generate_series(1, 10000) n};
# sixty definitions, first of a short journey, then of a long one
my $long = q{(SELECT j, n, ('step_' || n || ' => end')::funnel_def AS d
	FROM (SELECT journey_agg(timestamptz '2026-01-01Z' + n * interval '1 s', 'step_' || n % 60) AS j
		FROM (VALUES (59), (199999)) v(length), generate_series(0, length) n GROUP BY length) s,
		generate_series(0, 59) n
	ORDER BY journey_length(j), n) s};
my $of_labels = q{SELECT journey_agg(timestamptz '2026-01-01Z', md5(n::text)) AS j FROM generate_series(1, 1000000) n GROUP BY n / 20};
foreach my $case (
	[ 'a definition for each call of journey_progress', 200,
		"count(*) FILTER (WHERE (journey_progress$asked).stage IS NOT NULL) FROM $journeys" ],
	[ 'of journey_attempts', 200,
		"count(*) FILTER (WHERE ((journey_attempts$asked)[1]).stage IS NOT NULL) FROM $journeys" ],
	[ 'for each group of funnel_progress_agg', 4999,
		"count(*) FILTER (WHERE (p).stage IS NOT NULL) FROM (SELECT funnel_progress_agg(t, e, d) AS p FROM $small_groups GROUP BY g) s" ],
	[ 'of funnel_agg', 4999, "sum(funnel_units(r)) FROM (SELECT funnel_agg(g, t, e, d) AS r FROM $small_groups GROUP BY g) s" ],
	[ 'of its grouping sets', 3 * 4999,
		"sum(funnel_units(r)) FROM (SELECT funnel_agg(g, t, e, d) AS r FROM $small_groups GROUP BY GROUPING SETS ((g), (g, n))) s" ],
	[ 'of its windows', 2 * 4999,
		"sum(funnel_units(r)) FROM (SELECT funnel_agg(g, t, e, d) OVER (PARTITION BY g ORDER BY n) AS r FROM $small_groups) s" ],
	[ 'of funnel_agg over journeys', 4999,
		"sum(funnel_units(r)) FROM (SELECT funnel_agg(j, d) AS r FROM (SELECT g, journey_agg(t, e) AS j, min(d::text)::funnel_def AS d FROM $small_groups GROUP BY g) s GROUP BY g) s" ],
	[ 'of its windows', 3 * 4999,
		"sum(funnel_units(r)) FROM (SELECT funnel_agg(j, d) OVER (PARTITION BY g ORDER BY n) AS r FROM (SELECT g, n, journey_agg(t, e) AS j, min(d::text)::funnel_def AS d FROM $small_groups GROUP BY g, n) s) s" ],
	[ 'a long journey for each of 60 definitions', 120,
		"count(*) FILTER (WHERE (journey_progress(j, d)).stage IS NOT NULL) FROM $long" ],
	[ 'for each of 60 groups', 120, "sum(funnel_units(r)) FROM (SELECT funnel_agg(j, d) OVER (PARTITION BY n ORDER BY journey_length(j)) AS r FROM $long) s WHERE funnel_units(r) > 1" ],
	[ 'labels of its own for each group of journey_agg', 1000000, "sum(journey_length(j)) FROM ($of_labels) s" ])
{
	my ($what, $count, $query) = @$case;

	foreach my $hashed ('off', 'on')
	{
		my @lines = split /\n/, $node->safe_psql('postgres',
			"SET work_mem = '4MB'; SET enable_hashagg = $hashed; $peak SELECT $query; $peak");

		is($lines[1], $count, $what);
		cmp_ok($lines[2] - $lines[0], '<', (4 + 32 + 24) * 1024,
			sprintf('%s: %.1f MB, hashed %s', $what, ($lines[2] - $lines[0]) / 1024, $hashed));
	}
}

$node->stop;
done_testing();
