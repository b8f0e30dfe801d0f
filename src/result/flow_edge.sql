-- flow_edge: how many units went from one node of a flow to another

CREATE TYPE flow_edge AS (
	source text,
	target text,
	value bigint,
	median_seconds float8
);

COMMENT ON TYPE flow_edge IS 'how many units went from one node of a flow to another, and how long it took them';
COMMENT ON COLUMN flow_edge.source IS 'node where the units were, as ''1 visit''';
COMMENT ON COLUMN flow_edge.target IS 'node to which they went, as ''2 cart''';
COMMENT ON COLUMN flow_edge.value IS 'how many units went from source to target';
COMMENT ON COLUMN flow_edge.median_seconds IS 'median time from one to the other, NULL if it is not known';

