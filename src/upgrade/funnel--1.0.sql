-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION funnel" to load this file. \quit


-- funnel_stage: one position in a funnel with its name

CREATE TYPE funnel_stage;

CREATE FUNCTION funnel_stage_in(cstring) RETURNS funnel_stage
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_in(cstring) IS 'I/O';

CREATE FUNCTION funnel_stage_out(funnel_stage) RETURNS cstring
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_out(funnel_stage) IS 'I/O';

CREATE FUNCTION funnel_stage_recv(internal) RETURNS funnel_stage
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_recv(internal) IS 'I/O';

CREATE FUNCTION funnel_stage_send(funnel_stage) RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_send(funnel_stage) IS 'I/O';

CREATE TYPE funnel_stage (
	INPUT = funnel_stage_in,
	OUTPUT = funnel_stage_out,
	RECEIVE = funnel_stage_recv,
	SEND = funnel_stage_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);

COMMENT ON TYPE funnel_stage IS 'position in a funnel and its name, as ''2:cart''';

CREATE FUNCTION funnel_stage(pos integer, name text) RETURNS funnel_stage
AS 'MODULE_PATHNAME', 'funnel_stage_construct'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage(integer, text) IS 'stage from its position and name';

CREATE FUNCTION stage_position(funnel_stage) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_stage_get_position'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION stage_position(funnel_stage) IS 'position of a stage';

CREATE FUNCTION stage_name(funnel_stage) RETURNS text
AS 'MODULE_PATHNAME', 'funnel_stage_get_name'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION stage_name(funnel_stage) IS 'name of a stage';

CREATE CAST (funnel_stage AS integer) WITH FUNCTION stage_position(funnel_stage);

COMMENT ON CAST (funnel_stage AS integer) IS 'position of a stage';

CREATE FUNCTION funnel_stage_eq(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_eq(funnel_stage, funnel_stage) IS 'implementation of operator: equal to';

CREATE FUNCTION funnel_stage_ne(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_ne(funnel_stage, funnel_stage) IS 'implementation of operator: not equal to';

CREATE FUNCTION funnel_stage_lt(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_lt(funnel_stage, funnel_stage) IS 'implementation of operator: less than';

CREATE FUNCTION funnel_stage_le(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_le(funnel_stage, funnel_stage) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION funnel_stage_gt(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_gt(funnel_stage, funnel_stage) IS 'implementation of operator: greater than';

CREATE FUNCTION funnel_stage_ge(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_ge(funnel_stage, funnel_stage) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (funnel_stage, funnel_stage) IS 'equal';
COMMENT ON OPERATOR <> (funnel_stage, funnel_stage) IS 'not equal';
COMMENT ON OPERATOR < (funnel_stage, funnel_stage) IS 'less than';
COMMENT ON OPERATOR <= (funnel_stage, funnel_stage) IS 'less than or equal';
COMMENT ON OPERATOR > (funnel_stage, funnel_stage) IS 'greater than';
COMMENT ON OPERATOR >= (funnel_stage, funnel_stage) IS 'greater than or equal';

CREATE FUNCTION funnel_stage_cmp(funnel_stage, funnel_stage) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_cmp(funnel_stage, funnel_stage) IS 'less-equal-greater';

CREATE FUNCTION funnel_stage_hash(funnel_stage) RETURNS integer
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_hash(funnel_stage) IS 'hash';

CREATE FUNCTION funnel_stage_hash_extended(funnel_stage, bigint) RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_hash_extended(funnel_stage, bigint) IS 'hash with a seed';

-- The order is that of the bytes, so bytea's sort support (with its
-- abbreviated keys) and deduplication of equal images are right as they are.
CREATE OPERATOR CLASS funnel_stage_ops
DEFAULT FOR TYPE funnel_stage USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 funnel_stage_cmp(funnel_stage, funnel_stage),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS funnel_stage_ops
DEFAULT FOR TYPE funnel_stage USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 funnel_stage_hash(funnel_stage),
	FUNCTION 2 funnel_stage_hash_extended(funnel_stage, bigint);

COMMENT ON OPERATOR FAMILY funnel_stage_ops USING btree IS 'order of funnel_stage, by position and then by name';
COMMENT ON OPERATOR CLASS funnel_stage_ops USING btree IS 'order of funnel_stage, by position and then by name';
COMMENT ON OPERATOR FAMILY funnel_stage_ops USING hash IS 'hash of funnel_stage';
COMMENT ON OPERATOR CLASS funnel_stage_ops USING hash IS 'hash of funnel_stage';

CREATE FUNCTION funnel_stage_smaller(funnel_stage, funnel_stage) RETURNS funnel_stage
AS 'MODULE_PATHNAME', 'funnel_bytes_smaller'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_smaller(funnel_stage, funnel_stage) IS 'smaller of two';

CREATE FUNCTION funnel_stage_larger(funnel_stage, funnel_stage) RETURNS funnel_stage
AS 'MODULE_PATHNAME', 'funnel_bytes_larger'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_larger(funnel_stage, funnel_stage) IS 'larger of two';

CREATE AGGREGATE min(funnel_stage) (
	SFUNC = funnel_stage_smaller,
	STYPE = funnel_stage,
	COMBINEFUNC = funnel_stage_smaller,
	SORTOP = <,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE min(funnel_stage) IS 'earliest stage';

CREATE AGGREGATE max(funnel_stage) (
	SFUNC = funnel_stage_larger,
	STYPE = funnel_stage,
	COMBINEFUNC = funnel_stage_larger,
	SORTOP = >,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE max(funnel_stage) IS 'furthest stage';

-- funnel_def: the question a funnel asks

CREATE TYPE funnel_def;

CREATE FUNCTION funnel_def_in(cstring) RETURNS funnel_def
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_in(cstring) IS 'I/O';

CREATE FUNCTION funnel_def_out(funnel_def) RETURNS cstring
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_out(funnel_def) IS 'I/O';

CREATE FUNCTION funnel_def_recv(internal) RETURNS funnel_def
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_recv(internal) IS 'I/O';

CREATE FUNCTION funnel_def_send(funnel_def) RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_send(funnel_def) IS 'I/O';

CREATE TYPE funnel_def (
	INPUT = funnel_def_in,
	OUTPUT = funnel_def_out,
	RECEIVE = funnel_def_recv,
	SEND = funnel_def_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);

COMMENT ON TYPE funnel_def IS
'funnel definition, as ''visit -> cart -> purchase within 7 days''';

-- A definition that comes from a variable, a parameter, a column or an
-- expression is text, and drivers declare it as varchar.  Implicit casts are
-- safe here: no operator and no function takes a funnel_def where another takes
-- text, so what could be resolved without them is resolved as before.
CREATE CAST (text AS funnel_def) WITH INOUT AS IMPLICIT;

COMMENT ON CAST (text AS funnel_def) IS 'definition from its text';

CREATE CAST (varchar AS funnel_def) WITH INOUT AS IMPLICIT;

COMMENT ON CAST (varchar AS funnel_def) IS 'definition from its text';


CREATE FUNCTION funnel_def(stages funnel_stage[], within interval) RETURNS funnel_def
AS 'MODULE_PATHNAME', 'funnel_def_from_stages'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def(funnel_stage[], interval) IS
'definition from stages, in the order of their positions; within NULL: no window';

CREATE FUNCTION funnel_stages(definition funnel_def) RETURNS SETOF funnel_stage
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_stages(funnel_def) IS 'stages of a definition, in order';

CREATE FUNCTION stage_of(event text, definition funnel_def) RETURNS funnel_stage
AS 'MODULE_PATHNAME', 'funnel_stage_of'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION stage_of(text, funnel_def) IS
'stage of the first step that an event matches, or NULL';

CREATE FUNCTION funnel_events(definition funnel_def) RETURNS text[]
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_events(funnel_def) IS
'labels that a definition looks at, for a condition that an index can answer';

-- Why a step has nobody: its events may not be there

CREATE FUNCTION funnel_unmatched(definition funnel_def, labels text[])
RETURNS TABLE (
	step int,
	stage text,
	nearest text)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_unmatched(funnel_def, text[]) IS
	'steps that none of these labels matches, each with the label that is nearest';

-- funnel_result: the tally over many units

CREATE TYPE funnel_result;

CREATE FUNCTION funnel_result_in(cstring)
RETURNS funnel_result
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_result_out(funnel_result)
RETURNS cstring
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_result_recv(internal)
RETURNS funnel_result
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_result_send(funnel_result)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE funnel_result (
	INPUT = funnel_result_in,
	OUTPUT = funnel_result_out,
	RECEIVE = funnel_result_recv,
	SEND = funnel_result_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);

COMMENT ON TYPE funnel_result IS
	'tally of a funnel over many units: counts, times, values; mergeable, storable';

CREATE FUNCTION funnel_result_json(funnel_result)
RETURNS json
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_json(funnel_result) IS
	'implementation of the cast to json';

CREATE FUNCTION funnel_result_jsonb(funnel_result)
RETURNS jsonb
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_jsonb(funnel_result) IS
	'implementation of the cast to jsonb';

CREATE CAST (funnel_result AS json) WITH FUNCTION funnel_result_json(funnel_result);

CREATE CAST (funnel_result AS jsonb) WITH FUNCTION funnel_result_jsonb(funnel_result);

COMMENT ON CAST (funnel_result AS json) IS 'text form of a result as json';
COMMENT ON CAST (funnel_result AS jsonb) IS 'text form of a result as jsonb';

CREATE FUNCTION funnel_result(definition funnel_def)
RETURNS funnel_result
AS 'MODULE_PATHNAME', 'funnel_result_empty'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result(funnel_def) IS
	'result of a funnel that nobody entered';

CREATE FUNCTION funnel_units(result funnel_result)
RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_result_units'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_units(funnel_result) IS
	'number of units at stage 1 or deeper';

CREATE FUNCTION funnel_horizon(result funnel_result)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'funnel_result_horizon'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_horizon(funnel_result) IS
	'time of the latest event that a result has seen, NULL if there was none';

CREATE FUNCTION funnel_definition(result funnel_result)
RETURNS funnel_def
AS 'MODULE_PATHNAME', 'funnel_result_definition'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_definition(funnel_result) IS
	'definition that a result was computed with';

CREATE FUNCTION funnel_result_merge(funnel_result, funnel_result)
RETURNS funnel_result
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_merge(funnel_result, funnel_result) IS
	'transition and combine function of funnel_merge';

CREATE AGGREGATE funnel_merge(result funnel_result) (
	SFUNC = funnel_result_merge,
	STYPE = funnel_result,
	SSPACE = 8192,
	COMBINEFUNC = funnel_result_merge,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_merge(funnel_result) IS
	'sum of results of different units';
-- flow_edge: how many units went from one node of a flow to another

CREATE TYPE flow_edge AS (
	source text,
	target text,
	value bigint,
	median_seconds float8
);

COMMENT ON TYPE flow_edge IS 'how many units went from one node of a flow to another, and how long it took them';
COMMENT ON COLUMN flow_edge.source IS 'node where the units were, as ''1 visit''';
COMMENT ON COLUMN flow_edge.target IS 'node to which they went, as ''2 cart''';
COMMENT ON COLUMN flow_edge.value IS 'how many units went from source to target';
COMMENT ON COLUMN flow_edge.median_seconds IS 'median time from one to the other, NULL if it is not known';

-- funnel_agg: whole-set aggregation over raw events

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text[], funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text[], funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text[], funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, funnel_stage, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_stage_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, funnel_stage, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_stage_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, funnel_stage, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_stage_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text, funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text, funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text, funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text[], funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text[], funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text[], funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text, funnel_def, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text, funnel_def, float8, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text, funnel_def, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text, funnel_def, float8, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text, funnel_def, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_entry_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text, funnel_def, float8, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_entry_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text[], funnel_def, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamptz, text[], funnel_def, float8, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text[], funnel_def, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, timestamp, text[], funnel_def, float8, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_entry_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text[], funnel_def, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_entry_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_transfn(internal, anyelement, date, text[], funnel_def, float8, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_array_entry_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_agg_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_agg_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_agg_final(internal)
RETURNS funnel_result
AS 'MODULE_PATHNAME', 'funnel_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, event text, definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text, funnel_def) IS
'how many units reached each stage of a funnel, from the events of all units';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, event text, definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text, funnel_def) IS
'how many units reached each stage of a funnel, from the events of all units, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, event text, definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text, funnel_def) IS
'how many units reached each stage of a funnel, from the events of all units, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, events text[], definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text[], funnel_def) IS
'how many units reached each stage of a funnel, from events that may have several labels';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, events text[], definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text[], funnel_def) IS
'how many units reached each stage of a funnel, from events that may have several labels, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, events text[], definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text[], funnel_def) IS
'how many units reached each stage of a funnel, from events that may have several labels, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, funnel_stage, funnel_def) IS
'how many units reached each stage of a funnel, from the stages that units were set to';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, funnel_stage, funnel_def) IS
'how many units reached each stage of a funnel, from the stages that units were set to, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, funnel_stage, funnel_def) IS
'how many units reached each stage of a funnel, from the stages that units were set to, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, event text, definition funnel_def, value float8) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text, funnel_def, float8) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, event text, definition funnel_def, value float8) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text, funnel_def, float8) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, event text, definition funnel_def, value float8) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text, funnel_def, float8) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, events text[], definition funnel_def, value float8) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text[], funnel_def, float8) IS
'how many units reached each stage of a funnel, from events that may have several labels, with the sum of a value at each stage';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, events text[], definition funnel_def, value float8) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text[], funnel_def, float8) IS
'how many units reached each stage of a funnel, from events that may have several labels, with the sum of a value at each stage, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, events text[], definition funnel_def, value float8) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text[], funnel_def, float8) IS
'how many units reached each stage of a funnel, from events that may have several labels, with the sum of a value at each stage, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, event text, definition funnel_def, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text, funnel_def, boolean) IS
'how many units reached each stage of a funnel, where only rows with a true entry may start a chain';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, event text, definition funnel_def, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text, funnel_def, boolean) IS
'how many units reached each stage of a funnel, where only rows with a true entry may start a chain, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, event text, definition funnel_def, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text, funnel_def, boolean) IS
'how many units reached each stage of a funnel, where only rows with a true entry may start a chain, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, events text[], definition funnel_def, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text[], funnel_def, boolean) IS
'how many units reached each stage of a funnel, from events that may have several labels, where only rows with a true entry may start a chain';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, events text[], definition funnel_def, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text[], funnel_def, boolean) IS
'how many units reached each stage of a funnel, from events that may have several labels, where only rows with a true entry may start a chain, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, events text[], definition funnel_def, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text[], funnel_def, boolean) IS
'how many units reached each stage of a funnel, from events that may have several labels, where only rows with a true entry may start a chain, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, event text, definition funnel_def, value float8, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text, funnel_def, float8, boolean) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage, where only rows with a true entry may start a chain';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, event text, definition funnel_def, value float8, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text, funnel_def, float8, boolean) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage, where only rows with a true entry may start a chain, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, event text, definition funnel_def, value float8, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text, funnel_def, float8, boolean) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage, where only rows with a true entry may start a chain, by days';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamptz, events text[], definition funnel_def, value float8, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text[], funnel_def, float8, boolean) IS
'how many units reached each stage of a funnel, from events that may have several labels, with the sum of a value at each stage, where only rows with a true entry may start a chain';

CREATE AGGREGATE funnel_agg(unit anyelement, ts timestamp, events text[], definition funnel_def, value float8, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text[], funnel_def, float8, boolean) IS
'how many units reached each stage of a funnel, from events that may have several labels, with the sum of a value at each stage, where only rows with a true entry may start a chain, times read as UTC';

CREATE AGGREGATE funnel_agg(unit anyelement, ts date, events text[], definition funnel_def, value float8, entry boolean) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, date, text[], funnel_def, float8, boolean) IS
'how many units reached each stage of a funnel, from events that may have several labels, with the sum of a value at each stage, where only rows with a true entry may start a chain, by days';

-- funnel_agg_by: whole-set aggregation over raw events, for each key by itself

CREATE TYPE funnel_group AS (
	key text,
	result funnel_result
);

COMMENT ON TYPE funnel_group IS 'result of a funnel for the units that entered by the rows with a key';
COMMENT ON COLUMN funnel_group.key IS 'key of the rows of step 1';
COMMENT ON COLUMN funnel_group.result IS 'result of a funnel that only these rows may start';

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamptz, text, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamptz, text, funnel_def, text, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamp, text, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamp, text, funnel_def, text, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, date, text, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, date, text, funnel_def, text, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamptz, text[], funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamptz, text[], funnel_def, text, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamp, text[], funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, timestamp, text[], funnel_def, text, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, date, text[], funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_array_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, date, text[], funnel_def, text, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by_array_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_agg_by_final(internal)
RETURNS funnel_group[]
AS 'MODULE_PATHNAME', 'funnel_agg_by_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamptz, event text, definition funnel_def, key text) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamptz, text, funnel_def, text) IS
'result of a funnel for each key of the rows of step 1, from events of all units';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamp, event text, definition funnel_def, key text) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamp, text, funnel_def, text) IS
'result of a funnel for each key of the rows of step 1, from events of all units, times read as UTC';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts date, event text, definition funnel_def, key text) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, date, text, funnel_def, text) IS
'result of a funnel for each key of the rows of step 1, from events of all units, by days';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamptz, event text, definition funnel_def, key text, value float8) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamptz, text, funnel_def, text, float8) IS
'result of a funnel for each key of the rows of step 1, from events of all units, with the sum of a value at each stage';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamp, event text, definition funnel_def, key text, value float8) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamp, text, funnel_def, text, float8) IS
'result of a funnel for each key of the rows of step 1, from events of all units, with the sum of a value at each stage, times read as UTC';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts date, event text, definition funnel_def, key text, value float8) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, date, text, funnel_def, text, float8) IS
'result of a funnel for each key of the rows of step 1, from events of all units, with the sum of a value at each stage, by days';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamptz, events text[], definition funnel_def, key text) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamptz, text[], funnel_def, text) IS
'result of a funnel for each key of the rows of step 1, from events that may have several labels';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamp, events text[], definition funnel_def, key text) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamp, text[], funnel_def, text) IS
'result of a funnel for each key of the rows of step 1, from events that may have several labels, times read as UTC';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts date, events text[], definition funnel_def, key text) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, date, text[], funnel_def, text) IS
'result of a funnel for each key of the rows of step 1, from events that may have several labels, by days';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamptz, events text[], definition funnel_def, key text, value float8) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamptz, text[], funnel_def, text, float8) IS
'result of a funnel for each key of the rows of step 1, from events that may have several labels, with the sum of a value at each stage';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts timestamp, events text[], definition funnel_def, key text, value float8) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, timestamp, text[], funnel_def, text, float8) IS
'result of a funnel for each key of the rows of step 1, from events that may have several labels, with the sum of a value at each stage, times read as UTC';

CREATE AGGREGATE funnel_agg_by(unit anyelement, ts date, events text[], definition funnel_def, key text, value float8) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, date, text[], funnel_def, text, float8) IS
'result of a funnel for each key of the rows of step 1, from events that may have several labels, with the sum of a value at each stage, by days';

-- flow_agg: what units did, step by step, from the events of all of them

CREATE FUNCTION flow_agg_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_flow_agg_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION flow_agg_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION flow_agg_final(internal)
RETURNS flow_edge[]
AS 'MODULE_PATHNAME', 'funnel_flow_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamptz, text, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamptz, event text, depth integer) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamptz, text, integer) IS
'how many units went from which label to which, step by step, from the events of all units';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamptz, text, integer, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamptz, event text, depth integer, anchor text) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamptz, text, integer, text) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamptz, text, integer, text, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamptz, event text, depth integer, anchor text, top integer) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamptz, text, integer, text, integer) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, with the most frequent labels only';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamptz, text, integer, text, integer, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamptz, event text, depth integer, anchor text, top integer, "collapse" boolean) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamptz, text, integer, text, integer, boolean) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, with the most frequent labels only, repetitions as one';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamp, text, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamp, event text, depth integer) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamp, text, integer) IS
'how many units went from which label to which, step by step, from the events of all units, times read as UTC';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamp, text, integer, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamp, event text, depth integer, anchor text) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamp, text, integer, text) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, times read as UTC';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamp, text, integer, text, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamp, event text, depth integer, anchor text, top integer) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamp, text, integer, text, integer) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, with the most frequent labels only, times read as UTC';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, timestamp, text, integer, text, integer, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts timestamp, event text, depth integer, anchor text, top integer, "collapse" boolean) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, timestamp, text, integer, text, integer, boolean) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, with the most frequent labels only, repetitions as one, times read as UTC';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, date, text, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts date, event text, depth integer) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, date, text, integer) IS
'how many units went from which label to which, step by step, from the events of all units, by days';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, date, text, integer, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts date, event text, depth integer, anchor text) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, date, text, integer, text) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, by days';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, date, text, integer, text, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts date, event text, depth integer, anchor text, top integer) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, date, text, integer, text, integer) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, with the most frequent labels only, by days';

CREATE FUNCTION flow_agg_transfn(internal, anyelement, date, text, integer, text, integer, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts date, event text, depth integer, anchor text, top integer, "collapse" boolean) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, date, text, integer, text, integer, boolean) IS
'how many units went from which label to which, step by step, from the events of all units, from a label on, or up to it, with the most frequent labels only, repetitions as one, by days';

-- funnel_progress: one unit's passage

CREATE TYPE funnel_progress AS (
	stage funnel_stage,
	outcome text,
	entered_at timestamptz,
	reached_at timestamptz[],
	last_at timestamptz,
	open_until timestamptz,
	payload text[],
	definition funnel_def
);

COMMENT ON TYPE funnel_progress IS
'progress of one unit through a funnel: how far it came, when, and why it went no further';
COMMENT ON COLUMN funnel_progress.stage IS
'stage reached, NULL if the unit never entered';
COMMENT ON COLUMN funnel_progress.outcome IS
'converted, excluded, late, early or absent';
COMMENT ON COLUMN funnel_progress.entered_at IS
'time of step 1';
COMMENT ON COLUMN funnel_progress.reached_at IS
'time of each step up to the stage, NULL if it was skipped';
COMMENT ON COLUMN funnel_progress.last_at IS
'time of the unit''s last event, whatever it is';
COMMENT ON COLUMN funnel_progress.open_until IS
'until when a further event could carry the unit on, NULL if none could';
COMMENT ON COLUMN funnel_progress.payload IS
'payload of each step''s event, NULL if none was asked for';
COMMENT ON COLUMN funnel_progress.definition IS
'definition that it was computed with';

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamptz, text, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamp, text, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, date, text, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamptz, text[], funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamp, text[], funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, date, text[], funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_array_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamptz, funnel_stage, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_stage_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamp, funnel_stage, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_stage_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, date, funnel_stage, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_stage_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamptz, text, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamp, text, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, date, text, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamptz, text[], funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamp, text[], funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_array_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, date, text[], funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_array_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamptz, funnel_stage, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_stage_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, timestamp, funnel_stage, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_stage_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_transfn(internal, date, funnel_stage, funnel_def, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_stage_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_unit_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_progress_agg_final(internal)
RETURNS funnel_progress
AS 'MODULE_PATHNAME', 'funnel_progress_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE funnel_progress_agg(ts timestamptz, event text, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text, funnel_def) IS
'progress of one unit through a funnel, from its events';

CREATE AGGREGATE funnel_progress_agg(ts timestamp, event text, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text, funnel_def) IS
'progress of one unit through a funnel, from its events, times read as UTC';

CREATE AGGREGATE funnel_progress_agg(ts date, event text, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(date, text, funnel_def) IS
'progress of one unit through a funnel, from its events, by days';

CREATE AGGREGATE funnel_progress_agg(ts timestamptz, events text[], definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text[], funnel_def) IS
'progress of one unit through a funnel, from events that may have several labels';

CREATE AGGREGATE funnel_progress_agg(ts timestamp, events text[], definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text[], funnel_def) IS
'progress of one unit through a funnel, from events that may have several labels, times read as UTC';

CREATE AGGREGATE funnel_progress_agg(ts date, events text[], definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(date, text[], funnel_def) IS
'progress of one unit through a funnel, from events that may have several labels, by days';

CREATE AGGREGATE funnel_progress_agg(ts timestamptz, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, funnel_stage, funnel_def) IS
'progress of one unit through a funnel, from the stages that it was set to';

CREATE AGGREGATE funnel_progress_agg(ts timestamp, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamp, funnel_stage, funnel_def) IS
'progress of one unit through a funnel, from the stages that it was set to, times read as UTC';

CREATE AGGREGATE funnel_progress_agg(ts date, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(date, funnel_stage, funnel_def) IS
'progress of one unit through a funnel, from the stages that it was set to, by days';

CREATE AGGREGATE funnel_progress_agg(ts timestamptz, event text, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text, funnel_def, text) IS
'progress of one unit through a funnel, from its events, with the payload of each step';

CREATE AGGREGATE funnel_progress_agg(ts timestamp, event text, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text, funnel_def, text) IS
'progress of one unit through a funnel, from its events, with the payload of each step, times read as UTC';

CREATE AGGREGATE funnel_progress_agg(ts date, event text, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(date, text, funnel_def, text) IS
'progress of one unit through a funnel, from its events, with the payload of each step, by days';

CREATE AGGREGATE funnel_progress_agg(ts timestamptz, events text[], definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text[], funnel_def, text) IS
'progress of one unit through a funnel, from events that may have several labels, with the payload of each step';

CREATE AGGREGATE funnel_progress_agg(ts timestamp, events text[], definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text[], funnel_def, text) IS
'progress of one unit through a funnel, from events that may have several labels, with the payload of each step, times read as UTC';

CREATE AGGREGATE funnel_progress_agg(ts date, events text[], definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(date, text[], funnel_def, text) IS
'progress of one unit through a funnel, from events that may have several labels, with the payload of each step, by days';

CREATE AGGREGATE funnel_progress_agg(ts timestamptz, stage funnel_stage, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, funnel_stage, funnel_def, text) IS
'progress of one unit through a funnel, from the stages that it was set to, with the payload of each step';

CREATE AGGREGATE funnel_progress_agg(ts timestamp, stage funnel_stage, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(timestamp, funnel_stage, funnel_def, text) IS
'progress of one unit through a funnel, from the stages that it was set to, with the payload of each step, times read as UTC';

CREATE AGGREGATE funnel_progress_agg(ts date, stage funnel_stage, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(date, funnel_stage, funnel_def, text) IS
'progress of one unit through a funnel, from the stages that it was set to, with the payload of each step, by days';

CREATE FUNCTION funnel_agg_progress_transfn(funnel_result, funnel_progress)
RETURNS funnel_result
AS 'MODULE_PATHNAME', 'funnel_agg_progress_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE funnel_agg(progress funnel_progress) (
	SFUNC = funnel_agg_progress_transfn,
	STYPE = funnel_result,
	SSPACE = 8192,
	COMBINEFUNC = funnel_result_merge,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(funnel_progress) IS
'how many units reached each stage of a funnel, from the progress of each unit';
-- funnel_attempts_agg: the progress of each of one unit's attempts

CREATE FUNCTION funnel_attempts_agg_final(internal)
RETURNS funnel_progress[]
AS 'MODULE_PATHNAME', 'funnel_attempts_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE funnel_attempts_agg(ts timestamptz, event text, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamptz, text, funnel_def) IS
'progress of each attempt of one unit, from its events';

CREATE AGGREGATE funnel_attempts_agg(ts timestamp, event text, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamp, text, funnel_def) IS
'progress of each attempt of one unit, from its events, times read as UTC';

CREATE AGGREGATE funnel_attempts_agg(ts date, event text, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(date, text, funnel_def) IS
'progress of each attempt of one unit, from its events, by days';

CREATE AGGREGATE funnel_attempts_agg(ts timestamptz, events text[], definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamptz, text[], funnel_def) IS
'progress of each attempt of one unit, from events that may have several labels';

CREATE AGGREGATE funnel_attempts_agg(ts timestamp, events text[], definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamp, text[], funnel_def) IS
'progress of each attempt of one unit, from events that may have several labels, times read as UTC';

CREATE AGGREGATE funnel_attempts_agg(ts date, events text[], definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(date, text[], funnel_def) IS
'progress of each attempt of one unit, from events that may have several labels, by days';

CREATE AGGREGATE funnel_attempts_agg(ts timestamptz, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamptz, funnel_stage, funnel_def) IS
'progress of each attempt of one unit, from the stages that it was set to';

CREATE AGGREGATE funnel_attempts_agg(ts timestamp, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamp, funnel_stage, funnel_def) IS
'progress of each attempt of one unit, from the stages that it was set to, times read as UTC';

CREATE AGGREGATE funnel_attempts_agg(ts date, stage funnel_stage, definition funnel_def) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(date, funnel_stage, funnel_def) IS
'progress of each attempt of one unit, from the stages that it was set to, by days';

CREATE AGGREGATE funnel_attempts_agg(ts timestamptz, event text, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamptz, text, funnel_def, text) IS
'progress of each attempt of one unit, from its events, with the payload of each step';

CREATE AGGREGATE funnel_attempts_agg(ts timestamp, event text, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamp, text, funnel_def, text) IS
'progress of each attempt of one unit, from its events, with the payload of each step, times read as UTC';

CREATE AGGREGATE funnel_attempts_agg(ts date, event text, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(date, text, funnel_def, text) IS
'progress of each attempt of one unit, from its events, with the payload of each step, by days';

CREATE AGGREGATE funnel_attempts_agg(ts timestamptz, events text[], definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamptz, text[], funnel_def, text) IS
'progress of each attempt of one unit, from events that may have several labels, with the payload of each step';

CREATE AGGREGATE funnel_attempts_agg(ts timestamp, events text[], definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamp, text[], funnel_def, text) IS
'progress of each attempt of one unit, from events that may have several labels, with the payload of each step, times read as UTC';

CREATE AGGREGATE funnel_attempts_agg(ts date, events text[], definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(date, text[], funnel_def, text) IS
'progress of each attempt of one unit, from events that may have several labels, with the payload of each step, by days';

CREATE AGGREGATE funnel_attempts_agg(ts timestamptz, stage funnel_stage, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamptz, funnel_stage, funnel_def, text) IS
'progress of each attempt of one unit, from the stages that it was set to, with the payload of each step';

CREATE AGGREGATE funnel_attempts_agg(ts timestamp, stage funnel_stage, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(timestamp, funnel_stage, funnel_def, text) IS
'progress of each attempt of one unit, from the stages that it was set to, with the payload of each step, times read as UTC';

CREATE AGGREGATE funnel_attempts_agg(ts date, stage funnel_stage, definition funnel_def, payload text) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(date, funnel_stage, funnel_def, text) IS
'progress of each attempt of one unit, from the stages that it was set to, with the payload of each step, by days';


-- Reading a result as rows

CREATE FUNCTION funnel_report(
	result funnel_result,
	as_of timestamptz DEFAULT NULL)
RETURNS TABLE (
	step int,
	stage text,
	users bigint,
	from_first float8,
	from_previous float8,
	dropped bigint,
	pending bigint,
	from_first_low float8,
	from_first_high float8,
	median_seconds float8,
	p90_seconds float8,
	mean_seconds float8,
	median_seconds_from_first float8,
	value float8)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_report(funnel_result, timestamptz) IS
	'users, ratios, times and values of each step of a funnel';

CREATE FUNCTION funnel_bars(result funnel_result)
RETURNS TABLE (
	stage text,
	users bigint)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_bars(funnel_result) IS
	'users of each stage of a funnel, as charts take them';

CREATE FUNCTION funnel_dropoff(
	result funnel_result,
	as_of timestamptz DEFAULT NULL)
RETURNS TABLE (
	step int,
	stage text,
	outcome text,
	users bigint)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10;

COMMENT ON FUNCTION funnel_dropoff(funnel_result, timestamptz) IS
	'how many units stand at each step, and why they went no further';

CREATE FUNCTION funnel_percentile(
	result funnel_result,
	step int,
	fraction float8,
	from_first boolean DEFAULT false)
RETURNS float8
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_percentile(funnel_result, int, float8, boolean) IS
	'percentile of the seconds from the previous step, or from the first';

CREATE FUNCTION funnel_histogram(
	result funnel_result,
	step int,
	buckets int,
	from_first boolean DEFAULT false)
RETURNS TABLE (
	lower_seconds float8,
	upper_seconds float8,
	users bigint)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;

COMMENT ON FUNCTION funnel_histogram(funnel_result, int, int, boolean) IS
	'histogram of the seconds from the previous step, or from the first, buckets of equal widths';

-- A result as a flow

CREATE FUNCTION funnel_flow(result funnel_result)
RETURNS SETOF flow_edge
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 15;

COMMENT ON FUNCTION funnel_flow(funnel_result) IS
	'how many units went from stage to stage of a funnel, and from each stage to its outcomes';
-- Two results side by side

CREATE FUNCTION funnel_compare(
	a funnel_result,
	b funnel_result)
RETURNS TABLE (
	step int,
	stage text,
	users_a bigint,
	users_b bigint,
	rate_a float8,
	rate_b float8,
	difference float8,
	difference_low float8,
	difference_high float8,
	z float8,
	p_value float8,
	lift float8,
	lift_low float8,
	lift_high float8)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_compare(funnel_result, funnel_result) IS
	'difference and ratio of the conversion rates of two results at each step, with confidence intervals and test';

-- Pictures of a result

CREATE FUNCTION funnel_chart(
	result funnel_result,
	width int DEFAULT 80)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_chart(funnel_result, int) IS
	'picture of a funnel in plain text';

-- The report as plain text

CREATE FUNCTION funnel_table(result funnel_result)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_table(funnel_result) IS
	'report of a funnel in plain text, for a terminal';

-- A result as a picture

CREATE FUNCTION funnel_svg(
	result funnel_result,
	title text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_svg(funnel_result, text) IS
	'picture of a funnel as standalone SVG';

-- The edges of a flow as a picture

CREATE FUNCTION flow_svg(
	edges flow_edge[],
	title text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION flow_svg(flow_edge[], text) IS
	'picture of the edges of a flow as standalone SVG, a Sankey diagram';

-- A result as a page

CREATE FUNCTION funnel_html(
	result funnel_result,
	title text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_html(funnel_result, text) IS
	'page about a funnel as standalone HTML: picture, report, reasons and times';
-- window_funnel: how far one unit came, as ClickHouse's windowFunnel counts

CREATE FUNCTION window_funnel_transfn(internal, interval,  timestamptz, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, interval,  timestamp, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, interval,  date, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_window_funnel_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION window_funnel_transfn(internal, bigint,  bigint, VARIADIC "any")
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

CREATE AGGREGATE window_funnel(within interval,  ts timestamptz, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE window_funnel(interval,  timestamptz, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';

CREATE AGGREGATE window_funnel(within interval,  ts timestamp, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE window_funnel(interval,  timestamp, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';

CREATE AGGREGATE window_funnel(within interval,  ts date, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE window_funnel(interval,  date, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';

CREATE AGGREGATE window_funnel(within bigint,  ts bigint, VARIADIC conditions "any") (
	SFUNC = window_funnel_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = window_funnel_final,
	COMBINEFUNC = window_funnel_combine,
	SERIALFUNC = window_funnel_serialize,
	DESERIALFUNC = window_funnel_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE window_funnel(bigint,  bigint, VARIADIC "any") IS
'how many of the conditions were met one after another in a window';

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

COMMENT ON AGGREGATE window_funnel(interval, text, timestamptz, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';

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

COMMENT ON AGGREGATE window_funnel(interval, text, timestamp, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';

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

COMMENT ON AGGREGATE window_funnel(interval, text, date, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';

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

COMMENT ON AGGREGATE window_funnel(bigint, text, bigint, VARIADIC "any") IS
'how many of the conditions were met one after another in a window, by the rules of a mode';

-- sequence_match, sequence_count, sequence_match_events: patterns over the rows
-- of one unit

CREATE FUNCTION sequence_transfn(internal, text, timestamptz, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_transfn(internal, text, timestamp, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_transfn(internal, text, date, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_transfn(internal, text, bigint, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_unit_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_match_final(internal)
RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_sequence_match_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_count_final(internal)
RETURNS int
AS 'MODULE_PATHNAME', 'funnel_sequence_count_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_match_events_final(internal)
RETURNS timestamptz[]
AS 'MODULE_PATHNAME', 'funnel_sequence_match_events_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_match_events_bigint_final(internal)
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'funnel_sequence_match_events_bigint_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE sequence_match(pattern text, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match(text, timestamptz, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_count(pattern text, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_count(text, timestamptz, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_match_events(pattern text, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match_events(text, timestamptz, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';

CREATE AGGREGATE sequence_match(pattern text, ts timestamp, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match(text, timestamp, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_count(pattern text, ts timestamp, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_count(text, timestamp, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_match_events(pattern text, ts timestamp, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match_events(text, timestamp, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';

CREATE AGGREGATE sequence_match(pattern text, ts date, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match(text, date, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_count(pattern text, ts date, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_count(text, date, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_match_events(pattern text, ts date, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match_events(text, date, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';

CREATE AGGREGATE sequence_match(pattern text, ts bigint, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match(text, bigint, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_count(pattern text, ts bigint, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_count(text, bigint, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';

CREATE AGGREGATE sequence_match_events(pattern text, ts bigint, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_bigint_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match_events(text, bigint, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';

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
AS 'MODULE_PATHNAME', 'funnel_unit_serialize'
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

COMMENT ON AGGREGATE sequence_next_node(text, text, timestamptz, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';

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

COMMENT ON AGGREGATE sequence_next_node(text, text, timestamp, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';

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

COMMENT ON AGGREGATE sequence_next_node(text, text, date, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';

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

COMMENT ON AGGREGATE sequence_next_node(text, text, bigint, text, boolean, VARIADIC "any") IS
'node that comes after, or before, a chain of rows that meet the steps';

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

COMMENT ON AGGREGATE sequence_next_node(text, text, timestamptz, text, boolean) IS
'node of the first or the last row, if it may be the base';

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

COMMENT ON AGGREGATE sequence_next_node(text, text, timestamp, text, boolean) IS
'node of the first or the last row, if it may be the base';

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

COMMENT ON AGGREGATE sequence_next_node(text, text, date, text, boolean) IS
'node of the first or the last row, if it may be the base';

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

COMMENT ON AGGREGATE sequence_next_node(text, text, bigint, text, boolean) IS
'node of the first or the last row, if it may be the base';

-- retention, and the counts of a cohort over it

CREATE FUNCTION retention_transfn(internal, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_retention_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION retention_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_retention_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION retention_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_retention_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION retention_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION retention_final(internal, VARIADIC "any")
RETURNS boolean[]
AS 'MODULE_PATHNAME', 'funnel_retention_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE retention(VARIADIC conditions "any") (
	SFUNC = retention_transfn,
	STYPE = internal,
	SSPACE = 32,
	FINALFUNC = retention_final,
	FINALFUNC_EXTRA,
	COMBINEFUNC = retention_combine,
	SERIALFUNC = retention_serialize,
	DESERIALFUNC = retention_deserialize,
	PARALLEL = SAFE
);

CREATE FUNCTION retention_counts_transfn(bigint[], boolean[])
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'funnel_retention_counts_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION retention_counts_combine(bigint[], bigint[])
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'funnel_retention_counts_combine'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE AGGREGATE retention_counts(boolean[]) (
	SFUNC = retention_counts_transfn,
	STYPE = bigint[],
	COMBINEFUNC = retention_counts_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE retention(VARIADIC "any") IS
'which conditions were met by a unit that met the first';
COMMENT ON AGGREGATE retention_counts(boolean[]) IS
'how many of the arrays are true at each position';
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

-- funnel_journey: the whole event history of a unit as one value

CREATE TYPE funnel_journey;

CREATE FUNCTION funnel_journey_in(cstring) RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_in(cstring) IS 'I/O';

CREATE FUNCTION funnel_journey_out(funnel_journey) RETURNS cstring
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_out(funnel_journey) IS 'I/O';

CREATE FUNCTION funnel_journey_recv(internal) RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_recv(internal) IS 'I/O';

CREATE FUNCTION funnel_journey_send(funnel_journey) RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_send(funnel_journey) IS 'I/O';

-- There is little left to compress: stored as it is, a journey is read
-- without unpacking it, and of a long one the header can be had alone.
CREATE TYPE funnel_journey (
	INPUT = funnel_journey_in,
	OUTPUT = funnel_journey_out,
	RECEIVE = funnel_journey_recv,
	SEND = funnel_journey_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);

COMMENT ON TYPE funnel_journey IS
	'whole event history of a unit: sorted, compact, mergeable, storable';

-- Building and merging

CREATE FUNCTION funnel_journey_agg_transfn(internal, timestamptz, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, timestamptz, text) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_transfn(internal, timestamp, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, timestamp, text) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_transfn(internal, date, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, date, text) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_transfn(internal, funnel_journey)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_merge_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, funnel_journey) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_combine(internal, internal) IS
	'combine function of journey_agg';

CREATE FUNCTION funnel_journey_agg_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_serialize(internal) IS
	'serialization function of journey_agg';

CREATE FUNCTION funnel_journey_agg_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_deserialize(bytea, internal) IS
	'deserialization function of journey_agg';

CREATE FUNCTION funnel_journey_agg_final(internal)
RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_final(internal) IS
	'final function of journey_agg';

CREATE AGGREGATE journey_agg(ts timestamptz, event text) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(timestamptz, text) IS
	'journey of the events of a unit';

CREATE AGGREGATE journey_agg(ts timestamp, event text) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(timestamp, text) IS
	'journey of the events of a unit, times read as UTC';

CREATE AGGREGATE journey_agg(ts date, event text) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(date, text) IS
	'journey of the events of a unit, by days';

CREATE AGGREGATE journey_agg(journey funnel_journey) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(funnel_journey) IS
	'journey of the events of several journeys';

CREATE FUNCTION funnel_journey_concat(funnel_journey, funnel_journey)
RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_concat(funnel_journey, funnel_journey) IS
	'implementation of || operator';

CREATE OPERATOR || (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_concat,
	COMMUTATOR = ||
);

COMMENT ON OPERATOR || (funnel_journey, funnel_journey) IS 'journey of the events of both';

-- Reading

CREATE FUNCTION journey_events(journey funnel_journey)
RETURNS TABLE (ord bigint, ts timestamptz, event text)
AS 'MODULE_PATHNAME', 'funnel_journey_events'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;

COMMENT ON FUNCTION journey_events(funnel_journey) IS
	'events of a journey, in order';

CREATE FUNCTION journey_length(journey funnel_journey)
RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_journey_length'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_length(funnel_journey) IS
	'number of events of a journey';

CREATE FUNCTION journey_first_at(journey funnel_journey)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'funnel_journey_first_at'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_first_at(funnel_journey) IS
	'time of the first event of a journey';

CREATE FUNCTION journey_last_at(journey funnel_journey)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'funnel_journey_last_at'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_last_at(funnel_journey) IS
	'time of the last event of a journey';

CREATE FUNCTION journey_slice(journey funnel_journey, since timestamptz, until timestamptz)
RETURNS funnel_journey
AS 'MODULE_PATHNAME', 'funnel_journey_slice'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_slice(funnel_journey, timestamptz, timestamptz) IS
	'events of a journey with since <= time < until; NULL: no limit';

CREATE FUNCTION journey_filter(journey funnel_journey, VARIADIC labels text[])
RETURNS funnel_journey
AS 'MODULE_PATHNAME', 'funnel_journey_filter'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_filter(funnel_journey, text[]) IS
	'events of a journey that have one of these labels';

CREATE FUNCTION journey_path(journey funnel_journey, max_steps integer DEFAULT NULL, "collapse" boolean DEFAULT false)
RETURNS text
AS 'MODULE_PATHNAME', 'funnel_journey_path'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_path(funnel_journey, integer, boolean) IS
	'labels of the first events of a journey, or of the last ones, as visit > view > cart';

CREATE FUNCTION journey_labels(journey funnel_journey, max_steps integer DEFAULT NULL, "collapse" boolean DEFAULT false)
RETURNS text[]
AS 'MODULE_PATHNAME', 'funnel_journey_path_labels'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_labels(funnel_journey, integer, boolean) IS
	'labels of the first events of a journey, or of the last ones, as an array';

CREATE FUNCTION journey_sessions(journey funnel_journey, gap interval DEFAULT '30 minutes')
RETURNS SETOF funnel_journey
AS 'MODULE_PATHNAME', 'funnel_journey_sessions'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION journey_sessions(funnel_journey, interval) IS
	'sessions of a journey, cut where nothing happened for longer than the gap';

CREATE FUNCTION journey_attribution(journey funnel_journey, conversion text, model text, lookback interval DEFAULT NULL,
	half_life interval DEFAULT '7 days')
RETURNS TABLE (touch text, credit double precision)
AS 'MODULE_PATHNAME', 'funnel_journey_attribution'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION journey_attribution(funnel_journey, text, text, interval, interval) IS
	'share of each label in the conversions of a journey';

-- Funnels

CREATE FUNCTION funnel_agg_journey_transfn(funnel_result, funnel_journey, funnel_def)
RETURNS funnel_result
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_agg_journey_transfn(funnel_result, funnel_journey, funnel_def) IS
	'transition function of funnel_agg';

CREATE AGGREGATE funnel_agg(journey funnel_journey, definition funnel_def) (
	SFUNC = funnel_agg_journey_transfn,
	STYPE = funnel_result,
	SSPACE = 8192,
	COMBINEFUNC = funnel_result_merge,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(funnel_journey, funnel_def) IS
	'how many units reached each stage of a funnel, from the journey of each unit';

CREATE FUNCTION journey_progress(journey funnel_journey, definition funnel_def)
RETURNS funnel_progress
AS 'MODULE_PATHNAME', 'funnel_journey_progress'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_progress(funnel_journey, funnel_def) IS
	'progress of one unit through a funnel, from its journey';

CREATE FUNCTION journey_attempts(journey funnel_journey, definition funnel_def)
RETURNS funnel_progress[]
AS 'MODULE_PATHNAME', 'funnel_journey_attempts'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_attempts(funnel_journey, funnel_def) IS
	'progress of each attempt of one unit, from its journey';
-- journey_flow: what units did, step by step, from their journeys

CREATE FUNCTION journey_flow_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_journey_flow_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_serialize(internal) IS
	'serialization function of journey_flow';

CREATE FUNCTION journey_flow_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_flow_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_combine(internal, internal) IS
	'combine function of journey_flow';

CREATE FUNCTION journey_flow_final(internal)
RETURNS flow_edge[]
AS 'MODULE_PATHNAME', 'funnel_journey_flow_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_final(internal) IS
	'final function of journey_flow';

CREATE FUNCTION journey_flow_transfn(internal, funnel_journey, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_flow_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_transfn(internal, funnel_journey, integer) IS
	'transition function of journey_flow';

CREATE AGGREGATE journey_flow(journey funnel_journey, depth integer) (
	SFUNC = journey_flow_transfn,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = journey_flow_final,
	COMBINEFUNC = journey_flow_combine,
	SERIALFUNC = journey_flow_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_flow(funnel_journey, integer) IS
'how many units went from which label to which, step by step, from the journey of each unit';

CREATE FUNCTION journey_flow_transfn(internal, funnel_journey, integer, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_flow_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_transfn(internal, funnel_journey, integer, text) IS
	'transition function of journey_flow';

CREATE AGGREGATE journey_flow(journey funnel_journey, depth integer, anchor text) (
	SFUNC = journey_flow_transfn,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = journey_flow_final,
	COMBINEFUNC = journey_flow_combine,
	SERIALFUNC = journey_flow_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_flow(funnel_journey, integer, text) IS
'how many units went from which label to which, step by step, from the journey of each unit, from a label on, or up to it';

CREATE FUNCTION journey_flow_transfn(internal, funnel_journey, integer, text, integer)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_flow_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_transfn(internal, funnel_journey, integer, text, integer) IS
	'transition function of journey_flow';

CREATE AGGREGATE journey_flow(journey funnel_journey, depth integer, anchor text, top integer) (
	SFUNC = journey_flow_transfn,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = journey_flow_final,
	COMBINEFUNC = journey_flow_combine,
	SERIALFUNC = journey_flow_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_flow(funnel_journey, integer, text, integer) IS
'how many units went from which label to which, step by step, from the journey of each unit, from a label on, or up to it, with the most frequent labels only';

CREATE FUNCTION journey_flow_transfn(internal, funnel_journey, integer, text, integer, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_flow_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_transfn(internal, funnel_journey, integer, text, integer, boolean) IS
	'transition function of journey_flow';

CREATE AGGREGATE journey_flow(journey funnel_journey, depth integer, anchor text, top integer, "collapse" boolean) (
	SFUNC = journey_flow_transfn,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = journey_flow_final,
	COMBINEFUNC = journey_flow_combine,
	SERIALFUNC = journey_flow_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_flow(funnel_journey, integer, text, integer, boolean) IS
'how many units went from which label to which, step by step, from the journey of each unit, from a label on, or up to it, with the most frequent labels only, repetitions as one';

-- Equality, and an order, of the types that are compared by their bytes: equal
-- values have equal bytes
--
-- The order means nothing.  It makes values unique, so that bytea's sort support
-- (with its abbreviated keys) and deduplication of equal images are right.

CREATE FUNCTION funnel_def_eq(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_eq(funnel_def, funnel_def) IS 'implementation of operator: equal to';

CREATE FUNCTION funnel_def_ne(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_ne(funnel_def, funnel_def) IS 'implementation of operator: not equal to';

CREATE FUNCTION funnel_def_lt(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_lt(funnel_def, funnel_def) IS 'implementation of operator: less than';

CREATE FUNCTION funnel_def_le(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_le(funnel_def, funnel_def) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION funnel_def_gt(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_gt(funnel_def, funnel_def) IS 'implementation of operator: greater than';

CREATE FUNCTION funnel_def_ge(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_ge(funnel_def, funnel_def) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (funnel_def, funnel_def) IS 'equal';
COMMENT ON OPERATOR <> (funnel_def, funnel_def) IS 'not equal';
COMMENT ON OPERATOR < (funnel_def, funnel_def) IS 'less than';
COMMENT ON OPERATOR <= (funnel_def, funnel_def) IS 'less than or equal';
COMMENT ON OPERATOR > (funnel_def, funnel_def) IS 'greater than';
COMMENT ON OPERATOR >= (funnel_def, funnel_def) IS 'greater than or equal';

CREATE FUNCTION funnel_def_cmp(funnel_def, funnel_def) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_cmp(funnel_def, funnel_def) IS 'less-equal-greater';

CREATE FUNCTION funnel_def_hash(funnel_def) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_hash(funnel_def) IS 'hash';

CREATE FUNCTION funnel_def_hash_extended(funnel_def, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_bytes_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_hash_extended(funnel_def, bigint) IS 'hash with a seed';

CREATE OPERATOR CLASS funnel_def_ops
DEFAULT FOR TYPE funnel_def USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 funnel_def_cmp(funnel_def, funnel_def),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS funnel_def_ops
DEFAULT FOR TYPE funnel_def USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 funnel_def_hash(funnel_def),
	FUNCTION 2 funnel_def_hash_extended(funnel_def, bigint);

COMMENT ON OPERATOR FAMILY funnel_def_ops USING btree IS 'bytewise order of funnel_def';
COMMENT ON OPERATOR CLASS funnel_def_ops USING btree IS 'bytewise order of funnel_def';
COMMENT ON OPERATOR FAMILY funnel_def_ops USING hash IS 'hash of funnel_def';
COMMENT ON OPERATOR CLASS funnel_def_ops USING hash IS 'hash of funnel_def';

CREATE FUNCTION funnel_result_eq(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_eq(funnel_result, funnel_result) IS 'implementation of operator: equal to';

CREATE FUNCTION funnel_result_ne(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_ne(funnel_result, funnel_result) IS 'implementation of operator: not equal to';

CREATE FUNCTION funnel_result_lt(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_lt(funnel_result, funnel_result) IS 'implementation of operator: less than';

CREATE FUNCTION funnel_result_le(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_le(funnel_result, funnel_result) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION funnel_result_gt(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_gt(funnel_result, funnel_result) IS 'implementation of operator: greater than';

CREATE FUNCTION funnel_result_ge(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_ge(funnel_result, funnel_result) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (funnel_result, funnel_result) IS 'equal';
COMMENT ON OPERATOR <> (funnel_result, funnel_result) IS 'not equal';
COMMENT ON OPERATOR < (funnel_result, funnel_result) IS 'less than';
COMMENT ON OPERATOR <= (funnel_result, funnel_result) IS 'less than or equal';
COMMENT ON OPERATOR > (funnel_result, funnel_result) IS 'greater than';
COMMENT ON OPERATOR >= (funnel_result, funnel_result) IS 'greater than or equal';

CREATE FUNCTION funnel_result_cmp(funnel_result, funnel_result) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_cmp(funnel_result, funnel_result) IS 'less-equal-greater';

CREATE FUNCTION funnel_result_hash(funnel_result) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_hash(funnel_result) IS 'hash';

CREATE FUNCTION funnel_result_hash_extended(funnel_result, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_bytes_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_hash_extended(funnel_result, bigint) IS 'hash with a seed';

CREATE OPERATOR CLASS funnel_result_ops
DEFAULT FOR TYPE funnel_result USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 funnel_result_cmp(funnel_result, funnel_result),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS funnel_result_ops
DEFAULT FOR TYPE funnel_result USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 funnel_result_hash(funnel_result),
	FUNCTION 2 funnel_result_hash_extended(funnel_result, bigint);

COMMENT ON OPERATOR FAMILY funnel_result_ops USING btree IS 'bytewise order of funnel_result';
COMMENT ON OPERATOR CLASS funnel_result_ops USING btree IS 'bytewise order of funnel_result';
COMMENT ON OPERATOR FAMILY funnel_result_ops USING hash IS 'hash of funnel_result';
COMMENT ON OPERATOR CLASS funnel_result_ops USING hash IS 'hash of funnel_result';

CREATE FUNCTION funnel_journey_eq(funnel_journey, funnel_journey) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_eq(funnel_journey, funnel_journey) IS 'implementation of operator: equal to';

CREATE FUNCTION funnel_journey_ne(funnel_journey, funnel_journey) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_ne(funnel_journey, funnel_journey) IS 'implementation of operator: not equal to';

CREATE FUNCTION funnel_journey_lt(funnel_journey, funnel_journey) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_lt(funnel_journey, funnel_journey) IS 'implementation of operator: less than';

CREATE FUNCTION funnel_journey_le(funnel_journey, funnel_journey) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_le(funnel_journey, funnel_journey) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION funnel_journey_gt(funnel_journey, funnel_journey) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_gt(funnel_journey, funnel_journey) IS 'implementation of operator: greater than';

CREATE FUNCTION funnel_journey_ge(funnel_journey, funnel_journey) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_ge(funnel_journey, funnel_journey) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (funnel_journey, funnel_journey) IS 'equal';
COMMENT ON OPERATOR <> (funnel_journey, funnel_journey) IS 'not equal';
COMMENT ON OPERATOR < (funnel_journey, funnel_journey) IS 'less than';
COMMENT ON OPERATOR <= (funnel_journey, funnel_journey) IS 'less than or equal';
COMMENT ON OPERATOR > (funnel_journey, funnel_journey) IS 'greater than';
COMMENT ON OPERATOR >= (funnel_journey, funnel_journey) IS 'greater than or equal';

CREATE FUNCTION funnel_journey_cmp(funnel_journey, funnel_journey) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_cmp(funnel_journey, funnel_journey) IS 'less-equal-greater';

CREATE FUNCTION funnel_journey_hash(funnel_journey) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_hash(funnel_journey) IS 'hash';

CREATE FUNCTION funnel_journey_hash_extended(funnel_journey, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_bytes_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_hash_extended(funnel_journey, bigint) IS 'hash with a seed';

CREATE OPERATOR CLASS funnel_journey_ops
DEFAULT FOR TYPE funnel_journey USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 funnel_journey_cmp(funnel_journey, funnel_journey),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS funnel_journey_ops
DEFAULT FOR TYPE funnel_journey USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 funnel_journey_hash(funnel_journey),
	FUNCTION 2 funnel_journey_hash_extended(funnel_journey, bigint);

COMMENT ON OPERATOR FAMILY funnel_journey_ops USING btree IS 'bytewise order of funnel_journey';
COMMENT ON OPERATOR CLASS funnel_journey_ops USING btree IS 'bytewise order of funnel_journey';
COMMENT ON OPERATOR FAMILY funnel_journey_ops USING hash IS 'hash of funnel_journey';
COMMENT ON OPERATOR CLASS funnel_journey_ops USING hash IS 'hash of funnel_journey';

