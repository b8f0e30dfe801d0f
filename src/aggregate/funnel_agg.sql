-- funnel_agg: whole-set aggregation over raw events

-- for type | form: text |; text[] | _array; funnel_stage | _stage
-- for ts | date: timestamptz |; timestamp |; date | _date
CREATE FUNCTION funnel_agg_transfn(internal, anyelement, ${ts}, ${type}, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg${form}${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
-- for ts | date: timestamptz |; timestamp |; date | _date
CREATE FUNCTION funnel_agg_transfn(internal, anyelement, ${ts}, text, funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
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

-- for event | more | types | what: event text | | text, funnel_def | over the events of all of them; events text[] | | text[], funnel_def | over events that may have several labels; stage funnel_stage | | funnel_stage, funnel_def | over the stages that were set; event text | , value float8 | text, funnel_def, float8 | with the sum of a value at each
-- for ts | how: timestamptz |; timestamp | , times read as UTC; date | , by days
CREATE AGGREGATE funnel_agg(unit anyelement, ts ${ts}, ${event}, definition funnel_def${more}) (
	SFUNC = funnel_agg_transfn,
	STYPE = internal,
	SSPACE = 1024,
	FINALFUNC = funnel_agg_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(anyelement, ${ts}, ${types}) IS
'how many units reached each stage of a funnel, ${what}${how}';

-- end
-- end
