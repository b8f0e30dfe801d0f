-- The edges of a flow as a picture

\pset format unaligned
\pset tuples_only on

-- Well-formed; a server without libxml cannot tell.
CREATE FUNCTION well_formed(svg text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	RETURN xmlparse(DOCUMENT svg) IS NOT NULL;
EXCEPTION WHEN feature_not_supported THEN
	RETURN true;
END
$$;
-- The edges 'a>b:3,b>c:2'.
CREATE FUNCTION edges(flow text) RETURNS flow_edge[] LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg((split_part(e, '>', 1), split_part(split_part(e, '>', 2), ':', 1), split_part(e, ':', 2)::bigint, NULL)::flow_edge ORDER BY nth)
	FROM string_to_table(flow, ',') WITH ORDINALITY t(e, nth)
$$;
-- Where the nodes are: their names, x and y.
CREATE FUNCTION nodes(svg text) RETURNS TABLE (name text, x numeric, y numeric, height numeric) LANGUAGE sql AS $$
	SELECT m[1], m[2]::numeric, m[3]::numeric, m[4]::numeric
	FROM regexp_matches(svg, '<g><title>&#x2068;([^<]*)&#x2069;: [^<]*</title>\n<rect class="funnel-\d" x="([\d.]+)" y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', 'g') m
$$;
CREATE FUNCTION texts(svg text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT t FROM regexp_matches(regexp_replace(svg, '<style>.*</style>', ''), '>([^<>\n]+)<', 'g') m, unnest(m) t
$$;

-- the whole of a small one, but for the style
SELECT regexp_replace(flow_svg(ARRAY[('1 visit', '2 cart', 30, 90.5), ('1 visit', '2 (end)', 70, NULL), ('2 cart', '3 buy', 12, 7200)]::flow_edge[], 'After a visit'),
	'<style>.*</style>', '<style/>');
SELECT flow_svg(e, NULL) = flow_svg(e, ''), flow_svg(e) = flow_svg(e, NULL), flow_svg(NULL, 'title') IS NULL FROM edges('a>b:1') e;
-- no edge that anybody took
SELECT texts(flow_svg('{}'));
SELECT texts(flow_svg(edges('a>b:0,b>a:0'), 'None'));

-- a level is the longest path; what nothing leads to is just before its target
SELECT array_agg(name ORDER BY name) AS level FROM nodes(flow_svg(edges('a>b:5,b>c:3,a>c:1,x>c:4,c>d:2,y>d:1'))) GROUP BY x ORDER BY x;
-- few crossings where none is needed, whatever the names are
SELECT array_agg(name ORDER BY y) AS level FROM nodes(flow_svg(edges('a>z:5,b>y:5,c>x:5,z>k:4,y>l:4,x>j:4'))) GROUP BY x ORDER BY x;
-- nodes are as high as their users, on one scale
SELECT name, round(height / max(height) OVER (), 2) AS share FROM nodes(flow_svg(edges('a>b:500,a>c:250,b>d:125'))) ORDER BY name;
-- the order of the edges does not matter, nor whether one comes in parts
SELECT count(DISTINCT md5(flow_svg(e))) FROM (
	SELECT array_agg(edge ORDER BY md5(seed || edge::text)) AS e
	FROM generate_series(1, 20) seed, unnest(edges('a>b:5,b>c:3,a>c:1,x>c:4,c>d:2,y>d:1,a>q:3,q>d:2,q>c:1')) edge GROUP BY seed) s;
SELECT flow_svg(edges('a>b:5,b>c:3')) = flow_svg(edges('a>b:2,b>c:1,a>b:3,b>c:2'));
-- shares are of what came in from nowhere, and none is above all
SELECT texts FROM texts(flow_svg(edges('a>b:10,b>c:4,b>d:30,x>d:6'))) WHERE texts ~ '%';

-- a label has one colour, however it ends or begins; only what is no event has the last
CREATE FUNCTION colours(svg text) RETURNS TABLE (colour int, names text[]) LANGUAGE sql AS $$
	SELECT m[2]::int, array_agg(m[1] ORDER BY m[1]) FROM regexp_matches(svg, '<g><title>&#x2068;([^<]*)&#x2069;: [^<]*</title>\n<rect class="funnel-(\d)"', 'g') m GROUP BY 1 ORDER BY 1
$$;
SELECT * FROM colours(flow_svg(edges('1 (direct)>2 order late:3,1 (direct)>2 (end):1,2 order late>3 order late:2,2 order late>3 (other):1')));
SELECT c.* FROM (SELECT flow_svg(array_agg(f)) AS svg FROM funnel_flow(
	(SELECT funnel_agg(u, '2026-01-01', e, '"" -> late') FROM (VALUES (1, ''), (2, ''), (2, 'late')) v(u, e))) f) s, colours(svg) c;

-- no two nodes overlap, and none is outside
CREATE TABLE pictures AS
SELECT name, flow_svg(e, title) AS svg
FROM (VALUES
	('many', (SELECT array_agg((i % 7, 100 + i % 300, i, NULL)::flow_edge) || array_agg((100 + i % 300, 1000 + i % 50, 1 + i % 13, NULL)::flow_edge) FROM generate_series(1, 600) i), 'Many'),
	('long', ARRAY[(repeat('long ', 1000), repeat('W', 300), 3, 1), (repeat('W', 300), repeat('完了', 100), 2, 1e30)]::flow_edge[], repeat('long ', 1000)),
	('names', ARRAY[('<script>alert(1)</script>', ']]>&amp;"''', 3, 0.0000001), ('<script>alert(1)</script>', chr(1) || chr(10) || chr(65534), 2, 0.5), (chr(1) || chr(10) || chr(65534), 'שלום', 2, 86400), ('', 'empty', 1, 59.99)]::flow_edge[], '</title>'),
	('great', edges('a>b:4611686018427387904,a>c:4611686018427387903'), NULL),
	('levels', (SELECT array_agg((i, i + 1, 1, NULL)::flow_edge) || array_agg((i, 201, 1, NULL)::flow_edge) FROM generate_series(1, 200) i), 'Levels'),
	('one', edges('a>b:1'), NULL)) v(name, e, title);
SELECT name, well_formed(svg) AS well_formed, svg ~ '^[\n -~]*$' AS ascii, svg !~ '(href|url\(|@import|<script|<image|src=)' AS standalone,
	(SELECT count(*) FROM nodes(svg)) AS nodes,
	(SELECT coalesce(bool_and(below >= y + height), true) FROM (SELECT y, height, lead(y) OVER (PARTITION BY x ORDER BY y) AS below FROM nodes(svg)) n) AS apart,
	(SELECT bool_and(y >= 0 AND y + height <= h AND x <= w - 100) FROM nodes(svg), (SELECT (regexp_match(svg, ' width="(\d+)" height="(\d+)"'))[1]::int AS w, (regexp_match(svg, ' width="(\d+)" height="(\d+)"'))[2]::int AS h) s) AS inside
FROM pictures ORDER BY name;
SELECT texts(svg) FROM pictures WHERE name IN ('great', 'names', 'one') ORDER BY name;
SELECT texts FROM pictures, texts(svg) WHERE name = 'long' AND texts ~ 'median|2026' AND length(texts) < 1500;

-- what makes no picture
SELECT flow_svg(edges('a>b:1,b>c:1,c>a:1,x>a:1'));
SELECT flow_svg(edges('a>a:1'));
SELECT flow_svg(edges('x>a:1,a>b:2,b>a:1,b>c:3'));
SELECT flow_svg((SELECT array_agg((i, (i + 1) % 100, 1, NULL)::flow_edge) FROM generate_series(0, 99) i));
-- a circle that nobody took is none
SELECT count(*) FROM nodes(flow_svg(edges('a>b:1,b>a:0')));
SELECT flow_svg((SELECT array_agg((i, i + 1, 1, NULL)::flow_edge) FROM generate_series(1, 1000) i));
SELECT flow_svg((SELECT array_agg((i, 100 + j, 1, NULL)::flow_edge) FROM generate_series(1, 71) i, generate_series(1, 71) j));
SELECT flow_svg((SELECT array_agg((i, i + 1, 1, NULL)::flow_edge) || array_agg((i, 301, 1, NULL)::flow_edge) FROM generate_series(1, 300) i));
SELECT flow_svg(ARRAY[('a', 'b', -1, NULL)]::flow_edge[]);
SELECT flow_svg(ARRAY[('a', NULL, 1, NULL)]::flow_edge[]);
SELECT flow_svg(ARRAY[('a', 'b', 9223372036854775807, NULL), ('b', 'c', 1, NULL)]::flow_edge[]);

-- a flow of a funnel, and in a database of another encoding
SELECT texts(flow_svg(array_agg(f))) FROM funnel_flow('{"definition":"a -> b","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a","users":10},{"stage":"b","users":2,"microseconds":240000000,"from_previous":[[1394,2]]}],
	"unconverted":[[1,"absent","forever",5],[1,"late",null,3]]}'::funnel_result) f;
SELECT current_database() AS utf8 \gset
SELECT md5(flow_svg(ARRAY[('é', '× 2', 3, NULL)]::flow_edge[], 'Übersicht')) AS here \gset
CREATE DATABASE funnel_flow_latin1 ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
\c funnel_flow_latin1
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION funnel;
SELECT md5(flow_svg(ARRAY[('é', '× 2', 3, NULL)]::flow_edge[], 'Übersicht')) = :'here' AS same;
\c :utf8
DROP DATABASE funnel_flow_latin1;
DROP TABLE pictures;
DROP FUNCTION well_formed, edges, nodes, texts, colours;
