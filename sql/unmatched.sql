-- funnel_unmatched: which steps can have nobody, and what was meant

\pset null '(null)'

-- the columns, their order and types are a promise
SELECT unnest(proargnames) AS name, format_type(unnest(proallargtypes), NULL) AS type, unnest(proargmodes) AS mode
FROM pg_proc WHERE proname = 'funnel_unmatched';

-- nothing amiss; other case; a slip; something else
SELECT * FROM funnel_unmatched('visit -> cart -> purchase within 7 days', '{cart,purchase,visit,other}');
SELECT * FROM funnel_unmatched('visit -> cart -> purchase within 7 days', '{Visit,carts,sale}');
SELECT * FROM funnel_unmatched('visit -> cart -> purchase within 7 days', '{}');
SELECT * FROM funnel_unmatched('visit -> cart', ARRAY[NULL, 'cart', NULL]);
SELECT * FROM funnel_unmatched('visit -> cart', '{{Visit,cart},{a,b}}');
SELECT * FROM funnel_unmatched('visit', NULL);

-- put in, taken out, replaced, exchanged, and two of these; never three
SELECT word, label, nearest FROM (VALUES
	('checkout', 'check_out'), ('checkout', 'chekout'), ('checkout', 'checkoit'), ('checkout', 'chekcout'),
	('checkout', 'check-Outs'), ('checkout', 'hceckotu'), ('add to cart', 'add_to_cart'), ('add to cart', 'addtocart'),
	('checkout', 'checkout '), ('checkout', ' checkout '), ('checkout', 'checkout page'), ('checkout', 'ckecoot!'),
	-- fewer than half of a word
	('buy', 'bye'), ('buy', 'bug'), ('buy', 'BUY'), ('buy', 'big'), ('cart', 'crat'), ('cart', 'part'), ('cart', 'parts'), ('visit', 'vizits'),
	('ab', 'a'), ('ab', 'aB'), ('a', 'b'), ('a', 'A'), ('', 'a'), ('a', ''), ('', ' '),
	-- characters, not bytes
	('größe', 'grösse'), ('größe', 'grosse'), ('größe', 'grossee'), ('購入完', '購入了'), ('購入完', '購物了'), ('購入', '購物')) v(word, label),
	funnel_unmatched(('"' || word || '"')::funnel_def, ARRAY[label]);

-- of several the nearest, and of these the first
SELECT * FROM funnel_unmatched('checkout', '{chekouts,check_out,chekout,CheckOut,CHECKOUT}');
SELECT * FROM funnel_unmatched('checkout', '{chekouts,check_out,chekout}');
SELECT * FROM funnel_unmatched('checkout', '{chekout,check_out,chekouts}');
-- an alternative is enough; each may be meant
SELECT * FROM funnel_unmatched('share|invite -> upgrade|renew', '{invite,Renew,upgrades}');
-- wildcards, as they are and in another case
SELECT * FROM funnel_unmatched('/l/* -> /product/*|*.html -> *Buy* -> Signup*now', '{/l/1,/Product/7,x.htm,BUY NOW,"SIGN UP NOW"}');
SELECT * FROM funnel_unmatched('landing: /l/* -> product: /p/*', '{/L/1,/x}');
-- a step that may be skipped, one that comes again, and what excludes or has no order
SELECT * FROM funnel_unmatched('a -> view? -> cart -> cart -> x -[!lost]-> y', '{a,x,y,View,Cart,Lost}');
SELECT * FROM funnel_unmatched('search -> compare -> purchase, any order', '{search,Compare}');
-- a label that another step has may still be what was meant
SELECT * FROM funnel_unmatched('visit -> visits', '{visit}');
-- labels that no word is as long as
SELECT step, stage, nearest FROM funnel_unmatched('/Page/* -> visit', ARRAY['/page/' || repeat('x', 70000), '/page/' || repeat('x', 100000), 'visit']);
SELECT step, length(stage), length(nearest) FROM funnel_unmatched(repeat('x', 65000)::funnel_def, ARRAY[repeat('X', 65000), repeat('x', 64999)]);
SELECT step, length(stage), length(nearest) FROM funnel_unmatched(repeat('x', 65000)::funnel_def, ARRAY[repeat('x', 64997), repeat('x', 64999), repeat('x', 32000) || 'yy' || repeat('x', 32998)]);
-- 64 steps
SELECT count(*), min(step), max(step), count(nearest) FROM funnel_unmatched((SELECT string_agg('step' || n, '->' ORDER BY n) FROM generate_series(1, 64) n)::funnel_def, '{step7,Step8}');
-- any collation, and none that could be told
SELECT * FROM funnel_unmatched('visit', ARRAY['VISIT' COLLATE "C"]);
SELECT u.* FROM (SELECT 'VISIT' COLLATE "C" AS x, 'y' COLLATE "POSIX" AS y) s, funnel_unmatched('visit', ARRAY[x, y]) u;
-- a definition that is none
SELECT * FROM funnel_unmatched('visit ->', '{visit}');

/*
 * Against the matrix of the optimal string alignment, over words of three
 * letters, two of which are one.
 */
CREATE FUNCTION edits(a text, b text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	d int[];
	n int := length(a) + 1;
BEGIN
	FOR j IN 0 .. length(b) LOOP
		FOR i IN 0 .. length(a) LOOP
			d[j * n + i] := CASE WHEN i = 0 THEN j WHEN j = 0 THEN i ELSE
				least(d[(j - 1) * n + i] + 1, d[j * n + i - 1] + 1,
					d[(j - 1) * n + i - 1] + (substr(a, i, 1) <> substr(b, j, 1))::int) END;
			IF i > 1 AND j > 1 AND substr(a, i, 1) = substr(b, j - 1, 1) AND substr(a, i - 1, 1) = substr(b, j, 1) THEN
				d[j * n + i] := least(d[j * n + i], d[(j - 2) * n + i - 2] + 1);
			END IF;
		END LOOP;
	END LOOP;
	RETURN d[length(a) + length(b) * n];
END $$;
CREATE TABLE words AS
SELECT n, (SELECT string_agg(substr('abA', 1 + (n * 7919 + n * n * 31 + i * i * 17 + n * i * 5) % 3, 1), '' ORDER BY i) FROM generate_series(1, 1 + n % 7) i) AS word
FROM generate_series(1, 90) n;
CREATE TABLE pairs AS
SELECT a.n AS a, b.n AS b, a.word, b.word AS label, edits(lower(a.word), lower(b.word)) AS edits FROM words a, words b;
SELECT edits, count(*), count(*) FILTER (WHERE word = label) AS same, count(nearest) AS near,
	count(*) FILTER (WHERE (word = label) = EXISTS (SELECT FROM funnel_unmatched(word::funnel_def, ARRAY[label]))
		OR (nearest IS NOT NULL) <> (word <> label AND edits <= least(2, (length(word) - 1) / 2))) AS wrong
FROM pairs LEFT JOIN LATERAL funnel_unmatched(word::funnel_def, ARRAY[label]) u ON true GROUP BY edits ORDER BY edits;
SELECT count(*), count(nearest) AS near, count(*) FILTER (WHERE nearest IS DISTINCT FROM expected) AS wrong
FROM (SELECT a, word, array_agg(label ORDER BY b) AS labels,
		(array_agg(label ORDER BY edits, b) FILTER (WHERE edits <= least(2, (length(word) - 1) / 2)))[1] AS expected
	FROM pairs WHERE label <> word AND (a + b) % 11 = 0 GROUP BY a, word) s, funnel_unmatched(word::funnel_def, labels);

DROP TABLE words, pairs;
DROP FUNCTION edits;
