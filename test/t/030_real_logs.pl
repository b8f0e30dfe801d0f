# The facts that are known of three public event logs come out of funnels over
# them.  The logs are no part of the project: FUNNEL_DATA names the directory
# that has them, by its absolute path.  What is missing is skipped.
use strict;
use warnings;

use FunnelTest;
use Test::More;

my $data = $ENV{FUNNEL_DATA} // '';
my %file = (
	leads => 'olist_marketing_qualified_leads.csv',
	deals => 'olist_closed_deals.csv',
	loans => 'bpi2012_events.csv.gz',
	retail => 'online_retail.csv.gz',);

plan skip_all => 'no event logs: set FUNNEL_DATA to the directory that has them'
  unless grep { -r "$data/$_" } values %file;

my $node = FunnelTest::node('logs');

# Are all these files there, or is the reason to skip said?
sub have
{
	my ($count, @names) = @_;

	foreach my $name (@names)
	{
		next if -r "$data/$file{$name}";
		skip "$data/$file{$name} is missing", $count;
	}
	return;
}

# Load a file into a table whose columns are the file's.
sub load
{
	my ($name, $columns) = @_;
	my $path = "$data/$file{$name}";

	$path =~ s/'/''/g;
	my $from =
	  $path =~ /\.gz$/ ? "PROGRAM 'gzip -dc \"$path\"'" : "'$path'";
	$node->safe_psql(
		'postgres', qq{
		CREATE TABLE $name ($columns);
		COPY $name FROM $from WITH (FORMAT csv, HEADER);
		ANALYZE $name});
	return;
}

sub answers
{
	my ($query, $expected, $what) = @_;

	is($node->safe_psql('postgres', $query), $expected, $what);
	return;
}

# The steps' columns of the report of a funnel over a query's rows.
sub report
{
	my ($columns, $rows, $definition) = @_;

	return qq{
	SELECT $columns FROM funnel_report((
		SELECT funnel_agg(unit, ts, event, '$definition') FROM ($rows) e))};
}

SKIP:
{
	my $tests = 8;

	have($tests, qw(leads deals));
	load('leads',
		'mql_id text, first_contact_date date, landing_page_id text, origin text'
	);
	load('deals', q{mql_id text, seller_id text, sdr_id text, sr_id text,
		won_date timestamp, business_segment text, lead_type text,
		lead_behaviour_profile text, has_company text, has_gtin text,
		average_stock text, business_type text,
		declared_product_catalog_size text, declared_monthly_revenue text});

	my $rows = q{
		SELECT mql_id AS unit, first_contact_date::timestamp AS ts,
			   'contact' AS event FROM leads
		UNION ALL SELECT mql_id, won_date, 'won' FROM deals};

	# One deal was won before its first contact.  It is no passage from contact
	# to won; it is one under any order.
	answers(report('step, stage, users', $rows, 'contact -> won'),
		"1|contact|8000\n2|won|841",
		'leads: 8,000 contacts, 841 won after them');
	answers(report('step, stage, users', $rows, 'contact -> won, any order'),
		"1|1 of 2|8000\n2|2 of 2|842",
		'leads: 842 won, in any order');
	answers(
		report('from_first = 842 / 8000.0::float8', $rows,
			'contact -> won, any order')
		  . ' WHERE step = 2',
		't', 'leads: 10.525 % are won');
	answers(
		qq{SELECT sum(users) FROM funnel_dropoff((
			SELECT funnel_agg(unit, ts, event, 'contact -> won within 1000 days')
			FROM ($rows) e), timestamptz '2030-01-01 00:00:00+00')
			WHERE outcome = 'early'},
		'1', 'leads: the deal won before its first contact came too soon');
	answers(
		qq{SELECT sum(users) FROM funnel_dropoff((
			SELECT funnel_agg(unit, ts, event, 'contact -> won within 1000 days')
			FROM ($rows) e), timestamptz '2030-01-01 00:00:00+00')
			WHERE outcome = 'absent'},
		'7158', 'leads: nothing more is known of 7,158');

	# 14.65 days is half-way between the two deals in the middle; the nearest
	# rank is one of them.
	answers(
		qq{
		WITH days AS (
			SELECT extract(epoch FROM won_date - first_contact_date) / 86400 AS d
			FROM leads JOIN deals USING (mql_id))
		SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY d)::numeric, 2)
		FROM days}, '14.65', 'leads: a median of 14.65 days, as plain SQL has it');
	answers(
		qq{
		WITH days AS (
			SELECT extract(epoch FROM won_date - first_contact_date)::float8 AS s
			FROM leads JOIN deals USING (mql_id)
			WHERE won_date >= first_contact_date),
		exact AS (
			SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY s) AS median,
				   percentile_disc(0.9) WITHIN GROUP (ORDER BY s) AS p90,
				   avg(s) AS mean FROM days)
		SELECT abs(r.median_seconds / exact.median - 1) <= 0.01,
			   abs(r.p90_seconds / exact.p90 - 1) <= 0.01,
			   abs(r.mean_seconds / exact.mean - 1) <= 1e-9,
			   abs(r.median_seconds / 86400 / 14.65 - 1) <= 0.015
		FROM exact, (}
		  . report('*', $rows, 'contact -> won') . q{) r WHERE r.step = 2},
		't|t|t|t',
		'leads: median, 90th percentile and mean of the days to the deal');
	answers(
		report(
			'sum(dropped) + sum(pending) + min(users) = max(users)',
			$rows, 'contact -> won within 30 days'),
		't',
		'leads: entered = won + dropped + pending');
}

SKIP:
{
	my $tests = 4;

	have($tests, 'loans');
	load('loans', q{case_id int, amount_req int, reg_date timestamptz, ord int,
		activity text, lifecycle text, resource text, ts timestamptz});

	my $rows = 'SELECT case_id AS unit, ts, activity AS event FROM loans';
	my $steps = join ' -> ', map { "A_$_" }
	  qw(SUBMITTED PREACCEPTED ACCEPTED FINALIZED ACTIVATED);

	answers(
		report('stage, users', $rows, $steps),
		join("\n",
			'A_SUBMITTED|13087', 'A_PREACCEPTED|7367',
			'A_ACCEPTED|5113', 'A_FINALIZED|5015',
			'A_ACTIVATED|2246'),
		'loans: the cases that reach each state');

	# Within a window, against window functions: each of these happens once.
	answers(
		qq{
		WITH cases AS (
			SELECT min(ts) FILTER (WHERE activity = 'A_SUBMITTED') AS a,
				   min(ts) FILTER (WHERE activity = 'A_PREACCEPTED') AS b,
				   min(ts) FILTER (WHERE activity = 'A_ACCEPTED') AS c
			FROM loans GROUP BY case_id),
		exact AS (
			SELECT count(*) FILTER (WHERE b BETWEEN a AND a + interval '24 hours') AS b,
				   count(*) FILTER (WHERE b BETWEEN a AND a + interval '24 hours'
								    AND c BETWEEN b AND a + interval '24 hours') AS c
			FROM cases)
		SELECT exact.b = r.users[2], exact.c = r.users[3], exact.c > 100
		FROM exact, (}
		  . report('array_agg(users ORDER BY step) AS users',
			$rows, 'A_SUBMITTED -> A_PREACCEPTED -> A_ACCEPTED within 1 day')
		  . ') r',
		't|t|t',
		'loans: the cases accepted within a day');
	answers(
		qq{
		WITH cases AS (
			SELECT extract(epoch FROM min(ts) FILTER (WHERE activity = 'A_ACTIVATED')
								    - min(ts) FILTER (WHERE activity = 'A_SUBMITTED')) AS s
			FROM loans GROUP BY case_id)
		SELECT abs(r.median_seconds_from_first
				   / percentile_disc(0.5) WITHIN GROUP (ORDER BY s) - 1) <= 0.01
		FROM cases, (} . report('*', $rows, $steps) . q{) r
		WHERE r.step = 5 GROUP BY r.median_seconds_from_first},
		't',
		'loans: the median time to activation');

	# A wildcard and a strict link, against lead(): ties in time are no
	# interruption, so both orders of a tie count.
	answers(
		qq{
		WITH submitted AS (
			SELECT case_id, ts FROM loans WHERE activity = 'A_SUBMITTED'),
		exact AS (
			SELECT count(DISTINCT s.case_id) AS users
			FROM submitted s JOIN loans l
			  ON l.case_id = s.case_id AND l.activity LIKE 'W\\_%' AND l.ts >= s.ts
			WHERE NOT EXISTS (SELECT FROM loans x WHERE x.case_id = s.case_id
							  AND x.ts > s.ts AND x.ts < l.ts))
		SELECT exact.users = r.users FROM exact, (}
		  . report('*', $rows, 'A_SUBMITTED => W_*') . q{) r WHERE r.step = 2},
		't',
		'loans: the cases whose next event is work on them');
}

SKIP:
{
	my $tests = 6;

	have($tests, 'retail');
	load('retail', q{invoice text, stock_code text, description text,
		quantity int, invoice_date timestamp, unit_price numeric,
		customer numeric, country text});
	$node->safe_psql('postgres',
		'CREATE INDEX ON retail (customer, invoice_date); ANALYZE retail');

	my $rows = q{
		SELECT customer AS unit, invoice_date AS ts,
			   CASE WHEN invoice LIKE 'C%' THEN 'return' ELSE 'buy' END AS event
		FROM retail};

	answers(report('users', $rows, 'buy|return'),
		'4372', 'retail: 4,372 customers');

	# Lines of one invoice share an instant: up to 543 of them.
	answers(
		qq{
		WITH lines AS (
			SELECT count(*) AS n FROM retail
			WHERE customer IS NOT NULL AND invoice NOT LIKE 'C%'
			GROUP BY customer),
		exact AS (SELECT count(*) AS u1,
						 count(*) FILTER (WHERE n >= 2) AS u2,
						 count(*) FILTER (WHERE n >= 3) AS u3,
						 count(*) FILTER (WHERE n >= 4) AS u4 FROM lines)
		SELECT ARRAY[u1, u2, u3, u4] = r.users FROM exact, (}
		  . report('array_agg(users ORDER BY step) AS users',
			$rows, 'buy -> buy -> buy -> buy') . ') r',
		't',
		'retail: customers of one to four lines, each line counted once');
	answers(
		qq{
		WITH visits AS (
			SELECT count(DISTINCT invoice_date) AS n FROM retail
			WHERE customer IS NOT NULL AND invoice NOT LIKE 'C%'
			GROUP BY customer),
		exact AS (SELECT count(*) AS u1,
						 count(*) FILTER (WHERE n >= 2) AS u2,
						 count(*) FILTER (WHERE n >= 3) AS u3,
						 count(*) FILTER (WHERE n >= 4) AS u4 FROM visits)
		SELECT ARRAY[u1, u2, u3, u4] = r.users FROM exact, (}
		  . report('array_agg(users ORDER BY step) AS users',
			$rows, 'buy -> buy -> buy -> buy, increasing') . ') r',
		't',
		'retail: customers who came back, each instant counted once');
	answers(
		qq{
		WITH visits AS (
			SELECT customer, invoice_date AS t1,
				   lead(invoice_date) OVER w AS t2, lead(invoice_date, 2) OVER w AS t3
			FROM (SELECT DISTINCT customer, invoice_date FROM retail
				  WHERE customer IS NOT NULL AND invoice NOT LIKE 'C%') v
			WINDOW w AS (PARTITION BY customer ORDER BY invoice_date)),
		exact AS (
			SELECT count(DISTINCT customer) AS u1,
				   count(DISTINCT customer)
				   FILTER (WHERE t2 <= t1 + interval '30 days') AS u2,
				   count(DISTINCT customer)
				   FILTER (WHERE t3 <= t1 + interval '30 days') AS u3
			FROM visits)
		SELECT ARRAY[u1, u2, u3] = r.users FROM exact, (}
		  . report('array_agg(users ORDER BY step) AS users',
			$rows, 'buy -> buy -> buy within 30 days, increasing') . ') r',
		't',
		'retail: three visits within 30 days, as window functions count them');
	answers(
		qq{
		WITH visits AS (
			SELECT customer, min(invoice_date) AS t1
			FROM retail WHERE customer IS NOT NULL AND invoice NOT LIKE 'C%'
			GROUP BY customer),
		exact AS (
			SELECT count(*) AS u1,
				   count(*) FILTER (WHERE EXISTS (
						SELECT FROM retail r
						WHERE r.customer = v.customer AND invoice LIKE 'C%'
						  AND r.invoice_date BETWEEN t1 AND t1 + interval '60 days')) AS u2
			FROM visits v)
		SELECT ARRAY[u1, u2] = r.users FROM exact, (}
		  . report('array_agg(users ORDER BY step) AS users',
			$rows, 'buy -> return within 60 days, first entry') . ') r',
		't',
		'retail: returns within 60 days of the first purchase');
	answers(
		qq{
		SELECT count(DISTINCT md5(r::text)) FROM (
			SELECT funnel_agg(unit, ts, event, 'buy -> buy => return within 90 days') AS r
			FROM (SELECT * FROM ($rows) e ORDER BY ts DESC, event) x
			UNION ALL
			SELECT funnel_agg(unit, ts, event, 'buy -> buy => return within 90 days')
			FROM (SELECT * FROM ($rows) e ORDER BY hashtext(unit::text || ts), event DESC) x
			UNION ALL
			SELECT funnel_agg(unit, ts, event, 'buy -> buy => return within 90 days')
			FROM ($rows) x) q},
		'1',
		'retail: the same result in any order of rows');
}

done_testing();
