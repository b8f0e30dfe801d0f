-- funnel_events: the labels that a definition looks at

-- each once, bytewise; of steps, links, and all links; labels are what they are
SELECT funnel_events('visit -> cart -> buy within 7 days');
SELECT funnel_events('b -> a|c -> b? -> d, every attempt');
SELECT funnel_events('a -[!x|b, 1 day]-> b -[!y]-> c unless lost|a');
SELECT funnel_events('lead: "form sent"|"it''s ""so""" -> "a*b" -> "" -> Ä');
SELECT funnel_events(('"' || repeat('a', 65000) || '"')::funnel_def) = ARRAY[repeat('a', 65000)];
SELECT cardinality(funnel_events(string_agg('s' || n, ' -> ')::funnel_def)) FROM generate_series(1, 64) n;

-- where other rows matter, or there is no list
SELECT funnel_events('a -> b => c');
SELECT funnel_events('a -> /product/* -> c');
SELECT funnel_events('a -[!x*]-> b');
SELECT funnel_events('a -> b unless *');

-- a condition of an index: as a constant, as a parameter of a generic plan, and in a view
CREATE TABLE visits (user_id int, ts timestamptz, event text, padding text);
INSERT INTO visits
SELECT hashint4(n) & 127, timestamptz '2026-01-01Z' + n * interval '1 min',
	CASE WHEN n % 20 = 0 THEN (ARRAY['visit', 'visit', 'cart', 'buy', 'lost'])[1 + (hashint4(-n) & 1023) % 5]
		ELSE 'e' || (hashint4(-n) & 31) END, repeat('x', 100)
FROM generate_series(1, 20000) n;
CREATE INDEX ON visits (event, ts) INCLUDE (user_id);
VACUUM ANALYZE visits;
-- only that the condition can use the index: while other transactions run, it may look dear
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET max_parallel_workers_per_gather = 0;

EXPLAIN (COSTS OFF) SELECT funnel_agg(user_id, ts, event, 'visit -> cart -> buy unless lost')
FROM visits WHERE event = ANY (funnel_events('visit -> cart -> buy unless lost'));

PREPARE asked(funnel_def) AS
SELECT funnel_agg(user_id, ts, event, $1) FROM visits WHERE event = ANY (funnel_events($1));
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE asked('visit -> cart -> buy unless lost');

CREATE VIEW rows_of_buyers AS
SELECT user_id, ts, event FROM visits WHERE event = ANY (funnel_events('visit -> cart -> buy unless lost'));
EXPLAIN (COSTS OFF) SELECT * FROM rows_of_buyers WHERE ts >= '2026-01-05Z';
RESET enable_seqscan;

-- what is counted is the same; the horizon is that of the rows that were read
CREATE TEMP TABLE results AS
SELECT d,
	(SELECT funnel_agg(user_id, ts, event, d) FROM visits) AS whole,
	(SELECT funnel_agg(user_id, ts, event, d) FROM visits WHERE event = ANY (funnel_events(d))) AS filtered
FROM (VALUES ('visit -> cart -> buy unless lost'::funnel_def), ('visit -> cart -> buy within 1 day'),
	('visit -> cart? -> buy within 3 days, first entry'), ('visit -[!lost]-> cart -[>= 1 h]-> buy within 2 days, every attempt'),
	('visit -> cart -> buy within 2 days, any order'), ('visit|cart -> e4, increasing'), ('e1 -> e2 within 30 days, last entry')) v(d);
SELECT d, funnel_horizon(whole) >= funnel_horizon(filtered) AS horizon,
	(SELECT array_agg(r ORDER BY r.step) FROM funnel_report(whole, '2027-01-01Z') r) =
	(SELECT array_agg(r ORDER BY r.step) FROM funnel_report(filtered, '2027-01-01Z') r) AS same_report,
	(SELECT array_agg(o ORDER BY o) FROM funnel_dropoff(whole, '2027-01-01Z') o) =
	(SELECT array_agg(o ORDER BY o) FROM funnel_dropoff(filtered, '2027-01-01Z') o) AS same_dropoff,
	(SELECT array_agg(users ORDER BY step) FROM funnel_report(whole)) AS users
FROM results;

DROP VIEW rows_of_buyers;
DROP TABLE visits;
