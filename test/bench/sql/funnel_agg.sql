SELECT users
FROM funnel_report((
	SELECT funnel_agg(user_id, ts, event,
		'"Product List Viewed" -> "Product Viewed" -> "Product Added" ->
			"Checkout Started" -> "Order Completed" within 7 days')
	FROM {table}))
ORDER BY step
