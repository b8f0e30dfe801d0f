-- A month of a shop's events, about a million, the same on every machine.
--
-- Chance is a hash of the session's number, never random(): the numbers that
-- the demo prints can be relied on.

-- A die of the session N: SALT names the question; the answer is in (0, 1).
CREATE FUNCTION pg_temp.dice(n bigint, salt bigint) RETURNS float8
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(n, salt) & 16777215) + 0.5) / 16777216.0;

CREATE TABLE events (
	user_id bigint NOT NULL,
	ts timestamptz NOT NULL,
	event text NOT NULL,
	channel text NOT NULL
);

-- The sessions from day to day, a quarter less at the weekend.  One looks at
-- a few products and may go on to the cart, the checkout and the purchase; how
-- willingly depends on the channel through which the user first came.
CREATE PROCEDURE pg_temp.fill(first date, last date, INOUT progress text)
LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO events
	WITH session AS (
		SELECT id,
			1 + floor(150000 * pg_temp.dice(id, 1) ^ 1.5)::bigint AS user_id,
			day::timestamp AT TIME ZONE 'UTC'
				+ interval '1 hour' * (6 + 17.5 * pg_temp.dice(id, 2)) AS start,
			1 + floor(6 * pg_temp.dice(id, 3) ^ 2)::int AS views
		FROM generate_series(first::timestamp, last, '1 day') AS day,
			generate_series(1, CASE WHEN extract(isodow FROM day) < 6
				THEN 10000 ELSE 7500 END) AS nth,
			CAST(extract(epoch FROM day) / 86400 * 10000 + nth AS bigint) AS id
	), visitor AS (
		SELECT session.*, channel, will
		FROM session, pg_temp.dice(user_id, 10) AS came
		JOIN (VALUES (0.00, 0.38, 'search', 1.00), (0.38, 0.63, 'ads', 0.55),
			(0.63, 0.81, 'social', 0.35), (0.81, 0.93, 'direct', 1.25),
			(0.93, 1.00, 'newsletter', 1.70)) AS c(low, high, channel, will)
			ON came >= low AND came < high
	)
	SELECT user_id, e.ts, e.event, channel
	FROM visitor, pg_temp.dice(id, 4) AS interest
	CROSS JOIN LATERAL (
		SELECT start AS ts, 'visit' AS event
		UNION ALL
		SELECT start + interval '1 second' * (20 + 15 * pg_temp.dice(id, 5)), 'search'
		WHERE pg_temp.dice(id, 6) < 0.3
		UNION ALL
		-- Some 40 seconds apart.
		SELECT start + interval '1 second' * (i * 40 + 30 * pg_temp.dice(id, 100 + i)), 'view'
		FROM generate_series(1, views) AS i
		WHERE interest < 0.8
		UNION ALL
		SELECT start + interval '1 minute' * (5 - 2 * ln(pg_temp.dice(id, 7))), 'cart'
		WHERE interest < 0.18 * will
		UNION ALL
		SELECT start + interval '1 minute' * (15 - 20 * ln(pg_temp.dice(id, 8))), 'checkout'
		WHERE interest < 0.07 * will
		UNION ALL
		SELECT start + interval '1 minute' * (30 - 240 * ln(pg_temp.dice(id, 9))), 'purchase'
		WHERE interest < 0.025 * will
	) AS e;
	progress := format('  up to %s: %s events', last,
		to_char((SELECT count(*) FROM events), 'FM9,999,999'));
END
$$;

\pset format unaligned
\pset tuples_only on
SELECT format('CALL pg_temp.fill(%L, %L, NULL)', day::date, least(day::date + 3, date '2026-03-31'))
FROM generate_series(timestamp '2026-03-01', '2026-03-31', '4 days') AS day
\gexec
\pset tuples_only off
\pset format aligned
