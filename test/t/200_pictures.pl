# Pictures and pages, as a browser shows them.
#
# Chromium lays them out; test/pictures/measure.js reads the boxes and colours:
# no text may lie on another one or reach beyond the picture, at any width of a
# page, each must have enough contrast to what is behind it in both colour
# schemes, and what is cut must be in a title.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my ($chromium) =
  grep { system("command -v '$_' >/dev/null 2>&1") == 0 }
  grep { defined } $ENV{FUNNEL_CHROMIUM}, qw(chromium chromium-browser google-chrome);
plan skip_all => 'no chromium (apt-get install chromium)' if !defined $chromium;

my $node = FunnelTest::node('pictures');
my $directory = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', q{
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
	CREATE TABLE events AS
	SELECT u, timestamptz '2026-01-01Z' + u * interval '1 min' + n * interval '7 min' * (1 + u % 5) AS ts, e, 12.5 AS amount
	FROM generate_series(1, 1000) u,
		(VALUES (1, 'visit', 1), (2, 'search', 4), (3, 'cart', 2), (4, 'coupon', 12), (5, 'gift', 10), (6, 'buy', 6)) v(n, e, of)
	WHERE u % of = 0;

	CREATE TABLE results AS
	SELECT * FROM (VALUES
		('two', of_users('visit -> buy', '{1000,37}'), 'Two'),
		('five', of_users('visit -> click -> cart -> checkout -> purchase within 7 days', '{1234567,834100,91000,44000,12345}', true), 'The shop in January'),
		('twelve', of_users('a->b->c->d->e->f->g->h->i->j->k->l', '{1000,900,800,700,600,500,400,300,200,100,50,0}'), 'Twelve'),
		('all steps', of_users((SELECT string_agg('step' || i, '->') FROM generate_series(1, 64) i)::funnel_def, (SELECT array_agg(i * 10) FROM generate_series(64, 1, -1) i)), NULL),
		('one', of_users('alone', '{1}'), 'One'),
		('nobody', funnel_result('visit -> search? -> buy'::funnel_def), 'Nobody'),
		('great', of_users('a -> b -> c', '{9223372036854775807,9223372036854775806,1}', true), 'Great'),
		('two great', format('{"definition":"a -> b","horizon":"2026-01-01T00:00:00Z","steps":[{"stage":"a","users":%s},{"stage":"b","users":0,"microseconds":0,"from_previous":[]}],"unconverted":[[1,"absent",null,%s],[1,"absent","forever",%s]]}', 9223372036854775807, 4611686018427387903, 4611686018427387904)::funnel_result, NULL),
		('names', of_users(('"<script>alert(1)</script> & ""more"", at length" -> チェックアウト完了 -> "قائمة الأمنيات (جديدة)!" -> "עגלת קניות: 2" -> "e' || chr(769) || 'tape" -> "''"')::funnel_def, '{60,50,40,30,20,10}'), '</title><b>"''&amp;'),
		('long', of_users(('"' || repeat('long name ', 20) || '" -> "' || repeat('W', 200) || '" -> "' || repeat('チェックアウト', 28) || '" -> "' || repeat('قائمة الأمنيات ', 13) || '" -> "' || repeat('@%', 100) || '"')::funnel_def, '{300,250,100,50,10}'), repeat('long title ', 100)),
		('optional', (SELECT funnel_agg(u, ts, e, 'visit -> search? -> cart -> coupon? -> gift? -> buy within 7 days', amount) FROM events), 'With optional steps'),
		('any order', (SELECT funnel_agg(u, ts, e, 'visit -> cart -> buy within 7 days, any order') FROM events), 'Any order'),
		('every attempt', (SELECT funnel_agg(u, ts, e, 'visit -> cart -> buy within 30 min, every attempt') FROM events), 'Every attempt')) v(name, result, title);

	-- Walks that go on in many ways, to a depth: as journeys do.
	CREATE FUNCTION walks(depth int, labels text[], n int) RETURNS flow_edge[] LANGUAGE sql AS $$
		WITH RECURSIVE walk(u, d, label, x) AS (
			SELECT u, 1, labels[1], ((u * 7919 + 13) % 1000003)::bigint FROM generate_series(1, n) u
			UNION ALL
			SELECT u, d + 1, CASE WHEN x % 10 < 2 THEN '(end)' WHEN x % 10 = 2 THEN '(other)'
					ELSE labels[1 + ((x / 10 + d * d) % (d + 1))::int % cardinality(labels)] END,
				(x * 48271 + u) % 2147483647
			FROM walk WHERE d < depth AND label <> '(end)')
		SELECT array_agg((source, target, count, 60.0 * d)::flow_edge)
		FROM (SELECT a.d, a.d || ' ' || a.label AS source, b.d || ' ' || b.label AS target, count(*)
			FROM walk a JOIN walk b ON a.u = b.u AND b.d = a.d + 1 GROUP BY 1, 2, 3) e
	$$;
	CREATE TABLE flows AS
	SELECT depth || ' levels' AS name, walks(depth, ARRAY['Home', 'Product List Viewed', 'Product Viewed', 'Cart Viewed', 'Checkout Started', 'Order Completed'], 5000) AS edges, 'What follows' AS title
	FROM generate_series(3, 8) depth
	UNION ALL
	SELECT * FROM (VALUES
		('of a funnel', (SELECT array_agg(f) FROM results, funnel_flow(result) f WHERE name = 'optional'), 'Where they went'),
		('flow of nobody', '{}'::flow_edge[], 'Nobody'),
		('across levels', ARRAY[('a', 'b', 50, NULL), ('b', 'c', 40, NULL), ('c', 'd', 30, NULL), ('a', 'd', 25, NULL), ('a', 'c', 12, NULL), ('b', 'd', 8, NULL), ('x', 'd', 10, NULL)]::flow_edge[], NULL),
		('hundreds', (SELECT array_agg(('1 n' || i % 7, '2 label ' || i % 150, i, NULL)::flow_edge) || array_agg(('2 label ' || i % 150, '3 x' || i % 50, 1 + i % 13, NULL)::flow_edge) FROM generate_series(1, 600) i), 'Many'),
		('great numbers', ARRAY[('a', 'b', 4611686018427387904, NULL), ('a', 'c', 4611686018427387903, NULL)]::flow_edge[], 'Great'),
		('names of nodes', ARRAY[('1 ' || repeat('long name ', 20), '2 ' || repeat('チェックアウト完了', 22), 50, NULL), ('1 ' || repeat('long name ', 20), repeat('قائمة الأمنيات ', 13), 40, NULL),
			('2 ' || repeat('チェックアウト完了', 22), 'עגלת קניות: 2', 30, NULL), ('1 <b>&"', repeat('W', 200), 9, NULL), ('1 <b>&"', repeat('@', 200), 9, NULL)]::flow_edge[], repeat('title ', 60))) v(name, edges, title)});

# The files: name => widths at which they are shown.
my %cases;

sub make_files
{
	my ($table, $call, $suffix, @widths) = @_;

	foreach my $name (split /\n/, $node->safe_psql('postgres', "SELECT name FROM $table"))
	{
		my $file = "$name.$suffix";

		append_to_file("$directory/$file",
			$node->safe_psql('postgres', "SELECT $call FROM $table WHERE name = '$name'"));
		$cases{$file} = \@widths;
	}
}

make_files('results', 'funnel_svg(result, title)', 'svg', 'its own');
make_files('flows', 'flow_svg(edges, title)', 'svg', 'its own');
make_files('results', 'funnel_html(result, title)', 'html', 320, 400, 720, 1200);
cmp_ok(scalar(keys %cases), '>', 30, 'there are pictures and pages');

SKIP:
{
	skip 'no xmllint (apt-get install libxml2-utils)', 1
	  if system('xmllint --version >/dev/null 2>&1') != 0;
	is(`xmllint --noout "$directory"/*.svg "$directory"/*.html 2>&1`,
		'', 'all of them are well-formed');
}

# The page that shows them all, and measures them.
my $frames = '';
foreach my $file (sort keys %cases)
{
	my ($own) = slurp_file("$directory/$file") =~ / width="(\d+)"/;

	foreach my $width (@{ $cases{$file} })
	{
		my $pixels = $width =~ /^\d/ ? $width : $own;

		$frames .= qq(<iframe src="$file" data-name="$file" data-width="$width" )
		  . qq(style="border:0;width:${pixels}px;height:100px"></iframe>\n);
	}
}
append_to_file("$directory/all.html",
	qq(<!DOCTYPE html>\n<meta charset="utf-8">\n<pre id="answer"></pre>\n$frames<script>\n)
	  . slurp_file('test/pictures/measure.js')
	  . "</script>\n");

my %scheme = (dark => 0, light => 1);
foreach my $scheme (sort keys %scheme)
{
	# It shows files of ours only, so that it needs no sandbox, which a
	# container may not have.
	my $page = `"$chromium" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --allow-file-access-from-files --user-data-dir="$directory/profile" --blink-settings=preferredColorScheme=$scheme{$scheme} --dump-dom "file://$directory/all.html?$scheme" 2>"$directory/errors"`;
	my ($answer) = $page =~ m{<pre id="answer">(.*?)</pre>}s;

	if (!defined $answer || $answer eq '')
	{
		fail("chromium measures in $scheme colours");
		diag(slurp_file("$directory/errors"));
		next;
	}
	$answer =~ s/%([0-9A-F]{2})/chr hex $1/ge;

	my (%texts, %problems);
	foreach my $line (split /\n/, $answer)
	{
		my ($file, $width, $what, $more) = split /\t/, $line;

		defined $more
		  ? push @{ $problems{$file}{$width} }, "$what: $more"
		  : ($texts{$file}{$width} = $what);
	}
	foreach my $file (sort keys %cases)
	{
		foreach my $width (@{ $cases{$file} })
		{
			my @problems = @{ $problems{$file}{$width} // [] };
			my $more = @problems > 10 ? "\nand " . (@problems - 10) . ' more' : '';

			push @problems, 'nothing can be read' if !$texts{$file}{$width};
			is(join("\n", @problems[ 0 .. ($#problems < 9 ? $#problems : 9) ]) . $more,
				'', "$file at width $width in $scheme colours");
		}
	}
}

$node->stop;
done_testing();
