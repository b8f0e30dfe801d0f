SELECT count(p)
FROM (
	SELECT funnel_progress_agg(ts, event,
		'visit -> view -> cart -> checkout -> purchase within 7 days') AS p
	FROM {table}
	GROUP BY user_id) AS per_user
