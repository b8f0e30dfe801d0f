-- sequence_next_node: what came after, or before, a chain of rows

-- for steps: , VARIADIC "any";
-- for ts: timestamptz; timestamp; date; bigint
CREATE FUNCTION sequence_next_node_transfn(internal, text, text, ${ts}, text, boolean${steps})
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_transfn'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- end
-- end
CREATE FUNCTION sequence_next_node_combine(internal, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_next_node_combine'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_serialize(internal)
RETURNS bytea
AS 'MODULE_PATHNAME', 'funnel_unit_serialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_deserialize(bytea, internal)
RETURNS internal
AS 'MODULE_PATHNAME', 'funnel_message_deserialize'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION sequence_next_node_final(internal)
RETURNS text
AS 'MODULE_PATHNAME', 'funnel_next_node_final'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

-- for steps | types | what: , VARIADIC steps "any" | , VARIADIC "any" | the node that comes after, or before, a chain of rows that meet the steps; | | the first or the last node, if the row may be the base
-- for ts: timestamptz; timestamp; date; bigint
CREATE AGGREGATE sequence_next_node(direction text, base text, ts ${ts}, node text,
									base_condition boolean${steps}) (
	SFUNC = sequence_next_node_transfn,
	STYPE = internal,
	SSPACE = 800,
	FINALFUNC = sequence_next_node_final,
	COMBINEFUNC = sequence_next_node_combine,
	SERIALFUNC = sequence_next_node_serialize,
	DESERIALFUNC = sequence_next_node_deserialize,
	PARALLEL = SAFE
);

COMMENT ON AGGREGATE sequence_next_node(text, text, ${ts}, text, boolean${types}) IS
'${what}';

-- end
-- end
