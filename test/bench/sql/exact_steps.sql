-- Any number of steps, an event in several of them: a window for each step.  A row
-- follows on rows before it only, and no two rows of a user have the same time.
WITH step AS (
	SELECT user_id, ts, event
	FROM {table}
	WHERE event IN ({labels})
), {chain}, per_user AS (
	SELECT user_id, max(level) AS level
	FROM reached
	GROUP BY user_id
)
SELECT {levels}
FROM per_user
