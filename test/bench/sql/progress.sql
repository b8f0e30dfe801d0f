SELECT count(p)
FROM (
	SELECT funnel_progress_agg(ts, event,
		'"Product List Viewed" -> "Product Viewed" -> "Product Added" ->
			"Checkout Started" -> "Order Completed" within 7 days') AS p
	FROM {table}
	GROUP BY user_id) AS per_user
