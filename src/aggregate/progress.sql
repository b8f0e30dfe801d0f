-- funnel_progress: one unit's passage

CREATE TYPE funnel_progress AS (
	stage funnel_stage,
	outcome text,
	entered_at timestamptz,
	reached_at timestamptz[],
	last_at timestamptz,
	open_until timestamptz,
	payload text[]
);

COMMENT ON TYPE funnel_progress IS
'one unit''s passage through a funnel: how far it came, when, and why no further';
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
AS 'MODULE_PATHNAME', 'funnel_progress_agg_serialize'
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

COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text, funnel_def) IS
'passage of one unit through a funnel, from its events';
COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text, funnel_def) IS
'passage of one unit through a funnel, from its events, times read as UTC';
COMMENT ON AGGREGATE funnel_progress_agg(date, text, funnel_def) IS
'passage of one unit through a funnel, from its events, by days';
COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text[], funnel_def) IS
'passage of one unit through a funnel, from events that may have several labels';
COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text[], funnel_def) IS
'passage of one unit through a funnel, from events that may have several labels, times read as UTC';
COMMENT ON AGGREGATE funnel_progress_agg(date, text[], funnel_def) IS
'passage of one unit through a funnel, from events that may have several labels, by days';
COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, funnel_stage, funnel_def) IS
'passage of one unit through a funnel, from the stages that were set';
COMMENT ON AGGREGATE funnel_progress_agg(timestamp, funnel_stage, funnel_def) IS
'passage of one unit through a funnel, from the stages that were set, times read as UTC';
COMMENT ON AGGREGATE funnel_progress_agg(date, funnel_stage, funnel_def) IS
'passage of one unit through a funnel, from the stages that were set, by days';
COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text, funnel_def, text) IS
'passage of one unit through a funnel, from its events, with the payload of each';
COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text, funnel_def, text) IS
'passage of one unit through a funnel, from its events, with the payload of each, times read as UTC';
COMMENT ON AGGREGATE funnel_progress_agg(date, text, funnel_def, text) IS
'passage of one unit through a funnel, from its events, with the payload of each, by days';
COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, text[], funnel_def, text) IS
'passage of one unit through a funnel, from events that may have several labels, with the payload of each';
COMMENT ON AGGREGATE funnel_progress_agg(timestamp, text[], funnel_def, text) IS
'passage of one unit through a funnel, from events that may have several labels, with the payload of each, times read as UTC';
COMMENT ON AGGREGATE funnel_progress_agg(date, text[], funnel_def, text) IS
'passage of one unit through a funnel, from events that may have several labels, with the payload of each, by days';
COMMENT ON AGGREGATE funnel_progress_agg(timestamptz, funnel_stage, funnel_def, text) IS
'passage of one unit through a funnel, from the stages that were set, with the payload of each';
COMMENT ON AGGREGATE funnel_progress_agg(timestamp, funnel_stage, funnel_def, text) IS
'passage of one unit through a funnel, from the stages that were set, with the payload of each, times read as UTC';
COMMENT ON AGGREGATE funnel_progress_agg(date, funnel_stage, funnel_def, text) IS
'passage of one unit through a funnel, from the stages that were set, with the payload of each, by days';

CREATE FUNCTION funnel_agg_progress_transfn(funnel_result, funnel_progress, funnel_def)
RETURNS funnel_result
AS 'MODULE_PATHNAME', 'funnel_agg_progress_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE funnel_agg(progress funnel_progress, definition funnel_def) (
	SFUNC = funnel_agg_progress_transfn,
	STYPE = funnel_result,
	SSPACE = 8192,
	COMBINEFUNC = funnel_result_merge,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(funnel_progress, funnel_def) IS
'how many units reached each stage of a funnel, each row being the passage of one';
