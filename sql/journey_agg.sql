-- journey_agg and ||: building journeys and putting them together.
SET TIME ZONE 'UTC';

-- a row without a time is no event; one without a label is an event
SELECT journey_agg(ts, event)
FROM (VALUES (timestamptz '2026-01-02', 'view'), (NULL, 'lost'), ('2026-01-01', 'visit'),
	('2026-01-01', NULL), (NULL, NULL)) AS e(ts, event);
SELECT journey_agg(NULL::timestamptz, 'visit'), journey_agg(NULL::timestamptz, 'visit') IS NULL;
SELECT journey_agg(now(), 'visit') IS NULL AS over_no_rows WHERE false;
SELECT journey_agg(now(), 'visit') FILTER (WHERE false);

-- the twins: read as UTC whatever the time zone
SET TIME ZONE 'Asia/Tokyo';
SELECT journey_agg(timestamp '2026-01-01 12:00', 'visit'), journey_agg(date '2026-01-01', 'visit'),
	journey_agg(timestamptz '2026-01-01 12:00', 'visit');
SET TIME ZONE 'UTC';
SELECT journey_agg(timestamptz 'infinity', 'visit');
SELECT journey_agg(timestamp '-infinity', 'visit');
SELECT journey_agg(date 'infinity', 'visit');
SELECT journey_agg(date '5874897-12-31', 'visit');

-- of journeys
SELECT journey_agg(journey)
FROM (VALUES ('[["2026-01-02T00:00:00Z", "b"], ["2026-01-01T00:00:00Z", null]]'::funnel_journey),
	(NULL), ('[]'), ('[["2026-01-02T00:00:00Z", "b"], ["2026-01-02T00:00:00Z", "a"]]')) AS j(journey);
SELECT journey_agg(NULL::funnel_journey);
SELECT journey_agg('[]'::funnel_journey);

-- however the events come and are grouped, the bytes are the same
SELECT setseed(0.125);
CREATE TABLE events AS
SELECT unit, part, ts, event, row_number() OVER () AS id
FROM (SELECT (unit * unit) % 97 AS unit, floor(random() * 4)::int AS part,
		timestamptz '2026-01-01' + floor(random() * 300) * (array[interval '1 us', '1 s', '1 min', '1 day', '7.000003 s'])[1 + unit % 5] AS ts,
		(array['visit', 'view', 'cart', 'buy', NULL, 'ß', repeat('long', 100)])[1 + floor(random() * (2 + unit % 6))] AS event
	FROM generate_series(1, 30000) AS unit) AS e;
CREATE INDEX ON events (unit);
ANALYZE events;
CREATE TABLE units AS SELECT unit, journey_agg(ts, event) AS journey FROM events GROUP BY unit;

-- as listed by plain SQL
SELECT count(*) FROM units
JOIN (SELECT unit, array_agg(ROW(ts, event) ORDER BY ts, event COLLATE "C") AS events FROM events GROUP BY unit) e USING (unit)
WHERE (SELECT array_agg(ROW(ts, event) ORDER BY ord) FROM journey_events(journey)) <> events;

-- in any order, sorted or hashed, spilled, in parts, twice over
SELECT count(*) FROM units JOIN (SELECT unit, journey_agg(ts, event ORDER BY id DESC) AS other FROM events GROUP BY unit) o USING (unit) WHERE journey <> other;
SELECT count(*) FROM units JOIN (SELECT unit, journey_agg(ts, event ORDER BY event, id) AS other FROM events GROUP BY unit) o USING (unit) WHERE journey <> other;
SET enable_hashagg = off;
SELECT count(*) FROM units JOIN (SELECT unit, journey_agg(ts, event) AS other FROM events GROUP BY unit) o USING (unit) WHERE journey <> other;
RESET enable_hashagg;
SET enable_sort = off;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT count(*) FROM units JOIN (SELECT unit, journey_agg(ts, event) AS other FROM events GROUP BY unit) o USING (unit) WHERE journey <> other;
RESET enable_sort;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT count(*) FROM units JOIN (SELECT unit, journey_agg(journey) AS other FROM (
	SELECT unit, part, journey_agg(ts, event) AS journey FROM events GROUP BY unit, part) AS p GROUP BY unit) o USING (unit) WHERE journey <> other;
SELECT count(*) FROM (SELECT journey_agg(ts, event) AS journey FROM events GROUP BY GROUPING SETS ((unit), (part))) g
WHERE journey IN (SELECT journey FROM units);
SELECT count(*), count(DISTINCT unit) FROM units;

-- a running window reads the state again and again
SELECT count(*) FROM (
	SELECT unit, id, journey_agg(ts, event) OVER (PARTITION BY unit ORDER BY id) AS journey FROM events WHERE unit < 3) AS w
WHERE journey <> (SELECT journey_agg(ts, event) FROM events e WHERE e.unit = w.unit AND e.id <= w.id);

-- in parallel
CREATE TABLE many AS SELECT * FROM events, generate_series(1, 3);
ANALYZE many;
CREATE TABLE serial AS SELECT unit, journey_agg(ts, event) AS journey FROM many GROUP BY unit;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET enable_hashagg = on;
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN ' || query;
END $$;
SELECT bool_or(line ~ 'Partial') AS partial
FROM plan('SELECT unit, journey_agg(ts, event) AS journey FROM many GROUP BY unit') AS line;
SELECT bool_or(line ~ 'Partial') AS partial FROM plan('SELECT journey_agg(journey) FROM serial') AS line;
SELECT count(*) FROM serial JOIN (SELECT unit, journey_agg(ts, event) AS other FROM many GROUP BY unit) o USING (unit) WHERE journey <> other;
SELECT count(*) FROM (SELECT journey_agg(ts, event) AS whole FROM many) m, (SELECT journey_agg(journey) AS whole FROM serial) s WHERE m.whole <> s.whole;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- || is commutative and associative, and has a neutral element
SELECT count(*), count(*) FILTER (WHERE a.journey || b.journey <> b.journey || a.journey) AS not_commutative,
	count(*) FILTER (WHERE (a.journey || b.journey) || c.journey <> a.journey || (b.journey || c.journey)) AS not_associative,
	count(*) FILTER (WHERE a.journey || '[]' <> a.journey OR '[]' || a.journey <> a.journey) AS not_neutral,
	count(*) FILTER (WHERE journey_length(a.journey || b.journey) <> journey_length(a.journey) + journey_length(b.journey)) AS lost
FROM units a, units b, units c
WHERE a.unit % 10 = 0 AND b.unit % 10 = 1 AND c.unit % 20 = 2;

-- a long one, and back
CREATE TABLE long AS
SELECT journey_agg(ts, event) AS journey FROM (
	SELECT timestamptz '2026-01-01' + i * i % 999983 * interval '1.5 s' AS ts, 'event ' || i % 1000 AS event
	FROM generate_series(1::bigint, 200000) AS i) AS e;
SELECT journey_length(journey), journey_first_at(journey), journey_last_at(journey) FROM long;
SELECT count(*) FROM (
	SELECT ts, event FROM long, journey_events(journey)
	EXCEPT ALL
	SELECT timestamptz '2026-01-01' + i * i % 999983 * interval '1.5 s', 'event ' || i % 1000
	FROM generate_series(1::bigint, 200000) AS i) AS d;
SELECT journey::text::funnel_journey = journey FROM long;

DROP TABLE events, units, many, serial, long;
DROP FUNCTION plan(text);
