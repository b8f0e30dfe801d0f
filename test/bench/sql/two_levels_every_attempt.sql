-- A row for each attempt, and then their count.
SELECT users
FROM funnel_report((
	SELECT funnel_agg(p)
	FROM (
		SELECT funnel_attempts_agg(ts, event, '{definition}') AS attempts
		FROM {table}
		GROUP BY user_id) AS per_user, unnest(attempts) AS p))
ORDER BY step
