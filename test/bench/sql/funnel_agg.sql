SELECT users
FROM funnel_report((
	SELECT funnel_agg(user_id, ts, event,
		'visit -> view -> cart -> checkout -> purchase within 7 days')
	FROM {table}))
ORDER BY step
