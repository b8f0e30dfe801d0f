
-- funnel_journey: the whole event history of a unit as one value

CREATE TYPE funnel_journey;

CREATE FUNCTION funnel_journey_in(cstring) RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_in(cstring) IS 'I/O';

CREATE FUNCTION funnel_journey_out(funnel_journey) RETURNS cstring
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_out(funnel_journey) IS 'I/O';

CREATE FUNCTION funnel_journey_recv(internal) RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_recv(internal) IS 'I/O';

CREATE FUNCTION funnel_journey_send(funnel_journey) RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_send(funnel_journey) IS 'I/O';

-- There is little left to compress: stored as it is, a journey is read
-- without unpacking it, and of a long one the header can be had alone.
CREATE TYPE funnel_journey (
	INPUT = funnel_journey_in,
	OUTPUT = funnel_journey_out,
	RECEIVE = funnel_journey_recv,
	SEND = funnel_journey_send,
	INTERNALLENGTH = VARIABLE,
	ALIGNMENT = int4,
	STORAGE = external
);

COMMENT ON TYPE funnel_journey IS
	'whole event history of a unit: sorted, compact, mergeable, storable';

-- Building and merging

CREATE FUNCTION funnel_journey_agg_transfn(internal, timestamptz, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, timestamptz, text) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_transfn(internal, timestamp, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, timestamp, text) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_transfn(internal, date, text)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_date_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, date, text) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_transfn(internal, funnel_journey)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_agg_merge_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_transfn(internal, funnel_journey) IS
	'transition function of journey_agg';

CREATE FUNCTION funnel_journey_agg_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_combine(internal, internal) IS
	'combine function of journey_agg';

CREATE FUNCTION funnel_journey_agg_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_serialize(internal) IS
	'serialization function of journey_agg';

CREATE FUNCTION funnel_journey_agg_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_deserialize(bytea, internal) IS
	'deserialization function of journey_agg';

CREATE FUNCTION funnel_journey_agg_final(internal)
RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_agg_final(internal) IS
	'final function of journey_agg';

CREATE AGGREGATE journey_agg(ts timestamptz, event text) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(timestamptz, text) IS
	'journey of the events of a unit';

CREATE AGGREGATE journey_agg(ts timestamp, event text) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(timestamp, text) IS
	'journey of the events of a unit, times read as UTC';

CREATE AGGREGATE journey_agg(ts date, event text) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(date, text) IS
	'journey of the events of a unit, by days';

CREATE AGGREGATE journey_agg(journey funnel_journey) (
	SFUNC = funnel_journey_agg_transfn,
	STYPE = internal,
	SSPACE = 512,
	FINALFUNC = funnel_journey_agg_final,
	COMBINEFUNC = funnel_journey_agg_combine,
	SERIALFUNC = funnel_journey_agg_serialize,
	DESERIALFUNC = funnel_journey_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_agg(funnel_journey) IS
	'journey of the events of several journeys';

CREATE FUNCTION funnel_journey_concat(funnel_journey, funnel_journey)
RETURNS funnel_journey
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_journey_concat(funnel_journey, funnel_journey) IS
	'implementation of || operator';

CREATE OPERATOR || (
	LEFTARG = funnel_journey, RIGHTARG = funnel_journey, FUNCTION = funnel_journey_concat,
	COMMUTATOR = ||
);

COMMENT ON OPERATOR || (funnel_journey, funnel_journey) IS 'journey of the events of both';

-- Reading

CREATE FUNCTION journey_events(journey funnel_journey)
RETURNS TABLE (ord bigint, ts timestamptz, event text)
AS 'MODULE_PATHNAME', 'funnel_journey_events'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;

COMMENT ON FUNCTION journey_events(funnel_journey) IS
	'events of a journey, in order';

CREATE FUNCTION journey_length(journey funnel_journey)
RETURNS bigint
AS 'MODULE_PATHNAME', 'funnel_journey_length'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_length(funnel_journey) IS
	'number of events of a journey';

CREATE FUNCTION journey_first_at(journey funnel_journey)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'funnel_journey_first_at'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_first_at(funnel_journey) IS
	'time of the first event of a journey';

CREATE FUNCTION journey_last_at(journey funnel_journey)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'funnel_journey_last_at'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_last_at(funnel_journey) IS
	'time of the last event of a journey';

CREATE FUNCTION journey_slice(journey funnel_journey, since timestamptz, until timestamptz)
RETURNS funnel_journey
AS 'MODULE_PATHNAME', 'funnel_journey_slice'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_slice(funnel_journey, timestamptz, timestamptz) IS
	'events of a journey with since <= time < until; NULL: no limit';

CREATE FUNCTION journey_filter(journey funnel_journey, VARIADIC labels text[])
RETURNS funnel_journey
AS 'MODULE_PATHNAME', 'funnel_journey_filter'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_filter(funnel_journey, text[]) IS
	'events of a journey that have one of these labels';

CREATE FUNCTION journey_path(journey funnel_journey, max_steps integer DEFAULT NULL, "collapse" boolean DEFAULT false)
RETURNS text
AS 'MODULE_PATHNAME', 'funnel_journey_path'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_path(funnel_journey, integer, boolean) IS
	'labels of the first events of a journey, or of the last ones, as visit > view > cart';

CREATE FUNCTION journey_labels(journey funnel_journey, max_steps integer DEFAULT NULL, "collapse" boolean DEFAULT false)
RETURNS text[]
AS 'MODULE_PATHNAME', 'funnel_journey_path_labels'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_labels(funnel_journey, integer, boolean) IS
	'labels of the first events of a journey, or of the last ones, as an array';

CREATE FUNCTION journey_sessions(journey funnel_journey, gap interval DEFAULT '30 minutes')
RETURNS SETOF funnel_journey
AS 'MODULE_PATHNAME', 'funnel_journey_sessions'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION journey_sessions(funnel_journey, interval) IS
	'sessions of a journey, cut where nothing happened for longer than the gap';

CREATE FUNCTION journey_attribution(journey funnel_journey, conversion text, model text, lookback interval DEFAULT NULL,
	half_life interval DEFAULT '7 days')
RETURNS TABLE (touch text, credit double precision)
AS 'MODULE_PATHNAME', 'funnel_journey_attribution'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION journey_attribution(funnel_journey, text, text, interval, interval) IS
	'share of each label in the conversions of a journey';

-- Funnels

CREATE FUNCTION funnel_agg_journey_transfn(funnel_result, funnel_journey, funnel_def)
RETURNS funnel_result
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_agg_journey_transfn(funnel_result, funnel_journey, funnel_def) IS
	'transition function of funnel_agg';

CREATE AGGREGATE funnel_agg(journey funnel_journey, definition funnel_def) (
	SFUNC = funnel_agg_journey_transfn,
	STYPE = funnel_result,
	SSPACE = 8192,
	COMBINEFUNC = funnel_result_merge,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE funnel_agg(funnel_journey, funnel_def) IS
	'how many units reached each stage of a funnel, from the journey of each unit';

CREATE FUNCTION journey_progress(journey funnel_journey, definition funnel_def)
RETURNS funnel_progress
AS 'MODULE_PATHNAME', 'funnel_journey_progress'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_progress(funnel_journey, funnel_def) IS
	'progress of one unit through a funnel, from its journey';

CREATE FUNCTION journey_attempts(journey funnel_journey, definition funnel_def)
RETURNS funnel_progress[]
AS 'MODULE_PATHNAME', 'funnel_journey_attempts'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_attempts(funnel_journey, funnel_def) IS
	'progress of each attempt of one unit, from its journey';
