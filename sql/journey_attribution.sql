-- journey_attribution: against the definitions of the models, in plain SQL.
SET TIME ZONE 'UTC';

-- one conversion with four touches, as the definitions' own examples have it
CREATE TABLE example AS SELECT '[["2026-01-01T00:00:00Z", "display"], ["2026-01-03T00:00:00Z", "social"],
	["2026-01-08T00:00:00Z", "search"], ["2026-01-15T00:00:00Z", "email"],
	["2026-01-15T00:00:00Z", "buy"]]'::funnel_journey AS journey;
SELECT model, touch, round(credit::numeric, 6) AS credit
FROM example, unnest('{first,last,linear,position,time_decay}'::text[]) WITH ORDINALITY AS m(model, n),
	journey_attribution(journey, 'buy', model)
ORDER BY n, touch;

-- the half-life: after 7 days a touch is worth half
SELECT touch, credit / max(credit) OVER () AS share
FROM journey_attribution('[["2026-01-01T00:00:00Z", "a"], ["2026-01-08T00:00:00Z", "b"], ["2026-01-15T00:00:00Z", "buy"]]', 'buy', 'time_decay');
SELECT touch, credit / max(credit) OVER () AS share
FROM journey_attribution('[["2026-01-01T00:00:00Z", "a"], ["2026-01-08T00:00:00Z", "b"], ["2026-01-15T00:00:00Z", "buy"]]', 'buy', 'time_decay', half_life => '84 h');

-- one and two touches, none, and a touch that comes too late
SELECT model, touch, credit
FROM unnest('{first,last,linear,position,time_decay}'::text[]) AS model,
	journey_attribution('[["2026-01-01T00:00:00Z", "a"], ["2026-01-02T00:00:00Z", "buy"]]', 'buy', model);
SELECT * FROM journey_attribution('[["2026-01-01T00:00:00Z", "a"], ["2026-01-01T12:00:00Z", "b"], ["2026-01-02T00:00:00Z", "buy"]]', 'buy', 'position');
SELECT * FROM journey_attribution('[["2026-01-02T00:00:00Z", "buy"], ["2026-01-02T00:00:00Z", "buy"], ["2026-01-03T00:00:00Z", "a"]]', 'buy', 'linear');
SELECT * FROM journey_attribution('[["2026-01-01T00:00:00Z", "a"]]', 'buy', 'linear');
SELECT * FROM journey_attribution('[]', 'buy', 'linear');
-- the lookback is inclusive, and a touch at the instant of the conversion counts
SELECT * FROM journey_attribution('[["2026-01-01T00:00:00Z", "a"], ["2026-01-31T00:00:00Z", "buy"], ["2026-01-31T00:00:00Z", "z"]]', 'buy', 'linear', '30 days');
SELECT * FROM journey_attribution('[["2026-01-01T00:00:00Z", "a"], ["2026-01-31T00:00:00.000001Z", "buy"], ["2026-01-31T00:00:00Z", null]]', 'buy', 'linear', '30 days');
-- long ago and a short half-life: no credit is lost
SELECT touch, credit FROM journey_attribution('[["0001-01-01T00:00:00Z", "a"], ["0001-01-01T00:00:00Z", "b"], ["2026-01-01T00:00:00Z", "buy"]]', 'buy', 'time_decay', NULL, '1 us');

-- arguments
SELECT * FROM journey_attribution('[]', 'buy', 'best');
SELECT * FROM journey_attribution('[]', 'buy', 'linear', '0');
SELECT * FROM journey_attribution('[]', 'buy', 'linear', '1 month');
SELECT * FROM journey_attribution('[]', 'buy', 'time_decay', NULL, '-1 day');
SELECT * FROM journey_attribution('[]', 'buy', 'time_decay', NULL, NULL);
SELECT count(*) FROM journey_attribution(NULL, 'buy', 'linear');
SELECT count(*) FROM journey_attribution('[]', NULL, 'linear');
SELECT count(*) FROM journey_attribution('[]', 'buy', NULL);
SELECT count(*) FROM example, journey_attribution(journey, 'buy', 'linear', NULL, NULL);

-- random journeys, with several conversions, ties and events without a label
SELECT setseed(0.75);
CREATE TABLE events AS
SELECT unit, timestamptz '2026-01-01' + floor(random() * 20) * interval '1 day'
		+ floor(random() * 3) * (unit % 3) * interval '1 h' AS ts,
	(array['buy', 'email', 'search', 'social', NULL])[1 + floor(random() * (2 + unit % 4))] AS event
FROM generate_series(1, 300) AS unit, generate_series(1, 1 + (unit * unit) % 23);
CREATE TABLE units AS SELECT unit, journey_agg(ts, event) AS journey FROM events GROUP BY unit;
CREATE TABLE models AS
SELECT model, lookback, half_life
FROM unnest('{first,last,linear,position,time_decay}'::text[]) AS model,
	(VALUES (NULL::interval), ('5 days'), ('1 h')) AS l(lookback),
	(VALUES (interval '7 days'), ('12 h')) AS h(half_life);

-- for each conversion its touches in order, each touch's share, and their sum
CREATE VIEW expected AS
WITH listed AS (
	SELECT unit, row_number() OVER (PARTITION BY unit ORDER BY ts, event COLLATE "C") AS ord, ts, event
	FROM events
), touches AS (
	SELECT model, lookback, half_life, c.unit, c.ord AS conversion, t.event AS touch,
		extract(epoch FROM c.ts - t.ts)::float8 AS age,
		row_number() OVER (PARTITION BY model, lookback, half_life, c.unit, c.ord ORDER BY t.ord) AS i,
		count(t.ord) OVER (PARTITION BY model, lookback, half_life, c.unit, c.ord) AS n
	FROM models CROSS JOIN listed c
	LEFT JOIN listed t ON t.unit = c.unit AND t.event <> 'buy' AND t.ts <= c.ts
		AND (lookback IS NULL OR t.ts >= c.ts - lookback)
	WHERE c.event = 'buy'
), weights AS (
	SELECT *, CASE WHEN n = 0 THEN 1 ELSE CASE model
		WHEN 'first' THEN (i = 1)::int
		WHEN 'last' THEN (i = n)::int
		WHEN 'linear' THEN 1
		WHEN 'position' THEN CASE WHEN n <= 2 THEN 1 WHEN i IN (1, n) THEN 0.4 ELSE 0.2 / (n - 2) END
		WHEN 'time_decay' THEN power(2, -age / extract(epoch FROM half_life)::float8) END END AS weight
	FROM touches
)
SELECT model, lookback, half_life, unit, touch, sum(share) AS credit
FROM (SELECT *, weight / sum(weight) OVER (PARTITION BY model, lookback, half_life, unit, conversion) AS share FROM weights) AS s
GROUP BY model, lookback, half_life, unit, touch
HAVING sum(share) > 0;

SELECT model, count(*), count(e.credit) AS expected, count(g.credit) AS got,
	count(*) FILTER (WHERE abs(e.credit - g.credit) < 1e-9) AS equal
FROM (SELECT model, coalesce(lookback, '0') AS lookback, half_life, unit, coalesce(touch, '-') AS touch, credit FROM expected) e
FULL JOIN (SELECT model, coalesce(lookback, '0') AS lookback, half_life, unit, coalesce(touch, '-') AS touch, credit
	FROM models, units, journey_attribution(journey, 'buy', model, lookback, half_life)) g
	USING (model, lookback, half_life, unit, touch)
GROUP BY model ORDER BY model;

-- credits sum to conversions
SELECT count(*) FROM models, units,
	LATERAL (SELECT coalesce(sum(credit), 0) AS credits FROM journey_attribution(journey, 'buy', model, lookback, half_life)) a,
	LATERAL (SELECT count(*) FILTER (WHERE event = 'buy') AS conversions FROM events e WHERE e.unit = units.unit) c
WHERE abs(credits - conversions) > 1e-9;

-- many conversions and many touches: linear time
SELECT model, round(sum(credit)::numeric, 3) AS conversions
FROM (SELECT journey_agg(timestamptz '2026-01-01' + i * interval '1 s', CASE WHEN i % 2 = 0 THEN 'buy' ELSE 'touch ' || i % 5 END) AS journey
	FROM generate_series(1, 200000) AS i) AS j,
	unnest('{first,last,linear,position,time_decay}'::text[]) AS model,
	journey_attribution(journey, 'buy', model, '1 day')
GROUP BY model ORDER BY model;

DROP TABLE example, events, units, models CASCADE;
