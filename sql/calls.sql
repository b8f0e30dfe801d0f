--
-- Calls as people write them: text for a definition, NULL for one, and forms that
-- PostgreSQL could take for several
--
SET TimeZone = 'UTC';
CREATE TABLE clicks (u int, ts timestamptz, e text, labels text[], stage funnel_stage, v float8, ok boolean);
INSERT INTO clicks VALUES
	(1, '2026-01-01', 'a', '{a,x}', '1:a', 1, true), (1, '2026-01-02', 'b', '{b}', '2:b', 2, true),
	(2, '2026-01-01', 'a', '{a}', '1:a', 4, false), (2, '2026-01-03', 'c', '{c}', '3:c', 8, true);
CREATE TABLE funnels (name text, d text, vc varchar(40), def funnel_def);
-- before any UPDATE: an index created after one is not used while older transactions run
CREATE INDEX ON funnels (def);
INSERT INTO funnels VALUES ('ab', 'a->b', 'a -> b', 'a -> b'), ('ac', 'a->c', 'a -> c', 'a -> c');

-- Every function takes text and varchar for a definition, and gives what it gives
-- for the funnel_def.
CREATE FUNCTION pg_temp.same(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text;
	got text;
	list text := '';
BEGIN
	EXECUTE 'SELECT (' || replace(call, '$', 'd.def') || ')::text FROM clicks, funnels d WHERE d.name = ''ab''' INTO want;
	FOREACH list IN ARRAY '{d.d,d.vc,d.d::varchar(10),''a'' || '' -> b'',(SELECT d FROM funnels WHERE name = ''ab''),''a->b'',''a->b''::text}'::text[] LOOP
		EXECUTE 'SELECT (' || replace(call, '$', list) || ')::text FROM clicks, funnels d WHERE d.name = ''ab''' INTO got;
		IF got IS DISTINCT FROM want THEN
			RETURN list || ': ' || coalesce(got, 'null');
		END IF;
	END LOOP;
	RETURN CASE WHEN want IS NULL THEN 'null' ELSE 'same' END;
END $$;
SELECT replace(call, 'TS', ts) AS call, pg_temp.same(replace(call, 'TS', ts))
FROM unnest(ARRAY['ts', 'ts::timestamp', 'ts::date']) ts, unnest(ARRAY[
	'funnel_agg(u, TS, e, $)', 'funnel_agg(u, TS, labels, $)', 'funnel_agg(u, TS, stage, $)',
	'funnel_agg(u, TS, e, $, v)', 'funnel_agg(u, TS, labels, $, v)', 'funnel_agg(u, TS, e, $, ok)', 'funnel_agg(u, TS, labels, $, ok)',
	'funnel_agg(u, TS, e, $, v, ok)', 'funnel_agg(u, TS, labels, $, v, ok)',
	'funnel_agg_by(u, TS, e, $, e)', 'funnel_agg_by(u, TS, labels, $, e)', 'funnel_agg_by(u, TS, e, $, e, v)', 'funnel_agg_by(u, TS, labels, $, e, v)',
	'funnel_progress_agg(TS, e, $)', 'funnel_progress_agg(TS, labels, $)', 'funnel_progress_agg(TS, stage, $)',
	'funnel_progress_agg(TS, e, $, e)', 'funnel_progress_agg(TS, labels, $, e)', 'funnel_progress_agg(TS, stage, $, e)',
	'funnel_attempts_agg(TS, e, $)', 'funnel_attempts_agg(TS, labels, $)', 'funnel_attempts_agg(TS, stage, $)',
	'funnel_attempts_agg(TS, e, $, e)', 'funnel_attempts_agg(TS, labels, $, e)', 'funnel_attempts_agg(TS, stage, $, e)']) WITH ORDINALITY c(call, o)
ORDER BY o, ts;
SELECT call, pg_temp.same(call) FROM unnest(ARRAY[
	'funnel_agg(''[["2026-01-01T00:00:00Z", "a"]]''::funnel_journey, $)', 'array_agg(stage_of(e, $))', 'array_agg(funnel_events($))',
	'min((SELECT array_agg(s)::text FROM funnel_stages($) s))', 'min((SELECT array_agg(f)::text FROM funnel_unmatched($, labels) f))',
	'min(journey_progress(''[["2026-01-01T00:00:00Z", "a"]]'', $)::text)', 'min(journey_attempts(''[["2026-01-01T00:00:00Z", "a"]]'', $)::text)',
	'count(*) FILTER (WHERE d.def = $)', 'count(*) FILTER (WHERE $ = d.def)', 'count(*) FILTER (WHERE d.def IN ($))']) WITH ORDINALITY c(call, o) ORDER BY o;
-- a constant becomes a definition when the statement is read
EXPLAIN (VERBOSE, COSTS OFF) SELECT funnel_agg(u, ts, e, 'a->b'), funnel_agg(u, ts, e, 'a->b'::text) FROM clicks;
SELECT funnel_agg(u, ts, e, 'a ->') FROM clicks;
-- variables, parameters and what is assigned
PREPARE question(text) AS SELECT funnel_units(funnel_agg(u, ts, e, $1)) FROM clicks;
EXECUTE question('a -> b');
EXECUTE question('a ->');
SET plan_cache_mode = force_generic_plan;
EXECUTE question('a -> b');
EXECUTE question(NULL);
RESET plan_cache_mode;
DO $$
DECLARE
	question text := 'a -> ' || 'b';
BEGIN
	RAISE NOTICE '% units', (SELECT funnel_units(funnel_agg(u, ts, e, question)) FROM clicks);
END $$;
INSERT INTO funnels (name, def) SELECT name || ' again', d || ' within 24 h' FROM funnels RETURNING def;
UPDATE funnels SET def = d WHERE name = 'ab' RETURNING def;
-- operators on text stay those of text; what looks a definition up uses its index
EXPLAIN (VERBOSE, COSTS OFF) SELECT d = vc, d = 'a->b', vc = 'a->b', vc < vc, d || vc, d IN (vc, 'x'), vc = ANY ('{a}') FROM funnels;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT name FROM funnels WHERE def = 'a->b'::text;
SELECT name FROM funnels WHERE def = ANY ('{a->b,x}'::text[]);
RESET enable_seqscan;
RESET enable_bitmapscan;

-- That must stay so: nothing takes text where a namesake takes a definition.
SELECT oid::regoperator FROM pg_operator WHERE 'funnel_def'::regtype IN (oprleft, oprright) AND oprleft <> oprright;
SELECT a.oid::regprocedure, b.oid::regprocedure
FROM pg_proc a JOIN pg_proc b USING (proname, pronargs), generate_series(0, pronargs - 1) i
WHERE a.proargtypes[i] = 'funnel_def'::regtype AND b.proargtypes[i] IN ('text'::regtype, 'varchar'::regtype);
-- any label is a definition: what is said when the two have changed places
SELECT funnel_agg(u, ts, 'a -> b', e) FROM clicks;

-- A value and an entry: all that can be told apart
SELECT funnel_agg(u, ts, labels, 'a -> b', v)::text = funnel_agg(u, ts, e, 'a -> b', v)::text AS labels,
	   funnel_agg(u, ts::timestamp, labels, 'a -> b', v)::text = funnel_agg(u, ts, e, 'a -> b', v)::text AS "timestamp",
	   funnel_agg(u, ts::date, labels, 'a -> b', v)::text = funnel_agg(u, ts, e, 'a -> b', v)::text AS date,
	   funnel_agg(u, ts, labels, 'a -> b', v::numeric)::text = funnel_agg(u, ts, e, 'a -> b', v::int)::text AS numbers,
	   funnel_agg(u, ts, labels, 'a -> b', v, true)::text = funnel_agg(u, ts, labels, 'a -> b', v)::text AS everybody,
	   funnel_agg(u, ts, labels, 'a -> b', NULL, true)::text = funnel_agg(u, ts, labels, 'a -> b', NULL::float8)::text AS "null",
	   funnel_agg(u, ts, labels, 'a -> b', v)::text <> funnel_agg(u, ts, labels, 'a -> b')::text AS value_matters
FROM clicks;
SELECT step, users, value FROM funnel_report((SELECT funnel_agg(u, ts, labels, 'a -> b|c', v) FROM clicks));
\set VERBOSITY terse
SELECT funnel_agg(u, ts, labels, 'a -> b', NULL) FROM clicks;
\set VERBOSITY default
SELECT funnel_agg(u, ts, labels, 'a -> b', float8 'NaN') FROM clicks;

-- A NULL definition is an error everywhere, in each form, whatever else is NULL.
CREATE FUNCTION pg_temp.complaint(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE 'SELECT ' || call || ' FROM clicks';
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, '[' || nullif(hint, '') || ']');
END $$;
SELECT pg_temp.complaint(replace(call, '$', d)) AS complaint, count(*)
FROM unnest('{"NULL",NULL::funnel_def,NULL::text,(SELECT d FROM funnels WHERE name = ''typo''),(SELECT def FROM funnels WHERE name = ''typo'')}'::text[]) d, unnest(ARRAY[
	'funnel_agg(u, ts, e, $)', 'funnel_agg(u, ts, labels, $)', 'funnel_agg(u, ts::date, stage, $)', 'funnel_agg(u, ts, e, $, v)', 'funnel_agg(u, ts, labels, $, v, ok)',
	'funnel_agg(NULL::int, ts, e, $)', 'funnel_agg(u, NULL::timestamptz, e, $)', 'funnel_agg(u, ts, NULL::text, $)',
	'funnel_agg_by(u, ts, e, $, e)', 'funnel_agg_by(u, ts, labels, $, NULL::text, v)', 'funnel_progress_agg(ts, e, $)', 'funnel_progress_agg(NULL::date, labels, $, e)',
	'funnel_attempts_agg(ts, stage, $)', 'funnel_agg(NULL::funnel_journey, $)', 'journey_progress(NULL, $)', 'journey_attempts(''[]'', $)',
	'stage_of(e, $)', 'stage_of(NULL, $)', 'funnel_stages($)', 'funnel_events($)', 'funnel_unmatched($, labels)', 'funnel_unmatched($, NULL)']) call
GROUP BY 1;
SELECT pg_temp.complaint('funnel_result(NULL::funnel_def)');
-- so none is STRICT, but what the type itself is made of
SELECT oid::regprocedure FROM pg_proc
WHERE proisstrict AND 'funnel_def'::regtype = ANY (proargtypes) AND proname NOT LIKE 'funnel\_def\_%';
SELECT stage_of(NULL, 'a') IS NULL AS no_event, funnel_def(NULL, '1 day') IS NULL AS no_stages;
-- no rows, no error; rows that FILTER leaves out are none
SELECT funnel_agg(u, ts, e, NULL) IS NULL AS "null" FROM clicks WHERE false;
SELECT funnel_units(funnel_agg(u, ts, e, def) FILTER (WHERE def IS NOT NULL)) FROM clicks LEFT JOIN funnels ON name = 'ab' AND u = 1;
-- no labels: array_agg over no rows is NULL
SELECT step, stage FROM funnel_unmatched('a -> b', (SELECT array_agg(e) FROM clicks WHERE false));

DROP TABLE clicks, funnels;
