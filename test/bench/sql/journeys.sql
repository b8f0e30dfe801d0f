SELECT users
FROM funnel_report((
	SELECT funnel_agg(journey,
		'visit -> view -> cart -> checkout -> purchase within 7 days')
	FROM {table}))
ORDER BY step
