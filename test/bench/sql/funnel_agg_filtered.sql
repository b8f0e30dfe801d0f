-- Only the rows that the definition looks at.
SELECT users
FROM funnel_report((
	SELECT funnel_agg(user_id, ts, event, '{definition}')
	FROM {table}
	WHERE event = ANY (funnel_events('{definition}'))))
ORDER BY step
