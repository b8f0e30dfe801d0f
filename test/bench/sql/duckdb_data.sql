CREATE TABLE events AS
SELECT user_id, make_timestamp(ts) AS ts, event
FROM read_csv('{directory}/events.csv', header = false,
	columns = {{'user_id': 'BIGINT', 'ts': 'BIGINT', 'event': 'VARCHAR'}});

CREATE TABLE events_late AS
SELECT user_id, make_timestamp(ts) AS ts, event
FROM read_csv('{directory}/events_late.csv', header = false,
	columns = {{'user_id': 'BIGINT', 'ts': 'BIGINT', 'event': 'VARCHAR'}});
