--
-- Who may enter: funnel_agg(..., entry)
--
SET TimeZone = 'UTC';
CREATE TABLE touches (u int, ts timestamptz, e text, channel text, amount float8);
INSERT INTO touches VALUES
	(1, '2026-06-30', 'a', 'mail', 1), (1, '2026-07-02', 'a', 'ad', 2), (1, '2026-07-20', 'b', 'mail', 10),
	(2, '2026-06-30', 'a', 'ad', 4), (2, '2026-07-01', 'b', NULL, 20), (2, '2026-08-01', 'b', NULL, 30),
	(3, '2026-07-31', 'a', 'mail', 8), (3, '2026-08-02', 'b', 'ad', 40),
	(4, '2026-08-01', 'a', 'mail', 16), (4, '2026-08-01', 'b', 'mail', 50),
	(5, '2026-07-05', 'a', NULL, 32), (5, '2026-07-06', 'x', 'ad', NULL), (5, '2026-07-07', 'b', NULL, 60),
	(6, '2026-07-09', 'b', 'ad', 70), (NULL, '2026-09-01', 'a', 'tv', 'NaN'), (6, NULL, 'a', 'tv', 'Infinity'),
	(7, '2026-07-10', NULL, 'radio', NULL);

-- Those who entered in July, and what they did later.
\set july 'ts >= timestamptz ''2026-07-01'' AND ts < timestamptz ''2026-08-01'''
SELECT step, users, dropped, pending FROM funnel_report((SELECT funnel_agg(u, ts, e, 'a -> b within 30 days', :july) FROM touches));
SELECT step, users, value FROM funnel_report((SELECT funnel_agg(u, ts, e, 'a -> b within 30 days', amount, :july) FROM touches));
SELECT step, users, value FROM funnel_report((SELECT funnel_agg(u, ts, ARRAY[e, 'y'], 'a -> b within 30 days', amount, :july) FROM touches));
-- The clause looks at all entries: the first of 1 was in June.
SELECT clause, array_agg(users ORDER BY step) AS users
FROM unnest(ARRAY['', ', first entry', ', last entry', ', every attempt']) WITH ORDINALITY c(clause, o),
	LATERAL (SELECT funnel_agg(u, ts, e, ('a -> b within 30 days' || clause)::funnel_def, :july) AS r FROM touches) s, funnel_report(r)
GROUP BY clause, o ORDER BY o;
-- Rows that may not enter do all else: fill other steps, exclude, break strict links, move the horizon.
SELECT d, array_agg(users ORDER BY step) AS users
FROM (VALUES (1, 'a -> a -> b'), (2, 'a -> b -> b'), (3, 'a => b'), (4, 'a -[!x]-> b'), (5, 'a -[!a]-> b'), (6, 'a -> b unless a')) v(o, d),
	LATERAL (SELECT funnel_agg(1, ts, e, d::funnel_def, en) AS r
			 FROM (VALUES (timestamptz '2026-01-01', 'a', true), ('2026-01-02', 'a', false), ('2026-01-03', 'b', NULL)) w(ts, e, en)) s, funnel_report(r)
GROUP BY o, d ORDER BY o;
SELECT funnel_horizon(funnel_agg(u, ts, e, 'a -> b', false)), funnel_units(funnel_agg(u, ts, e, 'a -> b', false)) FROM touches;
-- NULL is false; an entry for every row is none at all.
SELECT funnel_agg(u, ts, e, 'a -> b', NULL::boolean)::text = funnel_agg(u, ts, e, 'a -> b', false)::text AS "null",
	   funnel_agg(u, ts, e, 'a -> b', true)::text = funnel_agg(u, ts, e, 'a -> b')::text AS everybody,
	   funnel_agg(u, ts::timestamp, e, 'a -> b', :july)::text = funnel_agg(u, ts, e, 'a -> b', :july)::text AS "timestamp",
	   funnel_agg(u, ts::date, e, 'a -> b', :july)::text = funnel_agg(u, ts, e, 'a -> b', :july)::text AS date,
	   funnel_agg(u, ts::date, ARRAY[e], 'a -> b', :july)::text = funnel_agg(u, ts, e, 'a -> b', :july)::text AS labels_date,
	   funnel_agg(u, ts::timestamp, ARRAY[e], 'a -> b', :july)::text = funnel_agg(u, ts, e, 'a -> b', :july)::text AS labels,
	   funnel_agg(u, ts::date, e, 'a -> b', 1, :july)::text = funnel_agg(u, ts, ARRAY[e], 'a -> b', 1, :july)::text AS value_date
FROM touches WHERE u IS NOT NULL;
SELECT funnel_agg(u, ts, e, 'a -> b', true) IS NULL AS "null" FROM touches WHERE u IS NULL;
-- Cases that are refused
SELECT funnel_agg(u, ts, e, 'a -> b, any order', true) FROM touches;
SELECT funnel_agg(u, ts, e, NULL, true) FROM touches;
SELECT funnel_agg(u, ts, e, 'a -> b', amount, true) FROM touches WHERE u IS NULL OR ts IS NULL;
SELECT funnel_agg(1, ts, e, 'a -> b', amount, true) FROM touches;
-- A literal without a type could be a value or an entry.
\set VERBOSITY terse
SELECT funnel_agg(u, ts, e, 'a -> b', NULL) FROM touches;
SELECT funnel_units(funnel_agg(u, ts, e, 'a -> b', NULL::float8)) AS value, funnel_units(funnel_agg(u, ts, e, 'a -> b', NULL)) AS entry FROM touches;
\set VERBOSITY default
-- A window, whose state goes on after it was read
SELECT u, ts, funnel_units(funnel_agg(u, ts, e, 'a -> b, first entry', channel = 'ad') OVER (ORDER BY ts)) AS units FROM touches WHERE e = 'a' ORDER BY ts;
DROP TABLE touches;
