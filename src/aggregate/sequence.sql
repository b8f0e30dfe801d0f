-- sequence_match, sequence_count, sequence_match_events: patterns over the rows
-- of one unit

CREATE FUNCTION sequence_transfn(internal, text, timestamptz, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_transfn(internal, text, timestamp, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_transfn(internal, text, date, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_transfn(internal, text, bigint, VARIADIC "any")
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_sequence_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_sequence_serialize'
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

CREATE AGGREGATE sequence_match(pattern text, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_match(pattern text, ts timestamp, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_match(pattern text, ts date, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_match(pattern text, ts bigint, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_count(pattern text, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_count(pattern text, ts timestamp, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_count(pattern text, ts date, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_count(pattern text, ts bigint, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_count_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_match_events(pattern text, ts timestamptz, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_match_events(pattern text, ts timestamp, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_match_events(pattern text, ts date, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

CREATE AGGREGATE sequence_match_events(pattern text, ts bigint, VARIADIC conditions "any") (
	SFUNC = sequence_transfn,
	STYPE = internal,
	SSPACE = 160,
	FINALFUNC = sequence_match_events_bigint_final,
	COMBINEFUNC = sequence_combine,
	SERIALFUNC = sequence_serialize,
	DESERIALFUNC = sequence_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_match(text, timestamptz, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_match(text, timestamp, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_match(text, date, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_match(text, bigint, VARIADIC "any") IS
'whether the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_count(text, timestamptz, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_count(text, timestamp, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_count(text, date, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_count(text, bigint, VARIADIC "any") IS
'how many times the rows match a pattern of conditions and times';
COMMENT ON AGGREGATE sequence_match_events(text, timestamptz, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';
COMMENT ON AGGREGATE sequence_match_events(text, timestamp, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';
COMMENT ON AGGREGATE sequence_match_events(text, date, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';
COMMENT ON AGGREGATE sequence_match_events(text, bigint, VARIADIC "any") IS
'times at which the conditions of a pattern were met, as far as it matches';
