-- sessionize: which session of its user a row is in

CREATE FUNCTION sessionize(ts timestamptz, gap interval)
RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_sessionize'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sessionize(ts timestamp, gap interval)
RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_sessionize'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sessionize(ts date, gap interval)
RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_sessionize'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sessionize(ts bigint, gap bigint)
RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_sessionize'
LANGUAGE C WINDOW IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION sessionize(timestamptz, interval) IS
'the number of the session that the row is in, a new one after each longer gap';
COMMENT ON FUNCTION sessionize(timestamp, interval) IS
'the number of the session that the row is in, a new one after each longer gap';
COMMENT ON FUNCTION sessionize(date, interval) IS
'the number of the session that the row is in, a new one after each longer gap';
COMMENT ON FUNCTION sessionize(bigint, bigint) IS
'the number of the session that the row is in, a new one after each longer gap';
