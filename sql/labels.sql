-- Which steps a label matches: stage_of shows the first of them

-- literals
SELECT e, stage_of(e, 'visit -> view|browse -> "add to cart" -> buy')
FROM unnest(ARRAY['visit', 'view', 'browse', 'add to cart', 'buy', 'Visit', 'visi', 'visit ', '', NULL]) e;

-- the name is the stage's, as funnel_stages gives it
SELECT e, stage_of(e, 'lead: form|call -> demo -> demo -> won')
FROM unnest(ARRAY['form', 'call', 'lead', 'demo', 'won']) e;
SELECT e, stage_of(e, 'a -> b -> c any order') FROM unnest(ARRAY['a', 'c', 'd']) e;
SELECT stage_of('x', NULL) IS NULL AS null_definition, stage_of(NULL, 'x') IS NULL AS null_event;

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

-- all lengths around those the hash reads at once
SELECT count(*) AS lengths, count(*) FILTER (WHERE s IS NULL) AS missed,
	count(*) FILTER (WHERE t IS NOT NULL) AS shorter, count(*) FILTER (WHERE u IS NOT NULL) AS longer,
	count(*) FILTER (WHERE w IS NOT NULL) AS changed
FROM generate_series(1, 200) n, LATERAL (SELECT repeat('abcdefghijklm', 20) AS base) b,
	LATERAL (SELECT ('"' || left(base, n) || '"')::funnel_def AS d) d,
	LATERAL (SELECT stage_of(left(base, n), d) AS s, stage_of(left(base, n - 1), d) AS t,
		stage_of(left(base, n + 1), d) AS u, stage_of(overlay(left(base, n) PLACING 'X' FROM (n + 1) / 2), d) AS w) r;

-- thousands of literals, every one found and no other
SELECT count(*) AS events, count(*) FILTER (WHERE s IS NOT NULL) AS found,
	count(*) FILTER (WHERE s IS DISTINCT FROM CASE WHEN g <= 4000 THEN '1:all'::funnel_stage END) AS wrong
FROM (SELECT ('all: ' || string_agg('event_' || g, '|'))::funnel_def AS d FROM generate_series(1, 4000) g) d,
	generate_series(1, 8000) g, LATERAL (SELECT stage_of('event_' || g, d) AS s) s;

-- the call site follows a change of the definition
SELECT d, stage_of('b', d) FROM unnest(ARRAY['a -> b', 'b -> a', 'a', 'b', 'a -> b', 'b*']::funnel_def[]) d;

-- wildcards that would make a backtracking matcher explode
SELECT stage_of(repeat('a', 100000), (repeat('*a', 30) || 'b')::funnel_def) IS NULL AS no_match,
	stage_of(repeat('a', 100000) || 'b', (repeat('*a', 30) || '*b')::funnel_def) IS NOT NULL AS match,
	stage_of(repeat('ab', 500000), ('*' || repeat('ab', 5000) || 'b*')::funnel_def) IS NULL AS long_segment;

-- Against an independent oracle: every word as a regular expression, over
-- random words of few letters, so that most have wildcards and repeats.  A
-- small generator of the test's own keeps the cases the same everywhere.
CREATE FUNCTION pick(seed bigint, n int) RETURNS int LANGUAGE sql IMMUTABLE
RETURN (('x' || substr(md5(seed::text), 1, 7))::bit(28)::int % n);

CREATE TABLE words AS
SELECT id, step, word, '^' || replace(replace(word, '.', '\.'), '*', '.*') || '$' AS re
FROM generate_series(1, 150) id, generate_series(1, 6) step,
	LATERAL (SELECT coalesce(string_agg(substr('aabb.**', 1 + pick(id * 1000 + step * 10 + g, 7), 1), '' ORDER BY g), '') AS word
		FROM generate_series(1, 1 + pick(id * 77 + step, 6)) g) w;
CREATE TABLE events AS
SELECT DISTINCT coalesce(string_agg(substr('ab.', 1 + pick(n * 100 + g, 3), 1), '' ORDER BY g), '') AS event
FROM generate_series(1, 400) n LEFT JOIN LATERAL generate_series(1, pick(n, 9)) g ON true
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
SELECT count(*) > 30000 AS enough, count(*) FILTER (WHERE ours IS DISTINCT FROM oracle) AS different,
	count(*) FILTER (WHERE ours IS NULL) > 1000 AS some_unmatched,
	min(ours), max(ours) FROM answers;

-- Random definitions: whatever is accepted prints to a text that is read as
-- the same, and the parts of a valid one are always accepted.
CREATE FUNCTION random_word(seed bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (SELECT string_agg((ARRAY['a', 'B9', '_', '.', '/', '$', 'x:y', 'é', '購', 'm-n', '*', '""', '"a b"', '"""q"""',
		'"->"', '"é→"', '"*"', 'within', 'any', 'First', '":"', '"-"', '"50%"', '"c:"', '"x|y"'])[1 + pick(seed * 31 + g, 25)], '' ORDER BY g)
	FROM generate_series(1, 1 + pick(seed, 3)) g);
CREATE FUNCTION random_space(seed bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (ARRAY['', ' ', E'\n', E' \t'])[1 + pick(seed, 4)];
CREATE FUNCTION random_duration(seed bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (SELECT string_agg(1 + pick(seed * 7 + g, 99) || CASE pick(seed * 11 + g, 3) WHEN 0 THEN '.' || pick(seed * 13 + g, 1000000) ELSE '' END
		|| random_space(seed + g) || (ARRAY['us', 'ms', 's', 'min', 'h', 'd', 'w', 'Hours', 'second', 'DAYS'])[1 + pick(seed * 17 + g, 10)], random_space(seed + 5))
	FROM generate_series(1, 1 + pick(seed * 19, 3)) g);
CREATE FUNCTION random_words(seed bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (SELECT string_agg(random_word(seed * 23 + g), random_space(seed) || '|' || random_space(seed + 1)) FROM generate_series(1, 1 + pick(seed * 29, 3)) g);
CREATE FUNCTION random_link(seed bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (ARRAY['->', '=>', '-[' || random_space(seed) || '!' || random_words(seed) || ']->',
	'=[' || random_duration(seed) || random_space(seed) || ']=>',
	'-[ ' || random_duration(seed) || ', ! ' || random_words(seed) || ',!' || random_word(seed + 1) || ' ]->'])[1 + pick(seed * 37, 5)];
CREATE FUNCTION random_definition(seed bigint) RETURNS text LANGUAGE sql IMMUTABLE
RETURN (SELECT string_agg(CASE WHEN g > 1 THEN random_link(seed * 41 + g) ELSE '' END
		|| random_space(seed + g)
		|| CASE pick(seed * 43 + g, 4) WHEN 0 THEN replace(random_word(seed * 47 + g), '*', '') || '_: ' ELSE '' END
		|| random_words(seed * 53 + g) || random_space(seed * 3 + g)
		|| CASE WHEN g > 1 AND g < n AND pick(seed * 59 + g, 3) = 0 THEN '?' ELSE '' END || ' ', '' ORDER BY g)
	FROM (SELECT 1 + pick(seed * 61, 6) AS n) n, generate_series(1, n) g)
	|| (ARRAY['', 'within ' || random_duration(seed), ', FIRST entry', 'increasing,Within ' || random_duration(seed) || ' first entry'])[1 + pick(seed * 67, 4)];

CREATE TABLE randoms AS SELECT g, t, t::funnel_def AS d
FROM (SELECT g, random_definition(g) AS t FROM generate_series(1, 600) g OFFSET 0) r;
SELECT count(*) AS definitions, count(*) FILTER (WHERE d::text::funnel_def::text IS DISTINCT FROM d::text) AS not_the_same,
	count(DISTINCT d) > 580 AS varied, count(*) FILTER (WHERE d::text LIKE '%? %') > 100 AS some_optional
FROM randoms;
SELECT count(*) AS not_unique FROM (SELECT g FROM randoms, funnel_stages(d) s
	GROUP BY g HAVING count(DISTINCT stage_name(s)) <> count(*)) n;
SELECT d FROM randoms WHERE g IN (2, 3, 5, 7, 11, 13) ORDER BY g;

-- Damaged definitions: one character removed, doubled, replaced or cut off
-- anywhere.  Each is read as itself or refused with a reason and a place.
CREATE FUNCTION verdict(lit text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
	canonical text;
BEGIN
	canonical := lit::funnel_def::text;
	RETURN CASE WHEN canonical::funnel_def::text = canonical THEN 'read' ELSE 'broken: ' || lit END;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL;
	RETURN CASE WHEN state = '22P02' AND detail ~ ' character [1-9][0-9]*' THEN 'refused'
		ELSE state || ' ' || detail END;
END $$;
WITH damaged AS (
	SELECT (ARRAY[overlay(t PLACING '' FROM i FOR 1), overlay(t PLACING substr(t, i, 1) || substr(t, i, 1) FROM i FOR 1),
		overlay(t PLACING substr('->=[]!|?:"*, 1d', 1 + pick(g * 71 + i, 15), 1) FROM i FOR 1), left(t, i)])[k] AS lit
	FROM randoms, generate_series(1, length(t)) i, generate_series(1, 4) k
	WHERE g <= 60
)
SELECT verdict(lit), count(*) > 1000 AS many FROM damaged GROUP BY 1 ORDER BY 1;

DROP TABLE words, events, randoms;
DROP FUNCTION verdict, random_definition, random_link, random_words, random_duration, random_space, random_word, pick;
