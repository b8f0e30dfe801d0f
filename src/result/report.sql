
-- Reading a result as rows

CREATE FUNCTION funnel_report(
	result funnel_result,
	as_of timestamptz DEFAULT NULL)
RETURNS TABLE (
	step int,
	stage text,
	users bigint,
	from_first float8,
	from_previous float8,
	dropped bigint,
	pending bigint,
	from_first_low float8,
	from_first_high float8,
	median_seconds float8,
	p90_seconds float8,
	mean_seconds float8,
	median_seconds_from_first float8,
	value float8)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_report(funnel_result, timestamptz) IS
	'users, ratios, times and values of each step of a funnel';

CREATE FUNCTION funnel_bars(result funnel_result)
RETURNS TABLE (
	stage text,
	users bigint)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;

COMMENT ON FUNCTION funnel_bars(funnel_result) IS
	'users of each stage of a funnel, as charts take them';

CREATE FUNCTION funnel_dropoff(
	result funnel_result,
	as_of timestamptz DEFAULT NULL)
RETURNS TABLE (
	step int,
	stage text,
	outcome text,
	users bigint)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10;

COMMENT ON FUNCTION funnel_dropoff(funnel_result, timestamptz) IS
	'how many units stand at each step, and why they went no further';

CREATE FUNCTION funnel_percentile(
	result funnel_result,
	step int,
	fraction float8,
	from_first boolean DEFAULT false)
RETURNS float8
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

COMMENT ON FUNCTION funnel_percentile(funnel_result, int, float8, boolean) IS
	'percentile of the seconds from the previous step, or from the first';

CREATE FUNCTION funnel_histogram(
	result funnel_result,
	step int,
	buckets int,
	from_first boolean DEFAULT false)
RETURNS TABLE (
	lower_seconds float8,
	upper_seconds float8,
	users bigint)
AS 'MODULE_PATHNAME'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;

COMMENT ON FUNCTION funnel_histogram(funnel_result, int, int, boolean) IS
	'histogram of the seconds from the previous step, or from the first, buckets of equal widths';
