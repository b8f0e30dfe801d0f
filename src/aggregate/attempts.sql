-- funnel_attempts_agg: the progress of each of one unit's attempts

CREATE FUNCTION funnel_attempts_agg_final(internal)
RETURNS funnel_progress[]
AS 'MODULE_PATHNAME', 'funnel_attempts_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- for payload | text | with | space: | | | 256; , payload text | , text | , with the payload of each step | 512
-- for event | type | what: event text | text | its events; events text[] | text[] | events that may have several labels; stage funnel_stage | funnel_stage | the stages that it was set to
-- for ts | how: timestamptz |; timestamp | , times read as UTC; date | , by days
CREATE AGGREGATE funnel_attempts_agg(ts ${ts}, ${event}, definition funnel_def${payload}) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = ${space},
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(${ts}, ${type}, funnel_def${text}) IS
'progress of each attempt of one unit, from ${what}${with}${how}';

-- end
-- end
-- end
