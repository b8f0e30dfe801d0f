-- Reading a result as rows

\pset null '(null)'
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';

/*
 * The sales funnel everybody draws: 1,000 visitors, 100 click a product, 50 put
 * it in the cart, 10 buy.
 */
CREATE TABLE sales AS
SELECT '{"definition":"visit -> click -> cart -> buy within 7 days",
	"horizon":"2026-01-31T23:59:59.5Z",
	"steps":[
		{"stage":"visit","users":1000},
		{"stage":"click","users":100,"microseconds":1000000000,"from_previous":[[1164,100]]},
		{"stage":"cart","users":50,"microseconds":3000000000,"from_previous":[[1330,50]],"from_first":[[1346,50]]},
		{"stage":"buy","users":10,"microseconds":36000000000,"from_previous":[[1707,10]],"from_first":[[1709,10]]}],
	"unconverted":[[1,"absent",null,700],[1,"absent",1533365,150],[1,"absent",1533400,50],
		[2,"late",null,20],[2,"late","forever",10],[2,"early",null,5],[2,"absent",null,15],[3,"absent",null,40]]}'::funnel_result AS r;
SELECT step, stage, users, from_first, from_previous, dropped, pending FROM sales, funnel_report(r);
SELECT step, round(from_first_low::numeric, 12) AS low, round(from_first_high::numeric, 12) AS high
FROM sales, funnel_report(r);
SELECT step, median_seconds, p90_seconds, mean_seconds, median_seconds_from_first, value
FROM sales, funnel_report(r);
SELECT d.* FROM sales, funnel_dropoff(r) d;
-- 32-bit x86 computes the last digits otherwise
SET extra_float_digits = 0;
SELECT (funnel_report(r)).* FROM sales;
RESET extra_float_digits;
-- the columns, their order and types are a promise
SELECT proname, unnest(proargnames) AS name, format_type(unnest(proallargtypes), NULL) AS type, unnest(proargmodes) AS mode
FROM pg_proc WHERE proname IN ('funnel_report', 'funnel_dropoff', 'funnel_histogram');

-- pending as of a later instant; what is open at the first microsecond of a cell is, at its last
SELECT as_of, p.dropped, p.pending, d.users AS absent, e.users AS still
FROM sales, (VALUES (NULL), ('2026-01-31 23:59:59.5'),
		('2000-01-01'::timestamptz + 1533366::bigint * 536.870912 * interval '1 second' - interval '1 microsecond'),
		('2000-01-01'::timestamptz + 1533366::bigint * 536.870912 * interval '1 second'),
		('2000-01-01'::timestamptz + 1533401::bigint * 536.870912 * interval '1 second' - interval '1 microsecond'),
		('2000-01-01'::timestamptz + 1533401::bigint * 536.870912 * interval '1 second'),
		('infinity')) v(as_of),
	LATERAL (SELECT sum(dropped) AS dropped, sum(pending) AS pending FROM funnel_report(r, as_of)) p,
	LATERAL (SELECT sum(users) AS users FROM funnel_dropoff(r, as_of) WHERE step = 1 AND outcome = 'absent') d,
	LATERAL (SELECT sum(users) AS users FROM funnel_dropoff(r, as_of) WHERE outcome = 'pending') e;
SELECT bool_and(users = 1000) AS always FROM sales, generate_series('2026-02-01'::timestamptz, '2026-03-01', '11 hours') as_of,
	LATERAL (SELECT sum(dropped + pending) + max(users) FILTER (WHERE step = 4) AS users FROM funnel_report(r, as_of)) x;
-- an earlier instant is an error, with what to write; empty results have no clock
SELECT users FROM sales, funnel_report(r, '2026-01-31 23:59:59.499999');
\echo :LAST_ERROR_SQLSTATE
SELECT users FROM sales, funnel_dropoff(r, '-infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT sum(pending) AS as_now, sum(pending) FILTER (WHERE step = 1) AS visits FROM sales, funnel_report(r, greatest('2020-01-01', funnel_horizon(r)));
SELECT sum(users), sum(pending) FROM funnel_report(funnel_result('a -> b'::funnel_def), '-infinity');

-- nothing in, nothing out
SELECT * FROM funnel_report(NULL);
SELECT * FROM funnel_report(NULL, now());
SELECT * FROM funnel_dropoff(NULL);
SELECT * FROM funnel_report(funnel_result('a -> b? -> c'::funnel_def));
SELECT * FROM funnel_dropoff(funnel_result('a -> b? -> c'::funnel_def));
SELECT * FROM funnel_report(funnel_result('alone'::funnel_def));
SELECT * FROM funnel_histogram(funnel_result('a -> b'::funnel_def), 2, 3);
SELECT funnel_percentile(funnel_result('a -> b'::funnel_def), 2, 0.5);
-- a base of 0 leaves a ratio without a value, users of 0 do not
SELECT step, users, from_first, from_previous, from_first_low, round(from_first_high::numeric, 12) AS high
FROM funnel_report('{"definition":"a -> b -> c","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":20},
	{"stage":"b","users":0,"microseconds":0,"from_previous":[]},
	{"stage":"c","users":0,"microseconds":0,"from_previous":[],"from_first":[]}],"unconverted":[[1,"absent","forever",20]]}'::funnel_result);

/*
 * Wilson's interval in exact arithmetic, and two worked examples: 81 of 263 and
 * 15 of 148 give 0.2553 to 0.3662 and 0.0624 to 0.1605 (R. G. Newcombe,
 * Statistics in Medicine 17 (1998), 857-872, table I, method 3).
 */
CREATE FUNCTION of_rate(part bigint, whole bigint) RETURNS funnel_result LANGUAGE sql AS $$
	SELECT format('{"definition":"a -> b","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":%2$s},
		{"stage":"b","users":%1$s,"microseconds":0,"from_previous":[%3$s]}],"unconverted":[%4$s]}', part, whole,
		CASE WHEN part > 0 THEN format('[0,%s]', part) END,
		CASE WHEN part < whole THEN format('[1,"absent",null,%s]', whole - part) END)::funnel_result
$$;
SELECT round(from_first_low::numeric, 4) AS low, round(from_first_high::numeric, 4) AS high
FROM (VALUES (81, 263), (15, 148)) v(part, whole), funnel_report(of_rate(part, whole)) WHERE step = 2;
SELECT part, whole,
	abs(from_first_low::numeric - (p + z2 / (2 * n) - z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)) < 1e-9 AS low,
	abs(from_first_high::numeric - (p + z2 / (2 * n) + z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)) < 1e-9 AS high,
	from_first_low >= 0 AND from_first_low <= from_first AND from_first <= from_first_high AND from_first_high <= 1 AS around
FROM (VALUES (0, 1), (1, 1), (1, 2), (0, 10), (10, 10), (81, 263), (15, 148), (0, 20), (1, 29), (29, 29), (1, 1000000),
		(123456789, 987654321), (0, 9223372036854775807), (9223372036854775806, 9223372036854775807),
		(9223372036854775807, 9223372036854775807)) v(part, whole),
	LATERAL (SELECT part::numeric(60, 40) / whole AS p, whole::numeric(60, 40) AS n,
		1.959963984540054::numeric(60, 40) AS z, 1.959963984540054::numeric(60, 40) ^ 2 AS z2) c,
	funnel_report(of_rate(part, whole))
WHERE step = 2;

/*
 * A result made from units one by one, in SQL, and read back against the exact
 * figures of the same units.  Step 2 is optional.
 */
CREATE FUNCTION cell(us bigint) RETURNS int LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN us < 64 THEN us ELSE (bits - 7) * 64 + (us >> (bits - 7)) END::int
	FROM (SELECT length(ltrim(us::bit(64)::text, '0')) AS bits) s
$$;
SELECT us, cell(us) FROM (VALUES (0), (1), (63), (64), (127), (128), (129), (130), (255), (256), (10000000),
	(9223372036854775807)) v(us);
CREATE TABLE units AS
SELECT i, CASE WHEN i % 3 <> 0 THEN x * x * x * x / 37 END AS b,
	CASE WHEN i % 5 < 3 THEN y * y * y * y * 13 + i % 7 END AS c,
	round(((i * 31) % 101)::numeric / 4, 2) AS paid
FROM generate_series(1, 3001) i, LATERAL (SELECT i * 7919::bigint % 1000 AS x, i * 104729::bigint % 997 AS y) z;
CREATE TABLE steps AS
SELECT i, 1 AS step, NULL::bigint AS us, 0::bigint AS first, paid FROM units
UNION ALL SELECT i, 2, b, b, NULL FROM units WHERE b IS NOT NULL
UNION ALL SELECT i, 3, c, coalesce(b, 0) + c, paid FROM units WHERE c IS NOT NULL;
CREATE TABLE made AS
SELECT format('{"definition":"a -> b? -> c","horizon":"2026-01-01T00:00:00Z","steps":%s,"unconverted":%s}',
	(SELECT json_agg(json_strip_nulls(json_build_object('stage', chr(96 + step), 'users', users, 'value', coalesce(paid, 0),
			'microseconds', us, 'from_previous', previous, 'from_first', first)) ORDER BY step)
	FROM (SELECT step, count(*) AS users, sum(us) AS us, sum(paid) AS paid FROM steps GROUP BY step) s
	LEFT JOIN (SELECT step, json_agg(json_build_array(cell, n)) AS previous
		FROM (SELECT step, cell(us) AS cell, count(*) AS n FROM steps WHERE step > 1 GROUP BY 1, 2) x GROUP BY step) p USING (step)
	LEFT JOIN (SELECT step, json_agg(json_build_array(cell, n)) AS first
		FROM (SELECT step, cell(first) AS cell, count(*) AS n FROM steps WHERE step > 2 GROUP BY 1, 2) x GROUP BY step) f USING (step)),
	(SELECT json_agg(json_build_array(step, 'absent', 'forever', n))
	FROM (SELECT step, count(*) AS n FROM (SELECT i, max(step) AS step FROM steps GROUP BY i) u WHERE step < 3 GROUP BY step) w)
	)::funnel_result AS r;
SELECT step, stage, users, from_first, from_previous, dropped, pending, value FROM made, funnel_report(r);
SELECT s.step, count(*) = r.users AS users, sum(us) / 1e6 / count(*) AS mean,
	abs(r.mean_seconds * 1e6 / avg(us) - 1) < 1e-12 AS exact_mean,
	abs(r.median_seconds * 1e6 / nullif(percentile_disc(0.5) WITHIN GROUP (ORDER BY us), 0) - 1) < 0.008 AS median,
	abs(r.p90_seconds * 1e6 / nullif(percentile_disc(0.9) WITHIN GROUP (ORDER BY us), 0) - 1) < 0.008 AS p90,
	abs(r.median_seconds_from_first * 1e6 / nullif(percentile_disc(0.5) WITHIN GROUP (ORDER BY first), 0) - 1) < 0.008 AS median_from_first,
	sum(paid) AS paid, r.value
FROM made, funnel_report(made.r) r, steps s
WHERE r.step = s.step
GROUP BY s.step, r.users, r.mean_seconds, r.median_seconds, r.p90_seconds, r.median_seconds_from_first, r.value
ORDER BY s.step;
-- every percentile: exact to 127 microseconds, then at most 0.8 % off
SELECT step, count(*), count(*) FILTER (WHERE CASE WHEN exact < 128 THEN round(got * 1e6) = exact ELSE abs(got * 1e6 / exact - 1) <= 1 / 128.0 END) AS good,
	bool_and(got >= before) AS ascending
FROM (SELECT step, exact, got, lag(got, 1, 0) OVER (PARTITION BY step ORDER BY fraction) AS before
	FROM made, (SELECT array_agg(f / 1000.0::float8) AS fractions FROM generate_series(0, 1000, 4) f) f,
		LATERAL (SELECT step, percentile_disc(fractions) WITHIN GROUP (ORDER BY us) AS exacts FROM steps WHERE step > 1 GROUP BY step) e,
		LATERAL unnest(fractions, exacts) u(fraction, exact),
		LATERAL (SELECT funnel_percentile(r, step, fraction) AS got) g) s
GROUP BY step ORDER BY step;
-- the same from the first step
SELECT step, count(*), count(*) FILTER (WHERE CASE WHEN exact < 128 THEN round(got * 1e6) = exact ELSE abs(got * 1e6 / exact - 1) <= 1 / 128.0 END) AS good,
	count(*) FILTER (WHERE got <> previous) AS other_than_from_previous
FROM (SELECT step, exact, funnel_percentile(r, step, fraction, true) AS got, funnel_percentile(r, step, fraction, from_first => false) AS previous
	FROM made, (SELECT array_agg(f / 1000.0::float8) AS fractions FROM generate_series(0, 1000, 4) f) f,
		LATERAL (SELECT step, percentile_disc(fractions) WITHIN GROUP (ORDER BY first) AS exacts FROM steps WHERE step > 1 GROUP BY step) e,
		LATERAL unnest(fractions, exacts) u(fraction, exact)) s
GROUP BY step ORDER BY step;
-- A rank is a product of doubles, rounded to one: that of 0.9, a little more than
-- nine tenths, is nine of ten.  That of 0.55, so too, is 56 of a hundred.
SELECT n, fraction, round(funnel_percentile(r, 2, fraction) * 1e6) AS got,
	(SELECT percentile_disc(fraction) WITHIN GROUP (ORDER BY i) FROM generate_series(1, n) AS i) AS exact
FROM (VALUES (10, 0.9::float8), (10, 0.7), (5, 0.6), (100, 0.55), (100, 0.29)) AS v(n, fraction),
	LATERAL (SELECT funnel_agg(i, timestamptz '2026-01-01' + us * interval '1 us', event, 'a -> b') AS r
		FROM generate_series(1, n) AS i, LATERAL (VALUES ('a', 0), ('b', i)) AS e(event, us)) AS f;
SELECT bool_and(funnel_percentile(r, step, 0.5, true) IS NOT DISTINCT FROM median_seconds_from_first) AS as_reported,
	bool_and(funnel_percentile(r, step, 0.9, false) IS NOT DISTINCT FROM p90_seconds) AS from_previous
FROM made, funnel_report(r);
SELECT funnel_percentile(r, 1, 0.5, true) AS first, funnel_percentile(r, 2, 0.5, NULL) AS unknown FROM made;
SELECT funnel_percentile(r, 4, 0.5, true) FROM made;

SELECT funnel_percentile(r, 1, 0.5) AS first, funnel_percentile(r, 2, 0) AS least, funnel_percentile(r, 3, 1) AS greatest,
	(SELECT min(us) FROM steps WHERE step = 2) AS min, (SELECT max(us) / 1e6 FROM steps WHERE step = 3) AS max
FROM made;
SELECT funnel_percentile(r, 0, 0.5) FROM made;
SELECT funnel_percentile(r, 4, 0.5) FROM made;
SELECT funnel_percentile(r, 2, -0.1) FROM made;
SELECT funnel_percentile(r, 2, 1.1) FROM made;
SELECT funnel_percentile(r, 2, 'NaN') FROM made;
SELECT funnel_percentile(NULL, 2, 0.5), funnel_percentile(r, NULL, 0.5), funnel_percentile(r, 2, NULL) FROM made;

-- histograms: equal widths from 0, and everybody is in one bucket
SELECT h.* FROM sales, funnel_histogram(r, 2, 4) h;
SELECT h.* FROM made, funnel_histogram(r, 3, 5) h;
SELECT step, buckets, count(*) = buckets AS rows, sum(h.users) = s.users AS users, min(lower_seconds) AS low,
	max(upper_seconds) = longest AS high, max(upper_seconds - lower_seconds) - min(upper_seconds - lower_seconds) < 1e-6 AS equal
FROM made, (VALUES (1), (2), (7), (100), (10000)) b(buckets),
	(SELECT step, users, funnel_percentile(r, step, 1) AS longest FROM made, funnel_report(r) WHERE step > 1 OFFSET 0) s,
	funnel_histogram(r, step, buckets) h
GROUP BY step, buckets, s.users, longest ORDER BY step, buckets;
-- the same from the first step; hardly a unit would be in another bucket by its exact time
SELECT step, buckets, count(*) = buckets AS rows, sum(h.users) = s.users AS users, min(lower_seconds) AS low,
	max(upper_seconds) = longest AS high, sum(abs(h.users - (SELECT count(*) FROM steps x
		WHERE x.step = s.step AND first >= lower_seconds * 1e6 AND (first < upper_seconds * 1e6 OR upper_seconds = longest)))) <= s.users / 100 AS nearly_exact
FROM made, (VALUES (1), (3), (7)) b(buckets),
	(SELECT step, users, funnel_percentile(r, step, 1, true) AS longest FROM made, funnel_report(r) WHERE step > 1 OFFSET 0) s,
	funnel_histogram(r, step, buckets, true) h
GROUP BY step, buckets, s.users, longest ORDER BY step, buckets;
SELECT bool_and(a = b) AS same FROM made, funnel_histogram(r, 3, 5) WITH ORDINALITY a JOIN funnel_histogram((SELECT r FROM made), 3, 5, from_first => false) WITH ORDINALITY b USING (ordinality);
SELECT h.* FROM made, funnel_histogram(r, 1, 5, true) h;
SELECT h.* FROM made, funnel_histogram(r, 2, 5, NULL) h;
SELECT * FROM funnel_histogram(of_rate(3, 3), 2, 2);
SELECT h.* FROM made, funnel_histogram(r, 1, 5) h;
SELECT h.* FROM made, funnel_histogram(r, 2, 0) h;
SELECT h.* FROM made, funnel_histogram(r, 2, -1) h;
SELECT h.* FROM made, funnel_histogram(r, 2, 10001) h;
SELECT h.* FROM made, funnel_histogram(r, 4, 10) h;
SELECT h.* FROM made, funnel_histogram(r, NULL, 10) h;

-- names: made unique, and under any order counted
SELECT step, stage FROM funnel_report(funnel_result('purchase -> purchase -> "x y": a|b -> a|b'::funnel_def));
SELECT step, stage FROM funnel_report(funnel_result('a -> b -> c, any order'::funnel_def));
-- under any order, times are those of the sorted chain and the outcomes fewer
SELECT step, users, from_previous, dropped, pending, mean_seconds
FROM funnel_report('{"definition":"a -> b -> c within 1 hour any order","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"1 of 3","users":9},
	{"stage":"2 of 3","users":4,"microseconds":400,"from_previous":[[100,4]]},
	{"stage":"3 of 3","users":1,"microseconds":3,"from_previous":[[3,1]],"from_first":[[103,1]]}],
	"unconverted":[[1,"late",null,5],[2,"absent",null,3]]}'::funnel_result);
SELECT '{"definition":"a -> b within 1 hour any order","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"1 of 2","users":1},
	{"stage":"2 of 2","users":0,"microseconds":0,"from_previous":[]}],"unconverted":[[1,"early",null,1]]}'::funnel_result;

-- in a query of many results, and in a plan kept
SELECT n, max(users) AS users FROM (SELECT n, (funnel_report(of_rate(n, 10))).users FROM generate_series(1, 3) n) s GROUP BY n ORDER BY n;
PREPARE report(funnel_result) AS SELECT step, users FROM funnel_report($1);
EXECUTE report(of_rate(1, 2));
EXECUTE report(funnel_result('x'::funnel_def));
DEALLOCATE report;
SELECT step, users FROM (SELECT funnel_merge(of_rate(n, 10)) AS r FROM generate_series(1, 3) n) m, funnel_report(r);

DROP TABLE sales, units, steps, made;
DROP FUNCTION of_rate, cell;
