-- window_funnel: how far one unit came, as ClickHouse's windowFunnel counts

-- for mode: ; text,
-- for ts | within: timestamptz | interval; timestamp | interval; date | interval; bigint | bigint
CREATE FUNCTION window_funnel_transfn(internal, ${within}, ${mode} ${ts}, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
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

-- for mode | type | rules: | |; mode text, | text, | , by the rules of a mode
-- for ts | within: timestamptz | interval; timestamp | interval; date | interval; bigint | bigint
CREATE AGGREGATE window_funnel(within ${within}, ${mode} ts ${ts}, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE window_funnel(${within}, ${type} ${ts}, VARIADIC "any") IS
'how many of the conditions were met one after another in a window${rules}';

-- end
-- end
