
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
-- for string: text; varchar
CREATE CAST (${string} AS funnel_def) WITH INOUT AS IMPLICIT;

COMMENT ON CAST (${string} AS funnel_def) IS 'definition from its text';

-- end

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
