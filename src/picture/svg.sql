
-- A result as a picture

CREATE FUNCTION funnel_svg(
	result funnel_result,
	title text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_svg(funnel_result, text) IS
	'picture of a funnel as standalone SVG';
