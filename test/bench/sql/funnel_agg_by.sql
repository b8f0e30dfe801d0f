-- A funnel for each key.
WITH counted AS (
	SELECT g.key, step, users
	FROM unnest((
		SELECT funnel_agg_by(user_id, ts, event, '{definition}', campaign)
		FROM {table})) AS g, funnel_report(g.result)
)
SELECT (SELECT string_agg(users::text, ' ' ORDER BY step)
		FROM (SELECT step, sum(users) AS users FROM counted GROUP BY step) AS total),
	md5(string_agg(format('%s %s %s', key, step, users), ',' ORDER BY key COLLATE "C", step))
FROM counted
