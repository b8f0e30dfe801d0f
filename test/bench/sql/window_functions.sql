-- The exact answer in plain SQL, a window for each step.  start_k is the latest
-- entry from which step k has been reached so far; the latest entry leaves the
-- most time for the steps to come, so no other need be remembered.  The frame
-- of an ORDER BY takes in the rows of the same instant, whose order is unknown.
WITH reached_1 AS (
	SELECT user_id, ts, event, max(ts) FILTER (WHERE event = '{steps[0]}')
		OVER (PARTITION BY user_id ORDER BY ts) AS start_1
	FROM {table}
), reached_2 AS (
	SELECT *, max(start_1) FILTER (WHERE event = '{steps[1]}' AND ts <= start_1 + INTERVAL '7 days')
		OVER (PARTITION BY user_id ORDER BY ts) AS start_2
	FROM reached_1
), reached_3 AS (
	SELECT *, max(start_2) FILTER (WHERE event = '{steps[2]}' AND ts <= start_2 + INTERVAL '7 days')
		OVER (PARTITION BY user_id ORDER BY ts) AS start_3
	FROM reached_2
), reached_4 AS (
	SELECT *, max(start_3) FILTER (WHERE event = '{steps[3]}' AND ts <= start_3 + INTERVAL '7 days')
		OVER (PARTITION BY user_id ORDER BY ts) AS start_4
	FROM reached_3
), reached_5 AS (
	SELECT *, max(start_4) FILTER (WHERE event = '{steps[4]}' AND ts <= start_4 + INTERVAL '7 days')
		OVER (PARTITION BY user_id ORDER BY ts) AS start_5
	FROM reached_4
)
SELECT count(DISTINCT user_id) FILTER (WHERE start_1 IS NOT NULL),
	count(DISTINCT user_id) FILTER (WHERE start_2 IS NOT NULL),
	count(DISTINCT user_id) FILTER (WHERE start_3 IS NOT NULL),
	count(DISTINCT user_id) FILTER (WHERE start_4 IS NOT NULL),
	count(DISTINCT user_id) FILTER (WHERE start_5 IS NOT NULL)
FROM reached_5
