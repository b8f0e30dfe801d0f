# Install scripts run as a superuser, whoever creates the extension, in a schema
# where somebody else may have made objects before.  So they only make what is
# new, under names that nobody can have taken, and what they make says all that
# it may do.  The rules are those that pgspot checks.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

# The statements of a script, without comments, texts and psql's commands.
sub statements
{
	my ($file) = @_;
	my $sql = slurp_file($file);

	$sql =~ s/'(?:[^']|'')*'|--[^\n]*|\/\*(?s:.*?)\*\/|^\\[^\n]*/substr($&, 0, 1) eq "'" ? "'...'" : ''/mge;
	return grep { /\S/ } map { s/\s+/ /gr =~ s/^ | $//gr } split /;/, $sql;
}

my $new = qr/^(?:CREATE (?:FUNCTION|AGGREGATE|TYPE|OPERATOR|OPERATOR CLASS|CAST)|COMMENT ON) /;

# An update may also change and drop what is the extension's, and let go of it,
# but not take in what may be somebody else's.
my $changed = qr/^(?:(?:ALTER|DROP) (?:FUNCTION|AGGREGATE|TYPE|OPERATOR|OPERATOR FAMILY|CAST)|ALTER EXTENSION funnel DROP) /;

my ($version) = slurp_file('Makefile') =~ /^EXTVERSION = (.*)$/m;
my @scripts = ("funnel--$version.sql", glob('src/upgrade/*.sql'));
foreach my $script (@scripts)
{
	my $allowed = $script =~ /--.*--/ ? qr/$new|$changed/ : $new;
	my @statements = statements($script);
	my @functions = grep { /^CREATE FUNCTION/ } @statements;

	is(join("\n", grep { !/$allowed/ } @statements), '', "$script only makes objects");
	is(join("\n", grep { /\bOR REPLACE\b|\bIF (?:NOT )?EXISTS\b/i } @statements), '',
		'and takes over none that is there');
	is(join("\n", grep { /\bSECURITY DEFINER\b|\bSET (?!\()|\bOWNER TO\b|\@extowner\@/i } @statements),
		'', 'runs nothing as somebody else, and sets nothing');
	is(join("\n", grep { !/ LANGUAGE C (?:WINDOW )?IMMUTABLE (?:STRICT )?PARALLEL SAFE(?: ROWS \d+)?$/ } @functions), '',
		'a function is of C, and says what it may do');
	is(join("\n", grep { /^CREATE AGGREGATE/ && !/\bPARALLEL = safe\b/i } @statements), '', 'so does an aggregate');
	is(join("\n", grep { /\bDEFAULT (?!(?:NULL|true|false|\d+|'[.]{3}')(?:::\w+)?[,)]|FOR TYPE )|^CREATE FUNCTION .*=/ } @statements), '',
		'and defaults are constants');
}

# What they make, as the catalog has it
my $node = FunnelTest::node('main');
my $members = q{
	FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
	  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')};

is($node->safe_psql('postgres', qq{
		SELECT p.oid::regprocedure $members
		AND (prosecdef OR proconfig IS NOT NULL OR proacl IS NOT NULL
			 OR prolang NOT IN (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal')))}),
	'', 'no function has rights, settings or SQL of its own');
# Objects that neither PostgreSQL nor the extension has made, on which the
# extension depends
my $foreign = q{
	SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
	FROM pg_depend d JOIN pg_depend e ON (e.classid, e.objid) = (d.classid, d.objid)
	WHERE e.refclassid = 'pg_extension'::regclass AND e.deptype = 'e'
	  AND e.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
	  AND d.refclassid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_operator'::regclass)
	  AND d.deptype = 'n' AND d.refobjid >= 16384
	  AND NOT EXISTS (SELECT FROM pg_depend m WHERE m.classid = d.refclassid
		AND m.objid IN (d.refobjid, (SELECT typelem FROM pg_type WHERE oid = d.refobjid))
		AND m.refclassid = 'pg_extension'::regclass AND m.refobjid = e.refobjid AND m.deptype = 'e')};

is($node->safe_psql('postgres', $foreign), '', 'it depends on nothing of others');

# Who may create objects in the schema first gains nothing by it: names of the
# extension stand in its way, and those of PostgreSQL do not count.
$node->safe_psql('postgres', q{
	CREATE ROLE owner;
	CREATE ROLE rogue;
	CREATE DATABASE shared OWNER owner;});

sub create_after
{
	my ($as_rogue) = @_;

	$node->safe_psql('shared', qq{
		DROP SCHEMA IF EXISTS open CASCADE;
		CREATE SCHEMA open;
		GRANT ALL ON SCHEMA open TO rogue, owner;
		SET SESSION AUTHORIZATION rogue;
		SET search_path = open;
		$as_rogue});
	my ($code, $out, $error) = $node->psql('shared',
		"SET SESSION AUTHORIZATION owner; CREATE EXTENSION funnel SCHEMA open; $foreign");
	return $out . $error;
}

foreach my $trap (
	'CREATE TYPE funnel_stage AS (a int)',
	'CREATE DOMAIN funnel_journey AS text',
	'CREATE TABLE funnel_progress (a int)',
	q{CREATE FUNCTION retention_counts_combine(bigint[], bigint[]) RETURNS bigint[] LANGUAGE sql AS 'SELECT $1'})
{
	like(create_after($trap), qr/already exists/, "no extension after $trap");
}
is( create_after(q{
		CREATE FUNCTION hashint8(bigint) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
		CREATE FUNCTION eq(text, text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
		CREATE OPERATOR = (FUNCTION = eq, LEFTARG = text, RIGHTARG = text);
		CREATE TYPE text AS (a int);
		CREATE TYPE timestamptz AS (a int)}),
	'', 'what only PostgreSQL has is not looked for there');

done_testing();
