-- funnel_agg over journeys.
SET TIME ZONE 'UTC';
SET datestyle = 'ISO';

-- no unit: nothing; not even with journeys that are NULL or empty
SELECT funnel_agg(journey, 'visit -> buy') IS NULL AS nothing
FROM (VALUES (NULL::funnel_journey), ('[]')) AS j(journey);
SELECT funnel_agg('[]'::funnel_journey, 'visit -> buy') IS NULL AS nothing WHERE false;
SELECT funnel_agg('[["2026-01-01T00:00:00Z", "other"]]'::funnel_journey, 'visit -> buy');

-- the definition
SELECT funnel_agg('[]'::funnel_journey, NULL);
SELECT funnel_agg(journey, def::funnel_def)
FROM (VALUES ('[["2026-01-01T00:00:00Z", "visit"]]'::funnel_journey, 'visit -> buy'), ('[["2026-01-01T00:00:00Z", "visit"]]', 'visit -> cart')) AS j(journey, def);
SELECT def, funnel_units(funnel_agg(journey, def::funnel_def))
FROM (VALUES ('[["2026-01-01T00:00:00Z", "visit"]]'::funnel_journey, 'visit -> buy'), ('[["2026-01-01T00:00:00Z", "visit"]]', 'visit -> cart')) AS j(journey, def)
GROUP BY def ORDER BY def;

-- the same bytes as from the raw events, for definitions of every kind
SELECT setseed(0.5);
CREATE TABLE events AS
SELECT unit, timestamptz '2026-01-01' + floor(random() * 40) * (array[interval '1 h', '1 s', '1 day', '7 us'])[1 + unit % 4] AS ts,
	(array['visit', 'view', 'cart', 'buy', 'lost', NULL, 'view/' || unit % 3])[1 + floor(random() * (1 + unit % 7))] AS event
FROM generate_series(1, 3000) AS unit, generate_series(1, 1 + (unit * unit) % 29);
CREATE TABLE units AS SELECT unit, journey_agg(ts, event) AS journey FROM events GROUP BY unit;
CREATE TABLE definitions AS
SELECT definition::funnel_def FROM unnest(array[
	'visit', 'nothing -> ever', 'visit -> view -> cart -> buy', 'visit -> view -> cart -> buy within 10 h',
	'visit -> view* -> cart within 5 s', 'view|view/1 -> view* -> cart -> buy within 3 days', 'visit -> visit -> visit within 1 day',
	'visit -> view -> cart, first entry', 'visit -> view -> cart within 20 h, increasing', 'visit -[2 h]-> view -> buy',
	'visit -> view -[!lost]-> cart -> buy', 'visit => view -> buy within 2 days', 'visit -> view? -> cart -> buy? -> lost within 1 day',
	'visit -> view -> cart -> buy within 10 h, any order', '* -> * -> *', '"" -> visit', 'visit -> buy within 100000000 days', 'visit -> buy within 50000000 days']) AS definition;
SELECT count(*), count(*) FILTER (WHERE raw::text = from_journeys::text) AS same
FROM (SELECT definition,
	(SELECT funnel_agg(unit, ts, event, definition) FROM events) AS raw,
	(SELECT funnel_agg(journey, definition) FROM units) AS from_journeys
	FROM definitions) AS r;
SELECT count(*), count(*) FILTER (WHERE raw::text = from_journeys::text) AS same
FROM (SELECT definition, unit % 50, funnel_agg(unit, ts, event, definition) AS raw FROM events, definitions GROUP BY 1, 2) AS r
JOIN (SELECT definition, unit % 50, funnel_agg(journey, definition) AS from_journeys FROM units, definitions GROUP BY 1, 2) AS j
USING (definition, "?column?");

-- and the same passage of each unit
SELECT count(*), count(*) FILTER (WHERE journey_progress(journey, definition) IS DISTINCT FROM progress) AS different
FROM (SELECT definition, unit, funnel_progress_agg(ts, event, definition) AS progress FROM events, definitions GROUP BY 1, 2) AS p
JOIN units USING (unit);
SELECT journey_progress('[]', 'visit -> buy') IS NULL AS no_events, journey_progress(NULL, 'visit -> buy') IS NULL AS no_journey;
SELECT journey_progress('[]', NULL);
SELECT * FROM journey_progress('[["2026-01-01T00:00:00Z", "visit"], ["2026-01-02T00:00:00Z", "buy"], ["2026-01-03T00:00:00Z", null]]', 'visit -> cart? -> buy within 7 days');
SELECT * FROM journey_progress('[["2026-01-01T00:00:00Z", null]]', 'visit -> buy');

-- journeys of which none has the labels of another, more than are remembered
SELECT (SELECT funnel_agg(i, timestamptz '2026-01-01' + s * interval '1 s', CASE s WHEN 1 THEN 'visit' WHEN 2 THEN 'page ' || i ELSE 'buy' END, 'visit -> buy')::text
	FROM generate_series(1, 10000) AS i, generate_series(1, 3) AS s) =
	(SELECT funnel_agg(journey, 'visit -> buy')::text FROM (
	SELECT journey_agg(timestamptz '2026-01-01' + s * interval '1 s', CASE s WHEN 1 THEN 'visit' WHEN 2 THEN 'page ' || i ELSE 'buy' END) AS journey
	FROM generate_series(1, 10000) AS i, generate_series(1, 3) AS s GROUP BY i) AS j) AS same;
-- and long ones with more labels, and longer, than are remembered
SELECT (SELECT funnel_agg(i % 2, ts, event, '"page 7" -> "page 501" -> "page 99999"')::text
	FROM generate_series(1, 100000) AS i, LATERAL (SELECT timestamptz '2026-01-01' + i * interval '1 s' AS ts, 'page ' || i AS event) e) =
	(SELECT funnel_agg(journey, '"page 7" -> "page 501" -> "page 99999"')::text FROM (
	SELECT journey_agg(ts, event) AS journey
	FROM generate_series(1, 100000) AS i, LATERAL (SELECT timestamptz '2026-01-01' + i * interval '1 s' AS ts, 'page ' || i AS event) e
	GROUP BY i % 2) AS j) AS same;

-- as a window aggregate, and with a FILTER
SELECT max(funnel_units(r)), count(*) FROM (SELECT funnel_agg(journey, 'visit -> buy') OVER (ORDER BY unit) AS r FROM units) w;
SELECT funnel_units(funnel_agg(journey, 'visit -> buy') FILTER (WHERE unit % 2 = 0)) +
	funnel_units(funnel_agg(journey, 'visit -> buy') FILTER (WHERE unit % 2 = 1)) =
	funnel_units(funnel_agg(journey, 'visit -> buy')) AS sums FROM units;

-- more sets of labels than are kept, and what those that are kept take
SELECT (SELECT funnel_agg(journey, 'visit -> buy')::text
		FROM (SELECT journey_agg(timestamptz '2026-01-01' + n * interval '1 h', label) AS journey
			FROM generate_series(1, 10000) AS i, unnest(ARRAY['visit', 'page ' || i, 'buy']) WITH ORDINALITY AS e (label, n)
			GROUP BY i) AS j) =
	(SELECT funnel_agg(i, timestamptz '2026-01-01' + n * interval '1 h', label, 'visit -> buy')::text
		FROM generate_series(1, 10000) AS i, unnest(ARRAY['visit', 'page ' || i, 'buy']) WITH ORDINALITY AS e (label, n)) AS same;
SELECT n, bytes < 32 * 1024 * 1024 AS bounded
FROM (SELECT count(journey_progress(journey, 'visit -> buy')) AS n
		FROM (SELECT journey_agg(timestamptz '2026-01-01', repeat('subscribe', 8) || (1000 + i + e)) AS journey
			FROM generate_series(1, 4000) AS i, generate_series(1, 140) AS e
			GROUP BY i OFFSET 0) AS j OFFSET 0) AS matched,
	LATERAL (SELECT sum(total_bytes) AS bytes
		FROM pg_backend_memory_contexts
		WHERE name LIKE 'funnel journey%' AND n > 0) AS contexts;

-- in parallel
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT funnel_agg(journey, 'visit -> buy') FROM units;
SELECT (SELECT funnel_agg(journey, 'visit -> view -> buy within 10 h')::text FROM units) =
	(SELECT funnel_agg(unit, ts, event, 'visit -> view -> buy within 10 h')::text FROM events) AS same;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- bytes from a bad disk are an error, or an answer, never more
CREATE CAST (bytea AS funnel_journey) WITHOUT FUNCTION;
SELECT funnel_agg('\x'::bytea::funnel_journey, 'visit -> buy');
SELECT funnel_agg('\x01'::bytea::funnel_journey, 'visit -> buy');
SELECT funnel_agg('\x0101'::bytea::funnel_journey, 'visit -> buy');
-- three events, of which the second is later than the last
SELECT funnel_agg('\x210366000202 01 18 efaad200'::bytea::funnel_journey, 'visit -> buy');
-- labels "buy" and "visit", but events of the first only, or of a third
SELECT funnel_stages(funnel_definition(r)), funnel_units(r) FROM (SELECT funnel_agg('\x2102 66000102 00 79fef0ae2a0d'::bytea::funnel_journey, 'visit -> buy') AS r) AS x;
SELECT funnel_units(funnel_agg('\x3102 66000101 03 efaad200'::bytea::funnel_journey, 'visit -> buy'));
DROP CAST (bytea AS funnel_journey);

DROP TABLE events, units, definitions;
