-- Which steps a label matches: stage_of shows the first of them

-- literals
SELECT e, stage_of(e, 'visit -> view|browse -> "add to cart" -> buy')
FROM unnest(ARRAY['visit', 'view', 'browse', 'add to cart', 'buy', 'Visit', 'visi', 'visit ', '', NULL]) e;

-- the name is the stage's, as funnel_stages gives it
SELECT e, stage_of(e, 'lead: form|call -> demo -> demo -> won')
FROM unnest(ARRAY['form', 'call', 'lead', 'demo', 'won']) e;
SELECT e, stage_of(e, 'a -> b -> c any order') FROM unnest(ARRAY['a', 'c', 'd']) e;
SELECT stage_of(NULL, 'x') IS NULL AS null_event;

-- the first of several steps; literals and wildcards together
SELECT e, stage_of(e, 'a* -> ab -> *b -> * -> "a*"')
FROM unnest(ARRAY['a', 'ab', 'abc', 'cb', 'b', 'c', '', 'a*']) e;
SELECT e, stage_of(e, 'ab -> a* -> "" -> *')
FROM unnest(ARRAY['a', 'ab', 'abc', 'cb', '']) e;

-- exclusions match no step
SELECT e, stage_of(e, 'a -[!x|b|z*]-> b -[!a]-> c') FROM unnest(ARRAY['a', 'x', 'b', 'zz', 'c']) e;

-- wildcards: prefix, suffix, segments in order that do not overlap
SELECT p, e, stage_of(e, p::funnel_def) IS NOT NULL AS matches
FROM (VALUES ('*'), ('a*'), ('*a'), ('a*a'), ('*a*'), ('*ab*ab*'), ('a*b*c'), ('ab*ba'), ('*aab*b'), ('"*"*"*"')) v(p),
	unnest(ARRAY['', 'a', 'aa', 'aba', 'abba', 'ab', 'abab', 'aab', 'aabb', 'aaab', 'aaabb', 'abc', 'aXbXc', 'acb', '*', '**', 'x*y*']) e
WHERE stage_of(e, p::funnel_def) IS NOT NULL OR (p, e) IN (('a*a', 'a'), ('ab*ba', 'aba'), ('*aab*b', 'aab'))
ORDER BY p COLLATE "C", e COLLATE "C";

-- a wildcard is a run of characters, not of bytes
SELECT e, stage_of(e, 'größe* -> *入 -> *é*é*') FROM unnest(ARRAY['größe', 'größen', 'grö', '購入', '入購', 'éé', 'é', 'aébéc']) e;

-- all lengths, around those that are compared as words, and each byte of them
SELECT count(*) AS lengths, count(*) FILTER (WHERE s IS NULL) AS missed,
	count(*) FILTER (WHERE t IS NOT NULL) AS shorter, count(*) FILTER (WHERE u IS NOT NULL) AS longer,
	sum(w) AS changed
FROM generate_series(1, 200) n, LATERAL (SELECT repeat('abcdefghijklm', 20) AS base) b,
	LATERAL (SELECT ('"' || left(base, n) || '"')::funnel_def AS d) d,
	LATERAL (SELECT stage_of(left(base, n), d) AS s, stage_of(left(base, n - 1), d) AS t,
		stage_of(left(base, n + 1), d) AS u) r,
	LATERAL (SELECT count(stage_of(overlay(left(base, n) PLACING 'X' FROM at), d)) AS w FROM generate_series(1, n) at) c;

-- many literals, every one found and no other
SELECT count(*) AS events, count(*) FILTER (WHERE s IS NOT NULL) AS found,
	count(*) FILTER (WHERE s IS DISTINCT FROM CASE WHEN g <= 1000 THEN '1:all'::funnel_stage END) AS wrong
FROM (SELECT ('all: ' || string_agg('event_' || g, '|'))::funnel_def AS d FROM generate_series(1, 1000) g) d,
	generate_series(1, 2000) g, LATERAL (SELECT stage_of('event_' || g, d) AS s) s;

-- the call site follows a change of the definition
SELECT d, stage_of('b', d) FROM unnest(ARRAY['a -> b', 'b -> a', 'a', 'b', 'a -> b', 'b*']::funnel_def[]) d;

-- wildcards that would make a backtracking matcher explode
SELECT stage_of(repeat('a', 20000), (repeat('*a', 30) || 'b')::funnel_def) IS NULL AS no_match,
	stage_of(repeat('a', 20000) || 'b', (repeat('*a', 30) || '*b')::funnel_def) IS NOT NULL AS match,
	stage_of(repeat('ab', 50000), ('*' || repeat('ab', 5000) || 'b*')::funnel_def) IS NULL AS long_segment;

-- Against an independent oracle: every word as a regular expression, over
-- random words of few letters, so that most have wildcards and repeats.  A
-- small generator of the test's own keeps the cases the same everywhere.
CREATE FUNCTION pick(seed bigint, n int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN (('x' || substr(md5(seed::text), 1, 7))::bit(28)::int % n);

CREATE TABLE words AS
SELECT id, step, word, '^' || replace(replace(word, '.', '\.'), '*', '.*') || '$' AS re
FROM generate_series(1, 50) id, generate_series(1, 6) step,
	LATERAL (SELECT coalesce(string_agg(substr('aabb.**', 1 + pick(id * 1000 + step * 10 + g, 7), 1), '' ORDER BY g), '') AS word
		FROM generate_series(1, 1 + pick(id * 77 + step, 6)) g) w;
CREATE TABLE events AS
SELECT DISTINCT coalesce(string_agg(substr('ab.', 1 + pick(n * 100 + g, 3), 1), '' ORDER BY g), '') AS event
FROM generate_series(1, 200) n LEFT JOIN LATERAL generate_series(1, pick(n, 9)) g ON true
GROUP BY n;

-- one alternative each in three steps of two words
WITH definitions AS (
	SELECT id, string_agg(alternatives, ' -> ' ORDER BY position)::funnel_def AS d,
		array_agg(res ORDER BY position) AS res
	FROM (SELECT id, (step + 1) / 2 AS position, string_agg(word, '|' ORDER BY step) AS alternatives,
			string_agg('(' || re || ')', '|' ORDER BY step) AS res
		FROM words GROUP BY id, (step + 1) / 2) s
	GROUP BY id
), answers AS (
	SELECT stage_position(stage_of(event, d)) AS ours,
		CASE WHEN event ~ res[1] THEN 1 WHEN event ~ res[2] THEN 2 WHEN event ~ res[3] THEN 3 END AS oracle
	FROM definitions, LATERAL (SELECT event FROM events OFFSET 0) e
)
SELECT count(*) > 5000 AS enough, count(*) FILTER (WHERE ours IS DISTINCT FROM oracle) AS different,
	count(*) FILTER (WHERE ours IS NULL) > 500 AS some_unmatched,
	min(ours), max(ours) FROM answers;

DROP TABLE words, events;
DROP FUNCTION pick;

-- Labels of one letter, which have the same words, are told apart by their length.
SELECT l, units FROM generate_series(1, 30) l, LATERAL (
	SELECT funnel_units(funnel_agg(n, timestamptz '2026-01-01Z', repeat('a', n), def)) AS units
	FROM generate_series(0, 40) n, LATERAL (SELECT ('"' || repeat('a', l) || '" -> b')::funnel_def AS def) d) s
WHERE units <> 1;
