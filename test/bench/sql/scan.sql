-- What reading the three columns costs, and nothing else.
SELECT max(user_id), max(ts), count(event)
FROM {table}
