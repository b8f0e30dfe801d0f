-- funnel_result: the tally over many units

\pset format unaligned
\pset null '(null)'

-- What a value's input refuses, and why.
CREATE FUNCTION refusal(literal text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	PERFORM literal::funnel_result;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' / ', SQLSTATE, message, nullif(detail, ''), nullif(hint, ''));
END
$$;

-- the empty result
SELECT funnel_result('visit -> cart -> buy within 7 days'::funnel_def);
SELECT funnel_result('visit -> "a ""cart""": "x"|y? => buy'::funnel_def);
SELECT funnel_result('a -> b -> c, any order'::funnel_def);
SELECT funnel_result('alone'::funnel_def);
SELECT funnel_units(r), funnel_horizon(r), funnel_definition(r)
FROM funnel_result('visit->cart   within 24 hours'::funnel_def) r;
SELECT funnel_units(NULL), funnel_horizon(NULL),
	funnel_definition(NULL), NULL::funnel_result::json, NULL::funnel_result::jsonb;
-- a literal is cast, not passed to the function of that name
SELECT refusal('visit -> cart'), refusal(''), refusal('[]'), refusal('null');

/*
 * The sales funnel everybody draws.  A click came 10 seconds after the visit
 * (cell 1164), the cart a minute later (1330; 1346 from the visit), the sale
 * within the hour (1707; 1709).
 */
CREATE TABLE results (name text PRIMARY KEY, r funnel_result);
INSERT INTO results VALUES ('sales', '{"definition":"visit -> click -> cart -> buy within 7 days",
	"horizon":"2026-01-31T23:59:59.5Z",
	"steps":[
		{"stage":"visit","users":1000},
		{"stage":"click","users":100,"microseconds":1000000000,"from_previous":[[1164,100]]},
		{"stage":"cart","users":50,"microseconds":3000000000,"from_previous":[[1330,50]],"from_first":[[1346,50]]},
		{"stage":"buy","users":10,"microseconds":36000000000,"from_previous":[[1707,10]],"from_first":[[1709,10]]}],
	"unconverted":[[1,"absent",null,700],[1,"absent",1533365,150],[1,"absent",1534000,50],
		[2,"late",null,30],[2,"early",null,5],[2,"absent",null,15],[3,"absent",null,40]]}');
SELECT r FROM results;
SELECT funnel_units(r), funnel_definition(r), funnel_horizon(r) = '2026-01-31 23:59:59.5+00' AS horizon
FROM results;

-- any order of members and any white space is read, one form is written
SELECT r::text::funnel_result::text = r::text AS text,
	r::jsonb::text::funnel_result::text = r::text AS jsonb,
	jsonb_pretty(r::jsonb)::funnel_result::text = r::text AS pretty,
	(r::json::text) = r::text AS json
FROM results;
SELECT r::json->'steps'->3->>'users' AS json, r::jsonb#>>'{steps,3,stage}' AS jsonb FROM results;
SELECT to_json(r)->>'definition' AS to_json, to_jsonb(r)->>'horizon' AS to_jsonb FROM results;

-- horizons
CREATE FUNCTION at_horizon(horizon text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"definition":"a","horizon":%s,"steps":[{"stage":"a","users":0}],"unconverted":[]}',
				  coalesce(to_json(horizon)::text, 'null'))
$$;
SELECT h, at_horizon(h)::funnel_result::jsonb->>'horizon' AS printed,
	funnel_horizon(at_horizon(h)::funnel_result) AT TIME ZONE 'UTC' AS horizon
FROM (VALUES ('2026-01-01T00:00:00Z'), ('2026-01-01T00:00:00.000001Z'), ('2026-12-31T23:59:59.120000Z'),
	('2024-02-29T12:00:00Z'), ('1999-12-31T23:59:59.999999Z'), ('0001-01-01T00:00:00Z'),
	('0001-12-31T23:59:59.5Z BC'), ('0005-02-29T00:00:00Z BC'), ('4714-11-24T00:00:00Z BC'),
	('12026-07-01T00:00:00Z'), ('294276-12-31T23:59:59.999999Z'), (NULL)) v(h);
SELECT h, refusal(at_horizon(h)) FROM (VALUES (''), ('now'), ('infinity'), ('-infinity'),
	('2026-01-01'), ('2026-01-01T00:00:00'), ('2026-01-01 00:00:00Z'), ('2026-01-01T00:00:00+00'),
	('2026-01-01T00:00:00.Z'), ('2026-01-01T00:00:00.1234567Z'), ('2026-01-01T24:00:00Z'),
	('2026-01-01T00:60:00Z'), ('2026-01-01T00:00:60Z'), ('2026-13-01T00:00:00Z'), ('2026-00-01T00:00:00Z'),
	('2026-02-29T00:00:00Z'), ('2026-01-00T00:00:00Z'), ('2026-1-1T00:00:00Z'), ('0000-01-01T00:00:00Z'),
	('-001-01-01T00:00:00Z'), ('4714-11-23T23:59:59Z BC'), ('294277-01-01T00:00:00Z'),
	('999999-01-01T00:00:00Z'), ('1000000-01-01T00:00:00Z'), ('2026-01-01T00:00:00Z AD'),
	('2026-01-01T00:00:00Z BC '), (' 2026-01-01T00:00:00Z')) v(h);
-- whatever the session thinks of times
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'SQL, DMY';
SET extra_float_digits = 0;
SELECT r::jsonb->'horizon' FROM results;
RESET TimeZone;
RESET DateStyle;

-- values are printed with as many digits as they need
CREATE FUNCTION of_value(value text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"definition":"a","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":3,"value":%s}],"unconverted":[]}',
				  value)
$$;
SELECT v, of_value(v)::funnel_result::json->'steps'->0->'value' AS printed,
	of_value(v)::funnel_result::text::funnel_result::text = of_value(v)::funnel_result::text AS same
FROM (VALUES ('0'), ('-0'), ('-0.0'), ('0.1'), ('12.50'), ('-3'), ('1e2'), ('0.30000000000000004'), ('1e300'),
	('123456789012345678'), ('5e-324'), ('1e-400'), ('1.7976931348623157e308')) v(v);
RESET extra_float_digits;
SELECT v, refusal(of_value(v)) FROM (VALUES ('1e309'), ('-1e309'), ('"1"'), ('"NaN"'), ('NaN'), ('null'), ('[1]')) v(v);

-- numbers in any spelling, escapes, and of members with one key the last
CREATE FUNCTION with_users(users text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"definition":"a","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":%s}],"unconverted":[]}', users)
$$;
SELECT n, CASE WHEN refusal(with_users(n)) = 'accepted' THEN funnel_units(with_users(n)::funnel_result)::text ELSE refusal(with_users(n)) END AS units
FROM (VALUES ('100'), ('1e2'), ('1E+2'), ('1.00e2'), ('0.1e3'), ('-0'), ('0e5'), ('1234567890123456789'), ('9.223372036854775807e18'),
	('7,"users":8'), ('"x","\u0075sers":9'), ('1.0'), ('10e-1'), ('1e19'), ('1e999'), ('1e-99999999999999999999'), ('00'), ('+1'), ('.5'), ('-1'), ('true'),
	('{"users":1}'), ('[1]')) AS n(n);
SELECT refusal(with_users('1,"users":"2"')), refusal(with_users('1,"Users":1')), refusal(with_users('1,"":1')), refusal(with_users('1,"users\u0000":1'));
SELECT refusal(repeat('{"":', 1000000)) ~ '^54001 / stack depth limit exceeded';
SELECT E' \t\r\n{ "unconverted" :[ ] , "steps":[ {"users":0\n,"stage":"\\u0061"} ],"horizon": null,"definition":"\\u0061" } \n'::funnel_result;

-- malformed JSON, and JSON that is something else
SELECT refusal('{'), refusal('{"definition":"a",}'), refusal('{}'), refusal('{} x');
SELECT change[2], refusal(replace(at_horizon('2026-01-01T00:00:00Z'), change[1], change[2])) AS refusal
FROM (VALUES
	(ARRAY['"definition":"a"', '"definition":7']),
	(ARRAY['"definition":"a"', '"definition":null']),
	(ARRAY['"definition":"a"', '"definition":""']),
	(ARRAY['"definition":"a"', '"definition":"a ->"']),
	(ARRAY['"definition":"a"', '"definition":"a -> b"']),
	(ARRAY['"definition":"a"', '"definition":"b"']),
	(ARRAY['"definition":"a",', '']),
	(ARRAY['"2026-01-01T00:00:00Z"', '7']),
	(ARRAY['"horizon":"2026-01-01T00:00:00Z",', '']),
	(ARRAY['[{"stage":"a","users":0}]', '{"stage":"a","users":0}']),
	(ARRAY['[{"stage":"a","users":0}]', '[]']),
	(ARRAY['[{"stage":"a","users":0}]', '[[]]']),
	(ARRAY['[{"stage":"a","users":0}]', '["a"]']),
	(ARRAY['"steps":[{"stage":"a","users":0}],', '']),
	(ARRAY['"stage":"a",', '']),
	(ARRAY['"stage":"a"', '"stage":1']),
	(ARRAY['"stage":"a"', '"stage":"A"']),
	(ARRAY[',"users":0', '']),
	(ARRAY['"users":0', '"users":"0"']),
	(ARRAY['"users":0', '"users":-1']),
	(ARRAY['"users":0', '"users":1.5']),
	(ARRAY['"users":0', '"users":9223372036854775808']),
	(ARRAY['"users":0', '"users":1e30']),
	(ARRAY['"users":0', '"users":0,"value":1']),
	(ARRAY['"users":0', '"users":0,"microseconds":0']),
	(ARRAY['"users":0', '"users":0,"extra":0']),
	(ARRAY[',"unconverted":[]', '']),
	(ARRAY['"unconverted":[]', '"unconverted":null']),
	(ARRAY['"unconverted":[]', '"unconverted":[],"extra":[]']),
	(ARRAY['"unconverted":[]', '"unconverted":[7]']),
	(ARRAY['"unconverted":[]', '"unconverted":[[1,"absent",null,1]]'])) v(change);

-- values that nobody could have counted
SELECT change[2], refusal(replace(r::text, change[1], change[2])) AS refusal
FROM results, (VALUES
	(ARRAY['"horizon":"2026-01-31T23:59:59.5Z"', '"horizon":null']),
	(ARRAY['"users":1000', '"users":999']),
	(ARRAY['"users":1000', '"users":9223372036854775807']),
	(ARRAY['"users":50', '"users":101']),
	(ARRAY['"users":10,', '"users":9,']),
	(ARRAY['"users":10,', '"users":11,']),
	(ARRAY['"microseconds":1000000000', '"microseconds":990000000']),
	(ARRAY['"microseconds":1000000000', '"microseconds":1010000000']),
	(ARRAY['"microseconds":1000000000', '"microseconds":-1']),
	(ARRAY['"microseconds":1000000000', '"microseconds":1.5']),
	(ARRAY['"microseconds":1000000000', '"microseconds":"1"']),
	(ARRAY['"microseconds":1000000000', '"microseconds":340282366920938463463374607431768211455']),
	(ARRAY['"microseconds":1000000000', '"microseconds":340282366920938463463374607431768211456']),
	(ARRAY['"microseconds":1000000000', '"microseconds":1e60']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164,99]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164,101]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164,50],[1164,50]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164,100],[1165,0]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164,100],[1165,100]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[3776,100]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[-1,100]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164,100,0]]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[1164]']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":{"1164":100}']),
	(ARRAY['"from_previous":[[1164,100]]', '"from_previous":[[1164,100]],"from_first":[[1164,100]]']),
	(ARRAY[',"from_first":[[1346,50]]', '']),
	(ARRAY['"from_first":[[1346,50]]', '"from_first":[[1346,49]]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",null,0]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",null,-700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",null,350],[1,"absent",null,350]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",null]']),
	(ARRAY['[1,"absent",null,700]', '[0,"absent",null,700]']),
	(ARRAY['[1,"absent",null,700]', '[5,"absent",null,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"gone",null,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,7,null,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"converted",null,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"excluded",null,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent","never",700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",1.5,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",1533364,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",1533365,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",1e18,700]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",null,9223372036854775807]']),
	(ARRAY['[1,"absent",null,700]', '[1,"absent",null,9223372036854775807],[1,"late",null,700]']),
	(ARRAY['[3,"absent",null,40]', '[4,"absent",null,40]'])) v(change);

-- limits of what can be counted
SELECT r FROM CAST('{"definition":"a -> b","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":9223372036854775807},
	{"stage":"b","users":9223372036854775807,"microseconds":170141183460469231704017187605319778305,
	 "from_previous":[[3775,9223372036854775807]]}],"unconverted":[]}' AS funnel_result) r;
SELECT refusal('{"definition":"a -> b","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":9223372036854775807},
	{"stage":"b","users":9223372036854775807,"microseconds":170141183460469231704017187605319778305,
	 "from_previous":[[3775,9223372036854775807],[3774,9223372036854775807]]}],"unconverted":[]}');
SELECT refusal('{"definition":"a -> b","horizon":null,"steps":[{"stage":"a","users":0},
	{"stage":"b","users":0,"microseconds":0,"from_previous":[[5,1]]}],"unconverted":[]}');

-- optional steps: some pass through them, some stand there
SELECT users, refusal(format('{"definition":"a -> b? -> c","horizon":"2026-01-01T00:00:00Z",
	"steps":[{"stage":"a","users":10},{"stage":"b","users":%1$s,"microseconds":0,"from_previous":[[0,%1$s]]},
	{"stage":"c","users":3,"microseconds":0,"from_previous":[[0,3]],"from_first":[[0,3]]}],
	"unconverted":[[1,"absent","forever",5],[2,"absent","forever",2]]}', users))
FROM generate_series(1, 6) users;

/*
 * Merging.  Of two results the later horizon counts, and what it has passed is
 * closed; g is 2^29 microseconds for 7 days.
 */
INSERT INTO results VALUES ('later', '{"definition":"visit -> click -> cart -> buy within 7 days",
	"horizon":"2026-02-03T00:00:00Z",
	"steps":[
		{"stage":"visit","users":4},
		{"stage":"click","users":3,"microseconds":10000063,"from_previous":[[0,1],[63,1],[1164,1]]},
		{"stage":"cart","users":0,"microseconds":0,"from_previous":[],"from_first":[]},
		{"stage":"buy","users":0,"microseconds":0,"from_previous":[],"from_first":[]}],
	"unconverted":[[1,"absent",1534000,1],[2,"absent",null,1],[2,"absent",1533700,2]]}'),
	('empty', funnel_result('visit -> click -> cart -> buy within 7 days'::funnel_def));
SELECT funnel_merge(r) FROM results;
SELECT count(DISTINCT m) AS results, count(*) AS orders
FROM (SELECT (SELECT funnel_merge(r) FROM (SELECT r FROM results ORDER BY hashtext(name || i) OFFSET 0) x)::text AS m
	FROM generate_series(1, 50) i OFFSET 0) s;
SELECT funnel_merge(r)::text = (SELECT funnel_merge(r)::text FROM results) AS same
FROM (SELECT funnel_merge(r) AS r FROM results GROUP BY name) s;
SELECT name, funnel_merge(r)::text = min(r::text) AS identity FROM results GROUP BY name ORDER BY name;
SELECT funnel_merge(r) FROM results WHERE false;
SELECT funnel_merge(NULL) FROM results;
SELECT funnel_units(funnel_merge(r)) FROM (SELECT r FROM results UNION ALL SELECT NULL) s;
SELECT name, funnel_units(funnel_merge(r) OVER (ORDER BY name)) AS units FROM results ORDER BY name;
SELECT name, funnel_units(funnel_merge(r) OVER (ORDER BY name ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)) AS units
FROM results ORDER BY name;
SELECT coalesce(name, 'all') AS name, funnel_units(funnel_merge(r)) AS units
FROM results GROUP BY ROLLUP (name) ORDER BY results.name;
SELECT funnel_merge(of_value(v)::funnel_result)::json->'steps'->0 FROM (VALUES ('1.5'), ('2.25')) v(v);
-- with and without values: those there are
SELECT funnel_merge(r)::json->'steps'->0 FROM (VALUES (of_value('1.5')::funnel_result),
	(funnel_result('a'::funnel_def))) v(r);
SELECT funnel_merge(of_value('1e308')::funnel_result) FROM generate_series(1, 2);
SELECT funnel_merge(funnel_result(d::funnel_def)) FROM (VALUES ('a -> b'), ('a -> b within 1 day')) v(d);
SELECT funnel_merge(r) FROM (SELECT replace(at_horizon('2026-01-01T00:00:00Z'), '"users":0', '"users":9223372036854775807')::funnel_result AS r
	FROM generate_series(1, 2)) s;
SELECT funnel_result_merge(r, r) FROM results;

-- in parallel, states are flattened on their way
CREATE TABLE many AS
SELECT i, (ARRAY(SELECT r FROM results ORDER BY name))[1 + i % 3] AS r FROM generate_series(1, 3000) i;
ANALYZE many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT funnel_merge(r) FROM many;
CREATE TEMP TABLE parallel AS SELECT funnel_merge(r)::text AS r FROM many;
SET max_parallel_workers_per_gather = 0;
SELECT (SELECT r FROM parallel) = funnel_merge(r)::text AS same, funnel_units(funnel_merge(r)) AS units FROM many;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
SELECT i % 2 AS odd, funnel_units(funnel_merge(r)) FROM many GROUP BY 1 ORDER BY 1;

-- a long series of horizons: cells that have passed do not pile up, nor are they lost
CREATE TABLE days AS
SELECT day, first + c AS cell
FROM (SELECT day, trunc(extract(epoch FROM day - '2000-01-01'::timestamp) * 1000000 / (2 ^ 29)::bigint)::bigint AS first
	FROM generate_series('2026-01-01'::timestamp, '2026-02-10', '1 day') day) s, generate_series(0, 1100, 11) c;
SELECT count(*) AS units, count(*) FILTER (WHERE cell < (SELECT min(cell) FROM days WHERE day = '2026-02-10')) AS dropped
FROM days;
SELECT funnel_units(r) AS units, p.dropped, p.pending
FROM (SELECT funnel_merge(r) AS r
	FROM (SELECT format('{"definition":"a -> b within 7 days","horizon":"%sT00:00:00Z",
			"steps":[{"stage":"a","users":%s},{"stage":"b","users":0,"microseconds":0,"from_previous":[]}],
			"unconverted":[%s]}', to_char(day, 'YYYY-MM-DD'), count(*), string_agg(format('[1,"absent",%s,1]', cell), ','))::funnel_result AS r
		FROM days GROUP BY day) s) m, funnel_report(r) p
WHERE step = 1;

-- text and binary COPY, and what a dump writes
\getenv abs_builddir PG_ABS_BUILDDIR
\cd :abs_builddir
INSERT INTO results
SELECT v, of_value(v)::funnel_result FROM (VALUES ('0.1'), ('1e300')) v(v)
UNION ALL SELECT 'merged', funnel_merge(r) FROM results
UNION ALL SELECT 'null', NULL
UNION ALL SELECT 'unicode', funnel_result('"visité ☃" -> "a\b""c" -> "tab	"'::funnel_def);
CREATE TABLE copies AS SELECT * FROM results LIMIT 0;
\copy results TO 'results/result.txt'
\copy copies FROM 'results/result.txt'
\copy results TO 'results/result.bin' WITH (FORMAT binary)
\copy copies FROM 'results/result.bin' WITH (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE a.r::text IS NOT DISTINCT FROM b.r::text) AS same,
	count(*) FILTER (WHERE funnel_result_send(a.r) IS NOT DISTINCT FROM funnel_result_send(b.r)) AS same_bytes
FROM results a JOIN copies b USING (name);
-- the definition travels in the client's encoding
SET client_encoding = LATIN1;
SELECT funnel_result_send(funnel_result(chr(233)::funnel_def));
\copy (SELECT funnel_result(chr(233)::funnel_def)) TO 'results/result.bin' WITH (FORMAT binary, ENCODING 'LATIN1')
TRUNCATE copies;
\copy copies (r) FROM 'results/result.bin' WITH (FORMAT binary, ENCODING 'LATIN1')
RESET client_encoding;
SELECT funnel_definition(r) FROM copies;

/*
 * Forged bytes.  Only a superuser can have a bytea taken for a result, but a
 * value must not be believed wherever it came from.
 */
CREATE CAST (bytea AS funnel_result) WITHOUT FUNCTION;
CREATE CAST (funnel_result AS bytea) WITHOUT FUNCTION;
CREATE FUNCTION forged(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	RETURN bytes::funnel_result::text;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
SELECT funnel_result('a -> b'::funnel_def)::bytea;
SELECT what, forged(bytes) FROM (VALUES
	('as it is', '\x010006'::bytea || 'a -> b' || '\x0000'),
	('nothing', ''),
	('version', '\x02'),
	('only a version', '\x01'),
	('reserved flag', '\x0104'),
	('other reserved flag', '\x0180'),
	('no definition', '\x010000'),
	('definition too short', '\x010007'::bytea || 'a -> b'),
	('length of 64 bits', '\x0100ffffffffffffffffff01'::bytea || 'a -> b'),
	('length of 70 bits', '\x0100ffffffffffffffffff7f'::bytea || 'a -> b'),
	('endless length', '\x0100ffffffffffffffffffffffffffffff'::bytea),
	('padded length', '\x01008600'::bytea || 'a -> b' || '\x0000'),
	('not canonical', '\x010004'::bytea || 'a->b' || '\x0000'),
	('not a definition', '\x010006'::bytea || 'a -> ?' || '\x0000'),
	('not text', '\x010006'::bytea || '\x61202d3e20ff' || '\x0000'),
	('a zero byte', '\x010006'::bytea || '\x61202d3e2000' || '\x0000'),
	('bytes after', '\x010006'::bytea || 'a -> b' || '\x000000'),
	('no horizon', '\x010006'::bytea || 'a -> b' || '\x01'),
	('half a horizon', '\x010106'::bytea || 'a -> b' || '\x00000000'),
	('infinite horizon', '\x010106'::bytea || 'a -> b' || '\x7fffffffffffffff0000'),
	('infinitely early', '\x010106'::bytea || 'a -> b' || '\x80000000000000000000'),
	('good', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x10010000' || '\x00'),
	('users without horizon', '\x010006'::bytea || 'a -> b' || '\x01' || '\x10010000' || '\x00'),
	('open without horizon', '\x010006'::bytea || 'a -> b' || '\x01' || '\x1000000100010100' || '\x00'),
	('too many users', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x80808080808080808001' || '\x10010000' || '\x00'),
	('nobody stands', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x10000000' || '\x00'),
	('too many stand', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x10020000' || '\x00'),
	('converted stands', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x01010000' || '\x00'),
	('excluded by nothing', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x02010000' || '\x00'),
	('unknown outcome', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x20010000' || '\x00'),
	('an open cell', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x10000001' || '\x0701' || '\x00'),
	('an open cell of 0', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x10000001' || '\x0700' || '\x00'),
	('more open cells than bytes', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x100000ffffffffffffffffff01' || '\x0701' || '\x00'),
	('open beyond time', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x10000001' || '\xffffffffffffffff7f01' || '\x00'),
	('open far beyond time', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x10000001' || '\xffffffffffffffffff0101' || '\x00'),
	('a time', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x00' || '\x01' || '\x4000' || '\x4001'),
	('a time of 0', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x00' || '\x01' || '\x4000' || '\x3f00' || '\x0001'),
	('a time too many', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x00' || '\x01' || '\x4000' || '\x4002'),
	('a time out of range', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x00' || '\x01' || '\x4000' || '\xc01d01'),
	('a wrong sum', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x00' || '\x01' || '\x4100' || '\x4001'),
	('a huge sum', '\x010106'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x00' || '\x01' || '\x40ffffffffffffffffff01' || '\x4001'),
	('a value', '\x010306'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x3ff8000000000000' || '\x10010000' || '\x00'),
	('not a number', '\x010306'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x7ff8000000000000' || '\x10010000' || '\x00'),
	('infinite value', '\x010306'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\xfff0000000000000' || '\x10010000' || '\x00'),
	('negative zero', '\x010306'::bytea || 'a -> b' || '\x0000000000000000' || '\x01' || '\x8000000000000000' || '\x10010000' || '\x00')
	) v(what, bytes);
-- no beginning of a value is one, and no changed bit does harm
SELECT name, count(*) FILTER (WHERE forged(substr(bytes, 1, i)) NOT LIKE 'XX001 / %') AS accepted
FROM (SELECT name, r::bytea AS bytes FROM results WHERE r IS NOT NULL) s, generate_series(0, length(bytes) - 1) i
GROUP BY name ORDER BY name;
SELECT name, bool_and(f ~ '^(XX001|\{)') AS answered,
	bool_and(f !~ '^\{' OR f::funnel_result::bytea = set_bit(bytes, bit, 1 - get_bit(bytes, bit))) AS canonical
FROM (SELECT name, r::bytea AS bytes FROM results WHERE name IN ('sales', 'later', '0.1')) s,
	generate_series(0, length(bytes) * 8 - 1) bit,
	LATERAL (SELECT forged(set_bit(bytes, bit, 1 - get_bit(bytes, bit))) AS f OFFSET 0) x
GROUP BY name ORDER BY name;

-- the same off the wire, where the definition's length has four bytes
TRUNCATE copies;
-- The server reads these bytes from a program of its own: where it runs as
-- another user, it may write and read no file here.
CREATE FUNCTION pg_temp.printf(bytes bytea) RETURNS text
RETURN (SELECT format('printf ''%s''', string_agg(format('\%s%s%s', b >> 6, (b >> 3) & 7, b & 7), '' ORDER BY i))
	FROM CAST('\x5047434f50590aff0d0a00 00000000 00000000 0001'::bytea || int4send(length(bytes)) || bytes || '\xffff' AS bytea) copied,
		generate_series(0, length(copied) - 1) i, get_byte(copied, i) b);
CREATE FUNCTION received(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE format('COPY copies (r) FROM PROGRAM %L WITH (FORMAT binary)', pg_temp.printf(bytes));
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
SELECT what, received(bytes) FROM (VALUES
	('as it is', '\x010000000006'::bytea || 'a -> b' || '\x0000'),
	('nothing', ''),
	('version', '\x020000000006'::bytea || 'a -> b' || '\x0000'),
	('reserved flag', '\x010400000006'::bytea || 'a -> b' || '\x0000'),
	('no length', '\x0100000000'),
	('too long', '\x010000000007'::bytea || 'a -> b'),
	('far too long', '\x01007fffffff'::bytea || 'a -> b'),
	('negative length', '\x0100ffffffff'::bytea || 'a -> b'),
	('not canonical', '\x010000000004'::bytea || 'a->b' || '\x0000'),
	('not a definition', '\x010000000006'::bytea || 'a -> ?' || '\x0000'),
	('not text', '\x010000000006'::bytea || '\x61202d3e20ff' || '\x0000'),
	('no steps', '\x010000000006'::bytea || 'a -> b'),
	('bytes after', '\x010000000006'::bytea || 'a -> b' || '\x000000'),
	('users without horizon', '\x010000000006'::bytea || 'a -> b' || '\x01' || '\x10010000' || '\x00')
	) v(what, bytes);
SELECT r FROM copies;
SELECT count(*) AS accepted
FROM (SELECT funnel_result_send(r) AS bytes FROM results WHERE name = 'later') s, generate_series(0, length(bytes) - 1) i
WHERE received(substr(bytes, 1, i)) NOT LIKE '22P03 / %';

DROP CAST (bytea AS funnel_result);
DROP CAST (funnel_result AS bytea);
DROP TABLE results, copies, many, days;
DROP FUNCTION refusal, at_horizon, of_value, with_users, forged, received;
