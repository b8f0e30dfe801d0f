SELECT users
FROM funnel_report((
	SELECT funnel_agg(journey, '{definition}')
	FROM {table}))
ORDER BY step
