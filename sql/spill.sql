-- Queries that are suspended, run again, fail or are cancelled, with events that
-- go to files.  When memory is spent, spools that are not being read go first,
-- those of other queries as well.

\set SHOW_CONTEXT never

CREATE TABLE events AS
SELECT n % 3 AS g, hashint4(n) & 8191 AS u, timestamptz '2026-01-01Z' + n * interval '1 minute' AS t,
	   (ARRAY['a', 'b', 'c', 'x'])[1 + (hashint4(-n) & 3)] AS e
FROM generate_series(1, 90000) n;
ANALYZE events;
CREATE TABLE results AS
SELECT g, funnel_agg(u, t, e, 'a -> b -[!x]-> c within 9 days') AS result FROM events GROUP BY g;
SET max_parallel_workers_per_gather = 0;
SET enable_sort = off;
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;

-- A query that needs more than there is
CREATE PROCEDURE spend_memory() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('work_mem', '64kB', true), set_config('hash_mem_multiplier', '1', true);
	IF (SELECT sum(funnel_units(result)) FROM results) <>
		(SELECT funnel_units(funnel_agg(u + 8192 * g, t, e, 'a -> b -[!x]-> c within 9 days')) FROM events) THEN
		RAISE 'units are missing';
	END IF;
END $$;

-- A cursor goes on with the file that another query made for it, even if that
-- one is rolled back.  Its groups are read three times.
CREATE FUNCTION known(grp int) RETURNS funnel_result LANGUAGE plpgsql STABLE AS
	'BEGIN RETURN (SELECT result FROM results WHERE g = grp); END';
CREATE VIEW again AS
SELECT i, s.result = known(s.g) AS same
FROM generate_series(1, 3) i LEFT JOIN
	 (SELECT g, funnel_agg(u, t, e, 'a -> b -[!x]-> c within 9 days') AS result FROM events GROUP BY g) s ON true;
EXPLAIN (COSTS OFF) TABLE again;
BEGIN;
DECLARE c CURSOR FOR TABLE again;
FETCH 2 FROM c;
SAVEPOINT s;
CALL spend_memory();
FETCH 2 FROM c;
ROLLBACK TO s;
FETCH 2 FROM c;
CALL spend_memory();
FETCH ALL FROM c;
COMMIT;

-- A cursor that fails in a subtransaction keeps its memory, but has no files.
BEGIN;
DECLARE c CURSOR FOR SELECT i, same, 1 / (i - 2) AS fails FROM again;
SAVEPOINT s;
FETCH ALL FROM c;
ROLLBACK TO s;
CALL spend_memory();
CLOSE c;
CALL spend_memory();
COMMIT;

-- What failed to go to a file stays in memory, and nothing of it in the file.  The
-- query whose file it is does not notice.
BEGIN;
DECLARE c CURSOR FOR TABLE again;
FETCH 3 FROM c;
SAVEPOINT s;
SET LOCAL temp_file_limit = '500kB';
\set VERBOSITY sqlstate
CALL spend_memory();
\set VERBOSITY default
ROLLBACK TO s;
SELECT count(*) AS written FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp' || pg_backend_pid() || '.%' AND size > 0;
CALL spend_memory();
FETCH ALL FROM c;
ROLLBACK;

-- Cancelled while rows come, and in a block that catches it
CREATE FUNCTION cancelling(e text, n int) RETURNS text LANGUAGE sql AS
	'SELECT CASE WHEN n = 60000 AND pg_cancel_backend(pg_backend_pid()) THEN ''a'' ELSE e END';
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT funnel_agg(u, t, cancelling(e, (extract(epoch FROM t - '2026-01-01Z') / 60)::int), 'a -> b') FROM events;
DO $$
BEGIN
	PERFORM g, funnel_agg(u, t, cancelling(e, (extract(epoch FROM t - '2026-01-01Z') / 60)::int), 'a -> b') FROM events GROUP BY g;
EXCEPTION WHEN query_canceled THEN
	RAISE NOTICE 'cancelled';
	CALL spend_memory();
END $$;

-- The files of a cursor that fails in a subtransaction are closed by that, not again
-- by the cursor's end.
CREATE VIEW whole AS
SELECT funnel_units(funnel_agg(u + 8192 * g, t, e, 'a -> b -[!x]-> c within 9 days')) AS units FROM events;
BEGIN;
DECLARE c CURSOR FOR SELECT i, 1 / (i - 2) AS fails, units FROM generate_series(1, 3) i LEFT JOIN whole ON true;
SAVEPOINT s;
FETCH ALL FROM c;
ROLLBACK TO s;
CLOSE c;
SELECT a.units, b.units FROM whole a, whole b;
COMMIT;
SELECT a.units, b.units FROM whole a, whole b;
SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE format('pgsql_tmp%s.%%', pg_backend_pid());

-- A file that cannot be written is gone after the error, that of a window too.
SET enable_sort = on;
SET temp_file_limit = '1500kB';
\set VERBOSITY sqlstate
SELECT funnel_agg(repeat('x', 60) || u, t, e, 'a -> b') FROM events;
SELECT count(f) FROM (SELECT funnel_agg(repeat('x', 60) || u, t, e, 'a -> b') OVER () AS f FROM events WHERE g = 0) s;
\set VERBOSITY default
RESET temp_file_limit;
SET enable_sort = off;
SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE format('pgsql_tmp%s.%%', pg_backend_pid());

-- Run again with other rows, and for each row of a window's partition
SELECT i, result = (SELECT funnel_merge(result) FROM results WHERE g <= i) AS same
FROM generate_series(0, 2) i,
	 LATERAL (SELECT funnel_agg(u + 8192 * g, t, e, 'a -> b -[!x]-> c within 9 days') AS result FROM events WHERE g <= i) l;
SELECT DISTINCT s.g, s.result = r.result AS same
FROM (SELECT g, funnel_agg(u, t, e, 'a -> b -[!x]-> c within 9 days') OVER (PARTITION BY g) AS result FROM events) s
	 JOIN results r ON r.g = s.g ORDER BY g;
-- Units longer than what is written at a time, among others
SELECT funnel_units(f) AS units, f::text = whole AS same
FROM (SELECT funnel_agg(CASE WHEN u % 128 = 0 THEN repeat('x', 150000) ELSE 'unit ' END || u, t, e, 'a -> b') AS f FROM events WHERE g = 0) s,
	 (SELECT funnel_agg(u, t, e, 'a -> b')::text AS whole FROM events WHERE g = 0) w;
RESET work_mem;
RESET hash_mem_multiplier;
RESET enable_sort;
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET max_parallel_workers_per_gather;

DROP VIEW again, whole;
DROP TABLE events, results;
DROP FUNCTION cancelling, known;
DROP PROCEDURE spend_memory;
