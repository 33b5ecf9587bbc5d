# Behind PgBouncer a refusal is an error of one transaction: PgBouncer keeps its
# connections to the server, because nothing is refused that it sends by itself
# when it gives one to a client or takes it back, and clients go on with theirs.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use AdmissionTest;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Every way out passes END.
use sigtrap qw(die INT TERM HUP);

my ($program) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';
plan skip_all => 'PgBouncer is not installed' unless $program;

my $node = new_node('pgbouncer', 'max_connections = 60', 'log_statement = all',
	'pg_admission.long_transaction_after = -1', "pg_admission.transaction_queue_timeout = '200ms'");
$node->safe_psql('postgres', 'CREATE ROLE "transaction" LOGIN; CREATE ROLE "session" LOGIN');
my $work = 'SELECT count(*) >= 0 FROM pg_class';
my $pooler = Pooler->new($node, $program);
my $pid = $pooler->start;
wait_until('PgBouncer', sub { -S $pooler->host . '/.s.PGSQL.' . $pooler->port });

# Keeps the exit status.
END
{
	local $?;
	if ($pid)
	{
		kill 'TERM', $pid;
		waitpid $pid, 0;
	}
}

# A pool's connections: processes of the server.
sub servers
{
	my ($mode) = @_;
	return $node->safe_psql('postgres',
		"SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE usename = '$mode'");
}

# How often the server has been sent the statement.
sub times_sent
{
	my ($statement) = @_;
	return scalar(() = slurp_file($node->logfile) =~ /statement: \Q$statement\E$/mg);
}

# Why PgBouncer has closed connections to the server.
sub closed
{
	return join("\n", slurp_file($pooler->logfile) =~ /S-0x.* (closing because: .*)/g);
}

# PgBouncer checks a connection that it has not used lately.  Newer ones have
# another column before the state.
sub wait_unused
{
	my ($mode, $count) = @_;
	return wait_until("$mode: unused connections", sub {
		return $count == (() = $pooler->servers =~ /^S\|$mode\|$mode\|(?:\w*\|)?used\|/mg) });
}

sub refusals
{
	return status_of($node, q{transactions_refused || ' of ' || transactions_held});
}

# So many clients of a pool that has two connections, both of them in use.
sub pool_clients
{
	my ($mode, $count) = @_;
	my @clients = start_clients($pooler, $count, database => $mode, user => $mode);

	wait_clients($count, 'in', @clients);
	$_->query('SELECT pg_sleep(0.2)') for @clients;
	is($_->answer, '', "$mode: a client is served") for @clients;
	return @clients;
}

# Everything that a client may do while no permit comes free; returns how
# often it was refused.
sub be_refused
{
	my ($mode, $client) = @_;

	is($client->ask($work), 'ERROR 53400', "$mode: work is refused");
	is($client->ask('SELECT 1'), '1', "$mode: on a connection that goes on");
	is($client->ask('BEGIN'), '', "$mode: BEGIN is not refused");
	is($client->ask($work), 'ERROR 53400', "$mode: but work in a block");
	is($client->ask($work), 'ERROR 25P02', "$mode: which has failed");
	is($client->ask('ROLLBACK'), '', "$mode: and ends");
	is($client->parse('', $work)->bind_execute('')->sync->answer, 'ERROR 53400', "$mode: by the extended protocol too");
	is($client->ask('SET work_mem = 1234'), '', "$mode: SET is not refused");
	is($client->ask('SHOW work_mem'), $mode eq 'session' ? '1234kB' : '4MB', "$mode: and lasts as PgBouncer says");
	return 3;
}

# Whoever comes next has a connection on which DISCARD ALL has been done, and
# that has been checked.
sub replace
{
	my ($mode, @clients) = @_;
	$_->hang_up for @clients;
	wait_unused($mode, 2);
	@clients = start_clients($pooler, scalar @clients, database => $mode, user => $mode);
	wait_clients(scalar @clients, 'in', @clients);
	$_->query('SHOW work_mem') for @clients;
	is($_->answer, '4MB', "$mode: nothing is left of the client before") for @clients;
	return @clients;
}

sub check_mode
{
	my ($mode, $count) = @_;
	my @clients = pool_clients($mode, $count);
	my $servers = servers($mode);
	my $refused = 0;
	my ($discards, $checks);

	like($servers, qr/^\d+ \d+$/, "$mode: there are two connections");
	start_gate($node, 1);
	$node->safe_psql('postgres', 'SELECT admission.reset_counters()');
	my ($burner) = burn($node, 1, 60);
	($discards, $checks) = (times_sent('DISCARD ALL'), times_sent('SELECT 1 -- check'));
	for (1 .. 2)
	{
		$refused += be_refused($mode, $_) for @clients;
		@clients = replace($mode, @clients);
	}
	is(refusals(), "$refused of $refused", "$mode: nothing else was refused, or held");
	cmp_ok(times_sent('DISCARD ALL') - $discards, '>=', 2 * $count, "$mode: not even DISCARD ALL");
	cmp_ok(times_sent('SELECT 1 -- check') - $checks, '>=', 2, "$mode: nor the check query");
	is(servers($mode), $servers, "$mode: the connections are the same");

	$burner->hang_up;
	wait_status($node, 'transactions_running = 0');
	is($_->ask($work), 't', "$mode: the clients go on") for @clients;
	is(servers($mode), $servers, "$mode: on the same connections");
	is(closed(), '', "$mode: PgBouncer has closed none");
	wait_status($node, 'transactions_running + transactions_lent + transactions_waiting = 0');
	$_->hang_up for @clients;
	$node->safe_psql('postgres', 'SELECT admission.stop_warmup()');
	return;
}

check_mode('transaction', 4);
check_mode('session', 2);

$node->stop;
done_testing();


package Pooler;

use strict;
use warnings;

# In the folder of the server's socket, in which nobody else listens.
sub new
{
	my ($class, $server, $program) = @_;
	my $self = bless { program => $program, host => $server->host, folder => $server->basedir }, $class;

	PostgreSQL::Test::Utils::append_to_file("$self->{folder}/users", qq{"transaction" ""\n"session" ""\n});
	$self->configure(<<"END");
[databases]
transaction = host=$self->{host} port=@{[ $server->port ]} dbname=postgres pool_mode=transaction
session = host=$self->{host} port=@{[ $server->port ]} dbname=postgres pool_mode=session
[pgbouncer]
listen_addr =
listen_port = @{[ $self->port ]}
unix_socket_dir = $self->{host}
auth_type = trust
auth_file = $self->{folder}/users
admin_users = session
logfile = @{[ $self->logfile ]}
default_pool_size = 2
server_reset_query = DISCARD ALL
server_reset_query_always = 1
server_check_query = SELECT 1 -- check
server_check_delay = 0
END
	return $self;
}

sub configure
{
	my ($self, $lines) = @_;
	PostgreSQL::Test::Utils::append_to_file("$self->{folder}/ini", $lines);
	return;
}

sub host { return $_[0]{host}; }
sub port { return 6432; }
sub logfile { return "$_[0]{folder}/log"; }

# Its own list of its connections.
sub servers
{
	my ($self) = @_;
	my ($out) = PostgreSQL::Test::Utils::run_command(
		[ 'psql', '-XAt', '-h', $self->host, '-p', $self->port, '-U', 'session', '-c', 'SHOW SERVERS', 'pgbouncer' ]);
	return $out;
}

# Returns its pid.
sub start
{
	my ($self) = @_;
	my $pid = fork() // die "could not fork: $!";

	if ($pid == 0)
	{
		exec($self->{program}, '-q', "$self->{folder}/ini") or POSIX::_exit(1);
	}
	return $pid;
}
