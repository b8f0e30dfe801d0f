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
AS 'MODULE_PATHNAME', 'funnel_agg_deserialize'
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

COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text, funnel_def) IS
'how many units reached each stage of a funnel, from the events of all units';
COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text, funnel_def) IS
'how many units reached each stage of a funnel, from the events of all units, times read as UTC';
COMMENT ON AGGREGATE funnel_agg(anyelement, date, text, funnel_def) IS
'how many units reached each stage of a funnel, from the events of all units, by days';
COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text[], funnel_def) IS
'how many units reached each stage of a funnel, from events that may have several labels';
COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text[], funnel_def) IS
'how many units reached each stage of a funnel, from events that may have several labels, times read as UTC';
COMMENT ON AGGREGATE funnel_agg(anyelement, date, text[], funnel_def) IS
'how many units reached each stage of a funnel, from events that may have several labels, by days';
COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, funnel_stage, funnel_def) IS
'how many units reached each stage of a funnel, from the stages that units were set to';
COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, funnel_stage, funnel_def) IS
'how many units reached each stage of a funnel, from the stages that units were set to, times read as UTC';
COMMENT ON AGGREGATE funnel_agg(anyelement, date, funnel_stage, funnel_def) IS
'how many units reached each stage of a funnel, from the stages that units were set to, by days';
COMMENT ON AGGREGATE funnel_agg(anyelement, timestamptz, text, funnel_def, float8) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage';
COMMENT ON AGGREGATE funnel_agg(anyelement, timestamp, text, funnel_def, float8) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage, times read as UTC';
COMMENT ON AGGREGATE funnel_agg(anyelement, date, text, funnel_def, float8) IS
'how many units reached each stage of a funnel, with the sum of a value at each stage, by days';
