-- start_k: of the chains that end in this row, the k-th of them, the latest entry.
-- The chains that a row can go on from end in the rows of a frame, which has the
-- gaps of the link.  What lies between two exclusions is a stretch of its own, and
-- a link with exclusions lies in one.  No two rows of a user have the same time.
WITH step AS (
	SELECT user_id, ts, CASE event WHEN '{steps[0]}' THEN 1 WHEN '{steps[1]}' THEN 2
		WHEN '{steps[2]}' THEN 3 WHEN '{steps[3]}' THEN 4 WHEN '{steps[4]}' THEN 5 END AS step,
		count(*) FILTER (WHERE event = 'Product Added to Wishlist')
			OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS stretch
	FROM {table}
), before_2 AS (
	SELECT *, max(ts) FILTER (WHERE step = 1) OVER link AS start
	FROM step
	WINDOW link AS (PARTITION BY user_id, stretch ORDER BY ts
		RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL '10 minutes' PRECEDING)
), reached_2 AS (
	SELECT *, CASE WHEN step = 2 AND ts <= start + INTERVAL '7 days' THEN start END AS start_2
	FROM before_2
), before_3 AS (
	SELECT *, max(start_2) OVER (PARTITION BY user_id, stretch ORDER BY ts
		RANGE BETWEEN INTERVAL '3 days' PRECEDING AND CURRENT ROW) AS start_of_2
	FROM reached_2
), reached_3 AS (
	SELECT *, CASE WHEN step = 3 AND ts <= start_of_2 + INTERVAL '7 days' THEN start_of_2 END AS start_3
	FROM before_3
), before_4 AS (
	SELECT *, max(start_3) OVER (PARTITION BY user_id ORDER BY ts
		RANGE BETWEEN INTERVAL '2 days' PRECEDING AND INTERVAL '1 minute' PRECEDING) AS start_of_3
	FROM reached_3
), reached_4 AS (
	SELECT *, CASE WHEN step = 4 AND ts <= start_of_3 + INTERVAL '7 days' THEN start_of_3 END AS start_4
	FROM before_4
), before_5 AS (
	SELECT *, max(start_4) OVER (PARTITION BY user_id ORDER BY ts ROWS UNBOUNDED PRECEDING) AS start_of_4
	FROM reached_4
), per_user AS (
	SELECT user_id, max(CASE
		WHEN step = 5 AND ts <= start_of_4 + INTERVAL '7 days' THEN 5
		WHEN start_4 IS NOT NULL THEN 4
		WHEN start_3 IS NOT NULL THEN 3
		WHEN start_2 IS NOT NULL THEN 2
		WHEN step = 1 THEN 1 END) AS level
	FROM before_5
	GROUP BY user_id
)
SELECT {levels}
FROM per_user
