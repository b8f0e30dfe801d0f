
-- funnel_stage: one position in a funnel with its name

CREATE TYPE funnel_stage;

CREATE FUNCTION funnel_stage_in(cstring) RETURNS funnel_stage
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_in(cstring) IS 'I/O';

CREATE FUNCTION funnel_stage_out(funnel_stage) RETURNS cstring
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_out(funnel_stage) IS 'I/O';

CREATE FUNCTION funnel_stage_recv(internal) RETURNS funnel_stage
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_recv(internal) IS 'I/O';

CREATE FUNCTION funnel_stage_send(funnel_stage) RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_send(funnel_stage) IS 'I/O';

CREATE TYPE funnel_stage (
	INPUT = funnel_stage_in,
	OUTPUT = funnel_stage_out,
	RECEIVE = funnel_stage_recv,
	SEND = funnel_stage_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = extended
);

COMMENT ON TYPE funnel_stage IS 'position in a funnel and its name, as ''2:cart''';

CREATE FUNCTION funnel_stage(pos integer, name text) RETURNS funnel_stage
AS 'MODULE_PATHNAME', 'funnel_stage_construct'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage(integer, text) IS 'stage from its position and name';

CREATE FUNCTION stage_position(funnel_stage) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_stage_get_position'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION stage_position(funnel_stage) IS 'position of a stage';

CREATE FUNCTION stage_name(funnel_stage) RETURNS text
AS 'MODULE_PATHNAME', 'funnel_stage_get_name'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION stage_name(funnel_stage) IS 'name of a stage';

CREATE CAST (funnel_stage AS integer) WITH FUNCTION stage_position(funnel_stage);

COMMENT ON CAST (funnel_stage AS integer) IS 'position of a stage';

CREATE FUNCTION funnel_stage_eq(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_eq(funnel_stage, funnel_stage) IS 'implementation of operator: equal to';

CREATE FUNCTION funnel_stage_ne(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_ne(funnel_stage, funnel_stage) IS 'implementation of operator: not equal to';

CREATE FUNCTION funnel_stage_lt(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_lt(funnel_stage, funnel_stage) IS 'implementation of operator: less than';

CREATE FUNCTION funnel_stage_le(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_le(funnel_stage, funnel_stage) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION funnel_stage_gt(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_gt(funnel_stage, funnel_stage) IS 'implementation of operator: greater than';

CREATE FUNCTION funnel_stage_ge(funnel_stage, funnel_stage) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_ge(funnel_stage, funnel_stage) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = funnel_stage, RIGHTARG = funnel_stage, FUNCTION = funnel_stage_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (funnel_stage, funnel_stage) IS 'equal';
COMMENT ON OPERATOR <> (funnel_stage, funnel_stage) IS 'not equal';
COMMENT ON OPERATOR < (funnel_stage, funnel_stage) IS 'less than';
COMMENT ON OPERATOR <= (funnel_stage, funnel_stage) IS 'less than or equal';
COMMENT ON OPERATOR > (funnel_stage, funnel_stage) IS 'greater than';
COMMENT ON OPERATOR >= (funnel_stage, funnel_stage) IS 'greater than or equal';

CREATE FUNCTION funnel_stage_cmp(funnel_stage, funnel_stage) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_cmp(funnel_stage, funnel_stage) IS 'less-equal-greater';

CREATE FUNCTION funnel_stage_hash(funnel_stage) RETURNS integer
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_hash(funnel_stage) IS 'hash';

CREATE FUNCTION funnel_stage_hash_extended(funnel_stage, bigint) RETURNS bigint
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_hash_extended(funnel_stage, bigint) IS 'hash with a seed';

-- The order is that of the bytes, so bytea's sort support (with its
-- abbreviated keys) and deduplication of equal images are right as they are.
CREATE OPERATOR CLASS funnel_stage_ops
DEFAULT FOR TYPE funnel_stage USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 funnel_stage_cmp(funnel_stage, funnel_stage),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS funnel_stage_ops
DEFAULT FOR TYPE funnel_stage USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 funnel_stage_hash(funnel_stage),
	FUNCTION 2 funnel_stage_hash_extended(funnel_stage, bigint);

COMMENT ON OPERATOR FAMILY funnel_stage_ops USING btree IS 'order of funnel_stage, by position and then by name';
COMMENT ON OPERATOR CLASS funnel_stage_ops USING btree IS 'order of funnel_stage, by position and then by name';
COMMENT ON OPERATOR FAMILY funnel_stage_ops USING hash IS 'hash of funnel_stage';
COMMENT ON OPERATOR CLASS funnel_stage_ops USING hash IS 'hash of funnel_stage';

CREATE FUNCTION funnel_stage_smaller(funnel_stage, funnel_stage) RETURNS funnel_stage
AS 'MODULE_PATHNAME', 'funnel_bytes_smaller'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_smaller(funnel_stage, funnel_stage) IS 'smaller of two';

CREATE FUNCTION funnel_stage_larger(funnel_stage, funnel_stage) RETURNS funnel_stage
AS 'MODULE_PATHNAME', 'funnel_bytes_larger'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_stage_larger(funnel_stage, funnel_stage) IS 'larger of two';

CREATE AGGREGATE min(funnel_stage) (
	SFUNC = funnel_stage_smaller,
	STYPE = funnel_stage,
	COMBINEFUNC = funnel_stage_smaller,
	SORTOP = <,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE min(funnel_stage) IS 'earliest stage';

CREATE AGGREGATE max(funnel_stage) (
	SFUNC = funnel_stage_larger,
	STYPE = funnel_stage,
	COMBINEFUNC = funnel_stage_larger,
	SORTOP = >,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE max(funnel_stage) IS 'furthest stage';
