# The extension is installable, relocatable and droppable, and every object it
# makes is described and safe in parallel plans.
use strict;
use warnings;

use FunnelTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = FunnelTest::node('main');

my ($version) = slurp_file('Makefile') =~ /^EXTVERSION = (.*)$/m;
is( $node->safe_psql(
		'postgres',
		q{SELECT extversion FROM pg_extension WHERE extname = 'funnel'}),
	$version,
	"the default version is $version");

# Support functions of types, operators and aggregates are internal: nobody
# calls them by name, so they need no description.
is( $node->safe_psql(
		'postgres', q{
	SELECT string_agg(DISTINCT pg_describe_object(classid, objid, 0), ', ')
	FROM pg_depend d
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
	  AND (classid = 'pg_type'::regclass
	       AND EXISTS (SELECT FROM pg_type t WHERE t.oid = objid
	                   AND typtype IN ('b', 'c') AND typelem = 0)
	       AND obj_description(objid, 'pg_type') IS NULL
	       OR classid = 'pg_operator'::regclass
	       AND obj_description(objid, 'pg_operator') IS NULL
	       OR classid = 'pg_proc'::regclass
	       AND obj_description(objid, 'pg_proc') IS NULL
	       AND NOT EXISTS (SELECT FROM pg_depend i
	                       WHERE i.refclassid = 'pg_proc'::regclass AND i.refobjid = d.objid
	                         AND i.classid <> 'pg_extension'::regclass))}),
	'',
	'every public object has a comment');

is( $node->safe_psql(
		'postgres', q{
	SELECT string_agg(p.oid::regprocedure::text, ', ')
	FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
	  AND classid = 'pg_proc'::regclass
	  AND (proparallel <> 's' OR provolatile <> 'i')}),
	'',
	'every function is immutable and parallel safe');

is( $node->safe_psql(
		'postgres', q{
	CREATE SCHEMA elsewhere;
	ALTER EXTENSION funnel SET SCHEMA elsewhere;
	SELECT count(*) FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
	WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
	  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'funnel')
	  AND classid = 'pg_proc'::regclass
	  AND pronamespace <> 'elsewhere'::regnamespace}),
	'0',
	'it moves to another schema');

# The library exports what SQL calls, and what makes it a module: each process that
# loads it looks up the rest, and takes another library's for it.
SKIP:
{
	skip 'no nm to list symbols', 2 if system('nm --version >/dev/null 2>&1');
	my %called = map { $_ => 1 } qw(Pg_magic_func _PG_init), map { ($_, "pg_finfo_$_") } split /\n/,
	  $node->safe_psql('postgres', q{SELECT DISTINCT prosrc FROM pg_proc WHERE probin LIKE '%funnel'});
	my %exported = map { /^\S+ [A-Z] (\w+)$/ ? ($1 => 1) : () } `nm -D --defined-only funnel.so`;

	is(join(' ', grep { !$exported{$_} } sort keys %called), '', 'the library exports what SQL calls');
	is(join(' ', grep { !$called{$_} } sort keys %exported), '', 'and nothing else');
}

$node->safe_psql('postgres', 'DROP EXTENSION funnel');
pass('it can be dropped');

# Trusted: the owner of a database needs no superuser.
$node->safe_psql(
	'postgres', q{
	CREATE ROLE analyst LOGIN;
	CREATE DATABASE reports OWNER analyst});
$node->safe_psql(
	'reports', q{
	SET SESSION AUTHORIZATION analyst;
	CREATE EXTENSION funnel});
pass('the owner of a database can create it');

done_testing();
