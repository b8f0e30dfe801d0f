-- funnel_attempts_agg: the passages of one unit's attempts

CREATE FUNCTION funnel_attempts_agg_final(internal)
RETURNS funnel_progress[]
AS 'MODULE_PATHNAME', 'funnel_attempts_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- for event | type | what: event text | text |; events text[] | text[] | , whose events may have several labels; stage funnel_stage | funnel_stage | , from the stages that were set
-- for more | payload | with: | |; , payload text | , text | , with a payload of each step''s event
-- for ts | how: timestamptz |; timestamp | , times read as UTC; date | , by days
CREATE AGGREGATE funnel_attempts_agg(ts ${ts}, ${event}, definition funnel_def${more}) (
	SFUNC = funnel_progress_agg_transfn,
	STYPE = internal,
	SSPACE = 256,
	FINALFUNC = funnel_attempts_agg_final,
	COMBINEFUNC = funnel_progress_agg_combine,
	SERIALFUNC = funnel_progress_agg_serialize,
	DESERIALFUNC = funnel_progress_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_attempts_agg(${ts}, ${type}, funnel_def${payload}) IS
'passages of one unit''s attempts through a funnel${what}${with}${how}';

-- end
-- end
-- end
