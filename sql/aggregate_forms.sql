--
-- The forms of funnel_agg: several labels, stages, values, progress
--
SET TimeZone = 'UTC';
CREATE TABLE deals (deal int, ts timestamptz, labels text[], stage funnel_stage, amount float8);
INSERT INTO deals VALUES
	(1, '2026-01-01', '{form,web}', '1:lead', 100), (1, '2026-01-05', '{demo}', '2:demo', 90.5), (1, '2026-01-09', '{won}', '3:won', 80),
	(2, '2026-01-02', '{call,NULL}', '1:lead', NULL), (2, '2026-01-03', '{demo,lost}', '2:demo', 70),
	(3, '2026-01-02', '{}', NULL, 1e9), (3, '2026-01-04', NULL, NULL, 1e9),
	(4, '2026-01-02', '{form,demo}', '1:lead', -5), (4, '2026-01-06', '{web}', '4:lost', NULL),
	(NULL, '2026-02-01', '{form}', '1:lead', 'NaN'), (5, NULL, '{form}', '1:lead', 'Infinity');

-- Several labels: what any of them matches, steps and exclusions; one row never fills two steps.
SELECT step, stage, users, dropped, pending
FROM funnel_report((SELECT funnel_agg(deal, ts, labels, 'form|call -> demo -> won within 30 days') FROM deals));
SELECT step, stage, users FROM funnel_report((SELECT funnel_agg(deal, ts, labels, 'form|call -[!lost]-> demo -[!lost]-> won') FROM deals));
SELECT step, stage, outcome, users FROM funnel_dropoff((SELECT funnel_agg(deal, ts, labels, 'web -[!demo]-> won') FROM deals)) WHERE users > 0;
SELECT funnel_horizon(funnel_agg(deal, ts, labels, 'form')) FROM deals WHERE deal = 3;

-- Stages, by name; the position is that of the definition, not that of the row.
SELECT step, stage, users FROM funnel_report((SELECT funnel_agg(deal, ts, stage, 'lead -> demo -> won') FROM deals));
SELECT step, stage, users FROM funnel_report((SELECT funnel_agg(deal, ts, stage, 'in: lead -> demo|lost -> won') FROM deals));
SELECT step, stage, users FROM funnel_report((SELECT funnel_agg(deal, ts, stage, 'lead -> d* -> won, any order') FROM deals));
SELECT funnel_agg(deal, ts, stage, funnel_def(ARRAY['1:lead', '2:demo', '3:won']::funnel_stage[], '30 days'))::text =
	   funnel_agg(deal, ts, stage_name(stage), 'lead -> demo -> won within 30 days')::text AS same
FROM deals;
-- what stage_of gives fits
\set d '''lead: form|call -> product: d* -[!lost]-> won'''
SELECT funnel_agg(deal, ts, stage_of(l, :d), :d)::text = funnel_agg(deal, ts, l, :d)::text AS same
FROM deals, LATERAL unnest(labels) l WHERE l <> 'lost';

-- Values: of the rows of each unit's passage; NULL is none.
SELECT step, stage, users, value
FROM funnel_report((SELECT funnel_agg(deal, ts, stage_name(stage), 'lead -> demo -> won', amount) FROM deals));
SELECT step, users, value FROM funnel_report((SELECT funnel_agg(1, ts, e, 'a -> b -> c', v)
	FROM (VALUES (timestamptz '2026-01-01', 'a', 5::float8), ('2026-01-02', 'a', 7), ('2026-01-03', 'b', NULL), ('2026-01-03', 'b', 2), ('2026-01-03', 'b', -0.5)) v(ts, e, v)));
-- among rows equally usable the smallest, none last
SELECT step, value FROM funnel_report((SELECT funnel_agg(1, timestamptz '2026-01-01', e, 'a -> a -> a -> a -> a -> a', v)
	FROM (VALUES ('a', NULL::float8), ('a', '1e308'), ('a', 3), ('a', 0), ('a', -1e-300), ('a', -2), ('a', 4)) v(e, v)));
-- no value, and none asked for
SELECT step, users, value FROM funnel_report((SELECT funnel_agg(deal, ts, stage_name(stage), 'lead -> demo', NULL::float8) FROM deals));
SELECT step, users, value FROM funnel_report((SELECT funnel_agg(deal, ts, stage_name(stage), 'lead -> demo') FROM deals));
-- adding up
SELECT step, value FROM funnel_report((SELECT funnel_agg(u, timestamptz '2026-01-01' + u * interval '1 s', 'a', 'a', u) FROM generate_series(1, 100000) u));
-- rows that turn the store wide keep their values
SELECT step, users, value FROM funnel_report((SELECT funnel_agg(u, timestamptz '2026-01-01' + CASE WHEN u = 5000 THEN interval '9000 years' ELSE '0' END, 'a', 'a', u) FROM generate_series(1, 10000) u));
SELECT funnel_agg(1, ts, stage_name(stage), 'lead', float8 'NaN') FROM deals;
SELECT funnel_agg(1, ts, 'x', 'lead', float8 '-Infinity') FROM deals;
SELECT funnel_agg(deal, ts, stage_name(stage), 'lead', 1e308 + amount * 0) FROM deals WHERE deal IN (1, 4);
SELECT funnel_agg(deal, ts, stage_name(stage), 'x|lead|demo -> z', 1.5e308) FROM deals WHERE deal IN (1, 2);

-- Twins
SELECT funnel_agg(deal, ts, labels, 'form -> demo')::text = funnel_agg(deal, ts::timestamp, labels, 'form -> demo')::text AS "timestamp",
	   funnel_agg(deal, ts, labels, 'form -> demo')::text = funnel_agg(deal, ts::date, labels, 'form -> demo')::text AS date,
	   funnel_agg(deal, ts, stage, 'lead -> demo')::text = funnel_agg(deal, ts::timestamp, stage, 'lead -> demo')::text AS stage_timestamp,
	   funnel_agg(deal, ts, stage, 'lead -> demo')::text = funnel_agg(deal, ts::date, stage, 'lead -> demo')::text AS stage_date,
	   funnel_agg(deal, ts, labels[1], 'form -> demo', 1)::text = funnel_agg(deal, ts::timestamp, labels[1], 'form -> demo', 1)::text AS value_timestamp,
	   funnel_agg(deal, ts, labels[1], 'form -> demo', 1)::text = funnel_agg(deal, ts::date, labels[1], 'form -> demo', 1)::text AS value_date
FROM deals;
SELECT count(*) FROM pg_proc WHERE proname = 'funnel_agg' AND obj_description(oid) IS NULL;

-- Values through partial states, in several processes and in one
CREATE TABLE spent (u int, ts timestamptz, e text, v float8) PARTITION BY HASH (ts);
CREATE TABLE spent_0 PARTITION OF spent FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE spent_1 PARTITION OF spent FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO spent SELECT i % 1000, timestamptz '2026-01-01' + i * interval '1 min', (ARRAY['a', 'b', 'c'])[1 + i % 7 % 3], i % 16 FROM generate_series(1, 20000) i;
ANALYZE spent;
CREATE TEMP TABLE whole AS SELECT funnel_agg(u, ts, e, 'a -> b -> c within 5 days', v)::text AS r FROM spent;
SET enable_partitionwise_aggregate = on;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT funnel_agg(u, ts, e, 'a -> b -> c within 5 days', v) FROM spent;
SELECT funnel_agg(u, ts, e, 'a -> b -> c within 5 days', v)::text = r AS same FROM spent, whole GROUP BY r;
SELECT (SELECT funnel_agg(u, ts, e, 'a -> b -> c within 5 days', v) FROM spent)::text = r AS same FROM whole;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT funnel_agg(u, ts, e, 'a -> b -> c within 5 days', v) FROM spent;
SELECT (SELECT funnel_agg(u, ts, e, 'a -> b -> c within 5 days', v) FROM spent)::text = r AS same FROM whole;
RESET enable_partitionwise_aggregate;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- Progress: one row is one unit.  Those that never entered count for the clock.
SELECT funnel_agg(p)::text = (SELECT funnel_agg(deal, ts, stage, 'lead -> demo -> won within 30 days') FROM deals)::text AS same
FROM (SELECT funnel_progress_agg(ts, stage, 'lead -> demo -> won within 30 days') AS p FROM deals WHERE deal IS NOT NULL GROUP BY deal) s;
SELECT funnel_horizon(r), funnel_units(r) FROM (SELECT funnel_agg(p) AS r
	FROM (SELECT funnel_progress_agg(ts, stage, 'lead -> demo') AS p FROM deals WHERE deal = 3) s) t;
-- NULL, and a row of NULLs, is no unit
SELECT funnel_agg(p) IS NULL AS "null" FROM (VALUES (NULL::funnel_progress), (ROW(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::funnel_progress)) v(p);
SELECT funnel_agg(p) IS NULL AS "null" FROM (SELECT NULL::funnel_progress WHERE false) v(p);
SELECT funnel_agg(NULL::funnel_progress) IS NULL AS "null";
-- A passage answers one question and can be counted under no other, even where
-- the stages have the same names.
CREATE TABLE passages AS
SELECT d, deal, funnel_progress_agg(ts, labels, d) AS p
FROM deals, unnest('{form|call -> won, form|call -[!demo]-> won, form|call -> won within 5 days}'::funnel_def[]) d
WHERE deal IS NOT NULL GROUP BY d, deal;
SELECT d, funnel_definition(r) = d AS carried, users
FROM (SELECT d, funnel_agg(p) AS r FROM passages GROUP BY d) s, funnel_report(r) WHERE step = 2 ORDER BY d;
\set VERBOSITY terse
SELECT funnel_agg(p, 'form|call -[!demo]-> won') FROM passages;
\set VERBOSITY default
SELECT funnel_agg(p ORDER BY d) FROM passages;
\echo :LAST_ERROR_SQLSTATE
SELECT funnel_agg(ROW(NULL, 'absent', NULL, NULL, '2026-01-09', NULL, NULL, NULL)::funnel_progress);
\echo :LAST_ERROR_SQLSTATE
SELECT users FROM (SELECT funnel_agg(p) AS r FROM passages GROUP BY (p).definition) s, funnel_report(r) WHERE step = 2 ORDER BY users;
-- also in a window, where one state goes on after it was read
SELECT deal, funnel_units(funnel_agg(p) OVER (ORDER BY deal)) FROM passages WHERE d = 'form|call -> won' ORDER BY deal;

-- To equal the whole set, leave out the unit that is NULL, and no other: a row
-- of NULLs is one.  IS NOT NULL asks a row whether none of its fields is.
CREATE TYPE visitor AS (account int, device text);
CREATE TABLE visits AS
SELECT u, ts, e FROM (VALUES (ROW(1, 'phone')::visitor), (ROW(1, NULL)::visitor), (ROW(NULL, NULL)::visitor), (NULL)) v(u),
	(VALUES (timestamptz '2026-01-01', 'a'), ('2026-01-02', 'b')) w(ts, e);
SELECT which, funnel_units(r), r::text = whole::text AS same
FROM (SELECT funnel_agg(u, ts, e, 'a -> b') AS whole FROM visits) w, LATERAL (
	SELECT 'IS DISTINCT FROM NULL' AS which, funnel_agg(p) AS r
	FROM (SELECT funnel_progress_agg(ts, e, 'a -> b') AS p FROM visits WHERE u IS DISTINCT FROM NULL GROUP BY u) s
	UNION ALL SELECT 'IS NOT NULL', funnel_agg(p)
	FROM (SELECT funnel_progress_agg(ts, e, 'a -> b') AS p FROM visits WHERE u IS NOT NULL GROUP BY u) s) two ORDER BY which;

-- A value that its definition cannot give is an error where it can be seen.
-- Each value lacks its last attribute, the definition.
CREATE FUNCTION pg_temp.try(value text, definition funnel_def DEFAULT 'a -> b? -> c -[1 hour]-> d within 1 day') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	state text;
BEGIN
	-- and what comes out is a result that can be read back
	RETURN funnel_units(funnel_agg((rtrim(value, ')') || format(',"%s")', definition))::funnel_progress)::text::funnel_result) || ' units';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, state = RETURNED_SQLSTATE;
	RETURN state || ': ' || SQLERRM || coalesce(': ' || detail, '');
END $$;
SELECT funnel_agg(ROW('3:c', 'absent', '2026-01-01', '{2026-01-01,NULL,2026-01-01 01:00}', '2026-01-09', '2026-01-01 02:00', '{x,NULL,y}',
				  'a -> b? -> c -[1 hour]-> d within 1 day')::funnel_progress)::jsonb - 'definition' AS result;
SELECT v, pg_temp.try(v) FROM unnest(ARRAY[
	-- right
	'(3:c,late,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(4:d,converted,2026-01-01,"{2026-01-01,2026-01-01,2026-01-01,2026-01-01}",2026-01-01,,)',
	'(,absent,,,2026-01-09,,)',
	'(1:a,early,2026-01-01,{2026-01-01},2026-01-01,2026-01-02,)',
	'(1:a,early,2026-01-01,{2026-01-01},2026-01-01,infinity,)',
	-- wrong
	'(5:e,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01,2026-01-01,2026-01-01}",2026-01-09,,)',
	'(3:x,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:cc,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00,2026-01-01}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,{},2026-01-09,,)',
	'(3:c,absent,2026-01-01,"[0:2]={2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{{2026-01-01,NULL,2026-01-01 01:00}}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,,2026-01-09,,)',
	'(3:c,absent,,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,absent,2026-01-02,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,2026-01-01,NULL}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{NULL,2026-01-01,2026-01-01}",2026-01-09,,)',
	'(4:d,converted,2026-01-01,"{2026-01-01,NULL,NULL,2026-01-01}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,2026-01-01 02:00,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,infinity}",2026-01-09,,)',
	'(3:c,absent,-infinity,"{-infinity,NULL,2026-01-01}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,2026-01-02 00:00:01}",2026-01-09,,)',
	'(4:d,converted,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00,2026-01-01 02:00:01}",2026-01-09,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",infinity,,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-01,,)',
	'(3:c,,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,gone,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,converted,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(3:c,excluded,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,,)',
	'(4:d,late,2026-01-01,"{2026-01-01,NULL,2026-01-01,2026-01-01}",2026-01-09,,)',
	'(,late,,,2026-01-09,,)',
	'(,absent,2026-01-01,,2026-01-09,,)',
	'(,absent,,{2026-01-01},2026-01-09,,)',
	'(,absent,,,2026-01-09,2026-01-09,)',
	'(,absent,,,,,{x})',
	'(4:d,converted,2026-01-01,"{2026-01-01,NULL,2026-01-01,2026-01-01}",2026-01-01,2026-01-02,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,-infinity,)',
	'(3:c,absent,2026-01-01,"{2026-01-01,NULL,2026-01-01 01:00}",2026-01-09,2027-01-09,)']) WITH ORDINALITY AS t(v, o) ORDER BY o;
SELECT pg_temp.try('(2:2 of 2,converted,2026-01-01,"{2026-01-01,2026-01-02}",2026-01-09,,)', 'a -> b, any order') AS any_order,
	   pg_temp.try('(2:2 of 2,converted,2026-01-01,"{2026-01-01,NULL}",2026-01-09,,)', 'a -> b, any order') AS skipped,
	   pg_temp.try('(1:1 of 2,early,2026-01-01,{2026-01-01},2026-01-09,,)', 'a -> b, any order') AS early;
SELECT pg_temp.try('(2:b,converted,2026-01-01,"{2026-01-01,2026-01-01}",2026-01-09,,)', 'a -> b increasing') AS increasing;
SELECT pg_temp.try('(1:a,absent,2026-01-01,{2026-01-01},2026-01-09,2026-02-01,)', 'a -> b') AS no_limit,
	   pg_temp.try('(1:a,late,2026-01-01,{2026-01-01},2026-01-09,,)', 'a -> b') AS never_late,
	   pg_temp.try('(1:a,late,2026-01-01,{2026-01-01},2026-01-09,,)', 'a -[1 s]-> b') AS late;
SELECT pg_temp.try('(2:b,converted,4714-11-24 BC,"{4714-11-24 BC,294276-12-31}",294276-12-31,,)', 'a -> b within 365000 days') AS far;
SELECT funnel_agg(p) FROM (VALUES ('(,absent,,,2026-01-09,,,a)'::funnel_progress), ('(,absent,,,2026-01-09,,,b)')) v(p);
-- a definition too long for a short header, compressed where it is stored
CREATE TABLE stored AS
SELECT u, funnel_progress_agg(ts, e, format('a -> "%s"', repeat('b', 9000))::funnel_def) AS p
FROM (SELECT u, timestamptz '2026-01-01' AS ts, 'a' AS e FROM generate_series(1, 20) u) s GROUP BY u;
SELECT max(pg_column_size(p)) < 2000 AS compressed, funnel_units(funnel_agg(p)) FROM stored;
SELECT funnel_units(funnel_agg(p)) FROM (SELECT p FROM stored UNION ALL SELECT NULL) s;

-- The transition function is for aggregates only.
SELECT funnel_agg_progress_transfn(NULL, '(,absent,,,2026-01-09,,,a)');

DROP TABLE deals, spent, passages, stored, visits;
DROP TYPE visitor;

-- Whoever may alter the type is told so, whatever becomes of it.
CREATE FUNCTION pg_temp.altered(change text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'ALTER TYPE funnel_progress ' || change;
	EXECUTE $q$SELECT journey_progress('[["2026-01-01T00:00:00Z", "a"]]', 'a')$q$;
	RETURN 'made';
EXCEPTION WHEN datatype_mismatch THEN
	BEGIN
		EXECUTE 'ALTER TYPE funnel_progress ' || change;
		EXECUTE $q$SELECT funnel_agg(jsonb_populate_record(NULL::funnel_progress, '{"last_at": "2026-01-01", "definition": "7", "stage": "8"}'))$q$;
		RETURN 'counted';
	EXCEPTION WHEN datatype_mismatch THEN
		RETURN SQLERRM;
	END;
END $$;
SELECT change, pg_temp.altered(change) FROM unnest(ARRAY['ALTER ATTRIBUTE definition TYPE bigint', 'ALTER ATTRIBUTE stage TYPE bigint',
	'ALTER ATTRIBUTE outcome TYPE varchar', 'DROP ATTRIBUTE definition', 'ADD ATTRIBUTE more int']) change;
