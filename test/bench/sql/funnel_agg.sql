SELECT users
FROM funnel_report((
	SELECT funnel_agg(user_id, ts, event, '{definition}')
	FROM {table}))
ORDER BY step
