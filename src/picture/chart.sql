
-- Pictures of a result

CREATE FUNCTION funnel_chart(
	result funnel_result,
	width int DEFAULT 80)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_chart(funnel_result, int) IS
	'picture of a funnel in plain text';
