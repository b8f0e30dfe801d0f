--
-- sessionize
--
SET TimeZone = 'UTC';
SET DateStyle = 'ISO';
SET IntervalStyle = 'postgres';

CREATE TABLE hit (user_id int, ts timestamptz);
INSERT INTO hit VALUES
	(1, '2026-01-01 10:00'), (1, '2026-01-01 10:15'), (1, '2026-01-01 10:45'),
	(1, '2026-01-01 11:15:00.000001'), (1, '2026-01-01 11:15:00.000001'), (1, NULL),
	(2, '2026-01-01 10:00'), (2, '2026-01-02 10:00');

-- a gap as long as allowed does not end a session
SELECT user_id, ts, sessionize(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts)
FROM hit ORDER BY user_id, ts;
SELECT user_id, ts, sessionize(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts NULLS FIRST)
FROM hit WHERE user_id = 1 ORDER BY ts NULLS FIRST;

-- other types of times, and gaps that come with the row
SELECT d, sessionize(d, '1 day') OVER (ORDER BY d) AS day,
	sessionize(d::timestamp, '1 day') OVER (ORDER BY d) AS timestamp,
	sessionize(n, 1) OVER (ORDER BY n) AS number,
	sessionize(d, make_interval(days => n::int)) OVER (ORDER BY d, n) AS own,
	sessionize(d, '0') OVER (ORDER BY d) AS none
FROM (VALUES ('2026-01-01'::date, 1::bigint), ('2026-01-02', 2), ('2026-01-04', 2),
			 ('2026-01-04', 5), ('2026-01-07', 6)) AS v (d, n)
ORDER BY d, n;
SELECT n, sessionize(n, 9223372036854775807) OVER (ORDER BY n)
FROM (VALUES (-9223372036854775808), (-1), (9223372036854775807)) AS v (n);

-- sessions by their numbers
SELECT user_id, session, count(*), max(ts) - min(ts) AS length
FROM (SELECT user_id, ts, sessionize(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts) AS session
      FROM hit WHERE ts IS NOT NULL) AS s
GROUP BY user_id, session ORDER BY user_id, session;

-- errors
SELECT sessionize(ts, '30 min') OVER (PARTITION BY user_id ORDER BY ts DESC) FROM hit;
SELECT sessionize(ts, '1 month') OVER (ORDER BY ts) FROM hit;
SELECT sessionize(ts, '-1 s') OVER (ORDER BY ts) FROM hit;
SELECT sessionize(ts, NULL) OVER (ORDER BY ts) FROM hit;
SELECT sessionize('infinity'::timestamptz, '1 s') OVER ();
SELECT sessionize(ts, '30 min') FROM hit;

DROP TABLE hit;
