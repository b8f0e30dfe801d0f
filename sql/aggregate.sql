--
-- funnel_agg over raw events
--

-- The sales funnel everybody draws: 1,000 visitors, 100 click a product link,
-- 50 put it in the cart, 10 buy.
CREATE TABLE sales AS
SELECT u AS user_id, timestamptz '2026-01-01 00:00Z' + u * interval '1 minute' + s * interval '10 seconds' AS ts,
	   (ARRAY['visit', 'click', 'cart', 'buy'])[s] AS event
FROM generate_series(1, 1000) u, generate_series(1, 4) s
WHERE u % 1 = 0 AND s = 1 OR u % 10 = 0 AND s = 2 OR u % 20 = 0 AND s = 3 OR u % 100 = 0 AND s = 4;

SELECT step, stage, users, from_first, from_previous, dropped, pending, median_seconds
FROM funnel_report((SELECT funnel_agg(user_id, ts, event, 'visit -> click -> cart -> buy within 1 hour') FROM sales));
SELECT * FROM funnel_dropoff((SELECT funnel_agg(user_id, ts, event, 'visit -> click -> cart -> buy within 1 hour') FROM sales));

-- Groups, filters, grouping sets
SELECT user_id % 3 AS shop, stage, users
FROM (SELECT user_id % 3 AS user_id, funnel_agg(user_id, ts, event, 'visit -> buy') AS r FROM sales GROUP BY 1) s,
	 funnel_report(r)
ORDER BY 1, step;
SELECT funnel_units(funnel_agg(user_id, ts, event, 'visit -> buy') FILTER (WHERE user_id <= 10)) AS ten,
	   funnel_units(funnel_agg(DISTINCT user_id, ts, event, 'visit -> buy')) AS everybody
FROM sales;
SELECT user_id % 2 AS half, user_id % 3 AS third, funnel_units(funnel_agg(user_id, ts, event, 'visit -> buy'))
FROM sales GROUP BY GROUPING SETS ((user_id % 2), (user_id % 3), ()) ORDER BY 1, 2;

-- As a window aggregate the final function runs again after more rows came.
SELECT user_id, event, visited, clicked
FROM (SELECT user_id, ts, event, funnel_agg(user_id, ts, event, 'visit -> click') OVER (ORDER BY ts) AS r
	  FROM sales WHERE user_id BETWEEN 8 AND 12) s,
	 LATERAL (SELECT max(users) FILTER (WHERE step = 1) AS visited, max(users) FILTER (WHERE step = 2) AS clicked FROM funnel_report(r)) t
ORDER BY ts;

-- Over no rows there is no result; a row without a unit or a time is no event,
-- one without a label is an event that matches nothing.
SELECT funnel_agg(user_id, ts, event, 'visit -> buy') IS NULL AS "null" FROM sales WHERE false;
SELECT count(*) FROM funnel_report((SELECT funnel_agg(user_id, ts, event, 'visit -> buy') FROM sales WHERE false));
SELECT funnel_agg(u, t, e, 'a -> b') IS NULL AS "null"
FROM (VALUES (NULL::int, timestamptz '2026-01-01Z', 'a'), (1, NULL, 'a'), (NULL, NULL, NULL)) v(u, t, e);
SELECT funnel_units(r), funnel_horizon(r) AT TIME ZONE 'UTC' AS horizon
FROM (SELECT funnel_agg(u, t, e, 'a -> b') AS r
	  FROM (VALUES (1, timestamptz '2026-01-01Z', 'a'), (NULL, '2026-01-09Z', 'b'), (2, NULL, 'a'), (3, '2026-01-03Z', NULL)) v(u, t, e)) s;
SELECT users FROM funnel_report((SELECT funnel_agg(u, t, e, 'a => b')
	  FROM (VALUES (1, timestamptz '2026-01-01Z', 'a'), (1, '2026-01-02Z', NULL), (1, '2026-01-03Z', 'b')) v(u, t, e)));

-- timestamp and date are read as UTC, whatever the time zone of the session.
SET TimeZone = 'America/New_York';
SELECT pg_typeof(ts), funnel_agg(1, ts, e, 'a -> b within 1 day')::text
FROM (VALUES (timestamptz '2026-01-01 00:00Z', 'a'), ('2026-01-02 00:00Z', 'b')) v(ts, e) GROUP BY 1;
SELECT pg_typeof(ts), funnel_agg(1, ts, e, 'a -> b within 1 day')::text
FROM (VALUES (timestamp '2026-01-01 00:00', 'a'), ('2026-01-02 00:00', 'b')) v(ts, e) GROUP BY 1;
SELECT pg_typeof(ts), funnel_agg(1, ts, e, 'a -> b within 1 day')::text
FROM (VALUES (date '2026-01-01', 'a'), ('2026-01-02', 'b')) v(ts, e) GROUP BY 1;
RESET TimeZone;

-- Units of any hashable type; equal is what the type says is equal.
CREATE TYPE plan AS ENUM ('free', 'pro');
CREATE DOMAIN customer AS bigint CHECK (VALUE > 0);
CREATE FUNCTION pg_temp.entered(funnel_result) RETURNS bigint LANGUAGE sql AS
	$$SELECT users FROM funnel_report($1) WHERE step = 2$$;
CREATE TEMP TABLE pairs AS SELECT n, e, timestamptz '2026-01-01Z' + n * interval '1 s' AS ts
FROM (VALUES (1, 'a'), (2, 'a'), (3, 'b')) v(n, e);
SELECT pg_temp.entered(funnel_agg(1::smallint, ts, e, 'a -> b')) AS int2,
	   pg_temp.entered(funnel_agg(1, ts, e, 'a -> b')) AS int4,
	   pg_temp.entered(funnel_agg(1::bigint, ts, e, 'a -> b')) AS int8,
	   pg_temp.entered(funnel_agg(1::customer, ts, e, 'a -> b')) AS domain,
	   pg_temp.entered(funnel_agg(CASE n WHEN 1 THEN 1.0 WHEN 2 THEN 2 ELSE 1.00 END, ts, e, 'a -> b')) AS numeric,
	   pg_temp.entered(funnel_agg(CASE n WHEN 1 THEN float8 '-0' ELSE 0 END, ts, e, 'a -> b')) AS float8,
	   pg_temp.entered(funnel_agg(float4 'NaN', ts, e, 'a -> b')) AS float4,
	   pg_temp.entered(funnel_agg('ann'::text, ts, e, 'a -> b')) AS text,
	   pg_temp.entered(funnel_agg(CASE n WHEN 2 THEN 'ann  '::char(5) ELSE 'ann' END, ts, e, 'a -> b')) AS bpchar,
	   pg_temp.entered(funnel_agg('ann'::name, ts, e, 'a -> b')) AS name
FROM pairs;
SELECT pg_temp.entered(funnel_agg('63b0e2a4-0d0c-4d2c-8a5b-3d7f4f9d2f01'::uuid, ts, e, 'a -> b')) AS uuid,
	   pg_temp.entered(funnel_agg('\x00ff'::bytea, ts, e, 'a -> b')) AS bytea,
	   pg_temp.entered(funnel_agg('pro'::plan, ts, e, 'a -> b')) AS enum,
	   pg_temp.entered(funnel_agg(ROW(1, 'x'::text), ts, e, 'a -> b')) AS "row",
	   pg_temp.entered(funnel_agg(ROW(n % 2, 1.0), ts, e, 'a -> b')) AS row_numeric,
	   pg_temp.entered(funnel_agg(CASE n WHEN 1 THEN interval '1 day' ELSE '24 hours' END, ts, e, 'a -> b')) AS interval,
	   pg_temp.entered(funnel_agg('2026-01-01'::date, ts, e, 'a -> b')) AS date,
	   pg_temp.entered(funnel_agg('{1,2}'::int[], ts, e, 'a -> b')) AS "array",
	   pg_temp.entered(funnel_agg('10.0.0.1'::inet, ts, e, 'a -> b')) AS inet,
	   pg_temp.entered(funnel_agg('{"a": 1}'::jsonb, ts, e, 'a -> b')) AS jsonb,
	   pg_temp.entered(funnel_agg(n = 2, ts, e, 'a -> b')) AS bool
FROM pairs;
-- the Datum of one value can differ where the type has no bits
CREATE TEMP TABLE oids AS SELECT 4000000000::oid AS stored;
SELECT pg_temp.entered(funnel_agg(CASE WHEN n < 3 THEN stored ELSE (4000000000 + 0 * n)::oid END, ts, e, 'a -> b')) AS oid
FROM pairs, oids;
SELECT funnel_units(funnel_agg(u, ts, 'a', 'a -> b')) AS units, count(DISTINCT u)
FROM (SELECT repeat('unit ', n % 5000) || n AS u, timestamptz '2026-01-01Z' AS ts FROM generate_series(1, 20000) n) s;
-- their collations may differ from that of the label
SELECT pg_temp.entered(funnel_agg(u, ts, e, 'a -> b'))
FROM (SELECT 'ann'::text COLLATE "C" AS u, e COLLATE "POSIX", ts FROM pairs) s;
SELECT funnel_agg('1'::json, ts, e, 'a -> b') FROM pairs;
SELECT funnel_agg(ROW(1, '1'::json), ts, e, 'a -> b') FROM pairs;

-- Times beyond a thousand years from 2000, and more combinations of labels
-- than have a code, among rows that were set aside already
SELECT funnel_units(r), pg_temp.entered(r)
FROM (SELECT funnel_agg(n / 2, timestamp '4713-01-01 BC' + n * interval '7 years', CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END, 'a -> b') AS r
	  FROM generate_series(1, 9001) n) s;
SELECT funnel_units(r), pg_temp.entered(r)
FROM (SELECT funnel_agg(n / 512, timestamp '2026-01-01' + n * interval '1 s',
						array_to_string(ARRAY(SELECT l FROM unnest('{p,q,r,s,t,u,v,w,x}'::text[]) WITH ORDINALITY x(l, b) WHERE (n >> (b::int - 1)) & 1 = 1), ''),
						'*p* -> *q* -> *r* -> *s* -> *t* -> *u* -> *v* -> *w* -> *x*') AS r
	  FROM generate_series(0, 10239) n) s;

-- Times whose sum has more than 64 bits
CREATE TEMP TABLE ages AS
SELECT funnel_agg(u, t, e, 'a -> b') AS r
FROM generate_series(1, 3) u, (VALUES (timestamptz '4714-11-24 BC UTC', 'a'), ('294276-12-31 23:59:59.999999 UTC', 'b')) v(t, e);
SELECT m->'users' AS users, (m->>'microseconds')::numeric / (m->>'users')::int AS microseconds_each
FROM (SELECT r FROM ages UNION ALL SELECT funnel_merge(r) FROM (TABLE ages UNION ALL TABLE ages) s) s,
	 LATERAL (SELECT r::text::funnel_result::jsonb->'steps'->1 AS m) x;

-- The same bytes in every order of rows and in parallel
CREATE TABLE mixed AS
SELECT (hashint4(n) & 1023) AS u, timestamptz '2026-01-01Z' + (hashint4(n + 1000000) & 65535) * interval '1 minute' AS t,
	   (ARRAY['a', 'b', 'c', 'x', NULL])[1 + (hashint4(n + 2000000) & 7) % 5] AS e
FROM generate_series(1, 50000) n;
CREATE TABLE answers (which text, result funnel_result);
INSERT INTO answers SELECT 'as it is', funnel_agg(u, t, e, 'a -[!x]-> b? => c within 9 days') FROM mixed;
INSERT INTO answers SELECT 'by time', funnel_agg(u, t, e, 'a -[!x]-> b? => c within 9 days' ORDER BY t) FROM mixed;
INSERT INTO answers SELECT 'backward', funnel_agg(u, t, e, 'a -[!x]-> b? => c within 9 days' ORDER BY t DESC, e) FROM mixed;
INSERT INTO answers SELECT 'by user', funnel_agg(u, t, e, 'a -[!x]-> b? => c within 9 days' ORDER BY u, md5(t::text)) FROM mixed;
INSERT INTO answers SELECT 'units as text', funnel_agg(u::text, t, e, 'a -[!x]-> b? => c within 9 days') FROM mixed;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT funnel_agg(u, t, e, 'a -[!x]-> b? => c within 9 days') FROM mixed;
SELECT funnel_agg(u, t, e, 'a -[!x]-> b? => c within 9 days')::text AS r FROM mixed \gset
INSERT INTO answers VALUES ('parallel', :'r');
SET parallel_leader_participation = off;
SELECT funnel_agg(u, t, e, 'a -[!x]-> b? => c within 9 days')::text AS r FROM mixed \gset
INSERT INTO answers VALUES ('parallel, workers only', :'r');
SELECT funnel_agg(u::text, t, e, 'a -[!x]-> b? => c within 9 days')::text AS r FROM mixed \gset
INSERT INTO answers VALUES ('parallel, units as text', :'r');
SELECT funnel_agg(ROW(u, u::text), t, e, 'a -[!x]-> b? => c within 9 days')::text AS r FROM mixed \gset
INSERT INTO answers VALUES ('parallel, units as rows', :'r');
RESET ALL;
SELECT count(*) AS answers, count(DISTINCT result::text) AS different FROM answers;

-- What does not fit into memory goes to a file: the same bytes
CREATE TABLE large AS
SELECT (hashint4(n) & 16383) AS u, timestamptz '2026-01-01Z' + n * interval '1 s' AS t,
	   (ARRAY['a', 'b', 'c', 'x'])[1 + (hashint4(n + 2000000) & 3)] AS e
FROM generate_series(1, 80000) n;
CREATE FUNCTION temp_bytes() RETURNS bigint LANGUAGE sql AS
	'SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_tmpdir() WHERE name LIKE format(''pgsql_tmp%s.%%'', pg_backend_pid())';
SET max_parallel_workers_per_gather = 0;
SET hash_mem_multiplier = 1;
CREATE TABLE spilled AS
SELECT 'in memory' AS which, funnel_agg(u, t, e, 'a -> b -[!x]-> c within 1 day') AS r FROM large;
SET work_mem = '64kB';
INSERT INTO spilled SELECT 'spilled', funnel_agg(u, t, e, 'a -> b -[!x]-> c within 1 day') FROM large;
INSERT INTO spilled SELECT 'as text', funnel_agg('unit ' || u, t, e, 'a -> b -[!x]-> c within 1 day') FROM large;
INSERT INTO spilled SELECT 'as rows', funnel_agg(ROW(u, NULL::text), t, e, 'a -> b -[!x]-> c within 1 day') FROM large;
INSERT INTO spilled SELECT 'as numeric', funnel_agg(u + 0.5, t, e, 'a -> b -[!x]-> c within 1 day') FROM large;
INSERT INTO spilled SELECT 'wide from half on', funnel_agg(u, t, e, 'a -> b -[!x]-> c within 1 day')
FROM (SELECT * FROM large WHERE t < '2026-01-01 15:00Z' UNION ALL SELECT 99999, '0100-01-01 BC', 'c' UNION ALL SELECT * FROM large WHERE t >= '2026-01-01 15:00Z') s;
-- the last row of a window sees all rows, and every row before it a file to read
INSERT INTO spilled SELECT 'a window', r
FROM (SELECT n, funnel_agg(u, t, e, 'a -> b -[!x]-> c within 1 day') OVER (ORDER BY n / 60000) AS r
	  FROM (SELECT row_number() OVER () - 1 AS n, * FROM large) l) w ORDER BY n DESC LIMIT 1;
INSERT INTO spilled SELECT 'groups together', funnel_merge(r)
FROM (SELECT funnel_agg(u, t, e, 'a -> b -[!x]-> c within 1 day') AS r FROM large GROUP BY u & 1) g;
INSERT INTO spilled SELECT 'rescanned', r
FROM generate_series(1, 2) i, LATERAL (SELECT funnel_agg(u, t, e, 'a -> b -[!x]-> c within 1 day') AS r FROM large WHERE i > 0) l;
SELECT count(*) AS answers, count(DISTINCT r::text) AS different FROM spilled;
SELECT temp_bytes();
-- an error with a file open, in a subtransaction
DO $$
BEGIN
	PERFORM funnel_agg(u, t, e, CASE WHEN n < 80000 THEN 'a -> b' ELSE 'b -> c' END::funnel_def)
	FROM (SELECT row_number() OVER () AS n, * FROM large) l;
EXCEPTION WHEN invalid_parameter_value THEN
	RAISE NOTICE '%', SQLERRM;
END $$;
SELECT sum(funnel_units(r)) FROM (SELECT funnel_agg(u, t, e, CASE WHEN n < 75000 THEN 'a -> b' ELSE 'b -> c' END::funnel_def) OVER () AS r
FROM (SELECT row_number() OVER () AS n, * FROM large) l) s;
SELECT temp_bytes();
SET temp_file_limit = '100kB';
\set VERBOSITY sqlstate
SELECT funnel_agg(u, t, e, 'a -> b') FROM large;
\set VERBOSITY default
RESET ALL;
DROP TABLE large, spilled;
DROP FUNCTION temp_bytes;

-- One definition for a group, many for a query
SELECT d, funnel_units(funnel_agg(u, t, e, d::funnel_def)) AS units
FROM mixed, (VALUES ('a -> b'), ('b -> c'), ('x -> a within 1 hour')) v(d) GROUP BY d ORDER BY d;
SELECT funnel_agg(u, t, e, CASE WHEN u < 500 THEN 'a -> b' ELSE 'a -> c' END::funnel_def) FROM mixed;
SELECT funnel_agg(1, now(), 'a', d) FROM (VALUES ('a -> b'::funnel_def), ('a')) v(d);
SELECT funnel_agg(1, now(), 'a', d) FROM (VALUES ('a'::funnel_def), ('a -> b')) v(d);
-- made anew for each row, at the same place in memory
SELECT funnel_agg(1, now(), 'a', d::funnel_def) FROM (VALUES ('a -> b'), ('a -> c')) v(d);
SELECT funnel_agg(u, t, e, NULL) FROM mixed;
SELECT funnel_agg(u, t, e, CASE WHEN u < 500 THEN 'a -> b' END::funnel_def) FROM mixed;
SELECT funnel_agg(u, t, e, 'a ->') FROM mixed;

-- Infinite times are nobody's
SELECT funnel_agg(1, 'infinity'::timestamptz, 'a', 'a -> b');
SELECT funnel_agg(1, '-infinity'::timestamp, 'a', 'a -> b');
SELECT funnel_agg(1, 'infinity'::date, 'a', 'a -> b');
SELECT funnel_agg(1, date '5874897-12-31', 'a', 'a -> b');

DROP TABLE sales, mixed, answers;
DROP TYPE plan;
DROP DOMAIN customer;
