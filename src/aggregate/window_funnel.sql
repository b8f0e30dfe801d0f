-- window_funnel: how far one unit came, as ClickHouse's windowFunnel counts

CREATE FUNCTION window_funnel_transfn(internal, interval, timestamptz, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, interval, timestamp, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, interval, date, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, bigint, bigint, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, interval, text, timestamptz, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, interval, text, timestamp, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, interval, text, date, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, bigint, text, bigint, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_unit_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION window_funnel_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION window_funnel_final(internal)
RETURNS int
AS 'MODULE_PATHNAME', 'funnel_window_funnel_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE window_funnel(within interval, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE window_funnel(within interval, ts timestamp, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE window_funnel(within interval, ts date, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE window_funnel(within bigint, ts bigint, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE window_funnel(within interval, mode text, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE window_funnel(within interval, mode text, ts timestamp, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE window_funnel(within interval, mode text, ts date, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE window_funnel(within bigint, mode text, ts bigint, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE window_funnel(interval, timestamptz, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';
COMMENT ON AGGREGATE window_funnel(interval, timestamp, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';
COMMENT ON AGGREGATE window_funnel(interval, date, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';
COMMENT ON AGGREGATE window_funnel(bigint, bigint, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';
COMMENT ON AGGREGATE window_funnel(interval, text, timestamptz, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';
COMMENT ON AGGREGATE window_funnel(interval, text, timestamp, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';
COMMENT ON AGGREGATE window_funnel(interval, text, date, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';
COMMENT ON AGGREGATE window_funnel(bigint, text, bigint, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';
