SELECT count(p)
FROM (
	SELECT window_funnel(interval '7 days', ts, {conditions}) AS p
	FROM {table}
	GROUP BY user_id) AS per_user
