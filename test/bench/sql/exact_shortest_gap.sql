-- A view counts for the entries that are an hour old.
WITH step AS (
	SELECT user_id, ts, CASE event WHEN '{steps[0]}' THEN 1 WHEN '{steps[1]}' THEN 2
		WHEN '{steps[2]}' THEN 3 WHEN '{steps[3]}' THEN 4 ELSE 5 END AS step
	FROM {table}
	WHERE event IN ({labels})
), reached_1 AS (
	SELECT *, max(CASE WHEN step = 1 THEN ts END) OVER chain AS start_1
	FROM step
	WINDOW chain AS (PARTITION BY user_id ORDER BY ts RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '1 hour' PRECEDING)
), reached_2 AS (
	SELECT *, max(CASE WHEN step = 2 AND ts <= start_1 + INTERVAL '7 days' THEN start_1 END)
		OVER chain AS start_2
	FROM reached_1
	WINDOW chain AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)
), reached_3 AS (
	SELECT *, max(CASE WHEN step = 3 AND ts <= start_2 + INTERVAL '7 days' THEN start_2 END)
		OVER chain AS start_3
	FROM reached_2
	WINDOW chain AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)
), reached_4 AS (
	SELECT *, max(CASE WHEN step = 4 AND ts <= start_3 + INTERVAL '7 days' THEN start_3 END)
		OVER chain AS start_4
	FROM reached_3
	WINDOW chain AS (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING)
), per_user AS (
	SELECT user_id, max(CASE
		WHEN step = 5 AND ts <= start_4 + INTERVAL '7 days' THEN 5
		WHEN start_4 IS NOT NULL THEN 4
		WHEN start_3 IS NOT NULL THEN 3
		WHEN start_2 IS NOT NULL THEN 2
		WHEN step = 1 THEN 1 END) AS level
	FROM reached_4
	GROUP BY user_id
)
SELECT count(*) FILTER (WHERE level >= 1), count(*) FILTER (WHERE level >= 2),
	count(*) FILTER (WHERE level >= 3), count(*) FILTER (WHERE level >= 4),
	count(*) FILTER (WHERE level >= 5)
FROM per_user
