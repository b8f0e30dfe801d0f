-- Units are one if their type's default equality says so, however they are
-- spelled: as count(DISTINCT) and GROUP BY have it.
CREATE TYPE mood AS ENUM ('bad', 'good');
CREATE TYPE pair AS (name bpchar, amount numeric);
CREATE TYPE span AS (length interval, pair pair);
CREATE DOMAIN code AS char(10);
CREATE DOMAIN length AS interval;
CREATE DOMAIN codes AS bpchar[];
CREATE TYPE bpcharrange AS RANGE (subtype = bpchar);

-- The values of the first array make their first step and those of the second,
-- other spellings, the second: how many units there are, and how many of them
-- make both, by GROUP BY and by the aggregate.
CREATE FUNCTION funnels(VARIADIC spellings anyarray, OUT "distinct" bigint, OUT units bigint,
						OUT "two by group" bigint, OUT "two" bigint)
LANGUAGE SQL
AS $$
	WITH events AS (
		SELECT u, timestamptz '2026-01-01Z' + n * interval '1 s' AS ts,
			CASE WHEN 2 * n <= cardinality(spellings) THEN 'a' ELSE 'b' END AS event
		FROM generate_subscripts(spellings, 1) AS n, LATERAL (SELECT spellings[n]) AS x(u)),
	passages AS (
		SELECT funnel_progress_agg(ts, event, 'a -> b') AS p FROM events WHERE u IS DISTINCT FROM NULL GROUP BY u)
	SELECT (SELECT count(DISTINCT u) FROM events),
		(SELECT funnel_units(funnel_agg(u, ts, 'a', 'a')) FROM events),
		(SELECT count(*) FROM passages WHERE stage_position((p).stage) = 2),
		(SELECT users FROM funnel_report((SELECT funnel_agg(u, ts, event, 'a -> b') FROM events)) WHERE step = 2)
$$;

SELECT 'bpchar' AS type, f.* FROM funnels('x'::char(8)::bpchar, 'y'::char(2), 'x'::char(10), 'y'::char(20)) AS f
UNION ALL SELECT 'domain of char', f.* FROM funnels('x'::code, 'y'::code, 'x '::code, 'y'::char(10)::code) AS f
UNION ALL SELECT 'varchar', f.* FROM funnels('x'::varchar, 'y'::varchar(3), 'x'::varchar(8), 'y ') AS f
UNION ALL SELECT 'name', f.* FROM funnels('x'::name, 'y', 'x', 'Y') AS f
UNION ALL SELECT 'interval', f.* FROM funnels(interval '1 day', '1 mon', '24:00', '30 days') AS f
UNION ALL SELECT 'domain of interval', f.* FROM funnels('1 day'::length, '1 mon', '24:00', '29 days 24:00') AS f
UNION ALL SELECT 'numeric', f.* FROM funnels(1.0, 'NaN', 1.00::numeric(9,6), 'nan') AS f
UNION ALL SELECT 'float8', f.* FROM funnels(float8 '0', 'NaN', '-0', 'NaN') AS f
UNION ALL SELECT 'float4', f.* FROM funnels(float4 '0', 'NaN', '-0', '1') AS f
UNION ALL SELECT 'jsonb', f.* FROM funnels(jsonb '{"a": 1.0, "b": 2}', '[1]', '{"b": 2, "a": 1}', '[1.00]') AS f
UNION ALL SELECT 'timetz', f.* FROM funnels(timetz '10:00+00', '11:00+00', '11:00+01', '11:00+00') AS f
UNION ALL SELECT 'timestamptz', f.* FROM funnels(timestamptz '2026-01-01 10:00+00', 'infinity', '2026-01-01 11:00+01', 'infinity') AS f
UNION ALL SELECT 'inet', f.* FROM funnels(inet '10.0.0.0/8', '::1', cidr '10.0.0.0/8'::inet, inet '::1/64') AS f
UNION ALL SELECT 'macaddr', f.* FROM funnels(macaddr '08:00:2b:01:02:03', '08:00:2b:01:02:04', '0800.2b01.0203', '08002b010205') AS f
UNION ALL SELECT 'uuid', f.* FROM funnels(uuid 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}', NULL) AS f
UNION ALL SELECT 'bit', f.* FROM funnels(varbit '10', '1', '10', '100') AS f
UNION ALL SELECT 'enum', f.* FROM funnels('bad'::mood, 'good', 'bad', 'good') AS f
UNION ALL SELECT 'range', f.* FROM funnels(int4range '[1,3]', 'empty', '[1,4)', '(3,3)') AS f
UNION ALL SELECT 'numeric range', f.* FROM funnels(numrange '[1.0,2)', '(,1)', '[1,2.00)', '(,1.0)') AS f
UNION ALL SELECT 'multirange', f.* FROM funnels(nummultirange '{[1.0,2)}', '{}', '{[1,1.5),[1.50,2.0)}', '{[1,1)}') AS f
UNION ALL SELECT 'range of bpchar', f.* FROM funnels(bpcharrange('x'::char(8), 'y'::char(8)), 'empty', bpcharrange('x'::char(2), 'y'::char(3)), 'empty') AS f
UNION ALL SELECT 'composite', f.* FROM funnels(('x'::char(3), 1.0)::pair, ('y', NULL)::pair, ('x'::char(8), 1)::pair, ('y '::char(2), NULL)::pair) AS f
UNION ALL SELECT 'nested composite', f.* FROM funnels(('1 day', ('x', 1)::pair)::span, (NULL, NULL)::span,
	('24:00', ('x'::char(2), 1.0)::pair)::span, ('1 mon', NULL)::span) AS f;

-- The same of an expression over the rows of a table with columns n, of 1 to
-- count; those of an even n make the first step.
CREATE FUNCTION funnels_of(relation regclass, expression text, OUT "distinct" bigint, OUT units bigint,
						   OUT "two by group" bigint, OUT "two" bigint)
LANGUAGE plpgsql
AS $$
BEGIN
	EXECUTE format('SELECT count(DISTINCT %s) FROM %s', expression, relation) INTO "distinct";
	EXECUTE format($query$
		SELECT count(*) FILTER (WHERE stage_position((p).stage) = 2)
		FROM (SELECT funnel_progress_agg(timestamptz '2026-01-01Z', (ARRAY['a', 'b'])[n %% 2 + 1], 'a -> b') AS p
			  FROM %s GROUP BY %s) AS g $query$, relation, expression) INTO "two by group";
	EXECUTE format($query$
		SELECT max(users), min(users)
		FROM (SELECT funnel_agg(%s, timestamptz '2026-01-01Z', (ARRAY['a', 'b'])[n %% 2 + 1], 'a -> b') AS r
			  FROM %s) AS f, funnel_report(r) $query$, expression, relation) INTO units, two;
END
$$;

-- arrays and rows of them
CREATE TABLE nested (n int, c bpchar, d interval, a numeric[], i interval[], b bpchar[], o codes, p pair[]);
INSERT INTO nested VALUES
	(0, 'x'::char(8), '1 day', '{1.0,NULL}', '{1 day}', ARRAY['x'::char(8)], ARRAY['x'::char(8)], ARRAY[('x', 1)::pair]),
	(0, 'y'::char(8), '1 mon', '{{2}}', '{}', ARRAY['y'::char(8), NULL], ARRAY['y'::char(8), NULL], '{}'),
	(1, 'x'::char(2), '24:00', '{1.000,NULL}', '{24:00}', ARRAY['x'::char(2)], ARRAY['x'::char(2)], ARRAY[('x '::char(2), 1.0)::pair]),
	(1, 'y', '30 days', '{{2.0}}', '{}', ARRAY['y'::char(1), NULL], ARRAY['y'::char(1), NULL], '{}');
SELECT expression, f.*
FROM unnest('{a,i,b,o,p,"ROW(c, d)","ROW(a, b, i)","ROW(o, p, 1.0)","ARRAY[ROW(c, 1)::pair]",c::char(5)}'::text[]) WITH ORDINALITY AS e(expression, ord),
	funnels_of('nested', expression) AS f ORDER BY ord;

-- many of them, more than memory holds, and in a parallel plan
CREATE TABLE many AS
SELECT n, CASE n % 2 WHEN 0 THEN (n / 4)::text::char(8)::bpchar ELSE (n / 4)::text::char(12)::bpchar END AS c,
	CASE n % 2 WHEN 0 THEN make_interval(days => n / 4) ELSE make_interval(hours => n / 4 * 24) END AS d,
	CASE n % 2 WHEN 0 THEN (n / 4)::numeric ELSE (n / 4)::numeric(12, 3) END AS a
FROM generate_series(0, 39999) AS n;
SET work_mem = '64kB';
SELECT expression, f.*
FROM unnest('{c,d,a,"ROW(c, d)"}'::text[]) WITH ORDINALITY AS e(expression, ord),
	funnels_of('many', expression) AS f ORDER BY ord;
RESET work_mem;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
EXPLAIN (COSTS OFF) SELECT funnel_agg(c, timestamptz '2026-01-01Z', 'a', 'a') FROM many;
SELECT expression, f.*
FROM unnest('{c,d,a,"ROW(c, d)"}'::text[]) WITH ORDINALITY AS e(expression, ord),
	funnels_of('many', expression) AS f ORDER BY ord;
RESET ALL;

-- Servers of 2023 say of intervals, too, that they are equal only if their
-- bytes are.
BEGIN;
CREATE FUNCTION says_yes(oid) RETURNS boolean LANGUAGE SQL IMMUTABLE AS 'SELECT true';
ALTER OPERATOR FAMILY interval_ops USING btree ADD FUNCTION 4 (interval, interval) says_yes(oid);
SELECT expression, f.*
FROM unnest('{d,i,"ROW(d, i)"}'::text[]) WITH ORDINALITY AS e(expression, ord),
	funnels_of('nested', expression) AS f ORDER BY ord;
SELECT * FROM funnels_of('many', 'd');
ROLLBACK;

-- Units that were made to have the same hash: the second word is what the first makes
-- of it.  As texts, which are longer, they have not.
CREATE TABLE made AS
SELECT (lpad(to_hex(i & 255), 2, '0') || lpad(to_hex(i >> 8), 2, '0') || '000000000000' ||
		lpad(to_hex(div(x, 4294967296)::bigint), 8, '0') || lpad(to_hex(mod(x, 4294967296)::bigint), 8, '0'))::uuid AS u,
	   timestamptz '2026-01-01Z' + e * interval '1 hour' * (1 + i % 9) AS t, (ARRAY['a', 'b', 'c'])[1 + (i + e) % 3] AS e
FROM generate_series(0, 249) i, generate_series(0, 5) e,
	 LATERAL (SELECT mod((16 # i)::numeric * 11400714819323198485, 18446744073709551616) AS x) s
ORDER BY hashint4(i * 6 + e.e);
SELECT count(DISTINCT u) AS units, funnel_units(funnel_agg(u, t, e, 'a -> b -> c within 12 hours')) AS entered,
	   funnel_agg(u, t, e, 'a -> b -> c within 12 hours')::text = funnel_agg(u::text, t, e, 'a -> b -> c within 12 hours')::text AS same
FROM made;

DROP TABLE nested, many, made;
DROP FUNCTION funnels(VARIADIC anyarray), funnels_of(regclass, text);
DROP TYPE span, pair, mood, code, length, bpcharrange, codes;
