-- For each user and each campaign with which the user entered: the chains whose
-- first step has that campaign.
WITH step AS (
	SELECT user_id, ts, campaign, CASE event WHEN '{steps[0]}' THEN 1 WHEN '{steps[1]}' THEN 2
		WHEN '{steps[2]}' THEN 3 WHEN '{steps[3]}' THEN 4 ELSE 5 END AS step
	FROM {table}
	WHERE event IN ({labels})
), entered AS (
	SELECT DISTINCT user_id, campaign AS key
	FROM step
	WHERE step = 1
), followed AS (
	SELECT user_id, key, ts, step
	FROM entered JOIN step USING (user_id)
	WHERE step > 1 OR campaign = key
), reached_1 AS (
	SELECT *, max(CASE WHEN step = 1 THEN ts END) OVER chain AS start_1
	FROM followed
	WINDOW chain AS (PARTITION BY user_id, key ORDER BY ts, step ROWS UNBOUNDED PRECEDING)
), reached_2 AS (
	SELECT *, max(CASE WHEN step = 2 AND ts <= start_1 + INTERVAL '7 days' THEN start_1 END)
		OVER chain AS start_2
	FROM reached_1
	WINDOW chain AS (PARTITION BY user_id, key ORDER BY ts, step ROWS UNBOUNDED PRECEDING)
), reached_3 AS (
	SELECT *, max(CASE WHEN step = 3 AND ts <= start_2 + INTERVAL '7 days' THEN start_2 END)
		OVER chain AS start_3
	FROM reached_2
	WINDOW chain AS (PARTITION BY user_id, key ORDER BY ts, step ROWS UNBOUNDED PRECEDING)
), reached_4 AS (
	SELECT *, max(CASE WHEN step = 4 AND ts <= start_3 + INTERVAL '7 days' THEN start_3 END)
		OVER chain AS start_4
	FROM reached_3
	WINDOW chain AS (PARTITION BY user_id, key ORDER BY ts, step ROWS UNBOUNDED PRECEDING)
), per_key AS (
	SELECT user_id, key, max(CASE
		WHEN step = 5 AND ts <= start_4 + INTERVAL '7 days' THEN 5
		WHEN start_4 IS NOT NULL THEN 4
		WHEN start_3 IS NOT NULL THEN 3
		WHEN start_2 IS NOT NULL THEN 2
		WHEN start_1 IS NOT NULL THEN 1 END) AS level
	FROM reached_4
	GROUP BY user_id, key
), counted AS (
	SELECT key, step, count(*) FILTER (WHERE level >= step) AS users
	FROM per_key, generate_series(1, 5) AS step
	GROUP BY key, step
)
SELECT (SELECT string_agg(users::text, ' ' ORDER BY step)
		FROM (SELECT step, sum(users) AS users FROM counted GROUP BY step) AS total),
	md5(string_agg(format('%s %s %s', key, step, users), ',' ORDER BY key COLLATE "C", step))
FROM counted
