-- windowFunnel takes no DateTime64: times are microseconds in a UInt64.
CREATE TABLE events (user_id UInt64, ts UInt64, event LowCardinality(String))
ENGINE = MergeTree ORDER BY ts;
INSERT INTO events SELECT * FROM file('{directory}/events.csv', 'CSV',
	'user_id UInt64, ts UInt64, event String');
OPTIMIZE TABLE events FINAL;

CREATE TABLE events_by_user (user_id UInt64, ts UInt64, event LowCardinality(String))
ENGINE = MergeTree ORDER BY (user_id, ts);
INSERT INTO events_by_user SELECT * FROM events;
OPTIMIZE TABLE events_by_user FINAL;

CREATE TABLE events_late (user_id UInt64, ts UInt64, event LowCardinality(String))
ENGINE = MergeTree ORDER BY ts;
INSERT INTO events_late SELECT * FROM file('{directory}/events_late.csv', 'CSV',
	'user_id UInt64, ts UInt64, event String');
OPTIMIZE TABLE events_late FINAL;
