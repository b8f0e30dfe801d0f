-- funnel_agg: whole-set aggregation over raw events

-- for type | form: text |; text[] | _array; funnel_stage | _stage
-- for ts | date: timestamptz |; timestamp |; date | _date
CREATE FUNCTION funnel_agg_transfn(internal, anyelement, ${ts}, ${type}, funnel_def)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg${form}${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
-- for type | form: text |; text[] | _array
-- for ts | date: timestamptz |; timestamp |; date | _date
CREATE FUNCTION funnel_agg_transfn(internal, anyelement, ${ts}, ${type}, funnel_def, float8)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg${form}${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
-- for type | form: text |; text[] | _array
-- for ts | date: timestamptz |; timestamp |; date | _date
-- for more: funnel_def; funnel_def, float8
CREATE FUNCTION funnel_agg_transfn(internal, anyelement, ${ts}, ${type}, ${more}, boolean)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg${form}_entry${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
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
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION funnel_agg_final(internal)
RETURNS funnel_result
AS 'MODULE_PATHNAME', 'funnel_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- for event | more | types | what: event text | | text, funnel_def | from the events of all units; events text[] | | text[], funnel_def | from events that may have several labels; stage funnel_stage | | funnel_stage, funnel_def | from the stages that units were set to; event text | , value float8 | text, funnel_def, float8 | with the sum of a value at each stage; events text[] | , value float8 | text[], funnel_def, float8 | from events that may have several labels, with the sum of a value at each stage; event text | , entry boolean | text, funnel_def, boolean | where only rows with a true entry may start a chain; events text[] | , entry boolean | text[], funnel_def, boolean | from events that may have several labels, where only rows with a true entry may start a chain; event text | , value float8, entry boolean | text, funnel_def, float8, boolean | with the sum of a value at each stage, where only rows with a true entry may start a chain; events text[] | , value float8, entry boolean | text[], funnel_def, float8, boolean | from events that may have several labels, with the sum of a value at each stage, where only rows with a true entry may start a chain
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
