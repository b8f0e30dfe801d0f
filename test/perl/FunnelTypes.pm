# A database with every type of the extension wherever PostgreSQL can put a
# type, and its contents as text, to be compared after a dump, a copy, a
# replay or an upgrade.
#
#   FunnelTypes::create($node, 'origin');
#   FunnelTypes::create($node, 'old', '1.0');
#   is(FunnelTypes::contents($node, 'other'), FunnelTypes::contents($node, 'origin'), ...);
#
# The extension is in a schema of its own, which is not in the search path of
# who restores: what the server prints of an index, a default or a view must
# lead there by itself.
package FunnelTypes;

use strict;
use warnings;

use PostgreSQL::Test::Cluster;

our $schema = q{"Funnel's house"};
my $path = qq{SET search_path = public, $schema; SET TimeZone = 'UTC';};

my $tables = q{
CREATE DOMAIN known_stage AS funnel_stage CHECK (VALUE >= '1') CHECK (stage_position(VALUE) < 32768);
CREATE DOMAIN short_definition AS funnel_def DEFAULT 'visit -> buy' CHECK (length(VALUE::text) < 1000);
CREATE DOMAIN real_progress AS funnel_progress CHECK ((VALUE).outcome <> 'lost');
CREATE DOMAIN real_result AS funnel_result CHECK (funnel_units(VALUE) >= 0);
CREATE DOMAIN long_journey AS funnel_journey CHECK (journey_length(VALUE) >= 0);
CREATE DOMAIN stage_path AS funnel_stage[] CHECK (cardinality(VALUE) < 100);
CREATE TYPE deal AS (stage funnel_stage, history funnel_journey, passages funnel_progress[]);
CREATE TYPE stretch AS RANGE (SUBTYPE = funnel_stage);

CREATE TABLE everything (
	id int PRIMARY KEY,
	stage funnel_stage DEFAULT funnel_stage(7, 'lucky'),
	definition funnel_def DEFAULT 'visit -> "add to cart" -> buy within 7 days',
	progress funnel_progress,
	result funnel_result DEFAULT funnel_result('visit -> buy'::funnel_def),
	journey funnel_journey DEFAULT '[["2026-01-01T00:00:00Z","visit"]]',
	stages funnel_stage[], definitions funnel_def[], progresses funnel_progress[],
	results funnel_result[], journeys funnel_journey[],
	d_stage known_stage, d_definition short_definition, d_progress real_progress,
	d_result real_result, d_journey long_journey, d_path stage_path,
	deal deal, stretch stretch,
	keyed funnel_group, keyeds funnel_group[],
	edge flow_edge, edges flow_edge[],
	g_name text GENERATED ALWAYS AS (stage_name(stage)) STORED,
	g_definition funnel_def GENERATED ALWAYS AS (funnel_definition(result)) STORED,
	g_progress funnel_progress GENERATED ALWAYS AS (journey_progress(journey, 'visit -> cart -> buy within 3 days')) STORED,
	CHECK (stage >= '1'),
	CHECK (stage_name(stage) <> 'never'),
	CHECK (definition <> 'never -> ever'));

-- The keys of a btree are short.
CREATE INDEX ON everything (stage) INCLUDE (id);
CREATE INDEX ON everything (definition DESC, stage);
CREATE INDEX ON everything (progress);
CREATE INDEX ON everything (journey) WHERE journey_length(journey) < 50;
CREATE INDEX ON everything (stages);
CREATE INDEX ON everything (funnel_units(result), funnel_definition(result));
CREATE INDEX ON everything (result) WHERE id < 1003;
CREATE INDEX ON everything (journey_progress(journey, 'visit -> buy')) WHERE stage >= '2:cart';
CREATE INDEX ON everything ((stage::int), stage_of(g_name, 'visit|cart -> buy'));
CREATE INDEX ON everything USING gist (stretch);
CREATE INDEX ON everything USING gin (stages);
CREATE STATISTICS together ON stage, definition, (stage_position(stage)) FROM everything;

CREATE TABLE hashed AS SELECT id, stage, definition, progress, result, journey, stages FROM everything;
CREATE INDEX ON hashed USING hash (stage);
CREATE INDEX ON hashed USING hash (definition);
CREATE INDEX ON hashed USING hash (progress);
CREATE INDEX ON hashed USING hash (result);
CREATE INDEX ON hashed USING hash (journey);
CREATE INDEX ON hashed USING hash (stages);

-- Keys, and what refers to them
CREATE TABLE stage_keys (stage funnel_stage PRIMARY KEY, path funnel_stage[] UNIQUE);
CREATE TABLE definition_keys (definition funnel_def PRIMARY KEY);
CREATE TABLE result_keys (result funnel_result PRIMARY KEY);
CREATE TABLE journey_keys (journey funnel_journey PRIMARY KEY);
CREATE TABLE progress_keys (progress funnel_progress UNIQUE, stretch stretch, EXCLUDE USING gist (stretch WITH &&));
CREATE TABLE referring (
	id int PRIMARY KEY,
	stage funnel_stage REFERENCES stage_keys ON UPDATE CASCADE,
	definition funnel_def REFERENCES definition_keys,
	result funnel_result REFERENCES result_keys,
	journey funnel_journey REFERENCES journey_keys,
	path funnel_stage[] REFERENCES stage_keys (path));

-- Partitions
CREATE TABLE stage_list (id int, v funnel_stage) PARTITION BY LIST (v);
CREATE TABLE stage_list_1 PARTITION OF stage_list FOR VALUES IN ('1:visit', '2:cart');
CREATE TABLE stage_list_2 PARTITION OF stage_list FOR VALUES IN ('3:it''s', '32767', NULL);
CREATE TABLE stage_list_d PARTITION OF stage_list DEFAULT;
CREATE TABLE stage_range (id int, v funnel_stage) PARTITION BY RANGE (v);
CREATE TABLE stage_range_1 PARTITION OF stage_range FOR VALUES FROM (MINVALUE) TO ('2:cart');
CREATE TABLE stage_range_2 PARTITION OF stage_range FOR VALUES FROM ('2:cart') TO ('3:it''s');
CREATE TABLE stage_range_d PARTITION OF stage_range DEFAULT;
CREATE TABLE stage_hash (id int, v funnel_stage PRIMARY KEY) PARTITION BY HASH (v);
CREATE TABLE stage_hash_0 PARTITION OF stage_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE stage_hash_1 PARTITION OF stage_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE domain_list (id int, v known_stage) PARTITION BY LIST (v);
CREATE TABLE domain_list_1 PARTITION OF domain_list FOR VALUES IN ('1:visit', '2:cart');
CREATE TABLE domain_list_d PARTITION OF domain_list DEFAULT;
CREATE TABLE definition_list (id int, v funnel_def) PARTITION BY LIST (v);
CREATE TABLE definition_list_1 PARTITION OF definition_list FOR VALUES IN ('visit -> buy', 'a: "it''s" -> b within 1 hour');
CREATE TABLE definition_list_d PARTITION OF definition_list DEFAULT;
CREATE TABLE definition_range (id int, v funnel_def) PARTITION BY RANGE (v);
CREATE TABLE definition_range_1 PARTITION OF definition_range FOR VALUES FROM (MINVALUE) TO ('open -> offer -> won');
CREATE TABLE definition_range_2 PARTITION OF definition_range FOR VALUES FROM ('open -> offer -> won') TO (MAXVALUE);
CREATE TABLE definition_hash (id int, v funnel_def) PARTITION BY HASH (v);
CREATE TABLE definition_hash_0 PARTITION OF definition_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE definition_hash_1 PARTITION OF definition_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE journey_range (id int, v funnel_journey) PARTITION BY RANGE (v);
CREATE TABLE journey_range_1 PARTITION OF journey_range FOR VALUES FROM (MINVALUE) TO ('[["2026-01-02T00:00:00Z","visit"]]');
CREATE TABLE journey_range_2 PARTITION OF journey_range FOR VALUES FROM ('[["2026-01-02T00:00:00Z","visit"]]') TO (MAXVALUE);
CREATE TABLE journey_hash (id int, v funnel_journey) PARTITION BY HASH (v);
CREATE TABLE journey_hash_0 PARTITION OF journey_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE journey_hash_1 PARTITION OF journey_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE result_range (id int, v funnel_result) PARTITION BY RANGE (v);
CREATE TABLE result_range_1 PARTITION OF result_range FOR VALUES FROM (MINVALUE) TO ('{"definition":"visit -> cart","horizon":null,"steps":[{"stage":"visit","users":0},{"stage":"cart","users":0,"microseconds":0,"from_previous":[]}],"unconverted":[]}');
CREATE TABLE result_range_2 PARTITION OF result_range DEFAULT;
CREATE TABLE result_hash (id int, v funnel_result) PARTITION BY HASH (v);
CREATE TABLE result_hash_0 PARTITION OF result_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE result_hash_1 PARTITION OF result_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE progress_hash (id int, v funnel_progress) PARTITION BY HASH (v);
CREATE TABLE progress_hash_0 PARTITION OF progress_hash FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE progress_hash_1 PARTITION OF progress_hash FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE position_range (id int, v funnel_stage) PARTITION BY RANGE (stage_position(v));
CREATE TABLE position_range_1 PARTITION OF position_range FOR VALUES FROM (MINVALUE) TO (3);
CREATE TABLE position_range_2 PARTITION OF position_range FOR VALUES FROM (3) TO (MAXVALUE);

CREATE TABLE events (user_id int, ts timestamptz, event text, amount float8);
};

# Labels with all that a text form has to quote, times before 1970 and with
# microseconds, journeys that are stored apart, passages of nobody.
my $values = q{
INSERT INTO events
SELECT u, timestamptz '2026-01-01Z' + u * 977 * interval '1 s' + n * n * interval '3.123457 s' - CASE u % 7 WHEN 0 THEN interval '80 years' ELSE '0' END,
	(ARRAY['visit', 'cart', 'buy', 'it''s "quoted", {a,b} \ (c)', E'line\nand\ttab', 'né 漢字 😀', '', NULL, 'visit', 'cart'])[1 + (u * 5 + n * n * 3) % 10],
	u + n / 8.0
FROM generate_series(1, 60) u, generate_series(1, CASE WHEN u % 20 = 0 THEN 3000 ELSE u % 13 END) n;

INSERT INTO everything (id, stage, definition, progress, result, journey, stages, definitions, progresses, results, journeys,
	d_stage, d_definition, d_progress, d_result, d_journey, d_path, deal, stretch, keyed, keyeds, edge, edges)
SELECT u, stage, definition, progress, result, journey,
	ARRAY[stage, NULL, '1:visit'], ARRAY[definition, funnel_definition(result)], ARRAY[progress, NULL], ARRAY[result, NULL, funnel_result(definition)],
	ARRAY[journey, journey_slice(journey, '2026-01-02Z', '2026-01-03Z')],
	stage, definition, progress, result, journey, ARRAY[stage, '2'], ROW(stage, journey, ARRAY[progress])::deal, stretch(stage, funnel_stage(32767, 'z'), '[]'),
	ROW(format('it''s "%s", {x} \ ', u), result)::funnel_group, ARRAY[ROW(NULL, result)::funnel_group, NULL, ROW('', NULL)::funnel_group],
	ROW('1 ' || stage_name(stage), format('2 it''s "%s", {x} \ ', u), u, u / 8.0)::flow_edge, ARRAY[ROW('', NULL, -1, 'NaN')::flow_edge, NULL]
FROM (SELECT user_id AS u, definition,
		funnel_stage(1 + user_id % 4, (ARRAY['visit', 'cart', 'it''s', 'né "漢字", {x}', ''])[1 + user_id % 5]) AS stage,
		funnel_progress_agg(ts, event, definition, amount::text) AS progress,
		funnel_agg(user_id % 3, ts, event, definition, amount) AS result,
		journey_agg(ts, event) AS journey
	FROM events, LATERAL (SELECT (ARRAY[
		'visit -> cart -> buy within 7 days', 'visit -> buy', 'signup -> visit? -> cart|buy => upgrade within 30 days, first entry',
		'lead: "it''s ""quoted"", {a,b} \ (c)"|cart -[14 days]-> "demo done" -[!"né 漢字 😀", 30 days]-> won',
		'landing: v* -> product: *u* -> buy within 1 day', 'visit -> cart -> buy within 0.000001 s, any order',
		'visit -> cart -> visit, increasing', 'a: "it''s" -> b within 1 hour', 'open -> offer -> won'])[1 + user_id % 9]::funnel_def AS definition) d
	GROUP BY user_id, definition) s;
INSERT INTO everything (id) VALUES (1000);
INSERT INTO everything (id, stage, definition, result, journey) VALUES (1001, NULL, NULL, NULL, NULL), (1002, '32767', 'visit', NULL, '[]');
-- stored apart, and twice
INSERT INTO everything (id, journey, result)
SELECT 1003, journey_agg(timestamptz '2026-01-01Z' + n * interval '1.000001 s', repeat(chr(97 + n % 26), 20 + n % 50) || n),
	funnel_agg(n % 5000, timestamptz '2026-01-01Z' + n * n % 100003 * interval '1 s', CASE n % 3 WHEN 0 THEN 'a' ELSE 'b' END, 'a -> b -> c within 9 days', n)
FROM generate_series(1, 20000) n;

-- Logical replication from 17 on looks a row up by a hash index, which has no NULLs.
INSERT INTO hashed SELECT id, stage, definition, progress, result, journey, stages FROM everything WHERE stage IS NOT NULL;
INSERT INTO stage_keys SELECT stage, ARRAY[stage, stage] FROM everything WHERE stage IS NOT NULL GROUP BY stage;
INSERT INTO definition_keys SELECT DISTINCT definition FROM everything WHERE definition IS NOT NULL;
INSERT INTO result_keys SELECT DISTINCT result FROM everything WHERE id < 1000;
INSERT INTO journey_keys SELECT DISTINCT journey FROM everything WHERE journey_length(journey) < 50;
INSERT INTO progress_keys SELECT DISTINCT progress FROM everything WHERE progress IS NOT NULL;
INSERT INTO progress_keys VALUES (NULL, '[1:a,2:b)'), (NULL, '[2:b,)');
INSERT INTO referring SELECT id, stage, definition, result, CASE WHEN journey_length(journey) < 50 THEN journey END, stage || ARRAY[stage] FROM everything WHERE id < 1000;
INSERT INTO stage_list SELECT id, stage FROM everything;
INSERT INTO stage_range SELECT id, stage FROM everything;
INSERT INTO stage_hash SELECT min(id), stage FROM everything WHERE stage IS NOT NULL GROUP BY stage;
INSERT INTO domain_list SELECT id, stage FROM everything;
INSERT INTO definition_list SELECT id, definition FROM everything;
INSERT INTO definition_range SELECT id, definition FROM everything WHERE definition IS NOT NULL;
INSERT INTO definition_hash SELECT id, definition FROM everything;
INSERT INTO journey_range SELECT id, journey FROM everything WHERE journey IS NOT NULL;
INSERT INTO result_range SELECT id, result FROM everything;
INSERT INTO result_hash SELECT id, result FROM everything;
INSERT INTO journey_hash SELECT id, journey FROM everything;
INSERT INTO progress_hash SELECT id, progress FROM everything;
INSERT INTO position_range SELECT id, stage FROM everything WHERE stage IS NOT NULL;
};

my $views = q{
CREATE VIEW classified AS
SELECT id, stage_of(g_name, definition) AS stage, stage >= '2:cart' AS far, definition = 'visit -> buy' AS simple
FROM everything WHERE stage BETWEEN '1:visit' AND '7:lucky';
CREATE VIEW by_definition AS
SELECT definition, funnel_agg(journey, definition) AS result, max(stage) AS furthest
FROM everything WHERE definition IS NOT NULL GROUP BY definition;
CREATE MATERIALIZED VIEW reports AS SELECT id, r.* FROM everything, funnel_report(result) AS r;
CREATE UNIQUE INDEX ON reports (id, step);
CREATE MATERIALIZED VIEW whole AS
SELECT definition, funnel_agg(user_id, ts, event, definition, amount) AS result
FROM events, (SELECT DISTINCT definition FROM everything WHERE definition IS NOT NULL) d GROUP BY definition;
CREATE UNIQUE INDEX ON whole (definition);
CREATE MATERIALIZED VIEW merged AS SELECT funnel_merge(result) AS result FROM everything GROUP BY funnel_definition(result);
CREATE FUNCTION reached(u int, since funnel_stage DEFAULT '2:cart') RETURNS boolean
BEGIN ATOMIC SELECT stage >= since FROM everything WHERE id = u; END;

-- How many of a table's values are found by them.
CREATE FUNCTION found(name regclass, attribute name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	kind text = (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = name AND attname = attribute);
	value text;
	n bigint;
	total bigint = 0;
BEGIN
	FOR value IN EXECUTE format('SELECT DISTINCT %I::text FROM %s WHERE %I::text IS NOT NULL', attribute, name, attribute) LOOP
		EXECUTE format('SELECT count(*) FROM %s WHERE %I = %L::%s', name, attribute, value, kind) INTO n;
		total = total + n;
	END LOOP;
	EXECUTE format('SELECT count(%I::text) FROM %s', attribute, name) INTO n;
	RETURN format('%s found of %s', total, n);
END $$;
};

sub create_database
{
	my ($node, $database) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0");
}

sub create_extension
{
	my ($node, $database, $version) = @_;
	my $of_version = defined $version ? "VERSION '$version'" : '';

	create_database($node, $database);
	$node->safe_psql($database,
		"CREATE SCHEMA $schema; CREATE EXTENSION funnel SCHEMA $schema $of_version;");
}

sub create
{
	my ($node, $database, $version) = @_;

	create_empty($node, $database, $version);
	fill($node, $database);
	refresh($node, $database);
}

# The same relations and functions, without a row.
sub create_empty
{
	my ($node, $database, $version) = @_;

	create_extension($node, $database, $version);
	$node->safe_psql($database, $path . $tables . $views);
}

sub fill
{
	my ($node, $database) = @_;

	$node->safe_psql($database, $path . $values . 'ANALYZE;');
}

# What is made of the tables, where only the tables' rows have come.
sub refresh
{
	my ($node, $database) = @_;

	$node->safe_psql($database, $path . join('', map { "REFRESH MATERIALIZED VIEW $_;" } qw(reports whole merged)));
}

sub query
{
	my ($node, $database, $sql) = @_;

	return $node->safe_psql($database, $path . $sql);
}

# The types of the extension that no column of "everything" has, which should
# be none, and the arrays of them.
sub missing
{
	my ($node, $database) = @_;

	return query(
		$node, $database, q{
		SELECT string_agg(t.typname, ' ' ORDER BY t.typname COLLATE "C")
		FROM pg_depend d JOIN pg_type t ON d.classid = 'pg_type'::regclass AND t.oid = d.objid
		WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
		  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
		  AND t.typarray <> 0
		  AND (t.oid <> ALL (SELECT atttypid FROM pg_attribute WHERE attrelid = 'everything'::regclass)
			   OR t.typarray <> ALL (SELECT atttypid FROM pg_attribute WHERE attrelid = 'everything'::regclass))});
}

# The tables, partitioned or not, to be filled in an order that keys allow.
sub tables
{
	my ($node, $database) = @_;

	return split /\n/, query(
		$node, $database, q{
		SELECT c.oid::regclass FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
		ORDER BY c.relname = 'referring', c.relname COLLATE "C"});
}

# All rows, as text and as the bytes that a binary client gets; whether each
# value is stored as its text would be; what is found through each index and
# in each partition.
sub contents
{
	my ($node, $database) = @_;
	my @relations = split /\n/, query(
		$node, $database, q{
		SELECT c.oid::regclass FROM pg_class c
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'm', 'v')
		ORDER BY c.relname COLLATE "C"});
	my @queries = map {
		qq{SELECT '$_', count(*), md5(string_agg(t::text, E'\n' ORDER BY t::text COLLATE "C")) FROM $_ t}
	} @relations;

	# the values themselves: base types, and the stage within a passage
	foreach my $value (
		[ 'stage', 'funnel_stage' ],
		[ '(progress).stage', 'funnel_stage' ],
		[ 'definition', 'funnel_def' ],
		[ 'result', 'funnel_result' ],
		[ 'journey', 'funnel_journey' ])
	{
		my ($v, $type) = @$value;

		push @queries, qq{
			SELECT '$v', count($v), md5(string_agg(${type}_send($v), '' ORDER BY id)),
				   format('%s differ from their text', count(*) FILTER (WHERE ROW($v)::record *<> ROW($v\::text::$type)::record))
			FROM everything};
	}
	push @queries, q{
		SELECT 'hashes', md5(string_agg(concat_ws(' ', funnel_stage_hash_extended(stage, 1),
			funnel_def_hash_extended(definition, 1), funnel_result_hash_extended(result, 1),
			funnel_journey_hash_extended(journey, 1)), ' ' ORDER BY id))
		FROM everything};
	push @queries,
	  q{SELECT 'function', string_agg(reached(id)::text, ' ' ORDER BY id) FROM everything};

	push @queries, 'SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off';
	push @queries, map { "SELECT '$_->[0].$_->[1]', found('$_->[0]', '$_->[1]')" } (
		(map { [ 'everything', $_ ] } qw(stage definition progress result stages)),
		(map { [ 'hashed', $_ ] } qw(stage definition progress result journey stages)),
		(map { [ $_, 'v' ] }
			qw(stage_list stage_range stage_hash domain_list definition_list definition_range definition_hash result_range result_hash journey_range journey_hash progress_hash position_range)));
	push @queries, q{
		SELECT 'the order of an index', md5(string_agg(stage::text, ',')) FROM (SELECT stage FROM everything ORDER BY stage) s};
	push @queries, q{
		SELECT 'ranges', count(*) FROM everything WHERE stretch @> '3:it''s'::funnel_stage};

	my $contents = query($node, $database, join(";\n", @queries));
	foreach my $line (split /\n/, $contents)
	{
		die "$database: $line"
		  if $line =~ /\b[1-9]\d* differ from/ || $line =~ /\|(\d+) found of (\d+)$/ && $1 != $2;
	}
	return $contents;
}

# Values of the base types: the bytes that are on the disk, and the text, in
# COPY's own form.
my %base = (
	funnel_stage => 'stage',
	funnel_def => 'definition',
	funnel_result => 'result',
	funnel_journey => 'journey');

sub stored
{
	my ($node, $database) = @_;
	my @values = map { "SELECT '$_', encode($base{$_}\::bytea, 'hex'), $base{$_}\::text FROM everything WHERE id < 15 OR id = 1002" }
	  sort keys %base;

	return query($node, $database, join("\n",
			'BEGIN;',
			(map { "CREATE CAST ($_ AS bytea) WITHOUT FUNCTION;" } sort keys %base),
			'COPY (SELECT DISTINCT * FROM (' . join(' UNION ALL ', @values) . ') v ORDER BY 1, 2) TO stdout;',
			'ROLLBACK;')) . "\n";
}

# Which of such values is no longer read as what it was, or differs from one
# that is made now.
sub unread
{
	my ($node, $database, $stored) = @_;

	return query($node, $database, join("\n",
			'BEGIN;',
			'CREATE TEMPORARY TABLE stored (type text, bytes text, spelled text);',
			"COPY stored FROM stdin;\n$stored\\.",
			(map { "CREATE CAST (bytea AS $_) WITHOUT FUNCTION;" } sort keys %base),
			(map { qq{
				SELECT type, spelled, value, value = spelled::$_
				FROM (SELECT *, decode(bytes, 'hex')::$_ AS value FROM stored WHERE type = '$_') s
				WHERE value::text <> spelled OR value <> spelled::$_
					OR ${_}_hash_extended(value, 1) <> ${_}_hash_extended(spelled::$_, 1);}} sort keys %base),
			'ROLLBACK;'));
}

1;
