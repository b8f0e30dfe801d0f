-- A result as a picture

\pset format unaligned
\pset tuples_only on

-- A result of counts alone: users of each step, everybody else absent.
CREATE FUNCTION of_users(definition funnel_def, counts bigint[], open bool DEFAULT false) RETURNS funnel_result LANGUAGE sql AS $$
	SELECT jsonb_build_object('definition', definition::text, 'horizon', '2026-01-31T23:59:59.5Z',
		'steps', (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('stage', stage, 'users', counts[step],
				'microseconds', CASE WHEN step > 1 THEN 0 END,
				'from_previous', CASE WHEN step > 1 THEN cells END, 'from_first', CASE WHEN step > 2 THEN cells END)) ORDER BY step)
			FROM funnel_report(funnel_result(definition)) r,
				LATERAL (SELECT CASE WHEN counts[step] > 0 THEN jsonb_build_array(jsonb_build_array(0, counts[step])) ELSE '[]' END AS cells) c),
		'unconverted', (SELECT coalesce(jsonb_agg(jsonb_build_array(k, 'absent', CASE WHEN open THEN to_jsonb('forever'::text) END, counts[k] - counts[k + 1])), '[]')
			FROM generate_subscripts(counts, 1) k WHERE counts[k] > counts[k + 1]))::text::funnel_result
$$;
-- Well-formed; a server without libxml cannot tell.
CREATE FUNCTION well_formed(svg text) RETURNS bool LANGUAGE plpgsql AS $$
BEGIN
	RETURN xmlparse(DOCUMENT svg) IS NOT NULL;
EXCEPTION WHEN feature_not_supported THEN
	RETURN true;
END
$$;

-- the whole of a small one, but for the style
SELECT regexp_replace(funnel_svg(of_users('visit -> click -> buy', '{1000,100,20}', true), 'Sales'), '<style>.*</style>', '<style/>');
SELECT regexp_replace(funnel_svg(funnel_result('a -> b'::funnel_def), NULL), '<style>.*</style>', '<style/>');
-- one without a title is like one without a text for it
SELECT funnel_svg(r, NULL) = funnel_svg(r, ''), funnel_svg(r) = funnel_svg(r, NULL) FROM funnel_result('a -> b'::funnel_def) r;
SELECT funnel_svg(NULL, 'title') IS NULL;

CREATE TABLE pictures AS
SELECT name, funnel_svg(r, title) AS svg
FROM (VALUES
	('two', of_users('visit -> buy', '{1000,37}'), 'Two'),
	('five', of_users('visit -> click -> cart -> checkout -> purchase within 7 days', '{1234567,834100,91000,44000,12345}', true), 'Five'),
	('twelve', of_users('a->b->c->d->e->f->g->h->i->j->k->l', '{1000,900,800,700,600,500,400,300,200,100,50,0}'), 'Twelve'),
	('one', of_users('alone', '{1}'), 'One'),
	('nobody', funnel_result('a -> b? -> c'::funnel_def), 'Nobody'),
	('great', of_users('a -> b -> c', '{9223372036854775807,9223372036854775806,1}'), 'Great'),
	('names', of_users('"<script>alert(1)</script> & ""more"" than that, at length" -> チェックアウト完了 -> "''"', '{3,2,1}'), '</title><b>"''&amp;'),
	('control', of_users((format('"a%sb%sc" -> "%s" -> x', chr(1), chr(10), chr(127)))::funnel_def, '{3,2,1}'), chr(27) || chr(12) || chr(9) || 'x'),
	('not for XML', of_users((format('"%s" -> "%s" -> "%s"', chr(65534), chr(65535), chr(65533)))::funnel_def, '{3,2,1}'), chr(65535) || chr(128512)),
	('long', of_users(('"' || repeat('long ', 1000) || '" -> b')::funnel_def, '{3,1}'), repeat('long ', 1000))) v(name, r, title);
SELECT name, well_formed(svg) AS well_formed,
	(length(svg) - length(replace(svg, '<rect class="funnel-bar"', ''))) / length('<rect class="funnel-bar"') AS bars,
	svg !~ '(href|url\(|@import|<script|<image|src=)' AS standalone
FROM pictures ORDER BY name;
-- what it says
SELECT unnest(regexp_matches(svg, '>([^<>\n]+)</(?:text|title)>', 'g')) FROM pictures WHERE name = 'five';
SELECT unnest(regexp_matches(svg, '>([^<>\n]+)</(?:text|title)>', 'g')) FROM pictures WHERE name = 'names';
SELECT unnest(regexp_matches(svg, '>([^<>\n]+)</(?:text|title)>', 'g')) FROM pictures WHERE name IN ('control', 'nobody', 'great');

DROP TABLE pictures;
DROP FUNCTION of_users, well_formed;
