-- sequence_next_node: what came after, or before, a chain of rows

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, timestamptz, text, boolean, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, timestamp, text, boolean, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, date, text, boolean, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, bigint, text, boolean, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, timestamptz, text, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, timestamp, text, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, date, text, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_transfn(internal, text, text, bigint, text, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_next_node_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_final(internal)
RETURNS text
AS 'MODULE_PATHNAME', 'funnel_next_node_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE sequence_next_node(direction text, base text, ts timestamptz, node text,
									base_condition boolean, VARIADIC steps "any") (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_next_node(direction text, base text, ts timestamp, node text,
									base_condition boolean, VARIADIC steps "any") (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_next_node(direction text, base text, ts date, node text,
									base_condition boolean, VARIADIC steps "any") (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_next_node(direction text, base text, ts bigint, node text,
									base_condition boolean, VARIADIC steps "any") (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_next_node(direction text, base text, ts timestamptz, node text,
									base_condition boolean) (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_next_node(direction text, base text, ts timestamp, node text,
									base_condition boolean) (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_next_node(direction text, base text, ts date, node text,
									base_condition boolean) (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_next_node(direction text, base text, ts bigint, node text,
									base_condition boolean) (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_next_node(text, text, timestamptz, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';
COMMENT ON AGGREGATE sequence_next_node(text, text, timestamp, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';
COMMENT ON AGGREGATE sequence_next_node(text, text, date, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';
COMMENT ON AGGREGATE sequence_next_node(text, text, bigint, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';
COMMENT ON AGGREGATE sequence_next_node(text, text, timestamptz, text, boolean) IS
'node of the first or the last row, if it may be the base';
COMMENT ON AGGREGATE sequence_next_node(text, text, timestamp, text, boolean) IS
'node of the first or the last row, if it may be the base';
COMMENT ON AGGREGATE sequence_next_node(text, text, date, text, boolean) IS
'node of the first or the last row, if it may be the base';
COMMENT ON AGGREGATE sequence_next_node(text, text, bigint, text, boolean) IS
'node of the first or the last row, if it may be the base';
