-- A partial state on its way to the one that finishes: the same bytes as from
-- one state, in whatever form its events are.  Plans by partition hand over
-- within a process: without groups a state is lent, with groups, even if it is
-- only one, it is a message, as it is from a parallel worker.

CREATE TABLE parts (p int, n int, u bigint, t timestamptz, e text, labels text[], v float8)
	PARTITION BY LIST (p);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES IN (0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);

-- Many events in two parts and a few in the third.  Labels are subsets of a to
-- i: in the first two parts by six and six of their bits, in opposite order.
INSERT INTO parts
SELECT p, n, (hashint4(n) & 2047) - 1000, timestamptz '2026-01-01Z' + (hashint4(n + 1000000) & 65535) * interval '1 minute',
	   (ARRAY['a', 'b', 'c', 'x', NULL])[1 + (hashint4(n + 2000000) & 7) % 5],
	   ARRAY(SELECT chr(96 + b) FROM generate_series(1, 9) b
			 WHERE (CASE p WHEN 1 THEN 60000 - n ELSE n END % 64 << (CASE p WHEN 1 THEN 3 ELSE 0 END)) >> (b - 1) & 1 = 1),
	   n / 8.0
FROM (SELECT CASE WHEN n > 59980 THEN 2 ELSE n % 2 END AS p, n FROM generate_series(1, 60000) n) s;
ANALYZE parts;

CREATE TABLE cases (name text, unit text DEFAULT 'u', ts text DEFAULT 't', label text DEFAULT 'e',
					definition text DEFAULT 'a -> b -> c within 9 days', rest text DEFAULT '');
INSERT INTO cases (name) VALUES ('plain');
INSERT INTO cases (name, definition) VALUES
	('first entry', 'a -> b -> c within 9 days, first entry'),
	('every row counts', 'a => b -[!x]-> c within 9 days'),
	('any order', 'a -> b -> c within 9 days, any order'),
	('no row counts', 'k -> l');
INSERT INTO cases (name, unit) VALUES
	('units of text', '''unit '' || u'),
	('units of many lengths', 'repeat(''x'', (n % 50)) || u'),
	('units of great lengths', 'repeat(''x'', CASE (u + 1000) % 64 WHEN 0 THEN 16384 WHEN 1 THEN 128 WHEN 2 THEN 127 ELSE 120 + (u % 7)::int END) || u'),
	('units of two bytes', '(u % 1000)::int2'),
	('units at the ends', 'CASE u % 3 WHEN 0 THEN 9223372036854775807 WHEN 1 THEN -9223372036854775808 ELSE 0 END'),
	('units as uuid', 'md5(u::text)::uuid'),
	('units as numeric', 'u + 0.50'),
	('units as rows', 'ROW(u, u::text)'),
	('wider and wider units', '1 << (n % 31)'),
	('the widest units', 'CASE p WHEN 0 THEN u WHEN 1 THEN -u ELSE hashint8extended(u, 1) END');
INSERT INTO cases (name, ts) VALUES
	('late rows', 't - n % 3 * interval ''5 minutes'''),
	('one instant', 'timestamptz ''2026-01-01Z'''),
	('in order of time', 'timestamptz ''2026-01-01Z'' + n * interval ''1 minute'''),
	('in order and late', 'timestamptz ''2026-01-01Z'' + (n - CASE n % 100 WHEN 0 THEN n / 2 ELSE 0 END) * interval ''1 minute'''),
	('in order, with great gaps', 'timestamptz ''2026-01-01Z'' + n / 2000 * interval ''20 years'' + n * interval ''1 s'''),
	('a thousand years', 'timestamptz ''2026-01-01Z'' + n % 300 * interval ''3 years'' + n * interval ''1 minute'''),
	('before the epoch', 't - interval ''900 years'''),
	('wide in the first', 't - CASE p WHEN 0 THEN interval ''2000 years'' ELSE interval ''0'' END'),
	('wide in the second', 't - CASE p WHEN 1 THEN interval ''2000 years'' ELSE interval ''0'' END'),
	('wide in the last', 't - CASE p WHEN 2 THEN interval ''2000 years'' ELSE interval ''0'' END'),
	('wide', 't - interval ''2000 years''');
INSERT INTO cases (name, label, definition) VALUES
	('codes in another order', 'labels[1:6]', 'd -> e -> f -> b -> c -> a'),
	('more codes than there are', 'labels || CASE p WHEN 0 THEN ''{}'' ELSE ''{j}''::text[] END
		|| CASE n % 3 WHEN 0 THEN ''{k}'' WHEN 1 THEN ''{l}'' ELSE ''{}''::text[] END',
		'a -> b -> c -> d -> e -> f -> g -> h -> i -> j -> k -> l'),
	('more codes in one', 'CASE p WHEN 0 THEN labels ELSE labels || CASE n % 5 WHEN 0 THEN ''{}''::text[] WHEN 1 THEN ''{a}'' WHEN 2 THEN ''{b}'' WHEN 3 THEN ''{a,b}'' ELSE ''{a,b,c}'' END END',
		'a -> b -> c -> d -> e -> f -> g -> h -> i within 9 days');
UPDATE cases SET unit = 'u + 1000' WHERE name = 'in order, with great gaps';
INSERT INTO cases (name, label, definition) VALUES
	('stages', '(''1:'' || e)::funnel_stage', 'b: a -> a: b|c -> c within 9 days');
INSERT INTO cases (name, unit, ts, rest) VALUES
	('values', 'u', 't', ', v'),
	('values of text', 'u::text', 't', ', v'),
	('values, wide in the second', 'u', 't - CASE p WHEN 1 THEN interval ''2000 years'' ELSE interval ''0'' END', ', v'),
	('values, wide', 'u::text', 't - interval ''2000 years''', ', v');
INSERT INTO cases (name, label, definition, rest) VALUES
	('values, codes in another order', 'array_to_string(labels, '''')', '*d* -> *e* -> *f* -> *b* -> *c* -> *a*', ', v');

-- What a query with one aggregate says if its state is whole, lent or sent
CREATE FUNCTION answer(query text, how text, OUT result text, OUT plan text) LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	IF how = 'sent' THEN
		query := query || ' GROUP BY p >= 0';
	END IF;
	PERFORM set_config('enable_partitionwise_aggregate', (how <> 'whole')::text, true);
	plan := '';
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		plan := plan || line;
	END LOOP;
	EXECUTE query INTO result;
END $$;

CREATE FUNCTION wrong() RETURNS TABLE (name text, how text, whole text, partial text) LANGUAGE plpgsql AS $$
DECLARE
	query text;
	c record;
	a record;
	b record;
BEGIN
	FOR c IN TABLE cases LOOP
		query := format('SELECT funnel_agg(%s, %s, %s, %L%s)::text FROM parts',
						c.unit, c.ts, c.label, c.definition, c.rest);
		a := answer(query, 'whole');
		FOREACH how IN ARRAY ARRAY['lent', 'sent'] LOOP
			b := answer(query, how);
			IF a.plan LIKE '%Partial%' OR
				b.plan NOT LIKE replace('%Partial X%Partial X%Partial X%', 'X',
										(CASE how WHEN 'lent' THEN 'Aggregate' ELSE 'HashAggregate' END)) OR
				a.result IS DISTINCT FROM b.result OR
				(funnel_units(a.result::funnel_result) = 0) <> (c.name = 'no row counts') THEN
				name := c.name;
				whole := left(a.result, 200);
				partial := left(b.result, 200);
				RETURN NEXT;
			END IF;
		END LOOP;
	END LOOP;
END $$;

SET max_parallel_workers_per_gather = 0;
SET work_mem = '64MB';
SELECT count(*) FROM cases;
SELECT * FROM wrong();

-- A loan ends when its lender begins anew, and an error leaves none behind
SET enable_partitionwise_aggregate = on;
SELECT funnel_agg(u / (1 - p), t, e, 'a -> b -> c within 9 days') FROM parts;
RESET enable_partitionwise_aggregate;
SELECT lent.result = (answer(query, 'whole')).result AS same,
	   lent.plan LIKE '%SubPlan%Partial Aggregate%' AS again_and_again
FROM (VALUES ('SELECT string_agg(md5((SELECT funnel_agg(u, t, e, ''a -> b -> c within 9 days'')
	FROM parts WHERE u > g)::text), '' '') FROM generate_series(-1000, 1000, 500) g')) v(query),
	 answer(query, 'lent') lent;

-- What comes when the memory is spent goes to the file
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM wrong();

-- A plan that runs again sends the same once more
SELECT lent.plan LIKE '%SubPlan%GroupAggregate%Sort%Append%Partial HashAggregate%' AS again_and_again,
	   lent.result = (SELECT string_agg(md5((answer(whole, 'whole')).result) || g, ' ') FROM generate_series(1, 3) g) AS same
FROM (VALUES ('SELECT funnel_agg(u, t, e, ''a -> b -> c within 9 days'')::text FROM parts',
			  'SELECT string_agg((SELECT max(md5(f::text)) || g FROM (
	SELECT funnel_agg(u, t, e, ''a -> b -> c within 9 days'') AS f FROM parts GROUP BY p >= 0) s), '' '')
FROM generate_series(1, 3) g')) v(whole, query),
	 answer(query, 'lent') lent;
RESET work_mem;
RESET hash_mem_multiplier;

-- All of a plan may run in a worker, which then reads what it wrote itself
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = '1GB';
SELECT set_config(name, 'on', false) AS forced FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT name, worker.plan LIKE '%Single Copy: true%Finalize Aggregate%Partial Aggregate%' AS in_a_worker,
	   worker.result = (answer(query, 'whole')).result AS same
FROM (VALUES ('funnel_agg', 'SELECT funnel_agg(''unit '' || u, t, e, ''a -> b -> c within 9 days'')::text FROM parts'),
			 ('funnel_agg_by', 'SELECT funnel_agg_by(''unit '' || u, t, e, ''a -> b -> c within 9 days'', p::text)::text FROM parts'),
			 ('flow_agg', 'SELECT flow_agg(''unit '' || u, t, e, 3)::text FROM parts')) v(name, query),
	 answer(query, 'lent') worker;
SELECT set_config(name, 'off', false) AS forced FROM pg_settings
WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;

-- So does what comes in many small parts
CREATE TABLE many (p int, u int, t timestamptz, e text) PARTITION BY LIST (p);
SELECT format('CREATE TABLE many_%s PARTITION OF many FOR VALUES IN (%s)', p, p)
FROM generate_series(0, 7) p \gexec
INSERT INTO many
SELECT n % 8, n / 2, timestamptz '2026-01-01Z' + n * interval '1 s', CASE n & 1 WHEN 0 THEN 'a' ELSE 'b' END
FROM generate_series(1, 80000) n;
CREATE FUNCTION writes_file(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || query INTO plan;
	RETURN (plan #>> '{0,Plan,Temp Written Blocks}')::int > 0;
END $$;
SET enable_partitionwise_aggregate = on;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT writes_file(query || ' GROUP BY p >= 0'),
	   (answer(query, 'sent')).result = (answer(query, 'whole')).result AS same,
	   funnel_units((answer(query, 'sent')).result::funnel_result) AS units
FROM (VALUES ('SELECT funnel_agg(u, t, e, ''a -> b within 1 day'')::text FROM many')) v(query);
RESET work_mem;
RESET hash_mem_multiplier;

-- Many states, whose events are merged up to a number of them: rows by turns, some
-- ahead of time and some late, and units that are in some parts only
CREATE TABLE turns (p int, u int, t timestamptz, e text) PARTITION BY LIST (p);
SELECT format('CREATE TABLE turns_%s PARTITION OF turns FOR VALUES IN (%s)', p, p)
FROM generate_series(0, 9) p \gexec
INSERT INTO turns
SELECT p, CASE WHEN u % 5 = p THEN u + 1 ELSE u END,
	timestamptz '2026-01-01Z' + n * interval '1 min' +
	CASE WHEN n % 97 = 0 THEN interval '2 days' WHEN n % 89 = 0 THEN interval '-1 day' ELSE interval '0' END,
	(ARRAY['a', 'b', 'c'])[1 + n / 7 % 3]
FROM generate_series(1, 200000) n, LATERAL (SELECT n / 40 % 10 AS p, n * 7919 % 3001 AS u OFFSET 0) r;
CREATE FUNCTION in_turns() RETURNS TABLE (states int, unit text, same bool, units bigint) LANGUAGE plpgsql AS $$
DECLARE
	query text;
BEGIN
	FOREACH states IN ARRAY ARRAY[7, 8, 9, 10] LOOP
		FOREACH unit IN ARRAY ARRAY['u', '''unit '' || u'] LOOP
			query := format('SELECT funnel_agg(%s, t, e, ''a -> b -> c within 20 days'')::text FROM turns WHERE p < %s',
							unit, states);
			same := (answer(query, 'lent')).result = (answer(query, 'whole')).result;
			units := funnel_units((answer(query, 'lent')).result::funnel_result);
			RETURN NEXT;
		END LOOP;
	END LOOP;
END $$;
SELECT * FROM in_turns();
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT states, unit, same FROM in_turns() WHERE states IN (7, 10);
RESET work_mem;
RESET hash_mem_multiplier;

-- A partition too large for the cache, most of it a single unit's
CREATE TABLE huge (p int, u int, t timestamptz, e text) PARTITION BY LIST (p);
CREATE TABLE huge_0 PARTITION OF huge FOR VALUES IN (0);
CREATE TABLE huge_1 PARTITION OF huge FOR VALUES IN (1);
INSERT INTO huge
SELECT n & 1, CASE WHEN n % 1000 = 0 THEN n / 1000 % 300 ELSE 0 END, timestamptz '2026-01-01Z' + n * interval '5 hours', (ARRAY['a', 'b', 'c'])[1 + n % 3]
FROM generate_series(1, 1600000) n;
SELECT (answer(query, 'lent')).result = (answer(query, 'whole')).result AS lent_same,
	   (answer(query, 'sent')).result = (answer(query, 'whole')).result AS sent_same,
	   funnel_units((answer(query, 'sent')).result::funnel_result) AS units
FROM (VALUES ('SELECT funnel_agg(u, t, e, ''a -> b -> c within 1 day'')::text FROM huge')) v(query);

-- Workers
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT funnel_agg(u, t, e, 'a -> b -> c within 1 day') FROM huge_0;
SELECT funnel_agg(u, t, e, 'a -> b -> c within 1 day')::text AS in_workers FROM huge_0 \gset
-- memory for a part of the rows
SET work_mem = '1MB';
SET hash_mem_multiplier = 1;
SELECT funnel_agg(repeat('x', 10) || u, t, e, 'a -> b -> c within 1 day')::text AS spilled_in_workers FROM huge_0 \gset
RESET work_mem;
RESET hash_mem_multiplier;
SET max_parallel_workers_per_gather = 0;
SELECT funnel_agg(u, t, e, 'a -> b -> c within 1 day')::text = :'in_workers' AS same FROM huge_0;
SELECT :'in_workers' = :'spilled_in_workers' AS spilled_same;

-- Workers that have more than they keep until the end, of one group and of several,
-- with as much memory as they like
CREATE VIEW spread AS
SELECT timestamp_hash(t AT TIME ZONE 'UTC') & 4095 AS u, t, e, t < '2200-01-01Z' AS g FROM huge_0;
CREATE TABLE written_ahead (unit text, rest text, workers int, leader bool, result text);
CREATE FUNCTION write_ahead(n int, leads bool) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	unit text;
	rest text;
	answer text;
BEGIN
	PERFORM set_config('max_parallel_workers_per_gather', n::text, true),
		set_config('parallel_leader_participation', leads::text, true),
		set_config('max_parallel_workers', CASE WHEN leads THEN '8' ELSE '1' END, true);
	FOREACH unit IN ARRAY ARRAY['u::bigint << 40', 'repeat(''x'', 60) || u'] LOOP
		FOREACH rest IN ARRAY ARRAY['', 'GROUP BY g'] LOOP
			EXECUTE format('SELECT string_agg(f::text, '' and '' ORDER BY f::text)
				FROM (SELECT funnel_agg(%s, t, e, ''a -> b -> c within 9 days'') AS f FROM spread %s) s', unit, rest) INTO answer;
			INSERT INTO written_ahead VALUES (unit, rest, n, leads, answer);
		END LOOP;
	END LOOP;
END $$;
SET work_mem = '256MB';
SELECT write_ahead(0, true), write_ahead(2, false), write_ahead(2, true);
RESET work_mem;
SELECT rest, count(*), count(DISTINCT result) AS results, min(cardinality(string_to_array(result, ' and '))) AS groups
FROM written_ahead GROUP BY rest ORDER BY rest;

DROP VIEW spread;
DROP TABLE parts, many, turns, huge, cases, written_ahead;
DROP FUNCTION answer, wrong, writes_file, in_turns, write_ahead;
