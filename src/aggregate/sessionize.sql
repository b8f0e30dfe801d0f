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
'number of the session that a row is in; a new one begins after each longer gap';
COMMENT ON FUNCTION sessionize(timestamp, interval) IS
'number of the session that a row is in; a new one begins after each longer gap';
COMMENT ON FUNCTION sessionize(date, interval) IS
'number of the session that a row is in; a new one begins after each longer gap';
COMMENT ON FUNCTION sessionize(bigint, bigint) IS
'number of the session that a row is in; a new one begins after each longer gap';
