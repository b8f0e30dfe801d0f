-- Equality, and an order, of the types that are compared by their bytes: equal
-- values have equal bytes
--
-- The order means nothing.  It makes values unique, so that bytea's sort support
-- (with its abbreviated keys) and deduplication of equal images are right.

-- for type: funnel_def; funnel_result; funnel_journey
CREATE FUNCTION ${type}_eq(${type}, ${type}) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_eq'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_eq(${type}, ${type}) IS 'implementation of operator: equal to';

CREATE FUNCTION ${type}_ne(${type}, ${type}) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ne'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_ne(${type}, ${type}) IS 'implementation of operator: not equal to';

CREATE FUNCTION ${type}_lt(${type}, ${type}) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_lt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_lt(${type}, ${type}) IS 'implementation of operator: less than';

CREATE FUNCTION ${type}_le(${type}, ${type}) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_le'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_le(${type}, ${type}) IS 'implementation of operator: less than or equal to';

CREATE FUNCTION ${type}_gt(${type}, ${type}) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_gt'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_gt(${type}, ${type}) IS 'implementation of operator: greater than';

CREATE FUNCTION ${type}_ge(${type}, ${type}) RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_bytes_ge'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_ge(${type}, ${type}) IS 'implementation of operator: greater than or equal to';

CREATE OPERATOR = (
	LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = ${type}_eq,
	COMMUTATOR = =, NEGATOR = <>,
	RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);

CREATE OPERATOR <> (
	LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = ${type}_ne,
	COMMUTATOR = <>, NEGATOR = =,
	RESTRICT = neqsel, JOIN = neqjoinsel
);

CREATE OPERATOR < (
	LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = ${type}_lt,
	COMMUTATOR = >, NEGATOR = >=,
	RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);

CREATE OPERATOR <= (
	LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = ${type}_le,
	COMMUTATOR = >=, NEGATOR = >,
	RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);

CREATE OPERATOR > (
	LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = ${type}_gt,
	COMMUTATOR = <, NEGATOR = <=,
	RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

CREATE OPERATOR >= (
	LEFTARG = ${type}, RIGHTARG = ${type}, FUNCTION = ${type}_ge,
	COMMUTATOR = <=, NEGATOR = <,
	RESTRICT = scalargesel, JOIN = scalargejoinsel
);

COMMENT ON OPERATOR = (${type}, ${type}) IS 'equal';
COMMENT ON OPERATOR <> (${type}, ${type}) IS 'not equal';
COMMENT ON OPERATOR < (${type}, ${type}) IS 'less than';
COMMENT ON OPERATOR <= (${type}, ${type}) IS 'less than or equal';
COMMENT ON OPERATOR > (${type}, ${type}) IS 'greater than';
COMMENT ON OPERATOR >= (${type}, ${type}) IS 'greater than or equal';

CREATE FUNCTION ${type}_cmp(${type}, ${type}) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_cmp'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_cmp(${type}, ${type}) IS 'less-equal-greater';

CREATE FUNCTION ${type}_hash(${type}) RETURNS integer
AS 'MODULE_PATHNAME', 'funnel_bytes_hash'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_hash(${type}) IS 'hash';

CREATE FUNCTION ${type}_hash_extended(${type}, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_bytes_hash_extended'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION ${type}_hash_extended(${type}, bigint) IS 'hash with a seed';

CREATE OPERATOR CLASS ${type}_ops
DEFAULT FOR TYPE ${type} USING btree AS
	OPERATOR 1 <,
	OPERATOR 2 <=,
	OPERATOR 3 =,
	OPERATOR 4 >=,
	OPERATOR 5 >,
	FUNCTION 1 ${type}_cmp(${type}, ${type}),
	FUNCTION 2 bytea_sortsupport(internal),
	FUNCTION 4 btequalimage(oid);

CREATE OPERATOR CLASS ${type}_ops
DEFAULT FOR TYPE ${type} USING hash AS
	OPERATOR 1 =,
	FUNCTION 1 ${type}_hash(${type}),
	FUNCTION 2 ${type}_hash_extended(${type}, bigint);

COMMENT ON OPERATOR FAMILY ${type}_ops USING btree IS 'bytewise order of ${type}';
COMMENT ON OPERATOR CLASS ${type}_ops USING btree IS 'bytewise order of ${type}';
COMMENT ON OPERATOR FAMILY ${type}_ops USING hash IS 'hash of ${type}';
COMMENT ON OPERATOR CLASS ${type}_ops USING hash IS 'hash of ${type}';

-- end
