--
-- sequence_match, sequence_count, sequence_match_events, sequence_next_node
--
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';

-- Each case is a few events of one unit, at the times 1, 2, 3 ... or at the time
-- that stands before the colon.  An event is the conditions it meets, x none.
CREATE FUNCTION events(events text, OUT t bigint, OUT e text)
RETURNS SETOF record LANGUAGE sql AS $$
	SELECT coalesce(substring(w FROM '^(\d+):')::bigint, i), substring(w FROM '[a-z]+$')
	FROM regexp_split_to_table(events, ' ') WITH ORDINALITY AS s (w, i)
$$;
CREATE FUNCTION sequences(events text, pattern text, OUT match boolean, OUT count int,
						  OUT times bigint[])
LANGUAGE sql AS $$
	SELECT sequence_match(pattern, t, e ~ 'a', e ~ 'b', e ~ 'c'),
		sequence_count(pattern, t, e ~ 'a', e ~ 'b', e ~ 'c'),
		sequence_match_events(pattern, t, e ~ 'a', e ~ 'b', e ~ 'c')
	FROM events(events)
$$;
SELECT events, pattern, s.* FROM (VALUES
	('a b c', '(?1)(?2)'),
	-- adjacent, among the events that meet any condition
	('a c b', '(?1)(?2)'),
	('a x b', '(?1)(?2)'),
	('a c b', '(?1).(?2)'),
	('a c b', '(?1).*(?2)'),
	('a b', '(?1).*(?2)'),
	-- an event may meet several conditions, but is taken once
	('ab', '(?1)(?2)'),
	('ab ab', '(?1)(?2)'),
	-- events of one time are in the order of their conditions
	('1:b 1:a', '(?1)(?2)'),
	('1:b 1:a', '(?2)(?1)'),
	-- counts do not overlap; a match of nothing passes on by one event
	('a a a a', '(?1)(?1)'),
	('a b a b c a', '(?1).*(?2)'),
	('a b c', ''),
	('a b c', '.*'),
	('a b c', '.'),
	-- times
	('1:a 5:b', '(?1)(?t<=4)(?2)'),
	('1:a 5:b', '(?1)(?t<4)(?2)'),
	('1:a 5:b', '(?1)(?t>=4)(?2)'),
	('1:a 5:b', '(?1)(?t>4)(?2)'),
	('1:a 5:b', '(?1)(?t==4)(?2)'),
	('1:a 5:b', '(?1)(?t!=4)(?2)'),
	('1:a 5:b 6:b', '(?1)(?t!=4)(?2)'),
	-- they pass over other events
	('1:a 2:c 5:b', '(?1)(?t<=4)(?2)'),
	-- and count from the event before, which may be another one
	('1:a 4:a 6:b', '(?1)(?t<=3)(?2)'),
	('1:a 4:a 6:b', '(?1)(?t>=3)(?2)'),
	('1:a 3:b 5:c', '(?1)(?t<=2)(?2)(?t<=2)(?3)'),
	-- after ".*" from the event that comes next
	('1:a 9:b', '(?1).*(?t<=1)(?2)'),
	('1:a 9:b', '(?1).*(?t>0)(?2)'),
	('1:a 2:c 9:b', '(?1).*(?t>0)(?2)'),
	-- at the end what needs no event is satisfied
	('a b', '(?2).*'),
	('a b', '(?2)(?t<=1)'),
	('a b', '(?2)(?t>=0)'),
	('a b', '(?2)(?t>=1)'),
	('a b', '(?2).'),
	-- of a part, the longest, and a real one
	('1:a 2:b 3:a 9:c', '(?1)(?2)(?3)'),
	('1:a 2:a 3:b 4:b', '(?1)(?1)(?2)(?3)'),
	('1:a 9:b', '(?1)(?t<=5)(?2)'),
	('c', '(?1)(?2)')
) AS t (events, pattern), sequences(events, pattern) AS s;

-- seconds, with decimals, of any kind of time
SELECT sequence_match('(?1)(?t<=0.25)(?2)', ts, e = 'a', e = 'b') AS quarter,
	sequence_match('(?1)(?t<0.25)(?2)', ts::timestamp, e = 'a', e = 'b') AS less,
	sequence_match('(?1)(?t==0.250000)(?2)', ts, e = 'a', e = 'b') AS exactly,
	sequence_match('(?1)(?t==0)(?2)', ts::date, e = 'a', e = 'b') AS dates,
	sequence_match('(?1)(?t<=86400)(?3)', ts::date, e = 'a', e = 'b', e = 'c') AS next_day,
	sequence_match_events('(?1).*(?3)', ts::timestamp, e = 'a', e = 'b', e = 'c') AS times,
	sequence_match_events('(?1).*(?3)', ts::date, e = 'a', e = 'b', e = 'c') AS days
FROM (VALUES ('2026-01-01 10:00'::timestamptz, 'a'), ('2026-01-01 10:00:00.25', 'b'),
			 ('2026-01-02 10:00', 'c')) AS v (ts, e);

-- the ends of the numbers
SELECT sequence_match('(?1)(?t>=18446744073709551615)(?2)', t, c = 'a', c = 'b') AS all_of_it,
	sequence_match('(?1)(?t<18446744073709551615)(?2)', t, c = 'a', c = 'b') AS less
FROM (VALUES (-9223372036854775808, 'a'), (9223372036854775807, 'b')) AS v (t, c);

-- nothing
SELECT sequence_match('(?1)', t, true), sequence_count('', t, true),
	sequence_match_events('(?1)', t, true)
FROM (SELECT 1::bigint WHERE false) AS v (t);
SELECT sequence_match('', t, true), sequence_match('.', t, true), sequence_count('', t, true),
	sequence_match_events('(?1)', t, true)
FROM (SELECT NULL::bigint) AS v (t);

-- What makes a matcher that tries one way after another give up: here it takes
-- items times rows.
SELECT sequence_match(repeat('(?1).*', 30) || '(?2)(?t>=0)(?3)', i, i % 2 = 0, i % 2 = 1, false) AS none,
	sequence_count('(?1)(?t<=1000)(?1)(?t<=1000)(?1)(?t<=1000)(?1)(?t==1000)(?2)(?t==1)(?2)', i, i % 2 = 0, i % 2 = 1) AS some,
	sequence_count(repeat('.*(?t>=0)', 50) || '(?1).*(?2)', i, i % 2 = 0, i % 2 = 1) AS many,
	cardinality(sequence_match_events(repeat('(?1)(?t>=1)', 40) || '(?3)(?t!=7)(?3)', i, i % 2 = 0, i % 2 = 1, false)) AS part
FROM generate_series(1, 100000) AS i;

-- as a window function
SELECT t, e, sequence_count('(?1).*(?2)', t, e = 'a', e = 'b') OVER (ORDER BY t)
FROM events('a b a a b');

-- errors, with their place
SELECT sequence_match('(?1)->(?2)', 1, true, true);
SELECT sequence_match('(?1) (?2)', 1, true, true);
SELECT sequence_match('(?1)(?3)', 1, true, true);
SELECT sequence_match('(?0)', 1, true, true);
SELECT sequence_match('(?1)(?2', 1, true, true);
SELECT sequence_match('(?', 1, true, true);
SELECT sequence_match('(?a)', 1, true, true);
SELECT sequence_match('(?99999999999999999999)', 1, true, true);
SELECT sequence_match('(?1)(?t5)', 1, true, true);
SELECT sequence_match('(?1)(?t=5)', 1, true, true);
SELECT sequence_match('(?1)(?t<-5)', 1, true, true);
SELECT sequence_match('(?1)(?t<5.)', 1, true, true);
SELECT sequence_match('(?1)(?t<0.5)', 1, true, true);
SELECT sequence_match('(?1)(?t<5.00)', 1, true, true);
SELECT sequence_match('(?1)(?t<0.0000001)', '2026-01-01'::timestamptz, true);
SELECT sequence_match('(?1)(?t<99999999999999)', '2026-01-01'::timestamptz, true);
SELECT sequence_match('(?1)(?t<99999999999999999999)', 1, true);
SELECT sequence_match('(?1)(?t<5)(?t>1)', 1, true, true);
SELECT sequence_match('(?1)été', 1, true, true);
SELECT sequence_match(repeat('.', 1024), 1, true);
SELECT sequence_match(NULL, 1, true);
SELECT sequence_match(e, t, true) FROM (VALUES (1, '(?1)'), (2, '.')) AS v (t, e);
SELECT sequence_match('(?1)', t, array_fill(true, ARRAY[t])) FROM (VALUES (1), (2)) AS v (t);

--
-- sequence_next_node
--
CREATE TABLE page (user_id int, ts timestamptz, url text);
INSERT INTO page VALUES
	(1, '2026-01-01 10:00', 'home'), (1, '2026-01-01 10:01', 'gift'),
	(1, '2026-01-01 10:02', 'cart'), (1, '2026-01-01 10:03', 'home'),
	(1, '2026-01-01 10:04', 'gift'), (1, '2026-01-01 10:05', 'buy'),
	(2, '2026-01-01 10:00', 'gift'), (2, '2026-01-01 10:01', 'home'),
	(2, '2026-01-01 10:02', 'gift');
SELECT user_id,
	sequence_next_node('forward', 'head', ts, url, url = 'home', url = 'home', url = 'gift') AS head,
	sequence_next_node('backward', 'tail', ts, url, url = 'buy', url = 'buy', url = 'gift') AS tail,
	sequence_next_node('forward', 'first_match', ts, url, true, url = 'home', url = 'gift') AS first,
	sequence_next_node('forward', 'last_match', ts, url, true, url = 'home', url = 'gift') AS last,
	sequence_next_node('backward', 'first_match', ts, url, true, url = 'gift') AS before_first,
	sequence_next_node('backward', 'last_match', ts, url, url <> 'buy', url = 'gift') AS before_last,
	sequence_next_node('forward', 'head', ts, url, true) AS first_node,
	sequence_next_node('backward', 'tail', ts, url, true) AS last_node
FROM page GROUP BY user_id ORDER BY user_id;

-- a chain that fails is not tried elsewhere
SELECT sequence_next_node('forward', 'first_match', ts, url, true, url = 'gift', url = 'buy')
FROM page WHERE user_id = 1;

-- rows without time or node are not there; of one time, nodes are in the order
-- of their bytes
SELECT sequence_next_node('forward', 'head', t, n, true, n = 'a') AS next,
	sequence_next_node('forward', 'head', t::date, n, true, VARIADIC ARRAY[n = 'a', n = 'é']) AS day
FROM (VALUES ('2026-01-01 10:00'::timestamp, 'a'), ('2026-01-01 11:00', NULL), (NULL, 'b'),
			 ('2026-01-01 12:00', 'é'), ('2026-01-01 13:00', 'z'), ('2026-01-01 13:00', repeat('x', 100))) AS v (t, n);
SELECT sequence_next_node('forward', 'head', t, n, b, NULL::boolean) AS null_step,
	sequence_next_node('forward', 'head', t, n, NULL, true) AS null_base
FROM (VALUES (1, 'a', true), (2, 'b', true)) AS v (t, n, b);
SELECT sequence_next_node('forward', 'head', ts, url, true) FROM page WHERE false;

-- errors
SELECT sequence_next_node('sideways', 'head', ts, url, true) FROM page;
SELECT sequence_next_node('forward', 'middle', ts, url, true) FROM page;
SELECT sequence_next_node('forward', 'tail', ts, url, true) FROM page;
SELECT sequence_next_node('backward', 'head', ts, url, true) FROM page;
SELECT sequence_next_node('forward', 'first_match', ts, url, true) FROM page;
SELECT sequence_next_node(NULL, 'head', ts, url, true) FROM page;
SELECT sequence_next_node('forward', NULL, ts, url, true) FROM page;
SELECT sequence_next_node('forward', 'head', ts, url, true, 1) FROM page;
SELECT sequence_next_node(CASE user_id WHEN 1 THEN 'forward' ELSE 'backward' END,
	'first_match', ts, url, true, true) FROM page;

DROP TABLE page;
DROP FUNCTION sequences, events;
