CREATE TABLE {table} AS
SELECT user_id, make_timestamp(ts) AS ts, event
FROM read_csv('{file}', header = false,
	columns = {{'user_id': 'BIGINT', 'ts': 'BIGINT', 'event': 'VARCHAR'}});
