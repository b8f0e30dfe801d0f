SELECT count(*) FILTER (WHERE stage >= 1), count(*) FILTER (WHERE stage >= 2),
	count(*) FILTER (WHERE stage >= 3), count(*) FILTER (WHERE stage >= 4),
	count(*) FILTER (WHERE stage >= 5)
FROM (
	SELECT window_funnel(interval '7 days', ts, {conditions}) AS stage
	FROM {table}
	GROUP BY user_id) AS per_user
