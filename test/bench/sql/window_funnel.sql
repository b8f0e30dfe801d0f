SELECT count(p)
FROM (
	SELECT window_funnel(interval '7 days', ts, event = 'Product List Viewed', event = 'Product Viewed',
		event = 'Product Added', event = 'Checkout Started', event = 'Order Completed') AS p
	FROM {table}
	GROUP BY user_id) AS per_user
