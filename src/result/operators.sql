
-- Equality of results, and an order of them

CREATE FUNCTION funnel_result_eq(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_eq(funnel_result, funnel_result) IS 'implementation of operator: equal to';

CREATE FUNCTION funnel_result_ne(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_ne(funnel_result, funnel_result) IS 'implementation of operator: not equal to';

CREATE FUNCTION funnel_result_lt(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_lt(funnel_result, funnel_result) IS 'implementation of operator: less than';

CREATE FUNCTION funnel_result_le(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_le(funnel_result, funnel_result) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION funnel_result_gt(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_gt(funnel_result, funnel_result) IS 'implementation of operator: greater than';

CREATE FUNCTION funnel_result_ge(funnel_result, funnel_result) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_ge(funnel_result, funnel_result) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = funnel_result, RIGHTARG = funnel_result, FUNCTION = funnel_result_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (funnel_result, funnel_result) IS 'equal';
COMMENT ON OPERATOR <> (funnel_result, funnel_result) IS 'not equal';
COMMENT ON OPERATOR < (funnel_result, funnel_result) IS 'less than';
COMMENT ON OPERATOR <= (funnel_result, funnel_result) IS 'less than or equal';
COMMENT ON OPERATOR > (funnel_result, funnel_result) IS 'greater than';
COMMENT ON OPERATOR >= (funnel_result, funnel_result) IS 'greater than or equal';

CREATE FUNCTION funnel_result_cmp(funnel_result, funnel_result) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_cmp(funnel_result, funnel_result) IS 'less-equal-greater';

CREATE FUNCTION funnel_result_hash(funnel_result) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_hash(funnel_result) IS 'hash';

CREATE FUNCTION funnel_result_hash_extended(funnel_result, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_bytes_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_result_hash_extended(funnel_result, bigint) IS 'hash with a seed';

-- The order is that of the bytes, which means nothing but makes values unique,
-- so bytea's sort support (with its abbreviated keys) and deduplication of equal
-- images are right as they are.
CREATE OPERATOR CLASS funnel_result_ops
DEFAULT FOR TYPE funnel_result USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 funnel_result_cmp(funnel_result, funnel_result),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS funnel_result_ops
DEFAULT FOR TYPE funnel_result USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 funnel_result_hash(funnel_result),
	FUNCTION 2 funnel_result_hash_extended(funnel_result, bigint);

COMMENT ON OPERATOR FAMILY funnel_result_ops USING btree IS 'bytewise order of funnel_result';
COMMENT ON OPERATOR CLASS funnel_result_ops USING btree IS 'bytewise order of funnel_result';
COMMENT ON OPERATOR FAMILY funnel_result_ops USING hash IS 'hash of funnel_result';
COMMENT ON OPERATOR CLASS funnel_result_ops USING hash IS 'hash of funnel_result';
