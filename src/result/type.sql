
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
