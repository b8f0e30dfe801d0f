-- A result as a picture

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
CREATE FUNCTION well_formed(svg text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	RETURN xmlparse(DOCUMENT svg) IS NOT NULL;
EXCEPTION WHEN feature_not_supported THEN
	RETURN true;
END
$$;

-- the whole of a small one, but for the style
SELECT regexp_replace(funnel_svg(of_users('visit -> click -> buy', '{1000,100,20}', true), 'Sales'), '<style>.*</style>', '<style/>');
SELECT regexp_replace(funnel_svg(funnel_result('a -> b'::funnel_def), NULL), '<style>.*</style>', '<style/>');
-- one without a title is like one without a text for it
SELECT funnel_svg(r, NULL) = funnel_svg(r, ''), funnel_svg(r) = funnel_svg(r, NULL) FROM funnel_result('a -> b'::funnel_def) r;
SELECT funnel_svg(NULL, 'title') IS NULL;

-- who skips an optional stage is not lost: what leads on goes past it
SELECT regexp_replace(funnel_svg('{"definition":"a -> b? -> c","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a","users":10},{"stage":"b","users":2,"microseconds":0,"from_previous":[[0,2]]},
	{"stage":"c","users":3,"microseconds":0,"from_previous":[[0,3]],"from_first":[[0,3]]}],
	"unconverted":[[1,"absent","forever",5],[2,"absent","forever",2]]}'::funnel_result), '<style>.*</style>', '<style/>');

CREATE TABLE pictures AS
SELECT name, funnel_svg(r, title) AS svg
FROM (VALUES
	('two', of_users('visit -> buy', '{1000,37}'), 'Two'),
	('five', of_users('visit -> click -> cart -> checkout -> purchase within 7 days', '{1234567,834100,91000,44000,12345}', true), 'Five'),
	('twelve', of_users('a->b->c->d->e->f->g->h->i->j->k->l', '{1000,900,800,700,600,500,400,300,200,100,50,0}'), 'Twelve'),
	('all steps', of_users((SELECT string_agg('s' || i, ' -> ') FROM generate_series(1, 64) i)::funnel_def, (SELECT array_agg(i) FROM generate_series(64, 1, -1) i)), 'All'),
	('one', of_users('alone', '{1}'), 'One'),
	('nobody', funnel_result('a -> b? -> c'::funnel_def), 'Nobody'),
	('nobody of some', of_users('a -> b', '{0,0}'), NULL),
	('great', of_users('a -> b -> c', '{9223372036854775807,9223372036854775806,1}', true), 'Great'),
	('two great', format('{"definition":"a -> b","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":%s},{"stage":"b","users":0,"microseconds":0,"from_previous":[]}],"unconverted":[[1,"absent",null,%s],[1,"absent","forever",%s]]}', 9223372036854775807, 4611686018427387903, 4611686018427387904)::funnel_result, NULL),
	('names', of_users('"<script>alert(1)</script> & ""more"" than that, ]]>" -> チェックアウト完了 -> "''"', '{3,2,1}'), '</title><b>"''&amp;'),
	('right to left', of_users('"קניות (2)" -> "!قائمة" -> "3: שלום a" -> "a שלום"', '{4,3,2,1}'), 'שלום'),
	('control', of_users((format('"a%sb%sc" -> "%s" -> x', chr(1), chr(10), chr(127)))::funnel_def, '{3,2,1}'), chr(27) || chr(12) || chr(9) || 'x'),
	('not for XML', of_users((format('"%s" -> "%s" -> "%s"', chr(65534), chr(65535), chr(65533)))::funnel_def, '{3,2,1}'), chr(65535) || chr(128512) || chr(133)),
	('combining', of_users(('"e' || repeat(chr(769), 300) || '" -> "' || repeat('e' || chr(769), 90) || '" -> c')::funnel_def, '{3,2,1}'), NULL),
	('long', of_users(('"' || repeat('long ', 1000) || '" -> "' || repeat('W', 200) || '" -> "' || repeat('完了', 100) || '" -> b')::funnel_def, '{4,3,2,1}'), repeat('long ', 1000))) v(name, r, title);
SELECT name, well_formed(svg) AS well_formed, svg ~ '^[\n -~]*$' AS ascii,
	(length(svg) - length(replace(svg, '<rect class="funnel-bar"', ''))) / length('<rect class="funnel-bar"') AS bars,
	svg !~ '(href|url\(|@import|<script|<image|src=)' AS standalone
FROM pictures ORDER BY name;
-- what it says
CREATE FUNCTION texts(svg text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT t FROM regexp_matches(regexp_replace(svg, '<style>.*</style>', ''), '>([^<>\n]+)<', 'g') m, unnest(m) t
$$;
SELECT texts(svg) FROM pictures WHERE name = 'five';
SELECT texts(svg) FROM pictures WHERE name = 'names';
SELECT texts(svg) FROM pictures WHERE name IN ('control', 'nobody', 'nobody of some', 'great', 'not for XML', 'two great') ORDER BY name;
-- a text from right to left says so, and its left end is where that of others is
SELECT unnest(regexp_matches(svg, '<text class="funnel-text funnel-(?:bold|title)"[^<]*', 'g')) FROM pictures WHERE name = 'right to left';
-- names go on in further lines, behind a blank if there is one, and never between
-- a letter and its accent; what is cut is in a title
SELECT unnest(regexp_matches(svg, '<text class="funnel-text funnel-bold"[^<]*', 'g')) FROM pictures WHERE name = 'long';
SELECT bool_and(line ~ '^(e(&#x301;)+)+(&#x2026;)?$') AS whole, count(*) AS lines
FROM pictures, regexp_matches(svg, '<text class="funnel-text funnel-bold"[^>]*>([^<]*e&[^<]*)', 'g') m, unnest(m) line
WHERE name = 'combining';
SELECT svg LIKE '%<title>' || repeat('long ', 1000) || '</title>%' AS title, svg LIKE '%;' || repeat('long ', 1000) || '&%' AS name
FROM pictures WHERE name = 'long';

-- the same bytes in a database of another encoding
\set of_users '{"definition":"\\"é à\\" -> \\"× ÿ\\"","horizon":"2026-01-31T23:59:59.5Z","steps":[{"stage":"é à","users":3},{"stage":"× ÿ","users":2,"microseconds":0,"from_previous":[[0,2]]}],"unconverted":[[1,"absent",null,1]]}'
SELECT md5(funnel_svg(:'of_users'::funnel_result, 'Übersicht')) AS here, current_database() AS utf8 \gset
CREATE DATABASE funnel_svg_latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE funnel_svg_euc_jp ENCODING 'EUC_JP' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
CREATE DATABASE funnel_svg_ascii ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
\c funnel_svg_latin1
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION funnel;
SELECT md5(funnel_svg(:'of_users'::funnel_result, 'Übersicht')) = :'here' AS same;
\c funnel_svg_euc_jp
SET client_min_messages = warning;
CREATE EXTENSION funnel;
-- what Unicode has not is no reason to fail
SELECT substring(funnel_svg(funnel_result('a -> b'::funnel_def), convert_from('\xa4a2fdfe8fa2af61', 'EUC_JP')) FROM '<title>[^<]*');
\c funnel_svg_ascii
SET client_min_messages = warning;
CREATE EXTENSION funnel;
SELECT md5(funnel_svg(:'of_users'::funnel_result, 'Übersicht')) = :'here' AS same;
-- bytes that are no characters
SELECT substring(funnel_svg(funnel_result('a -> b'::funnel_def), convert_from('\x61ff62c3c3a9e28261f09f98', 'SQL_ASCII')) FROM '<title>[^<]*');
-- nor do those of controls get to a terminal
SELECT funnel_chart(funnel_result(('"a' || E'\xC2\x9B' || 'm ' || E'\x9B' || 'm ' || E'\xC3\x9B' || '" -> b')::funnel_def)) ~ E'\na\\?m \\?m \xC3\x9B  ' AS clean;
\c :utf8
DROP DATABASE funnel_svg_latin1;
DROP DATABASE funnel_svg_euc_jp;
DROP DATABASE funnel_svg_ascii;
DROP TABLE pictures;
DROP FUNCTION of_users, well_formed, texts;
