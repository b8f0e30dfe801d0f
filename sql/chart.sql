-- Pictures of a result

\pset format unaligned
\pset tuples_only on

-- A result of counts alone: users of each step, everybody else absent.
CREATE FUNCTION of_users(definition funnel_def, counts bigint[], open bool DEFAULT false) RETURNS funnel_result LANGUAGE sql AS $$
	SELECT jsonb_build_object('definition', definition::text, 'horizon', '2026-01-31T23:59:59.5Z',
		'steps', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('stage', stage, 'users', counts[step],
				'microseconds', CASE WHEN step > 1 THEN 0 END,
				'from_previous', CASE WHEN step > 1 THEN cells END, 'from_first', CASE WHEN step > 2 THEN cells END)) ORDER BY step)
			FROM funnel_report(funnel_result(definition)) r,
				LATERAL (SELECT CASE WHEN counts[step] > 0 THEN jsonb_build_array(jsonb_build_array(0, counts[step])) ELSE '[]' END AS cells) c),
		'unconverted', (SELECT coalesce(jsonb_agg(jsonb_build_array(k, 'absent', CASE WHEN open THEN to_jsonb('forever'::text) END, counts[k] - counts[k + 1])), '[]')
			FROM generate_subscripts(counts, 1) k WHERE counts[k] > counts[k + 1]))::text::funnel_result
$$;

SELECT funnel_chart(of_users('visit -> click -> cart -> buy within 7 days', '{1000,100,50,10}'), 80);
SELECT funnel_chart(of_users('visit -> click -> cart -> buy within 7 days', '{1000,100,50,10}', true), 40);
SELECT funnel_chart(of_users('visit -> click -> cart -> buy within 7 days', '{1234567,1234566,1,0}'), 120);
SELECT funnel_chart(of_users('visit -> click -> cart -> buy', '{9223372036854775807,9223372036854775806,1,0}'), 80);
SELECT funnel_chart(of_users('visit -> click -> cart -> buy', '{9223372036854775807,9223372036854775806,1,0}'), 40);
SELECT funnel_chart(funnel_result('visit -> cart -> buy'::funnel_def), 60);
SELECT funnel_chart(of_users('alone', '{5}'), 60);
SELECT funnel_chart(of_users('a -> b -> c, any order', '{5,4,3}'), 60);
-- what follows an optional stage is measured from the required one before
SELECT funnel_chart('{"definition":"a -> b? -> c","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a","users":10},{"stage":"b","users":2,"microseconds":0,"from_previous":[[0,2]]},
	{"stage":"c","users":3,"microseconds":0,"from_previous":[[0,3]],"from_first":[[0,3]]}],
	"unconverted":[[1,"absent","forever",5],[2,"absent","forever",2]]}'::funnel_result, 60);

-- names: long, wide, combining, of several lines, none
SELECT funnel_chart(of_users('"a view of the product page at length, and of all its comments" -> cart -> チェックアウト完了 ->
	"ご注文ありがとうございました、またのご利用をお待ちしております" -> buy', '{800,600,400,300,200}'), w)
FROM (VALUES (40), (60), (80)) v(w);
SELECT funnel_chart(of_users(('e' || chr(769) || 'tape' || ' -> "two' || chr(10) || 'lines	and a tab" -> ""')::funnel_def, '{9,6,3}'), 60);
-- nothing that a terminal obeys, C1 controls among it
SELECT funnel_chart(of_users(('"red' || chr(155) || '31m" -> "' || chr(127) || chr(128) || 'é' || chr(159) || chr(160) || '" -> "' ||
	repeat(chr(155), 200) || '"')::funnel_def, '{9,6,3}'), 60);
-- every line fits, whatever the width, and bars are as long as they are great
SELECT count(*) AS lines, bool_and(length(line) <= w) AS fit, bool_and(line !~ '\s$') AS trimmed
FROM generate_series(40, 500) w, (VALUES
		(of_users('visit -> click -> "put in the cart" -> buy', '{9223372036854775807,9223372036854775806,1,0}')),
		(of_users('visit -> click -> "put in the cart" -> buy', '{1000000,999999,1,0}')),
		(of_users('v -> c -> p -> b', '{3,2,1,0}')),
		(of_users(('"' || repeat('long name ', 50) || '" -> b')::funnel_def, '{3,1}'))) v(r),
	regexp_split_to_table(funnel_chart(r, w), chr(10)) line;
SELECT bool_and(bar >= before) AS ascending, max(bar) AS longest, count(DISTINCT bar) AS lengths
FROM (SELECT bar, lag(bar, 1, 0) OVER (ORDER BY n) AS before
	FROM generate_series(0, 1000, 5) n,
		LATERAL (SELECT coalesce(sum(8 - (ascii(c) - 9608)), 0) AS bar
			FROM regexp_split_to_table(split_part(funnel_chart(of_users('a -> b', ARRAY[1000, n]), 80), chr(10), 3), '') c
			WHERE ascii(c) BETWEEN 9608 AND 9615) b) s;
-- few are not none, and almost all are not all
SELECT funnel_chart(of_users('a -> b -> c', '{1000000,999999,1}'), 80);

-- 80 characters wide unless it is said
SELECT funnel_chart(r) = funnel_chart(r, 80) AS same FROM of_users('visit -> click -> cart -> buy within 7 days', '{1000,100,50,10}') r;
SELECT funnel_chart(NULL, 80) IS NULL, funnel_chart(funnel_result('a'::funnel_def), NULL) IS NULL;
SELECT funnel_chart(funnel_result('a'::funnel_def), 39);
SELECT funnel_chart(funnel_result('a'::funnel_def), 501);
SELECT funnel_chart(funnel_result('a'::funnel_def), -1);

-- without the characters, plain ones
SELECT current_database() AS utf8 \gset
CREATE DATABASE funnel_chart_latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
\c funnel_chart_latin1
SET client_min_messages = warning;
CREATE EXTENSION funnel;
SELECT funnel_chart('{"definition":"\"a rather long name of a stage\" -> d\u00e9j\u00e0 -> c","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a rather long name of a stage","users":10},{"stage":"d\u00e9j\u00e0","users":4,"microseconds":0,"from_previous":[[0,4]]},
	{"stage":"c","users":1,"microseconds":0,"from_previous":[[0,1]],"from_first":[[0,1]]}],
	"unconverted":[[1,"absent","forever",6],[2,"absent",null,3]]}'::funnel_result, w)
FROM (VALUES (40), (80)) v(w);
SELECT funnel_chart(funnel_result(('"red' || chr(155) || '31m" -> ' || chr(233))::funnel_def), 40);
\c :utf8
DROP DATABASE funnel_chart_latin1;
DROP FUNCTION of_users;
