-- A result as a flow, and as bars
SET TIME ZONE 'UTC';
SET intervalstyle = 'postgres';

-- Units and what they did, a letter every ten minutes; a space is no event.
CREATE TABLE did (unit int, ts timestamptz, event text);
CREATE FUNCTION do_this(VARIADIC histories text[]) RETURNS bigint LANGUAGE sql AS $$
	TRUNCATE did;
	INSERT INTO did
	SELECT unit, timestamptz '2026-03-01 00:00Z' + n * interval '10 min', event
	FROM unnest(histories) WITH ORDINALITY AS h(history, unit),
		regexp_split_to_table(history, '') WITH ORDINALITY AS e(event, n)
	WHERE event <> ' ';
	SELECT count(*) FROM did;
$$;
CREATE FUNCTION asked(definition funnel_def) RETURNS funnel_result LANGUAGE sql AS $$
	SELECT coalesce(funnel_agg(unit, ts, event, definition), funnel_result(definition)) FROM did
$$;

-- required steps
SELECT do_this('abc', 'abc', 'a bc', 'ab', 'ab         c', 'a', 'axbc', 'ba', 'c', 'a');
SELECT * FROM funnel_flow(asked('a -> b -> c within 30 min'));
SELECT * FROM funnel_flow(asked('a -> b -[!x]-> c'));
SELECT * FROM funnel_flow(asked('a => b -[20 min]-> c'));
SELECT * FROM funnel_dropoff(asked('a => b -[20 min]-> c'));
SELECT * FROM funnel_bars(asked('a => b -[20 min]-> c'));
-- any order: the stages are how many steps
SELECT * FROM funnel_flow(asked('a -> b -> c within 20 min, any order'));
-- every attempt counts attempts
SELECT do_this('abab aa', 'a   b  a');
SELECT * FROM funnel_flow(asked('a -> b within 20 min, every attempt'));

-- what may be skipped: past one step all is known, the times only of the only way
SELECT do_this('ac', 'abc', 'a bc', 'a  b', 'a', 'a   c');
SELECT * FROM funnel_flow(asked('a -> b? -> c within 1 h'));
SELECT do_this('abc', 'a bc', 'a  b', 'a');
SELECT * FROM funnel_flow(asked('a -> b? -> c within 1 h'));
SELECT do_this('ac', 'a c', 'a');
SELECT * FROM funnel_flow(asked('a -> b? -> c within 1 h'));
-- past several in a row it is not known who skipped which: they meet in between
SELECT do_this('ad', 'abd', 'acd', 'abcd', 'abc', 'ab', 'ac', 'a', 'a d');
SELECT * FROM funnel_flow(asked('a -> b? -> c? -> d within 1 h'));
SELECT do_this('abd', 'acd', 'ad', 'abcd');
SELECT * FROM funnel_flow(asked('a -> b? -> c? -> d'));
SELECT do_this('abcd', 'ad', 'ad', 'ad');
SELECT count(*) AS same_as_before FROM funnel_flow(asked('a -> b? -> c? -> d'));
SELECT do_this('aef', 'abef', 'abcdef', 'acf', 'ad');
SELECT * FROM funnel_flow(asked('a -> b? -> c? -> d? -> e -> f'));

-- names: repeated, with spaces and colons, empty, as an outcome
SELECT do_this('aab', 'aa', 'a', 'aaa');
SELECT * FROM funnel_flow(asked('a -> a -> "1: x late": a|b'));
SELECT * FROM funnel_flow(asked('"": a -> "a late": a -> "": a'));
SELECT * FROM funnel_bars(asked('"": a -> "a late": a -> "": a'));
SELECT * FROM funnel_flow(asked('"": a -> "": a? -> " ": b? -> "": a'));

-- nobody, one step, NULL
SELECT * FROM funnel_flow(funnel_result('a -> b? -> c'::funnel_def));
SELECT * FROM funnel_bars(funnel_result('a -> b? -> c'::funnel_def));
SELECT * FROM funnel_flow(asked('a'));
SELECT * FROM funnel_bars(asked('a'));
SELECT * FROM funnel_flow(NULL);
SELECT * FROM funnel_bars(NULL);
SELECT funnel_flow(asked('a -> b'));
SELECT count(*), max(value) FROM (VALUES (funnel_result('a -> b'::funnel_def)), (asked('a -> b'))) AS r(result), funnel_flow(result);
-- counts as great as can be
SELECT * FROM funnel_flow('{"definition":"a -> b","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a","users":9223372036854775807},{"stage":"b","users":1,"microseconds":18446744073709551615,"from_previous":[[3775,1]]}],
	"unconverted":[[1,"absent",null,9223372036854775805],[1,"early","forever",1]]}');

-- Random funnels: up to 64 steps, many of them optional, names repeated, all
-- clauses; over random units.
SELECT setseed(0.5);
CREATE TABLE asks AS
SELECT id, steps.text || (ARRAY['', ' within 3 h', ' within 1 day', ' first entry', ' last entry', ' within 5 h, every attempt', ' increasing', ' unless z'])[1 + id % 8] AS definition
FROM generate_series(1, 160) AS id, LATERAL (
	SELECT string_agg(chr(96 + 1 + (n * length + id) % 7) || CASE WHEN n > 1 AND n < length AND random() < share THEN '?' ELSE '' END,
		(ARRAY[' -> ', ' -> ', ' -[4 h]-> ', ' -[!y]-> '])[1 + id / 8 % 4] ORDER BY n) AS text
	FROM (SELECT (ARRAY[1, 2, 3, 4, 5, 6, 9, 64])[1 + id / 5 % 8] AS length, (ARRAY[0, 0.4, 0.8, 1])[1 + id / 3 % 4] AS share) AS l,
		generate_series(1, length) AS n) AS steps
UNION ALL
SELECT 160 + length, (SELECT string_agg(chr(96 + n), ' -> ') FROM generate_series(1, length) AS n) || ' within 2 h, any order' FROM generate_series(2, 6) AS length;
CREATE TABLE random_did AS
SELECT unit, timestamptz '2026-03-01 00:00Z' + unit % 9 * interval '1 h' + random() * interval '6 h' AS ts,
	CASE WHEN random() < 0.02 THEN 'y' WHEN random() < 0.02 THEN 'z' ELSE chr(97 + floor(random() * 7)::int) END AS event
FROM generate_series(1, 120) AS unit, generate_series(1, 2 + unit % 60);
CREATE TABLE results AS
SELECT id, definition::funnel_def, (SELECT funnel_agg(unit, ts, event, definition::funnel_def) FROM random_did) AS result FROM asks;
CREATE TABLE edges AS
SELECT id, ord, source, target, value, median_seconds FROM results, funnel_flow(result) WITH ORDINALITY AS f(source, target, value, median_seconds, ord);
CREATE TABLE stages AS
SELECT id, step, step || ':' || stage AS node, users, step = max(step) OVER (PARTITION BY id) AS last, substring(s.text FROM '\?$') IS NOT NULL AS optional
FROM results, funnel_report(result) AS r,
	LATERAL (SELECT (regexp_split_to_array(split_part(regexp_replace(definition::text, '-\[[^]]*\]->', '->', 'g'), ' within', 1), ' -> '))[step] AS text) AS s;
SELECT count(*) AS results, max(steps) AS steps, sum(edges) AS edges, sum(optional) AS optional, count(*) FILTER (WHERE edges = 0) AS without
FROM (SELECT id, count(*) AS steps, count(*) FILTER (WHERE optional) AS optional, (SELECT count(*) FROM edges WHERE edges.id = stages.id) AS edges FROM stages GROUP BY id) AS s;

-- a unit that came to a node went on from it, but from where nobody goes on
SELECT count(*) AS nodes, count(*) FILTER (WHERE came IS NULL) AS begin, count(*) FILTER (WHERE went IS NULL) AS ends,
	count(*) FILTER (WHERE came <> went) AS lost
FROM (SELECT id, target AS node, sum(value) AS came FROM edges GROUP BY id, target) AS c
FULL JOIN (SELECT id, source AS node, sum(value) AS went FROM edges GROUP BY id, source) AS w USING (id, node);
-- what comes to a stage, and what goes on, are its users
SELECT count(*) AS stages, count(*) FILTER (WHERE step > 1 AND came <> users) AS came_others, count(*) FILTER (WHERE NOT last AND went <> users) AS went_others,
	count(*) FILTER (WHERE last AND went <> 0 OR step = 1 AND came <> 0) AS at_the_ends
FROM stages, LATERAL (SELECT coalesce(sum(value) FILTER (WHERE target = node), 0) AS came, coalesce(sum(value) FILTER (WHERE source = node), 0) AS went
	FROM edges WHERE edges.id = stages.id) AS e;
-- outcomes are those of the drop-off, in its order
SELECT count(*) AS outcomes, count(*) FILTER (WHERE value IS DISTINCT FROM users) AS others
FROM (SELECT id, step || ':' || stage AS source, step || ':' || stage || ' ' || outcome AS target, users,
		row_number() OVER (PARTITION BY id ORDER BY ord) AS n
	FROM results, funnel_dropoff(result) WITH ORDINALITY AS d(step, stage, outcome, users, ord)) AS d
FULL JOIN (SELECT id, source, target, value, row_number() OVER (PARTITION BY id ORDER BY ord) AS n
	FROM edges WHERE target ~ ' (excluded|late|early|absent|pending)$') AS e USING (id, source, target, n);
-- no edge twice, none empty, none back or in a circle
SELECT count(*) AS twice FROM (SELECT FROM edges GROUP BY id, source, target HAVING count(*) > 1) AS t;
SELECT count(*) FILTER (WHERE value <= 0) AS empty,
	count(*) FILTER (WHERE split_part(source, ':', 1)::int > split_part(target, ':', 1)::int
		OR split_part(source, ':', 1)::int = split_part(target, ':', 1)::int AND (source LIKE '% or not' OR target NOT LIKE source || ' %')) AS back
FROM edges;
-- the same as what each unit did by itself, one after the other
CREATE TABLE done AS
WITH unit AS (
	SELECT id, unit, n, p FROM results, LATERAL (
		SELECT unit, n, attempts[n] AS p FROM (SELECT unit, funnel_attempts_agg(ts, event, definition) AS attempts FROM random_did GROUP BY unit) AS u,
			generate_subscripts(attempts, 1) AS n
		WHERE results.definition::text LIKE '%every attempt%'
		UNION ALL
		SELECT unit, 1, funnel_progress_agg(ts, event, definition) FROM random_did
		WHERE results.definition::text NOT LIKE '%every attempt%' GROUP BY unit) AS u
	WHERE (p).stage IS NOT NULL
), node AS (
	SELECT id, unit, n, step, 0 AS part, node, (p).reached_at[step] AS at
	FROM unit JOIN stages USING (id) WHERE (p).reached_at[step] IS NOT NULL
	UNION ALL
	SELECT id, unit, n, s.step, 1, s.node || ' or not', NULL
	FROM unit JOIN stages s USING (id) JOIN stages next USING (id)
	WHERE s.optional AND next.optional AND next.step = s.step + 1 AND stage_position((p).stage) > s.step
)
SELECT id, unit, n, node AS source, lead(node) OVER w AS target, extract(epoch FROM lead(at) OVER w - at)::float8 AS seconds
FROM node WINDOW w AS (PARTITION BY id, unit, n ORDER BY step, part);
SELECT count(*) AS edges, count(median_seconds) AS with_time, count(*) FILTER (WHERE value IS DISTINCT FROM units) AS others,
	count(*) FILTER (WHERE abs(median_seconds - median) > median / 128 + 1e-6) AS other_times,
	count(*) FILTER (WHERE median_seconds IS NULL AND median IS NOT NULL AND alone) AS unknown_times,
	count(*) FILTER (WHERE median_seconds IS NOT NULL AND NOT alone) AS guessed_times
FROM (SELECT * FROM edges WHERE target !~ ' (excluded|late|early|absent|pending)$') AS e
FULL JOIN (
	SELECT id, source, target, count(*) AS units, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
		count(*) OVER (PARTITION BY id, target) = 1 AS alone
	FROM done WHERE target IS NOT NULL GROUP BY id, source, target) AS d USING (id, source, target);

-- bars are the report's users
SELECT count(*) AS bars, count(*) FILTER (WHERE b.stage <> r.stage OR b.users <> r.users OR ord <> step) AS others
FROM results, funnel_bars(result) WITH ORDINALITY AS b(stage, users, ord)
	FULL JOIN funnel_report(result) AS r ON ord = step;

DROP TABLE did, asks, random_did, results, edges, stages, done;
DROP FUNCTION do_this, asked;
