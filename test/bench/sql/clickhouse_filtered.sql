-- Only the rows that match a step: less to group.
SELECT countIf(level >= 1), countIf(level >= 2), countIf(level >= 3),
	countIf(level >= 4), countIf(level >= 5)
FROM (
	SELECT windowFunnel(604800000000)(ts, event = 'Product List Viewed', event = 'Product Viewed',
		event = 'Product Added', event = 'Checkout Started', event = 'Order Completed') AS level
	FROM {table}
	WHERE event IN ('Product List Viewed', 'Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed')
	GROUP BY user_id)
SETTINGS max_threads = {processes}, optimize_aggregation_in_order = {in_order}
