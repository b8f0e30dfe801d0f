# A psql that stays connected.
#
#   my $session = FunnelSession->new($node, 'postgres');
#   my ($out, $error) = $session->ask('SELECT 1');
#   $session->send('SELECT pg_sleep(600)');
#   ...
#   ($out, $error) = $session->answer;
#   $session->quit;
#
# An error does not end it; a lost connection does, and the answer then is what
# psql said last.
package FunnelSession;

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;

sub new
{
	my ($class, $node, $database) = @_;
	my @psql = ('psql', '-XAtq', '-d', $node->connstr($database), '-f', '-');
	my $self = bless { in => '', out => '', error => '', asked => 0 }, $class;

	$self->{timeout} = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	$self->{psql} = IPC::Run::start(\@psql, '<', \$self->{in}, '>', \$self->{out},
		'2>', \$self->{error}, $self->{timeout});
	my ($pid, $error) = $self->ask('SELECT pg_backend_pid()');
	die "could not connect: $error" if $error ne '';
	$self->{pid} = $pid;
	return $self;
}

# The process of the server
sub pid
{
	return $_[0]->{pid};
}

sub send
{
	my ($self, $sql) = @_;
	my $mark = 'answered ' . ++$self->{asked};

	$self->{timeout}->start($PostgreSQL::Test::Utils::timeout_default);
	$self->{in} .= "$sql\n;\n\\echo '$mark'\n\\warn '$mark'\n";
	$self->{psql}->pump_nb;
}

sub answer
{
	my ($self) = @_;
	my $mark = qr/^answered $self->{asked}\n/m;

	while (!($self->{out} =~ $mark && $self->{error} =~ $mark) && $self->{psql}->pumpable)
	{
		# psql may end between the two
		eval { $self->{psql}->pump; 1 } or $@ =~ /process ended prematurely/ or die $@;
	}
	my ($out, $error) = @$self{qw(out error)};
	@$self{qw(out error)} = ('', '');
	s/$mark//, s/\n\z// foreach $out, $error;
	return ($out, $error);
}

sub ask
{
	my ($self, $sql) = @_;

	$self->send($sql);
	return $self->answer;
}

sub quit
{
	my ($self) = @_;

	$self->{in} .= "\\q\n" if $self->{psql}->pumpable;
	$self->{psql}->finish;
}

1;
