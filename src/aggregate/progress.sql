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

-- for payload: ; , text
-- for type | form: text |; text[] | _array; funnel_stage | _stage
-- for ts | date: timestamptz |; timestamp |; date | _date
CREATE FUNCTION funnel_progress_agg_transfn(internal, ${ts}, ${type}, funnel_def${payload})
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_progress_agg${form}${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
-- end
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

-- for payload | text | with | space: | | | 256; , payload text | , text | , with the payload of each step | 512
-- for event | type | what: event text | text | its events; events text[] | text[] | events that may have several labels; stage funnel_stage | funnel_stage | the stages that it was set to
-- for ts | how: timestamptz |; timestamp | , times read as UTC; date | , by days
CREATE AGGREGATE funnel_progress_agg(ts ${ts}, ${event}, definition funnel_def${payload}) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = ${space},
	FINALFUNC = funnel_progress_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_progress_agg(${ts}, ${type}, funnel_def${text}) IS
'progress of one unit through a funnel, from ${what}${with}${how}';

-- end
-- end
-- end
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
