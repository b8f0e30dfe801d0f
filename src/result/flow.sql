
-- A result as a flow

CREATE FUNCTION funnel_flow(result funnel_result)
RETURNS SETOF flow_edge
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 15;

COMMENT ON FUNCTION funnel_flow(funnel_result) IS
	'how many units went from stage to stage of a funnel, and from each stage to its outcomes';
