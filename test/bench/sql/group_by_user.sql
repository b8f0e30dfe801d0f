-- What PostgreSQL's own grouping by user costs, with the cheapest of aggregates.
SELECT count(p)
FROM (
	SELECT max(ts) AS p
	FROM {table}
	GROUP BY user_id) AS per_user
