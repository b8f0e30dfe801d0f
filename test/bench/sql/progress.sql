SELECT count(p)
FROM (
	SELECT funnel_progress_agg(ts, event, '{definition}') AS p
	FROM {table}
	GROUP BY user_id) AS per_user
