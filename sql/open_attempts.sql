--
-- Units whose attempt is still open: few of them are kept in a hash table, many
-- in arrays, and neither how nor when they came may show.
--
SET TimeZone = 'UTC';
CREATE SCHEMA open_attempts;
SET search_path = open_attempts, public;

-- A window of almost 2,048 cells of 2^20 microseconds, the most there can be
SELECT 'a -> b -> c within 2147483647 us' AS def, 2147483647 AS span, 1048576 AS g \gset

-- Units of all kinds, one every so many microseconds
CREATE TABLE events (world text, n int, u int, ts timestamptz, e text);
CREATE PROCEDURE add_units(world text, n int, start timestamptz, step bigint) LANGUAGE sql AS $$
INSERT INTO events
SELECT world, i, i, start + (i * step + at) * interval '1 us', e
FROM generate_series(1, n) AS i, LATERAL (
	VALUES (0, 0, 'a'),
		(1, 0, 'a'), (1, 5, 'b'),
		(2, -5, 'b'), (2, 0, 'a'),
		(3, 0, 'a'), (3, 3, 'b'), (3, 8, 'c'),
		(4, -7, 'c'), (4, 0, 'a'), (4, 8, 'b')) AS v (kind, at, e)
WHERE kind = i % 5;
$$;
CALL add_units('few', 100, '2026-01-01', 1000003);
CALL add_units('at the limit', 1280, '2026-01-01', 1048576);
CALL add_units('many', 10000, '2026-01-01', 100003);
CALL add_units('long', 40000, '2026-01-01', 300007);
CALL add_units('sparse', 3000, '2026-01-01', 2147483648);
CALL add_units('around zero', 10000, '1999-12-31 23:30', 300007);
CALL add_units('BC', 10000, '4713-02-01 BC', 300007);
CALL add_units('to the end of time', 5000, '294276-12-31 23:00', 700001);
INSERT INTO events SELECT 'over', n, u, ts, e FROM events WHERE world = 'many';
INSERT INTO events VALUES ('over', 10001, -1, '2040-01-01', 'x');
ANALYZE events;

-- What they are, by an independent count
CREATE TABLE expected AS
WITH moments AS (
	SELECT world, u, e, extract(epoch FROM ts - timestamptz '2000-01-01')::numeric * 1000000 AS t FROM events
), horizons AS (
	SELECT world, max(t) AS horizon FROM moments GROUP BY world
), units AS (
	SELECT world, horizon, CASE WHEN u % 5 IN (1, 4) THEN 2 ELSE 1 END AS step,
		CASE WHEN u % 5 IN (2, 4) THEN 'early' ELSE 'absent' END AS outcome,
		floor((t + :span) / :g) AS cell, t + :span AS until
	FROM moments JOIN horizons USING (world) WHERE e = 'a' AND u % 5 <> 3
), open AS (
	SELECT world, step, outcome,
		CASE WHEN until >= 9223371331200000000 THEN 'Infinity' WHEN cell >= floor(horizon / :g) THEN cell END AS cell
	FROM units
)
SELECT world, step, outcome, cell, count(*)::numeric FROM open GROUP BY 1, 2, 3, 4;
CREATE FUNCTION unconverted(r funnel_result) RETURNS TABLE (step numeric, outcome text, cell numeric, units numeric)
LANGUAGE sql AS $$
SELECT (x->>0)::numeric, x->>1, replace(x->>2, 'forever', 'Infinity')::numeric, (x->>3)::numeric FROM jsonb_array_elements(r::text::jsonb->'unconverted') AS x
$$;
CREATE TABLE whole AS SELECT world, funnel_agg(u, ts, e, :'def') AS r FROM events GROUP BY world;
CREATE TABLE counted AS SELECT world, x.* FROM whole, unconverted(r) AS x;
SELECT world, count(*) AS cells, sum(units) AS units, count(cell) AS open,
	sum(units) FILTER (WHERE cell IS NOT NULL) AS pending,
	NOT EXISTS ((TABLE counted EXCEPT TABLE expected) UNION ALL (TABLE expected EXCEPT TABLE counted)) AS as_expected
FROM counted GROUP BY world ORDER BY world COLLATE "C";

-- In any order, as bytes and as text
CREATE TABLE journeys AS SELECT world, u, journey_agg(ts, e) AS journey FROM events GROUP BY world, u;
SELECT count(*) AS worlds,
	sum((upward::text = r::text)::int) AS upward, sum((downward::text = r::text)::int) AS downward,
	sum((shuffled::text = r::text)::int) AS shuffled,
	sum((funnel_result_send(shuffled) = funnel_result_send(r))::int) AS bytes,
	sum((r::text::funnel_result::text = r::text)::int) AS "text"
FROM (SELECT world, funnel_agg(journey, :'def' ORDER BY u) AS upward, funnel_agg(journey, :'def' ORDER BY u DESC) AS downward,
	funnel_agg(journey, :'def' ORDER BY hashint4(u)) AS shuffled FROM journeys GROUP BY world) AS o
JOIN whole USING (world);

-- Merged from parts that are small or large, that lie behind one another or
-- among each other, the earliest and the latest first
SELECT parts, way, count(*) AS worlds, sum((upward::text = r::text)::int) AS upward, sum((downward::text = r::text)::int) AS downward
FROM (SELECT world, parts, way, funnel_merge(part ORDER BY nr) AS upward, funnel_merge(part ORDER BY nr DESC) AS downward
	FROM (SELECT world, parts, way, CASE way WHEN 'among' THEN u % parts ELSE u * parts / 40001 END AS nr,
			funnel_agg(journey, :'def') AS part
		FROM journeys, unnest(ARRAY[2, 20, 200]) AS parts, unnest(ARRAY['among', 'behind']) AS way
		GROUP BY 1, 2, 3, 4) AS p
	GROUP BY 1, 2, 3) AS m
JOIN whole USING (world) GROUP BY parts, way ORDER BY parts, way;

-- One of two parts has few and the other many
SELECT count(*) AS worlds, sum((merged::text = r::text)::int) AS same
FROM (SELECT world, funnel_merge(part ORDER BY few) AS merged
	FROM (SELECT world, u % 100 = 0 AS few, funnel_agg(journey, :'def') AS part FROM journeys GROUP BY 1, 2) AS p GROUP BY world) AS m
JOIN whole USING (world);

-- Who stands where at later instants
WITH w AS MATERIALIZED (
	SELECT world, r, funnel_horizon(r) + after AS as_of,
		floor(extract(epoch FROM funnel_horizon(r) + after - timestamptz '2000-01-01')::numeric * 1000000 / :g) AS now
	FROM whole, unnest(ARRAY['0', '1 s', '100 s', '1000 s', '2000 s', '3000 s']::interval[]) AS after
	WHERE world <> 'to the end of time'
), reports AS MATERIALIZED (
	SELECT world, now, step, pending FROM w, funnel_report(r, as_of) WHERE step < 3
)
SELECT count(*) AS reports, count(*) FILTER (WHERE pending =
	(SELECT coalesce(sum(e.count), 0) FROM expected AS e
		WHERE e.world = reports.world AND e.step = reports.step AND e.cell >= now)) AS same
FROM reports;

-- No funnel counts what is open for longer than its window, but it can be
-- written: before many that are not, behind them, and into a merge with them
CREATE TABLE far AS
SELECT jsonb_set(jsonb_set(r::text::jsonb, '{steps,0,users}', to_jsonb((r::text::jsonb #>> '{steps,0,users}')::int + 2)), '{unconverted}',
	CASE WHEN first THEN '[[1, "late", 8000000000000, 2]]'::jsonb || (r::text::jsonb->'unconverted')
	ELSE (r::text::jsonb->'unconverted') || '[[1, "late", 8000000000000, 2]]'::jsonb END)::text::funnel_result AS r
FROM whole, unnest(ARRAY[true, false]) AS first WHERE world = 'many';
SELECT count(DISTINCT r::text) AS texts, count(DISTINCT funnel_result_send(r)) AS bytes,
	(SELECT array_agg(x.* ORDER BY x.step, x.cell) FROM unconverted(min(r::text)::funnel_result) AS x WHERE outcome = 'late') AS late
FROM far;
SELECT before::text = behind::text AS same,
	(SELECT sum(units) FROM unconverted(before)) AS units, (SELECT sum(units) FROM unconverted(before) WHERE cell = 8000000000000) AS far
FROM (SELECT funnel_merge(r ORDER BY o) AS before, funnel_merge(r ORDER BY o DESC) AS behind
	FROM (SELECT 1 AS o, r FROM far UNION ALL SELECT 2, r FROM whole WHERE world IN ('many', 'few', 'long')) AS m) AS s;

SET client_min_messages = warning;
DROP SCHEMA open_attempts CASCADE;
RESET client_min_messages;
RESET search_path;
