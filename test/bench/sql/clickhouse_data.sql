-- windowFunnel takes no DateTime64: times are microseconds in a UInt64.
CREATE TABLE {table} (user_id UInt64, ts UInt64, event LowCardinality(String))
ENGINE = MergeTree ORDER BY ({order});
INSERT INTO {table} SELECT * FROM file('{file}', 'CSV',
	'user_id UInt64, ts UInt64, event String');
OPTIMIZE TABLE {table} FINAL;
