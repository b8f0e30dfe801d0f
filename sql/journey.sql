-- funnel_journey as a type: text and binary form, order, and reading it.
SET TIME ZONE 'UTC';
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';

-- operator classes are complete
SELECT amname, opcname
FROM pg_opclass opc
JOIN pg_am am ON am.oid = opcmethod
WHERE opcintype = 'funnel_journey'::regtype AND NOT amvalidate(opc.oid);

-- text form: sorted by time, then by the label's bytes, events without a label last
SELECT '[]'::funnel_journey;
SELECT ' [ ["2026-01-02T00:00:00Z" , "view"],
	["2026-01-01T00:00:00Z","visit"] , ["2026-01-02T00:00:00Z",null],
	["2026-01-02T00:00:00Z","cart"],["2026-01-02T00:00:00Z","view"] ] '::funnel_journey;
SELECT '[["0044-03-15T12:00:00.000001Z BC", "ides"], ["4714-11-24T00:00:00Z BC", "first"],
	["294276-12-31T23:59:59.999999Z", "last"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "a\"b\\c\/d\b\f\n\r\t\u00e9\ud83d\ude00"],
	["2026-01-01T00:00:00.10Z", ""], ["2026-01-01T00:00:00.01Z", "été"]]'::funnel_journey;

-- whatever the settings are
SET TIME ZONE 'America/New_York';
SET datestyle = 'SQL, DMY';
SELECT '[["2026-07-01T00:00:00Z", "visit"]]'::funnel_journey;
SELECT * FROM journey_events('[["2026-07-01T00:00:00Z", "visit"]]');
SET TIME ZONE 'UTC';
SET datestyle = 'ISO';

-- what is no journey
SELECT ''::funnel_journey;
SELECT '{}'::funnel_journey;
SELECT '['::funnel_journey;
SELECT '[1]'::funnel_journey;
SELECT '[[]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", 1]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "a", "b"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "a"],]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "a"]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "a"]] x'::funnel_journey;
SELECT '[["2026-01-01 00:00:00+00", "a"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00", "a"]]'::funnel_journey;
SELECT '[["infinity", "a"]]'::funnel_journey;
SELECT '[["2026-02-29T00:00:00Z", "a"]]'::funnel_journey;
SELECT '[["294277-01-01T00:00:00Z", "a"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "a]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "a\x"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "\u12g4"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "\u0000"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "\ud83d"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "\ud83d\u0041"]]'::funnel_journey;
SELECT '[["2026-01-01T00:00:00Z", "\ude00"]]'::funnel_journey;
SELECT E'[["2026-01-01T00:00:00Z", "a\nb"]]'::funnel_journey;
SELECT '[["été", "a"]]'::funnel_journey;

-- the bytes: version and flags, count, units, first time, interval, labels,
-- codes, labels spelled; and what takes no room
CREATE FUNCTION bytes(journey funnel_journey) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
RETURN encode(substr(funnel_journey_send(journey), 1), 'hex');
SELECT bytes('[]');
SELECT bytes('[["2000-01-01T00:00:00Z", "visit"]]');
SELECT bytes('[["2000-01-02T00:00:00Z", "visit"], ["2000-01-03T00:00:00Z", "cart"]]');
SELECT bytes('[["2000-01-02T00:00:00Z", null], ["2000-01-02T00:00:01Z", "x"], ["2000-01-02T00:01:00Z", "y"], ["2000-01-02T00:01:01Z", "x"]]');

-- what labels take, as bytes with a zero and in a whole journey: names as
-- Segment, GA4 and PostHog have them, and whatever else; they come back
CREATE TABLE names (scheme text, labels text[]);
INSERT INTO names VALUES
	('Segment', '{Product List Viewed,Product Viewed,Product Added,Checkout Started,Order Completed,Products Searched,Product Clicked,Product Added to Wishlist}'),
	('GA4', '{view_item_list,view_item,add_to_cart,begin_checkout,purchase,view_search_results,select_item,add_to_wishlist}'),
	('PostHog', '{$pageview,$autocapture,$identify,$feature_flag_called,$groupidentify,$pageleave,$rageclick,$set}'),
	('cases', '{ADD_TO_CART,AddToCart,addToCart,"add To Cart","Add to cart",ADDtoCART,aDD,ABc,A,a,aB}'),
	('one', '{visit}'), ('a letter', '{x}'), ('empty', '{""}'), ('empty and more', '{"",a," ",_,"  "}'),
	('numbers', '{2026,1,"step 1","step 2",12345678901234567890}'),
	('accents', '{été,"à côté",straße}'), ('other scripts', '{浏览,加入购物车,покупка}'),
	('long', ARRAY[repeat('ab', 20), repeat('ab', 20) || 'c', repeat('ab', 16), repeat('x', 300)]);
SELECT scheme, sum(octet_length(label) + 1) AS bytes,
	pg_column_size(journey_agg(timestamptz '2026-01-01', label)) AS journey,
	(SELECT array_agg(event ORDER BY ord)
	 FROM journey_events(journey_agg(timestamptz '2026-01-01', label)))
	= array_agg(label ORDER BY label COLLATE "C") AS same
FROM names, unnest(labels) AS label
GROUP BY scheme ORDER BY scheme COLLATE "C";
DROP TABLE names;

-- binary and text COPY round trips
CREATE TABLE journeys (id int, journey funnel_journey);
INSERT INTO journeys VALUES
	(1, '[]'), (2, NULL),
	(3, '[["2026-01-01T00:00:00Z", null]]'),
	(4, '[["2026-01-01T00:00:00Z", "visit"], ["2026-01-01T00:00:00Z", "visit"]]'),
	(5, '[["0001-01-01T00:00:00Z BC", "été"], ["2026-01-01T00:00:00.000001Z", null], ["2026-01-01T00:00:00Z", ""]]'),
	(6, '[["4714-11-24T00:00:00Z BC", "a"], ["294276-12-31T23:59:59.999999Z", "b"]]'),
	(7, '[["4714-11-24T00:00:00Z BC", "a"], ["4714-11-24T00:00:00.000001Z BC", "b"], ["294276-12-31T23:59:59.999998Z", "b"], ["294276-12-31T23:59:59.999999Z", "b"]]');
INSERT INTO journeys
SELECT 8, journey_agg(timestamptz '2026-01-01' + i * i * interval '1 s', 'label ' || i)
FROM generate_series(1, 5000) AS i;
\getenv abs_builddir PG_ABS_BUILDDIR
\cd :abs_builddir
CREATE TABLE copies (id int, journey funnel_journey);
\copy journeys TO 'results/journeys.txt'
\copy copies FROM 'results/journeys.txt'
\copy journeys TO 'results/journeys.bin' WITH (FORMAT binary)
\copy copies FROM 'results/journeys.bin' WITH (FORMAT binary)
SELECT id, count(*), count(*) FILTER (WHERE c.journey = j.journey) AS same
FROM journeys j JOIN copies c USING (id) GROUP BY id ORDER BY id;

-- binary input is checked: the bytes of a bytea are read as a journey
\set SHOW_CONTEXT never
CREATE TABLE received (journey funnel_journey);
-- The server reads these bytes from a program of its own: where it runs as
-- another user, it may write and read no file here.
CREATE FUNCTION pg_temp.printf(bytes bytea) RETURNS text
RETURN (SELECT format('printf ''%s''', string_agg(format('\%s%s%s', b >> 6, (b >> 3) & 7, b & 7), '' ORDER BY i))
	FROM CAST('\x5047434f50590aff0d0a00 00000000 00000000 0001'::bytea || int4send(length(bytes)) || bytes || '\xffff' AS bytea) copied,
		generate_series(0, length(copied) - 1) i, get_byte(copied, i) b);
CREATE PROCEDURE receive(bytes bytea) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('COPY received FROM PROGRAM %L (FORMAT binary)', pg_temp.printf(bytes));
END $$;
-- no labels, version 1, no events
CALL receive('\x00000000 0100');
-- one label "b", version 1, two events at 2000-01-01 and a second later; then
-- labels in the wrong order, which are sorted, and the same label twice
CALL receive('\x00000001 00000001 62 0102 66 00 01 01 00');
CALL receive('\x00000002 00000001 62 00000001 61 0102 66 00 00 02 02');
CALL receive('\x00000002 00000001 62 00000001 62 0102 66 00 00 02 02');
-- whether its labels were spelled does not matter here
CALL receive('\x00000001 00000001 62 2102 66 00 01 01 00');
SELECT * FROM received;
SELECT count(DISTINCT journey) FROM received;
CALL receive('\x');
CALL receive('\x00000001');
CALL receive('\x00000001 00000009 62');
CALL receive('\x00000001 ffffffff 62');
CALL receive('\xffffffff 00000001 62');
CALL receive('\x00000000');
CALL receive('\x00000000 01');
CALL receive('\x00000000 0000');
CALL receive('\x00000000 0200');
CALL receive('\x00000000 4100');
CALL receive('\x00000000 1100');
CALL receive('\x00000000 010000');
CALL receive('\x00000001 00000001 62 0100');
CALL receive('\x00000001 00000001 62 0102 66 00 01 01');
CALL receive('\x00000001 00000001 62 0102 66 00 01 01 00 00');
CALL receive('\x00000001 00000001 62 0102 6a 00 01 01 00');
CALL receive('\x00000001 00000001 62 0102 a6 00 01 01 00');
CALL receive('\x00000001 00000001 62 0102 66 00 01 02 00');
CALL receive('\x00000001 00000001 62 0102 66 00 01 00 00');
CALL receive('\x00000001 00000001 62 0102 66 00 01 03 00');
CALL receive('\x00000001 00000001 62 0102 66 ffffffffffffffffff01 01 01 00');
CALL receive('\x00000001 00000001 62 0102 66 ffffffffffffffffff02 01 01 00');
CALL receive('\x00000001 00000001 62 0102 66 ffffffffffffffffffff 01 01 00');
CALL receive('\x00000001 00000001 62 0102 66 00 ffffffffffffffffff01 01 00');
CALL receive('\x00000001 00000001 62 01 8180808001 66 00 01 01 00');
CALL receive('\x00000001 00000001 62 01 808040 66 00 01 01 01 00');
-- a code without a label
CALL receive('\x00000003 00000001 61 00000001 62 00000001 63 0103 66 00 02 01 03 f8');
-- three events, of which the second is later than the last; widths
CALL receive('\x00000001 00000001 62 0103 00 00 02 02 01 18');
CALL receive('\x00000001 00000001 62 0103 00 00 02 41 01 18');
CALL receive('\x00000001 00000001 62 0103 00 00 02 82 02 01 18');
CALL receive('\x00000001 00000001 c3 0102 66 00 01 01 00');
CALL receive('\x00000001 00000001 00 0102 66 00 01 01 00');
SELECT count(*) FROM received;

-- a value that did not come that way, but from a bad disk: as bytes, unchecked
CREATE CAST (bytea AS funnel_journey) WITHOUT FUNCTION;
SELECT '\x010266000101 00 6200'::bytea::funnel_journey;
SELECT '\x010266000101 00 62'::bytea::funnel_journey;
SELECT '\x010266000101 00'::bytea::funnel_journey;
SELECT '\x010266000101'::bytea::funnel_journey;
SELECT '\x010266000101 00 6200 00'::bytea::funnel_journey;
-- labels that are spelled: "visit", cut short, with a byte and a bit behind it
SELECT '\x210266000101 00 efaad200'::bytea::funnel_journey;
SELECT '\x210266000101 00 efaad2'::bytea::funnel_journey;
SELECT '\x210266000101 00 ef'::bytea::funnel_journey;
SELECT '\x210266000101 00'::bytea::funnel_journey;
SELECT '\x210266000101 00 efaad20000'::bytea::funnel_journey;
SELECT '\x210266000101 00 efaad280'::bytea::funnel_journey;
-- a case of no letter, a letter as a byte, a zero byte
SELECT '\x210266000101 00 fc00'::bytea::funnel_journey;
SELECT '\x210266000101 00 11f601'::bytea::funnel_journey;
SELECT '\x210266000101 00 01f001'::bytea::funnel_journey;
-- two labels: "b" and "bc"; "b" before "a"; "a" twice; "ab" and "ac" that share
-- nothing; "a" of which another shares two bytes
SELECT '\x210266000102 02 f9089e36'::bytea::funnel_journey;
SELECT '\x210266000102 02 f99036'::bytea::funnel_journey;
SELECT '\x210266000102 02 690b36'::bytea::funnel_journey;
SELECT '\x210266000102 02 290e2937'::bytea::funnel_journey;
SELECT '\x210266000102 02 691b36'::bytea::funnel_journey;
SELECT '\x'::bytea::funnel_journey;
SELECT journey_length('\x'::bytea::funnel_journey);
SELECT journey_length('\x010266'::bytea::funnel_journey);
-- no events, but said in more bytes than a journey without events has
SELECT '\x018000'::bytea::funnel_journey;
SELECT journey_progress('\x018000'::bytea::funnel_journey, 'a -> b');
SELECT funnel_agg('\x01808000'::bytea::funnel_journey, 'a -> b');
\set VERBOSITY sqlstate
SELECT '\x'::bytea::funnel_journey;
SELECT ''::funnel_journey;
CALL receive('\x');
\set VERBOSITY default
DROP CAST (bytea AS funnel_journey);
\set SHOW_CONTEXT errors

-- order and hash, of the bytes
SELECT a.id AS a, b.id AS b, a.journey = b.journey AS eq, a.journey <> b.journey AS ne,
	(a.journey < b.journey) = (NOT a.journey >= b.journey) AS lt,
	(a.journey > b.journey) = (NOT a.journey <= b.journey) AS gt
FROM journeys a JOIN journeys b ON a.id <= b.id AND a.id IN (1, 3, 8) AND b.id IN (1, 3, 8)
ORDER BY 1, 2;
SET enable_hashagg = off;
SELECT count(*) FROM (SELECT DISTINCT journey FROM copies) d;
RESET enable_hashagg;
SET enable_sort = off;
SELECT count(*) FROM (SELECT DISTINCT journey FROM copies) d;
RESET enable_sort;
SELECT count(*) FROM journeys a JOIN copies b USING (journey);
CREATE INDEX ON journeys (journey) WHERE id < 8;
CREATE TABLE partitioned (journey funnel_journey) PARTITION BY HASH (journey);
CREATE TABLE part0 PARTITION OF partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO partitioned SELECT journey FROM journeys;
SELECT count(*) FROM partitioned;
CREATE MATERIALIZED VIEW matview AS SELECT id, journey FROM journeys;
CREATE UNIQUE INDEX ON matview (id);
REFRESH MATERIALIZED VIEW CONCURRENTLY matview;

-- toasted: out of line, never compressed, and short headers
SELECT id, pg_column_size(journey) > 2000 AS long, journey_length(journey),
	journey_first_at(journey), journey_last_at(journey)
FROM journeys ORDER BY id;
ALTER TABLE copies ALTER journey SET STORAGE main;
INSERT INTO copies SELECT 9, journey || journey FROM journeys WHERE id = 8;
SELECT journey_length(journey), journey_first_at(journey), journey_last_at(journey),
	journey = (SELECT journey || journey FROM journeys WHERE id = 8)
FROM copies WHERE id = 9;

-- reading: every function against plain SQL over the events, for random
-- journeys with many ties, duplicates, events without a label and all sorts of times
SELECT setseed(0.25);
CREATE TABLE events (unit int, ts timestamptz, event text);
INSERT INTO events
SELECT unit,
	timestamptz '2026-01-01' + CASE unit % 6
		WHEN 0 THEN floor(random() * 10) * interval '1 day'
		WHEN 1 THEN floor(random() * 1e6) * interval '1 s'
		WHEN 2 THEN floor(random() * 1e12) * interval '1 us'
		WHEN 3 THEN floor(random() * 3) * interval '1 us'
		WHEN 4 THEN floor(random() * random() * 1e9) * interval '1 ms' - interval '2100 years'
		ELSE (CASE WHEN random() < 0.8 THEN 1 ELSE 1e6 END) * random() * interval '100 s' END,
	CASE WHEN random() < 0.9 THEN
		(array['visit', 'view', 'cart', 'buy', '', 'à côté', 'long label of ' || unit])[1 + floor(random() * (1 + unit % 7))] END
FROM generate_series(1, 300) AS unit, generate_series(1, 1 + (unit * unit) % 60);
CREATE INDEX ON events (unit);
ANALYZE events;
CREATE TABLE units AS SELECT unit, journey_agg(ts, event) AS journey FROM events GROUP BY unit;
CREATE VIEW listed AS
SELECT unit, row_number() OVER (PARTITION BY unit ORDER BY ts, event COLLATE "C") AS ord, ts, event
FROM events;

SELECT count(*), count(*) FILTER (WHERE l.ts IS NOT DISTINCT FROM e.ts AND l.event IS NOT DISTINCT FROM e.event)
FROM listed l
FULL JOIN (SELECT unit, e.* FROM units, journey_events(journey) AS e) e USING (unit, ord);

SELECT count(*) FROM units
JOIN (SELECT unit, count(*), min(ts), max(ts) FROM events GROUP BY unit) e USING (unit)
WHERE journey_length(journey) <> count OR journey_first_at(journey) <> min
	OR journey_last_at(journey) <> max;

-- slices, half open
SELECT count(*) FROM units,
	LATERAL (VALUES (journey_first_at(journey), journey_last_at(journey)),
		(journey_first_at(journey), NULL), (NULL, journey_last_at(journey)), (NULL, NULL),
		('-infinity', 'infinity'), ('infinity', '-infinity'), ('2026-01-03', '2026-01-05'),
		(journey_last_at(journey), journey_first_at(journey))) AS s(since, until),
	LATERAL (SELECT journey_agg(ts, event) AS expected FROM events e
		WHERE e.unit = units.unit AND (since IS NULL OR ts >= since) AND (until IS NULL OR ts < until)) AS x
WHERE journey_slice(journey, since, until) <> coalesce(expected, '[]');
SELECT journey_slice(NULL, NULL, NULL);

-- filters
SELECT count(*) FROM units,
	(VALUES ('{visit,cart}'::text[]), ('{}'), ('{NULL}'), ('{"",NULL,buy,nowhere}'), ('{visit,visit}')) AS f(labels),
	LATERAL (SELECT journey_agg(ts, event) AS expected FROM events e
		WHERE e.unit = units.unit AND coalesce(event = ANY (labels),
			event IS NULL AND array_position(labels, NULL) IS NOT NULL)) AS x
WHERE journey_filter(journey, VARIADIC labels) <> coalesce(expected, '[]');
SELECT journey_filter('[["2026-01-01T00:00:00Z", "a"], ["2026-01-01T00:00:00Z", "b"]]', 'b', 'c');
SELECT journey_filter('[["2026-01-01T00:00:00Z", "a"]]', VARIADIC NULL);

-- paths
SELECT count(*) AS wrong FROM units, (VALUES (1), (3), (1000), (2147483647), (NULL), (-1), (-3), (-1000), (-2147483648)) AS s(steps),
	(VALUES (false), (true)) AS c(once),
	LATERAL (SELECT coalesce(array_agg(event ORDER BY n), '{}') AS expected
		FROM (SELECT event, row_number() OVER (ORDER BY ord) AS n, row_number() OVER (ORDER BY ord DESC) AS back
			FROM (SELECT event, ord, lag(event) OVER (ORDER BY ord) AS previous FROM listed l
				WHERE l.unit = units.unit AND event IS NOT NULL) AS e
			WHERE NOT once OR event IS DISTINCT FROM previous) AS e
		WHERE steps IS NULL OR n <= steps OR back <= -steps::bigint) AS x
WHERE journey_labels(journey, steps, once) <> expected
	OR journey_path(journey, steps, once) <> CASE expected WHEN '{""}' THEN '""' ELSE array_to_string(expected, ' > ') END
	OR array_ndims(journey_labels(journey, steps, once)) <> 1;
SELECT journey_path('[]', 3, true), journey_path(NULL, 3, true), journey_path('[]', 3, NULL);
SELECT journey_path('[]', 0, true);
-- all labels, repetitions too, unless it is said
SELECT journey_path(j), journey_path(j, 2), journey_path(j, "collapse" => true), journey_path(j, max_steps => 3)
FROM (SELECT '[["2026-01-01T00:00:00Z", "a"], ["2026-01-01T00:01:00Z", "a"], ["2026-01-01T00:02:00Z", "b"], ["2026-01-01T00:03:00Z", "b"]]'::funnel_journey AS j) AS x;

-- the last ones, and as an array
SELECT journey_path(j, -2) AS last, journey_path(j, -2, true) AS once, journey_labels(j, 3), journey_labels(j, -1), journey_labels(j, "collapse" => true)
FROM (SELECT '[["2026-01-01T00:00:00Z", "a"], ["2026-01-01T00:01:00Z", "a"], ["2026-01-01T00:02:00Z", "b"],
	["2026-01-01T00:02:30Z", null], ["2026-01-01T00:03:00Z", "b"]]'::funnel_journey AS j) AS x;
SELECT journey_labels('[]'), journey_labels('[["2026-01-01T00:00:00Z", null]]', -1), journey_labels(NULL), journey_labels('[]', NULL, NULL), journey_labels('[]', NULL);
SELECT journey_labels('[]', 0);
SELECT journey_path('[]', 0, NULL) IS NULL AS nothing;

-- labels with what stands between them, and with quotes, are told apart
CREATE FUNCTION of_labels(VARIADIC labels text[]) RETURNS funnel_journey LANGUAGE sql AS $$
	SELECT coalesce(journey_agg(timestamptz '2026-01-01Z' + n * interval '1 s', label), '[]') FROM unnest(labels) WITH ORDINALITY AS l(label, n)
$$;
SELECT labels, journey_path(of_labels(VARIADIC labels)) AS path FROM (VALUES
	('{a,b}'::text[]), ('{a > b}'), ('{a >,b}'), ('{a,> b}'), ('{a,>,b}'), ('{">",">"}'), ('{" > "}'), ('{" >"}'), ('{"> "}'), ('{a>b,c}'),
	('{}'), ('{""}'), ('{"",""}'), ('{"",b}'), ('{a,""}'),
	('{"\"a > b\""}'), ('{"\"a","b\""}'), ('{"say \"yes\""}'), ('{"a > \"b\""}'), ('{"\""}')) AS v(labels);
WITH RECURSIVE words AS (
	SELECT '{}'::text[] AS word
	UNION ALL
	SELECT word || letter FROM words, unnest('{" ",>,"\"",a}'::text[]) AS letter WHERE cardinality(word) < 3
), labels AS (
	SELECT array_to_string(word, '') AS label FROM words
), paths AS (
	SELECT '{}'::text[] AS path
	UNION ALL
	SELECT ARRAY[label] FROM labels
	UNION ALL
	SELECT ARRAY[a.label, b.label] FROM labels a, labels b
	UNION ALL
	SELECT ARRAY[a.label, b.label, c.label] FROM labels a, labels b, labels c WHERE length(a.label || b.label || c.label) <= 4
)
SELECT count(*) AS paths, count(DISTINCT journey_path(of_labels(VARIADIC path))) AS distinct,
	count(*) FILTER (WHERE journey_path(of_labels(VARIADIC path)) <> array_to_string(path, ' > ')
		AND NOT EXISTS (SELECT FROM unnest(path) l WHERE l ~ '^"| > | >$') AND path <> '{""}') AS quoted_in_vain
FROM paths;

-- sessions
SELECT count(*) FROM units, (VALUES (interval '1 us'), ('30 min'), ('1 day'), ('100 years' - interval '100 years' + '36500 days')) AS g(gap),
	LATERAL (SELECT array_agg(session ORDER BY journey_first_at(session)) AS got
		FROM journey_sessions(journey, gap) AS session) AS s,
	LATERAL (SELECT array_agg(session ORDER BY number) AS expected FROM (
		SELECT number, journey_agg(ts, event) AS session FROM (
			SELECT ts, event, count(*) FILTER (WHERE first) OVER (ORDER BY ord) AS number FROM (
				SELECT ord, ts, event, coalesce(ts - lag(ts) OVER (ORDER BY ord) > gap, true) AS first
				FROM listed l WHERE l.unit = units.unit) AS f) AS n
		GROUP BY number) AS g) AS x
WHERE got <> expected;
SELECT count(*) FROM journey_sessions('[]', '1 h');
SELECT journey_sessions('[["2026-01-01T00:00:00Z", "a"], ["2026-01-01T00:30:00Z", "b"], ["2026-01-01T01:00:00.000001Z", "c"]]', '30 min');
-- half an hour unless it is said
SELECT journey_sessions('[["2026-01-01T00:00:00Z", "a"], ["2026-01-01T00:30:00Z", "b"], ["2026-01-01T01:00:00.000001Z", "c"]]');
SELECT * FROM journey_sessions('[["4714-11-24T00:00:00Z BC", "a"], ["294276-12-31T23:59:59Z", "b"]]', '1 day');
SELECT journey_sessions('[]', '1 month');
SELECT journey_sessions('[]', '0');
SELECT journey_sessions('[]', '-1 s');
SELECT journey_sessions('[]', '999999999 days');
SELECT count(*) FROM journey_sessions(NULL);
SELECT count(*) FROM journey_sessions('[]', NULL);
DROP FUNCTION bytes, of_labels;

-- NULL in, NULL out
SELECT journey_length(NULL), journey_first_at(NULL), journey_last_at(NULL),
	journey_first_at('[]'), journey_last_at('[]'), journey_length('[]');
SELECT count(*) FROM journey_events(NULL);
SELECT count(*) FROM journey_events('[]');
SELECT '[]'::funnel_journey || NULL;

-- everything public is described
SELECT p.oid::regprocedure FROM pg_proc p
WHERE (proname ~ 'journey' OR prosrc ~ 'journey') AND obj_description(p.oid, 'pg_proc') IS NULL
	AND pronamespace = 'public'::regnamespace AND prolang = (SELECT oid FROM pg_language WHERE lanname = 'c');
DROP TABLE journeys, copies, received, partitioned, events, units CASCADE;
DROP PROCEDURE receive;
