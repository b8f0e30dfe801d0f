--
-- Events that wait before they are put into partitions: what all units give together
-- is what each gives by itself, where none waits
--
SET TimeZone = 'UTC';
CREATE TABLE event AS
SELECT n, (hashint4(n) & 1023)::bigint AS u,
	   timestamptz '2026-01-01Z' + n / 20 * interval '10 minutes' - CASE n % 40 WHEN 0 THEN interval '5 hours' ELSE '0' END AS ts,
	   (ARRAY['a', 'b', 'c', 'x', 'view product', 'view product list', NULL, 'a label of more than 24 bytes'])
		   [1 + (hashint4(-n) & 7)] AS e,
	   'campaign ' || (hashint4(n + 99) & 255) AS k, (n % 100)::float8 AS v
FROM generate_series(1, 60000) n;
-- Some rows are of times that no word holds, when the spool is partitioned and events wait.
CREATE TABLE far AS
SELECT n, u, CASE WHEN n > 50000 AND n % 25 = 0 THEN ts + interval '2000 years' ELSE ts END AS ts, e, k, v
FROM event ORDER BY n;
ALTER TABLE event SET (parallel_workers = 2);
ALTER TABLE far SET (parallel_workers = 2);
ANALYZE event, far;
SELECT count(*), count(DISTINCT u) AS units, count(DISTINCT ts) AS times FROM event;

CREATE TABLE unit (id serial, expression text);
INSERT INTO unit (expression) VALUES
	('u'), ('u::int2'), ('-u * 4000000000'), ('md5(u::text)::uuid'), ('u::text'), ('''user-'' || lpad(u::text, 8, ''0'')'),
	-- of 0 to 199 bytes, so that some wait; compressed; a type of its own equality; one of fixed length
	('repeat(chr(97 + (u % 26)::int), (u % 200)::int)'), ('repeat(md5(u::text), (u % 100)::int)'),
	('u::numeric / 8'), ('(u::text)::name'), ('int8send(u)'), ('(u::text || repeat('' '', (u % 9)::int))::char(20)');
CREATE TABLE definition (id serial, def funnel_def);
INSERT INTO definition (def) VALUES
	('a -> b -> c within 2 days'), ('a -> b|c -> b|a within 2 days, last entry'), ('a -> b -[!x]-> c within 1 day'),
	('a => b within 2 days'), ('"view *" -> b within 12 hours'), ('"view product" -> "view product list" -> x within 1 day'),
	('a -> "a label of more than 24 bytes" within 1 day'), ('a -> b within 5 hours, every attempt'), ('nowhere -> a');
CREATE FUNCTION together(tab text, unit text, def funnel_def, more text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT funnel_agg(%s, ts, e, $1%s) FROM %s', unit, more, tab) INTO result USING def;
	RETURN result;
END $$;
CREATE FUNCTION apart(tab text, unit text, def funnel_def, more text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT funnel_merge(r) FROM (SELECT funnel_agg(%s, ts, e, $1%s) AS r FROM %s GROUP BY %1$s) s', unit, more, tab)
		INTO result USING def;
	RETURN result;
END $$;
CREATE TABLE expected AS
SELECT t AS tab, unit.id AS unit, definition.id AS def, more, expression, definition.def AS question,
	   apart(t, expression, definition.def, more) AS result
FROM unnest(ARRAY['event', 'far']) t, unit, definition, unnest(ARRAY['', ', v', ', n % 3 = 0']) more
WHERE CASE WHEN t = 'far' THEN definition.id = 1 AND unit.id IN (1, 6, 9)
		   WHEN more = '' THEN definition.id = 1 OR unit.id IN (1, 6)
		   ELSE definition.id IN (1, 3) AND unit.id IN (1, 6) END;
SELECT count(*), count(DISTINCT result) AS results, min(funnel_units(result::funnel_result)) AS least,
	   max(funnel_units(result::funnel_result)) AS most FROM expected;
CREATE VIEW difference AS
SELECT tab, expression, question, more FROM expected
WHERE result IS DISTINCT FROM together(tab, expression, question, more) ORDER BY tab, unit, def, more;

-- In memory; in files; with workers
TABLE difference;
SET work_mem = '64kB';
TABLE difference;
RESET work_mem;
SET parallel_setup_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (costs off) SELECT funnel_agg(u, ts, e, 'a -> b') FROM event;
TABLE difference;
SET max_parallel_workers_per_gather = 0;

-- The final function runs, and rows follow, while events wait.
SELECT bool_and(so_far::text = (SELECT funnel_agg(u, ts, e, 'a -> b -> c within 2 days')::text FROM event WHERE n / 10000 <= part)) AS same,
	   count(*)
FROM (SELECT n, n / 10000 AS part, funnel_agg(u, ts, e, 'a -> b -> c within 2 days') OVER (ORDER BY n / 10000) AS so_far
	  FROM event) s
WHERE n % 10000 = 5000;

-- By key: each group is what funnel_agg says of its entries, for rows that are compact and others.
SELECT def, count(*), bool_and(g.result::text = (SELECT funnel_agg(u, ts, e, def, k = g.key)::text FROM event)) AS same
FROM (SELECT id, (def || clause)::funnel_def AS def
	  FROM (VALUES (1, 'a -> b -> c within 2 days'), (2, 'a -> b -[!x]-> c within 2 days')) d (id, def),
		   unnest(ARRAY['', ', first entry', ', last entry', ', every attempt']) clause) d,
	 LATERAL (SELECT funnel_agg_by(u, ts, e, def, k) AS groups FROM event) s,
	 LATERAL (SELECT * FROM unnest(groups) u WHERE hashtext(key) % 40 = 0) g
GROUP BY id, def ORDER BY id, def::text COLLATE "C";

DROP TABLE event, far, unit, definition, expected CASCADE;
DROP FUNCTION together, apart;
