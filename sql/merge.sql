--
-- funnel_merge and the combining of running tallies
--
SET TimeZone = 'UTC';
CREATE TABLE trips (u int, ts timestamptz, e text, shard int) PARTITION BY LIST (shard);
CREATE TABLE trips_0 PARTITION OF trips FOR VALUES IN (0);
CREATE TABLE trips_1 PARTITION OF trips FOR VALUES IN (1);
CREATE TABLE trips_2 PARTITION OF trips FOR VALUES IN (2);
INSERT INTO trips
SELECT i % 2000, timestamptz '2026-01-01' + (hashint4(i) & 16383) * interval '1 min', (ARRAY['a', 'b', 'c', 'x', 'b'])[1 + (hashint4(-i) & 65535) % 5], i % 2000 % 3
FROM generate_series(1, 20000) i;
ANALYZE trips;
SELECT $$'a -> b -[!x, 2 days]-> b? -> c within 6 days'::funnel_def$$ AS d \gset
CREATE TABLE whole AS SELECT funnel_agg(u, ts, e, :d) AS r FROM trips;
CREATE TABLE parts AS SELECT u % 50 AS part, funnel_agg(u, ts, e, :d) AS r FROM trips GROUP BY 1;
CREATE TABLE progress (shard int, p funnel_progress) PARTITION BY LIST (shard);
CREATE TABLE progress_0 PARTITION OF progress FOR VALUES IN (0);
CREATE TABLE progress_1 PARTITION OF progress FOR VALUES IN (1);
CREATE TABLE progress_2 PARTITION OF progress FOR VALUES IN (2);
INSERT INTO progress SELECT min(shard), funnel_progress_agg(ts, e, :d) FROM trips GROUP BY u;
ANALYZE parts, progress;
SELECT step, stage, users, dropped, pending FROM whole, funnel_report(r) ORDER BY step;

-- The same units give the same bytes: whole, merged, merged from merges, two
-- levels, two levels merged, in any order.
SELECT funnel_merge(p.r)::text = w.r::text AS merged FROM parts p, whole w GROUP BY w.r::text;
SELECT funnel_merge(p.r ORDER BY part DESC)::text = w.r::text AS backwards FROM parts p, whole w GROUP BY w.r::text;
SELECT funnel_merge(m)::text = w.r::text AS of_merges
FROM (SELECT funnel_merge(r) AS m FROM parts GROUP BY part % 7) s, whole w GROUP BY w.r::text;
SELECT funnel_agg(p)::text = w.r::text AS progress FROM progress, whole w GROUP BY w.r::text;
SELECT funnel_merge(m)::text = w.r::text AS of_progress
FROM (SELECT funnel_agg(p) AS m FROM progress GROUP BY shard) s, whole w GROUP BY w.r::text;
SELECT funnel_result_send(funnel_merge(p.r)) = funnel_result_send(w.r) AS bytes FROM parts p, whole w GROUP BY funnel_result_send(w.r);

-- NULL is nothing to merge.
SELECT funnel_merge(r) IS NULL AS "null" FROM (VALUES (NULL::funnel_result), (NULL)) v(r);
SELECT funnel_merge(r) IS NULL AS "null" FROM parts WHERE false;
SELECT (SELECT funnel_merge(CASE WHEN n > 0 THEN r END) FROM parts, generate_series(0, 1) n)::text = r::text AS same FROM whole;
SELECT funnel_merge(r)::text = (SELECT r::text FROM whole) AS empty_added
FROM (SELECT r FROM whole UNION ALL SELECT funnel_result(:d)) s;

-- Different definitions do not add up.
SELECT funnel_merge(r) FROM (VALUES (funnel_result('a -> b'::funnel_def)), (funnel_result('a -> b within 1 day'::funnel_def))) v(r);

-- As a window aggregate the state is read while it grows.
SELECT part, funnel_units(funnel_merge(r) OVER (ORDER BY part)), funnel_units(funnel_merge(r) OVER (ORDER BY part ROWS 1 PRECEDING)) AS two
FROM parts WHERE part < 4 ORDER BY part;
SELECT count(*), max(units) FROM (SELECT funnel_units(funnel_agg(p) OVER (ORDER BY p ROWS UNBOUNDED PRECEDING)) AS units FROM progress WHERE shard = 1) s;

-- Partial states, which travel as values: partition by partition, in workers,
-- hashed and sorted
SET enable_partitionwise_aggregate = on;
SET max_parallel_workers_per_gather = 0;
EXPLAIN (COSTS OFF) SELECT funnel_agg(p) FROM progress;
SELECT (SELECT funnel_agg(p) FROM progress)::text = r::text AS same FROM whole;
EXPLAIN (COSTS OFF) SELECT part % 2, funnel_merge(r) FROM parts GROUP BY 1;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT funnel_agg(p) FROM progress;
SELECT (SELECT funnel_agg(p) FROM progress)::text = r::text AS same FROM whole;
EXPLAIN (COSTS OFF) SELECT funnel_merge(r) FROM parts;
SELECT (SELECT funnel_merge(r) FROM parts)::text = r::text AS same FROM whole;
SET enable_hashagg = off;
SELECT (SELECT funnel_merge(m) FROM (SELECT part % 3, funnel_merge(r) AS m FROM parts GROUP BY 1) s)::text = r::text AS same FROM whole;
RESET enable_hashagg;
-- workers that saw nothing, or only NULL
SELECT (SELECT funnel_merge(CASE WHEN part = 13 THEN r END) FROM parts)::text = (SELECT r::text FROM parts WHERE part = 13) AS one;
SELECT (SELECT funnel_merge(CASE WHEN part < 0 THEN r END) FROM parts) IS NULL AS none;
-- passages of different definitions meet in the combine function, in this order
-- in one process
SET max_parallel_workers_per_gather = 0;
CREATE TABLE mixed (shard int, p funnel_progress) PARTITION BY LIST (shard);
CREATE TABLE mixed_0 PARTITION OF mixed FOR VALUES IN (0);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES IN (1);
INSERT INTO mixed SELECT shard, funnel_progress_agg(ts, e, CASE shard WHEN 0 THEN :d ELSE 'a' END) FROM trips WHERE shard < 2 GROUP BY u, shard;
ANALYZE mixed;
EXPLAIN (COSTS OFF) SELECT funnel_agg(p) FROM mixed;
SELECT funnel_agg(p) FROM mixed;
\echo :LAST_ERROR_SQLSTATE
RESET enable_partitionwise_aggregate;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- Grouping sets: one row goes to several states.
SELECT part % 2 AS half, funnel_units(funnel_merge(r)) FROM parts GROUP BY ROLLUP (part % 2) ORDER BY 1;
SELECT shard, funnel_units(funnel_agg(p)) FROM progress GROUP BY CUBE (shard) ORDER BY 1;

-- However many groups there are, the states of an aggregate share one memory
-- context: the executor looks at all of them for each new group.
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT part, funnel_merge(r) FROM parts GROUP BY part;
SELECT count(*) AS groups, sum(units) AS units, max(contexts) AS contexts
FROM (SELECT part, funnel_units(funnel_merge(r)) AS units,
			 (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'expanded funnel_result' AND part >= 0) AS contexts
	  FROM parts GROUP BY part) s;
SELECT count(*) AS groups, sum(units) AS units, max(contexts) AS contexts
FROM (SELECT day, funnel_units(funnel_agg(p)) AS units,
			 (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'expanded funnel_result' AND isfinite(day)) AS contexts
	  FROM (SELECT (p).entered_at::date AS day, p FROM progress WHERE (p).stage IS NOT NULL OFFSET 0) t GROUP BY day) s;
RESET enable_sort;

-- The functions behind are for aggregates only; any aggregate may use them.
SELECT funnel_result_merge(NULL, NULL);
SELECT funnel_result_merge(r, r) FROM whole;
CREATE AGGREGATE pg_temp.started(funnel_progress) (
	SFUNC = funnel_agg_progress_transfn, STYPE = funnel_result, INITCOND = '{"definition": "a", "horizon": null, "steps": [{"stage": "a", "users": 0}], "unconverted": []}');
SELECT funnel_units(pg_temp.started(p)) FROM (VALUES ('(1:a,converted,2026-01-01,{2026-01-01},2026-01-01,,,a)'::funnel_progress), (NULL)) v(p);
SELECT funnel_units(pg_temp.started(p)) FROM (VALUES ('(1:a,converted,2026-01-01,{2026-01-01},2026-01-01,,,a)'::funnel_progress), (NULL)) v(p), generate_series(1, 3);
SELECT pg_temp.started(p) FROM (VALUES ('(1:a,absent,2026-01-01,{2026-01-01},2026-01-01,,,a -> b)'::funnel_progress)) v(p);

DROP TABLE trips, whole, parts, progress, mixed;
