-- What "make demo" shows: the textbook's funnel first, then a month of a shop.
\set VERBOSITY terse
\pset footer off
\pset pager off
\pset null ''
SET TIME ZONE 'UTC';

CREATE EXTENSION funnel;

\echo
\echo 'The sales funnel everybody draws'
\echo '--------------------------------'
\echo
-- Each of the first N visitors takes the step, a day after the one before.
CREATE TABLE seed AS
SELECT visitor, timestamptz '2026-03-01 00:00+00' + step * interval '1 day' AS ts, event
FROM (VALUES (1, 'visit', 1000), (2, 'click', 100), (3, 'cart', 50), (4, 'buy', 10))
	AS s(step, event, people), generate_series(1, people) AS visitor;

SELECT step, stage, users,
	round(100 * from_previous) || ' %' AS from_previous,
	round(100 * from_first) || ' %' AS from_first
FROM funnel_report((
	SELECT funnel_agg(visitor, ts, event, 'visit -> click -> cart -> buy within 7 days')
	FROM seed));

\echo 'A month of a shop'
\echo '-----------------'
\echo
\echo 'Making the events ...'
\ir events.sql
VACUUM ANALYZE events;

\echo
\echo 'Of the users who came, how many reached each stage within 7 days, and how fast?'
\echo
\echo '  SELECT * FROM funnel_report(('
\echo '      SELECT funnel_agg(user_id, ts, event, ''visit -> view -> cart -> checkout -> purchase within 7 days'')'
\echo '      FROM events));'
\echo
\timing on
CREATE TEMPORARY TABLE answer AS
SELECT funnel_agg(user_id, ts, event,
	'visit -> view -> cart -> checkout -> purchase within 7 days') AS result
FROM events;
\timing off
\echo
SELECT step, stage, users,
	round((100 * from_first)::numeric, 1) || ' %' AS from_first,
	round((100 * from_previous)::numeric, 1) || ' %' AS from_previous,
	dropped, pending,
	justify_hours(make_interval(secs => round(median_seconds::numeric)::float8)) AS median,
	justify_hours(make_interval(secs => round(p90_seconds::numeric)::float8)) AS p90
FROM answer, funnel_report(result);

\echo 'The same as a picture, funnel_chart(result, 78):'
\echo
\pset format unaligned
\pset tuples_only on
SELECT funnel_chart(result, 78) FROM answer;
\pset tuples_only off
\pset format aligned

\echo
\echo 'Where did the others go?  funnel_dropoff(result):'
\echo
SELECT step, stage, outcome, users
FROM answer, funnel_dropoff(result);

\echo 'By channel, GROUP BY channel:'
\echo
SELECT channel,
	max(users) FILTER (WHERE step = 1) AS visit,
	max(users) FILTER (WHERE step = 3) AS cart,
	max(users) FILTER (WHERE step = 5) AS purchase,
	round(max(100 * from_first) FILTER (WHERE step = 5)::numeric, 2) || ' %' AS conversion,
	round(max(100 * from_first_low) FILTER (WHERE step = 5)::numeric, 2) || ' - ' ||
	round(max(100 * from_first_high) FILTER (WHERE step = 5)::numeric, 2) || ' %' AS "95 % interval"
FROM (
	SELECT channel, (funnel_report(funnel_agg(user_id, ts, event,
		'visit -> view -> cart -> checkout -> purchase within 7 days'))).*
	FROM events
	GROUP BY channel) AS report
GROUP BY channel
ORDER BY max(from_first) FILTER (WHERE step = 5) DESC;
