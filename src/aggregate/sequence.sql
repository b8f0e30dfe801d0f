-- sequence_match, sequence_count, sequence_match_events: patterns over the rows
-- of one unit

-- for ts: timestamptz; timestamp; date; bigint
CREATE FUNCTION sequence_transfn(internal, text, ${ts}, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
CREATE FUNCTION sequence_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_unit_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_match_final(internal)
RETURNS boolean
AS 'MODULE_PATHNAME', 'funnel_sequence_match_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_count_final(internal)
RETURNS int
AS 'MODULE_PATHNAME', 'funnel_sequence_count_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_match_events_final(internal)
RETURNS timestamptz[]
AS 'MODULE_PATHNAME', 'funnel_sequence_match_events_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_match_events_bigint_final(internal)
RETURNS bigint[]
AS 'MODULE_PATHNAME', 'funnel_sequence_match_events_bigint_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- for ts | number: timestamptz |; timestamp |; date |; bigint | _bigint
-- for name | form | what: sequence_match | | whether the rows match a pattern of conditions and times; sequence_count | | how many times the rows match a pattern of conditions and times; sequence_match_events | ${number} | the times at which the conditions of a pattern were met, as far as it matches
CREATE AGGREGATE ${name}(pattern text, ts ${ts}, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = ${name}${form}_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE ${name}(text, ${ts}, VARIADIC "any") IS
'${what}';

-- end
-- end
