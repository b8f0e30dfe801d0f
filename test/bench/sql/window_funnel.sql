SELECT count(p)
FROM (
	SELECT window_funnel(interval '7 days', ts, event = 'visit', event = 'view',
		event = 'cart', event = 'checkout', event = 'purchase') AS p
	FROM {table}
	GROUP BY user_id) AS per_user
