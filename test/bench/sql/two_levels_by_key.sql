-- The same for the key of each user's entry, with GROUP BY twice.
WITH counted AS (
	SELECT key, step, users
	FROM (
		SELECT (p).payload[1] AS key, funnel_agg(p) AS result
		FROM (
			SELECT funnel_progress_agg(ts, event, '{definition}', campaign) AS p
			FROM {table}
			GROUP BY user_id) AS per_user
		WHERE (p).stage IS NOT NULL
		GROUP BY key) AS per_key, funnel_report(result)
)
SELECT (SELECT string_agg(users::text, ' ' ORDER BY step)
		FROM (SELECT step, sum(users) AS users FROM counted GROUP BY step) AS total),
	md5(string_agg(format('%s %s %s', key, step, users), ',' ORDER BY key COLLATE "C", step))
FROM counted
