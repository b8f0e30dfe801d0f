--
-- window_funnel
--
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';

CREATE TABLE shop (user_id int, ts timestamptz, event text);
INSERT INTO shop VALUES
	(1, '2026-01-01 10:00', 'view'),
	(1, '2026-01-01 10:05', 'cart'),
	(1, '2026-01-01 10:20', 'buy'),
	(2, '2026-01-01 11:00', 'view'),
	(2, '2026-01-03 11:00', 'cart'),
	(3, '2026-01-01 12:00', 'cart'),
	(3, '2026-01-01 12:30', 'buy'),
	(4, '2026-01-01 13:00', 'view'),
	(4, '2026-01-01 13:01', 'help'),
	(4, '2026-01-01 13:02', 'cart'),
	(5, NULL, 'view');

SELECT user_id,
	window_funnel('1 hour', ts, event = 'view', event = 'cart', event = 'buy') AS hour,
	window_funnel('7 days', ts, event = 'view', event = 'cart', event = 'buy') AS week,
	window_funnel('1 hour', 'strict_order', ts, event = 'view', event = 'cart', event = 'buy') AS strict
FROM shop GROUP BY user_id ORDER BY user_id;

-- the types of times, and how conditions can be written
SELECT window_funnel('1 hour', ts, event = 'view', event = 'cart') AS timestamptz,
	window_funnel('1 hour', ts::timestamp, event = 'view', event = 'cart') AS timestamp,
	window_funnel('1 day', ts::date, event = 'view', event = 'cart') AS date,
	window_funnel(3600, extract(epoch FROM ts)::bigint, event = 'view', event = 'cart') AS bigint,
	window_funnel(1, user_id, event = 'view', event = 'cart') AS int,
	window_funnel('1 hour', 'strict_order', ts, event = 'view', event = 'cart') AS timestamptz_mode,
	window_funnel('1 hour', 'strict_order', ts::timestamp, event = 'view', event = 'cart') AS timestamp_mode,
	window_funnel('1 hour', 'strict_order', ts::date, event = 'view', event = 'cart') AS date_mode,
	window_funnel(3600, 'strict_order', user_id, event = 'view', event = 'cart') AS int_mode,
	window_funnel('1 hour', 'strict_order'::varchar, ts, event = 'view') AS varchar_mode,
	window_funnel('1 hour', ts, VARIADIC ARRAY[event = 'view', event = 'cart']) AS variadic,
	window_funnel('1 hour', ts, ARRAY[event = 'view', event = 'cart']) AS array,
	window_funnel('1 hour', ts, event = 'view', NULL, true) AS literals
FROM shop WHERE user_id = 1;
PREPARE levels AS
	SELECT window_funnel($1, $2, ts, event = 'view', event = 'cart') FROM shop WHERE user_id = 1;
EXECUTE levels('1 hour', 'strict_once');
DEALLOCATE levels;

-- Each case of the modes is a few events of one unit, at the times 1, 2, 3 ...
-- or at the time that stands before the colon.  An event is the conditions it
-- meets, x none, so that ab is one event that meets both.
CREATE FUNCTION levels(events text, modes text, within bigint DEFAULT 100)
RETURNS int LANGUAGE sql AS $$
	SELECT window_funnel(within, modes, t, e ~ 'a', e ~ 'b', e ~ 'c', e ~ 'd', e ~ 'e')
	FROM (SELECT coalesce(substring(w FROM '^(\d+):')::bigint, i), substring(w FROM '[a-z]+$')
	      FROM regexp_split_to_table(events, ' ') WITH ORDINALITY AS s (w, i)) AS r (t, e)
$$;
SELECT events, modes, levels(events, modes) FROM (VALUES
	-- one event may fill several consecutive steps
	('abc', ''),
	('abc', 'strict_once'),
	('ab bc', 'strict_once'),
	-- events of one time are taken in the favourable order
	('1:b 1:a', ''),
	('1:b 1:a', 'strict_once'),
	('1:b 1:a', 'strict_increase'),
	-- the newest start counts, and the best level
	('a b a', ''),
	('a c a b', ''),
	-- a repeated step stops the scan, a repeated first step does not
	('a b b c', ''),
	('a b b c', 'strict_deduplication'),
	('a a b c', 'strict_deduplication'),
	('a b c b d', 'strict_deduplication'),
	('a 2:b 2:b 3:c', 'strict_deduplication'),
	-- any other event stops the scan, but not one before the first step
	('a x b c', ''),
	('a x b c', 'strict_order'),
	('x a b c', 'strict_order'),
	('a x a b c', 'strict_order'),
	('a c b', 'strict_order'),
	('c a b', 'strict_order'),
	('a b a c', 'strict_order'),
	('1:a 2:x 2:b', 'strict_order'),
	-- a step that comes too early is passed over
	('a c b c', 'strict_order'),
	('a c b c', 'strict_order, allow_reentry'),
	('a x b c', 'strict_order, allow_reentry'),
	-- an entry of the same time does not hide an older one
	('1:a 2:a 2:b', 'strict_increase'),
	('1:a 1:b 2:b 2:c 3:c', 'strict_increase'),
	('ab b c', 'strict_increase'),
	-- rows of one time are shared out
	('1:ab 1:ab 1:c', 'strict_once'),
	('1:ab 1:bc 1:c', 'strict_once'),
	('1:abc 1:abc', 'strict_once'),
	('1:a 2:bc 2:b', 'strict_once'),
	-- the second b of that time repeats the step, if the first made it
	('1:a 2:b 2:bc 3:d', 'strict_once, strict_deduplication'),
	('1:b 1:ab 2:c', 'strict_once, strict_deduplication'),
	('1:ab 1:ab 2:c', 'strict_once, strict_deduplication')
) AS t (events, modes);

-- every mode with every other
SELECT string_agg(m, ', ') AS modes,
	levels('a b b c d', string_agg(m, ', ')) AS repeated,
	levels('a x b c d', string_agg(m, ', ')) AS interrupted,
	levels('a d b c d', string_agg(m, ', ')) AS early,
	levels('1:a 2:a 2:b 3:c 3:d', string_agg(m, ', ')) AS tied,
	levels('ab bc cd', string_agg(m, ', ')) AS several
FROM generate_series(0, 15) AS mix,
	(VALUES (1, 'strict_deduplication'), (2, 'strict_order'),
			(4, 'strict_increase'), (8, 'strict_once')) AS v (bit, m)
WHERE mix & bit <> 0
GROUP BY mix ORDER BY mix;

-- the window is inclusive and counts from step 1; it may be no time at all
SELECT levels('1:a 5:b 11:c', '', 10) AS on_it, levels('1:a 5:b 12:c', '', 10) AS past_it,
	levels('1:a 1:b 2:c', '', 0) AS none;
-- from the step 1 of that chain, not from one at the instant of step 2
SELECT levels('1:a 2:ab 3:c', 'strict_increase', 1) AS older, levels('1:a 2:ab 3:c', '', 1) AS newer;
-- the newest start counts also where rows of one time are shared out
SELECT levels('1:a 5:a 5:d 5:bc 5:ce 8:e', 'strict_once, strict_deduplication', 4) AS newest,
	levels('1:a 5:d 5:bc 5:ce 8:e', 'strict_once, strict_deduplication', 4) AS oldest;
-- the window may reach past the end of all numbers
SELECT window_funnel(9223372036854775807, t, c = 'a', c = 'b', c = 'c') AS longest,
	window_funnel(9223372036854775806, t, c = 'a', c = 'b', c = 'c') AS one_less
FROM (VALUES (-9223372036854775808, 'a'), (-1, 'b'), (0, 'c')) AS v (t, c);
SELECT window_funnel(2, t, c = 'a', c = 'b') AS wide, window_funnel(0, t, c = 'a', c = 'b') AS narrow
FROM (VALUES (9223372036854775806, 'a'), (9223372036854775807, 'b')) AS v (t, c);
SELECT window_funnel('106751991 days', ts, e = 'a', e = 'b')
FROM (VALUES ('4713-01-01 BC'::timestamptz, 'a'), ('294276-12-31', 'b')) AS v (ts, e);

-- nothing reached is level 0, whether there are rows or not
SELECT window_funnel('1 day', ts, event = 'view') FROM shop WHERE false;
SELECT window_funnel('1 day', ts, event = 'view') FROM shop WHERE ts IS NULL;
SELECT window_funnel('1 day', ts, NULL, NULL::boolean) FROM shop;
SELECT window_funnel('1 day', ts, event = 'view') FILTER (WHERE user_id = 99) FROM shop;

-- 64 conditions
SELECT window_funnel(1000, i, VARIADIC (SELECT array_agg(i = j ORDER BY j) FROM generate_series(1, 64) j)),
	window_funnel(1000, 'strict_once', 65 - i, VARIADIC (SELECT array_agg(i = j ORDER BY j) FROM generate_series(1, 64) j))
FROM generate_series(1, 64) i;

-- as a window function
SELECT ts, event, window_funnel('1 hour', ts, event = 'view', event = 'cart', event = 'buy')
	OVER (ORDER BY ts)
FROM shop WHERE user_id = 1;

-- grouping sets share a call site
SELECT user_id, window_funnel('1 hour', ts, event = 'view', event = 'cart', event = 'buy')
FROM shop WHERE user_id < 4
GROUP BY GROUPING SETS ((user_id), ()) ORDER BY user_id;

-- the window can come with the group
SELECT user_id, window_funnel(w, ts, event = 'view', event = 'cart')
FROM shop, (VALUES (2, '1 day'::interval), (2, '3 days')) AS v (u, w)
WHERE user_id = u GROUP BY user_id, w ORDER BY w;

-- errors
SELECT window_funnel('1 day', ts, event = 'view', event) FROM shop;
SELECT window_funnel('1 day', ts, event = 'view', ARRAY[true]) FROM shop;
SELECT window_funnel('1 day', ts, ARRAY[1, 2]) FROM shop;
SELECT window_funnel('1 day', ts, 'true') FROM shop;
SELECT window_funnel('1 day', ts, VARIADIC NULL::boolean[]) FROM shop;
SELECT window_funnel('1 day', ts, VARIADIC '{}'::boolean[]) FROM shop;
SELECT window_funnel('1 day', ts, ARRAY[[true], [false]]) FROM shop;
SELECT window_funnel('1 day', ts, VARIADIC array_fill(true, ARRAY[65])) FROM shop;
SELECT format('SELECT window_funnel(1, 1, %s)', string_agg('true', ', ')) FROM generate_series(1, 65) \gexec
SELECT window_funnel('1 day', ts, VARIADIC array_fill(true, ARRAY[user_id])) FROM shop;
SELECT window_funnel('1 month', ts, true) FROM shop;
SELECT window_funnel('-1 s', ts, true) FROM shop;
SELECT window_funnel(-1, user_id, true) FROM shop;
SELECT window_funnel('2147483647 days', ts, true) FROM shop;
SELECT window_funnel(NULL, ts, true) FROM shop;
SELECT window_funnel(make_interval(days => user_id), ts, true) FROM shop;
SELECT window_funnel('1 day', 'strict', ts, true) FROM shop;
SELECT window_funnel('1 day', 'strict_order,', ts, true) FROM shop;
SELECT window_funnel('1 day', 'strict_order strict_once', ts, true) FROM shop;
SELECT window_funnel('1 day', 'allow_reentry', ts, true) FROM shop;
SELECT window_funnel('1 day', NULL, ts, true) FROM shop;
SELECT window_funnel('1 day', CASE user_id WHEN 1 THEN 'strict_once' ELSE '' END, ts, true) FROM shop;
SELECT window_funnel('1 day', 'infinity'::timestamptz, true);
SELECT window_funnel('1 day', '-infinity'::date, true);

DROP FUNCTION levels;
DROP TABLE shop;
