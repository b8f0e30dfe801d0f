-- every attempt: attempts are counted, not units

CREATE TABLE visits (u int, t timestamptz, e text, p text);
INSERT INTO visits SELECT 1, '2026-01-01 00:00Z'::timestamptz + at * interval '1 hour', e, e || at
FROM (VALUES (0, 'visit'), (1, 'cart'), (2, 'buy'), (2, 'visit'), (3, 'visit'), (4, 'buy'),
	(30, 'visit'), (50, 'visit'), (60, 'cart'), (80, 'cart'), (100, 'visit'), (101, 'visit'), (102, 'cart'), (103, 'buy')) v(at, e);
INSERT INTO visits VALUES (2, '2026-01-09', 'cart', 'none'), (3, '2026-01-02', 'visit', 'a'), (3, '2026-01-02', 'cart', 'b'), (3, '2026-01-02', 'buy', 'c');

-- each attempt with its rows: a row serves one, and what comes with the last buy is gone with it
SELECT u, n, stage, outcome, entered_at, reached_at, open_until, payload
FROM (SELECT u, funnel_attempts_agg(t, e, 'visit -> cart -> buy within 24 hours, every attempt', p) AS attempts FROM visits GROUP BY u) q,
	unnest(attempts) WITH ORDINALITY AS a(stage, outcome, entered_at, reached_at, last_at, open_until, payload, definition, n)
ORDER BY u, n;

-- the answer counts them
SELECT step, stage, users, dropped, pending
FROM funnel_report((SELECT funnel_agg(u, t, e, 'visit -> cart -> buy within 24 hours, every attempt') FROM visits));
SELECT step, outcome, users
FROM funnel_dropoff((SELECT funnel_agg(u, t, e, 'visit -> cart -> buy within 24 hours, every attempt') FROM visits)) WHERE users > 0;
SELECT funnel_units(r), funnel_horizon(r), funnel_definition(r)
FROM (SELECT funnel_agg(u, t, e, 'visit -> cart -> buy within 24 hours, every attempt') AS r FROM visits) a;
SELECT step, users, value
FROM funnel_report((SELECT funnel_agg(u, t, e, 'visit -> cart -> buy within 24 hours, every attempt', extract(hour FROM t)::float8) FROM visits));

-- the same from attempts, from journeys and from their attempts
SELECT DISTINCT r::text = (SELECT funnel_agg(u, t, e, 'visit -> cart -> buy within 24 hours, every attempt') FROM visits)::text AS same
FROM (SELECT funnel_agg(a) AS r
	FROM (SELECT unnest(funnel_attempts_agg(t, e, 'visit -> cart -> buy within 24 hours, every attempt')) AS a FROM visits GROUP BY u) q
	UNION ALL
	SELECT funnel_agg(j, 'visit -> cart -> buy within 24 hours, every attempt') FROM (SELECT journey_agg(t, e) AS j FROM visits GROUP BY u) q
	UNION ALL
	SELECT funnel_agg(a)
	FROM (SELECT unnest(journey_attempts(journey_agg(t, e), 'visit -> cart -> buy within 24 hours, every attempt')) AS a FROM visits GROUP BY u) q) r;

-- without a window the gaps frame an attempt, if every link has one
SELECT d, array_length(funnel_attempts_agg(t, e, d::funnel_def), 1) AS attempts
FROM visits, unnest(ARRAY['visit -> cart -> buy every attempt', 'visit -[10 hours]-> cart -[2 hours]-> buy every attempt',
	'visit -[10 hours]-> cart -> buy every attempt', 'visit every attempt', 'visit -> cart -> buy']) d
WHERE u = 1 GROUP BY d ORDER BY d;

-- a chain may start at the end of the frame, not after it
SELECT late, (p).stage, (p).outcome, (p).entered_at
FROM (VALUES ('0 s'::interval), ('1 us')) l(late),
	LATERAL (SELECT unnest(funnel_attempts_agg(t, e, 'visit -> buy within 24 hours, every attempt')) AS p
		FROM (VALUES ('2026-01-01 00:00Z'::timestamptz, 'visit'), ('2026-01-02 00:00Z'::timestamptz + late, 'visit'), ('2026-01-02 12:00Z', 'buy')) v(t, e)) q;

-- no attempt, no event, no journey
SELECT funnel_attempts_agg(t, e, 'x -> y every attempt') FROM visits WHERE u = 2;
SELECT funnel_attempts_agg(t, e, 'x -> y every attempt') IS NULL AS nothing FROM visits WHERE false;
SELECT journey_attempts(NULL, 'x -> y every attempt') IS NULL AS nothing;
SELECT funnel_attempts_agg(t, e, NULL) FROM visits;

-- one funnel_progress cannot say what became of several attempts
SELECT funnel_progress_agg(t, e, 'visit -> buy every attempt') FROM visits GROUP BY u;
SELECT funnel_progress_agg(t, e, 'visit -> buy every attempt') OVER (PARTITION BY u) FROM visits;
SELECT journey_progress(journey_agg(t, e), 'visit -> buy every attempt') FROM visits GROUP BY u;

-- a time too soon for a shortest gap does not fit the definition
SELECT funnel_agg(ROW((p).stage, (p).outcome, (p).entered_at, (p).reached_at, (p).last_at, (p).open_until, (p).payload,
	'visit -[>= 2 hours]-> cart')::funnel_progress)
FROM (SELECT funnel_progress_agg(t, e, 'visit -> cart') AS p FROM visits WHERE u = 1) q;

-- which entry counts
SELECT d, (p).stage, (p).outcome, (p).entered_at, (p).open_until
FROM unnest(ARRAY['visit -> cart -> buy within 24 hours, first entry', 'visit -> cart -> buy within 24 hours, last entry',
	'visit -> cart -[>= 3 hours]-> buy within 24 hours', 'visit -> cart -> buy within 24 hours, unless visit']) d,
	LATERAL (SELECT funnel_progress_agg(t, e, d::funnel_def) AS p FROM visits WHERE u = 1) q;

-- a row to spare is one however the rows of one instant are chosen, and whatever payload they have
SELECT pl, (funnel_progress_agg('2026-01-01', ARRAY['a', 'b'], 'a -> b -> c', CASE WHEN i = pl THEN '0' ELSE '1' END)).outcome
FROM generate_series(1, 2) i, generate_series(1, 2) pl GROUP BY pl ORDER BY pl;
SELECT pl, (p).stage, (p).outcome, (p).payload
FROM generate_series(1, 2) pl, LATERAL (SELECT funnel_progress_agg('2026-01-01', es, 'a -> b', CASE i WHEN pl THEN '0' ELSE '1' END) AS p
	FROM (VALUES (1, ARRAY['a', 'x']), (2, ARRAY['a', 'b'])) v(i, es)) q ORDER BY pl;
SELECT pl, (p).stage, (p).outcome, (p).payload
FROM generate_series(1, 2) pl, LATERAL (SELECT funnel_progress_agg('2026-01-01', es, 'a -> b increasing', CASE i WHEN pl THEN '0' ELSE '1' END) AS p
	FROM (VALUES (1, ARRAY['a', 'x']), (2, ARRAY['a', 'b'])) v(i, es)) q ORDER BY pl;

DROP TABLE visits;
