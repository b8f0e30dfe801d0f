-- funnel_stage: one position in a funnel with its name

-- every operator class is complete
SELECT opcname, amname, amvalidate(o.oid)
FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
WHERE opcname = 'funnel_stage_ops'
ORDER BY amname;

-- text form: the first colon separates, an empty name has no colon
SELECT lit, lit::funnel_stage AS stage, stage_position(lit::funnel_stage),
	stage_name(lit::funnel_stage)
FROM (VALUES ('2:cart'), ('1:'), ('1'), ('32767:last'), ('007:bond'),
	('3:a:b::c'), ('4: spaced '), ('5::'), ('6:"quoted"'), ('7:déjà vu')) v(lit);

-- bad literals
SELECT ''::funnel_stage;
SELECT 'cart'::funnel_stage;
SELECT ':cart'::funnel_stage;
SELECT ' 2:cart'::funnel_stage;
SELECT '-2:cart'::funnel_stage;
SELECT '+2:cart'::funnel_stage;
SELECT '2 :cart'::funnel_stage;
SELECT '2cart'::funnel_stage;
SELECT '2.0:cart'::funnel_stage;
SELECT '0:cart'::funnel_stage;
SELECT '32768:cart'::funnel_stage;
SELECT '99999999999999999999:cart'::funnel_stage;
\set VERBOSITY sqlstate
SELECT 'cart'::funnel_stage;
SELECT '0:cart'::funnel_stage;
SELECT funnel_stage(0, 'cart');
\set VERBOSITY default

-- constructor and cast
SELECT funnel_stage(2, 'cart'), funnel_stage(2, ''), funnel_stage(32767, 'a:b');
SELECT funnel_stage(pos => 2, name => 'cart') AS stage;
SELECT funnel_stage(0, 'cart');
SELECT funnel_stage(-1, 'cart');
SELECT funnel_stage(32768, 'cart');
SELECT funnel_stage(NULL, 'cart') IS NULL AS position_null,
	funnel_stage(2, NULL) IS NULL AS name_null;
SELECT '2:cart'::funnel_stage::int, CAST(funnel_stage(300, 'x') AS int),
	'2:cart'::funnel_stage::text || '!';

-- one byte image for one value, however it was made
SELECT funnel_stage_send('02:cart') = funnel_stage_send(funnel_stage(2, 'cart')) AS same,
	funnel_stage_send('2:cart'), funnel_stage_send('1'), funnel_stage_send('1:');

-- order: position, then the name bytewise, a prefix first
CREATE TABLE stages (id int, s funnel_stage);
INSERT INTO stages VALUES (1, '10:a'), (2, '2:cart'), (3, '2:carts'), (4, '2'),
	(5, '2:Cart'), (6, '2:zebra'), (7, '2:élan'), (8, '1:visit'), (9, '300:x'),
	(10, '256:y'), (11, NULL), (12, '2:cart');
SELECT id, s FROM stages ORDER BY s, id;
SELECT id, s FROM stages ORDER BY s DESC, id;
SELECT s FROM stages WHERE s >= '3:checkout' ORDER BY s;
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge,
	a > b AS gt, sign(funnel_stage_cmp(a, b)) AS cmp
FROM (VALUES ('2:cart'::funnel_stage, '2:cart'::funnel_stage), ('2:cart', '10:cart'),
	('2:b', '2:a'), ('2', '2:a'), ('2:a', '2:ab')) v(a, b);

-- the operators agree with the order of (position, name) in every pair
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE (a.s < b.s) <> (ka < kb)) AS lt,
	count(*) FILTER (WHERE (a.s <= b.s) <> (ka <= kb)) AS le,
	count(*) FILTER (WHERE (a.s = b.s) <> (ka = kb)) AS eq,
	count(*) FILTER (WHERE (a.s <> b.s) <> (ka <> kb)) AS ne,
	count(*) FILTER (WHERE (a.s >= b.s) <> (ka >= kb)) AS ge,
	count(*) FILTER (WHERE (a.s > b.s) <> (ka > kb)) AS gt,
	count(*) FILTER (WHERE sign(funnel_stage_cmp(a.s, b.s)) <>
		CASE WHEN ka < kb THEN -1 WHEN ka = kb THEN 0 ELSE 1 END) AS cmp
FROM stages a, stages b,
	LATERAL (SELECT (stage_position(a.s), stage_name(a.s) COLLATE "C") AS ka,
		(stage_position(b.s), stage_name(b.s) COLLATE "C") AS kb) k
WHERE a.s IS NOT NULL AND b.s IS NOT NULL;

-- min and max
SELECT min(s), max(s) FROM stages;
SELECT min(s), max(s) FROM stages WHERE s IS NULL;
SELECT stage_position(s) AS position, min(s), max(s) FROM stages
WHERE s IS NOT NULL GROUP BY 1 ORDER BY 1;

-- grouping by sort and by hash
SELECT s, count(*) FROM stages GROUP BY s ORDER BY s;
SET enable_sort = off;
SELECT count(*) FROM (SELECT DISTINCT s FROM stages) d;
RESET enable_sort;
SELECT count(*) AS same_hash FROM stages a JOIN stages b ON a.s = b.s
WHERE funnel_stage_hash(a.s) = funnel_stage_hash(b.s)
	AND funnel_stage_hash_extended(a.s, 42) = funnel_stage_hash_extended(b.s, 42)
	AND funnel_stage_hash_extended(a.s, 0) & 4294967295 = funnel_stage_hash(a.s)::bigint & 4294967295;

-- joins of every kind
SET enable_hashjoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM stages a JOIN stages b ON a.s = b.s;
SELECT count(*) FROM stages a JOIN stages b ON a.s = b.s;
SET enable_mergejoin = off;
SET enable_hashjoin = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM stages a JOIN stages b ON a.s = b.s;
SELECT count(*) FROM stages a JOIN stages b ON a.s = b.s;
RESET enable_hashjoin;
RESET enable_nestloop;
RESET enable_mergejoin;

-- indexes: lookups, ranges, min and max; equal values are deduplicated
CREATE TABLE deals (id int PRIMARY KEY, stage funnel_stage);
INSERT INTO deals SELECT g, funnel_stage(1 + g % 7, 'stage ' || g % 7)
FROM generate_series(1, 7000) g;
CREATE INDEX deals_stage ON deals (stage);
CREATE INDEX deals_stage_hash ON deals USING hash (stage);
ANALYZE deals;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT stage FROM deals ORDER BY stage DESC LIMIT 1;
SELECT min(stage), max(stage) FROM deals;
EXPLAIN (COSTS OFF) SELECT count(*) FROM deals WHERE stage > '6:stage 5';
SELECT count(*) FROM deals WHERE stage > '6:stage 5';
SELECT count(*) FROM deals WHERE stage = '3:stage 2';
DROP INDEX deals_stage;
EXPLAIN (COSTS OFF) SELECT count(*) FROM deals WHERE stage = '3:stage 2';
SELECT count(*) FROM deals WHERE stage = '3:stage 2';
RESET enable_seqscan;
RESET enable_bitmapscan;

-- sorting many values, abbreviated keys included
SELECT count(*) AS out_of_order
FROM (SELECT s, lag(s) OVER (ORDER BY s) AS before
	FROM (SELECT funnel_stage(1 + (g * 7919 % 300), 'long name in common ' || md5(g::text)) AS s
		FROM generate_series(1, 5000) g) g) o
WHERE before IS NOT NULL AND
	(stage_position(before), stage_name(before) COLLATE "C") >
	(stage_position(s), stage_name(s) COLLATE "C");

-- a unique index
CREATE TABLE pipeline (stage funnel_stage PRIMARY KEY);
INSERT INTO pipeline VALUES ('1:lead'), ('2:demo'), ('3:won');
INSERT INTO pipeline VALUES ('02:demo');
INSERT INTO pipeline VALUES ('02:demo') ON CONFLICT DO NOTHING;

-- hash and range partitions
CREATE TABLE by_hash (s funnel_stage) PARTITION BY HASH (s);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE by_hash_2 PARTITION OF by_hash FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO by_hash SELECT funnel_stage(1 + g % 50, 'n' || g % 50) FROM generate_series(1, 1000) g;
SELECT count(*), count(DISTINCT s), count(DISTINCT tableoid) FROM by_hash;
SELECT count(DISTINCT tableoid) AS partitions_of_one_value FROM by_hash WHERE s = '8:n7';
CREATE TABLE by_range (s funnel_stage) PARTITION BY RANGE (s);
CREATE TABLE by_range_early PARTITION OF by_range FOR VALUES FROM (MINVALUE) TO ('3');
CREATE TABLE by_range_late PARTITION OF by_range FOR VALUES FROM ('3') TO (MAXVALUE);
INSERT INTO by_range VALUES ('2:zzz'), ('3'), ('3:a'), ('10:b');
SELECT tableoid::regclass, s FROM by_range ORDER BY s;

-- binary and text COPY round trips
\getenv abs_builddir PG_ABS_BUILDDIR
\cd :abs_builddir
CREATE TABLE copies (LIKE stages);
\copy stages TO 'results/stage.txt'
\copy copies FROM 'results/stage.txt'
\copy stages TO 'results/stage.bin' WITH (FORMAT binary)
\copy copies FROM 'results/stage.bin' WITH (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE a.s IS NOT DISTINCT FROM b.s) AS same
FROM stages a JOIN copies b USING (id);

-- binary input is checked: the bytes of a bytea are read as a stage
CREATE TABLE received (s funnel_stage);
\copy (VALUES ('\x000263617274'::bytea), ('\x0001'), ('\x7fffc3a9')) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
SELECT s FROM received;
\copy (VALUES ('\x'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\copy (VALUES ('\x02'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\copy (VALUES ('\x000063617274'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\copy (VALUES ('\x800063617274'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\copy (VALUES ('\xffff63617274'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\copy (VALUES ('\x000261c3'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\copy (VALUES ('\x0002610062'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy (VALUES ('\x000063617274'::bytea)) TO 'results/stage.bin' WITH (FORMAT binary)
\copy received FROM 'results/stage.bin' WITH (FORMAT binary)
\set VERBOSITY default

-- long names: compressed and toasted values compare and hash as others
CREATE TABLE toasted (s funnel_stage);
INSERT INTO toasted VALUES (funnel_stage(5, repeat('long', 100000)));
INSERT INTO toasted SELECT funnel_stage(5, string_agg(md5(g::text), '' ORDER BY g))
FROM generate_series(1, 10000) g;
SELECT stage_position(s), length(stage_name(s)), s = s AS eq,
	s = funnel_stage(5, stage_name(s)) AS eq_fresh, s < '5:m' AS lt,
	funnel_stage_hash(s) = funnel_stage_hash(funnel_stage(5, stage_name(s))) AS hash
FROM toasted ORDER BY s;

-- stored beside plain columns, a short header leaves the value unaligned
CREATE TABLE packed (a boolean, s funnel_stage, b boolean, t funnel_stage);
INSERT INTO packed VALUES (true, '2:x', false, '300:y');
SELECT *, s < t AS lt, stage_name(t) FROM packed;

-- a materialized view refreshes concurrently, comparing byte images
CREATE MATERIALIZED VIEW stage_counts AS
	SELECT s, count(*) AS n FROM stages WHERE s IS NOT NULL GROUP BY s;
CREATE UNIQUE INDEX ON stage_counts (s);
INSERT INTO stages VALUES (13, '010:a');
REFRESH MATERIALIZED VIEW CONCURRENTLY stage_counts;
SELECT * FROM stage_counts WHERE s = '10:a';

-- Forged bytes.  Only a superuser can have a bytea taken for a stage, but a
-- value must not be believed wherever it came from.  What orders stages looks at
-- no position, and so has an answer.
CREATE CAST (bytea AS funnel_stage) WITHOUT FUNCTION;
CREATE FUNCTION forged(bytes bytea, expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
BEGIN
	EXECUTE format('SELECT (%s)::text FROM (SELECT $1::funnel_stage) AS v(s)', expression) INTO answer USING bytes;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
SELECT expression, answer, count(*) AS times
FROM unnest(ARRAY['s', 's::int', 'stage_position(s)', 'stage_name(s)', 'funnel_stage_send(s)',
		'funnel_def(ARRAY[s], NULL)', 'funnel_def(ARRAY[''1:a'', s], NULL)',
		$q$funnel_agg(1, timestamptz '2026-01-01', s, 'a')$q$,
		$q$funnel_progress_agg(timestamptz '2026-01-01', s, 'a')$q$,
		's = s', $q$s < '1:a'$q$, 'max(s) IS NULL', 'hash_record(ROW(s)) IS NULL']) WITH ORDINALITY AS e(expression, ord),
	unnest('{"","\\x00","\\x01","\\x0000","\\x000061","\\x800061","\\xffff"}'::bytea[]) AS bytes,
	forged(bytes, expression) AS answer
GROUP BY ord, expression, answer ORDER BY ord, answer;
SELECT forged('\x000161', 's'), forged('\x7fff', 's');
DROP FUNCTION forged(bytea, text);
DROP CAST (bytea AS funnel_stage);

DROP TABLE stages CASCADE;
DROP TABLE deals, pipeline, by_hash, by_range, copies, received, toasted, packed;
