-- The funnel as it is usually written: each user's first visit, the first view
-- after it, and so on.  Wrong: who comes back and buys after a first visit that
-- led nowhere within 7 days is lost.
WITH visit AS (
	SELECT user_id, min(ts) AS start
	FROM {table}
	WHERE event = '{steps[0]}'
	GROUP BY user_id
), view AS (
	SELECT user_id, start, min(ts) AS at
	FROM visit JOIN {table} USING (user_id)
	WHERE event = '{steps[1]}' AND ts BETWEEN start AND start + INTERVAL '7 days'
	GROUP BY user_id, start
), cart AS (
	SELECT user_id, start, min(ts) AS at
	FROM view JOIN {table} USING (user_id)
	WHERE event = '{steps[2]}' AND ts BETWEEN at AND start + INTERVAL '7 days'
	GROUP BY user_id, start
), checkout AS (
	SELECT user_id, start, min(ts) AS at
	FROM cart JOIN {table} USING (user_id)
	WHERE event = '{steps[3]}' AND ts BETWEEN at AND start + INTERVAL '7 days'
	GROUP BY user_id, start
), purchase AS (
	SELECT user_id, start, min(ts) AS at
	FROM checkout JOIN {table} USING (user_id)
	WHERE event = '{steps[4]}' AND ts BETWEEN at AND start + INTERVAL '7 days'
	GROUP BY user_id, start
)
SELECT (SELECT count(*) FROM visit), (SELECT count(*) FROM view), (SELECT count(*) FROM cart),
	(SELECT count(*) FROM checkout), (SELECT count(*) FROM purchase)
