-- flow_edge: how many units went from one node of a flow to another

CREATE TYPE flow_edge AS (
	source text,
	target text,
	value bigint,
	median_seconds float8
);

COMMENT ON TYPE flow_edge IS 'how many units went from one node of a flow to another, and how long it took them';
COMMENT ON COLUMN flow_edge.source IS 'node where the units were: ''1 visit'' in a flow of events, ''1:visit'' in that of a result';
COMMENT ON COLUMN flow_edge.target IS 'node to which they went: ''2 cart'' or ''2:cart'', and ''1:visit late'' for those of a result who stopped';
COMMENT ON COLUMN flow_edge.value IS 'how many units went from source to target';
COMMENT ON COLUMN flow_edge.median_seconds IS 'median time from one to the other, NULL if it is not known';

