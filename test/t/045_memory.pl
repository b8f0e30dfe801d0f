# Memory stays within the server's limit for hash tables plus 32 MB however
# many rows there are, and what was spilled gives the same bytes.
use strict;
use warnings;

use FunnelTest;
use Test::More;

plan skip_all => 'needs /proc to read the memory of a process'
  unless -r '/proc/self/status';

my $node = FunnelTest::node('main',
	"max_parallel_workers_per_gather = 0\nhash_mem_multiplier = 1\njit = off\nshared_buffers = 16MB\n");

# The result's digest, and by how much the peak of resident memory grew over
# what a first, small query needed.  Rows come from a set-returning function
# in the target list, which keeps none of them.
sub run
{
	my ($work_mem, $nrows, $unit) = @_;
	my $query = sub {
		my $n = shift;
		return qq{
			SELECT md5(funnel_agg($unit, t, e, 'a -> b -> c within 1 day')::text)
			FROM (SELECT n, timestamptz '2026-01-01Z' + n * interval '0.1 s' AS t, substr('abcx', 1 + (hashint8(n) & 3), 1) AS e
				  FROM (SELECT generate_series(1, ${n}::bigint) AS n) g) s;};
	};
	my $peak = q{SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s*(\d+) kB');};
	my @lines = split /\n/, $node->safe_psql('postgres',
		"SET work_mem = '$work_mem';" . $query->(1000) . $peak . $query->($nrows) . $peak);

	return ($lines[2], ($lines[3] - $lines[1]) / 1024);
}

my $million = 1000000;
foreach my $case (
	[ 'bigint units', 20 * $million, 'hashint8(n) & 524287' ],
	[ 'text units', 4 * $million, q{'unit-' || (hashint8(n) & 262143)} ],
	[ 'a million units', 8 * $million, 'hashint8(n) & 1048575' ])
{
	my ($what, $nrows, $unit) = @$case;
	my ($spilled, $growth) = run('4MB', $nrows, $unit);
	my ($in_memory, $all) = run('2GB', $nrows, $unit);

	is($spilled, $in_memory, "$what: the same bytes");
	cmp_ok($growth, '<', 4 + 32,
		sprintf('%s: %.1f MB more with work_mem = 4MB, %.1f MB with 2GB', $what, $growth, $all));
	cmp_ok($all, '>', 4 + 32, "$what: enough rows to tell");
}

# One giant unit is matched in memory, by documented exception.
my ($spilled) = run('4MB', 2 * $million, '1');
my ($in_memory) = run('2GB', 2 * $million, '1');
is($spilled, $in_memory, 'one giant unit: the same bytes');

# Half of the rows are one unit's, the rest is spread.
($spilled) = run('4MB', 3 * $million, 'CASE WHEN n % 2 = 0 THEN 0 ELSE hashint8(n) & 65535 END');
($in_memory) = run('2GB', 3 * $million, 'CASE WHEN n % 2 = 0 THEN 0 ELSE hashint8(n) & 65535 END');
is($spilled, $in_memory, 'half one unit: the same bytes');

# What a process hands over is one value, of at most 1 GB: more is an error that
# says what to set, and then is no error.
SKIP:
{
	open(my $meminfo, '<', '/proc/meminfo') or die "meminfo: $!";
	my ($available) = join('', <$meminfo>) =~ /^MemAvailable:\s*(\d+) kB/m;
	skip 'needs 3 GB of memory', 2 if ($available // 0) < 3 * 1024 * 1024;

	# a partition-wise plan with groups hands over the same way, and always the same
	$node->safe_psql('postgres', q{
		CREATE TABLE long_units (p int, n int, t timestamptz) PARTITION BY LIST (p);
		CREATE TABLE long_units_0 PARTITION OF long_units FOR VALUES IN (0);
		CREATE TABLE long_units_1 PARTITION OF long_units FOR VALUES IN (1);
		INSERT INTO long_units SELECT n / 136000, n, '2026-01-01Z' FROM generate_series(1, 136000) n;
		ANALYZE long_units;});
	my $set = "\\set VERBOSITY verbose\nSET work_mem = '4MB';\n";
	my $long = q{SELECT funnel_units(funnel_agg(repeat('x', 8000) || n, t, 'a', 'a -> b')) FROM long_units GROUP BY p >= 0;};
	my ($code, $out, $err) = $node->psql('postgres', "$set SET enable_partitionwise_aggregate = on; $long");
	like($err, qr/54000: too many events for one process.*HINT: .*enable_partitionwise_aggregate to off/s,
		'more than 1 GB to hand over');
	is($node->safe_psql('postgres', "$set $long"), '136000', 'as the hint says');
}

is($node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()'), '0', 'no temporary file is left');

$node->stop;
done_testing();
