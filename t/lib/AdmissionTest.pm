# What the TAP tests share: a server with pg_admission preloaded, and clients
# that speak just enough of the protocol to log in, be held, and hang up.

package AdmissionTest;

use strict;
use warnings;
use Carp ();
use Exporter 'import';
use IPC::Run;
use List::Util qw(sum0);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

our @EXPORT = qw(new_node start_clients wait_until wait_status status_of
  wait_ready upgrade_cluster clients_in wait_clients count_live burn start_gate service_says wait_service);

# Patience of every poll, in seconds: long enough for a loaded machine.
use constant PATIENCE => 60;

# How long a test file may take, in seconds: no test may hang, and prove has no
# bound of its own.  Longer where it was told to do more.
use constant WHOLE_PATIENCE => 5 * $PostgreSQL::Test::Utils::timeout_default +
  3 * sum0(@ENV{ grep { /^ADMISSION_TEST_/ } keys %ENV });

my @nodes;

$SIG{ALRM} = sub { give_up() };
alarm WHOLE_PATIENCE;

# A function that uses a processor for so many seconds.
use constant BURN => q{
	CREATE FUNCTION burn(seconds float8) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		until timestamptz := clock_timestamp() + seconds * interval '1 s';
	BEGIN
		WHILE clock_timestamp() < until LOOP END LOOP;
		RETURN 'burnt';
	END $$};

# A cluster with the library preloaded, roles app (ordinary), monitor (member
# of pg_monitor), and the extension in database postgres.  Settings are lines
# of postgresql.conf; unless they say otherwise nothing starts a warm-up by
# itself, caps follow the clock, since the machine of the test is comfortable,
# and nothing holds a warm-up: the server does not sync its files.
sub new_node
{
	my ($name, @settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	push @nodes, $node;
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join("\n",
			"shared_preload_libraries = 'pg_admission'",
			"pg_admission.warmup_on = ''",
			"pg_admission.warmup_advance = clock",
			"pg_admission.hold_for_health = off",
			"log_min_messages = warning",
			@settings)
		  . "\n");
	$node->start;
	$node->safe_psql('postgres', q{
		CREATE EXTENSION pg_admission;
		CREATE ROLE app LOGIN;
		CREATE ROLE monitor LOGIN IN ROLE pg_monitor;
		} . BURN);
	return $node;
}

# What those servers do that run.
sub show_servers
{
	for my $node (@nodes)
	{
		my ($out, $err) = ('', '');

		eval {
			$node->psql('postgres', q{
				SELECT pid, backend_type, state, wait_event, now() - query_start, pg_blocking_pids(pid), query
					FROM pg_stat_activity WHERE pid <> pg_backend_pid();
				SELECT * FROM pg_locks WHERE NOT granted;
				TABLE admission.waiting},
				stdout => \$out, stderr => \$err, timeout => 10, timed_out => \my $timed_out);
		};
		diag($node->name . ":\n$out\n$err$@");
	}
	return;
}

# Fails the test where it stands.
sub give_up
{
	diag(Carp::longmess('still here after ' . WHOLE_PATIENCE . ' s'));
	diag(scalar `ps -o pid,ppid,stat,wchan:20,etime,args -u \$(id -u) --forest`);
	show_servers();
	die 'gave up';
}

# Polls until the code returns true; the test fails if it never does.
sub wait_until
{
	my ($what, $code) = @_;
	my $deadline = time() + PATIENCE;

	while (time() < $deadline)
	{
		return 1 if $code->();
		usleep(20_000);
	}
	fail("$what, in time");
	show_servers();
	return 0;
}

# A column (or expression over columns) of admission.status.
sub status_of
{
	my ($node, $expression) = @_;
	return $node->safe_psql('postgres', "SELECT $expression FROM admission.status");
}

# Polls until a condition over admission.status holds.
sub wait_status
{
	my ($node, $condition) = @_;
	return wait_until($condition, sub { status_of($node, $condition) eq 't' });
}

# Columns of a service in admission.services, as a session that may see them is told.
sub service_says
{
	my ($client, $columns, $service) = @_;
	return $client->ask("SELECT concat_ws(' ', $columns) FROM admission.services WHERE service = '$service'");
}

# Polls until they are as expected.
sub wait_service
{
	my ($client, $columns, $service, $expected) = @_;
	return wait_until("$service: $columns is $expected",
		sub { service_says($client, $columns, $service) eq $expected });
}

# Starts so many logins at once without waiting for any of them.
sub start_clients
{
	my ($node, $count, %options) = @_;
	return map { AdmissionClient->new($node, %options) } 1 .. $count;
}

# Sessions are let in.  psql cannot ask: refused, it ends before it has read its
# statement, and whoever writes that to it is ended by SIGPIPE.
sub wait_ready
{
	my ($node) = @_;

	return wait_until($node->name . ' is ready',
		sub { IPC::Run::run([ 'pg_isready', '-q', '-h', $node->host, '-p', $node->port ]) });
}

# pg_upgrade of one that is stopped to one that has only been made.  It leaves
# scripts where it runs.
sub upgrade_cluster
{
	my ($old, $new) = @_;

	chdir $PostgreSQL::Test::Utils::tmp_check or die "chdir: $!";
	command_ok([
			'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir,
			'-b', $old->config_data('--bindir'), '-B', $new->config_data('--bindir'),
			'-s', $new->host, '-p', $old->port, '-P', $new->port ],
		'pg_upgrade');
	return;
}

# Those of the clients that are in a state: held, in, refused, closed.
sub clients_in
{
	my ($state, @clients) = @_;
	return grep { $_->state eq $state } @clients;
}

# Polls until so many of the clients are in a state.
sub wait_clients
{
	my ($count, $state, @clients) = @_;
	return wait_until("$count clients $state",
		sub { clients_in($state, @clients) == $count });
}

# So many transactions may run at once, from now on.
sub start_gate
{
	my ($node, $cap) = @_;
	$node->safe_psql('postgres',
		"SELECT admission.start_warmup('1 hour', initial_transactions => $cap, target_transactions => $cap)");
	return;
}

# Starts a query that burns in each of so many new sessions, and waits until all
# of them run.
sub burn
{
	my ($node, $count, $seconds) = @_;
	my @clients = start_clients($node, $count);

	wait_clients($count, 'in', @clients);
	$_->query("SELECT burn($seconds)") for @clients;
	wait_until('burning', sub {
			$node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity
				WHERE query LIKE 'SELECT burn(%' AND state = 'active' AND wait_event IS NULL}) >= $count });
	return @clients;
}

# Ordinary sessions as pg_stat_activity knows them.
sub count_live
{
	my ($node) = @_;
	return $node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_stat_activity a JOIN pg_roles r ON r.oid = a.usesysid
		WHERE backend_type = 'client backend' AND NOT rolsuper});
}


package AdmissionClient;

use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use Time::HiRes qw(time);

# Connects and sends the startup packet; the answer is read by state().
sub new
{
	my ($class, $node, %options) = @_;
	my $path = $node->host . '/.s.PGSQL.' . $node->port;
	my $socket;

	# A full backlog answers EAGAIN: let the postmaster catch up.
	for (1 .. 500)
	{
		$socket = IO::Socket::UNIX->new(Peer => $path);
		last if $socket;
		Time::HiRes::usleep(10_000);
	}
	die "could not connect to $path: $!" unless $socket;
	$socket->blocking(0);

	my %startup = (
		user => $options{user} // 'app',
		database => $options{database} // 'postgres',
		application_name => $options{application_name} // 'raw');
	my $body = pack('N', 196608)
	  . join('', map { "$_\0$startup{$_}\0" } sort keys %startup) . "\0";
	my $self = bless {
		socket => $socket, buffer => '', state => 'held', error => {},
		started => time(), rows => [] }, $class;
	$self->send_bytes(pack('N', length($body) + 4) . $body);
	return $self;
}

sub send_bytes
{
	my ($self, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	$self->{socket}->syswrite($bytes) if $self->{socket};
	return;
}

# A socket that was only opened: nothing is sent.
sub silent
{
	my ($class, $node) = @_;
	my $path = $node->host . '/.s.PGSQL.' . $node->port;
	return IO::Socket::UNIX->new(Peer => $path);
}

# Reads what has come and returns held, in (idle), busy, refused or closed.
sub state
{
	my ($self) = @_;
	return $self->{state} unless $self->{socket};
	while (IO::Select->new($self->{socket})->can_read(0))
	{
		my $n = $self->{socket}->sysread($self->{buffer}, 8192, length $self->{buffer});
		last if !defined $n && $!{EAGAIN};
		if (!$n)
		{
			$self->take_messages;
			$self->finish($self->{state} eq 'refused' ? 'refused' : 'closed');
			last;
		}
	}
	$self->take_messages;
	return $self->{state};
}

sub take_messages
{
	my ($self) = @_;
	while (length $self->{buffer} >= 5)
	{
		my ($type, $length) = unpack('aN', $self->{buffer});
		last if length $self->{buffer} < $length + 1;
		my $body = substr($self->{buffer}, 5, $length - 4);
		$self->{buffer} = substr($self->{buffer}, $length + 1);
		$self->take($type, $body);
	}
	return;
}

sub take
{
	my ($self, $type, $body) = @_;
	if ($type eq 'Z')
	{
		$self->{admitted_after} //= time() - $self->{started};
		$self->{answered} = time();
		$self->{state} = 'in';
	}
	elsif ($type eq 'D')
	{
		my ($columns, $length) = unpack('nN', $body);
		push @{ $self->{rows} }, $length == 0xFFFFFFFF ? '' : substr($body, 6, $length);
	}
	elsif ($type eq 'K')
	{
		($self->{pid}) = unpack('N', $body);
	}
	elsif ($type eq 'E')
	{
		$self->{error} = { map { (substr($_, 0, 1) => substr($_, 1)) } split(/\0/, $body) };
		$self->{refused_after} //= time() - $self->{started};
		$self->{state} = 'refused' if $self->{error}{S} eq 'FATAL';
	}
	return;
}

sub finish
{
	my ($self, $state) = @_;
	close $self->{socket} if $self->{socket};
	$self->{socket} = undef;
	$self->{state} = $state;
	return;
}

# Starts a simple query; state() is "busy" until it is answered.  A session that
# has ended meanwhile stays so.
sub query
{
	my ($self, $sql) = @_;
	$self->begin_query;
	$self->send_message('Q', "$sql\0");
	return $self;
}

# The parts of the extended protocol, to be sent one by one; sync() makes
# state() "busy" until all of them are answered.
sub parse
{
	my ($self, $name, $sql) = @_;
	$self->send_message('P', "$name\0$sql\0" . pack('n', 0));
	return $self;
}

sub bind_execute
{
	my ($self, $name, $rows) = @_;
	$self->send_message('B', "\0$name\0" . pack('nnn', 0, 0, 0));
	return $self->execute($rows);
}

sub execute
{
	my ($self, $rows) = @_;
	$self->send_message('E', "\0" . pack('N', $rows // 0));
	return $self;
}

sub sync
{
	my ($self) = @_;
	$self->begin_query;
	$self->send_message('S', '');
	return $self;
}

# Waits for the answer: the first column of the last row, or "ERROR SQLSTATE".
sub answer
{
	my ($self) = @_;
	AdmissionTest::wait_until('an answer', sub { $self->state ne 'busy' });
	return "ERROR $self->{error}{C}" if $self->{error}{C};
	return $self->{rows}[-1] // '';
}

# A simple query and its answer.
sub ask
{
	my ($self, $sql) = @_;
	return $self->query($sql)->answer;
}

# How long the last query took, in seconds.
sub took
{
	my ($self) = @_;
	return $self->{answered} - $self->{asked};
}

sub begin_query
{
	my ($self) = @_;
	return if $self->state =~ /refused|closed/;
	@$self{qw(state error rows asked)} = ('busy', {}, [], time());
	return;
}

sub send_message
{
	my ($self, $type, $body) = @_;
	$self->send_bytes($type . pack('N', length($body) + 4) . $body);
	return;
}

# Closes the socket without a word.
sub hang_up
{
	my ($self) = @_;
	$self->finish('closed');
	return;
}

# The fields of the last error: S severity, C SQLSTATE, M message, D, H.
sub error
{
	my ($self, $field) = @_;
	$self->state;
	return $self->{error}{$field} // '';
}

1;
