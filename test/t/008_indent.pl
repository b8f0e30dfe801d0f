# The C sources are laid out by pgindent's rules: make indent.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

SKIP:
{
	my $shown = `sh test/tools/indent --check 2>&1`;

	skip $shown =~ s/^funnel: //r =~ s/\n.*//sr, 2 if $? >> 8 == 69;
	is($shown, '', 'nothing is left for make indent');
	is($?, 0, 'it came to its end');
}

# A pgindent that fails, and leaves the file that it was at.
my $tools = PostgreSQL::Test::Utils::tempdir();
mkdir "$tools/$_" or die "$tools/$_: $!" foreach qw(pgindent pg_bsd_indent);
append_to_file("$tools/pgindent/pgindent", <<'FAILS');
open my $file, '>', 'pgsrc12345' or die;
print scalar(grep { -f } @ARGV), " files, as $ARGV[-1]\n";
exit 3;
FAILS
append_to_file("$tools/pg_bsd_indent/pg_bsd_indent", '');
chmod 0755, "$tools/pgindent/pgindent", "$tools/pg_bsd_indent/pg_bsd_indent";

$ENV{PG_INDENT} = "$tools/pgindent/pgindent";
like(`sh test/tools/indent --check 2>&1`, qr{^\d{3} files, as test/\w+/.*[.][ch]\n\z}, 'pgindent gets the sources');
is($? >> 8, 3, 'its failure is passed on');
is(join(' ', glob('pg*')), '', 'and it leaves nothing behind');

done_testing();
