-- Two results side by side

CREATE FUNCTION funnel_compare(
	a funnel_result,
	b funnel_result)
RETURNS TABLE (
	step int,
	stage text,
	users_a bigint,
	users_b bigint,
	rate_a float8,
	rate_b float8,
	difference float8,
	difference_low float8,
	difference_high float8,
	z float8,
	p_value float8,
	lift float8,
	lift_low float8,
	lift_high float8)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_compare(funnel_result, funnel_result) IS
	'difference and ratio of the conversion rates of two results at each step, with confidence intervals and test';
