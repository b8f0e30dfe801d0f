-- Only the rows that match a step: less to group.
SELECT {levels}
FROM (
	SELECT windowFunnel({microseconds})(ts, {conditions}) AS level
	FROM {table}
	WHERE event IN ({labels})
	GROUP BY user_id)
SETTINGS max_threads = {processes}, optimize_aggregation_in_order = {in_order}
