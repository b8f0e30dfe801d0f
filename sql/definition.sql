-- funnel_def: the question a funnel asks, and its language

SELECT opcname, amname, amvalidate(o.oid)
FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod
WHERE opcname = 'funnel_def_ops'
ORDER BY amname;

-- what is written, and the canonical text
CREATE TABLE written (id int GENERATED ALWAYS AS IDENTITY, lit text);
INSERT INTO written (lit) VALUES
	-- the examples
	('visit -> cart -> purchase within 7 days'),
	('signup -> activate? -> invite|share => upgrade within 30 days, first entry'),
	('lead: "form sent"|"call booked" -[14 days]-> "demo done" -[!lost, 30 days]-> won'),
	('landing: /l/* -> product: /product/* -> buy within 1 day'),
	('search -> compare -> buy within 1 day, any order'),
	('signup -[>= 1 day, 30 days]-> login'),
	('open -> offer -> won unless lost|cancelled'),
	('visit -> purchase within 7 days, every attempt'),
	('visit -> view -> cart -> checkout -> purchase within 7 days'),
	-- one step, a repeated step, white space of every kind or none
	('visit'),
	('purchase -> purchase -> purchase'),
	('  a->b=>c  '),
	(E'a\n\t->\r\n b \f=>\x0B c\nwithin\n7\ndays\n'),
	('a|b|c->d | e ?->f'),
	('a->b within 7days first entry increasing'),
	('a->b,within 7days,first entry,increasing'),
	('a->b , increasing first entry,within 7 d'),
	('a -> b First Entry, WITHIN 1 Week, Increasing'),
	('a -> b any  order within 2 h first entry'),
	-- bare characters
	('sign-up->log-in'),
	('sign-up-[1h]->x'),
	('-x -> y'),
	('a_b.c/d$e -> http://example.org:80/x-y'),
	('1 -> 2within -> 3'),
	('überweisung -> größe -> 購入 -> покупка'),
	-- quotes
	('"a" -> "b c" -> "say ""hi"""'),
	('"" -> "a""" -> """b"'),
	('"a"b"c" -> a"b c"d -> "x""y"z'),
	('"within" -> any -> first -> increasing -> order -> entry'),
	('a -> within within 1 day'),
	('WITHIN -> Any* -> within-x -> "any"|x'),
	('"->" -> "=>" -> "a|b" -> "a?" -> "*" -> "a,b" -> "!x" -> "[" -> "50%"'),
	('"a-" -> "-" -> "a--b" -> a-b -> "-a" -> "a b" -> "tab	" -> "''"'),
	('"é" -> "→" -> "“x”" -> "a b" -> "a–b"'),
	-- wildcards
	('* -> a* -> *a -> a*b -> *a* -> a*b*c'),
	('** -> a**b -> a*""*b -> ""* -> *"" -> a*"*"*b'),
	('"a b"*c -> */"x y" -> a:* -> *a: -> a*:b'),
	-- labels
	('lead: a -> demo:"b" -> won:  c|d'),
	('"my lead": a -> "my":"b" -> "": c -> a"b c": d'),
	('a:b -> :a -> "a:" -> b:c:d -> ::'),
	('x|y: -> z'),
	('a:: b -> c:"d":e'),
	('within: a -> "any": b -> ordinary: within'),
	('lead: a* -> b: *'),
	(E'lead:\nvisit -> x'),
	-- links
	('a -[1 hour]-> b -[!x]-> c -[!x|y]-> d -[!x, !y]-> e -[1 hour, !x]-> f'),
	('a =[1 hour]=> b =[!x]=> c =[ ! x | y , 90 s , ! "z z" ]=> d'),
	('a-[!b]->b-[!a*|*"c d"*]->c'),
	('a -[!b:, 1 s] -> c'),
	-- shortest gaps
	('a -[>= 1 day]-> b -[>=1h]-> c =[ >=  90 s ]=> d'),
	('a -[30 days, >= 1 day]-> b -[<= 2 h, >= 120 min]-> c -[<=1 h]-> d'),
	('a -[>= 24 h, !x, <= 1 w, !y]-> b? -> c within 7 days'),
	-- what every link excludes, and what only some do
	('a -> b -> c unless x'),
	('a -[!x]-> b -[!x]-> c'),
	('a =[!x, 1 h]=> b -[!y|x]-> c unless y'),
	('a -[!y|x|z]-> b -[!x|y]-> c'),
	('a -[!y]-> b -> c unless x|y|x'),
	('a -> b unless x|"y z"'),
	('a -[!y|x]-> b unless x'),
	('a -[!x|x]-> b -> c'),
	('a -> b -> c UNLESS  x* | *y , within 1 d'),
	('a -> b -> c unless unless|within within 1 d first entry'),
	-- which entries count
	('a -> b last entry within 1 d'),
	('a -> b Every  Attempt, increasing within 1 d'),
	('a -> b increasing, unless x, last entry'),
	('last -> every -> unless -> LAST'),
	-- durations
	('a -> b within 168 h'),
	('a -> b within 1 w'),
	('a -> b within 1 day 2 hours 3 minutes 4 seconds'),
	('a -> b within 1d2h3min4s5ms6us'),
	('a -> b within 1.5 days'),
	('a -> b within 0.25 s'),
	('a -> b within 1500 ms'),
	('a -> b within 1 us'),
	('a -> b within 0.000001 s'),
	('a -> b within 1.000000 hour'),
	('a -> b within 0.0000005 s'),
	('a -> b within 0.1 s'),
	('a -> b within 61 minutes'),
	('a -> b within 0 days 5 s'),
	('a -> b within 1 s 1 d'),
	('a -> b within 000000000000000000000000000007 days'),
	('a -> b within 0.00001157407407407407407407407407407407407 days'),
	('a -> b within 1 microsecond 1 millisecond 1 second 1 minute 1 hour 1 day 1 week'),
	('a -> b within 2 microseconds 2 milliseconds 2 seconds 2 minutes 2 hours 2 days 2 weeks'),
	('a -> b within 1 sec 1 secs 1 min 1 mins 1 hr 1 hrs'),
	('a -> b within 9223372036854775807 us'),
	('a -> b within 9223372036854.775807 s'),
	('a -> b within 106751991 days 4 hours 54.775807 seconds');

SELECT id, lit::funnel_def FROM written ORDER BY id;

-- printing and reading again is the identity, in text and in binary
SELECT count(*),
	count(*) FILTER (WHERE d::text::funnel_def::text <> d::text) AS reprinted,
	count(*) FILTER (WHERE d::text::funnel_def <> d) AS unequal
FROM (SELECT lit::funnel_def AS d FROM written) d;

-- more than this fits in no number
SELECT 'a -> b within 9223372036854775808 us'::funnel_def;
SELECT 'a -> b within 99999999999999999999999999 us'::funnel_def;
SELECT 'a -> b within 9223372036854.7758075 s'::funnel_def;
SELECT 'a -> b within 106751992 days'::funnel_def;
SELECT 'a -> b within 106751991 days 5 hours'::funnel_def;
SELECT 'a -[15250285 weeks]-> b'::funnel_def;

-- and no more than 64 steps
SELECT length(string_agg('e' || g, ' -> ')::funnel_def::text) FROM generate_series(1, 64) g;
SELECT string_agg('e' || g, '->')::funnel_def FROM generate_series(1, 65) g;

-- every kind of bad definition: what was expected, and where
CREATE FUNCTION complaint(lit text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	detail text;
	hint text;
BEGIN
	RETURN 'accepted: ' || lit::funnel_def::text;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE,
		detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN state || ' ' || detail || coalesce(nullif(' [' || hint || ']', ' []'), '');
END $$;

\pset format unaligned
\pset tuples_only on
\pset fieldsep ' => '
SELECT lit, complaint(lit) FROM (VALUES
	-- steps
	(''), ('   '), ('->'), ('-> a'), ('a ->'), ('a -> -> b'), ('a -> b ->'), ('|a'), ('a|'), ('a||b'),
	('a | -> b'), ('?'), ('a ?? -> b'), ('a -> b c'), ('form sent -> x'), ('a "b" -> c'), ('a?b -> c'),
	('a?|b -> c'), ('a -> (b)'), ('a; b'), ('a & b'), ('a, b'), ('a > b'), ('a -> b!'), ('a -> [b]'),
	('a+b'), ('a@b.c -> d'), ('#a'), ('a\b'), ('a -> ~b'), ('{a}'), ('a -> b`'), ('a -> ''b'''),
	('a%'), ('%a -> b'), ('50% off -> b'), ('"a'), ('a -> "b""'), ('"'), ('a -> b"'),
	-- labels
	('lead: -> a'), ('lead: '), ('lead:"'), ('lead: x: y -> b'), ('a*: b'), ('a|b: c'), ('lead : x'), (': x'),
	-- links
	('a - b'), ('a -'), ('a - > b'), ('a -- b'), ('a --> b'), ('a = b'), ('a=b'), ('a => '), ('a = > b'), ('a ==> b'),
	('a <- b'), ('a- b'), ('a-"x"'), ('a-* -> b'), ('a -[]-> b'), ('a -[ ]-> b'), ('a -[x]-> b'),
	('a -[!]-> b'), ('a -[!x|]-> b'), ('a -[!x,]-> b'), ('a -[,!x]-> b'), ('a -[!x y]-> b'), ('a -[!x'),
	('a -[!x]'), ('a -[!x] b'), ('a -[!x]- b'), ('a -[!x]> b'), ('a -[!x]=> b'), ('a =[!x]-> b'), ('a =[!x]= b'),
	('a -[!x]-'), ('a -[1 hour, 2 hours]-> b'), ('a -[1 hour, !x, 1 hour]-> b'), ('a -[1 hour 2 hours]-> b -> c d'),
	('a -[1 hour]->'), ('a -[within 1 hour]-> b'), ('a -[!x: y]-> b'),
	-- durations
	('a -> b within'), ('a -> b within days'), ('a -> b within 7'), ('a -> b within 7 '), ('a -> b within 7, first entry'),
	('a -> b within 7 parsecs'), ('a -> b within 7 dayss'), ('a -> b within 7 d2'), ('a -> b within 7 days 2'),
	('a -> b within seven days'), ('a -> b within 1. day'), ('a -> b within .5 day'), ('a -> b within 1.5.5 days'),
	('a -> b within 1,5 days'), ('a -> b within 1e3 s'), ('a -> b within 0 days'), ('a -> b within 0 s 0 h'),
	('a -> b within 0.0000001 s'), ('a -> b within 0.4 us'), ('a -> b within -7 days'), ('a -> b within +7 days'),
	('a -> b within 7 days -1 hour'), ('a -> b within 1 month'), ('a -> b within 2 Months'), ('a -> b within 1 mon'),
	('a -> b within 1 year'), ('a -> b within 1 y'), ('a -> b within 1 quarter'), ('a -> b within 5 m'), ('a -[1 month]-> b'), ('a -[0 s]-> b'),
	('a -[-1 s]-> b'), ('a -> b within "7" days'), ('a -> b within 7 "days"'), ('a -> b within infinity'),
	-- clauses
	('a -> b within 1 day within 1 day'), ('a -> b within 1 day, within 2 days'), ('a -> b any order any order'),
	('a -> b first entry, first entry'), ('a -> b increasing increasing'), ('a -> b any'), ('a -> b any time'),
	('a -> b first'), ('a -> b first order'), ('a -> b anyorder'), ('a -> b "any" order'), ('a -> b,'),
	('a -> b within 1 day,'), ('a -> b,, first entry'), ('a -> b strictly'), ('a -> b, strictly'),
	('a -> b first entry -> c'), ('a -> b within 1 day -> c'), ('a -> b increasing?'), ('within 7 days'), ('a -> b; within 1 day'),
	-- what only the whole definition shows
	('a?'), ('a? -> b'), ('a -> b?'), ('a -> b? within 1 day'), ('a? -> b?'), ('a => b any order'), ('a -[1 h]-> b any order'),
	('a -> b -[!x]-> c, any order'), ('a -> b? -> c any order'), ('a -> b any order, increasing'), ('a -> b increasing any order'),
	('a -[>= 1 h]-> b any order'), ('a -> b any order unless x'), ('a -> b last entry, any order'), ('a -> b any order, every attempt'),
	('a -> b first entry, last entry'), ('a -> b every attempt, first entry'), ('a -> b every attempt, last entry'),
	('a unless x'), ('a -[>= 2 days, 1 day]-> b'), ('a -> b -[>= 8 days]-> c within 7 days'), ('a -[>= 8 days, 9 days]-> c within 7 days'),
	('a -[>= 7 days, 7 days]-> c within 7 days'),
	-- clauses of two words, and events behind one
	('a -> b last'), ('a -> b last touch'), ('a -> b every time'), ('a -> b last entry last entry'), ('a -> b every attempt every attempt'),
	('a -> b unless'), ('a -> b unless x unless y'), ('a -> b unless x, y'), ('a -> b unless x y'), ('a -> b unless !x'), ('a -> b unless x -> c'),
	-- shortest gaps
	('a -[> 1 h]-> b'), ('a -[< 1 h]-> b'), ('a -[= 1 h]-> b'), ('a -[>=]-> b'), ('a -[>= x]-> b'), ('a -[>= 0 s]-> b'), ('a -[>= 1 h, >= 2 h]-> b'),
	('a -[> = 1 h]-> b'), ('a -[min 1 h]-> b'), ('a -[<= 1 h, 1 h]-> b'), ('a -[>= 1 month]-> b'), ('a >= b'), ('a -[not x]-> b'), ('a -[1 h, x]-> b'),
	-- slips
	('a or b -> c'), ('a -> b or c'), ('a and b'), ('a then b'), ('a -> b in 7 days'), ('a -> b for 7 days'), ('a -> b 7 days'), ('a -> b, 7 days'),
	('a -> b whitin 7 days'), ('a -> b, whitin 7 days'), ('a -> b within: 7 days'), ('a -> b within <= 7 days'), ('a -> b within = 7 days'),
	('a -> b WITHN 7 days'), ('a -> b first-entry'), ('a -> b any_order'), ('a -> b, every-attempt'), ('a -> b increase'), ('a -> b frist entry'),
	('a, b, c within 7 days'), ('a -> b, c within 7 days'), ('a -> b within 7 days, c'), ('{{name}} -> b'), ('a -> {{name}}'), ('a -> ${name}'), ('a -> b within {{days}}'),
	('/search?q=shoes -> /cart'), ('/search?=shoes -> /cart'), ('/p=1 -> /cart'), ('/a?b&c=1 -> x'), ('a -> /x?y'), ('a -> b without x'), ('a -> b not x'), ('a -> b strict'),
	('a -> b optional -> c'), ('a [!x] -> b'), ('a -> !x'), ('a -> b all attempts'), ('a -> b latest entry'), ('a -> b -> c unordered'), ('a <- b'), ('a -> <b>'),
	('a OR b -> c'), ('a -> b inside of 7 days'), ('a -[>1h]-> b'), ('a -[at least 1 h]-> b'), ('a -[at most 1 h]-> b'), ('a -[after 1 h]-> b'),
	('a -[between 1 h and 2 h]-> b'), ('a, b, c'), ('a -> b withing 7 days'), ('a -> b with in 7 days'), ('a -> b within in 7 days'), ('a -> :name'),
	('a -> $1'), ('a -> %s'), ('a -> b within %s days'), ('a -> b within :days days'), ('a -> b within $1'), ('/x?y=1 -> b'),
	('https://x.com/a?utm_source=ad -> buy'), ('/a=b -> c'), ('a =>> b'), ('a ->> b'), ('a >> b'), ('a |> b'), ('a followed by b'), ('a, then b'),
	('a -> then b'), ('a -> and b'), ('a and b -> c'), ('a & b -> c'), ('a && b'), ('a || b -> c'), ('!x -> y'), ('a -> !x -> b'), ('not x -> y'),
	('a -> b within a week'), ('a -> b within one week'), ('a -> b within the week'), ('a -> b within week'), ('a -> b within 1 business day'),
	('a -> b within 7days'), ('a -> b within 7-days'), ('a -> b within 7 days of a'), ('a -> b within 7 days after a'), ('a -> b within 24:00:00'),
	('a -> b within 1:30 h'), ('a -> b within ''7 days'''), ('a -> b within interval ''7 days'''), ('a -> b within interval 7 days'),
	('a -> b within P7D'), ('a -> b within 7 * 24 h'), ('a -> b within 1/2 day'), ('a -> b within 1 day and 2 hours'),
	('a -> b within 1 day + 2 hours'), ('a -> b within 7 days and any order'), ('a -> b, optional'), ('optional a -> b'), ('a -> optional b -> c'),
	('a -> b (optional) -> c'), ('a -> [b] -> c'), ('a -> b* -> c'), ('a -> b in any order'), ('a -> b lastentry'), ('a -> b last-entry'),
	('a -> b every attempts'), ('a -> b each attempt'), ('a -> b unless -> c'), ('a -> b unless no x'), ('a -> b unless x or y'),
	('a -> b unless x and y'), ('a -[1 day..30 days]->b'), ('a -[1-30 days]-> b'), ('a -[1 day - 30 days]-> b'), ('a -[1 to 30 days]-> b'),
	('a -[>= 1 day and <= 30 days]-> b'), ('a -[>= 1 day <= 30 days]-> b'), ('a -[>= 1 day, < 30 days]-> b'), ('“form sent” -> b'), ('‘a’ -> b'),
	('a ➔ b'), ('a ⇒ b'), ('a ⟶ b'), ('a -> b first attempt'), ('a -> b first entries'), ('a -> b last attempt'), ('a -> b first touch'),
	('1.step -> 2'), ('1. visit -> 2. buy'), ('1: visit -> 2: buy'), ('1) visit -> 2) buy'), ('🛒 -> 💳'), ('a	->	b'), (E'a ->\r\nb'),
	(E'a -> b -- comment\n'), (E'-- comment\na -> b'), ('a -> b /* x */'), ('# a'), ('''a'' -> ''b'''), ('`a` -> `b`'), ('[a] -> [b]'), ('<a> -> <b>'),
	('(a) -> (b)'), ('(a -> b) within 7 days'), ('visit page -> buy'), ('Visit -> "Add to cart" -> Buy'), ('a -> b;'), ('a -> b.'),
	('a -> b within 7 days.'), ('a -> b within 7 days;'), ('a -> b !'), ('a -> b increasing order'), ('a -> b strictly increasing'),
	('a -> b strict order'), ('a -> b ordered'), ('a -> b in order'), ('a -> b within 7 days first'), ('a -> b distinct'), ('a -> b group by country'),
	('a -> b where x = 1'), ('select * from x'), ('funnel(a, b)'), ('["a","b"]'), ('{"steps": ["a"]}'), ('a~b'), ('a -[no x]-> b'),
	('a -[without x]-> b'), ('a -[! x]-> b'), ('a -[!x -> b'), ('a -[!x]->'), ('a -(1 h)-> b'), ('a -{1 h}-> b'), ('a -1 h-> b'), ('a -1h-> b'),
	('a - 1 h -> b'), ('a ->[1 h] b'), ('a ->(1 h) b'), ('a [1 h]-> b'), ('a -> b [1 h]'), ('a -> b (7 days)'), ('a -> b 7d'), ('a->b->c'), ('a—>b'),
	('a–>b'), ('a -> b within ≤ 7 days'), ('a -[≥ 1 h]-> b'), ('a != b'), ('a <> b'), ('a -> b without duplicates'), ('a -> b per user'),
	('a -> b by country'), ('a -> b between 1 and 7 days'), ('a -> b max 7 days'), ('a -> b < 7 days'), ('a -> b <= 7 days'), ('a -> b until 7 days'),
	('a -> b over 7 days'), ('a -> b at most 7 days'), ('a -> b no more than 7 days'), ('a -> b less than 7 days'), ('a -> b total 7 days'),
	('a -> b timeout 7 days'), ('a -> b window 7 days'), ('a -> b window: 7 days'), ('a -> b from first entry'), ('a -> b from last entry'),
	('a -> b repeat'), ('a -> b repeated'), ('a -> b exclude x'), ('a -> b excluding x'), ('a -> b but not x'), ('a -> b and not x'),
	('a -> b if not x'), ('a -> b except x')
) v(lit);

-- characters that somebody may type or paste, by code point
SELECT replace(replace(lit, chr(code), 'U+' || lpad(upper(to_hex(code)), 4, '0')), E'\n', ' '), complaint(lit)
FROM (SELECT code, 'a' || chr(code) || '-> b' AS lit
	FROM unnest(ARRAY[1, 8, 14, 27, 31, 127, 128, 133, 159, 160, 8192, 8203, 8206, 8211, 8212, 8216, 8217,
		8220, 8221, 8230, 8232, 8239, 8242, 8287, 8288, 8294, 8303, 8592, 8594, 8658, 8703, 12288, 65279]) code) c;
SELECT 'accepted: ' || count(*) FROM (SELECT ('a' || chr(code) || 'b')::funnel_def
	FROM unnest(ARRAY[161, 255, 8191, 8304, 8591, 8704, 12287, 12289, 65278, 65280, 128512, 1114109]) code) c;
SELECT 'quoted: ' || count(*) FROM unnest(ARRAY[1, 8, 31, 127, 128, 159, 160, 8192, 8211, 8220, 8303, 8592, 8703, 12288, 65279]) code,
	LATERAL (SELECT '"a' || chr(code) || 'b"' AS lit) l WHERE lit::funnel_def::text = lit;
SELECT complaint('“form sent” -> x'), complaint('a → b'), complaint('a -→ b'), complaint('a –> b'), complaint('größe -> 購入 x');
\pset format aligned
\pset tuples_only off

-- the message itself, and its state
SELECT 'visit -> cart purchase within 7 days'::funnel_def;
\set VERBOSITY sqlstate
SELECT 'visit ->'::funnel_def;
SELECT repeat('x', 70000)::funnel_def;
\set VERBOSITY default

-- length: as written, and as printed
SELECT length(repeat('x', 65536)::funnel_def::text);
SELECT repeat('x', 65537)::funnel_def;
SELECT length((repeat('a|', 32767) || 'a')::funnel_def::text);
SELECT (repeat('any|', 16000) || 'a')::funnel_def;

-- equal definitions have equal text and bytes, and so =, order and hash
SELECT a = b AS eq, a <> b AS ne, a < b AS lt, a <= b AS le, a > b AS gt, a >= b AS ge,
	sign(funnel_def_cmp(a, b)) AS cmp, funnel_def_hash(a) = funnel_def_hash(b) AS hash,
	funnel_def_hash_extended(a, 7) = funnel_def_hash_extended(b, 7) AS hash_extended
FROM (VALUES ('a -> b within 168 h'::funnel_def, 'a->"b" WITHIN 1 w'::funnel_def),
	('a -> b', 'a -> c'), ('b', 'a'), ('a', 'a -> b'), ('B', 'a'),
	('a -> b -> c unless x|y', 'a -[!x|y]-> b -[!x, !y]-> c'), ('a -> b unless x', 'a -[!x]-> b'),
	('a -[>= 24 h, 2 d]-> b', 'a -[<= 48 h, >= 1 d]-> b'), ('a -> b last entry', 'a -> b first entry')) v(a, b);
SELECT DISTINCT d FROM (VALUES ('a->b'::funnel_def), ('"a" -> b'), ('a -> b within 60 min'), ('a->b within 1 h')) v(d) ORDER BY d;
SELECT min(length(d::text)), count(*), count(DISTINCT d) FROM (SELECT lit::funnel_def AS d FROM written) d;

-- indexes, partitions, joins
CREATE TABLE reports (name text, definition funnel_def PRIMARY KEY);
INSERT INTO reports VALUES ('sales', 'visit -> cart -> purchase within 7 days'), ('search', 'search -> view');
INSERT INTO reports VALUES ('again', 'visit->cart->purchase within 1 week');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT name FROM reports WHERE definition = 'visit->cart->purchase within 1 week';
SELECT name FROM reports WHERE definition = 'visit->cart->purchase within 1 week';
RESET enable_seqscan;
CREATE TABLE by_hash (d funnel_def) PARTITION BY HASH (d);
CREATE TABLE by_hash_0 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_hash_1 PARTITION OF by_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_hash SELECT ('a -> b within ' || g % 20 + 1 || ' h')::funnel_def FROM generate_series(1, 200) g;
SELECT count(*), count(DISTINCT d), count(DISTINCT tableoid) FROM by_hash;
SELECT count(*) FROM by_hash WHERE d = 'a -> b within 3600 s';
SET enable_nestloop = off;
SET enable_mergejoin = off;
SELECT count(*) FROM by_hash a JOIN by_hash b ON a.d = b.d;
RESET enable_mergejoin;
SET enable_hashjoin = off;
SELECT count(*) FROM by_hash a JOIN by_hash b ON a.d = b.d;
RESET enable_hashjoin;
RESET enable_nestloop;

-- COPY in text and in binary
\getenv abs_builddir PG_ABS_BUILDDIR
\cd :abs_builddir
CREATE TABLE definitions AS SELECT id, lit::funnel_def AS d FROM written;
CREATE TABLE copies (LIKE definitions);
\copy definitions TO 'results/definition.txt'
\copy copies FROM 'results/definition.txt'
\copy definitions TO 'results/definition.bin' WITH (FORMAT binary)
\copy copies FROM 'results/definition.bin' WITH (FORMAT binary)
SELECT count(*), count(*) FILTER (WHERE a.d = b.d) AS same
FROM definitions a JOIN copies b USING (id);

-- binary input is read as strictly as text, and made canonical
CREATE TABLE received (d funnel_def);
\copy (VALUES (convert_to('a->"b" within 24 h', 'UTF8'))) TO 'results/definition.bin' WITH (FORMAT binary)
\copy received FROM 'results/definition.bin' WITH (FORMAT binary)
SELECT d, funnel_def_send(d) = convert_to(d::text, 'UTF8') AS sent FROM received;
\copy (VALUES (convert_to('a -> b within 1 month', 'UTF8'))) TO 'results/definition.bin' WITH (FORMAT binary)
\copy received FROM 'results/definition.bin' WITH (FORMAT binary)
\copy (VALUES ('\x'::bytea)) TO 'results/definition.bin' WITH (FORMAT binary)
\copy received FROM 'results/definition.bin' WITH (FORMAT binary)
\copy (VALUES ('\x610062'::bytea)) TO 'results/definition.bin' WITH (FORMAT binary)
\copy received FROM 'results/definition.bin' WITH (FORMAT binary)
\copy (VALUES ('\x61c3'::bytea)) TO 'results/definition.bin' WITH (FORMAT binary)
\copy received FROM 'results/definition.bin' WITH (FORMAT binary)
\set VERBOSITY sqlstate
\copy (VALUES (convert_to('a -> ', 'UTF8'))) TO 'results/definition.bin' WITH (FORMAT binary)
\copy received FROM 'results/definition.bin' WITH (FORMAT binary)
\copy (VALUES (convert_to(repeat('a', 65537), 'UTF8'))) TO 'results/definition.bin' WITH (FORMAT binary)
\copy received FROM 'results/definition.bin' WITH (FORMAT binary)
\set VERBOSITY default

-- the value kept by a call site is never that of another text, nor one freed
SELECT d::funnel_def FROM unnest(ARRAY['a->b', 'a->b', 'a -> b', 'a->c', 'a->b', 'a->b within 1 h', 'a->b', 'x',
	'a_longer_one -> than | all => before within 1 h', 'x', 'x']) d;
SELECT '{a->b,a->b,a->b,a->c}'::funnel_def[], '{a->b,a->b}'::funnel_def[];
PREPARE cast_parameter(text) AS SELECT g, $1::funnel_def FROM generate_series(1, 2) g;
SET plan_cache_mode = force_generic_plan;
EXECUTE cast_parameter('a->b');
EXECUTE cast_parameter('a -> b within 1 w');
EXECUTE cast_parameter('a ->');
EXECUTE cast_parameter(NULL);
RESET plan_cache_mode;
DEALLOCATE cast_parameter;

-- the stages of a definition: names are unique
SELECT d, array_agg(s ORDER BY s) AS stages
FROM (VALUES (1, 'visit -> cart -> purchase within 7 days'::funnel_def),
	(2, 'signup -> activate? -> invite|share => upgrade'),
	(3, 'lead: "form sent"|"call booked" -> "demo done" -> won'),
	(4, '/l/* -> *a*|"b*" -> ""'),
	(5, 'purchase -> purchase -> purchase'),
	(6, 'purchase -> purchase -> "purchase 2"'),
	(7, 'purchase -> purchase -> "purchase 2" -> "purchase 2" -> purchase -> "purchase 2 2"'),
	(8, 'a: x -> a: y -> a -> "": b -> "": c'),
	(9, 'search -> compare -> buy any order'),
	(10, 'a -> a any order'),
	(11, 'a|b -> "a|b"')) v(n, d), funnel_stages(d) s
GROUP BY n, d ORDER BY n;
SELECT * FROM funnel_stages('b -> a -> "c:d"');

-- definitions from stages
SELECT funnel_def(ARRAY['1:visit', '2:cart', '3:purchase']::funnel_stage[], '7 days');
SELECT funnel_def(ARRAY['30:won', '10:lead', '20:demo done']::funnel_stage[], NULL);
SELECT funnel_def(ARRAY['1:any', '2:a*b', '3:50%', '4:say "hi"', '5: x', '6:a:', '7:a?']::funnel_stage[], '1 day 02:03:04.5');
SELECT funnel_def('{{1:a,2:b},{3:c,4:d}}'::funnel_stage[], '-1 day 25:00:00');
SELECT funnel_def(array_agg(s), NULL) FROM funnel_stages('a -> b -> "c d"') s;
SELECT funnel_def(NULL, '1 day') IS NULL AS null_stages;
SELECT funnel_def('{}'::funnel_stage[], NULL);
SELECT funnel_def(ARRAY['1:a', NULL]::funnel_stage[], NULL);
SELECT funnel_def(ARRAY['1:a', '2']::funnel_stage[], NULL);
SELECT funnel_def(ARRAY['2:a', '1:b', '2:c']::funnel_stage[], NULL);
SELECT funnel_def(ARRAY['1:a']::funnel_stage[], '1 month');
SELECT funnel_def(ARRAY['1:a']::funnel_stage[], '1 year -12 months');
SELECT funnel_def(ARRAY['1:a']::funnel_stage[], '0');
SELECT funnel_def(ARRAY['1:a']::funnel_stage[], '-1 second');
SELECT funnel_def(ARRAY['1:a']::funnel_stage[], '106751991 days 04:00:54.775807');
SELECT funnel_def(ARRAY['1:a']::funnel_stage[], '106751991 days 04:00:54.775808');
SELECT funnel_def(ARRAY['1:a']::funnel_stage[], '2000000000 days');
SELECT funnel_def(array_agg(funnel_stage(g, 's' || g)), NULL) FROM generate_series(1, 65) g;
SELECT funnel_def(array_agg(funnel_stage(g, repeat('x', 2000))), NULL) FROM generate_series(1, 64) g;
SELECT funnel_def(ARRAY[funnel_stage(1, repeat('x', 70000))], NULL);
SELECT length(funnel_def(array_agg(funnel_stage(g, 's' || g)), NULL)::text) FROM generate_series(1, 64) g;

-- Forged bytes.  Only a superuser can have a bytea taken for a definition, but a
-- value must not be believed wherever it came from.  What compares and hashes
-- definitions does not read them, and so has an answer.
CREATE CAST (bytea AS funnel_def) WITHOUT FUNCTION;
CREATE FUNCTION forged(bytes bytea, expression text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	detail text;
BEGIN
	EXECUTE format('SELECT (%s)::text FROM (SELECT $1::funnel_def OFFSET 0) AS v(d)', expression) INTO answer USING bytes;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''));
END
$$;
CREATE TABLE forgeries (ord int GENERATED ALWAYS AS IDENTITY, what text, bytes bytea);
INSERT INTO forgeries (what, bytes) VALUES
	('nothing', ''),
	('not a definition', 'a -> ?'),
	('a zero byte in quotes', '"ab'::bytea || '\x00' || convert_to(repeat('c', 300) || '" -> x', 'UTF8')),
	('a zero byte in a name', '"ab'::bytea || '\x00' || convert_to(repeat('c', 300) || '": a -> x', 'UTF8')),
	('a zero byte at the end', 'a -> b'::bytea || '\x00'),
	('no byte of UTF-8', '"a'::bytea || '\xff' || '" -> b'),
	('half a character', 'a -> b'::bytea || '\xe282'),
	('too long', convert_to(repeat('a', 65537), 'UTF8')),
	('not canonical', 'a->b');
SELECT what, forged(bytes, 'funnel_result(d)') FROM forgeries ORDER BY ord;
SELECT what, expression, forged(bytes, expression)
FROM forgeries,
	unnest(ARRAY['(SELECT array_agg(s) FROM funnel_stages(d) AS s)', 'funnel_events(d)', $q$stage_of('a', d)$q$,
		$q$(SELECT array_agg(u) FROM funnel_unmatched(d, '{a}') AS u)$q$,
		$q$funnel_agg(1, timestamptz '2026-01-01Z', 'a', d)$q$,
		$q$funnel_progress_agg(timestamptz '2026-01-01Z', 'a', d)$q$,
		$q$journey_progress('[["2026-01-01T00:00:00Z", "a"]]', d)$q$]) AS expression
WHERE what IN ('a zero byte in quotes', 'not canonical') ORDER BY ord, expression;
SELECT expression, array_agg(DISTINCT forged(bytes, expression)) AS answers
FROM forgeries, unnest(ARRAY['d = d', $q$(d < 'a -> b') IS NULL$q$, 'funnel_def_hash(d) IS NULL']) AS expression
GROUP BY expression ORDER BY expression;
DROP TABLE forgeries;
DROP FUNCTION forged(bytea, text);
DROP CAST (bytea AS funnel_def);

DROP TABLE written, reports, by_hash, definitions, copies, received;
DROP FUNCTION complaint;
