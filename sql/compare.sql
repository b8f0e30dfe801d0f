-- Two results side by side

\pset null '(null)'

-- a result of two steps: so many of so many
CREATE FUNCTION of_rate(part bigint, whole bigint, definition text DEFAULT 'a -> b') RETURNS funnel_result LANGUAGE sql AS $$
	SELECT format('{"definition":"%5$s","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":%2$s},
		{"stage":"b","users":%1$s,"microseconds":0,"from_previous":[%3$s]}],"unconverted":[%4$s]}', part, whole,
		CASE WHEN part > 0 THEN format('[0,%s]', part) END,
		CASE WHEN part < whole THEN format('[1,"absent",null,%s]', whole - part) END, definition)::funnel_result
$$;

-- the columns, their order and types are a promise
SELECT unnest(proargnames) AS name, format_type(unnest(proallargtypes), NULL) AS type, unnest(proargmodes) AS mode
FROM pg_proc WHERE proname = 'funnel_compare';

-- the sales funnel, and one with a better cart
WITH sales AS (
	SELECT arm, funnel_agg(i, '2026-01-01'::timestamptz + step * interval '1 minute', event, 'visit -> click -> cart -> buy') AS r
	FROM (VALUES ('a', 1000, 100, 50, 10), ('b', 1000, 100, 80, 25)) v(arm, n1, n2, n3, n4),
		LATERAL (VALUES (1, 'visit', n1), (2, 'click', n2), (3, 'cart', n3), (4, 'buy', n4)) s(step, event, n),
		generate_series(1, n) i
	GROUP BY arm)
SELECT step, stage, users_a, users_b, rate_a, rate_b, round(difference::numeric, 12) AS difference,
	round(difference_low::numeric, 12) AS low, round(difference_high::numeric, 12) AS high,
	round(z::numeric, 10) AS z, round(p_value::numeric, 10) AS p,
	round(lift::numeric, 10) AS lift, round(lift_low::numeric, 6) AS lift_low, round(lift_high::numeric, 6) AS lift_high
FROM sales a, sales b, funnel_compare(a.r, b.r) WHERE a.arm = 'a' AND b.arm = 'b';

/*
 * Worked examples.  Of the interval: the first four of table II, method 1, of R.
 * G. Newcombe, Statistics in Medicine 17 (1998), 873-890.  Of the test: example 6.6 of C. T. Le, "Introductory
 * Biostatistics" (11 of 61 against 35 of 238, z = 0.64), his table of 8 of 39
 * against 12 of 31 (z squared is 2.80), and the aspirin trial of the Physicians'
 * Health Study (189 of 11,034 against 104 of 11,037; A. Agresti, "Categorical
 * Data Analysis": 0.0077, 0.005 to 0.011, z squared is 25.01).
 */
SELECT b_part, b_whole, a_part, a_whole, round(difference::numeric, 4) AS difference,
	round(difference_low::numeric, 4) AS low, round(difference_high::numeric, 4) AS high,
	round(z::numeric, 2) AS z, round((z * z)::numeric, 2) AS z2
FROM (VALUES (56, 70, 48, 80), (9, 10, 3, 10), (6, 7, 2, 7), (5, 56, 0, 29),
		(11, 61, 35, 238), (12, 31, 8, 39), (189, 11034, 104, 11037)) v(b_part, b_whole, a_part, a_whole),
	funnel_compare(of_rate(a_part, a_whole), of_rate(b_part, b_whole))
WHERE step = 2;

/*
 * Exact arithmetic, to 1e-9.  The p-value is 1 - erf(z / sqrt(2)) by the
 * series of erf, which converges everywhere; its factor is 2 / sqrt(pi).
 */
CREATE FUNCTION p_exact(z numeric) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	x numeric := abs(z) / sqrt(2::numeric(60, 50));
	term numeric := x;
	total numeric := x;
BEGIN
	FOR n IN 1 .. 600 LOOP
		term := round(-term * x * x / n, 60);
		total := total + round(term / (2 * n + 1), 60);
		EXIT WHEN term = 0;
	END LOOP;
	RETURN 1 - total * 1.1283791670955125738961589031215451716881012586580;
END $$;
-- as tables of the normal distribution print it
SELECT z, round(p_exact(z), 10) AS p FROM (VALUES (0), (1), (1.959963984540054), (2.575829303548901), (5)) v(z);
SELECT a_part, a_whole, b_part, b_whole,
	abs(r.difference::numeric - e.difference) < 1e-9 AS difference,
	abs(difference_low::numeric - (e.difference - 1.959963984540054 * sqrt(own))) < 1e-9 AS low,
	abs(difference_high::numeric - (e.difference + 1.959963984540054 * sqrt(own))) < 1e-9 AS high,
	abs(z::numeric - e.difference / sqrt(nullif(pooled, 0))) < 1e-9 AS z,
	abs(p_value::numeric - p_exact(e.difference / sqrt(nullif(pooled, 0)))) < 1e-9 AS p
FROM (VALUES (48, 80, 56, 70), (3, 10, 9, 10), (35, 238, 11, 61), (104, 11037, 189, 11034), (189, 11034, 104, 11037),
		(1, 2, 1, 3), (0, 10, 1, 1000000), (1, 1000000, 0, 10), (10, 10, 999999, 1000000), (5000, 10000, 5001, 10000),
		(0, 20, 20, 20), (123456789, 987654321, 123460000, 987654321),
		(500000000000, 1000000000000, 500001000000, 1000000000000)) v(a_part, a_whole, b_part, b_whole),
	LATERAL (SELECT a_whole::numeric(90, 50) AS na, b_whole::numeric(90, 50) AS nb,
		a_part::numeric(90, 50) / a_whole AS pa, b_part::numeric(90, 50) / b_whole AS pb,
		(a_part::numeric(90, 50) + b_part) / (a_whole::numeric(90, 50) + b_whole) AS p) n,
	LATERAL (SELECT pb - pa AS difference, pa * (1 - pa) / na + pb * (1 - pb) / nb AS own,
		p * (1 - p) * (1 / na + 1 / nb) AS pooled) e,
	funnel_compare(of_rate(a_part, a_whole), of_rate(b_part, b_whole)) r
WHERE step = 2;

/*
 * The ratio in exact arithmetic, by the formula of the relative risk as textbooks
 * write it: the variance of its logarithm is 1/a - 1/n of both.  The ratio of the
 * aspirin trial is 1.82 (A. Agresti).
 */
SELECT round(1 + lift::numeric, 2) AS ratio FROM funnel_compare(of_rate(104, 11037), of_rate(189, 11034)) WHERE step = 2;
SELECT a_part, a_whole, b_part, b_whole, round(lift::numeric, 6) AS lift,
	abs((1 + lift::numeric) / ratio - 1) < 1e-9 AS exact,
	abs((1 + lift_low::numeric) / (ratio / exp(1.959963984540054 * sqrt(variance))) - 1) < 1e-9 AS low,
	abs((1 + lift_high::numeric) / (ratio * exp(1.959963984540054 * sqrt(variance))) - 1) < 1e-9 AS high
FROM (VALUES (48, 80, 56, 70), (3, 10, 9, 10), (35, 238, 11, 61), (104, 11037, 189, 11034), (189, 11034, 104, 11037),
		(1, 2, 1, 3), (1, 1, 1, 2), (10, 10, 999999, 1000000), (5000, 10000, 5001, 10000), (7, 7, 1, 1000000),
		(123456789, 987654321, 123460000, 987654321), (1, 1000000000000, 1000000000000, 1000000000000),
		(500000000000, 1000000000000, 500001000000, 1000000000000)) v(a_part, a_whole, b_part, b_whole),
	LATERAL (SELECT b_part::numeric(90, 50) / b_whole / (a_part::numeric(90, 50) / a_whole) AS ratio,
		1 / a_part::numeric(90, 50) - 1 / a_whole::numeric(90, 50) + 1 / b_part::numeric(90, 50) - 1 / b_whole::numeric(90, 50) AS variance) e,
	funnel_compare(of_rate(a_part, a_whole), of_rate(b_part, b_whole)) r
WHERE step = 2;

-- exchanging the two turns the difference round and leaves the p-value
SELECT count(*), bool_and(x.difference = -y.difference AND x.difference_low = -y.difference_high AND x.z = -y.z
	AND x.p_value = y.p_value) AS mirrored, bool_and(x.p_value BETWEEN 0 AND 1) AS probability,
	count(x.lift_low) AS with_both, bool_and(abs((1 + x.lift) * (1 + y.lift) - 1) < 1e-12 AND abs((1 + x.lift_low) * (1 + y.lift_high) - 1) < 1e-12) AS reciprocal
FROM generate_series(0, 20, 4) i, generate_series(1, 17, 4) j,
	funnel_compare(of_rate(i, 20), of_rate(j, 18)) x, funnel_compare(of_rate(j, 18), of_rate(i, 20)) y
WHERE x.step = 2 AND y.step = 2;

-- the last digit is that of a product rounded before it is added, on every machine
SELECT difference_low, difference_high FROM funnel_compare(of_rate(0, 2), of_rate(1, 3)) WHERE step = 2;

-- where a base or a variance is 0
SELECT n, step, users_a, users_b, rate_a, rate_b, difference, difference_low, difference_high,
	round(z::numeric, 10) AS z, round(p_value::numeric, 12) AS p_value, lift, round(lift_low::numeric, 10) AS lift_low, round(lift_high::numeric, 10) AS lift_high
FROM (VALUES (1, of_rate(0, 0), of_rate(1, 2)), (2, of_rate(1, 2), of_rate(0, 0)), (3, of_rate(0, 0), of_rate(0, 0)),
		(4, of_rate(0, 10), of_rate(0, 20)), (5, of_rate(10, 10), of_rate(20, 20)), (6, of_rate(0, 10), of_rate(20, 20)), (7, of_rate(5, 10), of_rate(0, 20)), (8, of_rate(5, 10), of_rate(20, 20))) v(n, a, b),
	funnel_compare(a, b) r ORDER BY n, step;
SELECT * FROM funnel_compare(NULL, of_rate(1, 2));
SELECT * FROM funnel_compare(of_rate(1, 2), NULL);

-- any counts will do
SELECT step, rate_a, rate_b, difference, z > 0 AS positive, p_value, lift FROM funnel_compare(of_rate(0, 9223372036854775807), of_rate(9223372036854775807, 9223372036854775807));
SELECT step, round((lift / 1e18)::numeric, 9) AS lift, round((lift_low / 1e18)::numeric, 9) AS low, round((lift_high / 1e18)::numeric, 9) AS high FROM funnel_compare(of_rate(1, 9223372036854775807), of_rate(9223372036854775806, 9223372036854775807));

-- the names of the stages must agree, not the events or the rules
SELECT stage, rate_a, rate_b FROM funnel_compare(of_rate(1, 2), of_rate(1, 4, 'a: /old/* -> b within 1 day, first entry'));
SELECT stage, rate_a, rate_b FROM funnel_compare(funnel_result('a -> b, any order'::funnel_def), funnel_result('c -> d, any order'::funnel_def));
SELECT * FROM funnel_compare(of_rate(1, 2), funnel_result('a -> b -> c'::funnel_def));
SELECT * FROM funnel_compare(of_rate(1, 2), funnel_result('a -> c'::funnel_def));
SELECT * FROM funnel_compare(of_rate(1, 2), funnel_result('b -> a'::funnel_def));
\set VERBOSITY sqlstate
SELECT * FROM funnel_compare(of_rate(1, 2), funnel_result('a'::funnel_def));
SELECT * FROM funnel_compare(of_rate(1, 2), funnel_result('a -> c'::funnel_def));
\set VERBOSITY default

DROP FUNCTION of_rate, p_exact;
