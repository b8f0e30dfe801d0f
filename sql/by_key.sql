--
-- A result for each key: funnel_agg_by
--
SET TimeZone = 'UTC';
CREATE TABLE touches (u int, ts timestamptz, e text, channel text, amount float8);
INSERT INTO touches VALUES
	(1, '2026-06-30', 'a', 'mail', 1), (1, '2026-07-02', 'a', 'ad', 2), (1, '2026-07-20', 'b', 'mail', 10),
	(2, '2026-06-30', 'a', 'ad', 4), (2, '2026-07-01', 'b', 'tv', 20), (2, '2026-08-01', 'b', NULL, 30),
	(3, '2026-07-31', 'a', 'mail', 8), (3, '2026-08-02', 'b', 'ad', 40),
	(4, '2026-08-01', 'a', 'Mail', 16), (4, '2026-08-01', 'b', 'mail', 50), (4, '2026-08-03', 'a', '', NULL),
	(5, '2026-07-05', 'a', NULL, 32), (5, '2026-07-06', 'x', 'ad', NULL), (5, '2026-07-07', 'b', NULL, 60),
	(6, '2026-07-09', 'b', 'ad', 70), (NULL, '2026-09-01', 'a', 'post', 6), (6, NULL, 'a', 'post', 7),
	(7, '2026-07-10', NULL, 'radio', NULL);
-- Each key that a row of step 1 has, bytewise; other rows have none.
SELECT key, step, users, dropped, pending
FROM unnest((SELECT funnel_agg_by(u, ts, e, 'a -> b within 30 days', channel) FROM touches)) g, funnel_report(g.result);
SELECT key, step, users, value
FROM unnest((SELECT funnel_agg_by(u, ts, e, 'a -> b within 30 days', channel, amount) FROM touches)) g, funnel_report(g.result);
-- Which entries count is what the clause says, of all of them; and each group is byte for byte what funnel_agg says.
CREATE TABLE clauses AS
SELECT o, clause, ('a -> b within 30 days' || clause)::funnel_def AS def
FROM unnest(ARRAY['', ', first entry', ', last entry', ', every attempt']) WITH ORDINALITY c(clause, o);
SELECT clause, g.key, (SELECT array_agg(users ORDER BY step) FROM funnel_report(g.result)) AS users,
	   g.result::text = (SELECT funnel_agg(u, ts, e, def, channel = g.key) FROM touches)::text AS same
FROM clauses, LATERAL (SELECT funnel_agg_by(u, ts, e, def, channel) AS groups FROM touches) s, unnest(groups) g
ORDER BY o, g.key COLLATE "C";
-- Keys with entries at several instants, and several keys at one instant, which is that of the next step too
CREATE TABLE twice (u int, ts timestamptz, e text, channel text, amount float8);
INSERT INTO twice VALUES
	(1, '2026-01-01', 'a', 'x', 1), (1, '2026-01-20', 'b', NULL, 0), (1, '2026-01-20', 'a', 'x', 2),
	(1, '2026-01-20', 'a', 'y', 4), (1, '2026-02-10', 'c', NULL, 16),
	(2, '2026-03-01', 'b', NULL, 0), (2, '2026-03-01', 'a', 'x', 1), (2, '2026-03-20', 'a', 'x', 2), (2, '2026-03-25', 'c', NULL, 4),
	(3, '2026-05-01', 'a', 'x', 1), (3, '2026-05-01', 'a', 'y', 2), (3, '2026-06-15', 'a', 'x', 4), (3, '2026-06-16', 'b', NULL, 8),
	(4, '2026-07-01', 'a', 'y', 8), (4, '2026-07-05', 'a', 'x', 1), (4, '2026-07-05', 'a', 'y', 16), (4, '2026-07-10', 'a', 'x', 2),
	(4, '2026-08-02', 'b', NULL, 0), (4, '2026-08-06', 'c', NULL, 32);
SELECT clause, g.key, r.users, v.value,
	   g.result::text = (SELECT funnel_agg(u, ts, e, def, channel = g.key) FROM twice)::text AS same,
	   w.result::text = (SELECT funnel_agg(u, ts, e, def, amount, channel = g.key) FROM twice)::text AS same_valued
FROM (SELECT o, clause, ('a -> b -> c within 30 days' || clause)::funnel_def AS def FROM clauses) c,
	 LATERAL (SELECT funnel_agg_by(u, ts, e, def, channel) AS groups, funnel_agg_by(u, ts, e, def, channel, amount) AS valued FROM twice) s,
	 unnest(groups) WITH ORDINALITY g(key, result, nr), unnest(valued) WITH ORDINALITY w(key, result, nr),
	 LATERAL (SELECT array_agg(users ORDER BY step) AS users FROM funnel_report(g.result)) r,
	 LATERAL (SELECT array_agg(value ORDER BY step) AS value FROM funnel_report(w.result)) v
WHERE g.nr = w.nr AND g.key = w.key ORDER BY o, g.nr;
-- By first entry each unit is in one group, and the groups add up.
SELECT funnel_units(funnel_merge(g.result)) AS merged,
	   (SELECT funnel_units(funnel_agg(u, ts, e, 'a -> b, first entry', channel IS NOT NULL)) FROM touches) AS whole
FROM unnest((SELECT funnel_agg_by(u, ts, e, 'a -> b, first entry', channel) FROM touches)) g;
-- One horizon for all
SELECT DISTINCT funnel_horizon(g.result) FROM unnest((SELECT funnel_agg_by(u, ts, e, 'a -> b', channel) FROM touches)) g;
-- Twins
SELECT funnel_agg_by(u, ts, e, 'a -> b', channel)::text = funnel_agg_by(u, ts::timestamp, e, 'a -> b', channel)::text AS "timestamp",
	   funnel_agg_by(u, ts, e, 'a -> b', channel)::text = funnel_agg_by(u, ts::date, e, 'a -> b', channel)::text AS date,
	   funnel_agg_by(u, ts, e, 'a -> b', channel)::text = funnel_agg_by(u, ts, ARRAY[e, 'y'], 'a -> b', channel)::text AS labels,
	   funnel_agg_by(u, ts, e, 'a -> b', channel)::text = funnel_agg_by(u, ts::timestamp, ARRAY[e], 'a -> b', channel)::text AS labels_timestamp,
	   funnel_agg_by(u, ts, e, 'a -> b', channel)::text = funnel_agg_by(u, ts::date, ARRAY[e], 'a -> b', channel)::text AS labels_date,
	   funnel_agg_by(u, ts, e, 'a -> b', channel, 1)::text = funnel_agg_by(u, ts::date, e, 'a -> b', channel, 1)::text AS value_date,
	   funnel_agg_by(u, ts, e, 'a -> b', channel, 1)::text = funnel_agg_by(u, ts, ARRAY[e], 'a -> b', channel, 1)::text AS value_labels
FROM touches;
-- Nothing, and nothing with a key
SELECT funnel_agg_by(u, ts, e, 'a -> b', channel) IS NULL AS "null" FROM touches WHERE u IS NULL;
SELECT funnel_agg_by(u, ts, e, 'a -> b', channel) AS no_entry FROM touches WHERE u IN (6, 7);
SELECT funnel_agg_by(u, ts, e, 'a -> b', NULL) AS no_key FROM touches;
-- Groups, a window whose state goes on, keys that are long
SELECT odd, g.key, funnel_units(g.result)
FROM (SELECT u % 2 AS odd, funnel_agg_by(u, ts, e, 'a', channel) AS groups FROM touches WHERE u IS NOT NULL GROUP BY 1) s, unnest(groups) g
ORDER BY 1, g.key COLLATE "C";
SELECT ts, cardinality(funnel_agg_by(u, ts, e, 'a', channel) OVER (ORDER BY ts)) AS groups FROM touches WHERE u = 4 ORDER BY ts;
SELECT length(g.key), funnel_units(g.result) FROM unnest((SELECT funnel_agg_by(u, ts, 'a', 'a', repeat(md5(u::text), 10000)) FROM touches WHERE u IN (1, 2))) g;
-- Cases that are refused
SELECT funnel_agg_by(u, ts, e, 'a -> b, any order', channel) FROM touches;
SELECT funnel_agg_by(u, ts, e, NULL, channel) FROM touches;
SELECT funnel_agg_by(u, ts, e, 'a -> b', channel, float8 'NaN') FROM touches;
SELECT funnel_agg_by(u, ts, e, format('a -> b%s', u)::funnel_def, channel) FROM touches WHERE u < 3;
SELECT funnel_agg_by(u, 'infinity'::date, e, 'a', channel) FROM touches;

-- Thousands of keys, several in most units, and more events than memory is allowed
CREATE TABLE clicks AS
SELECT i % 20000 AS u, timestamptz '2026-01-01' + i * interval '1 s' AS ts, CASE WHEN i % 3 = 0 THEN 'b' ELSE 'a' END AS e,
	   'k' || i * 7919 % 4099 AS channel, (i % 64)::float8 AS amount
FROM generate_series(1, 120000) i;
ANALYZE clicks;
\set q 'SELECT funnel_agg_by(u, ts, e, ''a -> b within 1 day'', channel) AS groups FROM clicks'
\set v 'SELECT funnel_agg_by(u::text, ts, e, ''a -> b within 1 day, every attempt'', channel, amount) AS groups FROM clicks'
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT 'q' AS what, groups FROM (:q) s UNION ALL SELECT 'v', groups FROM (:v) s;
SELECT what, count(*) AS keys, sum(funnel_units(result)) AS units, bool_and(key COLLATE "C" > before COLLATE "C") AS sorted
FROM (SELECT what, g.*, lag(key) OVER (PARTITION BY what ORDER BY o) AS before FROM serial, unnest(groups) WITH ORDINALITY g(key, result, o)) s
GROUP BY what ORDER BY what;
SELECT key, result::text = (SELECT funnel_agg(u, ts, e, 'a -> b within 1 day', channel = key) FROM clicks)::text AS same
FROM serial, unnest(groups) WHERE what = 'q' AND key IN ('k0', 'k17', 'k4098') ORDER BY key;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT groups::text = (SELECT groups FROM serial WHERE what = 'q')::text AS in_files FROM (:q) s;
SELECT groups::text = (SELECT groups FROM serial WHERE what = 'v')::text AS values_in_files FROM (:v) s;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) :q;
SELECT groups::text = (SELECT groups FROM serial WHERE what = 'q')::text AS parallel_in_files FROM (:q) s;
SELECT groups::text = (SELECT groups FROM serial WHERE what = 'v')::text AS parallel_values_in_files FROM (:v) s;
RESET work_mem;
SELECT groups::text = (SELECT groups FROM serial WHERE what = 'q')::text AS parallel FROM (:q) s;
SELECT groups::text = (SELECT groups FROM serial WHERE what = 'v')::text AS parallel_values FROM (:v) s;
DROP TABLE touches, clauses, clicks, serial;
-- Whoever may alter the type is told so.
BEGIN;
ALTER TYPE funnel_group ADD ATTRIBUTE more int;
SELECT funnel_agg_by(1, now(), 'a', 'a', 'k');
ROLLBACK;
BEGIN;
ALTER TYPE funnel_group ADD ATTRIBUTE more int;
ALTER TYPE funnel_group DROP ATTRIBUTE more;
SELECT funnel_agg_by(1, now(), 'a', 'a', 'k');
ROLLBACK;
