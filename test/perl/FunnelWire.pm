# A socket that leads to a node, and counts what the node sends.
#
#   my $wire = FunnelWire->new($node);
#   ... connect to host $wire->host, port $wire->port ...
#   my $bytes = $wire->count;		# since it was asked last
#   $wire->stop;
package FunnelWire;

use strict;
use warnings;

use IO::Select;
use IO::Socket::UNIX;
use PostgreSQL::Test::Utils;

sub new
{
	my ($class, $node) = @_;
	my $self = bless { host => PostgreSQL::Test::Utils::tempdir_short(), port => $node->port, seen => 0 }, $class;
	my $name = ".s.PGSQL.$self->{port}";
	my $listener = IO::Socket::UNIX->new(Local => "$self->{host}/$name", Listen => 20)
	  or die "could not listen: $!";

	$self->{pid} = fork // die "could not fork: $!";
	return $self if $self->{pid};

	# Neither process here may run what the test does at its end.
	require POSIX;
	local @SIG{qw(TERM INT)} = ('DEFAULT') x 2;
	local $SIG{CHLD} = 'IGNORE';
	my $test = getppid;
	my $waiting = IO::Select->new($listener);
	while (getppid == $test)
	{
		next unless $waiting->can_read(1);
		my $client = $listener->accept or next;
		next if fork;
		my $server = IO::Socket::UNIX->new(Peer => $node->host . "/$name");
		_forward($client, $server, "$self->{host}/$$.count") if $server;
		POSIX::_exit(0);
	}
	POSIX::_exit(0);
}

# Until one of them closes the connection
sub _forward
{
	my ($client, $server, $file) = @_;
	my $select = IO::Select->new($client, $server);
	my $count = 0;

	open my $counter, '>', $file or die "could not open $file: $!";
	while (1)
	{
		foreach my $from ($select->can_read)
		{
			my $to = $from == $client ? $server : $client;
			my $size = sysread $from, my $bytes, 65536;
			return unless $size;
			if ($from == $server)
			{
				# first, for who gets the bytes may ask at once
				$count += $size;
				sysseek $counter, 0, 0;
				syswrite $counter, $count;
			}
			for (my $done = 0; $done < $size;)
			{
				my $written = syswrite $to, $bytes, $size - $done, $done;
				return unless $written;
				$done += $written;
			}
		}
	}
}

sub host { return $_[0]->{host} }
sub port { return $_[0]->{port} }

sub count
{
	my ($self) = @_;
	my $total = 0;

	foreach my $file (glob("$self->{host}/*.count"))
	{
		$total += slurp_file($file) || 0;
	}
	my $count = $total - $self->{seen};
	$self->{seen} = $total;
	return $count;
}

sub stop
{
	my ($self) = @_;

	kill 'TERM', $self->{pid};
	waitpid $self->{pid}, 0;
}

1;
