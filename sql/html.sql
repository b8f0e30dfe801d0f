-- A result as a page

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
-- Well-formed; a server without libxml cannot tell.
CREATE FUNCTION well_formed(page text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	RETURN xmlparse(DOCUMENT page) IS NOT NULL;
EXCEPTION WHEN feature_not_supported THEN
	RETURN true;
END
$$;
-- The texts of a page, a row of a table in a line.
CREATE FUNCTION said(page text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT trim(regexp_replace(regexp_replace(regexp_replace(line, '</t[hd]>', ' | ', 'g'), '<[^>]*>', '', 'g'), '( *\| *)+$', ''))
	FROM regexp_split_to_table(regexp_replace(regexp_replace(regexp_replace(page, '<style>.*</style>', ''), '<figure.*?</figure>', '', 'g'), '\n<td', '<td', 'g'), '\n') line
	WHERE line ~ '>[^<>]+<'
$$;

-- 100 enter; some are late, early or excluded, some may go on, and some skip
-- what is optional; a value is summed up.
CREATE TABLE events AS
SELECT u, timestamptz '2026-01-01Z' + u * interval '1 min' + n * interval '7 min' * (1 + u % 5) AS ts, e, 12.5 AS amount
FROM generate_series(1, 100) u,
	(VALUES (1, 'visit', 1, 0), (2, 'search', 4, 1), (3, 'cart', 3, 0), (4, 'leave', 12, 0), (7, 'buy', 6, 0)) v(n, e, of, rest)
WHERE u % of = rest % of;
CREATE TABLE answer AS
SELECT funnel_agg(u, ts, e, 'visit -> search? -> cart -[!leave, 1 hour]-> buy within 2 hours', amount) AS r FROM events;
SELECT step, stage, users, dropped, pending, median_seconds::int FROM answer, funnel_report(r);
SELECT said(funnel_html(r, 'A & B')) FROM answer;

-- each number is the report's: percentages and times as they are rounded there
SELECT step, users::text = cells[2] AS users, to_char(100 * from_first, 'FM990.0%') = cells[3] AS of_first,
	to_char(100 * from_first_low, 'FM990.0%') || ' to ' || to_char(100 * from_first_high, 'FM990.0%') = replace(cells[4], '&#xA0;', ' ') AS interval,
	coalesce(to_char(100 * from_previous, 'FM990.0%'), '-') = cells[5] AS of_previous,
	dropped::text = cells[6] AS dropped, pending::text = cells[7] AS pending, to_char(value, 'FM9,990.00') = cells[8] AS value
FROM answer, funnel_report(r),
	LATERAL (SELECT string_to_array(line, ' | ') AS cells FROM said(funnel_html(r)) WITH ORDINALITY s(line, nth)
		WHERE line LIKE '&#x2068;' || stage || '%' ORDER BY nth LIMIT 1) s;
SELECT ARRAY(SELECT concat_ws(' ', stage, outcome, users) FROM funnel_dropoff(r) WITH ORDINALITY d(step, stage, outcome, users, nth) ORDER BY nth)
	= ARRAY(SELECT translate(regexp_replace(line, '&#x2068;(.*)&#x2069;.* \| (.*): .* \| (.*) \| .*', '\1 \2 \3'), ',', '')
		FROM said(funnel_html(r)) WITH ORDINALITY s(line, nth)
		WHERE line ~ '(absent|late|early|excluded|pending): ' ORDER BY nth) AS reasons
FROM answer;
-- the bars are the histogram's
SELECT ARRAY(SELECT users::text FROM funnel_histogram(r, 4, 24, true) WHERE users > 0)
	= ARRAY(SELECT split_part(m[1], ': ', 2) FROM regexp_matches(split_part(split_part(funnel_html(r), '<figure class="wide">', 3), '</figure>', 1), '<g><title>([^<]*)', 'g') m) AS wide,
	ARRAY(SELECT users::text FROM funnel_histogram(r, 4, 12, true) WHERE users > 0)
	= ARRAY(SELECT split_part(m[1], ': ', 2) FROM regexp_matches(split_part(split_part(funnel_html(r), '<figure class="narrow" style="display:none">', 3), '</figure>', 1), '<g><title>([^<]*)', 'g') m) AS narrow
FROM answer;

SELECT funnel_html(r, NULL) = funnel_html(r, ''), funnel_html(r) = funnel_html(r, NULL) FROM answer;
SELECT funnel_html(NULL, 'title') IS NULL;
-- what there is to say if there is little
SELECT said(funnel_html(funnel_result('a -> b? -> c'::funnel_def)));
SELECT said(funnel_html(of_users('alone', '{5}')));
SELECT said(funnel_html(of_users('a -> b, every attempt', '{3,0}')));
-- counts of any size, and names of all kinds
SELECT said(funnel_html(of_users('a -> b -> c', '{9223372036854775807,9223372036854775806,1}', true)));
SELECT said(funnel_html(of_users('"<script>alert(1)</script>" -> "]]>&amp;""''" -> "שלום (2)"', '{3,2,1}'), '</title><b>"''&amp;'));
SELECT name, well_formed(page) AS well_formed, page ~ '^[\n -~]*$' AS ascii, page !~* '(href|url\(|@import|<script|<image|<img|src=)' AS standalone
FROM (VALUES
		('answer', (SELECT funnel_html(r, 'A & B') FROM answer)),
		('control', funnel_html(of_users((format('"a%sb%sc" -> "%s" -> x', chr(1), chr(10), chr(65534)))::funnel_def, '{3,2,1}'), chr(27) || chr(12) || chr(9) || 'x')),
		('great', funnel_html(of_users('a -> b -> c', '{9223372036854775807,9223372036854775806,1}', true))),
		('long', funnel_html(of_users(('"' || repeat('long ', 1000) || '" -> "' || repeat('完了', 100) || '" -> b')::funnel_def, '{3,2,1}'), repeat('long ', 1000))),
		('names', funnel_html(of_users('"<script>alert(1)</script>" -> "]]>&amp;""''" -> "שלום (2)"', '{3,2,1}'), '</title><b>"''&amp;')),
		('nobody', funnel_html(funnel_result('a -> b? -> c'::funnel_def)))) v(name, page);
-- a mail has lines of at most 998 bytes
SELECT max(length(line)) < 998 AS short FROM answer, regexp_split_to_table(funnel_html(r, 'A & B'), '\n') line;
-- times, from the shortest to the longest
SELECT d || ' s' AS seconds, (regexp_match(flow_svg(ARRAY[('a', 'b', 1, d)]::flow_edge[]), 'median ([^<]*)'))[1] AS shown
FROM unnest(ARRAY[0, 4e-7, 1e-6, 0.00025, 0.9994, 0.9996, 1.5, 59.94, 59.96, 90, 3599.4, 3599.6, 86369, 86371, 86400, 90000, 8639999, 8640000, 1e9, 1e300]::float8[]) WITH ORDINALITY t(d, nth) ORDER BY nth;

DROP TABLE events, answer;
DROP FUNCTION of_users, well_formed, said;
