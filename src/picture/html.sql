
-- A result as a page

CREATE FUNCTION funnel_html(
	result funnel_result,
	title text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION funnel_html(funnel_result, text) IS
	'page about a funnel as standalone HTML: picture, report, reasons and times';
