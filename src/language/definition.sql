
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

CREATE FUNCTION funnel_def_eq(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_eq(funnel_def, funnel_def) IS 'implementation of operator: equal to';

CREATE FUNCTION funnel_def_ne(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_ne(funnel_def, funnel_def) IS 'implementation of operator: not equal to';

CREATE FUNCTION funnel_def_lt(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_lt(funnel_def, funnel_def) IS 'implementation of operator: less than';

CREATE FUNCTION funnel_def_le(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_le(funnel_def, funnel_def) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION funnel_def_gt(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_gt(funnel_def, funnel_def) IS 'implementation of operator: greater than';

CREATE FUNCTION funnel_def_ge(funnel_def, funnel_def) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_ge(funnel_def, funnel_def) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = funnel_def, RIGHTARG = funnel_def, FUNCTION = funnel_def_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (funnel_def, funnel_def) IS 'equal';
COMMENT ON OPERATOR <> (funnel_def, funnel_def) IS 'not equal';
COMMENT ON OPERATOR < (funnel_def, funnel_def) IS 'less than';
COMMENT ON OPERATOR <= (funnel_def, funnel_def) IS 'less than or equal';
COMMENT ON OPERATOR > (funnel_def, funnel_def) IS 'greater than';
COMMENT ON OPERATOR >= (funnel_def, funnel_def) IS 'greater than or equal';

CREATE FUNCTION funnel_def_cmp(funnel_def, funnel_def) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_cmp(funnel_def, funnel_def) IS 'less-equal-greater';

CREATE FUNCTION funnel_def_hash(funnel_def) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_hash(funnel_def) IS 'hash';

CREATE FUNCTION funnel_def_hash_extended(funnel_def, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_bytes_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_def_hash_extended(funnel_def, bigint) IS 'hash with a seed';

-- The order is that of the bytes, so bytea's sort support (with its
-- abbreviated keys) and deduplication of equal images are right as they are.
CREATE OPERATOR CLASS funnel_def_ops
DEFAULT FOR TYPE funnel_def USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 funnel_def_cmp(funnel_def, funnel_def),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS funnel_def_ops
DEFAULT FOR TYPE funnel_def USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 funnel_def_hash(funnel_def),
	FUNCTION 2 funnel_def_hash_extended(funnel_def, bigint);

COMMENT ON OPERATOR FAMILY funnel_def_ops USING btree IS 'bytewise order of funnel_def';
COMMENT ON OPERATOR CLASS funnel_def_ops USING btree IS 'bytewise order of funnel_def';
COMMENT ON OPERATOR FAMILY funnel_def_ops USING hash IS 'hash of funnel_def';
COMMENT ON OPERATOR CLASS funnel_def_ops USING hash IS 'hash of funnel_def';

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
