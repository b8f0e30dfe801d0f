
-- Why a step has nobody: its events may not be there

CREATE FUNCTION funnel_unmatched(definition funnel_def, labels text[])
RETURNS TABLE (
	step int,
	stage text,
	nearest text)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_unmatched(funnel_def, text[]) IS
	'steps that none of these labels matches, each with the label that is nearest';
