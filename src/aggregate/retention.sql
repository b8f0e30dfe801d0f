-- retention, and the counts of a cohort over it

CREATE FUNCTION retention_transfn(internal, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_retention_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION retention_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_retention_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION retention_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_retention_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION retention_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION retention_final(internal, VARIADIC "any")
RETURNS boolean[]
AS 'MODULE_PATHNAME', 'funnel_retention_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE retention(VARIADIC conditions "any") (
	SFUNC = retention_transfn,
	STYPE = internal,
	SSPACE = 32,
	FINALFUNC = retention_final,
	FINALFUNC_EXTRA,
	COMBINEFUNC = retention_combine,
	SERIALFUNC = retention_serialize,
	DESERIALFUNC = retention_deserialize,
	PARALLEL = SAFE
);

CREATE FUNCTION retention_counts_transfn(bigint[], boolean[])
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'funnel_retention_counts_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION retention_counts_combine(bigint[], bigint[])
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'funnel_retention_counts_combine'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE AGGREGATE retention_counts(boolean[]) (
	SFUNC = retention_counts_transfn,
	STYPE = bigint[],
	COMBINEFUNC = retention_counts_combine,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE retention(VARIADIC "any") IS
'which conditions were met by a unit that met the first';
COMMENT ON AGGREGATE retention_counts(boolean[]) IS
'how many of the arrays are true at each position';
