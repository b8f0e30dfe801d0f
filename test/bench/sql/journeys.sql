SELECT users
FROM funnel_report((
	SELECT funnel_agg(journey,
		'"Product List Viewed" -> "Product Viewed" -> "Product Added" ->
			"Checkout Started" -> "Order Completed" within 7 days')
	FROM {table}))
ORDER BY step
