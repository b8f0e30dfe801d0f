-- The report of a result as plain text
\pset format unaligned
\pset tuples_only on

-- A result of counts and of one time for each step: everybody else is absent,
-- those of the first step for good and the others as long as there is time.
CREATE FUNCTION of_users(definition funnel_def, counts bigint[], cells int[]) RETURNS funnel_result LANGUAGE sql AS $$
	SELECT jsonb_build_object('definition', definition::text, 'horizon', '2026-01-31T23:59:59.5Z',
		'steps', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('stage', stage, 'users', counts[step],
				'microseconds', CASE WHEN step > 1 THEN trunc(counts[step] * (least_in + width / 2)) END,
				'from_previous', CASE WHEN step > 1 THEN times END, 'from_first', CASE WHEN step > 2 THEN times END)) ORDER BY step)
			FROM funnel_report(funnel_result(definition)) r,
				LATERAL (SELECT CASE WHEN cell < 128 THEN cell ELSE (64 + cell % 64) * 2::numeric ^ (cell / 64 - 1) END AS least_in,
					CASE WHEN cell < 128 THEN 0 ELSE 2::numeric ^ (cell / 64 - 1) - 1 END AS width
					FROM (SELECT coalesce(cells[step], 0) AS cell) AS c) AS t,
				LATERAL (SELECT CASE WHEN counts[step] > 0 THEN jsonb_build_array(jsonb_build_array(coalesce(cells[step], 0), counts[step])) ELSE '[]' END AS times) AS c),
		'unconverted', (SELECT coalesce(jsonb_agg(jsonb_build_array(k, 'absent', CASE WHEN k > 1 THEN to_jsonb('forever'::text) END, counts[k] - counts[k + 1])), '[]')
			FROM generate_subscripts(counts, 1) k WHERE counts[k] > counts[k + 1]))::text::funnel_result
$$;

SELECT funnel_table(of_users('visit -> click -> cart -> buy', '{1000,100,50,10}', '{NULL,1400,1550,2000}'));
-- nobody, one step, any order, optional steps
SELECT funnel_table(funnel_result('visit -> cart -> buy'::funnel_def));
SELECT funnel_table(of_users('alone', '{5}', '{}'));
SELECT funnel_table(of_users('a -> b -> c, any order', '{5,4,3}', '{NULL,0,1}'));
SELECT funnel_table('{"definition":"a -> b? -> c","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a","users":10},{"stage":"b","users":2,"microseconds":0,"from_previous":[[0,2]]},
	{"stage":"c","users":3,"microseconds":0,"from_previous":[[0,3]],"from_first":[[0,3]]}],
	"unconverted":[[1,"absent","forever",5],[2,"absent","forever",2]]}');
-- times from the shortest to the longest
SELECT funnel_table(of_users('a -> b -> c -> d -> e -> f -> g -> h -> i -> j', '{9,9,9,9,9,9,9,9,9,9}', '{NULL,1,127,800,1340,1500,1900,2300,2700,3775}'));
-- few are not none, and many are not all; greater counts, until commas go
SELECT funnel_table(of_users('visit -> "put in the cart" -> buy', '{1000000,999999,1}', '{NULL,1500,2000}'));
SELECT funnel_table(of_users('visit -> "put in the cart" -> buy', '{1234567890,234567890,1}', '{NULL,1500,2000}'));
SELECT funnel_table(of_users('visit -> "put in the cart" -> buy', '{99999999999,34567890123,1}', '{NULL,1500,2000}'));
SELECT funnel_table(of_users('visit -> "put in the cart" -> buy', '{9223372036854775807,9223372036854775806,1}', '{NULL,0,0}'));
-- names: long, wide, of several lines, none
SELECT funnel_table(of_users('"a view of the product page at length, and of all its comments" -> チェックアウト完了 ->
	"ご注文ありがとうございました、またのご利用をお待ちしております" -> buy', '{800,400,300,200}', '{NULL,1,2,3}'));
SELECT funnel_table(of_users(('"two' || chr(10) || 'lines	and a tab" -> ""')::funnel_def, '{6,3}', '{NULL,2000}'));
-- nothing that a terminal obeys, C1 controls among it
SELECT funnel_table(of_users(('"red' || chr(155) || '31m" -> "' || chr(127) || chr(128) || 'é' || chr(159) || '"')::funnel_def, '{6,3}', '{NULL,2000}'));

-- no line is longer than 80 columns, and no blank ends one
SELECT count(*) AS lines, bool_and(length(line) <= 80) AS fit, bool_and(line !~ '\s$') AS trimmed
FROM generate_series(0, 10) AS zeros, unnest(ARRAY[1, 128, 1340, 1500, 1900, 2300, 3775]) AS cell,
	LATERAL (SELECT (10::numeric ^ zeros)::bigint * 9 AS n) AS n,
	regexp_split_to_table(funnel_table(of_users(('"' || repeat('long name ', 9) || '" -> b -> c')::funnel_def, ARRAY[n, n - 1, n - 2], ARRAY[NULL, cell, cell])), E'\n') AS line;
-- the same numbers as the report
SELECT count(*) AS steps, count(*) FILTER (WHERE array_to_string((regexp_split_to_array(line, ' +'))[:6 - (step = 1)::int], ' ') <>
	concat_ws(' ', stage, users, round((100 * from_first)::numeric, 1) || '%', round((100 * from_previous)::numeric, 1) || '%', dropped, pending)) AS others
FROM (SELECT of_users('a -> b -> c -> d', ARRAY[n, n * 3 / 4, n / 2, n / 3], '{NULL,1550,1500,1580}') AS result FROM generate_series(12, 700, 31) AS n) AS r,
	funnel_report(result) AS f,
	LATERAL (SELECT line FROM regexp_split_to_table(funnel_table(result), E'\n') WITH ORDINALITY AS t(line, n) WHERE n = step + 1) AS l;
SELECT funnel_table(NULL) IS NULL;

-- in an encoding with fewer characters
SELECT current_database() AS utf8 \gset
CREATE DATABASE funnel_table_latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
\c funnel_table_latin1
SET client_min_messages = warning;
CREATE EXTENSION funnel;
SELECT funnel_table('{"definition":"\"a rather long name of a stage\" -> d\u00e9j\u00e0","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a rather long name of a stage","users":10},{"stage":"d\u00e9j\u00e0","users":4,"microseconds":0,"from_previous":[[0,4]]}],
	"unconverted":[[1,"absent","forever",6]]}');
\c :utf8
DROP DATABASE funnel_table_latin1;
DROP FUNCTION of_users;
