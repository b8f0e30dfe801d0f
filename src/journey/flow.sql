-- journey_flow: what units did, step by step, from their journeys

CREATE FUNCTION journey_flow_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_journey_flow_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_serialize(internal) IS
	'serialization function of journey_flow';

CREATE FUNCTION journey_flow_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_flow_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_combine(internal, internal) IS
	'combine function of journey_flow';

CREATE FUNCTION journey_flow_final(internal)
RETURNS flow_edge[]
AS 'MODULE_PATHNAME', 'funnel_journey_flow_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_final(internal) IS
	'final function of journey_flow';

-- for more | types | with: | |; , anchor text | , text | , from a label on, or up to it; , anchor text, top integer | , text, integer | , from a label on, or up to it, with the most frequent labels only; , anchor text, top integer, "collapse" boolean | , text, integer, boolean | , from a label on, or up to it, with the most frequent labels only, repetitions as one
CREATE FUNCTION journey_flow_transfn(internal, funnel_journey, integer${types})
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_journey_flow_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION journey_flow_transfn(internal, funnel_journey, integer${types}) IS
	'transition function of journey_flow';

CREATE AGGREGATE journey_flow(journey funnel_journey, depth integer${more}) (
	SFUNC = journey_flow_transfn,
	STYPE = internal,
	SSPACE = 8192,
	FINALFUNC = journey_flow_final,
	COMBINEFUNC = journey_flow_combine,
	SERIALFUNC = journey_flow_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE journey_flow(funnel_journey, integer${types}) IS
'how many units went from which label to which, step by step, from the journey of each unit${with}';

-- end
