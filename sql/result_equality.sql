-- funnel_result: equality, order and hash

\pset null '(null)'

SELECT opcname, amname, amvalidate(o.oid)
FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
WHERE opcname = 'funnel_result_ops'
ORDER BY amname;

CREATE TABLE passages AS
SELECT u, timestamptz '2026-01-01Z' + u * interval '1 minute' + n * n * interval '7 seconds' AS ts,
	(ARRAY['visit', 'cart', 'buy', 'other'])[1 + (u * 7 + n) % 4] AS event
FROM generate_series(1, 400) u, generate_series(1, 1 + u % 6) n;

-- results of the same users, however they were counted, and of others
CREATE TABLE results (id int PRIMARY KEY, part text, r funnel_result);
INSERT INTO results
SELECT 1, 'all', funnel_agg(u, ts, event, 'visit -> cart -> buy within 1 h') FROM passages
UNION ALL SELECT 2, 'all', funnel_merge(r) FROM (SELECT funnel_agg(u, ts, event, 'visit->cart->buy within 60 min') AS r FROM passages GROUP BY u % 7) p
UNION ALL SELECT 3, 'all', funnel_agg(p) FROM (SELECT funnel_progress_agg(ts, event, 'visit -> cart -> buy within 1 h') AS p FROM passages GROUP BY u) p
UNION ALL SELECT 4, 'half', funnel_agg(u, ts, event, 'visit -> cart -> buy within 1 h') FROM passages WHERE u % 2 = 0
UNION ALL SELECT 5, 'half', funnel_agg(u, ts, event, 'visit -> cart -> buy within 1 h') FILTER (WHERE u % 2 = 0) FROM passages
UNION ALL SELECT 6, 'another question', funnel_agg(u, ts, event, 'visit -> cart -> buy within 2 h') FROM passages
UNION ALL SELECT 7, 'nobody', funnel_result('visit -> cart -> buy within 1 h'::funnel_def)
UNION ALL SELECT 8, 'nobody', funnel_result('visit -> cart -> buy within 60 min'::funnel_def);
SELECT count(*) AS pairs, count(*) FILTER (WHERE a.r = b.r) AS equal,
	bool_and((a.r = b.r) = (a.part = b.part) AND (a.r <> b.r) = (a.part <> b.part)
		AND (a.r = b.r) = (a.r::text = b.r::text)
		AND (a.r IS NOT DISTINCT FROM b.r) = (a.part = b.part)) AS as_the_text,
	bool_and((a.r < b.r) = (funnel_result_cmp(a.r, b.r) < 0) AND (a.r <= b.r) = (funnel_result_cmp(a.r, b.r) <= 0)
		AND (a.r > b.r) = (funnel_result_cmp(a.r, b.r) > 0) AND (a.r >= b.r) = (funnel_result_cmp(a.r, b.r) >= 0)
		AND (a.r = b.r) = (funnel_result_cmp(a.r, b.r) = 0)
		AND sign(funnel_result_cmp(a.r, b.r)) = -sign(funnel_result_cmp(b.r, a.r))) AS ordered,
	bool_and((funnel_result_hash(a.r) = funnel_result_hash(b.r)) = (a.part = b.part)
		AND (funnel_result_hash_extended(a.r, 7) = funnel_result_hash_extended(b.r, 7)) = (a.part = b.part)
		AND funnel_result_hash_extended(a.r, 0) & 4294967295 = funnel_result_hash(a.r)::bigint & 4294967295) AS hashed,
	count(*) FILTER (WHERE funnel_result_hash_extended(a.r, 7) = funnel_result_hash_extended(a.r, 8)) AS without_seed
FROM results a, results b;
SELECT r = NULL AS eq, r IS DISTINCT FROM NULL AS is_distinct, funnel_result_hash(NULL) AS hash FROM results WHERE id = 1;

-- DISTINCT, UNION, GROUP BY and sets of rows, by sorting and by hashing
CREATE FUNCTION as_sets(OUT distinct_ bigint, OUT union_ bigint, OUT intersect_ bigint, OUT except_ bigint, OUT groups text) LANGUAGE sql AS $$
	SELECT (SELECT count(*) FROM (SELECT DISTINCT r FROM results) s),
		(SELECT count(*) FROM (SELECT r FROM results UNION SELECT r FROM results WHERE id < 3) s),
		(SELECT count(*) FROM (SELECT r FROM results INTERSECT SELECT r FROM results WHERE part = 'all') s),
		(SELECT count(*) FROM (SELECT r FROM results EXCEPT SELECT r FROM results WHERE part = 'all') s),
		(SELECT string_agg(ids, ' ' ORDER BY ids) FROM (SELECT string_agg(id::text, '+' ORDER BY id) AS ids FROM results GROUP BY r) s)
$$;
SET enable_hashagg = off;
SELECT * FROM as_sets();
RESET enable_hashagg;
SET enable_sort = off;
SELECT * FROM as_sets();
RESET enable_sort;
SELECT count(DISTINCT r), count(*) FROM results;
SELECT count(*) FROM results WHERE r IN (SELECT r FROM results WHERE id = 2);

-- joins of every kind
SET enable_nestloop = off;
SET enable_mergejoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM results a JOIN results b ON a.r = b.r;
SELECT count(*) FROM results a JOIN results b ON a.r = b.r;
RESET enable_mergejoin;
SET enable_hashjoin = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM results a JOIN results b ON a.r = b.r;
SELECT count(*) FROM results a JOIN results b ON a.r = b.r;
RESET enable_hashjoin;
RESET enable_nestloop;

-- what an aggregate returns is a tally in memory: on either side, sorted, grouped and hashed
SELECT funnel_merge(r) = (SELECT r FROM results WHERE id = 1) AS merged,
	(SELECT r FROM results WHERE id = 1) = funnel_merge(r) AS other_side,
	funnel_merge(r) IS DISTINCT FROM (SELECT r FROM results WHERE id = 4) AS other_than_half,
	funnel_merge(r) = funnel_merge(r ORDER BY id) AS both,
	funnel_result_hash(funnel_merge(r)) = (SELECT funnel_result_hash(r) FROM results WHERE id = 1) AS hash,
	funnel_result_cmp(funnel_merge(r), (SELECT r FROM results WHERE id = 4)) = (SELECT funnel_result_cmp(a.r, b.r) FROM results a, results b WHERE a.id = 1 AND b.id = 4) AS cmp,
	funnel_merge(r) AS still_whole
FROM (SELECT 1 AS id, r FROM results WHERE id = 1) s \gx
SELECT count(*) AS before, (SELECT count(*) FROM (SELECT DISTINCT funnel_merge(r) FROM results GROUP BY id) d) AS distinct_,
	(SELECT count(*) FROM (SELECT funnel_merge(r) FROM results GROUP BY id UNION SELECT r FROM results) d) AS union_
FROM (SELECT funnel_merge(r) FROM results GROUP BY id) s;
SELECT string_agg(id::text, ' ') AS same_order FROM (SELECT id FROM results GROUP BY id ORDER BY funnel_merge(r), id) s
INTERSECT SELECT string_agg(id::text, ' ') FROM (SELECT id FROM results ORDER BY r, id) s;
SELECT id, dense_rank() OVER (ORDER BY funnel_merge(r)) = dense_rank() OVER (ORDER BY min(part)) AS as_by_part FROM results WHERE id IN (1, 2, 3, 6) GROUP BY id ORDER BY id;
SELECT id, lag(m) OVER (ORDER BY id) = m AS as_before FROM (SELECT id, funnel_merge(r) OVER (ORDER BY id ROWS CURRENT ROW) AS m FROM results) s ORDER BY id;

-- compressed and stored apart
SET default_toast_compression = pglz;
CREATE TABLE large (k int, r funnel_result);
ALTER TABLE large ALTER r SET STORAGE EXTERNAL;
INSERT INTO large
SELECT k, funnel_agg(n % 5003, timestamptz '2026-01-01Z' + n::bigint * n * 7919 % 100003 * interval '7.000001 s', CASE n % 3 WHEN 0 THEN 'a' ELSE 'b' END, 'a -> b -> c within 9 days')
	AS r FROM generate_series(1, 2) k, generate_series(1, 15000) n GROUP BY k;
ALTER TABLE large ALTER r SET STORAGE MAIN;
INSERT INTO large SELECT 3, r FROM large WHERE k = 2;
INSERT INTO large SELECT 4, funnel_merge(r) FROM large WHERE k < 3;
SELECT string_agg(k::text, ' ' ORDER BY k) AS keys, max(pg_column_size(r)) > 3000 AS stored_apart, min(pg_column_size(r)) < 3000 AS compressed
FROM large GROUP BY r ORDER BY 1;
SELECT a.k, b.k, a.r = b.r AS eq, a.r <> b.r AS ne, a.r < b.r OR a.r > b.r AS either FROM large a, large b WHERE a.k < b.k ORDER BY 1, 2;

-- keys and partitions
CREATE TABLE keys (r funnel_result PRIMARY KEY, name text);
INSERT INTO keys SELECT DISTINCT ON (r) r, part FROM results;
INSERT INTO keys SELECT r, 'again' FROM results WHERE id = 2 ON CONFLICT (r) DO UPDATE SET name = excluded.name || ' ' || keys.name;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT name FROM keys WHERE r = funnel_result('visit -> cart'::funnel_def);
SELECT name FROM keys WHERE r = (SELECT r FROM results WHERE id = 3);
CREATE TABLE by_hash (id int, r funnel_result) PARTITION BY HASH (r);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_hash SELECT n, funnel_result(format('a -> b within %s h', n)::funnel_def) FROM generate_series(1, 40) n;
CREATE INDEX ON by_hash USING hash (r);
SELECT count(DISTINCT tableoid) FROM by_hash;
SELECT id FROM by_hash WHERE r = funnel_result('a -> b within 17 h'::funnel_def);
RESET enable_seqscan;

DROP TABLE passages, results, large, keys, by_hash;
DROP FUNCTION as_sets;
