-- flow_agg: what units did, step by step, from the events of all of them

CREATE FUNCTION flow_agg_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_flow_agg_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION flow_agg_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION flow_agg_final(internal)
RETURNS flow_edge[]
AS 'MODULE_PATHNAME', 'funnel_flow_agg_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- for ts | date | how: timestamptz | |; timestamp | | , times read as UTC; date | _date | , by days
-- for more | types | with: | |; , anchor text | , text | , from a label on, or up to it; , anchor text, top integer | , text, integer | , from a label on, or up to it, with the most frequent labels only; , anchor text, top integer, "collapse" boolean | , text, integer, boolean | , from a label on, or up to it, with the most frequent labels only, repetitions as one
CREATE FUNCTION flow_agg_transfn(internal, anyelement, ${ts}, text, integer${types})
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_flow_agg${date}_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE AGGREGATE flow_agg(unit anyelement, ts ${ts}, event text, depth integer${more}) (
	SFUNC = flow_agg_transfn,
	STYPE = internal,
	SSPACE = 3072,
	FINALFUNC = flow_agg_final,
	COMBINEFUNC = flow_agg_combine,
	SERIALFUNC = flow_agg_serialize,
	DESERIALFUNC = funnel_agg_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE flow_agg(anyelement, ${ts}, text, integer${types}) IS
'how many units went from which label to which, step by step, from the events of all units${with}${how}';

-- end
-- end
