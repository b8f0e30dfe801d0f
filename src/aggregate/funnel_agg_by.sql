-- funnel_agg_by: whole-set aggregation over raw events, for each key by itself

CREATE TYPE funnel_group AS (
	key text,
	result funnel_result
);

COMMENT ON TYPE funnel_group IS 'result of a funnel for the units that entered by the rows with a key';
COMMENT ON COLUMN funnel_group.key IS 'key of the rows of step 1';
COMMENT ON COLUMN funnel_group.result IS 'result of a funnel that only these rows may start';

-- for type | form: text |; text[] | _array
-- for ts | date: timestamptz |; timestamp |; date | _date
-- for value: text; text, float8
CREATE FUNCTION funnel_agg_by_transfn(internal, anyelement, ${ts}, ${type}, funnel_def, ${value})
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_agg_by${form}${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
-- end
CREATE FUNCTION funnel_agg_by_final(internal)
RETURNS funnel_group[]
AS 'MODULE_PATHNAME', 'funnel_agg_by_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- for event | type | what: event text | text | events of all units; events text[] | text[] | events that may have several labels
-- for value | float | with: | |; , value float8 | , float8 | , with the sum of a value at each stage
-- for ts | how: timestamptz |; timestamp | , times read as UTC; date | , by days
CREATE AGGREGATE funnel_agg_by(unit anyelement, ts ${ts}, ${event}, definition funnel_def, key text${value}) (
	SFUNC = funnel_agg_by_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = funnel_agg_by_final,
	COMBINEFUNC = funnel_agg_combine,
	SERIALFUNC = funnel_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg_by(anyelement, ${ts}, ${type}, funnel_def, text${float}) IS
'result of a funnel for each key of the rows of step 1, from ${what}${with}${how}';

-- end
-- end
-- end
