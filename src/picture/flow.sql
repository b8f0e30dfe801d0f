
-- The edges of a flow as a picture

CREATE FUNCTION flow_svg(
	edges flow_edge[],
	title text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION flow_svg(flow_edge[], text) IS
	'picture of the edges of a flow as standalone SVG, a Sankey diagram';
