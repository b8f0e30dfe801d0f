
-- The report as plain text

CREATE FUNCTION funnel_table(result funnel_result)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_table(funnel_result) IS
	'report of a funnel in plain text, for a terminal';
