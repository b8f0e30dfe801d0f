-- What a result says of real rows, against the exact figures of the same rows

/*
 * Times of very different kinds, pseudo-random but the same everywhere: UNIFORM
 * over a day, EXPONENTIAL with a mean of an hour, HEAVY with a tail of months,
 * SECONDS as a coarse clock gives them, TINY of some microseconds, SAME for all.
 */
CREATE TABLE lags AS
SELECT kind, unit, round(CASE kind
		WHEN 'uniform' THEN u * 86400e6
		WHEN 'exponential' THEN -ln(u) * 3600e6
		WHEN 'heavy' THEN 60e6 * (u ^ -1.5 - 1)
		WHEN 'seconds' THEN floor(u * 300) * 1e6
		WHEN 'tiny' THEN u * 200
		WHEN 'same' THEN 90061000001 END)::bigint AS us
FROM unnest(ARRAY['uniform', 'exponential', 'heavy', 'seconds', 'tiny', 'same']) AS kind,
	generate_series(1, 2500) AS unit,
	LATERAL (SELECT (('x' || substr(md5(kind || unit), 1, 8))::bit(32)::bigint + 1) / 4294967297.0::float8 AS u) r;
SELECT kind, count(*), count(DISTINCT us) > 100 AS many, min(us) >= 0 AS possible FROM lags GROUP BY kind ORDER BY kind;

-- Four of five go on, each takes its time; the values are exact in binary.
CREATE TABLE events AS
SELECT kind, unit, '2026-01-01'::timestamptz + unit * interval '1 minute' AS ts, 'a' AS event, unit % 64 / 4.0 AS value FROM lags
UNION ALL
SELECT kind, unit, '2026-01-01'::timestamptz + unit * interval '1 minute' + us * interval '1 microsecond', 'b', unit % 9 / 8.0
FROM lags WHERE unit % 5 > 0;
CREATE TABLE results AS
SELECT kind, funnel_agg(unit, ts, event, 'a -> b', value) AS r FROM events GROUP BY kind;

-- counts, means and values are exact, percentiles within 1 % (below 128 microseconds exact, too)
SELECT results.kind, r.users, abs(r.mean_seconds * 1e6 / avg(us)::float8 - 1) < 1e-9 AS mean,
	abs(r.median_seconds * 1e6 / percentile_disc(0.5) WITHIN GROUP (ORDER BY us) - 1) < 0.01 AS median,
	abs(r.p90_seconds * 1e6 / percentile_disc(0.9) WITHIN GROUP (ORDER BY us) - 1) < 0.01 AS p90,
	r.median_seconds = r.median_seconds_from_first AS from_first,
	r.value = (SELECT sum(value) FROM events e WHERE e.kind = results.kind AND event = 'b') AS value
FROM results JOIN LATERAL funnel_report(results.r) r ON step = 2 JOIN lags l ON l.kind = results.kind
WHERE unit % 5 > 0
GROUP BY results.kind, r.users, r.mean_seconds, r.median_seconds, r.p90_seconds, r.median_seconds_from_first, r.value
ORDER BY 1;
SELECT kind, value, value = (SELECT sum(value) FROM events e WHERE e.kind = results.kind AND event = 'a') AS exact
FROM results, funnel_report(r) WHERE step = 1 ORDER BY kind;

SELECT kind, count(*) AS fractions, bool_and(CASE WHEN exact < 128 THEN round(got * 1e6) = exact
		ELSE abs(got * 1e6 / exact - 1) < 0.01 END) AS within
FROM (SELECT kind, fraction, exact, funnel_percentile(r, 2, fraction) AS got
	FROM results JOIN (SELECT kind, array_agg(us ORDER BY us) AS sorted FROM lags WHERE unit % 5 > 0 GROUP BY kind) s USING (kind),
		generate_series(0, 1, 0.005) AS fraction,
		-- the nearest rank, without percentile_disc
		LATERAL (SELECT sorted[greatest(1, ceil(fraction * cardinality(sorted)))::int] AS exact) e) x
GROUP BY kind ORDER BY kind;

-- the buckets of a histogram hold whoever is surely in them, and nobody who is surely not
SELECT kind, buckets, sum(users) AS users,
	bool_and(below BETWEEN (SELECT count(*) FROM lags l WHERE l.kind = h.kind AND unit % 5 > 0 AND us < upper_seconds * 1e6 / 1.01 - 1)
		AND (SELECT count(*) FROM lags l WHERE l.kind = h.kind AND unit % 5 > 0 AND us <= upper_seconds * 1e6 * 1.01 + 1)) AS within
FROM (SELECT kind, buckets, b.users, upper_seconds,
		sum(b.users) OVER (PARTITION BY kind, buckets ORDER BY upper_seconds) AS below
	FROM results, (VALUES (1), (7), (40)) v(buckets), funnel_histogram(r, 2, buckets) b) h
GROUP BY kind, buckets ORDER BY kind, buckets;

-- merging changes none of it
SELECT kind, funnel_percentile(merged, 2, 0.95) = funnel_percentile(r, 2, 0.95) AS p95,
	(SELECT array_agg(h.users) FROM funnel_histogram(merged, 2, 9) h) = (SELECT array_agg(h.users) FROM funnel_histogram(r, 2, 9) h) AS histogram
FROM (SELECT kind, funnel_merge(part) AS merged
	FROM (SELECT kind, funnel_agg(unit, ts, event, 'a -> b', value) AS part FROM events GROUP BY kind, unit % 7) p GROUP BY kind) m
	JOIN results USING (kind) ORDER BY kind;

DROP TABLE lags, events, results;
