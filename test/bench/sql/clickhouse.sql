SELECT {levels}
FROM (
	SELECT windowFunnel({microseconds})(ts, {conditions}) AS level
	FROM {table}
	GROUP BY user_id)
SETTINGS max_threads = {processes}, optimize_aggregation_in_order = {in_order}
