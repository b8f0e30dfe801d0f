--
-- Aggregates over one unit where rows of many groups come in turns: every plan
-- gives what each unit gives by itself
--
SET TimeZone = 'UTC';
CREATE TABLE event AS
SELECT u, t * CASE u % 500 WHEN 0 THEN 100000000000000000 ELSE 60000000 END AS n,
	   timestamptz '2026-01-01Z' + t * CASE u % 500 WHEN 0 THEN interval '100 years' ELSE interval '1 minute' END AS ts,
	   (ARRAY['a', 'b', 'c', 'x', NULL])[1 + (hashint4(u * 100 + i) & 1023) % 5] AS e, u % 7 AS g
FROM generate_series(1, 2000) u, generate_series(1, 20) i, LATERAL (SELECT (hashint4(i * 5003 + u) & 1023) % 60 AS t) s
WHERE u % 20 <> i AND (u % 500 <> 0 OR i < 12)
ORDER BY hashint4(u + i * 3001), u, i;
ANALYZE event;
SELECT count(*), count(DISTINCT u) AS units, count(*) FILTER (WHERE e = 'x') AS others FROM event;

-- What is asked, of many groups at once and of each unit by itself
SELECT $$max(g) AS g, funnel_progress_agg(ts, e, 'a -> b -[!x]-> c within 30 minutes') AS progress,
	   funnel_progress_agg(ts, e, 'a => b') AS strict, funnel_progress_agg(ts, e, 'a -> b', e) AS payload,
	   window_funnel(1800000000, n, e = 'a', e = 'b', e = 'c') AS level,
	   window_funnel('30 min', 'strict_order', ts, e = 'a', e = 'b', e = 'c') AS strict_level,
	   window_funnel('30 min', ts, ARRAY[e = 'a', e = 'b']) AS of_array,
	   sequence_match('(?1).*(?2)(?t<=600)(?3)', ts, e = 'a', e = 'b', e = 'c') AS matches,
	   sequence_count('(?1).*(?2)', n, e = 'a', e = 'b') AS count,
	   sequence_next_node('forward', 'first_match', ts, e, e = 'a', e = 'a', e = 'b') AS next$$ AS aggregates \gset
CREATE VIEW answer AS SELECT u, :aggregates FROM event GROUP BY u;
CREATE TABLE expected AS
SELECT d.u, a.* FROM (SELECT DISTINCT u FROM event) d, LATERAL (SELECT :aggregates FROM event WHERE event.u = d.u) a;
SELECT count(*), count(DISTINCT progress) AS progresses, min(level), max(level), count(*) FILTER (WHERE matches) AS matching,
	   max(count), count(next) FROM expected;

\set differences 'SELECT (SELECT count(*) FROM (TABLE expected EXCEPT ALL TABLE answer) m) AS missing, (SELECT count(*) FROM (TABLE answer EXCEPT ALL TABLE expected) o) AS other'
CREATE FUNCTION is_written(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || query INTO plan;
	RETURN (plan #>> '{0,Plan,HashAgg Batches}')::int > 1;
END $$;

-- In sorted groups; hashed, in memory and written to disk; of workers
SET enable_hashagg = off;
:differences;
RESET enable_hashagg;
SET enable_sort = off;
SET work_mem = '64MB';
:differences;
SELECT is_written('TABLE answer');
SET work_mem = '64kB';
:differences;
SELECT is_written('TABLE answer');
RESET work_mem;
SET parallel_setup_cost = 0;
SET min_parallel_table_scan_size = 0;
ALTER TABLE event SET (parallel_workers = 2);
EXPLAIN (costs off) TABLE answer;
:differences;
ALTER TABLE event SET (parallel_workers = 0);
EXPLAIN (costs off) TABLE answer;
RESET enable_sort;

-- Grouping sets, each in a memory of its own, or all in one, or both
SELECT $$funnel_progress_agg(ts, e, 'a -> b -[!x]-> c within 30 minutes') AS progress,
	   window_funnel(1800000000, n, e = 'a', e = 'b', e = 'c') AS level$$ AS two \gset
CREATE VIEW sets AS SELECT u, g, :two FROM event GROUP BY GROUPING SETS ((g, u), (g), (), (u));
CREATE TABLE expected_sets AS
SELECT u, g, progress, level FROM expected
UNION ALL SELECT u, NULL, progress, level FROM expected
UNION ALL SELECT NULL, d.g, s.* FROM (SELECT DISTINCT g FROM event) d, LATERAL (SELECT :two FROM event WHERE event.g = d.g) s
UNION ALL SELECT NULL, NULL, :two FROM event;
EXPLAIN (costs off) TABLE sets;
SELECT count(*) FROM (TABLE sets EXCEPT ALL TABLE expected_sets) s;
SELECT count(*) FROM (TABLE expected_sets EXCEPT ALL TABLE sets) s;
SET enable_hashagg = off;
EXPLAIN (costs off) TABLE sets;
SELECT count(*) FROM (TABLE sets EXCEPT ALL TABLE expected_sets) s;
SELECT count(*) FROM (TABLE expected_sets EXCEPT ALL TABLE sets) s;
RESET enable_hashagg;

-- A final function that runs after each row
SELECT count(*) FROM (
	SELECT u, funnel_progress_agg(ts, e, 'a -> b -[!x]-> c within 30 minutes') OVER w AS progress,
		   window_funnel('30 min', 'strict_order', ts, e = 'a', e = 'b', e = 'c') OVER w AS level, row_number() OVER w AS n, count(*) OVER (PARTITION BY u) AS last
	FROM event WINDOW w AS (PARTITION BY u ORDER BY ts ROWS UNBOUNDED PRECEDING)) s
JOIN expected USING (u) WHERE n = last AND (s.progress, s.level) IS NOT DISTINCT FROM (expected.progress, expected.strict_level);

-- Frames that move: what their rows give by themselves
SELECT count(*) FROM (
	SELECT window_funnel('30 min', ts, e = 'a', e = 'b') OVER w AS level, array_agg(e) OVER w AS labels, array_agg(ts) OVER w AS times
	FROM event WHERE u < 50 WINDOW w AS (PARTITION BY u ORDER BY ts ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW)) s
WHERE level <> (SELECT window_funnel('30 min', t, l = 'a', l = 'b') FROM unnest(times, labels) f(t, l));
-- Rows that are sorted or compared before the aggregate has them
SELECT count(*) FROM (
	SELECT u, funnel_progress_agg(ts, e, 'a -> b -[!x]-> c within 30 minutes' ORDER BY e) AS progress,
		   window_funnel('30 min', 'strict_order', ts, e = 'a', e = 'b', e = 'c' ORDER BY n DESC) AS strict_level,
		   sequence_match(DISTINCT '(?1).*(?2)(?t<=600)(?3)', ts, e = 'a', e = 'b', e = 'c') AS matches
	FROM event GROUP BY u) s
JOIN expected USING (u) WHERE (s.progress, s.strict_level, s.matches) IS DISTINCT FROM (expected.progress, expected.strict_level, expected.matches);

-- A cursor that is left after some groups, and one that is asked again
BEGIN;
DECLARE few CURSOR FOR SELECT u, (progress).stage, level FROM answer ORDER BY u;
FETCH 2 FROM few;
CLOSE few;
DECLARE again SCROLL CURSOR FOR SELECT u, (progress).stage, level FROM answer ORDER BY u;
FETCH LAST FROM again;
FETCH FIRST FROM again;
COMMIT;

-- A row that is no event has a question, too.
SELECT window_funnel(CASE e WHEN 'a' THEN interval '1 day' ELSE '2 days' END, ts, e = 'a') FROM event;
SELECT window_funnel('1 day', CASE e WHEN 'x' THEN 'strict_once' ELSE '' END, ts, e = 'a') FROM event;
SELECT window_funnel('1 day', ts, VARIADIC CASE e WHEN 'x' THEN ARRAY[false, false] ELSE ARRAY[e = 'a'] END) FROM event;
SELECT funnel_progress_agg(ts, e, CASE e WHEN 'x' THEN 'b' ELSE 'a' END::funnel_def) FROM event;
SELECT sequence_match(CASE e WHEN 'x' THEN '(?1)(?1)' ELSE '(?1)' END, ts, e = 'a') FROM event;

DROP FUNCTION is_written;
DROP VIEW answer, sets;
DROP TABLE expected, expected_sets, event;
