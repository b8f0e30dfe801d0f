--
-- funnel_progress_agg: one unit's passage
--
SET TimeZone = 'UTC';
CREATE TABLE shop (user_id int, ts timestamptz, event text, channel text);
INSERT INTO shop VALUES
	(1, '2026-01-01 10:00', 'visit', 'ads'), (1, '2026-01-01 10:05', 'cart', 'mail'), (1, '2026-01-02 09:00', 'buy', 'web'),
	(2, '2026-01-01 11:00', 'visit', 'web'), (2, '2026-01-01 11:30', 'help', 'phone'), (2, '2026-01-01 12:00', 'cart', NULL),
	(3, '2026-01-01 12:00', 'cart', 'web'), (3, '2026-01-01 13:00', 'visit', 'ads'),
	(4, '2026-01-01 14:00', 'help', 'phone'),
	(5, '2026-01-01 15:00', 'visit', 'ads'), (5, '2026-01-03 15:00', 'cart', 'web'), (5, '2026-01-03 15:00', NULL, 'web'),
	(6, NULL, 'visit', 'ads');

SELECT user_id, (p).*
FROM (SELECT user_id, funnel_progress_agg(ts, event, 'visit -> cart -> buy within 1 day') AS p FROM shop GROUP BY user_id) s
ORDER BY user_id;
SELECT user_id, (p).stage, (p).outcome, (p).payload
FROM (SELECT user_id, funnel_progress_agg(ts, event, 'visit -> cart -> buy within 1 day', channel) AS p FROM shop GROUP BY user_id) s
ORDER BY user_id;

-- Every outcome, no limit, skipped steps, strict links and exclusions
SELECT definition, (p).stage, (p).outcome, (p).reached_at, (p).last_at, (p).open_until
FROM (VALUES ('a -> b'), ('a -[!x]-> b'), ('a -[1 min]-> b'), ('b -> a'), ('a -> z'), ('a => b'), ('a -> z? -> b'),
			 ('a -> z? -> y? -> b -> w'), ('z -> a'), ('b -[1 h]-> z within 1 day')) AS d(definition),
	 LATERAL (SELECT funnel_progress_agg(ts, e, definition::funnel_def) AS p
			  FROM (VALUES (timestamptz '2026-01-01 00:00', 'a'), ('2026-01-01 00:01', 'x'), ('2026-01-01 00:02', 'b')) v(ts, e)) s;

-- Any order: how many, and when
SELECT (p).stage, (p).outcome, (p).entered_at, (p).reached_at, (p).open_until, (p).payload
FROM (SELECT funnel_progress_agg(ts, e, 'a -> b -> c within 1 hour, any order', 'p' || e) AS p
	  FROM (VALUES (timestamptz '2026-01-01 00:20', 'a'), ('2026-01-01 00:10', 'c'), ('2026-01-01 00:30', 'c')) v(ts, e)) s;

-- Of rows that are equally usable at one instant, the smallest payload, byte by
-- byte, whatever the order in which they come; none is the last.
SELECT n, (p).payload
FROM (SELECT n, funnel_progress_agg('2026-01-01', e, 'a -> b', pl ORDER BY CASE WHEN n = 1 THEN pl END, pl DESC) AS p
	  FROM generate_series(1, 2) n,
		   (VALUES ('a', 'b'), ('a', NULL), ('a', 'B'), ('a', 'ba'), ('b', NULL), ('b', repeat('y', 100)), ('b', repeat('y', 99) || 'x')) v(e, pl)
	  GROUP BY n) s
ORDER BY n;
SELECT (funnel_progress_agg('2026-01-01', e, 'a -> b', pl)).payload
FROM (VALUES (ARRAY['a', 'b'], 'x'), (ARRAY['a'], 'y'), (ARRAY['b'], 'z')) v(e, pl);
SELECT (funnel_progress_agg('2026-01-01', 'a', 'a', pl)).payload FROM (VALUES (NULL::text), (''), ('x')) v(pl);

-- Many payloads, few of which can be shared; long ones
SELECT count(*), count(DISTINCT (p).payload), bool_and((p).payload = ARRAY['first ' || u, NULL, repeat('last ', 20) || u]) AS all_right
FROM (SELECT u, funnel_progress_agg(ts, e, 'a -> x? -> b', pl) AS p
	  FROM generate_series(1, 3000) u,
		   LATERAL (VALUES (timestamptz '2026-01-01', 'a', 'first ' || u), ('2026-01-03', 'b', repeat('last ', 20) || u),
						   ('2026-01-04', 'b', 'more ' || u), ('2026-01-02', 'c', 'none')) v(ts, e, pl)
	  GROUP BY u) s;

-- Over no rows, or only rows without a time, there is no progress.
SELECT funnel_progress_agg(ts, event, 'visit -> buy') IS NULL AS "null" FROM shop WHERE false;
SELECT funnel_progress_agg(ts, event, 'visit -> buy') IS NULL AS "null" FROM shop WHERE user_id = 6;

-- FILTER, DISTINCT, ORDER BY, grouping sets
SELECT user_id, (funnel_progress_agg(ts, event, 'visit -> cart -> buy') FILTER (WHERE channel <> 'mail')).stage,
	   (funnel_progress_agg(DISTINCT ts, event, 'visit -> cart -> buy', channel)).stage,
	   (funnel_progress_agg(ts, event, 'visit -> cart -> buy' ORDER BY ts DESC)).stage
FROM shop GROUP BY user_id ORDER BY user_id;
SELECT (funnel_progress_agg(DISTINCT ts, e, 'a -> a')).stage AS once, (funnel_progress_agg(ts, e, 'a -> a')).stage AS twice
FROM (VALUES (timestamptz '2026-01-01', 'a'), ('2026-01-01', 'a')) v(ts, e);
SELECT user_id, channel, (funnel_progress_agg(ts, event, 'visit -> cart')).stage
FROM shop WHERE user_id < 3 GROUP BY GROUPING SETS ((user_id), (channel), ()) ORDER BY 1, 2, 3;

-- As a window aggregate
SELECT user_id, event, (funnel_progress_agg(ts, event, 'visit -> cart -> buy', channel) OVER w).stage,
	   (funnel_progress_agg(ts, event, 'visit -> cart -> buy', channel) OVER w).payload,
	   (funnel_progress_agg(ts, event, 'cart -> buy') OVER (PARTITION BY user_id ORDER BY ts ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING)).stage AS ahead
FROM shop WHERE user_id < 4 WINDOW w AS (PARTITION BY user_id ORDER BY ts) ORDER BY user_id, ts;

-- A definition for each group; a generic plan
SELECT d, (funnel_progress_agg(ts, event, d)).stage
FROM shop, (VALUES ('visit -> cart'::funnel_def), ('cart -> visit'), ('help')) v(d)
WHERE user_id = 3 GROUP BY d ORDER BY d;
PREPARE stages(text) AS
	SELECT user_id, (funnel_progress_agg(ts, event, $1::funnel_def)).stage FROM shop GROUP BY user_id ORDER BY user_id;
SET plan_cache_mode = force_generic_plan;
EXECUTE stages('visit -> cart -> buy');
EXECUTE stages('help');
RESET plan_cache_mode;

-- Times of all kinds, read as UTC; no event is too far away.
SET TimeZone = 'America/New_York';
SELECT pg_typeof(ts), (funnel_progress_agg(ts, 'a', 'a')).entered_at AT TIME ZONE 'UTC' AS utc FROM (VALUES (timestamptz '2026-01-01 00:00Z')) v(ts) GROUP BY 1;
SELECT pg_typeof(ts), (funnel_progress_agg(ts, 'a', 'a')).entered_at AT TIME ZONE 'UTC' AS utc FROM (VALUES (timestamp '2026-01-01 00:00')) v(ts) GROUP BY 1;
SELECT pg_typeof(ts), (funnel_progress_agg(ts, 'a', 'a')).entered_at AT TIME ZONE 'UTC' AS utc FROM (VALUES (date '2026-01-01')) v(ts) GROUP BY 1;
SET TimeZone = 'UTC';
SELECT (p).reached_at, (p).payload
FROM (SELECT funnel_progress_agg(ts, e, 'a -> b -> c', e) AS p
	  FROM (VALUES (timestamptz '2026-01-01', 'a'), ('4714-11-24 BC', 'a'), ('294276-12-31 23:59:59.999999', 'c'), ('2026-01-02', 'b')) v(ts, e)) s;

-- Several labels, stages
SELECT (p).stage, (p).reached_at, (p).payload
FROM (SELECT funnel_progress_agg(ts, e, 'a -[!x]-> b -> c', pl) AS p
	  FROM (VALUES (timestamptz '2026-01-01', ARRAY['a', NULL, 'b'], 'both'), ('2026-01-02', ARRAY['x', 'a'], 'start'),
				   ('2026-01-03', '{}', 'empty'), ('2026-01-04', NULL, 'null'), ('2026-01-05', ARRAY['q', 'b', 'c'], 'two'),
				   ('2026-01-05', '{{"b"},{"q"}}', 'table')) v(ts, e, pl)) s;
SELECT (p).stage, (p).reached_at
FROM (SELECT funnel_progress_agg(ts, s, 'lead: form|call -> offer|demo -[!lost]-> won') AS p
	  FROM (VALUES (timestamptz '2026-01-01', '1:lead'::funnel_stage), ('2026-01-02', '7:demo'), ('2026-01-03', NULL),
				   ('2026-01-04', '3:won')) v(ts, s)) q;
SELECT name, (funnel_progress_agg('2026-01-01', funnel_stage(1, name), 'lead: form|call -> offer|demo -> p* -> p*, any order')).stage
FROM unnest(ARRAY['lead', 'form', 'offer|demo', 'offer', 'p*', 'p* 2', 'page', '1 of 4', '', 'x']) name GROUP BY name ORDER BY name;

-- What cannot be
SELECT funnel_progress_agg('infinity'::timestamptz, 'a', 'a');
SELECT funnel_progress_agg('-infinity'::timestamp, 'a', 'a');
SELECT funnel_progress_agg('infinity'::date, 'a', 'a');
SELECT funnel_progress_agg('5874897-12-31'::date, 'a', 'a');
SELECT funnel_progress_agg(ts, event, NULL) FROM shop;
SELECT funnel_progress_agg(ts, event, event::funnel_def) FROM shop WHERE user_id = 1;
SELECT funnel_progress_agg(ts, event, 'visit ->') FROM shop;

-- Small groups stay small, and the planner is told how small.
SELECT aggtransspace, count(*) FROM pg_aggregate JOIN pg_proc p ON p.oid = aggfnoid
WHERE proname = 'funnel_progress_agg' GROUP BY 1 ORDER BY 1;


-- More combinations of labels than there are codes: such units are kept wide.
CREATE TABLE tags AS
SELECT u, timestamptz '2026-01-01' + i * interval '1 s' AS ts, ARRAY['s' || i, 's' || (i * u) % 41, 's' || (i + u) % 41] AS tags, i::text AS payload
FROM generate_series(1, 50) u, generate_series(0, 40) i;
SELECT string_agg('s' || i, ' -> ' ORDER BY i) AS definition FROM generate_series(0, 40) i \gset
SELECT (p).stage, (p).payload = (SELECT array_agg(i::text ORDER BY i) FROM generate_series(0, 40) i) AS in_order, count(*)
FROM (SELECT funnel_progress_agg(ts, tags, :'definition', payload) AS p FROM tags GROUP BY u) q GROUP BY 1, 2;

-- One unit with many events
SELECT (p).stage, (p).payload, (p).last_at
FROM (SELECT funnel_progress_agg(timestamptz '2026-01-01' + i * interval '1 s', (ARRAY['a', 'x', 'b'])[1 + i % 3], 'a -[!x]-> x -> b -[2 s]-> a within 5 s', i::text) AS p
	  FROM generate_series(200000, 1, -1) i) q;

-- Somebody who may alter the type might do so: that is said, and nothing read.
CREATE FUNCTION altered(alteration text, query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
	hint text;
BEGIN
	IF alteration <> '' THEN
		EXECUTE 'ALTER TYPE funnel_progress ' || alteration;
	END IF;
	EXECUTE query INTO answer;
	RAISE EXCEPTION USING ERRCODE = 'ZZ000', MESSAGE = coalesce(answer, 'null');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' / ', nullif(SQLSTATE, 'ZZ000'), SQLERRM, nullif(detail, ''), nullif(hint, ''));
END
$$;
CREATE TYPE other AS ENUM ('a');
SELECT query, alteration, altered(alteration, query) AS answer
FROM unnest(ARRAY[
		$q$SELECT funnel_progress_agg(timestamptz '2026-01-01Z', 'a', 'a', 'x')$q$,
		$q$SELECT journey_progress('[["2026-01-01T00:00:00Z", "a"]]', 'a')$q$,
		$q$SELECT funnel_agg(p) FROM (SELECT funnel_progress_agg(timestamptz '2026-01-01Z', 'a', 'a -> b') AS p) AS s$q$])
		WITH ORDINALITY AS q(query, nth_query),
	unnest('{"",ALTER ATTRIBUTE stage TYPE bigint,ALTER ATTRIBUTE stage TYPE text,ALTER ATTRIBUTE stage TYPE funnel_def,
		ALTER ATTRIBUTE stage TYPE other,ALTER ATTRIBUTE stage TYPE funnel_stage[],
		ALTER ATTRIBUTE outcome TYPE int,ALTER ATTRIBUTE reached_at TYPE timestamptz,
		DROP ATTRIBUTE stage,DROP ATTRIBUTE payload,ADD ATTRIBUTE more int,RENAME ATTRIBUTE stage TO place}'::text[])
		WITH ORDINALITY AS a(alteration, nth)
ORDER BY nth_query, nth;

CREATE DOMAIN named_stage AS funnel_stage;
SELECT altered('ALTER ATTRIBUTE stage TYPE named_stage', $q$SELECT (funnel_progress_agg(timestamptz '2026-01-01Z', 'a', 'a')).stage$q$);
\set VERBOSITY terse
SELECT funnel_agg(ROW('1:a'::funnel_stage, 'absent', NULL, NULL, NULL, NULL, NULL), 'a');
\set VERBOSITY default
DROP DOMAIN named_stage;
DROP TYPE other;
DROP FUNCTION altered(text, text);

DROP TABLE tags, shop;
