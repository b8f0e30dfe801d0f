--
-- What units did, step by step: flow_agg and journey_flow
--
SET TimeZone = 'UTC';
CREATE TABLE rows_of_units (u int, ts timestamptz, e text);
INSERT INTO rows_of_units VALUES
	(1, '2026-01-01 10:00', 'visit'), (1, '2026-01-01 10:01', 'view'), (1, '2026-01-01 10:03', 'cart'), (1, '2026-01-01 10:07', 'buy'),
	(2, '2026-01-01 10:00', 'visit'), (2, '2026-01-01 10:02', 'view'), (2, '2026-01-01 10:04', 'view'), (2, '2026-01-01 10:08', 'cart'),
	(3, '2026-01-01 10:00', 'visit'), (3, '2026-01-01 10:30', NULL), (3, '2026-01-01 11:00', 'visit'),
	(4, '2026-01-01 10:00', 'help'), (4, '2026-01-01 10:00', 'buy'),
	(5, '2026-01-01 10:00', NULL), (NULL, '2026-01-01 10:00', 'lost'), (6, NULL, 'lost');
CREATE TABLE journeys AS
SELECT u, journey_agg(ts, e) AS journey FROM rows_of_units WHERE u IS NOT NULL GROUP BY u;
-- From the first event on, from the first cart, and what leads to the end, or to the last cart
SELECT * FROM unnest((SELECT flow_agg(u, ts, e, 2) FROM rows_of_units));
SELECT * FROM unnest((SELECT flow_agg(u, ts, e, 3, 'view') FROM rows_of_units));
SELECT * FROM unnest((SELECT flow_agg(u, ts, e, -2) FROM rows_of_units));
SELECT * FROM unnest((SELECT flow_agg(u, ts, e, -3, 'cart') FROM rows_of_units));
-- Of repetitions the first
SELECT * FROM unnest((SELECT flow_agg(u, ts, e, 3, 'view', NULL, true) FROM rows_of_units));
SELECT * FROM unnest((SELECT flow_agg(u, ts, e, -3, 'cart', NULL, true) FROM rows_of_units));
-- The most frequent of each level
SELECT * FROM unnest((SELECT flow_agg(u, ts, e, 3, NULL, 1) FROM rows_of_units));
-- Nobody, and nobody with the anchor
SELECT flow_agg(u, ts, e, 2) IS NULL AS "null" FROM rows_of_units WHERE u IS NULL OR ts IS NULL;
SELECT journey_flow(journey, 2) IS NULL AS "null" FROM journeys WHERE false;
SELECT journey_flow(NULL, 2) IS NULL AS "null" FROM journeys;
SELECT flow_agg(u, ts, e, 2) AS no_label, journey_flow(journey_agg, 2) AS of_journeys
FROM rows_of_units, (SELECT journey_agg(ts, NULL) FROM rows_of_units) j WHERE u = 5 GROUP BY journey_agg;
SELECT flow_agg(u, ts, e, 2, 'nowhere') AS nowhere, journey_flow(journey, 2, 'nowhere') AS of_journeys, journey_flow('[]', 2, 'nowhere') AS of_empty_ones
FROM rows_of_units JOIN journeys USING (u);
-- Twins
SELECT flow_agg(u, ts, e, 2) = flow_agg(u, ts::timestamp, e, 2) AS "timestamp", flow_agg(u, ts, e, 2, 'view') = flow_agg(u, ts::timestamp, e, 2, 'view') AS anchor,
	   flow_agg(u, ts::date::timestamptz, e, 2) = flow_agg(u, ts::date, e, 2) AS date,
	   flow_agg(u, ts::date::timestamptz, e, -2, 'view', 1, true) = flow_agg(u, ts::date, e, -2, 'view', 1, true) AS date_and_all
FROM rows_of_units;

--
-- Each edge by window functions: every number, and the order
--
-- A time as the middle of its cell of the histogram
CREATE FUNCTION in_cell(microseconds bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN microseconds < 128 THEN microseconds
		   ELSE (microseconds >> shift << shift) + ((1::bigint << shift) - 1)::float8 / 2 END / 1000000::float8
	FROM (SELECT length(ltrim(microseconds::bit(64)::text, '0')) - 7 AS shift) s $$;
CREATE FUNCTION shown(label text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN label ~ '^("*)\((other|end|start)\)\1$' THEN '"' || label || '"' ELSE label END $$;
CREATE TABLE questions (q int, depth int, anchor text, top int, "collapse" boolean);
INSERT INTO questions
SELECT row_number() OVER (), depth, anchor, top, "collapse"
FROM unnest(ARRAY[1, 2, 64, -1, -4, -64]) depth, unnest(ARRAY[NULL, 'b', '(end)', 'nowhere']) anchor,
	 unnest(ARRAY[NULL, 1, 2, 100]) top, unnest(ARRAY[false, true]) "collapse";
-- Few labels and few instants, so that there are ties of all kinds, and times from microseconds to centuries
CREATE TABLE happened AS
SELECT hashint4(n) & 255 AS u,
	   CASE hashint4(n + 100000) & 7 WHEN 0 THEN timestamptz '2026-01-01 00:00:00.000001' WHEN 1 THEN timestamptz '1726-01-01 00:00:00.1'
	   ELSE timestamptz '2026-01-01' + (hashint4(n + 200000) & 3) * ((hashint4(n + 300000) & 1023) ^ 2) * interval '0.000117 s' END AS ts,
	   (ARRAY['a', 'b', 'b', 'c', '(end)', '(other)', '"(start)"', '(start)', 'ä', '', 'two words', NULL])[1 + (hashint4(n + 400000) & 1023) % 12] AS e
FROM generate_series(1, 1500) n;
CREATE TABLE histories AS SELECT u, journey_agg(ts, e) AS journey FROM happened GROUP BY u;
CREATE VIEW in_order AS
SELECT u, ts, e, row_number() OVER (PARTITION BY u ORDER BY ts, e COLLATE "C") AS n
FROM happened WHERE e IS NOT NULL;
CREATE VIEW answers AS
WITH sequences AS (
	SELECT false AS "collapse", u, ts, e, n FROM in_order
	UNION ALL
	SELECT true, u, ts, e, row_number() OVER (PARTITION BY u ORDER BY n)
	FROM (SELECT *, lag(e) OVER (PARTITION BY u ORDER BY n) AS before FROM in_order) s WHERE e IS DISTINCT FROM before
), starts AS (
	SELECT q, depth, anchor, top, "collapse", u,
		   CASE WHEN depth > 0 THEN min(n) ELSE max(n) END AS start
	FROM questions JOIN sequences USING ("collapse") WHERE anchor IS NULL OR e = anchor
	GROUP BY q, depth, anchor, top, "collapse", u
), paths AS (
	SELECT q, depth, top, u, n - start + sign(depth) AS level, ts, e
	FROM starts JOIN sequences USING ("collapse", u)
	WHERE n BETWEEN start + least(depth, 0) AND start + greatest(depth, 0)
), frequent AS (
	SELECT q, level, e, top IS NULL OR row_number() OVER (PARTITION BY q, level ORDER BY count(*) DESC, e COLLATE "C") <= top AS is_shown
	FROM paths GROUP BY q, top, level, e
), nodes AS (
	SELECT q, u, level, ts, CASE WHEN is_shown THEN 0 ELSE 1 END AS kind, CASE WHEN is_shown THEN shown(e) ELSE '(other)' END AS name, CASE WHEN is_shown THEN e END AS label
	FROM paths JOIN frequent USING (q, level, e)
	UNION ALL
	SELECT q, u, CASE WHEN depth > 0 THEN max(level) + 1 ELSE min(level) - 1 END, NULL, 2, CASE WHEN depth > 0 THEN '(end)' ELSE '(start)' END, NULL
	FROM paths GROUP BY q, u, depth HAVING count(*) <= abs(depth)
), steps AS (
	SELECT q, u, level, kind, label, level || ' ' || name AS source, lead(kind) OVER path AS next_kind, lead(label) OVER path AS next_label,
		   lead(level) OVER path || ' ' || lead(name) OVER path AS target,
		   (extract(epoch FROM lead(ts) OVER path - ts) * 1000000)::bigint AS microseconds
	FROM nodes WINDOW path AS (PARTITION BY q, u ORDER BY level)
), edges AS (
	SELECT q, level, kind, label, next_kind, next_label, source, target, count(*) AS value,
		   in_cell(percentile_disc(0.5) WITHIN GROUP (ORDER BY microseconds)) AS median_seconds
	FROM steps WHERE target IS NOT NULL GROUP BY q, level, kind, label, next_kind, next_label, source, target
)
SELECT q, array_agg(ROW(source, target, value, median_seconds)::flow_edge
		   ORDER BY level, value DESC, kind, label COLLATE "C", next_kind, next_label COLLATE "C") AS flow
FROM edges GROUP BY q;
CREATE TABLE answered AS SELECT * FROM answers;
SELECT count(*) AS questions, count(flow) AS answers, sum(cardinality(flow)) > 10000 AS many,
	   count(*) FILTER (WHERE flow_agg <> coalesce(flow, '{}')) AS flow_agg_differs, count(*) FILTER (WHERE journey_flow <> flow_agg) AS journey_flow_differs
FROM questions LEFT JOIN answered USING (q)
	JOIN (SELECT q, flow_agg(u, ts, e, depth, anchor, top, "collapse") FROM happened, questions GROUP BY q) f USING (q)
	JOIN (SELECT q, journey_flow(journey, depth, anchor, top, "collapse") FROM histories, questions GROUP BY q) j USING (q);
-- Units are conserved: what comes to a node but the first and the last goes on from it.
SELECT count(*) AS nodes, count(*) FILTER (WHERE comes <> goes) AS wrong
FROM (SELECT q, node, sum(value) FILTER (WHERE is_target) AS comes, sum(value) FILTER (WHERE NOT is_target) AS goes
	  FROM answered, unnest(flow), LATERAL (VALUES (source, false), (target, true)) n (node, is_target) GROUP BY q, node) s
WHERE comes IS NOT NULL AND goes IS NOT NULL;
-- The forms with fewer arguments
SELECT flow_agg(u, ts, e, 3) = flow_agg(u, ts, e, 3, NULL, NULL, NULL) AND flow_agg(u, ts, e, 3, 'b') = flow_agg(u, ts, e, 3, 'b', NULL, false)
	   AND flow_agg(u, ts, e, -3, 'b', 2) = flow_agg(u, ts, e, -3, 'b', 2, false) AS flow_agg
FROM happened;
SELECT journey_flow(journey, 3) = journey_flow(journey, 3, NULL, NULL, NULL) AND journey_flow(journey, 3, 'b') = journey_flow(journey, 3, 'b', NULL, false)
	   AND journey_flow(journey, -3, 'b', 2) = journey_flow(journey, -3, 'b', 2, false) AS journey_flow
FROM histories;
-- Rows in another order, units of other types, in a window whose state goes on
SELECT flow_agg(u, ts, e, 5, 'b', 2 ORDER BY md5(ts::text || e)) = flow_agg(u, ts, e, 5, 'b', 2) AS other_order,
	   flow_agg('u' || u, ts, e, 5, 'b', 2) = flow_agg(u, ts, e, 5, 'b', 2) AS text,
	   flow_agg(ROW(u, u % 2 = 0), ts, e, 5, 'b', 2) = flow_agg(u, ts, e, 5, 'b', 2) AS row,
	   flow_agg(md5(u::text)::uuid, ts, e, 5, 'b', 2) = flow_agg(u, ts, e, 5, 'b', 2) AS uuid
FROM happened;
SELECT bool_and(flow = (SELECT flow_agg(u, ts, e, -3) FROM happened i WHERE i.u < o.u + 1 AND i.u < 20)) AS window
FROM (SELECT u, flow_agg(u, ts, e, -3) OVER (ORDER BY u) AS flow FROM happened WHERE u < 20) o;
SELECT bool_and(flow = (SELECT journey_flow(journey, 2, 'b', 1) FROM histories i WHERE i.u <= o.u AND i.u < 50)) AS window
FROM (SELECT u, journey_flow(journey, 2, 'b', 1) OVER (ORDER BY u) AS flow FROM histories WHERE u < 50) o;
-- The longest time there is, a unit with many events of one instant, labels that are long
SELECT (e).source, (e).target, (e).value, abs((e).median_seconds / (extract(epoch FROM timestamptz '294276-01-01') - extract(epoch FROM timestamptz '4713-01-01 BC')) - 1) < 0.01 AS longest
FROM unnest((SELECT flow_agg(1, ts, 'x', 1) FROM unnest(ARRAY[timestamptz '4713-01-01 BC', '294276-01-01']) ts)) e;
SELECT * FROM unnest((SELECT flow_agg(1, timestamptz '2026-01-01', chr(97 + n % 26), 3, 'z') FROM generate_series(1, 100000) n));
SELECT length(source), length(target), value FROM unnest((SELECT flow_agg(1, ts, repeat('x', 1000000 + u), 1) FROM rows_of_units WHERE u < 3)) e;
-- More units in an edge than are kept in a list, and then merged with others
SELECT (e).source, (e).target, (e).value, (e).median_seconds = in_cell(5000000) AS median
FROM unnest((SELECT flow_agg(u, timestamptz '2026-01-01' + i * (u % 11) * interval '1 s', chr(97 + i + u / 9000), 1, NULL, 1)
			 FROM generate_series(1, 10000) u, generate_series(0, 1) i)) e;

--
-- The same bytes from parallel plans, from files and from partitions
--
CREATE TABLE clicks (p int, u int, ts timestamptz, e text) PARTITION BY LIST (p);
CREATE TABLE clicks_0 PARTITION OF clicks FOR VALUES IN (0);
CREATE TABLE clicks_1 PARTITION OF clicks FOR VALUES IN (1);
INSERT INTO clicks
SELECT i % 2, hashint4(i) & 8191, timestamptz '2026-01-01' + (hashint4(i + 1000000) & 65535) * interval '1 s', 'page ' || (hashint4(i + 2000000) & 255) * (hashint4(i + 3000000) & 255) / 3000
FROM generate_series(1, 100000) i;
CREATE TABLE click_journeys AS SELECT u, journey_agg(ts, e) AS journey FROM clicks GROUP BY u;
CREATE TABLE few_labels AS
SELECT u, journey_agg(timestamptz '2026-01-01' + i * u % 1000 * interval '1 s', chr(97 + u / 6000 % 3)) AS journey
FROM generate_series(1, 20000) u, generate_series(0, 1) i GROUP BY u;
ANALYZE few_labels;
ANALYZE clicks;
ANALYZE click_journeys;
TRUNCATE happened, questions;
INSERT INTO happened SELECT u, ts, e FROM clicks;
INSERT INTO questions VALUES (1, 5, NULL, 10, false), (2, -4, 'page 7', 5, true);
\set q 'SELECT flow_agg(u, ts, e, 5, NULL, 10, false) AS flow FROM clicks'
\set t 'SELECT flow_agg(u::text, ts, e, -4, ''page 7'', 5, true) AS flow FROM clicks'
\set j 'SELECT journey_flow(journey, 5, NULL, 10, false) AS flow FROM click_journeys'
SET max_parallel_workers_per_gather = 0;
CREATE TABLE serial AS SELECT 1 AS q, flow FROM (:q) s UNION ALL SELECT 2, flow FROM (:t) s;
SELECT q, cardinality(s.flow) AS edges, s.flow = a.flow AS right FROM serial s JOIN answers a USING (q) ORDER BY q;
SELECT flow = (SELECT flow FROM serial WHERE q = 1) AS of_journeys FROM (:j) s;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT flow = (SELECT flow FROM serial WHERE q = 1) AS in_files FROM (:q) s;
SELECT flow = (SELECT flow FROM serial WHERE q = 2) AS text_in_files FROM (:t) s;
SET enable_partitionwise_aggregate = on;
SELECT flow = (SELECT flow FROM serial WHERE q = 1) AS by_partition_in_files FROM (:q) s;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) :q;
EXPLAIN (COSTS OFF) :j;
SELECT flow = (SELECT flow FROM serial WHERE q = 1) AS parallel_in_files FROM (:q) s;
RESET work_mem;
SELECT flow = (SELECT flow FROM serial WHERE q = 1) AS parallel FROM (:q) s;
SELECT flow = (SELECT flow FROM serial WHERE q = 2) AS parallel_text FROM (:t) s;
SELECT flow = (SELECT flow FROM serial WHERE q = 1) AS parallel_journeys FROM (:j) s;
SELECT * FROM unnest((SELECT journey_flow(journey, 1) FROM few_labels));
SET max_parallel_workers_per_gather = 0;
SELECT * FROM unnest((SELECT journey_flow(journey, 1) FROM few_labels));
SELECT flow = (SELECT flow FROM serial WHERE q = 1) AS by_partition FROM (:q) s;
SELECT flow = (SELECT flow FROM serial WHERE q = 2) AS text_by_partition FROM (:t) s;
RESET enable_partitionwise_aggregate;

--
-- Cases that are refused
--
SELECT flow_agg(u, ts, e, 0) FROM rows_of_units;
SELECT flow_agg(u, ts, e, 65) FROM rows_of_units;
SELECT journey_flow(journey, -65) FROM journeys;
SELECT journey_flow(journey, (-2147483648)::int) FROM journeys;
SELECT journey_flow(journey, NULL) FROM journeys;
SELECT flow_agg(u, ts, e, 2, NULL, 0) FROM rows_of_units;
SELECT journey_flow(journey, 2, 'view', -1) FROM journeys;
SELECT flow_agg(u, ts, e, 1 + u % 2) FROM rows_of_units;
SELECT flow_agg(u, ts, e, 1, CASE u WHEN 2 THEN 'view' END) FROM rows_of_units;
SELECT flow_agg(u, ts, e, 1, CASE u WHEN 2 THEN 'view' ELSE 'vieW' END) FROM rows_of_units;
SELECT journey_flow(journey, 1, 'view', u) FROM journeys;
SELECT journey_flow(journey, 1, 'view', 1, u > 1) FROM journeys;
SELECT flow_agg(u, 'infinity', e, 2) FROM rows_of_units;
SELECT flow_agg(u, '-infinity'::date, e, 2) FROM rows_of_units;
-- More labels, or steps, than there is memory for
SET work_mem = '64kB';
SELECT flow_agg(1, timestamptz '2026-01-01', 'page ' || n, 2) FROM generate_series(1, 500000) n;
SELECT flow_agg(n / 20, timestamptz '2026-01-01' + (n % 20) * interval '1 s', (hashint4(n) & 2047)::text, 20) FROM generate_series(1, 700000) n;
SELECT journey_flow(journey, 20) FROM (SELECT journey_agg(timestamptz '2026-01-01' + (n % 20) * interval '1 s', (hashint4(n) & 2047)::text) AS journey
	FROM generate_series(1, 700000) n GROUP BY n / 20) s;
RESET work_mem;
DROP VIEW answers, in_order;
DROP TABLE rows_of_units, journeys, questions, happened, histories, answered, clicks, click_journeys, few_labels, serial;
DROP FUNCTION in_cell(bigint), shown(text);
-- Whoever may alter the type is told so.
BEGIN;
ALTER TYPE flow_edge ADD ATTRIBUTE more int;
SELECT flow_agg(u, ts, e, 2) FROM (VALUES (1, timestamptz '2026-01-01', 'a')) rows (u, ts, e);
ROLLBACK;
BEGIN;
ALTER TYPE flow_edge ALTER ATTRIBUTE value TYPE int;
SELECT journey_flow('[["2026-01-01T00:00:00Z", "a"]]', 2);
ROLLBACK;
BEGIN;
ALTER TYPE flow_edge DROP ATTRIBUTE source;
SELECT flow_agg(u, ts, e, 2) FROM (VALUES (1, timestamptz '2026-01-01', 'a')) rows (u, ts, e);
ROLLBACK;
